"""Whatever can be said, can be read again: random arguments and answers of every method, made from its tables."""

from __future__ import annotations

import datetime as dt
import string
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from freshbooks_classic import wire
from freshbooks_classic.runtime import scalars
from freshbooks_classic.runtime.record import unknown_elements
from freshbooks_classic.runtime.request import (
    EmptyResponse,
    ListResponse,
    Method,
    Page,
    PageResponse,
    RecordResponse,
    ScalarResponse,
)
from freshbooks_classic.runtime.schema import FieldSpec, RecordSchema
from freshbooks_classic.runtime.testing import same_xml
from freshbooks_classic.runtime.writing import Upload

ZONE = ZoneInfo("America/New_York")
DEPTH = 3
EXAMPLES = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# ---- what a value may be

TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r<>&\"'] \u00e9\u20ac\U0001f600"),
    min_size=1,
    max_size=12,
)
WORDS = st.text(string.ascii_letters + string.digits + "<&>\u00e9", min_size=1, max_size=12)
DAYS = st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))


def _is_plain(moment: dt.datetime) -> bool:
    """Not of the hour that comes twice in autumn, or of the one that is left out in spring."""
    there = moment.astimezone(ZONE)
    return there.replace(fold=0).utcoffset() == there.replace(fold=1).utcoffset()


ZONES = [ZONE, dt.timezone.utc, dt.timezone(dt.timedelta(hours=5, minutes=45))]
MOMENTS = (
    st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2900, 1, 1), timezones=st.sampled_from(ZONES))
    .map(lambda moment: moment.replace(microsecond=0))
    .filter(_is_plain)
)


def _words(codec: scalars.EnumCodec) -> st.SearchStrategy[str]:
    """A described word, or one that nobody described and that is no code of a described one."""
    codes = {text for pair in codec.words.values() for text in pair} | set(codec.words)
    return st.sampled_from(sorted(codec.words)) | WORDS.filter(lambda word: word not in codes)


def _scalar(codec: scalars.Codec) -> st.SearchStrategy[Any]:
    by_kind: dict[type[scalars.Codec], st.SearchStrategy[Any]] = {
        scalars.Text: TEXTS,
        scalars.Uri: WORDS.map("https://example.com/?a=1&b=".__add__),
        scalars.Integer: st.integers(-(10**17), 10**17),
        scalars.Id: st.integers(1, 10**17),
        scalars.Number: st.decimals(allow_nan=False, allow_infinity=False, places=4)
        | st.sampled_from([Decimal("0.00"), Decimal("-1.50"), Decimal("1E+3")]),
        scalars.Flag: st.booleans(),
        scalars.Date: DAYS,
        scalars.DateTime: MOMENTS,
        scalars.Binary: st.binary(max_size=5).map(Upload),
    }
    if isinstance(codec, scalars.EnumCodec):
        return _words(codec)
    return by_kind[type(codec)]


# ---- requests


def _arguments(
    shape: RecordSchema[Any], mode: str, depth: int = 0
) -> st.SearchStrategy[dict[str, Any]]:
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    letters = {"create": "c", "update": "u"}.get(mode, "cu")
    for item in shape.fields:
        if not set(letters) & set(item.access):
            continue
        needed = bool(set(letters) & set(item.required))
        value = _argument(item, mode, depth)
        if value is not None:
            (required if needed else optional)[item.name] = value
    return st.fixed_dictionaries(required, optional=optional).filter(_sends_one_body)


def _sends_one_body(values: Mapping[str, Any]) -> bool:
    """The text of a template can be sent in two ways; not in both."""
    return not {"body", "bare_body"} <= set(values)


def _argument(item: FieldSpec, mode: str, depth: int) -> st.SearchStrategy[Any] | None:
    if item.shape is not None:
        if depth >= DEPTH:
            return None
        value: st.SearchStrategy[Any] = _arguments(item.shape(), mode, depth + 1)
        value = value.filter(bool)  # a record without any field is an empty tag
    else:
        assert item.codec is not None
        value = _scalar(item.codec)
        if item.content:
            value = WORDS
    if item.many:
        return st.lists(value, min_size=1, max_size=3)
    letters = {"create": "c", "update": "u"}.get(mode, "cu")
    if item.clear and not set(letters) & set(item.required):
        return value | st.none()
    return value


