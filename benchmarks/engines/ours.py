"""Cells with the backend ``hf``: one base, all trainings together, all answers in one batch."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ftbench.records import FineTune, Response
from ftbench_hf.backend import HuggingFace
from ftbench_hf.chat import Chat

from .outcome import Outcome
from .world import Cell, World


@dataclass
class Desk:
    """Takes what is made."""

    folder: Path
    stopping: bool = False
    kept: dict[str, Any] = field(default_factory=dict)

    def keep(self, record: FineTune | Response) -> None:
        """Remember it."""
        self.kept[record.key] = record

    def progress(self, done: int, total: int, **values: float) -> None:
        """Nobody watches."""

    def note(self, text: str, **facts: str) -> None:
        """Nobody reads."""


def run(world: World, cells: list[Cell], chat: Chat, folder: Path) -> Outcome:
    """A sweep, whole: the base is asked once."""
    outcome = Outcome()
    backend = HuggingFace(device="cpu", threads=1)
    desk: Any = Desk(folder=folder)
    with outcome.stage("load"):
        backend._residence().base(world.base)
    with outcome.stage("train"):
        backend.fine_tune(world.jobs(cells), desk)
    models = {key: tuned.models[-1][1] for key, tuned in desk.kept.items()}
    asked = {"base": world.base, **models}
    with outcome.stage("answer"):
        requests = [one for name, model in asked.items() for one in world.requests(model, name)]
        backend.respond(requests, desk)
    for name in asked:
        answers = [desk.kept[f"{name} {number}"].text for number in range(len(world.prompts))]
        outcome.said[name] = [chat.encode(text) for text in answers]
    backend.release()
    return outcome
