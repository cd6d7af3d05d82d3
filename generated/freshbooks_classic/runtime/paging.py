"""Walking over a list that comes in pages, noticing when it changes on the way."""

from __future__ import annotations

import sys
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .request import Page, Request
from .schema import RecordSchema

if TYPE_CHECKING:
    from .async_client import AsyncClient
    from .client import Client
    from .protocol import Paging

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
    asked: int | None = None
    """Position of the page on its way; None where the request says none."""
    ignored: bool = False
    """The server answers the same page whatever is asked for."""
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
        asked = request.values.get(paging.position)
        return cls(
            paging,
            endpoint.response.record,
            asked if type(asked) is int else None,
            endpoint.paging_ignored,
            quiet,
        )

    def took(self, page: Page[T]) -> Page[T] | None:
        """The page that has come, told where the walk goes on; None for one that holds nothing new."""
        position = self.asked
        if position is None:
            position = self.paging.first if page.position is None else page.position
        if not self._begun:
            self._whole = position == self.paging.first
        else:
            stuck = self._stuck(page, position)
            if stuck is not None:
                self._shift([stuck])
                return None
        self._begun = True
        self._watch(page)
        self.rows += len(page.items)
        self.asked = self._following(page, position)
        return page.followed_by(self.asked)

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
        """Position of the page after ``page``, which stands at ``position``; None at the end."""
        paging, rows = self.paging, len(page.items)
        if self.ignored or not rows:
            return None
        before = position - paging.first
        if page.pages is not None and not paging.by_row:
            done = before + 1 >= page.pages
        elif page.total is not None and (paging.by_row or page.size or self._whole):
            met = before + rows if paging.by_row else before * (page.size or 0) + rows
            done = max(met, self.rows) >= page.total
        else:
            done = rows < (page.size or paging.default_size)
        return None if done else position + (rows if paging.by_row else 1)

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
    """Frames from ``warnings.warn`` in this module up to the code that walks."""
    frame: FrameType | None = sys._getframe(1)
    depth = 0
    while frame is not None and frame.f_globals is globals():
        frame = frame.f_back
        depth += 1
    return depth + 1


class Pager(Generic[T]):
    """A list as it is on the server: rows come as they are needed, a page at a time.

    A pager holds nothing: each ``for`` walks anew from the page that was asked for.
    """

    def __init__(self, client: Client, request: Callable[[int | None], Request[Page[T]]]) -> None:
        self._client = client
        self._request = request

    def __iter__(self) -> Iterator[T]:
        """All rows, from the first page asked for to the last."""
        for page in self.pages():
            yield from page.items

    def pages(self, resume: int | None = None) -> Iterator[Page[T]]:
        """All pages, from the one asked for to the last; ``resume`` is the ``next`` of a page met earlier."""
        request = self._request(resume)
        walk = Walk.of(request)
        while True:
            page = walk.took(self._client.send(request))
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


class AsyncPager(Generic[T]):
    """As :class:`Pager`, to be walked with ``async for``."""

    def __init__(
        self, client: AsyncClient, request: Callable[[int | None], Request[Page[T]]]
    ) -> None:
        self._client = client
        self._request = request

    async def __aiter__(self) -> AsyncIterator[T]:
        """All rows, from the first page asked for to the last."""
        async with aclosing(self._pages(None)) as pages:
            async for page in pages:
                for row in page.items:
                    yield row

    def pages(self, resume: int | None = None) -> AsyncIterator[Page[T]]:
        """All pages, from the one asked for to the last; ``resume`` is the ``next`` of a page met earlier."""
        return self._pages(resume)

    async def _pages(self, resume: int | None) -> AsyncGenerator[Page[T], None]:
        request = self._request(resume)
        walk = Walk.of(request)
        while True:
            page = walk.took(await self._client.send(request))
            if page is None:
                return
            yield page
            if page.next is None:
                walk.end()
                return
            request = self._request(page.next)

    async def page(self) -> Page[T]:
        """The page asked for, with its counters."""
        request = self._request(None)
        page = Walk.of(request).took(await self._client.send(request))
        assert page is not None  # a first page is always taken
        return page

    async def first(self) -> T | None:
        """The first row, or None for an empty list."""
        return next(iter(await self.page()), None)

    async def take(self, count: int) -> list[T]:
        """The first ``count`` rows, or all if there are fewer."""
        rows: list[T] = []
        if count > 0:
            async with aclosing(self._pages(None)) as pages:
                async for page in pages:
                    rows += page.items[: count - len(rows)]
                    if len(rows) == count:
                        break
        return rows

    async def total(self) -> int:
        """How many rows there are, as the server says now; costs one call."""
        page = await self.page()
        if page.total is not None:
            return page.total
        return sum([1 async for _ in self])
