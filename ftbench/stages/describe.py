"""A plan in words, for a dry run."""

from ftbench.plugin.catalog import Catalog

from .bench import Work
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
    if plan.job is None:
        lines.append("  training   none: the tuned model is the base model")
    else:
        lines.append(f"  training   {len(plan.training_set.conversations)} rows")
        lines += [f"  {name:13} {value}" for name, value in plan.decided.origins.items()]
    probes = ", ".join(probe.name for probe in plan.probes)
    lines.append(f"  probes     {probes}{_and_unformatted(plan)}")
    lines.append(f"  questions  {len(plan.questionnaire.questions)} for each subject and probe")
    estimate = plan.backend.estimate([plan.job] if plan.job else [], [])
    cost = "unknown" if estimate is None or estimate.dollars is None else f"${estimate.dollars:.2f}"
    return "\n".join([*lines, f"  cost       {cost}"])


def _and_unformatted(plan: Plan) -> str:
    if all(probe.format == PLAIN.format for probe in plan.probes):
        return ""
    return f" (and {UNFORMATTED}, for the base's utility)"
