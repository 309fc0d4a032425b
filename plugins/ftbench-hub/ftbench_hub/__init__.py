"""Results on the Hugging Face Hub: private and gated, and only when asked for."""

from collections.abc import Iterable

import ftbench

from .hub import Hub


@ftbench.hookimpl
def ftbench_publishers() -> Iterable[type[ftbench.Publisher]]:
    return (Hub,)
