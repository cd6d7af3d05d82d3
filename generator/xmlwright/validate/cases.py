"""Check: every case is tried on the description, and everything described must be shown by a case."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree

from ..cases.source_map import SourceMap, inside
from ..cases.tables import Tables
from ..cases.values import as_arguments
from ..cases.xml_paths import Leaf, leaf_text, leaves_of, namespace_of, paths_of
from ..diagnostics import Diagnostics, Position, Related, nearest
from ..ir import Api, Case, Field, Method, Module, PageValue, RecordValue
from ..runtime.errors import ApiError, Error
from ..runtime.files import File
from ..runtime.protocol import Place
from ..runtime.reading import line_of, local_name, parse_xml
from ..runtime.record import unknown_elements
from ..runtime.request import Page
from .coverage import CaseCoverage, uncovered, uncovered_api


def check(api: Api, diagnostics: Diagnostics) -> None:
    """Try all cases of an API that resolved without problems, and require that they cover it."""
    coverage = coverage_of_cases(api, diagnostics)
    uncovered_api(api, coverage, diagnostics)
    for module in api.modules:
        uncovered(api, module, coverage, diagnostics)


def coverage_of_cases(api: Api, diagnostics: Diagnostics | None = None) -> CaseCoverage:
    """Return what all cases together cover. Problems of the cases go to ``diagnostics``."""
    coverage = CaseCoverage()
    diagnostics = Diagnostics() if diagnostics is None else diagnostics
    for module in api.resources:
        bench = _Bench(api, module)
        for case in module.cases:
            coverage.add(_Trial(bench, case, diagnostics).coverage())
    return coverage


class _Bench:
    """What the cases of one resource are tried on."""

    def __init__(self, api: Api, module: Module) -> None:
        """Initialize the instance."""
        self.api = api
        self.tables = Tables(api)
        self._methods = {method.verb: method for method in module.methods}
        self._origins: dict[str, SourceMap] = {}
        self.special = {text for scalar in api.scalars.values() for text in scalar.none}
        """Texts that mean none somewhere, or are the word of an enum in answers only."""
        for holder in (module, *(other for other in api.modules if not other.methods)):
            for record in holder.records:
                for item in record.fields:
                    self.special.update(item.none)
            for enum in holder.enums:
                self.special.update(
                    word.response for word in enum.words if "response" in word.key_positions
                )

    def method(self, verb: str) -> tuple[Method, SourceMap]:
        """A method, and where its parts are described."""
        method = self._methods[verb]
        if verb not in self._origins:
            self._origins[verb] = SourceMap(self.api, method)
        return method, self._origins[verb]


class _Trial:
    """One case, tried on the tables."""

    def __init__(self, bench: _Bench, case: Case, diagnostics: Diagnostics) -> None:
        """Initialize the instance."""
        self._bench = bench
        self._api = bench.api
        self._tables = bench.tables
        self._diagnostics = diagnostics
        self._seen = CaseCoverage()
        self._case = case
        self._method, self._origins = bench.method(case.call)

    def coverage(self) -> CaseCoverage:
        """Report what is wrong with the case; return what it covers."""
        case, method = self._case, self._method
        self._seen.methods.add(method.name)
        if case.arguments is not None and case.request is not None:
            self._seen.given(self._api, method, case.arguments)
            self._request(case.request, case.arguments)
        if case.response is not None:
            self._response(case.response)
        return self._seen

    def _tell(
        self, rule: str, message: str, key: str, related: Iterable[Related] = (), **more: Any
    ) -> None:
        """A problem at a key of the case, or at the case where it has no such key."""
        at = self._case.places.get(key, self._case.at)
        self._diagnostics.add(rule, message, at, related=_unique(related), **more)

    def _inside(self, document: str, line: int | None) -> Iterator[Related]:
        at = inside(self._case.places, document, line)
        if at is not None:
            yield Related(at, "in this line of the document")

    # requests

    def _request(self, document: str, given: RecordValue) -> None:
        try:
            golden = parse_xml(document)
        except Error as error:
            line = getattr(error, "line", None)
            self._tell("case-request", str(error), "request", self._inside("request", line))
            return
        try:
            request = self._tables.method(self._method).build(as_arguments(given))
        except Error as error:
            first = re.split(r"[.\[]", getattr(error, "path", ""), maxsplit=1)[0]
            self._diagnostics.add("case-arguments", str(error), given.places.get(first, given.at))
            return
        built = Counter(leaf for leaf, _ in leaves_of(parse_xml(request.xml)))
        lines = dict(leaves_of(golden))
        wanted = Counter(leaf for leaf, _ in leaves_of(golden))
        extra, missing = list((built - wanted).elements()), list((wanted - built).elements())
        if not extra and not missing:
            return
        parts = []
        if missing:
            parts.append("the request has " + ", ".join(map(leaf_text, missing[:3])))
        if extra:
            parts.append("the arguments give " + ", ".join(map(leaf_text, extra[:3])))
        related = [
            *(place for leaf in missing for place in self._inside("request", lines[leaf])),
            *self._origins.of_request(given, [*extra, *missing]),
        ]
        self._tell("case-request", "; ".join(parts), "request", related)

    # responses

    def _response(self, document: str) -> None:
        endpoint = self._tables.method(self._method)
        root = self._root(document)
        found: list[tuple[Leaf, int | None]] = []
        if root is not None:
            self._namespace(namespace_of(document), line_of(root))
            self._status(root)
            found = list(leaves_of(root))
            self._attributes(found)
        try:
            value = endpoint.parse_response(document)
            unknown = [item.path for item in endpoint.unknown_in(document)]
        except ApiError as failure:
            self._failure(failure, root)
            return
        except Error as error:
            related = list(self._inside("response", getattr(error, "line", None)))
            if root is not None:
                related += self._origins.of_answer(root, error)
            self._tell("case-response", str(error), "response", related)
            return
        if self._case.fails is not None:
            related = [*self._in_response(), *self._origins.of_success()]
            self._tell(
                "case-result", "the response is not a failure; remove `fails`", "fails", related
            )
            return
        self._unknown([*unknown, *unknown_elements(value)], root)
        self._special(found)
        self._result(value)

    def _root(self, document: str) -> etree._Element | None:
        if self._method.response.value == "binary" and not document.lstrip().startswith("<"):
            return None
        try:
            return parse_xml(document)
        except Error:
            return None  # reported when the response is read

    def _namespace(self, namespace: str | None, line: int | None) -> None:
        known = self._api.envelope.namespaces
        if namespace is None:
            return
        self._seen.namespaces.add(namespace)
        if known and namespace not in known:
            self._tell(
                "case-response",
                f"{namespace} is not a namespace of the API",
                "response",
                [*self._inside("response", line), *self._origins.of_namespaces()],
                suggestion=nearest(namespace, known),
            )

    def _status(self, root: etree._Element) -> None:
        """The status must be one of the words that the API is known to say."""
        envelope = self._api.envelope
        said = Place.of(envelope.status).text(root) if envelope.status is not None else None
        if said is None:
            return
        self._seen.statuses.add(said)
        known = [*envelope.ok, *envelope.failed]
        if envelope.failed and said not in known:
            related = [*self._inside("response", line_of(root)), *self._origins.of_success()]
            self._tell(
                "case-response",
                f"{said!r} is not a status of the API",
                "response",
                related,
                suggestion=nearest(said, known),
            )

    def _attributes(self, leaves: Iterable[tuple[Leaf, int | None]]) -> None:
        """Attributes that nothing is read from; they are not kept as unknown elements are."""
        for (path, _), line in leaves:
            if "/@" in path and not self._origins.knows(path):
                near, related = self._origins.of_unknown(path)
                self._tell(
                    "case-response",
                    f"unknown attribute {path.rpartition('/')[2]} of {path.rpartition('/')[0]}",
                    "response",
                    [*self._inside("response", line), *related],
                    suggestion=near,
                )

    def _special(self, leaves: Iterable[tuple[Leaf, int | None]]) -> None:
        """Note which texts are read as none, and which as another word."""
        for (path, text), _ in leaves:
            if text in self._bench.special:
                for item in self._origins.fields_at(path.split("/")):
                    for word in self._api.enums[item.enum].words if item.enum else ():
                        if text == word.response and item.enum:
                            self._seen.responses.add((item.enum, word.word))
                    scalar = self._api.scalars.get(item.read or "")
                    if scalar is not None and text in scalar.none:
                        self._seen.nones.add((scalar.name, text))
                    if text in item.none:
                        self._seen.nones.add((item.at, text))

    def _in_response(self) -> list[Related]:
        at = self._case.places.get("response")
        return [] if at is None else [Related(at, "this response")]

    def _result(self, value: Any) -> None:
        result = self._case.result
        if result is not None:
            self._seen.result(self._api, result)
            self._compare(result, value, "result", self._case.places["result"])
        elif self._method.response.value != "none" and "result" not in self._case.places:
            self._tell(
                "case-result", "the case lacks `result`: the value of the response", "result"
            )

    def _unknown(self, unknown: list[str], root: etree._Element | None) -> None:
        there = set(paths_of(root)) if self._case.unknown and root is not None else set()
        said = [path.replace("/", ".") for path in self._case.unknown]
        found = [path.replace("/", ".") for path in unknown]
        for path in found:
            if not any(path == wanted or wanted.endswith(f".{path}") for wanted in said):
                near, related = self._origins.of_unknown(path)
                self._tell(
                    "case-response",
                    f"unknown element {path}: describe it, or list it in `unknown`",
                    "response",
                    related,
                    suggestion=near,
                )
        for index, wanted in enumerate(said):
            if self._case.unknown[index] not in there:
                self._tell(
                    "case-result",
                    f"the response has no element {self._case.unknown[index]}",
                    f"unknown[{index}]",
                    self._in_response(),
                    suggestion=nearest(self._case.unknown[index], there),
                )
            elif not any(path == wanted or wanted.endswith(f".{path}") for path in found):
                self._tell(
                    "case-result",
                    f"`unknown` lists a described element: {self._case.unknown[index]}",
                    f"unknown[{index}]",
                )

    def _failure(self, failure: ApiError, root: etree._Element | None) -> None:
        fails = self._case.fails
        if fails is None:
            message = f"the response is a failure ({failure.message}), add `fails` to the case"
            self._tell("case-result", message, "response", self._origins.of_success())
            return
        self._seen.codes.add(failure.code or "")
        self._seen.messages.add((failure.code or "", failure.message))
        if root is not None:
            self._failure_places(root)
        facts = {"code": failure.code, "message": failure.message, "field": failure.field}
        for name, wanted in fails.items():
            if facts[name] != wanted:
                self._tell(
                    "case-result",
                    f"the {name} of the failure is {facts[name]!r}, not {wanted!r}",
                    f"fails.{name}",
                    [*self._in_response(), *self._origins.of_failure(name)],
                )
        if failure.code is not None and "code" not in fails:
            message = f"the failure has the code {failure.code}, add `fails` to the case"
            self._tell("case-result", message, "fails", self._in_response())

    def _failure_places(self, root: etree._Element) -> None:
        """Note where the document has what failures have."""
        envelope = self._api.envelope
        for name, place in (
            ("code", envelope.failure_code),
            ("field", envelope.failure_field),
            ("when", envelope.failure_when),
        ):
            if place is not None and Place.of(place).text(root) is not None:
                self._seen.places.add(f"failure.{name}")
        if local_name(root) == envelope.failure_root:
            self._seen.places.add("failure.root")

    # results

    def _compare(
        self, expected: Any, actual: Any, path: str, at: Position, item: Field | None = None
    ) -> None:
        """Report each difference at its position in the result."""
        if isinstance(expected, RecordValue):
            self._compare_record(expected, actual, path, item)
        elif isinstance(expected, PageValue):
            assert isinstance(actual, Page)
            self._compare_counters(expected, actual, path)
            self._compare(expected.items, actual.items, f"{path}.items", expected.items_at)
        elif isinstance(expected, tuple) and isinstance(actual, (list, tuple)):
            if len(expected) != len(actual):
                message = f"{path} has {len(expected)} items, and the response {len(actual)}"
                more = [] if item is not None else [self._origins.of_items()]
                self._differ(message, at, item, more=more)
                return
            for index, (left, right) in enumerate(zip(expected, actual, strict=True)):
                place = left.at if isinstance(left, RecordValue) else at
                self._compare(left, right, f"{path}[{index}]", place, item)
        elif isinstance(actual, File):
            if actual.content.decode("utf-8", "replace").strip() != str(expected).strip():
                self._differ(_is_not(path, actual.content, expected), at)
        elif expected != actual or type(expected) is not type(actual):
            self._differ(_is_not(path, actual, expected), at, item, expected)

    def _compare_counters(self, expected: PageValue, actual: Page[Any], path: str) -> None:
        for name in ("position", "size", "pages", "total"):
            left, right = expected.counters.get(name), getattr(actual, name)
            if left != right:
                message = _is_not(f"{path}.{name}", right, left)
                related = [*self._in_response(), *self._origins.of_counter(name)]
                at = expected.places.get(name, expected.at)
                self._diagnostics.add("case-result", message, at, related=related)

    def _compare_record(
        self, expected: RecordValue, actual: Any, path: str, item: Field | None
    ) -> None:
        record = self._api.records[expected.ref] if expected.ref else None
        if actual is None or record is None:
            self._differ(_is_not(path, actual, dict(expected.values)), expected.at, item)
            return
        for inner in record.fields:
            if not inner.readable:
                continue
            value = getattr(actual, inner.python)
            name = f"{path}.{inner.python}"
            if inner.python in expected.values:
                place = expected.places[inner.python]
                self._compare(expected.values[inner.python], value, name, place, inner)
            elif value is not None and value != []:
                self._differ(
                    f"{path} leaves out {inner.python}, which the response says is {value!r}",
                    expected.at,
                    inner,
                )

    def _differ(
        self,
        message: str,
        at: Position,
        item: Field | None = None,
        expected: object = None,
        more: Iterable[Related] = (),
    ) -> None:
        related = [*self._in_response(), *more]
        if item is not None:
            related += self._origins.of_field(item, value=expected)
        self._diagnostics.add("case-result", message, at, related=_unique(related))


def _is_not(path: str, actual: Any, expected: Any) -> str:
    return f"{path} is {_value(actual)} in the response, not {_value(expected)}"


def _value(value: Any) -> str:
    return "left out" if value is None else repr(value)[:80]


def _unique(related: Iterable[Related]) -> list[Related]:
    """The first of those that are about the same line."""
    found: dict[tuple[str, int], Related] = {}
    for item in related:
        found.setdefault((item.position.file, item.position.line), item)
    return list(found.values())
