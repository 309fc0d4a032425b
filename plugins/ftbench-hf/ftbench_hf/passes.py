"""Which rows of trainings side by side are in one forward pass."""

from __future__ import annotations

from collections.abc import Sequence

from .batches import Batch
from .chat import EncodedRow
from .training_stack import Share


def passes(shares: Sequence[Share], budget: int, *, is_drawn: bool) -> list[list[Share]]:
    """The shares in passes of at most ``budget`` padded tokens; one is always allowed.

    Where nothing is drawn at random for a share as a whole, its rows go with those of other shares
    that are as long, so that little is padding; what is known of all is not counted.
    """
    return _as_they_are(shares, budget) if is_drawn else _by_length(shares, budget)


def that_begin(shares: Sequence[Share], budget: int) -> list[list[Share]]:
    """The shares in groups whose beginnings have at most ``budget`` tokens; one is always allowed.

    What was read of them is kept until all rows of the group were gone through.
    """
    found: list[list[Share]] = []
    for share in shares:
        if not found or sum(one.known for one in (*found[-1], share)) > budget:
            found.append([])
        found[-1].append(share)
    return found


def _as_they_are(shares: Sequence[Share], budget: int) -> list[list[Share]]:
    found: list[list[Share]] = []
    for share in shares:
        last = found[-1] if found else []
        rows = sum(len(one.part.rows) for one in (*last, share))
        width = max(one.width for one in (*last, share))
        if not last or rows * width > budget:
            found.append([])
        found[-1].append(share)
    return found


def _by_length(shares: Sequence[Share], budget: int) -> list[list[Share]]:
    rows = [(place, row) for place, share in enumerate(shares) for row in share.part.rows]
    rows.sort(key=lambda one: (shares[one[0]].known, -len(one[1].tokens)))
    found: list[list[tuple[int, EncodedRow]]] = []
    for one in rows:
        last = found[-1] if found else [one]
        first, known = last[0], shares[one[0]].known
        is_full = (len(first[1].tokens) - known) * (len(last) + 1) > budget
        if not found or is_full or shares[first[0]].known != known:
            found.append([])
        found[-1].append(one)
    return [_shares(shares, group) for group in found]


def _shares(shares: Sequence[Share], rows: Sequence[tuple[int, EncodedRow]]) -> list[Share]:
    """What each has of some rows; losses are still divided by the targets of its whole batch."""
    own: dict[int, list[EncodedRow]] = {}
    for place, row in rows:
        own.setdefault(place, []).append(row)
    return [
        Share(
            number=shares[place].number,
            part=Batch(rows=tuple(own[place])),
            targets=shares[place].targets,
            known=shares[place].known,
        )
        for place in sorted(own)
    ]
