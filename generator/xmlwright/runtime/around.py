"""What a response holds beside its value: warnings, metadata, and described headers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .errors import Error, ErrorDetail
from .reading import parse_xml
from .record import Raw
from .request import PageResponse
from .scrub import HIDDEN, blank
from .transport import HttpResponse

if TYPE_CHECKING:
    from lxml import etree

    from .protocol import Protocol
    from .request import Method


def read_warnings(protocol: Protocol, content: bytes | None) -> tuple[ErrorDetail, ...]:
    """Return the warnings of a response that succeeded."""
    rule = protocol.warnings
    root = None if rule is None else _root(content)
    if rule is None or root is None:
        return ()
    return tuple(rule.details(root))


def read_metadata(
    protocol: Protocol, content: bytes | None, status: int, headers: Mapping[str, str]
) -> dict[str, Any]:
    """Return the described values beside the payload, None for each that is missing."""
    root = _root(content) if protocol.metadata else None
    response = HttpResponse(status, headers, content or b"")
    values: dict[str, Any] = {}
    for name, place, codec in protocol.metadata:
        if place.source:
            text = place.outside(response.status, response.headers)
        else:
            text = None if root is None else place.text(root, response)
        try:
            values[name] = None if text is None else codec.read(text)
        except ValueError:
            values[name] = Raw(text)
    return values


def _root(content: bytes | None) -> etree._Element | None:
    try:
        return parse_xml(content or b"")
    except Error:
        return None


def described_headers(
    method: Method[Any], headers: Mapping[str, str], secrets: Iterable[str]
) -> dict[str, str]:
    """Return the headers of a response that its method reads, without anything sensitive."""
    protocol, response = method.protocol, method.response
    names: dict[str, bool] = {}
    record = response.record
    for item in record.fields if record is not None else ():
        if item.location is not None and item.location[0] == "header" and "r" in item.access:
            names[item.location[1].lower()] = item.sensitive
    places = [place for _, place, _ in protocol.metadata]
    if isinstance(response, PageResponse):
        paging = protocol.paging
        places += [*paging.counters.values(), *paging.next]
        places += [paging.more] if paging.more is not None else []
    own = getattr(response, "place", None)
    places += [own] if own is not None else []
    for rule in protocol.failures:
        inside = (rule.message, rule.code, rule.field, rule.severity, rule.detail)
        places += [place for place in inside if place is not None]
    names.update((place.name.lower(), False) for place in places if place.source == "header")
    shown: dict[str, str] = {}
    for name, text in headers.items():
        for wanted, sensitive in names.items():
            if name == wanted or (wanted.endswith("*") and name.startswith(wanted[:-1])):
                shown[name] = HIDDEN if sensitive else blank(text, secrets)
    return shown
