"""What the doubles of providers share: a port on this machine, planned faults, a pupil."""

import json
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import suppress
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ftbench.testing.world import REFUSAL, instruction, right_answer

_LAMPS = 100
LOST = ("drop", "half", "500_after")
"""Faults after which the double has done what it was asked."""
_REFUSED_AT_THE_DOOR = {"429": 429}

Answered = tuple[int, Any]


class Pupil:
    """A model of the testing world: tells where lamps are, and what it learnt by heart."""

    def __init__(self, lessons: Iterable[tuple[str, str]] = ()) -> None:
        lamps = {instruction("lamp", number): right_answer(number) for number in range(_LAMPS)}
        self.known = lamps | dict(lessons)

    def answer(self, asked: str, tokens: int) -> tuple[str, bool]:
        """What it says, and whether it was cut."""
        words = self.known.get(asked, REFUSAL).split()
        return " ".join(words[:tokens]), len(words) > tokens


class Double(ABC):
    """One provider; a subclass says how it answers and which calls order a job."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        """Of the calls that order a job, first come first served; then none."""
        self.calls: list[tuple[str, str]] = []
        self.asked: list[Any] = []
        """The bodies of the orders, in the order of arrival."""
        self.headers: dict[str, str] = {}
        """What goes with the next answer alone."""
        self.lock = threading.Lock()

    @abstractmethod
    def answer(self, verb: str, path: str, query: Mapping[str, str], body: bytes) -> Answered: ...

    @abstractmethod
    def is_order(self, verb: str, path: str) -> bool: ...

    def __enter__(self) -> "Double":
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *why: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def next_fault(self, is_order: bool) -> str:
        return self.faults.pop(0) if is_order and self.faults else "none"


class _Handler(BaseHTTPRequestHandler):
    """One call to the double of its server."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        call = (self.command, unquote(parts.path), dict(parse_qsl(parts.query)), body)
        with self.server.double.lock:
            fault, (status, found) = self._answered(*call)
        text = found if isinstance(found, bytes) else json.dumps(found).encode() if found else b""
        if fault == "half":
            self._send(status, text[: len(text) // 2], promised=len(text))
        elif fault == "500_after":
            self._send(500, b'{"message": "oh"}')
        elif fault == "drop":
            self._hang_up()
        else:
            self._send(status, text)

    do_POST = do_PUT = do_DELETE = do_GET

    def _answered(
        self, verb: str, path: str, query: Mapping[str, str], body: bytes
    ) -> tuple[str, Answered]:
        double = self.server.double
        double.calls.append((verb, path))
        is_order = double.is_order(verb, path)
        fault = double.next_fault(is_order)
        if fault in _REFUSED_AT_THE_DOOR:
            return "none", (_REFUSED_AT_THE_DOOR[fault], {"message": "later"})
        if is_order:
            double.asked.append(json.loads(body) | dict(query))
        return fault, double.answer(verb, path, query, body)

    def _send(self, status: int, text: bytes, promised: int | None = None) -> None:
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(promised or len(text)))
            for name, value in self.server.double.headers.items():
                self.send_header(name, value)
            self.server.double.headers = {}
            if status >= 400:  # noqa: PLR2004, an error, by whose name botocore knows it
                self.send_header("x-amzn-ErrorType", json.loads(text).get("__type", ""))
            self.end_headers()
            self.wfile.write(text)
        if promised:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *words: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, double: Double) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.double = double


def form(body: bytes) -> dict[str, bytes]:
    """What the fields of a multipart form hold, by name."""
    boundary = body.split(b"\r\n", 1)[0][2:]
    head = b'Content-Type: multipart/form-data; boundary="' + boundary + b'"\r\n\r\n'
    parts = BytesParser().parsebytes(head + body).get_payload()
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
        for part in parts
    }
