"""All problems of the arguments of a call, reported together before anything is sent."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from .errors import ArgumentError, Problem
from .record import Raw, Record
from .scalars import EnumCodec
from .schema import FieldSpec, Mode, RecordSchema, required
from .unset import UNSET
from .writing import NOT_SENDABLE, Upload, as_upload, is_list, is_open_file, writable

if TYPE_CHECKING:
    from .protocol import Paging


def problems(
    shape: RecordSchema[Any], values: Mapping[str, Any], mode: Mode, paging: Paging | None = None
) -> tuple[Problem, ...]:
    """Everything that keeps ``values`` from being sent or that the description says the server will refuse."""
    found = list(_record(shape, values, mode, ""))
    if paging is not None:
        size = values.get(paging.size, UNSET)
        if (
            type(size) is int
            and paging.maximum_size is not None
            and not 1 <= size <= paging.maximum_size
        ):
            found.append(
                Problem(paging.size, f"should be from 1 to {paging.maximum_size}, not {size}")
            )
        for name in paging.arguments:
            position = values.get(name, UNSET)
            if type(position) is int and position < paging.first:
                found.append(Problem(name, f"should be at least {paging.first}, not {position}"))
    return tuple(found)


def _record(
    shape: RecordSchema[Any],
    values: Mapping[str, Any],
    mode: Mode,
    path: str,
    sensitive: bool = False,
) -> Iterator[Problem]:
    table = shape.writer(mode)
    known = {**{name: entry.field for name, entry in table.items()}, **shape.located(mode)}
    for name, value in values.items():
        if name not in known:
            yield Problem(f"{path}{name}", not_known(str(name), known))
        elif value is not UNSET:
            yield from _field(known[name], value, mode, path + name, sensitive)
    for names in table.one_of:
        given = [name for name in names if values.get(name, UNSET) is not UNSET]
        if len(given) != 1:
            yield Problem(path.rstrip(".") or names[0], f"needs exactly one of {', '.join(names)}")
    for item in shape.fields:
        if required(item, mode) and values.get(item.name, UNSET) in (None, UNSET):
            yield Problem(path + item.name, "is required")


def not_known(name: str, known: Iterable[str]) -> str:
    """What to say of a name that is not among the known ones."""
    from difflib import get_close_matches

    names = list(known)
    near = get_close_matches(name, names, 1)
    return "is not known here" + (
        f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(names) or 'none'}"
    )


def _field(
    item: FieldSpec, value: Any, mode: Mode, path: str, sensitive: bool
) -> Iterator[Problem]:
    sensitive = sensitive or item.sensitive  # of a record: with all that is in it
    if value is None:
        if not item.clear and not required(item, mode):
            yield Problem(path, "cannot be cleared: give a value, or leave it out")
    elif item.map:
        yield from _map(item, value, mode, path, sensitive)
    elif not item.many:
        yield from _one(item, value, mode, path, sensitive)
    elif not is_list(value):
        yield Problem(path, f"should be a list, not {type(value).__name__}")
    else:
        for index, inner in enumerate(value):
            yield from _one(item, inner, mode, f"{path}[{index}]", sensitive)


def _map(item: FieldSpec, value: Any, mode: Mode, path: str, sensitive: bool) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(path, f"should be a mapping, not {type(value).__name__}")
        return
    inner = item
    if item.shape is not None and item.path[-1:] != ("*",):
        _, inner = item.shape().fields
    for key, one in value.items():
        yield from _one(inner, one, mode, f"{path}[{key!r}]", sensitive)


def _one(item: FieldSpec, value: Any, mode: Mode, path: str, sensitive: bool) -> Iterator[Problem]:
    if item.shape is not None:
        shape = item.shape()
        if isinstance(value, Record):
            value = writable(value, shape, mode)
        if isinstance(value, Mapping):
            yield from _record(shape, value, mode, f"{path}.", sensitive)
        else:
            yield Problem(path, f"should be a mapping of its fields, not {type(value).__name__}")
        return
    message = _wrong(item, value)
    if message is not None:
        yield Problem(path, NOT_SENDABLE if sensitive else message)


def _wrong(item: FieldSpec, value: Any) -> str | None:
    codec = item.codec
    assert codec is not None
    if isinstance(value, Raw):
        return None
    if value is None:
        return "should be a value, not None"
    try:
        if codec.name == "binary":
            return _file(item, value)
        text = codec.write(value)
    except ArgumentError as error:
        return error.message
    except ValueError as error:
        return f"should be {error}"
    if isinstance(codec, EnumCodec) and value not in (codec.sendable or codec.words):
        from difflib import get_close_matches

        near = get_close_matches(str(value), codec.sendable, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"should be {codec.expected}, not {value!r}{hint}"
    return _limits(item, value, text)


def _file(item: FieldSpec, value: Any) -> str | None:
    if is_open_file(value) and not isinstance(value, (Upload, io.TextIOBase)):
        return None  # looking into it would use it up; once the request is built, there is an Upload here
    upload = as_upload(value, item.name)
    media = upload.media.partition(";")[0].strip().lower()
    if item.media and media not in item.media:
        return f"should be {' or '.join(item.media)}, not {media}"
    if not upload.content:
        return "should be a file that is not empty"
    if item.max_bytes is not None and len(upload.content) > item.max_bytes:
        return f"should have at most {item.max_bytes:,} bytes, not {len(upload.content):,}"
    return None


def _limits(item: FieldSpec, value: Any, text: str) -> str | None:
    if item.max_length is not None and isinstance(value, str) and len(value) > item.max_length:
        return f"should have at most {item.max_length} characters, not {len(value)}"
    if item.minimum is None and item.maximum is None and item.places is None:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if item.minimum is not None and number < Decimal(item.minimum):
        return f"should be at least {item.minimum}, not {text}"
    if item.maximum is not None and number > Decimal(item.maximum):
        return f"should be at most {item.maximum}, not {text}"
    if item.places is not None and len(text.partition(".")[2].rstrip("0")) > item.places:
        return f"should have at most {item.places} decimal places, not {text}"
    return None
