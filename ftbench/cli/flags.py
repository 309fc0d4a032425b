"""The options of ftbench's own, taken out of a command before Hydra reads the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

from ftbench.errors import UsageError

from .suggest import closest

OURS = {
    "--json": "one JSON object per run on stdout, everything else on stderr",
    "--dry-run": "say what would be done, and do nothing",
    "--yes": "do not ask before spending money",
    "--quiet": "no progress",
}
HYDRAS = {
    "--multirun": "run every combination of comma-separated values (-m)",
    "--cfg": "print the composed config: --cfg job",
    "--config-dir": "a folder of configs of your own, laid out as conf/",
    "--help": "the groups, and what would run",
    "--info": "where each value comes from: --info defaults",
    "--resolve": "with --cfg: fill in the ${...}",
    "--package": "with --cfg: only this part",
    "--hydra-help": "Hydra's own help",
    "--config-path": "another folder instead of conf/",
    "--config-name": "another file instead of run.yaml",
    "--shell-completion": "install completion for your shell",
}
_SHORT = ("-m", "-c", "-h", "-i", "-p", "-r", "-cd", "-cp", "-cn", "-sc", "--run", "--version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """How to show what happens."""

    json: bool = False
    dry_run: bool = False
    yes: bool = False
    quiet: bool = False


def take_flags(words: Sequence[str]) -> tuple[Flags, list[str]]:
    """Part our own options from the words for Hydra. Raises UsageError for an unknown option."""
    rest = [word for word in words if word not in OURS]
    for word in rest:
        _check_option(word)
    given = {word.removeprefix("--").replace("-", "_"): True for word in words if word in OURS}
    return Flags(**given), rest


def _check_option(word: str) -> None:
    option = word.partition("=")[0]
    if not option.startswith("-") or option in {*HYDRAS, *_SHORT}:
        return
    meant = closest(option, [*OURS, *HYDRAS])
    did_you_mean = f" Did you mean {meant}?" if meant else ""
    raise UsageError(f"There is no option {option}.{did_you_mean} See: ftbench help")
