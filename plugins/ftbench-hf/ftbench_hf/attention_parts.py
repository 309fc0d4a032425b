"""Attention in parts: what is found in several places, put together as if it lay in one."""

from __future__ import annotations

import torch

Found = tuple[torch.Tensor, torch.Tensor]
"""What rows find, [rows, heads, size], and the logarithm of how much there was: [rows, heads]."""


def shares_of(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What attention gives to each of the last dimension, and the logarithm of how much there is.

    In 32 bit at least; the scores are overwritten.
    """
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
    most = scores.amax(-1, keepdim=True)
    parts = scores.sub_(most).exp_()
    whole = parts.sum(-1, keepdim=True)
    return parts.div_(whole), (most + whole.log())[..., 0]


def both(one: Found, other: Found) -> torch.Tensor:
    """What is found in two places at once."""
    mix = torch.sigmoid(one[1] - other[1])[..., None].to(one[0].dtype)
    return torch.lerp(other[0], one[0], mix)
