"""Resolve what a service does: from declarations to the values that the sandbox acts by, every name looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .check_expression import ExpressionChecker, Known, Type
from .decode import Decl, Word
from .description import Description
from .diagnostics import Diagnostics, nearest
from .language_behaviour import (
    AccountDecl,
    ActingDecl,
    BehaviourDecl,
    EffectDecl,
    FilterDecl,
    ReferenceDecl,
    RefusalDecl,
    RuleDecl,
    SendDecl,
    UniqueDecl,
)
from .model import Api, Field, Method, Module
from .sandbox.behaviour import (
    Acting,
    Behaviour,
    Behaviours,
    Callbacks,
    Effect,
    Failing,
    Filter,
    Fire,
    Path,
    People,
    Reference,
    Refusal,
    Rule,
    Send,
    Setting,
    Timed,
    Unique,
)
from .sandbox.expressions import Expression
from .scopes import Scopes
from .source import Node

Rules = Mapping[Word, RuleDecl | Word]


def resolve(description: Description, api: Api, diagnostics: Diagnostics) -> Behaviours:
    """What the service does. Problems are added to ``diagnostics``; the value is then incomplete."""
    return _Resolver(description, api, diagnostics).behaviours()


class _Resolver:
    def __init__(self, description: Description, api: Api, diagnostics: Diagnostics) -> None:
        self._d = description
        self._api = api
        self._diagnostics = diagnostics
        self._modules = {module.name: module for module in api.resources}
        self._codes = {code.code for code in api.errors}
        self._events = {event.name for event in api.events}
        if api.callbacks is not None:
            self._events.add(api.callbacks["verification"])
        self.people = {person.name for person in api.people}
        self._sources = {source.name for source in api.sources}
        self._scopes = Scopes(api, description)
        self._expressions = ExpressionChecker(diagnostics)

    def behaviours(self) -> Behaviours:
        account = self._d.account
        resources = {
            str(name): _One(self, self._modules[name], decl).behaviour()
            for name, decl in self._d.behaviours.items()
            if name in self._modules
        }
        if account is None:
            return Behaviours(resources)
        answers = account.answers
        return Behaviours(
            resources,
            {str(name): self._failing(decl, account) for name, decl in account.failures.items()},
            answers is None or answers.field,
            _opt(answers.failed) if answers else None,
            _opt(answers.deprecated) if answers else None,
            self._who(account),
            {str(name): _python(node) for name, node in account.settings.items()},
            self._holds(account, resources),
            self._callbacks(account),
        )

    # the account

    def _failing(self, decl: Any, account: AccountDecl) -> Failing:
        self.code(decl.code)
        return Failing(
            _opt(decl.code), _opt(decl.message), decl.status, self.guess(decl, account, "a failure")
        )

    def _who(self, account: AccountDecl) -> tuple[People, ...]:
        found = []
        for kind, decl in account.people.items():
            self.among("person", kind, self.people)
            if not self.among("resource", decl.resource, self._modules):
                continue
            names = self._scopes.record(str(decl.resource)).names
            for word in (decl.name, decl.secret):
                if word is not None and names is not None:
                    self.among("field", word, names())
            found.append(
                People(
                    str(kind), str(decl.resource), decl.owner, _opt(decl.name), _opt(decl.secret)
                )
            )
        return tuple(found)

    def _callbacks(self, account: AccountDecl) -> Callbacks | None:
        decl = account.callbacks
        if decl is None or not self.among("resource", decl.resource, self._modules):
            return None
        names = self._scopes.record(str(decl.resource)).names
        words = (decl.event, decl.uri, decl.verified, decl.verifier)
        for word in words:
            if names is not None:
                self.among("field", word, names())
        return Callbacks(str(decl.resource), *map(str, words))

    def _holds(
        self, account: AccountDecl, behaviours: Mapping[str, Behaviour]
    ) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        from .sandbox.resources import Resources
        from .sandbox.seeds import decode
        from .shapes import Tables

        resources = Resources(self._api, Tables(self._api), Behaviours(behaviours))
        found = []
        for resource, nodes in account.holds.items():
            if not self.among("resource", resource, self._modules):
                continue
            kept = resources[resource]
            for node in nodes:
                try:
                    found.append((str(resource), decode(resources, kept, _python(node), kept.name)))
                except ValueError as error:
                    self._diagnostics.add("bad-record", str(error), node.position)
        return tuple(found)

    # helpers for everything

    def among(self, what: str, word: Word, known: Iterable[str]) -> bool:
        names = [str(name) for name in known]
        if word in names:
            return True
        self._diagnostics.add(
            "dangling-reference", f"there is no {what} {str(word)!r}", word.at,
            suggestion=nearest(word, names),
        )  # fmt: skip
        return False

    def code(self, code: Word | None) -> None:
        if code is not None:
            self.among("error code", code, self._codes)

    def event(self, event: Word) -> None:
        self.among("event", event, self._events)

    def person(self, person: Word) -> None:
        self.among("person", person, self.people)

    def contradiction(self, decl: Decl, key: str, message: str) -> None:
        self._diagnostics.add("contradiction", message, decl.where(key))

    def missing(self, decl: Decl, message: str) -> None:
        self._diagnostics.add("missing-key", message, decl.at)

    def guess(self, decl: Any, outer: Any, what: str) -> str | None:
        """The sentence that is told where a rule is inferred."""
        for source in decl.source:
            head = Word(str(source).partition(":")[0].split(" ")[0], source.at)
            self.among("source", head, self._sources)
        kind = decl.provenance or outer.provenance
        if kind != "inferred":
            return None
        if decl.doc is None and decl.provenance is not None:
            self.missing(decl, "an inferred rule says in `doc` what is guessed")
        return " ".join(str(decl.doc).split()) if decl.doc is not None else f"{what} is inferred"

    def expression(
        self, word: Word, known: Known, words: frozenset[str] | None = None
    ) -> Expression:
        return self._expressions.expression(word, known, words)

    @property
    def settings(self) -> Iterable[str]:
        """What an account is set to."""
        return self._d.account.settings if self._d.account is not None else ()

    @property
    def scopes(self) -> Scopes:
        return self._scopes

    @property
    def modules(self) -> Mapping[str, Module]:
        return self._modules


class _One:
    """The behaviour of one resource."""

    def __init__(self, resolver: _Resolver, module: Module, decl: BehaviourDecl) -> None:
        self._all = resolver
        self._module = module
        self._decl = decl
        self._name = module.name
        self._scopes = resolver.scopes
        self._methods = {method.verb: method for method in module.methods}
        main = module.records[0] if module.records else None
        self._fields: Mapping[str, Field] = {f.python: f for f in main.fields} if main else {}
        self._known = self._scopes.of(module.name)

    def behaviour(self) -> Behaviour:
        decl, known = self._decl, self._known
        for source in decl.source:
            self._all.guess(_Sourced(source), decl, "")
        if decl.series is not None:
            self._all.among("resource", decl.series, self._all.modules)
        writing = self._scopes.of(self._name, self._scopes.written(self._module))
        for name in (*decl.padded, *decl.unique, *decl.shown, *decl.listed, *decl.empties):
            self._all.among("field", name, self._names())
        for name, word in decl.listed.items():
            field = self._fields.get(name)
            words = self._scopes.words(field) if field is not None else None
            if words is not None:
                self._all.among(f"word of {name}", word, words)
        return Behaviour(
            self._name,
            str(decl.series or self._name),
            {
                tuple(str(path).split(".")): (
                    None if rule is None else self._rule(path, rule, writing)
                )
                for path, rule in decl.hidden.items()
            },
            self._conditions(decl.allow, self._scopes.of(None)),
            {
                str(person): {
                    str(name): self._all.expression(word, self._scopes.of(None))
                    for name, word in values.items()
                    if self._all.among("field", name, self._fields)
                }
                for person, values in decl.supplied.items()
                if self._all.among("person", person, self._all.people)
            },
            self._conditions(decl.visible, known),
            {
                (str(name),): self._all.expression(word, self._scopes.of(None))
                for name, word in decl.shown.items()
            },
            frozenset(map(str, decl.padded)),
            self._settings(decl.delete, known),
            None if decl.deleted is None else self._all.expression(decl.deleted, known),
            {str(name): str(word) for name, word in decl.listed.items()},
            tuple(self._unique(name, rule) for name, rule in decl.unique.items()),
            self._settings(decl.create, writing),
            self._settings(decl.compute, writing),
            self._refusals(decl.refuse, writing, ("create", "update")),
            {str(name): self._filter(name, rule) for name, rule in decl.filters.items()},
            {str(name): self._unique(name, rule) for name, rule in decl.empties.items()},
            self._references(decl.references),
            self._touches(decl.touches, known),
            self._actings(decl.methods),
            tuple(self._timed(rule) for rule in decl.timed),
        )

    def _names(self) -> Mapping[str, Type]:
        names = self._scopes.record(self._name).names
        return names() if names is not None else {}

    def _code(self, code: Word | None) -> str | None:
        self._all.code(code)
        return _opt(code)

    def _guess(self, decl: Any, what: str) -> str | None:
        return self._all.guess(decl, self._decl, f"{self._name}.{what}")

    def _conditions(self, decls: Mapping[Word, Word], known: Known) -> dict[str, Expression]:
        for person in decls:
            self._all.person(person)
        return {str(person): self._all.expression(word, known) for person, word in decls.items()}

    # rules

    def _rule(
        self, path: Word, rule: RuleDecl | Word, known: Known, words: frozenset[str] | None = None
    ) -> Rule:
        if isinstance(rule, Word):
            guess = (
                f"{self._name}.{path} is inferred" if self._decl.provenance == "inferred" else None
            )
            return Rule(self._all.expression(rule, known, words), guess)
        matters = None if rule.matters is None else self._all.expression(rule.matters, known)
        return Rule(
            self._all.expression(rule.value, known, words), self._guess(rule, str(path)), matters
        )

    def _settings(
        self, rules: Rules, known: Known, resource: str | None = None, cause: Known | None = None
    ) -> tuple[Setting, ...]:
        """Settings of the records of a resource. ``cause`` is what the expressions see where that is something else."""
        owner = resource or self._name
        found = []
        for word, rule in rules.items():
            path: Path = tuple(str(word).split("."))
            names = self._scopes.record(owner).names
            if names is None or not self._all.among("field", Word(path[0], word.at), names()):
                continue
            inner = cause or known
            field = self._scopes.field(owner, path[0])
            if len(path) == 2:
                nested = self._scopes.nested(owner, path[0])
                if nested is None or nested.names is None:
                    self._all.among("list", Word(path[0], word.at), ())
                    continue
                if not self._all.among("field", Word(path[1], word.at), nested.names()):
                    continue
                field = self._scopes.field_of(nested, path[1])
                inner = self._scopes.inside(inner, nested)
            words = self._scopes.words(field) if field is not None else None
            found.append(Setting(path, self._rule(word, rule, inner, words)))
        return tuple(found)

    def _refusals(
        self, decls: tuple[RefusalDecl, ...], known: Known, verbs: tuple[str, ...]
    ) -> tuple[Refusal, ...]:
        found = []
        for decl in decls:
            for verb in decl.on:
                self._all.among("method", verb, (*self._methods, "delete"))
            self._all.code(decl.code)
            situation = str(decl.as_ or "state")
            found.append(
                Refusal(
                    self._all.expression(decl.when, known),
                    frozenset(map(str, decl.on)) or frozenset(verbs),
                    situation,
                    _opt(decl.code),
                    _opt(decl.message),
                    _opt(decl.field),
                    _opt(decl.reason),
                    self._guess(decl, "refusal"),
                )
            )
        return tuple(found)

    # lists and references

    def _filter(self, name: Word, decl: FilterDecl) -> Filter:
        arguments = {
            item.python: item
            for method in self._module.methods
            if method.kind == "list"
            for item in method.arguments
        }
        self._all.among("filter", name, arguments)
        path = str(decl.field or name).split(".")
        if decl.when is None and decl.how != "ignored":
            names = self._names()
            if self._all.among("field", Word(path[0], (decl.field or name).at), names):
                nested = self._scopes.nested(self._name, path[0])
                if len(path) == 2 and nested is not None and nested.names is not None:
                    at = (decl.field or name).at
                    self._all.among("field", Word(path[1], at), nested.names())
        field = self._fields.get(path[0])
        words = self._scopes.words(field) if field is not None and len(path) == 1 else None
        for word, values in decl.among.items():
            argument = arguments.get(name)
            spoken = self._scopes.words(argument) if argument is not None else None
            if spoken is not None:
                self._all.among("word of the filter", word, spoken)
            for value in values if words is not None else ():
                self._all.among(f"word of {path[0]}", value, words or ())
        how = "when" if decl.when is not None else str(decl.how or "equal")
        return Filter(
            how,
            tuple(path),
            {str(word): tuple(map(str, values)) for word, values in decl.among.items()},
            None if decl.when is None else self._all.expression(decl.when, self._known),
            self._guess(decl, f"list, {name}"),
        )

    def _unique(self, name: Word, rule: UniqueDecl) -> Unique:
        return Unique(
            str(name), self._code(rule.code), _opt(rule.message), self._guess(rule, str(name))
        )

    def _references(self, decls: Mapping[Word, ReferenceDecl]) -> dict[str, Reference]:
        fields = {
            item.python: item
            for record in self._module.records
            for item in record.fields
            if item.ref is not None
        }
        found = {}
        for name, decl in decls.items():
            if not self._all.among("reference", name, fields):
                continue
            for resource in decl.to:
                self._all.among("resource", resource, self._all.modules)
            found[str(name)] = Reference(
                tuple(str(one) for one in decl.to if one in self._all.modules)
                or (str(fields[str(name)].ref),),
                self._code(decl.code),
                _opt(decl.message),
                self._guess(decl, str(name)),
            )
        return found

    def _touches(
        self, decls: Mapping[Word, Word], known: Known
    ) -> tuple[tuple[str, Expression], ...]:
        return tuple(
            (str(resource), self._all.expression(word, known))
            for resource, word in decls.items()
            if self._all.among("resource", resource, self._all.modules)
        )

    # methods and time

    def _actings(self, decls: Mapping[Word, ActingDecl]) -> dict[str, Acting]:
        return {
            str(verb): self._acting(self._methods[verb], decl)
            for verb, decl in decls.items()
            if self._all.among("method", verb, self._methods)
        }

    def _acting(self, method: Method, decl: ActingDecl) -> Acting:
        known = self._scopes.of(self._name, self._scopes.arguments(method))
        if decl.rows is not None and method.kind != "list":
            self._all.contradiction(decl, "rows", "rows are what a list answers")
        if decl.page_size is not None and method.answer.value != "page":
            self._all.contradiction(decl, "page_size", f"{method.name} answers no pages")
        if decl.order is not None:
            order = Word(str(decl.order).lstrip("-"), decl.order.at)
            self._all.among("field", order, self._names())
        tree = None
        if decl.tree is not None:
            for word in (decl.tree.argument, decl.tree.children):
                self._all.among("field", word, self._fields)
            tree = (str(decl.tree.argument), str(decl.tree.argument), str(decl.tree.children))
        answer = None
        if decl.answer is not None:
            word = decl.answer if isinstance(decl.answer, Word) else decl.answer.value
            answer = self._rule(Word(f"{method.verb} answers", word.at), decl.answer, known)
        return Acting(
            self._refusals(decl.refuse, known, ()),
            self._settings(decl.set, known),
            tuple(self._effect(effect, known) for effect in decl.does),
            answer,
            None if decl.rows is None else self._all.expression(decl.rows, known),
            self._conditions(decl.allow, known),
            decl.deleted,
            decl.keeps,
            decl.page_size,
            _opt(decl.order),
            tree,
        )

    def _effect(self, decl: EffectDecl, known: Known) -> Effect:
        actions = [
            name
            for name in ("change", "make", "remove", "send", "fire", "open")
            if getattr(decl, name) is not None
        ]
        known = self._scopes.with_made(known)
        if len(actions) != 1:
            self._all.missing(decl, "an effect is one of change, make, remove, send, fire and open")
            return Effect(None, "fire", "", None, (), None, Fire("", None), None)
        action = actions[0]
        named = action in ("change", "make", "remove")
        resource = getattr(decl, action) if named else decl.of if decl.each is not None else None
        if resource is not None and not self._all.among("resource", resource, self._all.modules):
            return Effect(None, "fire", "", None, (), None, Fire("", None), None)
        if action in ("change", "remove") and decl.each is None:
            self._all.missing(decl, f"{action} says in `each` which records")
        settings: tuple[Setting, ...] = ()
        if action == "change":
            changed = self._scopes.changed(known, str(resource))
            settings = self._settings(decl.set, changed, str(resource))
        elif action == "make":
            settings = self._settings(decl.set, known, str(resource), cause=self._rows(decl, known))
        elif decl.open is not None:
            settings = tuple(
                Setting((name,), Rule(self._all.expression(getattr(decl.open, name), known)))
                for name in ("account", "token", "secret")
            ) + tuple(
                Setting(("settings", str(name)), Rule(self._all.expression(word, known)))
                for name, word in decl.open.settings.items()
                if self._all.among("setting", name, self._all.settings)
            )
        if decl.set and action not in ("change", "make"):
            self._all.contradiction(decl, "set", "set goes with change and make")
        fire = None
        if decl.fire is not None:
            self._all.event(decl.fire.event)
            fired = decl.fire.object
            fire = Fire(
                str(decl.fire.event),
                None if fired is None else self._all.expression(fired, known),
            )
        return Effect(
            None if decl.when is None else self._all.expression(decl.when, known),
            action,
            str(resource or ""),
            None if decl.each is None else self._all.expression(decl.each, known),
            settings,
            None if decl.send is None else self._send(decl, decl.send, known),
            fire,
            self._guess(decl, action),
        )

    def _rows(self, decl: EffectDecl, known: Known) -> Known:
        """What the expressions see that are about the records in ``each``."""
        if decl.each is None:
            return known
        if decl.of is None:
            self._all.missing(decl, "beside `each`, `of` says which resource the records are of")
            return known
        if not self._all.among("resource", decl.of, self._all.modules):
            return known
        return self._scopes.changed(known, str(decl.of))

    def _send(self, decl: EffectDecl, send: SendDecl, known: Known) -> Send:
        seen = self._rows(decl, known)
        return Send(
            str(send.kind),
            self._all.expression(send.to, seen),
            self._all.expression(send.subject, seen),
            self._all.expression(send.text, seen),
            send.attach,
        )

    def _timed(self, decl: Any) -> Timed:
        self._all.among("field", decl.at_field, self._names())
        known = self._known
        return Timed(
            str(decl.name),
            str(decl.at_field),
            None if decl.when is None else self._all.expression(decl.when, known),
            self._settings(decl.set, known),
            tuple(self._effect(effect, known) for effect in decl.does),
            self._guess(decl, str(decl.name)),
        )


class _Sourced:
    """A bare source, for the check of sources."""

    provenance = None
    doc = None

    def __init__(self, source: Word) -> None:
        self.source = (source,)


def _opt(word: Word | None) -> str | None:
    return str(word) if word is not None else None


def _python(node: Node) -> Any:
    """A node as plain Python: numbers that are no integers stay text."""
    if node.kind == "map":
        return {name.text: _python(value) for name, value in node.entries}
    if node.kind == "list":
        return [_python(item) for item in node.items]
    if node.kind == "null":
        return None
    if node.kind == "bool":
        return node.text == "true"
    if node.kind == "int" and node.text.lstrip("-").isdigit():
        return int(node.text)
    return node.text
