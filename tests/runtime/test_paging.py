"""Walks over lists in every style of paging, with counters that are missing, wrong or zero."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from loopback import Response, Seen, serving
from wire_api import ROW, async_client, client, method, protocol

from xmlwright.runtime.async_paging import AsyncPager
from xmlwright.runtime.http_binding import HttpBinding
from xmlwright.runtime.paging import Pager
from xmlwright.runtime.places import Place
from xmlwright.runtime.protocol import Paging, Protocol
from xmlwright.runtime.request import Cursor, Method, Page, PageResponse, Request
from xmlwright.runtime.scalars import Integer, Text
from xmlwright.runtime.schema import field_spec

ROWS = 7
COUNTERS = ("right", "missing", "wrong", "zero")
SIZE = field_spec("per_page", Integer(), location=("query", "per_page"))


def _document(numbers: range, total: str | None, more: str = "") -> bytes:
    rows = "".join(f"<row><number>{number}</number></row>" for number in numbers)
    said = "" if total is None else f' total="{total}"'
    return f"<rows{said}>{rows}{more}</rows>".encode()


def _served(style: str, counters: str) -> Callable[[Seen], Response]:
    """Return what a server does: 7 rows, two a page."""
    total = {"right": str(ROWS), "missing": None, "wrong": "3", "zero": "0"}[counters]

    def answer(seen: Seen) -> Response:
        query = parse_qs(seen.line.partition("?")[2])
        size = int(query.get("per_page", ["2"])[0])
        position = query.get("page", [""])[0]
        start = (int(position or 1) - 1) * size if style == "page" else int(position or 0)
        numbers = range(start + 1, min(start + size, ROWS) + 1)
        end = start + size >= ROWS
        headers, more = {"Content-Type": "application/xml"}, ""
        if style == "link" and not end:
            headers["Link"] = (
                f'</api/2.1/xml-in/rows?page={start + size}&per_page={size}>; rel="next"'
            )
        if style == "cursor":
            more = "" if end else f"<next>{start + size}</next>"
        if style == "more":
            more = f"<more>{'false' if end else 'true'}</more><next>{start + size}</next>"
        return Response(_document(numbers, total, more), 200, headers)

    return answer


def _api(style: str) -> Protocol:
    counters = {"total": Place((), "total")}
    marks = {
        "link": {"next": (Place.of("header:Link#next"),)},
        "cursor": {"next": (Place(("next",)),)},
        "more": {"next": (Place(("next",)),), "more": Place(("more",))},
    }.get(style, {})
    return protocol(
        paging=Paging(
            position="page", size="per_page", style="cursor" if style == "more" else style,
            first=0 if style == "offset" else 1, default_size=None, counters=counters, **marks,  # type: ignore[arg-type]
        )
    )  # fmt: skip


def _method(api: Protocol) -> Method[Page[object]]:
    kind = Text() if api.paging.style in ("cursor", "link") else Integer()
    page = field_spec("page", kind, location=("query", "page"))
    found: Method[Page[object]] = method(
        HttpBinding("GET", "/rows"), page, SIZE, of=api, response=PageResponse("", "row", ROW)
    )
    return found


def _requests(endpoint: Method[Page[object]]) -> Callable[[Cursor | None], Request[Page[object]]]:
    return lambda position: endpoint.request({"per_page": 2}).at_page(position)


@pytest.mark.parametrize("counters", COUNTERS)
@pytest.mark.parametrize("style", ["page", "offset", "cursor", "link", "more"])
@pytest.mark.filterwarnings("ignore::xmlwright.runtime.paging.RowsMissingWarning")
def test_a_walk_gives_every_row_once(style: str, counters: str) -> None:
    api = _api(style)
    requests = _requests(_method(api))

    async def walked(url: str) -> list[int]:
        async with async_client(api, url) as rows:
            return [row.number async for row in AsyncPager(rows, requests)]  # type: ignore[attr-defined]

    with serving(_served(style, counters)) as server:
        with client(api, server.url) as rows:
            found = [row.number for row in Pager(rows, requests)]  # type: ignore[attr-defined]
        again = asyncio.run(walked(server.url))
    assert found == again == list(range(1, ROWS + 1))


def test_a_walk_goes_on_where_an_earlier_one_stopped() -> None:
    api = _api("cursor")
    requests = _requests(_method(api))
    with serving(_served("cursor", "right")) as server, client(api, server.url) as rows:
        pager = Pager(rows, requests)
        first = next(iter(pager.pages()))
        rest = [row.number for page in pager.pages(resume=first.next) for row in page]  # type: ignore[attr-defined]
    assert first.next == "2"
    assert rest == [3, 4, 5, 6, 7]
