"""Scalars: how one text on the wire becomes a Python value and back.

A codec has ``read`` (text -> value, raises ValueError) and ``write`` (value -> text, raises ValueError with what is
allowed). Readers remember what they read: documents repeat the same few numbers, words and days.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from .record import Raw

_REMEMBERED: Final = 4096
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}\Z").match
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\Z").match
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})\Z").match
_DATETIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[ T]([0-9]{1,2}):([0-9]{2}):([0-9]{2}))?\Z"
).match
_MIDNIGHT: Final = re.compile(r"[ T]00:00(?::00)?\s*\Z")
_IMPOSSIBLE: Final = "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"  # slow to compile


def escape(text: str) -> str:
    """Text as XML character data. Raises ValueError for a character that XML 1.0 cannot hold."""
    printable = text.isprintable()  # said of most texts, and many times faster than a search
    if not printable:
        bad = re.search(_IMPOSSIBLE, text)
        if bad is not None:
            raise ValueError(
                f"text without the character U+{ord(bad.group()):04X}, which XML cannot hold"
            )
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    return text if printable else text.replace("\r", "&#13;")


def write_text(value: Any, expected: str = "text") -> str:
    """A ``str`` as XML character data. Raises ValueError for anything else."""
    if isinstance(value, str):
        return escape(value)
    raise ValueError(f"{expected}, not {named(value)}")


class Memo(dict[str, Any]):
    """text -> value, computed once for each text. Errors are not remembered."""

    __slots__ = ("_compute",)

    def __init__(self, compute: Callable[[str], Any]) -> None:
        super().__init__()
        self._compute = compute

    def __missing__(self, text: str) -> Any:
        value = self._compute(text)
        if len(self) >= _REMEMBERED:
            self.clear()  # what documents repeat is soon back
        self[text] = value
        return value


class Codec:
    """Base of all codecs: handles the empty tag, the texts that mean none, and :class:`Raw`."""

    name = "text"
    expected = "text"
    remembers = True
    """Whether values that were read are kept: documents repeat numbers, words and days, and hardly any text."""

    def __init__(self, *, empty: object = None, none: tuple[str, ...] = ()) -> None:
        self.empty = empty
        self.none = frozenset(none)
        self.read: Callable[[str], Any] = self._reader()

    def _reader(self) -> Callable[[str], Any]:
        return Memo(self._read).__getitem__ if self.remembers else self._read

    def with_(self, *, empty: object = ..., none: tuple[str, ...] = ()) -> Codec:
        """The same codec with another meaning of the empty tag, or more texts that mean none."""
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        if empty is not ...:
            other.empty = empty
        other.none = self.none | frozenset(none)
        other.read = other._reader()
        return other

    def _read(self, text: str) -> Any:
        stripped = text.strip()
        if not stripped:
            if self.empty is EMPTY_REFUSED:
                raise ValueError(f"{self.expected}, not an empty tag")
            return self.empty
        if stripped in self.none:
            return None
        return self._value(stripped)

    def _value(self, text: str) -> Any:
        return text

    def write(self, value: Any) -> str:
        """Return a value as XML character data."""
        return write_text(value, self.expected)

    def parse_request(self, text: str) -> Any:
        """Value of a request element; :class:`Raw` where writing the value would not give the same text back."""
        stripped = text.strip()
        if not stripped:
            return None
        try:
            value = self._value(stripped)
            again = self._text(value)
        except ValueError:
            return Raw(text)
        return value if _unpadded(again) == _unpadded(stripped) else Raw(text)

    def _text(self, value: Any) -> str:
        return self.write(value)

    def plain(self, value: Any) -> Any:
        """The value as JSON has it: numbers that are not exact and times as text."""
        return value


EMPTY_REFUSED: Final = object()
"""As ``empty``: an empty tag cannot be read."""

_PADDING: Final = re.compile(r"(?<![0-9.])0+(?=[0-9])")


def _unpadded(text: str) -> str:
    return _PADDING.sub("", text)


def named(value: object) -> str:
    """Return the type and value of what is not accepted, for a message."""
    return "None" if value is None else f"{type(value).__name__} {value!r}"[:80]


class Text(Codec):
    """``str``, as it is; an empty tag is ``""`` unless the description says otherwise."""

    remembers = False

    def __init__(self, *, empty: object = "", none: tuple[str, ...] = ()) -> None:
        super().__init__(empty=empty, none=none)

    def _read(self, text: str) -> Any:
        if not text:
            return super()._read(text)
        return None if text in self.none else text

    def parse_request(self, text: str) -> Any:
        """Return the value of a request element."""
        return text or None


class Uri(Codec):
    """``str`` holding a URI; an empty tag is none."""

    remembers = False
    name = "uri"
    expected = "a URI as text"


class Integer(Codec):
    """``int``."""

    name = "int"
    expected = "an integer"

    def _value(self, text: str) -> int:
        if _INTEGER(text) is None:
            raise ValueError(self.expected)
        return int(text)

    def write(self, value: Any) -> str:
        """Return a value as XML character data."""
        if type(value) is int:
            return str(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(int(value))
        if isinstance(value, Raw):
            return escape(value)
        raise ValueError(f"{self.expected} (int), not {named(value)}")


class Id(Integer):
    """``int``; the wire may pad it with zeros to a fixed width, also where it means none."""

    name = "id"
    expected = "an id"

    def _read(self, text: str) -> Any:
        value = super()._read(text)
        return None if str(value) in self.none else value


class Number(Codec):
    """``decimal.Decimal``; never a float. Requests also take ``int`` and numeric ``str``."""

    name = "decimal"
    expected = "a decimal number"

    def _value(self, text: str) -> Decimal:
        if _DECIMAL(text) is None:
            raise ValueError(self.expected)
        return Decimal(text)

    def write(self, value: Any) -> str:
        """Return a value as XML character data."""
        kind = type(value)
        if kind is int:
            return str(value)
        if kind is Decimal or isinstance(value, Decimal):
            if not value.is_finite():
                raise ValueError(f"a finite number, not {value}")
            text = str(value)
            return format(value, "f") if "E" in text else text
        if isinstance(value, Raw):
            return escape(value)
        if isinstance(value, str):
            if _DECIMAL(value.strip()) is None:
                raise ValueError(f"{self.expected}, not {value!r}"[:80])
            return value.strip()
        if isinstance(value, int) and kind is not bool:
            return str(int(value))
        hint = "; a float is not exact, use Decimal or str" if kind is float else ""
        raise ValueError(f"Decimal, int or numeric str, not {named(value)}{hint}")

    def plain(self, value: Any) -> Any:
        """Return the value as JSON has it."""
        return format(value, "f") if isinstance(value, Decimal) else value


class Flag(Codec):
    """``bool``; two words on the wire."""

    name = "flag"
    expected = "a flag"

    def __init__(
        self,
        words: tuple[str, str] = ("1", "0"),
        *,
        others: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
        empty: object = None,
        none: tuple[str, ...] = (),
    ) -> None:
        self.words = words
        self.others = others
        """Further texts that are read as true and as false."""
        self.expected = f"{words[0]} or {words[1]}"
        super().__init__(empty=empty, none=none)

    def _value(self, text: str) -> bool:
        if text == self.words[0]:
            return True
        if text == self.words[1]:
            return False
        for value, texts in zip((True, False), self.others, strict=True):
            if text in texts:
                return value
        raise ValueError(self.expected)

    def write(self, value: Any) -> str:
        """Return a value as XML character data."""
        if value is True:
            return self.words[0]
        if value is False:
            return self.words[1]
        if isinstance(value, Raw):
            return escape(value)
        raise ValueError(f"True or False, not {named(value)}")


class Date(Codec):
    """``datetime.date``, ``YYYY-MM-DD``; when read, months and days may be unpadded and midnight may follow."""

    name = "date"
    expected = "a date (YYYY-MM-DD)"

    def _read(self, text: str) -> Any:
        return super()._read(_MIDNIGHT.sub("", text))

    def _value(self, text: str) -> dt.date:
        found = _DATE(text)
        if found is None:
            raise ValueError(self.expected)
        year, month, day = found.groups()
        return dt.date(int(year), int(month), int(day))

    def write(self, value: Any) -> str:
        """Return a value as XML character data."""
        return escape(value) if isinstance(value, Raw) else self.day(value).isoformat()

    @staticmethod
    def day(value: Any) -> dt.date:
        """Return a date that was given as such or as ISO text. Raises ValueError for anything else."""
        if isinstance(value, str):
            text = value.strip()
            try:
                return dt.date.fromisoformat(text if _DATE(text) is not None else "")
            except ValueError:
                raise ValueError(f"a date or its text YYYY-MM-DD, not {named(value)}") from None
        if isinstance(value, dt.datetime):
            raise ValueError("datetime.date, not a datetime; say which day with .date()")
        if isinstance(value, dt.date):
            return value
        raise ValueError(f"datetime.date or ISO text, not {named(value)}")

    def plain(self, value: Any) -> Any:
        """Return the value as JSON has it."""
        return value.isoformat() if isinstance(value, dt.date) else value


class DateTime(Codec):
    """Aware ``datetime.datetime`` in the zone of the API, which the wire leaves out."""

    name = "datetime"
    expected = "a time (YYYY-MM-DD HH:MM:SS)"

    def __init__(
        self, zone: str = "UTC", *, empty: object = None, none: tuple[str, ...] = ()
    ) -> None:
        self._zone = zone
        self._known: dt.tzinfo | None = dt.timezone.utc if zone == "UTC" else None
        super().__init__(empty=empty, none=none)

    def zone(self) -> dt.tzinfo:
        """The zone of all times on the wire."""
        if self._known is None:
            from zoneinfo import ZoneInfo  # slow to import, and most programs never see a time

            self._known = ZoneInfo(self._zone)
        return self._known

    def _value(self, text: str) -> dt.datetime:
        found = _DATETIME(text)
        if found is None:
            raise ValueError(self.expected)
        numbers = [int(part or 0) for part in found.groups()]
        year, month, day, hour, minute, second = numbers
        return dt.datetime(year, month, day, hour, minute, second, tzinfo=self.zone())

    def write(self, value: Any) -> str:
        """Return a value as XML character data."""
        if isinstance(value, Raw):
            return escape(value)
        moment = self.moment(value)
        if moment.microsecond:
            raise ValueError("a time of whole seconds; drop the microseconds")
        try:
            local = moment.astimezone(self.zone())
        except OverflowError:
            raise ValueError(f"a time that {self._zone} has, too, not {value}") from None
        return local.replace(tzinfo=None).isoformat(sep=" ")

    def moment(self, value: Any) -> dt.datetime:
        """Return an aware time that was given as such or as ISO text. Raises ValueError for anything else."""
        if isinstance(value, str):
            text = value.strip()
            try:
                value = dt.datetime.fromisoformat(
                    text[:-1] + "+00:00" if text[-1:] in "Zz" else text
                )
            except ValueError:
                raise ValueError(f"a time as ISO text with an offset, not {named(value)}") from None
        if not isinstance(value, dt.datetime):
            raise ValueError(f"an aware datetime.datetime or ISO text, not {named(value)}")
        if value.tzinfo is None:
            raise ValueError(
                f"an aware datetime; the wire has times of {self._zone}, so give this one a zone"
            )
        return value

    def plain(self, value: Any) -> Any:
        """Return the value as JSON has it."""
        return value.isoformat() if isinstance(value, dt.datetime) else value


class EnumCodec(Codec):
    """``str``: one of the described words, or, when read, whatever else came.

    ``words`` maps the Python word to its text in requests and in responses; those of ``answered`` are met in responses only.
    """

    name = "enum"

    def __init__(
        self,
        words: Mapping[str, tuple[str, str]],
        *,
        read_only: tuple[str, ...] = (),
        empty: object = None,
        none: tuple[str, ...] = (),
    ) -> None:
        self.words = dict(words)
        self._sent = {word: escape(sent) for word, (sent, _) in self.words.items()}
        self._read_as = {sent: word for word, (sent, _) in self.words.items()}
        self._read_as.update({response: word for word, (_, response) in self.words.items()})
        self.sendable = tuple(word for word in self.words if word not in read_only)
        self.expected = "one of " + ", ".join(map(repr, self.sendable or self.words))
        super().__init__(empty=empty, none=none)

    def _value(self, text: str) -> str:
        return self._read_as.get(text, text)

    def write(self, value: Any) -> str:
        """Return a value as XML character data."""
        if isinstance(value, str):
            return self._sent.get(value) or escape(value)
        raise ValueError(f"{self.expected}, not {named(value)}")


class Binary(Codec):
    """A file: a part of a multipart request, referred to from the document."""

    remembers = False
    name = "binary"
    expected = "an Upload, bytes or a path"

    def _value(self, text: str) -> Raw:
        return Raw(text)

    def write(self, value: Any) -> str:
        """Return a value as XML character data."""
        if isinstance(value, Raw):
            return escape(value)
        raise ValueError(f"{self.expected}, not {named(value)}")
