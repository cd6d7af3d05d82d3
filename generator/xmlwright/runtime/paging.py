"""Walking over a list that comes in pages, noticing when it changes on the way."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .request import Page, Request
from .shape import Shape

if TYPE_CHECKING:
    from .aio import AsyncClient
    from .client import Client
    from .protocol import Paging

T = TypeVar("T")


class RowsShifted(UserWarning):
    """Rows were added or removed while a list was walked: a row may have been met twice or missed."""


@dataclass(slots=True)
class Walk(Generic[T]):
    """How far a walk is. Knows nothing of sending; both pagers drive it."""

    paging: Paging
    shape: Shape[Any] | None
    seen_total: int | None = None
    rows: int = 0
    next: int | None = None
    """Position of the page to fetch next; None for the one first asked for, and at the end."""
    shifted: bool = False
    _ids: set[object] = field(default_factory=set)

    def took(self, page: Page[T], *, ignored: bool = False) -> int | None:
        """Note a page that has come. Answers where the next one is; None at the end."""
        self._watch(page)
        self.rows += len(page.items)
        position = page.position if page.position is not None else self.next or self.paging.first
        if ignored or not page.items:
            done = True
        elif page.pages is not None and not self.paging.by_row:
            done = position >= page.pages
        elif page.total is not None:
            before = position - self.paging.first
            done = (before if self.paging.by_row else self.rows - len(page.items)) + len(
                page.items
            ) >= page.total
        else:
            done = len(page.items) < (page.size or self.paging.default_size)
        self.next = None if done else position + (len(page.items) if self.paging.by_row else 1)
        return self.next

    def _watch(self, page: Page[T]) -> None:
        """Tell when rows moved between the pages of one walk."""
        reasons: list[str] = []
        if self.seen_total is not None and page.total is not None and page.total != self.seen_total:
            reasons.append(f"the total went from {self.seen_total} to {page.total}")
        if page.total is not None:
            self.seen_total = page.total
        identity = self.shape.identity if self.shape is not None else None
        if identity is not None:
            fresh = [getattr(row, identity, None) for row in page.items]
            twice = [known for known in fresh if known is not None and known in self._ids]
            if twice:
                reasons.append(f"{identity} {twice[0]} came again")
            # One page back is where a shifted row can turn up, so the walk's memory stays flat.
            self._ids = set(fresh)
        if reasons:
            self.shifted = True
            warnings.warn(
                f"rows shifted between two pages of the list: {', '.join(reasons)}",
                RowsShifted,
                stacklevel=4,
            )


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
        walk: Walk[T] = Walk(
            self._client.protocol.paging, request.endpoint.answer.record, next=resume
        )
        while True:
            page = self._client.send(request)
            following = walk.took(page, ignored=request.endpoint.paging_ignored)
            yield page.followed_by(following)
            if following is None:
                return
            request = self._request(following)

    def page(self) -> Page[T]:
        """The page asked for, with its counters."""
        return next(self.pages())

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
        async for page in self.pages():
            for row in page.items:
                yield row

    async def pages(self, resume: int | None = None) -> AsyncIterator[Page[T]]:
        """All pages, from the one asked for to the last; ``resume`` is the ``next`` of a page met earlier."""
        request = self._request(resume)
        walk: Walk[T] = Walk(
            self._client.protocol.paging, request.endpoint.answer.record, next=resume
        )
        while True:
            page = await self._client.send(request)
            following = walk.took(page, ignored=request.endpoint.paging_ignored)
            yield page.followed_by(following)
            if following is None:
                return
            request = self._request(following)

    async def page(self) -> Page[T]:
        """The page asked for, with its counters."""
        return await anext(self.pages())

    async def first(self) -> T | None:
        """The first row, or None for an empty list."""
        return next(iter(await self.page()), None)

    async def take(self, count: int) -> list[T]:
        """The first ``count`` rows, or all if there are fewer."""
        rows: list[T] = []
        if count > 0:
            async for row in self:
                rows.append(row)
                if len(rows) == count:
                    break
        return rows

    async def total(self) -> int:
        """How many rows there are, as the server says now; costs one call."""
        page = await self.page()
        if page.total is not None:
            return page.total
        return sum([1 async for _ in self])
