"""Values of the suites: how each is described, passed as an argument, written in a case and compared with what was read.

The description language has no lists of lists, no maps of lists and no namespaces on items. Such a value becomes a record with
one repeated field (:class:`Boxed`), and the arguments and results are adapted here.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from xmlwright.naming import python_name

Spec = dict[str, Any]
UNKNOWN_MEMBER: Final = "SDK_UNKNOWN_MEMBER"

_TYPES: Final[Mapping[str, str]] = {
    "string": "text",
    "character": "text",
    "integer": "int",
    "long": "int",
    "boolean": "flag",
    "float": "float",
    "double": "float",
    "blob": "base64",
}
STAMPS: Final[Mapping[str, str]] = {
    "iso8601": "stamp_iso",
    "unixTimestamp": "stamp_epoch",
    "rfc822": "stamp_http",
}
SCALARS: Final[Spec] = {
    "text": {"read_empty": "text"},
    "flag": {"words": ["true", "false"]},
    "stamp_iso": {"is": "datetime", "format": "iso8601", "zone": "UTC"},
    "stamp_epoch": {"is": "datetime", "format": "epoch"},
    "stamp_http": {"is": "datetime", "format": "http_date"},
}


class Value:
    """One value of a shape at one place."""

    def spec(self) -> Spec:
        """Return the keys of a field that say what the value is."""
        raise NotImplementedError

    def argument(self, value: Any) -> Any:
        """Return what a caller passes for a value of the suite."""
        raise NotImplementedError

    def example(self, value: Any) -> Any:
        """Return how a case of the description writes a value of the suite."""
        raise NotImplementedError

    def differences(self, actual: Any, expected: Any, where: str) -> Iterator[str]:
        """Return where a value that was read is another than the suite expects."""
        raise NotImplementedError


@dataclass(frozen=True)
class Scalar(Value):
    """A string, number, flag, time or piece of bytes."""

    type: str
    """A type of the description."""
    json: bool = False
    """Whether the suite gives it as JSON (the ``jsonvalue`` trait): base64 of compact JSON."""

    def spec(self) -> Spec:
        return {"type": self.type}

    def argument(self, value: Any) -> Any:
        if self.json:
            return json.dumps(value, separators=(",", ":")).encode()
        if self.type.startswith("stamp_"):
            return dt.datetime.fromtimestamp(value, dt.timezone.utc)
        if self.type == "float":
            return float(value)
        if self.type in ("base64", "binary"):
            return value.encode()
        return value

    def example(self, value: Any) -> Any:
        argument = self.argument(value)
        if isinstance(argument, dt.datetime):
            zero = argument.replace(tzinfo=None)
            return zero.isoformat(timespec="milliseconds" if zero.microsecond else "seconds") + "Z"
        if self.type == "float":
            return str(value)
        if isinstance(argument, bytes):
            return base64.b64encode(argument).decode() if self.type == "base64" else value
        return argument

    def differences(self, actual: Any, expected: Any, where: str) -> Iterator[str]:
        if isinstance(actual, dt.datetime):
            actual = actual.timestamp()
        elif isinstance(actual, bytes):
            actual = actual.decode()
        elif self.type == "float" and actual is not None:
            actual, expected = str(float(actual)), str(float(expected))
        if actual != expected or isinstance(actual, bool) != isinstance(expected, bool):
            yield f"{where}: {actual!r}, not {expected!r}"


@dataclass(frozen=True)
class Member:
    """A field of a structure."""

    name: str
    """In the suite; also the key of the field."""
    value: Value
    places: Spec
    """Keys that say where it is: ``at``, ``namespace``, ``join``."""

    @property
    def python(self) -> str:
        """The argument or attribute."""
        return python_name(self.name)

    def spec(self) -> Spec:
        return {**self.value.spec(), **self.places}


@dataclass
class Structure(Value):
    """A record. Recursive shapes are structures that hold themselves, so members come later."""

    record: str
    members: list[Member] = field(default_factory=list)
    union: bool = False

    def spec(self) -> Spec:
        return {"record": self.record}

    def _passed(self, value: Mapping[str, Any]) -> Iterator[tuple[Member, Any]]:
        # What a suite passes as null is left out: None means "send it empty" to a generated client.
        for member in self.members:
            if value.get(member.name) is not None:
                yield member, value[member.name]

    def argument(self, value: Any) -> dict[str, Any]:
        return {member.python: member.value.argument(part) for member, part in self._passed(value)}

    def example(self, value: Any) -> dict[str, Any]:
        return {member.python: member.value.example(part) for member, part in self._passed(value)}

    def differences(self, actual: Any, expected: Any, where: str) -> Iterator[str]:
        if actual is None:
            yield f"{where}: nothing, not {expected!r}"
            return
        for member in self.members:
            part = getattr(actual, member.python)
            if member.name in expected:
                yield from member.value.differences(
                    part, expected[member.name], f"{where}.{member.name}"
                )
            elif part not in (None, [], {}):
                yield f"{where}.{member.name}: {part!r}, not absent"
        if UNKNOWN_MEMBER in expected:
            names = [str(unknown.path) for unknown in actual.unknown]
            if expected[UNKNOWN_MEMBER]["name"] not in " ".join(names):
                yield f"{where}: {names} are unknown, not {expected[UNKNOWN_MEMBER]['name']}"


@dataclass(frozen=True)
class Items(Value):
    """A list whose items the language can say."""

    item: Value
    keys: Spec
    """``list`` or ``repeated`` and what goes with them."""

    def spec(self) -> Spec:
        return {**self.keys, **self.item.spec()}

    def argument(self, value: Any) -> list[Any]:
        return [self.item.argument(part) for part in value]

    def example(self, value: Any) -> list[Any]:
        return [self.item.example(part) for part in value]

    def differences(self, actual: Any, expected: Any, where: str) -> Iterator[str]:
        if not isinstance(actual, Sequence) or len(actual) != len(expected):
            yield f"{where}: {actual!r}, not {expected!r}"
            return
        for index, (one, other) in enumerate(zip(actual, expected, strict=True)):
            yield from self.item.differences(one, other, f"{where}[{index}]")


@dataclass(frozen=True)
class Entries(Value):
    """A map."""

    value: Value
    keys: Spec

    def spec(self) -> Spec:
        return {**self.keys, **self.value.spec()}

    def argument(self, value: Any) -> dict[str, Any]:
        return {key: self.value.argument(part) for key, part in value.items()}

    def example(self, value: Any) -> dict[str, Any]:
        return {key: self.value.example(part) for key, part in value.items()}

    def differences(self, actual: Any, expected: Any, where: str) -> Iterator[str]:
        if not isinstance(actual, Mapping) or set(actual) != set(expected):
            yield f"{where}: {actual!r}, not {expected!r}"
            return
        for key, part in expected.items():
            yield from self.value.differences(actual[key], part, f"{where}[{key!r}]")


@dataclass(frozen=True)
class Boxed(Value):
    """A list or map in a record with this one field, where the language wants a record."""

    box: Structure

    @property
    def member(self) -> Member:
        """The one field."""
        return self.box.members[0]

    def spec(self) -> Spec:
        return self.box.spec()

    def argument(self, value: Any) -> dict[str, Any]:
        return {self.member.python: self.member.value.argument(value)}

    def example(self, value: Any) -> dict[str, Any]:
        return {self.member.python: self.member.value.example(value)}

    def differences(self, actual: Any, expected: Any, where: str) -> Iterator[str]:
        inner = [] if actual is None else getattr(actual, self.member.python)
        yield from self.member.value.differences(inner, expected, where)


@dataclass(frozen=True)
class Pairs(Value):
    """A map as a list of records of key and value, where these have namespaces of their own."""

    pair: Structure
    keys: Spec

    def spec(self) -> Spec:
        return {**self.keys, **self.pair.spec()}

    def argument(self, value: Any) -> list[Any]:
        return [self.pair.argument({"key": key, "value": part}) for key, part in value.items()]

    def example(self, value: Any) -> list[Any]:
        return [self.pair.example({"key": key, "value": part}) for key, part in value.items()]

    def differences(self, actual: Any, expected: Any, where: str) -> Iterator[str]:
        rows = [{"key": key, "value": part} for key, part in expected.items()]
        yield from Items(self.pair, self.keys).differences(actual, rows, where)


def scalar(shape: Mapping[str, Any], stamp: str | None) -> Scalar:
    """Return the value of a scalar shape; ``stamp`` is the format of a timestamp."""
    if shape.get("jsonvalue"):
        return Scalar("base64", json=True)
    if shape["type"] == "timestamp":
        return Scalar(STAMPS[stamp or "iso8601"])
    return Scalar(_TYPES[shape["type"]])
