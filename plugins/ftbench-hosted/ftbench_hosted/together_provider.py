"""Together's API, call by call, through the official SDK without its retries."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from ftbench.errors import BudgetError, UsageError
from ftbench.hosted import Address, Transient
from ftbench.hosted.finetuning import Event, Known, Limits, Order, Refusal, SeenJob, Thing
from ftbench.records import Conversation, Model

from .chat_rows import chat_rows

try:
    import together
except ImportError as missing:
    raise UsageError(
        f"backend=together needs the SDK of Together AI ({missing.name} is missing). Install it: "
        "pip install 'ftbench-hosted[together]'"
    ) from missing

from .refusals import refusal_in
from .stainless_faults import Faults, Missing, Taken, connection
from .together_jobs import OURS, event_of, kept, parted, seen_job, suffix, with_epochs
from .together_wishes import adapter, wishes

_LOOKED_AT = "COMPLETED"
_BROKEN = ("FAILED", "INVALID_FORMAT")
_FAULTS = Faults(together)


@dataclass(kw_only=True)
class TogetherProvider:
    """Jobs carry the suffix that ftbench chose, by which they are found again."""

    limits: ClassVar[Limits] = Limits(
        minimum_rows=1,
        honours={
            "epochs": "n_epochs",
            "learning_rate": "learning_rate",
            "batch_size": "batch_size",
            "seed": "random_seed",
            "method": "lora_r, lora_alpha, lora_dropout, lora_trainable_modules",
            "keep": "n_checkpoints",
        },
        longest_name=40,
        listing_lag_seconds=30.0,
    )

    address: Address
    attempt_seconds: float = 120.0
    packing: bool = False
    max_length: int | None = None

    @cached_property
    def client(self) -> "together.Together":
        """The SDK's client. Raises UsageError where the key is not set."""
        return together.Together(**connection(together, self.address, self.attempt_seconds))

    def known(self, model: str) -> Known:
        """Asks for the limits of a base model; what was trained there is fetched anyway."""
        if not parted(model)[0]:
            self._model_limits(model)
        return Known(name=model)

    def _model_limits(self, model: str) -> Any:
        with _FAULTS.safe(self.address, f"model {model!r} that it fine-tunes"):
            return self.client.fine_tuning.model_limits(model_name=model)

    def rows(self, conversations: Sequence[Conversation]) -> bytes:
        """One JSON object with ``messages`` a line."""
        return chat_rows(conversations)

    def upload(self, content: bytes, name: str) -> str:
        """Together takes the same content once only, and says which file has it already."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / name
            file.write_bytes(content)
            with _FAULTS.safe(self.address):
                made = self.client.files.upload(file, purpose="fine-tune", check=False)
                return _named(made.id)

    def is_ready(self, file: str) -> bool:
        """Whether Together has looked at the file. Raises Refusal for one it does not take."""
        with _FAULTS.safe(self.address, f"file {file!r}"):
            found = self.client.files.retrieve(file)
            report, status = found.validation_report, str(found.processing_status or _LOOKED_AT)
            words = str(getattr(report, "error", None) or status)
        if status in _BROKEN:
            raise Refusal(refusal_in(words) or "failed", words)
        return status == _LOOKED_AT

    def estimate(self, order: Order, rows: Sequence[Conversation]) -> float | None:
        """Together's own price for this file. Raises BudgetError where the account lacks it."""
        wanted: Any = {
            "training_type": {"type": "Lora", **adapter(order)},
            "training_method": {"method": "sft", "train_on_inputs": False},
        }
        with _FAULTS.safe(self.address, f"estimate for {order.model!r}"):
            found = self.client.fine_tuning.estimate_price(
                training_file=order.file, model=order.model, n_epochs=order.epochs or 1, **wanted
            )
            if found.estimation_available is False:
                return None
            price, may = found.estimated_total_price, found.allowed_to_proceed
        if may is False:
            self._too_dear(price)
        return None if price is None else float(price)

    def _too_dear(self, price: float | None) -> NoReturn:
        raise BudgetError(
            f"The account at {self.address.base_url} may not spend the "
            f"${price or 0:.2f} that this fine-tune is to cost. Add credit; the same command "
            "goes on."
        )

    def create(self, order: Order) -> str:
        """Exactly one POST that costs money; the suffix is the marker."""
        allowed = self._model_limits(order.model)
        own = wishes(order, max_length=self.max_length)
        epochs = order.epochs or 1
        with _FAULTS.creating(self.address, f"fine-tune of {order.model!r}"):
            job = self.client.fine_tuning.create(
                training_file=order.file,
                model=order.model,
                suffix=order.name,
                n_epochs=epochs,
                n_checkpoints=max(1, min(epochs, allowed.max_num_checkpoints)),
                packing=self.packing,
                lora=True,
                lr_scheduler_type="linear",
                min_lr_ratio=1.0,  # which is a constant rate, as the paper's
                train_on_inputs=False,
                model_limits=allowed,
                **own,
            )
            return _named(job.id)

    def find(self, marker: str) -> Sequence[SeenJob] | None:
        """By the suffix; the list comes whole. None from a service that shows no suffix."""
        name = f"{OURS}{marker}"[: self.limits.longest_name]
        with _FAULTS.safe(self.address):
            jobs = self.client.fine_tuning.list().data
            ours = [seen_job(job) for job in jobs if suffix(job) == name]
        if jobs and not any(suffix(job) for job in jobs):
            return None
        return sorted(ours, key=lambda job: job.created)

    def look(self, job: str) -> SeenJob:
        """The job, with its checkpoints once it has succeeded and its events where it failed."""
        try:
            with _FAULTS.safe(self.address, f"fine-tuning job {job!r}"):
                found = self.client.fine_tuning.retrieve(job)
                seen = seen_job(found)
                if seen.status == "succeeded":
                    return with_epochs(seen, self.client.fine_tuning.list_checkpoints(job).data)
                if seen.status == "failed":
                    return seen_job(found, self.client.fine_tuning.list_events(job).data)
        except Missing as error:
            raise Transient(str(error)) from None
        return seen

    def events(self, job: str, after: str) -> Sequence[Event]:
        """Events have no id: their place in the list is taken for one."""
        with _FAULTS.safe(self.address, f"fine-tuning job {job!r}"):
            listed = self.client.fine_tuning.list_events(job).data
            found = [event_of(one, place) for place, one in enumerate(listed, start=1)]
        return found[int(after or 0) :]

    def cancel(self, job: str) -> None:
        """Stop a job; one that is over is left alone."""
        try:
            with _FAULTS.safe(self.address, f"fine-tuning job {job!r}"):
                self.client.fine_tuning.cancel(job)
        except (UsageError, Taken):
            if self.look(job).status == "under_way":
                raise

    def download(self, model: str, file: Path) -> None:
        """Write the adapter of one of our models to a file, as Together packs it."""
        job, step = parted(model)
        which: Any = {"checkpoint_step": step} if step else {"checkpoint": "adapter"}
        fine_tuning = self.client.fine_tuning.with_streaming_response
        with (
            _FAULTS.safe(self.address, f"adapter of {job!r}"),
            fine_tuning.content(ft_id=job, **which) as coming,
        ):
            coming.stream_to_file(file)

    def serve(self, model: Model, name: str) -> Thing | None:
        """Nothing answers there."""
        return None

    def is_serving(self, thing: Thing) -> bool:
        """There is nothing to wait for."""
        return True

    def chat(self, model: Model, served: Thing | None) -> NoReturn:
        """The weights are asked on this machine."""
        raise UsageError(f"{model.location} is asked on this machine, not at Together.")

    def keeps(self) -> Sequence[Thing]:
        """Jobs under way first: only they cost money."""
        with _FAULTS.safe(self.address):
            return kept(self.client.fine_tuning.list().data, self.client.files.list().data)

    def remove(self, thing: Thing) -> None:
        """Delete a file or what was trained, or cancel a job."""
        if thing.kind == "job":
            self.cancel(thing.id)
            return
        try:
            with _FAULTS.safe(self.address, thing.words):
                if thing.kind == "model":
                    self.client.fine_tuning.delete(thing.id)
                else:
                    self.client.files.delete(thing.id)
        except Missing:
            return

    def close(self) -> None:
        """Close the client; the next call makes another."""
        if "client" in self.__dict__:
            self.client.close()
            del self.client


def _named(made: object) -> str:
    if not isinstance(made, str) or not made:
        raise ValueError("an answer without an id")
    return made
