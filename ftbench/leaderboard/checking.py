"""One submission -> everything that is wrong with it, and its figures as they were counted."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from ftbench.statistics.result import RunResult

from .cells import cell_faults, prompt_faults
from .claimed import claim_faults
from .faults import MAKE_ANEW, Fault, Unreadable, line_of
from .identity import differing
from .reading import Folder, read_folder
from .recount import Asked, claims_of, over_seeds, recounted
from .rules import Rules, stale_judges
from .schema import Entry, Run
from .signing import is_signed

STALE = "stale judge"
"""A fault of a new submission; an old one stays on its board, unranked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedEntry:
    """The runs of one entry, and their figures."""

    runs: tuple[Run, ...]
    """In the order of their seeds."""
    asked: Asked
    counted: RunResult | None = None
    """Every figure; None where only those of the board were wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found out about one submission."""

    folder: str
    """Its name."""
    faults: tuple[Fault, ...]
    read: Folder | None = None
    entries: tuple[CheckedEntry, ...] = ()
    manifest: str = ""
    """The sha256 of its manifest."""
    is_signed: bool = False


def check(folder: Path, rules: Rules, *, is_thorough: bool = True) -> Checked:
    """Check one submission by itself; believes nothing and raises for nothing that it holds.

    Thorough is with every claimed figure counted again; else only the verdicts are checked.
    """
    try:
        read = read_folder(folder)
    except Unreadable as error:
        return Checked(folder=folder.name, faults=(error.fault,))
    except OSError as error:
        fault = Fault(name="cannot be read", wrong=f"{error.strerror}.", fix=MAKE_ANEW)
        return Checked(folder=folder.name, faults=(fault,))
    faults = [*_files(read), *_pinned(read, rules), *_cells(read), *_runs(read, rules)]
    entries = () if _is_shapeless(faults) else tuple(_entries(read, is_thorough))
    if is_thorough:
        faults += [*_claims(read, entries), *_envelopes(entries, rules)]
    return Checked(
        folder=folder.name,
        faults=tuple(faults),
        read=read,
        entries=entries,
        manifest=hashlib.sha256(read.bytes_of["manifest.json"]).hexdigest(),
        is_signed=read.signature is not None
        and is_signed(read.bytes_of["manifest.json"], read.signature),
    )


def _is_shapeless(faults: Sequence[Fault]) -> bool:
    """Whether figures cannot even be counted."""
    shapes = {"dropped cells", "duplicated cells", "wrong prompt set", "missing run", "mixed runs"}
    return any(fault.name in shapes for fault in faults)


def _files(read: Folder) -> Iterator[Fault]:
    """Whether every file is the one of the manifest, and the manifest the signed one."""
    listed = read.manifest.files
    others = read.bytes_of.keys() - {"manifest.json", "signature.json"}
    for name in sorted(others | listed.keys()):
        wrong = _of_file(name, read)
        if wrong:
            yield Fault(name="changed file", file=name, wrong=wrong, fix=MAKE_ANEW)
    signed, manifest = read.signature, read.bytes_of["manifest.json"]
    if signed is not None and not is_signed(manifest, signed):
        wrong = "The signature is not one of this manifest by this key."
        fix = "Sign again with `ftbench submit --key`, or leave the signature out."
        yield Fault(name="bad signature", file="signature.json", wrong=wrong, fix=fix)


def _of_file(name: str, read: Folder) -> str:
    content, stated = read.bytes_of.get(name), read.manifest.files.get(name)
    if content is None:
        return "is in the manifest and not there."
    if stated is None:
        return "is not in the manifest."
    is_same = hashlib.sha256(content).hexdigest() == stated.sha256
    return "" if is_same and len(content) == stated.bytes else "is not the file of the manifest."


def _pinned(read: Folder, rules: Rules) -> Iterator[Fault]:
    """Whether the prompts and the judges are those that the board compares."""
    for stated, asked in read.asked.items():
        yield from prompt_faults("prompts.json", asked)
        if stated != asked.digest:
            wrong = "A prompt set is not the one of its digest: prompts were changed or left out."
            yield Fault(name="wrong prompt set", file="prompts.json", wrong=wrong, fix=MAKE_ANEW)
        elif rules.prompt_sets and stated not in rules.prompt_sets:
            names = ", ".join(rules.prompt_sets.values())
            wrong = f"This board compares other prompts: {names}."
            fix = "Run the suite that the board names, without suite.limit."
            yield Fault(name="wrong prompt set", file="prompts.json", wrong=wrong, fix=fix)
    for name, run in read.runs.items():
        for judge, wrong in stale_judges(run, rules).items():
            fix = "Judge again with `ftbench judge`, with the judge of the board."
            line = line_of(read.bytes_of[f"{name}.json"], after=run.judges[judge].identity)
            yield Fault(name=STALE, file=f"{name}.json", line=line, wrong=wrong, fix=fix)


def _cells(read: Folder) -> Iterator[Fault]:
    for name, run in read.runs.items():
        file = f"{name}.json"
        asked = read.asked.get(run.prompt_set)
        if asked is None:
            wrong = "Its prompt set is not in prompts.json."
            yield Fault(name="wrong prompt set", file=file, wrong=wrong, fix=MAKE_ANEW)
            continue
        yield from cell_faults(file, read.bytes_of[file], run, asked)


