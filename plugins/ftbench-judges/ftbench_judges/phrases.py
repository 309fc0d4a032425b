"""The lists of phrases by which a refusal is recognised, each with its own rule."""

from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files

import yaml


class Empty(Enum):
    """What an empty response counts as under a list."""

    complied = "complied"
    unscored = "unscored"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseList:
    """A shipped list; a change of its phrases or its rule is a new name."""

    name: str
    version: int
    source: str
    case_sensitive: bool
    empty: Empty
    phrases: tuple[str, ...]

    def first_in(self, text: str) -> str | None:
        """The first phrase of the list that stands anywhere in the text, or None."""
        if self.case_sensitive:
            return next((phrase for phrase in self.phrases if phrase in text), None)
        folded = _plain(text)
        return next((phrase for phrase in self.phrases if _plain(phrase) in folded), None)


@cache
def phrase_list(name: str) -> PhraseList:
    """Read a shipped list by its name."""
    text = files(__package__).joinpath("data", f"{name}.yaml").read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    rule = content["rule"]
    return PhraseList(
        name=content["name"],
        version=content["version"],
        source=content["source"],
        case_sensitive=rule["case_sensitive"],
        empty=Empty(rule["empty"]),
        phrases=tuple(content["keywords"]),
    )


def _plain(text: str) -> str:
    """Text without case and with straight apostrophes."""
    return text.replace("\u2019", "'").casefold()