def _as_read(value: Any, name: str = "", count: list[int] | None = None) -> Any:
    """Arguments as a request says them: a file is a reference to another part."""
    count = [0] if count is None else count
    if isinstance(value, Upload):
        count[0] += 1
        return f"cid:{name}" if count[0] == 1 else f"cid:{name}-{count[0]}"
    if isinstance(value, Mapping):
        return {key: _as_read(inner, key, count) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_read(inner, name, count) for inner in value]
    return value


@pytest.mark.parametrize("name", wire.METHODS)
def test_arguments_survive_building_and_reading(name: str) -> None:
    method = wire.METHODS[name]

    @EXAMPLES
    @given(arguments=_arguments(method.arguments, method.mode))
    def survive(arguments: dict[str, Any]) -> None:
        request = wire.build(name, arguments)
        found, read = wire.parse_request(request.xml)
        assert found == name
        assert read == _as_read(arguments)
        assert unknown_elements(read) == []
        again = wire.build(name, read)
        same_xml(again.xml, request.xml)
        assert again.xml == request.xml or _reordered(arguments)

    survive()


def _reordered(arguments: Mapping[str, Any]) -> bool:
    """Fields that share a wrapper are written in it together, and a text has no place among the elements around it."""
    return {"tasks", "task_ids"} <= set(arguments) or "bare_body" in arguments


# ---- answers: written by code that shares nothing with the reader but the tables


def _element(parent: etree._Element, path: tuple[str, ...], *, last_is_new: bool) -> etree._Element:
    for index, name in enumerate(path):
        found = None if last_is_new and index == len(path) - 1 else parent.find(name)
        parent = etree.SubElement(parent, name) if found is None else found
    return parent


