"""Resolve the session of api.yaml: the call that gives out options of the client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..ir import Api, Field, Method, Session
from ..schema.decoder import LocatedStr
from ..schema.wire_grammar import AuthenticationItemDecl, SessionDecl
from .symbols import SymbolTable


class SessionResolver:
    """Checks a session against the methods of an API."""

    def __init__(self, symbols: SymbolTable, api: Api) -> None:
        self._symbols = symbols
        self._diagnostics = symbols.diagnostics
        self._api = api
        self._methods = {method.name: method for method in api.methods}
        self._options = {option.name: option for option in (*api.variables, *api.credentials)}

    def session(self) -> Session | None:
        """Return the session; None where the description has none, or a wrong one."""
        authentication = self._symbols.description.api.authentication
        found: Session | None = None
        for item in () if isinstance(authentication, str) else authentication:
            if not isinstance(item, AuthenticationItemDecl) or item.session is None:
                continue
            if found is not None or item.basic is not None or item.place is not None:
                message = "an API has one `session`, and it stands alone in its item"
                self._diagnostics.add("contradiction", message, item.at)
                continue
            found = self._resolved(item.session)
        return found

    def _resolved(self, decl: SessionDecl) -> Session | None:
        call, ends = self._method(decl.call), None
        if decl.ends is not None:
            ends = self._method(decl.ends)
        if call is None:
            return None
        if call.authenticated:
            self._symbols.contradiction(
                decl,
                "call",
                f"{call.name} begins the session, so it needs `authentication: none`",
            )
        arguments = self._arguments(decl.arguments, call.arguments)
        keeps = {}
        for option, place in decl.keeps.items():
            known = self._options.get(option)
            if known is None:
                self._symbols.dangling("option of the client", option, self._options)
                continue
            if known.default != "":
                message = f'the session gives out {option}, so it needs `default: ""`'
                self._diagnostics.add("contradiction", message, option.at)
            path = self._path(place, call)
            if path is not None:
                keeps[str(option)] = path
        return Session(
            call.name, arguments, keeps, None if ends is None else ends.name, tuple(decl.renew_on)
        )

    def _method(self, name: LocatedStr) -> Method | None:
        found = self._methods.get(name)
        if found is None:
            self._symbols.dangling("method", name, self._methods)
        return found

    def _arguments(self, given: Mapping[Any, Any], fields: Iterable[Field]) -> dict[str, Any]:
        known = {item.python: item for item in fields}
        found: dict[str, Any] = {}
        for name, value in given.items():
            item = known.get(name)
            if item is None:
                self._symbols.dangling("argument", name, known)
            elif isinstance(value, Mapping):
                record = self._api.records.get(item.record) if item.record is not None else None
                inner = () if record is None else record.fields
                found[str(name)] = self._arguments(value, inner)
            else:
                option = LocatedStr(value.strip("{}"), value.at)
                if option not in self._options:
                    self._symbols.dangling("option of the client", option, self._options)
                found[str(name)] = str(option)
        return found

    def _path(self, place: LocatedStr, call: Method) -> tuple[str, ...] | None:
        """Return the Python names that lead to a place in the result of a call."""
        record = self._api.records.get(call.response.record) if call.response.record else None
        steps = [step for step in place.split("/") if step not in ("", ".")]
        found = None if record is None else self._below(steps, record.fields)
        if found is None:
            self._diagnostics.add(
                "dangling-reference",
                f"what {call.name} returns has no field at {place}",
                place.at,
            )
        return found

    def _below(self, steps: list[str], fields: Iterable[Field]) -> tuple[str, ...] | None:
        for item in fields:
            own = [*item.path, *((f"@{item.attribute}",) if item.attribute is not None else ())]
            if own == steps and item.record is None:
                return (item.python,)
            if item.record in self._api.records and own == steps[: len(own)]:
                assert item.record is not None
                inner = self._below(steps[len(own) :], self._api.records[item.record].fields)
                if inner is not None:
                    return (item.python, *inner)
        return None
