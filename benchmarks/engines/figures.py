"""What is told of a benchmark's outcomes: ratios, marginal cells, fractions of the limit."""

from dataclasses import dataclass
from statistics import fmean
from typing import Any

from ftbench_hf.chat import Chat

from . import ceilings, limit
from .outcome import Outcome, same_answers
from .world import Cell, World, distinct, paper_sweep

_LEAST_IDENTICAL = 0.98


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What every way of doing cells took, and what its models said."""

    compared: list[Cell]
    """Done by every way, one cell at a time."""
    one_by_one: dict[str, list[Outcome]]
    """By the name of a way: an outcome for each compared cell."""
    sweeps: dict[int, Outcome]
    """Ours: many distinct cells together."""
    paper: Outcome
    """Ours: the cells of the paper's sweep together."""


def figures(world: World, chat: Chat, measured: Measured) -> dict[str, Any]:
    """What is told of the outcomes.

    Peers share nothing between cells, so that many cost them what one does, many times.
    """
    told = _Telling(world, chat, measured)
    one = told.one_cell()
    sweeps = {count: told.sweep(each, distinct(count)) for count, each in measured.sweeps.items()}
    paper = told.sweep(measured.paper, paper_sweep())
    most = max(sweeps)
    extra = (sweeps[most]["seconds"] - one["seconds"]["ours"]) / (most - 1)
    return {
        "prompts": len(world.prompts),
        "tokens_a_prompt": round(told.tokens_a_prompt, 1),
        "tokens_an_answer": round(told.tokens_an_answer, 1),
        "gigaoperations_a_second": round(told.machine.operations / 1e9, 1),
        "one_cell": one,
        "sweeps": sweeps,
        "paper_sweep": paper,
        "speedup_one_cell": one["over"]["reference"],
        "speedup_one_cell_over_hflm": one["over"]["hflm"],
        "speedup_over_reference": sweeps[most]["over"]["reference"],
        "speedup_over_hflm": sweeps[most]["over"]["hflm"],
        "speedup_paper_sweep": paper["over"]["reference"],
        "marginal_cell": round(extra / one["seconds"]["ours"], 3),
        "fraction_of_limit": sweeps[most]["fraction_of_limit"],
        "identical": {
            "one_cell": one["identical"],
            f"{most}_cells": sweeps[most]["identical"],
            "paper_sweep": paper["identical"],
        },
    }


class _Telling:
    def __init__(self, world: World, chat: Chat, measured: Measured) -> None:
        self._world, self._chat, self._measured = world, chat, measured
        self._peers = {n: _Peer(each) for n, each in measured.one_by_one.items() if n != "ours"}
        self.machine = ceilings.of_one_thread(_shapes(world))

    @property
    def tokens_a_prompt(self) -> float:
        """On the average."""
        requests = self._world.requests(self._world.base, "")
        return fmean(len(self._chat.prompt(one.question.messages)) for one in requests)

    @property
    def tokens_an_answer(self) -> float:
        """On the average, of all models of the compared cells."""
        outcomes = self._measured.one_by_one["ours"]
        said = [outcome.tokens(model) for outcome in outcomes for model in outcome.said]
        return fmean(said) / len(self._world.prompts)

    def one_cell(self) -> dict[str, Any]:
        """A cell at a time, in every way: the mean of the compared cells."""
        ways, cells = self._measured.one_by_one, self._measured.compared
        seconds = {name: fmean(one.total for one in outcomes) for name, outcomes in ways.items()}
        return {
            "seconds": _rounded(seconds),
            "stages": {name: _stages(outcomes) for name, outcomes in ways.items()},
            "over": {name: round(seconds[name] / seconds["ours"], 2) for name in self._peers},
            "identical": self._identical(
                [(outcome, [cell]) for outcome, cell in zip(ways["ours"], cells, strict=True)]
            ),
            **self._fractions(ways["ours"][0], cells[:1]),
        }

    def sweep(self, outcome: Outcome, cells: list[Cell]) -> dict[str, Any]:
        """Many cells together, beside what the peers' cells add up to."""
        return {
            "cells": len(cells),
            "seconds": round(outcome.total, 2),
            "stages": _rounded(outcome.seconds),
            "over": self._over(outcome, cells, asks_base=len(cells)),
            "over_if_they_asked_the_base_once": self._over(outcome, cells, asks_base=1),
            "identical": self._identical([(outcome, cells)]),
            **self._fractions(outcome, cells),
        }

    def _over(self, outcome: Outcome, cells: list[Cell], *, asks_base: int) -> dict[str, float]:
        said = sum(outcome.tokens(f"cell{number}") for number in range(len(cells)))
        said += asks_base * outcome.tokens("base")
        epochs = sum(cell.epochs for cell in cells)
        return {
            name: round(peer.seconds(len(cells), epochs, said) / outcome.total, 2)
            for name, peer in self._peers.items()
        }

    def _identical(self, ours: list[tuple[Outcome, list[Cell]]]) -> dict[str, str]:
        """Of the compared cells that are among ours; no ratio is told where too few are equal."""
        told = {}
        for name in self._peers:
            equal = of = 0
            theirs = list(
                zip(self._measured.one_by_one[name], self._measured.compared, strict=True)
            )
            for outcome, cells in ours:
                for other, cell in theirs:
                    if cell in cells:
                        found = same_answers(outcome, other, f"cell{cells.index(cell)}")
                        equal, of = equal + sum(found), of + len(found)
            if equal < _LEAST_IDENTICAL * of or not of:
                raise SystemExit(f"{equal} of {of} answers are those of {name}: no ratio is told.")
            told[name] = f"{equal}/{of}"
        return told

    def _fractions(self, outcome: Outcome, cells: list[Cell]) -> dict[str, Any]:
        """Of the least time, by stage and in all; epochs of one recipe are trained once."""
        longest: dict[tuple[float, int], int] = {}
        for cell in cells:
            key = (cell.rate, cell.seed)
            longest[key] = max(longest.get(key, 0), cell.epochs)
        epochs = sum(longest.values())
        least = {
            "train": limit.training_limit(self._world, epochs, self._chat, self.machine),
            "answer": limit.answering_limit(self._world, outcome, self._chat, self.machine),
        }
        return {
            "fractions": {n: round(least[n] / outcome.seconds[n], 3) for n in least},
            "fraction_of_limit": round(sum(least.values()) / outcome.total, 3),
        }


class _Peer:
    """What cells cost somebody who shares nothing between them."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        stages = _stages(outcomes)
        said = sum(outcome.tokens(model) for outcome in outcomes for model in outcome.said)
        self._a_token = len(outcomes) * (stages["base"] + stages["tuned"]) / said
        self._an_epoch = stages["train"] / Cell().epochs
        self._fixed = stages["load"] + stages["save"]

    def seconds(self, cells: int, epochs: int, tokens: int) -> float:
        """For so many cells, epochs of training and tokens said."""
        return cells * self._fixed + epochs * self._an_epoch + tokens * self._a_token


def _stages(outcomes: list[Outcome]) -> dict[str, float]:
    names = outcomes[0].seconds
    return _rounded({name: fmean(one.seconds[name] for one in outcomes) for name in names})


def _rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in seconds.items()}


def _shapes(world: World) -> list[tuple[int, int, int]]:
    shape = limit.Shape.of(world.base.location)
    sides = ((shape.hidden, shape.hidden), (shape.hidden, shape.inner), (shape.inner, shape.hidden))
    return [(rows, *side) for rows in (256, 1024, 4096) for side in sides]
