"""From the document of a call to checked arguments, or to a refusal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from lxml import etree

from ...runtime.errors import InvalidDocumentError
from ...runtime.protocol import Protocol
from ...runtime.reading import find, local_name, parse_xml
from ...runtime.record import Arguments, Raw
from ...runtime.request import Method
from ...runtime.scalars import Codec, EnumCodec
from ...runtime.schema import FieldSpec, Mode, RecordSchema, required
from ..binding.parameters import LONGEST_LIST
from ..binding.refusals import CallRefusedError
from ..binding.routing import Part

LONGEST_NUMBER: Final = 30
"""Digits of a number; the sandbox refuses longer ones rather than counting with them."""


def opened(document: bytes, protocol: Protocol) -> tuple[str, etree._Element]:
    """Return the name of the method that a document calls, and the element that holds the arguments."""
    try:
        root = parse_xml(document)
        name = local_name(root)
        method = None if protocol.request_method is None else protocol.request_method.text(root)
    except InvalidDocumentError:
        raise CallRefusedError("malformed") from None
    if name != protocol.request_root:
        raise CallRefusedError("malformed")
    payload = find(root, protocol.request_payload)
    return (method or "").strip(), root if payload is None else payload


def read(
    method: Method[Any],
    payload: etree._Element,
    parts: Mapping[str, Part],
    besides: frozenset[str] = frozenset(),
    supplied: Container[str] = (),
) -> dict[str, Any]:
    """Return the arguments of a call whose document names the method: Python name -> value, None for an empty tag.

    ``besides`` are elements of the payload that belong to the envelope, ``supplied`` are arguments that need not be
    there. Raises :class:`Refused` for the first thing
    that is wrong: an element that is not known, a missing one, a value that is not allowed.
    """
    try:
        given = method.parse_request(payload)
    except InvalidDocumentError:
        raise CallRefusedError("malformed") from None
    return checked_arguments(method, given, parts, besides, supplied)


def checked_arguments(
    method: Method[Any],
    given: Arguments,
    parts: Mapping[str, Part],
    besides: frozenset[str] = frozenset(),
    supplied: Container[str] = (),
) -> dict[str, Any]:
    """Return arguments that were read, checked. Raises as :func:`read`."""
    reader = _Reader(method.mode, parts)
    for path in reader.unknown(given, besides):
        raise CallRefusedError("unknown_element", field=path)
    for item in reader.missing(method.arguments, given):
        if item.name not in supplied:
            raise CallRefusedError("missing", field=wire_name(item))
    return reader.values(method.arguments, given)


def wire_name(item: FieldSpec) -> str:
    """Return what a message calls a field."""
    if item.location is not None and item.location[1] != "*":
        return item.location[1] or item.name
    if item.attribute or not item.path:
        return item.attribute or item.name
    return item.path[-2] if item.many and len(item.path) > 1 else item.path[len(item.path) - 1]


class _Reader:
    def __init__(self, mode: Mode, parts: Mapping[str, Part]) -> None:
        self._mode: Mode = mode
        self._parts = parts

    def unknown(self, given: Arguments, besides: frozenset[str] = frozenset()) -> Iterator[str]:
        """Yield the elements that the description lacks, the outer ones first."""
        for item in given.unknown:
            if item.path not in besides:
                yield item.path.rpartition("/")[2]
        for value in given.values():
            for inner in value if isinstance(value, list) else (value,):
                if isinstance(inner, Arguments):
                    yield from self.unknown(inner)

    def missing(self, shape: RecordSchema[Any], given: Mapping[str, Any]) -> Iterator[FieldSpec]:
        """Yield the required fields that a request lacks or leaves empty."""
        for item in shape.fields:
            value = given.get(item.name)
            if required(item, self._mode) and (value is None or value in ("", []) or _blank(value)):
                yield item
            if item.shape is not None and value is not None and not item.map:
                for inner in value if isinstance(value, list) else (value,):
                    if isinstance(inner, Mapping):
                        yield from self.missing(item.shape(), inner)

    def values(self, shape: RecordSchema[Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Return all values, checked; without those that the service drops."""
        table = shape.writer(self._mode)
        found: dict[str, Any] = {}
        for name, value in given.items():
            entry = table.get(name)
            item = shape.by_name[name] if entry is None else entry.field
            checked = self._field(item, value)
            if not item.discarded:
                found[name] = checked
        return found

    def _field(self, item: FieldSpec, value: Any) -> Any:
        if value is None or (isinstance(value, Raw) and not value.strip()):
            if not item.clear:
                raise CallRefusedError(
                    "invalid", field=wire_name(item), value="", emptied=item.name
                )
            return () if item.many else None
        if item.map and isinstance(value, Mapping):
            return self._map(item, value)
        if item.many:
            if len(value) > LONGEST_LIST:
                raise CallRefusedError(
                    "invalid", field=wire_name(item), value=f"{len(value)} elements"
                )
            return tuple(self._one(item, inner) for inner in value)
        return self._one(item, value)

    def _one(self, item: FieldSpec, value: Any) -> Any:
        if item.shape is not None:
            return self.values(item.shape(), value or {})
        assert item.codec is not None
        if item.codec.name == "binary":
            return self._file(item, value)
        try:
            checked = _checked(item.codec, value)
            return checked if checked is None else _limited(item, checked)
        except (ValueError, OverflowError):
            raise CallRefusedError(
                "invalid", field=wire_name(item), value=str(value)[:100]
            ) from None

    def _map(self, item: FieldSpec, value: Mapping[str, Any]) -> dict[str, Any]:
        if len(value) > LONGEST_LIST:
            raise CallRefusedError("invalid", field=wire_name(item), value=f"{len(value)} elements")
        if item.path[-1:] == ("*",) or item.shape is None:
            return {str(key): self._one(item, inner) for key, inner in value.items()}
        _, entry = item.shape().fields
        return {
            str(key): None if inner is None else self._field(entry, inner)
            for key, inner in value.items()
        }

    def _file(self, item: FieldSpec, value: Any) -> dict[str, Any]:
        part: Part | None
        if isinstance(value, Part):
            part = value
        elif isinstance(value, bytes):
            part = Part("application/octet-stream", value, None)
        else:
            part = self._parts.get(str(value).strip().removeprefix("cid:"))
        if part is None or not part.data:
            raise CallRefusedError("invalid", field=wire_name(item), value=str(value)[:100])
        media = part.media.partition(";")[0].strip().lower()
        too_big = item.max_bytes is not None and len(part.data) > item.max_bytes
        if (item.media and media not in item.media) or too_big:
            raise CallRefusedError("invalid", field=wire_name(item), value=media)
        return {"name": part.name or "file", "media": media, "data": part.data}


