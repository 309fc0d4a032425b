"""How stages and runs end, in words."""

from collections.abc import Sequence

from ftbench.errors import NeedsHuman, PluginError, ProviderRefused, Stopped
from ftbench.withholding import words_without_quotes


def outcome_of(error: Exception | None) -> str:
    """What a run comes to that was ended by an error."""
    if isinstance(error, NeedsHuman):
        return "unknown"
    return error.outcome if isinstance(error, ProviderRefused) else "failed"


def ended_by_a_plugin(error: SystemExit) -> PluginError:
    """Only a plugin would end the process from within a stage; it may quote a response."""
    return PluginError(
        f"A plugin would end the process: {words_without_quotes(error)}. It is to raise an error "
        "instead; this run is not done."
    )


def summary(done: Sequence[str], failures: Sequence[Exception]) -> str:
    """What a stage did for the runs under way, and how many it did not do."""
    said = done[0] if len(done) == 1 else "; ".join(dict.fromkeys(filter(None, done)))
    if len(done) > 1:
        said = f"{len(done)} runs"
    stopped = sum(isinstance(failure, Stopped) for failure in failures)
    failed = len(failures) - stopped
    counts = (f"{failed} failed" if failed else "", f"{stopped} stopped" if stopped else "")
    return ", ".join(filter(None, (said, *counts)))
