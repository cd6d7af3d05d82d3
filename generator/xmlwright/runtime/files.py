"""Files that answers are: read as they come, saved whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO


class File:
    """Bytes that an answer is, such as a PDF.

    They are fetched as they are read: :meth:`save` and :meth:`chunks` hold one piece at a time, :attr:`content` all of them.
    """

    def __init__(
        self,
        content: bytes,
        media: str | None = None,
        *,
        rest: Iterator[bytes] | None = None,
        close: Callable[[], None] | None = None,
    ) -> None:
        self.media = media
        """Content type that the answer named; None where it named none."""
        self._first = content
        self._rest = rest
        self._close = close

    def __repr__(self) -> str:
        size = f"{len(self._first)} bytes" if self._rest is None else "not yet fetched"
        return f"File({self.media or 'unknown type'}, {size})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, File) and (self.media, self.content) == (
            other.media,
            other.content,
        )

    def __hash__(self) -> int:
        return hash((self.media, self.content))

    def __reduce__(self) -> tuple[Any, ...]:
        return File, (self.content, self.media)

    def __enter__(self) -> File:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def content(self) -> bytes:
        """All bytes. Raises ConnectionFailed where the connection breaks before the end."""
        if self._rest is not None:
            rest, self._rest = self._rest, None
            try:
                self._first = b"".join((self._first, *rest))
            finally:
                self.close()
        return self._first

    def chunks(self) -> Iterator[bytes]:
        """The bytes piece by piece. A file that was not read before can be read in pieces only once."""
        if self._first:
            yield self._first
        if self._rest is not None:
            rest, self._rest = self._rest, iter(())
            self._first = b""
            try:
                yield from rest
            finally:
                self.close()

    def close(self) -> None:
        """Let the connection go; needed only for a file that is not read to its end."""
        if self._close is not None:
            close, self._close = self._close, None
            close()

    def save(self, target: str | os.PathLike[str] | BinaryIO) -> int:
        """Write the bytes to a path or an open file; answers how many.

        A path holds all of the file or is left as it was, whatever happens on the way.
        """
        if not isinstance(target, (str, os.PathLike)):
            return sum(target.write(chunk) for chunk in self.chunks())
        import tempfile

        path = os.path.abspath(os.fspath(target))
        handle, name = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".saving-")
        try:
            with os.fdopen(handle, "wb") as file:
                size = sum(file.write(chunk) for chunk in self.chunks())
                file.flush()
                os.fsync(file.fileno())
            _like_new(name)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
        return size


def _like_new(name: str) -> None:
    """The permissions that open() would have given; mkstemp gives none to others."""
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(name, 0o666 & ~mask)
