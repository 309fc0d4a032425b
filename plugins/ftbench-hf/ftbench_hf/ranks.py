"""The processes that train together, seen from outside: started, told to stop, heard and ended."""

from __future__ import annotations

import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import IO, Any

import torch

from ftbench import errors
from ftbench.errors import FtbenchError

from .memory import OutOfMemory
from .orders import STOP, Orders

_TICK = 0.5
"""Seconds between two looks at whether the user asked to stop."""
_PATIENCE = 60
"""Seconds in which processes that were told to end have to; torch's launcher allows them 30."""
_MOST = 3000


class ProcessLost(FtbenchError):
    """Something from outside ended a process of a training that several share."""

    exit_code = 74


class Ranks:
    """A context in which processes train; at its end all are over, whatever they were doing.

    They are subprocesses of a launcher of torch: the process that calls joins no group, and a
    script of the user's is not run again, as it is in processes that are spawned.
    """

    def __init__(self, count: int, device: str) -> None:
        self._count = count
        self._device = device
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        self._ends: list[Mapping[str, Any]] = []
        self._codes: list[int] = []

    def __enter__(self) -> Ranks:
        """Start them; they wait for their orders."""
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ftbench_hf.launching", str(self._count), self._device],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=os.environ | _environment(self._count),
            start_new_session=True,  # Ctrl-C is for the process that calls
        )
        Thread(target=self._hear, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End those that are left: at the end of their input by themselves, or else by force."""
        with suppress(OSError):
            _open(self._process.stdin).close()
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def order(self, orders: Orders) -> None:
        """Say what to train; once, and before anything else."""
        self._send(pickle.dumps(orders))

    def stop(self) -> None:
        """Ask for a checkpoint after the step under way, and the end."""
        self._send(STOP)

    def said(self) -> Iterator[Mapping[str, Any]]:
        """What they say, until all are over; nothing now and then, while they are silent."""
        while True:
            try:
                line = self._lines.get(timeout=_TICK)
            except Empty:
                yield {}
                continue
            if not line:
                self._codes.append(self._process.wait())
                return
            told = json.loads(line)
            if "log" in told:
                name, level, text = told["log"]
                logging.getLogger(name).log(level, "%s", text)
            else:
                self._codes += told.get("codes", [])
                self._ends += [told] if "end" in told else []
                yield told

    def fault(self) -> Exception:
        """Why they ended before all was done."""
        ends = {told["end"]: told for told in reversed(self._ends)}
        if "error" in ends:
            known: dict[str, type[Exception]] = {**vars(errors), OutOfMemory.__name__: OutOfMemory}
            return known.get(ends["error"]["kind"], FtbenchError)(ends["error"]["words"])
        # The launcher ends the others with SIGTERM, and what they say is that one was lost.
        signals = sorted({-code for code in self._codes if code < 0} - {signal.SIGTERM})
        if signals or "crash" not in ends:
            return self._lost(signals)
        return RuntimeError(ends["crash"]["words"])

    def _lost(self, signals: Sequence[int]) -> Exception:
        if not signals and signal.SIGTERM not in {-code for code in self._codes}:
            self._errors.seek(0)
            return RuntimeError(self._errors.read()[-_MOST:].decode(errors="replace"))
        name = signal.strsignal(signals[0] if signals else signal.SIGTERM)
        return ProcessLost(
            f"One of the {self._count} processes of the training was ended from outside ({name}), "
            "as a system does whose memory runs out. The same command goes on from the newest "
            "checkpoint."
        )

    def _send(self, content: bytes) -> None:
        with suppress(BrokenPipeError):  # why nobody reads any more is told at their end
            pipe = _open(self._process.stdin)
            pipe.write(content)
            pipe.flush()

    def _hear(self) -> None:
        with _open(self._process.stdout) as pipe:
            for line in pipe:
                self._lines.put(line)
        self._lines.put(b"")


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # it was asked for
    return pipe


def _environment(count: int) -> dict[str, str]:
    """The modules that are found here, and an equal part of the threads for each."""
    return {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "OMP_NUM_THREADS": str(max(1, torch.get_num_threads() // count)),
    }
