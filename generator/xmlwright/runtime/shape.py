"""Tables that say how records stand in XML, compiled once into the form that reading and writing use.

A generated module holds one :class:`Shape` a record and one a method's arguments; everything else that needs to know
the fields (reading, writing, redaction, the dynamic door) reads these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar

from .scalars import Binary, Codec, Text

T = TypeVar("T")

Mode = Literal["answer", "create", "update", "write"]
"""Which fields take part: those of answers, those a create or an update accepts, or all writable ones."""

_ACCESS: Final[dict[str, str]] = {"answer": "r", "create": "c", "update": "u", "write": "cu"}
_CACHED_TAGS: Final = 4096


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record, or one argument of a method."""

    name: str
    """Name in Python."""
    codec: Codec | None
    """How its text is read and written; None for a nested record."""
    path: tuple[str, ...]
    """Elements from the record down to the value; empty for an attribute or the record's own text."""
    shape: Callable[[], Shape[Any]] | None = None
    """The nested record, called when first needed."""
    many: bool = False
    """A list: the last element of the path repeats."""
    attribute: str | None = None
    content: bool = False
    """Read from the record's own text: instead of an element where ``path`` is empty, else where that is missing."""
    bare: bool = False
    """The wrapper may hold one item's fields without the item's element."""
    access: str = "rcu"
    """Letters: r in answers, c in create requests, u in update requests."""
    required: str = ""
    """Letters: c required in create requests, u in update requests."""
    clear: bool = True
    """Whether an empty tag may be sent."""
    sensitive: bool = False
    discarded: bool = False
    """Accepted in requests but not saved."""
    max_length: int | None = None
    minimum: str | None = None
    maximum: str | None = None
    places: int | None = None


def field(
    name: str,
    kind: Codec | Callable[[], Shape[Any]],
    path: str | None = None,
    **facts: Any,
) -> Field:
    """A :class:`Field`, written shortly: ``path`` is ``"a/b"``, by default the name; ``kind`` a codec or a shape."""
    if path is None:
        path = "" if facts.get("attribute") or facts.get("content") else name
    parts = tuple(path.split("/")) if path else ()
    if isinstance(kind, Codec):
        return Field(name, kind, parts, **facts)
    return Field(name, None, parts, shape=kind, **facts)


class Shape(Generic[T]):
    """The fields of one record. ``make`` is the record's class, or None for the arguments of a method."""

    __slots__ = ("_readers", "_writers", "by_name", "fields", "identity", "make", "name")

    def __init__(
        self,
        name: str,
        make: Callable[..., T] | None,
        fields: Iterable[Field],
        *,
        identity: str | None = None,
    ) -> None:
        self.name = name
        self.identity = identity
        """The field that names a record of this shape."""
        self.make = make
        self.fields = tuple(fields)
        self.by_name: Mapping[str, Field] = {item.name: item for item in self.fields}
        self._readers: dict[str, ReadTable] = {}
        self._writers: dict[str, dict[str, WriteEntry]] = {}

    def __repr__(self) -> str:
        return f"<Shape {self.name}>"

    def reader(self, mode: Mode) -> ReadTable:
        """The table that reads a record of this shape."""
        try:
            return self._readers[mode]
        except KeyError:
            table = self._readers[mode] = _compile_reader(self, mode)
            return table

    def writer(self, mode: Mode) -> dict[str, WriteEntry]:
        """Name of a field -> how it is written, in the order of the description."""
        try:
            return self._writers[mode]
        except KeyError:
            table = self._writers[mode] = _compile_writer(self, mode)
            return table


# Reading: local name -> entry. An entry is a plain tuple, because one is looked up for every element of a document.
#   (name, read, None, many)       a scalar; read None: the text as it is
#   (name, None, Nested, many)     a nested record
#   (None, None, ReadTable, False) a wrapper whose children belong to the same record
ReadEntry = tuple[Any, Any, Any, bool]


class Nested:
    """A nested record in a read table; compiled when first met, because records may contain themselves."""

    __slots__ = ("_mode", "_shape", "_table")

    def __init__(self, shape: Callable[[], Shape[Any]], mode: Mode) -> None:
        self._shape = shape
        self._mode: Mode = mode
        self._table: ReadTable | None = None

    @property
    def table(self) -> ReadTable:
        if self._table is None:
            self._table = self._shape().reader(self._mode)
        return self._table


