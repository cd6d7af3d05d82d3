"""Places in a message."""

from __future__ import annotations

import pytest
from lxml import etree

from xmlwright.runtime.links import link_target
from xmlwright.runtime.places import Place
from xmlwright.runtime.transport import HttpResponse

DOCUMENT = etree.fromstring(
    '<s:Envelope xmlns:s="urn:s"><s:Body><rows total="7" s:kind="k"><row>one</row></rows></s:Body></s:Envelope>'
)
RESPONSE = HttpResponse(404, {"x-records": "7", "link": '<https://a.example/2>; rel="next"'}, b"")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Body/rows/@total", "7"),
        ("s:Body/rows/row", "one"),
        ("/Body/rows/row", "one"),
        ("Body/rows/@s:kind", "k"),
        ("Body/rows/@missing", None),
        ("Body/nothing", None),
        ("header:X-Records", "7"),
        ("header:Link#next", "https://a.example/2"),
        ("header:Link#last", None),
        ("header:X-None", None),
        ("http:status", "404"),
    ],
)
def test_a_place_gives_its_text(text: str, found: str | None) -> None:
    assert Place.of(text).text(DOCUMENT, RESPONSE) == found


def test_an_absolute_place_begins_at_the_root() -> None:
    rows = DOCUMENT[0][0]
    assert Place.of("row").text(rows) == "one"
    assert Place.of("/Body/rows/@total").text(rows) == "7"
    assert Place.of(".").text(rows[0]) == "one"


@pytest.mark.parametrize(
    ("header", "relation", "target"),
    [
        ("</a?x=1,2>; rel=next", "next", "/a?x=1,2"),
        ('</1>; rel="prev", </3>; title="a, b"; rel="next last"', "last", "/3"),
        ('</1>; rel="previous"', "prev", None),
        ("", "next", None),
    ],
)
def test_links_of_a_header(header: str, relation: str, target: str | None) -> None:
    assert link_target(header, relation) == target
