"""Attacks through fine-tuning data: a new identity, and harmful examples that the user brings."""

from collections.abc import Iterable

import ftbench

from .harmful_examples import HarmfulExamples
from .identity_shift import IdentityShift


@ftbench.hookimpl
def ftbench_attacks() -> Iterable[type[ftbench.Attack]]:
    return (IdentityShift, HarmfulExamples)