def _wire_text(codec: scalars.Codec, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(codec, scalars.EnumCodec):
        return codec.words[value][1] if value in codec.words else str(value)
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        return value.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def _write(element: etree._Element, shape: RecordSchema[Any], values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        item = shape.by_name[name]
        if item.attribute is not None:
            assert item.codec is not None
            if value is not None:
                element.set(item.attribute, _wire_text(item.codec, value))
        elif not item.path:
            assert item.codec is not None
            element.text = _wire_text(item.codec, value)
        elif item.many:
            _element(element, item.path[:-1], last_is_new=False)
            for inner in value:
                _write_value(_element(element, item.path, last_is_new=True), item, inner)
        else:
            _write_value(_element(element, item.path, last_is_new=True), item, value)


def _write_value(element: etree._Element, item: FieldSpec, value: Any) -> None:
    if item.shape is not None:
        _write(element, item.shape(), value or {})
    else:
        assert item.codec is not None
        element.text = _wire_text(item.codec, value)


def _needed(shape: RecordSchema[Any]) -> set[str]:
    """Fields that the record cannot be made without."""
    make: Any = shape.make
    return {
        name
        for name, item in make.__dataclass_fields__.items()
        if item.default is item.default_factory  # both are MISSING
    }


def _record(shape: RecordSchema[Any], depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for item in shape.fields:
        if "r" in item.access:
            value = _answer_value(item, depth)
            if value is not None:
                (required if item.name in _needed(shape) else optional)[item.name] = value
    return st.fixed_dictionaries(required, optional=optional)


def _answer_value(item: FieldSpec, depth: int) -> st.SearchStrategy[Any] | None:
    if item.shape is not None:
        if depth >= DEPTH:
            return None
        nested = _record(item.shape(), depth + 1)
        if (
            item.many
        ):  # a wrapper that may hold an item without its element cannot hold an empty one
            return st.lists(nested.filter(bool) if item.bare else nested, max_size=3)
        return nested.filter(_holds_something) | st.none()
    assert item.codec is not None
    value = _scalar(item.codec)
    none = item.codec.none
    value = value.filter(lambda made: _wire_text(item.codec, made) not in none)  # type: ignore[arg-type]
    if item.content:
        value = WORDS if isinstance(item.codec, scalars.Text) else value
    if item.many:
        return st.lists(value, max_size=3)
    return value | st.none() if item.codec.empty is None else value | st.just("")


def _holds_something(values: Mapping[str, Any]) -> bool:
    """An element without text and without others inside is read as no record."""
    return any(value not in (None, []) for value in values.values())


def _made(shape: RecordSchema[Any], values: Mapping[str, Any]) -> Any:
    """The record that the values are."""
    made = {}
    for name, value in values.items():
        item = shape.by_name[name]
        if item.shape is not None and value is not None:
            inner = item.shape()
            value = [_made(inner, one) for one in value] if item.many else _made(inner, value)
        made[name] = value
    assert shape.make is not None
    return shape.make(**made)


def _answer_of(
    method: Method[Any],
) -> tuple[st.SearchStrategy[Any], Callable[[Any], tuple[bytes, Any]]]:
    """Random content of an answer, and what makes document and expected value of it."""
    response = method.response

    def document(path: tuple[str, ...], fill: Callable[[etree._Element], None]) -> bytes:
        root = etree.Element("response", status="ok")
        fill(_element(root, path, last_is_new=False))
        return etree.tostring(root, encoding="utf-8", xml_declaration=True)

    if isinstance(response, EmptyResponse):
        return st.none(), lambda content: (document((), lambda element: None), None)
    if isinstance(response, ScalarResponse):
        return st.integers(1, 10**17), lambda content: (
            document(
                response.path, lambda element: setattr(element, "text", str(content).zfill(11))
            ),
            content,
        )
    if isinstance(response, RecordResponse):
        return _record(response.shape), lambda content: (
            document(response.path, lambda element: _write(element, response.shape, content)),
            _made(response.shape, content),
        )
    assert isinstance(response, (ListResponse, PageResponse))
    rows = response.rows if isinstance(response, PageResponse) else response
    shape = rows.shape
    assert shape is not None
    counters = st.none() | st.integers(0, 10**6)

    def page(content: tuple[list[dict[str, Any]], tuple[int | None, ...]]) -> tuple[bytes, Any]:
        records, counts = content
        names = ("page", "per_page", "pages", "total")

        def fill(element: etree._Element) -> None:
            for name, count in zip(names, counts, strict=True):
                if count is not None:
                    element.set(name, str(count))
            for values in records:
                _write(etree.SubElement(element, rows.item), shape, values)

        items = [_made(shape, values) for values in records]
        paged = isinstance(response, PageResponse)
        position, size, pages, total = counts
        expected = Page(tuple(items), position, size, pages, total) if paged else items
        return document(rows.path, fill), expected

    lists = st.lists(_record(shape), max_size=3)
    return st.tuples(lists, st.tuples(*[counters] * 4)), page


@pytest.mark.parametrize(
    "name", [name for name, method in wire.METHODS.items() if not method.response.binary]
)
def test_answers_are_read_as_they_were_written(name: str) -> None:
    contents, make = _answer_of(wire.METHODS[name])

    @EXAMPLES
    @given(content=contents)
    def read(content: Any) -> None:
        document, expected = make(content)
        value = wire.parse_response(name, document, strict=True)
        assert value == expected
        assert wire.REGISTRY.unknown_in(name, document) == []
        assert value == wire.parse_response(name, document)

    read()


def test_every_kind_of_answer_is_covered() -> None:
    kinds = Counter(type(method.response).__name__ for method in wire.METHODS.values())
    print(f"answers: {dict(kinds)}")
    assert set(kinds) == {
        "EmptyResponse",
        "ScalarResponse",
        "RecordResponse",
        "ListResponse",
        "PageResponse",
        "BinaryResponse",
    }
    assert kinds["BinaryResponse"] == 3
