"""The whole benchmark, in order: prepare, audit, fine-tune, respond, judge, score, publish."""

from collections.abc import Callable, Sequence

from .config.compose import Cell
from .ledger.seal import SEAL
from .ledger.store import moment
from .plugin.catalog import Catalog
from .stages.audit import audit
from .stages.bench import Bench, Work
from .stages.budgets import check_permission, still_billed
from .stages.costs import costs, total
from .stages.describe import describe
from .stages.divergence import rate_divergence
from .stages.finetune import fine_tune
from .stages.fluency import rate_fluency
from .stages.folder import BACKEND_FACT
from .stages.jointly import fine_tune_jointly, respond_jointly
from .stages.judge import judge_all
from .stages.judge_jointly import judge_jointly
from .stages.judge_meanwhile import judged_meanwhile
from .stages.lm_eval_scores import score_with_lm_eval
from .stages.prepare import prepare, stated_backend
from .stages.respond import asking, respond
from .stages.result import result_of, state_about
from .stages.save import save
from .stages.sheet import state_sheets
from .stages.tally import tally
from .stages.watch import Watch
from .statistics.result import RunResult


def run(
    cells: Sequence[Cell],
    *,
    catalog: Catalog,
    watch: Watch,
    stopping: Callable[[], bool] = lambda: False,
    confirm: Callable[[str], None] = lambda bill: None,
) -> list[RunResult]:
    """Run every cell; one result each, in order. What failed says so, and stops nobody else.

    Once ``stopping`` is true, what is in hand is finished and the rest left to the same command.
    ``confirm`` is told what can be billed before anything is, and raises to keep it from being.
    """
    bench = Bench(cells, catalog=catalog, watch=watch, stopping=stopping)
    try:
        bench.cache()  # whatever is out of reach is said before anything is done
        bench.each("prepare", _prepare)
        _confirm(bench, confirm)
        if any(work.cell.config.audit for work in bench.works):
            bench.each("audit", _audit)
        bench.each("finetune", _fine_tune, first=fine_tune_jointly)
        with judged_meanwhile(bench):
            bench.each("respond", _respond, first=respond_jointly)
        bench.each("judge", _judge, first=judge_jointly)
        bench.each("score", _score)
        bench.each("publish", _publish)
        bench.share_rest()
        return [work.finished() for work in bench.works]
    finally:
        _tell_what_is_billed(bench)
        bench.close()


def _confirm(bench: Bench, confirm: Callable[[str], None]) -> None:
    """Show the bill of all runs that are not finished yet, where there can be one."""
    going = [work for work in bench.works if work.failure is None]
    unfinished = [work for work in going if work.folder.ledger.fact(SEAL) is None]
    parts = [part for work in unfinished for part in costs(work.plan)]
    if parts:
        several = f" for {len(unfinished)} runs" if len(unfinished) > 1 else ""
        lines = "\n".join(f"  {part}" for part in dict.fromkeys(map(str, parts)))
        confirm(f"{lines}\n  in all{several}: {total(parts)}")


def _tell_what_is_billed(bench: Bench) -> None:
    folders = {work.folder.path: work.folder for work in bench.works if work.has_folder}
    for path, folder in folders.items():
        for words in still_billed(folder.ledger, path):
            bench.watch.note(words)


def plan(cells: Sequence[Cell], *, catalog: Catalog, watch: Watch) -> list[str]:
    """What a run of the cells would do, in words; nothing is trained, asked or written.

    Raises what keeps a single cell from running; among several, each says so for itself.
    """
    bench = Bench(cells, catalog=catalog, watch=watch)
    try:
        bench.each("prepare", _plan)
        if len(bench.works) == 1 and bench.works[0].failure:
            raise bench.works[0].failure
        lines = [describe(work, catalog) for work in bench.works]
        parts = [part for work in bench.works if work.failure is None for part in costs(work.plan)]
        return [*lines, f"all runs: {total(parts)}"] if parts and len(lines) > 1 else lines
    finally:
        bench.close()


def _plan(bench: Bench, work: Work) -> str:
    work.plan = prepare(
        work.cell,
        backend=bench.backend(work),
        questionnaire=bench.questionnaire(work),
        catalog=bench.catalog,
    )
    rows, questions = work.plan.training_set.conversations, work.plan.questionnaire.questions
    return f"{len(rows)} training rows, {len(questions)} questions"


def _prepare(bench: Bench, work: Work) -> str:
    said = _plan(bench, work)
    check_permission(work.plan.cell.config)
    work.folder = bench.open_folder(work)
    if work.folder.ledger.fact("started") is None:
        work.folder.ledger.state("started", moment())
    work.folder.ledger.state(BACKEND_FACT, stated_backend(work.plan.backend))
    return said


def _audit(bench: Bench, work: Work) -> str:
    found, is_anew = audit(work.plan, bench.room(work), catalog=bench.catalog)
    return f"{found} rows found{work.counted_anew('audit', is_anew)}"


def _fine_tune(bench: Bench, work: Work) -> str:
    work.trained = fine_tune(work.plan, bench.room(work), catalog=bench.catalog)
    finetune = work.trained.finetune
    if finetune is None:
        return "nothing to train on: tuned is base"
    return f"{finetune.outcome}{work.counted_anew('finetune', not work.trained.reused)}"


def _respond(bench: Bench, work: Work) -> str:
    asking_now = asking(work.plan, work.trained)
    work.sheets = [one.sheet for one in asking_now]
    state_sheets(work.folder.ledger, work.sheets)
    asked = respond(work.plan, bench.room(work), asking_now)
    asked += rate_fluency(work.plan, bench.room(work), work.sheets)
    asked += rate_divergence(work.plan, bench.room(work), work.trained, asking_now)
    return f"{asked} responses{work.counted_anew('respond', asked > 0)}"


def _judge(bench: Bench, work: Work) -> str:
    made = judge_all(work.plan, bench.room(work), work.sheets, catalog=bench.catalog)
    return f"{made} verdicts{work.counted_anew('judge', made > 0)}"


def _score(bench: Bench, work: Work) -> str:
    score_with_lm_eval(work.plan.questionnaire, work.folder, work.sheets)
    state_about(work, bench.catalog)
    counted = tally(work.folder.ledger)
    work.result = result_of(work.folder, counted)
    save(work.folder, work.result, counted)
    return f"{len(counted.rows)} rows"


def _publish(bench: Bench, work: Work) -> str:
    publishers = work.cell.config.publisher
    places = [publisher.publish(work.folder.public) for publisher in publishers.values()]
    return ", ".join(places) or f"{work.folder.path}"
