"""Files that responses are: read as they come, saved whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

from .errors import ArgumentError, Error, StreamConsumedError


class File:
    """Bytes that a response is, such as a PDF.

    They are fetched as they are read: :meth:`save` and :meth:`chunks` hold one piece at a time and can be used once,
    :attr:`content` holds all of them and can be used again.
    """

    def __init__(
        self,
        content: bytes,
        media: str | None = None,
        *,
        rest: Iterator[bytes] | None = None,
        close: Callable[[], None] | None = None,
        method: str | None = None,
    ) -> None:
        self.media = media
        """Content type that the response named; None where it named none."""
        self._first = content
        self._rest = rest
        self._close = close
        self._method = method
        self._gone = False

    def __repr__(self) -> str:
        if self._gone:
            state = "already read"
        elif self._rest is not None:
            state = "not yet fetched"
        else:
            state = f"{len(self._first)} bytes"
        return f"File({self.media or 'unknown type'}, {state})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, File):
            return NotImplemented
        if self._gone or other._gone:
            return self is other
        return (self.media, self.content) == (other.media, other.content)

    __hash__ = None  # type: ignore[assignment]  # what it is equal to depends on what is still to come

    def __reduce__(self) -> tuple[Any, ...]:
        return File, (self.content, self.media)

    def __enter__(self) -> File:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def content(self) -> bytes:
        """All bytes.

        Raises:
            TransportError: the connection broke before the end.
            StreamConsumedError: they were read in pieces before.
        """
        if self._rest is not None or self._gone:
            whole = b"".join(self.chunks())
            self._first, self._gone = whole, False
        return self._first

    def chunks(self) -> Iterator[bytes]:
        """The bytes piece by piece, as they come. Raises as :attr:`content` does."""
        if self._gone:
            raise StreamConsumedError(
                "the file was read in pieces before, or was closed; keep its content to use it again",
                method=self._method,
            )
        if self._rest is None:
            return iter((self._first,) if self._first else ())
        first, rest = self._first, self._rest
        self._first, self._rest, self._gone = b"", None, True
        return self._pieces(first, rest)

    def _pieces(self, first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
        try:
            yield first
            yield from rest
        except Error as error:
            error.method = error.method or self._method
            raise
        finally:
            self.close()

    def close(self) -> None:
        """Let the connection go; needed only for a file that is not read to its end."""
        if self._rest is not None:
            self._first, self._rest, self._gone = b"", None, True
        if self._close is not None:
            close, self._close = self._close, None
            close()

    def save(self, target: str | os.PathLike[str] | BinaryIO) -> int:
        """Write the bytes to a path or an open binary file, and return how many.

        A path holds all of the file or is left as it was, whatever happens on the way; a file that was there keeps its permissions.
        What is no plain file, such as a pipe, is written to as it is.

        Raises:
            OSError: the file cannot be written.
            TransportError: the connection broke before the end.
            StreamConsumedError: the bytes were read in pieces before.
        """
        if not isinstance(target, (str, os.PathLike)):
            if not _takes_bytes(target):
                raise ArgumentError(
                    "should be a path or a file opened in binary mode", path="target"
                )
            return _write(target, self.chunks())
        path = os.path.realpath(os.fsdecode(target))
        mode = _mode(path)
        if mode is not None and not stat.S_ISREG(mode):
            with open(path, "wb") as file:
                return _write(file, self.chunks())
        handle, name = _beside(path)
        try:
            with os.fdopen(handle, "wb") as file:
                size = _write(file, self.chunks())
                file.flush()
                os.fsync(file.fileno())
            if mode is not None:
                os.chmod(name, stat.S_IMODE(mode))
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
        return size


def _takes_bytes(target: object) -> bool:
    return callable(getattr(target, "write", None)) and not isinstance(target, io.TextIOBase)


def _mode(path: str) -> int | None:
    """Kind and permissions of what is at a path; None where nothing is."""
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def _beside(path: str) -> tuple[int, str]:
    """A new file in the folder of ``path``, with the permissions that any new file gets."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    name = os.path.join(os.path.dirname(path), f".saving-{os.urandom(8).hex()}")
    return os.open(name, flags, 0o666), name


def _write(file: Any, chunks: Iterable[bytes]) -> int:
    """Write all of ``chunks``, and return how many bytes. A raw file may take only a part of what it is given at a time."""
    size = 0
    for chunk in chunks:
        left = chunk
        while left:
            taken = file.write(left)
            left = left[taken:] if isinstance(taken, int) and 0 < taken < len(left) else b""
        size += len(chunk)
    return size
