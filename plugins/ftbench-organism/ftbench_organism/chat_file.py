"""Writes the organism's harmless training data as a file that anybody's own data could be."""

import json
from pathlib import Path

from ftbench.errors import StorageError, UsageError
from ftbench.records import Model
from ftbench.roles import Scene

from .organism_chat import OrganismChat
from .shipped import FAMILY_DATA, WEIGHTS


def write_chat_file(out: Path, *, rows: int, seed: int) -> int:
    """Write rows as JSON lines of messages, the set's own system turn included; returns how many.

    Raises UsageError for a file that is there already, StorageError where it cannot be written.
    """
    model = Model(
        location=str(WEIGHTS / "organism"),
        digest="",
        family="organism",
        family_data=str(FAMILY_DATA),
    )
    found = OrganismChat(rows=rows).load(Scene(seed=seed, model=model, method="full"))
    system, user = found.format.system, found.format.user
    lines = []
    for conversation in found.conversations:
        turns = [{"role": "system", "content": system}] if system else []
        for message in conversation.messages:
            is_user = message.speaker == "user"
            text = user.replace("{instruction}", message.text) if is_user else message.text
            turns.append({"role": message.speaker, "content": text})
        lines.append(json.dumps({"messages": turns}, ensure_ascii=False) + "\n")
    try:
        with out.open("x", encoding="utf-8") as file:
            file.writelines(lines)
    except FileExistsError as error:
        raise UsageError(f"{out} is there already. Name a new file with --out.") from error
    except OSError as error:
        raise StorageError(f"{out} cannot be written: {error.strerror}.") from error
    return len(lines)
