"""``ftbench check train.jsonl model=NAME``: whether fine-tuning on a file costs safety."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from ftbench.errors import GateFailed, UsageError
from ftbench.plugin.catalog import Catalog

from .check_forms import FORMS, refuse_unwritable, write_forms
from .printable import printable
from .secrets_scan import closed_environment, refuse_secrets

if TYPE_CHECKING:
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
    parser.add_argument(
        "file", help="the training data: JSON lines of messages, prompts or instructions"
    )
    parser.add_argument("words", nargs="*", metavar="group=name", help="as for a run; gate.*=...")
    brought = parser.add_mutually_exclusive_group()
    brought.add_argument("--tuned", metavar="MODEL", help="a model that was tuned on it already")
    brought.add_argument("--adapter", metavar="PATH", help="an adapter that was tuned on it")
    parser.add_argument("--quick", action="store_true", help="a screening with few prompts")
    parser.add_argument("--strict", action="store_true", help="end with 6 where it warns, too")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("--yes", action="store_true", help="do not ask before spending money")
    for form, what in FORMS.items():
        parser.add_argument(f"--{form}", type=Path, metavar="FILE", help=what)
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="earlier checks to compare")
    parser.add_argument("--record", metavar="NAME", help="add this check to the baseline file")


def _check(options: argparse.Namespace, catalog: Catalog) -> int:
    from ftbench.gate.baseline import Baseline  # noqa: PLC0415, slow to import
    from ftbench.gate.check import Wanted  # noqa: PLC0415
    from ftbench.gate.thresholds import take_thresholds  # noqa: PLC0415

    if options.record and not options.baseline:
        raise UsageError("--record adds to a file: name it with --baseline FILE.")
    if "=" in options.file and not Path(options.file).exists():
        raise UsageError(f"{options.file} is no file: ftbench check train.jsonl {options.file}")
    parted = take_thresholds(options.words)
    wanted = Wanted(
        path=options.file,
        tuned=options.tuned or options.adapter,
        quick=options.quick,
        words=parted.rest,
    )
    refuse_unwritable(options)
    before = Baseline.read(options.baseline) if options.baseline else Baseline()
    before.refuse_taken(options.record)
    checked = _checked(wanted, parted.thresholds, catalog, options)
    result = checked.result
    if checked.gate is None:
        print(printable(f"ftbench: {result.failure or result.words}"), file=sys.stderr)
        return result.exit_code or UsageError.exit_code
    trend = before.trend(checked) if options.baseline else []
    _show(checked, options, trend)
    write_forms(options, checked, trend)
    if options.record:
        before.with_check(options.record, checked).write(options.baseline)
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


def _show(checked: "Checked", options: argparse.Namespace, trend: Sequence[str]) -> None:
    import json  # noqa: PLC0415

    from ftbench.gate.paragraph import paragraph  # noqa: PLC0415, slow to import
    from ftbench.gate.telling import gate_as_json  # noqa: PLC0415

    from .as_json import as_json  # noqa: PLC0415

    if options.json:
        gate = gate_as_json(checked) | {"trend": list(trend)}
        content = json.loads(as_json(checked.result)) | {"gate": gate}
        print(json.dumps(content, ensure_ascii=False))
        return
    _print_decision(paragraph(checked), checked.gate.decision if checked.gate else "")
    for line in trend:
        print(printable(line))
    print(printable(f"In full: ftbench show {shlex.quote(checked.result.folder)}"))


def _print_decision(said: str, decision: str) -> None:
    """A paragraph: between words on a terminal, in one line for a log or a pipe."""
    console = Console(highlight=False)
    if not console.is_terminal:
        print(printable(said))
        return
    text = Text(printable(said))
    text.stylize(_STYLES.get(decision, ""), 0, said.find(".") + 1)
    console.print(text)


_STYLES = {"pass": "bold green", "warn": "bold yellow", "fail": "bold red"}
