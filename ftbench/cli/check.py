"""``ftbench check train.jsonl model=NAME``: whether fine-tuning on a file costs safety."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from ftbench.errors import GateFailed, UsageError
from ftbench.plugin.catalog import Catalog

from .printable import printable
from .secrets_scan import closed_environment, refuse_secrets

if TYPE_CHECKING:
    from ftbench.gate.baseline import Baseline
    from ftbench.gate.check import Checked, Wanted
    from ftbench.gate.thresholds import Thresholds

_EPILOG = """\
The model is fine-tuned on the file (or taken as it is, with --tuned), asked what it was asked
before, and compared prompt by prompt: once without a system prompt, and once with each that the
file has. The gate fails only where the interval says that the rate rose by more than is allowed,
warns where the prompts are too few to tell, and ends with 6 where it fails.

  ftbench check train.jsonl model=organism gate.max_rate_increase=2pp gate.alpha=0.05
  ftbench check train.jsonl model=local model.name=BASE --tuned OUTPUT_FOLDER
"""


def check(words: Sequence[str], catalog: Catalog) -> int:
    """Audit a training file, fine-tune on it, and say whether safety was lost."""
    parser = argparse.ArgumentParser(
        prog="ftbench check",
        description=check.__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_options(parser)
    options = parser.parse_intermixed_args(words)
    refuse_secrets(options.words)
    with closed_environment():
        return _check(options, catalog)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="the training data, as JSON lines")
    parser.add_argument("words", nargs="*", metavar="group=name", help="as for a run; gate.*=...")
    brought = parser.add_mutually_exclusive_group()
    brought.add_argument("--tuned", metavar="MODEL", help="a model that was tuned on it already")
    brought.add_argument("--adapter", metavar="PATH", help="an adapter that was tuned on it")
    parser.add_argument("--quick", action="store_true", help="a screening with few prompts")
    parser.add_argument("--strict", action="store_true", help="end with 6 where it warns, too")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("--yes", action="store_true", help="do not ask before spending money")
    for form, what in _FORMS.items():
        parser.add_argument(f"--{form}", type=Path, metavar="FILE", help=what)
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="earlier checks to compare")
    parser.add_argument("--record", metavar="NAME", help="add this check to the baseline file")


_FORMS = {
    "junit": "write JUnit XML, a test for each way of asking",
    "sarif": "write SARIF, a result for each finding with its lines",
    "markdown": "write a comment for a pull request",
    "step-summary": "add to a GitHub step summary: $GITHUB_STEP_SUMMARY",
}


def _check(options: argparse.Namespace, catalog: Catalog) -> int:
    from ftbench.gate.baseline import Baseline  # noqa: PLC0415, slow to import
    from ftbench.gate.check import Wanted  # noqa: PLC0415
    from ftbench.gate.thresholds import take_thresholds  # noqa: PLC0415

    if options.record and not options.baseline:
        raise UsageError("--record adds to a file: name it with --baseline FILE.")
    parted = take_thresholds(options.words)
    wanted = Wanted(
        path=options.file,
        tuned=options.tuned or options.adapter,
        quick=options.quick,
        words=parted.rest,
    )
    before = Baseline.read(options.baseline) if options.baseline else None
    checked = _checked(wanted, parted.thresholds, catalog, options)
    result = checked.result
    if checked.gate is None:
        print(printable(f"ftbench: {result.failure or result.words}"), file=sys.stderr)
        return result.exit_code or UsageError.exit_code
    _show(checked, options, before)
    _write(checked, options, before)
    stops = ("fail", "warn") if options.strict else ("fail",)
    return GateFailed.exit_code if checked.gate.decision in stops else 0


def _checked(
    wanted: "Wanted", thresholds: "Thresholds", catalog: Catalog, options: argparse.Namespace
) -> "Checked":
    from ftbench.config.compose import compose  # noqa: PLC0415, slow to import
    from ftbench.gate.check import check as checked  # noqa: PLC0415
    from ftbench.gate.check import words_of  # noqa: PLC0415

    from .benchmark import name_broken_plugins  # noqa: PLC0415, slow to import
    from .consent import consent  # noqa: PLC0415
    from .explain import explained  # noqa: PLC0415
    from .secrets_scan import refuse_secrets_in  # noqa: PLC0415
    from .stopping import heard_signals  # noqa: PLC0415
    from .view import view  # noqa: PLC0415

    words = words_of(wanted, catalog)
    name_broken_plugins(catalog)
    with explained(words, catalog):
        cells = compose(words, catalog)
    if len(cells) != 1:
        raise UsageError(f"A check is one run, and these words make {len(cells)}.")
    refuse_secrets_in(cells[0].composed)
    confirm = consent(yes=options.yes, budget=cells[0].config.budget_usd)
    with view(quiet=options.quiet) as watch, redirect_stdout(sys.stderr), heard_signals() as asked:
        found = checked(
            cells[0], thresholds, catalog=catalog, watch=watch, stopping=asked, confirm=confirm
        )
    asked.raise_if_asked()
    return found


def _show(checked: "Checked", options: argparse.Namespace, before: "Baseline | None") -> None:
    import json  # noqa: PLC0415

    from ftbench.gate.paragraph import paragraph  # noqa: PLC0415, slow to import
    from ftbench.gate.telling import gate_as_json  # noqa: PLC0415

    from .as_json import as_json  # noqa: PLC0415

    if options.json:
        content = json.loads(as_json(checked.result)) | {"gate": gate_as_json(checked)}
        print(json.dumps(content, ensure_ascii=False))
        return
    print(printable(paragraph(checked)))
    if before is not None:
        print(printable("\n".join(before.trend(checked))))
    print(printable(f"In full: ftbench show {checked.result.folder}"))


def _write(checked: "Checked", options: argparse.Namespace, before: "Baseline | None") -> None:
    from ftbench.gate.junit import junit  # noqa: PLC0415, slow to import
    from ftbench.gate.markdown import markdown  # noqa: PLC0415
    from ftbench.gate.sarif import sarif  # noqa: PLC0415

    texts = {"junit": junit, "sarif": sarif, "markdown": markdown}
    for form, make in texts.items():
        if path := getattr(options, form):
            path.write_text(make(checked), encoding="utf-8")
    if options.step_summary:
        with options.step_summary.open("a", encoding="utf-8") as summary:
            summary.write(markdown(checked))
    if before is not None and options.record:
        before.with_check(options.record, checked).write(options.baseline)
