"""A first description of an undescribed API, from samples of its requests and responses."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from ..naming import RESERVED_CLASSES, cap_words, python_name
from ..runtime.reading import local_name
from ..starter import ProjectNames
from .operations import PATHS, Operation, Operations, group, snake_word, text_at
from .samples import Sample, SampleRequest, namespace_of
from .shapes import DATA_TYPES, Place, Shapes, TextGuess, guess_text, item_of, too_many
from .yaml_text import class_words, quoted

_OFTEN: Final = 0.9
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_NIL: Final = {"nil", "true", "1"}
_OK: Final = {"ok", "success", "successful", "succeeded", "passed"}
_FAILED: Final = {"error", "fail", "failed", "failure", "errors"}
_SECRET: Final = re.compile(
    r"(auth|credential|api_?user|user_?name\Z|api_?key|access_?key|secret|password|token\Z|client_?ip\Z|signature|login\Z)",
    re.IGNORECASE,
)
_CODE: Final = re.compile(r"(code|symbol|number|errno|error_?id)\Z", re.IGNORECASE)
_MESSAGE: Final = re.compile(
    r"(message|description|summary|text|msg|reason|faultstring)\Z", re.IGNORECASE
)
_DETAIL: Final = re.compile(r"detail|details\Z", re.IGNORECASE)
_FIELD: Final = re.compile(r"(field|parameter|param|property)\Z", re.IGNORECASE)
_PAGE: Final = re.compile(r"(page|page_?number|current_?page)\Z", re.IGNORECASE)
_SIZE: Final = re.compile(r"(per_?page|page_?size|max_?items|limit)\Z", re.IGNORECASE)
_TOTAL: Final = re.compile(r"(total\w*|x-records|x-total\S*)\Z", re.IGNORECASE)
_READING: Final = re.compile(r"(get|list|find|search|check|query|show|describe)", re.IGNORECASE)
_VERBS: Final = {"get": "GET", "list": "GET", "delete": "DELETE", "update": "PUT"}
_CHECK: Final = "check"


class InferenceError(Exception):
    """Nothing can be described from these samples."""


@dataclass(slots=True)
class _Line:
    """The keys of a field, and what a person should check."""

    keys: dict[str, str]
    note: str = ""

    def text(self, name: str) -> str:
        shown = ", ".join(f"{key}: {value}" for key, value in self.keys.items())
        return f"{quoted(name)}: {{{shown}}}" + (f"  # {self.note}" if self.note else "")


@dataclass(slots=True)
class _Call:
    """The documents of one operation."""

    operation: Operation
    requests: list[etree._Element] = field(default_factory=list)
    responses: list[etree._Element] = field(default_factory=list)
    failures: list[tuple[int | None, etree._Element]] = field(default_factory=list)
    arguments: Place | None = None
    result: Place | None = None
    wrapper: str = ""
    roots: list[str] = field(default_factory=list)
    """Root elements of its responses, the commonest first."""


def describe(samples: Iterable[Sample], names: ProjectNames) -> dict[str, str]:
    """Return path -> text of the files of a description.

    Raises:
        InferenceError: No sample has a request or a response.
        ShapeError: The samples have too many different elements.
    """
    every = list(samples)
    if not every:
        raise InferenceError("there is no sample")
    return _Description(group(every), names).files()


class _Description:
    def __init__(self, operations: Operations, names: ProjectNames) -> None:
        self._operations = operations
        self._names = names
        self._calls = [_Call(item) for item in operations.found]
        self._shapes = Shapes()
        self._ignored: set[str] = set()
        self._nil = ""
        self._schema_instance = False
        self._request_root = operations.request_root
        self._response_root = operations.response_root
        self._payload = ""
        self._beside: set[str] = set()
        self._metadata: dict[str, str] = {}
        self._status: tuple[str, list[str], list[str]] | None = None
        self._namespaces: dict[str, list[str]] = {"request": [], "response": []}
        self._credentials: dict[str, str] = {}
        self._taken = set(RESERVED_CLASSES) | {names.client, f"Async{names.client}"}
        for resource in {item.resource for item in operations.found}:
            self._taken |= {cap_words(f"{resource}s"), f"Async{cap_words(f'{resource}s')}"}
        self._records: dict[int, str] = {}
        self._record_texts: dict[str, list[str]] = {}
        self._enums: dict[str, tuple[str, ...]] = {}
        self._scalars: dict[str, str] = {}
        self._paging: list[str] = []

    def files(self) -> dict[str, str]:
        """Return path -> text."""
        self._sort()
        self._find_attributes()
        self._find_envelope()
        self._find_credentials()
        for call in self._calls:
            self._collect(call)
        self._shapes.unify()
        methods: dict[str, list[str]] = defaultdict(list)
        for call in self._calls:
            methods[call.operation.resource] += self._method(call)
        files = {"schema/api.yaml": self._api()}
        if self._record_texts or self._enums:
            files["schema/shared.yaml"] = self._shared()
        for resource, lines in sorted(methods.items()):
            title = resource.replace("_", " ").capitalize()
            head = [
                f"resource: {quoted(resource)}",
                f"title: {json.dumps(title)}",
                "doc: Say what it is.",
                "provenance: observed",
                "",
                "methods:",
            ]
            files[f"schema/resources/{resource}.yaml"] = "\n".join([*head, *lines]) + "\n"
        return files

    # what is around the values

    def _sort(self) -> None:
        for call in self._calls:
            for sample in call.operation.samples:
                if sample.request is not None and sample.request.root is not None:
                    call.requests.append(sample.request.root)
                answer = sample.response
                if answer is not None and answer.root is not None:
                    if (answer.status or 200) >= 400:
                        call.failures.append((answer.status, answer.root))
                    else:
                        call.responses.append(answer.root)
        roots = Counter(local_name(root) for call in self._calls for _, root in call.failures)
        usual = {local_name(root) for call in self._calls for root in call.responses}
        failing = {name for name in roots if re.search(r"error|fault", name, re.IGNORECASE)}
        failing |= {
            name
            for name in usual
            if re.search(r"\A(error|errors|fault|errorresponse)\Z", name, re.IGNORECASE)
        }
        for call in self._calls:
            for root in [root for root in call.responses if local_name(root) in failing]:
                call.responses.remove(root)
                call.failures.append((None, root))

    def _documents(self, *, failed: bool = True) -> Iterator[etree._Element]:
        for call in self._calls:
            yield from call.requests
            yield from call.responses
            if failed:
                yield from (root for _, root in call.failures)

    def _find_attributes(self) -> None:
        """Find attributes that are not data: types, nil, and those of XML Schema."""
        texts: dict[str, set[str]] = defaultdict(set)
        for root in self._documents():
            for element in root.iter(etree.Element):
                for key, text in element.attrib.items():
                    name = str(key)
                    if name.startswith(f"{{{_XSI}}}"):
                        self._schema_instance = True
                    elif len(texts[name]) < 100:
                        texts[name].add(str(text))
        for name, found in texts.items():
            if name == "type" and found & DATA_TYPES:
                self._ignored.add(name)
            if name in ("nil", "null") and found <= _NIL:
                self._nil = name
                self._nil_value = max(found)
        self._shapes.ignored = frozenset({self._nil} if self._nil else ())

    def _find_envelope(self) -> None:
        for call in self._calls:
            for sample in call.operation.samples:
                for direction, half in (("request", sample.request), ("response", sample.response)):
                    namespace = namespace_of(half.body) if half is not None else ""
                    known = self._namespaces[direction]
                    if namespace and namespace not in known:
                        known.append(namespace)
        requests = {local_name(root) for call in self._calls for root in call.requests}
        if not self._request_root or (
            self._request_root not in requests and "{" not in self._request_root
        ):
            several = len([1 for call in self._calls if call.requests]) > 1
            alone = self._operations.kind != PATHS or several
            self._request_root = next(iter(requests)) if len(requests) == 1 and alone else "none"
        responses = Counter(local_name(root) for call in self._calls for root in call.responses)
        answered = [call for call in self._calls if call.responses]
        usual, count = responses.most_common(1)[0] if responses else ("", 0)
        if count >= _OFTEN * responses.total() and (
            len(answered) > 1 or (answered and self._operations.kind != PATHS)
        ):
            self._response_root = usual
        elif not self._response_root.startswith("{verb}") or self._response_root == "{verb}":
            self._response_root = "none"
        if self._response_root == "none":
            return
        self._find_payload([root for call in answered for root in call.responses], len(answered))

    def _find_payload(self, roots: Sequence[etree._Element], operations: int) -> None:
        every = [
            *roots,
            *(
                root
                for call in self._calls
                for _, root in call.failures
                if local_name(root) == local_name(roots[0])
            ),
        ]
        self._find_status(every)
        present = Counter(name for root in roots for name in {local_name(child) for child in root})
        inner: dict[str, set[str]] = defaultdict(set)
        for root in roots:
            for child in root:
                inner[local_name(child)] |= {local_name(part) for part in child}
        common = {name for name, count in present.items() if count >= _OFTEN * len(roots)}
        # In the payload of many operations there are many different elements, beside it always the same.
        various = [name for name in common if len(inner[name]) > max(2, operations / 2)]
        if len(various) == 1 and operations > 2:
            self._payload = various[0]
            self._beside = set(present) - {self._payload}
        elif operations > 1:
            self._beside = common
        elif self._status is not None:
            self._beside = common & {self._status[0].split("/")[0]}
        taken: set[str] = set()

        def add(place: str) -> None:
            name = python_name(snake_word(re.sub(r"[^A-Za-z0-9]+", "_", place)))
            if place.lstrip("/") != (self._status or ("",))[0] and name not in taken:
                taken.add(name)
                self._metadata[name] = place

        for root in every:
            for key in root.attrib:
                if not str(key).startswith("{") and str(key) not in self._shapes.ignored:
                    add("/@" + str(key))
            for child in root:
                if local_name(child) in self._beside:
                    for path in _leaf_paths(child):
                        add(f"/{path}")
                elif local_name(child) == self._payload:
                    for key in child.attrib:
                        if not str(key).startswith("{"):
                            add(f"/{self._payload}/@" + str(key))

    def _find_status(self, roots: Sequence[etree._Element]) -> None:
        texts: dict[str, list[str]] = defaultdict(list)
        for root in roots:
            for key, text in root.attrib.items():
                texts["@" + str(key)].append(str(text))
            for child in root:
                if not len(child):
                    texts[local_name(child)].append((child.text or "").strip())
                for part in child:
                    if not len(part):
                        texts[f"{local_name(child)}/{local_name(part)}"].append(
                            (part.text or "").strip()
                        )
        for place, found in texts.items():
            words = set(found)
            lower = {word.lower() for word in words}
            if (
                len(found) >= _OFTEN * len(roots)
                and lower <= _OK | _FAILED
                and re.search(r"(status|result|ack|code|success)", place, re.IGNORECASE)
            ):
                ok = sorted(word for word in words if word.lower() in _OK) or ["ok"]
                failed = sorted(word for word in words if word.lower() in _FAILED)
                self._status = (place, ok, failed)
                for call in self._calls:
                    for root in [
                        root for root in call.responses if text_at(root, place).lower() in _FAILED
                    ]:
                        call.responses.remove(root)
                        call.failures.append((None, root))
                return

    def _find_credentials(self) -> None:
        requests = [
            s.request
            for call in self._calls
            for s in call.operation.samples
            if s.request is not None
        ]
        if not requests:
            return
        headers = Counter(name for request in requests for name in request.headers)
        scheme = {
            request.headers["authorization"].partition(" ")[0].lower()
            for request in requests
            if "authorization" in request.headers
        }
        if scheme == {"basic"}:
            self._credentials["user"] = "basic"
        for name, count in headers.items():
            if (
                re.search(r"(auth|api-?key|token)", name)
                and name not in ("authorization", "authority")
                and count >= len(requests) / 2
            ):
                self._credentials[snake_word(name)] = f"header:{name.title()}"
        for way in ("query", "form"):
            names = Counter(
                name for request in requests for name in {n for n, _ in getattr(request, way)}
            )
            for name, count in names.items():
                if _SECRET.search(name) and count >= _OFTEN * len(requests):
                    self._credentials[snake_word(name)] = f"{way}:{name}"
        documents = [request.root for request in requests if request.root is not None]
        children = Counter(local_name(child) for root in documents for child in root)
        for name, count in children.items():
            if _SECRET.search(name) and count >= _OFTEN * len(documents):
                child = next(
                    child for root in documents for child in root if local_name(child) == name
                )
                for path in _leaf_paths(child):
                    if "@" not in path:
                        self._credentials[snake_word(path.replace("/", "_"))] = path

    # structures

    def _collect(self, call: _Call) -> None:
        operation = call.operation
        if call.requests:
            place = self._shapes.collect(call.requests, "request", local_name(call.requests[0]))
            for name in {
                path.split("/")[0] for path in self._credentials.values() if ":" not in path
            }:
                place.children.pop(name, None)
            method = self._operations.method_place
            if method and ":" not in method:
                place.children.pop(method.split("/")[0], None)
                place.attributes.pop(method.removeprefix("@"), None)
            call.arguments = place
            call.wrapper = local_name(call.requests[0])
        holders = call.responses
        if self._payload:
            holders = [
                child
                for root in call.responses
                for child in root
                if local_name(child) == self._payload
            ]
        if not holders:
            return
        place = self._shapes.collect(holders, "response", local_name(holders[0]))
        counted = Counter(local_name(root) for root in call.responses).most_common()
        call.roots = [name for name, _ in counted]
        if self._response_root != "none":
            if not self._payload:
                for name in self._beside:
                    place.children.pop(name, None)
            place.attributes.clear()
            place.texts.clear()
            place.name = f"{operation.resource}_{operation.verb}_result"
        call.result = place

    def _record(self, place: Place) -> str:
        """Return the name of the record that a place is; describe it once."""
        place = place.root()
        known = self._records.get(id(place))
        if known is not None:
            return known
        name = self._class_name(class_words(place.name))
        self._records[id(place)] = name
        self._record_texts[name] = []
        lines = [f"  {name}:", f"    doc: Say what it is.  # {_times(place.count)}", "    fields:"]
        fields = self._fields(place)
        lines += [f"      {line.text(key)}" for key, line in fields.items()]
        if not fields:
            lines[-1] = '    fields: {value: {type: text, at: "."}}'
        self._record_texts[name] = lines
        return name

    def _class_name(self, base: str) -> str:
        """Return a name for a record or an enum that nothing else has."""
        if not re.match(r"[A-Z]", base):
            base = f"Item{base}"
        if quoted(base) != base:  # a word of YAML
            base = f"{base}Record"
        if base == base.upper():  # the name of a constant
            base = base.capitalize() if len(base) > 1 else f"{base}Record"
        name, number = base, 2
        while name in self._taken:
            name, number = f"{base}{number}" if name != base else f"{base}Record", number + 1
        self._taken.add(name)
        return name

    def _fields(self, place: Place) -> dict[str, _Line]:
        """Return the fields of a record, or the arguments in an element."""
        place = place.root()
        taken: set[str] = set()
        fields: dict[str, _Line] = {}

        def add(name: str, line: _Line) -> None:
            base = name if "@" not in line.keys.get("at", "") else f"{name}_attribute"
            key, number = name, 1
            while python_name(key) in taken:
                key, number = base if number == 1 else f"{base}_{number}", number + 1
            if key != name and "at" not in line.keys:
                line.keys = {"at": quoted(name), **line.keys}
            taken.add(python_name(key))
            fields[key] = line

        if too_many(place):
            simple = not any(inner.root().structured for inner in place.children.values())
            kind = "text" if simple else "xml"
            note = f"{_CHECK}: {len(place.children)} different names, taken for keys"
            return {"entries": _Line({"map": '"*"', "type": kind, "at": '"."'}, note)}
        for name, values in place.attributes.items():
            line = self._scalar(name, values, place.name, directions=place.directions)
            add(
                name,
                _Line({"at": json.dumps(f"@{name}"), **line.keys}, line.note),
            )
        if place.texts:
            line = self._scalar(place.name, place.texts, place.name, directions=place.directions)
            keys = line.keys if not place.children else {"type": "text"}
            add("value", _Line({"at": '"."', **keys}, line.note))
        for name, inner in place.children.items():
            add(name, self._field(name, inner, place))
        return fields

    def _field(self, name: str, inner: Place, owner: Place) -> _Line:
        place = inner.root()
        repeated = {"repeated": "true"} if inner.repeated else {}
        if not place.structured:
            line = self._scalar(name, place.texts, owner.name, directions=place.directions)
            return _Line({**line.keys, **repeated}, line.note)
        if too_many(place):
            simple = not any(child.root().structured for child in place.children.values())
            note = f"{_CHECK}: {len(place.children)} different names, taken for keys"
            return _Line({"map": '"*"', "type": "text" if simple else "xml"}, note)
        item = None if inner.repeated else item_of(place)
        if item is not None:
            return _Line({"list": quoted(item), **self._item(item, place)})
        return _Line({"record": self._record(place), **repeated})

    def _item(self, item: str, wrapper: Place) -> dict[str, str]:
        """Return the keys for what the items of a list are."""
        inner = wrapper.root().children[item].root()
        if inner.structured:
            return {"record": self._record(inner)}
        return self._scalar(item, inner.texts, wrapper.name, directions=inner.directions).keys

    def _scalar(
        self,
        name: str,
        texts: Sequence[str],
        owner: str,
        *,
        directions: Collection[str] = ("request",),
    ) -> _Line:
        guess = guess_text(name, texts)
        sent = "request" in directions
        keys = {"type": guess.kind}
        note = "" if guess.sure else f"{_CHECK}: {self._evidence(texts)}"
        if guess.kind == "flag":
            keys["type"] = self._flag(guess, capital=sent and not any(map(str.islower, texts)))
        elif guess.kind == "enum":
            keys = {"enum": self._enum(name, owner, guess.words)}
            note = f"{_CHECK}: {len(guess.words)} words in {_times(len(texts))}"
        elif guess.keys:
            keys["type"] = self._format(guess)
            # A client sends times in one form, with Z.
            if (
                sent
                and "iso8601" in dict(guess.keys).values()
                and not all(text.strip().endswith("Z") for text in texts if text.strip())
            ):
                both = "response" in directions
                keys["type"] = f"{{read: {keys['type']}, write: text}}" if both else "text"
        return _Line(keys, note)

    @staticmethod
    def _evidence(texts: Sequence[str]) -> str:
        return "always empty" if not texts else _times(len(texts))

    def _flag(self, guess: TextGuess, *, capital: bool) -> str:
        if guess.words[0].lower() == "true" and capital:
            self._scalars["capital_flag"] = (
                'capital_flag: {is: flag, words: [["True", "true"], ["False", "false"]]}'
            )
            return "capital_flag"
        if {word.lower() for word in guess.words} == {"true", "false"}:
            self._scalars["flag"] = 'flag: {words: [["true", "True"], ["false", "False"]]}'
            return "flag"
        name = f"{guess.words[0].lower()}_{guess.words[1].lower()}"
        self._scalars[name] = (
            f'{name}: {{is: flag, words: ["{guess.words[0]}", "{guess.words[1]}"]}}'
        )
        return name

    def _format(self, guess: TextGuess) -> str:
        keys = dict(guess.keys)
        name = {"iso8601": "timestamp", "http_date": "http_time"}.get(keys["format"], "us_date")
        self._scalars[name] = f"{name}: {{is: {guess.kind}, format: {json.dumps(keys['format'])}}}"
        return name

    def _enum(self, name: str, owner: str, words: tuple[str, ...]) -> str:
        base = class_words(name) if len(name) > 6 else class_words(owner) + class_words(name)
        for known, its in self._enums.items():
            if known.startswith(class_words(name)) and set(words) <= set(its):
                return known
        chosen = self._class_name(base)
        self._enums[chosen] = words
        return chosen

    # methods

    def _method(self, call: _Call) -> list[str]:
        item = call.operation
        shown = len(item.samples)
        lines = [
            f"  {quoted(item.verb)}:  # {_times(shown)}",
            "    kind: action",
            "    doc: Say what it does.",
        ]
        multipart = [
            s.request for s in item.samples if s.request is not None and s.request.multipart
        ]
        if self._operations.kind == PATHS:
            verb, template, note = item.http_verb, item.template, ""
            if template is None:
                verb = _VERBS.get(item.verb, "POST")
                template = (item.resource, item.verb)
                note = f"  # {_CHECK}: no request shows its verb and path"
            address = json.dumps("/" + "/".join(template), ensure_ascii=False)
            parts = f", multipart: {multipart[0].multipart}" if multipart else ""
            lines.append(f"    http: {{verb: {verb}, path: {address}{parts}}}{note}")
        else:
            lines.append(
                f"    retry: {'safe' if _READING.match(item.verb.rpartition('.')[2]) else 'ambiguous'}"
            )
            verbs = Counter(
                s.request.verb for s in item.samples if s.request is not None and s.request.verb
            )
            if verbs and self._operations.kind != "document":
                forms = any(s.request is not None and s.request.form for s in item.samples)
                lines.append(
                    f"    http: {{verb: {verbs.most_common(1)[0][0]}, arguments: {'form' if forms else 'query'}}}"
                )
        if call.arguments is not None and self._request_root == "none":
            lines.append(f"    wrapper: {quoted(call.wrapper)}")
        lines += self._envelope(call, [request for request in multipart if request.document_part])
        arguments = self._arguments(call)
        if arguments:
            lines.append("    arguments:")
            lines += [f"      {line.text(name)}" for name, line in arguments.items()]
        response = self._response(call)
        if response:
            lines.append(f"    response: {{{response}}}")
        return lines

    def _envelope(self, call: _Call, multipart: Sequence[SampleRequest]) -> list[str]:
        """Return what is around the documents of one method, where it differs from the others."""
        item, operations = call.operation, self._operations
        sent: list[str] = []
        root = self._request_root.replace("{verb}", item.verb)
        if self._request_root.startswith("{verb}") and call.requests and root != call.wrapper:
            sent.append(f"root: {quoted(call.wrapper)}")
        if multipart:
            sent.append(f"at: {json.dumps(f'part:{multipart[0].document_part}')}")
        if operations.method_place:
            names = {
                "resource": item.resource,
                "verb": item.verb,
                "method": f"{item.resource}.{item.verb}",
            }
            value = re.sub(r"\{(\w+)\}", lambda found: names[found[1]], operations.method_value)
            if value.lower() != item.wire.lower():
                place = json.dumps(operations.method_place)
                sent.append(f"method: {{at: {place}, value: {json.dumps(item.wire)}}}")
        others = [root for root in call.roots if not self._is_response_root(root)]
        received = bool(others) and not self._payload
        lines = [f"request: {{{', '.join(sent)}}}"] if sent else []
        if received:
            shown = ", ".join(map(quoted, call.roots))
            lines.append(f"response: {{root: {shown if len(call.roots) == 1 else f'[{shown}]'}}}")
        note = f"  # {_CHECK}: several root elements" if len(call.roots) > 1 else ""
        return [f"    envelope: {{{', '.join(lines)}}}{note}"] if lines else []

    def _arguments(self, call: _Call) -> dict[str, _Line]:
        found: dict[str, _Line] = {}
        taken: set[str] = set()

        def add(name: str, line: _Line, place: str = "") -> None:
            key, number = name, 2
            while python_name(key) in taken:
                key, number = f"{name}_{number}", number + 1
            taken.add(python_name(key))
            at = place or (quoted(name) if key != name and "at" not in line.keys else "")
            found[key] = _Line({**({"at": at} if at else {}), **line.keys}, line.note)

        item = call.operation
        for segment in item.template or ():
            if segment.startswith("{"):
                name = segment.strip("{}")
                add(name, _Line({"type": "text", "required": "always"}), f'"path:{name}"')
        if call.arguments is not None and (
            call.arguments.root().members or call.arguments.root().texts
        ):
            for name, line in self._fields(call.arguments).items():
                add(name, line)
        requests = [s.request for s in item.samples if s.request is not None]
        for name in dict.fromkeys(name for request in requests for name in request.files):
            add(snake_word(name), _Line({"type": "binary"}), json.dumps(f"part:{name}"))
        skipped = {place.partition(":")[2] for place in self._credentials.values() if ":" in place}
        skipped.add(self._operations.method_place.partition(":")[2])
        parameters: dict[tuple[str, str], list[str]] = defaultdict(list)
        for request in requests:
            for way in ("query", "form"):
                for name, text in getattr(request, way):
                    if name not in skipped and name:
                        parameters[way, name].append(text)
        for way in ("query", "form"):
            names = [name for kind, name in parameters if kind == way]
            indexed = _indexed(names)
            if indexed:
                texts = {
                    base: [
                        text
                        for name in names
                        if name.rstrip("0123456789") == base
                        for text in parameters[way, name]
                    ]
                    for base in indexed
                }
                record = self._parameter_record(call, texts)
                add(
                    "items",
                    _Line(
                        {"list": "item", "record": record, "indexed": '"{field}{n}"'},
                        f"{_CHECK}: numbered parameters",
                    ),
                    json.dumps(f"{way}:items"),
                )
            for name in names:
                if name.rstrip("0123456789") in indexed:
                    continue
                line = self._scalar(name, parameters[way, name], item.verb)
                add(
                    snake_word(name) if not re.match(r"[A-Za-z_][\w.-]*\Z", name) else name,
                    line,
                    json.dumps(f"{way}:{name}"),
                )
        return found

    def _parameter_record(self, call: _Call, texts: Mapping[str, Sequence[str]]) -> str:
        name = self._class_name(class_words(f"{call.operation.verb.replace('.', '_')}_item"))
        lines = [f"  {name}:", "    doc: Say what it is.", "    fields:"]
        for field_name, found in texts.items():
            lines.append(f"      {self._scalar(field_name, found, name).text(field_name)}")
        self._record_texts[name] = lines
        return name

    def _response(self, call: _Call) -> str:
        if call.result is None:
            return ""
        place = call.result.root()
        if self._response_root == "none":
            item = item_of(place)
            if item is not None:
                return self._list(item, place, '"."')
            return f'value: record, record: {self._record(place)}, at: "."'
        if not place.children:
            return ""
        if len(place.children) == 1:
            ((name, inner),) = place.children.items()
            target = inner.root()
            if inner.repeated:
                return self._list(name, place, '"."')
            if target.structured and not too_many(target):
                item = item_of(target)
                if item is not None:
                    return self._list(item, target, quoted(name))
                return f"value: record, record: {self._record(target)}, at: {quoted(name)}"
        return f'value: record, record: {self._record(place)}, at: "."'

    def _list(self, item: str, place: Place, at: str) -> str:
        keys = self._item(item, place)
        if "enum" in keys or ("type" in keys and keys["type"] == "text"):
            keys = {"type": "text"}
        shown = ", ".join(f"{key}: {value}" for key, value in keys.items())
        return f"value: list, item: {quoted(item)}, {shown}, at: {at}"

    # files

    def _shared(self) -> str:
        lines: list[str] = []
        if self._enums:
            lines.append("enums:")
            for name, words in self._enums.items():
                shown = ", ".join(f"{quoted(word)}: {{}}" for word in words)
                lines += [
                    f"  {name}:",
                    f"    doc: Say what it is.  # {_CHECK}: the words that samples have",
                    f"    words: {{{shown}}}",
                ]
            lines.append("")
        if self._record_texts:
            lines.append("records:")
            for text in self._record_texts.values():
                lines += text
        return "\n".join(lines) + "\n"

    def _api(self) -> str:
        operations, names = self._operations, self._names
        lines = [
            f"# A draft from samples. Check the lines with `# {_CHECK}`, and everything that says `Say what`.",
            f"api: {names.api}",
            f"title: {json.dumps(names.title, ensure_ascii=False)}",
            'version: "1"',
            "doc: Say what the API is for.",
            "coverage: none  # a draft needs no cases; remove this line when there are some",
            f'python: {{package: {names.package}, client: {names.client}, version: "0.1.0"}}',
        ]
        address = json.dumps(operations.url, ensure_ascii=False)
        variables = "".join(
            f", variables: {{{name}: {{default: {json.dumps(value)}}}}}"
            for name, value in operations.variables.items()
        )
        lines += [f"endpoint: {{url: {address}{variables}}}"]
        if self._schema_instance:
            lines.append(f'namespaces: {{xsi: "{_XSI}"}}')
        lines += ["", "envelope:"]
        request = [
            f"root: {quoted(self._request_root) if self._request_root.isidentifier() else json.dumps(self._request_root)}"
        ]
        if operations.method_place:
            value = (
                ""
                if operations.method_value == "{method}"
                else f", value: {json.dumps(operations.method_value)}"
            )
            request.append(f"method: {{at: {json.dumps(operations.method_place)}{value}}}")
        if len(self._namespaces["request"]) == 1:
            request.append(f"namespace: {json.dumps(self._namespaces['request'][0])}")
        lines += ["  request:", *(f"    {key}" for key in request)]
        lines += ["  response:", f"    root: {json.dumps(self._response_root)}"]
        if self._namespaces["response"]:
            lines.append(f"    namespaces: {json.dumps(self._namespaces['response'])}")
        if self._status is not None:
            place, ok, failed = self._status
            lines += [f"    status: {json.dumps(place)}", f"    ok: {json.dumps(ok)}"]
            lines += [f"    failed: {json.dumps(failed)}"] if failed else []
        if self._payload:
            lines.append(f"    payload: {quoted(self._payload)}")
        attributes = [
            *sorted(self._ignored),
            *(["xsi:schemaLocation"] if self._schema_instance else []),
        ]
        if attributes:
            lines.append(f"    attributes: {json.dumps(attributes)}  # not read")
        if self._metadata:
            lines.append("    metadata:")
            lines += [
                f"      {name}: {{at: {json.dumps(place)}}}"
                for name, place in self._metadata.items()
            ]
        if self._nil:
            lines.append(f'  nil: {{at: "@{self._nil}", value: {json.dumps(self._nil_value)}}}')
        lines += ["  failures:", *(f"    - {{{rule}}}" for rule in self._failures())]
        lines += ["", *self._authentication()]
        if self._scalars:
            lines += ["", "scalars:", *(f"  {line}" for line in self._scalars.values())]
        return "\n".join(lines) + "\n"

    def _failures(self) -> list[str]:
        groups: dict[str, list[tuple[int | None, etree._Element]]] = defaultdict(list)
        for call in self._calls:
            for status, root in call.failures:
                groups[local_name(root)].append((status, root))
        rules: list[str] = []
        for name, found in groups.items():
            several: dict[str, int] = {}
            for _, root in found[:200]:
                keys = _failure_keys(root)
                if not self._is_response_root(name):
                    keys = {"root": quoted(name), **keys}
                several[", ".join(f"{key}: {value}" for key, value in keys.items())] = len(keys)
            # A rule with a path fits only documents that have the path: the more particular ones come first.
            rules += sorted(several, key=lambda rule: (-several[rule], rule))
        if not rules:
            rules.append('status: 400-599, message: "."')
        return rules

    def _is_response_root(self, name: str) -> bool:
        ending = self._response_root.removeprefix("{verb}")
        return name == self._response_root or (
            ending != self._response_root and name.endswith(ending)
        )

    def _authentication(self) -> list[str]:
        if not self._credentials:
            return [f"authentication: none  # {_CHECK}: no request shows credentials"]
        lines = ["credentials:"]
        items = []
        for name, place in self._credentials.items():
            if place == "basic":
                lines += [
                    "  user: {sensitive: false, doc: Name of the user.}",
                    '  password: {default: "", doc: Password of the user.}',
                ]
                items.append('basic: "{user}:{password}"')
            else:
                lines.append(f"  {name}: {{doc: Say what it is.}}")
                items.append(f'at: {json.dumps(place)}, value: "{{{name}}}"')
        return [*lines, "authentication:", *(f"  - {{{item}}}" for item in items)]


def _times(count: int) -> str:
    return f"{count} sample{'' if count == 1 else 's'}"


def _leaf_paths(element: etree._Element, prefix: str = "") -> Iterator[str]:
    path = f"{prefix}{local_name(element)}"
    for key in element.attrib:
        if not str(key).startswith("{"):
            yield f"{path}/@" + str(key)
    if not len(element):
        yield path
    for child in element:
        yield from _leaf_paths(child, f"{path}/")


def _indexed(names: Sequence[str]) -> list[str]:
    """Return the parameters that are numbered, such as ``HostName1``, without their numbers."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for name in names:
        found = re.fullmatch(r"(\D+?)([1-9]\d{0,3})", name)
        if found is not None:
            numbers[found[1]].add(int(found[2]))
    series = [base for base, seen in numbers.items() if 1 in seen]
    several = any(len(numbers[base]) > 1 for base in series)
    return series if len(series) > 1 and (several or len(series) > 2) else []


