"""Write records as XML, as the service returns them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ...runtime.scalars import EMPTY_REFUSED, Codec, DateTime, EnumCodec, Flag, escape
from ...runtime.schema import FieldSpec, RecordSchema

Hide = frozenset[str]
"""Fields of the outermost record that this caller does not see."""
Part = Callable[[Mapping[str, Any], Hide], str]
_IMPOSSIBLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ELEMENT_NAME: Final = re.compile(r"[^\W\d][\w.-]*")
OUTSIDE: Final = ("header", "status", "body")
"""Sources of values of a response that are not in its document."""


class RecordWriter:
    """Writes records of one shape."""

    def __init__(self, shape: RecordSchema[Any], writer: Any) -> None:
        self._shape = shape
        self._writer = writer
        readable = [item for item in shape.fields if "r" in item.access and not is_file(item)]
        self.located = [
            item for item in readable if item.location is not None and item.location[0] in OUTSIDE
        ]
        """Fields that are headers, the status or the whole body."""
        fields = [item for item in readable if item.path or item.attribute or item.content]
        self._attributes = [item for item in fields if item.attribute is not None and not item.path]
        self._contents = [item for item in fields if item.content and not item.path]
        self._parts = self._group([item for item in fields if item.path], 0)

    def parts(self, record: Mapping[str, Any], hide: Hide = frozenset()) -> tuple[str, str]:
        """Return the attributes and the inside of a record's element."""
        head = self._head(self._attributes, record, hide)
        inside = "".join([part(record, hide) for part in self._parts])
        for item in self._contents:
            value = record.get(item.name)
            if value is not None and item.codec is not None and item.name not in hide:
                inside = text_of(item.codec, value) + inside
        return head, inside

    def outside(self, record: Mapping[str, Any]) -> Iterator[tuple[FieldSpec, Any]]:
        """Yield the fields that are not in the document, with their values."""
        for item in self.located:
            value = record.get(item.name)
            if value is not None:
                yield item, value

    @staticmethod
    def _head(items: list[FieldSpec], record: Mapping[str, Any], hide: Hide) -> str:
        head = ""
        for item in items:
            value = record.get(item.name)
            if value is not None and item.name not in hide:
                head += f' {item.attribute}="{quoted_value(item, value)}"'
        return head

    def _group(self, fields: list[FieldSpec], depth: int) -> list[Part]:
        """Return what writes fields; those that share an element are written where the first of them is."""
        by_name: dict[str, list[FieldSpec]] = {}
        for item in fields:
            by_name.setdefault(item.path[depth], []).append(item)
        parts: list[Part] = []
        for name, items in by_name.items():
            if all(len(item.path) - depth == 1 and item.attribute is None for item in items):
                parts += [self._leaf(item) for item in items]
            else:
                parts.append(self._element(name, items, depth))
        return parts

    def _element(self, name: str, items: list[FieldSpec], depth: int) -> Part:
        """Return what writes an element that holds several fields."""
        last = [item for item in items if len(item.path) - depth == 1]
        attributes = [item for item in last if item.attribute is not None]
        texts = [item for item in last if item.attribute is None]
        parts = self._group([item for item in items if len(item.path) - depth > 1], depth + 1)
        tag = tag_of(items[0], depth)
        names = [item.name for item in items]
        omits = self._writer.omits

        def write(record: Mapping[str, Any], hide: Hide) -> str:
            if not any(
                name in record and name not in hide and not (omits and record[name] is None)
                for name in names
            ):
                return ""
            head = self._head(attributes, record, hide)
            inside = ""
            for item in texts:
                value = record.get(item.name)
                if value is None or item.name in hide:
                    continue
                if item.codec is not None and not item.many:
                    inside += text_of(item.codec, value)
                elif item.shape is not None and not item.many:
                    inner_head, inner = self._writer.writer(item.shape()).parts(value)
                    head, inside = head + inner_head, inside + inner
            inside += "".join([part(record, hide) for part in parts])
            return f"<{tag}{head}>{inside}</{name}>"

        return write

    def _leaf(self, item: FieldSpec) -> Part:
        name, last = item.name, item.path[-1]
        mark = self._writer.mark(self._shape, item)
        if item.map:
            return self._map(item)
        tag = tag_of(item, len(item.path) - 1)
        if item.shape is not None:
            return self._records(item, tag, last, mark)
        assert item.codec is not None
        codec = item.codec
        head, tail = f"<{tag}{mark}>", f"</{last}>"
        width = self._writer.width(self._shape, item)
        cleared: str = self._writer.cleared(tag + mark, last, empty_text(codec))

        def one(value: Any) -> str:
            if value is None:
                return cleared
            text = text_of(codec, value)
            return f"{head}{text.zfill(width) if width else text}{tail}"

        def write(record: Mapping[str, Any], hide: Hide) -> str:
            if name not in record or name in hide:
                return ""
            value = record[name]
            if item.many:
                return "".join(map(one, value or ()))
            return one(value)

        return write

    def _records(self, item: FieldSpec, tag: str, last: str, mark: str) -> Part:
        name, shape_of = item.name, item.shape
        assert shape_of is not None
        cleared = self._writer.cleared(tag + mark, last, "")

        def write(record: Mapping[str, Any], hide: Hide) -> str:
            if name not in record or name in hide:
                return ""
            value = record[name]
            if value is None:
                return "" if item.many else cleared
            writer = self._writer.writer(shape_of())
            written = []
            for inner in value if item.many else (value,):
                attributes, inside = writer.parts(inner)
                written.append(f"<{tag}{mark}{attributes}>{inside}</{last}>")
            return "".join(written)

        return write

    def _map(self, item: FieldSpec) -> Part:
        """Return what writes a map: entries with a key and a value, or elements named like the keys."""
        name, last = item.name, item.path[-1]
        named = last == "*"

        def write(record: Mapping[str, Any], hide: Hide) -> str:
            values = record.get(name)
            if not isinstance(values, Mapping) or name in hide:
                return ""
            written = ""
            for label, value in values.items():
                if not named:
                    assert item.shape is not None
                    entry = item.shape()
                    key, inner = entry.fields
                    head, inside = self._writer.writer(entry).parts(
                        {key.name: label, inner.name: value}
                    )
                    written += f"<{last}{head}>{inside}</{last}>"
                elif _ELEMENT_NAME.fullmatch(str(label)) is not None:
                    head, inside = "", ""
                    if item.shape is not None:
                        head, inside = self._writer.writer(item.shape()).parts(value or {})
                    elif value is not None and item.codec is not None:
                        inside = text_of(item.codec, value)
                    written += f"<{label}{head}>{inside}</{label}>"
            return written

        return write


