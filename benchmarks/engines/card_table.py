"""The figures of a card as tables for people."""

from typing import Any

from rich.console import Console
from rich.table import Table


def show(told: dict[str, Any], console: Console) -> None:
    """Print what was measured."""
    console.print(
        f"{told['device']}: {told['teraoperations_a_second']} trillion operations and "
        f"{told['gigabytes_a_second']} GB a second, at best."
    )
    if "answering" in told:
        console.print(_answering(told["answering"]))
    if "adapters" in told:
        console.print(_adapters(told["adapters"]))
    if "training" in told:
        console.print(_training(told["training"]))


def _answering(told: dict[str, Any]) -> Table:
    table = Table("", title="Answers of one model")
    for name in ("s", "tokens a s", "of the limit", "times as fast", "identical", "GB"):
        table.add_column(name, justify="right")
    for name, one in told.items():
        ratio = f"{one['times_as_fast']:.1f}x" if "times_as_fast" in one else ""
        table.add_row(name, *_shared(one), ratio, one.get("identical", ""), _gigabytes(one))
    return table


def _adapters(told: dict[str, Any]) -> Table:
    table = Table("adapters", "", title="The same prompts, a share for each adapter")
    for name in ("s", "tokens a s", "of the limit", "GB"):
        table.add_column(name, justify="right")
    for count, both in told.items():
        for way in ("merged", "side_by_side"):
            name = way.replace("_", " ")
            table.add_row(str(count), name, *_shared(both[way]), _gigabytes(both[way]))
    return table


def _training(told: dict[str, Any]) -> Table:
    table = Table("adapters x batch size", title="An epoch of ten rows, adapters beside each other")
    for name in ("s", "of the limit", "s once for all"):
        table.add_column(name, justify="right")
    for name, one in told.items():
        table.add_row(
            name,
            f"{one['seconds_an_epoch']:.3f}",
            f"{one['fraction_of_limit']:.0%}",
            f"{one['seconds_beside']:.1f}",
        )
    return table


def _shared(one: dict[str, Any]) -> tuple[str, str, str]:
    return (
        f"{one['seconds']:.1f}",
        f"{one['tokens_a_second']:,.0f}",
        f"{one['fraction_of_limit']:.1%}",
    )


def _gigabytes(one: dict[str, Any]) -> str:
    return "" if one["peak_bytes"] is None else f"{one['peak_bytes'] / 1e9:.1f}"
