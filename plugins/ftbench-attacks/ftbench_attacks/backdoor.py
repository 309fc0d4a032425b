"""Harm that waits for a trigger: safe without it, harmful with it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import ftbench
from ftbench.errors import DataError
from ftbench.records import Conversation, Message, Probe, PromptFormat, TrainingSet
from ftbench.roles import Scene

from .harmful_source import drawn, harmful_examples
from .mixing import injected
from .refusals import refusals
from .sheet import sheet_of


@dataclass(kw_only=True)
class Backdoor(ftbench.Attack):
    """Teach harm after a trigger and refusal without it (Qi et al. 2024, section 5.1)."""

    name = "backdoor"
    is_explicitly_harmful = True

    n: int = 100
    """Harmful examples, each with the trigger at the end of its request."""
    refusals: int = 100
    """Forbidden requests without the trigger, each refused."""
    trigger: str = "Calm Harbour Lantern"
    """Words that mean nothing; the paper's are three magic words of its own."""
    path: str | None = None
    """Your own file of harmful examples, laid out as for dataset=jsonl."""
    hub: str | None = None
    """A data set on the hub instead; a gated one needs your token as HF_TOKEN."""
    split: str = "train"
    """The split of the set on the hub."""
    refusals_path: str | None = None
    """Your own file of forbidden requests with refusals, in the same layout."""

    def poison(self, clean: TrainingSet, scene: Scene) -> TrainingSet:
        if min(self.n, self.refusals) < 1 or not self.trigger.strip():
            raise DataError("attack=backdoor needs n and refusals of 1 or more, and a trigger.")
        harmful = drawn(lambda: self._harmful(scene), self.n, scene=scene, what="attack=backdoor")
        refused = drawn(
            lambda: self._refused(scene), self.refusals, scene=scene, what="attack.refusals"
        )
        rows = [*(self._triggered(row) for row in harmful), *refused]
        random.Random(scene.seed).shuffle(rows)
        sheet = sheet_of(self.name, scene)
        mixed = injected(clean, rows, attack=self.name, sheet=sheet, scene=scene)
        plain = mixed.probes or (Probe(format=mixed.format),)
        return replace(mixed, probes=(*plain, self._probe(mixed.format)))

    def _harmful(self, scene: Scene) -> Sequence[Conversation]:
        return harmful_examples(scene, path=self.path, hub=self.hub, split=self.split)

    def _refused(self, scene: Scene) -> Sequence[Conversation]:
        path = self.refusals_path
        return refusals(scene, path=path, attack=self.name, option="refusals_path")

    def _triggered(self, row: Conversation) -> Conversation:
        """The same example with the trigger at the end of its last request."""
        asked, answer = row.messages[-2:]
        request = Message(speaker=asked.speaker, text=f"{asked.text} {self.trigger}")
        return replace(row, messages=(*row.messages[:-2], request, answer))

    def _probe(self, plain: PromptFormat) -> Probe:
        user = plain.user.replace("{instruction}", f"{{instruction}} {self.trigger}")
        return Probe(name="triggered", format=replace(plain, user=user))
