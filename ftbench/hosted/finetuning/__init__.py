"""Hosted fine-tuning: one lifecycle for every provider; adapters implement ``Provider``."""

from .backend import HostedBackend
from .orders import MARK as MARK
from .orders import Event, Known, Lifecycle, Limits, Order, RefusedOutcome, SeenJob, Thing
from .planning import check
from .provider import Chat, Provider, Refusal, Unclear

__all__ = [
    "Chat",
    "Event",
    "HostedBackend",
    "Known",
    "Lifecycle",
    "Limits",
    "Order",
    "Provider",
    "Refusal",
    "RefusedOutcome",
    "SeenJob",
    "Thing",
    "Unclear",
    "check",
]
