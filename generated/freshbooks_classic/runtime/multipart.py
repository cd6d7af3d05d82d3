"""The body of a request: the document alone, or with the files that go with it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from .writing import Part


def encode(xml: bytes, parts: Sequence[Part]) -> tuple[bytes, str]:
    """Body and content type of a request: the document, or multipart/related where files go with it."""
    contents = [xml, *(part.upload.content for part in parts)]
    number = 0
    while any(f"part-{number}-".encode() in content for content in contents):
        number += 1
    boundary = f"part-{number}-"
    lines = [
        f"--{boundary}\r\nContent-Type: application/xml; charset=utf-8\r\n\r\n".encode(),
        xml,
    ]
    for part in parts:
        lines.append(
            f"\r\n--{boundary}\r\nContent-Type: {_token(part.upload.media)}\r\n"
            f"Content-ID: <{part.content_id}>\r\n"
            f"Content-Disposition: attachment; {_filename(part.upload.name)}\r\n\r\n".encode()
        )
        lines.append(part.upload.content)
    lines.append(f"\r\n--{boundary}--\r\n".encode())
    return b"".join(lines), f'multipart/related; boundary="{boundary}"; type="application/xml"'


def _filename(name: str) -> str:
    """The parameter of a header that names a file: plain for everyone, and as it is (RFC 6266) for who understands that."""
    shown = "".join(char if char.isprintable() else "_" for char in name).strip() or "file"
    plain = "".join(char if char.isascii() and char not in '"\\' else "_" for char in shown)
    if plain == shown:
        return f'filename="{plain}"'
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(shown, safe='')}"


def _token(media: str) -> str:
    return "".join(char for char in media if char.isprintable())
