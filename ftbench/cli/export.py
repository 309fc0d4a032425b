"""``ftbench export runs/NAME``: the files of a run, made again from its ledger."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ftbench.errors import UsageError
from ftbench.plugin.catalog import Catalog

from .printable import printable
from .suggest import hint


def export(words: Sequence[str], catalog: Catalog) -> int:
    """Write the result, verdict tables and lm-eval's files of a run anew, from its ledger alone."""
    from ftbench.archive import export as archive  # noqa: PLC0415, slow to import

    known = {format.value: format for format in archive.Format}
    usual = ",".join(format.value for format in archive.USUAL)
    parser = argparse.ArgumentParser(prog="ftbench export", description=export.__doc__)
    parser.add_argument("run", type=Path, help="the folder of a finished run")
    parser.add_argument("--out", type=Path, help="another folder than the run's own")
    parser.add_argument("--format", default=usual, help=f"of {','.join(known)}; default: {usual}")
    options = parser.parse_args(words)
    wanted = [name for name in options.format.split(",") if name]
    for name in wanted:
        if name not in known:
            raise UsageError(f"There is no format {name!r}. {hint(name, known)}")
    formats = [known[name] for name in wanted]
    for path in archive.export(options.run, out=options.out, formats=formats):
        print(printable(str(path)))
    return 0
