"""Sheets -> lm-eval's own results, into the ledger: from there on nobody needs lm-eval."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ftbench.plugin.catalog import Catalog
from ftbench.plugin.identity import identity

from .folder import RunFolder
from .prepare import Plan
from .sheet import Sheet
from .tally import lm_eval_fact, verdicts_of


def score_with_lm_eval(
    plan: Plan, folder: RunFolder, sheets: Sequence[Sheet], *, catalog: Catalog
) -> None:
    """Have lm-eval score every sheet over what the ledger holds, and write its results down."""
    from lm_eval.utils import handle_non_serializable  # noqa: PLC0415, slow to import

    from .replay import replay  # noqa: PLC0415, slow to import

    ledger = folder.ledger
    responses, kept = ledger.all("response"), ledger.all("verdict")
    judges = plan.cell.config.judge
    who = {name: identity(judge, "judge", catalog) for name, judge in judges.items()}
    for sheet in sheets:
        verdicts = {name: verdicts_of(sheet, responses, kept, one) for name, one in who.items()}
        results = replay(plan.questionnaire, sheet, responses, verdicts)
        samples = {
            task: [_as_lm_eval_writes(sample) for sample in rows]
            for task, rows in results.get("samples", {}).items()
        }
        text = json.dumps({**results, "samples": samples}, default=handle_non_serializable)
        ledger.state(lm_eval_fact(sheet), json.loads(text))
    ledger.state("utility", dict(plan.questionnaire.utility))


def _as_lm_eval_writes(sample: Mapping[str, Any]) -> dict[str, Any]:
    arguments = {
        f"gen_args_{i}": {f"arg_{j}": part for j, part in enumerate(argument)}
        for i, argument in enumerate(sample["arguments"])
    }
    return {
        **sample,
        "resps": [[_plain_text(text) for text in texts] for texts in sample["resps"]],
        "filtered_resps": [_plain_text(text) for text in sample["filtered_resps"]],
        "arguments": arguments,
        "target": str(sample["target"]),
    }


def _plain_text(response: Any) -> Any:
    """A text without what our own classes add to it; likelihoods stay pairs of numbers."""
    return str(response) if isinstance(response, str) else response
