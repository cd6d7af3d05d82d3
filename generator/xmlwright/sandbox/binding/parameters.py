"""Read arguments from parameters of a query or a form: the inverse of ``runtime/parameters.py``."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ...runtime.parameters import Pair, ParameterNames
from ...runtime.record import Arguments
from ...runtime.schema import FieldSpec, Mode, RecordSchema

_DEEPEST: Final = 8
"""Records inside each other; deeper ones are not looked for."""
_LETTERS: Final = {"create": "c", "update": "u"}
_MISSING: Final = object()

Named = Callable[[str], str]

LONGEST_LIST: Final = 1000
"""Elements of a list in a request; a longer one is refused, because each takes time on the event loop."""


class ParameterReader:
    """Reads the parameters of one request. What no argument reads is left in :attr:`unread`."""

    def __init__(self, names: ParameterNames, pairs: Iterable[Pair], mode: Mode) -> None:
        self._names = names
        self._letters = _LETTERS.get(mode, "cu")
        self._texts: dict[str, list[str]] = {}
        for name, text in pairs:
            self._texts.setdefault(name, []).append(text)
        self._sorted = sorted(self._texts)
        self._read: set[str] = set()

    @property
    def unread(self) -> list[str]:
        """Names of the parameters that were not read, in the order of the request."""
        return [name for name in self._texts if name not in self._read]

    def texts(self, name: str) -> list[str]:
        """Return all texts of a parameter."""
        return self._texts.get(name, [])

    def take(self, name: str) -> str | None:
        """Return the text of a parameter, which then counts as read; None where there is none."""
        if name not in self._texts:
            return None
        self._read.add(name)
        return self._texts[name][0]

    def value(self, item: FieldSpec, name: str) -> Any:
        """Return the value of an argument; :data:`MISSING` where no parameter is part of it."""
        return self._value(item, name, 0)

    def rest(self, item: FieldSpec) -> dict[str, Any]:
        """Return the parameters that are left as a map."""
        _, inner = item.shape().fields if item.shape is not None else (None, item)
        return {name: self._one(inner, name) for name in self.unread}

    def _value(self, item: FieldSpec, name: str, depth: int) -> Any:
        if depth > _DEEPEST:
            return _MISSING
        if item.map:
            return self._map(item, name, depth)
        if item.many:
            return self._list(item, name, depth)
        if item.shape is None:
            return self._one(item, name)
        template = item.indexed or self._names.record
        if not self._any(template.partition("{field}")[0].replace("{name}", name)):
            return _MISSING
        return self._record(
            item.shape(), lambda inner: template.format(name=name, field=inner), depth
        )

    def _one(self, item: FieldSpec, name: str) -> Any:
        text = self.take(name)
        return _MISSING if text is None else parsed(item, text)

    def _any(self, prefix: str) -> bool:
        """Return whether the name of a parameter begins with ``prefix``."""
        at = bisect_left(self._sorted, prefix)
        return at < len(self._sorted) and self._sorted[at].startswith(prefix)

    def _record(self, shape: RecordSchema[Any], named: Named, depth: int) -> Any:
        found: dict[str, Any] = {}
        for item in shape.fields:
            if not any(letter in item.access for letter in self._letters):
                continue
            value = self._value(item, self._named(item, named), depth + 1)
            if value is not _MISSING:
                found[item.name] = value
        return Arguments(found) if found else _MISSING

    def _named(self, item: FieldSpec, named: Named) -> str:
        """Return the name of a field of a record, as the client makes it."""
        if item.location is not None:
            return named(item.location[1])
        path = item.path[:-1] if item.many and len(item.path) > 1 else item.path
        first, *others = path or (item.attribute or item.name,)
        name = named(first)
        for inner in (*others, *((item.attribute,) if path and item.attribute else ())):
            name = self._names.record.format(name=name, field=inner)
        return name

    def _list(self, item: FieldSpec, name: str, depth: int) -> Any:
        if item.join is not None:
            text = self.take(name)
            if text is None:
                return _MISSING
            return [parsed(item, part) for part in text.split(item.join)] if text else []
        template = item.indexed or self._names.list
        if "{n}" not in template:
            return self._repeated(item, template.format(name=name, field=name, item=name), depth)
        last = item.path[-1] if item.path else item.name
        found: list[Any] = []
        for index in range(1, LONGEST_LIST + 2):
            facts = {"name": name, "n": index, "item": last}
            if item.shape is None:
                value = self._one(item, template.format(**facts, field=last))
            elif "{field}" in template:
                value = self._record(
                    item.shape(), lambda inner, f=facts: template.format(**f, field=inner), depth  # type: ignore[misc]
                )
            else:
                outer = template.format(**facts)
                value = _MISSING
                if self._any(outer):
                    value = self._record(
                        item.shape(),
                        lambda inner, o=outer: self._names.record.format(name=o, field=inner),  # type: ignore[misc]
                        depth,
                    )
            if value is _MISSING:
                break
            found.append(value)
        if found:
            return found
        return [] if self.take(name) == "" else _MISSING

    def _repeated(self, item: FieldSpec, name: str, depth: int) -> Any:
        texts = self.texts(name)
        if not texts:
            return _MISSING
        self._read.add(name)
        return [] if texts == [""] else [parsed(item, text) for text in texts]

    def _map(self, item: FieldSpec, name: str, depth: int) -> Any:
        assert item.shape is not None
        key, inner = item.shape().fields
        found: dict[str, Any] = {}
        for index in range(1, LONGEST_LIST + 2):
            outer = (item.indexed or self._names.map).format(name=name, n=index)
            label = self.take(self._names.record.format(name=outer, field=key.path[-1]))
            if label is None:
                break
            place = self._names.record.format(name=outer, field=inner.path[-1])
            value = self._value(inner, place, depth + 1)
            found[label] = None if value is _MISSING else value
        return found or _MISSING


MISSING: Final = _MISSING
"""In place of a value that a request does not have."""


def parsed(item: FieldSpec, text: str) -> Any:
    """Return the value of a text of a request; raw text where it is not a value of the field."""
    return text if item.codec is None else item.codec.parse_request(text)


def with_places(shape: RecordSchema[Any]) -> Mapping[tuple[str, str], FieldSpec]:
    """Return the arguments of a method that are outside of its document, by their place."""
    return {item.location: item for item in shape.fields if item.location is not None}
