"""A described API, and what its client makes of the documents of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from lxml import etree

from api_documents.documents import ROOT, Document, documents
from xmlwright.cases.source_map import SourceMap
from xmlwright.cases.tables import Tables
from xmlwright.cases.xml_paths import leaves_of
from xmlwright.ir import Api, Method
from xmlwright.pipeline import stages
from xmlwright.runtime.credentials import Credentials
from xmlwright.runtime.errors import ApiError, InvalidDocumentError
from xmlwright.runtime.outgoing import Outgoing
from xmlwright.runtime.reading import parse_xml
from xmlwright.runtime.record import Raw, Record
from xmlwright.runtime.request import Page
from xmlwright.runtime.testing import unknown_paths
from xmlwright.runtime.transport import HttpResponse
from xmlwright.runtime.writing import Upload
from xmlwright.sandbox.binding.arguments import ArgumentReader
from xmlwright.sandbox.binding.credentials import CredentialReader
from xmlwright.sandbox.binding.routing import HttpCall, Part, Router
from xmlwright.sandbox.http.messages import parts_of
from xmlwright.settings import find

Pairs = list[tuple[str, str]]
Parts = Mapping[str, object]
"""A request in parts that can be compared: verb, path, query, form, headers, parts, document."""


@dataclass(frozen=True)
class DescribedApi:
    """A description in ``examples/`` and the documents that it is tried on.

    An API whose documents differ from what its client sends without meaning anything else has functions here that take
    the difference away.
    """

    example: str
    """Folder in ``examples/``."""
    folder: str
    """Folder of the documents."""
    base: str
    """Path of the URL of the API, where a document's path begins."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Options of the client."""
    operation_of: Callable[[DescribedApi, Document], str] | None = None
    """The method (``resource.verb``) that a response is of; empty where none is described."""
    same: Callable[[Pairs], Pairs] = lambda pairs: pairs
    """Parameters, spelled as the description spells them."""
    left_out: frozenset[str] = frozenset()
    """Credentials that the recordings do not have."""
    completed: Callable[[Document], Document] = lambda document: document
    """A request with the start line and headers that its file leaves out."""
    same_headers: Callable[[Mapping[str, str]], Mapping[str, str]] = lambda headers: headers
    """Headers as a client sends them, in place of what a recording has there."""
    same_document: Callable[[etree._Element], object] = lambda root: in_order(root)
    """A document as a value that is equal for documents that mean the same."""
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """File -> why it cannot be rebuilt or read."""

    @cached_property
    def api(self) -> Api:
        """The resolved description."""
        api, diagnostics = stages.resolved(find(ROOT / "examples" / self.example))
        assert not list(diagnostics), list(diagnostics)
        assert api is not None
        return api

    @cached_property
    def tables(self) -> Tables:
        """Its run-time tables."""
        return Tables(self.api)

    @cached_property
    def methods(self) -> Mapping[str, Method]:
        """The methods by name."""
        return {method.name: method for method in self.api.methods}

    @cached_property
    def _router(self) -> Router:
        return Router(self.api, self.tables)

    @cached_property
    def _credentials(self) -> CredentialReader:
        return CredentialReader(self.api)

    def requests(self) -> list[Document]:
        """The requests among the documents."""
        return list(map(self.completed, documents(self.folder, "request")))

    def responses(self) -> list[Document]:
        """The responses among the documents."""
        return list(documents(self.folder, "response"))

    # requests

    def _call(self, document: Document) -> HttpCall:
        address = urlsplit(document.url)
        form: Pairs = []
        if document.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            form = parse_qsl(document.body.decode(), keep_blank_values=True)
        query = parse_qsl(address.query, keep_blank_values=True)
        body, named = split_body(document.headers.get("content-type", ""), document.body)
        return HttpCall(
            document.verb,
            address.path.removeprefix(self.base),
            tuple(self.same(query)),
            tuple(self.same(form)),
            self.same_headers(document.headers),
            body,
            parts=named,
        )

    def method_of(self, document: Document) -> Method | None:
        """Return the method that a request means; None where none is described."""
        return self._router.find(self._call(document)).method

    def arguments_of(self, document: Document) -> dict[str, Any]:
        """Return the typed arguments of a request."""
        call = self._call(document)
        route = self._router.find(call)
        assert route.method is not None
        runtime = self.tables.method(route.method)
        reader = ArgumentReader(route.method, runtime, self._credentials.parameters)
        found = reader.read(call, route)
        inside = self._credentials.elements
        unknown = [item.path for item in found.unknown if item.path.split("/")[0] not in inside]
        assert not unknown, f"not described: {unknown}"
        assert not list(raw_values(found)), f"not typed: {dict(raw_values(found))}"
        return {
            name: Upload(value.data, value.name or "file") if isinstance(value, Part) else value
            for name, value in found.items()
        }

    def rebuilt(self, document: Document) -> Parts:
        """Return the request that the client sends for the arguments of a request."""
        method = self.method_of(document)
        assert method is not None
        runtime = self.tables.method(method)
        request = runtime.build(self.arguments_of(document))
        protocol = runtime.protocol
        outgoing = Outgoing.of(request, protocol.url.format(**self.variables), self.variables)
        call = self._call(document)
        call.query += tuple((name, "left out") for name in self.left_out)
        if method.authenticated:
            given = self._credentials.given(call)
            assert given is not None, "the credentials are elsewhere"
            Credentials(protocol, given).add_to(outgoing)
        body, media = outgoing.body(request)
        form: Pairs = []
        if media.startswith("application/x-www-form-urlencoded"):
            form, body = parse_qsl(body.decode(), keep_blank_values=True), b""
        body, named = split_body(media, body)
        return self._parts(
            outgoing.verb, outgoing.url, form, outgoing.headers, body, outgoing.headers, named
        )

    def recorded(self, document: Document, described: Parts) -> Parts:
        """Return a request as it is, in the same parts; of its headers those that are described."""
        call = self._call(document)
        body = b"" if call.form else call.body
        headers = described["headers"]
        assert isinstance(headers, dict)
        parts = self._parts(
            document.verb, document.url, list(call.form), call.headers, body, headers, call.parts
        )
        return {**parts, "query": sorted(call.query)}

    def _parts(
        self,
        verb: str,
        url: str,
        form: Pairs,
        headers: Mapping[str, str],
        body: bytes,
        described: Mapping[str, str],
        named: tuple[tuple[str, Part], ...],
    ) -> Parts:
        address = urlsplit(url)
        lower = {name.lower(): text for name, text in headers.items()}
        query = parse_qsl(address.query, keep_blank_values=True)
        return {
            "verb": verb,
            "path": unquote(address.path).removeprefix(self.base).rstrip("/"),
            "query": sorted(pair for pair in query if pair[0] not in self.left_out),
            "form": sorted(pair for pair in form if pair[0] not in self.left_out),
            "headers": {name: lower.get(name) for name in map(str.lower, described)},
            "parts": sorted(
                (name, part.name or "", part.data)
                for name, part in named
                if part.data.strip() != body.strip()
            ),
            "document": self._same_body(body),
        }

    def _same_body(self, body: bytes) -> object:
        """Return a document as a value that is equal for documents that mean the same; other bodies as they are."""
        if not body.strip().startswith(b"<"):
            return body.strip() or None
        return self.same_document(parse_xml(body))

    # responses

    def method_of_response(self, document: Document) -> Method | None:
        """Return the method that a response is of; None where none is described."""
        if self.operation_of is not None:
            return self.methods.get(self.operation_of(self, document))
        request = document.path.with_name(f"{document.exchange}.request.http")
        twin = next((item for item in self.requests() if item.path == request), None)
        return None if twin is None else self.method_of(twin)

    def read(self, document: Document) -> Any:
        """Return the value of a response, or the failure that it is.

        Raises:
            AssertionError: something in it is not described, or is not of the described type.
        """
        method = self.method_of_response(document)
        assert method is not None
        endpoint = self.tables.method(method)
        status = document.status
        response = HttpResponse(status or 200, document.headers, document.body)
        try:
            if status is not None and status >= 400:
                root = self._root(document.body)
                raise endpoint.protocol.failure(root, method.name, status)
            value = endpoint.parse_response(document.body, response=response)
        except ApiError as failure:
            return failure
        unknown = unknown_paths(endpoint, document.body, value)
        assert not unknown, f"not described: {unknown}"
        assert not list(raw_values(value)), f"not typed: {dict(raw_values(value))}"
        if document.body.strip().startswith(b"<") or b"<?xml" in document.body[:10]:
            places = SourceMap(self.api, method)
            leaves = [path for (path, _), _ in leaves_of(parse_xml(document.body)) if "/@" in path]
            attributes = [path for path in leaves if not places.is_known(path)]
            assert not attributes, f"not described: {attributes}"
        return value

    @staticmethod
    def _root(body: bytes) -> etree._Element | None:
        """Return the root of a failure; None for a body that is no document of the API."""
        try:
            return parse_xml(body) if body.strip() else None
        except InvalidDocumentError:
            return None


