"""Coverage: everything described must be shown by a case, so that a misspelt name cannot hide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from ..cases.tables import argument_name
from ..diagnostics import Diagnostics, Position, Related
from ..ir import (
    Api,
    EnumWord,
    Envelope,
    FailureRule,
    Field,
    Http,
    Method,
    Module,
    PageValue,
    Paging,
    Record,
    RecordValue,
    Ref,
)


@dataclass(slots=True)
class CaseCoverage:
    """What cases have shown."""

    methods: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    arguments: set[tuple[str, str]] = field(default_factory=set)
    """Method and Python name."""
    read: set[tuple[Ref, str]] = field(default_factory=set)
    written: set[tuple[Ref, str]] = field(default_factory=set)
    sent_words: set[tuple[Ref, str]] = field(default_factory=set)
    read_words: set[tuple[Ref, str]] = field(default_factory=set)
    responses: set[tuple[Ref, str]] = field(default_factory=set)
    """Words that stood in a response as the description spells them for responses."""
    messages: set[tuple[str, str]] = field(default_factory=set)
    """Code and message of failures."""
    keys: set[tuple[Position, str]] = field(default_factory=set)
    """Position of a key that says what is on the wire, and the word of its value that a message had."""
    places: set[tuple[Position, int]] = field(default_factory=set)
    """Position of a field, and the number of the place at which a response had it."""
    nones: set[tuple[object, str]] = field(default_factory=set)
    """Scalar type, or place of a field, and the text that meant none there."""

    def add(self, other: CaseCoverage) -> None:
        """Take over what other cases have shown."""
        for name in _SETS:
            found = getattr(other, name)
            if found:
                getattr(self, name).update(found)

    def given(self, api: Api, method: Method, given: RecordValue) -> None:
        """The arguments of a call."""
        by_name = {item.python: item for item in method.arguments}
        for name, value in given.values.items():
            self.arguments.add((method.name, name))
            self._value(api, by_name[name], value, self.written)

    def partial(self, api: Api, method: Method, direction: str, given: RecordValue) -> None:
        """A valid part of invalid arguments or of an invalid result: its names are not misspelt."""
        if direction == "write" and given.ref is None:
            self.given(api, method, given)
        else:
            self._record(api, given, self.written if direction == "write" else self.read)

    def result(self, api: Api, value: Any) -> None:
        """The value of a response."""
        rows = (
            value.items
            if isinstance(value, PageValue)
            else value if isinstance(value, tuple) else [value]
        )
        for row in rows:
            if isinstance(row, RecordValue):
                self._record(api, row, self.read)

    def _record(self, api: Api, given: RecordValue, seen: set[tuple[Ref, str]]) -> None:
        if given.ref is None:
            return
        for name, value in given.values.items():
            seen.add((given.ref, name))
            item = api.records[given.ref].field(name)
            if item is not None:
                self._value(api, item, value, seen)

    def _value(self, api: Api, item: Field, value: Any, seen: set[tuple[Ref, str]]) -> None:
        values = value.values() if isinstance(value, Mapping) else value
        for inner in values if isinstance(value, (tuple, Mapping)) else [value]:
            if isinstance(inner, RecordValue):
                self._record(api, inner, seen)
            elif item.enum is not None and isinstance(inner, str):
                words = self.sent_words if seen is self.written else self.read_words
                words.add((item.enum, inner))


_SETS: Final = tuple(item.name for item in fields(CaseCoverage))


def uncovered_api(api: Api, shown: CaseCoverage, diagnostics: Diagnostics) -> None:
    """Report what api.yaml describes and no case shows."""

    def report(what: str, at: Position, related: Iterable[Related] = ()) -> None:
        diagnostics.add("uncovered", f"no case shows {what}", at, related=related)

    for error in api.errors:
        if not error.message:
            continue  # it has a kind only, and a document with it would show nothing more
        if error.code not in shown.codes:
            report(f"the error code {error.code}", error.at)
        elif not any(
            code == error.code and fits(error.message, message) for code, message in shown.messages
        ):
            report(
                f"the message of the error {error.code} as it is here",
                api.key_positions[f"errors.{error.code}.message"],
            )
    facts = list(dict.fromkeys(_on_the_wire(api)))
    for at, word, what, rule in facts:
        if (at, word) in shown.keys or (rule is not None and (rule, "") not in shown.keys):
            continue
        parts = (fact for fact in facts if fact[3] == at and fact[0].line != at.line)
        report(what, at, [Related(part, text) for part, _, text, _ in parts])
    for scalar in api.scalars.values():
        for text in scalar.none:
            if (scalar.name, text) not in shown.nones:
                report(f"{text!r} read as none", api.key_positions[f"scalars.{scalar.name}.none"])


_Fact = tuple[Position, str, str, Position | None]
"""Position of a key, the word of its value, what a case would show, and the rule of a failure that it is part of."""


def _on_the_wire(api: Api) -> Iterator[_Fact]:
    """Yield what is said of messages, by the API, a resource or a method; something may come twice."""
    if not api.methods:
        yield from _of_envelope(api.envelope)
    for method in api.methods:
        yield from _of_envelope(method.envelope or api.envelope)
        if method.http is not None:
            yield from _of_http(method.http)
        if method.pages is not None:
            yield from _of_pages(method.pages)


def _of_envelope(envelope: Envelope) -> Iterator[_Fact]:
    keys = envelope.key_positions
    for key, what, words in (
        ("response.namespaces", "the namespace", envelope.namespaces),
        ("response.ok", "the status", envelope.ok),
        ("response.failed", "the status", envelope.failed),
        ("response.attributes", "the ignored attribute", envelope.ignored_attributes),
    ):
        for word in words:
            shown = repr(word) if what == "the status" else word
            yield keys[key], word, f"{what} {shown}", None
    for item in envelope.metadata:
        yield item.at, "", f"a response with {item.name} at {item.place}", None
    for rule in envelope.failures:
        yield from _of_rule(rule, "a failure")
    if envelope.warnings is not None:
        yield from _of_rule(envelope.warnings, "a warning")
    if envelope.nil is not None:
        yield keys["nil"], "", f"an element with the attribute {envelope.nil[0]}", None


def _of_rule(rule: FailureRule, what: str) -> Iterator[_Fact]:
    if rule.position is None:
        return
    yield rule.position, "", f"{what} that this rule reads", None
    for name in ("message", "code", "field", "severity", "detail", "when"):
        place = getattr(rule, name)
        if place is not None:
            yield rule.key_positions[name], "", f"{what} with {place}", rule.position
    for word in rule.roots:
        yield rule.key_positions["root"], word.rpartition(":")[
            2
        ], f"{what} with the root {word}", rule.position
    for word in rule.errors:
        yield rule.key_positions["errors"], word, f"{what} of the severity {word!r}", rule.position
    for low, high in rule.statuses:
        word = str(low) if low == high else f"{low}-{high}"
        yield rule.key_positions["status"], word, f"{what} with the status {word}", rule.position
    if rule.payload is not None:
        yield rule.key_positions["payload"], "", f"{what} with {rule.payload[0]}", rule.position


def _of_http(http: Http) -> Iterator[_Fact]:
    for name in http.headers:
        at = http.key_positions.get(f"headers.{name}")
        if at is not None:
            yield at, "", f"a request with the header {name}", None
    for status in http.success:
        yield http.key_positions["success"], str(
            status
        ), f"a response with the status {status}", None


def _of_pages(pages: Paging) -> Iterator[_Fact]:
    for name, place in pages.counters.items():
        yield pages.key_positions[f"counters.{name}"], "", f"the counter {place}", None
    for index, place in enumerate(pages.next):
        yield pages.key_positions["counters.next"], str(index), f"the next page at {place}", None
    if pages.more is not None:
        yield pages.key_positions[
            "counters.more"
        ], "", f"whether more pages follow at {pages.more}", None


def fits(template: str, message: str) -> bool:
    """Whether a message is what a template with ``{names}`` gives."""
    parts = re.split(r"\{[A-Za-z_]+\}", template)
    return re.fullmatch(".+?".join(map(re.escape, parts)), message, re.DOTALL) is not None


def uncovered(api: Api, module: Module, shown: CaseCoverage, diagnostics: Diagnostics) -> None:
    """Report what a module describes and no case shows: methods first, and what they hold once all have a case."""
    methods = module.methods or api.methods  # those of all resources may use what is shared
    uncalled = [method for method in methods if method.name not in shown.methods]
    for method in uncalled if module.methods else ():
        diagnostics.add("uncovered", f"no case calls {method.name}", method.at)
    if uncalled or not api.covers_names:
        return
    for record in module.records:
        _uncovered_fields(record, shown, diagnostics)
    for enum in module.enums:
        ref = Ref(module.name, enum.name)
        for word in enum.words:
            _uncovered_word(ref, word, shown, diagnostics)
    given: dict[Position, bool] = {}
    for method in module.methods:
        for item in method.arguments:
            known = (method.name, item.python) in shown.arguments or is_of_paging(method, item)
            given[item.at] = given.get(item.at, False) or known
    for at, known in given.items():
        if not known:
            diagnostics.add("uncovered", "no case gives this argument", at)


def is_of_paging(method: Method, item: Field) -> bool:
    """Return whether an argument says which page of a list to fetch."""
    if method.pages is None:
        return False
    places = (*method.pages.position, method.pages.size)
    return item.name in map(argument_name, filter(None, places))


def _uncovered_word(
    ref: Ref, word: EnumWord, shown: CaseCoverage, diagnostics: Diagnostics
) -> None:
    key = (ref, word.word)
    if key not in shown.sent_words and key not in shown.read_words:
        diagnostics.add("uncovered", f"no case shows the word {word.word!r} of {ref.name}", word.at)
        return
    for where, used, seen in (
        ("request", word.writable, shown.sent_words),
        ("response", word.readable, shown.responses),
    ):
        if where in word.key_positions and used and key not in seen:
            diagnostics.add(
                "uncovered",
                f"no {where} of a case shows the word {word.word!r} of {ref.name}",
                word.key_positions[where],
            )


def _uncovered_fields(record: Record, shown: CaseCoverage, diagnostics: Diagnostics) -> None:
    ref = Ref(record.module, record.name)
    for item in record.fields:
        if record.in_responses and item.readable:
            if (ref, item.python) not in shown.read:
                diagnostics.add(
                    "uncovered", f"no result shows {record.name}.{item.python}", item.at
                )
            _uncovered_places(record, item, shown, diagnostics)
            for text in item.none:
                if (item.at, text) not in shown.nones:
                    diagnostics.add(
                        "uncovered",
                        f"no response shows {text!r} as none in {record.name}.{item.python}",
                        item.key_positions["none"],
                    )
        if record.in_requests and item.writable and (ref, item.python) not in shown.written:
            diagnostics.add("uncovered", f"no arguments give {record.name}.{item.python}", item.at)


def _uncovered_places(
    record: Record, item: Field, shown: CaseCoverage, diagnostics: Diagnostics
) -> None:
    """Report places of a field with several that no response has."""
    count = 1 + len(item.fallbacks) + bool(item.content and item.path)
    if count == 1:
        return
    written = (Ref(record.module, record.name), item.python) in shown.written
    for number in range(count):
        if (item.at, number) not in shown.places and not (number == 0 and written):
            diagnostics.add(
                "uncovered",
                f"no response has {record.name}.{item.python} at its {_ordinal(number)} place",
                item.key_positions.get("at", item.at),
            )


def _ordinal(number: int) -> str:
    return ("first", "second", "third")[number] if number < 3 else f"{number + 1}th"
