"""Look up what behavior files name: resources, fields, codes, sources, and the names in expressions."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..diagnostics import Diagnostics, nearest
from ..schema.behavior_grammar import AnswersDecl
from ..schema.decoder import Decl, Word
from ..schema.loader import Description
from ..ir import Api, Envelope, Module
from ..behavior.expressions import Expression
from .expressions import ExpressionChecker, Known, Type
from .scopes import Scopes


class Lookups:
    """The names of one description. What is not there is told."""

    def __init__(
        self, description: Description, api: Api, scopes: Scopes, diagnostics: Diagnostics
    ) -> None:
        self._diagnostics = diagnostics
        self._codes = {code.code for code in api.errors}
        self._events = {event.name for event in api.events}
        if api.callbacks is not None:
            self._events.add(api.callbacks["verification"])
        self._sources = {source.name for source in api.sources}
        self._expressions = ExpressionChecker(diagnostics)
        self.people = {person.name for person in api.people}
        self.modules: Mapping[str, Module] = {module.name: module for module in api.resources}
        self.scopes = scopes
        account = description.account
        self.settings: Iterable[str] = account.settings if account is not None else ()
        """What an account is set to."""

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

    def sources(self, sources: Iterable[Word]) -> None:
        for source in sources:
            head = Word(str(source).partition(":")[0].split(" ")[0], source.at)
            self.among("source", head, self._sources)

    def answers(self, decl: AnswersDecl, envelope: Envelope) -> None:
        """What answers carry has to be what a client of the description understands."""
        if decl.failed is not None and envelope.failed:
            self.among("word of a failed answer", decl.failed, envelope.failed)
        if decl.deprecated is not None:
            self.among("attribute of answers", decl.deprecated, envelope.ignored_attributes)

    def contradiction(self, decl: Decl, key: str, message: str) -> None:
        self._diagnostics.add("contradiction", message, decl.where(key))

    def missing(self, decl: Decl, message: str) -> None:
        self._diagnostics.add("missing-key", message, decl.at)

    def guess(self, decl: Any, outer: Any, what: str) -> str | None:
        """The sentence that is told where a rule is inferred."""
        self.sources(decl.source)
        kind = decl.provenance or outer.provenance
        if kind != "inferred":
            return None
        if decl.doc is None and decl.provenance is not None:
            self.missing(decl, "an inferred rule says in `doc` what is guessed")
        return " ".join(str(decl.doc).split()) if decl.doc is not None else f"{what} is inferred"

    def expression(
        self,
        word: Word,
        known: Known,
        words: frozenset[str] | None = None,
        gives: Type | None = None,
    ) -> Expression:
        return self._expressions.expression(word, known, words, gives)


def words_in(value: object) -> Iterator[str]:
    """All that a declaration says: names, expressions and texts, but no prose about it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield name
            yield from words_in(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from words_in(inner)
    elif isinstance(value, Decl):
        for item in dataclasses.fields(value):
            if item.name not in ("at", "keys", "doc", "source", "hidden"):
                yield from words_in(getattr(value, item.name))


def tell_unused(description: Description, diagnostics: Diagnostics) -> None:
    """Tell of names that are made up for rules, and that no rule uses: probably they are misspelt."""
    texts = words_in(tuple(description.behaviors.values()))
    used = {name for text in texts for name in re.findall(r"[a-z]\w*", text)}
    hidden = [path for decl in description.behaviors.values() for path in decl.hidden]
    settings = description.account.settings if description.account is not None else ()
    for what, names in (("hidden field", hidden), ("setting", settings)):
        for name in names:
            if name.rpartition(".")[2] not in used:
                diagnostics.add("unused", f"no rule uses the {what} {name}", name.at)
