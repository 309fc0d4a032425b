"""A double of Together AI that really trains adapters: files, jobs, prices, and packed weights."""

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import zstandard
from loopback_double import Answered, Double, form

from ftbench.methods import Lora
from ftbench.records import Conversation, FineTuneJob, Message, Model, TrainingSet
from ftbench.testing import MemoryDesk
from ftbench_hf.backend import HuggingFace

BASE = "tiny-reference"
BLOCKED = "The training file violates our usage policies."
CLOSED = "Fine-tuning is not available for your account."
_TIME = "2026-11-24T04:00:00Z"
_LIMITS = {
    "model_name": BASE, "default_gradient_accumulation_steps": 1, "max_learning_rate": 1.0,
    "max_num_checkpoints": 10, "max_num_epochs": 20, "max_num_evals": 10, "min_max_seq_length": 32,
    "max_seq_length_dpo": 4096, "max_seq_length_sft": 8192, "min_learning_rate": 1e-8,
    "merge_output_lora": True, "supports_full_training": False, "supports_reasoning": False,
    "supports_tools": False, "supports_vision": False,
    "lora_training": {
        "default_rank": 8, "max_batch_size": 64, "max_batch_size_dpo": 8, "max_rank": 64,
        "min_batch_size": 1, "target_modules": ["q_proj", "v_proj"],
    },
}  # fmt: skip
_AT_ONCE = {
    "closed": (403, {"error": {"message": CLOSED}}),
    "retired": (400, {"error": {"message": f"The model {BASE} has been deprecated."}}),
}


