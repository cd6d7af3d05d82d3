"""All that can go wrong on purpose, and the conditions on which it does: how each is written and read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ..options import SandboxError

LONGEST_WAIT: Final = 600.0
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|)")
_WITHOUT_PAGE: Final = (204, 205, 304)
_SIZE: Final = re.compile(r"(\d{1,9})")
_DISTRIBUTION: Final = re.compile(r"(uniform|lognormal)\((.+?),(.+?)\)")


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One thing that can go wrong."""

    doc: str
    value: str | None
    """What stands after ``=``, in words; None for nothing."""
    example: str
    read: Callable[[str], Any] | None = None
    optional: bool = False
    """Whether the value may be left out."""


def _duration(text: str) -> float:
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError("is a time such as 200ms or 1.5s")
    seconds = float(found[1]) / (1000 if found[2] == "ms" else 1)
    if seconds > LONGEST_WAIT:
        raise ValueError(f"is at most {LONGEST_WAIT:.0f}s")
    return seconds


def _latency(text: str) -> tuple[str, float, float]:
    found = _DISTRIBUTION.fullmatch(text.strip())
    if found is None:
        return "fixed", _duration(text), 0.0
    if found[1] == "uniform":
        low, high = _duration(found[2]), _duration(found[3])
        if low > high:
            raise ValueError("goes from the shorter time to the longer one")
        return "uniform", low, high
    try:
        spread = float(found[3])
    except ValueError:
        raise ValueError("has a median and a spread, as in lognormal(200ms,0.5)") from None
    if not 0 <= spread <= 3:
        raise ValueError("has a spread from 0 to 3")
    return "lognormal", _duration(found[2]), spread


def _status(text: str) -> int:
    if not (text.isdecimal() and 200 <= int(text) <= 599) or int(text) in _WITHOUT_PAGE:
        raise ValueError("is a number from 200 to 599, with a page to it")
    return int(text)


def _size(text: str) -> int:
    if _SIZE.fullmatch(text) is None:
        raise ValueError("is a number of bytes")
    return int(text)


def _pace(text: str) -> float:
    size = _size(text)
    if size < 1:
        raise ValueError("is at least one byte a second")
    return float(size)


def _held(text: str) -> tuple[str, str]:
    name, colon, held = text.partition(":")
    if not (colon and name.strip()):
        raise ValueError("is a name and a text, such as status:unheard-of")
    return name.strip(), held.strip()


def _rate(text: str) -> tuple[int, float]:
    number, slash, span = text.partition("/")
    if not slash or _SIZE.fullmatch(number.strip()) is None:
        raise ValueError
    seconds = _duration(span)
    if not seconds:
        raise ValueError
    return int(number), seconds


def _name(text: str) -> str:
    if not text:
        raise ValueError("is a name")
    return text


KINDS: Final[dict[str, FaultKind]] = {
    "status": FaultKind(
        "A page with this HTTP status in place of the response, a redirect with an address; nothing is done.",
        "200 to 599",
        "status=503",
        _status,
    ),
    "code": FaultKind(
        "A failure of the API with this code; nothing is done.",
        "a code of the description",
        "code=40010",
        _name,
    ),
    "rate-limit": FaultKind(
        "HTTP 429 with Retry-After; nothing is done.",
        "seconds to wait",
        "rate-limit=30s",
        _duration,
        optional=True,
    ),
    "reset": FaultKind("The connection is reset before anything is done.", None, "reset"),
    "lost": FaultKind(
        "The call is done, and the connection reset in place of the response.", None, "lost"
    ),
    "garbage": FaultKind(
        "The call is done, and bytes that are not HTTP come in place of the response.",
        None,
        "garbage",
    ),
    "truncate": FaultKind(
        "The call is done, and its response cut off after so many bytes.",
        "bytes",
        "truncate=40",
        _size,
    ),
    "empty": FaultKind("The call is done, and a response without a body sent.", None, "empty"),
    "hang": FaultKind(
        "Nothing is done, and no response sent; the connection ends after this time.",
        "a time",
        "hang=30s",
        _duration,
        optional=True,
    ),
    "latency": FaultKind(
        "The response comes later: by a fixed time, or uniform(100ms,2s), or lognormal(200ms,0.5).",
        "a time",
        "latency=200ms",
        _latency,
    ),
    "drip": FaultKind("The response comes so many bytes a second.", "bytes", "drip=100", _pace),
    "malformed": FaultKind("The response is not well-formed XML.", None, "malformed"),
    "charset": FaultKind("The response is not in the encoding that it says.", None, "charset"),
    "missing": FaultKind(
        "An element is missing in the response.",
        "its name; some element",
        "missing=number",
        _name,
        optional=True,
    ),
    "extra": FaultKind(
        "The response has an element that is not described.",
        "its name",
        "extra=color",
        _name,
        optional=True,
    ),
    "retyped": FaultKind(
        "An element holds what its type does not allow.",
        "its name; some element",
        "retyped=amount",
        _name,
        optional=True,
    ),
    "value": FaultKind(
        "An element or attribute holds this text, such as a word that is in no list.",
        "its name and the text",
        "value=status:unheard-of",
        _held,
    ),
    "namespace": FaultKind(
        "The response is in another namespace.",
        "the namespace",
        "namespace=urn:other",
        _name,
        optional=True,
    ),
}
"""All that can go wrong."""

CONDITIONS: Final[dict[str, str]] = {
    "method": "methods it meets, such as task.* or *.create",
    "account": "the account it meets",
    "probability": "its chance, from 0 to 1",
    "count": "how often it happens, then never again",
    "skip": "how many calls it lets pass first",
    "over": "how many calls it lets pass in each span of time by the sandbox's clock, such as 100/60s",
}
_WANTED: Final = {
    "probability": "a number from 0 to 1",
    "count": "a whole number",
    "skip": "a whole number",
    "over": "a number of calls and a time, such as 100/60s",
}
INSTEAD: Final = ("status", "code", "rate-limit", "reset", "hang")
"""Faults in place of the call: nothing is done."""


def condition(name: str, value: str) -> Any:
    """Return the value of a condition. Raises SandboxError."""
    try:
        if name == "probability":
            chance = float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
            if not 0 <= chance <= 1:
                raise ValueError
            return chance
        if name in ("count", "skip"):
            if _SIZE.fullmatch(value) is None:
                raise ValueError
            return int(value)
        if name == "over":
            return _rate(value)
    except ValueError:
        wanted = _WANTED[name]
        raise SandboxError(f"{name} is {wanted}, not {value!r}") from None
    if not value:
        raise SandboxError(f"{name} needs a value: {CONDITIONS[name]}")
    return value
