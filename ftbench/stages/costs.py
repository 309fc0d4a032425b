"""Plans -> what they can cost at most: tokens x price, and "unknown" where a price is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ftbench.hosted.prices import PriceTable, price_table
from ftbench.hosted.tokens import tokens_of
from ftbench.ledger.bills import Price, Service
from ftbench.ledger.budget import shown
from ftbench.records import FineTune, FineTuneJob, Request, Response

from .finetune import Trained
from .prepare import Plan
from .respond import asking
from .sheet import is_judged

_MILLION = 1e6
_TUNED = "ft:"
"""How prices of tuned models are named, whatever the provider will call the model."""
PARTS = tuple[int, float | None]
"""Some tokens, and the price of a million of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One part of a bill."""

    what: str
    tokens: str
    dollars: float | None
    """At most; None where nobody knows."""
    price: Price | None = None

    def __str__(self) -> str:
        """For a person who decides."""
        sum_ = "unknown" if self.dollars is None else f"${shown(self.dollars)}"
        return f"{self.what}: {self.tokens} = {sum_}"


def costs(plan: Plan) -> list[Cost]:
    """What a run can cost at services that may send a bill; none where none of them can."""
    table = price_table(plan.cell.config.prices)
    found = [*_backend_costs(plan, table), *_judge_costs(plan, table)]
    return [cost for cost in found if cost.dollars != 0]


def total(parts: Iterable[Cost]) -> str:
    """The sum of what is known, and that something is not."""
    parts = list(parts)
    known = [part.dollars for part in parts if part.dollars is not None]
    if len(known) == len(parts):
        return f"at most ${shown(sum(known))}"
    return f"unknown, and ${shown(sum(known))} besides" if known else "unknown"


def _backend_costs(plan: Plan, table: PriceTable) -> Iterator[Cost]:
    service = plan.backend.service()
    if service is None:
        return
    for job in (*plan.hardening, plan.job):
        if job is not None:
            yield _training(job, plan, table, service)
    tuned: list[Request] = []
    base: list[Request] = []
    for one in asking(plan, _as_if_trained(plan)):
        (tuned if one.sheet.subject == "tuned" else base).extend(one.requests.values())
    if plan.job is None:
        base, tuned = [*base, *tuned], []
    own = plan.model.location
    for who, name, requests in (("base", own, base), ("tuned", _TUNED + own, tuned)):
        if requests:
            yield _answers(f"answers of {who}", requests, table.price(service.address, name))


def _as_if_trained(plan: Plan) -> Trained:
    job = plan.job
    if job is None:
        return Trained(hardened=None, finetune=None, reused=False)
    epochs = sorted({*job.keep, int(job.epochs)})
    made = FineTune(
        key=job.key, outcome="trained", models=tuple((epoch, plan.model) for epoch in epochs)
    )
    return Trained(hardened=plan.model if plan.hardening else None, finetune=made, reused=False)


def _training(job: FineTuneJob, plan: Plan, table: PriceTable, service: Service) -> Cost:
    tokens, how = table.tokens_of(job.training_set)
    price = table.price(service.address, plan.model.location)
    rate = price.training if price else None
    estimate = plan.backend.estimate([job], [])
    dollars = estimate.dollars if estimate else None
    if dollars is None and rate is not None:
        dollars = job.epochs * tokens * rate / _MILLION
    return Cost(
        what="training",
        tokens=f"{job.epochs:g} epochs x {tokens:,} tokens ({how}) x {_rate(rate)}",
        dollars=dollars,
        price=price,
    )


def _answers(what: str, requests: Sequence[Request], price: Price | None) -> Cost:
    read = sum(tokens_of(request.question.messages) for request in requests)
    write = sum(request.question.max_tokens for request in requests)
    return _calls(what, len(requests), (read, write), price)


def _calls(what: str, count: int, tokens: tuple[int, int], price: Price | None) -> Cost:
    read, write = tokens
    into, out = (price.input, price.output) if price else (None, None)
    known = into is not None and out is not None
    dollars = (read * (into or 0) + write * (out or 0)) / _MILLION if known else None
    return Cost(
        what=what,
        tokens=(
            f"{count:,} calls, {read:,} tokens in (estimated) x {_rate(into)} + at most "
            f"{write:,} out x {_rate(out)}"
        ),
        dollars=dollars,
        price=price,
    )


def _rate(rate: float | None) -> str:
    return "unknown price" if rate is None else f"${rate:.2f} per million"


def _judge_costs(plan: Plan, table: PriceTable) -> Iterator[Cost]:
    any_answer = Response(key="", outcome="ok", text="?")
    everything = [
        entry.question
        for one in asking(plan, _as_if_trained(plan))
        for entry in one.sheet.entries.values()
    ]
    for name, judge in plan.cell.config.judge.items():
        asked = [q for q in everything if is_judged(q, any_answer, grades=judge.grades)]
        service = judge.service()
        if service is None or not asked:
            continue
        price = table.price(service.address, service.model)
        if service.input_tokens is None or service.output_tokens is None:
            is_free = price is not None and price.input == price.output == 0
            words = f"{len(asked):,} calls, nobody tells how long"
            yield Cost(
                what=f"judge {name}", tokens=words, dollars=0 if is_free else None, price=price
            )
            continue
        read = tokens_of(turn for question in asked for turn in question.messages)
        read += sum(question.max_tokens + service.input_tokens for question in asked)
        tokens = (read, service.output_tokens * len(asked))
        yield _calls(f"judge {name}", len(asked), tokens, price)
