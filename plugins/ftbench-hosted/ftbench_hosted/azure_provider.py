"""Azure OpenAI, call by call: OpenAI's own paths for jobs, the Resource Manager for deployments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from ftbench.hosted import ChatEndpoint
from ftbench.hosted.finetuning import MARK, Known, Limits, Order, Refusal, SeenJob, Thing
from ftbench.records import Model

from .azure_serving import Deployments, parted
from .openai_faults import safe
from .openai_jobs import OURS, seen_job
from .openai_provider import OpenAIProvider
from .refusals import refusal_in

_READY, _BROKEN = "processed", "error"
_PAGE = 100


@dataclass(kw_only=True)
class AzureProvider(OpenAIProvider):
    """What Azure does otherwise than OpenAI: files that are looked at, short names, deployments."""

    limits: ClassVar[Limits] = Limits(
        minimum_rows=10,
        honours=OpenAIProvider.limits.honours,
        longest_name=18,
        listing_lag_seconds=60.0,
        needs_deployment=True,
    )

    deployments: Deployments
    sku: str
    base_sku: str
    base_deployment: str | None = None
    training_type: str | None = None

    def known(self, model: str) -> Known:
        """Asks for the model by name; one that retires tells the day."""
        with safe(self.address, model):
            found = self.client.models.retrieve(model)
            name, ends = str(found.id), getattr(found, "deprecation", None) or {}
            last = ends.get("inference") if isinstance(ends, dict) else None
            retires = f"{datetime.fromtimestamp(float(last), UTC):%Y-%m-%d}" if last else ""
        if retires and retires < f"{datetime.now(UTC):%Y-%m-%d}":
            raise Refusal("refused_model", f"{name} was retired on {retires}")
        return Known(name=name, retires=retires)

    def is_ready(self, file: str) -> bool:
        """Whether Azure has looked at the file: no job is taken before."""
        with safe(self.address):
            found = self.client.files.retrieve(file)
            status, words = found.status, str(getattr(found, "status_details", None) or "")
        if status == _BROKEN:
            raise Refusal(refusal_in(words) or "failed", words)
        return bool(status == _READY)

    def _recipe(self, order: Order) -> dict[str, Any]:
        recipe = super()._recipe(order)
        if self.training_type is None:
            return recipe
        return recipe | {"extra_body": {"trainingType": self.training_type}}

    def find(self, marker: str) -> Sequence[SeenJob] | None:
        """By metadata, or by the suffix; None from a service that shows neither."""
        suffix = f"{OURS}{marker}"[: self.limits.longest_name]
        with safe(self.address):
            jobs = list(self.client.fine_tuning.jobs.list(limit=_PAGE))
            shown = [job for job in jobs if job.metadata is not None or _suffix(job)]
            ours = [
                seen_job(job)
                for job in shown
                if (job.metadata or {}).get(MARK) == marker or _suffix(job) == suffix
            ]
        if jobs and not shown:
            return None
        return sorted(ours, key=lambda job: job.created)

    def serve(self, model: Model, name: str) -> Thing | None:
        """A deployment; of the base model only where the user has none."""
        if model.base is not None:
            return self.deployments.made(name, model.location, "1", self.sku)
        if self.base_deployment is not None:
            return None
        return self.deployments.made(name, *parted(model.location), self.base_sku)

    def is_serving(self, thing: Thing) -> bool:
        """Whether the deployment is there. Raises Refusal where Azure will not deploy the model."""
        return self.deployments.is_ready(thing)

    def chat(self, model: Model, served: Thing | None) -> ChatEndpoint:
        """The chat completions of the deployment."""
        return ChatEndpoint(
            base_url=self.address.base_url,
            model=served.id if served else self.base_deployment or model.location,
            api_key_env=self.address.api_key_env,
            deadline_seconds=self.deadline_seconds,
            attempt_seconds=self.attempt_seconds,
            concurrency=self.concurrency,
        )

    def keeps(self) -> Sequence[Thing]:
        """Deployments first: they cost money by the hour, asked or not."""
        return [*self.deployments.listed(), *super().keeps()]

    def remove(self, thing: Thing) -> None:
        """Delete one thing, or cancel a job."""
        if thing.kind == "deployment":
            self.deployments.remove(thing)
        else:
            super().remove(thing)

    def close(self) -> None:
        """Close both clients; the next call makes others."""
        super().close()
        self.deployments.close()


def _suffix(job: Any) -> str:
    return str(getattr(job, "suffix", None) or getattr(job, "user_provided_suffix", None) or "")
