"""Tables that say how records stand in XML, compiled once into the form that reading and writing use.

A generated module holds one :class:`Shape` a record and one a method's arguments; everything else that needs to know
the fields (reading, writing, redaction, the dynamic door) reads these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Generic, Literal, TypeVar

from .scalars import Binary, Codec, Text, escape

T = TypeVar("T")

Mode = Literal["response", "create", "update", "write"]
"""Which fields take part: those of responses, those a create or an update accepts, or all writable ones."""

_ACCESS: Final[dict[str, str]] = {"response": "r", "create": "c", "update": "u", "write": "cu"}
_CACHED_TAGS: Final = 4096
_CACHED_ORDERS: Final = 256


class FieldSpec:
    """One field of a record, or one argument of a method. Immutable by convention.

    Neither this nor :class:`WriteEntry` is a dataclass: a program makes thousands of them while it starts.
    """

    __slots__ = (
        "access", "attribute", "bare", "clear", "codec", "content", "discarded", "fallbacks", "indexed", "join", "location", "many", "map",
        "max_bytes", "max_length", "maximum", "media", "minimum", "name", "namespaces", "of", "path", "places", "required", "sensitive", "shape",
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
        location: tuple[str, str] | None = None,
        map: bool = False,
        fallbacks: tuple[str, ...] = (),
        namespaces: tuple[str, ...] = (),
        indexed: str | None = None,
        join: str | None = None,
        of: Mapping[str, str] | None = None,
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
        self.location = location
        """Place outside of the document: ``(source, name)``, such as ``("query", "page")``."""
        self.map = map
        """A ``dict``: each item of the list is a key and a value. ``*`` as the last element of the path: the names of
        the elements are the keys."""
        self.fallbacks = fallbacks
        """Further places, as a description writes them, where the value is read if the first is missing."""
        self.namespaces = namespaces
        """Default namespaces of the last elements of the path, the innermost last; empty for inherited ones."""
        self.indexed = indexed
        """Template of the names of its parameters, in place of that of the API."""
        self.join = join
        """What a list is joined by in one parameter."""
        self.of = of
        """For an ID, the records that are accepted in its place: name of the class -> its field."""

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
        elsewhere = facts.get("attribute") or facts.get("content") or facts.get("location")
        path = "" if elsewhere else name
    parts = tuple(path.split("/")) if path else ()
    if isinstance(kind, Codec):
        return FieldSpec(name, kind, parts, **facts)
    return FieldSpec(name, None, parts, shape=kind, **facts)


class RecordSchema(Generic[T]):
    """The fields of one record. ``make`` is the record's class, or None for the arguments of a method."""

    __slots__ = ("_readers", "_writers", "by_name", "fields", "identity", "make", "name", "one_of")

    def __init__(
        self,
        name: str,
        make: Callable[..., T] | None,
        fields: Iterable[FieldSpec],
        *,
        identity: str | None = None,
        one_of: tuple[tuple[str, ...], ...] = (),
    ) -> None:
        self.name = name
        self.one_of = one_of
        """Groups of fields of which a request has exactly one."""
        self.identity = identity
        """The field that names a record of this shape."""
        self.make = make
        self.fields = tuple(fields)
        self.by_name: Mapping[str, FieldSpec] = {item.name: item for item in self.fields}
        self._readers: dict[str, ReadTable] = {}
        self._writers: dict[str, WriteTable] = {}

    def __repr__(self) -> str:
        return f"<Shape {self.name}>"

    def located(self, mode: Mode) -> dict[str, FieldSpec]:
        """Return the fields that are sent outside of the document."""
        letters = _ACCESS[mode]
        return {
            item.name: item
            for item in self.fields
            if item.location is not None and any(letter in item.access for letter in letters)
        }

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
#   (name, None, RAW_XML)       everything inside the element, as XML
#   (name, read, NAMED)         one text of a map whose keys are the names of the elements
#   (None, None, UNDESCRIBED)   not described
ReadEntry = tuple[Any, Any, Any]

