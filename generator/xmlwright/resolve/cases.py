"""Resolve cases: the method that each one calls, and the values that it holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..cases.values import WRONG, Values
from ..diagnostics import Position, Related
from ..ir import Case, Method, RecordValue
from ..schema.decoder import LocatedStr, opt
from ..schema.grammar import CaseDecl, FailsDecl, ResourceDecl
from .symbols import SymbolTable, prose


class CaseResolver:
    """Resolves cases. Without ``values`` their arguments and results are left out."""

    def __init__(self, symbols: SymbolTable, values: Values | None) -> None:
        self._symbols = symbols
        self._values = values

    def cases(
        self, resource: ResourceDecl, decls: Iterable[CaseDecl], methods: Iterable[Method]
    ) -> tuple[Case, ...]:
        """Return the cases of a resource; those that call an unknown method are left out."""
        by_verb = {method.verb: method for method in methods}
        first: dict[str, LocatedStr] = {}
        found = []
        for decl in decls:
            name = first.setdefault(str(decl.name), decl.name)
            if name is not decl.name:
                self._symbols.diagnostics.add(
                    "duplicate-name",
                    f"two cases of {resource.resource} are called {decl.name!r}",
                    decl.name.at,
                    related=[Related(name.at, "the first one")],
                )
            case = self._case(resource, decl, by_verb)
            if case is not None:
                found.append(case)
        return tuple(found)

    def _case(
        self, resource: ResourceDecl, decl: CaseDecl, methods: dict[str, Method]
    ) -> Case | None:
        verb = str(decl.call).removeprefix(f"{resource.resource}.")
        if not self._symbols.check("method", LocatedStr(verb, decl.call.at), resource.methods):
            return None
        fails = None if decl.fails is None else _facts(decl.fails)
        self._check_keys(decl)
        arguments = result = None
        partial: tuple[tuple[str, RecordValue], ...] = ()
        positions = _positions(decl)
        if self._values is not None and verb in methods:
            if decl.arguments is not None:
                arguments = self._values.arguments(methods[verb], decl.arguments)
            if decl.result is not None:
                value = self._values.result(methods[verb], decl.result)
                result = None if value is WRONG else value
            partial = self._values.partial()
        return Case(
            str(decl.name), verb, prose(decl.doc), arguments, opt(decl.request),
            opt(decl.response), result, fails, tuple(map(str, decl.unknown)), decl.at, positions, partial,
        )  # fmt: skip

    def _check_keys(self, decl: CaseDecl) -> None:
        check = self._symbols.contradiction
        if decl.request is not None and decl.arguments is None:
            check(decl, "request", "a case with `request` needs the `arguments` that produce it")
        if decl.arguments is not None and decl.request is None:
            check(decl, "arguments", "a case with `arguments` needs the `request` they produce")
        if decl.response is None:
            for key in ("result", "fails", "unknown"):
                if key in decl.keys:
                    check(decl, key, f"`{key}` describes a response, and the case has none")
            if decl.request is None:
                self._symbols.missing(decl, "a case needs `request`, `response`, or both")
        if decl.fails is not None and "result" in decl.keys:
            check(decl, "fails", "a case has either `result` or `fails`")


def _facts(decl: FailsDecl) -> dict[str, Any]:
    """Return what a case says of a failure."""
    names = ("code", "message", "field", "kind")
    facts: dict[str, Any] = {
        name: str(value) for name in names if (value := getattr(decl, name)) is not None
    }
    if decl.status is not None:
        facts["status"] = decl.status
    if "errors" in decl.keys:
        facts["errors"] = tuple(
            {
                name: str(getattr(error, name))
                for name in error.keys
                if getattr(error, name) is not None
            }
            for error in decl.errors
        )
    return facts


def _positions(decl: CaseDecl) -> dict[str, Position]:
    """Return the positions of the keys of a case.

    The keys of its failure are ``fails.code``, its unknown elements ``unknown[0]``, and the first
    lines of its documents ``request text``.
    """
    positions = dict(decl.keys)
    if decl.fails is not None:
        positions.update({f"fails.{key}": at for key, at in decl.fails.keys.items()})
        for index, error in enumerate(decl.fails.errors):
            positions.update({f"fails.errors[{index}].{key}": at for key, at in error.keys.items()})
    positions.update({f"unknown[{index}]": word.at for index, word in enumerate(decl.unknown)})
    for name, word in (("request", decl.request), ("response", decl.response)):
        if word is not None and word.body is not None:
            positions[f"{name} text"] = word.body
    return positions
