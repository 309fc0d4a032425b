"""What the tests of trainings by several processes share."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch
from hf_doubles import PaperDesk
from safetensors.torch import load_file

from ftbench_hf.backend import HuggingFace


@dataclass
class Watched(PaperDesk):
    """A desk at which something is done once a step is made."""

    step: int = 1
    act: Callable[[], None] | None = None

    def progress(self, done, total, **values):
        if done == self.step:
            self.act()
        super().progress(done, total, **values)


def ranks(of=None):
    """The processes that train for a process, such as this one."""
    return [
        each
        for each in psutil.Process(of).children(recursive=True)
        if "ftbench_hf.rank" in each.cmdline()
    ]


def several(count=2, **options):
    return HuggingFace(device="cpu", threads=1, processes=count, **options)


def trained(backend, jobs, folder):
    """The desk of trainings that came to their end."""
    desk = PaperDesk(folder=folder)
    backend.fine_tune(jobs, desk)
    return desk


def assert_same(ours, theirs):
    """Two fine-tunes are the same to rounding."""
    assert (ours.outcome, ours.words, ours.applied) == (
        theirs.outcome,
        theirs.words,
        theirs.applied,
    )
    assert [epoch for epoch, _ in ours.models] == [epoch for epoch, _ in theirs.models]
    for (_, our), (_, their) in zip(ours.models, theirs.models, strict=True):
        found, wanted = (load_file(Path(m.location) / "model.safetensors") for m in (our, their))
        assert found.keys() == wanted.keys()
        for name, weight in wanted.items():
            torch.testing.assert_close(found[name], weight, rtol=0, atol=1e-5)
        settings = [Path(m.location) / "config.json" for m in (our, their)]
        assert settings[0].read_bytes() == settings[1].read_bytes()


def losses(desk):
    return [values["loss"] for _, _, values in desk.progressed]
