"""What answers the samples: something on loopback that is told which case is asked for, and tells what it was sent.

:class:`CaseServer` gives each request the answer of its case. Anything else that has the three methods of :class:`Answers`,
such as a server that keeps state, can take its place.
"""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from email.message import Message
from email.parser import Parser
from typing import Final, Protocol

from ..runtime.testing import tree

_LARGEST_HEAD: Final = 64 * 1024


@dataclass(slots=True)
class Exchange:
    """One request and its answer, as they were on the wire."""

    request: bytes
    answer: bytes
    problem: str = ""
    """Why the request is not that of its case; empty where it is."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a case says of a call."""

    document: str
    """The request document."""
    status: int
    media: str
    body: str


class Answers(Protocol):
    """Something that answers calls of samples."""

    def start(self) -> str:
        """Begin to listen, on loopback; the address that calls are sent to."""
        ...

    def expect(self, case: Expected) -> None:
        """The next calls belong to this case."""

    def taken(self) -> list[Exchange]:
        """What went and came since this was last asked."""
        ...

    def stop(self) -> None:
        """Listen no more."""


@dataclass(slots=True)
class CaseServer:
    """Answers a request with what its case says, if it is the request that the case says."""

    path: str = "/"
    _case: Expected | None = None
    _exchanges: list[Exchange] = field(default_factory=list)
    _listening: socket.socket | None = None
    _open: list[socket.socket] = field(default_factory=list)

    def start(self) -> str:
        self._listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}{self.path}"

    def expect(self, case: Expected) -> None:
        self._case = case

    def taken(self) -> list[Exchange]:
        found, self._exchanges = self._exchanges, []
        return found

    def stop(self) -> None:
        for each in (self._listening, *self._open):
            if each is not None:
                each.close()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reading:
            while True:
                try:
                    request = _read(reading)
                    if request is None:
                        return
                    exchange = self._answered(*request)
                    self._exchanges.append(exchange)
                    connection.sendall(exchange.answer)
                except OSError:
                    return

    def _answered(self, head: bytes, body: bytes) -> Exchange:
        case = self._case
        problem = "no case is asked for"
        if case is not None:
            problem = _difference(head, body, case)
            if not problem:
                answer = _answer(case.status, case.media, case.body.encode())
                return Exchange(head + body, answer)
        return Exchange(head + body, _answer(500, "text/plain", problem.encode()), problem)


class _Reading(Protocol):
    def readline(self, size: int = -1, /) -> bytes: ...
    def read(self, size: int = -1, /) -> bytes: ...


def _read(reading: _Reading) -> tuple[bytes, bytes] | None:
    """Head and body of a request; None where there is no further one."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = reading.readline(_LARGEST_HEAD)
        if not line or len(head) > _LARGEST_HEAD:
            return None
        head += line
    length = headers_of(head).get("Content-Length", "0")
    return head, reading.read(int(length) if length.isdigit() else 0)


def headers_of(head: bytes) -> Message:
    """The headers of a request or answer."""
    return Parser().parsestr(head.decode("latin-1").partition("\r\n")[2], headersonly=True)


def document_of(head: bytes, body: bytes) -> bytes:
    """The XML document of a request, which may be the first of several parts."""
    headers = headers_of(head)
    boundary = headers.get_param("boundary")
    if not isinstance(boundary, str):
        return body
    first = body.split(b"--" + boundary.encode("latin-1"), 2)[1]
    return first.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")


def _difference(head: bytes, body: bytes, case: Expected) -> str:
    document = document_of(head, body)
    try:
        same = tree(document) == tree(case.document)
    except Exception as error:  # whatever a sample may send
        return f"the request cannot be read: {error}"
    return (
        ""
        if same
        else f"the request is not that of its case: {document.decode('utf-8', 'replace')}"
    )


def _answer(status: int, media: str, body: bytes) -> bytes:
    from http import HTTPStatus

    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = "Answer"
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode("latin-1") + body
