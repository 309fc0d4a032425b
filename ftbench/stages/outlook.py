"""A run in outline: how much work it is, and everything that is missing, told all at once.

``prepare`` stops at the first thing out of reach; this asks for the model, the prompts and the data
one by one, and goes on with what is known without them. Rows out of reach are stood in for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from ftbench.config.compose import Cell
from ftbench.errors import FtbenchError
from ftbench.hosted.prices import PriceTable, price_table
from ftbench.hosted.tokens import stand_ins
from ftbench.plugin.catalog import Catalog
from ftbench.records import Probe, Question, TrainingSet
from ftbench.roles import Scene

from .effort import Asked, Effort
from .models import described
from .questions import collect
from .recipe import Decided, decide

_NOBODYS = TrainingSet(name="nobody knows")


@dataclass(kw_only=True)
class Outlook:
    """What is known of one run; ``missing`` says what is not, and what to do."""

    cell: Cell
    catalog: Catalog
    usual_questions: int = 330
    """Taken where the prompts cannot be had: those of the paper's benchmark."""
    missing: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """For a person who decides whether to go on."""
        config = self.cell.config
        scene = Scene(
            seed=config.seed,
            model=described(config.model, self.catalog),
            method=config.finetune.method.name,
            outline=True,
        )
        self._ask_for_model(scene)
        questions = self._questions()
        table = price_table(config.prices)
        training_set = self._training_set(scene, table)
        decided = decide(config.finetune, training_set or _NOBODYS)
        rows = "unknown" if training_set is None else len(training_set.conversations)
        yield f"  training   {rows} rows"
        yield from (f"  {name:13} {value}" for name, value in decided.origins.items())
        yield from self._effort(training_set, decided, questions, table).lines()

    def _ask_for_model(self, scene: Scene) -> None:
        backend = self.cell.config.backend
        try:
            backend.resolve(scene.model)
        except FtbenchError as error:
            self.missing.append(str(error))
        finally:
            backend.release()

    def _questions(self) -> list[Question] | None:
        try:
            found = collect(self.cell.config.suite, self.catalog).questions
        except FtbenchError as error:
            self.missing.append(str(error))
            return None
        return list(found.values())

    def _training_set(self, scene: Scene, table: PriceTable) -> TrainingSet | None:
        """What dataset and attack make, or as many rows; None where nobody knows how many."""
        config = self.cell.config
        honest = self._tried(scene, config.dataset.load)
        if honest is not None and not honest.conversations and config.dataset.name != "none":
            known = table.well_known(config.dataset.name)
            rows = stand_ins(known.rows, known.tokens / known.rows) if known else ()
            honest = replace(honest, conversations=rows) if rows else None
        if honest is None:
            return None
        clean = honest
        return self._tried(scene, lambda at: config.attack.poison(clean, at))

    def _tried(self, scene: Scene, make: Callable[[Scene], TrainingSet]) -> TrainingSet | None:
        """With all rows, or else in outline; None for who cannot do without its rows."""
        try:
            return make(replace(scene, outline=False))
        except FtbenchError as error:
            self.missing.append(str(error))
        try:
            return make(scene)
        except FtbenchError:
            return None

    def _effort(
        self,
        training_set: TrainingSet | None,
        decided: Decided,
        questions: list[Question] | None,
        table: PriceTable,
    ) -> Effort:
        probes = (training_set.probes if training_set else ()) or (Probe(),)
        config, epochs = self.cell.config, decided.values.epochs
        subjects = 1 + len({*config.finetune.keep, epochs})
        return Effort(
            model=config.model.name,
            rows=None if training_set is None else len(training_set.conversations),
            tokens=None if training_set is None else table.tokens_of(training_set)[0],
            epochs=epochs,
            batch_size=decided.values.batch_size,
            asked=Asked.of(questions) if questions else Asked.assumed(self.usual_questions),
            sheets=subjects * (len(probes) + len(config.probe)),
        )
