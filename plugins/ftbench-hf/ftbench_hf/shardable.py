"""Whether a training may be spread over several processes, and why not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ftbench.errors import DataError, UsageError
from ftbench.records import FineTuneJob, Model

from .adapter_kinds import is_adapter

_ELSEWHERE = ("classifier", "summary")
"""Where networks have dropout that do not write."""


def check_shardable(job: FineTuneJob | None, device: Any, processes: int) -> None:
    """Refuse what several processes cannot do together, or would not do as one does.

    Only what comes out the same, to rounding, is spread, so that the number of processes is no
    part of what a training is known by: a training that ran out of memory can go on with more. An
    adapter fits one device and rules see one network, so that what was asked for is a mistake.

    Raises:
        UsageError: The devices or the way to train do not fit.
        DataError: The model draws random numbers of its own.
    """
    if processes == 1:
        return
    _check_devices(device, processes)
    if job is None:
        return
    if is_adapter(job.method) or job.rules:
        kind = "a training with the rules of a defense" if job.rules else job.method.name
        raise UsageError(
            f"backend.processes={processes} is for full fine-tuning alone, and {kind} is done by "
            "one process: leave backend.processes out, or choose finetune=full without a defense."
        )
    if dropout := next(_dropout(job.base), None):
        raise DataError(
            f"{job.base.location} is trained with a dropout of its own ({dropout}), which would "
            "fall on other numbers in several processes: leave backend.processes out."
        )


def _check_devices(device: Any, processes: int) -> None:
    if processes < 1:
        raise UsageError(f"backend.processes={processes}: give a number from 1, or null.")
    if device.type != "cuda":
        return
    import torch  # noqa: PLC0415, slow to import

    if device.index is not None:
        raise UsageError(
            f"backend.processes={processes} uses a device for each, and backend.device={device} "
            "names one: write backend.device=cuda."
        )
    if (count := torch.cuda.device_count()) < processes:
        raise UsageError(
            f"backend.processes={processes} uses a CUDA device for each, and torch sees {count}. "
            f"Write backend.processes={count}, or make more visible."
        )


def _dropout(model: Model) -> Iterator[str]:
    """Where a model's settings have dropout."""
    from transformers import AutoConfig  # noqa: PLC0415, slow to import

    config = AutoConfig.from_pretrained(
        model.location, revision=model.revision or None, trust_remote_code=False
    )
    for name, value in config.get_text_config().to_dict().items():
        is_rate = isinstance(value, float) and ("dropout" in name or name.endswith("pdrop"))
        if is_rate and value > 0 and not name.startswith(_ELSEWHERE):
            yield f"{name}={value}"
