"""What the doctor says about providers of fine-tuning: until when they take jobs, who tried it."""

from collections.abc import Iterator
from datetime import date, timedelta

from ftbench.hosted.finetuning import HostedBackend
from ftbench.plugin.catalog import Catalog

from .doctor_check import Check

_SOON = timedelta(days=90)


def providers(catalog: Catalog, *, today: date) -> Iterator[Check]:
    """One line for each hosted backend; a warning where it takes no new jobs, or soon will not."""
    for name, offer in catalog.components["backend"].items():
        if isinstance(offer.thing, type) and issubclass(offer.thing, HostedBackend):
            yield _told(name, offer.thing, today)


def _told(name: str, backend: type[HostedBackend], today: date) -> Check:
    dates = backend.lifecycle
    closes = date.fromisoformat(dates.closes) if dates.closes else None
    until = f"takes new jobs until {closes}" if closes else "no last day for new jobs announced"
    is_ending = closes is not None and closes - today <= _SOON
    return Check(
        name=f"backend {name}",
        state="warning" if is_ending else "ok",
        found=f"{until} (read {dates.read_on}); tried {backend.verified}",
        advice="Train there before that day, or choose another provider." if is_ending else "",
    )
