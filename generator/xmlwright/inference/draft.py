"""Drafts of resource files from documents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from ..cases.tables import protocol_of
from ..ir import Api, Ref
from ..runtime.errors import ApiError, Error
from ..runtime.places import Place
from ..runtime.reading import find, local_name, parse_xml
from ..schema.vocabulary import SNAKE, VERB
from .infer import FieldGuesser
from .observations import REQUEST, RESPONSE, Document, method_named
from .yaml_text import class_words, quoted

_METHOD: Final = re.compile(rf"({SNAKE.pattern})\.({VERB.pattern})\Z")
"""A name from a document becomes a path only if it is a method name of the schema language."""
_KINDS: Final = ("create", "update", "get", "delete", "list")
_NO_VERBS: Final = {"request", "response", "answer", "xml"}
_SAY: Final = '"Say what it is."'

Elements = dict[str, list[etree._Element]]
"""``request`` or ``response`` -> elements."""


@dataclass(slots=True)
class _Method:
    """The payloads of the requests and responses of one method."""

    requests: list[etree._Element] = field(default_factory=list)
    answers: list[etree._Element] = field(default_factory=list)


class DraftError(Exception):
    """Nothing can be drafted from these documents."""


def draft(
    api: Api, documents: Iterable[Document], resource: str | None
) -> tuple[str, str, list[str]]:
    """Return the name of a resource, its file as YAML, and messages about unreadable documents.

    Raises:
        DraftError: No document is of the resource, or several resources are possible.
    """
    if resource is not None and not re.fullmatch(SNAKE.pattern, resource):
        raise DraftError(f"{resource!r} is not {SNAKE.what}")
    methods, unread = _sorted(api, documents)
    names = sorted({name.partition(".")[0] for name in methods})
    if resource is None and len(names) > 1:
        raise DraftError(f"the documents are of {', '.join(names)}; choose one with --resource")
    name = resource or (names[0] if names else "")
    own = {
        key.partition(".")[2]: found
        for key, found in methods.items()
        if key.partition(".")[0] == name
    }
    if not own:
        reasons = "".join(f"\nnot read: {message}" for message in unread)
        raise DraftError(
            f"no document is of {name or 'any method'}; there are documents of {', '.join(names) or 'none'}{reasons}"
        )
    return name, _Drafter(api, name, own).text(), unread


def _sorted(api: Api, documents: Iterable[Document]) -> tuple[dict[str, _Method], list[str]]:
    protocol = protocol_of(api)
    methods: dict[str, _Method] = {}
    unread: list[str] = []
    answers: list[tuple[Document, etree._Element]] = []
    for document in documents:
        try:
            root = parse_xml(document.document)
            said = method_named(protocol, root)
            named = _method_of(document, methods) if document.sent else None
            if not said and named is not None:
                said = named
            if said and (
                document.sent or (local_name(root) == protocol.request_root and "." in said)
            ):
                payload = find(root, protocol.request_payload)
                if not _METHOD.match(said):
                    unread.append(
                        f"{document.name}: {said!r} is not a method name such as task.create"
                    )
                elif payload is not None:
                    methods.setdefault(said, _Method()).requests.append(payload)
                continue
            protocol.check(root, "?")
            payload = find(root, protocol.response_payload)
            if payload is not None:
                answers.append((document, payload))
        except ApiError:
            continue
        except Error as error:
            unread.append(f"{document.name}: {error}")
    for document, payload in answers:
        name = _method_of(document, methods)
        if name is None:
            reason = "its name does not begin with a method, as in task.get.response.xml"
            unread.append(f"{document.name}: {reason}")
        else:
            methods.setdefault(name, _Method()).answers.append(payload)
    return methods, unread


def _method_of(document: Document, known: Mapping[str, _Method]) -> str | None:
    """Return the method of a response: one that has a request, or the start of the file name."""
    parts = (document.method or "").split(".")
    for end in range(len(parts), 1, -1):
        if ".".join(parts[:end]) in known:
            return ".".join(parts[:end])
    end = 1
    while end < len(parts) and parts[end].isidentifier() and parts[end] not in _NO_VERBS:
        end += 1
    name = ".".join(parts[:end])
    return name if _METHOD.match(name) else None


class _Drafter:
    def __init__(self, api: Api, name: str, methods: Mapping[str, _Method]) -> None:
        self._api = api
        self._name = name
        self._methods = methods
        self._record = Ref(name, class_words(name))
        self._guesser = FieldGuesser(api)
        self._ignored = set(api.envelope.ignored_attributes)
        paging = api.paging
        self._paging = {*paging.position, paging.size} if paging is not None else set()
        self._plural = f"{name}s"
        self._records: dict[str, Mapping[str, Mapping[str, str]]] = {}

    def text(self) -> str:
        """Return the file."""
        main = self._main()
        fields = self._fields(main)
        identity = next((key for key in (f"{self._name}_id", "id") if key in fields), None)
        if identity is not None:
            fields[identity] = {"type": "id", "access": "read"}
        methods = [
            self._method(verb, found, fields, identity) for verb, found in self._methods.items()
        ]
        title = self._name.replace("_", " ").capitalize()
        lines = [f"resource: {quoted(self._name)}"]
        if self._plural != f"{self._name}s":
            lines.append(f"plural: {quoted(self._plural)}")
        lines += [f"title: {title}", f"doc: {_SAY}", "provenance: observed", ""]
        if fields or self._records:
            lines.append("records:")
        if fields:
            lines.append(f"  {self._record.name}:")
            lines += [f"    identity: {quoted(identity)}"] if identity else []
            lines += [
                "    fields:",
                *(f"      {_entry(key, keys)}" for key, keys in fields.items()),
            ]
        for record, members in self._records.items():
            lines += [f"  {record}:", f"    doc: {_SAY}", "    fields:"]
            lines += [f"      {_entry(key, keys)}" for key, keys in members.items()]
        lines += ["", "methods:", *methods]
        return "\n".join(lines) + "\n"

    def _main(self) -> Elements:
        """Return the elements that probably are the main record."""
        found: Elements = {REQUEST: [], RESPONSE: []}
        for verb, method in self._methods.items():
            if verb in ("create", "update"):
                found[REQUEST] += [inner for item in method.requests for inner in _wrapped(item)]
            if verb == "get":
                found[RESPONSE] += [inner for item in method.answers for inner in _wrapped(item)]
            if verb == "list":
                for payload in method.answers:
                    for wrapper in payload:
                        self._plural = local_name(wrapper)
                        found[RESPONSE] += list(wrapper)
        return found

    def _fields(self, elements: Elements) -> dict[str, dict[str, str]]:
        names = dict.fromkeys(
            local_name(child)
            for found in elements.values()
            for element in found
            for child in element
        )
        fields: dict[str, dict[str, str]] = {}
        for name in names:
            texts: dict[str, list[str]] = {}
            structured: list[etree._Element] = []
            repeated = 0
            for way, found in elements.items():
                for element in found:
                    children = [child for child in element if local_name(child) == name]
                    repeated += len(children) > 1
                    for child in children:
                        texts.setdefault(way, [])
                        if len(child) or {*map(str, child.attrib)} - self._ignored:
                            structured.append(child)
                        else:
                            texts[way].append(child.text or "")
            made = self._guesser.guess(
                name, texts, structured, self._record, repeated=bool(repeated)
            )
            self._records.update(made.records)
            access = {} if len(texts) == 2 else {"access": "write" if REQUEST in texts else "read"}
            fields[name] = {**made.keys, **access}
        return {**self._attributes(elements, fields), **fields}

    def _attributes(self, elements: Elements, fields: Collection[str]) -> dict[str, dict[str, str]]:
        """Return fields for the attributes of record elements; those of the root are the envelope's."""
        texts: dict[str, dict[str, list[str]]] = {}
        for way, found in elements.items():
            for element in found:
                for key, text in element.attrib.items():
                    name = str(key)
                    if (
                        element.getparent() is not None
                        and not name.startswith("{")
                        and name not in self._ignored
                    ):
                        texts.setdefault(name, {}).setdefault(way, []).append(str(text))
        attributes: dict[str, dict[str, str]] = {}
        for name, by_way in texts.items():
            made = self._guesser.guess(name, by_way, [], self._record)
            access = (
                {} if len(by_way) == 2 else {"access": "write" if REQUEST in by_way else "read"}
            )
            field_name = f"{name}_attribute" if name in fields else name
            attributes[field_name] = {"at": quoted(f"@{name}"), **made.keys, **access}
        return attributes

    def _method(
        self,
        verb: str,
        method: _Method,
        fields: Mapping[str, Mapping[str, str]],
        identity: str | None,
    ) -> str:
        keys: list[str] = []
        action = verb not in _KINDS or not fields
        if action and verb in _KINDS:
            keys.append("kind: action")
        if action:
            keys += [f"doc: {_SAY}", "retry: ambiguous"]
        arguments = self._arguments("" if action else verb, method, fields, identity)
        if arguments:
            kind = "filters" if verb == "list" and not action else "arguments"
            keys.append(f"{kind}:")
            keys += [f"  {line}" for line in arguments]
        answer = self._answer("" if action else verb, method)
        if not answer and not action and verb == "create" and identity is None:
            answer = "value: none"
        if answer:
            keys.append(f"response: {{{answer}}}")
        if not keys:
            return f"  {quoted(verb)}: {{}}"
        return "\n".join([f"  {quoted(verb)}:", *(f"    {line}" for line in keys)])

    def _arguments(
        self,
        verb: str,
        method: _Method,
        fields: Mapping[str, Mapping[str, str]],
        identity: str | None,
    ) -> list[str]:
        if verb in ("create", "update"):
            return []
        found = self._guessed(method.requests)
        lines = []
        for name, keys in found.items():
            if name == identity and verb in ("get", "delete"):
                continue
            if verb == "list" and name in self._paging:
                continue
            lines.append(f"{quoted(name)}: same" if name in fields else _entry(name, keys))
        return lines

    def _guessed(self, elements: list[etree._Element]) -> dict[str, dict[str, str]]:
        """Return guessed arguments."""
        found = self._fields({REQUEST: elements})
        return {
            name: {k: v for k, v in keys.items() if k != "access"} for name, keys in found.items()
        }

    def _answer(self, verb: str, method: _Method) -> str:
        """Return the keys of the response; empty for the default of the kind of method."""
        names = Counter(local_name(child) for payload in method.answers for child in payload)
        if not names:
            return ""
        first, _ = names.most_common(1)[0]
        children = [
            child for payload in method.answers for child in payload if local_name(child) == first
        ]
        structured = any(len(child) for child in children)
        if verb == "get" and structured:
            return "" if first == self._name else f"value: record, at: {quoted(first)}"
        if verb == "list" and structured:
            inner = Counter(local_name(item) for child in children for item in child)
            item = inner.most_common(1)[0][0]
            value = "page" if self._counted(children) else "list"
            return (
                f"value: {value}, item: {quoted(item)}"
                if item != self._name or value == "list"
                else ""
            )
        if structured:
            made = self._guesser.guess(first, {}, children, self._record)
            self._records.update(made.records)
            if "record" in made.keys and "list" not in made.keys:
                return f"value: record, record: {made.keys['record']}, at: {quoted(first)}"
            return ""
        if first.endswith("_id") and not (verb == "create" and first == f"{self._name}_id"):
            return f"value: id, at: {quoted(first)}"
        return ""

    def _counted(self, wrappers: list[etree._Element]) -> bool:
        if self._api.paging is None:
            return False
        places = [Place.of(text) for text in self._api.paging.counters.values()]
        return any(place.text(wrapper) is not None for place in places for wrapper in wrappers)


def _wrapped(payload: etree._Element) -> list[etree._Element]:
    """Return the record in a payload: its only child with child elements, or the payload."""
    children = list(payload)
    if len(children) == 1 and len(children[0]):
        return children
    return [payload] if children else []


def _entry(name: str, keys: Mapping[str, str]) -> str:
    shown = ", ".join(f"{key}: {value}" for key, value in keys.items())
    return f"{quoted(name)}: {{{shown}, doc: {_SAY}}}"
