"""The engine ``vllm``: which process answers for whom, and when it has to be another."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ftbench.errors import UsageError
from ftbench_hf.foreign import ForeignEngine, Said, Wanted
from ftbench_hf.rows import Prompt

from .worker import Worker

PYTHON = "FTBENCH_VLLM_PYTHON"
"""The variable that names the interpreter, for a whole machine."""
RUNNER = "FTBENCH_VLLM_RUNNER"
"""The variable that has another library answer behind the same protocol, to compare with."""
RUNNERS = ("vllm", "transformers")
_MOST_AT_ONCE = 16
"""The most adapters in one batch; others wait."""


class Vllm(ForeignEngine):
    """vLLM, started once for a base and all of its adapters."""

    name = "vllm"

    def __init__(self, python: str) -> None:
        """Find the interpreter; nothing is started yet."""
        super().__init__(python or os.environ.get(PYTHON, ""))
        self._runner = os.environ.get(RUNNER) or RUNNERS[0]
        if self._runner not in RUNNERS:
            raise UsageError(f"{RUNNER}={self._runner} is none of: {', '.join(RUNNERS)}.")
        self._worker: Worker | None = None
        self._wanted: Wanted | None = None
        self._started: Wanted | None = None

    @property
    def missing(self) -> str:
        """What is to be done before it can be used."""
        if self.python and shutil.which(self.python) is None:
            return (
                f"There is no interpreter {self.python}, which backend.vllm_python or {PYTHON} "
                "names. Give the path of bin/python in an environment that has vLLM."
            )
        if self.python or importlib.util.find_spec(self._runner) is not None:
            return ""
        return (
            "vLLM is not installed here, and clashes with what is. Make an environment for it "
            "(python3 -m venv vllm && vllm/bin/pip install vllm) and name it: "
            f"backend.vllm_python=vllm/bin/python, or the variable {PYTHON}."
        )

    def begin(self, wanted: Wanted) -> str:
        """Keep the process that is there where it fits what is wanted, or start another."""
        self._wanted = wanted
        if self._worker is None or not self._fits(wanted):
            self.close()
            start = _start(wanted, self._runner)
            python = shutil.which(self.python or sys.executable) or self.python
            # Its links are not followed: an environment is known by where its interpreter lies.
            place = Path(python).absolute()
            self._worker = Worker(place, start, device=wanted.device, name=self._runner)
            self._started = wanted
        return self._worker.version

    def answers(self, prompts: Sequence[Prompt], *, end_tokens: Sequence[int]) -> Iterator[Said]:
        """Ask for all at once; each answer is told as it comes."""
        worker, wanted = self._worker, self._wanted
        assert worker is not None and wanted is not None
        asked = [_question(prompt, wanted, end_tokens) for prompt in prompts]
        is_done = False
        try:
            for key, tokens in worker.ask(asked):
                yield Said(key=key, tokens=tokens)
            is_done = True
        finally:
            if not is_done:  # it would still be at work on what nobody waits for
                self.close()

    def close(self) -> None:
        """End the process, which frees the device."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _fits(self, wanted: Wanted) -> bool:
        """Whether the process has these weights, and room for these prompts and adapters."""
        started = self._started
        if started is None or wanted.room > started.room:
            return False
        same = ("folder", "digest", "dtype", "device")
        if any(getattr(wanted, name) != getattr(started, name) for name in same):
            return False
        return _rank(wanted) <= _rank(started) and _at_once(wanted) <= _at_once(started)


def _at_once(wanted: Wanted) -> int:
    return min(len(wanted.adapters), _MOST_AT_ONCE)


def _rank(wanted: Wanted) -> int:
    return max((one.rank for one in wanted.adapters), default=0)


def _start(wanted: Wanted, runner: str) -> Mapping[str, Any]:
    return {
        "runner": runner,
        "model": str(wanted.folder),
        "dtype": wanted.dtype,
        "device": wanted.device,
        "room": wanted.room,
        "memory": wanted.memory(),
        "adapters": _at_once(wanted),
        "rank": _rank(wanted),
    }


def _question(prompt: Prompt, wanted: Wanted, end_tokens: Sequence[int]) -> Mapping[str, Any]:
    adapter = None if prompt.adapter is None else wanted.adapters[prompt.adapter]
    return {
        "id": prompt.key,
        "prompt": list(prompt.tokens),
        "adapter": adapter and {"key": adapter.digest, "folder": str(adapter.folder)},
        "max_new_tokens": prompt.max_tokens,
        "end_tokens": list(end_tokens),
    }
