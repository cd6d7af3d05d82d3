"""The by-name API: methods by name, for tools that do not know beforehand what they will meet."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from typing import Any

from lxml import etree

from .data import plain
from .errors import ArgumentError, Error, InvalidDocumentError
from .failures import failed_by_rule
from .protocol import Protocol
from .reading import find, local_name, local_part, parse_xml
from .record import (
    Arguments,
    Raw,
    Record,
    Unknown,
    children,
    field_names,
    unknown_elements,
)
from .request import EmptyResponse, ListResponse, Method, Page, PageResponse, Request
from .scalars import escape

__all__ = ["MethodRegistry", "Methods", "plain", "unknown_elements"]


class Methods(Mapping[str, Method[Any]]):
    """Method name -> its tables. A module of the package is imported when a method of it is first asked for."""

    def __init__(self, package: str, places: Mapping[str, tuple[str, str]]) -> None:
        self._package = package
        self._places = places

    def __getitem__(self, name: str) -> Method[Any]:
        module, variable = self._places[name]
        found: Method[Any] = getattr(importlib.import_module(f"{self._package}.{module}"), variable)
        return found

    def place(self, name: str) -> tuple[str, str]:
        """Return the module of a method and the name of its table there, without importing it."""
        return self._places[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, name: object) -> bool:
        return name in self._places


class MethodRegistry:
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

        What :meth:`parse_request` found is built as it was, even if the document lacked something that is required.

        Raises:
            ArgumentError: no such method, or an argument is missing, unknown or of a wrong type.
        """
        endpoint = self.method(method)
        found = isinstance(arguments, Arguments)
        return endpoint.request(arguments) if found else endpoint.build(arguments)

    def method_of(self, root: etree._Element) -> Method[Any]:
        """Return the method that a request document is of, by what it says or by its root.

        Raises:
            InvalidDocumentError: the document does not say, or says a method that is not described.
        """
        protocol = self.protocol
        place = protocol.request_method
        if place is not None and not place.source and protocol.method_value == "{method}":
            if "{" not in protocol.request_root and local_name(root) != _local(
                protocol.request_root
            ):
                raise InvalidDocumentError(
                    f"the document is <{local_name(root)}>, not <{protocol.request_root}>"
                )
            name = (place.text(root) or "").strip()
            if name in self.methods:
                return self.methods[name]
            near = get_close_matches(name, list(self.methods), 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise InvalidDocumentError(f"the request is for {name!r}, which is not described{hint}")
        fitting = [method for method in self.methods.values() if _is_request_of(method, root)]
        if len(fitting) == 1:
            return fitting[0]
        if not fitting:
            raise InvalidDocumentError(f"no method has requests such as <{local_name(root)}>")
        names = ", ".join(method.name for method in fitting[:4])
        more = f" and {len(fitting) - 4} more" if len(fitting) > 4 else ""
        raise InvalidDocumentError(
            f"the document does not name its method; it may be of {names}{more}: say which"
        )

    def parse_request(
        self, document: bytes | str, method: str | None = None
    ) -> tuple[str, Arguments]:
        """Return method and arguments of a request document.

        Values that their described type cannot hold stay :class:`Raw` text, so that building the same arguments again
        gives an equal document; elements that the description does not know are in ``arguments.unknown``. Arguments
        outside of the document are not read.

        Args:
            document: the request.
            method: its method, for an API whose documents do not name it.

        Raises:
            InvalidDocumentError: it is not XML, not a request, or of a method that is not described.
        """
        root = parse_xml(document)
        endpoint = self.method_of(root) if method is None else self.method(method)
        protocol = endpoint.protocol
        name = endpoint.name
        if not protocol.request_root:
            holder = endpoint.arguments_in(root)
            assert holder is not None
            return name, endpoint.read_arguments(holder)
        payload = find(root, protocol.request_payload)
        if payload is None:
            raise InvalidDocumentError(
                f"the request has no <{'/'.join(protocol.request_payload)}>", method=name
            )
        place = protocol.request_method
        if place is not None and place.path and not protocol.request_payload:
            _take_out(root, place.path)
        arguments = endpoint.parse_request(payload)
        known = {place.attribute if place else None, *protocol.request_attributes}
        if payload is root and endpoint.wrapper is None:
            known |= {item.attribute for item in endpoint.arguments.fields}
        strange = [
            Unknown(f"@{local}", f'{local}="{escape(str(text))}"', str(text))
            for key, text in root.attrib.items()
            if (local := local_part(str(key))) not in known
        ]
        if strange:
            arguments.unknown = (*strange, *arguments.unknown)
        return name, arguments

    def parse_response(self, method: str, document: bytes | str, *, strict: bool = False) -> Any:
        """The value of a response document of ``method``.

        Not ``strict`` by default, since a tool wants to see all of a document: a value that its type cannot hold stays
        :class:`Raw` text. ``strict`` refuses it, as the client does.

        Raises:
            ApiError: the response tells of a failure.
            InvalidDocumentError: it is not XML or not a response.
        """
        return self.method(method).parse_response(document, strict=strict)

    def unknown_in(self, method: str, document: bytes | str) -> list[str]:
        """Paths of everything in a response that the description does not know, from below the payload."""
        endpoint = self.method(method)
        if endpoint.response.binary:
            return unknown_elements(endpoint.parse_response(document, strict=False))
        try:
            if endpoint.has_no_document(document):
                return unknown_elements(endpoint.parse_response(document, strict=False))
            payload = endpoint.protocol.payload(document, method)
            return _unknown(endpoint, payload, endpoint.read_payload(payload, strict=False))
        except Error as error:
            error.method = error.method or method
            raise

    def guess(self, document: bytes | str) -> list[str]:
        """Methods that this document may belong to, the likeliest first; none for a failure, which any may return.

        Raises:
            InvalidDocumentError: it is neither a request nor a response of this API.
        """
        return [name for _, name in self._fitting(document)]

    def candidates(self, document: bytes | str) -> list[str]:
        """The first of :meth:`guess`, with those that its content does not tell from it."""
        fitting = self._fitting(document)
        return [name for fit, name in fitting if fit == fitting[0][0]]

    def _fitting(self, document: bytes | str) -> list[tuple[tuple[int, int], str]]:
        """Each method that the document may belong to after how badly it fits, best first."""
        root = parse_xml(document)
        protocol = self.protocol
        try:
            requested = self.method_of(root).name
        except InvalidDocumentError:
            requested = ""
        if requested:
            return [((0, 0), requested)]
        if (
            "{" not in protocol.response_root
            and local_name(root) == _local(protocol.request_root)
            and protocol.request_root != protocol.response_root
        ):
            return []
        if failed_by_rule(protocol.failures, root):
            return []
        payloads: dict[int, etree._Element | None] = {}
        protocols: list[Protocol] = []  # kept, so that no two have the same id
        fitting: list[tuple[tuple[int, int], str]] = []
        refused: Error | None = None
        for name, method in self.methods.items():
            if method.response.binary:
                continue
            own = method.protocol
            if id(own) not in payloads:
                protocols.append(own)
                try:
                    own.check(root, "")
                    payloads[id(own)] = find(root, own.response_payload)
                except Error as error:
                    refused, payloads[id(own)] = error, None
            payload = payloads[id(own)]
            if payload is None or not _begins_as(method, {local_name(child) for child in payload}):
                continue
            fitting.append((_misfit(method, payload), name))
        if isinstance(refused, InvalidDocumentError) and not any(
            payload is not None for payload in payloads.values()
        ):
            raise refused
        return sorted(fitting, key=lambda item: item[0])  # stable: equal ones as described


def _is_request_of(method: Method[Any], root: etree._Element) -> bool:
    """Return whether a document may be a request of a method."""
    protocol = method.protocol
    name = protocol.request_root or method.wrapper
    if name is None:
        outer = {_local(item.path[0]) for item in method.arguments.fields if item.path}
        return local_name(root) in outer
    if local_name(root) != _local(name):
        return False
    place = protocol.request_method
    if place is None or place.source:
        return True
    return (place.text(root) or "").strip() == protocol.method_text(method.name)


def _local(name: str) -> str:
    """Return a name without its prefix."""
    return name.rpartition(":")[2]


def _take_out(root: etree._Element, path: tuple[str, ...]) -> None:
    """Remove the name of the method from a request whose arguments are beside it.

    The elements around the name are removed, too, if they hold nothing else.
    """
    said = find(root, path)
    while said is not None and said is not root:
        parent = said.getparent()
        assert parent is not None
        parent.remove(said)
        said = None if len(parent) else parent


def _begins_as(method: Method[Any], present: AbstractSet[str]) -> bool:
    """Return whether what the method returns is among the elements of a payload."""
    response = (
        method.response.rows if isinstance(method.response, PageResponse) else method.response
    )
    if isinstance(response, EmptyResponse):
        return not present
    path: tuple[str, ...] = getattr(response, "path", ())
    if path:
        return path[0] in present
    if isinstance(response, ListResponse):
        return response.item in present
    return response.record is not None and any(
        item.path[0] in present
        for item in response.record.fields
        if item.path and "r" in item.access
    )


def _misfit(method: Method[Any], payload: etree._Element) -> tuple[int, int]:
    """How many parts of the payload the method cannot explain, then how many of its own are missing from it."""
    value = method.read_payload(payload, strict=False)
    leaves = list(_leaves(value))
    strange = len(_unknown(method, payload, value)) + sum(isinstance(leaf, Raw) for leaf in leaves)
    return strange, sum(leaf is None for leaf in leaves)


def _unknown(method: Method[Any], payload: etree._Element, value: object) -> list[str]:
    return [item.path for item in method.unknown_below(payload)] + unknown_elements(value)


def _leaves(value: object) -> Iterator[object]:
    """Everything below a value that holds nothing more itself; None for a list of a record that is empty."""
    if isinstance(value, (Record, list, Page)):
        for _, inner in children(value):
            yield from _leaves(inner)
    else:
        yield value
    if isinstance(value, Record):
        yield from (None for name in field_names(value) if getattr(value, name) == [])
