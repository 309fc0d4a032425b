"""lm-eval's own scoring over the ledger: its tasks are asked again, and the ledger answers."""

from collections.abc import Mapping, Sequence
from copy import copy
from functools import partial
from typing import Any

from lm_eval import evaluate
from lm_eval.api.filter import Filter, FilterEnsemble
from lm_eval.api.model import LM
from lm_eval.filters import build_filter_ensemble

from ftbench.coherence.measures import Measures
from ftbench.records import Response, Verdict

from .judged import Judged
from .questions import Questionnaire, as_turns, place_of
from .sheet import Place, Sheet

STDERR_ITERATIONS = 100
"""For metrics that lm-eval bootstraps; a mean has a closed form."""


class Answered(str):
    """A response's text that remembers which request it answers."""

    place: Place

    def __new__(cls, text: str, place: Place) -> "Answered":
        """Make one of a text and its place."""
        answered = super().__new__(cls, text)
        answered.place = place
        return answered


class Replay(LM):
    """A language model that says what the ledger says it said."""

    def __init__(self, sheet: Sheet, responses: Mapping[str, Response]) -> None:
        super().__init__()
        self.sheet = sheet
        self.responses = responses

    @property
    def tokenizer_name(self) -> str:
        """Names the chat template; every request carries its turns themselves."""
        return "ftbench"

    def apply_chat_template(
        self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        """The turns as the ledger was asked, before the probe's format."""
        return as_turns(chat_history, add_generation_prompt)

    def generate_until(self, requests: list[Any]) -> list[str]:
        """Look up the text of each request."""
        return [Answered(self._response(item).text, place_of(item)) for item in requests]

    def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
        """Look up the log-likelihood of each continuation."""
        return [
            (float(response.logprob or 0.0), bool(response.greedy))
            for response in map(self._response, requests)
        ]

    def loglikelihood_rolling(self, requests: list[Any]) -> list[float]:
        """Never asked: the questionnaire refuses such tasks."""
        raise NotImplementedError

    def _response(self, instance: Any) -> Response:
        return self.responses[self.sheet.entries[place_of(instance)].key]


class VerdictFilter(Filter):
    """Gives each response of a judged task the verdict that a ledger holds."""

    def __init__(
        self, verdicts: Mapping[Place, Verdict], measures: Mapping[Place, Measures]
    ) -> None:
        super().__init__()
        self.verdicts = verdicts
        self.measures = measures

    def apply(self, resps: Sequence[Sequence[Any]], docs: Sequence[Any]) -> list[list[Judged]]:
        """Same shape out as in."""
        return [[self._judged(text) for text in texts] for texts in resps]

    def _judged(self, text: Answered) -> Judged:
        return Judged(str(text), self.verdicts.get(text.place), self.measures.get(text.place))


def replay(
    questionnaire: Questionnaire,
    sheet: Sheet,
    responses: Mapping[str, Response],
    *,
    verdicts: Mapping[str, Mapping[Place, Verdict]],
    measures: Mapping[Place, Measures],
) -> dict[str, Any]:
    """lm-eval's results and samples for one sheet; ``verdicts`` by judge, then by place."""
    asked = {place[0] for place in sheet.entries}
    asked_of = {place[0]: entry.question for place, entry in sheet.entries.items()}
    judged = {t for t, q in asked_of.items() if q.measures != "utility" or q.graded}
    tasks = {
        name: _with_filters(task, verdicts, measures) if str(task.config.task) in judged else task
        for name, task in questionnaire.tasks["tasks"].items()
        if str(task.config.task) in asked
    }
    groups = _whole_groups(questionnaire.tasks, set(tasks))
    results = evaluate(
        Replay(sheet, responses),
        {"tasks": tasks, **groups},
        limit=questionnaire.limit,
        bootstrap_iters=STDERR_ITERATIONS,
        apply_chat_template=True,
    )
    return dict(results or {})


def _with_filters(
    task: Any,
    verdicts: Mapping[str, Mapping[Place, Verdict]],
    measures: Mapping[Place, Measures],
) -> Any:
    scored = copy(task)
    take_first = build_filter_ensemble("", [("take_first", None)]).filters
    scored._filters = [  # noqa: SLF001, lm-eval offers no other way to score with several judges
        FilterEnsemble(name=judge, filters=[partial(VerdictFilter, found, measures), *take_first])
        for judge, found in verdicts.items()
    ]
    return scored


def _whole_groups(tasks: Mapping[str, Any], present: set[str]) -> dict[str, Any]:
    groups = tasks.get("groups") or {}
    kept = {
        name: group
        for name, group in groups.items()
        if {task.task_name for task in group.get_all_tasks()} <= present
    }
    group_map = {name: tasks["group_map"][name] for name in kept}
    return {"groups": kept, "group_map": group_map} if kept else {}
