"""The commands of ftbench's own; the module behind one is read only when it is called."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

from ftbench.plugin.catalog import Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """One command: a module of this package has its name, with a dash as an underscore."""

    summary: str
    reads_plugins: bool = True
    """Whether it has to know what is installed, which takes as long as all the rest."""
    function: str = ""
    """What is called in the module; the same name where empty."""

    def run(self, name: str, words: Sequence[str], catalog: Catalog) -> int:
        """Do what the command says; returns the exit code."""
        module = name.replace("-", "_")
        found = import_module(f".{module}", __package__)
        command: Callable[[Sequence[str], Catalog], int] = getattr(found, self.function or module)
        return command(words, catalog)


OWN: Mapping[str, Own] = {
    "check": Own(
        summary="whether fine-tuning on a file costs safety: ftbench check train.jsonl model=NAME"
    ),
    "list": Own(summary="what can be chosen: ftbench list attacks", function="list_choices"),
    "show": Own(summary="one choice, or one finished run, in full"),
    "status": Own(
        summary="what of a run, or of all runs in a folder, is done, missing and failed",
        reads_plugins=False,
    ),
    "watch": Own(
        summary="follow a run, or a whole sweep, from another terminal: ftbench watch runs",
        reads_plugins=False,
    ),
    "runs": Own(
        summary="finished runs at a glance; two compared: ftbench runs A B --compare",
        reads_plugins=False,
    ),
    "verify": Own(
        summary="whether a run is whole, and its figures are what its ledger says",
        reads_plugins=False,
    ),
    "export": Own(
        summary="the files of a run, made again from its ledger; also as Parquet",
        reads_plugins=False,
    ),
    "judge": Own(
        summary="a finished run judged by further judges: ftbench judge runs/NAME judge=[a,b]"
    ),
    "judge-card": Own(
        summary="whether a judge can be trusted, measured: ftbench judge-card judge=NAME"
    ),
    "jobs": Own(summary="fine-tunes ordered from providers: ftbench jobs list, resolve, cancel"),
    "cleanup": Own(summary="what providers keep and bill: ftbench cleanup --list runs/NAME"),
    "plot": Own(
        summary="figures of finished runs, as SVG, PNG and CSV: ftbench plot runs/NAME --out DIR",
        reads_plugins=False,
    ),
    "submit": Own(
        summary="finished runs as a submission: ftbench submit runs/A --out DIR --contact YOU"
    ),
    "leaderboard": Own(
        summary="check submissions and make their table: ftbench leaderboard verify DIR"
    ),
    "report": Own(
        summary="finished runs as one HTML file, Markdown or PDF: ftbench report runs/NAME",
        reads_plugins=False,
    ),
    "reproduce": Own(
        summary="a table of the paper beside ours, or its claims: ftbench reproduce T2 model=NAME"
    ),
    "tasks": Own(summary="the lm-eval tasks at hand; --path TASK for lm_eval --include_path"),
    "cache": Own(
        summary="finished work kept for other runs: ftbench cache list, ftbench cache prune",
        reads_plugins=False,
    ),
    "new": Own(summary="the package of a plugin to begin one from: ftbench new judge my_judge"),
    "plugin": Own(summary="whether a plugin keeps its contracts: ftbench plugin check my_judge"),
    "plugins": Own(summary="the installed plugins, and what is wrong with some"),
    "doctor": Own(summary="whether runs can work here, and what to do where they cannot"),
    "completion": Own(
        summary='what a shell needs to complete our words: eval "$(ftbench completion bash)"',
        reads_plugins=False,
    ),
    "complete": Own(summary=""),
    "group": Own(summary=""),
}

SUMMARIES: Mapping[str, str] = {
    **{name: own.summary for name, own in OWN.items() if own.summary},
    "help": "this page",
    "version": "which ftbench this is",
}
"""What `ftbench help` says of each."""
