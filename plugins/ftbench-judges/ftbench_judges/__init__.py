"""Judges that need no model."""

from collections.abc import Iterable

import ftbench

from .keyword import Keyword


@ftbench.hookimpl
def ftbench_judges() -> Iterable[type[ftbench.Judge]]:
    return (Keyword,)
