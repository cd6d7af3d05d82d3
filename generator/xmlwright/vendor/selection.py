"""Selecting the part of a description that some methods need, with its records and enums."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from ..diagnostics import nearest
from ..ir import Api, Field, Method, Module, Ref


class SelectionError(Exception):
    """A name is neither a resource nor a method of the description."""


def select(api: Api, only: Iterable[str]) -> Api:
    """Return a description with only some resources (``task``) and methods (``task.list``), and what they need.

    Raises:
        SelectionError: A name is not known.
    """
    wanted = _methods(api, only)
    records: set[Ref] = set()
    enums: set[Ref] = set()
    for method in wanted:
        if method.response.record is not None:
            _follow(api, method.response.record, records, enums)
        for item in method.arguments:
            _field(api, item, records, enums)
    names = {method.name for method in wanted}
    modules: list[Module] = []
    for module in api.modules:
        methods = tuple(method for method in module.methods if method.name in names)
        kept = dataclasses.replace(
            module,
            methods=methods,
            records=tuple(
                item for item in module.records if Ref(module.name, item.name) in records
            ),
            enums=tuple(item for item in module.enums if Ref(module.name, item.name) in enums),
            cases=tuple(case for case in module.cases if f"{module.name}.{case.call}" in names),
        )
        if kept.methods or kept.records or kept.enums:
            modules.append(kept)
    codes = {code for method in wanted for code in method.errors}
    return dataclasses.replace(
        api,
        modules=tuple(modules),
        records={Ref(m.name, record.name): record for m in modules for record in m.records},
        enums={Ref(m.name, enum.name): enum for m in modules for enum in m.enums},
        errors=tuple(error for error in api.errors if error.code in codes),
    )


def _methods(api: Api, only: Iterable[str]) -> list[Method]:
    found: dict[str, Method] = {}
    by_name = {method.name: method for method in api.methods}
    resources = {module.name: module for module in api.resources}
    for name in only:
        if name in resources:
            found.update({method.name: method for method in resources[name].methods})
        elif name in by_name:
            found[name] = by_name[name]
        else:
            near = nearest(name, [*resources, *by_name])
            hint = f"; did you mean {near!r}?" if near else ""
            raise SelectionError(f"the description has no resource or method {name!r}{hint}")
    if not found:
        raise SelectionError("no resource or method is selected")
    return list(found.values())


def _follow(api: Api, ref: Ref, records: set[Ref], enums: set[Ref]) -> None:
    if ref in records:
        return
    records.add(ref)
    for item in api.records[ref].fields:
        _field(api, item, records, enums)


def _field(api: Api, item: Field, records: set[Ref], enums: set[Ref]) -> None:
    if item.enum is not None:
        enums.add(item.enum)
    if item.record is not None:
        _follow(api, item.record, records, enums)
