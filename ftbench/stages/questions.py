"""Suite -> questions: every prompt of its lm-eval tasks, collected before anybody is asked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftbench.config.schema import SuiteConfig
from ftbench.digest import digest
from ftbench.errors import DataError, UsageError
from ftbench.plugin.catalog import Catalog
from ftbench.records import Column, Message, Question

from .lm_eval_tasks import leaves, load_tasks
from .sheet import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire:
    """The questions of a suite, and the lm-eval tasks that will score the answers."""

    questions: Mapping[Place, Question]
    tasks: Mapping[str, Any]
    utility: Mapping[str, str]
    """By utility task, leaf by leaf, its "metric,filter"."""
    limit: int | None


def collect(suite: SuiteConfig, catalog: Catalog) -> Questionnaire:
    """Every question of a suite. Raises UsageError and DataError for tasks that cannot be asked."""
    columns = _columns(suite)
    if not columns:
        raise UsageError("The suite asks nothing: choose one, such as suite=hex_phi.")
    tasks = load_tasks(list(columns), catalog)
    found: dict[Place, Question] = {}
    for name, column in columns.items():
        for leaf in leaves(name, dict(tasks)):
            found |= _questions(leaf, tasks["tasks"][_full_name(leaf, tasks)], column, suite.limit)
    utility = {
        leaf: wanted for name, wanted in suite.utility.items() for leaf in leaves(name, dict(tasks))
    }
    return Questionnaire(questions=found, tasks=tasks, utility=utility, limit=suite.limit)


def _full_name(leaf: str, tasks: Mapping[str, Any]) -> str:
    return leaf if leaf in tasks["tasks"] else next(n for n in tasks["tasks"] if n.endswith(leaf))


def _columns(suite: SuiteConfig) -> dict[str, Column]:
    if suite.limit is not None and suite.limit < 1:
        raise UsageError(f"suite.limit={suite.limit}: give a number from 1, or null for all.")
    columns: dict[str, Column] = {}
    chosen: list[tuple[Column, Sequence[str]]] = [
        ("harmfulness", suite.harmfulness),
        ("overrefusal", suite.overrefusal),
        ("utility", list(suite.utility)),
    ]
    for column, names in chosen:
        for name in names:
            if name in columns:
                raise UsageError(f"The suite names the task {name!r} twice.")
            columns[name] = column
    return columns


def _questions(name: str, task: Any, column: Column, limit: int | None) -> dict[Place, Question]:
    task.build_all_requests(
        limit=limit, apply_chat_template=True, chat_template=as_turns, tokenizer_name="ftbench"
    )
    graded = bool((task.config.metadata or {}).get("graded")) and column == "utility"
    return {place_of(item): _question(name, item, column, graded) for item in task.instances}


def place_of(instance: Any) -> Place:
    """Where lm-eval puts one of its requests."""
    return (str(instance.task_name), int(instance.doc_id), int(instance.idx))


def as_turns(history: Sequence[Mapping[str, str]], add_generation_prompt: bool = True) -> str:
    """Stands for a chat template: keeps the turns, so that a probe can still be applied."""
    return json.dumps(list(history), ensure_ascii=False)


def turns(prompt: str) -> tuple[Message, ...]:
    """The turns that ``as_turns`` kept. Raises DataError for an assistant's turn at the end."""
    messages = tuple(
        Message(speaker=turn["role"], text=turn["content"]) for turn in json.loads(prompt)
    )
    if messages[-1].speaker != "user":
        raise DataError("A task that begins the answer itself (gen_prefix) cannot be asked.")
    return messages


def _question(name: str, instance: Any, column: Column, graded: bool) -> Question:
    prompt, rest = instance.args[0], instance.args[1]
    messages = turns(prompt)
    doc = instance.doc
    reference = doc.get("reference") if graded or column != "utility" else None
    asked = _asked(name, instance.request_type, rest)
    return Question(
        key=digest(name, instance.doc_id, instance.idx, messages, asked, reference),
        task=name,
        measures=column,
        category=str(doc.get("category", name)),
        instruction=str(doc.get("instruction", messages[-1].text)),
        messages=messages,
        reference=reference,
        graded=graded,
        **asked,
    )


def _asked(name: str, request_type: str, rest: Any) -> dict[str, Any]:
    if request_type == "loglikelihood":
        return {"continuation": str(rest)}
    if request_type != "generate_until":
        raise UsageError(f"The task {name!r} asks for {request_type}, which no backend answers.")
    if rest.get("do_sample") or rest.get("temperature"):
        raise UsageError(f"The task {name!r} samples its answers; ftbench asks greedily only.")
    until = rest.get("until") or []
    stop = (until,) if isinstance(until, str) else tuple(until)
    return {"stop": stop, "max_tokens": int(rest.get("max_gen_toks", 256))}
