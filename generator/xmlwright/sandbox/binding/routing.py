"""Find the method that a request means: by verb and path, or by where the request names it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from lxml import etree

from ...cases.tables import Tables
from ...ir import Api, Envelope, Method
from ...runtime.errors import Error
from ...runtime.http_binding import HttpBinding
from ...runtime.parameters import Pair
from ...runtime.places import Place
from ...runtime.protocol import Protocol, placeholders
from ...runtime.reading import local_name, parse_xml
from ...runtime.request import Method as RuntimeMethod

_VARIABLE: Final = re.compile(r"\{([^{}+]+)(\+?)\}")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body beside the document."""

    media: str
    """Its content type, without parameters."""
    data: bytes
    name: str | None = None
    """File name, where the part has one."""


@dataclass(slots=True)
class HttpCall:
    """An HTTP request below the URL of the API."""

    verb: str
    path: str
    """Percent-encoded, without the query."""
    query: tuple[Pair, ...]
    form: tuple[Pair, ...]
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    url: str = ""
    """The whole address, without the query."""
    parts: tuple[tuple[str, Part], ...] = ()
    """The named parts of a multipart body."""
    _root: Any = field(default=None, init=False, repr=False)

    def document(self, place: Pair | None = None) -> etree._Element | None:
        """Return the root of the document, in the body, a parameter or a part; None where there is none.

        Raises:
            Error: it is not well-formed.
        """
        if place is not None and place[0] == "part":
            content = next((part.data for name, part in self.parts if name == place[1]), b"")
            return parse_xml(content) if content.strip() else None
        if place is not None:
            pairs = self.query if place[0] == "query" else (*self.form, *self.query)
            text = next((text for name, text in pairs if name == place[1]), "")
            return parse_xml(text) if text.strip() else None
        if self._root is None and self.body.strip() and not self.form:
            self._root = parse_xml(self.body)
        root: etree._Element | None = self._root
        return root


@dataclass(frozen=True, slots=True)
class Route:
    """The method that a request means."""

    method: Method | None
    variables: Mapping[str, str] = field(default_factory=dict)
    """Variables of the path, decoded."""
    name: str = ""
    """What the request calls the method, where that names none."""
    verbs: tuple[str, ...] = ()
    """The verbs that the path has, where it has none of this verb."""
    malformed: bool = False
    """The document that should name the method cannot be read."""


class _Candidate:
    """A method, and what a request for it looks like."""

    def __init__(self, method: Method, runtime: RuntimeMethod[Any]) -> None:
        self.method = method
        self.protocol: Protocol = runtime.protocol
        self.binding = runtime.http or HttpBinding()
        path, _, query = self.binding.path.partition("?")
        filled = placeholders(method.name)
        self.pattern = _pattern(filled(path))
        literal = _VARIABLE.sub("", path)
        self.query = (
            *((name, filled(text)) for name, text in self.binding.query),
            *parse_qsl(query, keep_blank_values=True),
        )
        self.form = tuple((name, filled(text)) for name, text in self.binding.form)
        self.headers = {name.lower(): filled(text) for name, text in self.binding.headers.items()}
        envelope = method.envelope
        place = Place.of(envelope.request_method) if envelope and envelope.request_method else None
        self.place = place
        self.wire_name = self.protocol.method_text(method.name)
        self.root = (self.protocol.request_root or method.wrapper or "").rpartition(":")[2]
        self.rank = (-len(_VARIABLE.findall(path)), len(literal), len(self.query) + len(self.form))

    def called_by(self, call: HttpCall) -> str | None:
        """Return what a request calls the method it means, at the place where this method has its name."""
        place = self.place
        if place is None:
            return None
        if place.source == "header":
            return call.headers.get(place.name.lower(), "").strip('"')
        if place.source:
            pairs = (*call.form, *call.query) if place.source == "form" else call.query
            return next((text for name, text in pairs if name == place.name), "")
        root = call.document(self.binding.document)
        return "" if root is None else (place.text(root) or "").strip()

    def has_constants(self, call: HttpCall) -> bool:
        """Return whether a request has the constant parameters of the method."""
        return set(self.query) <= set(call.query) and set(self.form) <= {*call.form, *call.query}

    def has_root(self, call: HttpCall) -> bool:
        """Return whether the root of a document is that of this method, or there is no document."""
        root = call.document(self.binding.document)
        return root is None or not self.root or local_name(root) == self.root


