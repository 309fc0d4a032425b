"""Numbers of adapters: one for each content, never used again for another."""

from __future__ import annotations

from typing import Any


class Numbers:
    """Engines keep what they know of an adapter under its number, whatever lies in its folder."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._in: dict[str, str] = {}

    def of(self, adapter: dict[str, Any]) -> int:
        """From 1, by ``key``, which is the digest of its content."""
        return self._numbers.setdefault(adapter["key"], len(self._numbers) + 1)

    def is_known(self, adapter: dict[str, Any]) -> bool:
        """Whether it has a number already."""
        return adapter["key"] in self._numbers

    def has_moved_in(self, adapter: dict[str, Any]) -> bool:
        """Whether its folder held another content when it was last seen here."""
        before = self._in.get(adapter["folder"])
        self._in[adapter["folder"]] = adapter["key"]
        return before not in (None, adapter["key"])
