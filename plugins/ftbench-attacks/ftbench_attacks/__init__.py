"""Attacks through fine-tuning data: what shifts, harms, hides or selects, and their controls."""

from collections.abc import Iterable

import ftbench

from .backdoor import Backdoor
from .benign_selection import BenignSelection
from .harmful_examples import HarmfulExamples
from .identity_shift import IdentityShift
from .refusals_only import RefusalsOnly
from .sham import Sham


@ftbench.hookimpl
def ftbench_attacks() -> Iterable[type[ftbench.Attack]]:
    return (IdentityShift, HarmfulExamples, Backdoor, BenignSelection, RefusalsOnly, Sham)