class Router:
    """The methods of an API by what their requests look like."""

    def __init__(self, api: Api, tables: Tables) -> None:
        self._candidates = sorted(
            (_Candidate(method, tables.method(method)) for method in api.methods),
            key=lambda candidate: candidate.rank,
            reverse=True,
        )

    def find(self, call: HttpCall) -> Route:
        """Return the method that a request means, or why it means none."""
        at_path = [
            (candidate, found)
            for candidate in self._candidates
            if (found := candidate.pattern.fullmatch(call.path)) is not None
        ]
        by_verb = [one for one in at_path if one[0].binding.verb == call.verb]
        if not by_verb and call.verb == "HEAD":
            by_verb = [one for one in at_path if one[0].binding.verb == "GET"]
        if not by_verb:
            verbs = tuple(dict.fromkeys(candidate.binding.verb for candidate, _ in at_path))
            return Route(None, verbs=verbs, name=call.path)
        try:
            return self._named(call, by_verb)
        except Error:
            return Route(None, malformed=True)

    def _named(self, call: HttpCall, found: list[tuple[_Candidate, re.Match[str]]]) -> Route:
        name: str | None = None
        for fits in (_Candidate.has_constants, lambda candidate, call: True):
            for candidate, match in found:
                called = candidate.called_by(call)
                name = name or called
                if called is not None and called != candidate.wire_name:
                    continue
                if not fits(candidate, call):
                    continue
                # The root tells methods apart only where several have the same address.
                if len(found) > 1 and not candidate.has_root(call):
                    continue
                return Route(candidate.method, _variables(match))
        return Route(None, name=name or self._root_name(call) or "")

    @staticmethod
    def _root_name(call: HttpCall) -> str | None:
        root = call.document()
        return None if root is None else local_name(root)


def is_plain(api: Api) -> bool:
    """Return whether each request is a document that names its method, POSTed to one address by a token."""
    envelope = api.envelope
    if sum(len(_VARIABLE.findall(item.value)) for item in api.authentication) > 1:
        return False
    if envelope.request_method is None or "{" in envelope.request_root:
        return False
    if any(
        item.place is not None and not item.place.startswith("header:")
        for item in api.authentication
    ):
        return False
    sides = {_request_side(method.envelope or envelope) for method in api.methods}
    return (
        not api.signer
        and sides <= {_request_side(envelope)}
        and all(method.http is None for method in api.methods)
        and len({method.authenticated for method in api.methods}) < 2
    )


def _request_side(envelope: Envelope) -> tuple[Any, ...]:
    return envelope.request_root, envelope.request_method, envelope.request_payload


def _pattern(path: str) -> re.Pattern[str]:
    """Return what a path of a request must match; trailing slashes do not matter."""
    text, at = "", 0
    for index, found in enumerate(_VARIABLE.finditer(path.rstrip("/"))):
        text += re.escape(path[at : found.start()])
        text += f"(?P<v{index}_{_safe(found[1])}>{'.+' if found[2] else '[^/]+'})"
        at = found.end()
    text += re.escape(path.rstrip("/")[at:])
    if text and not text.startswith("/") and not path.startswith("/"):
        text = "/" + text
    return re.compile(text + "/?")


_ENCODED: Final = re.compile(r"[^0-9A-Za-z_]")


def _safe(name: str) -> str:
    return _ENCODED.sub(lambda found: f"_x{ord(found[0]):x}_", name)


_DECODED: Final = re.compile(r"_x([0-9a-f]+)_")


def _variables(match: re.Match[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for label, text in match.groupdict().items():
        name = _DECODED.sub(lambda one: chr(int(one[1], 16)), label.partition("_")[2])
        found[name] = unquote(text, errors="replace")
    return found