class TogetherDouble(Double):
    """``ending`` says how its jobs end, at the second look; ``weights`` are what it trains."""

    def __init__(self, weights: Path, work: Path) -> None:
        super().__init__()
        self.ending = "trained"
        self.weights, self.work = weights, work
        self.files: dict[str, dict[str, Any]] = {}
        self.rows: dict[str, bytes] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.looks: dict[str, int] = {}
        self.packed: dict[str, bytes] = {}
        self.shows_suffix, self.may_spend, self.downloads = True, True, 0
        self.damage = ""

    def is_order(self, verb: str, path: str) -> bool:
        return verb == "POST" and path == "/v1/fine-tunes"

    def answer(self, verb: str, path: str, query: Mapping[str, str], body: bytes) -> Answered:
        parts = path.strip("/").split("/")[1:]
        if parts[0] == "finetune":
            return self._download(query)
        if parts[0] == "stored":
            self.rows[parts[1]] = body
            return 200, {}
        if parts[0] == "files":
            return self._files(verb, parts[1:], body)
        return self._jobs(verb, parts[1:], query, body)

    def _files(self, verb: str, parts: list[str], body: bytes) -> Answered:
        if verb == "POST" and not parts:
            asked = {name: value.decode() for name, value in form(body).items()}
            known = [n for n, f in self.files.items() if f["checksum"] == asked["checksum"]]
            if known:
                return 409, {"file_id": known[0]}
            name = f"file-{len(self.files)}"
            state = {"object": "file", "created_at": 1, "bytes": 1, "FileType": "jsonl"}
            about = {"id": name, "filename": asked["file_name"], "purpose": "fine-tune"}
            self.files[name] = state | about | {"checksum": asked["checksum"], "looks": 0}
            self.headers = {"Location": f"{self.url}/v1/stored/{name}", "X-Together-File-Id": name}
            return 302, {}
        if not parts:
            return 200, {"data": list(self.files.values())}
        if parts[0] not in self.files:
            return 404, {"error": {"message": "No such file."}}
        if verb == "DELETE":
            return 200, self.files.pop(parts[0])
        found = self.files[parts[0]]
        found["looks"] += 1
        found["processing_status"] = "COMPLETED" if found["looks"] > 2 else "RUNNING"  # noqa: PLR2004
        return 200, found

    def _jobs(self, verb: str, parts: list[str], query: Mapping[str, str], body: bytes) -> Answered:
        if not parts:
            return self._order(json.loads(body)) if verb == "POST" else (200, self._listed())
        if parts[0] == "estimate-price":
            told = {"estimation_available": True, "estimated_total_price": 0.5}
            return 200, told | {"allowed_to_proceed": self.may_spend}
        if parts[0] == "models":
            known = query["model_name"] == BASE
            return (200, _LIMITS) if known else (404, {"error": {"message": "Not tunable."}})
        if parts[0] not in self.jobs:
            return 404, {"error": {"message": "No such job."}}
        return 200, self._job(verb, self.jobs[parts[0]], parts[1:])

    def _job(self, verb: str, job: dict[str, Any], rest: list[str]) -> dict[str, Any]:
        if verb == "DELETE":
            return {"message": "gone", **self.jobs.pop(job["id"])}
        if rest == ["cancel"]:
            job["status"] = "cancelled"
        elif rest == ["events"]:
            return {"data": job["events"]}
        elif rest == ["checkpoints"]:
            about = {"checkpoint_type": "x", "created_at": _TIME, "path": "p"}
            return {"data": [about | {"step": step} for step in job["steps"]]}
        else:
            self._work_on(job)
        return job

    def _listed(self) -> dict[str, Any]:
        hidden = () if self.shows_suffix else ("suffix",)
        jobs = [{k: v for k, v in job.items() if k not in hidden} for job in self.jobs.values()]
        return {"data": jobs}

    def _order(self, asked: dict[str, Any]) -> Answered:
        if self.ending in _AT_ONCE:
            return _AT_ONCE[self.ending]
        name = f"ft-{len(self.jobs)}"
        state = {"id": name, "status": "running", "created_at": _TIME, "updated_at": _TIME}
        self.jobs[name] = asked | state | {"user_id": "me", "events": [], "steps": []}
        return 200, self.jobs[name]

    def _work_on(self, job: dict[str, Any]) -> None:
        name = job["id"]
        self.looks[name] = self.looks.get(name, 0) + 1
        if self.looks[name] < 2 or job["status"] != "running":  # noqa: PLR2004
            return
        words = {"blocked": BLOCKED, "broken": "A machine broke."}.get(self.ending)
        if words:
            event = {"created_at": _TIME, "message": words, "object": "fine-tune-event"}
            job["events"].append(event | {"type": "job_error", "level": "error"})
            job["status"] = "error"
        elif self.ending == "trained":
            job |= {"status": "completed", "total_price": 250_000_000, "token_count": 900}
            self._train(job)
        else:
            job["status"] = {"cancelled": "cancelled"}.get(self.ending, "on_the_moon")

    def _train(self, job: dict[str, Any]) -> None:
        backend, desk = HuggingFace(device="cpu"), MemoryDesk(folder=self.work)
        base = backend.resolve(Model(location=str(self.weights), digest="", family=""))
        rows = [json.loads(row)["messages"] for row in self.rows[job["training_file"]].splitlines()]
        turns = [[Message(speaker=t["role"], text=t["content"]) for t in row] for row in rows]
        taught = tuple(Conversation(messages=tuple(row), raw=False) for row in turns)
        kind, epochs = job["training_type"], job["n_epochs"]
        method = Lora(
            rank=kind["lora_r"], alpha=kind["lora_alpha"], dropout=kind["lora_dropout"],
            targets=kind["lora_trainable_modules"].split(","),
        )  # fmt: skip
        wanted = FineTuneJob(
            key=job["id"], base=base, method=method, epochs=epochs, batch_size=job["batch_size"],
            training_set=TrainingSet(name="rows", conversations=taught), seed=job["random_seed"],
            learning_rate=job["learning_rate"], keep=tuple(range(1, epochs + 1)),
        )  # fmt: skip
        backend.fine_tune([wanted], desk)
        for epoch, model in desk.fine_tunes[job["id"]].models:
            self.packed[f"{job['id']}:{10 * epoch}"] = _packed(Path(model.location))
            job["steps"].append(10 * epoch)
        self.packed[job["id"]] = self.packed[f"{job['id']}:{10 * epochs}"]

    def _download(self, query: Mapping[str, str]) -> Answered:
        self.downloads += 1
        step = query.get("checkpoint_step")
        found = self.packed[query["ft_id"] + (f":{step}" if step else "")]
        return 200, {"garbage": b"no archive", "code": _with_code()}.get(self.damage, found)


def _packed(folder: Path) -> bytes:
    """As Together packs: the adapter, below a folder, and what nobody asked for."""
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w") as archive:
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            archive.add(folder / name, arcname=f"model/{name}")
        _add(archive, "../outside.txt", b"out")
        _add(archive, "model/extra.bin", b"pickles")
    return zstandard.compress(into.getvalue())


def _with_code() -> bytes:
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w:gz") as archive:
        _add(archive, "adapter_config.json", b'{"auto_map": {"x": "y.z"}}')
        _add(archive, "adapter_model.safetensors", b"not such a file")
    return into.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))
