"""Makes the cards of a submission's judges where nobody has yet, and where that costs nothing."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ftbench.plugin.catalog import Catalog


def unmeasured_judges(runs: Sequence[Path], catalog: Catalog) -> Iterator[str]:
    """Measure judges that are free and have no card; says what was measured, and what was not.

    A judge that sends bills, needs a device or is set otherwise than usual is left to the user.
    """
    from ftbench.archive.opening import opened  # noqa: PLC0415, slow to import
    from ftbench.stages.judge_cards import cards_of  # noqa: PLC0415, slow to import
    from ftbench.stages.panel import judges_of, of_harm  # noqa: PLC0415, slow to import

    told: set[str] = set()
    for folder in runs:
        with opened(folder) as run:
            judges = judges_of(run.ledger)
        place = folder.resolve().parent
        wanted = {name: judges[name] for name in of_harm(judges)}
        for name, card in cards_of(wanted, place).items():
            if card is None and name not in told:
                told.add(name)
                yield _measured(name, wanted[name], place, catalog)


def _measured(name: str, who: Mapping[str, Any], runs: Path, catalog: Catalog) -> str:
    from ftbench.cards.make import Order, make_card  # noqa: PLC0415, slow to import
    from ftbench.digest import digest, plain  # noqa: PLC0415, slow to import
    from ftbench.plugin.identity import identity  # noqa: PLC0415, slow to import
    from ftbench.stages.watch import Silent  # noqa: PLC0415, slow to import

    by_hand = f"The judge {name} has no card: make it with ftbench judge-card judge={name}"
    offer = catalog.components["judge"].get(name)
    judge = offer.thing() if offer else None
    if judge is None or judge.service() is not None or judge.needs:
        return f"{by_hand}, or its entries have no rank."
    if digest(plain(identity(judge, "judge", catalog))) != digest(who):
        return f"{by_hand} and its options, or its entries have no rank."
    order = Order(judge=judge, runs=runs)
    card = make_card(order, catalog=catalog, watch=Silent(), stopping=lambda: False)
    return f"The judge {name} had no card; it was measured, and is {card.verdict}."
