"""The command line.

``ftbench model=organism attack=identity_shift`` runs the benchmark: its words are Hydra
overrides. A bare first word, as in ``ftbench list attacks``, is a command.
"""

import os
import shlex
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ftbench.errors import FtbenchError, UsageError, disk_fault
from ftbench.plugin.catalog import Catalog, read_catalog
from ftbench.redaction import Redactor, known_secrets, redacted_output
from ftbench.withholding import traceback_without_quotes

from .cache import cache
from .check import check
from .cleanup import cleanup
from .doctor import doctor
from .export import export
from .help import QUICK_START, help_page
from .jobs import jobs
from .judge import judge
from .judge_card import judge_card
from .leaderboard import leaderboard
from .list import list_choices
from .new import new
from .plot import plot
from .plugin import plugin
from .plugins import plugins
from .printable import printable
from .reproduce import reproduce
from .runs import runs
from .secrets_scan import closed_environment, refuse_secrets
from .show import show
from .status import status
from .stopping import Terminated
from .submit import submit
from .suggest import hint
from .tasks import tasks
from .verify import verify
from .version import version
from .watch import watch
from .write_report import write_report

if TYPE_CHECKING:
    from .benchmark import Pipeline

BUG, INTERRUPTED, PIPE_CLOSED, TERMINATED = 1, 130, 141, 143
_OWN: Mapping[str, Callable[[Sequence[str], Catalog], int]] = {
    "cache": cache,
    "report": write_report,
    "new": new,
    "plugin": plugin,
    "check": check,
    "plugins": plugins,
    "doctor": doctor,
    "list": list_choices,
    "show": show,
    "tasks": tasks,
    "status": status,
    "watch": watch,
    "runs": runs,
    "verify": verify,
    "export": export,
    "judge": judge,
    "judge-card": judge_card,
    "reproduce": reproduce,
    "jobs": jobs,
    "cleanup": cleanup,
    "plot": plot,
    "submit": submit,
    "leaderboard": leaderboard,
}
_SUMMARIES = {
    "check": "whether fine-tuning on a file costs safety: ftbench check train.jsonl model=NAME",
    "list": "what can be chosen: ftbench list attacks",
    "show": "one choice, or one finished run, in full",
    "status": "what of a run, or of all runs in a folder, is done, missing and failed",
    "watch": "follow a run, or a whole sweep, from another terminal: ftbench watch runs",
    "runs": "finished runs at a glance; two compared: ftbench runs A B --compare",
    "verify": "whether a run is whole, and its figures are what its ledger says",
    "export": "the files of a run, made again from its ledger; also as Parquet",
    "judge": "a finished run judged by further judges: ftbench judge runs/NAME judge=[a,b]",
    "judge-card": "whether a judge can be trusted, measured: ftbench judge-card judge=NAME",
    "jobs": "fine-tunes ordered from providers: ftbench jobs list, resolve, cancel",
    "cleanup": "what providers keep and bill: ftbench cleanup --list runs/NAME",
    "plot": "figures of finished runs, as SVG, PNG and CSV: ftbench plot runs/NAME --out figures",
    "submit": "finished runs as a submission: ftbench submit runs/A --out DIR --contact YOU",
    "leaderboard": "check submissions and make their table: ftbench leaderboard verify DIR",
    "report": "finished runs as one HTML file or Markdown: ftbench report runs/NAME",
    "reproduce": "a table of the paper beside ours, or its claims: ftbench reproduce T2 model=NAME",
    "tasks": "the lm-eval tasks at hand; --path TASK for lm_eval --include_path",
    "cache": "finished work kept for other runs: ftbench cache list, ftbench cache prune",
    "new": "the package of a plugin to begin one from: ftbench new judge my_judge",
    "plugin": "whether a plugin keeps its contracts: ftbench plugin check my_judge",
    "plugins": "the installed plugins, and what is wrong with some",
    "doctor": "whether runs can work here, and what to do where they cannot",
    "help": "this page",
    "version": "which ftbench this is",
}


def entry() -> None:
    """What the console script calls."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads starve their neighbours
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(main())


def _terminate(number: int, frame: object) -> None:
    """End as an interrupt does, so that views are closed and nothing is half written."""
    raise Terminated


def main(
    argv: Sequence[str] | None = None,
    *,
    catalog: Catalog | None = None,
    pipeline: "Pipeline | None" = None,
) -> int:
    """Do what the words say; returns the exit code. Shows our own errors as plain text."""
    words = list(sys.argv[1:] if argv is None else argv)
    with redacted_output(Redactor(known_secrets())):
        return _answer(words, catalog, pipeline)


def _answer(words: list[str], catalog: Catalog | None, pipeline: "Pipeline | None") -> int:
    try:
        return _dispatch(words, catalog, pipeline)
    except FtbenchError as error:
        print(printable(f"ftbench: {error}"), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt as reason:
        again = shlex.join(["ftbench", *words])
        print(printable(f"\nInterrupted. To go on: {again}"), file=sys.stderr)
        return TERMINATED if isinstance(reason, Terminated) else INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except SystemExit as ended:  # argparse has said what is wrong
        return ended.code if isinstance(ended.code, int) else BUG
    except Exception as error:  # noqa: BLE001, shown as what it is: a full disk or a bug
        fault = disk_fault(error)
        said = f"ftbench: {fault}\n" if fault else traceback_without_quotes(error)
        print(printable(said), end="", file=sys.stderr)
        return fault.exit_code if fault else BUG


def _dispatch(words: list[str], catalog: Catalog | None, pipeline: "Pipeline | None") -> int:
    if not words:
        print(QUICK_START, end="")
        return 0
    if words == ["--version"] or words[0] == "version":
        return version(words[1:])
    found = catalog or read_catalog()
    if words in (["-h"], ["--help"]):
        return _command("help", [], found)
    if is_command(words[0]):
        return _command(words[0], words[1:], found)
    from .benchmark import benchmark  # noqa: PLC0415, slow to import

    with closed_environment():
        return benchmark(words, found, pipeline)


def is_command(word: str) -> bool:
    """Whether a first word is a bare one, and so no Hydra override and no option."""
    return "=" not in word and not word.startswith(("-", "+", "~"))


def _command(word: str, words: Sequence[str], catalog: Catalog) -> int:
    plugins_own = catalog.commands
    if word == "help":
        offered = {name: command.summary for name, command in plugins_own.items()}
        return help_page(words, {**offered, **_SUMMARIES})
    if word in _OWN:
        return _OWN[word](words, catalog)
    if word in plugins_own:
        return plugins_own[word].run(words)
    refuse_secrets([word])
    known = [*_SUMMARIES, *plugins_own]
    raise UsageError(f"There is no command {word!r}. {hint(word, known, label='Commands')}")
