"""Scalars in other formats: ISO 8601, epoch seconds, HTTP dates, patterns, floats, base64, raw XML."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import math
import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from lxml import etree

from .record import Raw
from .scalars import Codec, Date, DateTime, escape, named

_ISO: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r"\s*(Z|z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?\Z"
).match
_EPOCH: Final = re.compile(r"-?[0-9]{1,14}(?:\.[0-9]{1,9})?(?:[eE][+]?[0-9]{1,2})?\Z").match
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
_HTTP_DATE: Final = re.compile(
    r"[A-Za-z]{3,9}, ([0-9]{1,2})[ -]([A-Za-z]{3})[ -]([0-9]{2,4}) ([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))? (?:GMT|UTC)\Z"
).match
_UTC: Final = dt.timezone.utc


class PatternDate(Date):
    """``datetime.date`` in a pattern of ``strftime``, such as ``%m/%d/%Y``; months and days may be unpadded when read."""

    def __init__(self, pattern: str, *, empty: object = None, none: tuple[str, ...] = ()) -> None:
        self.pattern = pattern
        self.expected = f"a date ({pattern})"
        super().__init__(empty=empty, none=none)

    def _value(self, text: str) -> dt.date:
        try:
            return dt.datetime.strptime(text, self.pattern).date()
        except ValueError:
            raise ValueError(self.expected) from None

    def write(self, value: Any) -> str:
        """Return a value as XML character data."""
        return escape(value if isinstance(value, Raw) else self.day(value).strftime(self.pattern))


class FormattedDateTime(DateTime):
    """Aware ``datetime.datetime``; ``form`` is ``iso8601``, ``epoch``, ``http_date`` or a pattern of ``strftime``.

    Responses are read in any of the three named formats, whichever of them is described. A time without an offset is
    in ``zone``.
    """

    def __init__(
        self,
        form: str,
        zone: str = "UTC",
        *,
        empty: object = None,
        none: tuple[str, ...] = (),
    ) -> None:
        self.form = form
        self.expected = f"a time ({form})"
        super().__init__(zone, empty=empty, none=none)

    def _value(self, text: str) -> dt.datetime:
        try:
            if "%" in self.form:
                value = dt.datetime.strptime(text, self.form)
                return value if value.tzinfo else value.replace(tzinfo=self.zone())
            return self._named_format(text)
        except (ValueError, OverflowError, InvalidOperation):
            raise ValueError(self.expected) from None

    def _named_format(self, text: str) -> dt.datetime:
        found = _ISO(text)
        if found is not None:
            year, month, day, hour, minute = map(int, found.groups()[:5])
            second, fraction, offset = found.group(6, 7, 8)
            return dt.datetime(
                year, month, day, hour, minute, int(second or 0), _microseconds(fraction),
                tzinfo=self._offset(offset),
            )  # fmt: skip
        if _EPOCH(text) is not None:
            exact = Decimal(text)
            seconds = int(exact.to_integral_value(rounding="ROUND_FLOOR"))
            return dt.datetime(1970, 1, 1, tzinfo=_UTC) + dt.timedelta(
                seconds=seconds, microseconds=int((exact - seconds) * 1_000_000)
            )
        found = _HTTP_DATE(text)
        if found is None:
            raise ValueError(self.expected)
        day, month_name, year, hour, minute, second = found.groups()[:6]  # type: ignore[assignment]
        month = _MONTHS.index(str(month_name).title()) + 1
        whole = int(year) + (0 if int(year) > 99 else 2000 if int(year) < 70 else 1900)
        return dt.datetime(
            whole, month, int(day), int(hour), int(minute), int(second), _microseconds(found.group(7)), tzinfo=_UTC
        )  # fmt: skip

    def _offset(self, text: str | None) -> dt.tzinfo:
        if text is None:
            return self.zone()
        if text[0] not in "+-":
            return _UTC
        digits = text[1:].replace(":", "").ljust(4, "0")
        offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return _UTC if not offset else dt.timezone(-offset if text[0] == "-" else offset)

    def write(self, value: Any) -> str:
        """Return a value as XML character data."""
        if isinstance(value, Raw):
            return escape(value)
        moment = self.moment(value)
        if self.form == "epoch":
            seconds = (moment - dt.datetime(1970, 1, 1, tzinfo=_UTC)) / dt.timedelta(seconds=1)
            return str(int(seconds)) if seconds == int(seconds) else repr(seconds)
        if self.form == "http_date":
            utc = moment.astimezone(_UTC)
            return (
                f"{_DAYS[utc.weekday()]}, {utc.day:02d} {_MONTHS[utc.month - 1]} {utc.year:04d} "
                f"{utc.hour:02d}:{utc.minute:02d}:{utc.second:02d} GMT"
            )
        try:
            local = moment.astimezone(self.zone())
        except OverflowError:
            raise ValueError(f"a time that {self._zone} has, too, not {value}") from None
        if "%" in self.form:
            return escape(local.strftime(self.form))
        text = local.isoformat()
        return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def _microseconds(fraction: str | None) -> int:
    return int((fraction or "0")[:6].ljust(6, "0"))


_FLOATS: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "INF": math.inf, "-INF": -math.inf}  # fmt: skip
_FLOAT: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?\Z").match


class Float(Codec):
    """``float``, with ``NaN``, ``Infinity`` and ``-Infinity``. Requests also take ``int``."""

    name = "float"
    expected = "a number"

    def _value(self, text: str) -> float:
        if text in _FLOATS:
            return _FLOATS[text]
        if _FLOAT(text) is None:
            raise ValueError(self.expected)
        return float(text)

    def write(self, value: Any) -> str:
        """Return a value as XML character data."""
        if isinstance(value, Raw):
            return escape(value)
        if isinstance(value, bool) or not isinstance(value, (float, int)):
            raise ValueError(f"a float or int, not {named(value)}")
        number = float(value)
        if math.isnan(number):
            return "NaN"
        if math.isinf(number):
            return "Infinity" if number > 0 else "-Infinity"
        return str(int(value)) if isinstance(value, int) else repr(number)

    def plain(self, value: Any) -> Any:
        """Return the number, or its text where JSON has no number for it."""
        return self.write(value) if isinstance(value, float) and not math.isfinite(value) else value


class Base64(Codec):
    """``bytes``, base64 on the wire; an empty tag is ``b""``. Requests also take ``str``, sent as UTF-8."""

    remembers = False
    name = "base64"
    expected = "base64"

    def __init__(self, *, empty: object = b"", none: tuple[str, ...] = ()) -> None:
        super().__init__(empty=empty, none=none)

    def _value(self, text: str) -> bytes:
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(self.expected) from None

    def write(self, value: Any) -> str:
        """Return a value as XML character data."""
        if isinstance(value, Raw):
            return escape(value)
        if isinstance(value, str):
            value = value.encode()
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise ValueError(f"bytes, not {named(value)}")
        return base64.b64encode(value).decode("ascii")

    def plain(self, value: Any) -> Any:
        """Return the base64 text."""
        return self.write(value) if isinstance(value, bytes) else value


class RawXml(Codec):
    """``str`` of XML: everything inside the element, as it is. Requests need well-formed XML."""

    remembers = False
    name = "xml"
    expected = "well-formed XML"

    def write(self, value: Any) -> str:
        """Return a value as XML character data."""
        if not isinstance(value, str):
            raise ValueError(f"{self.expected} as text, not {named(value)}")
        try:
            etree.fromstring(
                f"<x>{value}</x>", etree.XMLParser(resolve_entities=False, no_network=True)
            )
        except etree.XMLSyntaxError:
            raise ValueError(f"{self.expected}; escape text with &amp; and &lt;") from None
        return value
