"""The command line.

``ftbench model=organism attack=identity_shift`` runs the benchmark: its words are Hydra
overrides. A bare first word, as in ``ftbench list attacks``, is a command.
"""

import os
import shlex
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ftbench.errors import FtbenchError, UsageError, machine_fault
from ftbench.plugin.catalog import Catalog, nothing_offered, read_catalog
from ftbench.redaction import Redactor, known_secrets, redacted_output
from ftbench.withholding import traceback_without_quotes

from .commands import OWN, SUMMARIES
from .help import QUICK_START, help_page
from .printable import printable
from .processors import share_processors
from .secrets_scan import closed_environment, refuse_secrets
from .stopping import Terminated, exit_code_of
from .suggest import hint
from .version import version

if TYPE_CHECKING:
    from .benchmark import Pipeline

BUG, PIPE_CLOSED = 1, 141


def entry() -> None:
    """What the console script calls."""
    share_processors(os.environ)
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
        return exit_code_of(reason)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except SystemExit as ended:  # argparse has said what is wrong
        return ended.code if isinstance(ended.code, int) else BUG
    except Exception as error:  # noqa: BLE001, shown as what it is: a full disk or a bug
        fault = machine_fault(error)
        said = f"ftbench: {fault}\n" if fault else traceback_without_quotes(error)
        print(printable(said), end="", file=sys.stderr)
        return fault.exit_code if fault else BUG


def _dispatch(words: list[str], catalog: Catalog | None, pipeline: "Pipeline | None") -> int:
    if not words:
        print(QUICK_START, end="")
        return 0
    if words == ["--version"] or words[0] == "version":
        return version(words[1:])
    own = OWN.get(words[0])
    if own and not own.reads_plugins:
        return own.run(words[0], words[1:], catalog or nothing_offered())
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
        return help_page(words, {**offered, **SUMMARIES})
    if word in OWN:
        return OWN[word].run(word, words, catalog)
    if word in plugins_own:
        return plugins_own[word].run(words)
    refuse_secrets([word])
    known = [*SUMMARIES, *plugins_own]
    raise UsageError(f"There is no command {word!r}. {hint(word, known, label='Commands')}")
