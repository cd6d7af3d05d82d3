"""Requests and responses between the connection and the application, and the little of HTTP that both know."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from html import escape
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote, urlsplit

from ..binding.routing import Part

HTML: Final = "text/html; charset=utf-8"
JSON: Final = "application/json"
PLAIN: Final = "text/plain; charset=utf-8"
_MOST_PARTS: Final = 100
_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?")


@dataclass(slots=True)
class Request:
    """One HTTP request, all of it."""

    verb: str
    target: str
    headers: Mapping[str, str]
    """By lower-case name; several of one name are joined by a comma."""
    body: bytes
    secure: bool
    """Whether it came over TLS."""
    path: str = field(init=False)
    """Without query, and with what was percent-encoded read."""
    query: str = field(init=False)
    raw_path: str = field(init=False)
    """Without query, percent-encoded."""

    def __post_init__(self) -> None:
        if self.target[:1] != "/":  # as a proxy is asked
            parts = urlsplit(self.target)
            path, self.query = parts.path or "/", parts.query
        else:
            path, _, self.query = self.target.partition("?")
        self.raw_path = path
        self.path = unquote(path, errors="replace") if "%" in path else path

    @property
    def host(self) -> str:
        """Host name from the Host header, in lower case and without its port; empty if it is not a valid one."""
        found = _HOST.fullmatch(self.headers.get("host", "").strip().lower())
        return found[1] if found else ""


@dataclass(slots=True)
class WireFault:
    """What goes wrong while a response is sent."""

    reset: bool = False
    """The connection is reset, with nothing sent."""
    instead: bytes | None = None
    """These bytes are sent, and the connection closed."""
    close_after: int | None = None
    """So many bytes of the body are sent, then the connection is closed."""
    bytes_a_second: float | None = None
    wait: float = 0.0
    """Seconds before anything of it happens."""


@dataclass(slots=True)
class Response:
    """One HTTP response."""

    status: int
    body: bytes = b""
    content_type: str = PLAIN
    headers: list[tuple[str, str]] = field(default_factory=list)
    stream: AsyncIterator[bytes] | None = None
    """More of the body, as it comes; the connection ends with it."""
    wire: WireFault | None = None

    def head(self, *, keep: bool) -> bytes:
        """Return the status line and headers."""
        lines = [_STATUS_LINES.get(self.status) or f"HTTP/1.1 {self.status} Unknown\r\n"]
        if self.status not in (204, 304):
            lines.append(f"Content-Type: {self.content_type}\r\n")
            if self.stream is None:
                lines.append(f"Content-Length: {len(self.body)}\r\n")
        elif self.body:
            raise ValueError(f"a response with status {self.status} has no body")
        for name, value in self.headers:
            lines.append(f"{name}: {_header_text(value)}\r\n")
        lines.append("\r\n" if keep else "Connection: close\r\n\r\n")
        return "".join(lines).encode("latin-1", "replace")


_STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus
}


def _header_text(value: str) -> str:
    """Return a value that ends where it should: a line break in it would begin another header."""
    return value if value.isprintable() else "".join(c if c.isprintable() else " " for c in value)


def page(status: int, title: str, text: str, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """Return a small HTML page for errors outside the API."""
    body = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head>\n'
        f"<body><h1>{escape(title)}</h1><p>{escape(text)}</p></body></html>\n"
    )
    return Response(status, body.encode(), HTML, list(headers))


class MultipartError(ValueError):
    """A multipart body that cannot be taken apart; the text says why."""


@dataclass(frozen=True)
class Multipart:
    """A multipart body, taken apart."""

    document: bytes
    files: dict[str, Part]
    """The other parts, by content ID or by name."""
    named: tuple[tuple[str, Part], ...]
    """All parts of form data, in their order."""


def parts_of(content_type: str, body: bytes) -> Multipart:
    """Return the parts of a multipart body.

    The document is the part that ``start`` of the content type names; else the first that is XML, or just the first.

    Raises:
        MultipartError: the body cannot be taken apart.
    """
    header = Message()
    header["Content-Type"] = content_type
    try:
        boundary, start = header.get_boundary(), header.get_param("start")
    except (ValueError, TypeError, LookupError):
        raise MultipartError("the Content-Type of the multipart body is malformed") from None
    if not boundary or len(boundary) > 200 or not boundary.isascii():
        raise MultipartError("the multipart body has no boundary")
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("ascii"))
    if len(pieces) < 3 or pieces[-1][:2] != b"--":
        raise MultipartError("the multipart body does not end with its boundary")
    if len(pieces) > _MOST_PARTS:
        raise MultipartError(f"the multipart body has more than {_MOST_PARTS} parts")
    parts: list[tuple[str, str, Part]] = []
    for piece in pieces[1:-1]:
        facts, content_id, data = _part(piece)
        part = Part(facts.get_content_type(), data, _file_name(facts))
        parts.append((content_id, _form_name(facts), part))
    chosen = next(
        (index for index, item in enumerate(parts) if isinstance(start, str) and item[0] == start.strip("<>")),
        None,
    )  # fmt: skip
    if chosen is None:
        ends = (index for index, item in enumerate(parts) if item[2].media.endswith("xml"))
        chosen = next(ends, 0)
    return Multipart(
        parts[chosen][2].data,
        {
            content_id or name: part
            for index, (content_id, name, part) in enumerate(parts)
            if index != chosen and (content_id or name)
        },
        tuple((name, part) for _, name, part in parts if name),
    )


def _form_name(facts: Message) -> str:
    """Return the name of form data; empty for a part that has none."""
    try:
        return str(facts.get_param("name", "", "content-disposition"))
    except (ValueError, TypeError, LookupError):
        raise MultipartError("the name of a part is malformed") from None


def _file_name(facts: Message) -> str | None:
    """Return the file name of a part. Raises MultipartError for text that cannot be stored or sent on."""
    try:
        name = facts.get_filename()
        if name is not None:
            name.encode()  # RFC 2231 can spell lone surrogates
    except (ValueError, TypeError, LookupError):
        raise MultipartError("the file name of a part is malformed") from None
    return name


def _part(piece: bytes) -> tuple[Message, str, bytes]:
    head, blank, data = piece.partition(b"\r\n\r\n")
    if not blank or head.lstrip(b" \t")[:2] not in (b"\r\n", b""):
        raise MultipartError("a part of the multipart body has no headers")
    facts = Message()
    try:
        text = head.decode()
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    for line in text.split("\r\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip() and name.isascii():
            facts[name.strip()] = value.strip()
    if str(facts.get("Content-Transfer-Encoding", "binary")).lower() == "base64":
        import binascii

        try:
            data = binascii.a2b_base64(data)
        except binascii.Error:
            raise MultipartError("a part of the multipart body is not the base64 it says") from None
    return facts, str(facts.get("Content-ID", "")).strip("<> "), data
