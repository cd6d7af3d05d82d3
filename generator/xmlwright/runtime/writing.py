"""From arguments to the XML of a request, by the tables of :mod:`.shape`."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from lxml import etree

from .errors import ArgumentError, Problem
from .record import Arguments, Raw, Record, field_names
from .scalars import write_text
from .schema import FieldSpec, Mode, RecordSchema, WriteEntry, WriteTable
from .unset import UNSET

_MEDIA: Final = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:\s*;[ -~]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send: its bytes, the name the server sees, and its media type.

    Raises:
        ArgumentError: the content is not bytes, or the media type is none.
    """

    content: bytes
    name: str = "file"
    media: str = ""
    """Such as ``image/png``; when left out, what the first bytes tell, else the ending of the name."""

    def __post_init__(self) -> None:
        if not isinstance(self.content, bytes):
            raise ArgumentError(
                f"should be bytes, not {type(self.content).__name__}", path="content"
            )
        if not self.media:
            object.__setattr__(self, "media", _media(self.name, self.content))
        elif _MEDIA.fullmatch(self.media) is None:
            raise ArgumentError(
                f"should be a media type such as 'image/png', not {self.media!r}", path="media"
            )

    def __repr__(self) -> str:
        return f"Upload({len(self.content)} bytes, {self.name!r}, {self.media!r})"


class Part(NamedTuple):
    """One part of a multipart request beside the document."""

    name: str
    """Name of the part, or its content ID: the document then refers to it as ``cid:`` + ``name``."""
    upload: Upload


MEDIA_BY_ENDING = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".pdf": "application/pdf",
    ".xml": "application/xml",
    ".txt": "text/plain",
}


_MEDIA_BY_START: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png", ".png"),
    (b"\xff\xd8\xff", "image/jpeg", ".jpg"),
    (b"GIF8", "image/gif", ".gif"),
    (b"%PDF-", "application/pdf", ".pdf"),
)


def is_open_file(value: object) -> bool:
    """Whether a value is read with ``read()``, which uses it up."""
    return callable(getattr(value, "read", None))


def as_upload(value: object, name: str) -> Upload:
    """An :class:`Upload` from bytes, a path or an open file. Raises ValueError for anything else."""
    if isinstance(value, Upload):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        content = bytes(value)
        endings = (ending for start, _, ending in _MEDIA_BY_START if content.startswith(start))
        return Upload(_full(content), name + next(endings, ""))
    if isinstance(value, os.PathLike):
        path = os.fsdecode(value)
        try:
            with open(path, "rb") as file:
                return Upload(_full(file.read()), os.path.basename(path))
        except OSError as error:
            raise ValueError(f"a file that can be read, not {path!r}: {error.strerror}") from None
    if isinstance(value, str):
        raise ValueError(
            "an Upload, bytes, a path or a binary file; put a str that is a path in pathlib.Path"
        )
    if isinstance(value, io.TextIOBase):
        raise ValueError("a file opened in binary mode")
    if is_open_file(value):  # read now and whole, so that a repeated request is never empty
        return _read(value, name)
    raise ValueError(f"an Upload, bytes, a path or a binary file, not {type(value).__name__}")


def _read(file: Any, name: str) -> Upload:
    try:
        content = file.read()
    except OSError as error:
        raise ValueError(f"a file that can be read: {error.strerror or error}") from None
    if not isinstance(content, bytes):
        raise ValueError("a file opened in binary mode")
    if not content:
        raise ValueError("a file that is not empty, and not read to its end before")
    path = getattr(file, "name", None)
    return Upload(content, os.path.basename(path) if isinstance(path, str) else name)


def _full(content: bytes) -> bytes:
    if not content:
        raise ValueError("a file that is not empty")
    return content


def _media(path: str, content: bytes) -> str:
    for start, media, _ in _MEDIA_BY_START:
        if content.startswith(start):
            return media
    ending = os.path.splitext(path)[1].lower()
    return MEDIA_BY_ENDING.get(ending, "application/octet-stream")


NOT_CLEARED: Final = "cannot be cleared: give a value, or leave it out"
NOT_SENDABLE: Final = "is no value that can be sent"
"""What is said of a sensitive value, because a reason would show it."""


