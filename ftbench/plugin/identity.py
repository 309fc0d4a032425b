"""What of a component can change a result: its name, its version, and its settings."""

import math
from dataclasses import fields
from typing import Any

from ftbench.errors import UsageError
from ftbench.roles import Component

from .catalog import Catalog


def settings(component: Component, *, with_transport: bool = False) -> dict[str, Any]:
    """The fields of a component; those marked as transport only where asked for."""
    return {
        field.name: getattr(component, field.name)
        for field in fields(component)
        if with_transport or not field.metadata.get("transport")
    }


def identity(component: Component, role: str, catalog: Catalog) -> dict[str, Any]:
    """The part of a key that stands for a component.

    Raises UsageError for a setting by which no run can be known.
    """
    told = settings(component)
    for name, value in told.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise UsageError(
                f"{role} {component.name}: {name}={value} is not finite. Give a number."
            )
    offer = catalog.components[role][component.name]
    return {
        "role": role,
        "name": component.name,
        "package": offer.package,
        "version": offer.version,
        "settings": {**told, **component.settled()},
    }
