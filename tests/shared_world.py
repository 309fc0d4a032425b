"""Finished work to share, and what lies in a shared cache, for tests."""

from ftbench.ledger.shared.models import SharedModels
from ftbench.ledger.shared.place import opened_place
from ftbench.ledger.shared.units import SharedUnits
from ftbench.records import FineTune, Model, Response

KEYS = [f"{number:064x}" for number in range(330)]
JOB = "ab" * 32


def responses(keys=KEYS, text="words"):
    return {key: Response(key=key, outcome="ok", text=f"{text} {key[-3:]}") for key in keys}


def units_at(place, keys=KEYS, kind="response"):
    return {k: unit for _, some in SharedUnits(place).units(kind, keys) for k, unit in some.items()}


def weights(folder, text="weights"):
    (folder / "epoch_1").mkdir(parents=True)
    (folder / "epoch_1" / "model.safetensors").write_text(text)
    (folder / "config.json").write_text("{}")
    return folder


def finetune(where, key=JOB, digest="d1"):
    base = Model(location="/a/home/of/somebody/base", digest="b", family="testing")
    model = Model(
        location=str(where / "epoch_1"), digest=digest, family="testing", base=base, parent=base,
        family_data="/a/home/of/somebody/data",
    )  # fmt: skip
    return FineTune(key=key, outcome="trained", models=((1, model),))


def read(folder):
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_text() for file in files}


def shared_by_a_machine(folder):
    """A shared folder with a hundred units and a model in it; returns its place."""
    (folder / "shared").mkdir()
    place, made = opened_place(str(folder / "shared")), weights(folder / "a" / JOB)
    SharedUnits(place).add(responses(KEYS[:50]), made_by="run")
    SharedUnits(place).add(responses(KEYS[50:100]), made_by="run")
    SharedModels(place).add(finetune(made), made, made_by="run")
    return place
