"""Tables that say how records stand in XML, compiled once into the form that reading and writing use.

A generated module holds one :class:`Shape` a record and one a method's arguments; everything else that needs to know
the fields (reading, writing, redaction, the dynamic door) reads these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Generic, Literal, TypeVar

from .scalars import Binary, Codec, Text

T = TypeVar("T")

Mode = Literal["response", "create", "update", "write"]
"""Which fields take part: those of responses, those a create or an update accepts, or all writable ones."""

_ACCESS: Final[dict[str, str]] = {"response": "r", "create": "c", "update": "u", "write": "cu"}
_CACHED_TAGS: Final = 4096


class FieldSpec:
    """One field of a record, or one argument of a method. Nobody changes one after it was made.

    Neither this nor :class:`WriteEntry` is a dataclass: a program makes thousands of them while it starts.
    """

    __slots__ = (
        "access", "attribute", "bare", "clear", "codec", "content", "discarded", "many", "max_bytes", "max_length", "maximum", "media",
        "minimum", "name", "path", "places", "required", "sensitive", "shape",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        codec: Codec | None,
        path: tuple[str, ...],
        *,
        shape: Callable[[], RecordSchema[Any]] | None = None,
        many: bool = False,
        attribute: str | None = None,
        content: bool = False,
        bare: bool = False,
        access: str = "rcu",
        required: str = "",
        clear: bool = True,
        sensitive: bool = False,
        discarded: bool = False,
        max_length: int | None = None,
        minimum: str | None = None,
        maximum: str | None = None,
        places: int | None = None,
        media: tuple[str, ...] = (),
        max_bytes: int | None = None,
    ) -> None:
        self.name = name
        """Name in Python."""
        self.codec = codec
        """How its text is read and written; None for a nested record."""
        self.path = path
        """Elements from the record down to the value; empty for an attribute or the record's own text."""
        self.shape = shape
        """The nested record, called when first needed."""
        self.many = many
        """A list: the last element of the path repeats."""
        self.attribute = attribute
        self.content = content
        """Read from the record's own text: instead of an element where ``path`` is empty, else where that is
        missing."""
        self.bare = bare
        """The wrapper may hold one item's fields without the item's element."""
        self.access = access
        """Letters: r in responses, c in create requests, u in update requests."""
        self.required = required
        """Letters: c required in create requests, u in update requests."""
        self.clear = clear
        """Whether an empty tag may be sent."""
        self.sensitive = sensitive
        self.discarded = discarded
        """Accepted in requests but not saved."""
        self.max_length = max_length
        self.minimum = minimum
        self.maximum = maximum
        self.places = places
        self.media = media
        """Content types that a file may have; empty for any."""
        self.max_bytes = max_bytes

    def __repr__(self) -> str:
        return f"<Field {self.name}>"


def field_spec(
    name: str,
    kind: Codec | Callable[[], RecordSchema[Any]],
    path: str | None = None,
    **facts: Any,
) -> FieldSpec:
    """A :class:`Field`, written shortly: ``path`` is ``"a/b"``, by default the name; ``kind`` a codec or a shape."""
    if path is None:
        path = "" if facts.get("attribute") or facts.get("content") else name
    parts = tuple(path.split("/")) if path else ()
    if isinstance(kind, Codec):
        return FieldSpec(name, kind, parts, **facts)
    return FieldSpec(name, None, parts, shape=kind, **facts)


class RecordSchema(Generic[T]):
    """The fields of one record. ``make`` is the record's class, or None for the arguments of a method."""

    __slots__ = ("_readers", "_writers", "by_name", "fields", "identity", "make", "name")

    def __init__(
        self,
        name: str,
        make: Callable[..., T] | None,
        fields: Iterable[FieldSpec],
        *,
        identity: str | None = None,
    ) -> None:
        self.name = name
        self.identity = identity
        """The field that names a record of this shape."""
        self.make = make
        self.fields = tuple(fields)
        self.by_name: Mapping[str, FieldSpec] = {item.name: item for item in self.fields}
        self._readers: dict[str, ReadTable] = {}
        self._writers: dict[str, WriteTable] = {}

    def __repr__(self) -> str:
        return f"<Shape {self.name}>"

    def reader(self, mode: Mode) -> ReadTable:
        """The table that reads a record of this shape."""
        try:
            return self._readers[mode]
        except KeyError:
            table = self._readers[mode] = _compile_reader(self, mode)
            return table

    def writer(self, mode: Mode) -> WriteTable:
        """The table that writes a record of this shape, or the arguments of a method."""
        try:
            return self._writers[mode]
        except KeyError:
            table = self._writers[mode] = WriteTable(self, mode)
            return table


# Reading: an entry is a plain tuple, because one is looked up for every element of a document.
#   (name, read, None)          one text; read None: the text as it is
#   (name, read, REPEATED)      one text of several
#   (name, None, Nested)        a nested record
#   (None, None, ReadTable)     a wrapper whose children belong to the same record
#   (None, None, UNDESCRIBED)   nobody described it
ReadEntry = tuple[Any, Any, Any]

REPEATED: Final = object()
UNDESCRIBED: Final = object()
_UNDESCRIBED_ENTRY: Final[ReadEntry] = (None, None, UNDESCRIBED)


class Nested:
    """A nested record in a read table; compiled when first met, because records may contain themselves."""

    __slots__ = ("_mode", "_shape", "many", "ready")

    def __init__(
        self, shape: Callable[[], RecordSchema[Any]], mode: Mode, *, many: bool = False
    ) -> None:
        self._shape = shape
        self._mode: Mode = mode
        self.ready: ReadTable | None = None
        """The table, once it was asked for."""
        self.many = many
        """A list of records."""

    @property
    def table(self) -> ReadTable:
        if self.ready is None:
            self.ready = self._shape().reader(self._mode)
        return self.ready


