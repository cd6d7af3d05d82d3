"""Check the response of a case: it reads as the result of the case, or fails as the case says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lxml import etree

from ..cases.messages import MessageError, ResponseMessage, response_message
from ..cases.xml_paths import Leaf, leaves_of, namespace_of, paths_of
from ..diagnostics import nearest
from ..ir import FailureRule, Ref
from ..runtime.errors import FAILURES, ApiError, Error
from ..runtime.files import File
from ..runtime.places import Place
from ..runtime.reading import find, line_of, local_name, parse_xml
from ..runtime.testing import unknown_paths
from .results import compare_result
from .trial import Trial


def check_response(trial: Trial, text: str) -> None:
    """Report how the response of a case differs from its result or failure."""
    try:
        message = response_message(text)
    except MessageError as error:
        trial.report("case-response", str(error), "response", trial.inside("response", error.line))
        return
    _ResponseCheck(trial, message).check()


class _ResponseCheck:
    def __init__(self, trial: Trial, message: ResponseMessage) -> None:
        self._trial = trial
        self._message = message
        self._case = trial.case
        self._map = trial.source_map
        self._envelope = trial.source_map.envelope

    def check(self) -> None:
        """Report all differences, and note what the response shows."""
        trial, body = self._trial, self._message.body
        root = self._root()
        leaves: list[tuple[Leaf, int | None]] = []
        if root is not None:
            self._namespace(namespace_of(body), line_of(root))
            self._status_word(root)
            leaves = list(leaves_of(root))
            self._attributes(leaves)
        try:
            self._success_status()
            value = self._message.read(trial.endpoint)
        except ApiError as failure:
            self._failure(failure, root)
            return
        except Error as error:
            line = self._line(getattr(error, "line", None))
            related = list(trial.inside("response", line))
            if root is not None:
                related += self._map.of_response(root, error)
            nothing = not body and trial.method.response.value == "record"
            hint = "response: {value: none}" if nothing else None  # in the method
            trial.report("case-response", str(error), "response", related, suggestion=hint)
            return
        if self._case.fails is not None:
            trial.report(
                "case-result",
                "the response is not a failure; remove `fails`",
                "fails",
                [*trial.in_response(), *self._map.of_success()],
            )
            return
        if not isinstance(value, File):
            self._unknown(unknown_paths(trial.endpoint, body, value), root)
        self._shown(root, leaves)
        compare_result(trial, value)

    def _root(self) -> etree._Element | None:
        if not self._message.body.lstrip().startswith("<"):
            return None
        try:
            return parse_xml(self._message.body)
        except Error:
            return None  # reported when the response is read

    def _success_status(self) -> None:
        """Note which described status of success the response has."""
        status, http = self._message.status, self._trial.method.http
        if http is not None and status in http.success:
            self._trial.show(http.key_positions.get("success"), str(status))

    def _line(self, line: int | None) -> int | None:
        return None if line is None else line + self._message.first_line - 1

    def _namespace(self, namespace: str | None, line: int | None) -> None:
        known = self._envelope.namespaces
        if namespace is None:
            return
        self._trial.show(self._envelope.key_positions.get("response.namespaces"), namespace)
        if known and namespace not in known:
            self._trial.report(
                "case-response",
                f"{namespace} is not a namespace of the API",
                "response",
                [*self._trial.inside("response", self._line(line)), *self._map.of_namespaces()],
                suggestion=nearest(namespace, known),
            )

    def _status_word(self, root: etree._Element) -> None:
        """Check that the status is one of the words that the API is known to say."""
        envelope = self._envelope
        word = Place.of(envelope.status).text(root) if envelope.status is not None else None
        if word is None:
            return
        for key, words in (("ok", envelope.ok), ("failed", envelope.failed)):
            if word in words:
                self._trial.show(envelope.key_positions.get(f"response.{key}"), word)
        known = [*envelope.ok, *envelope.failed]
        if envelope.failed and word not in known:
            line = self._line(line_of(root))
            self._trial.report(
                "case-response",
                f"{word!r} is not a status of the API",
                "response",
                [*self._trial.inside("response", line), *self._map.of_success()],
                suggestion=nearest(word, known),
            )

    def _attributes(self, leaves: Iterable[tuple[Leaf, int | None]]) -> None:
        """Report attributes that nothing is read from; they are not kept as unknown elements are."""
        ignored = {name.rpartition(":")[2]: name for name in self._envelope.ignored_attributes}
        position = self._envelope.key_positions.get("response.attributes")
        for (path, _), line in leaves:
            holder, mark, name = path.rpartition("/@")
            if not mark:
                continue
            if name in ignored:
                self._trial.show(position, ignored[name])
            if not self._map.is_known(path):
                near, related = self._map.of_unknown(f"@{name}")
                self._trial.report(
                    "case-response",
                    f"unknown attribute @{name} of {holder}: describe it, or ignore it with `attributes`",
                    "response",
                    [*self._trial.inside("response", self._line(line)), *related],
                    suggestion=near,
                )

    def _shown(
        self, root: etree._Element | None, leaves: Iterable[tuple[Leaf, int | None]]
    ) -> None:
        """Note what a response that succeeded shows."""
        trial, envelope, http = self._trial, self._envelope, self._message.http
        if root is not None:
            trial.show(envelope.key_positions.get("response.root"), local_name(root))
        element = etree.Element("empty") if root is None else root
        for item in envelope.metadata:
            if Place.of(item.place).text(element, http) is not None:
                trial.show(item.at)
        if envelope.warnings is not None and root is not None:
            self._rule(envelope.warnings, trial.endpoint.protocol.warnings, root)
        self._counters(element)
        if envelope.nil is not None and root is not None:
            name = envelope.nil[0].rpartition(":")[2]
            if any(
                str(key).rpartition("}")[2] == name for item in root.iter() for key in item.attrib
            ):
                trial.show(envelope.key_positions.get("nil"))
        for (path, text), _ in leaves:
            self._leaf(tuple(path.split("/")[1:]), text)

    def _leaf(self, parts: tuple[str, ...], text: str) -> None:
        """Note the places, and the special texts, of the fields that a text is read into."""
        trial = self._trial
        for item, number in self._map.field_places(parts):
            trial.coverage.places.add((item.at, number))
            if text not in trial.bench.special:
                continue
            for word in trial.api.enums[item.enum].words if item.enum else ():
                if text == word.response and item.enum:
                    trial.coverage.responses.add((item.enum, word.word))
            for name in {item.read, item.scalar} - {None}:
                scalar = trial.api.scalars.get(str(name))
                if scalar is not None and text in scalar.none:
                    trial.coverage.nones.add((scalar.name, text))
            if text in item.none:
                trial.coverage.nones.add((item.at, text))

    def _counters(self, root: etree._Element) -> None:
        trial, pages = self._trial, self._trial.method.pages
        if pages is None:
            return
        paging = trial.endpoint.protocol.paging
        rows = getattr(trial.endpoint.response, "rows", None)
        payload = find(root, tuple(self._local(trial.endpoint.protocol.response_payload)))
        wrapper = root if payload is None else payload
        if rows is not None:
            found = find(wrapper, rows.path)
            wrapper = wrapper if found is None else found
        places = {**paging.counters, **({"more": paging.more} if paging.more else {})}
        for name, place in places.items():
            if place.text(wrapper, self._message.http) is not None:
                trial.show(pages.key_positions.get(f"counters.{name}"))
        for index, place in enumerate(paging.next):
            if place.text(wrapper, self._message.http) is not None:
                trial.show(pages.key_positions.get("counters.next"), str(index))

    @staticmethod
    def _local(path: tuple[str, ...]) -> Iterable[str]:
        return (name.rpartition(":")[2] for name in path)

    def _unknown(self, found: list[str], root: etree._Element | None) -> None:
        there = set(paths_of(root)) if self._case.unknown and root is not None else set()
        listed = self._case.unknown
        for path in found:
            if path not in listed:
                near, related = self._map.of_unknown(path)
                self._trial.report(
                    "case-response",
                    f"unknown element {path}: describe it, or list it in `unknown`",
                    "response",
                    [*self._trial.inside("response", self._line_at(root, path)), *related],
                    suggestion=near,
                )
        for index, path in enumerate(listed):
            if path not in there:
                self._trial.report(
                    "case-result",
                    f"the response has no element {path}",
                    f"unknown[{index}]",
                    self._trial.in_response(),
                    suggestion=nearest(path, there),
                )
            elif path not in found:
                self._trial.report(
                    "case-result",
                    f"`unknown` lists a described element: {path}",
                    f"unknown[{index}]",
                )

    def _line_at(self, root: etree._Element | None, path: str) -> int | None:
        """Return the line of the first element at a path below the root."""
        elements = [] if root is None else [root]
        for name in path.split("/"):
            elements = [child for item in elements for child in item if local_name(child) == name]
        return self._line(line_of(elements[0])) if elements else None

    # failures

    def _failure(self, failure: ApiError, root: etree._Element | None) -> None:
        trial, fails = self._trial, self._case.fails
        if fails is None:
            trial.report(
                "case-result",
                f"the response is a failure ({failure.message}), add `fails` to the case",
                "response",
                self._map.of_success(),
            )
            return
        trial.coverage.codes.add(failure.code or "")
        trial.coverage.messages.add((failure.code or "", failure.message))
        self._matching_rule(failure, root)
        facts = {
            "code": failure.code,
            "message": failure.message,
            "field": failure.field,
            "kind": next((kind for kind, cls in FAILURES.items() if cls is type(failure)), None),
            "status": self._message.status,
        }
        in_status = () if self._message.status is None else tuple(trial.inside("response", 1))
        for name, wanted in fails.items():
            if name != "errors" and facts[name] != wanted:
                trial.report(
                    "case-result",
                    f"the {name} of the failure is {facts[name]!r}, not {wanted!r}",
                    f"fails.{name}",
                    [
                        *trial.in_response(),
                        *in_status,
                        *self._map.of_failures(name, "kinds" if name == "kind" else name),
                    ],
                )
        if "errors" in fails:
            self._errors(failure, fails["errors"])
        if failure.code is not None and "code" not in fails:
            message = f"the failure has the code {failure.code}, add it to `fails`"
            trial.report("case-result", message, "fails", trial.in_response())
        catalog = {item.code for item in trial.api.errors}
        if "kind" not in fails and facts["kind"] and failure.code not in catalog:
            trial.report(
                "case-result",
                f"the failure is of the kind {facts['kind']}, add it to `fails`",
                "fails",
                trial.in_response(),
                suggestion=f"kind: {facts['kind']}",
            )

    def _errors(self, failure: ApiError, wanted: tuple[Any, ...]) -> None:
        trial = self._trial
        if len(failure.errors) != len(wanted):
            trial.report(
                "case-result",
                f"the response lists {len(failure.errors)} errors, and the case {len(wanted)}",
                "fails.errors",
                [*trial.in_response(), *self._map.of_failures("each", "at")],
            )
            return
        for index, (detail, facts) in enumerate(zip(failure.errors, wanted, strict=True)):
            for name, text in facts.items():
                found = getattr(detail, name)
                if found != text:
                    trial.report(
                        "case-result",
                        f"the {name} of error {index + 1} is {found!r}, not {text!r}",
                        f"fails.errors[{index}].{name}",
                        [*trial.in_response(), *self._map.of_failures(name)],
                    )

    def _matching_rule(self, failure: ApiError, root: etree._Element | None) -> None:
        """Note which rule has read the failure, and which of its places the response has."""
        status = self._message.status
        rules = self._trial.endpoint.protocol.failures
        for described, rule in zip(self._envelope.failures, rules, strict=False):
            if not rule.fits(root, status):
                continue
            keys = described.key_positions
            for low, high in described.statuses:
                if status is not None and low <= status <= high:
                    self._trial.show(keys.get("status"), _range(low, high))
            if failure.payload is not None and described.payload is not None:
                self._trial.show(keys.get("payload"))
                self._payload(described.payload[1], failure.payload)
            if root is None:
                self._trial.show(described.position)
            else:
                self._rule(described, rule, root)
            return

    def _payload(self, ref: Ref, record: Any) -> None:
        """Note the fields that the record beside an error has."""
        for item in self._trial.api.records[ref].fields:
            value = getattr(record, item.python, None)  # write-only fields are not there
            if value is None or value == [] or value == {}:
                continue
            self._trial.coverage.read.add((ref, item.python))
            if item.record is not None:
                rows = value.values() if item.map else value if item.many else [value]
                for row in rows:
                    self._payload(item.record, row)

    def _rule(self, described: FailureRule, rule: Any, root: etree._Element) -> None:
        """Note the places of a rule that a document has."""
        trial, keys = self._trial, described.key_positions
        details = list(rule.details(root))
        if details or not rule.at:
            trial.show(described.position)
        for detail in details:
            for name in ("message", "code", "field", "severity", "detail"):
                if getattr(detail, name):
                    trial.show(keys.get(name))
            if detail.severity in described.errors:
                trial.show(keys.get("errors"), detail.severity)
        if local_name(root) in described.roots:
            trial.show(keys.get("root"), local_name(root))
        if rule.when is not None and rule.when.text(root) is not None:
            trial.show(keys.get("when"))


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"
