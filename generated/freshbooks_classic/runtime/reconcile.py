"""After a call whose outcome is unknown: finding what it may have made, by the fields that were sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal
from xml.sax.saxutils import unescape

from .errors import ApiError, ConfigurationError, OutcomeUnknownError
from .paging import Walk
from .record import Record
from .request import Method, PageResponse, RecordResponse, Request
from .scalars import Codec, Text, Uri
from .schema import FieldSpec, RecordSchema
from .unset import UNSET

if TYPE_CHECKING:
    from .registry import MethodRegistry

Verdict = Literal["same", "different", "not shown"]
"""What comparing one sent value with a record says."""

Search = Generator[Request[Any], Any, list[Record]]
"""Yields requests, is sent their values, and returns what was found."""

_WALKS = 3
"""How often a list is walked that keeps moving while it is looked through."""


def search(registry: MethodRegistry, error: OutcomeUnknownError) -> Search:
    """Look for the record that the call of ``error`` may have made, in the list where it would be.

    A record is found if it shows all that was sent; where a list shows less of a record than was sent, the record is
    fetched. An equal record that was there before is found too: only its number tells the two apart.

    Raises:
        ConfigurationError: what the call does cannot be recognized in a list.
        OutcomeUnknownError: the list moves too much, or does not give all of its rows.
    """
    made, rows, shape = _places(registry, error)
    sent = _compared(made.arguments, error.values, shape)
    if not sent:
        raise ConfigurationError(
            f"nothing that {error.method} sent can be recognized in {rows.name}: {error.look_up}"
        )
    filters = _filters(made, rows, error.values)
    why = ""
    for _ in range(_WALKS):
        found: dict[object, Record] = {}
        why = yield from _walk(registry, rows, shape, sent, filters, found)
        if found or not why:
            return list(found.values())
    raise OutcomeUnknownError(
        f"{rows.name} cannot tell whether the call was done: {why}",
        method=error.method,
        look_up=error.look_up,
        values=error.values,
    )


def _places(
    registry: MethodRegistry, error: OutcomeUnknownError
) -> tuple[Method[Any], Method[Any], RecordSchema[Any]]:
    """The method that was called, the list of its resource, and the table of the list's records."""
    resource, _, verb = (error.method or "").partition(".")
    name = f"{resource}.list"
    made = registry.methods.get(error.method or "")
    rows = registry.methods.get(name) if verb else None
    shape = rows.response.record if rows is not None else None
    if made is None or made.mode != "create" or rows is None or shape is None:
        raise ConfigurationError(f"there is no list to look {error.method} up in: {error.look_up}")
    return made, rows, shape


