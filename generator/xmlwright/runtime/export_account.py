"""Export an account: fetch its lists, page by page."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from .errors import ArgumentError, RateLimitError
from .export_parts import PARTS, identity_text
from .export_tables import Rows, Tables
from .export_targets import Target, now
from .paging import Pager
from .registry import MethodRegistry
from .request import ListResponse, Method, PageResponse, Request

if TYPE_CHECKING:
    from .client import Client

ROWS_OF_A_PART: Final = 1_000
"""Records that are fetched before they are committed."""
_PATIENCE: Final = 10
"""How often in a row the API may refuse a call for its rate."""
_DEFAULT_WAIT: Final = 60.0

Report = Callable[[str], None]
"""Shows how far an export is."""


def exported_methods(registry: MethodRegistry, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the methods whose lists make up an account, and those lists that are left out, each with the reason.

    Args:
        registry: the methods.
        names: the methods that were asked for; none for all lists.

    Raises:
        ArgumentError: a method does not exist, returns no list of records, or needs arguments.
    """
    chosen: list[str] = []
    left_out: list[str] = []
    for name in names or registry.methods:
        method = registry.method(name)
        needed = [item.name for item in method.arguments.fields if item.required]
        schema = method.response.record
        reason = ""
        if not isinstance(method.response, (PageResponse, ListResponse)) or schema is None:
            if not names:
                continue
            reason = "it returns no list of records"
        elif needed:
            reason = f"it needs {' and '.join(needed)}"
        elif not names and schema.identity is None:
            reason = "its rows have no ID, such as those of a report; name it with --method"
        if not reason:
            chosen.append(name)
        elif names:
            raise ArgumentError(f"{name} cannot be exported: {reason}")
        else:
            left_out.append(f"{name}: {reason}")
    return chosen, left_out


def export_account(
    client: Client,
    target: Target,
    tables: Tables,
    methods: Sequence[str],
    *,
    page_size: int | None = None,
    report: Report = lambda text: None,
) -> None:
    """Fetch lists, and export their records.

    A list whose rows moved while it was fetched is kept as incomplete; the next run adds the rows that are missing.

    Args:
        client: the client.
        target: where to.
        tables: the tables.
        methods: names of the methods.
        page_size: rows of a page; the default of the API if None.
        report: shows how far it is.

    Raises:
        Error: a call failed. What was fetched before is committed.
    """
    lists = target.state.setdefault("lists", {})
    target.state.setdefault("next_row", 1)
    registry = tables.registry
    target.create(
        table
        for name in methods
        if (schema := registry.methods[name].response.record) is not None
        for table in tables.of(schema).below()
    )
    target.state["problems"], target.state["problem_count"] = [], 0
    for name in methods:
        state = lists.setdefault(
            name, {"rows": 0, "total": None, "next": None, "parts": 0, "done": None}
        )
        if not state["done"]:
            _AccountList(client, target, tables, registry.methods[name], state, report).fetch(
                page_size
            )
    if all(lists[name]["done"] for name in methods):
        target.finish(tables)
    else:
        target.save()


class _AccountList:
    """One list on its way from the account to the target."""

    def __init__(
        self,
        client: Client,
        target: Target,
        tables: Tables,
        method: Method[Any],
        state: dict[str, Any],
        report: Report,
    ) -> None:
        assert method.response.record is not None
        self.client = client
        self.target = target
        self.tables = tables
        self.method = method
        self.state = state
        self.report = report
        self.schema = method.response.record
        self.table = tables.of(self.schema)
        self._known: set[str] | None = None
        if state["rows"] and self.table.identity is not None:
            self._known = target.identities(self.table)
        self._rows: list[Rows] = []
        self._fetched = state["rows"]
        self._next: Any = _cursor(state["next"])
        self._row = target.state["next_row"]

    def fetch(self, page_size: int | None) -> None:
        """Fetch the rest of the list."""
        size = self.method.protocol.paging.size
        given = (
            {size: page_size}
            if page_size is not None and size in self.method.arguments.by_name
            else {}
        )
        request = self.method.build(given)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                self._patiently(request)
            except BaseException:
                if self._next is not None:  # else the next run would fetch these rows again
                    self._commit()
                raise
        reasons = [str(one.message) for one in caught]
        total = self.state["total"]
        if not reasons and total is not None and self._fetched < total:
            reasons.append(f"{self._fetched} rows came of a list of {total}")
        if reasons:
            self.target.problem(self.method.name, reasons[0])
        # Without an ID, a second walk would repeat rows, so there is none.
        if not reasons or self.table.identity is None:
            self.state["done"] = now()
        self._next = None
        self._commit()
        self.target.save()

    def _patiently(self, request: Request[Any]) -> None:
        refused = 0
        while True:
            try:
                for page in self._pages(request):
                    refused = 0
                    self._add(page)
                return
            except RateLimitError as error:
                refused += 1
                wait = error.retry_after or _DEFAULT_WAIT
                if refused > _PATIENCE:
                    raise
                self.report(f"{self.method.name}: rate limit, waiting {wait:g} s")
                time.sleep(wait)

    def _pages(self, request: Request[Any]) -> Iterator[Any]:
        if not isinstance(self.method.response, PageResponse):
            yield self.client.send(request)
            return
        yield from Pager(self.client, request.at_page).pages(self._next)

    def _add(self, page: Any) -> None:
        identity = self.schema.identity
        found: list[Rows] = []
        for record in page:
            if self._known is not None:
                name = identity_text(getattr(record, str(identity)))
                if name in self._known:
                    continue
                self._known.add(name)
            row = self._row + len(found)
            found.append(self.tables.rows(record, self.schema, row, self.method.name))
        self._rows += found
        self._row += len(found)
        self._fetched += len(found)
        self._next, total = getattr(page, "next", None), getattr(page, "total", None)
        if total is not None:
            self.state["total"] = total
        of = f" of {total:,}" if total is not None else ""
        self.report(f"{self.method.name}: {self._fetched:,}{of} rows")
        if len(self._rows) >= ROWS_OF_A_PART and self._next is not None:
            self._commit()

    def _commit(self) -> None:
        self.state["next"] = self._next
        rows, self._rows = self._rows, []
        if not rows:
            return
        name = f"{self.method.name}-{self.state['parts']:05}"
        part = PARTS[self.target.form](self.target.part_folder(name), self.tables.by_name)
        for record in rows:
            part.write(record)
        part.close()
        self.state["parts"] += 1
        self.state["rows"] += len(rows)
        self.target.state["next_row"] = self._row
        self.target.commit(name, part.counts)


def _cursor(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