def _failure_keys(root: etree._Element) -> dict[str, str]:
    """Return the keys of the rule that reads a failure: the path of the error, and its parts."""
    best: tuple[int, tuple[str, ...], dict[str, str], bool] | None = None
    waiting: list[tuple[etree._Element, tuple[str, ...], bool]] = [(root, (), False)]
    for _ in range(500):
        if not waiting:
            break
        element, path, several = waiting.pop(0)
        parts: dict[str, str] = {}
        for name, place in [
            *((local_name(child), local_name(child)) for child in element if not len(child)),
            *((str(key), "@" + str(key)) for key in element.attrib if not str(key).startswith("{")),
        ]:
            for kind, pattern in (
                ("code", _CODE),
                ("message", _MESSAGE),
                ("detail", _DETAIL),
                ("field", _FIELD),
            ):
                if pattern.search(name):
                    parts.setdefault(kind, json.dumps(place))
                    break
        if (
            "message" not in parts
            and not len(element)
            and (element.text or "").strip()
            and path
            and parts
        ):
            parts["message"] = '"."'
        score = len(parts.keys() & {"code", "message"}) * 10 - len(path)
        if "message" in parts and (best is None or score > best[0]):
            best = (score, path, parts, several)
        counts = Counter(local_name(child) for child in element.iterchildren(etree.Element))
        for child in element.iterchildren(etree.Element):
            name = local_name(child)
            plural = local_name(element).lower() in (
                f"{name}s".lower(),
                f"{name}es".lower(),
            )
            waiting.append((child, (*path, name), several or counts[name] > 1 or plural))
    if best is None:
        return {"message": '"."'}
    _, path, parts, several = best
    where = (
        {
            ("each" if several else "at"): (
                quoted("/".join(path)) if len(path) == 1 else "/".join(path)
            )
        }
        if path
        else {}
    )
    return {**where, **parts}
