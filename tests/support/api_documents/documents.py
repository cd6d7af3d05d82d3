"""Documents of one API: requests and responses that this project did not write.

They are looked for in the folder that XMLWRIGHT_APIS names, else in ``../shared/apis`` beside the repository. A file is a
body, or an HTTP message: start line, headers, an empty line, body. ``index.csv`` says of each which operation it is of.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]
FOLDER: Final = Path(os.environ.get("XMLWRIGHT_APIS") or ROOT.parent / "shared" / "apis")

_STATUS: Final = re.compile(r"HTTP/[0-9.]+ ([0-9]{3})")


@dataclass(frozen=True)
class Document:
    """A request or a response."""

    path: Path
    operation: str
    """As the index calls it."""
    direction: str
    """``request`` or ``response``."""
    quality: str
    start: str = ""
    """Start line, in place of that of the file; of an HTTP message of which the file holds the body alone, its only one."""
    added: Mapping[str, str] = field(default_factory=dict)
    """Headers of such a message, by lower-case name."""

    def __str__(self) -> str:
        return self.path.name

    @property
    def exchange(self) -> str:
        """What the name of its request and of its response begins with."""
        return self.path.name.partition(f".{self.direction}.")[0]

    @cached_property
    def _parts(self) -> tuple[str, Mapping[str, str], bytes]:
        content = self.path.read_bytes()
        if self.path.suffix != ".http":
            return self.start, self.added, content
        head, _, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
        start, *lines = head.decode().split("\n")
        pairs = (line.partition(":") for line in lines)
        return self.start or start, {name.lower(): value.strip() for name, _, value in pairs}, body

    @property
    def verb(self) -> str:
        """Verb of a request."""
        return self._parts[0].partition(" ")[0]

    @property
    def url(self) -> str:
        """Address of a request."""
        return self._parts[0].split(" ")[1]

    @property
    def status(self) -> int | None:
        """Status of a response, where it was recorded."""
        found = _STATUS.match(self._parts[0])
        return int(found[1]) if found else None

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers by lower-case name."""
        return self._parts[1]

    @property
    def body(self) -> bytes:
        """The body."""
        return self._parts[2]


def documents(api: str, direction: str) -> Iterator[Document]:
    """Yield the documents of an API, by name; none where the folder is missing."""
    index = FOLDER / api / "index.csv"
    if not index.is_file():
        return
    with index.open(encoding="utf-8", newline="") as lines:
        for row in sorted(csv.DictReader(lines), key=lambda row: row["file"]):
            path = FOLDER / api / row["file"]
            if row["direction"] == direction and path.is_file():
                yield Document(path, row["operation"], direction, row["quality"])
