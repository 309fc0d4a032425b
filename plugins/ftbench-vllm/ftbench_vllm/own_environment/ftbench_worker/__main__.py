"""Starts an engine as the first line says, then answers what each further line asks.

| line in | lines out |
|---|---|
| ``{"start": {...}}`` | ``{"ready": "vllm 0.33.0"}`` |
| ``{"ask": [{"id", "prompt", "adapter", "max_new_tokens", "end_tokens"}]}`` | ``{"id", "tokens", "reason"}`` for each as it is done, then ``{"done": n}`` |

What goes wrong is told by ``{"error": words}``, the last line. Without further lines the process
ends, also while it answers: whoever asked is gone.
"""  # noqa: E501, a table

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

_MOST_WORDS = 300
Say = Callable[[dict[str, Any]], None]


def main() -> int:
    """Serve until the lines end."""
    say = _on_a_channel_of_its_own()
    lines = _lines()
    try:
        runner = _runner(next(lines)["start"])
        say({"ready": runner.version})
        for line in lines:
            done = 0
            for answer in runner.answers(line["ask"]):
                say(answer)
                done += 1
            say({"done": done})
    except Exception as error:  # noqa: BLE001, whatever it is, who asked has to know
        words = str(error).strip().splitlines() or [""]
        say({"error": f"{type(error).__name__}: {words[0]}"[:_MOST_WORDS]})
        raise
    return 0


def _runner(start: dict[str, Any]) -> Any:
    if start["runner"] == "transformers":
        from .with_transformers import Runner as WithTransformers  # noqa: PLC0415, slow to import

        return WithTransformers(start)
    from .with_vllm import Runner as WithVllm  # noqa: PLC0415, slow to import

    return WithVllm(start)


def _on_a_channel_of_its_own() -> Say:
    """Whatever engines print goes to stderr, and what is said here is never between it."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(line: dict[str, Any]) -> None:
        print(json.dumps(line), file=channel, flush=True)

    return say


def _lines() -> Iterator[dict[str, Any]]:
    """What is asked, line by line; a thread reads, so that the end is noticed at once."""
    waiting: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for line in sys.stdin:
            waiting.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield json.loads(waiting.get())


if __name__ == "__main__":
    sys.exit(main())