def _blank(value: Any) -> bool:
    return isinstance(value, Raw) and not value.strip()


def _checked(codec: Codec, value: Any) -> Any:
    if isinstance(value, Raw):  # written in another way than the client would
        value = codec.read(str(value))
    if value is None or str(value) in codec.none:
        return None
    if isinstance(codec, EnumCodec):
        if value not in codec.sendable:
            raise ValueError
    elif isinstance(value, Decimal):
        if len(value.as_tuple().digits) > LONGEST_NUMBER or abs(value.adjusted()) > LONGEST_NUMBER:
            raise ValueError
    elif (codec.name == "id" and value < 0) or (codec.name == "uri" and not _is_uri(str(value))):
        raise ValueError
    elif isinstance(value, dt.datetime):
        value.astimezone(dt.timezone.utc)  # a time at the end of the calendar has none
    elif codec.name == "text":
        return str(value)
    return value


def _is_uri(text: str) -> bool:
    scheme, found, rest = text.partition(":")
    return bool(found and rest) and scheme.isascii() and scheme[:1].isalpha()


def _limited(item: FieldSpec, value: Any) -> Any:
    if item.max_length is not None and isinstance(value, str) and len(value) > item.max_length:
        raise ValueError
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        if item.minimum is not None and value < Decimal(item.minimum):
            raise ValueError
        if item.maximum is not None and value > Decimal(item.maximum):
            raise ValueError
        if item.places is not None and isinstance(value, Decimal):
            step = Decimal(1).scaleb(-item.places)
            return value if value == value.quantize(step) else value.quantize(step, ROUND_HALF_UP)
    return value
