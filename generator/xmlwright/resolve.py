"""Resolve: from declarations, which refer to each other by name, to the values that everything else reads."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, Final

from . import fitness
from .decode import INVALID, Decl, Entries, Integer, Kind, Word
from .description import Description
from .diagnostics import Diagnostics, Position, Related, nearest
from .language import (
    BOOLEAN,
    PLACEHOLDER,
    PLACEHOLDERS,
    TEXT,
    AnswerDecl,
    ApiDecl,
    CaseDecl,
    DirectionDecl,
    EnumDecl,
    FieldDecl,
    GroupDecl,
    MethodDecl,
    NotedDecl,
    RecordDecl,
    ResourceDecl,
    SharedDecl,
)
from .memory import Memory
from .model import (
    Answer,
    Api,
    Case,
    Enum,
    EnumWord,
    Envelope,
    ErrorCode,
    Field,
    Method,
    Module,
    Names,
    Noted,
    Paging,
    Provenance,
    Record,
    Ref,
    Scalar,
    Token,
)
from .naming import attribute_name, cap_words, function_name, python_name, snake

SHARED: Final = "shared"
_RETRY: Final = {
    "get": "safe",
    "list": "safe",
    "create": "ambiguous",
    "update": "idempotent",
    "delete": "idempotent",
}
_DEFAULTS: Final[dict[str, Kind]] = {
    "flag": BOOLEAN,
    "int": Integer(-1_000_000_000),
    "id": Integer(),
}
"""Scalar -> what a default of it is in YAML; text for others."""
_MODES: Final = {"create": "create", "update": "update"}
_MEDIA: Final = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")
_ACCESS: Final = {"read": "r", "write": "cu", "both": "rcu", "create": "c", "update": "u"}
_TOLD: Final = {
    "create": "Creates {one}.",
    "update": "Changes {one}. What is left out stays as it is.",
    "get": "Fetches {one}.",
    "delete": "Deletes {one}.",
    "list": "Lists {many}.",
}


def resolve(
    description: Description, diagnostics: Diagnostics, memory: Memory | None = None
) -> Api:
    """The description with every name looked up. Problems are added to ``diagnostics``; the value is then incomplete."""
    told = Diagnostics()
    memory = memory or Memory()
    api = _Resolver(description, told, memory).api()
    fitness.find(description, api, told, memory)
    # In a description that could not be read whole, what seems unused may be named where the mistake is.
    whole = not len(diagnostics)
    diagnostics.extend(item for item in told if whole or item.rule != "unused")
    return api


@dataclass(frozen=True, slots=True)
class _Part:
    """What one resource gives on its own, its cases aside."""

    module: Module
    used: frozenset[tuple[str, str]]
    """What it names of shared.yaml and api.yaml: kind and name."""
    read: frozenset[Ref]
    """Shared records that its methods read, as far as its own records lead to them."""
    written: frozenset[Ref]


class _Scope:
    """What a module can name: its own enums, groups and records, and the shared ones."""

    def __init__(
        self, module: str, own: ResourceDecl | SharedDecl, shared: SharedDecl | None
    ) -> None:
        self.module = module
        self.enums: Entries[Word, Ref] = Entries()
        self.records: Entries[Word, Ref] = Entries()
        self.groups: Entries[Word, GroupDecl] = Entries()
        for holder, decl in ((SHARED, shared), (module, own)):
            if decl is None:
                continue
            self.enums.update({name: Ref(holder, str(name)) for name in decl.enums})
            self.records.update({name: Ref(holder, str(name)) for name in decl.records})
            self.groups.update(decl.groups)
            for mine, given in (
                (self.enums, decl.enums),
                (self.records, decl.records),
                (self.groups, decl.groups),
            ):
                mine.refused.update(_refused(given))


class _Resolver:
    def __init__(
        self,
        description: Description,
        diagnostics: Diagnostics,
        memory: Memory,
        resources: Entries[str, ResourceDecl] | None = None,
    ) -> None:
        self._d = description
        self._diagnostics = diagnostics
        self._memory = memory
        if resources is None:
            resources = Entries()
            resources.update({decl.resource: decl for decl in description.resources})
            resources.refused.update(description.broken)
        self._resources = resources
        self._used_groups: set[int] = set()
        self._used: set[tuple[str, str]] = set()
        self._refused_fields: set[str] = set()

    def _telling(self, diagnostics: Diagnostics) -> _Resolver:
        """A resolver of the same description that tells its problems elsewhere."""
        return _Resolver(self._d, diagnostics, self._memory, self._resources)

    # the API as a whole

    def api(self) -> Api:
        names = _stand(self._resources.values(), "resource")
        frame, used = self._memory.recall(
            "api",
            (self._d.api,),
            self._diagnostics,
            lambda told: self._telling(told)._frame(),
            facts=names,
        )
        shared = self._d.shared
        self._memory.recall(
            "names across",
            (shared, *self._d.resources),
            self._diagnostics,
            lambda told: self._telling(told)._names_across(),
        )
        facts = self._memory.recall(
            "facts around",
            (self._d.api, shared),
            self._diagnostics,
            lambda told: self._around(),
            facts=(names, self._d.broken),
        )
        # Stands for all that a resource may name elsewhere: another object as soon as any of it changes.
        around = self._memory.recall(
            "around", (), self._diagnostics, lambda told: object(), facts=(names, facts)
        )
        parts = []
        for decl in self._d.resources:
            borrowed = self._memory.recall(
                ("borrowed", str(decl.resource)),
                (decl, shared, self._d.api.events),
                self._diagnostics,
                lambda told, decl=decl: _borrowed(decl, shared, self._d.api.events),  # type: ignore[misc]
            )
            parts.append(
                self._memory.recall(
                    ("resource", str(decl.resource)),
                    (decl, around, *borrowed),
                    self._diagnostics,
                    lambda told, decl=decl: self._telling(told)._resource(decl),  # type: ignore[misc]
                )
            )
        modules = []
        if shared is not None:
            modules.append(
                self._memory.recall(
                    "shared",
                    (shared, around, *_events_in(shared, self._d.api.events)),
                    self._diagnostics,
                    lambda told: self._telling(told)._shared(shared, parts),
                    facts=[(part.used, part.read, part.written) for part in parts],
                )
            )
        for decl, part in zip(self._d.resources, parts, strict=True):
            decls = self._d.cases.get(decl.resource, ())
            cases = self._memory.recall(
                ("cases", str(decl.resource)),
                (decl, around, *decls),
                self._diagnostics,
                lambda told, decl=decl, decls=decls: self._telling(told)._cases(decl, decls),  # type: ignore[misc]
            )
            modules.append(
                self._memory.recall(
                    ("module", str(decl.resource)),
                    (part, cases),
                    self._diagnostics,
                    partial(_with_cases, part, cases),
                )
            )
            used = used | part.used
        self._left_over(used)
        records, enums = self._memory.recall(
            "by name",
            tuple(kind for module in modules for kind in (module.records, module.enums)),
            self._diagnostics,
            lambda told: _by_name(modules),
        )
        return dataclasses.replace(frame, modules=tuple(modules), records=records, enums=enums)

    def _left_over(self, used: frozenset[tuple[str, str]]) -> None:
        """Facts of api.yaml may stand there unused; but beside a reference to nothing, one that nothing names was meant."""
        for kind, known in (
            ("source", self._d.api.sources),
            ("person", self._d.api.people),
            ("error code", self._d.api.errors),
        ):
            named = {name for what, name in used if what == kind}
            if named <= known.keys():
                continue
            for word in known:
                if word not in named:
                    self._unused(
                        f"nothing names the {kind} {word}, and there are references to no {kind}",
                        word.at,
                    )

    def _around(self) -> tuple[object, ...]:
        """What the file of a resource may name that stands in api.yaml or shared.yaml."""
        api = self._d.api
        shared = self._d.shared
        paging = api.paging
        return (
            self._d.broken,
            shared and [_stand(kind) for kind in (shared.enums, shared.records, shared.groups)],
            _stand(api.people),
            _stand(api.sources),
            _stand(api.errors),
            _stand(api.events),
            [(str(kind), [*codes]) for kind, codes in api.method_errors.items()],
            paging
            and (
                _stand([paging.position, paging.size]),
                paging.first,
                paging.default_size,
                paging.maximum_size,
            ),
        )

    def _frame(self) -> tuple[Api, frozenset[tuple[str, str]]]:
        """All of the API but its modules, and what it names of itself."""
        found = self._api_alone()
        return found, frozenset(self._used)

    def _api_alone(self) -> Api:
        api = self._d.api
        self._sources(api.source)
        self._zone()
        for kind, codes in api.method_errors.items():
            self._codes(codes, f"method_errors.{kind}")
        for event in api.events:
            self._event(event)
        for error in api.errors.values():
            self._sources(error.source)
            for name in re.findall(PLACEHOLDER, error.message):
                near = nearest(name, PLACEHOLDERS)
                if name not in PLACEHOLDERS and near is not None:  # another word is text
                    self._diagnostics.add(
                        "unknown-word",
                        f"{{{name}}} is nearly, but not, one of"
                        f" {', '.join(f'{{{word}}}' for word in PLACEHOLDERS)}",
                        error.message.at,
                        suggestion=f"{{{near}}}",
                    )
        for noted in (*api.events.values(), *api.people.values(), *api.sources.values()):
            self._sources(noted.source)
        paging = api.paging
        if paging and paging.maximum_size is not None and paging.default_size > paging.maximum_size:
            self._contradiction(
                paging,
                "default_size",
                f"more rows by default than a page may have ({paging.maximum_size})",
            )
        counters = {}
        if paging is not None:
            for name in ("position", "size", "pages", "total"):
                place = getattr(paging.counters, name)
                if place is not None:
                    counters[name] = str(place)
        envelope = api.envelope
        token = api.authentication.token
        oauth = api.authentication.oauth
        return Api(
            name=str(api.api),
            title=_prose(api.title),
            version=str(api.version),
            doc=_prose(api.doc),
            documentation=_opt(api.documentation),
            names=Names(
                str(api.python.package),
                str(api.python.distribution or re.sub(r"[._]", "-", api.python.package)),
                str(api.python.client),
                str(api.python.environment or api.python.client.upper()),
                str(api.python.version),
            ),
            url=str(api.endpoint.url),
            envelope=Envelope(
                request_root=str(envelope.request.root),
                request_method=str(envelope.request.method),
                request_namespace=_opt(envelope.request.namespace),
                request_attributes=_texts(envelope.request.attributes),
                request_payload=str(envelope.request.payload or ""),
                response_root=str(envelope.response.root),
                response_payload=str(envelope.response.payload or ""),
                namespaces=tuple(map(str, envelope.response.namespaces)),
                status=_opt(envelope.response.status),
                ok=tuple(map(str, envelope.response.ok)),
                failure_message=str(envelope.failure.message),
                failure_code=_opt(envelope.failure.code),
                failure_field=_opt(envelope.failure.field),
                failure_root=_opt(envelope.failure.root),
                failure_when=_opt(envelope.failure.when),
                ignored_attributes=tuple(map(str, envelope.response.attributes)),
                failed=tuple(map(str, envelope.response.failed)),
            ),
            token=(
                Token()
                if token is None
                else Token(
                    str(token.style),
                    str(token.password or "X"),
                    _opt(token.header),
                    _prose(token.doc),
                )
            ),
            oauth=(
                None
                if oauth is None
                else {
                    "signature": str(oauth.signature),
                    "request_token": str(oauth.request_token),
                    "authorize": str(oauth.authorize),
                    "access_token": str(oauth.access_token),
                    "doc": _prose(oauth.doc),
                }
            ),
            paging=(
                Paging(False, "page", "per_page", 1, 25, None, {})
                if paging is None
                else Paging(
                    paging.style == "offset",
                    str(paging.position),
                    str(paging.size),
                    paging.first,
                    paging.default_size,
                    paging.maximum_size,
                    counters,
                )
            ),
            callbacks=(
                None
                if api.callbacks is None
                else {
                    "event": str(api.callbacks.event),
                    "object": str(api.callbacks.object),
                    "system": str(api.callbacks.system),
                    "user": str(api.callbacks.user),
                    "verifier": str(api.callbacks.verifier),
                    "verification": str(api.callbacks.verification),
                }
            ),
            scalars=self._scalars(),
            people=_noted(api.people),
            sources=_noted(api.sources),
            errors=tuple(
                ErrorCode(
                    str(code),
                    str(decl.kind),
                    str(decl.message),
                    decl.status,
                    _prose(decl.doc),
                    _prose(decl.fix),
                    _provenance(decl, None),
                    code.at,
                )
                for code, decl in api.errors.items()
            ),
            events=_noted(api.events),
            limits=_texts(api.limits),
            modules=(),
            records={},
            enums={},
            provenance=Provenance("documented", tuple(map(str, api.source))),
            said_at=dict(_wire_places(api)),
        )

    def _scalars(self) -> dict[str, Scalar]:
        found = {}
        for name, decl in self._d.api.scalars.items():
            words = tuple(map(str, decl.words)) or ("1", "0")
            if len(words) != 2:
                self._diagnostics.add(
                    "wrong-type", "should be two words, for true and for false", decl.where("words")
                )
                words = ("1", "0")
            found[str(name)] = Scalar(
                str(name),
                decl.pad,
                (words[0], words[1]),
                tuple(map(str, decl.none)),
                str(decl.zone or "UTC"),
                str(decl.read_empty or ("text" if name == "text" else "none")),
            )
        return found

    def _zone(self) -> None:
        from zoneinfo import ZoneInfo

        for decl in self._d.api.scalars.values():
            if decl.zone is not None:
                try:
                    ZoneInfo(decl.zone)
                except (KeyError, ValueError, OSError):
                    self._diagnostics.add(
                        "dangling-reference", f"there is no time zone {decl.zone!r}", decl.zone.at
                    )

    def _event(self, event: Word) -> None:
        """An event is named after a resource; a misspelt one would never be dispatched."""
        first = event.partition(".")[0]
        if first != "all" and first not in self._resources:
            self._dangling("event of a resource", Word(first, event.at), self._resources)

    def _names_across(self) -> None:
        """Records and enums have one name in the whole API, because the package exports them side by side."""
        seen: dict[str, Word] = {}
        holders: list[ResourceDecl | SharedDecl] = list(self._d.resources)
        if self._d.shared is not None:
            holders.insert(0, self._d.shared)
        for holder in holders:
            for name in (*holder.enums, *holder.records):
                first = seen.setdefault(str(name), name)
                if first is not name:
                    self._diagnostics.add(
                        "duplicate-name",
                        f"{name} is described twice",
                        name.at,
                        related=[Related(first.at, "first here")],
                    )
        for decl in self._d.resources:
            class_name = _class_name(decl)
            if class_name in seen:
                self._diagnostics.add(
                    "duplicate-name",
                    f"the class {class_name}, which holds the methods of {decl.resource}, has the name of a record or enum;"
                    " give the resource another one with the key `python`",
                    decl.where("python"),
                    related=[Related(seen[class_name].at, "described here")],
                )

    # modules

    def _shared(self, decl: SharedDecl, parts: Iterable[_Part]) -> Module:
        scope = _Scope(SHARED, decl, decl)
        provenance = Provenance("documented")
        used = {name for part in parts for kind, name in part.used if kind == "group"}
        records = self._records(decl.records, scope, provenance, decl.at)
        used.update(
            str(name) for name, group in decl.groups.items() if id(group) in self._used_groups
        )
        for name in decl.groups:
            if name not in used:
                self._unused(
                    f"nothing includes the group {name}; include it or take it out", name.at
                )
        read = {ref for part in parts for ref in part.read}
        written = {ref for part in parts for ref in part.written}
        return Module(
            name=SHARED,
            title="Shared",
            doc="Records and words that more than one resource uses.",
            class_name="",
            enums=self._enums(decl.enums, SHARED, provenance),
            records=self._reached(records, SHARED, read, written),
            methods=(),
            cases=(),
            provenance=provenance,
            at=decl.at,
        )

    def _resource(self, decl: ResourceDecl) -> _Part:
        name = str(decl.resource)
        scope = _Scope(name, decl, self._d.shared)
        provenance = _provenance(decl, None)
        self._sources(decl.source)
        self._people(decl.callers)
        holders: list[RecordDecl | GroupDecl] = [*decl.records.values(), *scope.groups.values()]
        for holder in holders:
            self._refused_fields.update(_refused(holder.fields))
        records = self._records(decl.records, scope, provenance, decl.at, decl)
        methods = tuple(
            found
            for verb, method in decl.methods.items()
            if (found := self._method(decl, verb, method, scope, records, provenance)) is not None
        )
        read: set[Ref] = set()
        written: set[Ref] = set()
        for method in methods:
            if method.answer.record is not None:
                read.add(method.answer.record)
            written.update(item.record for item in method.arguments if item.record is not None)
        records = self._reached(records, name, read, written, decl)
        for group_name, group in decl.groups.items():
            if id(group) not in self._used_groups:
                self._unused(
                    f"nothing includes the group {group_name}; include it or take it out",
                    group_name.at,
                )
        for group_name, group in (self._d.shared.groups if self._d.shared else {}).items():
            if id(group) in self._used_groups:
                self._used.add(("group", str(group_name)))
        module = Module(
            name=name,
            title=_prose(decl.title),
            doc=_prose(decl.doc),
            class_name=_class_name(decl),
            enums=self._enums(decl.enums, name, provenance),
            records=records,
            methods=methods,
            cases=(),
            provenance=provenance,
            at=decl.at,
        )
        return _Part(
            module,
            frozenset(self._used),
            frozenset(ref for ref in read if ref.module == SHARED),
            frozenset(ref for ref in written if ref.module == SHARED),
        )

    def _reached(
        self,
        records: tuple[Record, ...],
        module: str,
        read: set[Ref],
        written: set[Ref],
        decl: ResourceDecl | None = None,
    ) -> tuple[Record, ...]:
        """Mark which records are read from answers and which are written in requests. ``read`` and ``written`` come
        with the records that methods name, and leave with all those that these lead to."""
        by_ref = {Ref(module, record.name): record for record in records}
        for seen, answers in ((read, True), (written, False)):
            waiting = list(seen)
            while waiting:
                record = by_ref.get(waiting.pop())
                for item in record.fields if record is not None else ():
                    used = item.readable if answers else item.writable
                    if used and item.record is not None and item.record not in seen:
                        seen.add(item.record)
                        waiting.append(item.record)
        main = next(iter(decl.records), None) if decl is not None else None
        for ref, record in by_ref.items():
            if ref not in read and ref not in written and record.name != main:
                self._unused(
                    f"no method reads or writes the record {record.name}; name it or take it out",
                    record.at,
                )
        return tuple(
            dataclasses.replace(record, in_answers=ref in read, in_requests=ref in written)
            for ref, record in by_ref.items()
        )

    def _unused(self, message: str, at: Position) -> None:
        self._diagnostics.add("unused", message, at)

    # enums, records and fields

    def _enums(
        self, decls: Mapping[Word, EnumDecl], module: str, provenance: Provenance
    ) -> tuple[Enum, ...]:
        found = []
        for name, decl in decls.items():
            words: list[EnumWord] = []
            said: dict[tuple[str, str], tuple[Word, Position]] = {}
            if decl.events:
                words = [self._event_word(*item, provenance) for item in self._d.api.events.items()]
                if decl.words:
                    self._contradiction(decl, "words", "the words are those of the events")
            elif "words" not in decl.keys:
                self._diagnostics.add("missing-key", "the key 'words' is missing", decl.at)
            for word, facts in decl.words.items():
                self._sources(facts.source)
                request, answer = str(facts.request or word), str(facts.answer or word)
                for where, text in (("request", request), ("answer", answer)):
                    at = facts.keys.get(where, word.at)
                    first, place = said.setdefault((where, text), (word, at))
                    if first is not word:
                        self._diagnostics.add(
                            "duplicate-name",
                            f"the words {str(first)!r} and {str(word)!r} are the same in {where}s",
                            at,
                            related=[Related(place, "the other word")],
                        )
                words.append(
                    EnumWord(
                        str(word),
                        request,
                        answer,
                        _prose(facts.doc),
                        facts.access != "write",
                        facts.access != "read",
                        _deprecated(facts.deprecated),
                        _provenance(facts, provenance),
                        word.at,
                        _places(facts, "request", "answer"),
                    )
                )
            found.append(Enum(module, str(name), _prose(decl.doc), tuple(words), name.at))
        return tuple(found)

    def _event_word(self, name: Word, event: NotedDecl, provenance: Provenance) -> EnumWord:
        text = str(name)
        return EnumWord(
            text, text, text, _prose(event.doc), True, True, None, _provenance(event, provenance), name.at
        )  # fmt: skip

    def _records(
        self,
        decls: Mapping[Word, RecordDecl],
        scope: _Scope,
        provenance: Provenance,
        at: Position,
        resource: ResourceDecl | None = None,
    ) -> tuple[Record, ...]:
        found = []
        for index, (name, decl) in enumerate(decls.items()):
            fields = self._fields(decl, scope, provenance)
            doc = _prose(decl.doc)
            if not doc and resource is not None and index == 0:
                doc = _prose(resource.doc)
            identity = None
            if decl.identity is not None:
                owner = next((item for item in fields if item.name == decl.identity), None)
                if owner is None:
                    self._dangling("field", decl.identity, _names(fields))
                else:
                    identity = owner.python
            found.append(
                Record(scope.module, str(name), doc, identity, fields, False, False, name.at)
            )
            self._one_place(fields)
        if resource is not None and found:
            self._main_name(found[0], resource)
        return tuple(found)

    def _main_name(self, main: Record, resource: ResourceDecl) -> None:
        by_default = [
            method
            for verb, method in resource.methods.items()
            if self._takes_main(str(verb), method)
        ]
        wanted = cap_words(resource.resource)
        if by_default and main.name != wanted and wanted not in fitness.RESERVED:
            self._diagnostics.add(
                "bad-name",
                f"the main record of {resource.resource} should be named after it",
                main.at,
                suggestion=wanted,
            )

    def _takes_main(self, verb: str, method: MethodDecl) -> bool:
        kind = method.kind or (verb if verb in _RETRY else "action")
        return method.record is None and kind in ("create", "update", "get", "list")

    def _fields(
        self, decl: RecordDecl | GroupDecl, scope: _Scope, provenance: Provenance
    ) -> tuple[Field, ...]:
        found: dict[str, Field] = {}
        for name, item in decl.fields.items():
            found[str(name)] = self._field(name, item, scope, provenance)
        for group in decl.include:
            included = scope.groups.get(group)
            if included is None:
                self._dangling("group", group, scope.groups)
                continue
            self._used_groups.add(id(included))
            for field in self._fields(included, scope, provenance):
                if field.name in found:
                    self._diagnostics.add(
                        "duplicate-name",
                        f"the field {field.name} of the group {group} is already there",
                        group.at,
                        related=[
                            Related(found[field.name].at, "here"),
                            Related(field.at, "and in the group"),
                        ],
                    )
                found[field.name] = field
        by_python: dict[str, Field] = {}
        for field in found.values():
            first = by_python.setdefault(field.python, field)
            if first is not field:
                self._diagnostics.add(
                    "duplicate-name",
                    f"the Python name {field.python} is taken",
                    field.at,
                    related=[Related(first.at, "by this field")],
                )
        return tuple(found.values())

    def _one_place(self, fields: Iterable[Field]) -> None:
        """No two fields stand in the same place of the XML."""
        seen: dict[tuple[object, ...], Field] = {}
        for item in fields:
            place = (item.path, item.attribute, item.content and not item.path)
            first = seen.setdefault(place, item)
            if first is not item and set(first.access) & set(item.access):
                self._diagnostics.add(
                    "duplicate-name",
                    f"{item.name} stands in the same place as {first.name}",
                    item.at,
                    related=[Related(first.at, f"{first.name} is described here")],
                )

    def _field(
        self,
        name: Word,
        decl: FieldDecl,
        scope: _Scope,
        inherited: Provenance,
        *,
        argument: bool = False,
    ) -> Field:
        self._sources(decl.source)
        read, write = self._types(name, decl)
        record = self._named("record", decl.record, scope.records)
        enum = self._named("enum", decl.enum, scope.enums)
        if decl.ref is not None and decl.ref not in self._resources:
            self._dangling("resource", decl.ref, self._resources)
        path = self._path(name, decl)
        access = self._letters(decl, argument)
        required = self._required(decl, access)
        if decl.bare and (decl.list is None or decl.record is None):
            self._contradiction(decl, "bare", "bare goes with list and record")
        if decl.list is not None and decl.repeated:
            self._contradiction(
                decl, "repeated", "a list with a wrapper is not also repeated without one"
            )
        default = self._default(decl, scope, read or write)
        self._limits(decl, write)
        return Field(
            name=str(name),
            python=str(decl.python or python_name(name)),
            path=path,
            read=read,
            write=write,
            enum=enum,
            record=record,
            ref=_opt(decl.ref),
            many=decl.list is not None or decl.repeated,
            attribute=_opt(decl.attribute),
            content=decl.content or decl.also is not None,
            bare=decl.bare,
            access=access,
            required=required,
            clear=str(decl.clear or ("refused" if required else "allowed")),
            discarded=decl.discarded,
            sensitive=decl.sensitive,
            deprecated=_deprecated(decl.deprecated),
            since=_opt(decl.since),
            default=default,
            read_empty=_opt(decl.read_empty),
            none=tuple(map(str, decl.none)),
            max_length=decl.max_length,
            minimum=None if decl.minimum is None else str(decl.minimum),
            maximum=None if decl.maximum is None else str(decl.maximum),
            places=decl.places,
            media=tuple(map(str, decl.media)),
            max_bytes=decl.max_bytes,
            doc=_prose(decl.doc),
            provenance=_provenance(decl, inherited),
            at=name.at,
            said_at=_places(decl, "element", "attribute", "content", "also", "list", "none"),
        )

    def _types(self, name: Word, decl: FieldDecl) -> tuple[str | None, str | None]:
        given = [kind for kind in ("type", "enum", "record") if getattr(decl, kind) is not None]
        if len(given) > 1:
            self._contradiction(
                decl, given[1], f"a field has a {given[0]} or a {given[1]}, not both"
            )
        if not given:
            if decl.ref is not None:
                return "id", "id"
            self._diagnostics.add(
                "missing-key",
                f"{name} has no type, enum, record or ref",
                decl.at,
                suggestion="type: text",
            )
            return "text", "text"
        if isinstance(decl.type, DirectionDecl):
            return str(decl.type.read), str(decl.type.write)
        return (None, None) if decl.type is None else (str(decl.type), str(decl.type))

    def _path(self, name: Word, decl: FieldDecl) -> tuple[str, ...]:
        places = [
            key
            for key in ("element", "attribute", "content")
            if getattr(decl, key) not in (None, False)
        ]
        if len(places) > 1:
            self._contradiction(
                decl, places[1], f"a field has one place: {places[0]} or {places[1]}"
            )
        if decl.attribute is not None or decl.content:
            if decl.list is not None or decl.repeated or decl.record is not None:
                self._contradiction(decl, places[0], "an attribute or text holds one scalar")
            return ()
        path = tuple(str(decl.element or name).split("/"))
        return (*path, str(decl.list)) if decl.list is not None else path

    def _letters(self, decl: FieldDecl, argument: bool) -> str:
        if decl.access is None:
            return "rcu"
        if argument:
            self._contradiction(decl, "access", "an argument of a method has no access")
        words = (decl.access,) if isinstance(decl.access, str) else decl.access
        return "".join(letter for letter in "rcu" if any(letter in _ACCESS[word] for word in words))

    def _required(self, decl: FieldDecl, access: str) -> str:
        if decl.required is None:
            return ""
        words = (decl.required,) if isinstance(decl.required, str) else decl.required
        letters = "".join(
            letter
            for letter, verb in (("c", "create"), ("u", "update"))
            if verb in words or "always" in words
        )
        for letter, verb in (("c", "create"), ("u", "update")):
            if verb in words and letter not in access:
                self._contradiction(
                    decl,
                    "required",
                    f"required in {verb}, but access does not let it be sent there",
                )
        if (
            decl.clear is not None
            and decl.clear != "refused"
            and "always" not in words
            and letters == "cu"
        ):
            self._contradiction(decl, "clear", "what is required cannot be cleared")
        return letters

    def _default(self, decl: FieldDecl, scope: _Scope, scalar: str | None) -> str | None:
        node = decl.default
        if node is None:
            return None
        kind = _DEFAULTS.get(scalar or "text", TEXT)
        if kind.decode(node, self._diagnostics) is INVALID:
            return None
        if scalar == "decimal":
            self._decimal(Word(node.text, node.position))
        if decl.enum is not None:
            entry = scope.enums.get(decl.enum)
            words, refused = self._words_of(entry) if entry else ((), {})
            if words and node.text not in words and node.text not in refused:
                near = nearest(node.text, words)
                self._diagnostics.add(
                    "bad-default",
                    f"{node.text!r} is not a word of {decl.enum}",
                    node.position,
                    suggestion=near,
                    related=[
                        Related(word.at, f"{near} is described here")
                        for word in words
                        if word == near
                    ],
                )
        return node.text

    def _words_of(self, ref: Ref) -> tuple[tuple[Word, ...], Mapping[str, Position]]:
        """The words of an enum, and those whose description was refused."""
        holder: Any = self._d.shared if ref.module == SHARED else self._resources.get(ref.module)
        if not holder:
            return (), {}
        enum: EnumDecl = holder.enums[ref.name]
        words = self._d.api.events if enum.events else enum.words
        return tuple(words), _refused(words)

    def _decimal(self, word: Word) -> None:
        try:
            Decimal(str(word))
        except InvalidOperation:
            self._diagnostics.add("bad-default", f"{word!r} is not a decimal number", word.at)

    def _limits(self, decl: FieldDecl, write: str | None) -> None:
        low, high = decl.minimum, decl.maximum
        if low is not None and high is not None and Decimal(low) > Decimal(high):
            self._contradiction(
                decl, "maximum", f"the maximum {high} is less than the minimum {low}"
            )
        for key in ("media", "max_bytes"):
            if getattr(decl, key) and write != "binary":
                self._contradiction(decl, key, f"{key} goes with type: binary")
        for word in decl.media:
            if _MEDIA.fullmatch(word) is None:
                self._diagnostics.add(
                    "bad-media", f"{word!r} is no content type such as image/png", word.at
                )

    # methods

    def _method(
        self,
        resource: ResourceDecl,
        verb: Word,
        decl: MethodDecl,
        scope: _Scope,
        records: tuple[Record, ...],
        inherited: Provenance,
    ) -> Method | None:
        kind = str(decl.kind or (verb if verb in _RETRY else "action"))
        main = self._main_record(decl, records)
        if main is None and self._takes_main(str(verb), decl):
            self._diagnostics.add(
                "dangling-reference", f"{resource.resource} has no record for {verb}", verb.at
            )
            return None
        self._sources(decl.source)
        self._people(decl.callers)
        self._codes(decl.errors, "errors")
        for event in decl.events:
            if event not in self._d.api.events:
                self._dangling("event", event, self._d.api.events)
        provenance = _provenance(decl, inherited)
        for key, allowed in (("filters", "list"), ("paging", "list"), ("order", "list")):
            if key in decl.keys and kind != allowed:
                self._contradiction(decl, key, f"{key} is for a list, and {verb} is an {kind}")
        identity = self._identity(main)
        arguments = self._arguments(decl, kind, main, identity, scope, provenance)
        retry = decl.retry
        if retry is None and kind == "action":
            self._diagnostics.add(
                "missing-key",
                f"{verb} does not say whether it may be repeated (retry: safe, idempotent or ambiguous)",
                verb.at,
            )
        wrapper: str | None = str(decl.wrapper or resource.resource)
        if decl.wrapper == "none" or (decl.wrapper is None and kind not in ("create", "update")):
            wrapper = None
        order = decl.order
        if order is not None and main is not None:
            field = Word(order.removeprefix("-"), order.at)
            if field not in _names(main.fields):
                self._dangling("field", field, _names(main.fields))
        callers = {**_texts(resource.callers)} if not decl.callers else _texts(decl.callers)
        parts = [snake(part) for part in str(verb).split(".")]
        if decl.python is not None:
            parts[-1] = str(decl.python)
        positional = tuple(
            item.python
            for item in arguments
            if identity is not None and item.name == identity.name and item.required
        )
        answer = self._answer(decl, kind, resource, main, identity, scope)
        plural = str(resource.plural or resource.resource + "s").replace("_", " ")
        one = ("an " if resource.resource[0] in "aeiou" else "a ") + resource.resource.replace(
            "_", " "
        )
        return Method(
            resource=str(resource.resource),
            verb=str(verb),
            kind=kind,
            python=tuple(map(attribute_name, parts)),
            function=function_name(tuple(parts)),
            doc=_prose(decl.doc) or _TOLD.get(kind, "").format(one=one, many=plural),
            wrapper=wrapper,
            arguments=arguments,
            positional=positional,
            mode=_MODES.get(kind, "write"),
            answer=answer,
            paging=(
                "none"
                if kind != "list"
                or decl.paging is False
                or (decl.answer and decl.answer.value != "page")
                else ("ignored" if decl.paging == "ignored" else "pages")
            ),
            order=_opt(order),
            retry=str(retry or _RETRY.get(kind, "ambiguous")),
            callers=callers,
            errors=self._all_codes(kind, decl),
            events=tuple(map(str, decl.events)),
            deprecated=_deprecated(decl.deprecated),
            since=_opt(decl.since),
            provenance=provenance,
            at=verb.at,
            said_at=_method_places(resource, decl, answer, identity),
        )

    def _main_record(self, decl: MethodDecl, records: tuple[Record, ...]) -> Record | None:
        if decl.record is not None:
            found = next((item for item in records if item.name == decl.record), None)
            if found is None:
                self._dangling("record", decl.record, _names(records))
            return found
        return records[0] if records else None

    def _identity(self, main: Record | None) -> Field | None:
        if main is None or main.identity is None:
            return None
        return main.field(main.identity)

    def _arguments(
        self,
        decl: MethodDecl,
        kind: str,
        main: Record | None,
        identity: Field | None,
        scope: _Scope,
        provenance: Provenance,
    ) -> tuple[Field, ...]:
        found: dict[str, Field] = {}
        letter = {"create": "c", "update": "u"}.get(kind)
        if kind in ("get", "delete", "update") and identity is not None:
            found[identity.name] = _as_argument(identity, required=True)
        if letter is not None and main is not None:
            known = _names(main.fields)
            for name in decl.omit:
                if name not in known:
                    self._dangling("field", name, known)
            for item in main.fields:
                if letter in item.access and item.name not in decl.omit and item.name not in found:
                    found[item.name] = _as_argument(item, required=letter in item.required)
        elif decl.omit:
            self._contradiction(decl, "omit", "omit is for create and update")
        for name, given in (*decl.arguments.items(), *decl.filters.items()):
            if isinstance(given, FieldDecl):
                resolved = self._field(name, given, scope, provenance, argument=True)
                found[str(name)] = _as_argument(resolved, required=bool(resolved.required))
                continue
            same = (
                next((other for other in main.fields if other.name == name), None) if main else None
            )
            if same is None:
                self._dangling("field", name, _names(main.fields if main else ()))
                continue
            is_identity = identity is not None and same.name == identity.name
            found[str(name)] = _as_argument(
                same, required=is_identity and name in decl.arguments, at=name.at
            )
        paging = self._d.api.paging
        in_pages = decl.paging is not False and (decl.answer is None or decl.answer.value == "page")
        if kind == "list" and in_pages and paging is not None:
            for place, doc in (
                (
                    paging.position,
                    "Which page to fetch, counted from " + str(paging.first) + ".",
                ),
                (paging.size, _size_doc(paging.default_size, paging.maximum_size)),
            ):
                found.setdefault(str(place), _counter(place, doc))
        arguments = tuple(found.values())
        self._one_place(arguments)
        return arguments

    def _answer(
        self,
        decl: MethodDecl,
        kind: str,
        resource: ResourceDecl,
        main: Record | None,
        identity: Field | None,
        scope: _Scope,
    ) -> Answer:
        given = decl.answer
        value = str(given.value) if given else {
            "create": "id", "get": "record", "list": "page",
        }.get(kind, "none")  # fmt: skip
        unpaged = decl.paging is False or self._d.api.paging is None
        if kind == "list" and unpaged and given is None:
            value = "list"
        element = str(given.element) if given and given.element else ""
        if given is not None:
            self._answer_keys(given, value, kind)
        record: Ref | None = None
        scalar = _opt(given.type) if given else None
        ref = _opt(given.ref) if given else None
        if ref is not None and ref not in self._resources and given and given.ref:
            self._dangling("resource", given.ref, self._resources)
        if value in ("record", "page", "list") and scalar is None and ref is None:
            record = self._named("record", given.record if given else None, scope.records)
            if record is None and main is not None:
                record = Ref(main.module, main.name)
        if value == "id":
            if identity is None and not element:
                self._diagnostics.add(
                    "missing-key",
                    "the answer's element is not said, and the record has no identity",
                    decl.at,
                )
            element = element or (identity.name if identity else "id")
            scalar = scalar or (
                (identity.read or "id") if identity and element == identity.name else "id"
            )
        elif value == "list" and scalar is None and ref is not None:
            scalar = "id"
        if value == "record":
            element = element or str(resource.resource)
        elif value in ("page", "list"):
            element = element or str(resource.plural or f"{resource.resource}s")
        item = str(given.item) if given and given.item else str(resource.resource)
        media = tuple(map(str, given.media)) if given else ()
        return Answer(value, element, item, record, scalar, ref, media)

    def _answer_keys(self, decl: AnswerDecl, value: str, kind: str) -> None:
        if value == "page" and kind != "list":
            self._contradiction(decl, "value", "only a list answers a page")
        useful = {
            "none": (),
            "id": ("element", "type", "ref"),
            "record": ("element", "record"),
            "page": ("element", "item", "record"),
            "list": ("element", "item", "record", "type", "ref"),
            "binary": ("media",),
        }[value]
        for key in decl.keys:
            if key != "value" and key not in useful:
                self._contradiction(decl, key, f"an answer of kind {value} has no {key}")

    def _all_codes(self, kind: str, decl: MethodDecl) -> tuple[str, ...]:
        api = self._d.api
        codes: dict[str, None] = {}
        for source in ("any", kind):
            for key, listed in api.method_errors.items():
                if key == source:
                    codes.update(dict.fromkeys(map(str, listed)))
        codes.update(dict.fromkeys(map(str, decl.errors)))
        return tuple(sorted(codes))

    def _cases(self, resource: ResourceDecl, decls: Iterable[CaseDecl]) -> tuple[Case, ...]:
        seen: dict[str, Word] = {}
        found = []
        around = self._memory.recall(
            ("around cases", str(resource.resource)),
            (),
            self._diagnostics,
            lambda told: object(),
            facts=(_stand(resource.methods), _stand(self._d.api.errors)),
        )
        for index, decl in enumerate(decls):
            first = seen.setdefault(str(decl.name), decl.name)
            if first is not decl.name:
                self._diagnostics.add(
                    "duplicate-name",
                    f"two cases of {resource.resource} are called {decl.name!r}",
                    decl.name.at,
                    related=[Related(first.at, "the first one")],
                )
            case = self._memory.recall(
                ("case", str(resource.resource), index),
                (decl, around),
                self._diagnostics,
                lambda told, decl=decl: self._telling(told)._case(resource, decl),  # type: ignore[misc]
            )
            if case is not None:
                found.append(case)
        return tuple(found)

    def _case(self, resource: ResourceDecl, decl: CaseDecl) -> Case | None:
        verb = str(decl.call).removeprefix(f"{resource.resource}.")
        if verb not in resource.methods:
            self._dangling("method", Word(verb, decl.call.at), resource.methods)
            return None
        fails = None
        if decl.fails is not None:
            facts = {
                "code": decl.fails.code,
                "message": decl.fails.message,
                "field": decl.fails.field,
            }
            fails = {key: str(value) for key, value in facts.items() if value is not None}
            if decl.fails.code is not None and decl.fails.code not in self._d.api.errors:
                self._dangling("error code", decl.fails.code, self._d.api.errors)
        self._case_halves(decl)
        return Case(
            str(decl.name), verb, _prose(decl.doc), decl.arguments, _opt(decl.request),
            _opt(decl.response), decl.result, fails, tuple(map(str, decl.unknown)), decl.at,
            _case_places(decl),
        )  # fmt: skip

    def _case_halves(self, decl: CaseDecl) -> None:
        if decl.request is not None and decl.arguments is None:
            self._contradiction(
                decl, "request", "a case with a request says the arguments that give it"
            )
        if decl.arguments is not None and decl.request is None:
            self._contradiction(
                decl, "arguments", "a case with arguments says the request that they give"
            )
        if decl.response is None:
            for key in ("result", "fails", "unknown"):
                if key in decl.keys:
                    self._contradiction(decl, key, f"{key} is about a response, and there is none")
            if decl.request is None:
                self._diagnostics.add(
                    "missing-key", "a case has a request, a response, or both", decl.at
                )
        if decl.fails is not None and "result" in decl.keys:
            self._contradiction(decl, "fails", "a case has a result or fails, not both")

    # helpers

    def _named(self, what: str, name: Word | None, known: Mapping[Word, Ref]) -> Ref | None:
        if name is None:
            return None
        found = known.get(name)
        if found is None:
            self._dangling(what, name, known)
        return found

    def _dangling(self, what: str, name: Word, known: Iterable[str]) -> None:
        if name in _refused(known) or (what == "field" and name in self._refused_fields):
            return
        names = [*map(str, known), *_refused(known)]
        near = nearest(name, names)
        related = []
        place = next((item for item in known if item == near and isinstance(item, Word)), None)
        if isinstance(place, Word):
            related.append(Related(place.at, f"{near} is described here"))
        self._diagnostics.add(
            "dangling-reference",
            f"there is no {what} {str(name)!r}",
            name.at,
            suggestion=near,
            related=related,
        )

    def _codes(self, codes: Iterable[Word], where: str) -> None:
        for code in codes:
            if code not in self._d.api.errors:
                self._dangling("error code", code, self._d.api.errors)
            self._used.add(("error code", str(code)))

    def _people(self, callers: Mapping[Word, Word]) -> None:
        for person in callers:
            if person not in self._d.api.people:
                self._dangling("person", person, self._d.api.people)
            self._used.add(("person", str(person)))

    def _sources(self, sources: Iterable[Word]) -> None:
        for source in sources:
            head = Word(re.split(r"[:\s]", source, maxsplit=1)[0], source.at)
            if head not in self._d.api.sources:
                self._dangling("source", head, self._d.api.sources)
            self._used.add(("source", str(head)))

    def _contradiction(self, decl: Decl, key: str, message: str) -> None:
        self._diagnostics.add("contradiction", message, decl.where(key))


def _names(items: Iterable[Field | Record]) -> list[Word]:
    return [Word(item.name, item.at) for item in items]


def _places(decl: Decl, *keys: str) -> dict[str, Position]:
    """Where those of the keys that are there stand."""
    return {key: decl.keys[key] for key in keys if key in decl.keys}


def _refused(known: object) -> Mapping[str, Position]:
    return known.refused if isinstance(known, Entries) else {}


def _stand(
    named: Iterable[Any], attribute: str | None = None
) -> tuple[list[tuple[str, Position]], Mapping[str, Position]]:
    """Names and where they stand, to tell whether either has changed, and those that are known but were refused."""
    words = named if attribute is None else (getattr(item, attribute) for item in named)
    return [(str(word), word.at) for word in words], _refused(named)


def _wire_places(api: ApiDecl) -> Iterator[tuple[str, Position]]:
    """Path of a key -> where it stands, for all that api.yaml says about what is on the wire."""
    envelope = api.envelope
    holders: list[tuple[str, Decl | None]] = [
        ("envelope.request", envelope.request),
        ("envelope.response", envelope.response),
        ("envelope.failure", envelope.failure),
        ("paging.counters", api.paging and api.paging.counters),
        *((f"scalars.{name}", scalar) for name, scalar in api.scalars.items()),
        *((f"errors.{code}", error) for code, error in api.errors.items()),
    ]
    for path, decl in holders:
        if decl is not None:
            for key, at in decl.keys.items():
                yield f"{path}.{key}", at


def _method_places(
    resource: ResourceDecl, decl: MethodDecl, answer: Answer, identity: Field | None
) -> dict[str, Position]:
    """Where the elements around its arguments and its answer get their names from."""
    one = resource.where("resource")
    by_value = {"id": identity.at if identity else one}
    by_value["page"] = by_value["list"] = resource.keys.get("plural", one)
    given = {} if decl.answer is None else decl.answer.keys
    return {
        "wrapper": decl.keys.get("wrapper", one),
        "element": given.get("element", by_value.get(answer.value, one)),
        "item": given.get("item", one),
    }


def _by_name(modules: Iterable[Module]) -> tuple[dict[Ref, Record], dict[Ref, Enum]]:
    records = {Ref(item.module, item.name): item for module in modules for item in module.records}
    enums = {Ref(item.module, item.name): item for module in modules for item in module.enums}
    return records, enums


def _with_cases(part: _Part, cases: tuple[Case, ...], told: Diagnostics) -> Module:
    return dataclasses.replace(part.module, cases=cases)


def _case_places(decl: CaseDecl) -> dict[str, Position]:
    """Where the keys of a case stand, those of its failure (``fails.code``), its unknown elements (``unknown[0]``) and
    the first lines of its documents (``request text``)."""
    places = dict(decl.keys)
    if decl.fails is not None:
        places.update({f"fails.{key}": at for key, at in decl.fails.keys.items()})
    places.update({f"unknown[{index}]": word.at for index, word in enumerate(decl.unknown)})
    for name, word in (("request", decl.request), ("response", decl.response)):
        if word is not None and word.body is not None:
            places[f"{name} text"] = word.body
    return places


def _events_in(
    decl: ResourceDecl | SharedDecl, events: Mapping[Word, NotedDecl]
) -> tuple[object, ...]:
    """The events, where their names and texts become the words of an enum."""
    if any(enum.events for enum in decl.enums.values()):
        return tuple(events.values())
    return ()


def _borrowed(
    decl: ResourceDecl, shared: SharedDecl | None, events: Mapping[Word, NotedDecl]
) -> list[object]:
    """The declarations of other files that a resource names, directly or by way of others."""
    if shared is None:
        return [*_events_in(decl, events)]
    found: dict[int, object] = {}
    waiting: list[RecordDecl | GroupDecl] = [*decl.records.values(), *decl.groups.values()]
    names: set[str] = set()
    for method in decl.methods.values():
        for item in (*method.arguments.values(), *method.filters.values(), method.answer):
            names.update(_named_in(item))
    while waiting or names:
        for name in names:
            for kind in (shared.enums, shared.records, shared.groups):
                entry = kind.get(name)  # type: ignore[call-overload]
                if entry is not None and id(entry) not in found:
                    found[id(entry)] = entry
                    if not isinstance(entry, EnumDecl):
                        waiting.append(entry)
        names = set()
        if waiting:
            holder = waiting.pop()
            names.update(holder.include)
            for item in holder.fields.values():
                names.update(_named_in(item))
    return [*found.values(), *_events_in(decl, events)]


def _named_in(item: FieldDecl | AnswerDecl | Word | None) -> Iterator[str]:
    if isinstance(item, (FieldDecl, AnswerDecl)):
        for name in (item.record, getattr(item, "enum", None)):
            if name is not None:
                yield str(name)


def _class_name(decl: ResourceDecl) -> str:
    return str(decl.python or cap_words(str(decl.plural or f"{decl.resource}s")))


def _as_argument(item: Field, *, required: bool, at: Position | None = None) -> Field:
    return dataclasses.replace(
        item,
        access="cu",
        required="cu" if required else "",
        clear="refused" if required else item.clear,
        bare=item.bare,
        at=at or item.at,
    )


def _counter(name: Word, doc: str) -> Field:
    return Field(
        name=str(name), python=python_name(name), path=(str(name),), read="int", write="int", enum=None, record=None,
        ref=None, many=False, attribute=None, content=False, bare=False, access="cu", required="", clear="refused",
        discarded=False, sensitive=False, deprecated=None, since=None, default=None, read_empty=None, none=(),
        max_length=None, minimum=None, maximum=None, places=None, media=(), max_bytes=None, doc=doc, provenance=Provenance("documented"),
        at=name.at,
    )  # fmt: skip


def _size_doc(default: int, maximum: int | None) -> str:
    limit = f", at most {maximum}" if maximum is not None else ""
    return f"How many rows a page may have; {default} when left out{limit}."


def _prose(word: Word | None) -> str:
    return " ".join(str(word).split()) if word is not None else ""


def _opt(word: Word | None) -> str | None:
    return str(word) if word is not None else None


def _texts(words: Mapping[Word, Word]) -> dict[str, str]:
    return {str(name): " ".join(str(text).split()) for name, text in words.items()}


def _deprecated(value: Word | bool | None) -> str | None:
    if value is None or value is False:
        return None
    return "" if value is True else str(value)


def _provenance(decl: Any, inherited: Provenance | None) -> Provenance:
    kind = str(decl.provenance) if decl.provenance is not None else None
    sources = tuple(map(str, decl.source))
    if inherited is None:
        return Provenance(kind or "documented", sources)
    if kind is None and not sources:
        return inherited
    return Provenance(kind or inherited.kind, sources or inherited.sources)


def _noted(decls: Mapping[Word, Any]) -> tuple[Noted, ...]:
    return tuple(
        Noted(str(name), _prose(decl.doc), _provenance(decl, None), name.at)
        for name, decl in decls.items()
    )
