"""From arguments to the XML of a request, by the tables of :mod:`.shape`."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any, Final

from .errors import ArgumentError
from .record import Raw, Record
from .scalars import escape
from .shape import Field, Mode, Shape, WriteEntry
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


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a multipart request. The document refers to it as ``cid:`` + ``content_id``."""

    content_id: str
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


class Writer:
    """Writes arguments as XML; collects the files among them in ``parts``."""

    __slots__ = ("_read", "parts")

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._read: dict[int, Upload] = {}

    def sent(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """``values`` with the files that were read in the place of what they were read from.

        An open file is used up by reading; whoever looks at the arguments later has to see what was in it.
        """
        found: Mapping[str, Any] = self._swapped(values) if self._read else values
        return found

    def _swapped(self, value: Any) -> Any:
        if id(value) in self._read:
            return self._read[id(value)]
        if isinstance(value, Mapping):
            return {name: self._swapped(inner) for name, inner in value.items()}
        return [self._swapped(inner) for inner in value] if isinstance(value, list) else value

    def fields(
        self, table: Mapping[str, WriteEntry], values: Mapping[str, Any], path: str = ""
    ) -> str:
        """The elements of ``values``, in their order; what is UNSET is left out."""
        out: list[str] = []
        together: dict[str, tuple[int, list[tuple[WriteEntry, Any]]]] | None = None
        for name, value in values.items():
            if value is UNSET:
                continue
            try:
                entry = table[name]
            except KeyError:
                raise _unexpected(name, table, path) from None
            if entry.shared:
                if together is None:
                    together = {}
                outer = entry.field.path[0]
                if outer not in together:
                    together[outer] = (len(out), [])
                    out.append("")
                together[outer][1].append((entry, value))
                continue
            write = entry.write
            if write is not None and not entry.field.many and value is not None:
                try:
                    text = write(value)
                except ValueError as error:
                    raise _wrong(error, path + name, entry.field) from None
                out.append(f"{entry.head}{text}{entry.tail}")
            else:
                out.append(self._other(entry, value, path + name))
        if together is not None:
            for outer, (index, members) in together.items():
                inner = "".join(self._below(entry, value, path) for entry, value in members)
                out[index] = f"<{outer}>{inner}</{outer}>"
        return "".join(out)

    def _below(self, entry: WriteEntry, value: Any, path: str) -> str:
        """One of several fields in a common wrapper, without that wrapper."""
        text = self._one(entry, value, path + entry.field.name)
        outer = entry.field.path[0]
        return text.removeprefix(f"<{outer}>").removesuffix(f"</{outer}>")

    def _one(self, entry: WriteEntry, value: Any, path: str) -> str:
        if entry.write is not None and not entry.field.many and value is not None:
            try:
                return f"{entry.head}{entry.write(value)}{entry.tail}"
            except ValueError as error:
                raise _wrong(error, path, entry.field) from None
        return self._other(entry, value, path)

    def _other(self, entry: WriteEntry, value: Any, path: str) -> str:
        """An empty tag, a list, a nested record, a file."""
        if value is None:
            if not entry.field.clear:
                raise ArgumentError("cannot be cleared: give a value, or leave it out", path=path)
            return entry.empty
        nested = entry.field.shape is not None
        if not entry.field.many:
            text = self._nested(entry, value, path) if nested else self._item(entry, value, path)
            return f"{entry.head}{text}{entry.tail}"
        if not is_list(value):
            raise ArgumentError(f"should be a list, not {type(value).__name__}", path=path)
        out = [entry.head]
        for index, item in enumerate(value):
            place = f"{path}[{index}]"
            if nested:
                out.append(self._nested(entry, item, place))
            else:
                out.append(f"{entry.item_head}{self._item(entry, item, place)}{entry.item_tail}")
        out.append(entry.tail)
        return "".join(out)

    def _item(self, entry: WriteEntry, value: Any, path: str) -> str:
        try:
            if entry.binary and not isinstance(value, Raw):
                return self._file(entry.field, value)
            if value is None:
                raise ValueError("a value, not None")
            return entry.write(value) if entry.write is not None else escape(value)
        except ValueError as error:
            raise _wrong(error, path, entry.field) from None

    def _file(self, item: Field, value: Any) -> str:
        upload = as_upload(value, item.name)
        content_id = item.name if not self.parts else f"{item.name}-{len(self.parts) + 1}"
        self.parts.append(Part(content_id, upload))
        self._read[id(value)] = upload
        return f"cid:{content_id}"

    def _nested(self, entry: WriteEntry, value: Any, path: str) -> str:
        """A nested record with its element."""
        shape = entry.nested()
        if isinstance(value, Record):
            value = writable(value, shape, entry.mode)
        if not isinstance(value, Mapping):
            raise ArgumentError(
                f"should be a mapping of its fields, not {type(value).__name__}", path=path
            )
        for item in shape.fields:
            if required(item, entry.mode) and value.get(item.name) in (None, UNSET):
                raise ArgumentError("is required", path=f"{path}.{item.name}")
        return self.element(entry.field.path[-1], shape.writer(entry.mode), value, f"{path}.")

    def element(
        self, tag: str, table: Mapping[str, WriteEntry], values: Mapping[str, Any], path: str = ""
    ) -> str:
        """An element that holds ``values``: some as attributes, the others inside."""
        attributes = [name for name in values if name in table and table[name].field.attribute]
        if not attributes:
            return f"<{tag}>{self.fields(table, values, path)}</{tag}>"
        inside = {name: value for name, value in values.items() if name not in attributes}
        head = tag
        for name in attributes:
            text = self._attribute(table[name], values[name], path + name)
            head += "" if text is None else f' {table[name].field.attribute}="{text}"'
        return f"<{head}>{self.fields(table, inside, path)}</{tag}>"

    def _attribute(self, entry: WriteEntry, value: Any, path: str) -> str | None:
        if value is None or value is UNSET:
            return None
        assert entry.write is not None
        try:
            text = entry.write(value)
        except ValueError as error:
            raise _wrong(error, path, entry.field) from None
        return text.replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


def is_list(value: object) -> bool:
    """Whether a value can be sent as a list: a sequence, since an iterator can be looked at only once."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))


def required(item: Field, mode: Mode) -> bool:
    """Whether a request of this mode must have the field."""
    if mode == "update":
        return "u" in item.required
    return bool(item.required) if mode == "write" else "c" in item.required


def writable(record: Record, shape: Shape[Any], mode: Mode) -> dict[str, Any]:
    """The part of a record that was read which may be sent back: no read-only field, nothing that was absent."""
    table = shape.writer(mode)
    values = {}
    for item in fields(record):  # type: ignore[arg-type]
        value = getattr(record, item.name)
        if item.name in table and value is not None and value != []:
            values[item.name] = value
    return values


def _unexpected(name: str, table: Iterable[str], path: str) -> ArgumentError:
    known = list(table)
    near = get_close_matches(str(name), known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
    return ArgumentError(f"is not known here{hint}", path=f"{path}{name}")


def _wrong(error: ValueError, path: str, item: Field) -> ArgumentError:
    if isinstance(error, ArgumentError):
        return error
    if item.sensitive:  # the reason would show the value
        return ArgumentError("is no value that can be sent", path=path)
    return ArgumentError(f"should be {error}", path=path)
