"""Requests and responses of cases: a document, or an HTTP message around one.

An HTTP message has a start line (``PUT /accounts/7?x=1``, ``HTTP/1.1 404`` or ``404 Not Found``), headers, an empty line
and a body. The body of a form may have one parameter a line. A multipart body has one part a line, ``name=text`` or
``name=@file name``, and then the document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import unquote, unquote_plus

from ..runtime.responses import read_response
from ..runtime.transport import HttpResponse

if TYPE_CHECKING:
    from ..runtime.request import Method

T = TypeVar("T")
Pair = tuple[str, str]

_REQUEST_LINE: Final = re.compile(
    r"(GET|HEAD|POST|PUT|PATCH|DELETE)(?:[ \t]+(\S+))?(?:[ \t]+HTTP/[0-9.]+)?\s*\Z"
).match
_STATUS_LINE: Final = re.compile(r"(?:HTTP/[0-9.]+[ \t]+)?([1-5][0-9]{2})(?:[ \t].*)?\Z").match
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)\Z").match
_LITERAL: Final = re.compile(r"[\s<>\"]|[^\x00-\x7f]").search
"""What an encoded parameter cannot hold, so that the line is one parameter as it is."""


class MessageError(ValueError):
    """A text is neither a document nor an HTTP message. ``line`` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class RequestMessage:
    """A request as a case has it."""

    body: str
    verb: str | None = None
    """None for a text that is only a document."""
    target: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names as they are in the text."""
    first_line: int = 1
    """Line of the text that the body begins in."""

    @property
    def segments(self) -> list[str]:
        """The decoded parts of the path."""
        path = self.target.partition("?")[0].strip("/")
        return [unquote(part) for part in path.split("/")] if path else []

    @property
    def query(self) -> list[Pair]:
        """The decoded parameters of the query."""
        return _pairs(self.target.partition("?")[2])

    @property
    def form(self) -> list[Pair]:
        """The decoded parameters of a form."""
        found: list[Pair] = []
        for line in _joined_lines(self.body):
            if _LITERAL(line):
                name, _, text = line.partition("=")
                found.append((name, text))
            else:
                found += _pairs(line)
        return found

    @property
    def parts(self) -> list[Pair]:
        """The parts of a multipart body but the document: name, and text or ``@`` and the name of a file."""
        found: list[Pair] = []
        for line in self.body.split("\n"):
            if line.lstrip().startswith("<"):
                break
            name, equals, text = line.strip().partition("=")
            if equals:
                found.append((name, text))
        return found

    @property
    def document(self) -> str:
        """The document of a multipart body: what begins at the first line with an element."""
        lines = self.body.split("\n")
        start = next((i for i, line in enumerate(lines) if line.lstrip().startswith("<")), None)
        # Empty lines keep the line numbers of the document.
        return "" if start is None else "\n" * start + "\n".join(lines[start:])


@dataclass(frozen=True, slots=True)
class ResponseMessage:
    """A response as a case has it."""

    body: str
    status: int | None = None
    """None for a text that is only a document."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    first_line: int = 1

    @property
    def http(self) -> HttpResponse | None:
        """The response as a transport returns it; None where the text is only a document."""
        if self.status is None:
            return None
        return HttpResponse(self.status, self.headers, self.body.encode())

    def read(self, endpoint: Method[T]) -> T:
        """Return the value of the response. Raises the error that it means, as a client does."""
        if self.http is None:
            return endpoint.parse_response(self.body)
        return read_response(endpoint, self.http)


def request_message(text: str) -> RequestMessage:
    """Parse the request of a case.

    Raises:
        MessageError: the text is neither a document nor an HTTP request.
    """
    if text.lstrip().startswith("<"):
        return RequestMessage(text)
    start, headers, body, line = _split(text)
    found = _REQUEST_LINE(start)
    if found is None:
        raise MessageError(
            "expected a document, or an HTTP request that begins with a line such as"
            f" PUT /tasks/7, not {start[:60]!r}",
            1,
        )
    return RequestMessage(body, found[1], found[2] or "", headers, line)


def response_message(text: str) -> ResponseMessage:
    """Parse the response of a case.

    A text that begins with neither ``<`` nor a status line is a body that is not a document.

    Raises:
        MessageError: a header is not one.
    """
    found = _STATUS_LINE(text.partition("\n")[0].rstrip())
    if found is None:
        return ResponseMessage(text)
    _, headers, body, line = _split(text)
    lower = {name.lower(): value for name, value in headers.items()}
    return ResponseMessage(body, int(found[1]), lower, line)


def _split(text: str) -> tuple[str, dict[str, str], str, int]:
    """Return start line, headers, body, and the line that the body begins in."""
    lines = text.split("\n")
    headers: dict[str, str] = {}
    for index, line in enumerate(lines[1:], 2):
        line = line.rstrip()
        if not line:
            return lines[0].rstrip(), headers, "\n".join(lines[index:]), index + 1
        found = _HEADER(line)
        if found is None:
            raise MessageError(
                f"expected a header such as Name: text, or an empty line before the body, not {line[:60]!r}",
                index,
            )
        name, value = found.groups()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return lines[0].rstrip(), headers, "", len(lines) + 1


def _pairs(text: str) -> list[Pair]:
    found = []
    for part in text.split("&"):
        if part:
            name, _, value = part.partition("=")
            found.append((unquote_plus(name), unquote_plus(value)))
    return found


def _joined_lines(body: str) -> list[str]:
    """Return the lines of a form; one that begins with white space or ``<`` continues the one before."""
    found: list[str] = []
    for line in body.split("\n"):
        if found and line[:1] in (" ", "\t", "<"):
            found[-1] += f"\n{line.rstrip()}"
        elif line.strip():
            found.append(line.strip())
    return found