def _runs(read: Folder, rules: Rules) -> Iterator[Fault]:
    """Whether each entry is made of the runs it names: alike, and with the seeds from 0 on."""
    named = [name for entry in read.figures.entries for name in entry.runs]
    if sorted(named) != sorted(read.runs):
        wrong = "The entries do not name each run exactly once."
        yield Fault(name="missing run", file="figures.json", wrong=wrong, fix=MAKE_ANEW)
        return
    for entry in read.figures.entries:
        runs = {name: read.runs[name] for name in entry.runs}
        first = read.runs[entry.runs[0]]
        for name, run in runs.items():
            if part := differing(first, run):
                wrong = f"differs from {entry.runs[0]} in more than its seed: in its {part}."
                yield Fault(name="mixed runs", file=f"{name}.json", wrong=wrong, fix=MAKE_ANEW)
        yield from _seeds(runs, rules)
        yield from _impossible(runs, read)


def _seeds(runs: Mapping[str, Run], rules: Rules) -> Iterator[Fault]:
    """Seeds are 0, 1, 2 and so on: whoever may leave some out may leave out the worst."""
    seeds, plans = [run.seed for run in runs.values()], {run.plan for run in runs.values()}
    file = f"{next(iter(runs))}.json"
    if len(set(seeds)) < len(seeds) or len(plans) < len(seeds):
        wrong = "Two runs of one entry have the same seed or the same plan."
        yield Fault(name="duplicated run", file=file, wrong=wrong, fix="Submit each seed once.")
    elif sorted(seeds) != list(range(len(seeds))):
        told = ", ".join(map(str, sorted(seeds)))
        wrong = f"has the seeds {told}; an entry has 0, 1, 2 and so on, without gaps."
        fix = f"Run and submit the seeds 0 to {len(seeds) - 1}: `seeds={len(seeds)}`."
        yield Fault(name="picked seeds", file=file, wrong=wrong, fix=fix)
    if len(seeds) > rules.most_seeds:
        wrong = f"has {len(seeds)} seeds, more than the {rules.most_seeds} of this board."
        yield Fault(name="too many seeds", file=file, wrong=wrong, fix="Submit fewer.")


def _impossible(runs: Mapping[str, Run], read: Folder) -> Iterator[Fault]:
    """What no run can be: trained without a model or in no time, or begun after its submission."""
    for name, run in runs.items():
        is_tuned = any(sheet.subject == "tuned" for sheet in run.sheets)
        wrong = ""
        if (run.outcome == "trained") != bool(run.tuned):
            wrong = f"ended as {run.outcome} with {len(run.tuned)} tuned models."
        elif run.outcome not in ("trained", "none") and is_tuned:
            wrong = f"has answers of a tuned model, although its training ended as {run.outcome}."
        elif run.started > read.submission.made:
            wrong = "was begun after it was submitted."
        elif any(value < 0 for value in run.seconds.values()):
            wrong = "took less than no time."
        if wrong:
            yield Fault(name="impossible run", file=f"{name}.json", wrong=wrong, fix=MAKE_ANEW)


def _entries(read: Folder, is_thorough: bool) -> Iterator[CheckedEntry]:
    for entry in read.figures.entries:
        runs = sorted((read.runs[name] for name in entry.runs), key=lambda run: run.seed)
        mine = read.asked[runs[0].prompt_set]
        counted = over_seeds([recounted(run, mine) for run in runs]) if is_thorough else None
        yield CheckedEntry(runs=tuple(runs), asked=mine, counted=counted)


def _claims(read: Folder, entries: Sequence[CheckedEntry]) -> Iterator[Fault]:
    stated: Sequence[Entry] = read.figures.entries
    before = [0, *accumulate(len(entry.claims) for entry in stated)]
    for entry, found, earlier in zip(stated, entries, before, strict=False):
        if found.counted is not None:
            yield from claim_faults(
                "figures.json",
                read.bytes_of["figures.json"],
                entry.claims,
                claims_of(found.counted),
                before=earlier,
            )


def _envelopes(entries: Sequence[CheckedEntry], rules: Rules) -> Iterator[Fault]:
    """Whether well-known models have the figures they are known for."""
    for entry in entries:
        run = entry.runs[0]
        for known in rules.envelopes:
            if (known.model, known.prompt_set) != (run.model.name, run.prompt_set):
                continue
            for row in entry.counted.rows if entry.counted else ():
                if (row.subject, row.judge) != (known.subject, known.judge):
                    continue
                value = row.columns[known.column].value if known.column in row.columns else None
                if value is not None and not known.low <= value <= known.high:
                    wrong = (
                        f"{known.column} of the {known.subject} {run.model.name} is {value:.4g}; "
                        f"it is known to lie from {known.low:g} to {known.high:g}."
                    )
                    fix = "Check the model's revision and how it was asked."
                    yield Fault(name="outside the envelope", wrong=wrong, fix=fix)