class Writer:
    """Writes arguments as XML; collects the files among them in ``parts``.

    An error says where it is from the inside out: the writer of each part puts the name of that part before the path.
    """

    __slots__ = ("_read", "nil", "parts")

    def __init__(self, nil: str = "") -> None:
        self.nil = nil
        """The attribute of an element that means None, as XML; empty where an empty tag does."""
        self.parts: list[Part] = []
        self._read: dict[int, Upload] = {}

    def sent(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """``values`` with the files that were read in the place of what they were read from.

        Reading uses up an open file; code that looks at the arguments later needs its content.
        """
        found: Mapping[str, Any] = self._swapped(values) if self._read else values
        return found

    def _swapped(self, value: Any) -> Any:
        if id(value) in self._read:
            return self._read[id(value)]
        if isinstance(value, Mapping):
            return {name: self._swapped(inner) for name, inner in value.items()}
        return [self._swapped(inner) for inner in value] if isinstance(value, list) else value

    def fields(self, table: WriteTable, values: Mapping[str, Any]) -> str:
        """Return the elements of ``values`` in the order of the description; what is UNSET is left out."""
        out: list[str] = []
        self._fields(out, table, values)
        return "".join(out)

    def element(
        self, tag: str, table: WriteTable, values: Mapping[str, Any], attributes: str = ""
    ) -> str:
        """Return an element that holds ``values``: some as attributes, the others inside.

        Args:
            tag: name of the element.
            table: the fields.
            values: name of a field -> its value.
            attributes: further attributes, as XML.
        """
        out: list[str] = []
        self._element(out, tag + attributes, f"</{tag}>", table, values)
        return "".join(out)

    def split(self, table: WriteTable, values: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Return the values that are elements, and the others as attributes in XML."""
        inside: dict[str, Any] = {}
        head = ""
        for name in table.in_order(tuple(values)):
            if name in table.attributes:
                head += self._attribute(table[name], values[name])
            else:
                inside[name] = values[name]
        return inside, head

    def _fields(self, out: list[str], table: WriteTable, values: Mapping[str, Any]) -> None:
        if table.tree:
            self._tree(out, table, values)
            return
        plain = table.plain
        names = tuple(values)
        for name in table.orders.get(names) or table.in_order(names):
            value = values[name]
            if value is UNSET:
                continue
            found = plain.get(name)
            if found is not None and value is not None:
                head, write, tail = found
                if (  # a text without markup, as most are: what escape() would find, without calling it
                    write is None
                    and type(value) is str
                    and value.isprintable()
                    and "&" not in value
                    and "<" not in value
                    and ">" not in value
                ):
                    out.append(f"{head}{value}{tail}")
                    continue
                try:
                    out.append(f"{head}{(write or write_text)(value)}{tail}")
                except ValueError as error:
                    raise refusal(error, name, table[name].field) from None
                continue
            entry = table.get(name)
            if entry is None:
                raise _unexpected(name, table)
            self._other(out, entry, value)

    def _tree(self, out: list[str], table: WriteTable, values: Mapping[str, Any]) -> None:
        """Write fields that share elements: wrappers around several of them, and elements with attributes."""
        root = _Node("")
        for name in table.in_order(tuple(values)):
            value = values[name]
            if value is UNSET:
                continue
            entry = table.get(name)
            if entry is None:
                raise _unexpected(name, table)
            item = entry.field
            if item.attribute is not None:
                root.below(entry.tags).attributes += self._attribute(entry, value)
                continue
            inside: list[str] = []
            self._other(inside, entry, value)
            text = "".join(inside)
            if value is None or item.many or item.shape is not None:
                text = text.removeprefix(entry.opening).removesuffix(entry.closing)
                root.below(entry.tags[:-1]).inside.append(text)
            else:
                text = text[len(entry.head) : len(text) - len(entry.tail)]
                root.below(entry.tags).inside.append(text)
        root.write_inside(out)

    def _other(self, out: list[str], entry: WriteEntry, value: Any) -> None:
        """Write an empty tag, a list, a map, a nested record or a file."""
        item = entry.field
        if value is None:
            if not item.clear:
                raise ArgumentError(NOT_CLEARED, path=item.name)
            out.append(entry.cleared(self.nil))
            return
        out.append(entry.head)
        if item.map:
            self._map(out, entry, value)
        elif not item.many:
            try:
                if item.shape is None:
                    out.append(self._text(entry, value))
                else:
                    self._record(out, entry, entry.table, value)
            except ArgumentError as error:
                raised_inside(item.name, error, item)
                raise
        elif not is_list(value):
            raise ArgumentError(f"should be a list, not {type(value).__name__}", path=item.name)
        else:
            self._list(out, entry, value)
        out.append(entry.tail)

    def _list(self, out: list[str], entry: WriteEntry, items: Iterable[Any]) -> None:
        table = entry.table if entry.field.shape is not None else None
        index = 0
        try:
            for item in items:
                if table is not None:
                    self._record(out, entry, table, item)
                else:
                    out.append(f"{entry.item_head}{self._text(entry, item)}{entry.item_tail}")
                index += 1
        except ArgumentError as error:
            raised_inside(f"{entry.field.name}[{index}]", error, entry.field)
            raise

    def _map(self, out: list[str], entry: WriteEntry, value: Any) -> None:
        """Write a map: an element for each key, or elements that are named after the keys."""
        item = entry.field
        if not isinstance(value, Mapping):
            raise ArgumentError(f"should be a mapping, not {type(value).__name__}", path=item.name)
        named = item.path[-1] == "*"
        for key, inner in value.items():
            try:
                if not named:
                    first, second = entry.table
                    self._record(out, entry, entry.table, {first: key, second: inner})
                    continue
                tag = element_name(key)
                if item.shape is not None:
                    self._element(out, tag, f"</{tag}>", entry.table, inner)
                else:
                    out.append(f"<{tag}>{self._text(entry, inner)}</{tag}>")
            except ArgumentError as error:
                raised_inside(f"{item.name}[{key!r}]", error, item)
                raise

    def _record(self, out: list[str], entry: WriteEntry, table: WriteTable, value: Any) -> None:
        """Write a nested record with its element."""
        if type(value) is not dict:
            if isinstance(value, Record):
                value = sendable(value, table)
            elif not isinstance(value, Mapping):
                raise ArgumentError(
                    f"should be a mapping of its fields, not {type(value).__name__}"
                )
        # A document that was read is built as it was, whatever it lacks.
        if not isinstance(value, Arguments):
            check_required(table, value)
        try:
            self._element(out, entry.item_head[1:-1], entry.item_tail, table, value)
        except ArgumentError as error:
            raised_inside(".", error)
            raise

    def _text(self, entry: WriteEntry, value: Any) -> str:
        try:
            if entry.binary and not isinstance(value, Raw):
                return self._file(entry.field, value)
            return entry.text_of(value)
        except ValueError as error:
            raise refusal(error, "", entry.field) from None

    def _file(self, item: FieldSpec, value: Any) -> str:
        content_id = item.name if not self.parts else f"{item.name}-{len(self.parts) + 1}"
        self.attach(content_id, item, value)
        return f"cid:{content_id}"

    def attach(self, name: str, item: FieldSpec, value: Any) -> None:
        """Add the part of a file. Raises ValueError for what is not one."""
        upload = as_upload(value, item.name)
        self.parts.append(Part(name, upload))
        self._read[id(value)] = upload

    def _element(
        self, out: list[str], head: str, tail: str, table: WriteTable, values: Mapping[str, Any]
    ) -> None:
        if not table.attributes:
            out.append(f"<{head}>")
            self._fields(out, table, values)
        else:
            inside, attributes = self.split(table, values)
            out.append(f"<{head}{attributes}>")
            self._fields(out, table, inside)
        out.append(tail)

    def _attribute(self, entry: WriteEntry, value: Any) -> str:
        if value is UNSET:
            return ""
        if value is None and not entry.field.clear:
            raise ArgumentError(NOT_CLEARED, path=entry.field.name)
        try:
            text = "" if value is None else entry.text_of(value)
        except ValueError as error:
            raise refusal(error, entry.field.name, entry.field) from None
        text = text.replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
        return f' {entry.field.attribute}="{text}"'


class _Node:
    """An element that several fields share, before it is written."""

    __slots__ = ("attributes", "children", "head", "inside")

    def __init__(self, head: str) -> None:
        self.head = head
        self.attributes = ""
        self.inside: list[str | _Node] = []
        self.children: dict[str, _Node] = {}

    def below(self, heads: Iterable[str]) -> _Node:
        """Return the element at the end of a path, made where there is none."""
        node = self
        for head in heads:
            found = node.children.get(head)
            if found is None:
                found = node.children[head] = _Node(head)
                node.inside.append(found)
            node = found
        return node

    def write_inside(self, out: list[str]) -> None:
        """Write everything inside of the element."""
        for item in self.inside:
            if isinstance(item, str):
                out.append(item)
                continue
            out.append(f"<{item.head}{item.attributes}>")
            item.write_inside(out)
            out.append(f"</{item.head.partition(' ')[0]}>")


def check_required(table: WriteTable, values: Mapping[str, Any]) -> None:
    """Raise ArgumentError for a required field without a value, or a choice without exactly one."""
    for name in table.required:
        if values.get(name) in (None, UNSET):
            raise ArgumentError("is required", path=f".{name}")
    for names in table.one_of:
        given = [name for name in names if values.get(name, UNSET) is not UNSET]
        if len(given) != 1:
            raise ArgumentError(f"needs exactly one of {', '.join(names)}")


def element_name(key: object) -> str:
    """Return a key of a map as the name of an element. Raises ArgumentError where it cannot be one."""
    try:
        name = etree.QName(str(key))
    except ValueError:
        name = None
    if name is None or name.namespace or ":" in name.localname:
        raise ArgumentError(f"has a key that is not an XML name: {key!r}")
    return str(name.localname)


def is_list(value: object) -> bool:
    """Whether a value can be sent as a list: a sequence, since an iterator can be looked at only once."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))


def writable(record: Record, shape: RecordSchema[Any], mode: Mode) -> dict[str, Any]:
    """The part of a record that was read which may be sent back: no read-only field, nothing that was absent."""
    return sendable(record, shape.writer(mode))


def sendable(record: Record, table: WriteTable) -> dict[str, Any]:
    """Return the fields of a record that a table writes, without those that are None or empty lists."""
    values = {}
    for name in field_names(record):
        value = getattr(record, name)
        if name in table and value is not None and value != [] and value != {}:
            values[name] = value
    return values


def with_ids(schema: RecordSchema[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments with IDs in place of the records that were given for them."""
    return {
        name: _id_of(schema.by_name[name], value) if name in schema.by_name else value
        for name, value in values.items()
    }


def _id_of(item: FieldSpec, value: Any) -> Any:
    if type(value) in (list, tuple):
        return [_id_of(item, inner) for inner in value]
    if item.shape is not None:
        return (
            with_ids(item.shape(), value) if isinstance(value, Mapping) and not item.map else value
        )
    if item.of is not None and isinstance(value, Record):
        name = item.of.get(type(value).__name__)
        return value if name is None else getattr(value, name)
    return value


def _unexpected(name: str, table: Iterable[str]) -> ArgumentError:
    from difflib import get_close_matches  # slow to import, and only mistakes need it

    known = list(table)
    near = get_close_matches(str(name), known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
    return ArgumentError(f"is not known here{hint}", path=str(name))


def raised_inside(outer: str, error: ArgumentError, item: FieldSpec | None = None) -> None:
    """Put the name of an outer field before the path of an error."""
    error.path = outer + error.path
    if item is not None and item.sensitive and error.message.startswith("should be"):
        error.message = NOT_SENDABLE
    error.problems = (Problem(error.path, error.message),)


def refusal(error: ValueError, path: str, item: FieldSpec) -> ArgumentError:
    """Return the error for a value that cannot be sent; a sensitive one is not shown."""
    if isinstance(error, ArgumentError):
        return error
    if item.sensitive:  # the reason would show the value
        return ArgumentError(NOT_SENDABLE, path=path)
    return ArgumentError(f"should be {error}", path=path)