REPEATED: Final = object()
RAW_XML: Final = object()
NAMED: Final = object()
UNDESCRIBED: Final = object()
_UNDESCRIBED_ENTRY: Final[ReadEntry] = (None, None, UNDESCRIBED)


class Nested:
    """A nested record in a read table; compiled when first met, because records may contain themselves."""

    __slots__ = ("_mode", "_shape", "many", "map", "named", "ready")

    def __init__(
        self,
        shape: Callable[[], RecordSchema[Any]],
        mode: Mode,
        *,
        many: bool = False,
        map: bool = False,
        named: bool = False,
    ) -> None:
        self._shape = shape
        self._mode: Mode = mode
        self.ready: ReadTable | None = None
        """The table, once it was asked for."""
        self.many = many
        """A list of records."""
        self.map = map
        """Each record is a key and a value of a map."""
        self.named = named
        """The name of the element is the key of a map, and the record its value."""

    @property
    def table(self) -> ReadTable:
        """The table of the nested record."""
        if self.ready is None:
            self.ready = self._shape().reader(self._mode)
        return self.ready


class ReadTable:
    """How the children of one element are read."""

    __slots__ = (
        "attributes", "bare", "content", "entries", "fallback", "fallbacks", "lists", "located", "make", "rest", "shape", "tags", "texts",
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
        self.lists: tuple[tuple[str, Callable[[], Any]], ...] = ()
        """Lists and maps that this wrapper holds, so that an empty wrapper differs from a missing one."""
        self.rest: ReadEntry = _UNDESCRIBED_ENTRY
        """What elements are that no entry describes."""
        self.fallbacks: tuple[tuple[str, str], ...] = ()
        """Field, and the name that its value has when read from another place, in the order of the places."""
        self.located: tuple[tuple[str, tuple[str, str], Callable[[str], Any]], ...] = ()
        """Fields outside of the document: name, place, how the text is read."""

    def entry(self, tag: Any) -> ReadEntry:
        """The entry of a tag that :attr:`tags` does not hold yet."""
        local = tag.rpartition("}")[2] if isinstance(tag, str) else ""
        found = self.entries.get(local, self.rest)
        if len(self.tags) < _CACHED_TAGS:
            self.tags[tag] = found
        return found


def schema_of(sibling: str, module: str, name: str) -> Callable[[], RecordSchema[Any]]:
    """Return what imports the schema of a record when it is first needed.

    Args:
        sibling: full name of a module of the same package.
        module: the module with the schema.
        name: constant of the schema.
    """

    def schema() -> RecordSchema[Any]:
        from importlib import import_module

        package = sibling.rpartition(".")[0]
        found: RecordSchema[Any] = getattr(import_module(f"{package}.{module}"), name)
        return found

    return schema


def entry_schema(
    value: Codec | Callable[[], RecordSchema[Any]], key: str = "key", element: str = "value"
) -> Callable[[], RecordSchema[Any]]:
    """Return what makes the schema of an entry of a map.

    Args:
        value: codec, or schema, of the values.
        key: element of the key.
        element: element of the value.
    """
    made: list[RecordSchema[Any]] = []

    def schema() -> RecordSchema[Any]:
        if not made:
            fields = [field_spec("key", Text(), key), field_spec("value", value, element)]
            made.append(RecordSchema("entry", None, fields))
        return made[0]

    return schema


def _compile_reader(shape: RecordSchema[Any], mode: Mode) -> ReadTable:
    table = ReadTable(shape, mode)
    letters = _ACCESS[mode]
    for item in shape.fields:
        if not any(letter in item.access for letter in letters):
            continue
        read = _read_of(item, mode)
        if item.location is not None:
            if mode == "response" and item.location[0] in ("header", "status", "body"):
                table.located += ((item.name, item.location, read or str),)
            if not (item.path or item.attribute or item.content):
                continue
        if item.attribute is not None:
            _inside(table, item.path, mode).attributes[item.attribute] = (item.name, read or str)
        elif item.content and not item.path:
            table.content = (item.name, read or str)
        else:
            if item.content:
                table.content = (item.name, read or str)
                table.fallback = True
            _add_element(table, item, read, mode)
        for index, text in enumerate(item.fallbacks):
            name = f"{item.name} {index}"  # no field has such a name
            table.fallbacks += ((item.name, name),)
            if item.shape is None and not item.many:
                _add_text(table, name, text, read, mode)
            else:
                path = tuple(part for part in text.split("/") if part not in ("", "."))
                other = FieldSpec(
                    name, item.codec, path, shape=item.shape, many=item.many, map=item.map
                )
                _add_element(table, other, read, mode)
    return table


def _inside(table: ReadTable, path: Iterable[str], mode: Mode) -> ReadTable:
    """Return the table of the element at the end of a path, made where there is none."""
    for name in map(_local, path):
        found = table.entries.get(name)
        if found is None:
            found = table.entries[name] = (None, None, ReadTable(table.shape, mode))
        elif found[2] is None:  # a text whose element has attributes, too
            inner = ReadTable(table.shape, mode)
            inner.content = (found[0], found[1] or str)
            table.texts -= {found[0]}
            found = table.entries[name] = (None, None, inner)
        elif type(found[2]) is not ReadTable:
            raise TypeError(f"{table.shape.name}: <{name}> is both a field and a wrapper")
        table = found[2]
    return table


def _add_element(
    table: ReadTable, item: FieldSpec, read: Callable[[str], Any] | None, mode: Mode
) -> None:
    *wrappers, last = map(_local, item.path)
    place = _inside(table, wrappers, mode)
    if item.many and wrappers:
        place.lists = (*place.lists, (item.name, dict if item.map else list))
    if last == "*":  # the names of the elements are the keys
        if item.shape is None:
            place.rest = (item.name, read or str, NAMED)
        else:
            place.rest = (item.name, None, Nested(item.shape, mode, named=True))
    elif item.shape is not None:
        nested = Nested(item.shape, mode, many=item.many, map=item.map)
        place.entries[last] = (item.name, None, nested)
        if item.bare:
            place.bare = (item.name, nested)
    elif item.codec is not None and item.codec.name == "xml":
        place.entries[last] = (item.name, None, RAW_XML)
    elif item.many:
        place.entries[last] = (item.name, read, REPEATED)
    else:
        _add_one_text(place, item.name, last, read)


def _add_one_text(
    place: ReadTable, name: str, element: str, read: Callable[[str], Any] | None
) -> None:
    found = place.entries.get(element)
    if found is not None and type(found[2]) is ReadTable:  # its attributes are described, too
        found[2].content = (name, read or str)
        return
    place.entries[element] = (name, read, None)
    place.texts |= {name}


def _add_text(
    table: ReadTable, name: str, text: str, read: Callable[[str], Any] | None, mode: Mode
) -> None:
    """Add another place of a text, written as in a description."""
    path = [part for part in text.split("/") if part not in ("", ".")]
    if path and path[-1].startswith("@"):
        _inside(table, path[:-1], mode).attributes[path[-1][1:]] = (name, read or str)
    elif path:
        _add_one_text(_inside(table, path[:-1], mode), name, _local(path[-1]), read)
    else:
        table.content = (name, read or str)


def _local(name: str) -> str:
    """Return a name without its prefix."""
    return name.rpartition(":")[2]


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
        "_table", "binary", "closing", "empty", "field", "head", "item_head", "item_tail", "mode", "opening", "tags", "tail", "write",
    )  # fmt: skip

    def __init__(self, item: FieldSpec, mode: Mode) -> None:
        outer = item.path[:-1]
        last = item.path[-1] if item.path else ""
        tags = item.path if not item.namespaces else _tags(item)
        opening = "".join(f"<{tag}>" for tag in tags[:-1])
        closing = "".join(f"</{name}>" for name in reversed(outer))
        inner = item.many or item.shape is not None
        self.field = item
        self.mode: Mode = mode
        self.tags = tags
        """The names of the path, with the namespaces that they declare."""
        self.opening, self.closing = opening, closing
        self.item_head, self.item_tail = (f"<{tags[-1]}>", f"</{last}>") if last else ("", "")
        self.head = opening if inner else opening + self.item_head
        self.tail = closing if inner else self.item_tail + closing
        empty = f"{opening}<{tags[-1]}/>{closing}" if last else ""
        self.empty = opening + closing if item.many and outer else empty
        """The empty tag that clears it."""
        self.binary = isinstance(item.codec, Binary)
        self.write: Callable[[Any], str] | None = None
        """None for a nested record or a file."""
        if item.codec is not None and not self.binary:
            self.write = item.codec.write
        self._table: WriteTable | None = None

    def text_of(self, value: Any) -> str:
        """Return a value as XML character data. Raises ValueError for one that cannot be sent."""
        if value is None:
            raise ValueError("a value, not None")
        return self.write(value) if self.write is not None else escape(value)

    def cleared(self, nil: str) -> str:
        """Return the empty element that clears the field; ``nil`` is the attribute that it needs."""
        return self.empty.replace("/>", f"{nil}/>", 1) if nil else self.empty

    @property
    def table(self) -> WriteTable:
        """The table of a nested record."""
        if self._table is None:
            assert self.field.shape is not None
            self._table = self.field.shape().writer(self.mode)
        return self._table


