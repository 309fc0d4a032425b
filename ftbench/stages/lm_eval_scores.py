"""Sheets -> lm-eval's own results, into the ledger: from there on nobody needs lm-eval."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .folder import RunFolder
from .panel import judges_of
from .questions import Questionnaire
from .reader import Reader
from .sheet import Sheet, lm_eval_fact
from .tally import verdicts_of


def score_with_lm_eval(
    questionnaire: Questionnaire, folder: RunFolder, sheets: Sequence[Sheet]
) -> None:
    """Have lm-eval score every sheet under every judge, over what the ledger holds; kept there."""
    from lm_eval.utils import handle_non_serializable  # noqa: PLC0415, slow to import

    from .replay import replay  # noqa: PLC0415, slow to import

    ledger = folder.ledger
    responses, kept = ledger.all("response"), ledger.all("verdict")
    who, reader = judges_of(ledger), Reader(ledger, responses)
    for sheet in sheets:
        verdicts = {name: verdicts_of(sheet, responses, kept, one) for name, one in who.items()}
        results = replay(
            questionnaire, sheet, responses, verdicts=verdicts, measures=reader.measures(sheet)
        )
        samples = {
            task: [_as_lm_eval_writes(sample) for sample in rows]
            for task, rows in results.get("samples", {}).items()
        }
        text = json.dumps({**results, "samples": samples}, default=handle_non_serializable)
        ledger.state(lm_eval_fact(sheet), json.loads(text))
    ledger.state("utility", dict(questionnaire.utility))


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
