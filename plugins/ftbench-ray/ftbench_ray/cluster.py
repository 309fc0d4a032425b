"""How a command joins a Ray cluster and leaves it again, without a word of Ray's own."""

import logging
import os
import secrets
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from ftbench.errors import UsageError

_QUIET = {"RAY_USAGE_STATS_ENABLED": "0"}
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_ANSWER_SECONDS = 10.0
_STORE_BYTES = 100_000_000
"""Of a cluster that is started here; jobs hand over next to nothing."""
_ERRORS = 2
"""The descriptor of the error stream, to which Ray's C++ part writes."""
_HOW_TO_START = (
    "Start one with `ray start --head`, name one with hydra.launcher.address=HOST:PORT, or have "
    "one of this machine alone, for this command, with hydra.launcher.address=local."
)
_INSTALL = "pip install ftbench-ray on this machine and on every node."


@contextmanager
def joined(address: str, *, retries: int) -> Iterator[Any]:
    """Ray, while this process is a driver of the cluster at an address.

    ``auto`` never starts a cluster: a sweep that was meant for many machines would be done on
    this one, and nobody told. After so many ``retries`` a task that takes too much memory is
    given up, which Ray would not do. Raises UsageError where no cluster can be joined.
    """
    where = (os.environ.get("RAY_ADDRESS") or address) if address == "auto" else address
    _knock(where)
    told = _told(where, retries)
    with _environment(told), Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        ray = _imported()
        if ray.is_initialized():
            yield ray
            return
        try:
            _join(ray, where)
            yield ray
        finally:
            ray.shutdown()


def head_answers(ray: Any) -> bool:
    """Whether the head of the joined cluster can be reached.

    Whoever asks Ray for something while it cannot is ended by Ray's C++ part, after a minute.
    """
    host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
    try:
        _connect(host, int(port))
    except OSError:
        return False
    return True


def _connect(host: str, port: int) -> None:
    socket.create_connection((host.strip("[]"), port), _ANSWER_SECONDS).close()


def _knock(where: str) -> None:
    """Ray itself tries for a minute. Raises UsageError where nobody answers."""
    if where in ("auto", "local"):
        return
    host, _, port = where.rpartition("://")[2].rpartition(":")
    if not host or not port.isdigit():
        raise UsageError(f"hydra.launcher.address={where} is no address, such as HOST:PORT.")
    try:
        _connect(host, int(port))
    except OSError as error:
        said = error.strerror or type(error).__name__
        raise UsageError(f"No Ray cluster answers at {where} ({said}). {_HOW_TO_START}") from error


def _imported() -> Any:
    try:
        import ray  # noqa: PLC0415, slow to import
    except ImportError as error:
        raise UsageError(f"Ray cannot be imported ({error}): {_INSTALL}") from error
    return ray


def _join(ray: Any, where: str) -> None:
    logging.getLogger("ray").setLevel(logging.ERROR)
    own: dict[str, Any] = {}
    if where == "local":
        own = {"include_dashboard": False, "object_store_memory": _STORE_BYTES}
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        with _unheard():
            ray.init(where, log_to_driver=False, logging_level=logging.ERROR, **own)
    except Exception as error:
        raise UsageError(_refusal(where, error)) from error
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _refusal(where: str, error: Exception) -> str:
    """Why a cluster cannot be joined: the last of what Ray says is the reason."""
    if isinstance(error, ConnectionError) and where == "auto":
        return f"This machine is no node of a Ray cluster that runs. {_HOW_TO_START}"
    reason: BaseException = error
    while (cause := reason.__cause__ or reason.__context__) is not None:
        reason = cause
    if "authentication token" in str(reason).lower():
        return (
            f"The Ray cluster at {where} wants its token: set RAY_AUTH_MODE=token, and "
            "RAY_AUTH_TOKEN_PATH to the file that holds it."
        )
    said = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return f"The Ray cluster at {where} cannot be joined. Ray says: {said}."


@contextmanager
def _unheard() -> Iterator[None]:
    """Meanwhile nothing written to the error stream, by C++ as well, is seen."""
    kept, nowhere = os.dup(_ERRORS), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, _ERRORS)
        yield
    finally:
        os.dup2(kept, _ERRORS)
        os.close(kept)
        os.close(nowhere)


def _told(where: str, retries: int) -> dict[str, str]:
    """What Ray reads as it is imported; a cluster of our own has a token that is in no file."""
    told = _QUIET | {"RAY_task_oom_retries": str(retries)}
    if where == "local" and "RAY_AUTH_MODE" not in os.environ:
        told |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    return told


@contextmanager
def _environment(told: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
