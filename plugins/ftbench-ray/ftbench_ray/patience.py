"""How long a cluster may be without what its jobs need, before they are given up."""

import logging
import time
from typing import Any

from .cluster import head_answers
from .needs import Needs, lack, nodes

HEAD_GONE = "The head of the Ray cluster is gone. Start the cluster again."
_log = logging.getLogger(__name__)
_FIT_SECONDS = 60.0
"""How long no node may fit before jobs are given up: one may come back."""
_HEAD_SECONDS = 15.0
"""How long its head may not answer; after a minute Ray would end this process."""


class Patience:
    """What is waited for, and since when."""

    def __init__(self, ray: Any, needs: Needs | None) -> None:
        """Needs that are None can always be met, at some time."""
        self._ray, self._needs = ray, needs
        self._alive = len(nodes(ray))
        self._heard = self._fitted = time.monotonic()

    def lost(self) -> str:
        """Why no job can be expected to end any more; empty while one can."""
        now = time.monotonic()
        if not head_answers(self._ray):
            return HEAD_GONE if now - self._heard > _HEAD_SECONDS else ""
        self._heard = now
        self._count_nodes()
        why = "" if self._needs is None else lack(self._needs, self._ray)
        if not why:
            self._fitted = now
        return why if now - self._fitted > _FIT_SECONDS else ""

    def _count_nodes(self) -> None:
        before, self._alive = self._alive, len(nodes(self._ray))
        if self._alive < before:
            dead = before - self._alive
            _log.warning(f"{dead} of {before} nodes died; others do what they did.")
