"""The dynamic door: methods by name, for tools that do not know beforehand what they will meet."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from .errors import ArgumentError, UnreadableDocument
from .files import File
from .protocol import Protocol
from .reading import find, local_name, parse_xml
from .record import Arguments, Record, unknown_elements
from .request import Method, Page, Paged, Request

__all__ = ["Door", "Methods", "plain", "unknown_elements"]


class Methods(Mapping[str, Method[Any]]):
    """Method name -> its tables. A module of the package is imported when a method of it is first asked for."""

    def __init__(self, package: str, places: Mapping[str, tuple[str, str]]) -> None:
        self._package = package
        self._places = places

    def __getitem__(self, name: str) -> Method[Any]:
        module, variable = self._places[name]
        found: Method[Any] = getattr(importlib.import_module(f"{self._package}.{module}"), variable)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, name: object) -> bool:
        return name in self._places


class Door:
    """What the generated ``wire`` module offers, over one API's methods."""

    def __init__(self, protocol: Protocol, methods: Methods) -> None:
        self.protocol = protocol
        self.methods = methods

    def method(self, name: str) -> Method[Any]:
        """One method by its wire name. Raises ArgumentError, with the nearest name, for an unknown one."""
        if name not in self.methods:
            near = get_close_matches(name, list(self.methods), 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ArgumentError(f"there is no method {name!r}{hint}")
        return self.methods[name]

    def build(self, method: str, arguments: Mapping[str, Any]) -> Request[Any]:
        """The request of ``method`` for ``arguments`` (name -> value; None sends an empty tag).

        Raises:
            ArgumentError: no such method, or an argument is missing, unknown or of a wrong type.
        """
        return self.method(method).request(arguments)

    def read_request(self, document: bytes | str) -> tuple[str, Arguments]:
        """Method and arguments of a request document.

        Values that their described type cannot hold stay :class:`Raw` text, so that building the same arguments again
        gives an equal document; elements that the description does not know are in ``arguments.unknown``.

        Raises:
            UnreadableDocument: it is not XML, not a request, or of a method that is not described.
        """
        root = parse_xml(document)
        protocol = self.protocol
        if local_name(root) != protocol.request_root:
            raise UnreadableDocument(
                f"the document is <{local_name(root)}>, not <{protocol.request_root}>"
            )
        name = (protocol.request_method.text(root) or "").strip()
        if name not in self.methods:
            near = get_close_matches(name, list(self.methods), 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UnreadableDocument(f"the request is for {name!r}, which is not described{hint}")
        payload = find(root, protocol.request_payload)
        if payload is None:
            raise UnreadableDocument(
                f"the request has no <{'/'.join(protocol.request_payload)}>", method=name
            )
        if protocol.request_method.attribute is None and not protocol.request_payload:
            said = find(root, protocol.request_method.path)
            if said is not None:
                root.remove(said)
        return name, self.methods[name].read_request(payload)

    def read_answer(self, method: str, document: bytes | str, *, strict: bool = False) -> Any:
        """The value of an answer document of ``method``.

        Not ``strict`` by default, since a tool wants to see all of a document: a value that its type cannot hold stays
        :class:`Raw` text. ``strict`` refuses it, as the client does.

        Raises:
            ApiFailure: the answer tells of a failure.
            UnreadableDocument: it is not XML or not an answer.
        """
        return self.method(method).read_answer(document, strict=strict)

    def unknown_in(self, method: str, document: bytes | str) -> list[str]:
        """Paths of everything in an answer that the description does not know, from below the payload."""
        endpoint = self.method(method)
        paths = [item.path for item in endpoint.unknown_in(document)]
        return paths + unknown_elements(endpoint.read_answer(document, strict=False))

    def guess(self, document: bytes | str) -> list[str]:
        """Methods whose answer or request this document may be, the likeliest first."""
        root = parse_xml(document)
        if local_name(root) == self.protocol.request_root:
            said = (self.protocol.request_method.text(root) or "").strip()
            if said in self.methods:
                return [said]
        payload = find(root, self.protocol.response_payload)
        first = (
            next((local_name(child) for child in payload), None) if payload is not None else None
        )
        likely = [name for name in self.methods if _first_element(self.methods[name]) == first]
        return sorted(likely, key=lambda name: self._misfit(name, document))

    def _misfit(self, name: str, document: bytes | str) -> tuple[int, int]:
        order = list(self.methods).index(name)
        try:
            return len(self.unknown_in(name, document)), order
        except Exception:
            return 1_000_000, order


def _first_element(method: Method[Any]) -> str | None:
    answer = method.answer.rows if isinstance(method.answer, Paged) else method.answer
    path = getattr(answer, "path", None)
    if path:
        return str(path[0])
    if path == () and answer.record is not None:
        fields = answer.record.fields
        return next((item.path[0] for item in fields if item.path and "r" in item.access), None)
    return None


def plain(value: Any) -> Any:
    """A value as JSON can hold it: decimals and times as text, absent fields and empty lists left out."""
    if isinstance(value, Page):
        counters = {name: getattr(value, name) for name in ("position", "size", "pages", "total")}
        items = [plain(item) for item in value.items]
        return {**{k: v for k, v in counters.items() if v is not None}, "items": items}
    if isinstance(value, Record):
        found = {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}  # type: ignore[attr-defined]
        return {name: item for name, item in found.items() if item is not None and item != []}
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, File):
        return {"bytes": len(value.content), "media": value.media}
    if isinstance(value, (str, int, bool, type(None))):
        return str(value) if isinstance(value, str) else value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return format(value, "f") if hasattr(value, "as_tuple") else str(value)


def to_json(value: Any) -> str:
    """:func:`plain` as indented JSON text."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False)
