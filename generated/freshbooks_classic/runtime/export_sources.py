"""Recorded documents in files: XML, recordings, and archives of either, cut into jobs that processes can share."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import os
import stat
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from .reading import LARGEST_DOCUMENT

DOCUMENTS: Final = frozenset((".xml",))
RECORDINGS: Final = frozenset((".jsonl", ".ndjson"))
ARCHIVES: Final = frozenset((".zip", ".tar", ".tgz"))
JOB_BYTES: Final = 32 * 1024 * 1024
"""Bytes of recordings, or of single documents, that one job reads."""
JOB_FILES: Final = 2000
"""Single documents that one job reads."""

UNREADABLE: Final = (
    OSError,
    EOFError,
    zlib.error,
    zipfile.BadZipFile,
    tarfile.TarError,
    UnicodeError,
    NotImplementedError,
    RuntimeError,
)
"""What reading a damaged or encrypted file may raise."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A file to read, or the lines of a recording that begin in a range of its bytes."""

    path: str
    start: int = 0
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A recorded document, or a line of a recording; or why it cannot be read."""

    label: str
    """File, member of an archive, and line."""
    content: bytes = b""
    recorded: bool = False
    """A line of a recording."""
    problem: str = ""


@dataclass(slots=True)
class Found:
    """What was found in the sources that were named."""

    jobs: list[tuple[Piece, ...]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    """Files of folders that are neither documents, recordings nor archives."""
    problems: list[tuple[str, str]] = field(default_factory=list)
    """Sources that cannot be read, each with the reason."""
    digest: str = ""
    """Hash of the names, sizes and times of all files."""


def is_supported(path: str) -> bool:
    """Return whether the name of a file says that it holds documents."""
    return _suffix(path) in DOCUMENTS | RECORDINGS or _is_archive(path)


def find_jobs(sources: Iterable[str]) -> Found:
    """Find the files of sources, in a stable order, and cut them into jobs.

    Args:
        sources: files and folders; ``-`` is standard input.
    """
    found = Found()
    digest = hashlib.sha256()
    small: list[Piece] = []
    size = 0

    def flush() -> None:
        nonlocal size
        if small:
            found.jobs.append(tuple(small))
            small.clear()
            size = 0

    for path, named in _files(sources, found):
        if path == "-":
            flush()
            found.jobs.append((Piece(path),))
            continue
        try:
            status = os.stat(path)
            if not stat.S_ISREG(status.st_mode):
                raise OSError("not a regular file")
            with open(path, "rb"):
                pass
        except OSError as error:
            found.problems.append((path, error.strerror or str(error)))
            continue
        facts = (os.path.abspath(path), status.st_size, status.st_mtime_ns)
        digest.update(f"{facts!r}\n".encode())
        if not named and not is_supported(path):
            found.skipped.append(path)
        elif path.lower().endswith(tuple(RECORDINGS)):
            flush()
            for start in range(0, max(status.st_size, 1), JOB_BYTES):
                end = start + JOB_BYTES
                found.jobs.append((Piece(path, start, end if end < status.st_size else None),))
        elif _is_archive(path) or path.lower().endswith(".gz"):
            flush()
            found.jobs.append((Piece(path),))
        else:
            small.append(Piece(path))
            size += status.st_size
            if size >= JOB_BYTES or len(small) >= JOB_FILES:
                flush()
    flush()
    found.digest = digest.hexdigest()
    return found


def read_piece(piece: Piece) -> Iterator[Document]:
    """Yield the documents of a piece; what cannot be read is yielded with the reason."""
    path = piece.path
    try:
        if path == "-":
            yield from _content("-", sys.stdin.buffer, kind="")
        elif piece.start or piece.end is not None:
            with open(path, "rb") as file:
                yield from _lines_between(path, file, piece)
        elif _is_archive(path):
            yield from _members(path)
        else:
            with open(path, "rb") as file:
                yield from _content(path, file, _suffix(path))
    except UNREADABLE as error:
        yield Document(path, problem=_reason(error))


def _files(sources: Iterable[str], found: Found) -> Iterator[tuple[str, bool]]:
    """Yield each file, and whether it was named itself."""
    for source in sources:
        if source == "-" or not os.path.isdir(source):
            yield source, True
            continue
        count = 0

        def failed(error: OSError) -> None:
            found.problems.append((str(error.filename), error.strerror or str(error)))

        for folder, folders, files in os.walk(source, onerror=failed):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                if not name.startswith("."):
                    count += is_supported(name)
                    yield os.path.join(folder, name), False
        if not count:
            found.problems.append((source, "the folder has no XML documents or recordings"))


def _members(path: str) -> Iterator[Document]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for item in archive.infolist():
                if not item.is_dir() and is_supported(item.filename):
                    label = f"{path}!{item.filename}"
                    try:
                        with archive.open(item) as file:
                            yield from _content(label, file, _suffix(item.filename))
                    except UNREADABLE as error:
                        yield Document(label, problem=_reason(error))
        return
    with tarfile.open(path) as tar:
        for member in tar:
            if member.isfile() and is_supported(member.name):
                opened = tar.extractfile(member)
                assert opened is not None
                yield from _content(f"{path}!{member.name}", opened, _suffix(member.name))


def _content(label: str, file: Any, kind: str) -> Iterator[Document]:
    """Yield the documents of an open file, whatever it is compressed with.

    Args:
        label: name of the file.
        file: its content.
        kind: its suffix; empty if unknown.
    """
    begin: bytes = file.peek(4096)
    if begin.startswith(b"\x1f\x8b"):
        with gzip.GzipFile(fileobj=file) as expanded:
            yield from _content(label, expanded, kind)
        return
    if kind in RECORDINGS or (
        kind not in DOCUMENTS and begin.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"{"
    ):
        yield from _lines(label, file)
        return
    content = file.read(LARGEST_DOCUMENT + 1)
    if len(content) > LARGEST_DOCUMENT:
        yield Document(label, problem=f"it has more than {LARGEST_DOCUMENT:,} bytes")
    elif not content.strip():
        yield Document(label, problem="it is empty")
    else:
        yield Document(label, content)


def _lines(label: str, file: IO[bytes]) -> Iterator[Document]:
    some = False
    for number, line in enumerate(_bounded_lines(file), 1):
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if line.strip():
            some = True
            yield _recorded(f"{label}:{number}", line)
    if not some:
        yield Document(label, problem="it is empty")


def _lines_between(label: str, file: IO[bytes], piece: Piece) -> Iterator[Document]:
    """Yield the lines that begin in a range of bytes; they are named by the byte that they begin at."""
    at = piece.start
    file.seek(at)
    if at:
        file.seek(at - 1)
        at -= 1
        while part := file.readline(JOB_BYTES):  # the rest of the line that begins before
            at += len(part)
            if part.endswith(b"\n"):
                break
    for line in _bounded_lines(file):
        if piece.end is not None and at >= piece.end:
            return
        if line.strip():
            yield _recorded(f"{label}@{at}", line.removeprefix(codecs.BOM_UTF8))
        at += len(line)


def _bounded_lines(file: IO[bytes]) -> Iterator[bytes]:
    longest = 2 * LARGEST_DOCUMENT
    while line := file.readline(longest):
        yield line
        if len(line) == longest and not line.endswith(b"\n"):
            return


def _recorded(label: str, line: bytes) -> Document:
    if len(line) >= 2 * LARGEST_DOCUMENT:
        return Document(label, problem=f"a line has more than {2 * LARGEST_DOCUMENT:,} bytes")
    return Document(label, line, recorded=True)


def _suffix(path: str) -> str:
    name = path.lower()
    return Path(name.removesuffix(".gz")).suffix


def _is_archive(path: str) -> bool:
    return Path(path.lower().removesuffix(".gz")).suffix in ARCHIVES


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
