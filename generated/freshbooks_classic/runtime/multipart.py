"""The body of a request of several parts: the document, and the files that go with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email.message import Message
from typing import NamedTuple
from urllib.parse import quote

from .writing import Part


def encode(xml: bytes, parts: Sequence[Part]) -> tuple[bytes, str]:
    """Return body and content type of multipart/related: the document, then the files it refers to."""
    pieces = [(b"Content-Type: application/xml; charset=utf-8", xml)]
    for name, upload in parts:
        head = (
            f"Content-Type: {_token(upload.media)}\r\nContent-ID: <{name}>\r\n"
            f"Content-Disposition: attachment; {_filename(upload.name)}"
        )
        pieces.append((head.encode(), upload.content))
    body, boundary = _joined(pieces)
    return body, f'multipart/related; boundary="{boundary}"; type="application/xml"'


def encode_parts(
    kind: str, document: tuple[str, bytes, str] | None, parts: Sequence[Part]
) -> tuple[bytes, str]:
    """Return body and content type of named parts.

    Args:
        kind: ``form-data`` or ``mixed``.
        document: Name, content and content type of the part that holds the document.
        parts: The others; an upload without a name is plain text.
    """
    pieces = []
    if document is not None:
        name, xml, media = document
        head = f"Content-Disposition: form-data; {_quoted('name', name)}\r\nContent-Type: {media}"
        pieces.append((head.encode(), xml))
    for name, upload in parts:
        head = f"Content-Disposition: form-data; {_quoted('name', name)}"
        if upload.name:
            head += f"; {_quoted('filename', upload.name)}\r\nContent-Type: {_token(upload.media)}"
        pieces.append((head.encode(), upload.content))
    body, boundary = _joined(pieces)
    return body, f'multipart/{kind}; boundary="{boundary}"'


def _joined(pieces: Sequence[tuple[bytes, bytes]]) -> tuple[bytes, str]:
    """Return a body, and the boundary between its parts, which none of them holds."""
    number = 0
    while any(f"part-{number}-".encode() in content for piece in pieces for content in piece):
        number += 1
    boundary = f"part-{number}-"
    mark = f"--{boundary}".encode()
    lines = [b"%b\r\n%b\r\n\r\n%b\r\n" % (mark, head, content) for head, content in pieces]
    return b"".join([*lines, mark, b"--\r\n"]), boundary


class BodyPart(NamedTuple):
    """One part of a body that is read."""

    name: str
    """The name of form data; empty where the part has none."""
    filename: str | None
    content: bytes


def split(media: str, body: bytes) -> Iterator[BodyPart]:
    """Yield the parts of a body that this module has encoded."""
    header = Message()
    header["Content-Type"] = media
    mark = f"\r\n--{header.get_param('boundary')}".encode()
    for piece in (b"\r\n" + body).split(mark)[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        facts = Message()
        for line in head.decode().split("\r\n"):
            label, colon, text = line.partition(": ")
            if colon:
                facts[label] = text
        name = facts.get_param("name", "", "content-disposition")
        yield BodyPart(str(name), facts.get_filename(), content)


def _filename(name: str) -> str:
    """Return the parameter of a header that names a file: plain, and also in full (RFC 6266) where that differs."""
    shown = "".join(char if char.isprintable() else "_" for char in name).strip() or "file"
    plain = "".join(char if char.isascii() and char not in '"\\' else "_" for char in shown)
    if plain == shown:
        return f'filename="{plain}"'
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(shown, safe='')}"


def _quoted(label: str, text: str) -> str:
    """Return a parameter of a header as HTML forms write it: UTF-8, ``%22`` for a quote (WHATWG; RFC 7578)."""
    for char, escape in (('"', "%22"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(char, escape)
    return f'{label}="{text}"'


def _token(media: str) -> str:
    return "".join(char for char in media if char.isprintable())
