"""Resolve what a service does: from declarations to the values that the sandbox acts by, every name looked up."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..behavior.rules import Behavior, Behaviors, Callbacks, FailureRule, People
from ..cases.tables import Tables
from ..cases.values import WRONG, Values, plain_value
from ..diagnostics import Diagnostics
from ..ir import Api, Ref
from ..schema.behavior_grammar import AccountDecl, ResponsesDecl, RuleDecl
from ..schema.decoder import Decl, Integer, LocatedStr, Text, opt
from ..schema.loader import Description
from ..schema.nodes import Node
from .behavior_rules import BehaviorResolver
from .scopes import Scopes
from .symbols import SymbolTable

_INTEGER: Final = Integer()
_TEXT: Final = Text()


def resolve(description: Description, api: Api, diagnostics: Diagnostics) -> Behaviors:
    """Resolve what the service does.

    Problems are added to ``diagnostics``; the value is then incomplete.
    """
    scopes = Scopes(api, description)
    symbols = SymbolTable(description, diagnostics)
    resources = {
        module.name: BehaviorResolver(
            symbols, scopes, module, description.behaviors[module.name]
        ).behavior()
        for module in api.resources
        if module.name in description.behaviors
    }
    _check_unused(description, diagnostics)
    if description.account is None:
        return Behaviors(resources)
    return _Account(symbols, api, scopes).behaviors(resources)


class _Account:
    def __init__(self, symbols: SymbolTable, api: Api, scopes: Scopes) -> None:
        self._symbols = symbols
        self._description = symbols.description
        self._api = api
        self._scopes = scopes

    def behaviors(self, resources: Mapping[str, Behavior]) -> Behaviors:
        account = self._description.account
        assert account is not None
        self._symbols.check_sources(account.source)
        responses = account.responses
        if responses is not None:
            self._check_responses(responses)
        return Behaviors(
            resources,
            {str(name): self._failing(decl, account) for name, decl in account.failures.items()},
            responses is None or responses.field,
            opt(responses.failed) if responses else None,
            opt(responses.deprecated) if responses else None,
            self._who(account),
            {str(name): _plain(value) for name, value in account.settings.items()},
            self._holds(account),
            self._callbacks(account),
        )

    def _check_responses(self, decl: ResponsesDecl) -> None:
        """Check that responses hold only what a client of the description understands."""
        envelope = self._api.envelope
        if decl.failed is not None and envelope.failed:
            self._symbols.check("word of a failed response", decl.failed, envelope.failed)
        if decl.deprecated is not None:
            known = envelope.ignored_attributes
            self._symbols.check("attribute of responses", decl.deprecated, known)

    def _failing(self, decl: Any, account: AccountDecl) -> FailureRule:
        self._symbols.check_codes([] if decl.code is None else [decl.code])
        return FailureRule(
            opt(decl.code),
            opt(decl.message),
            decl.status,
            self._symbols.guess(decl, account, "a failure"),
        )

    def _who(self, account: AccountDecl) -> tuple[People, ...]:
        found = []
        for kind, decl in account.people.items():
            self._symbols.check("person", kind, self._description.api.people)
            if not self._symbols.check("resource", decl.resource, self._scopes.modules):
                continue
            names = self._scopes.record(str(decl.resource)).names
            for word in (decl.name, decl.secret):
                if word is not None and names is not None:
                    self._symbols.check("field", word, names())
            found.append(
                People(str(kind), str(decl.resource), decl.owner, opt(decl.name), opt(decl.secret))
            )
        return tuple(found)

    def _callbacks(self, account: AccountDecl) -> Callbacks | None:
        decl = account.callbacks
        if decl is None or not self._symbols.check("resource", decl.resource, self._scopes.modules):
            return None
        names = self._scopes.record(str(decl.resource)).names
        words = (decl.event, decl.uri, decl.verified, decl.verifier)
        for word in words:
            if names is not None:
                self._symbols.check("field", word, names())
        return Callbacks(str(decl.resource), *map(str, words))

    def _holds(self, account: AccountDecl) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        values = Values(self._api, Tables(self._api), self._symbols.diagnostics, "bad-record")
        found = []
        for resource, nodes in account.holds.items():
            if not self._symbols.check("resource", resource, self._scopes.modules):
                continue
            module = self._scopes.modules[resource]
            if not module.records:
                self._symbols.check("resource with records", resource, ())
                continue
            decl = self._description.behaviors.get(resource)
            rules = decl.hidden.items() if decl is not None else ()
            hidden = {str(path): rule for path, rule in rules}
            ref = Ref(module.name, module.records[0].name)
            for node in nodes:
                own = {key.text: value for key, value in node.entries if key.text in hidden}
                shown = [(key, value) for key, value in node.entries if key.text not in hidden]
                record = values.record(ref, dataclasses.replace(node, entries=tuple(shown)))
                kept = {name: self._hidden(hidden[name], own[name]) for name in own}
                if record is not WRONG:
                    found.append((module.name, {**plain_value(record), **kept}))
        return tuple(found)

    def _hidden(self, rule: RuleDecl | LocatedStr | None, node: Node) -> Any:
        """A value of a hidden field, which is of the kind of what it starts with elsewhere."""
        text = rule.value if isinstance(rule, RuleDecl) else rule
        kind = _INTEGER if text is not None and text.isdigit() else _TEXT
        value = kind.decode(node, self._symbols.diagnostics)
        return str(value) if isinstance(value, LocatedStr) else value


def _plain(value: Any) -> Any:
    """A setting as expressions see it."""
    if isinstance(value, Mapping):
        return {str(name): str(text) for name, text in value.items()}
    return [str(text) for text in value] if isinstance(value, tuple) else str(value)


def _texts_in(value: object) -> Iterator[str]:
    """Yield the names, expressions and texts of a declaration, without its documentation."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield name
            yield from _texts_in(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _texts_in(inner)
    elif isinstance(value, Decl):
        for item in dataclasses.fields(value):
            if item.name not in ("at", "keys", "doc", "source", "hidden"):
                yield from _texts_in(getattr(value, item.name))


def _check_unused(description: Description, diagnostics: Diagnostics) -> None:
    """Report hidden fields and settings that no rule uses: probably they are misspelt."""
    texts = _texts_in(tuple(description.behaviors.values()))
    used = {name for text in texts for name in re.findall(r"[a-z]\w*", text)}
    hidden = [path for decl in description.behaviors.values() for path in decl.hidden]
    settings = description.account.settings if description.account is not None else ()
    for what, names in (("hidden field", hidden), ("setting", settings)):
        for name in names:
            if name.rpartition(".")[2] not in used:
                diagnostics.add(
                    "unused", f"no rule uses the {what} {name}; use or remove it", name.at
                )
