"""Resolve cases: which method each one calls, and what it holds."""

from __future__ import annotations

from collections.abc import Iterable

from ..diagnostics import Position, Related
from ..schema.decoder import Word, opt
from ..schema.grammar import CaseDecl, ResourceDecl
from ..ir import Case
from .symbols import References, prose, stand


class Cases(References):
    """Makes the cases of a resource."""

    def _cases(self, resource: ResourceDecl, decls: Iterable[CaseDecl]) -> tuple[Case, ...]:
        seen: dict[str, Word] = {}
        found = []
        around = self._memory.recall(
            ("around cases", str(resource.resource)),
            (),
            self._diagnostics,
            lambda told: object(),
            facts=(stand(resource.methods), stand(self._d.api.errors)),
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
            str(decl.name), verb, prose(decl.doc), decl.arguments, opt(decl.request),
            opt(decl.response), decl.result, fails, tuple(map(str, decl.unknown)), decl.at,
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
