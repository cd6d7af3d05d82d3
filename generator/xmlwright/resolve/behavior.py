"""Resolve what a service does: from declarations to the values that the sandbox acts by, every name looked up."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from ..cases.tables import Tables
from ..cases.values import WRONG, Values
from ..diagnostics import Diagnostics
from ..schema.behavior_grammar import AccountDecl, RuleDecl
from ..schema.decoder import Integer, Text, Word, opt
from ..schema.loader import Description
from ..schema.nodes import Node
from ..memory import Memory
from ..ir import Api, Ref
from ..behavior.rules import Behavior, Behaviors, Callbacks, Failing, People
from ..sandbox.storage.seeds import plain
from .behavior_rules import Acts
from .lookups import Lookups, tell_unused
from .scopes import Scopes, seen_by_expressions

_INTEGER: Final = Integer()
_TEXT: Final = Text()


def resolve(
    description: Description, api: Api, diagnostics: Diagnostics, memory: Memory | None = None
) -> Behaviors:
    """What the service does. Problems are added to ``diagnostics``; the value is then incomplete."""
    memory = memory or Memory()
    scopes = Scopes(api, description)
    # Stands for all that these files may name: another object as soon as any of it changes.
    around = memory.recall(
        "seen by expressions", (), diagnostics, lambda told: object(),
        facts=seen_by_expressions(api, description),
    )  # fmt: skip
    resources = {}
    for module in api.resources:
        decl = description.behaviors.get(module.name)
        if decl is not None:
            resources[module.name] = memory.recall(
                ("acts", module.name),
                (decl, around),
                diagnostics,
                lambda told, module=module, decl=decl: Acts(  # type: ignore[misc]
                    Lookups(description, api, scopes, told), module, decl
                ).behavior(),
            )
    account = description.account
    memory.recall(
        "unused",
        (account, *description.behaviors.values()),
        diagnostics,
        lambda told: tell_unused(description, told),
    )
    if account is None:
        return Behaviors(resources)
    return memory.recall(
        "account",
        (account, around, *description.behaviors.values(), *api.records.values()),
        diagnostics,
        lambda told: _Account(description, api, scopes, told).behaviors(resources),
        facts=(api.envelope, api.scalars),
    )


class _Account:
    def __init__(
        self, description: Description, api: Api, scopes: Scopes, diagnostics: Diagnostics
    ) -> None:
        self._d = description
        self._api = api
        self._diagnostics = diagnostics
        self._scopes = scopes
        self._all = Lookups(description, api, scopes, diagnostics)

    def behaviors(self, resources: Mapping[str, Behavior]) -> Behaviors:
        account = self._d.account
        assert account is not None
        self._all.sources(account.source)
        answers = account.answers
        if answers is not None:
            self._all.answers(answers, self._api.envelope)
        return Behaviors(
            resources,
            {str(name): self._failing(decl, account) for name, decl in account.failures.items()},
            answers is None or answers.field,
            opt(answers.failed) if answers else None,
            opt(answers.deprecated) if answers else None,
            self._who(account),
            {str(name): _plain(value) for name, value in account.settings.items()},
            self._holds(account),
            self._callbacks(account),
        )

    # the account

    def _failing(self, decl: Any, account: AccountDecl) -> Failing:
        self._all.code(decl.code)
        return Failing(
            opt(decl.code),
            opt(decl.message),
            decl.status,
            self._all.guess(decl, account, "a failure"),
        )

    def _who(self, account: AccountDecl) -> tuple[People, ...]:
        found = []
        for kind, decl in account.people.items():
            self._all.among("person", kind, self._all.people)
            if not self._all.among("resource", decl.resource, self._all.modules):
                continue
            names = self._scopes.record(str(decl.resource)).names
            for word in (decl.name, decl.secret):
                if word is not None and names is not None:
                    self._all.among("field", word, names())
            found.append(
                People(str(kind), str(decl.resource), decl.owner, opt(decl.name), opt(decl.secret))
            )
        return tuple(found)

    def _callbacks(self, account: AccountDecl) -> Callbacks | None:
        decl = account.callbacks
        if decl is None or not self._all.among("resource", decl.resource, self._all.modules):
            return None
        names = self._scopes.record(str(decl.resource)).names
        words = (decl.event, decl.uri, decl.verified, decl.verifier)
        for word in words:
            if names is not None:
                self._all.among("field", word, names())
        return Callbacks(str(decl.resource), *map(str, words))

    def _holds(self, account: AccountDecl) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        values = Values(self._api, Tables(self._api), self._diagnostics, "bad-record")
        found = []
        for resource, nodes in account.holds.items():
            if not self._all.among("resource", resource, self._all.modules):
                continue
            module = self._all.modules[resource]
            if not module.records:
                self._all.among("resource with records", resource, ())
                continue
            decl = self._d.behaviors.get(resource)
            rules = decl.hidden.items() if decl is not None else ()
            hidden = {str(path): rule for path, rule in rules}
            ref = Ref(module.name, module.records[0].name)
            for node in nodes:
                own = {key.text: value for key, value in node.entries if key.text in hidden}
                shown = [(key, value) for key, value in node.entries if key.text not in hidden]
                record = values.record(ref, dataclasses.replace(node, entries=tuple(shown)))
                kept = {name: self._hidden(hidden[name], own[name]) for name in own}
                if record is not WRONG:
                    found.append((module.name, {**plain(record), **kept}))
        return tuple(found)

    def _hidden(self, rule: RuleDecl | Word | None, node: Node) -> Any:
        """A value of a hidden field, which is of the kind of what it starts with elsewhere."""
        text = rule.value if isinstance(rule, RuleDecl) else rule
        kind = _INTEGER if text is not None and text.isdigit() else _TEXT
        value = kind.decode(node, self._diagnostics)
        return str(value) if isinstance(value, Word) else value


def _plain(value: Any) -> Any:
    """A setting as expressions see it."""
    if isinstance(value, Mapping):
        return {str(name): str(text) for name, text in value.items()}
    return [str(text) for text in value] if isinstance(value, tuple) else str(value)
