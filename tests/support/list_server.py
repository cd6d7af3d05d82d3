"""A list method of a scripted server: its pages, and what can go wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Listing:
    """Responds to ``task.list`` from ``rows``, which are the ids; used as the ``answer`` of a server."""

    rows: list[int]
    before: Callable[[int], object] = lambda number: None
    """Called with the number of the request, from 1, before it is answered."""
    counters: tuple[str, ...] = ("page", "per_page", "pages", "total")
    """What the answers tell of themselves."""
    page_of: Callable[[int, int], int] = lambda page, pages: page
    """Which page is given, by the one asked for and how many there are."""
    says: Callable[[int], int] = lambda page: page
    """Which page the answer says it is."""
    largest: int = 100
    asked: list[tuple[int, int]] = field(default_factory=list)
    """Page and size of each request so far."""

    def __call__(self, document: bytes) -> bytes:
        page = _number(document, "page", 1)
        size = min(_number(document, "per_page", 25), self.largest)
        self.asked.append((page, size))
        self.before(len(self.asked))
        pages = -(-len(self.rows) // size)
        given = self.page_of(page, pages)
        rows = self.rows[(given - 1) * size : given * size]
        facts = {
            "page": self.says(given),
            "per_page": size,
            "pages": pages,
            "total": len(self.rows),
        }
        said = "".join(f' {name}="{facts[name]}"' for name in self.counters)
        inside = "".join(
            f"<task><task_id>{number}</task_id><name>n{number}</name></task>" for number in rows
        )
        return (
            '<response xmlns="http://www.freshbooks.com/api/" status="ok">'
            f"<tasks{said}>{inside}</tasks></response>"
        ).encode()


def _number(document: bytes, name: str, default: int) -> int:
    found = re.search(rf"<{name}>(\d+)</{name}>".encode(), document)
    return default if found is None else int(found.group(1))
