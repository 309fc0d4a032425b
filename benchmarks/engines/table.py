"""The figures of a world as tables for people."""

from typing import Any

from rich.console import Console
from rich.table import Table

_PEERS = {"reference": "the paper's way", "hflm": "lm-eval's model"}


def show(name: str, told: dict[str, Any], console: Console) -> None:
    """Print what a world came to."""
    console.print(_ratios(name, told))
    console.print(_fractions(told))
    console.print(
        f"A further cell costs {told['marginal_cell']:.0%} of the first. "
        f"The limit is at {told['gigaoperations_a_second']} billion operations a second; "
        f"{told['prompts']} prompts of {told['tokens_a_prompt']} tokens, "
        f"answers of {told['tokens_an_answer']}."
    )


def _rows(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    sweeps = {f"{count} cells": sweep for count, sweep in told["sweeps"].items()}
    one = told["one_cell"]
    first = {**one, "seconds": one["seconds"]["ours"], "stages": one["stages"]["ours"]}
    return {"1 cell": first, **sweeps, "the paper's sweep": told["paper_sweep"]}


def _ratios(name: str, told: dict[str, Any]) -> Table:
    table = Table("", "ours, s", title=f"{name}: how many times longer others take")
    for label in _PEERS.values():
        table.add_column(label, justify="right")
        table.add_column("identical", justify="right")
    for row, one in _rows(told).items():
        cells = [f"{one['seconds']:.1f}"]
        for peer in _PEERS:
            cells += [f"{one['over'][peer]:.1f}x", one["identical"][peer]]
        table.add_row(row, *cells)
    return table


def _fractions(told: dict[str, Any]) -> Table:
    table = Table("", "train", "of the limit", "answer", "of the limit", "in all, of the limit")
    for row, one in _rows(told).items():
        stages, fractions = one["stages"], one["fractions"]
        table.add_row(
            row,
            f"{stages['train']:.1f} s",
            f"{fractions['train']:.0%}",
            f"{stages['answer']:.1f} s",
            f"{fractions['answer']:.0%}",
            f"{one['fraction_of_limit']:.0%}",
        )
    return table
