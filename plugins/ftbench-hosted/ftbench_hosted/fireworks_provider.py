"""Fireworks' API, call by call, through the official SDK without its retries."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from ftbench.errors import UsageError
from ftbench.hosted import Address, ChatEndpoint, Transient
from ftbench.hosted.finetuning import Event, Known, Limits, Order, Refusal, SeenJob, Thing
from ftbench.records import Conversation, Model

from .chat_rows import chat_rows

try:
    import fireworks
except ImportError as missing:
    raise UsageError(
        f"backend=fireworks needs the SDK of Fireworks AI ({missing.name} is missing). Install it: "
        "pip install 'ftbench-hosted[fireworks]'"
    ) from missing

from .fireworks_faults import Missing, Taken, creating, safe
from .fireworks_jobs import OURS, deployed, id_in, progress_of, seen_job, whole
from .fireworks_serving import Deployments
from .refusals import refusal_in
from .stainless_faults import connection

_CHAT = "/inference/v1"


@dataclass(kw_only=True)
class FireworksProvider:
    """Names are ours to choose: what was made under one is found under it, and never made twice."""

    limits: ClassVar[Limits] = Limits(
        minimum_rows=3,
        maximum_rows=3_000_000,
        honours={
            "epochs": "epochs",
            "learning_rate": "learningRate",
            "batch_size": "batchSizeSamples",
            "method": "loraRank",
        },
        longest_name=63,
        listing_lag_seconds=10.0,
        needs_deployment=True,
        is_idempotent=True,
    )

    address: Address
    account: str
    attempt_seconds: float = 120.0
    deadline_seconds: float = 300.0
    concurrency: int = 16
    hardware: Mapping[str, str | int | None]
    """What deployments run on; None is left to Fireworks."""

    @cached_property
    def client(self) -> "fireworks.Fireworks":
        """The SDK's client. Raises UsageError where the key is not set."""
        own = connection(fireworks, self.address, self.attempt_seconds)
        return fireworks.Fireworks(account_id=self.account, **own)

    def known(self, model: str) -> Known:
        """Asks for the model by its resource name; a bare id is one of Fireworks' own."""
        found = self._model(model)
        if found.state == "UPLOADING":
            raise Transient(f"{model} is not ready yet")
        return Known(name=str(found.name))

    def _model(self, model: str) -> Any:
        owner, _, name = model.removeprefix("accounts/").partition("/models/")
        with safe(self.address, f"model {model!r}"):
            found = self.client.models.get(name or model, account_id=owner if name else "fireworks")
            return whole(found)

    def rows(self, conversations: Sequence[Conversation]) -> bytes:
        """One JSON object with ``messages`` a line."""
        return chat_rows(conversations)

    def upload(self, content: bytes, name: str) -> str:
        """Takes the data set of that name where it is whole, else makes and fills it."""
        key = name.partition(".")[0]
        try:
            with safe(self.address):
                found = whole(self.client.datasets.get(key))
                if found.state == "READY":
                    return str(found.name)
        except Missing:
            rows = str(content.count(b"\n"))
            about: Any = {"user_uploaded": {}, "format": "CHAT", "example_count": rows}
            with suppress(Taken), safe(self.address):
                self.client.datasets.create(dataset=about, dataset_id=key)
        with safe(self.address):
            self.client.datasets.upload(key, file=(name, content))
        return f"accounts/{self.account}/datasets/{key}"

    def is_ready(self, file: str) -> bool:
        """Whether the data set was taken. Raises Refusal where it never will be."""
        with safe(self.address, f"data set {file!r}"):
            found = whole(self.client.datasets.get(id_in(file)))
            if found.state == "READY":
                return True
            code = getattr(found.status, "code", None) or "OK"
            words = str(getattr(found.status, "message", None) or code)
        if code != "OK":
            raise Refusal(refusal_in(words) or "failed", words)
        return False

    def estimate(self, order: Order, rows: Sequence[Conversation]) -> float | None:
        """Fireworks tells a price only once the job is made."""
        return None

    def create(self, order: Order) -> str:
        """Exactly one POST; the name is the marker."""
        wanted: dict[str, Any] = {
            "epochs": order.epochs,
            "learning_rate": order.learning_rate,
            "batch_size_samples": order.batch_size,
            "lora_rank": order.method.get("rank"),
        }
        with creating(self.address, f"fine-tune of {order.model!r}"):
            job = self.client.supervised_fine_tuning_jobs.create(
                supervised_fine_tuning_job_id=order.name,
                display_name=order.name,
                dataset=order.file,
                base_model=order.model,
                output_model=f"accounts/{self.account}/models/{order.name}",
                early_stop=False,
                eval_auto_carveout=False,
                **{name: value for name, value in wanted.items() if value is not None},
            )
            return seen_job(job).id

    def find(self, marker: str) -> Sequence[SeenJob] | None:
        """The job whose name has the marker: there can be one only."""
        try:
            return [seen_job(self._job(f"{OURS}{marker}"[: self.limits.longest_name]))]
        except Missing:
            return []

    def look(self, job: str) -> SeenJob:
        """One GET."""
        try:
            return seen_job(self._job(job))
        except Missing as error:
            raise Transient(str(error)) from None

    def _job(self, job: str) -> Any:
        with safe(self.address, f"fine-tuning job {job!r}"):
            return whole(self.client.supervised_fine_tuning_jobs.get(job))

    def events(self, job: str, after: str) -> Sequence[Event]:
        """There are none; its progress is told as one."""
        event = progress_of(self._job(job))
        return [] if event is None or event.id == after else [event]

    def cancel(self, job: str) -> None:
        """Stop a job; one that is over is left alone."""
        try:
            with safe(self.address, f"fine-tuning job {job!r}"):
                self.client.supervised_fine_tuning_jobs.cancel(job, body={})
        except (UsageError, Taken):
            if self.look(job).status == "under_way":
                raise

    def serve(self, model: Model, name: str) -> Thing | None:
        """A deployment with the adapter merged in; a base model may answer without any."""
        if model.base is None and self._model(model.location).supports_serverless:
            return None
        return self._deployments.made(model.location, name)

    @property
    def _deployments(self) -> Deployments:
        return Deployments(client=self.client, address=self.address, hardware=self.hardware)

    def is_serving(self, thing: Thing) -> bool:
        """Whether the deployment is ready. Raises Refusal where it has failed."""
        return self._deployments.is_ready(thing)

    def chat(self, model: Model, served: Thing | None) -> ChatEndpoint:
        """OpenAI's chat completions; a deployment is named after the model."""
        return ChatEndpoint(
            base_url=self.address.base_url.rstrip("/") + _CHAT,
            model=f"{model.location}#{served.id}" if served else model.location,
            api_key_env=self.address.api_key_env,
            deadline_seconds=self.deadline_seconds,
            attempt_seconds=self.attempt_seconds,
            concurrency=self.concurrency,
        )

    def keeps(self) -> Sequence[Thing]:
        """Deployments and jobs first: only they cost money as long as they are there."""
        with safe(self.address):
            things = [deployed(one) for one in _ours(self._deployments.listed())]
            for job in _ours(self.client.supervised_fine_tuning_jobs.list()):
                if (seen := seen_job(job)).status == "under_way":
                    words = f"fine-tune of {seen.base}, {seen.word}"
                    things.append(Thing(kind="job", id=seen.id, words=words, is_billed=True))
            models, files = self.client.models.list(), self.client.datasets.list()
            things += [Thing(kind="model", id=one.name, words="adapter") for one in _ours(models)]
            things += [Thing(kind="file", id=one.name, words="data set") for one in _ours(files)]
        return things

    def remove(self, thing: Thing) -> None:
        """Delete one thing for good, or cancel a job."""
        if thing.kind == "job":
            self.cancel(thing.id)
            return
        name = id_in(thing.id)
        with suppress(Missing), safe(self.address, thing.words):
            if thing.kind == "deployment":
                self.client.deployments.delete(name, hard=True, ignore_checks=True)
            elif thing.kind == "model":
                self.client.models.delete(name)
            else:
                self.client.datasets.delete(name)

    def close(self) -> None:
        """Close the client; the next call makes another."""
        if "client" in self.__dict__:
            self.client.close()
            del self.client


def _ours(things: Iterable[Any]) -> list[Any]:
    return [one for one in things if one.name and id_in(one.name).startswith(OURS)]
