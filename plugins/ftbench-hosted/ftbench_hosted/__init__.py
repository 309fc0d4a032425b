"""Backends that fine-tune at a provider: one lifecycle, paid once, refused honestly."""

from collections.abc import Iterable

import ftbench

from .azure import Azure
from .bedrock import Bedrock
from .fireworks import Fireworks
from .openai import OpenAI
from .together import Together


@ftbench.hookimpl
def ftbench_backends() -> Iterable[type[ftbench.Backend]]:
    return (OpenAI, Azure, Together, Fireworks, Bedrock)
