"""What the files in the folder of a sweep hold: a file of another form is a damaged one."""

from typing import Any

from pydantic import BaseModel, ConfigDict, RootModel


class _Form(BaseModel):
    model_config = ConfigDict(extra="allow")


class GroupForm(_Form):
    """The cells of one job."""

    cells: list[list[str]]
    numbers: list[int]


class SweepForm(_Form):
    """What the command wrote."""

    launcher: str
    token: str
    is_agreed: bool
    billed: list[int]
    groups: list[GroupForm]


class StateForm(_Form):
    """What a job has last written of itself."""

    token: str
    host: str
    job: str
    began: str
    ended: str | None
    stopped: bool
    stage: str
    cells: list[dict[str, Any]]


class ScheduledForm(RootModel[dict[int, str]]):
    """What a scheduler calls the jobs, by their numbers."""