def split_body(media: str, body: bytes) -> tuple[bytes, tuple[tuple[str, Part], ...]]:
    """Return the document of a body, and its parts where it is multipart.

    A document that was recorded has line feeds alone, also between the parts.
    """
    if not media.startswith("multipart/"):
        return body, ()
    lines = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    found = parts_of(media, lines)
    return found.document.replace(b"\r\n", b"\n"), tuple(
        (name, Part(part.media, part.data.replace(b"\r\n", b"\n"), part.name))
        for name, part in found.named
    )


def in_order(element: etree._Element) -> object:
    """Return an element as a value: name with its namespace, attributes, text, children in their order."""
    return (
        str(element.tag),
        tuple(sorted((str(name), str(text)) for name, text in element.attrib.items())),
        (element.text or "").strip(),
        tuple(map(in_order, element.iterchildren(etree.Element))),
    )


def raw_values(value: object, path: str = "") -> Iterator[tuple[str, Raw]]:
    """Yield the texts in a value that are not of the described type, each with its path.

    An empty text is none of them: it is an empty element.
    """
    if isinstance(value, Raw):
        if value:
            yield path, value
    elif isinstance(value, Record):
        for name in type(value).__dataclass_fields__:
            yield from raw_values(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from raw_values(inner, f"{path}.{name}")
    elif isinstance(value, (list, tuple, Page)):
        for index, inner in enumerate(value):
            yield from raw_values(inner, f"{path}[{index}]")
