"""Resolve declarations, which refer to each other by name, into the intermediate representation."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from ..cases.tables import Tables
from ..cases.values import Values
from ..diagnostics import Diagnostics
from ..ir import Api, Enum, Module, Provenance, Record, Ref
from ..schema.grammar import GroupDecl, RecordDecl, ResourceDecl, SharedDecl
from ..schema.loader import Description
from .api import ApiResolver
from .cases import CaseResolver
from .methods import MethodResolver
from .records import RecordResolver
from .session import SessionResolver
from .symbols import SHARED, Scope, SymbolTable, class_name_of, prose, provenance_of, refused


def resolve(description: Description, diagnostics: Diagnostics) -> Api:
    """Look up every name of a description.

    Problems are added to ``diagnostics``; the value is then incomplete: cases have no values.
    """
    complete = not len(diagnostics)
    found = Diagnostics()
    api = _Resolver(description, found, decode_cases=complete).api()
    # In an incomplete description, what seems unused may be used in the part that is missing.
    diagnostics.extend(item for item in found if complete or item.rule != "unused")
    return api


class _Resolver:
    def __init__(
        self, description: Description, diagnostics: Diagnostics, *, decode_cases: bool
    ) -> None:
        self._description = description
        self._diagnostics = diagnostics
        self._decode_cases = decode_cases
        self._symbols = SymbolTable(description, diagnostics)
        self._records = RecordResolver(self._symbols)
        self._methods = MethodResolver(self._symbols, self._records)
        self._read: set[Ref] = set()
        """Records that responses hold."""
        self._written: set[Ref] = set()

    def api(self) -> Api:
        api_resolver = ApiResolver(self._symbols)
        api = api_resolver.api()
        api_resolver.check_names()
        modules = [self._resource(decl) for decl in self._description.resources]
        if self._description.shared is not None:
            modules.insert(0, self._shared(self._description.shared))
        api = _with_modules(api, modules)
        api = dataclasses.replace(api, session=SessionResolver(self._symbols, api).session())
        values = None
        if self._decode_cases and not len(self._diagnostics):
            values = Values(api, Tables(api), self._diagnostics)
        cases = CaseResolver(self._symbols, values)
        api = _with_modules(api, [self._with_cases(module, cases) for module in modules])
        self._check_unused()
        return api

    def _with_cases(self, module: Module, resolver: CaseResolver) -> Module:
        decl = self._symbols.resources.get(module.name)
        if decl is None:
            return module
        decls = self._description.cases.get(module.name, ())
        return dataclasses.replace(module, cases=resolver.cases(decl, decls, module.methods))

    def _check_unused(self) -> None:
        """Report unused names of api.yaml of a kind of which an unknown name is used too.

        An unused source, person or code is no error by itself; beside a dangling reference it is
        probably the one that was meant.
        """
        api = self._description.api
        for kind, known in (
            ("source", api.sources),
            ("person", api.people),
            ("error code", api.errors),
        ):
            used = {name for what, name in self._symbols.used if what == kind}
            if used <= known.keys():
                continue
            for name in known:
                if name not in used:
                    self._symbols.unused(
                        f"the {kind} {name} is unused, and an unknown {kind} is referred to",
                        name.at,
                    )

    def _shared(self, decl: SharedDecl) -> Module:
        scope = Scope(SHARED, decl, decl)
        provenance = Provenance("documented")
        records = self._records.records(decl.records, scope, provenance)
        self._check_groups(decl)
        return Module(
            name=SHARED,
            title="Shared",
            doc="Records and words that more than one resource uses.",
            class_name="",
            enums=self._records.enums(decl.enums, SHARED, provenance),
            records=self._records.with_directions(records, SHARED, self._read, self._written),
            methods=(),
            cases=(),
            provenance=provenance,
            at=decl.at,
        )

    def _resource(self, decl: ResourceDecl) -> Module:
        name = str(decl.resource)
        scope = Scope(name, decl, self._description.shared)
        provenance = provenance_of(decl, None)
        self._symbols.check_sources(decl.source)
        self._symbols.check_people(decl.callers)
        holders: list[RecordDecl | GroupDecl] = [*decl.records.values(), *scope.groups.values()]
        self._symbols.refused_fields = {
            field for holder in holders for field in refused(holder.fields)
        }
        records = self._records.records(decl.records, scope, provenance, decl)
        methods = tuple(
            method
            for verb, method_decl in decl.methods.items()
            if (method := self._methods.method(decl, verb, method_decl, scope, records, provenance))
            is not None
        )
        for method in methods:
            if method.response.record is not None:
                self._read.add(method.response.record)
            if method.envelope is not None:
                self._read.update(
                    rule.payload[1] for rule in method.envelope.failures if rule.payload is not None
                )
            self._written.update(
                item.record for item in method.arguments if item.record is not None
            )
        records = self._records.with_directions(records, name, self._read, self._written, decl)
        self._check_groups(decl)
        return Module(
            name=name,
            title=prose(decl.title),
            doc=prose(decl.doc),
            class_name=class_name_of(decl),
            enums=self._records.enums(decl.enums, name, provenance),
            records=records,
            methods=methods,
            cases=(),
            provenance=provenance,
            at=decl.at,
        )

    def _check_groups(self, decl: ResourceDecl | SharedDecl) -> None:
        for name, group in decl.groups.items():
            if id(group) not in self._symbols.used_groups:
                self._symbols.unused(
                    f"no record includes the group {name}; include or remove it", name.at
                )


def _with_modules(api: Api, modules: Iterable[Module]) -> Api:
    modules = tuple(modules)
    records: dict[Ref, Record] = {}
    enums: dict[Ref, Enum] = {}
    for module in modules:
        records.update({Ref(item.module, item.name): item for item in module.records})
        enums.update({Ref(item.module, item.name): item for item in module.enums})
    return dataclasses.replace(api, modules=modules, records=records, enums=enums)
