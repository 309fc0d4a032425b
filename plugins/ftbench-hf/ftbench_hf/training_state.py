"""A training under way as tensors and JSON, so that another process can go on with it exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from .durable import Damaged
from .sharding import share_of, whole

if TYPE_CHECKING:
    from .batches import Order
    from .trainer import Trainer

FORMAT = 1
_SHARD = 1 << 31
"""Bytes in one file, of which the saving library may hold a copy in memory."""


def write_state(trainer: Trainer, folder: Path) -> None:
    """Write weights, the optimizer's moments and the states of random numbers into a folder."""
    for number, shard in enumerate(_shards(state_tensors(trainer)), start=1):
        save_file(shard, folder / f"state_{number:05}.safetensors")


def position(trainer: Trainer, order: Order) -> dict[str, Any]:
    """What else there is to know, as JSON."""
    tally = trainer.tally
    return {
        "format": FORMAT,
        "epoch": trainer.epoch,
        "done": trainer.done,
        "step": trainer.step,
        "part_tokens": trainer.part_tokens,
        "tally": [tally.steps, tally.learning_rate_sum, tally.targets],
        "groups": trainer.optimizer.state_dict()["param_groups"],
        "order": order.state(),
        "rules": [_plain(state) for state in trainer.rules.state()],
    }


def read_state(trainer: Trainer, folder: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The tensors of a folder, once they are known to be those that this training has.

    Raises:
        Damaged: They are others.
    """
    tensors: dict[str, torch.Tensor] = {}
    try:
        for path in sorted(folder.glob("*.safetensors")):
            tensors |= load_file(path)
    except (OSError, SafetensorError) as error:
        raise Damaged("its tensors cannot be read") from error
    expected = {f"weight/{name}": weight.shape for name, weight in _trained(trainer)}
    found = {name: value.shape for name, value in tensors.items() if name.startswith("weight/")}
    if facts["format"] != FORMAT or expected != found or "random/cpu" not in tensors:
        raise Damaged("it was written by another version")
    return tensors


@torch.no_grad()
def restore(
    trainer: Trainer, order: Order, tensors: Mapping[str, Any], facts: Mapping[str, Any]
) -> None:
    """Give a training the state that was saved; random numbers wait for ``restore_randomness``."""
    for name, weight in _trained(trainer):
        weight.copy_(share_of(tensors[f"weight/{name}"], weight))
    # A rule may have frozen some of them since the optimizer numbered them.
    places = [weight for group in trainer.optimizer.param_groups for weight in group["params"]]
    moments: dict[int, dict[str, Any]] = {}
    for name, value in _below("moment/", tensors):
        place, kind = name.split("/")
        # A copy, because loaded tensors may share memory with the file.
        own = share_of(value, places[int(place)]) if value.dim() else value
        moments.setdefault(int(place), {})[kind] = own.clone()
    groups = [group | {"betas": tuple(group["betas"])} for group in facts["groups"]]
    trainer.optimizer.load_state_dict({"state": moments, "param_groups": groups})
    order.restore(facts["order"])
    trainer.epoch, trainer.done, trainer.step = facts["epoch"], facts["done"], facts["step"]
    trainer.part_tokens = min(trainer.part_tokens, facts["part_tokens"])
    tally = trainer.tally
    tally.steps, tally.learning_rate_sum, tally.targets = facts["tally"]


def restore_randomness(
    trainer: Trainer, tensors: Mapping[str, Any], facts: Mapping[str, Any]
) -> None:
    """Give the random numbers and the rules the states that were saved."""
    states = [
        state | dict(_below(f"rule/{place}/", tensors))
        for place, state in enumerate(facts["rules"])
    ]
    trainer.rules.restore(states)
    torch.set_rng_state(tensors["random/cpu"])
    if "random/cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random/cuda"], trainer.device)


def state_tensors(trainer: Trainer) -> Iterator[tuple[str, torch.Tensor]]:
    """By name all that is written, one after the other.

    Where weights are spread over processes, each has to go through all of them.
    """
    for name, weight in _trained(trainer):
        yield f"weight/{name}", whole(weight.detach())
    for place, moments in trainer.optimizer.state_dict()["state"].items():
        for kind, value in moments.items():
            yield f"moment/{place}/{kind}", whole(value)
    for place, state in enumerate(trainer.rules.state()):
        for name, value in state.items():
            if isinstance(value, torch.Tensor):
                yield f"rule/{place}/{name}", value.detach()
    yield "random/cpu", torch.get_rng_state()
    if trainer.device.type == "cuda":
        yield "random/cuda", torch.cuda.get_rng_state(trainer.device)


def _trained(trainer: Trainer) -> Iterator[tuple[str, torch.Tensor]]:
    for name, weight in trainer.model.named_parameters():
        if weight.requires_grad:
            yield name, weight


def _shards(tensors: Iterator[tuple[str, torch.Tensor]]) -> Iterator[dict[str, torch.Tensor]]:
    shard: dict[str, torch.Tensor] = {}
    size = 0
    for name, tensor in tensors:
        if shard and size + tensor.nbytes > _SHARD:
            yield shard
            shard, size = {}, 0
        shard[name] = tensor.contiguous()
        size += tensor.nbytes
    yield shard


def _below(start: str, tensors: Mapping[str, Any]) -> Iterator[tuple[str, torch.Tensor]]:
    for name, value in tensors.items():
        if name.startswith(start):
            yield name.removeprefix(start), value


def _plain(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if not isinstance(value, torch.Tensor)}
