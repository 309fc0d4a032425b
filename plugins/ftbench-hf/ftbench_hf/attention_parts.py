"""Attention in parts: what is found in several places, put together as if it lay in one."""

from __future__ import annotations

import torch

Found = tuple[torch.Tensor, torch.Tensor]
"""What rows find, [rows, heads, size], and the logarithm of how much there was: [rows, heads].

In 32 bit at least.
"""


def product(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Of two matrices, not rounded to less than 32 bit."""
    exact = torch.promote_types(one.dtype, torch.float32)
    return one.to(exact) @ other.to(exact)


def shares_of(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What attention gives to each of the last dimension, and the logarithm of how much there is.

    The scores, of 32 bit at least, are overwritten.
    """
    most = scores.amax(-1, keepdim=True)
    parts = scores.sub_(most).exp_()
    whole = parts.sum(-1, keepdim=True)
    return parts.div_(whole), (most + whole.log())[..., 0]


def merged(one: Found, other: Found) -> torch.Tensor:
    """What is found in two places at once."""
    mix = torch.sigmoid(one[1] - other[1])[..., None]
    return torch.lerp(other[0], one[0], mix)
