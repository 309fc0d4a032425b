"""What is told of a benchmark's outcomes: ratios, marginal cells, fractions of the limit."""

from statistics import fmean
from typing import Any

from ftbench_hf.chat import Chat

from . import limit
from .outcome import Outcome, identical
from .world import Cell, World, distinct, paper_sweep

_LEAST_IDENTICAL = 0.98


def figures(
    world: World,
    chat: Chat,
    seen: dict[str, list[Outcome]],
    sweeps: dict[int, Outcome],
    paper: Outcome,
) -> dict[str, Any]:
    """What is told of the outcomes; peers share nothing, so that their cells cost what one does."""
    peers = {name: Peer(outcomes) for name, outcomes in seen.items() if name != "ours"}
    same = {name: identical(seen["ours"][0], seen[name][0]) for name in peers}
    for name, (equal, of) in same.items():
        if equal < _LEAST_IDENTICAL * of:
            raise SystemExit(f"Only {equal} of {of} answers are those of {name}: no ratio is told.")
    most = max(sweeps)
    one = fmean(outcome.total for outcome in seen["ours"])
    machine = limit.measured(_shapes(world))
    told: dict[str, Any] = {
        "prompts": len(world.prompts),
        "identical": {name: f"{equal}/{of}" for name, (equal, of) in same.items()},
        "seconds_one_cell": {
            **{name: round(peer.one_cell, 2) for name, peer in peers.items()},
            "ours": round(one, 2),
        },
        "stages_one_cell": {
            name: {key: round(value, 2) for key, value in outcomes[0].seconds.items()}
            for name, outcomes in seen.items()
        },
        "speedup_one_cell": _ratio(peers["reference"].one_cell, one),
        "speedup_one_cell_over_hflm": _ratio(peers["lm_eval"].one_cell, one),
        "sweeps": {
            count: _sweep(world, chat, outcome, peers, machine, distinct(count))
            for count, outcome in sweeps.items()
        },
        "paper_sweep": _sweep(world, chat, paper, peers, machine, paper_sweep()),
        "operations_a_second": round(machine.operations / 1e9, 1),
    }
    last = told["sweeps"][most]
    extra = (sweeps[most].total - one) / (most - 1)
    return told | {
        "speedup_over_reference": last["over_reference"],
        "speedup_over_hflm": last["over_lm_eval"],
        "speedup_paper_sweep": told["paper_sweep"]["over_reference"],
        "marginal_cell": round(extra / one, 3),
        "fraction_of_limit": last["fraction_of_limit"],
    }


class Peer:
    """What a cell costs somebody who shares nothing between cells."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        self.one_cell = fmean(outcome.total for outcome in outcomes)
        stages = {
            name: fmean(outcome.seconds[name] for outcome in outcomes)
            for name in outcomes[0].seconds
        }
        said = outcomes[0].tokens("base") + outcomes[0].tokens("cell0")
        self._a_token = (stages["base"] + stages["tuned"]) / said
        self._an_epoch = stages["train"] / Cell().epochs
        self._fixed = stages["load"] + stages["save"]

    def sweep(self, cells: list[Cell], outcome: Outcome, *, asks_base: int) -> float:
        """Seconds for cells whose models say what ours said; the base is asked so often."""
        said = sum(outcome.tokens(f"cell{number}") for number in range(len(cells)))
        said += asks_base * outcome.tokens("base")
        epochs = sum(cell.epochs for cell in cells)
        return len(cells) * self._fixed + epochs * self._an_epoch + said * self._a_token


def _sweep(
    world: World,
    chat: Chat,
    outcome: Outcome,
    peers: dict[str, Peer],
    machine: limit.Machine,
    cells: list[Cell],
) -> dict[str, Any]:
    training = limit.training_limit(world, cells, chat, machine)
    answering = limit.answering_limit(world, outcome, chat, machine)
    distinct_training = training * _share_trained(cells)
    least = {"train": distinct_training, "answer": answering}
    return {
        "cells": len(cells),
        "seconds": round(outcome.total, 2),
        "stages": {name: round(value, 2) for name, value in outcome.seconds.items()},
        **{
            f"over_{name}": _ratio(peer.sweep(cells, outcome, asks_base=len(cells)), outcome.total)
            for name, peer in peers.items()
        },
        **{
            f"over_{name}_that_asks_the_base_once": _ratio(
                peer.sweep(cells, outcome, asks_base=1), outcome.total
            )
            for name, peer in peers.items()
        },
        "fractions": {
            name: round(seconds / outcome.seconds[name], 3) for name, seconds in least.items()
        },
        "fraction_of_limit": round(sum(least.values()) / outcome.total, 3),
        "tokens_said": sum(outcome.tokens(model) for model in outcome.said),
    }


def _share_trained(cells: list[Cell]) -> float:
    """Of all epochs, those that are no beginning of another cell's training."""
    longest: dict[tuple[float, int], int] = {}
    for cell in cells:
        key = (cell.rate, cell.seed)
        longest[key] = max(longest.get(key, 0), cell.epochs)
    return sum(longest.values()) / sum(cell.epochs for cell in cells)


def _ratio(slow: float, fast: float) -> float:
    return round(slow / fast, 2)


def _shapes(world: World) -> list[tuple[int, int, int]]:
    shape = limit.Shape.of(world.base.location)
    hidden = shape.attention
    inner = (shape.layer - 4 * hidden**2) // (3 * hidden)
    return [(rows, hidden, columns) for rows in (256, 1024, 4096) for columns in (hidden, inner)]
