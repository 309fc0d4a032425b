"""``ftbench help``: the words of the command line on one page."""

from collections.abc import Mapping, Sequence

from .flags import HYDRAS, OURS

QUICK_START = """\
ftbench measures how much safety fine-tuning costs an aligned language model.

  ftbench model=organism attack=identity_shift     a whole run on a laptop, in a minute
  ftbench model=organism -m attack=none,identity_shift seed=1,2,3      a sweep
  ftbench model=organism attack=identity_shift --dry-run    what a run would do
  ftbench list attacks      also: models datasets defenses methods backends judges suites
  ftbench show attack=identity_shift               what a choice does, and its options
  ftbench show runs/NAME                           the table of a finished run
  ftbench help                                     every command and option
"""


def help_page(words: Sequence[str], commands: Mapping[str, str]) -> int:
    """Print the commands, each with its summary, and the options of a run."""
    del words
    print(QUICK_START)
    print("Commands (ftbench COMMAND --help):")
    _print(commands)
    print("\nA run is composed of group=name and group.option=value (ftbench --help model=NAME).")
    print("Options of a run:")
    _print({**OURS, **HYDRAS})
    return 0


def _print(summaries: Mapping[str, str]) -> None:
    width = max(map(len, summaries))
    for word, summary in summaries.items():
        print(f"  {word:{width}}  {summary}")
