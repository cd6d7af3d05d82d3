"""Check the request of a case: verb, path, parameters, headers and document are what its arguments give."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from lxml import etree

from ..cases.messages import MessageError, Pair, RequestMessage, request_message
from ..cases.values import as_arguments
from ..cases.xml_paths import Leaf, leaf_text, leaves_of
from ..diagnostics import Related, nearest
from ..ir import RecordValue
from ..runtime.errors import Error
from ..runtime.http_binding import HttpParts
from ..runtime.messages import part_texts
from ..runtime.places import Place
from ..runtime.reading import find, line_of, local_name, parse_xml
from ..runtime.request import Request
from .trial import Trial

_OF_TRANSPORT: Final = frozenset(
    ["accept", "accept-encoding", "authorization", "connection", "content-length", "content-type", "host", "user-agent"]
)  # fmt: skip
"""Headers of a request that a case may show although nothing describes them."""
_PARSER: Final = etree.XMLParser(
    resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
)


def check_request(trial: Trial, text: str, given: RecordValue) -> None:
    """Report how the request of a case differs from what its arguments give."""
    try:
        message = request_message(text)
    except MessageError as error:
        trial.report("case-request", str(error), "request", trial.inside("request", error.line))
        return
    try:
        request = trial.endpoint.build(as_arguments(given))
    except Error as error:
        first = re.split(r"[.\[]", getattr(error, "path", ""), maxsplit=1)[0]
        trial.report_at("case-arguments", str(error), given.places.get(first, given.at))
        return
    _RequestCheck(trial, message, request, given).check()


class _RequestCheck:
    def __init__(
        self, trial: Trial, message: RequestMessage, request: Request[Any], given: RecordValue
    ) -> None:
        self._trial = trial
        self._message = message
        self._request = request
        self._given = given
        self._map = trial.source_map
        places = []
        if trial.method.authenticated:
            places = [
                Place.of(item.place) for item in trial.api.authentication if item.place is not None
            ]
        self._credentials = places

    def check(self) -> None:
        """Report all differences."""
        http, message = self._request.http, self._message
        if http is None:
            if message.verb not in (None, "POST") or message.segments or message.query:
                self._differ(
                    f"{self._trial.method.name} has no verb and path: its document is POSTed to the"
                    " URL of the API",
                    self._map.of_http("verb", "path"),
                )
                return
            self._document(message.body, self._request.xml)
            return
        if message.verb is None and self._needs_message(http):
            self._differ(
                "the request has a verb, a path or parameters; write it as an HTTP message that"
                " begins with a line such as the one suggested",
                suggestion=f"{http.verb} {http.target or '/'}",
            )
            return
        if message.verb is not None:
            self._start_line(http)
            self._headers(http)
        self._body(http)

    def _needs_message(self, http: HttpParts) -> bool:
        return (
            http.verb != "POST"
            or bool(http.target)
            or http.form is not None
            or http.document is not None
        )

    def _start_line(self, http: HttpParts) -> None:
        message = self._message
        if message.verb != http.verb:
            self._differ(
                f"the request is a {message.verb}, and {self._trial.method.name} is a {http.verb}",
                self._map.of_http("verb"),
                line=1,
                suggestion=http.verb,
            )
        described = RequestMessage("", http.verb, http.target)
        if message.segments != described.segments:
            self._differ(
                f"the path is /{'/'.join(message.segments)}, and the arguments give"
                f" /{'/'.join(described.segments)}",
                [*self._map.of_http("path", "verb"), *self._of_arguments("path")],
                line=1,
            )
        query = described.query
        if http.document is not None and http.document[0] == "query":
            query = self._without_document("query", message.query, http.document[1], query)
        else:
            self._pairs("query", message.query, query)

    def _of_arguments(self, source: str) -> Iterator[Related]:
        for item in self._trial.method.arguments:
            if item.location is not None and item.location[0] == source:
                at = self._given.places.get(item.python)
                if at is not None:
                    yield Related(at, f"the argument {item.python}")
                yield Related(item.at, f"{item.python} is described here")

    def _pairs(self, source: str, found: Iterable[Pair], built: Iterable[Pair]) -> None:
        names = {place.name for place in self._credentials if place.source == source}
        wanted = Counter(pair for pair in found if pair[0] not in names)
        given = Counter(built)
        missing, extra = list((wanted - given).elements()), list((given - wanted).elements())
        if not missing and not extra:
            return
        parts = []
        if missing:
            parts.append(
                "the request has " + ", ".join(_pair_text(source, pair) for pair in missing[:3])
            )
        if extra:
            parts.append(
                "the arguments give " + ", ".join(_pair_text(source, pair) for pair in extra[:3])
            )
        self._differ(
            "; ".join(parts),
            (
                place
                for name, _ in (*missing, *extra)
                for place in self._map.of_location(source, name, self._given)
            ),
            line=(
                1
                if source == "query"
                else self._line_with(f"{missing[0][0]}=") if missing else None
            ),
        )

    def _without_document(
        self, source: str, found: list[Pair], name: str, built: list[Pair]
    ) -> list[Pair]:
        """Compare parameters of which one holds the document."""
        documents = [text for label, text in found if label == name]
        self._pairs(source, [pair for pair in found if pair[0] != name], built)
        if len(documents) > 1 or (not documents and self._request.xml):
            self._differ(
                f"the request has {len(documents)} parameters {name}, which holds the document",
                self._map.of_location(source, name, self._given),
            )
        elif documents:
            self._document(documents[0], self._request.xml)
        return built

    def _headers(self, http: HttpParts) -> None:
        built = {name.lower(): (name, text) for name, text in http.headers}
        credentials = {
            place.name.lower() for place in self._credentials if place.source == "header"
        }
        positions = self._trial.method.http.key_positions if self._trial.method.http else {}
        for name, text in self._message.headers.items():
            known = built.get(name.lower())
            if known is not None:
                label, wanted = known
                self._trial.show(positions.get(f"headers.{label}"))
                if text != wanted:
                    self._differ(
                        f"the header {label} is {text!r}, and the arguments give {wanted!r}",
                        self._map.of_location("header", label, self._given),
                        line=self._line_with(f"{name}:"),
                    )
            elif name.lower() not in _OF_TRANSPORT and name.lower() not in credentials:
                near = nearest(name, [label for label, _ in built.values()])
                self._differ(
                    f"the arguments give no header {name}",
                    self._map.of_location("header", near or name, self._given),
                    line=self._line_with(f"{name}:"),
                    suggestion=near,
                )

    def _body(self, http: HttpParts) -> None:
        message, request = self._message, self._request
        if http.body is not None:
            built = http.body.decode("utf-8", "replace")
            if message.body.strip() != built.strip():
                self._differ(
                    f"the body is {message.body.strip()[:80]!r}, and the arguments give"
                    f" {built.strip()[:80]!r}",
                    self._of_arguments("body"),
                )
        elif http.multipart:
            sent = [(part.name, part.upload.name, part.upload.content) for part in request.parts]
            self._pairs("part", message.parts, list(part_texts(sent)))
            self._document(message.document, request.xml)
        elif http.form is not None or (http.document is not None and http.document[0] == "form"):
            pairs = list(http.form or ())
            if http.document is not None and http.document[0] == "form":
                self._without_document("form", message.form, http.document[1], pairs)
            else:
                self._pairs("form", message.form, pairs)
        elif http.document is None:
            self._document(message.body, request.xml)
        elif message.body.strip():
            self._differ(
                "the request has a body, and the arguments give none", line=self._message.first_line
            )

    # documents

    def _document(self, text: str, built: bytes) -> None:
        if not text.strip() or not built:
            if text.strip():
                self._differ(
                    "the request has a body, and the arguments give none", line=self._line(1)
                )
            elif built:
                self._differ(f"the arguments give the document {built.decode()[:120]}")
            return
        try:
            golden = parse_xml(text)
        except Error as error:
            self._differ(str(error), line=self._line(getattr(error, "line", None)))
            return
        if self._has_credentials(golden):
            return
        given = parse_xml(built)
        lines = dict(leaves_of(golden))
        wanted = [leaf for leaf, _ in leaves_of(golden)]
        found = [leaf for leaf, _ in leaves_of(given)]
        extra = list((Counter(found) - Counter(wanted)).elements())
        missing = list((Counter(wanted) - Counter(found)).elements())
        if extra or missing:
            parts = []
            if missing:
                parts.append("the request has " + ", ".join(map(leaf_text, missing[:3])))
            if extra:
                parts.append("the arguments give " + ", ".join(map(leaf_text, extra[:3])))
            self._differ("; ".join(parts), self._of_leaves(missing, extra, lines))
        elif _tree(golden) != _tree(given):
            self._order(wanted, found, lines)
        else:
            self._namespaces(text, built)
            self._nil(golden)

    def _of_leaves(
        self, missing: list[Leaf], extra: list[Leaf], lines: dict[Leaf, int | None]
    ) -> Iterator[Related]:
        for leaf in missing:
            yield from self._trial.inside("request", self._line(lines[leaf]))
        yield from self._map.of_request(self._given, [*extra, *missing])

    def _order(self, wanted: list[Leaf], found: list[Leaf], lines: dict[Leaf, int | None]) -> None:
        pair = next(
            ((left, right) for left, right in zip(wanted, found, strict=True) if left != right),
            None,
        )
        if pair is None:
            self._differ(
                "the elements of the request are grouped otherwise than the arguments give"
            )
            return
        left, right = pair
        self._differ(
            f"the order of elements is that of the description: {leaf_text(right)} comes before"
            f" {leaf_text(left)}",
            self._of_leaves([left], [right], lines),
        )

    def _namespaces(self, text: str, built: bytes) -> None:
        wanted = dict(_namespaces(etree.fromstring(text.strip().encode(), _PARSER)))
        found = dict(_namespaces(etree.fromstring(built, _PARSER)))
        for path, namespace in found.items():
            if path in wanted and wanted[path] != namespace and any((*wanted.values(), namespace)):
                self._differ(
                    f"{path} is in {_named(wanted[path])}, and the arguments give {_named(namespace)}",
                    [
                        *self._map.of_request(self._given, [(path, "")]),
                        *self._map.of_request_namespace(),
                    ],
                )
                return

    def _nil(self, golden: etree._Element) -> None:
        envelope = self._map.envelope
        if envelope.nil is not None:
            name = envelope.nil[0].rpartition(":")[2]
            if any(
                str(key).rpartition("}")[2] == name for item in golden.iter() for key in item.attrib
            ):
                self._trial.show(envelope.key_positions.get("nil"))

    def _has_credentials(self, root: etree._Element) -> bool:
        """Report what only a client with credentials adds."""
        for place in self._credentials:
            holder = None if place.source else find(root, place.path)
            if holder is not None and (place.attribute or "") in ("", *holder.attrib):
                where = "/".join(place.path) + f"/@{place.attribute}" * bool(place.attribute)
                self._differ(
                    f"leave out {where}: the client adds the credentials",
                    line=self._line(line_of(holder)),
                )
                return True
        return False

    def _line_with(self, start: str) -> int | None:
        """Return the first line of the request that has a text."""
        lines = (self._trial.case.request or "").split("\n")
        return next((number for number, line in enumerate(lines, 1) if start in line), None)

    def _line(self, line: int | None) -> int | None:
        return None if line is None else line + self._message.first_line - 1

    def _differ(
        self,
        message: str,
        related: Iterable[Related] = (),
        *,
        line: int | None = None,
        suggestion: str | None = None,
    ) -> None:
        places = [*self._trial.inside("request", line), *related]
        self._trial.report("case-request", message, "request", places, suggestion=suggestion)


def _pair_text(source: str, pair: Pair) -> str:
    return f"{source}:{pair[0]} = {pair[1]!r}"


def _named(namespace: str) -> str:
    return f"the namespace {namespace}" if namespace else "no namespace"


_Tree = tuple[str, tuple[tuple[str, str], ...], str, tuple[Any, ...]]


def _tree(element: etree._Element) -> _Tree:
    """Return an element as a value to compare, with the order of its children."""
    text = (element.text or "") + "".join(child.tail or "" for child in element)
    attributes = sorted(
        (str(name).rpartition("}")[2], str(value)) for name, value in element.attrib.items()
    )
    return local_name(element), tuple(attributes), text.strip(), tuple(map(_tree, element))


def _namespaces(element: etree._Element, path: str = "") -> Iterator[tuple[str, str]]:
    path = f"{path}/{local_name(element)}" if path else local_name(element)
    yield path, etree.QName(element).namespace or ""
    for child in element:
        yield from _namespaces(child, path)
