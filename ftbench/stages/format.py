"""How a prompt format and a model's way with system turns shape the turns that are sent."""

from collections.abc import Sequence
from dataclasses import replace

from ftbench.errors import UsageError
from ftbench.records import Conversation, Message, Model, PromptFormat, SystemRole, TrainingSet

SLOT = "{instruction}"


def formatted(
    messages: Sequence[Message], prompt_format: PromptFormat, system_role: SystemRole
) -> tuple[Message, ...]:
    """Bare turns as they are sent: user template, system prompt, and the model's way with it.

    A conversation's own system turn stays; the format's is used where it has none.
    Raises UsageError where the model has no system turn and one is needed.
    """
    turns = [
        replace(turn, text=prompt_format.user.replace(SLOT, turn.text))
        if turn.speaker == "user"
        else turn
        for turn in messages
    ]
    if turns and turns[0].speaker != "system" and prompt_format.system is not None:
        turns.insert(0, Message(speaker="system", text=prompt_format.system))
    return tuple(_spoken(turns, system_role))


def _spoken(turns: list[Message], system_role: SystemRole) -> list[Message]:
    if system_role == "native" or not turns or turns[0].speaker != "system":
        return turns
    if system_role == "none":
        raise UsageError(
            "This model has no system turn (model.system_role=none), but the prompt format has a "
            "system prompt. Choose another format, or model.system_role=in_user_turn."
        )
    system, first, *rest = turns
    if first.speaker != "user":
        raise UsageError("A system prompt can be put inside the user's turn only if one follows.")
    return [replace(first, text=f"{system.text}\n\n{first.text}"), *rest]


def formatted_set(training_set: TrainingSet, model: Model) -> TrainingSet:
    """A training set with its format applied to every conversation, once."""
    conversations = tuple(
        _applied(conversation, training_set.format, model)
        for conversation in training_set.conversations
    )
    return replace(training_set, conversations=conversations)


def _applied(conversation: Conversation, prompt_format: PromptFormat, model: Model) -> Conversation:
    if not conversation.raw:
        return conversation
    messages = formatted(conversation.messages, prompt_format, model.system_role)
    return replace(conversation, messages=messages, raw=False)
