"""What an account holds: collections of records that are never changed, only replaced, with indexes made when needed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from heapq import merge
from itertools import islice, product
from typing import Any, Final

from sortedcontainers import SortedList

from .exchange import Change

Key = int | str
Record = Mapping[str, Any]
"""Python name -> value. Records are never changed in place: a write replaces the record."""
Test = Callable[[Record], bool]

SERIES: Final = ".series"
"""Collection of the number series; each is a record with the last number that was given."""
_LAST_MOMENT: Final = float(10**12)
_MOST_INDEXES: Final = 24
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()


def values_at(record: Any, path: tuple[str, ...]) -> list[Any]:
    """Return all values at a path; a list on the way gives one for each of its items."""
    found = [record]
    for name in path:
        following: list[Any] = []
        for item in found:
            value = item.get(name) if isinstance(item, Mapping) else None
            if isinstance(value, (list, tuple)):
                following.extend(value)
            else:
                following.append(value)
        found = following
    return found


def sort_key(value: Any) -> tuple[Any, ...]:
    """Return the sort key of a value. None comes first; letters of both cases are equal."""
    if value is None:
        return (0,)
    if isinstance(value, str):
        return (2, value.casefold(), value)
    if isinstance(value, dt.datetime):
        return (1, value.timestamp())
    if isinstance(value, dt.date):
        return (1, (value.toordinal() - _EPOCH) * 86400)
    return (1, value) if isinstance(value, (int, Decimal)) else (3, str(value))


@dataclass(frozen=True, slots=True)
class Query:
    """Which records, and in which order."""

    equals: Mapping[tuple[str, ...], tuple[Any, ...]] = field(default_factory=dict)
    """Path -> values, one of which it must have."""
    tests: tuple[Test, ...] = ()
    order: str | None = None
    """A field; None for the order of the keys."""
    descending: bool = False


class _Index:
    """The keys of a collection in one order, apart by the values at some paths."""

    __slots__ = ("assumed", "buckets", "order", "paths")

    def __init__(
        self, paths: tuple[tuple[str, ...], ...], order: str | None, assumed: Mapping[str, Any]
    ) -> None:
        self.paths = paths
        self.order = order
        self.assumed = assumed
        self.buckets: dict[tuple[Any, ...], SortedList[Any]] = {}

    def _places(self, record: Record) -> Iterable[tuple[Any, ...]]:
        if not self.paths:
            return ((),)
        sides = []
        for path in self.paths:
            found = values_at(record, path)
            if found == [None] and len(path) == 1:
                found = [self.assumed.get(path[0])]
            sides.append(dict.fromkeys(found))
        return product(*sides)

    def _entry(self, key: Key, record: Record) -> tuple[Any, ...]:
        own = sort_key(key)
        return (own, key) if self.order is None else (sort_key(record.get(self.order)), own, key)

    def fill(self, records: Mapping[Key, Record]) -> None:
        gathered: dict[tuple[Any, ...], list[Any]] = {}
        for key, record in records.items():
            entry = self._entry(key, record)
            for place in self._places(record):
                gathered.setdefault(place, []).append(entry)
        self.buckets = {place: SortedList(entries) for place, entries in gathered.items()}

    def add(self, key: Key, record: Record) -> None:
        entry = self._entry(key, record)
        for place in self._places(record):
            bucket = self.buckets.get(place)
            if bucket is None:
                bucket = self.buckets[place] = SortedList()
            bucket.add(entry)

    def discard(self, key: Key, record: Record) -> None:
        entry = self._entry(key, record)
        for place in self._places(record):
            bucket = self.buckets.get(place)
            if bucket is not None:
                bucket.discard(entry)
                if not bucket:
                    del self.buckets[place]

    def among(self, values: Iterable[tuple[Any, ...]]) -> list[SortedList[Any]]:
        """Return the buckets of all combinations of the given values."""
        found = (self.buckets.get(place) for place in product(*values))
        return [bucket for bucket in found if bucket]


class Collection:
    """The records of one resource, by key."""

    __slots__ = ("_indexes", "assumed", "records")

    def __init__(self, assumed: Mapping[str, Any] | None = None) -> None:
        self.records: dict[Key, Record] = {}
        self.assumed = assumed or {}
        """What counts as the value of a field that a record does not have."""
        self._indexes: dict[tuple[Any, ...], _Index] = {}

    def put(self, key: Key, record: Record) -> None:
        """Store a record."""
        old = self.records.get(key)
        for index in self._indexes.values():
            if old is not None:
                index.discard(key, old)
            index.add(key, record)
        self.records[key] = record

    def remove(self, key: Key) -> None:
        """Remove a record."""
        old = self.records.pop(key)
        for index in self._indexes.values():
            index.discard(key, old)

    def replace(self, records: Mapping[Key, Record]) -> None:
        """Hold these records and no others."""
        self.records = dict(records)
        self._indexes.clear()

    def _index(self, paths: tuple[tuple[str, ...], ...], order: str | None) -> _Index:
        name = (paths, order)
        index = self._indexes.pop(name, None)
        if index is None:
            index = _Index(paths, order, self.assumed)
            index.fill(self.records)
            if len(self._indexes) >= _MOST_INDEXES:  # the one that was not asked for longest
                del self._indexes[next(iter(self._indexes))]
        self._indexes[name] = index
        return index

    def rows(
        self, query: Query, start: int = 0, size: int | None = None
    ) -> tuple[list[Record], int]:
        """Return a slice of the records of a query, and the total.

        Without tests this takes the time of the rows alone; each test has to look at every record that the equal
        values leave over.
        """
        paths = tuple(sorted(query.equals))
        buckets = self._index(paths, query.order).among(query.equals[path] for path in paths)
        end = None if size is None else start + size
        if query.tests:
            found = [
                record
                for record in map(self.records.__getitem__, self._keys(buckets, query))
                if all(test(record) for test in query.tests)
            ]
            return found[start:end], len(found)
        if len(buckets) == 1 and end is not None:
            bucket, total = buckets[0], len(buckets[0])
            if query.descending:
                walk = bucket.islice(max(total - end, 0), max(total - start, 0), reverse=True)
            else:
                walk = bucket.islice(start, end)
            return [self.records[entry[-1]] for entry in walk], total
        keys = islice(self._keys(buckets, query), start, end)
        return [self.records[key] for key in keys], sum(map(len, buckets))

    @staticmethod
    def _keys(buckets: list[SortedList[Any]], query: Query) -> Iterator[Key]:
        if query.descending:
            return (entry[-1] for entry in merge(*map(reversed, buckets), reverse=True))
        return (entry[-1] for entry in merge(*buckets))

    def until(self, field: str, moment: dt.datetime) -> list[Record]:
        """Return the records whose field holds a day or time that is not after ``moment``; others cost nothing."""
        buckets = self._index((), field).buckets
        bucket = buckets.get(())
        if bucket is None:
            return []
        day = moment.date()
        latest = ((1, moment.timestamp() + 86400), (9,))  # a day may begin earlier than in UTC
        found = []
        for entry in bucket.irange(((1,),), latest):
            record = self.records[entry[-1]]
            value = record.get(field)
            if isinstance(value, dt.datetime):
                if value <= moment:
                    found.append(record)
            elif isinstance(value, dt.date) and value <= day:
                found.append(record)
        return found

    def next_moment(self, field: str, moment: dt.datetime) -> dt.datetime | None:
        """Return the earliest day or time after ``moment`` that a record has in a field; a day begins at midnight."""
        bucket = self._index((), field).buckets.get(())
        found: dt.datetime | None = None
        earliest = ((1, moment.timestamp() - 86400),)  # a day may begin later than in UTC
        for entry in () if bucket is None else bucket.irange(earliest, ((1, _LAST_MOMENT),)):
            if found is not None and entry[0][1] > found.timestamp() + 86400:
                break
            value = self.records[entry[-1]].get(field)
            if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
                value = dt.datetime.combine(value, dt.time(), tzinfo=moment.tzinfo)
            if (
                isinstance(value, dt.datetime)
                and value > moment
                and (found is None or value < found)
            ):
                found = value
        return found

    def equal(self, **values: Any) -> list[Record]:
        """Return the records that have these values, in the order of their keys."""
        return self.rows(Query({(name,): (value,) for name, value in values.items()}))[0]


class AccountState:
    """The collections of one account, and what the present call has done to them."""

    def __init__(self, name: str, assumed: Mapping[str, Mapping[str, Any]]) -> None:
        self.name = name
        self._assumed = assumed
        self._collections: dict[str, Collection] = {}
        self._before: dict[tuple[str, Key], Record | None] | None = None

    def __iter__(self) -> Iterator[tuple[str, Collection]]:
        return iter(self._collections.items())

    def collection(self, name: str) -> Collection:
        """Return a collection; an empty one where nothing was put into it yet."""
        found = self._collections.get(name)
        if found is None:
            found = self._collections[name] = Collection(self._assumed.get(name))
        return found

    def get(self, name: str, key: Key | None) -> Record | None:
        """Return a record, or None."""
        return None if key is None else self.collection(name).records.get(key)

    def put(self, name: str, key: Key, record: Record) -> None:
        """Store a record."""
        self._note(name, key)
        self.collection(name).put(key, record)

    def remove(self, name: str, key: Key) -> None:
        """Remove a record."""
        self._note(name, key)
        self.collection(name).remove(key)

    def _note(self, name: str, key: Key) -> None:
        if self._before is not None:
            self._before.setdefault((name, key), self.get(name, key))

    # number series

    def next_number(self, series: str, at_least: int = 1) -> int:
        """Return the next number of a series; never one that was given before."""
        number = max(self.last_number(series) + 1, at_least)
        self.put(SERIES, series, {"last": number})
        return number

    def last_number(self, series: str) -> int:
        """Return the number of a series that was given last, or 0."""
        known = self.get(SERIES, series)
        return 0 if known is None else int(known["last"])

    def number_taken(self, series: str, number: int) -> None:
        """Let the series go on behind a number that was given by somebody else."""
        if number > self.last_number(series):
            self.put(SERIES, series, {"last": number})

    # calls

    def begin(self) -> None:
        """Record changes until :meth:`commit` or :meth:`rollback`."""
        self._before = {}

    def commit(self) -> tuple[Change, ...]:
        """Return what changed since :meth:`begin`: the last state of each record."""
        before, self._before = self._before or {}, None
        changes = []
        for (name, key), old in before.items():
            new = self.get(name, key)
            if new is not old:
                changes.append(Change(name, key, new))
        return tuple(changes)

    def rollback(self) -> None:
        """Undo everything since :meth:`begin`."""
        before, self._before = self._before or {}, None
        for (name, key), old in reversed(before.items()):
            collection = self.collection(name)
            if old is not None:
                collection.put(key, old)
            elif key in collection.records:
                collection.remove(key)

    # all of it

    def snapshot(self) -> Mapping[str, Mapping[Key, Record]]:
        """Return all records as they are now. Cheap, because records are shared."""
        return {name: dict(item.records) for name, item in self._collections.items()}

    def restore(self, snapshot: Mapping[str, Mapping[Key, Record]]) -> None:
        """Go back to a snapshot."""
        for name in {*self._collections, *snapshot}:
            self.collection(name).replace(snapshot.get(name, {}))

    def load(self, changes: Iterable[Change]) -> None:
        """Take changes as they are, such as those that a database kept."""
        for change in changes:
            collection = self.collection(change.collection)
            if change.record is not None:
                collection.put(change.id, change.record)
            elif change.id in collection.records:
                collection.remove(change.id)

    def changes(self) -> list[Change]:
        """Return everything, as changes of an empty account."""
        return [
            Change(name, key, record)
            for name, item in self._collections.items()
            for key, record in item.records.items()
        ]
