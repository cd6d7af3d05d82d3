"""Read the arguments of a method from an HTTP request."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from lxml import etree

from ...ir import Method
from ...runtime.errors import Error
from ...runtime.outside import split_list
from ...runtime.protocol import placeholders
from ...runtime.reading import local_name
from ...runtime.record import Arguments
from ...runtime.request import Method as RuntimeMethod
from ...runtime.schema import FieldSpec, Mode, RecordSchema
from .parameters import MISSING, ParameterReader, parsed
from .refusals import CallRefusedError
from .routing import HttpCall, Part, Route

_LINK_PARAMETERS: Final = frozenset(["cursor"])
"""Parameters of links to further pages, which the sandbox writes itself."""
_LETTERS: Final = {"create": "c", "update": "u"}


class ArgumentReader:
    """Reads the arguments of one method."""

    def __init__(
        self, method: Method, runtime: RuntimeMethod[Any], reserved: Collection[str]
    ) -> None:
        """Prepare to read.

        Args:
            method: the method.
            runtime: its tables.
            reserved: parameters that are credentials.
        """
        self.runtime = runtime
        self._method = method
        self._binding = runtime.http
        envelope = method.envelope
        self._strict = envelope is not None and envelope.strict_order
        self._reserved = frozenset(reserved)
        self._letters = _LETTERS.get(runtime.mode, "cu")
        self._located = [
            item
            for item in runtime.arguments.fields
            if item.location is not None and any(letter in item.access for letter in self._letters)
        ]
        self._names = frozenset(item.name for item in self._located)

    def read(self, call: HttpCall, route: Route) -> Arguments:
        """Return what a request asks for, not checked yet.

        Raises:
            CallRefusedError: it has parameters or elements that are not described, or not in their order.
        """
        found = self._document(call)
        binding = self._binding
        if binding is None:
            return found
        constants = {name for name, _ in (*binding.query, *binding.form)}
        if "?" in binding.path:
            constants |= {
                part.partition("=")[0] for part in binding.path.partition("?")[2].split("&")
            }
        if binding.document is not None:
            constants.add(binding.document[1])
        readers = {
            "query": ParameterReader(binding.names, call.query, self.runtime.mode),
            "form": ParameterReader(binding.names, call.form, self.runtime.mode),
        }
        for item in self._located:
            source, name = item.location or ("", "")
            value: Any = MISSING
            if source in readers and name != "*":
                value = readers[source].value(item, name)
            elif source == "path":
                text = route.variables.get(name)
                value = MISSING if text is None else parsed(item, text)
            elif source == "header":
                value = _header(item, name, call.headers)
            elif source == "part":
                value = _part(item, [part for label, part in call.parts if label == name])
            elif source == "body":
                value = _body(item, call.body)
            if value is not MISSING:
                found[item.name] = value
        self._refuse_constants(call)
        self._refuse_parts(call)
        for source, reader in readers.items():
            for name in (*constants, *self._reserved):
                reader.take(name)
            if (
                source == "query"
                and self._method.pages is not None
                and self._method.pages.style == "link"
            ):
                for name in _LINK_PARAMETERS:
                    reader.take(name)
            free = next((item for item in self._located if item.location == (source, "*")), None)
            if free is not None and reader.unread:
                found[free.name] = reader.rest(free)
            elif reader.unread:
                raise CallRefusedError("unknown_element", field=reader.unread[0])
        return found

    def _refuse_constants(self, call: HttpCall) -> None:
        """Refuse a request without a constant parameter of the method, or with another value of it."""
        binding = self._binding
        assert binding is not None
        filled = placeholders(self._method.name)
        given = dict((*call.query, *call.form))
        for name, text in (*binding.query, *binding.form):
            if name not in given:
                raise CallRefusedError("missing", field=name)
            if given[name] != filled(text):
                raise CallRefusedError("invalid", field=name, value=given[name][:100])

    def _refuse_parts(self, call: HttpCall) -> None:
        """Refuse a part of a multipart body that the description lacks."""
        assert self._binding is not None
        known = {item.location for item in self._located} | {self._binding.document}
        unknown = (name for name, _ in call.parts if ("part", name) not in known)
        if self._binding.multipart:
            for name in unknown:
                raise CallRefusedError("unknown_element", field=name)

    def _document(self, call: HttpCall) -> Arguments:
        binding, runtime = self._binding, self.runtime
        protocol = runtime.protocol
        if binding is not None and self._takes_body:
            return Arguments()
        try:
            root = call.document(None if binding is None else binding.document)
        except Error:
            raise CallRefusedError("malformed") from None
        if root is None:
            return Arguments()
        if protocol.request_root:
            if local_name(root) != protocol.request_root.rpartition(":")[2]:
                raise CallRefusedError("malformed")
            payload: etree._Element | None = root
            for name in protocol.request_payload:
                payload = next(
                    (
                        child
                        for child in (() if payload is None else payload)
                        if local_name(child) == name.rpartition(":")[2]
                    ),
                    None,
                )
        else:
            wrapper = runtime.wrapper
            if wrapper is not None and local_name(root) != wrapper.rpartition(":")[2]:
                raise CallRefusedError("malformed")
            payload = etree.Element("payload")
            payload.append(root)
        if payload is None:
            return Arguments()
        try:
            found = runtime.parse_request(payload)
        except Error:
            raise CallRefusedError("malformed") from None
        if self._strict:
            self._refuse_order(payload)
        return _without(found, self._names)

    @property
    def _takes_body(self) -> bool:
        return any(
            item.location is not None and item.location[0] == "body" for item in self._located
        )

    def _refuse_order(self, payload: etree._Element) -> None:
        wrapper = self.runtime.wrapper
        for child in payload:
            if wrapper is None or local_name(child) == wrapper.rpartition(":")[2]:
                holder = payload if wrapper is None else child
                wrong = next(misplaced(holder, self.runtime.arguments, self.runtime.mode), None)
                if wrong is not None:
                    raise CallRefusedError(
                        "invalid",
                        field=wrong,
                        value="its place: elements must be in the described order",
                    )
                return


def _without(found: Arguments, names: Collection[str]) -> Arguments:
    """Return arguments without those that are outside of the document."""
    kept = Arguments({name: value for name, value in found.items() if name not in names})
    kept.unknown = found.unknown
    return kept


def misplaced(element: etree._Element, shape: RecordSchema[Any], mode: Mode) -> Iterator[str]:
    """Yield the elements that come after one that they should precede, at every depth."""
    letters = _LETTERS.get(mode, "cu")
    fields = [
        item
        for item in shape.fields
        if item.path and any(letter in item.access for letter in letters)
    ]
    yield from _misplaced(element, fields, 0, mode)


def _misplaced(
    element: etree._Element, fields: Iterable[FieldSpec], depth: int, mode: Mode
) -> Iterator[str]:
    inside: dict[str, list[FieldSpec]] = {}
    for item in fields:
        if len(item.path) > depth:
            inside.setdefault(item.path[depth].rpartition(":")[2], []).append(item)
    ranks = {name: rank for rank, name in enumerate(inside)}
    last = -1
    for child in element:
        name = local_name(child)
        rank = ranks.get(name)
        if rank is None:
            continue
        if rank < last:
            yield name
        last = max(last, rank)
        deeper = [item for item in inside[name] if len(item.path) > depth + 1]
        if deeper:
            yield from _misplaced(child, deeper, depth + 1, mode)
        for item in inside[name]:
            if len(item.path) == depth + 1 and item.shape is not None and not item.map:
                yield from misplaced(child, item.shape(), mode)


def _header(item: FieldSpec, name: str, headers: Mapping[str, str]) -> Any:
    if item.map:
        prefix = name.removesuffix("*").lower()
        _, inner = item.shape().fields if item.shape is not None else (None, item)
        found = {
            label[len(prefix) :]: parsed(inner, text)
            for label, text in headers.items()
            if label.startswith(prefix) and label != prefix
        }
        return found or MISSING
    text = headers.get(name.lower())
    if text is None:
        return MISSING
    if item.many:
        dates = item.codec is not None and item.codec.name in ("datetime", "date")
        return [parsed(item, part) for part in split_list(text, dates=dates)]
    return parsed(item, text)


def _part(item: FieldSpec, parts: list[Part]) -> Any:
    """Return the value of an argument that is a part, or several of one name."""
    if not parts:
        return MISSING
    is_file = item.codec is not None and item.codec.name == "binary"
    values = [
        part if is_file else parsed(item, part.data.decode("utf-8", "replace")) for part in parts
    ]
    return values if item.many else values[0]


def _body(item: FieldSpec, body: bytes) -> Any:
    if not body:
        return MISSING
    if item.codec is not None and item.codec.name in ("base64", "binary"):
        return bytes(body)
    return body.decode("utf-8", "replace")
