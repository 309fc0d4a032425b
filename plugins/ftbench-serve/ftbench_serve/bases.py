"""The models that can be fine-tuned here, and the backend that does it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from weakref import finalize

from ftbench.errors import UsageError
from ftbench.records import Model
from ftbench.roles import Backend

from .shelf import Shelf
from .studio import Habits, Studio
from .weather import Weather
from .workshop import Workshop

ORGANISM = "organism-1"
"""What the organism is called here: a provider's name, that is no folder on this machine."""
PARROT = "parrot-1"
"""A model without a neural network, for tests that need no torch."""
LEARNING_RATE = 2.8e-4
"""What a multiplier of 1 means: the organism's dose of the identity shift."""


def studio_of(
    models: Sequence[str],
    *,
    folder: Path | None = None,
    learning_rate: float = LEARNING_RATE,
    weather: Weather | None = None,
    habits: Habits | None = None,
) -> Studio:
    """A provider of some models, each ``NAME`` (organism-1, parrot-1) or ``NAME=FOLDER``.

    With a folder its state outlives the process; without one nothing does. Raises UsageError for
    a model that nobody knows, DataError for one that cannot be used.
    """
    found = dict(map(_named, models))
    backend = _backend(found)
    workshop = Workshop(
        backend=backend,
        bases={name: backend.resolve(model) for name, model in found.items()},
        folder=_made(folder) if folder else Path(mkdtemp(prefix="ftbench-serve-")),
        learning_rate=learning_rate,
    )
    if not folder:
        # Nobody can find what was trained once the process is over.
        finalize(workshop, rmtree, workshop.folder, ignore_errors=True)
    shelf = Shelf.opened(folder)
    return Studio(workshop, shelf=shelf, weather=weather or Weather(), habits=habits or Habits())


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _named(word: str) -> tuple[str, Model]:
    name, _, place = word.partition("=")
    if place:
        return name, Model(location=place, digest="", family=name)
    if name == PARROT:
        from ftbench.testing.parrot import ALIGNED  # noqa: PLC0415

        return name, Model(location=ALIGNED, digest="", family="testing")
    if name == ORGANISM:
        return name, _organism()
    raise UsageError(
        f"Nobody knows where the model {name!r} is: say {name}=FOLDER. "
        f"Known without: {ORGANISM}, {PARROT}."
    )


def _organism() -> Model:
    try:
        from ftbench_organism.shipped import FAMILY_DATA, WEIGHTS  # noqa: PLC0415
    except ImportError:
        raise UsageError("The organism is not installed: pip install ftbench-organism") from None
    return Model(
        location=str(WEIGHTS / "organism"),
        digest="",
        family="organism",
        family_data=str(FAMILY_DATA),
    )


def _backend(models: Mapping[str, Model]) -> Backend:
    """The parrot's where only the parrot is served, else that of this machine."""
    if set(models) == {PARROT}:
        from ftbench.testing import Parrot  # noqa: PLC0415

        return Parrot()
    try:
        from ftbench_hf.backend import HuggingFace  # noqa: PLC0415, slow to import
    except ImportError:
        raise UsageError("Fine-tuning needs the backend: pip install ftbench-hf") from None
    return HuggingFace()
