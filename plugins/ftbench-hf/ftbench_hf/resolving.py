"""Finds the model a run names, pins it by digest, and checks that it can be used as declared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ftbench.records import Model

from .checkpoints import digest_of, is_folder, model_folder
from .hub import find_on_hub
from .loading import load_tokenizer
from .saving import adapter_at
from .templates import check_template
from .untrusted import refuse_unsafe, refuse_unsafe_adapter, refuse_unsafe_snapshot


def resolve_model(model: Model) -> Model:
    """The model with its digest, and for the hub its revision, once it is known to be usable.

    With a base it may be a folder that holds only an adapter of that base.

    Raises:
        DataError: It cannot be used as declared.
        AccessError: The hub does not let us read it.
    """
    if model.base is not None and model.base.location != model.location:
        folder = Path(model.location).expanduser()
        if (folder / "adapter_config.json").is_file():
            refuse_unsafe_adapter(folder)
            return adapter_at(folder, model.base)
        model = replace(model, base=None)
    found = find_model(model)
    check_template(model.location, load_tokenizer(found), model.system_role)
    return found


def find_model(model: Model) -> Model:
    """The model with its digest, and for the hub its revision; its chat template is not looked at.

    Raises:
        DataError: It is missing, damaged or not safe to load.
        AccessError: The hub does not let us read it.
    """
    if is_folder(model.location):
        folder = model_folder(model.location)
        refuse_unsafe(folder, where=model.location)
        return replace(model, location=str(folder), digest=digest_of(folder), revision="")
    folder = find_on_hub(model.location, model.revision)
    refuse_unsafe_snapshot(folder, where=model.location)
    return replace(model, digest=folder.name, revision=folder.name)
