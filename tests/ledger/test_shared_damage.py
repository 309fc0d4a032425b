import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftbench.ledger.shared.models import Card, SharedModels, card_in
from ftbench.ledger.shared.packs import as_json, named
from ftbench.ledger.shared.place import opened_place
from ftbench.ledger.shared.units import SharedUnits
from ftbench.records import Response
from tests.shared_world import (
    JOB,
    KEYS,
    finetune,
    read,
    responses,
    shared_by_a_machine,
    units_at,
)


def changed(content, at, how):
    at %= max(len(content), 1)
    return {
        "flip": content[:at] + bytes([content[at] ^ 1 if content else 0]) + content[at + 1 :],
        "cut": content[:at],
        "more": content + b"x",
        "zeros": bytes(len(content)),
        "no JSON": b"[" * 5000,
    }[how]


@settings(max_examples=40, deadline=None)
@given(
    which=st.integers(0),
    at=st.integers(0),
    how=st.sampled_from(["flip", "cut", "more", "zeros", "no JSON", "removed", "swapped"]),
)
def test_what_is_damaged_is_as_good_as_not_there_and_can_be_given_again(which, at, how):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        place = shared_by_a_machine(folder)
        files = sorted(p for p in (folder / "shared").rglob("*") if p.is_file())[:-1]
        damaged, other = files[which % len(files)], files[at % len(files)]
        if how == "removed":
            damaged.unlink()
        else:
            content = other.read_bytes() if how == "swapped" else None
            damaged.write_bytes(content or changed(damaged.read_bytes(), at, how))
        units, models = SharedUnits(place), SharedModels(place)
        found = {k: u for _, some in units.units("response", KEYS[:100]) for k, u in some.items()}
        assert found.items() <= responses(KEYS[:100]).items()
        brought = models.take(JOB, folder / "b" / JOB)
        if brought is None:
            assert not (folder / "b").exists() or list((folder / "b").iterdir()) == []
            models.add(finetune(folder / "a" / JOB), folder / "a" / JOB, made_by="again")
            assert SharedModels(place).take(JOB, folder / "b" / JOB)
        assert read(folder / "b" / JOB) == read(folder / "a" / JOB)
        lost = {key: unit for key, unit in responses(KEYS[:100]).items() if key not in found}
        assert units.lacking("response", KEYS[:100]) == lost.keys()
        units.add(lost, made_by="again")
        assert units_at(place, KEYS[:100]) == responses(KEYS[:100])


@pytest.mark.parametrize("end", [b"", b"x"], ids=["cut short", "too long"])
def test_what_is_of_another_length_is_given_again_by_whoever_has_it(end, tmp_path):
    """Also by who has no reason to read it."""
    place = shared_by_a_machine(tmp_path)
    assert not SharedModels(place).lacking([JOB])
    assert not SharedUnits(place).lacking("response", KEYS[:100])
    for file in [one for one in (tmp_path / "shared").glob("*/**/*") if one.is_file()]:
        whole = file.read_bytes()
        file.write_bytes(whole[:-1] if not end else whole + end)
        lacked = SharedModels(place).lacking([JOB]) | SharedUnits(place).lacking(
            "response", KEYS[:100]
        )
        assert lacked, file
        file.write_bytes(whole)


def put_card(place, finetune_, files, key=JOB):
    card = Card(
        key=key, made_by="x\n\x1b[31m" + "y" * 999, made_at="", files=files,
        finetune=json.dumps(finetune_),
    )  # fmt: skip
    content = as_json(Card, card)
    place.write(f"index/finetune/{JOB}.{named(content)}", content)


PLAIN = {"key": JOB, "outcome": "trained"}
CONTENT = b"evil"
HOSTILE = {
    "out of the folder": (f"{JOB}/a", {"../../evil": (4, named(CONTENT))}),
    "an absolute path": (f"{JOB}/a", {"/tmp/evil": (4, named(CONTENT))}),  # noqa: S108
    "out on another system": (f"{JOB}/a", {"..\\evil": (4, named(CONTENT))}),
    "through a folder": (f"{JOB}/a", {"a/../../evil": (4, named(CONTENT))}),
    "another folder's content": (f"{JOB}/a", {"a": (4, "../../evil")}),
    "larger than any disk": (f"{JOB}/a", {"a": (1 << 60, named(CONTENT))}),
    "smaller than nothing": (f"{JOB}/a", {"a": (-1, named(CONTENT))}),
    "longer than it says": (f"{JOB}/a", {"a": (3, named(CONTENT))}),
    "a file that is a folder": (
        f"{JOB}/a", {"a": (4, named(CONTENT)), "a/b": (4, named(CONTENT))}
    ),
    "weights elsewhere on this machine": (f"{JOB}/../../etc", {"a": (4, named(CONTENT))}),
    "a model of this machine": ("/etc", {}),
    "a model of a folder nearby": ("../other", {}),
    "weights that are not there": (f"{JOB}/a", {}),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_fine_tune_is_as_good_as_not_there(what, tmp_path):
    (tmp_path / "shared").mkdir()
    place = opened_place(str(tmp_path / "shared"))
    location, files = HOSTILE[what]
    model = {"location": location, "digest": "d", "family": "f"}
    place.write(f"content/{named(CONTENT)}", CONTENT)
    put_card(place, {**PLAIN, "models": [[1, model]]}, files)
    assert SharedModels(place).take(JOB, tmp_path / "b" / "models" / JOB) is None
    left = {path.name for path in (tmp_path / "b").rglob("*")}
    assert left <= {"models"} and not list(tmp_path.rglob("evil"))


def test_a_file_under_another_name_and_a_unit_of_another_key_are_not_taken(tmp_path):
    place = opened_place(str(tmp_path))
    model = {"location": f"{JOB}/a", "digest": "d", "family": "f"}
    files = {"a": (4, named(CONTENT))}
    place.write(f"content/{named(CONTENT)}", CONTENT)
    put_card(place, {**PLAIN, "key": "cd" * 32, "models": [[1, model]]}, files)
    put_card(place, {**PLAIN, "models": [[1, model]]}, files, key="cd" * 32)
    assert SharedModels(place).take(JOB, tmp_path / "b") is None
    SharedUnits(place).add({KEYS[0]: Response(key=KEYS[1], outcome="ok")}, made_by="x")
    assert units_at(place) == {}
    put_card(place, {**PLAIN, "models": [[1, model]]}, files)
    found = SharedModels(place).take(JOB, tmp_path / "b")
    assert found.made_by.isprintable() and len(found.made_by) <= 200


def test_a_card_is_only_read_under_its_own_name():
    assert card_in(f"{JOB}.{named(b'{}')}", b"{}") is None
    assert card_in(JOB, b"{}") is None
