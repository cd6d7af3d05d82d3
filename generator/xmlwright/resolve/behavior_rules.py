"""Resolve what one resource does: from its declaration to the values that the sandbox acts by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..behavior.expressions import Expression
from ..behavior.rules import (
    Behavior,
    Effect,
    Filter,
    Fire,
    MethodBehavior,
    Path,
    Reference,
    Refusal,
    Rule,
    Send,
    Setting,
    Timed,
    Unique,
)
from ..ir import Field, Method, Module
from ..schema.behavior_grammar import (
    BehaviorDecl,
    EffectDecl,
    FilterDecl,
    MethodBehaviorDecl,
    ReferenceDecl,
    RefusalDecl,
    RuleDecl,
    SendDecl,
    UniqueDecl,
)
from ..schema.decoder import LocatedStr, opt
from .expressions import ExpressionChecker, Known, Type, constants
from .scopes import Scopes
from .symbols import SymbolTable

Rules = Mapping[LocatedStr, RuleDecl | LocatedStr]


class BehaviorResolver:
    """Resolves the behavior of one resource."""

    def __init__(
        self, symbols: SymbolTable, scopes: Scopes, module: Module, decl: BehaviorDecl
    ) -> None:
        self._symbols = symbols
        self._expressions = ExpressionChecker(symbols.diagnostics)
        self._module = module
        self._decl = decl
        self._name = module.name
        self._scopes = scopes
        self._methods = {method.verb: method for method in module.methods}
        main = module.records[0] if module.records else None
        self._fields: Mapping[str, Field] = {f.python: f for f in main.fields} if main else {}
        self._known = self._scopes.of(module.name)

    def behavior(self) -> Behavior:
        """Resolve the behavior of the resource."""
        decl, known = self._decl, self._known
        self._symbols.check_sources(decl.source)
        if decl.series is not None:
            self._symbols.check("resource", decl.series, self._scopes.modules)
        writing = self._scopes.of(self._name, self._scopes.written(self._module))
        for name in (*decl.padded, *decl.unique, *decl.returned_if, *decl.listed, *decl.empties):
            self._symbols.check("field", name, self._names())
        for name, word in decl.listed.items():
            field = self._fields.get(name)
            words = self._scopes.words(field) if field is not None else None
            if words is None:
                words = self._words_of_hidden(name)
            if words:
                self._symbols.check(f"word of {name}", word, words)
        for path in decl.hidden:
            outer, dot, _ = path.partition(".")
            if dot and self._scopes.nested(self._name, outer) is None:
                self._symbols.check("list", LocatedStr(outer, path.at), self._lists())
        return Behavior(
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
                    str(name): self._expressions.expression(word, self._scopes.of(None))
                    for name, word in values.items()
                    if self._symbols.check("field", name, self._fields)
                }
                for person, values in decl.supplied.items()
                if self._symbols.check("person", person, self._symbols.description.api.people)
            },
            self._conditions(decl.visible, known),
            {
                (str(name),): self._expressions.expression(word, self._scopes.of(None))
                for name, word in decl.returned_if.items()
            },
            frozenset(map(str, decl.padded)),
            self._settings(decl.delete, known),
            None if decl.deleted is None else self._expressions.expression(decl.deleted, known),
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

    def _words_of_hidden(self, name: str) -> frozenset[str]:
        """The words that rules give a hidden field, where they give it any."""
        rules = [
            rule
            for rules in (self._decl.hidden, self._decl.delete, self._decl.create)
            for path, rule in rules.items()
            if path == name and rule is not None
        ]
        texts = [rule if isinstance(rule, LocatedStr) else rule.value for rule in rules]
        return frozenset(word for text in texts for word in constants(text))

    def _lists(self) -> list[str]:
        """Fields that hold records, of which there can be hidden fields."""
        return [name for name, field in self._fields.items() if field.record is not None]

    def _names(self) -> Mapping[str, Type]:
        names = self._scopes.record(self._name).names
        return names() if names is not None else {}

    def _code(self, code: LocatedStr | None) -> str | None:
        self._symbols.check_codes([] if code is None else [code])
        return opt(code)

    def _guess(self, decl: Any, what: str) -> str | None:
        return self._symbols.guess(decl, self._decl, f"{self._name}.{what}")

    def _conditions(
        self, decls: Mapping[LocatedStr, LocatedStr], known: Known
    ) -> dict[str, Expression]:
        for person in decls:
            self._symbols.check_people([person])
        return {
            str(person): self._expressions.expression(word, known) for person, word in decls.items()
        }

    # rules

    def _rule(
        self,
        path: LocatedStr,
        rule: RuleDecl | LocatedStr,
        known: Known,
        words: frozenset[str] | None = None,
        gives: Type | None = None,
    ) -> Rule:
        if isinstance(rule, LocatedStr):
            guess = (
                f"{self._name}.{path} is inferred" if self._decl.provenance == "inferred" else None
            )
            return Rule(self._expressions.expression(rule, known, words, gives), guess)
        matters = (
            None if rule.matters is None else self._expressions.expression(rule.matters, known)
        )
        value = self._expressions.expression(rule.value, known, words, gives)
        return Rule(value, self._guess(rule, str(path)), matters)

    def _settings(
        self, rules: Rules, known: Known, resource: str | None = None, cause: Known | None = None
    ) -> tuple[Setting, ...]:
        """Settings of the records of a resource. ``cause`` is what the expressions see where that is something else."""
        owner = resource or self._name
        found = []
        for word, rule in rules.items():
            path: Path = tuple(str(word).split("."))
            names = self._scopes.record(owner).names
            if names is None or not self._symbols.check(
                "field", LocatedStr(path[0], word.at), names()
            ):
                continue
            inner = cause or known
            field, gives = self._scopes.field(owner, path[0]), names()[path[0]]
            if len(path) == 2:
                nested = self._scopes.nested(owner, path[0])
                if nested is None or nested.names is None:
                    self._symbols.check("list", LocatedStr(path[0], word.at), ())
                    continue
                if not self._symbols.check("field", LocatedStr(path[1], word.at), nested.names()):
                    continue
                field, gives = self._scopes.field_of(nested, path[1]), nested.names()[path[1]]
                inner = self._scopes.inside(inner, nested)
            words = self._scopes.words(field) if field is not None else None
            found.append(Setting(path, self._rule(word, rule, inner, words, gives)))
        return tuple(found)

    def _refusals(
        self, decls: tuple[RefusalDecl, ...], known: Known, verbs: tuple[str, ...]
    ) -> tuple[Refusal, ...]:
        found = []
        for decl in decls:
            for verb in decl.verbs:
                self._symbols.check("method", verb, (*self._methods, "delete"))
            self._symbols.check_codes([] if decl.code is None else [decl.code])
            if decl.field is not None:
                nested = [f.python for record in self._module.records for f in record.fields]
                self._symbols.check("field", decl.field, [*nested, *_names(known, "arguments")])
            situation = str(decl.as_ or "state")
            found.append(
                Refusal(
                    self._expressions.expression(decl.when, known),
                    frozenset(map(str, decl.verbs)) or frozenset(verbs),
                    situation,
                    opt(decl.code),
                    opt(decl.message),
                    opt(decl.field),
                    opt(decl.reason),
                    self._guess(decl, "refusal"),
                )
            )
        return tuple(found)

    # lists and references

    def _filter(self, name: LocatedStr, decl: FilterDecl) -> Filter:
        arguments = {
            item.python: item
            for method in self._module.methods
            if method.kind == "list"
            for item in method.arguments
        }
        self._symbols.check("filter", name, arguments)
        path = str(decl.field or name).split(".")
        if decl.when is None and decl.how != "ignored":
            names = self._names()
            if self._symbols.check("field", LocatedStr(path[0], (decl.field or name).at), names):
                nested = self._scopes.nested(self._name, path[0])
                if len(path) == 2 and nested is not None and nested.names is not None:
                    at = (decl.field or name).at
                    self._symbols.check("field", LocatedStr(path[1], at), nested.names())
        field = self._fields.get(path[0])
        words = self._scopes.words(field) if field is not None and len(path) == 1 else None
        for word, values in decl.among.items():
            argument = arguments.get(name)
            spoken = self._scopes.words(argument) if argument is not None else None
            if spoken is not None:
                self._symbols.check("word of the filter", word, spoken)
            for value in values if words is not None else ():
                self._symbols.check(f"word of {path[0]}", value, words or ())
        how = "when" if decl.when is not None else str(decl.how or "equal")
        return Filter(
            how,
            tuple(path),
            {str(word): tuple(map(str, values)) for word, values in decl.among.items()},
            None if decl.when is None else self._expressions.expression(decl.when, self._known),
            self._guess(decl, f"list, {name}"),
        )

    def _unique(self, name: LocatedStr, rule: UniqueDecl) -> Unique:
        return Unique(
            str(name), self._code(rule.code), opt(rule.message), self._guess(rule, str(name))
        )

    def _references(self, decls: Mapping[LocatedStr, ReferenceDecl]) -> dict[str, Reference]:
        fields = {
            item.python: item
            for record in self._module.records
            for item in record.fields
            if item.ref is not None
        }
        found = {}
        for name, decl in decls.items():
            if not self._symbols.check("reference", name, fields):
                continue
            for resource in decl.to:
                self._symbols.check("resource", resource, self._scopes.modules)
            found[str(name)] = Reference(
                tuple(str(one) for one in decl.to if one in self._scopes.modules)
                or (str(fields[str(name)].ref),),
                self._code(decl.code),
                opt(decl.message),
                self._guess(decl, str(name)),
            )
        return found

    def _touches(
        self, decls: Mapping[LocatedStr, LocatedStr], known: Known
    ) -> tuple[tuple[str, Expression], ...]:
        return tuple(
            (str(resource), self._expressions.expression(word, known))
            for resource, word in decls.items()
            if self._symbols.check("resource", resource, self._scopes.modules)
        )

    # methods and time

    def _actings(self, decls: Mapping[LocatedStr, MethodBehaviorDecl]) -> dict[str, MethodBehavior]:
        return {
            str(verb): self._acting(self._methods[verb], decl)
            for verb, decl in decls.items()
            if self._symbols.check("method", verb, self._methods)
        }

    def _acting(self, method: Method, decl: MethodBehaviorDecl) -> MethodBehavior:
        known = self._scopes.of(self._name, self._scopes.arguments(method))
        if decl.rows is not None and method.kind != "list":
            self._symbols.contradiction(decl, "rows", "`rows` is for methods that return a list")
        if decl.page_size is not None and method.response.value != "page":
            self._symbols.contradiction(decl, "page_size", f"{method.name} does not return pages")
        if decl.order is not None:
            order = LocatedStr(str(decl.order).lstrip("-"), decl.order.at)
            self._symbols.check("field", order, self._names())
        tree = None
        if decl.tree is not None:
            for word in (decl.tree.argument, decl.tree.children):
                self._symbols.check("field", word, self._fields)
            tree = (str(decl.tree.argument), str(decl.tree.argument), str(decl.tree.children))
        response = None
        if decl.response is not None:
            word = decl.response if isinstance(decl.response, LocatedStr) else decl.response.value
            response = self._rule(
                LocatedStr(f"{method.verb} returns", word.at),
                decl.response,
                known,
                gives=self._scopes.answered(method),
            )
        return MethodBehavior(
            self._refusals(decl.refuse, known, ()),
            self._settings(decl.set, known),
            self._effects(decl.does, known),
            response,
            None if decl.rows is None else self._expressions.expression(decl.rows, known),
            self._conditions(decl.allow, known),
            decl.deleted,
            decl.keeps,
            decl.page_size,
            opt(decl.order),
            tree,
        )

    def _effects(self, decls: tuple[EffectDecl, ...], known: Known) -> tuple[Effect, ...]:
        found = []
        for decl in decls:
            effect = self._effect(decl, known)
            found.append(effect)
            if effect.action in ("change", "make"):
                known = self._scopes.with_made(known, effect.resource)
        return tuple(found)

    def _effect(self, decl: EffectDecl, known: Known) -> Effect:
        actions = [
            name
            for name in ("change", "make", "remove", "send", "fire", "open")
            if getattr(decl, name) is not None
        ]
        if len(actions) != 1:
            self._symbols.missing(
                decl, "an effect is one of change, make, remove, send, fire and open"
            )
            return Effect(None, "fire", "", None, (), None, Fire("", None), None)
        action = actions[0]
        named = action in ("change", "make", "remove")
        resource = getattr(decl, action) if named else decl.of if decl.each is not None else None
        if resource is not None and not self._symbols.check(
            "resource", resource, self._scopes.modules
        ):
            return Effect(None, "fire", "", None, (), None, Fire("", None), None)
        if action in ("change", "remove") and decl.each is None:
            self._symbols.missing(decl, f"{action} says in `each` which records")
        settings: tuple[Setting, ...] = ()
        if action == "change":
            changed = self._scopes.changed(known, str(resource))
            settings = self._settings(decl.set, changed, str(resource))
        elif action == "make":
            settings = self._settings(decl.set, known, str(resource), cause=self._rows(decl, known))
        elif decl.open is not None:
            settings = tuple(
                Setting(
                    (name,), Rule(self._expressions.expression(getattr(decl.open, name), known))
                )
                for name in ("account", "token", "secret")
            ) + tuple(
                Setting(("settings", str(name)), Rule(self._expressions.expression(word, known)))
                for name, word in decl.open.settings.items()
                if self._symbols.check("setting", name, self._symbols.settings)
            )
        if decl.set and action not in ("change", "make"):
            self._symbols.contradiction(decl, "set", "set goes with change and make")
        fire = None
        if decl.fire is not None:
            self._symbols.check_event(decl.fire.event)
            fired = decl.fire.object
            fire = Fire(
                str(decl.fire.event),
                None if fired is None else self._expressions.expression(fired, known),
            )
        return Effect(
            None if decl.when is None else self._expressions.expression(decl.when, known),
            action,
            str(resource or ""),
            None if decl.each is None else self._expressions.expression(decl.each, known),
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
            self._symbols.missing(
                decl, "beside `each`, `of` says which resource the records are of"
            )
            return known
        if not self._symbols.check("resource", decl.of, self._scopes.modules):
            return known
        return self._scopes.changed(known, str(decl.of))

    def _send(self, decl: EffectDecl, send: SendDecl, known: Known) -> Send:
        seen = self._rows(decl, known)
        return Send(
            str(send.kind),
            self._expressions.expression(send.to, seen),
            self._expressions.expression(send.subject, seen),
            self._expressions.expression(send.text, seen),
            send.attach,
        )

    def _timed(self, decl: Any) -> Timed:
        self._symbols.check("field", decl.at_field, self._names())
        known = self._known
        return Timed(
            str(decl.name),
            str(decl.at_field),
            None if decl.when is None else self._expressions.expression(decl.when, known),
            self._settings(decl.set, known),
            self._effects(decl.does, known),
            self._guess(decl, str(decl.name)),
        )


def _names(known: Known, name: str) -> Mapping[str, Type]:
    """The names below a name that expressions see."""
    names = known.names[name].names
    return names() if names is not None else {}
