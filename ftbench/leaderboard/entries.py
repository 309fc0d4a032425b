"""What a board knows of one entry: who, what, how well, and how far it can be trusted."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ftbench.digest import digest
from ftbench.stages.sheet import UNFORMATTED

from .checking import Checked, CheckedEntry
from .headline import Headline, headline
from .identity import USER, acting, settings, stable, track
from .recount import DIGITS, scored_sheet
from .rules import Rules, stale_judges
from .schema import Run, Sheet

TRUST = ("recomputed", "signed", "re-judged", "reproduced")
"""From the least to the most. Nothing less than recomputed is shown with figures of its own."""
_ROLES = ("dataset", "attack", "defense", "backend", "finetune", "model", "suite")
_OPTIONS = {
    "dataset": "dataset",
    "attack": "attack",
    "defense": "defense.{name}",
    "method": "finetune.method",
    "judge": "judge.{name}",
}
"""By role, how its options are set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one judge says of one tuned model, as it is compared with others."""

    model: str
    """The digest of the model."""
    responses: str
    """One digest of all its responses, each salted with the request to this very model."""
    texts: str
    """Short digests of the judged answers, one after the other."""
    verdicts: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardEntry:
    """One row of a board: runs that differ in nothing but their seed, one judge, one probe."""

    id: str
    submission: str
    """The name of its folder."""
    manifest: str
    by: str
    contact: str
    relationship: str
    link: str
    note: str
    made: str
    started: str
    comparability: int
    model: Mapping[str, str]
    chosen: Mapping[str, str]
    """By group: dataset, attack, defense, backend, method."""
    options: Mapping[str, str]
    """Of dataset and attack."""
    recipe: Mapping[str, str]
    judge: str
    judge_identity: str
    stale: str
    """Why the judge is not the current one; empty where it is."""
    card: str
    """What the judge's card says of it; empty where it has none."""
    probe: str
    checkpoint: int | None
    prompt_set: str
    limit: int | None
    seeds: tuple[int, ...]
    outcome: str
    findings: Mapping[str, float]
    versions: Mapping[str, str]
    hardware: Mapping[str, str]
    command: str
    track: str
    trust: str
    figures: Headline
    plans: tuple[str, ...] = ()
    said: tuple["Said", ...] = field(default=(), repr=False)
    """For each seed what the judge says of the tuned model, to find copies."""


def board_entries(checked: Checked, rules: Rules) -> list[BoardEntry]:
    """The entries of a submission, one for each judge and probe of its last checkpoint."""
    return [one for entry in checked.entries for one in _of(checked, entry, rules)]


def _of(checked: Checked, entry: CheckedEntry, rules: Rules) -> Iterator[BoardEntry]:
    first = entry.runs[0]
    probes = dict.fromkeys(s.probe for s in first.sheets if s.probe != UNFORMATTED)
    for judge in first.judges:
        for probe in probes:
            yield _one(checked, entry, judge, probe, rules)


def _one(checked: Checked, entry: CheckedEntry, judge: str, probe: str, rules: Rules) -> BoardEntry:
    assert checked.read is not None  # noqa: S101, it has entries
    said, runs, first = checked.read.submission, entry.runs, entry.runs[0]
    tuned = [_last(run, probe) for run in runs]
    compared = track(first, judge=judge, probe=probe, comparability=said.comparability)
    card, about = first.judges[judge].card, first.model
    return BoardEntry(
        id=stable([said.name, [run.plan for run in runs], judge, probe]),
        submission=checked.folder,
        manifest=checked.manifest,
        by=said.name,
        contact=said.contact,
        relationship=said.relationship,
        link=said.link,
        note=said.note,
        made=said.made,
        started=min(run.started for run in runs),
        comparability=said.comparability,
        model=about.model_dump(),
        chosen=_chosen(first),
        options={**settings(first, "dataset"), **settings(first, "attack")},
        recipe=first.recipe,
        judge=judge,
        judge_identity=first.judges[judge].identity,
        stale=stale_judges(first, rules).get(judge, ""),
        card=card.verdict if card else "",
        probe=probe,
        checkpoint=tuned[0].checkpoint if tuned[0] else None,
        prompt_set=first.prompt_set,
        limit=first.limit,
        seeds=tuple(run.seed for run in runs),
        outcome=first.outcome,
        findings=first.findings,
        versions=first.versions,
        hardware=first.hardware,
        command=command(first, len(runs)),
        track=stable(compared),
        trust=_trust(checked, rules),
        figures=_figures(entry, judge, probe, tuned),
        plans=tuple(run.plan for run in runs),
        said=tuple(
            _said(run, sheet, judge, entry) for run, sheet in zip(runs, tuned, strict=True) if sheet
        ),
    )


