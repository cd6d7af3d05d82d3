"""Resolve: from declarations, which refer to each other by name, to the values that everything else reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from ..diagnostics import Diagnostics
from ..schema.api_grammar import NotedDecl
from ..schema.decoder import Word
from ..schema.loader import Description
from ..schema.grammar import AnswerDecl, EnumDecl, FieldDecl, GroupDecl, RecordDecl, ResourceDecl, SharedDecl
from ..memory import Memory
from ..ir import Api, Case, Enum, Module, Provenance, Record, Ref
from ..validate import identifiers as fitness
from .cases import Cases
from .api import Frame
from .methods import Methods
from .symbols import SHARED, Scope, class_name_of, prose, provenance_of, refused, stand


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


class _Resolver(Frame, Methods, Cases):
    """Makes the API of modules, each of them only if something that it depends on has changed."""

    def api(self) -> Api:
        names = stand(self._resources.values(), "resource")
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

    def _shared(self, decl: SharedDecl, parts: Iterable[_Part]) -> Module:
        scope = Scope(SHARED, decl, decl)
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
        scope = Scope(name, decl, self._d.shared)
        provenance = provenance_of(decl, None)
        self._sources(decl.source)
        self._people(decl.callers)
        holders: list[RecordDecl | GroupDecl] = [*decl.records.values(), *scope.groups.values()]
        for holder in holders:
            self._refused_fields.update(refused(holder.fields))
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
            title=prose(decl.title),
            doc=prose(decl.doc),
            class_name=class_name_of(decl),
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


def _by_name(modules: Iterable[Module]) -> tuple[dict[Ref, Record], dict[Ref, Enum]]:
    records = {Ref(item.module, item.name): item for module in modules for item in module.records}
    enums = {Ref(item.module, item.name): item for module in modules for item in module.enums}
    return records, enums


def _with_cases(part: _Part, cases: tuple[Case, ...], told: Diagnostics) -> Module:
    return dataclasses.replace(part.module, cases=cases)


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
