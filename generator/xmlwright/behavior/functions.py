"""The functions of expressions that need nothing but their arguments."""

from __future__ import annotations

import calendar
import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

_UNITS: Final = {"day": 1, "week": 7}


def round2(number: Any) -> Decimal:
    """To two places; a half goes away from zero."""
    return round_to(number, 2)


def round_to(number: Any, places: int) -> Decimal:
    """To so many places; a half goes away from zero."""
    return Decimal(number).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def mask(text: str | None, shown: int = 4) -> str | None:
    """A number of which only the last digits are left: ``************1111``."""
    if text is None or "*" in text:
        return text
    digits = re.sub(r"\D", "", text)
    return "*" * max(len(digits) - shown, 0) + digits[-shown:]


def digest(text: str | None) -> str | None:
    """What a secret is recognized by, without being kept."""
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()[:32]


def later(day: dt.date, span: str) -> dt.date:
    """The day after a span such as ``2 weeks`` or ``1 month``; a month too short for the day gives its last one."""
    found = re.fullmatch(r"(-?\d+) (day|week|month|year)s?", span)
    if found is None:
        raise ValueError(f"{span!r} is no span such as '2 weeks' or '1 month'")
    count, unit = int(found[1]), found[2]
    if unit in _UNITS:
        return day + dt.timedelta(days=count * _UNITS[unit])
    months = day.year * 12 + day.month - 1 + count * (12 if unit == "year" else 1)
    year, month = months // 12, months % 12 + 1
    return day.replace(
        year=year, month=month, day=min(day.day, calendar.monthrange(year, month)[1])
    )


def following(text: str) -> str:
    """The text that follows in a series: digits at the end count up in their width, a letter at the end goes on."""
    found = re.search(r"(\d+)$", text)
    if found is not None:
        return text[: found.start()] + str(int(found[1]) + 1).zfill(len(found[1]))
    if text and text[-1].isascii() and text[-1].isalpha():
        if text[-1] in "zZ":
            return text + ("a" if text[-1] == "z" else "A")
        return text[:-1] + chr(ord(text[-1]) + 1)
    return text + "1"


def fill(text: str | None, names: Mapping[str, Any], mark: str = "::") -> str:
    """A text with what stands between two marks replaced by the value of that name; unknown names stay."""
    quoted = re.escape(mark)

    def value(found: re.Match[str]) -> str:
        known = names.get(found[1])
        return found[0] if known is None else str(known)

    return re.sub(f"{quoted}(.+?){quoted}", value, text or "")


def group(
    rows: Iterable[Mapping[str, Any]], keys: Mapping[str, str], sums: Mapping[str, str]
) -> tuple[dict[str, Any], ...]:
    """Rows put together by equal keys, with sums: ``{name: field}`` each, ``date.month`` reaching into a day.

    Without keys there is one row, also of nothing.
    """
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        place = tuple(_reach(row, path) for path in keys.values())
        entry = found.get(place)
        if entry is None:
            entry = found[place] = dict(zip(keys, place, strict=True))
            entry.update(dict.fromkeys(sums, Decimal(0)))
        for name, path in sums.items():
            value = _reach(row, path)
            entry[name] += 0 if value is None else value  # and a zero keeps its places
    if not keys and not found:
        return (dict.fromkeys(sums, Decimal(0)),)
    ordered = sorted(found.items(), key=lambda item: [(part is not None, part) for part in item[0]])
    return tuple(entry for _, entry in ordered)


def total(rows: Iterable[Mapping[str, Any]] | None, path: str) -> Decimal:
    """The sum of a field over rows; a row without it counts nothing."""
    return sum((_reach(row, path) or Decimal(0) for row in rows or ()), Decimal(0))


def _reach(row: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(row, Mapping):
            row = row.get(name)
        elif isinstance(row, (dt.date, dt.datetime)) and name in ("year", "month", "day"):
            row = getattr(row, name)
        else:
            return None
    return row


def merged(
    rows: Iterable[Mapping[str, Any]], changes: Iterable[Mapping[str, Any]], by: str
) -> tuple[dict[str, Any], ...]:
    """Rows with the changes put into those that have the same value of ``by``."""
    found = {row.get(by): dict(row) for row in rows}
    for change in changes:
        if change.get(by) in found:
            found[change[by]].update(change)
    return tuple(found.values())


def without(rows: Iterable[Mapping[str, Any]], **values: Any) -> tuple[Mapping[str, Any], ...]:
    """The rows that do not have all of these values."""
    return tuple(
        row for row in rows if any(row.get(name) != value for name, value in values.items())
    )


def record(*parts: Mapping[str, Any] | None, **values: Any) -> dict[str, Any]:
    """A record of the given ones, later ones over earlier ones, with further values."""
    made: dict[str, Any] = {}
    for part in parts:
        made.update(part or {})
    made.update(values)
    return made


def only(row: Mapping[str, Any] | None, *names: str) -> dict[str, Any]:
    """A record with these fields only."""
    return {name: (row or {}).get(name) for name in names}


def rows_of(values: Iterable[Any] | None, name: str) -> tuple[dict[str, Any], ...]:
    """A row for each value, which is its field ``name``."""
    return tuple({name: value} for value in values or ())


def trimmed(rows: Iterable[Mapping[str, Any]] | None, *names: str) -> tuple[dict[str, Any], ...]:
    """The rows without some of their fields."""
    return tuple(
        {name: value for name, value in row.items() if name not in names} for row in rows or ()
    )


def with_values(rows: Iterable[Mapping[str, Any]], **values: Any) -> tuple[dict[str, Any], ...]:
    """The rows with further values in each."""
    return tuple({**row, **values} for row in rows)


def between(
    rows: Iterable[Mapping[str, Any]], field: str, first: Any = None, last: Any = None
) -> tuple[Mapping[str, Any], ...]:
    """The rows whose field is not before ``first`` and not after ``last``; a limit that is none leaves it open."""
    found = []
    for row in rows:
        value = day_of(row.get(field))
        if value is None and (first is not None or last is not None):
            continue
        if (first is None or value >= first) and (last is None or value <= last):
            found.append(row)
    return tuple(found)


def lacking(text: str | None, names: Iterable[str] | None, mark: str = "::") -> tuple[str, ...]:
    """The names that do not stand between marks in a text."""
    return tuple(name for name in names or () if f"{mark}{name}{mark}" not in (text or ""))


def upcoming(day: dt.date, span: str, first: dt.date) -> dt.date:
    """The first day not before ``first`` of a series that begins on ``day`` and goes on by a span."""
    found = day
    steps = 0
    while found < first:
        steps += 1
        count, _, unit = span.partition(" ")
        found = later(day, f"{int(count) * steps} {unit}")
    return found


def number(text: Any) -> Decimal:
    """An exact number of a text."""
    return Decimal(str(text))


def slug(text: str | None) -> str:
    """A text as a part of an address: small letters and digits."""
    return re.sub(r"[^a-z0-9]+", "", (text or "").lower())


def day_of(moment: dt.datetime | dt.date | None) -> dt.date | None:
    """The day of a time."""
    return moment.date() if isinstance(moment, dt.datetime) else moment


_ALL: Final[tuple[Callable[..., Any], ...]] = (
    between, day_of, digest, fill, following, group, lacking, later, mask, merged, number, only, record, round2, round_to,
    rows_of, slug, total, trimmed, upcoming, with_values, without,
)  # fmt: skip
FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {item.__name__: item for item in _ALL}
"""What an expression may call, beside what looks into the account."""
