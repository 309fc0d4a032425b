"""A backend on this machine: transformers and peft, on a CPU or a CUDA device."""

from collections.abc import Iterable

from ftbench import Backend, hookimpl

from .backend import HuggingFace


@hookimpl
def ftbench_backends() -> Iterable[type[Backend]]:
    return (HuggingFace,)
