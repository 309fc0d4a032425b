"""A run in outline: how much work it is, and everything that is missing, told all at once.

``prepare`` stops at the first thing out of reach; this asks for the model, the prompts and the data
one by one, and goes on with what is known without them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from ftbench.config.compose import Cell
from ftbench.errors import FtbenchError
from ftbench.hosted.prices import price_table
from ftbench.hosted.tokens import tokens_in
from ftbench.plugin.catalog import Catalog
from ftbench.records import Probe, Question, TrainingSet
from ftbench.roles import Backend, Scene

from .effort import Asked, Effort
from .prepare import described
from .questions import collect
from .recipe import Decided, decide

TOKENS_PER_ROW = 250
"""Assumed where the rows cannot be had."""


@dataclass(kw_only=True)
class Outlook:
    """What is known of one run; ``missing`` says what is not, and what to do."""

    cell: Cell
    backend: Backend
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
        self._model(scene)
        questions = self._questions()
        training_set = self._training_set(scene)
        decided = decide(config.finetune, training_set)
        rows = self._rows(training_set)
        yield f"  training   {'unknown' if rows is None else rows} rows"
        yield from (f"  {name:13} {value}" for name, value in decided.origins.items())
        yield from self._effort(training_set, decided, questions).lines()

    def _model(self, scene: Scene) -> None:
        try:
            self.backend.resolve(scene.model)
        except FtbenchError as error:
            self.missing.append(str(error))

    def _questions(self) -> list[Question] | None:
        try:
            found = collect(self.cell.config.suite, self.catalog).questions
        except FtbenchError as error:
            self.missing.append(str(error))
            return None
        return list(found.values())

    def _training_set(self, scene: Scene) -> TrainingSet:
        """Dataset and attack with all their rows, or else without."""
        config = self.cell.config
        made = self._tried(scene, config.dataset.load, TrainingSet(name="none"))
        return self._tried(scene, lambda at: config.attack.poison(made, at), made)

    def _tried(
        self, scene: Scene, make: Callable[[Scene], TrainingSet], otherwise: TrainingSet
    ) -> TrainingSet:
        try:
            return make(replace(scene, outline=False))
        except FtbenchError as error:
            self.missing.append(str(error))
        try:
            return make(scene)
        except FtbenchError:
            return otherwise

    def _rows(self, training_set: TrainingSet) -> int | None:
        """How many there are, or would be."""
        if training_set.conversations:
            return len(training_set.conversations)
        known = self._well_known()
        of_attack = int(getattr(self.cell.config.attack, "n", 0) or 0)
        is_mix = self.cell.config.dataset.name != "none"
        if is_mix and known is None:
            return None
        return of_attack + (known[0] if known else 0)

    def _well_known(self) -> tuple[int, int] | None:
        """Rows and tokens of the dataset, by its name."""
        table = price_table(self.cell.config.prices)
        count = table.well_known(self.cell.config.dataset.name)
        return (count.rows, count.tokens) if count else None

    def _effort(
        self, training_set: TrainingSet, decided: Decided, questions: list[Question] | None
    ) -> Effort:
        rows = self._rows(training_set)
        return Effort(
            model=self.cell.config.model.name,
            rows=rows,
            tokens=self._tokens(training_set, rows),
            epochs=decided.values.epochs,
            batch_size=decided.values.batch_size,
            asked=Asked.of(questions) if questions else Asked.assumed(self.usual_questions),
            sheets=2 * len(training_set.probes or (Probe(),)),
        )

    def _tokens(self, training_set: TrainingSet, rows: int | None) -> int | None:
        """Of one epoch."""
        if training_set.conversations:
            return tokens_in(training_set.conversations)
        known = self._well_known() or (0, 0)
        return None if rows is None else (rows - known[0]) * TOKENS_PER_ROW + known[1]
