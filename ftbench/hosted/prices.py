"""What services charge: tables with a date and a source, ours and the user's own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ftbench.errors import UsageError
from ftbench.ledger.bills import Price
from ftbench.records import TrainingSet

from .address import Address
from .tokens import tokens_in

_SHIPPED = Path(__file__).parent / "price_tables"
_USUAL = "current"
_DATED = re.compile(r"(-\d{4}(-\d\d-\d\d)?)?(:.*)?")
"""What may follow a model's name where the price stays the same: a date, or a tuned model's own."""
_ANY = "*"
_NEAR = 0.05
"""How far the rows of a well-known set may differ, since everybody filters in his own way."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False)


class _Charges(_Strict):
    training: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    input: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    output: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    hourly: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class _Service(_Strict):
    name: str
    hosts: list[str]
    as_of: date
    source: str
    models: dict[str, _Charges]


class TokenCount(_Strict):
    """What somebody has counted: the tokens of a training set that many have used."""

    training_set: str
    rows: int
    tokens: int
    """For one epoch."""
    source: str


class _Table(_Strict):
    services: list[_Service] = []
    token_counts: list[TokenCount] = []


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices by address and model; what the user says comes before what we ship."""

    tables: Sequence[_Table]

    def price(self, address: str, model: str) -> Price | None:
        """What a service charges for a model; None where nobody has written it down.

        A service on this machine is free unless a table of the user's names its host.
        """
        host = urlsplit(address).hostname or ""
        for service in (service for table in self.tables for service in table.services):
            is_meant = any(fnmatch(host, pattern) for pattern in service.hosts)
            if is_meant and (charges := _charges(service, model)) is not None:
                day = service.as_of.isoformat()
                return Price(**charges.model_dump(), as_of=day, source=service.source)
        if Address(base_url=address).is_loopback:
            return Price(training=0, input=0, output=0, hourly=0, source="it is on this machine")
        return None

    def counted(self, training_set: str, rows: int) -> TokenCount | None:
        """The tokens of a well-known training set, of as many rows as there are."""
        for table in self.tables:
            for count in table.token_counts:
                if count.training_set == training_set and _is_near(rows, count.rows):
                    tokens = round(count.tokens * rows / count.rows)
                    return count.model_copy(update={"rows": rows, "tokens": tokens})
        return None

    def tokens_of(self, training_set: TrainingSet) -> tuple[int, str]:
        """The tokens of one epoch, and how they are known."""
        counted = self.counted(training_set.name, len(training_set.conversations))
        if counted is None:
            return tokens_in(training_set.conversations), "estimated"
        return counted.tokens, f"counted: {counted.source}"

    def well_known(self, training_set: str) -> TokenCount | None:
        """The rows and tokens of a training set by its name; None for one that nobody counted."""
        counts = (count for table in self.tables for count in table.token_counts)
        return next((count for count in counts if count.training_set == training_set), None)


def price_table(named: str | None) -> PriceTable:
    """A shipped table or the user's own file, before the usual one. Raises UsageError."""
    usual = _read(_SHIPPED / f"{_USUAL}.yaml")
    if named in (None, _USUAL):
        return PriceTable((usual,))
    assert named is not None
    shipped = sorted(path.stem for path in _SHIPPED.glob("*.yaml"))
    path = _SHIPPED / f"{named}.yaml" if named in shipped else Path(named)
    if not path.is_file():
        raise UsageError(
            f"prices={named} is no file and none of our price tables: {', '.join(shipped)}."
        )
    return PriceTable((_read(path), usual))


def _read(path: Path) -> _Table:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return _Table.model_validate(content or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"The price table {path} cannot be read: {reason}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UsageError(f"The price table {path} is wrong at {where}: {first['msg']}.") from None


def _charges(service: _Service, model: str) -> _Charges | None:
    """By the longest name that fits; "*" fits every model."""
    fitting = [name for name in service.models if name == model or _is_dated(name, model)]
    if fitting:
        return service.models[max(fitting, key=len)]
    return service.models.get(_ANY)


def _is_dated(name: str, model: str) -> bool:
    return model.startswith(name) and _DATED.fullmatch(model[len(name) :]) is not None


def _is_near(rows: int, counted: int) -> bool:
    return abs(rows - counted) <= _NEAR * counted
