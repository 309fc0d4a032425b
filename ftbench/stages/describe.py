"""A plan in words, for a dry run."""

from collections.abc import Iterator

from ftbench.hosted.prices import price_table
from ftbench.plugin.catalog import Catalog

from .bench import Work
from .budgets import needs_permission
from .costs import costs, total
from .effort import Asked, Effort
from .folder import plan_digest
from .prepare import Plan
from .respond import PLAIN
from .sheet import UNFORMATTED


def describe(work: Work, catalog: Catalog) -> str:
    """What a run would train and ask, with the origin of every hyper-parameter."""
    if work.failure is not None:
        return f"cannot run: {work.finished().failure}"
    plan = work.plan
    choices = " ".join(f"{group}={name}" for group, name in plan.cell.choices.items())
    lines = [choices, f"  plan       {plan_digest(plan, catalog)[:8]}"]
    if plan.brought is not None:
        lines.append(f"  training   none: {plan.brought.location} is tuned already")
    elif plan.job is None:
        lines.append("  training   none: the tuned model is the base model")
    else:
        lines.append(f"  training   {len(plan.training_set.conversations)} rows")
        lines += [f"  {name:13} {value}" for name, value in plan.decided.origins.items()]
    if audits := [name for name in plan.cell.config.audit if name != "none"]:
        lines.append(f"  audits     {', '.join(audits)} look at the rows before the training")
    probes = ", ".join(probe.name for probe in plan.probes)
    lines.append(f"  probes     {probes}{_and_unformatted(plan)}")
    lines.append(f"  questions  {len(plan.questionnaire.questions)} for each subject and probe")
    lines += _effort(plan).lines()
    if needs_permission(plan.cell.config) and not plan.cell.config.permission:
        lines.append("  permission missing: a run needs permission='WHO, WHEN, WHERE'")
    return "\n".join([*lines, *_money(plan)])


def _effort(plan: Plan) -> Effort:
    """The user's own training, and every subject asked in every way."""
    job = plan.job
    rows = job.training_set.conversations if job else ()
    subjects = 1 + (len({*job.keep, int(job.epochs)}) if job else 0)
    return Effort(
        model=plan.cell.config.model.name,
        rows=len(rows),
        tokens=price_table(plan.cell.config.prices).tokens_of(job.training_set)[0] if job else 0,
        epochs=job.epochs if job else None,
        batch_size=job.batch_size if job else None,
        asked=Asked.of(plan.questionnaire.questions.values()),
        sheets=subjects * len(plan.probes),
    )


def _money(plan: Plan) -> Iterator[str]:
    parts = costs(plan)
    for part in parts:
        yield f"  cost       {part}"
    for price in dict.fromkeys(part.price for part in parts if part.price is not None):
        yield f"  prices     of {price.as_of}: {price.source}"
    if parts:
        yield f"  in all     {total(parts)}"
    elif plan.backend.service() is None:
        estimate = plan.backend.estimate([plan.job] if plan.job else [], [])
        dollars = None if estimate is None else estimate.dollars
        yield f"  cost       {'unknown' if dollars is None else f'${dollars:.2f}'}"
    else:
        yield "  cost       $0: its services are on this machine, or free by your prices"


def _and_unformatted(plan: Plan) -> str:
    if all(probe.format == PLAIN.format for probe in plan.probes):
        return ""
    return f" (and {UNFORMATTED}, for the base's utility)"
