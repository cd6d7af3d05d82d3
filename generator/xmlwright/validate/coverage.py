"""Coverage: everything described must be shown by a case, so that a misspelt name cannot hide."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import Any, Final

from ..diagnostics import Diagnostics, Position
from ..ir import Api, EnumWord, Field, Method, Module, PageValue, Record, RecordValue, Ref


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
    """Words that stood in a response as the description spells them for answers."""
    messages: set[tuple[str, str]] = field(default_factory=set)
    """Code and message of failures."""
    namespaces: set[str] = field(default_factory=set)
    statuses: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    """Places of api.yaml at which a document had something."""
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

    def result(self, api: Api, value: Any) -> None:
        """The value of an answer."""
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
        for inner in value if isinstance(value, tuple) else [value]:
            if isinstance(inner, RecordValue):
                self._record(api, inner, seen)
            elif item.enum is not None and isinstance(inner, str):
                words = self.sent_words if seen is self.written else self.read_words
                words.add((item.enum, inner))


_SETS: Final = tuple(item.name for item in fields(CaseCoverage))


def uncovered_api(api: Api, shown: CaseCoverage, diagnostics: Diagnostics) -> None:
    """Report what api.yaml describes and no case shows."""

    def report(what: str, at: Position) -> None:
        diagnostics.add("uncovered", f"no case shows {what}", at)

    for error in api.errors:
        if error.code not in shown.codes:
            report(f"the error code {error.code}", error.at)
        elif not any(
            code == error.code and fits(error.message, message) for code, message in shown.messages
        ):
            report(
                f"the message of the error {error.code} as it is here",
                api.key_positions[f"errors.{error.code}.message"],
            )
    for place in ("failure.code", "failure.field", "failure.root", "failure.when"):
        at = api.key_positions.get(f"envelope.{place}")
        if at is not None and place not in shown.places:
            report(f"a failure with {getattr(api.envelope, place.replace('.', '_'))}", at)
    for namespace in api.envelope.namespaces:
        if namespace not in shown.namespaces:
            report(f"the namespace {namespace}", api.key_positions["envelope.response.namespaces"])
    for key, statuses in (("ok", api.envelope.ok), ("failed", api.envelope.failed)):
        for status in statuses:
            if status not in shown.statuses:
                report(f"the status {status!r}", api.key_positions[f"envelope.response.{key}"])
    for scalar in api.scalars.values():
        for text in scalar.none:
            if (scalar.name, text) not in shown.nones:
                report(f"{text!r} read as none", api.key_positions[f"scalars.{scalar.name}.none"])


def fits(template: str, message: str) -> bool:
    """Whether a message is what a template with ``{names}`` gives."""
    parts = re.split(r"\{[A-Za-z_]+\}", template)
    return re.fullmatch(".+?".join(map(re.escape, parts)), message, re.DOTALL) is not None


def uncovered(api: Api, module: Module, shown: CaseCoverage, diagnostics: Diagnostics) -> None:
    """Report what a module describes and no case shows."""
    for method in module.methods:
        if method.name not in shown.methods:
            diagnostics.add("uncovered", f"no case calls {method.name}", method.at)
    for record in module.records:
        _uncovered_fields(record, shown, diagnostics)
    for enum in module.enums:
        ref = Ref(module.name, enum.name)
        for word in enum.words:
            _uncovered_word(ref, word, shown, diagnostics)
    counters = {api.paging.position, api.paging.size}
    given: dict[Position, bool] = {}
    for method in module.methods:
        for item in method.arguments:
            known = (method.name, item.python) in shown.arguments
            given[item.at] = given.get(item.at, item.name in counters) or known
    for at, known in given.items():
        if not known:
            diagnostics.add("uncovered", "no case gives this argument", at)


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
        if record.in_answers and item.readable:
            if (ref, item.python) not in shown.read:
                diagnostics.add(
                    "uncovered", f"no result shows {record.name}.{item.python}", item.at
                )
            for text in item.none:
                if (item.at, text) not in shown.nones:
                    diagnostics.add(
                        "uncovered",
                        f"no response shows {text!r} as none in {record.name}.{item.python}",
                        item.key_positions["none"],
                    )
        if record.in_requests and item.writable and (ref, item.python) not in shown.written:
            diagnostics.add("uncovered", f"no arguments give {record.name}.{item.python}", item.at)
