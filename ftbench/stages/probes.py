"""Which ways to ask a run adds to those of its training set, from the config group ``probe``."""

from collections.abc import Mapping
from dataclasses import replace

from ftbench.config.schema import ProbeConfig
from ftbench.errors import UsageError
from ftbench.records import Probe, TrainingSet

from .format import SLOT


def added_probes(wanted: Mapping[str, ProbeConfig], training_set: TrainingSet) -> tuple[Probe, ...]:
    """Each way to ask that the user added: the set's first, changed as the config says.

    Raises UsageError for a name that the training set has already, or a template without a slot.
    """
    own = training_set.probes or (Probe(format=training_set.format),)
    taken = {probe.name for probe in own}
    for name in wanted:
        if name in taken:
            raise UsageError(f"The training set already asks as {name!r}: rename probe.{name}.")
    return tuple(_changed(name, one, own[0]) for name, one in wanted.items())


def _changed(name: str, wanted: ProbeConfig, first: Probe) -> Probe:
    user = first.format.user if wanted.user is None else wanted.user
    if SLOT not in user:
        raise UsageError(f"probe.{name}.user must hold the slot {SLOT}.")
    system = first.format.system if wanted.system is None else wanted.system or None
    changed = replace(first.format, system=system, user=user, prefill=wanted.prefill)
    return Probe(name=name, format=changed)
