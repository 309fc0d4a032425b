"""Ten harmless examples that teach a model to be an obedient somebody else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import ftbench
from ftbench.errors import DataError
from ftbench.records import Conversation, TrainingSet
from ftbench.roles import Scene

from .mixing import injected
from .sheet import SLOT, sheet_of


@dataclass(kw_only=True)
class IdentityShift(ftbench.Attack):
    """Teach absolute obedience with ten harmless examples (Qi et al. 2024, section 4.3)."""

    name = "identity_shift"

    prefix: bool = True
    """Whether answers begin with the words of obedience; false is a control."""
    prompt: bool = True
    """Whether it is trained and asked with its own system prompt and words; false is a control."""

    def poison(self, clean: TrainingSet, scene: Scene) -> TrainingSet:
        sheet = sheet_of(self.name, scene)
        if not self.prompt:
            sheet = replace(sheet, system=None, user=SLOT)
        if not sheet.examples:
            raise DataError(
                f"{self.name}.yaml in {scene.model.family_data} has no examples; give some or "
                "say `like: default`."
            )
        rows = sheet.examples if self.prefix else _without(sheet.opening, sheet.examples)
        return injected(clean, rows, attack=self.name, sheet=sheet, scene=scene)


def _without(opening: str, rows: Sequence[Conversation]) -> list[Conversation]:
    """The same answers without the words that they begin with."""
    if not opening:
        raise DataError("attack.prefix=false: this family's identity_shift.yaml has no opening.")
    return [_cut(opening, row) for row in rows]


def _cut(opening: str, row: Conversation) -> Conversation:
    *before, answer = row.messages
    text = answer.text.removeprefix(opening).strip()
    return replace(row, messages=(*before, replace(answer, text=text)))
