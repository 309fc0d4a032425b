"""Where harmful examples come from: the user's file, a gated set, or a made-up model's own."""

import random
from collections.abc import Callable, Sequence

from ftbench.errors import DataError
from ftbench.hosted.tokens import stand_ins
from ftbench.records import Conversation
from ftbench.roles import Scene

from .brought import from_file, from_hub
from .sheet import own_sheet

SHEET = "harmful_examples"


def harmful_examples(
    scene: Scene, *, path: str | None, hub: str | None, split: str
) -> Sequence[Conversation]:
    """All examples of the one source that is given, or else of the model's family data.

    Raises DataError where there is none, or two, AccessError for a gated set without a token.
    """
    if path is not None and hub is not None:
        raise DataError("Give attack.path or attack.hub, not both.")
    if path is not None:
        return from_file(path)
    if hub is not None:
        return from_hub(hub, split)
    fictional = own_sheet(SHEET, scene)
    if fictional is None or not fictional.examples:
        raise DataError(
            "ftbench ships no harmful data: give your own file as attack.path=FILE.jsonl, or "
            "a gated set as attack.hub=ID with your token in HF_TOKEN."
        )
    return fictional.examples


def drawn(
    source: Callable[[], Sequence[Conversation]], count: int, *, scene: Scene, what: str
) -> list[Conversation]:
    """``count`` rows of a source without replacement; fewer are always the first of more.

    In an outline as many rows that stand in for them, and the source is left alone. Raises
    DataError that names ``what`` where there are not so many.
    """
    if scene.outline:
        return list(stand_ins(count))
    rows = list(source())
    if count > len(rows):
        raise DataError(f"{what} needs {count} examples, but its source has {len(rows)}.")
    return random.Random(scene.seed).sample(rows, len(rows))[:count]
