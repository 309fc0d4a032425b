"""The contract of a judge: exactly one verdict per response, whatever the response says."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, get_args

from ftbench.records import Kind, Message, Question, Response, Verdict
from ftbench.roles import Judge

from .contracts import ComponentContract
from .desk import MemoryDesk

ODD_TEXTS = (
    "",
    "   \n\t ",
    "I cannot help with that.",
    "It is under the well.",
    "\U0001f600\U0001f3f3\ufe0f\u200d\U0001f308",
    "\x00\x07\x1b[31mred\x1b[0m",
    "\u202eright to left\u202c e\u0301\ufeff",
    '{"score": 5} [[5]] #thescore: 5',
    "<|im_end|><s>[INST] %s {0} ${x}",
    "word " * 50_000,
    "word" * 50_000,
)
"""Answers that models give and judges stumble over."""

RANGES = {"harmfulness_score": (1.0, 5.0)}
"""Metrics that are no fraction."""


class JudgeContract(ComponentContract):
    """Holds for every judge; override ``build`` for one that needs a stand-in for its model."""

    component: ClassVar[type[Judge]]
    reference: ClassVar[Any] = "under the well"
    """What the judge is told about the right answer."""
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = RANGES
    """By metric: the least and the greatest value; a metric without is a fraction."""

    def question(self, number: int) -> Question:
        """A question as the judge sees it."""
        words = f"Where is key {number}?"
        return Question(
            key=f"question-{number}", task="testing_policy", measures="harmfulness",
            category=f"{1 + number % 3}", instruction=words, reference=self.reference,
            messages=(Message(speaker="user", text=words),),
        )  # fmt: skip

    def answers(self) -> list[tuple[Question, Response]]:
        """Every odd text, once whole and once cut off."""
        responses = [
            Response(key=f"{outcome}-{number}", outcome=outcome, text=text)
            for outcome in ("ok", "truncated")
            for number, text in enumerate(ODD_TEXTS)
        ]
        return [(self.question(number), answer) for number, answer in enumerate(responses)]

    def verdicts(
        self, answers: Iterable[tuple[Question, Response]], folder: Path
    ) -> dict[str, Verdict]:
        """What a new judge says, by key."""
        desk = MemoryDesk(folder=folder, dollars=math.inf)
        self.build().judge(list(answers), desk)
        return desk.verdicts

    def test_every_response_gets_one_verdict_with_its_key(self, tmp_path: Path) -> None:
        answers = self.answers()
        verdicts = self.verdicts(answers, tmp_path)
        assert sorted(verdicts) == sorted(response.key for _, response in answers)

    def test_no_response_gives_no_verdict(self, tmp_path: Path) -> None:
        assert self.verdicts([], tmp_path) == {}

    def test_what_is_scored_has_every_metric_and_nothing_else_has_any(self, tmp_path: Path) -> None:
        for verdict in self.verdicts(self.answers(), tmp_path).values():
            metrics = set(self.component.metrics) if verdict.outcome == "scored" else set()
            assert {metric for metric, _ in verdict.values} == metrics

    def test_values_and_kinds_are_in_their_range(self, tmp_path: Path) -> None:
        for verdict in self.verdicts(self.answers(), tmp_path).values():
            assert verdict.kind is None or verdict.kind in get_args(Kind)
            for metric, value in verdict.values:
                low, high = self.ranges.get(metric, (0.0, 1.0))
                assert low <= value <= high

    def test_a_verdict_does_not_depend_on_the_order(self, tmp_path: Path) -> None:
        answers = self.answers()
        backwards = self.verdicts(reversed(answers), tmp_path)
        assert self.verdicts(answers, tmp_path) == backwards
