"""Redaction by the description: what is sensitive is known from the tables, not guessed from names.

Two nets: elements that the description marks are blanked where they stand, and the values that a call is known to hold (the
token, sensitive arguments) are blanked wherever else they turn up, such as in the text of a failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from lxml import etree

from .errors import Error
from .reading import find, local_name, parse_xml
from .record import Record
from .request import Method, Paged, Rows
from .shape import Field, Shape

HIDDEN: Final = "[redacted]"
SHORTEST_SECRET: Final = 4
"""Characters; a shorter value is blanked in its own place only, else half of every text would be."""


def secrets_of(shape: Shape[Any], values: Mapping[str, Any]) -> set[str]:
    """Sensitive values among arguments, as the texts that would be seen."""
    found: set[str] = set()
    for name, value in values.items():
        item = shape.by_name.get(name)
        if item is not None:
            _collect(item, value, found)
    return {text for text in found if len(text) >= SHORTEST_SECRET}


def _collect(item: Field, value: Any, found: set[str]) -> None:
    if isinstance(value, (list, tuple)):
        for inner in value:
            _collect(item, inner, found)
    elif item.shape is not None:
        nested = item.shape()
        if isinstance(value, Record):
            value = {other.name: getattr(value, other.name, None) for other in nested.fields}
        if isinstance(value, Mapping):
            for name, inner in value.items():
                other = nested.by_name.get(str(name))
                if other is not None:
                    _collect(other, inner, found)
    elif item.sensitive and isinstance(value, (str, int)) and not isinstance(value, bool):
        found.add(str(value))


def scrub(text: str, secrets: Iterable[str]) -> str:
    """``text`` without any of ``secrets``, longest first; also where XML has escaped them."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
        escaped = secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if escaped != secret:
            text = text.replace(escaped, HIDDEN)
    return text


def hidden_values(values: Mapping[str, Any], shape: Shape[Any]) -> dict[str, Any]:
    """Arguments without the sensitive ones, all the way down."""
    shown: dict[str, Any] = {}
    for name, value in values.items():
        item = shape.by_name.get(name)
        if item is None or item.sensitive:
            continue
        shown[name] = _shown(item, value)
    return shown


def _shown(item: Field, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_shown(item, inner) for inner in value]
    if item.shape is not None and isinstance(value, Mapping):
        return hidden_values({str(name): inner for name, inner in value.items()}, item.shape())
    if item.shape is not None and isinstance(value, Record):
        nested = item.shape()
        named = {other.name: getattr(value, other.name, None) for other in nested.fields}
        return hidden_values({k: v for k, v in named.items() if v is not None}, nested)
    return value


def redact_request(method: Method[Any], document: bytes | str, secrets: Iterable[str] = ()) -> str:
    """A request document as it may be shown."""
    try:
        root = parse_xml(document)
    except Error:
        return _withheld(document)
    payload = find(root, method.protocol.request_payload)
    if payload is not None and method.wrapper is not None:
        payload = find(payload, (method.wrapper,))
    if payload is not None:
        _blank(payload, method.arguments, "cu")
    return scrub(_text(root), secrets)


def redact_answer(method: Method[Any], document: bytes | str, secrets: Iterable[str] = ()) -> str:
    """An answer as it may be shown: files by their size, what is no XML not at all."""
    if method.answer.binary and document[:1] not in (b"<", "<"):
        return f"[{len(document)} bytes]"
    try:
        root = parse_xml(document)
    except Error:
        return _withheld(document)
    payload = find(root, method.protocol.response_payload)
    answer = method.answer.rows if isinstance(method.answer, Paged) else method.answer
    shape = answer.record
    if payload is not None and shape is not None:
        holder = find(payload, getattr(answer, "path", ()))
        items = [] if holder is None else [holder]
        if isinstance(answer, Rows) and holder is not None:
            items = [child for child in holder if local_name(child) == answer.item]
        for item in items:
            _blank(item, shape, "r")
    return scrub(_text(root), secrets)


def _withheld(document: bytes | str) -> str:
    return f"[{len(document)} {'bytes' if isinstance(document, bytes) else 'characters'}, not XML]"


def _text(root: etree._Element) -> str:
    return etree.tostring(root, encoding="unicode")


def _blank(element: etree._Element, shape: Shape[Any], letters: str) -> None:
    """Blank the sensitive fields of one record's element."""
    for item in shape.fields:
        if not any(letter in item.access for letter in letters):
            continue
        if not item.sensitive and item.shape is None:
            continue
        if item.attribute is not None:
            for name in list(element.attrib):
                if str(name).rpartition("}")[2] == item.attribute:
                    element.set(name, HIDDEN)
        elif item.content and not item.path:
            if (element.text or "").strip():
                element.text = HIDDEN
            for child in element:
                if (child.tail or "").strip():
                    child.tail = HIDDEN
        else:
            for place in _places(element, item.path):
                if item.sensitive:
                    _empty(place)
                elif item.shape is not None:
                    _blank(place, item.shape(), letters)
        if item.bare and item.shape is not None:
            for wrapper in _places(element, item.path[:-1]):
                _blank(wrapper, item.shape(), letters)


def _places(element: etree._Element, path: tuple[str, ...]) -> list[etree._Element]:
    places = [element]
    for name in path:
        places = [child for place in places for child in place if local_name(child) == name]
    return places


def _empty(element: etree._Element) -> None:
    if (element.text or "").strip() or len(element):
        tail = element.tail
        for child in list(element):
            element.remove(child)
        element.text = HIDDEN
        element.tail = tail