class WriteTable(dict[str, WriteEntry]):
    """How the fields of one record, or the arguments of one method, are written, in the order of the description."""

    __slots__ = ("attributes", "one_of", "orders", "plain", "required", "tree")

    def __init__(self, shape: RecordSchema[Any], mode: Mode) -> None:
        letters = _ACCESS[mode]
        taking = [
            item
            for item in shape.fields
            if any(letter in item.access for letter in letters)
            and (item.path or item.attribute or item.content or item.location is None)
        ]
        super().__init__((item.name, WriteEntry(item, mode)) for item in taking)
        self.plain: dict[str, tuple[str, Callable[[Any], str] | None, str]] = {
            name: (entry.head, _write_of(entry), entry.tail)
            for name, entry in self.items()
            if entry.write is not None and not entry.field.many and not entry.field.map
        }
        """The commonest fields, those that are one text in an element: head, how the text is written, tail. None for
        text: looking for markup in place is faster than calling something that does."""
        self.attributes = frozenset(
            item.name for item in taking if item.attribute and not item.path
        )
        wrappers = [item.path[0] for item in taking if len(item.path) > 1]
        self.tree = len(wrappers) > len({*wrappers}) or any(
            item.attribute and item.path for item in taking
        )
        """Some fields share an element, so the elements are put together before they are written."""
        self.one_of = tuple(tuple(name for name in names if name in self) for names in shape.one_of)
        """Fields of which a request must have exactly one."""
        self.orders: dict[tuple[str, ...], tuple[str, ...]] = {}
        """Names as callers order them -> in the order of the description, as met so far."""
        self.required = tuple(item.name for item in shape.fields if required(item, mode))
        """What a request must have."""

    def in_order(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return names in the order of the description; ``names`` itself if that is its order."""
        found = self.orders.get(names)
        if found is None:
            known = tuple(name for name in self if name in names)
            found = (*known, *(name for name in names if name not in self))
            if found == names:
                found = names
            if len(self.orders) < _CACHED_ORDERS:
                self.orders[names] = found
        return found


def _tags(item: FieldSpec) -> tuple[str, ...]:
    """Return the names of the path with the namespaces that they declare."""
    spaces = ("",) * (len(item.path) - len(item.namespaces)) + item.namespaces
    return tuple(
        f'{name} xmlns="{uri}"' if uri else name
        for name, uri in zip(item.path, spaces, strict=True)
    )


def _write_of(entry: WriteEntry) -> Callable[[Any], str] | None:
    return None if type(entry.field.codec) is Text else entry.write


def required(item: FieldSpec, mode: Mode) -> bool:
    """Whether a request of this mode must have the field."""
    if mode == "update":
        return "u" in item.required
    return bool(item.required) if mode == "write" else "c" in item.required
