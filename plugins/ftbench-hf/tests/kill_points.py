"""Kills trainings at their syncs and renames, each in a fork of one process that imported torch.

    python kill_points.py MODEL FOLDER STRIDE

Prints one JSON object: for each method how many points there are, which were tried, and the
digests of the weights that the same training gave when it was started again.
"""

import json
import os
import signal
import sys
from pathlib import Path

from hf_doubles import PaperDesk, job

from ftbench import Full, Lora
from ftbench.records import Model
from ftbench_hf.backend import HuggingFace

BACKEND = HuggingFace(device="cpu", checkpoint_seconds=0, threads=1)
METHODS = {"full": Full(), "lora": Lora(dropout=0.3)}


def train(base: Model, method: str, folder: Path) -> list[str]:
    """Train two epochs with a checkpoint after each step; returns the digests."""
    desk = PaperDesk(folder=folder)
    BACKEND.fine_tune([job(base, METHODS[method], batch_size=6, keep=(1,))], desk)
    return [model.digest for _, model in desk.kept[0].models]


def count_or_die(point: int) -> list[str]:
    """Let this process be killed right before its n-th sync or rename."""
    calls: list[str] = []

    def counted(real):
        def call(*arguments, **options):
            calls.append(real.__name__)
            if len(calls) == point:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)

        return call

    os.fsync, os.rename = counted(os.fsync), counted(os.rename)
    return calls


def forked(work) -> object:
    """What work returned in a child; None if the child was killed."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(write, "w") as pipe:
            json.dump(work(), pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return json.loads(said) if said else None


def points(base: Model, method: str, folder: Path) -> int:
    """How many syncs and renames an undisturbed training has."""

    def work():
        calls = count_or_die(0)
        train(base, method, folder)
        return len(calls)

    return forked(work)


def tried(base: Model, method: str, folder: Path, point: int) -> object:
    """The digests after a kill at a point and one more start."""

    def killed():
        count_or_die(point)
        return train(base, method, folder)

    assert forked(killed) is None, f"nothing happened at point {point}"
    return forked(lambda: train(base, method, folder))


def warm_up(base: Model, folder: Path) -> None:
    """Do once what every child would do again; a gradient cannot be taken before a fork."""
    from ftbench_hf.fine_tuning import Dose, RuleBook, Trainer, fresh_adapter
    from ftbench_hf.saving import save_adapter, save_whole

    loaded = BACKEND._residence().base(base)
    save_whole(loaded, base, folder / "whole", facts={})
    with fresh_adapter(loaded, METHODS["lora"], seed=0) as adapted:
        save_adapter(adapted, base, folder / "adapter", facts={})
        dose = Dose(epochs=1, learning_rate=0.1, batch_size=1, seed=0, part_tokens=1)
        trainer = Trainer(adapted, dose, rules=RuleBook(()))
        for weight in trainer.optimizer.param_groups[0]["params"]:
            weight.grad = weight.detach().clone()
        trainer.optimizer.step()


def main(location: str, folder: Path, stride: int) -> None:
    """Try every STRIDE-th point of each method."""
    base = BACKEND.resolve(Model(location=location, digest="", family="llama"))
    warm_up(base, folder / "warm")
    report = {}
    for method in METHODS:
        total = points(base, method, folder / method)
        chosen = range(1, total + 1, stride)
        report[method] = {
            "points": total,
            "whole": forked(lambda method=method: train(base, method, folder / f"{method}-whole")),
            "tried": {
                str(point): tried(base, method, folder / f"{method}-{point}", point)
                for point in chosen
            },
        }
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
