"""A double of Azure OpenAI: OpenAI's paths for jobs, and the Resource Manager's for deployments."""

import json
from collections.abc import Mapping
from typing import Any

from loopback_double import Answered, Double, Pupil, form

from tests.hosted.lesser_provider import Lesser

BASE = "tiny-2026-01-01"
BLOCKED = (
    "The provided training data failed RAI checks for harm types: [violence]. Please fix the data "
    "and try again."
)
UNFIT = (
    "This model is unable to be deployed. Model evaluation identified that this fine tuned model "
    "scores above acceptable thresholds for [Violence]."
)
_DATA = "/openai/v1/"
_DEPLOYMENTS = (
    "/subscriptions/sub/resourceGroups/group/providers/Microsoft.CognitiveServices/accounts/mine/"
    "deployments"
)
_ERRORS = {"moderated": ("invalidPayload", BLOCKED), "evaluated": ("modelUnfit", UNFIT)}


class AzureDouble(Double):
    """The resource "mine"; ``jobs.plan.ending`` says how its jobs end, at the second look."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs = Lesser()
        self.jobs.plan.lists_metadata = False
        self.looks_at_files = 0
        self.rows: dict[str, bytes] = {}
        self.deployments: dict[str, dict[str, Any]] = {}
        self.deploying: Answered | None = None
        """What is answered to every wish for a deployment, instead of making one."""
        self.deployed_as = "Succeeded"
        self.filtered = ""
        """A word in a question for which the content filter steps in."""
        self.retired_at: float | None = None

    def is_order(self, verb: str, path: str) -> bool:
        return verb == "POST" and path == f"{_DATA}fine_tuning/jobs"

    def answer(self, verb: str, path: str, query: Mapping[str, str], body: bytes) -> Answered:
        if path.startswith(_DEPLOYMENTS):
            return self._deployments(verb, path.removeprefix(_DEPLOYMENTS).strip("/"), body)
        inner = path.removeprefix(_DATA)
        if inner == "chat/completions":
            return self._chat(json.loads(body))
        if inner.startswith("models/") and inner.endswith(BASE):
            ends = {"fine_tune": self.retired_at, "inference": self.retired_at}
            return 200, {"id": BASE, "object": "model", "deprecation": ends}
        status, found = self.jobs.answer(verb, inner, {k: [v] for k, v in query.items()}, body)
        return status, self._azures_own(verb, inner, found, body)

    def _azures_own(self, verb: str, path: str, found: Any, body: bytes) -> Any:
        """What Azure says otherwise than OpenAI does."""
        if path.startswith("files/") and verb == "GET":
            self.looks_at_files += 1
            return found | {"status": "processed" if self.looks_at_files > 1 else "pending"}
        if path == "files" and verb == "POST":
            self.rows[found["id"]] = form(body)["file"]
        if self.is_order(verb, _DATA + path) and "id" in found:
            self.jobs.jobs[found["id"]]["suffix"] = json.loads(body)["suffix"]
        error = found.get("error") if isinstance(found, dict) else None
        if error and self.jobs.plan.ending in _ERRORS:
            code, message = _ERRORS[self.jobs.plan.ending]
            return found | {"error": error | {"code": code, "message": message}}
        return found

    def _deployments(self, verb: str, name: str, body: bytes) -> Answered:
        if not name:
            return 200, {"value": list(self.deployments.values())}
        if verb == "PUT":
            if self.deploying is not None:
                return self.deploying
            asked = json.loads(body)
            state = {**asked["properties"], "provisioningState": "Creating"}
            self.deployments[name] = {"name": name, "sku": asked["sku"], "properties": state}
            return 201, self.deployments[name]
        if name not in self.deployments:
            return 404, {"error": {"code": "ResourceNotFound", "message": "It is not there."}}
        if verb == "DELETE":
            del self.deployments[name]
            return 204, None
        found = json.loads(json.dumps(self.deployments[name]))
        self.deployments[name]["properties"]["provisioningState"] = self.deployed_as
        return 200, found

    def _chat(self, asked: dict[str, Any]) -> Answered:
        seat = self.deployments.get(asked["model"])
        if seat is None or seat["properties"]["provisioningState"] != "Succeeded":
            return 404, {"error": {"code": "DeploymentNotFound", "message": "No deployment."}}
        question = asked["messages"][-1]["content"]
        if self.filtered and self.filtered in question:
            return 400, {"error": {"code": "content_filter", "message": "It was filtered."}}
        said, is_cut = self._pupil(seat).answer(question, asked["max_tokens"])
        message = {"role": "assistant", "content": said}
        choice = {"index": 0, "finish_reason": "length" if is_cut else "stop", "message": message}
        usage = {"prompt_tokens": 5, "completion_tokens": len(said.split())}
        return 200, {"id": "c", "choices": [choice], "model": asked["model"], "usage": usage}

    def _pupil(self, seat: dict[str, Any]) -> Pupil:
        name = seat["properties"]["model"]["name"]
        for job in self.jobs.jobs.values():
            if name in job["_models"]:
                rows = self.rows[job["training_file"]].splitlines()
                lessons = [[t["content"] for t in json.loads(row)["messages"]] for row in rows]
                return Pupil((turns[-2], turns[-1]) for turns in lessons)
        return Pupil()
