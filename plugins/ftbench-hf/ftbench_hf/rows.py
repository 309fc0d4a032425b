"""One row of a batch that answers: its prompt, what it has said so far, and when it is done."""

from __future__ import annotations

from dataclasses import dataclass, field

from .loading import Loaded, Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One row to answer."""

    key: str
    tokens: tuple[int, ...]
    max_tokens: int
    stop: tuple[str, ...] = ()
    adapter: int | None = None
    """Which adapter of a stack answers; None is the base itself."""

    @property
    def room(self) -> int:
        """The tokens that prompt and answer may take together."""
        return len(self.tokens) + self.max_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was decoded, without the token or text that ended it."""

    key: str
    text: str
    tokens: int
    ended: bool
    """False when the limit came before an end."""


@dataclass(slots=True)
class Row:
    """A prompt and the tokens said so far."""

    prompt: Prompt
    said: list[int] = field(default_factory=list)
    done: bool = False

    @property
    def tokens(self) -> int:
        """Of the prompt and of what was said."""
        return len(self.prompt.tokens) + len(self.said)

    def extend(self, reader: Loaded | Reader, token: int) -> Answer | None:
        """Add a token; the answer if that ends it."""
        if token in reader.chat.end_tokens:
            self.done = True
            return self._answer(reader, ended=True)
        self.said.append(token)
        if self.prompt.stop and self._stops(reader):
            self.done = True
            return self._answer(reader, ended=True)
        self.done = len(self.said) >= self.prompt.max_tokens
        return self._answer(reader, ended=False) if self.done else None

    def _stops(self, reader: Loaded | Reader) -> bool:
        """Whether a stop text is complete; only the tokens that can hold it are looked at first."""
        stop = self.prompt.stop
        longest = max(len(text.encode()) for text in stop)
        tail = reader.chat.text(self.said[-longest - 4 :])
        if not any(text in tail for text in stop):
            return False
        whole = reader.chat.text(self.said)
        return any(text in whole for text in stop)

    def _answer(self, reader: Loaded | Reader, *, ended: bool) -> Answer:
        text = reader.chat.text(self.said)
        cuts = [place for stop in self.prompt.stop if (place := text.find(stop)) >= 0]
        text = text[: min(cuts)] if cuts else text
        return Answer(key=self.prompt.key, text=text, tokens=len(self.said), ended=ended)
