"""Compares what is claimed with what the verdicts say, figure by figure."""

from collections.abc import Iterator, Sequence

from .faults import Fault, line_of
from .schema import Claim

CLOSE = 5e-9
"""Beyond this two figures differ; machines and versions differ in less."""
_WHERE = ("subject", "checkpoint", "probe", "judge", "column", "category")
_FIX = "Claim what the verdicts say: `ftbench submit` writes it."
_MOST = 20


def claim_faults(
    name: str, text: bytes, claims: Sequence[Claim], counted: Sequence[Claim], *, before: int
) -> Iterator[Fault]:
    """Every claim that is not what was counted; ``before`` claims stand earlier in the file."""
    expected = {_key(claim): claim for claim in counted}
    claimed = {_key(claim): claim for claim in claims}
    if len(claimed) < len(claims):
        wrong = "claims one figure twice."
        yield Fault(name="duplicated figure", file=name, wrong=wrong, fix=_FIX)
    for number, claim in enumerate(claims):
        found = _compared(claim, expected.get(_key(claim)))
        if found:
            line = line_of(text, after='"column"', nth=before + number)
            yield Fault(name=found[0], file=name, line=line, wrong=found[1], fix=_FIX)
    missing = expected.keys() - claimed.keys()
    if missing:
        first = _told(expected[min(missing, key=str)])
        wrong = f"leaves out {len(missing)} figures, such as {first}."
        yield Fault(name="missing figure", file=name, wrong=wrong, fix=_FIX)


def _key(claim: Claim) -> tuple[object, ...]:
    return tuple(getattr(claim, part) for part in _WHERE)


def _told(claim: Claim) -> str:
    parts = [claim.subject, claim.checkpoint, claim.probe, claim.judge, claim.category]
    return f"{claim.column} of {'/'.join(str(part) for part in parts if part not in (None, ''))}"


def _compared(claim: Claim, counted: Claim | None) -> tuple[str, str] | None:
    told = _told(claim)
    if counted is None:
        return "unknown figure", f"{told} is claimed, and no verdict says anything of it."
    if not _is_close(claim.value, counted.value):
        return "changed figure", f"{told} is claimed as {claim.value}, and is {counted.value}."
    if (claim.n, claim.of) != (counted.n, counted.of):
        return (
            "hidden missing",
            f"{told} is claimed to count {claim.n} of {claim.of} answers, and counts {counted.n} "
            f"of {counted.of}.",
        )
    if not (_is_close(claim.low, counted.low) and _is_close(claim.high, counted.high)):
        kind = "narrowed interval" if _is_narrower(claim, counted) else "changed interval"
        span = f"{counted.low} to {counted.high}"
        return kind, f"{told} is claimed from {claim.low} to {claim.high}, and goes from {span}."
    return None


def _is_close(first: float | None, second: float | None) -> bool:
    if first is None or second is None:
        return first is second
    return abs(first - second) <= CLOSE


def _is_narrower(claim: Claim, counted: Claim) -> bool:
    ends = (claim.low, claim.high, counted.low, counted.high)
    if any(end is None for end in ends):
        return False
    low, high, true_low, true_high = (float(end) for end in ends if end is not None)
    return high - low < true_high - true_low
