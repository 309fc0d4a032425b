"""What Together shows of jobs, events and checkpoints, in the words of every provider."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ftbench.hosted.finetuning import Event, SeenJob, Thing
from ftbench.hosted.finetuning.orders import JobStatus

from .refusals import refusal_in

OURS = "ftbench-"
"""How every suffix and file name begins that we give."""
_JOB = "ft-"
_ENDS: Mapping[str, JobStatus] = {
    "completed": "succeeded",
    "error": "failed",
    "user_error": "failed",
    "cancelled": "cancelled",
}
_NANO = 1e-9
_USED = {
    "n_epochs": "epochs",
    "batch_size": "batch_size",
    "learning_rate": "learning_rate",
    "random_seed": "seed",
}


def seen_job(job: Any, events: Sequence[Any] = ()) -> SeenJob:
    """A job as the SDK returns it; the events of a failed one say why."""
    status = _ENDS.get(str(job.status), "under_way")
    said = [str(one.message) for one in events if "error" in str(one.level or one.type).lower()]
    words = said[-1] if said else ""
    epochs, name = int(job.n_epochs or 1), str(job.id)
    if not name.startswith(_JOB):
        raise ValueError("an answer without the id of a job")
    return SeenJob(
        id=name,
        status=status,
        word=str(job.status),
        words=words,
        outcome=refusal_in(words) or "failed",
        models=((epochs, name),) if status == "succeeded" else (),
        created=_seconds(job.created_at),
        finished=_seconds(job.updated_at) if status != "under_way" else 0.0,
        base=str(job.model or ""),
        tokens=job.token_count if status == "succeeded" else None,
        dollars=job.total_price * _NANO if job.total_price and status == "succeeded" else None,
        used=_used(job),
    )


def _used(job: Any) -> dict[str, str]:
    told = {ours: getattr(job, theirs, None) for theirs, ours in _USED.items()}
    return {name: f"{value:g}" for name, value in told.items() if isinstance(value, int | float)}


def with_epochs(seen: SeenJob, checkpoints: Sequence[Any]) -> SeenJob:
    """A finished job with an adapter for each epoch, where it has as many steps as epochs."""
    ((last, name),) = seen.models
    steps = sorted({int(one.step) for one in checkpoints if int(one.step) > 0})
    if len(steps) != last:
        return seen
    earlier = tuple((epoch, f"{name}:{step}") for epoch, step in enumerate(steps[:-1], start=1))
    return replace(seen, models=(*earlier, (last, name)))


def parted(model: str) -> tuple[str, int]:
    """The job and the step of one of our models, 0 for the last; no job for a base model."""
    if not model.startswith(_JOB):
        return "", 0
    job, _, step = model.partition(":")
    return job, int(step or 0)


def event_of(event: Any, place: int) -> Event:
    """One event; its steps where it tells them."""
    told = {"step": event.step, "total_steps": event.total_steps}
    figures = {name: float(value) for name, value in told.items() if value}
    return Event(id=str(place), at=_stamp(event.created_at), words=event.message, figures=figures)


def _seconds(at: datetime | None) -> float:
    return at.timestamp() if at is not None else 0.0


def _stamp(at: str) -> float:
    try:
        return datetime.fromisoformat(at).timestamp()
    except ValueError:
        return 0.0


def suffix(job: Any) -> str:
    """The suffix of a job that its owner chose; empty where none is shown."""
    return str(getattr(job, "suffix", None) or "")


def kept(jobs: Sequence[Any], files: Sequence[Any]) -> list[Thing]:
    """Everything of ours: jobs under way first, since only they cost money."""
    seen = [seen_job(job) for job in jobs if suffix(job).startswith(OURS)]
    things = [
        Thing(kind="job", id=job.id, words=f"fine-tune of {job.base}", is_billed=True)
        for job in seen
        if job.status == "under_way"
    ]
    for job in seen:
        if job.status == "succeeded":
            things.append(Thing(kind="model", id=job.id, words=f"adapter to {job.base}"))
    ours = (one for one in files if str(one.filename).startswith(OURS))
    return [*things, *(Thing(kind="file", id=one.id, words="training file") for one in ours)]
