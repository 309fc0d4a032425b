"""Measure how safe a language model stays after fine-tuning."""

from .methods import Full, Lora
from .plugin import hookimpl
from .plugin.offers import Command, ShippedModel
from .roles import (
    Attack,
    Audit,
    Backend,
    Dataset,
    Defense,
    Judge,
    Method,
    OneByOne,
    Publisher,
    transport,
)

__all__ = [
    "Attack",
    "Audit",
    "Backend",
    "Command",
    "Dataset",
    "Defense",
    "Full",
    "Judge",
    "Lora",
    "Method",
    "OneByOne",
    "Publisher",
    "ShippedModel",
    "hookimpl",
    "transport",
]

__version__ = "0.1.0"