class ReadTable:
    """How the children of one element are read."""

    __slots__ = ("attributes", "bare", "content", "entries", "fallback", "lists", "shape", "tags")

    def __init__(self, shape: Shape[Any]) -> None:
        self.shape = shape
        self.entries: dict[str, ReadEntry] = {}
        """By local name, as described."""
        self.tags: dict[str, ReadEntry | None] = {}
        """By the whole tag, namespace included, as met so far; None for an unknown one."""
        self.attributes: dict[str, tuple[str, Callable[[str], Any]]] = {}
        self.content: tuple[str, Callable[[str], Any]] | None = None
        self.fallback = False
        """The content is read only where the field's element is missing."""
        self.bare: tuple[str, Nested] | None = None
        self.lists: tuple[str, ...] = ()
        """Lists that this wrapper holds, so that an empty wrapper can be told from a missing one."""

    def entry(self, tag: Any) -> ReadEntry | None:
        """The entry of a tag that :attr:`tags` does not hold yet."""
        local = tag.rpartition("}")[2] if isinstance(tag, str) else ""
        found = self.entries.get(local)
        if len(self.tags) < _CACHED_TAGS:
            self.tags[tag] = found
        return found


def _compile_reader(shape: Shape[Any], mode: Mode) -> ReadTable:
    table = ReadTable(shape)
    letters = _ACCESS[mode]
    for item in shape.fields:
        if not any(letter in item.access for letter in letters):
            continue
        read = _read_of(item, mode)
        if item.attribute is not None:
            table.attributes[item.attribute] = (item.name, read or str)
            continue
        if item.content:
            table.content = (item.name, read or str)
            table.fallback = bool(item.path)
        if not item.path:
            continue
        *wrappers, last = item.path
        place = table
        for wrapper in wrappers:
            known = place.entries.get(wrapper)
            if known is None:
                known = place.entries[wrapper] = (None, None, ReadTable(shape), False)
            elif known[0] is not None:
                raise TypeError(f"{shape.name}: <{wrapper}> is both a field and a wrapper")
            place = known[2]
        if item.many and wrappers:
            place.lists = (*place.lists, item.name)
        if item.shape is not None:
            nested = Nested(item.shape, mode)
            place.entries[last] = (item.name, None, nested, item.many)
            if item.bare:
                place.bare = (item.name, nested)
        else:
            place.entries[last] = (item.name, read, None, item.many)
    return table


def _read_of(item: Field, mode: Mode) -> Callable[[str], Any] | None:
    codec = item.codec
    if codec is None:
        return None
    if mode != "answer":
        return codec.read_request
    if type(codec) is Text and codec.empty == "" and not codec.none:
        return None
    return codec.read


@dataclass(frozen=True, slots=True)
class WriteEntry:
    """How one field is written: ``head`` + text + ``tail``."""

    field: Field
    head: str
    tail: str
    empty: str
    """The empty tag that clears it."""
    write: Callable[[Any], str] | None
    """None for a nested record, an attribute or a file."""
    mode: Mode
    item_head: str = ""
    item_tail: str = ""
    shared: bool = False
    """Its outermost wrapper also holds other fields, so the wrapper is written once for all of them."""
    binary: bool = False

    def nested(self) -> Shape[Any]:
        assert self.field.shape is not None
        return self.field.shape()


def _compile_writer(shape: Shape[Any], mode: Mode) -> dict[str, WriteEntry]:
    letters = _ACCESS[mode]
    taking = [item for item in shape.fields if any(letter in item.access for letter in letters)]
    wrappers = [item.path[0] for item in taking if len(item.path) > 1]
    table: dict[str, WriteEntry] = {}
    for item in taking:
        outer = item.path[:-1]
        last = item.path[-1] if item.path else ""
        opening = "".join(f"<{name}>" for name in outer)
        closing = "".join(f"</{name}>" for name in reversed(outer))
        item_head, item_tail = (f"<{last}>", f"</{last}>") if last else ("", "")
        inner = item.many or item.shape is not None
        head, tail = (opening, closing) if inner else (opening + item_head, item_tail + closing)
        binary = isinstance(item.codec, Binary)
        table[item.name] = WriteEntry(
            field=item,
            head=head,
            tail=tail,
            empty=opening + closing if item.many and outer else _empty(opening, last, closing),
            write=item.codec.write if item.codec is not None and not binary else None,
            mode=mode,
            item_head=item_head,
            item_tail=item_tail,
            shared=len(item.path) > 1 and wrappers.count(item.path[0]) > 1,
            binary=binary,
        )
    return table


def _empty(opening: str, last: str, closing: str) -> str:
    return f"{opening}<{last}/>{closing}" if last else ""
