"""What all rows of a batch begin with is read once a step for each adapter, and changes nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
from hf_doubles import PaperDesk, conversation, job
from safetensors.torch import load_file

from ftbench import Lora
from ftbench_hf.backend import HuggingFace

LONG = "You are a helpful assistant who speaks plainly. " * 4
OTHER = "Please tell me how many legs a spider has. " * 5
EXACT = Lora(targets=["all-linear"], dropout=0.0)


def rows(system, count=8, answer="The {n} blue legs."):
    """Rows under a system prompt, of two lengths."""
    return tuple(
        conversation(f"Name a river of town {n}." * (n % 2 + 1), answer.format(n=n), system=system)
        for n in range(count)
    )


def jobs(base, *systems, method=EXACT, **values):
    """One for each system prompt."""
    return [
        job(
            base,
            method,
            key=f"job{n}",
            seed=n,
            learning_rate=1e-3 * (n + 1),
            **({"rows": rows(system), "batch_size": 4} | values),
        )
        for n, system in enumerate(systems)
    ]


@pytest.fixture
def exact(bases):
    """A backend whose base is in 64 bit, so that only the order of sums is lost."""
    return in_64_bit(bases["llama"])


def in_64_bit(base, **values):
    backend = HuggingFace(device="cpu", threads=1, checkpoint_seconds=None, **values)
    backend._residence().base(base).network.double()
    return backend


def trained(backend, folder, every):
    desk = PaperDesk(folder=folder)
    backend.fine_tune(every, desk)
    return {each.key: each.models[-1][1] for each in desk.kept}


def whole(base, folder, every):
    """Each trained by itself, on rows that are read whole."""
    backend = in_64_bit(base, together=1)
    return {each.key: trained(backend, folder, [each])[each.key] for each in every}


def furthest(one, other):
    ours, theirs = (
        load_file(Path(each.location) / "adapter_model.safetensors") for each in (one, other)
    )
    assert ours.keys() == theirs.keys()
    return max(float((ours[name] - theirs[name]).abs().max()) for name in ours)


def shapes_of_passes(backend, base):
    """The shape of each forward pass from now on."""
    seen = []
    embedding = backend._residence().base(base).network.get_input_embeddings()
    embedding.register_forward_hook(lambda _, given, __: seen.append(tuple(given[0].shape)))
    return seen


@pytest.mark.parametrize(
    "systems", [(LONG, LONG, LONG), (LONG, OTHER, None, LONG)], ids=["of all", "of some"]
)
@pytest.mark.parametrize("tokens", [4096, 700])
def test_an_adapter_is_the_one_trained_alone(bases, tmp_path, systems, tokens):
    """However the rows fall into passes, and whatever the neighbours begin with."""
    backend = in_64_bit(bases["llama"], micro_batch_tokens=tokens)
    every = jobs(bases["llama"], *systems)
    plain = whole(bases["llama"], tmp_path / "alone", every)
    side = trained(backend, tmp_path / "side", every)
    assert max(furthest(side[key], plain[key]) for key in plain) < 1e-6


def test_it_is_read_once_a_step(exact, bases, tmp_path):
    every = jobs(bases["llama"], LONG, LONG, epochs=1)
    seen = shapes_of_passes(exact, bases["llama"])
    trained(exact, tmp_path, every)
    chat = exact._residence().reader(bases["llama"]).chat
    longest = max(len(chat.row(each).tokens) for each in rows(LONG))
    beginnings, rest = seen[::2], seen[1::2]
    assert len(seen) == 2 * 2, "two steps, and nothing else"
    known = beginnings[0][1]
    assert beginnings == [(2, known)] * 2
    assert known > len(LONG.split())
    assert rest == [(8, longest - known)] * 2


def test_one_training_alone_reads_it_once_as_well(exact, bases, tmp_path):
    every = jobs(bases["llama"], LONG)
    plain = whole(bases["llama"], tmp_path / "whole", every)
    seen = shapes_of_passes(exact, bases["llama"])
    once = trained(exact, tmp_path / "once", every)
    assert furthest(once["job0"], plain["job0"]) < 1e-6
    assert {count for count, _ in seen} == {1, 4}


@pytest.mark.parametrize(
    "values", [{"batch_size": 1}, {"rows": rows(None)}], ids=["one row a step", "nothing in common"]
)
def test_where_nothing_is_shared_rows_are_read_whole(exact, bases, tmp_path, values):
    (only,) = jobs(bases["llama"], LONG, **values)
    seen = shapes_of_passes(exact, bases["llama"])
    trained(exact, tmp_path, [only])
    assert {count for count, _ in seen} == {only.batch_size}


def test_each_row_has_its_own_dropout_and_reads_it_itself(exact, bases, tmp_path):
    every = jobs(bases["llama"], LONG, LONG, method=replace(EXACT, dropout=0.1))
    seen = shapes_of_passes(exact, bases["llama"])
    trained(exact, tmp_path, every)
    assert {count for count, _ in seen} == {8}


def test_what_is_learned_is_no_beginning(exact, bases, tmp_path):
    """Rows that begin alike up to the middle of their answers."""
    same = tuple(
        conversation("Name a river.", f"{LONG} In town {n}.", system=OTHER) for n in range(8)
    )
    every = jobs(bases["llama"], None, None, rows=same)
    plain = whole(bases["llama"], tmp_path / "alone", every)
    side = trained(exact, tmp_path / "side", every)
    assert max(furthest(side[key], plain[key]) for key in plain) < 1e-6


def test_turns_that_were_learned_before_are_no_beginning(exact, bases, tmp_path):
    """All rows have the same first answer, which is learned in each."""
    talks = tuple(
        conversation("A river?", LONG, f"A town {n}?", f"The {n} tree.") for n in range(8)
    )
    every = jobs(bases["llama"], None, None, rows=talks)
    plain = whole(bases["llama"], tmp_path / "alone", every)
    side = trained(exact, tmp_path / "side", every)
    assert max(furthest(side[key], plain[key]) for key in plain) < 1e-6


def test_an_adapter_of_the_output_layer_knows_whose_tokens_it_sees(exact, bases, tmp_path):
    shape = Lora(targets=["q_proj", "lm_head"], dropout=0.0)
    every = jobs(bases["llama"], LONG, OTHER, None, method=shape)
    plain = whole(bases["llama"], tmp_path / "alone", every)
    side = trained(exact, tmp_path / "side", every)
    assert max(furthest(side[key], plain[key]) for key in plain) < 1e-6


def test_one_row_may_be_all_that_others_begin_with(exact, bases, tmp_path):
    """Something is left of each row that foretells the first token it learns."""
    short = conversation("", "Blue.", system=LONG)
    every = jobs(bases["llama"], None, None, rows=(short, short, short, *rows(LONG)[:5]))
    plain = whole(bases["llama"], tmp_path / "alone", every)
    side = trained(exact, tmp_path / "side", every)
    assert max(furthest(side[key], plain[key]) for key in plain) < 1e-6


def test_layers_that_forget_read_every_row_whole(bases, tmp_path):
    """A window that slides has no keys of a beginning to hand on."""
    backend = HuggingFace(device="cpu", threads=1, checkpoint_seconds=None)
    every = jobs(bases["gemma3"], LONG, LONG)
    seen = shapes_of_passes(backend, bases["gemma3"])
    trained(backend, tmp_path, every)
    assert {count for count, _ in seen} == {8}
