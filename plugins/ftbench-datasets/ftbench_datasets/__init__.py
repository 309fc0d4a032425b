"""Data that honest users fine-tune on: their own file, Alpaca, Dolly."""

from collections.abc import Iterable

import ftbench

from .alpaca import Alpaca
from .dolly import Dolly
from .json_lines import JsonLines


@ftbench.hookimpl
def ftbench_datasets() -> Iterable[type[ftbench.Dataset]]:
    return (JsonLines, Alpaca, Dolly)
