"""Which trainings have something that is done once for them, or for their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ftbench.methods import Dpo, Lora

from .loading import Loaded
from .tracks import Track
from .training_beginnings import can_begin_together, shared_beginning


def side_by_side(tracks: Sequence[Track]) -> list[list[Track]]:
    """Group the trainings that can share a forward pass; any other stays alone."""
    groups: dict[Any, list[Track]] = {}
    for track in tracks:
        job = track.leader.job
        shape = (job.base.digest, repr(job.method)) if _is_plain(track) else job.key
        groups.setdefault(shape, []).append(track)
    return list(groups.values())


def gains_alone(loaded: Loaded, track: Track) -> bool:
    """Whether a training without neighbours has anything that is read once for all its rows."""
    work = track.leader
    if not _is_plain(track) or not can_share(loaded) or work.dose.batch_size == 1:
        return False
    return can_begin_together(loaded, work.job.method) and shared_beginning(work.rows) > 0


def _is_plain(track: Track) -> bool:
    job = track.leader.job
    return isinstance(job.method, Lora) and not isinstance(job.method, Dpo) and not job.rules


def can_share(loaded: Loaded) -> bool:
    """Whether rows of a batch do not touch each other, nor random numbers of the base's own."""
    network = loaded.network
    config = network.config.get_text_config()
    drops = [m for m in network.modules() if isinstance(m, torch.nn.Dropout) and m.p > 0]
    in_attention = getattr(config, "attention_dropout", 0.0) or 0.0
    mixes = getattr(config, "num_local_experts", None) or getattr(config, "num_experts", None)
    return not drops and not in_attention and not mixes
