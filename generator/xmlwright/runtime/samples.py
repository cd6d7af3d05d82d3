"""Arguments and responses for any method, by its tables, with every field filled: for tests that go over a whole API."""

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
from .scalars import Codec, DateTime, EnumCodec, Flag, Text, Uri, escape
from .schema import FieldSpec, Mode, RecordSchema
from .transport import HttpResponse
from .writing import Upload

_FORMATTED: Final = ("FormattedDateTime", "PatternDate")
UNDESCRIBED: Final = "not_described"
"""Element that every record of a sample response has, and that no description knows."""
_SECRET: Final = 40
"""Characters that a field must allow to get a secret."""
_DAY: Final = dt.date(2009, 8, 12)

Sensitive = Callable[[], str]
"""Makes the text of one sensitive field."""


class Sampler:
    """Fills every field; ``sensitive`` makes the texts of the sensitive ones, so that a test can recognize them."""

    def __init__(self, sensitive: Sensitive = lambda: "sensitive") -> None:
        self._sensitive = sensitive

    def arguments(self, method: Method[Any]) -> dict[str, Any]:
        """Return arguments that a call of ``method`` may have: all that there are."""
        return self._filled(method.arguments, method.mode, ())

    def _filled(
        self, shape: RecordSchema[Any], mode: Mode, around: tuple[RecordSchema[Any], ...]
    ) -> dict[str, Any]:
        filled: dict[str, Any] = {}
        fields = {name: entry.field for name, entry in shape.writer(mode).items()}
        fields.update(shape.located(mode))
        others = {name for group in shape.one_of for name in group[1:]}
        for name, item in fields.items():
            if name in others:
                continue
            nested = item.shape() if item.shape is not None else None
            if nested is not None and item.map and item.path[-1:] != ("*",):
                _, inner = nested.fields  # the key and the value of an entry
                nested = inner.shape() if inner.shape is not None else None
            # Records that contain themselves.
            if nested is not None and (nested is shape or nested in around):
                continue
            value: Any
            if item.map:
                value = {"some_key": self._map_value(item, mode, (*around, shape))}
            elif nested is not None:
                value = self._filled(nested, mode, (*around, shape))
            else:
                value = self._value(item)
            filled[name] = [value] if item.many and not item.map else value
        return filled

    def _map_value(self, item: FieldSpec, mode: Mode, around: tuple[RecordSchema[Any], ...]) -> Any:
        inner = item
        if item.shape is not None and item.path[-1:] != ("*",):
            _, inner = item.shape().fields
        if inner.shape is not None:
            return self._filled(inner.shape(), mode, around)
        return self._value(inner, item.sensitive)

    def _value(self, item: FieldSpec, sensitive: bool = False) -> Any:
        codec = item.codec
        assert codec is not None
        kind = codec.name
        if kind == "binary" and item.location is not None and item.location[0] == "body":
            return b"\x89PNG\r\n\x1a\n"
        if kind == "binary":
            return Upload(b"\x89PNG\r\n\x1a\n", "sample.png", "image/png")
        if kind in ("id", "int"):
            return _number(item)
        if kind == "decimal":
            return Decimal(_number(item))
        if kind == "float":
            return float(_number(item))
        if kind == "flag":
            return True
        if kind == "date":
            return _DAY
        if isinstance(codec, DateTime):
            return dt.datetime(2009, 8, 12, 9, 30, 15, tzinfo=dt.timezone.utc)
        if isinstance(codec, EnumCodec):
            return next(iter(codec.words))
        text = self._text(item, sensitive)
        if kind == "base64":
            return text.encode()
        return f"<sample>{escape(text)}</sample>" if kind == "xml" else text

    def _text(self, item: FieldSpec, sensitive: bool) -> str:
        if not (item.sensitive or sensitive):
            return f"some {item.name}"[: item.max_length]
        # A secret that is cut off could not be recognized.
        short = item.max_length is not None and item.max_length < _SECRET
        return "9" * (item.max_length or 0) if short else self._sensitive()

    def reply(self, method: Method[Any]) -> HttpResponse:
        """Return the HTTP response of a call that worked, with every header that is read."""
        success = method.http.success if method.http is not None else ()
        headers = {"content-type": "application/xml"}
        record = method.response.record
        for item in record.fields if record is not None else ():
            if item.location is not None and item.location[0] == "header" and "r" in item.access:
                name = item.location[1].lower().replace("*", "sample")
                if not item.map and not item.many:
                    headers[name] = _text_of(item, self._value(item))
        return HttpResponse(success[0] if success else 200, headers, self.response(method))

    def response(self, method: Method[Any]) -> bytes:
        """Return the body of a call that worked, with every field that may come; for a file, its bytes."""
        if method.response.binary:
            return b"%PDF-1.4 sample"
        if method.response.whole_body:
            return b"sample"
        root, payload = _envelope(method.protocol, worked=True)
        self._respond(payload, method.response, method.protocol)
        return _document(root)

    def _respond(
        self, payload: etree._Element, response: ResponseReader[Any], protocol: Protocol
    ) -> None:
        if isinstance(response, EmptyResponse):
            return
        if isinstance(response, ScalarResponse):
            if not response.place.source:
                _put(payload, response.place, _wire(response.codec, 7))
        elif isinstance(response, RecordResponse):
            self._record(_below(payload, response.path), response.shape, ())
        elif isinstance(response, ListResponse | PageResponse):
            rows = response.rows if isinstance(response, PageResponse) else response
            wrapper = _below(payload, rows.path)
            if isinstance(response, PageResponse):
                _count(wrapper, protocol)
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
            if item.location is not None and not (item.path or item.attribute or item.content):
                continue
            if item.map:
                self._map(element, item, (*around, shape))
            elif item.shape is not None:
                nested = item.shape()
                if nested is not shape and nested not in around:
                    self._record(_place(element, item), nested, (*around, shape))
            else:
                self._leaf(element, item)
        if not any(item.content and not item.path for item in shape.fields) and not any(
            item.path[:1] == ("*",) for item in shape.fields
        ):
            _child(element, UNDESCRIBED).text = "kept"

    def _leaf(self, element: etree._Element, item: FieldSpec) -> None:
        text = _text_of(item, self._value(item))
        if item.attribute is not None:
            _below(element, item.path).set(_local(item.attribute), text)
        elif item.content and not item.path:
            element.text = text
        elif item.codec is not None and item.codec.name == "xml":
            _place(element, item).append(etree.fromstring(text))
        else:
            # Elements that have attributes, too, are there already.
            place = _below(element, item.path) if not item.many else _place(element, item)
            place.text = text

    def _map(
        self, element: etree._Element, item: FieldSpec, around: tuple[RecordSchema[Any], ...]
    ) -> None:
        assert item.path
        if item.path[-1] == "*":
            entry = _child(_below(element, item.path[:-1]), "some_key")
            inner = item
        else:
            assert item.shape is not None
            entry = _place(element, item)
            key, inner = item.shape().fields
            _child(entry, key.path[-1]).text = "some_key"
            entry = _child(entry, inner.path[-1])
        if inner.shape is not None and inner.shape() not in around:
            self._record(entry, inner.shape(), around)
        elif inner.shape is None:
            entry.text = _text_of(inner, self._value(inner, item.sensitive))


