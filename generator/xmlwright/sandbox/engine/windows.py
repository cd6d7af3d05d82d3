"""The part of a list that a request asks for, and the marks of the part that follows, in every style of paging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from ...ir import Method
from ...runtime.parameters import unescaped
from ...runtime.protocol import Paging
from ..binding.routing import HttpCall
from .record_writer import text_of
from .resources import Layout
from .responses import ListResult
from .state import Record, sort_key

CURSOR: Final = "cursor"
"""Parameter of links to further pages that says where they begin."""
_MARK: Final = "row-"
MOST_ROWS: Final = 1000
"""Rows of a page, where neither the request nor the description says how many."""


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a list that is wanted."""

    position: int
    size: int
    start: int


class Windows:
    """The pages of the lists of one method."""

    def __init__(
        self, method: Method, paging: Paging, layout: Layout | None, call: HttpCall | None
    ) -> None:
        self._method = method
        self._paging = paging
        self._layout = layout
        self._call = call
        self.maximum = paging.maximum_size

    def size(self, arguments: Mapping[str, Any], usual: int | None) -> int:
        """Return how many rows a page has."""
        asked = arguments.get(self._paging.size) if self._paging.size else None
        size = usual or self._paging.default_size
        if isinstance(asked, int) and asked > 0:
            size = asked
        return size or MOST_ROWS

    def window(self, arguments: Mapping[str, Any], size: int) -> Window | None:
        """Return the window that arguments ask for; None for a cursor that is found among the rows."""
        paging = self._paging
        if paging.style == "cursor":
            start = self._start(arguments)
            return None if start is None else Window(start, size, start)
        if paging.style == "link":
            start = self._linked_start()
            return Window(start, size, start)
        position = arguments.get(paging.arguments[0]) if paging.arguments else None
        if (
            not isinstance(position, int)
            or position < paging.first
            or self._method.paging == "ignored"
        ):
            position = paging.first
        ordinal = position - paging.first
        return Window(position, size, ordinal if paging.by_row else ordinal * size)

    def _linked_start(self) -> int:
        pairs = dict(self._call.query) if self._call is not None else {}
        mark = pairs.get(CURSOR, "")
        return int(mark) if mark.isdecimal() and len(mark) < 10 else 0

    def _start(self, arguments: Mapping[str, Any]) -> int | None:
        """Return the row that a cursor stands for; None where it has to be found among the rows."""
        given = [arguments.get(name) for name in self._paging.arguments]
        if all(part in (None, "") for part in given):
            return 0
        first = given[0]
        if isinstance(first, int):
            return max(first, 0)
        if isinstance(first, str) and first.startswith(_MARK) and first[len(_MARK) :].isdecimal():
            return int(first[len(_MARK) :])
        return None

    def begin(self, rows: Sequence[Record], arguments: Mapping[str, Any]) -> int:
        """Return the first row at or behind the values of a cursor."""
        wanted = [
            (field, arguments.get(name))
            for name, field in zip(self._paging.arguments, self._fields(), strict=True)
            if arguments.get(name) is not None and field is not None
        ]
        if not wanted:
            return 0
        for index, row in enumerate(rows):
            if all(row.get(field) == value for field, value in wanted):
                return index
        field, value = wanted[0]
        for index, row in enumerate(rows):
            if sort_key(row.get(field)) >= sort_key(value):
                return index
        return len(rows)

    def _fields(self) -> list[str | None]:
        """Return the fields of rows that the parts of a cursor are: those with the end of the argument's name."""
        layout = self._layout
        fields = layout.fields if layout is not None else {}
        found: list[str | None] = []
        for name in self._paging.arguments:
            parts = name.split("_")
            ends = ("_".join(parts[index:]) for index in range(len(parts)))
            found.append(next((end for end in ends if end in fields), None))
        return found

    def result(
        self, rows: Sequence[Any], window: Window, total: int, following: Record | None
    ) -> ListResult:
        """Return a page with its counters and the marks of the next one.

        Args:
            rows: rows of the page.
            window: where the page is.
            total: rows of all pages.
            following: the first row of the next page, for cursors that are made of it.
        """
        counters = {
            "position": window.position,
            "size": window.size,
            "pages": -(-total // window.size),
            "total": total,
        }
        more = window.start + len(rows) < total and bool(rows)
        marks: tuple[str | None, ...] = ()
        if more and self._paging.next:
            marks = self._marks(window.start + len(rows), following)
        return ListResult(rows, counters, marks, more)

    def _marks(self, start: int, following: Record | None) -> tuple[str | None, ...]:
        paging = self._paging
        if paging.style == "link":
            return (self._link(start),)
        if len(paging.arguments) > 1 and following is not None:
            parts = tuple(self._part(field, following) for field in self._fields())
            if any(parts):
                return parts
        kinds = {item.python: item.write for item in self._method.arguments}
        if kinds.get(next(iter(paging.arguments))) in ("int", "id"):
            return (str(start),)
        return (f"{_MARK}{start}", *((None,) * (len(paging.next) - 1)))

    def _part(self, name: str | None, row: Record) -> str | None:
        value = row.get(name) if name is not None else None
        layout = self._layout
        if value is None or name is None or layout is None:
            return None
        return unescaped(text_of(layout.codec(name), value))

    def _link(self, start: int) -> str:
        call = self._call
        pairs = [] if call is None else [pair for pair in call.query if pair[0] != CURSOR]
        query = urlencode([*pairs, (CURSOR, str(start))])
        return f"{'' if call is None else call.url}?{query}"
