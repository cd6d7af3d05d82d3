"""Records, which responses consist of, and the undescribed elements in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Unknown:
    """An element of a document that the description does not know, kept as it came."""

    path: str
    """Local names below the record that holds it, such as ``"color"``."""
    xml: str
    """The element as XML text."""
    text: str
    """All text inside the element."""


class Raw(str):
    """Text of a document that its described type cannot hold, kept as it came and written back unchanged."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Raw({str.__repr__(self)})"


@dataclass(slots=True, kw_only=True, repr=False)
class Record:
    """Base of the records in responses.

    Elements that the description does not know are kept in :attr:`unknown`; they do not take part in equality.
    """

    unknown: tuple[Unknown, ...] = field(default=(), repr=False, compare=False)
    """Elements of the response that the description does not know, in document order."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy every field, with every pickle protocol."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return _restored, (type(self), values)

    def __repr__(self) -> str:
        """Return the fields that have a value, without the sensitive ones."""
        values = [
            (name, getattr(self, name))
            for name, item in self.__dataclass_fields__.items()
            if item.repr
        ]
        shown = [f"{name}={value!r}" for name, value in values if value is not None and value != []]
        return f"{type(self).__name__}({', '.join(shown)})"

    def _repr_html_(self) -> str:
        from .data import record_html

        text: str = record_html(self)
        return text

    def to_dict(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """Return all fields as a dictionary: nested records become dictionaries, scalars keep their types.

        Elements that the description does not know are under ``unknown``, if there are any.

        Args:
            show_secrets: include the values of sensitive fields; else ``[redacted]`` stands in their place.
        """
        from .data import as_data

        found: dict[str, Any] = as_data(self, show_secrets=show_secrets)
        return found

    def to_json(self, *, indent: int | None = None, show_secrets: bool = False) -> str:
        """Return what :meth:`to_dict` returns as JSON text; decimals, dates and times are strings."""
        from .data import as_json

        text: str = as_json(self, indent=indent, show_secrets=show_secrets)
        return text


def _restored(cls: type[Record], values: dict[str, Any]) -> Record:
    return cls(**values)


def field_names(record: Record | type[Record]) -> list[str]:
    """Return the names of the described fields of a record, which ``unknown`` is not."""
    return [name for name in record.__dataclass_fields__ if name != "unknown"]


class Arguments(dict[str, Any]):
    """Arguments read from a request document: name -> value, and what is not described in ``unknown``."""

    unknown: tuple[Unknown, ...] = ()


def children(value: object) -> Iterator[tuple[str, object]]:
    """Values directly below a record, page, list or arguments, each with its path from there."""
    if isinstance(value, Record):
        for name in field_names(value):
            yield from _named(name, getattr(value, name))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _named(str(name), inner)
    elif isinstance(value, (list, tuple)):
        yield from _named("", value)
    else:
        items: object = getattr(value, "items", None)
        if isinstance(items, tuple):  # a page
            yield from _named("", items)


def _named(name: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield f"{name}[{index}]", inner
    else:
        yield name, value


def unknown_elements(value: object) -> list[str]:
    """Paths of everything below ``value`` that the description does not know, such as ``"lines[0].color"``."""
    paths = [item.path for item in getattr(value, "unknown", ())]
    for name, inner in children(value):
        joint = "" if not name or (name.startswith("[") and not isinstance(inner, Record)) else "."
        paths.extend(f"{name}{joint}{path}" for path in unknown_elements(inner))
    return paths
