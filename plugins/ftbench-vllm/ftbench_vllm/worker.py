"""A process in another environment that answers: started, asked, heard and ended."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ftbench_hf.foreign import EngineFailed

_PLACE = Path(__file__).parent / "own_environment"
_MODULE = "ftbench_worker"
_PATIENCE_SECONDS = 3600.0
"""The longest silence: a large model may take long to load, and then long to answer."""
_LAST_SECONDS = 10.0
"""From its last line to its end."""
_MOST_WORDS = 200
_GOES_ON = (
    "What was answered is kept: the same command asks for the rest, and does without it with "
    "backend.engine=in_flight."
)


class Worker:
    """One process, and the base model that it has loaded."""

    version: str
    """Name and version of the library that answers."""

    def __init__(
        self,
        python: Path,
        start: Mapping[str, Any],
        *,
        device: str,
        name: str,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        """Wait until it is ready.

        Raises:
            EngineFailed: It does not start.
        """
        self._name = name
        self._patience_seconds = patience_seconds
        self._place = TemporaryDirectory(prefix="ftbench-vllm-")
        self._complaints = Path(self._place.name) / "stderr"
        try:
            self._process = self._begun(python, device)
        except OSError as error:
            self._place.cleanup()
            raise EngineFailed(f"{name} did not start: {error.strerror}. {_GOES_ON}") from error
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self._say({"start": start})
            ready = self._heard(f"{name} did not start").get("ready")
            if not isinstance(ready, str):
                raise EngineFailed(f"{name} did not start as it should. {_GOES_ON}")
        except BaseException:  # whatever it is, nobody else could end the process
            self.close()
            raise
        self.version = ready

    def ask(self, questions: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, tuple[int, ...]]]:
        """The tokens of each answer, by its key, as they come.

        Raises:
            EngineFailed: It ended, or said what cannot be understood.
        """
        waiting = {question["id"] for question in questions}
        self._say({"ask": list(questions)})
        while True:
            line = self._heard(f"{self._name} ended with {len(waiting)} answers to go")
            if "done" in line and not waiting:
                return
            key, tokens = line.get("id"), _tokens(line.get("tokens"))
            if key not in waiting or tokens is None:
                raise EngineFailed(
                    f"{self._name} said what is no answer to any of {len(waiting)} questions. "
                    f"{_GOES_ON}"
                )
            waiting.remove(key)
            yield str(key), tokens

    def close(self) -> None:
        """End it and whatever it has started."""
        if self._process.returncode is None:  # else its number may be somebody else's by now
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        self._place.cleanup()

    def _begun(self, python: Path, device: str) -> subprocess.Popen[str]:
        """In a folder of its own, with nothing of this environment on its path.

        In a session of its own, so that an interrupt at the keyboard does not cut off an answer.
        """
        hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
        environment = {name: value for name, value in os.environ.items() if name not in hidden}
        environment["PYTHONPATH"] = str(_PLACE)
        if device.startswith("cuda"):
            environment["CUDA_VISIBLE_DEVICES"] = _seen(device)
        with self._complaints.open("w", encoding="utf-8") as stderr:
            return subprocess.Popen(
                [str(python), "-m", _MODULE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=self._place.name,
                env=environment,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )

    def _say(self, line: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):  # whether it is still there shows when it is heard
            print(json.dumps(line), file=self._process.stdin, flush=True)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with suppress(ValueError):  # closed meanwhile
            for line in self._process.stdout:
                self._lines.put(line)
        self._lines.put(None)

    def _heard(self, otherwise: str) -> dict[str, Any]:
        """The next line. Raises EngineFailed where there is none, or it is not to be understood."""
        try:
            said = self._lines.get(timeout=self._patience_seconds)
        except queue.Empty:
            words = f"it was silent for {self._patience_seconds:.0f} s"
            raise EngineFailed(f"{otherwise}: {words}. {_GOES_ON}") from None
        if said is None:
            raise EngineFailed(f"{otherwise}: {self._last_words()}. {_GOES_ON}")
        try:
            line = json.loads(said)
        except ValueError:
            line = None
        if not isinstance(line, dict):
            raise EngineFailed(f"{otherwise}: it said what is no line of JSON. {_GOES_ON}")
        if "error" in line:
            raise EngineFailed(f"{otherwise}: {str(line['error']).rstrip('.')}. {_GOES_ON}")
        return line

    def _last_words(self) -> str:
        try:
            code: int | str = self._process.wait(timeout=_LAST_SECONDS)
        except subprocess.TimeoutExpired:
            code = "none yet"
        said = self._complaints.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        words = said[-1].strip().rstrip(".")[:_MOST_WORDS] if said else "it said nothing"
        return f"{words} (exit code {code})"


def _tokens(said: object) -> tuple[int, ...] | None:
    if isinstance(said, list) and all(type(token) is int and token >= 0 for token in said):
        return tuple(said)
    return None


def _seen(device: str) -> str:
    """The name of a device to a process that shall see no other."""
    number = int(device.partition(":")[2] or 0)
    listed = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    return listed.split(",")[number] if listed else str(number)
