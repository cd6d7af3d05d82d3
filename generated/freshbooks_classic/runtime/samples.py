"""Made-up arguments and answers for any method, by its tables, with every field filled: for tests that go over a whole API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from lxml import etree

from .failures import FailureRule
from .places import Place
from .protocol import Protocol
from .reading import local_name
from .request import (
    EmptyResponse,
    ListResponse,
    Method,
    PageResponse,
    RecordResponse,
    ResponseReader,
    ScalarResponse,
)
from .scalars import Codec, DateTime, EnumCodec, Flag, Text, Uri
from .schema import FieldSpec, Mode, RecordSchema
from .writing import Upload

UNDESCRIBED: Final = "not_described"
"""Element that every record of a sample response has, and that no description knows."""
_DAY: Final = dt.date(2009, 8, 12)

Sensitive = Callable[[], str]
"""Makes the text of one sensitive field."""


class Sampler:
    """Fills every field; ``sensitive`` makes the texts of the sensitive ones, so that they can be told from others."""

    def __init__(self, sensitive: Sensitive = lambda: "sensitive") -> None:
        self._sensitive = sensitive

    def arguments(self, method: Method[Any]) -> dict[str, Any]:
        """Arguments that a call of ``method`` may have: all that there are."""
        return self._filled(method.arguments, method.mode, ())

    def _filled(
        self, shape: RecordSchema[Any], mode: Mode, around: tuple[RecordSchema[Any], ...]
    ) -> dict[str, Any]:
        filled: dict[str, Any] = {}
        for name, entry in shape.writer(mode).items():
            item = entry.field
            if item.shape is not None:
                nested = item.shape()
                if nested is shape or nested in around:  # records that contain themselves
                    continue
                value: Any = self._filled(nested, mode, (*around, shape))
            else:
                value = self._value(item)
            filled[name] = [value] if item.many else value
        return filled

    def _value(self, item: FieldSpec) -> Any:
        codec = item.codec
        assert codec is not None
        kind = codec.name
        if kind == "binary":
            return Upload(b"\x89PNG\r\n\x1a\n", "sample.png", "image/png")
        if kind in ("id", "int"):
            return _number(item)
        if kind == "decimal":
            return Decimal(_number(item))
        if kind == "flag":
            return True
        if kind == "date":
            return _DAY
        if isinstance(codec, DateTime):
            return dt.datetime(2009, 8, 12, 9, 30, 15, tzinfo=dt.timezone.utc)
        if isinstance(codec, EnumCodec):
            return next(iter(codec.words))
        return self._text(item)

    def _text(self, item: FieldSpec) -> str:
        text = self._sensitive() if item.sensitive else f"some {item.name}"
        return text[: item.max_length]

    def response(self, method: Method[Any]) -> bytes:
        """A response of a call that worked, with every field that may come; for a file, its bytes."""
        if method.response.binary:
            return b"%PDF-1.4 sample"
        root, payload = _envelope(method.protocol, worked=True)
        self._answer(payload, method.response, method.protocol)
        return _document(root)

    def _answer(
        self, payload: etree._Element, response: ResponseReader[Any], protocol: Protocol
    ) -> None:
        if isinstance(response, EmptyResponse):
            return
        if isinstance(response, ScalarResponse):
            _below(payload, response.path).text = _wire(response.codec, 7)
        elif isinstance(response, RecordResponse):
            self._record(_below(payload, response.path), response.shape, ())
        elif isinstance(response, ListResponse | PageResponse):
            rows = response.rows if isinstance(response, PageResponse) else response
            wrapper = _below(payload, rows.path)
            if isinstance(response, PageResponse):
                counters = {"position": protocol.paging.first, "size": 25, "pages": 1, "total": 1}
                for name, place in protocol.paging.counters.items():
                    _put(wrapper, place, str(counters[name]))
            item = _child(wrapper, rows.item)
            if rows.shape is not None:
                self._record(item, rows.shape, ())
            elif rows.codec is not None:
                item.text = _wire(rows.codec, 7)

    def _record(
        self,
        element: etree._Element,
        shape: RecordSchema[Any],
        around: tuple[RecordSchema[Any], ...],
    ) -> None:
        for item in shape.fields:
            if "r" not in item.access:
                continue
            if item.shape is not None:
                nested = item.shape()
                if nested is not shape and nested not in around:
                    self._record(_place(element, item), nested, (*around, shape))
                continue
            text = _text_of(item, self._value(item))
            if item.attribute is not None:
                element.set(item.attribute, text)
            elif item.content and not item.path:
                element.text = text
            else:
                _place(element, item).text = text
        if not any(item.content and not item.path for item in shape.fields):
            _child(element, UNDESCRIBED).text = "kept"


def failure(protocol: Protocol, message: str, *, code: str = "", field: str = "") -> bytes:
    """A response that says that a call failed."""
    root, _ = _envelope(protocol, worked=False)
    rule = next(iter(protocol.failures), FailureRule())
    if rule.when is not None:
        _put(root, rule.when, "")
    element = _below(root, rule.at)
    for place, text in ((rule.message, message), (rule.code, code), (rule.field, field)):
        if place is not None and text:
            _put(element, place, text)
    return _document(root)


def _envelope(protocol: Protocol, *, worked: bool) -> tuple[etree._Element, etree._Element]:
    """The root of a response, and the element that holds its payload."""
    name = protocol.response_root or "response"
    if not worked and protocol.failures and protocol.failures[0].roots:
        name = protocol.failures[0].roots[0]
    namespace = protocol.namespaces[0] if protocol.namespaces else None
    nsmap: dict[Any, str] | None = {None: namespace} if namespace else None
    root = etree.Element(f"{{{namespace}}}{name}" if namespace else name, nsmap=nsmap)
    if protocol.status is not None:
        ok = protocol.ok[0] if protocol.ok else "ok"
        _put(root, protocol.status, ok if worked else f"not {ok}")
    return root, _below(root, protocol.response_payload) if worked else root


def _document(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _child(element: etree._Element, name: str) -> etree._Element:
    namespace = element.tag.rpartition("}")[0]
    return etree.SubElement(element, f"{namespace}}}{name}" if namespace else name)


def _below(element: etree._Element, path: tuple[str, ...]) -> etree._Element:
    """The element down ``path``, made where it is missing."""
    for name in path:
        found = next((child for child in element if local_name(child) == name), None)
        element = _child(element, name) if found is None else found
    return element


def _place(element: etree._Element, item: FieldSpec) -> etree._Element:
    """A new element for a field, in wrappers that it may share with others."""
    return _child(_below(element, item.path[:-1]), item.path[-1])


def _put(element: etree._Element, place: Place, text: str) -> None:
    holder = _below(element, place.path)
    if place.attribute is None:
        holder.text = text
    else:
        holder.set(place.attribute, text)


def _number(item: FieldSpec) -> int:
    """A number that the field allows."""
    lowest = Decimal(item.minimum) if item.minimum is not None else Decimal(7)
    highest = Decimal(item.maximum) if item.maximum is not None else lowest
    return int(max(min(Decimal(7), highest), lowest))


def _text_of(item: FieldSpec, value: Any) -> str:
    assert item.codec is not None
    return value if isinstance(item.codec, Text | Uri) else _wire(item.codec, value)


def _wire(codec: Codec, value: Any) -> str:
    """A value as the text of a response."""
    if isinstance(codec, EnumCodec):
        return codec.words[value][1]
    if isinstance(codec, Flag):
        return codec.words[0 if value else 1]
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ")
    return str(value)
