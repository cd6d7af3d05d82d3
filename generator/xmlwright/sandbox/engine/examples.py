"""What the cases of a description show, for values that nothing else decides."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from ...cases.values import plain_value
from ...ir import Api, Case, Field, Method, PageValue, Record, RecordValue, Ref
from .conventions import is_generated

_DEEPEST: Final = 6
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "int": (int,),
    "id": (int, str),
    "decimal": (Decimal,),
    "float": (float, int),
    "flag": (bool,),
    "date": (dt.date,),
    "datetime": (dt.datetime,),
    "base64": (bytes,),
    "binary": (),
}
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
        return plain_result(found)

    def compose(
        self,
        ref: Ref,
        known: Iterable[tuple[Ref | None, Mapping[str, Any]]],
        seed: str,
        depth: int = 0,
        *,
        fresh: bool = False,
        now: dt.datetime | None = None,
        lists: bool = True,
    ) -> dict[str, Any]:
        """Return a record made of values that are known, and of examples for all others.

        Args:
            ref: the record.
            known: records and arguments that it may show, the most important ones first.
            seed: text that decides what generated IDs are.
            depth: how many records it is inside of.
            fresh: IDs that are not known are new ones.
            now: the present time, for times of new records.
            lists: lists of records and of IDs may be those of examples, although nothing is kept of them.
        """
        known = list(known)
        record = self._api.records[ref]
        example = self.record(ref)
        found: dict[str, Any] = {}
        for item in record.fields:
            if not item.readable:
                continue
            value = self._known(item, known, ref)
            if value is None:
                value = example.get(item.python)
                if (
                    value
                    and item.many
                    and not lists
                    and (item.record is not None or _lists_ids(item))
                ):
                    value = ()
                if item.record is not None and isinstance(value, Mapping) and depth < _DEEPEST:
                    place = f"{seed}/{item.python}"
                    value = self.compose(
                        item.record, known, place, depth + 1, fresh=fresh, now=now, lists=lists
                    )
                elif fresh and value is not None and is_generated(item):
                    value = generated_key(item, value, f"{seed}/{record.name}/{item.python}")
                elif now is not None and isinstance(value, dt.datetime):
                    value = now
            if value is None and fresh and not example and is_generated(item):
                value = generated_key(item, None, f"{seed}/{record.name}/{item.python}")
            if value is None and item.python == record.identity:
                value = generated_key(item, None, f"{seed}/{record.name}")
            if value is not None:
                found[item.python] = value
        return found

    def _known(self, item: Field, known: Iterable[tuple[Ref | None, Any]], own: Ref) -> Any:
        """Return the value of a field of ``own`` among values that are known; None where none fits."""
        for ref, values in known:
            if item.record is not None and item.record == ref and not item.map:
                several = isinstance(values, tuple)
                if item.many or not several:
                    return values if several == item.many else (values,)
                continue
            if not isinstance(values, Mapping):
                continue
            value = values.get(item.python)
            if value is None:
                continue
            if item.record is None and not item.map:
                value = self.fitting(item, value)
                if value is not None:
                    return value
            elif ref == own or (item.map and item.record is None and isinstance(value, Mapping)):
                return value
        return None

    def fitting(self, item: Field, value: Any) -> Any:
        """Return a value as one of a field; None where it cannot be."""
        if item.many:
            if not isinstance(value, (tuple, list)):
                return None
            found = tuple(self.fitting(dataclasses.replace(item, many=False), one) for one in value)
            return None if None in found else found
        if item.enum is not None:
            words = {word.word for word in self._api.enums[item.enum].words if word.readable}
            return value if isinstance(value, str) and value in words else None
        kind = item.read or item.write or "text"
        if kind in ("int", "id") and isinstance(value, str) and value.isdecimal() and kind == "int":
            return int(value)
        if (
            kind in ("text", "uri")
            and isinstance(value, (int, Decimal))
            and not isinstance(value, bool)
        ):
            return str(value)
        if kind == "decimal" and isinstance(value, int) and not isinstance(value, bool):
            return Decimal(value)
        wanted = _TYPES.get(kind, (str,))
        return (
            value
            if isinstance(value, wanted) and isinstance(value, bool) == (kind == "flag")
            else None
        )

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
    kept, slash, last = example.rpartition("/" if "/" in example else ":")
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


def _lists_ids(item: Field) -> bool:
    name = item.python.removesuffix("_list").removesuffix("s")
    return name.rpartition("_")[2] in ("id", "arn")


def _is_token(text: str) -> bool:
    """Return whether a text is an ID, and not a word: it has digits, and is long for a number."""
    last = text.rpartition("/")[2]
    return (
        len(last) >= 8
        and " " not in last
        and sum(letter.isdigit() for letter in last) >= 2
        and "." not in last
    )


def plain_result(value: Any) -> Any:
    """Return the result of a case as plain values; the rows of a page."""
    return plain_value(value.items if isinstance(value, PageValue) else value)


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
    return {} if case.arguments is None else plain_value(case.arguments)


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