class ReadTable:
    """How the children of one element are read."""

    __slots__ = (
        "attributes", "bare", "content", "entries", "fallback", "lists", "make", "shape", "tags", "texts",
    )  # fmt: skip

    def __init__(self, shape: RecordSchema[Any], mode: Mode) -> None:
        self.shape = shape
        self.make = shape.make if mode == "response" else None
        """The record's class; None where arguments are read."""
        self.entries: dict[str, ReadEntry] = {}
        """By local name, as described."""
        self.tags: dict[str, ReadEntry] = {}
        """By the whole tag, namespace included, as met so far."""
        self.texts: frozenset[str] = frozenset()
        """Names of the fields that are one text in an element of their own."""
        self.attributes: dict[str, tuple[str, Callable[[str], Any]]] = {}
        self.content: tuple[str, Callable[[str], Any]] | None = None
        self.fallback = False
        """The content is read only where the field's element is missing."""
        self.bare: tuple[str, Nested] | None = None
        self.lists: tuple[str, ...] = ()
        """Lists that this wrapper holds, so that an empty wrapper can be told from a missing one."""

    def entry(self, tag: Any) -> ReadEntry:
        """The entry of a tag that :attr:`tags` does not hold yet."""
        local = tag.rpartition("}")[2] if isinstance(tag, str) else ""
        found = self.entries.get(local, _UNDESCRIBED_ENTRY)
        if len(self.tags) < _CACHED_TAGS:
            self.tags[tag] = found
        return found


def _compile_reader(shape: RecordSchema[Any], mode: Mode) -> ReadTable:
    table = ReadTable(shape, mode)
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
                known = place.entries[wrapper] = (None, None, ReadTable(shape, mode))
            elif known[0] is not None:
                raise TypeError(f"{shape.name}: <{wrapper}> is both a field and a wrapper")
            place = known[2]
        if item.many and wrappers:
            place.lists = (*place.lists, item.name)
        if item.shape is not None:
            nested = Nested(item.shape, mode, many=item.many)
            place.entries[last] = (item.name, None, nested)
            if item.bare:
                place.bare = (item.name, nested)
        else:
            place.entries[last] = (item.name, read, REPEATED if item.many else None)
            if not item.many:
                place.texts |= {item.name}
    return table


def _read_of(item: FieldSpec, mode: Mode) -> Callable[[str], Any] | None:
    codec = item.codec
    if codec is None:
        return None
    if mode != "response":
        return codec.parse_request
    if type(codec) is Text and codec.empty == "" and not codec.none:
        return None
    return codec.read


class WriteEntry:
    """How one field is written: ``head`` + text + ``tail``."""

    __slots__ = (
        "_table", "binary", "empty", "field", "head", "item_head", "item_tail", "mode", "shared", "tail", "write",
    )  # fmt: skip

    def __init__(self, item: FieldSpec, mode: Mode, *, shared: bool) -> None:
        outer = item.path[:-1]
        last = item.path[-1] if item.path else ""
        opening = "".join(f"<{name}>" for name in outer)
        closing = "".join(f"</{name}>" for name in reversed(outer))
        inner = item.many or item.shape is not None
        self.field = item
        self.mode: Mode = mode
        self.item_head, self.item_tail = (f"<{last}>", f"</{last}>") if last else ("", "")
        self.head = opening if inner else opening + self.item_head
        self.tail = closing if inner else self.item_tail + closing
        empty = f"{opening}<{last}/>{closing}" if last else ""
        self.empty = opening + closing if item.many and outer else empty
        """The empty tag that clears it."""
        self.binary = isinstance(item.codec, Binary)
        self.write: Callable[[Any], str] | None = None
        """None for a nested record or a file."""
        if item.codec is not None and not self.binary:
            self.write = item.codec.write
        self.shared = shared
        """Its outermost wrapper also holds other fields, so the wrapper is written once for all of them."""

        self._table: WriteTable | None = None

    @property
    def table(self) -> WriteTable:
        """The table of a nested record."""
        if self._table is None:
            assert self.field.shape is not None
            self._table = self.field.shape().writer(self.mode)
        return self._table


class WriteTable(dict[str, WriteEntry]):
    """How the fields of one record, or the arguments of one method, are written, in the order of the description."""

    __slots__ = ("attributes", "plain", "required")

    def __init__(self, shape: RecordSchema[Any], mode: Mode) -> None:
        letters = _ACCESS[mode]
        taking = [item for item in shape.fields if any(letter in item.access for letter in letters)]
        wrappers = [item.path[0] for item in taking if len(item.path) > 1]
        super().__init__(
            (
                item.name,
                WriteEntry(
                    item, mode, shared=len(item.path) > 1 and wrappers.count(item.path[0]) > 1
                ),
            )
            for item in taking
        )
        self.plain: dict[str, tuple[str, Callable[[Any], str] | None, str]] = {
            name: (entry.head, _write_of(entry), entry.tail)
            for name, entry in self.items()
            if entry.write is not None and not entry.field.many and not entry.shared
        }
        """The commonest fields, those that are one text in an element: head, how the text is written, tail. None for
        text: looking for markup in place is faster than calling something that does."""
        self.attributes = frozenset(item.name for item in taking if item.attribute)
        self.required = tuple(item.name for item in shape.fields if required(item, mode))
        """What a request must have."""


def _write_of(entry: WriteEntry) -> Callable[[Any], str] | None:
    return None if type(entry.field.codec) is Text else entry.write


def required(item: FieldSpec, mode: Mode) -> bool:
    """Whether a request of this mode must have the field."""
    if mode == "update":
        return "u" in item.required
    return bool(item.required) if mode == "write" else "c" in item.required
