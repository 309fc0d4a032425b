"""Units of work as JSON text, and back."""

from functools import cache
from typing import TYPE_CHECKING, Any

from ftbench.errors import StorageError
from ftbench.records import FineTune, Response, Verdict

if TYPE_CHECKING:
    from pydantic import TypeAdapter

KINDS: dict[str, type] = {"finetune": FineTune, "response": Response, "verdict": Verdict}

Unit = FineTune | Response | Verdict


def kind_of(record: Unit) -> str:
    """The word for a record's type. Raises TypeError for anything that is no unit of work."""
    for kind, shape in KINDS.items():
        if isinstance(record, shape):
            return kind
    raise TypeError(f"{type(record).__name__} is no unit of work")


def encode(record: Unit) -> str:
    """A record as JSON; None and defaults included, so that the text is the whole record."""
    return _adapter(kind_of(record)).dump_json(record).decode()


def decode(kind: str, text: str) -> Any:
    """The record that was encoded. Raises StorageError where the text is none of its kind."""
    from pydantic import ValidationError  # noqa: PLC0415, slow to import

    try:
        return _adapter(kind).validate_json(text)
    except ValidationError as error:
        raise StorageError(f"The ledger holds a {kind} that cannot be read.") from error


@cache
def _adapter(kind: str) -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter  # noqa: PLC0415, slow to import

    return TypeAdapter(KINDS[kind])
