"""What the cases of a description show, for values that nothing else decides."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ...cases.values import plain_value
from ...ir import Api, Case, Field, Method, PageValue, Record, RecordValue, Ref

_DEEPEST: Final = 6
_HEX: Final = "0123456789abcdef"


class Examples:
    """The results of the cases of one API, by method and by record."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._records: dict[Ref, dict[str, Any]] = {}
        self._results: dict[str, Any] = {}
        for module in api.modules:
            for case in module.cases:
                if case.result is not None and case.fails is None:
                    name = f"{module.name}.{case.call}"
                    self._results.setdefault(name, case.result)
                    for ref, values in _records_in(case.result):
                        held = self._records.get(ref)
                        if held is None or len(held) < len(values):
                            self._records[ref] = values

    def record(self, ref: Ref | None) -> Mapping[str, Any]:
        """Return the record of a type with the most fields that a case shows; empty where none shows one."""
        return self._records.get(ref, {}) if ref is not None else {}

    def result(self, method: Method) -> Any:
        """Return what the first case of a method returns: a mapping, a tuple of rows, or a scalar; None for none."""
        found = self._results.get(method.name)
        return plain_value(found.items if isinstance(found, PageValue) else found)

    def compose(
        self,
        ref: Ref,
        known: Iterable[tuple[Ref | None, Mapping[str, Any]]],
        seed: str,
        depth: int = 0,
    ) -> dict[str, Any]:
        """Return a record made of values that are known, and of examples for all others.

        Args:
            ref: the record.
            known: records and arguments that it may show, the most important ones first.
            seed: text that decides what generated IDs are.
            depth: how many records it is inside of.
        """
        known = list(known)
        record = self._api.records[ref]
        example = self.record(ref)
        found: dict[str, Any] = {}
        for item in record.fields:
            if not item.readable:
                continue
            value = self._known(item, known)
            if value is None:
                value = example.get(item.python)
                if item.record is not None and isinstance(value, Mapping) and depth < _DEEPEST:
                    value = self.compose(item.record, known, seed, depth + 1)
            if value is None and item.python == record.identity:
                value = generated_key(item, None, f"{seed}/{record.name}")
            if value is not None:
                found[item.python] = value
        return found

    @staticmethod
    def _known(item: Field, known: Iterable[tuple[Ref | None, Mapping[str, Any]]]) -> Any:
        for ref, values in known:
            if item.record is not None and item.record == ref:
                return (values,) if item.many else values
            value = values.get(item.python)
            if value is None or (ref is None and item.record is not None):
                continue
            if isinstance(value, Mapping) == (item.record is not None or item.map):
                return value
        return None

    def completed(
        self, record: Record, values: Mapping[str, Any], now: dt.datetime, seed: str
    ) -> dict[str, Any]:
        """Return a new record with examples for what only the service decides.

        Args:
            record: the described record.
            values: what it holds.
            now: the present time, for the times that it was made and changed at.
            seed: text that decides what generated IDs are.
        """
        example = self.record(Ref(record.module, record.name))
        made = dict(values)
        for item in record.fields:
            held = made.get(item.python)
            if held not in (None, ()):
                if item.record is not None:
                    made[item.python] = self._completed_rows(item, held, now, seed)
                continue
            shown = example.get(item.python)
            if item.access != "r" or item.many or shown is None or item.python == record.identity:
                continue
            if item.record is not None:
                if isinstance(shown, Mapping):
                    made[item.python] = shown
            elif item.ref is None:
                made[item.python] = self._fresh(item, shown, now, f"{seed}/{item.python}")
        return made

    def _completed_rows(self, item: Field, held: Any, now: dt.datetime, seed: str) -> Any:
        record = self._api.records.get(item.record) if item.record is not None else None
        if record is None or item.map:
            return held
        rows = held if item.many else (held,)
        found = []
        for index, row in enumerate(rows):
            place = f"{seed}/{item.python}/{index}"
            made = self.completed(record, row, now, place)
            identity = next((one for one in record.fields if one.python == record.identity), None)
            if identity is not None and identity.readable and made.get(identity.python) is None:
                shown = self.record(Ref(record.module, record.name)).get(identity.python)
                made[identity.python] = generated_key(identity, shown, place)
            found.append(made)
        return tuple(found) if item.many else found[0]

    @staticmethod
    def _fresh(item: Field, shown: Any, now: dt.datetime, seed: str) -> Any:
        if isinstance(shown, dt.datetime):
            return now
        if isinstance(shown, dt.date):
            return now.date()
        if isinstance(shown, str) and item.enum is None and _is_token(shown):
            return shaped_like(shown, seed)
        return shown


def generated_key(item: Field, shown: Any, seed: str) -> int | str:
    """Return a new identity of the kind that an example has: a number, or text of its shape; else 32 digits."""
    digest = hashlib.sha256(seed.encode("utf-8", "surrogatepass"))
    if (item.read or item.write) in ("id", "int"):
        return int.from_bytes(digest.digest()[:4], "big") % 900_000_000 + 100_000_000
    if isinstance(shown, str) and shown:
        return shaped_like(shown, seed)
    return digest.hexdigest()[:32]


def shaped_like(example: str, seed: str) -> str:
    """Return text with digits where an example has digits, and letters where it has letters, after its last slash."""
    kept, slash, last = example.rpartition("/")
    is_hex = all(letter in _HEX for letter in last.lower() if letter.isalnum())
    found, stream = "", b""
    for index, letter in enumerate(last):
        while len(stream) <= index:
            stream += hashlib.sha256(
                f"{seed}/{len(stream)}".encode("utf-8", "surrogatepass")
            ).digest()
        byte = stream[index]
        if not letter.isascii() or not letter.isalnum():
            found += letter
        elif is_hex and not last.isdecimal():
            drawn = _HEX[byte % 16]
            found += drawn.upper() if letter.isupper() or last.isupper() else drawn
        elif letter.isdigit():
            found += str(byte % 10) if index else str(byte % 9 + 1)
        else:
            drawn = chr(ord("a") + byte % 26)
            found += drawn.upper() if letter.isupper() else drawn
    return kept + slash + found


def _is_token(text: str) -> bool:
    """Return whether a text is an ID, and not a word: it has digits, and is long for a number."""
    last = text.rpartition("/")[2]
    return (
        len(last) >= 8
        and " " not in last
        and sum(letter.isdigit() for letter in last) >= 2
        and "." not in last
    )


def scopes_of(method: Method, key: str | None, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments in the path of a method that say what its records belong to."""
    return {
        item.python: arguments[item.python]
        for item in method.arguments
        if item.location is not None
        and item.location[0] == "path"
        and item.python != key
        and arguments.get(item.python) is not None
    }


def case_arguments(case: Case) -> dict[str, Any]:
    """Return the arguments of a case as plain values."""
    return {} if case.arguments is None else plain_value(case.arguments)  # type: ignore[no-any-return]


def _records_in(value: Any) -> Iterator[tuple[Ref, dict[str, Any]]]:
    if isinstance(value, PageValue):
        value = value.items
    if isinstance(value, tuple):
        for one in value:
            yield from _records_in(one)
    elif isinstance(value, RecordValue):
        if value.ref is not None:
            yield value.ref, plain_value(value)
        for inner in value.values.values():
            yield from _records_in(inner)