def tag_of(item: FieldSpec, depth: int) -> str:
    """Return the name of an element of a field's path, with the namespace that it declares."""
    at = depth - (len(item.path) - len(item.namespaces))
    uri = item.namespaces[at] if 0 <= at < len(item.namespaces) else ""
    return f'{item.path[depth]} xmlns="{quoted(uri)}"' if uri else item.path[depth]


def is_file(item: FieldSpec) -> bool:
    """Return whether a field is a file, which no document holds."""
    return item.codec is not None and item.codec.name == "binary"


def empty_text(codec: Codec) -> str | None:
    """Return the text of an element without a value; None where there is no element then."""
    if codec.empty is EMPTY_REFUSED:
        return None
    if codec.none and codec.name == "datetime":
        return max(codec.none, key=len)
    if codec.none and codec.name != "date":
        return min(codec.none, key=len)
    return ""


def text_of(codec: Codec, value: Any) -> str:
    """Return a value as the text of a response."""
    if isinstance(codec, EnumCodec):
        known = codec.words.get(value)
        return safe(known[1] if known is not None else str(value))
    if isinstance(codec, Flag):
        return safe(codec.words[0] if value else codec.words[1])
    if codec.name in ("text", "uri"):
        return safe(str(value))
    if isinstance(value, dt.datetime):
        if not isinstance(codec, DateTime):
            value = value.date()
    elif isinstance(value, dt.date) and isinstance(codec, DateTime):
        value = dt.datetime(value.year, value.month, value.day, tzinfo=codec.zone())
    return codec.write(value)


def safe(text: str) -> str:
    """Return text as XML character data; characters that XML has none for are replaced."""
    try:
        return escape(text)
    except ValueError:
        return escape(_IMPOSSIBLE.sub("\ufffd", text))


def quoted(text: str) -> str:
    """Return text as the value of an attribute."""
    return safe(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


def quoted_value(item: FieldSpec, value: Any) -> str:
    """Return the value of a field as that of an attribute."""
    assert item.codec is not None
    text = text_of(item.codec, value)  # has its markup escaped already
    return text.replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
