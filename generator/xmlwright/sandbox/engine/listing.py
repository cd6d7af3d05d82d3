"""Find the rows of a list: filters, order, paging, trees."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from ...behavior.rules import Filter, MethodBehavior
from ...cases.tables import Tables
from ...ir import Method
from .context import CallContext
from .resources import ResourceRuntime
from .responses import ListResult
from .state import Query, Record, Test, values_at
from .windows import Window, Windows

_FROM, _TO = "_from", "_to"
_SEARCH: Final = re.compile(
    r"(?:^|_)(?:q|query|search|term|terms|keyword|keywords|word|text|contains)(?:$|_)"
)


class Lister:
    """Lists the records of resources for one call."""

    def __init__(self, tables: Tables, context: CallContext) -> None:
        self._tables = tables
        self._work = context

    def rows(
        self,
        resource: ResourceRuntime,
        method: Method,
        behavior: MethodBehavior,
        arguments: Mapping[str, Any],
        scopes: Mapping[str, Any],
    ) -> ListResult:
        """Return the rows that were asked for, with the counters of their page."""
        tree = behavior.tree
        as_tree = tree is not None and tree[0] in arguments and arguments[tree[0]] is None
        query = self._query(resource, method, behavior, arguments, as_tree, scopes)
        collection = self._work.state.collection(resource.name)
        if method.response.value != "page":
            found, _ = collection.rows(query)
            return ListResult(self._branches(resource, found, behavior, as_tree), {})
        windows, window = self._window(resource, method, behavior, arguments)
        if window is None:
            every, _ = collection.rows(query)
            start = windows.begin(every, arguments)
            window = Window(start, self._size(windows, behavior, arguments), start)
        # One more row than wanted: the mark of the next page may be made of it.
        found, total = collection.rows(query, window.start, window.size + 1)
        following = found[window.size] if len(found) > window.size else None
        shown = self._branches(resource, found[: window.size], behavior, as_tree)
        return windows.result(shown, window, total, following)

    def page_of(
        self,
        resource: ResourceRuntime,
        rows: list[Any],
        method: Method,
        behavior: MethodBehavior,
        arguments: Mapping[str, Any],
    ) -> ListResult:
        """Return a page of the given rows."""
        if method.response.value != "page":
            return ListResult(rows, {})
        windows, window = self._window(resource, method, behavior, arguments)
        if window is None:
            start = windows.begin(rows, arguments)
            window = Window(start, self._size(windows, behavior, arguments), start)
        end = window.start + window.size
        following = rows[end] if end < len(rows) else None
        return windows.result(rows[window.start : end], window, len(rows), following)

    def _window(
        self,
        resource: ResourceRuntime,
        method: Method,
        behavior: MethodBehavior,
        arguments: Mapping[str, Any],
    ) -> tuple[Windows, Window | None]:
        paging = self._tables.method(method).protocol.paging
        ref = method.response.record
        layout = resource.layout if ref is None else self._work.resources.layout(ref)
        windows = Windows(method, paging, layout, self._work.request)
        return windows, windows.window(arguments, self._size(windows, behavior, arguments))

    def _size(
        self, windows: Windows, behavior: MethodBehavior, arguments: Mapping[str, Any]
    ) -> int:
        size = windows.size(arguments, behavior.page_size)
        most = windows.maximum
        if most is not None and size > most:
            self._work.guess(f"more than {most} rows a page are cut to that many")
            return most
        return size

    def _branches(
        self, resource: ResourceRuntime, rows: list[Any], behavior: MethodBehavior, as_tree: bool
    ) -> list[Any]:
        tree = behavior.tree
        if not as_tree or tree is None:
            return rows
        return [self._branch(resource, row, tree[1], tree[2]) for row in rows]

    # which rows

    def _query(
        self,
        resource: ResourceRuntime,
        method: Method,
        behavior: MethodBehavior,
        arguments: Mapping[str, Any],
        as_tree: bool,
        scopes: Mapping[str, Any],
    ) -> Query:
        context = self._work
        equals: dict[tuple[str, ...], tuple[Any, ...]] = {}
        tests: list[Test] = []
        paging = self._tables.method(method).protocol.paging
        others = (
            {*scopes, paging.size, *paging.arguments} if method.pages is not None else set(scopes)
        )
        names = {item.python: item for item in method.arguments if item.python not in others}
        for name, value in arguments.items():
            if name not in names:
                continue
            if value is None:
                if as_tree:
                    equals[(name,)] = (None,)
                continue  # an empty filter narrows nothing
            item = names[name]
            rule = resource.behavior.filters.get(name) or self._usual(resource, name, item.write)
            context.guess(rule.guess)
            self._narrow(rule, value, equals, tests)
        for name, value in scopes.items():
            self._below(resource, name, value, tests)
        for name, value in resource.behavior.listed.items():
            equals.setdefault((name,), (value,))
        if context.person.kind in resource.behavior.visible:
            tests.append(lambda record: context.sees(resource, record))
        return Query(equals, tuple(tests), *self._order(resource, method, behavior))

    @staticmethod
    def _below(resource: ResourceRuntime, name: str, value: Any, tests: list[Test]) -> None:
        """Keep the rows that belong to what the path names; rows that do not say what they belong to, too."""
        tests.append(lambda record: record.get(name, value) == value)

    @staticmethod
    def _order(
        resource: ResourceRuntime, method: Method, behavior: MethodBehavior
    ) -> tuple[str | None, bool]:
        """Return the field that orders a list, None for the identity; and whether it goes down."""
        if behavior.order is not None:
            return behavior.order.lstrip("-"), behavior.order.startswith("-")
        named = method.order or ""
        fields = resource.layout.fields if resource.layout is not None else {}
        order = named.lstrip("-")
        found = next((item.python for item in fields.values() if item.name == order), None)
        return None if found == resource.key else found, named.startswith("-")

    def _usual(self, resource: ResourceRuntime, name: str, scalar: str | None) -> Filter:
        """Return the default filter of an argument by its name."""
        fields = resource.layout.fields if resource.layout is not None else {}
        if name in fields:
            return Filter("equal", (name,))
        for ending, how in ((_FROM, "from"), (_TO, "to")):
            field = name.removesuffix(ending)
            if name.endswith(ending) and field in fields:
                return Filter(how, (field,))
        guess = f"what the filter {name} does is not described"
        searches = not self._work.resources.shows_examples(resource.module.name)
        if scalar == "text" and fields and (searches or _SEARCH.search(name)):
            return Filter("contains", (), guess=guess)
        return Filter("ignored", guess=guess)

    def _narrow(
        self,
        rule: Filter,
        value: Any,
        equals: dict[tuple[str, ...], tuple[Any, ...]],
        tests: list[Test],
    ) -> None:
        path = rule.path
        if rule.how == "equal":
            equals[path] = rule.among.get(str(value), (value,))
        elif rule.how == "contains":
            word = str(value).casefold()
            tests.append(lambda record: _contains(record, path, word))
        elif rule.how == "from":
            tests.append(lambda record: _compare(record, path, value, 1))
        elif rule.how == "to":
            tests.append(lambda record: _compare(record, path, value, -1))
        elif rule.how == "when":
            when, context = rule.when, self._work
            assert when is not None
            tests.append(lambda record: bool(when(context.scope(record, value=value))))

    def _branch(self, resource: ResourceRuntime, row: Record, parent: str, children: str) -> Record:
        """Return a row with those below it."""
        assert resource.key is not None
        below = self._work.state.collection(resource.name).equal(**{parent: row[resource.key]})
        inner = [self._branch(resource, child, parent, children) for child in below]
        return {**row, children: tuple(inner)}


def _contains(record: Record, path: tuple[str, ...], word: str) -> bool:
    found = values_at(record, path) if path else record.values()
    return any(isinstance(text, str) and word in text.casefold() for text in found)


def _compare(record: Record, path: tuple[str, ...], value: Any, sign: int) -> bool:
    """Return whether a field is not on the wrong side of a limit; the limit itself counts."""
    for held in values_at(record, path):
        limit = value
        if isinstance(held, dt.datetime) and not isinstance(limit, dt.datetime):
            held = held.date()
        elif isinstance(limit, dt.datetime) and not isinstance(held, dt.datetime):
            limit = limit.date()
        if held is None or (type(held) is not type(limit) and not _numbers(held, limit)):
            continue
        if held == limit or (held > limit) == (sign > 0):
            return True
    return False


def _numbers(left: Any, right: Any) -> bool:
    return isinstance(left, (int, Decimal)) and isinstance(right, (int, Decimal))
