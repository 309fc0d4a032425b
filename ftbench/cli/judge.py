"""``ftbench judge runs/NAME judge=other``: a finished run under further judges."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from ftbench.errors import Stopped
from ftbench.plugin.catalog import Catalog

from .paying import add_paying, agreed_budget
from .secrets_scan import closed_environment, refuse_secrets

if TYPE_CHECKING:
    from ftbench.config.judges import ChosenJudges

_EPILOG = """\
Nobody is asked for an answer again, and earlier verdicts stay: the new ones are filed beside
them. What was interrupted goes on with the same command; what is judged is never judged again.
Give options as for a run: judge=rubric judge.rubric.model=NAME. To have one judge twice, with
other options, name it: +judge@judge.strict=keyword judge.strict.list=ftbench_1
"""


def judge(words: Sequence[str], catalog: Catalog) -> int:
    """Have a finished run judged by further judges, without asking its models again."""
    parser = argparse.ArgumentParser(
        prog="ftbench judge",
        description=judge.__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, help="the folder of a finished run")
    parser.add_argument("words", nargs="*", metavar="judge=NAME", help="who judges, and how")
    parser.add_argument("--config-dir", help="a config folder of your own")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    add_paying(parser)
    options = parser.parse_intermixed_args(words)
    refuse_secrets(options.words)
    with closed_environment():
        return _judge(options, catalog)


def _judge(options: argparse.Namespace, catalog: Catalog) -> int:
    from ftbench.archive.rejudge import rejudge  # noqa: PLC0415, slow to import

    from .as_json import as_json  # noqa: PLC0415, slow to import
    from .printing import print_result  # noqa: PLC0415, slow to import
    from .stopping import heard_signals  # noqa: PLC0415, slow to import
    from .view import view  # noqa: PLC0415, slow to import

    chosen = _chosen(options, catalog)
    budget = agreed_budget(options, chosen.judges.values())
    with view(quiet=options.quiet) as watch, redirect_stdout(sys.stderr), heard_signals() as asked:
        try:
            result = rejudge(
                options.run, chosen, catalog=catalog, watch=watch, stopping=asked, budget=budget
            )
        except Stopped:
            asked.raise_if_asked()
            raise
    if options.json:
        print(as_json(result))
    else:
        print_result(result)
    return 0


def _chosen(options: argparse.Namespace, catalog: Catalog) -> "ChosenJudges":
    """The judges that the words name; no secret among their options."""
    from ftbench.config.judges import compose_judges  # noqa: PLC0415, slow to import

    from .benchmark import name_broken_plugins  # noqa: PLC0415, slow to import
    from .explain import explained  # noqa: PLC0415, slow to import
    from .secrets_scan import refuse_secrets_in  # noqa: PLC0415, slow to import

    words = [*options.words]
    words += [f"--config-dir={options.config_dir}"] if options.config_dir else []
    name_broken_plugins(catalog)
    with explained(words, catalog):
        chosen = compose_judges(words, catalog)
    refuse_secrets_in({"judge": chosen.composed})
    return chosen
