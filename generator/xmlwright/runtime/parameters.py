"""Arguments as parameters of a query or a form: names of nested records, lists and maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .errors import ArgumentError
from .record import Record
from .schema import FieldSpec, WriteEntry, WriteTable
from .unset import UNSET
from .writing import NOT_CLEARED, check_required, is_list, raised_inside, refusal, sendable

Pair = tuple[str, str]
"""Name and text of one parameter, neither of them percent-encoded."""


class ParameterNames(NamedTuple):
    """Templates of parameter names.

    ``{name}`` is the name so far, ``{field}`` the field of a record, ``{item}`` the item element of a list, ``{n}`` a
    counter from 1. A list template without ``{n}`` repeats the parameter.
    """

    record: str = "{name}.{field}"
    list: str = "{name}"
    map: str = "{name}.{n}"
    empty_list: bool = False
    """An empty list is sent as one empty parameter; else it is left out."""


def unescaped(text: str) -> str:
    """Return the text that a codec has written as XML character data."""
    if "&" not in text:
        return text
    return (
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&#13;", "\r").replace("&amp;", "&")
    )


def text_of(entry: WriteEntry, value: Any) -> str:
    """Return a value as the text of a parameter. Raises ArgumentError for one that cannot be sent."""
    try:
        return unescaped(entry.text_of(value))
    except ValueError as error:
        raise refusal(error, "", entry.field) from None


class ParameterWriter:
    """Writes arguments as parameters, in the order of the description."""

    __slots__ = ("_names", "pairs")

    def __init__(self, names: ParameterNames) -> None:
        self._names = names
        self.pairs: list[Pair] = []

    def write(self, entry: WriteEntry, name: str, value: Any) -> None:
        """Add the parameters of one argument.

        Raises:
            ArgumentError: the value cannot be sent; the path says where it is.
        """
        try:
            self._value(entry, name, value)
        except ArgumentError as error:
            raised_inside(entry.field.name, error, entry.field)
            raise

    def _value(self, entry: WriteEntry, name: str, value: Any) -> None:
        item = entry.field
        if value is UNSET:
            return
        if value is None:
            if not item.clear:
                raise ArgumentError(NOT_CLEARED)
            self.pairs.append((name, ""))
        elif item.map:
            self._map(entry, name, value)
        elif item.many:
            self._list(entry, name, value)
        elif item.shape is None:
            self.pairs.append((name, self._text(entry, value)))
        else:
            template = item.indexed or self._names.record
            self._record(entry.table, value, lambda inner: template.format(name=name, field=inner))

    def _text(self, entry: WriteEntry, value: Any) -> str:
        return text_of(entry, value)

    def _record(self, table: WriteTable, value: Any, named: Callable[[str], str]) -> None:
        if isinstance(value, Record):
            value = sendable(value, table)
        elif not isinstance(value, Mapping):
            raise ArgumentError(f"should be a mapping of its fields, not {type(value).__name__}")
        check_required(table, value)
        for entry in table.values():
            inner = value.get(entry.field.name, UNSET)
            if inner is UNSET:
                continue
            try:
                self._value(entry, self._named(entry.field, named), inner)
            except ArgumentError as error:
                raised_inside(f".{entry.field.name}", error, entry.field)
                raise

    def _named(self, item: FieldSpec, named: Callable[[str], str]) -> str:
        """Return the name of a field of a record, with the wrappers around it."""
        if item.location is not None:
            return named(item.location[1])
        path = item.path[:-1] if item.many and len(item.path) > 1 else item.path
        first, *others = path or (item.attribute or item.name,)
        name = named(first)
        for inner in (*others, *((item.attribute,) if path and item.attribute else ())):
            name = self._names.record.format(name=name, field=inner)
        return name

    def _list(self, entry: WriteEntry, name: str, value: Any) -> None:
        item = entry.field
        if not is_list(value):
            raise ArgumentError(f"should be a list, not {type(value).__name__}")
        if not value:
            if self._names.empty_list:
                self.pairs.append((name, ""))
            return
        if item.join is not None:
            self.pairs.append((name, item.join.join(self._text(entry, one) for one in value)))
            return
        template = item.indexed or self._names.list
        last = item.path[-1] if item.path else item.name
        for index, one in enumerate(value):
            facts = {"name": name, "n": index + 1, "item": last}
            try:
                if item.shape is None:
                    self.pairs.append(
                        (template.format(**facts, field=last), self._text(entry, one))
                    )
                elif "{field}" in template:
                    self._record(
                        entry.table,
                        one,
                        lambda inner, facts=facts: template.format(**facts, field=inner),  # type: ignore[misc]
                    )
                else:
                    outer = template.format(**facts)
                    self._record(
                        entry.table,
                        one,
                        lambda inner, outer=outer: self._names.record.format(  # type: ignore[misc]
                            name=outer, field=inner
                        ),
                    )
            except ArgumentError as error:
                raised_inside(f"[{index}]", error)
                raise

    def _map(self, entry: WriteEntry, name: str, value: Any) -> None:
        if not isinstance(value, Mapping):
            raise ArgumentError(f"should be a mapping, not {type(value).__name__}")
        key, inner = entry.table.values()
        for index, (label, one) in enumerate(value.items()):
            try:
                if name == "*":  # the keys are the names
                    self._value(inner, self._text(key, label), one)
                    continue
                outer = (entry.field.indexed or self._names.map).format(name=name, n=index + 1)
                for part, content in ((key, label), (inner, one)):
                    last = self._names.record.format(name=outer, field=part.field.path[-1])
                    self._value(part, last, content)
            except ArgumentError as error:
                raised_inside(f"[{label!r}]", error)
                raise
