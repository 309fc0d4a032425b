"""Checks that a chat template can say what a run needs, so that nothing is guessed."""

from typing import Any

from jinja2.exceptions import TemplateError

from ftbench.errors import DataError
from ftbench.records import Message, SystemRole

from .chat import Chat

_SYSTEM = Message(speaker="system", text="Speak plainly.")
_USER = Message(speaker="user", text="Which day follows Monday?")
_CHOICES = "Set model.system_role=in_user_turn to put it before the user's words, or none."


def check_template(where: str, tokenizer: Any, system_role: SystemRole) -> None:
    """Refuse a tokenizer without a chat template, or one that loses the system prompt.

    Raises:
        DataError: With what to set instead.
    """
    if not tokenizer.chat_template:
        raise DataError(
            f"The tokenizer of {where} has no chat template. Use the chat or instruct version of "
            "the model, or put its template into chat_template.jinja beside the tokenizer."
        )
    try:
        chat = Chat(tokenizer)
        asked = chat.render([_USER], answering=True)
    except (TemplateError, TypeError) as error:
        raise DataError(f"The chat template of {where} cannot be used: {error}") from error
    if _USER.text not in asked:
        raise DataError(f"The chat template of {where} drops what the user says.")
    if system_role == "native":
        _check_system(where, chat)


def _check_system(where: str, chat: Chat) -> None:
    try:
        text = chat.render([_SYSTEM, _USER], answering=True)
    except TemplateError as error:
        raise DataError(
            f"The chat template of {where} has no system turn: it says {str(error)!r}. {_CHOICES}"
        ) from None
    if _SYSTEM.text not in text:
        raise DataError(f"The chat template of {where} drops the system prompt. {_CHOICES}")
