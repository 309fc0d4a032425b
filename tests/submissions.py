"""Real submissions of the testing world, made once per process, and ways to change them."""

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pytest

from ftbench.config.compose import compose
from ftbench.leaderboard.examining import examine
from ftbench.leaderboard.recount import Asked, claims_of, over_seeds, recounted
from ftbench.leaderboard.rules import Rules
from ftbench.leaderboard.schema import PromptSets, Run
from ftbench.leaderboard.seals import judged_places, seals
from ftbench.leaderboard.writing import Submitter, submit
from ftbench.pipeline import run
from ftbench.roles import Defense
from ftbench.stages.watch import Silent
from ftbench.testing.benchmark import testing_catalog
from tests.odd_components import Unsteady


@dataclass(kw_only=True)
class Halving(Defense):
    """Train on some of the rows only."""

    name = "halving"
    keep: int = 4

    def protect(self, job, scene):
        rows = job.training_set.conversations[: self.keep]
        return replace(job, training_set=replace(job.training_set, conversations=rows))


CATALOG = testing_catalog(Unsteady, Halving)
KINDS = {
    "open": ("attack=testing_reveal", "backend=unsteady"),
    "guarded": ("attack=testing_reveal", "backend=unsteady", "defense=halving"),
    "wide": ("attack=testing_reveal", "backend=unsteady", "attack.n=20"),
}


@cache
def _runs():
    """The folders of three seeds of every kind."""
    place = tempfile.TemporaryDirectory()
    here = Path.cwd()
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FTBENCH_CACHE", "off")
        os.chdir(place.name)
        try:
            for kind, words in KINDS.items():
                cells = compose(["-m", "model=testing", *words, "seed=0,1,2"], CATALOG)
                results = run(cells, catalog=CATALOG, watch=Silent())
                found[kind] = [Path(result.folder).resolve() for result in results]
        finally:
            os.chdir(here)
    return place, found


def runs_of(kind):
    """The folders of the runs of a kind, by seed."""
    return _runs()[1][kind]


@cache
def _template(kind, seeds):
    out = Path(_runs()[0].name) / f"submission-{kind}-{seeds}"
    who = Submitter(name=kind, contact="someone@example.org")
    submit(runs_of(kind)[:seeds], out, who)
    return out


def submission(target, kind="open", *, seeds=3):
    """A copy of a submission of three seeds."""
    return Path(shutil.copytree(_template(kind, seeds), target))


def names_of(folder, rules=None):
    """The names of everything that is wrong with a submission, checked in this process."""
    return [fault.name for fault in faults_of(folder, rules)]


def faults_of(folder, rules=None):
    return examine(folder, rules or Rules(), is_thorough=True).faults


def load(folder, name):
    return json.loads((folder / name).read_text())


def store(folder, name, value):
    (folder / name).write_text(json.dumps(value, indent=1))


def relisted(folder):
    """Make the manifest fit again, as a forger would."""
    files = {
        path.name: {
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(folder.iterdir())
        if path.name not in ("manifest.json", "signature.json")
    }
    store(folder, "manifest.json", {"files": files})


@dataclass
class Forger:
    """Changes a submission and makes everything else fit that is easily made to fit."""

    folder: Path
    runs: dict = field(default_factory=dict)

    def __enter__(self):
        for path in sorted(self.folder.glob("run-*.json")):
            self.runs[path.stem] = json.loads(path.read_text())
        self.prompts = load(self.folder, "prompts.json")
        self.figures = load(self.folder, "figures.json")
        self.submission = load(self.folder, "submission.json")
        return self

    def __exit__(self, *problem):
        for path in self.folder.glob("run-*.json"):
            path.unlink()
        for name, run_ in self.runs.items():
            store(self.folder, f"{name}.json", run_)
        for name in ("prompts", "figures", "submission"):
            store(self.folder, f"{name}.json", getattr(self, name))
        relisted(self.folder)

    def tuned(self, name="run-0"):
        """The sheet of the tuned model of a run."""
        return next(s for s in self.runs[name]["sheets"] if s["subject"] == "tuned")

    def columns(self, name="run-0"):
        return self.tuned(name)["verdicts"][0]["columns"]

    def reseal(self):
        """Give every cell the seal of its run: the code is everybody's."""
        sets = PromptSets.model_validate({"sets": self.prompts["sets"]}).sets
        for made in self.runs.values():
            asked = Asked(prompts=sets[made["prompt_set"]])
            for sheet, typed in zip(made["sheets"], Run.model_validate(made).sheets, strict=True):
                prompts = asked.of(typed)
                sheet["seals"] = seals(made["plan"], typed, prompts, judged_places(prompts))

    def reclaim(self):
        """Claim what the changed verdicts say."""
        sets = PromptSets.model_validate({"sets": self.prompts["sets"]}).sets
        for entry in self.figures["entries"]:
            runs_ = [Run.model_validate(self.runs[name]) for name in entry["runs"]]
            found = [recounted(one, Asked(prompts=sets[one.prompt_set])) for one in runs_]
            claims = claims_of(over_seeds(found))
            entry["claims"] = [claim.model_dump() for claim in claims]
