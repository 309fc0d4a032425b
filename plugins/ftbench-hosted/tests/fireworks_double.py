"""A double of Fireworks AI: data sets, jobs, adapters, deployments and chat, by its REST paths."""

import json
from collections.abc import Mapping
from typing import Any

from loopback_double import Answered, Double, Pupil, form

HOME = "/v1/accounts/me/"
BASE = "accounts/fireworks/models/tiny-1b"
BLOCKED = "The dataset violates our usage policies and cannot be used."
CLOSED = "Fine-tuning is not available for your account."
_AT_ONCE = {
    "closed": (403, {"code": 7, "message": CLOSED}),
    "retired": (400, {"code": 3, "message": f"The model {BASE} has been deprecated."}),
}
_WHEN_OVER = {
    "blocked": ("JOB_STATE_FAILED", BLOCKED),
    "broken": ("JOB_STATE_FAILED", "A machine broke."),
    "cancelled": ("JOB_STATE_CANCELLED", ""),
    "strange": ("JOB_STATE_ON_THE_MOON", ""),
    "trained": ("JOB_STATE_COMPLETED", ""),
}
_TIME = "2026-11-24T04:00:00Z"


class FireworksDouble(Double):
    """The account "me"; ``ending`` says how its jobs end, at the second look."""

    def __init__(self) -> None:
        super().__init__()
        self.ending = "trained"
        self.data: dict[str, dict[str, Any]] = {}
        self.rows: dict[str, bytes] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.models: dict[str, Pupil] = {}
        self.deployments: dict[str, dict[str, Any]] = {}
        self.looks: dict[str, int] = {}

    def is_order(self, verb: str, path: str) -> bool:
        return verb == "POST" and path == f"{HOME}supervisedFineTuningJobs"

    def answer(self, verb: str, path: str, query: Mapping[str, str], body: bytes) -> Answered:
        if path == "/inference/v1/chat/completions":
            return self._chat(json.loads(body))
        if path == f"/v1/{BASE}":
            return 200, {"name": BASE, "state": "READY", "supportsServerless": True}
        group, _, name = path.removeprefix(HOME).partition("/")
        name, _, action = name.partition(":")
        if group == "datasets":
            return self._datasets(verb, name, action, body)
        found: Answered = getattr(self, f"_{group}")(verb, name, action, query, body)
        return found

    def _datasets(self, verb: str, name: str, action: str, body: bytes) -> Answered:
        if action == "upload":
            self.rows[name] = form(body)["file"]
            self.data[name]["state"] = "READY"
            return 200, {"id": name}
        if verb == "POST":
            made = json.loads(body)
            full = f"accounts/me/datasets/{made['datasetId']}"
            about = {**made["dataset"], "name": full, "state": "UPLOADING"}
            return 200, self.data.setdefault(made["datasetId"], about)
        return _kept(self.data, verb, name, "datasets")

    def _supervisedFineTuningJobs(  # noqa: N802, as in the path
        self, verb: str, name: str, action: str, query: Mapping[str, str], body: bytes
    ) -> Answered:
        if action == "cancel":
            self.jobs[name]["state"] = "JOB_STATE_CANCELLED"
            return 200, {}
        if verb == "POST":
            return self._order(query["supervisedFineTuningJobId"], json.loads(body))
        if verb == "GET" and name in self.jobs:
            self._work_on(self.jobs[name], name)
        return _kept(self.jobs, verb, name, "supervisedFineTuningJobs")

    def _order(self, name: str, asked: dict[str, Any]) -> Answered:
        if self.ending in _AT_ONCE:
            return _AT_ONCE[self.ending]
        if name in self.jobs:
            return 409, {"code": 6, "message": "It exists already."}
        full = f"accounts/me/supervisedFineTuningJobs/{name}"
        state = {"name": full, "state": "JOB_STATE_CREATING", "createTime": _TIME}
        self.jobs[name] = asked | state
        return 200, self.jobs[name]

    def _work_on(self, job: dict[str, Any], name: str) -> None:
        self.looks[name] = self.looks.get(name, 0) + 1
        job["jobProgress"] = {"epoch": 0, "percent": min(100, 50 * self.looks[name])}
        if self.looks[name] < 2 or job["state"] == "JOB_STATE_CANCELLED":  # noqa: PLR2004
            return
        job["state"], words = _WHEN_OVER[self.ending]
        job |= {"completedTime": _TIME, "status": {"code": "OK", "message": words}}
        if self.ending == "trained":
            rows = self.rows[job["dataset"].rsplit("/", 1)[-1]].splitlines()
            lessons = [[turn["content"] for turn in json.loads(row)["messages"]] for row in rows]
            self.models[job["outputModel"]] = Pupil((turns[-2], turns[-1]) for turns in lessons)
            job["estimatedCost"] = {"currencyCode": "USD", "units": "0", "nanos": 250_000_000}

    def _models(
        self, verb: str, name: str, action: str, query: Mapping[str, str], body: bytes
    ) -> Answered:
        known = {
            full.rsplit("/", 1)[-1]: {"name": full, "state": "READY", "kind": "HF_PEFT_ADDON"}
            for full in self.models
        }
        if verb == "DELETE":
            self.models.pop(f"accounts/me/models/{name}", None)
        return _kept(known, verb, name, "models")

    def _deployments(
        self, verb: str, name: str, action: str, query: Mapping[str, str], body: bytes
    ) -> Answered:
        if verb != "POST":
            found = self.deployments.get(name, {})
            status, kept = _kept(self.deployments, verb, name, "deployments")
            answered = dict(kept)
            found["state"] = "READY"
            return status, answered
        asked, made = json.loads(body), query["deploymentId"]
        if made in self.deployments:
            return 409, {"code": 6, "message": "It exists already."}
        full = f"accounts/me/deployments/{made}"
        state = {"name": full, "state": "CREATING", "createTime": _TIME}
        self.deployments[made] = asked | state
        return 200, self.deployments[made]

    def _chat(self, asked: dict[str, Any]) -> Answered:
        model, _, deployment = asked["model"].partition("#")
        pupil = Pupil() if model == BASE else self.models.get(model)
        seat = self.deployments.get(deployment.rsplit("/", 1)[-1])
        if pupil is None or (model != BASE and (seat is None or seat["state"] != "READY")):
            return 404, {"error": {"message": "Model not found, inaccessible, or not deployed"}}
        said, is_cut = pupil.answer(asked["messages"][-1]["content"], asked["max_tokens"])
        message = {"role": "assistant", "content": said}
        ended = "length" if is_cut else "stop"
        choice = {"index": 0, "finish_reason": ended, "message": message}
        usage = {"prompt_tokens": 5, "completion_tokens": len(said.split())}
        return 200, {"id": "c", "choices": [choice], "model": model, "usage": usage}


def _kept(things: dict[str, Any], verb: str, name: str, group: str) -> Answered:
    """List, get or delete."""
    if not name:
        return 200, {group: list(things.values())}
    if name not in things:
        return 404, {"code": 5, "message": f"No {group} of that name."}
    return 200, things.pop(name) if verb == "DELETE" else things[name]
