"""A server that follows a description: it rejects invalid requests and returns valid responses.

It does not depend on the client, so that a client of another description can call it.
"""

from __future__ import annotations

import base64
import datetime as dt
import zoneinfo
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

from lxml import etree

from xmlwright.cases.tables import Tables
from xmlwright.ir import Api, Method
from xmlwright.runtime import samples
from xmlwright.runtime.errors import Error
from xmlwright.runtime.reading import local_name
from xmlwright.runtime.record import Arguments, Raw, unknown_elements
from xmlwright.runtime.registry import MethodRegistry, Methods
from xmlwright.runtime.request import ListResponse, PageResponse
from xmlwright.runtime.request import Method as Endpoint
from xmlwright.runtime.scalars import EnumCodec
from xmlwright.runtime.schema import FieldSpec, RecordSchema
from xmlwright.runtime.validation import problems

LONG_AGO = dt.date(2001, 1, 1)
"""Before this day nothing can be lent: a method that is known to answer 409 answers it for a date before."""


@dataclass(frozen=True)
class Told:
    """An HTTP response."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/xml"})
    length: int | None = None
    """Another Content-Length than that of the body."""


class _Described(Methods):
    def __init__(self, tables: Tables) -> None:
        super().__init__("", {method.name: ("", "") for method in tables.api.methods})
        self._tables = tables
        self._known = {method.name: method for method in tables.api.methods}

    def __getitem__(self, name: str) -> Endpoint[Any]:
        return self._tables.method(self._known[name])


class Following:
    """The server of one description, with its state."""

    def __init__(self, api: Api) -> None:
        self.api = api
        tables = Tables(api)
        self._door = MethodRegistry(tables.protocol, _Described(tables))
        self._methods = {method.name: method for method in api.methods}
        self._stored: dict[str, Any] = {}
        self._deliveries: list[tuple[str, str]] = []
        self._lose = False
        self.calls: Counter[str] = Counter()

    # what a program may ask of the world around it

    def fired(self, event: str) -> bool:
        """Return whether an event was delivered."""
        return any(name == event for name, _ in self._deliveries)

    def delivery(self) -> bytes:
        """Return the body of the last delivery, empty if there was none."""
        return self._deliveries[-1][1].encode() if self._deliveries else b""

    def lose_the_next_answer(self) -> None:
        """Execute the next call, then break the connection in the middle of the response."""
        self._lose = True

    # serving

    def answer(self, line: str, headers: Mapping[str, str], body: bytes) -> Told:
        """Return the response to a request; ``line`` is such as ``POST /path``."""
        if line != f"POST {urlsplit(self.api.url).path}":
            return Told(b"<html>Not here</html>", 404)
        person = self._person(headers)
        if person is None:
            return Told(b"<html>Who are you?</html>", 401)
        try:
            name, arguments = self._door.parse_request(body)
        except Error as error:
            return self._refused(str(error))
        method = self._methods[name]
        wrong = self._wrong(method, arguments, person, body)
        if wrong:
            return self._refused(wrong)
        early = any(isinstance(value, dt.date) and value < LONG_AGO for value in arguments.values())
        if early and "409" in method.errors:
            return self._failed("409")
        self.calls[name] += 1
        self._keep(method, arguments)
        document, media = self._told(method, arguments), "application/xml"
        if method.response.value == "binary":
            document, media = b"\x89PNG sample", (method.response.media or ("image/png",))[0]
        lost, self._lose = self._lose, False
        return Told(document, 200, {"Content-Type": media}, len(document) + 10 if lost else None)

    def _person(self, sent: Mapping[str, str]) -> str | None:
        item = self.api.authentication[0]
        headers = {name.lower(): value for name, value in sent.items()}
        if item.place is not None:
            return headers.get(item.place.removeprefix("header:").lower())
        kind, _, coded = headers.get("authorization", "").partition(" ")
        if kind != "Basic":
            return None
        person, _, password = base64.b64decode(coded).decode().partition(":")
        return person if password == item.value.partition(":")[2] else None

    def _wrong(self, method: Method, arguments: Arguments, person: str, body: bytes) -> str:
        endpoint = self._door.method(method.name)
        if person not in method.callers:
            return f"{person} may not call {method.name}"
        unknown = unknown_elements(arguments)
        if unknown or any(_raw(arguments)):
            return f"not understood: {unknown or [*_raw(arguments)]}"
        # What was passed over when reading, such as text where items should be, is missing when it is written again.
        if _words(self._door.build(method.name, arguments).xml) != _words(body):
            return "not understood"
        refused = [item.python for item in method.arguments if item.clear == "refused"]
        if any(arguments.get(name) == "" for name in refused):
            return "not to be cleared"
        paging = endpoint.protocol.paging if method.response.value == "page" else None
        return "; ".join(
            f"{problem.path} {problem.message}"
            for problem in problems(endpoint.arguments, arguments, endpoint.mode, paging)
        )

    def _refused(self, message: str) -> Told:
        return Told(samples.failure(self._door.protocol, message))

    def _failed(self, code: str) -> Told:
        known = {error.code: error for error in self.api.errors}
        message = known[code].message if code in known else "Something else."
        status = known[code].status if code in known else 200
        return Told(samples.failure(self._door.protocol, message, code=code), status)

    def _keep(self, method: Method, arguments: Mapping[str, Any]) -> None:
        for item in method.arguments:
            if item.discarded:
                continue
            if item.python in arguments:
                self._stored[item.python] = arguments[item.python]
            elif method.kind == "create" and item.default is not None:
                self._stored[item.python] = {"true": True, "false": False}.get(
                    item.default, item.default
                )
        if self.api.callbacks is not None:
            form = self.api.callbacks
            for event in method.events:
                body = {
                    form["event"]: event,
                    form["object"]: "7",
                    form["system"]: "https://a.example.com",
                    form["user"]: "1",
                }
                self._deliveries.append((event, urlencode(body)))

    def _told(self, method: Method, arguments: Mapping[str, Any]) -> bytes:
        sampler = _Stock(self.api, self._stored, method, arguments, self.calls[method.name])
        return sampler.response(self._door.method(method.name))


class _Stock(samples.Sampler):
    """Made-up answers in which what was stored comes back, and which have two rows in their order."""

    def __init__(
        self,
        api: Api,
        stored: Mapping[str, Any],
        method: Method,
        arguments: Mapping[str, Any],
        turn: int,
    ) -> None:
        super().__init__(lambda: "some pin")
        self._api = api
        self._stored = stored
        self._method = method
        self._given = arguments
        self._turn = turn
        self._row = 0

    def _value(self, item: FieldSpec, sensitive: bool = False) -> Any:
        codec = item.codec
        assert codec is not None
        if item.name in self._stored and not item.many:
            value = self._stored[item.name]
            return "" if value is None else value
        if self._row and item.name == (self._method.order or "").lstrip("-"):
            return f"row {self._row}"
        if self._row and codec.name == "id":
            return self._row
        if codec.name == "decimal":
            return Decimal("7.50")
        if codec.name == "datetime":
            zone = zoneinfo.ZoneInfo(self._api.zone)
            return dt.datetime(2009, 8, 12, 9, 30, 15, tzinfo=dt.timezone.utc).astimezone(zone)
        if isinstance(codec, EnumCodec):
            return list(codec.words)[self._turn % len(codec.words)]
        return super()._value(item)

    def _respond(self, payload: etree._Element, response: Any, protocol: Any) -> None:
        if not isinstance(response, ListResponse | PageResponse):
            super()._respond(payload, response, protocol)
            return
        rows = response.rows if isinstance(response, PageResponse) else response
        assert rows.shape is not None
        wrapper = samples._below(payload, rows.path)
        numbers = [2, 1] if (self._method.order or "").startswith("-") else [1, 2]
        if isinstance(response, PageResponse):
            paging = protocol.paging
            position = self._given.get(paging.position, paging.first)
            size = self._given.get(paging.size, paging.default_size)
            counters = {"position": position, "size": size, "pages": -(-2 // size), "total": 2}
            for name, place in paging.counters.items():
                samples._put(wrapper, place, str(counters[name]))
            start = (position - paging.first) * size
            numbers = numbers[start : start + size]
        for number in numbers:
            self._row = number
            self._record(samples._child(wrapper, rows.item), rows.shape, ())

    def _record(
        self,
        element: etree._Element,
        shape: RecordSchema[Any],
        around: tuple[RecordSchema[Any], ...],
    ) -> None:
        super()._record(element, shape, around)
        # The fields of one item straight inside the wrapper, where the description says that this may be.
        for item in shape.fields:
            if item.bare and item.shape is not None and "r" in item.access:
                wrapper = samples._below(element, item.path[:-1])
                for child in list(wrapper):
                    for inner in list(child):
                        wrapper.append(inner)
                    wrapper.remove(child)


def _words(document: bytes) -> Counter[str]:
    """Return the elements and texts of a document."""
    root = etree.fromstring(document)
    return Counter(
        f"{local_name(element)}={(element.text or '').strip()}"
        for element in root.iter()
        if len(element) == 0
    )


def _raw(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _raw(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _raw(inner)
    elif isinstance(value, Raw):
        yield str(value)
