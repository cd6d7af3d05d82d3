"""Walking over a list that comes in pages, with ``async for``."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .errors import ApiError
from .paging import Walk
from .request import Page, Request

if TYPE_CHECKING:
    from .async_client import AsyncClient
    from .request import Cursor

T = TypeVar("T")


class AsyncPager(Generic[T]):
    """As :class:`Pager`, to be walked with ``async for``."""

    def __init__(
        self, client: AsyncClient, request: Callable[[Cursor | None], Request[Page[T]]]
    ) -> None:
        self._client = client
        self._request = request

    async def __aiter__(self) -> AsyncIterator[T]:
        """All rows, from the first page asked for to the last."""
        async with aclosing(self._pages(None)) as pages:
            async for page in pages:
                for row in page.items:
                    yield row

    def __repr__(self) -> str:
        return f"<AsyncPager of {self._request(None).method}: iterate over it, or await take()>"

    async def to_dicts(self, *, show_secrets: bool = False) -> AsyncGenerator[dict[str, Any], None]:
        """Yield all rows as dictionaries, such as for a table; see :meth:`Record.to_dict`."""
        async with aclosing(self._pages(None)) as pages:
            async for page in pages:
                for row in page.to_dicts(show_secrets=show_secrets):
                    yield row

    def pages(self, resume: Cursor | None = None) -> AsyncIterator[Page[T]]:
        """All pages, from the one asked for to the last; ``resume`` is the ``next`` of a page met earlier."""
        return self._pages(resume)

    async def _pages(self, resume: Cursor | None) -> AsyncGenerator[Page[T], None]:
        request = self._request(resume)
        walk = Walk.of(request)
        while True:
            try:
                page = walk.took(await self._client.send(request))
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
