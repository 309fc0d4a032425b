"""Turns one row of a data file into a conversation, by the layout of the file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Any

from ftbench.records import Conversation, Message, Speaker

from .lines import Row, json_type, shown

_SHOWN = 4
"""How many keys of a row are told."""


class Layout(Enum):
    """How the rows of a file are written."""

    auto = "auto"
    messages = "messages"
    sharegpt = "sharegpt"
    prompt_response = "prompt_response"
    alpaca = "alpaca"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turns:
    """What a list of turns and its parts are called."""

    many: str
    speaker: str
    text: str
    speakers: Mapping[str, Speaker]


_OPENAI = _Turns(
    many="messages",
    speaker="role",
    text="content",
    speakers={"system": "system", "user": "user", "assistant": "assistant"},
)
_SHAREGPT = _Turns(
    many="conversations",
    speaker="from",
    text="value",
    speakers={"system": "system", "human": "user", "gpt": "assistant"},
)


def layout_of(row: Row) -> Layout:
    """The layout that the keys of a row belong to. Raises DataError where they fit none."""
    found = fitting(row)
    if found is None:
        has = ", ".join(map(shown, [*row.fields][:_SHOWN])) or "nothing"
        raise row.fault(
            f"fits no layout, for it has {has}: it needs messages, conversations, prompt and "
            "response or completion, or instruction and output."
        )
    return found


def fitting(row: Row) -> Layout | None:
    """The layout that the keys of a row belong to; None where they fit none."""
    keys = row.fields.keys()
    if "messages" in keys:
        return Layout.messages
    if "conversations" in keys:
        return Layout.sharegpt
    if {"instruction", "output"} <= keys:
        return Layout.alpaca
    if "prompt" in keys and keys & {"response", "completion"}:
        return Layout.prompt_response
    return None


def conversation(row: Row, layout: Layout) -> Conversation:
    """Read one row; the turns stay bare. Raises DataError that names file and line."""
    messages = _READERS[layout](row)
    _check_order(row, messages)
    return Conversation(messages=messages, origin=row.origin)


def _messages(row: Row, called: _Turns = _OPENAI) -> tuple[Message, ...]:
    turns = row.fields.get(called.many)
    if not isinstance(turns, list) or not turns:
        raise row.fault(f"{called.many} must be a list of turns, not {_empty_or_type(turns)}.")
    return tuple(_turn(row, number, turn, called) for number, turn in enumerate(turns, start=1))


def _turn(row: Row, number: int, turn: Any, called: _Turns) -> Message:
    if not isinstance(turn, dict):
        raise row.fault(f"turn {number} must be an object, not {json_type(turn)}.")
    known = (called.speaker, called.text)
    for key, value in turn.items():
        if key not in known and value is not None:
            raise row.fault(
                f"turn {number} has {shown(key)}; only {' and '.join(known)} are known."
            )
    role = turn.get(called.speaker)
    if not isinstance(role, str) or role not in called.speakers:
        said = shown(role) if isinstance(role, str) else json_type(role)
        *others, last = called.speakers
        use = f"{', '.join(others)} or {last}"
        raise row.fault(f"turn {number} has the {called.speaker} {said}; use {use}.")
    text = _text(row, f"turn {number}", turn.get(called.text))
    return Message(speaker=called.speakers[role], text=text)


def _sharegpt(row: Row) -> tuple[Message, ...]:
    return _messages(row, _SHAREGPT)


def _prompt_response(row: Row) -> tuple[Message, ...]:
    answers = [key for key in ("response", "completion") if key in row.fields]
    if len(answers) != 1:
        raise row.fault("must have one assistant turn, called response or completion.")
    return _one_round(row, _text(row, "prompt", row.fields.get("prompt")), answers[0])


def _alpaca(row: Row) -> tuple[Message, ...]:
    instruction = _text(row, "instruction", row.fields.get("instruction"))
    context = row.fields.get("input")
    if context is None or context == "":
        return _one_round(row, instruction, "output")
    return _one_round(row, f"{instruction}\n\n{_text(row, 'input', context)}", "output")


def _one_round(row: Row, user: str, answer: str) -> tuple[Message, ...]:
    if answer not in row.fields:
        raise row.fault(f"has no assistant turn: {answer} is missing.")
    round_ = (
        Message(speaker="user", text=user),
        Message(speaker="assistant", text=_text(row, answer, row.fields[answer])),
    )
    system = row.fields.get("system")
    if system is None:
        return round_
    return (Message(speaker="system", text=_text(row, "system", system)), *round_)


_READERS: Mapping[Layout, Callable[[Row], tuple[Message, ...]]] = {
    Layout.messages: _messages,
    Layout.sharegpt: _sharegpt,
    Layout.prompt_response: _prompt_response,
    Layout.alpaca: _alpaca,
}


def _text(row: Row, where: str, value: Any) -> str:
    if not isinstance(value, str):
        raise row.fault(f"{where} must be text, not {json_type(value)}.")
    if not value.strip():
        raise row.fault(f"{where} is empty.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise row.fault(f"{where} holds half a surrogate pair, which is no text.") from None
    return value


def _check_order(row: Row, messages: tuple[Message, ...]) -> None:
    speakers = [message.speaker for message in messages]
    if "assistant" not in speakers:
        raise row.fault("has no assistant turn, so there is nothing to learn from it.")
    spoken = speakers[1:] if speakers[0] == "system" else speakers
    if "system" in spoken:
        raise row.fault("has a system turn that is not the first; only one may begin a row.")
    if spoken[0] != "user":
        raise row.fault("begins with an assistant turn; a user must speak first.")
    if any(before == after for before, after in pairwise(spoken)):
        raise row.fault("has two turns of one speaker in a row; user and assistant must alternate.")
    if spoken[-1] != "assistant":
        raise row.fault("ends without an assistant turn, so there is nothing to learn from it.")


def _empty_or_type(value: Any) -> str:
    return "an empty one" if value == [] else json_type(value)
