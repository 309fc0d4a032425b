"""What each job may spend of a budget that was given for the whole command."""

from collections.abc import Sequence

from ftbench.config.compose import Cell

_BUDGET = "budget_usd="


def with_shares(
    words: Sequence[Sequence[str]], cells: Sequence[Cell], *, of: int
) -> list[tuple[str, ...]]:
    """The words of a job's cells, with its share of the budget in place of all of it.

    Jobs do not see what others spend, so each has a part in proportion to its cells: together
    they can spend no more than the budget.
    """
    budget = cells[0].config.budget_usd
    if budget is None:
        return [tuple(one) for one in words]
    share = f"{_BUDGET}{budget * len(cells) / of:.6f}"
    return [(*(word for word in one if not word.startswith(_BUDGET)), share) for one in words]
