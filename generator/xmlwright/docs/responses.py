"""A loopback server that responds to samples and records what they send.

:class:`CaseServer` gives each request the response of its case. Anything else that has the three methods of :class:`ResponseServer`,
such as a server that keeps state, can take its place.
"""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.parser import Parser
from http import HTTPStatus
from typing import Final, Protocol
from urllib.parse import parse_qsl

from lxml import etree

from ..runtime.testing import tree

_LARGEST_HEAD: Final = 64 * 1024


@dataclass(slots=True)
class HttpExchange:
    """A request and its response as sent."""

    request: bytes
    answer: bytes
    problem: str = ""
    """Difference between the request and its case; empty if they match."""


@dataclass(frozen=True, slots=True)
class ExpectedCall:
    """The call that a case expects."""

    document: str
    """The request document."""
    status: int
    media: str
    body: str
    verb: str = ""
    """Empty for a document that is POSTed to the URL of the API."""
    target: str = ""
    """Path and query below the URL of the API."""
    form: tuple[tuple[str, str], ...] = ()
    credentials: tuple[str, ...] = ()
    """Elements below the root that hold credentials."""
    headers: tuple[tuple[str, str], ...] = ()
    """Headers of the response."""


class ResponseServer(Protocol):
    """A server that responds to the calls of samples."""

    def start(self) -> str:
        """Listen on loopback and return the address."""
        ...

    def expect(self, case: ExpectedCall) -> None:
        """Expect the next calls to match this case."""

    def take_exchanges(self) -> list[HttpExchange]:
        """Return the exchanges since the last call of this method."""
        ...

    def stop(self) -> None:
        """Stop listening."""


@dataclass(slots=True)
class CaseServer:
    """Returns the response of a case if the request matches the case."""

    path: str = "/"
    _case: ExpectedCall | None = None
    _exchanges: list[HttpExchange] = field(default_factory=list)
    _listening: socket.socket | None = None
    _open: list[socket.socket] = field(default_factory=list)

    def start(self) -> str:
        """Listen on loopback and return the address."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}{self.path}"

    def expect(self, case: ExpectedCall) -> None:
        """Expect the next calls to match this case."""
        self._case = case

    def take_exchanges(self) -> list[HttpExchange]:
        """Return the exchanges since the last call of this method."""
        found, self._exchanges = self._exchanges, []
        return found

    def stop(self) -> None:
        """Stop listening."""
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

    def _answered(self, head: bytes, body: bytes) -> HttpExchange:
        case = self._case
        problem = "unexpected call"
        if case is not None:
            problem = _difference(head, body, case)
            if not problem:
                answer = _answer(case.status, case.media, case.body.encode(), case.headers)
                return HttpExchange(head + body, answer)
        return HttpExchange(head + body, _answer(500, "text/plain", problem.encode()), problem)


class _Reading(Protocol):
    def readline(self, size: int = -1, /) -> bytes: ...
    def read(self, size: int = -1, /) -> bytes: ...


def _read(reading: _Reading) -> tuple[bytes, bytes] | None:
    """Return head and body of the next request; None at the end of the connection."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = reading.readline(_LARGEST_HEAD)
        if not line or len(head) > _LARGEST_HEAD:
            return None
        head += line
    length = headers_of(head).get("Content-Length", "0")
    return head, reading.read(int(length) if length.isdigit() else 0)


def headers_of(head: bytes) -> Message:
    """Return the headers of a request or response."""
    return Parser().parsestr(head.decode("latin-1").partition("\r\n")[2], headersonly=True)


def document_of(head: bytes, body: bytes) -> bytes:
    """Return the XML document of a request, which can be the first part of a multipart body; empty for files alone."""
    headers = headers_of(head)
    boundary = headers.get_param("boundary")
    if not isinstance(boundary, str):
        return body
    first = body.split(b"--" + boundary.encode("latin-1"), 2)[1]
    facts, _, content = first.partition(b"\r\n\r\n")
    return content.removesuffix(b"\r\n") if b"xml" in facts.lower() else b""


def _difference(head: bytes, body: bytes, case: ExpectedCall) -> str:
    if case.verb:
        problem = _line_difference(head, case)
        if problem:
            return problem
        if case.form:
            sent = Counter(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
            missing = Counter((name, text) for name, text in case.form) - sent
            return f"the form lacks {', '.join(name for name, _ in missing)}" if missing else ""
    document = document_of(head, body)
    if not case.document:
        return f"a body was sent: {document.decode('utf-8', 'replace')}" if document else ""
    if not document.startswith(b"<"):
        return (
            "" if document.decode("utf-8", "replace") == case.document else "another body was sent"
        )
    try:
        same = _without(document, case.credentials) == _without(
            case.document.encode(), case.credentials
        )
    except Exception as error:  # any malformed request
        return f"the request isn't valid XML: {error}"
    return (
        "" if same else f"the request differs from its case: {document.decode('utf-8', 'replace')}"
    )


def _line_difference(head: bytes, case: ExpectedCall) -> str:
    """Return the difference between the verb, path and query of a request and its case."""
    line = head.split(b"\r\n", 1)[0].decode("latin-1")
    verb, _, rest = line.partition(" ")
    path, _, query = rest.rpartition(" ")[0].partition("?")
    wanted_path, _, wanted_query = case.target.partition("?")
    wanted = Counter(parse_qsl(wanted_query, keep_blank_values=True))
    missing = wanted - Counter(parse_qsl(query, keep_blank_values=True))
    if verb != case.verb or not path.rstrip("/").endswith(wanted_path.rstrip("/")) or missing:
        return f"the request is {line!r}, and the case is {case.verb} {case.target}"
    return ""


def _without(document: bytes, names: Sequence[str]) -> object:
    """Return the tree of a document without some elements below the root."""
    if not names:
        return tree(document)
    root = etree.fromstring(document)
    for child in list(root):
        if etree.QName(child).localname in names:
            root.remove(child)
    return tree(etree.tostring(root))


def _answer(status: int, media: str, body: bytes, headers: Sequence[tuple[str, str]] = ()) -> bytes:
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = "Response"
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {text}" for name, text in headers)]
    if body:
        lines.append(f"Content-Type: {media}")
    if status != HTTPStatus.NO_CONTENT:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
