"""Walking over a list that comes in pages, noticing when it changes on the way."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .errors import ApiError
from .request import Cursor, Page, Request
from .schema import RecordSchema

if TYPE_CHECKING:
    from typing import Protocol as TypingProtocol

    from .protocol import Paging

    class Sender(TypingProtocol):
        """What sends requests: a client."""

        def send(self, request: Request[Any], /) -> Any:
            """Send a request and return its value."""
            ...


T = TypeVar("T")


class RowsShiftedWarning(UserWarning):
    """Rows were added or removed while a list was walked: a row may have been met twice or missed."""


class RowsMissingWarning(UserWarning):
    """A walk came to its end with fewer rows than the list has: the rest cannot be had."""


@dataclass(slots=True)
class Walk(Generic[T]):
    """How far a walk is. Knows nothing of sending; both pagers drive it."""

    paging: Paging
    shape: RecordSchema[Any] | None
    asked: Cursor | None = None
    """Position of the page on its way; None where the request says none."""
    size: int | None = None
    """Rows that the request asks for; None where it does not say."""
    probing: bool = False
    """The page on its way may be beyond the end: by the only counter there is, all rows have come."""
    ignored: bool = False
    """The server returns the same page for every position."""
    quiet: bool = False
    """Notice, but do not warn."""
    shifted: bool = False
    """Whether rows moved on the way."""
    rows: int = 0
    _begun: bool = False
    _whole: bool = False
    """The walk began with the first row."""
    _total: int | None = None
    _last: list[object] = field(default_factory=list)
    """The rows of the page before, by what names them. One page back is where a shifted row can turn up, so no more is
    kept and the memory of a walk stays flat."""

    @classmethod
    def of(cls, request: Request[Page[T]], *, quiet: bool = False) -> Walk[T]:
        """The walk that begins with ``request``."""
        endpoint = request.endpoint
        paging = endpoint.protocol.paging
        asked = request.position()
        size = request.values.get(paging.size)
        return cls(
            paging,
            endpoint.response.record,
            asked,
            size if type(size) is int else None,
            ignored=endpoint.paging_ignored,
            quiet=quiet,
        )

    def refused(self, error: Exception) -> bool:
        """Return whether an error says only that the page is beyond the end."""
        return self.probing and isinstance(error, ApiError)

    def took(self, page: Page[T]) -> Page[T] | None:
        """Return the page with the position that follows; None for one that holds nothing new."""
        if self.paging.style in ("cursor", "link"):
            return self._took_marked(page)
        position = self.asked if isinstance(self.asked, int) else None
        if position is None:
            position = self.paging.first if page.position is None else page.position
        if not self._begun:
            self._whole = position == self.paging.first
        else:
            stuck = self._stuck(page, position)
            if stuck is not None:
                if not self.probing:
                    self._shift([stuck])
                return None
        self._begun = True
        self._watch(page)
        self.rows += len(page.items)
        self.asked = self._following(page, position)
        return page.followed_by(self.asked)

    def _took_marked(self, page: Page[T]) -> Page[T]:
        """Take a page that says itself where the next one begins."""
        self._whole = self._whole or (not self._begun and self.asked is None)
        self._begun = True
        self._watch(page)
        self.rows += len(page.items)
        following = None if page.more is False else page.cursor
        if following is not None and following == self.asked:
            self._shift([f"the page at {following!r} says that it follows itself"])
            following = None
        self.asked = following
        return page.followed_by(following)

    @property
    def missing(self) -> str:
        """At the end of a walk over all pages: what is known of rows that did not come; empty where all came."""
        total = self._total
        if not self._whole or total is None or self.rows >= total:
            return ""
        return f"{self.rows} rows came of a list of {total}, and the server gives no more"

    def end(self) -> None:
        """Tell when a walk has come to its end and there are rows that did not come."""
        if self.missing and not self.shifted:
            self._warn(self.missing, RowsMissingWarning)

    def _stuck(self, page: Page[T], position: int) -> str | None:
        """Why asking on might never end: the server gives rows that were met already."""
        if page.position is not None and page.position != position:  # perhaps there are fewer now
            return f"page {position} was asked for and page {page.position} came"
        if page.items and page.total == self._total and self._names(page) == self._last:
            return f"page {position} has the rows of the page before it"
        return None

    def _names(self, page: Page[T]) -> list[object]:
        """What names each row: its identity, else the row itself."""
        identity = self.shape.identity if self.shape is not None else None
        if identity is None:
            return list(page.items)
        return [getattr(row, identity, None) for row in page.items]

    def _following(self, page: Page[T], position: int) -> int | None:
        """Return the position of the page after ``page``, which is at ``position``; None at the end."""
        rows = len(page.items)
        if self.ignored or not rows or self._finished(page, position - self.paging.first):
            return None
        return position + (rows if self.paging.by_row else 1)

    def _finished(self, page: Page[T], before: int) -> bool:
        """Return whether a page is the last; counters that what has come contradicts are not believed.

        Args:
            page: the page that has come.
            before: pages, or rows, before it.
        """
        paging, rows = self.paging, len(page.items)
        self.probing = False
        if page.more is not None:
            return not page.more
        if (
            self.shifted
            and page.pages is not None
            and not paging.by_row
            and before + 1 >= page.pages
        ):
            return True  # rows move while the list is walked: its total says nothing about the end
        size = self.size or page.size or paging.default_size
        full = size is None or rows >= size
        met = before + rows if paging.by_row else before * (size or 0) + rows
        if self._whole:
            met = max(met, self.rows) if not paging.by_row else met
        total = page.total if page.total and page.total >= met else None
        pages = page.pages if not paging.by_row else None
        if pages is not None and pages > before + 1:
            return False
        if total is not None and met < total:
            return False
        if pages == before + 1 and total is not None:
            return True
        # One counter alone, or none that can be right: a full page may have another behind it.
        self.probing = full and (pages == before + 1 or total is not None)
        return not full

    def _watch(self, page: Page[T]) -> None:
        """Tell when rows moved between the pages of one walk."""
        reasons: list[str] = []
        if page.total is not None:
            if self._total is not None and page.total != self._total:
                reasons.append(f"the total went from {self._total} to {page.total}")
            self._total = page.total
        fresh = self._names(page)
        if self.shape is not None and self.shape.identity is not None:
            before = set(self._last)
            twice = [name for name in fresh if name is not None and name in before]
            if twice:
                reasons.append(f"{self.shape.identity} {twice[0]} came again")
        self._last = fresh
        if reasons:
            self._shift(reasons)

    def _shift(self, reasons: list[str]) -> None:
        self.shifted = True
        self._warn(
            f"rows shifted between two pages of the list: {', '.join(reasons)}", RowsShiftedWarning
        )

    def _warn(self, message: str, kind: type[UserWarning]) -> None:
        if not self.quiet:
            warnings.warn(message, kind, stacklevel=_depth_of_caller())


def _depth_of_caller() -> int:
    """Return how many frames are between ``warnings.warn`` and the code that walks."""
    frame: FrameType | None = sys._getframe(1)
    package = __name__.rpartition(".")[0]
    depth = 0
    while frame is not None and frame.f_globals.get("__package__") == package:
        frame = frame.f_back
        depth += 1
    return depth + 1


class Pager(Generic[T]):
    """A list as it is on the server: rows come as they are needed, a page at a time.

    A pager holds nothing: each ``for`` walks anew from the page that was asked for.
    """

    def __init__(
        self, client: Sender, request: Callable[[Cursor | None], Request[Page[T]]]
    ) -> None:
        self._client = client
        self._request = request

    def __repr__(self) -> str:
        return (
            f"<Pager of {self._request(None).method}: iterate over it, or call take() or pages()>"
        )

    def __iter__(self) -> Iterator[T]:
        """All rows, from the first page asked for to the last."""
        for page in self.pages():
            yield from page.items

    def to_dicts(self, *, show_secrets: bool = False) -> Iterator[dict[str, Any]]:
        """Yield all rows as dictionaries, such as for a table; see :meth:`Record.to_dict`."""
        for page in self.pages():
            yield from page.to_dicts(show_secrets=show_secrets)

    def pages(self, resume: Cursor | None = None) -> Iterator[Page[T]]:
        """All pages, from the one asked for to the last; ``resume`` is the ``next`` of a page met earlier."""
        request = self._request(resume)
        walk = Walk.of(request)
        while True:
            try:
                page = walk.took(self._client.send(request))
            except ApiError as error:
                if walk.refused(error):
                    return
                raise
            if page is None:
                return
            yield page
            if page.next is None:
                walk.end()
                return
            request = self._request(page.next)

    def page(self) -> Page[T]:
        """The page asked for, with its counters."""
        return next(iter(self.pages()))

    def first(self) -> T | None:
        """The first row, or None for an empty list."""
        return next(iter(self.page()), None)

    def take(self, count: int) -> list[T]:
        """The first ``count`` rows, or all if there are fewer."""
        rows: list[T] = []
        if count > 0:
            for row in self:
                rows.append(row)
                if len(rows) == count:
                    break
        return rows

    @property
    def total(self) -> int:
        """How many rows there are, as the server says now; costs one call."""
        page = self.page()
        return page.total if page.total is not None else sum(1 for _ in self)