def _filters(made: Method[Any], rows: Method[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of the list that leave out what cannot be the record."""
    found: dict[str, Any] = {}
    for item in rows.arguments.fields:
        value = values.get(item.name)
        argument = made.arguments.by_name.get(item.name)
        if item.codec is None or item.many or argument is None or argument.discarded:
            continue
        if value is None or value is UNSET or isinstance(item.codec, (Text, Uri)):
            continue  # how exactly the server compares texts is unknown
        try:
            item.codec.write(value)
        except ValueError:
            continue
        found[item.name] = value
    paging = rows.protocol.paging
    for name in (*paging.arguments, paging.size):
        found.pop(name, None)
    if isinstance(rows.response, PageResponse) and paging.maximum_size is not None and paging.size:
        found[paging.size] = paging.maximum_size
    return found


def _walk(
    registry: MethodRegistry,
    rows: Method[Any],
    shape: RecordSchema[Any],
    sent: Sequence[tuple[FieldSpec, FieldSpec, Any]],
    filters: Mapping[str, Any],
    found: dict[object, Record],
) -> Generator[Request[Any], Any, str]:
    """Search the whole list. Return why a record may have been missed; empty where none was."""
    request: Request[Any] = rows.request(filters)
    walk: Walk[Any] | None = None
    if isinstance(rows.response, PageResponse):
        walk = Walk.of(request, quiet=True)
    while True:
        try:
            response = yield request
        except ApiError as error:
            if walk is None or not walk.refused(error):
                raise
            return walk.missing
        page = response if walk is None else walk.took(response)
        for row in page or ():
            if (yield from _matches(registry, rows, shape, sent, row)):
                name = getattr(row, shape.identity, None) if shape.identity else None
                found[id(row) if name is None else name] = row
        if walk is None:
            return ""
        if page is None or page.next is None:
            return "its rows moved while it was looked through" if walk.shifted else walk.missing
        request = request.at_page(page.next)


def _matches(
    registry: MethodRegistry,
    rows: Method[Any],
    shape: RecordSchema[Any],
    sent: Sequence[tuple[FieldSpec, FieldSpec, Any]],
    row: Record,
) -> Generator[Request[Any], Any, bool]:
    verdicts = _verdicts(sent, row)
    if "different" in verdicts:
        return False
    if "not shown" not in verdicts:
        return True
    whole = _get(registry, rows, shape, row)
    if whole is None:
        return "same" in verdicts
    return set(_verdicts(sent, (yield whole))) == {"same"}


def _get(
    registry: MethodRegistry, rows: Method[Any], shape: RecordSchema[Any], row: Record
) -> Request[Any] | None:
    """The request for the whole of a record that a list shows a part of, if there is one."""
    name = f"{rows.name.partition('.')[0]}.get"
    if shape.identity is None or name not in registry.methods:
        return None
    method = registry.methods[name]
    number = getattr(row, shape.identity, None)
    if (
        number is None
        or not isinstance(method.response, RecordResponse)
        or method.response.record is not shape
    ):
        return None
    if [item.name for item in method.arguments.fields if item.required] != [shape.identity]:
        return None
    return method.request({shape.identity: number})


def _compared(
    arguments: RecordSchema[Any], values: Mapping[str, Any], shape: RecordSchema[Any]
) -> list[tuple[FieldSpec, FieldSpec, Any]]:
    """What can be compared: the argument, the record's field that shows it, and what was sent."""
    known = {item.name: item for item in shape.fields if "r" in item.access}
    found: list[tuple[FieldSpec, FieldSpec, Any]] = []
    for name, value in values.items():
        argument, item = arguments.by_name.get(name), known.get(name)
        if argument is None or item is None or argument.discarded or value is None:
            continue
        if value is not UNSET and (argument.shape is None) == (item.shape is None):
            found.append((argument, item, value))
    return found


def _verdicts(sent: Sequence[tuple[FieldSpec, FieldSpec, Any]], row: Record) -> list[Verdict]:
    return [
        _verdict(argument, item, value, getattr(row, item.name, None))
        for argument, item, value in sent
    ]


def _verdict(argument: FieldSpec, item: FieldSpec, value: Any, found: Any) -> Verdict:
    if not value and not found:
        return "same"  # nothing was sent, or what is nothing where it is not shown: "", 0, False
    if found is None or (item.many and not found):
        return "not shown"
    if not item.many:
        return _one(argument, item, value, found)
    if isinstance(value, (str, Mapping)) or not isinstance(value, Iterable):
        return "different"
    left = list(found)
    verdict: Verdict = "same"
    for inner in value:  # each of them once, in whatever order they are shown
        verdicts = [_one(argument, item, inner, one) for one in left]
        best: Verdict = "same" if "same" in verdicts else "not shown"
        if best not in verdicts:
            return "different"
        left.pop(verdicts.index(best))
        verdict = best if verdict == "same" else verdict
    return "different" if left else verdict


def _one(argument: FieldSpec, item: FieldSpec, value: Any, found: Any) -> Verdict:
    if argument.shape is not None and item.shape is not None:
        if not isinstance(value, Mapping) or not isinstance(found, Record):
            return "different"
        verdicts = _verdicts(_compared(argument.shape(), value, item.shape()), found)
        if "different" in verdicts:
            return "different"
        return "not shown" if "not shown" in verdicts else "same"
    if argument.codec is None or item.codec is None:
        return "different"
    same = _same(value, _read_back(argument.codec, item.codec, value), found)
    return "same" if same else "different"


def _read_back(written: Codec, read: Codec, value: Any) -> Any:
    """What was sent as it would be read: a number that was given as text, a word that responses spell otherwise."""
    if isinstance(read, (Text, Uri)):
        return value if isinstance(value, str) else written.plain(value)
    try:
        return read.read(unescape(written.write(value)))
    except ValueError:
        return value


def _same(sent: Any, expected: Any, found: Any) -> bool:
    if isinstance(expected, str) and isinstance(found, str):
        return _plain(expected) == _plain(found)
    if isinstance(expected, Decimal) and isinstance(found, Decimal):
        if expected == found:
            return True
        # The server may round to cents, or to the hundredth of an hour.
        places = max(2, -int(found.as_tuple().exponent))
        return abs(expected - found) * 2 <= Decimal(1).scaleb(-places)
    if isinstance(found, dt.datetime) and not isinstance(sent, dt.datetime):
        return isinstance(sent, dt.date) and found.date() == sent  # sent as a day, read with a time
    return bool(expected == found)


def _plain(text: str) -> str:
    """Text with the line ends and white space that survive the way there and back."""
    return " ".join(text.split())
