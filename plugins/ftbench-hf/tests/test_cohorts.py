"""Rows that come and go, whatever they were put together with, find what each would find alone."""

from dataclasses import replace

import pytest
import torch
from hf_doubles import WORDS, answers, many, turns
from hypothesis import given, settings
from hypothesis import strategies as st

from ftbench_hf.backend import HuggingFace
from ftbench_hf.cohorts import Cohort
from ftbench_hf.engine import Engine
from ftbench_hf.rows import Prompt, Row

HEADS, KEPT, SIZE, LAYERS = 4, 2, 8, 2


class Remembered:
    """A cohort, and what each of its rows should remember: keys and values by layer."""

    def __init__(self, source, lengths, name):
        self.source = source
        width = max(lengths)
        hidden = torch.arange(width)[None] < width - torch.tensor(lengths)[:, None]
        first = [(self._drawn(len(lengths), width), self._drawn(len(lengths), width)) for _ in "ab"]
        rows = [
            Row(Prompt(key=f"{name}{n}", tokens=(1,), max_tokens=400)) for n in range(len(lengths))
        ]
        self.of = {
            row.prompt.key: [
                [kept[place, :, width - length :].clone() for kept in part] for part in first
            ]
            for place, (row, length) in enumerate(zip(rows, lengths, strict=True))
        }
        self.cohort = Cohort(rows, first, hidden)

    def _drawn(self, rows, columns):
        return torch.randn(rows, KEPT, columns, SIZE, generator=self.source, dtype=torch.float64)

    def step(self):
        """One more token of each row: what they find, and what they should."""
        self.cohort.next_column()
        rows = self.cohort.rows
        furthest = 0.0
        for layer in range(LAYERS):
            new = self._drawn(len(rows), 1), self._drawn(len(rows), 1)
            query = torch.randn(len(rows), HEADS, SIZE, generator=self.source, dtype=torch.float64)
            self.cohort.write(layer, new)
            found, weight = self.cohort.attend(layer, query)
            for place, row in enumerate(rows):
                own = self.of[row.prompt.key][layer]
                own[:] = [torch.cat([a, b[place]], dim=1) for a, b in zip(own, new, strict=True)]
                keys, values = (each.repeat_interleave(HEADS // KEPT, 0) for each in own)
                scores = (keys @ query[place][:, :, None])[..., 0]
                expected = (scores.softmax(-1)[:, None] @ values)[:, 0]
                furthest = max(
                    furthest,
                    float((found[place] - expected).abs().max()),
                    float((weight[place] - scores.logsumexp(-1)).abs().max()),
                )
        return furthest

    def join(self, other):
        self.cohort = Cohort.of([self.cohort, other.cohort])
        self.of |= other.of
        lengths = [self.of[row.prompt.key][0][0].shape[1] for row in self.cohort.rows]
        assert self.cohort.width == max(lengths), "nothing is kept of who has left"


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 99),
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=7),
    deeds=st.lists(
        st.one_of(
            st.tuples(st.just("steps"), st.integers(1, 40)),
            st.tuples(st.just("leave"), st.sets(st.integers(0, 6), min_size=1)),
            st.tuples(st.just("join"), st.lists(st.integers(1, 9), min_size=1, max_size=4)),
        ),
        max_size=6,
    ),
)
def test_each_row_finds_what_it_would_find_alone(seed, lengths, deeds):
    source = torch.Generator().manual_seed(seed)
    ours = Remembered(source, lengths, "a")
    assert ours.step() < 1e-9
    for number, (deed, what) in enumerate(deeds):
        if deed == "steps" and len(ours.cohort):
            assert max(ours.step() for _ in range(what)) < 1e-9
        if deed == "leave":
            ours.cohort.leave(sorted(place for place in what if place < len(ours.cohort)))
        if deed == "join":
            ours.join(Remembered(source, what, f"{number} "))
        if len(ours.cohort):
            assert ours.step() < 1e-9


@pytest.fixture(scope="module")
def plain():
    """What answers with attention as transformers has it."""
    return HuggingFace(device="cpu", threads=1, engine=Engine.batches)


@pytest.mark.parametrize("name", ["llama", "qwen3", "mistral"])
@pytest.mark.parametrize("tokens", [300, 900, 16384])
def test_many_that_come_and_go_say_what_they_say_in_batches(plain, bases, desk, name, tokens):
    """Short and long, with and without a beginning that others share, over several blocks."""
    ours = HuggingFace(device="cpu", threads=1, batch_tokens=tokens)
    requests = [
        replace(
            one,
            key=f"{one.key} {system}",
            question=replace(
                one.question,
                max_tokens=(5, 24, 70)[n % 3],
                messages=turns(one.question.messages[0].text, system=system),
            ),
        )
        for system in (None, WORDS[:150])
        for n, one in enumerate(many(bases[name], 24))
    ]
    expected = answers(plain, desk, requests)
    assert answers(ours, desk, requests) == expected
    assert max(one.tokens for one in expected.values()) > 64


def test_who_stops_in_the_middle_leaves_the_network_as_it_was(bases, desk):
    backend = HuggingFace(device="cpu", threads=1)
    desk.stop_after = 3
    backend.respond(many(bases["llama"], 12), desk)
    assert 3 <= len(desk.kept) < 12
    network = backend._residence().base(bases["llama"]).network
    assert network.config._attn_implementation == "sdpa"
    assert backend._residence().base(bases["llama"]).network is network