def _count(wrapper: etree._Element, protocol: Protocol) -> None:
    """Write the counters of a list with one row."""
    paging = protocol.paging
    counters = {"position": paging.first, "size": 25, "pages": 1, "total": 1}
    for name, place in paging.counters.items():
        if not place.source:
            _put(wrapper, place, str(counters[name]))
    if paging.more is not None and not paging.more.source:
        _put(wrapper, paging.more, "false")


def failed_reply(
    method: Method[Any], message: str, *, code: str = "", field: str = ""
) -> HttpResponse:
    """Return the HTTP response of a call that failed, in the form of the first rule."""
    protocol = method.protocol
    rule = next(iter(protocol.failures), FailureRule())
    status = rule.statuses[0][0] if rule.statuses else 200 if method.http is None else 422
    headers = {"content-type": "application/xml"}
    return HttpResponse(status, headers, failure(protocol, message, code=code, field=field))


def failure(protocol: Protocol, message: str, *, code: str = "", field: str = "") -> bytes:
    """A response that says that a call failed."""
    root, _ = _envelope(protocol, worked=False)
    rule = next(iter(protocol.failures), FailureRule())
    if rule.when is not None:
        _put(root, rule.when, "")
    at = rule.at[1:] if rule.at[:1] == (local_name(root),) else rule.at
    element = _below(root, at)
    for place, text in ((rule.message, message), (rule.code, code), (rule.field, field)):
        if place is not None and text and not place.source:
            _put(element, place, text)
    return _document(root)


def _envelope(protocol: Protocol, *, worked: bool) -> tuple[etree._Element, etree._Element]:
    """The root of a response, and the element that holds its payload."""
    name = _local(protocol.response_root) or "response"
    if not worked and protocol.failures and protocol.failures[0].roots:
        name = _local(protocol.failures[0].roots[0])
    elif not worked and not protocol.response_root and protocol.failures:
        name = (protocol.failures[0].at or (name,))[0]
    namespace = protocol.namespaces[0] if protocol.namespaces else None
    nsmap: dict[Any, str] | None = {None: namespace} if namespace else None
    root = etree.Element(f"{{{namespace}}}{name}" if namespace else name, nsmap=nsmap)
    if protocol.status is not None:
        ok = protocol.ok[0] if protocol.ok else "ok"
        _put(root, protocol.status, ok if worked else f"not {ok}")
    return root, _below(root, protocol.response_payload) if worked else root


def _document(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _local(name: str) -> str:
    """Return a name without its prefix."""
    return name.rpartition(":")[2]


def _child(element: etree._Element, name: str) -> etree._Element:
    name = _local(name)
    namespace = element.tag.rpartition("}")[0]
    return etree.SubElement(element, f"{namespace}}}{name}" if namespace else name)


def _below(element: etree._Element, path: tuple[str, ...]) -> etree._Element:
    """The element down ``path``, made where it is missing."""
    for name in path:
        found = next((child for child in element if local_name(child) == _local(name)), None)
        element = _child(element, name) if found is None else found
    return element


def _place(element: etree._Element, item: FieldSpec) -> etree._Element:
    """A new element for a field, in wrappers that it may share with others."""
    return _child(_below(element, item.path[:-1]), item.path[-1])


def _put(element: etree._Element, place: Place, text: str) -> None:
    if place.absolute:
        element = element.getroottree().getroot()
    holder = _below(element, place.path)
    if place.attribute is None:
        holder.text = text
    else:
        holder.set(_local(place.attribute), text)


def _number(item: FieldSpec) -> int:
    """A number that the field allows."""
    lowest = Decimal(item.minimum) if item.minimum is not None else Decimal(7)
    highest = Decimal(item.maximum) if item.maximum is not None else max(Decimal(7), lowest)
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
    if codec.name in ("base64", "float", "xml") or type(codec).__name__ in _FORMATTED:
        return codec.write(value)
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ")
    return str(value)
