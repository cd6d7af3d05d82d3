"""Check: every case is tried on the description, and everything described must be shown by a case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from lxml import etree

from .diagnostics import Diagnostics, Position, Related
from .model import Api, Case, Field, Method, Module, Record, Ref
from .runtime.errors import ApiFailure, Error
from .runtime.files import File
from .runtime.reading import local_name, parse_xml
from .runtime.record import unknown_elements
from .runtime.request import Page
from .shapes import Tables
from .values import WRONG, Given, GivenPage, Values, as_arguments

Leaf = tuple[str, str]
"""Path and text of an element or attribute that holds no further elements."""


def check(api: Api, diagnostics: Diagnostics) -> None:
    """Try all cases of an API that resolved without problems."""
    tables = Tables(api)
    _Checker(api, tables, diagnostics).run()


class _Checker:
    def __init__(self, api: Api, tables: Tables, diagnostics: Diagnostics) -> None:
        self._api = api
        self._tables = tables
        self._diagnostics = diagnostics
        self._values = Values(api, tables, diagnostics)
        self._seen = _Seen(api)

    def run(self) -> None:
        for module in self._api.resources:
            methods = {method.verb: method for method in module.methods}
            for case in module.cases:
                self._case(methods[case.call], case)
        self._seen.tell(self._diagnostics)

    def _case(self, method: Method, case: Case) -> None:
        self._seen.methods.add(method.name)
        if case.arguments is not None and case.request is not None:
            given = self._values.arguments(method, case.arguments)
            if given is not None:
                self._seen.arguments(method, given)
                self._request(method, case, given)
        if case.response is not None:
            self._response(method, case)

    # requests

    def _request(self, method: Method, case: Case, given: Given) -> None:
        at = case.places.get("request", case.at)
        golden = self._parse(case.request or "", "case-request", at)
        if golden is None:
            return
        try:
            request = self._tables.method(method).build(as_arguments(given))
        except Error as error:
            self._diagnostics.add("case-arguments", str(error), given.at)
            return
        built = Counter(_leaves(parse_xml(request.xml)))
        wanted = Counter(_leaves(golden))
        extra, missing = list((built - wanted).elements()), list((wanted - built).elements())
        if not extra and not missing:
            return
        parts = []
        if missing:
            parts.append("the request has " + ", ".join(map(_shown, missing[:3])))
        if extra:
            parts.append("the arguments give " + ", ".join(map(_shown, extra[:3])))
        related = list(self._arguments_at(method, given, [*extra, *missing]))
        self._diagnostics.add("case-request", "; ".join(parts), at, related=related)

    def _arguments_at(self, method: Method, given: Given, leaves: list[Leaf]) -> Iterator[Related]:
        """Where the arguments are said, and described, that a difference is about."""
        prefix = [self._api.envelope.request_root]
        prefix.extend(part for part in self._api.envelope.request_payload.split("/") if part)
        if method.wrapper is not None:
            prefix.append(method.wrapper)
        told: set[Position] = set()
        for path, text in leaves:
            parts = path.split("/")
            if parts[: len(prefix)] != prefix:
                continue
            for place, what in self._locate(method.arguments, given, parts[len(prefix) :], text):
                if place not in told:
                    told.add(place)
                    yield Related(place, what)

    def _locate(
        self, fields: tuple[Field, ...], given: Given, parts: list[str], text: str
    ) -> Iterator[tuple[Position, str]]:
        for item in fields:
            if item.attribute is not None:
                if parts != [f"@{item.attribute}"]:
                    continue
            elif list(item.path) != parts[: len(item.path)] or (item.content and parts):
                continue
            value = given.values.get(item.python)
            if value is None and item.python not in given.places:
                yield item.at, f"{item.python} is described here"
                continue
            yield given.places[item.python], f"the argument {item.python}"
            yield item.at, f"{item.python} is described here"
            if item.record is not None and item.record in self._api.records:
                nested = self._api.records[item.record].fields
                for inner in value if isinstance(value, list) else [value]:
                    if isinstance(inner, Given):
                        yield from self._locate(nested, inner, parts[len(item.path) :], text)

    def _parse(self, document: str, rule: str, at: Position) -> etree._Element | None:
        try:
            return parse_xml(document)
        except Error as error:
            self._diagnostics.add(rule, str(error), at)
            return None

    # responses

    def _response(self, method: Method, case: Case) -> None:
        at = case.places.get("response", case.at)
        document = case.response or ""
        endpoint = self._tables.method(method)
        try:
            value = endpoint.read_answer(document)
            unknown = [item.path for item in endpoint.unknown_in(document)] + unknown_elements(
                value
            )
        except ApiFailure as failure:
            self._failure(case, failure, at)
            return
        except Error as error:
            self._diagnostics.add("case-response", str(error), at)
            return
        if case.fails is not None:
            self._diagnostics.add(
                "case-result", "the response is no failure", case.places.get("fails", case.at)
            )
            return
        self._unknown(case, unknown, at)
        if case.result is None or case.result.kind == "null":
            if method.answer.value != "none":
                self._diagnostics.add("case-result", "the case does not say the result", case.at)
            return
        if method.answer.value == "none":
            self._diagnostics.add(
                "case-result", f"{method.name} answers nothing", case.result.position
            )
            return
        expected = self._values.result(method, case.result)
        if expected is WRONG:
            return
        self._seen.result(method, expected)
        self._compare(expected, value, "result", case.result.position, at)

    def _unknown(self, case: Case, unknown: list[str], at: Position) -> None:
        said = [path.replace("/", ".") for path in case.unknown]
        found = [path.replace("/", ".") for path in unknown]
        for path in found:
            if not any(path == wanted or wanted.endswith(f".{path}") for wanted in said):
                self._diagnostics.add(
                    "case-response", f"the description does not know the element {path}", at,
                    related=[Related(case.at, "the case")],
                )  # fmt: skip
        for wanted in said:
            if not any(path == wanted or wanted.endswith(f".{path}") for path in found):
                self._diagnostics.add(
                    "case-result",
                    f"the element {wanted} is not unknown, or not there",
                    case.places.get("unknown", case.at),
                )

    def _failure(self, case: Case, failure: ApiFailure, at: Position) -> None:
        if case.fails is None:
            self._diagnostics.add(
                "case-result",
                f"the response is a failure ({failure.message}), and the case does not say so",
                at,
            )
            return
        self._seen.codes.add(failure.code or "")
        facts = {"code": failure.code, "message": failure.message, "field": failure.field}
        for name, wanted in case.fails.items():
            if facts[name] != wanted:
                self._diagnostics.add(
                    "case-result",
                    f"the {name} of the failure is {facts[name]!r}, not {wanted!r}",
                    case.places.get("fails", case.at),
                    related=[Related(at, "in this response")],
                )
        if failure.code is not None and "code" not in case.fails:
            self._diagnostics.add(
                "case-result",
                f"the failure has the code {failure.code}, and the case does not say so",
                case.places.get("fails", case.at),
            )

    def _compare(
        self, expected: Any, actual: Any, path: str, at: Position, response: Position
    ) -> None:
        """Tell each difference, at the place of the result that is wrong."""
        if isinstance(expected, Given):
            self._compare_record(expected, actual, path, response)
        elif isinstance(expected, GivenPage):
            assert isinstance(actual, Page)
            counters = {
                name: value
                for name in ("position", "size", "pages", "total")
                if (value := getattr(actual, name)) is not None
            }
            if counters != dict(expected.counters):
                self._differ(path, dict(expected.counters), counters, expected.at, response)
            self._compare(
                expected.items, list(actual.items), f"{path}.items", expected.at, response
            )
        elif isinstance(expected, list) and isinstance(actual, list):
            if len(expected) != len(actual):
                message = f"{path} has {len(expected)} items, and the response {len(actual)}"
                self._diagnostics.add(
                    "case-result", message, at, related=[Related(response, "this response")]
                )
                return
            for index, (left, right) in enumerate(zip(expected, actual, strict=True)):
                place = left.at if isinstance(left, Given) else at
                self._compare(left, right, f"{path}[{index}]", place, response)
        elif isinstance(actual, File):
            if actual.content.decode("utf-8", "replace").strip() != str(expected).strip():
                self._differ(path, expected, actual.content, at, response)
        elif expected != actual or type(expected) is not type(actual):
            self._differ(path, expected, actual, at, response)

    def _compare_record(self, expected: Given, actual: Any, path: str, response: Position) -> None:
        record = self._api.records[expected.ref] if expected.ref else None
        for item in record.fields if record else ():
            if not item.readable:
                continue
            value = getattr(actual, item.python)
            if item.python in expected.values:
                place = expected.places[item.python]
                self._compare(
                    expected.values[item.python], value, f"{path}.{item.python}", place, response
                )
            elif value is not None and value != []:
                self._diagnostics.add(
                    "case-result",
                    f"{path} leaves out {item.python}, which the response says is {value!r}",
                    expected.at,
                    related=[
                        Related(response, "this response"),
                        Related(item.at, "described here"),
                    ],
                )

    def _differ(
        self, path: str, expected: Any, actual: Any, at: Position, response: Position
    ) -> None:
        self._diagnostics.add(
            "case-result",
            f"{path} is {_value(actual)} in the response, not {_value(expected)}",
            at,
            related=[Related(response, "this response")],
        )


def _value(value: Any) -> str:
    return repr(value)[:80]


def _shown(leaf: Leaf) -> str:
    path, text = leaf
    return f"{path} = {text!r}" if text else f"{path} (empty)"


def _leaves(element: etree._Element, path: str = "") -> Iterator[Leaf]:
    path = f"{path}/{local_name(element)}" if path else local_name(element)
    for name, value in element.attrib.items():
        yield f"{path}/@{etree.QName(str(name)).localname}", str(value)
    own = (element.text or "").strip() + "".join((child.tail or "").strip() for child in element)
    if own or not len(element):
        yield path, own
    for child in element:
        yield from _leaves(child, path)


class _Seen:
    """What the cases have shown so far."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.methods: set[str] = set()
        self.codes: set[str] = set()
        self._arguments: set[tuple[str, str]] = set()
        self._read: set[tuple[Ref, str]] = set()
        self._written: set[tuple[Ref, str]] = set()
        self._words: set[tuple[Ref, str]] = set()

    def arguments(self, method: Method, given: Given) -> None:
        fields = {item.python: item for item in method.arguments}
        for name, value in given.values.items():
            self._arguments.add((method.name, name))
            self._value(fields[name], value, self._written)

    def result(self, method: Method, value: Any) -> None:
        rows = (
            value.items
            if isinstance(value, GivenPage)
            else value if isinstance(value, list) else [value]
        )
        for row in rows:
            if isinstance(row, Given):
                self._record(row, self._read)

    def _record(self, given: Given, seen: set[tuple[Ref, str]]) -> None:
        if given.ref is None:
            return
        for name, value in given.values.items():
            seen.add((given.ref, name))
            item = self._api.records[given.ref].field(name)
            if item is not None:
                self._value(item, value, seen)

    def _value(self, item: Field, value: Any, seen: set[tuple[Ref, str]]) -> None:
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, Given):
                self._record(inner, seen)
            elif item.enum is not None and isinstance(inner, str):
                self._words.add((item.enum, inner))

    def tell(self, diagnostics: Diagnostics) -> None:
        """Everything described that no case shows."""
        for module in self._api.modules:
            self._tell_module(module, diagnostics)
        for code in self._api.errors:
            if code.code not in self.codes:
                diagnostics.add("uncovered", f"no case shows the error code {code.code}", code.at)

    def _tell_module(self, module: Module, diagnostics: Diagnostics) -> None:
        for method in module.methods:
            if method.name not in self.methods:
                diagnostics.add("uncovered", f"no case calls {method.name}", method.at)
        for record in module.records:
            self._tell_record(record, diagnostics)
        for enum in module.enums:
            for word in enum.words:
                if (Ref(module.name, enum.name), word.word) not in self._words:
                    diagnostics.add(
                        "uncovered", f"no case shows the word {word.word!r} of {enum.name}", word.at
                    )
        counters = {self._api.paging.position, self._api.paging.size}
        given: dict[Position, bool] = {}
        for method in module.methods:
            for item in method.arguments:
                shown = (method.name, item.python) in self._arguments
                given[item.at] = given.get(item.at, item.name in counters) or shown
        for at, shown in given.items():
            if not shown:
                diagnostics.add("uncovered", "no case gives this argument", at)

    def _tell_record(self, record: Record, diagnostics: Diagnostics) -> None:
        ref = Ref(record.module, record.name)
        for item in record.fields:
            if record.in_answers and item.readable and (ref, item.python) not in self._read:
                diagnostics.add(
                    "uncovered", f"no result shows {record.name}.{item.python}", item.at
                )
            if record.in_requests and item.writable and (ref, item.python) not in self._written:
                diagnostics.add(
                    "uncovered", f"no arguments give {record.name}.{item.python}", item.at
                )