def _chosen(run: Run) -> dict[str, str]:
    roles = ("dataset", "attack", "defense", "backend", "method")
    return {role: " + ".join(acting(run, role)) or "none" for role in roles}


def _last(run: Run, probe: str) -> Sheet | None:
    """The sheet of the last checkpoint."""
    tuned = [s for s in run.sheets if (s.subject, s.probe) == ("tuned", probe)]
    return max(tuned, key=lambda sheet: sheet.checkpoint or 0, default=None)


def _figures(
    entry: CheckedEntry, judge: str, probe: str, tuned: Sequence[Sheet | None]
) -> Headline:
    pairs = zip(entry.runs, tuned, strict=True)
    after = [(run, sheet) for run, sheet in pairs if sheet is not None]
    before = [
        (run, sheet)
        for run in entry.runs
        for sheet in run.sheets
        if (sheet.subject, sheet.probe) == ("base", probe)
    ]
    sides = [
        [one for run, s in side for one in scored_sheet(run, s, entry.asked) if one.judge == judge]
        for side in (before, after)
    ]
    return headline(*sides, seconds=_mean_seconds(entry.runs), dollars=_dollars(entry.runs))


def _mean_seconds(runs: Sequence[Run]) -> float:
    return round(sum(sum(run.seconds.values()) for run in runs) / len(runs), 1)


def _dollars(runs: Sequence[Run]) -> float:
    return round(sum(run.dollars for run in runs) / len(runs), 4)


def _said(run: Run, sheet: Sheet, judge: str, entry: CheckedEntry) -> Said:
    """Compared by the rate, or else the first column."""
    columns = next((one.columns for one in sheet.verdicts if one.judge == judge), {})
    verdicts = columns.get("harmfulness_rate") or next(iter(columns.values()), [])
    texts = zip(sheet.texts, entry.asked.of(sheet), strict=True)
    epoch = {one.epoch: one.digest for one in run.tuned}
    return Said(
        model=epoch.get(sheet.checkpoint or 0, run.plan),
        responses=digest(sheet.responses),
        texts="".join(text for text, prompt in texts if prompt.measures != "utility"),
        verdicts=tuple(verdicts),
    )


def _trust(checked: Checked, rules: Rules) -> str:
    attested = [one.level for one in rules.attestations if one.manifest == checked.manifest]
    levels = ["recomputed", *(["signed"] if checked.is_signed else []), *attested]
    return max(levels, key=TRUST.index)


def command(run: Run, seeds: int) -> str:
    """The command that makes the runs anew; every word is quoted, for strangers wrote it."""
    words = ["ftbench"]
    words += [f"{group}={run.choices[group]}" for group in _ROLES if group in run.choices]
    if "judge" in run.choices:
        words.append(f"judge=[{run.choices['judge'].replace('+', ',')}]")
    for one in run.components:
        group = _OPTIONS.get(one.role, "").format(name=one.name)
        words += [f"{group}.{name}={text}" for name, text in one.settings.items() if group]
    for name, text in run.recipe.items():
        if text.endswith(USER):
            words.append(f"finetune.{name}={text.removesuffix(USER).strip()}")
    words.append(f"seeds={seeds}")
    return shlex.join(words)


def as_json(entry: BoardEntry) -> dict[str, Any]:
    """An entry as ``results.json`` has it: all but the verdicts."""
    found = asdict(replace(entry, said=(), figures=replace(entry.figures, harm=())))
    del found["said"]
    del found["figures"]["harm"]
    rounded: dict[str, Any] = _rounded(found)
    return rounded


def _rounded(value: Any) -> Any:
    """The same on every machine: the last digits of a figure are nobody's."""
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value
