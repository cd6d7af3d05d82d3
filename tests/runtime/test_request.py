"""Where a request names its method: as an attribute or an element, of the root or below it."""

from __future__ import annotations

from typing import Any

import pytest

from freshbooks_classic.runtime.places import Place
from freshbooks_classic.runtime.protocol import Protocol
from freshbooks_classic.runtime.registry import MethodRegistry
from freshbooks_classic.runtime.request import EmptyResponse, Method
from freshbooks_classic.runtime.scalars import Text
from freshbooks_classic.runtime.schema import RecordSchema, field_spec

NAME = "thing.get"


def _door(place: str, payload: tuple[str, ...]) -> MethodRegistry:
    protocol = Protocol(
        "thing",
        "https://example.com/",
        "thing",
        "1",
        "THING",
        request_method=Place.of(place),
        request_payload=payload,
    )
    arguments: RecordSchema[Any] = RecordSchema(NAME, None, [field_spec("word", Text())])
    method = Method(protocol, NAME, arguments, EmptyResponse(), retry="safe")
    return MethodRegistry(protocol, {NAME: method})  # type: ignore[arg-type]


@pytest.mark.parametrize("payload", [(), ("body",), ("body", "arguments")], ids="/".join)
@pytest.mark.parametrize(
    ("place", "written"),
    [
        ("@method", '<request method="thing.get">'),
        ("method", "<request><method>thing.get</method>"),
        ("head/method", "<request><head><method>thing.get</method></head>"),
        ("head/@method", '<request><head method="thing.get"/>'),
        ("head/call/@method", '<request><head><call method="thing.get"/></head>'),
    ],
)
def test_the_method_is_written_where_it_is_described_and_read_from_there(
    place: str, written: str, payload: tuple[str, ...]
) -> None:
    door = _door(place, payload)
    request = door.build(NAME, {"word": "x"})
    assert written in request.xml.decode()
    name, arguments = door.parse_request(request.xml)
    assert (name, arguments, arguments.unknown) == (NAME, {"word": "x"}, ())


def test_what_stands_beside_the_method_is_told() -> None:
    document = (
        "<request><head><method>thing.get</method><user>u</user></head><word>x</word></request>"
    )
    _, arguments = _door("head/method", ()).parse_request(document)
    assert arguments == {"word": "x"}
    assert [item.path for item in arguments.unknown] == ["head"]
