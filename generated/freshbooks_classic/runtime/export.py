"""Export all records of an account, or of recorded documents, to SQLite, CSV, JSON Lines or Parquet.

An export consists of parts. A part and the new state of the export are committed together, so that an export that was
interrupted at any moment goes on where it stopped.
"""

from __future__ import annotations

import datetime as dt
import importlib
import json
import os
import shutil
import sqlite3
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .errors import ApiError, ArgumentError, ConfigurationError, Error, RateLimitError
from .export_parts import PARTS, identity_text, sqlite_table, values_of
from .export_sources import Document, Piece, find_jobs, read_piece
from .export_tables import Rows, Table, Tables
from .paging import Pager
from .reading import local_name, parse_xml
from .registry import MethodRegistry
from .request import ListResponse, Method, PageResponse, Request

if TYPE_CHECKING:
    from .client import Client

MANIFEST: Final = "export.json"
ROWS_OF_A_PART: Final = 1_000
"""Records of an account that are fetched before they are committed."""
ROWS_OF_A_JOB: Final = 10**10
"""Numbers of rows that each job has for itself."""
_PATIENCE: Final = 10
"""How often in a row the API may refuse a call for its rate."""
_DEFAULT_WAIT: Final = 60.0
_PROBLEMS_KEPT: Final = 1_000

Report = Callable[[str], None]
"""Shows how far an export is."""


class Target:
    """Where an export goes. Its state is a JSON object, committed together with the rows that it tells of."""

    def __init__(self, path: Path, form: str, about: dict[str, Any], *, restart: bool) -> None:
        """Open a target, or go on with the export that it holds.

        Args:
            path: a folder, or an SQLite database.
            form: format of the parts.
            about: what the export is of; an export of something else is refused.
            restart: remove the export that the target holds.

        Raises:
            ConfigurationError: the target holds something else, a complete export, or one that is running.
        """
        self.path = path
        self.form = form
        self.scratch = path / ".export" if form != "sqlite" else Path(f"{path}.export")
        self.scratch.mkdir(parents=True, exist_ok=True)
        self._lock = sqlite3.connect(self.scratch / "lock", timeout=0, isolation_level=None)
        try:
            self._lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise ConfigurationError(f"another export to {path} is running") from None
        self._open()
        found = self._load()
        if found is not None and restart:
            self._clear(found)
            found = None
        if found is not None and found["about"] != about:
            raise ConfigurationError(
                f"{path} holds an export of something else; pass --restart to replace it, or choose another target"
            )
        if found is not None and found["finished"]:
            raise ConfigurationError(
                f"{path} holds a complete export; pass --restart to replace it"
            )
        self.resumed = found is not None
        self.state: dict[str, Any] = found or {
            "about": about,
            "started": _now(),
            "finished": None,
            "tables": {},
            "parts": [],
            "problems": [],
            "problem_count": 0,
        }
        self._remove_uncommitted()

    def part_folder(self, name: str) -> Path:
        """Return an empty folder for the files of a part."""
        folder = self.scratch / name
        shutil.rmtree(folder, ignore_errors=True)
        return folder

    def commit(self, name: str, counts: dict[str, int]) -> None:
        """Take over the files of a part, and keep the state."""
        for table, count in counts.items():
            self.state["tables"][table] = self.state["tables"].get(table, 0) + count
        self.state["parts"].append(name)
        self._take(self.scratch / name)
        shutil.rmtree(self.scratch / name, ignore_errors=True)

    def save(self) -> None:
        """Keep the state."""
        raise NotImplementedError  # pragma: no cover

    def finish(self, tables: Tables, *, latest: bool = False) -> None:
        """Say in the state that the export is complete."""
        self.state["finished"] = _now()
        self.save()

    def close(self) -> None:
        """Let another export have the target."""
        self._lock.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def create(self, tables: Iterable[Table]) -> None:
        """Make tables, so that those without rows are there, too."""

    def identities(self, table: Table) -> set[str]:
        """Return what names the records that a table holds already."""
        raise NotImplementedError  # pragma: no cover

    def problem(self, label: str, reason: str) -> None:
        """Keep what could not be read, and why."""
        self.state["problem_count"] += 1
        if len(self.state["problems"]) < _PROBLEMS_KEPT:
            self.state["problems"].append([label, reason])

    def _open(self) -> None:
        pass

    def _load(self) -> dict[str, Any] | None:
        raise NotImplementedError  # pragma: no cover

    def _clear(self, state: dict[str, Any]) -> None:
        raise NotImplementedError  # pragma: no cover

    def _remove_uncommitted(self) -> None:
        pass

    def _take(self, folder: Path) -> None:
        raise NotImplementedError  # pragma: no cover


class FolderTarget(Target):
    """A folder for each table, with a file for each part; ``export.json`` says what was exported."""

    def save(self) -> None:
        """Keep the state."""
        temporary = self.scratch / MANIFEST
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(self.state, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.path / MANIFEST)

    def identities(self, table: Table) -> set[str]:
        """Return what names the records that a table holds already."""
        column = next(one for one in table.columns if one.name == table.identity)
        files = sorted((self.path / table.name).glob(f"*.{self.form}"))
        return {identity_text(value) for path in files for value in values_of(path, table, column)}

    def _load(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
            return found if found["parts"] is not None else None
        except FileNotFoundError:
            others = [one.name for one in self.path.iterdir() if one != self.scratch]
            if others:
                raise ConfigurationError(
                    f"{self.path} is not empty ({sorted(others)[0]}) and no export; choose another folder"
                ) from None
            return None
        except (ValueError, KeyError, TypeError):
            raise ConfigurationError(
                f"{self.path / MANIFEST} is damaged; choose another folder"
            ) from None

    def _files(self) -> Iterator[Path]:
        for folder in self.path.iterdir():
            if folder.is_dir() and folder != self.scratch:
                yield from folder.glob(f"*.{self.form}")

    def _clear(self, state: dict[str, Any]) -> None:
        parts = set(state["parts"])
        (self.path / MANIFEST).unlink()
        for path in list(self._files()):
            if path.stem in parts:
                path.unlink()
                if not any(path.parent.iterdir()):
                    path.parent.rmdir()

    def _remove_uncommitted(self) -> None:
        parts = set(self.state["parts"])
        for path in list(self._files()):
            if path.stem not in parts:
                path.unlink()

    def _take(self, folder: Path) -> None:
        for file in sorted(folder.iterdir()):
            place = self.path / file.stem
            place.mkdir(exist_ok=True)
            os.replace(file, place / f"{folder.name}{file.suffix}")
        self.save()


class SqliteTarget(Target):
    """An SQLite database with all tables; the table ``_export`` holds the state."""

    def save(self) -> None:
        """Keep the state."""
        state = json.dumps(self.state, ensure_ascii=False)
        self._database.execute("INSERT OR REPLACE INTO _export VALUES ('state', ?)", (state,))

    def create(self, tables: Iterable[Table]) -> None:
        """Make tables, so that those without rows are there, too."""
        for table in tables:
            if not self._has(table.name):
                self._database.execute(sqlite_table(table))

    def identities(self, table: Table) -> set[str]:
        """Return what names the records that a table holds already."""
        if not self._has(table.name):
            return set()
        rows = self._database.execute(f'SELECT "{table.identity}" FROM "{table.name}"')
        return {identity_text(value) for (value,) in rows}

    def finish(self, tables: Tables, *, latest: bool = False) -> None:
        """Index the tables, keep the last row of each record if asked to, and say that the export is complete."""
        self._database.execute("BEGIN")
        try:
            for name in self.state["tables"]:
                table = tables.by_name[name]
                self._database.execute(
                    f'CREATE INDEX IF NOT EXISTS "{name}_row" ON "{name}" ("_row")'
                )
                if table.identity is not None:
                    self._database.execute(
                        f'CREATE INDEX IF NOT EXISTS "{name}_identity" ON "{name}" ("{table.identity}")'
                    )
                    if latest and len(table.key) == 2:
                        self._keep_latest(table)
            super().finish(tables)
            self._database.execute("COMMIT")
        except BaseException:
            self._database.execute("ROLLBACK")
            raise

    def _keep_latest(self, table: Table) -> None:
        for one in reversed(list(table.below())):
            if not self._has(one.name):
                continue
            kept = self._database.execute(
                f'DELETE FROM "{one.name}" WHERE "{table.identity}" IS NOT NULL AND "_row" NOT IN'
                f' (SELECT max("_row") FROM "{table.name}" GROUP BY "{table.identity}")'
                if one is table
                else f'DELETE FROM "{one.name}" WHERE "_row" IN (SELECT "_row" FROM "{table.name}"'
                f' WHERE "{table.identity}" IS NOT NULL AND "_row" NOT IN'
                f' (SELECT max("_row") FROM "{table.name}" GROUP BY "{table.identity}"))'
            )
            self.state["tables"][one.name] -= kept.rowcount

    def close(self) -> None:
        """Close the database."""
        self._database.close()
        super().close()

    def _has(self, table: str) -> bool:
        return bool(
            self._database.execute(
                "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
            ).fetchone()
        )

    def _open(self) -> None:
        try:
            self._database = sqlite3.connect(self.path, isolation_level=None)
            known = self._has("_export")
        except sqlite3.DatabaseError as error:
            raise ConfigurationError(f"{self.path}: {error}") from None
        if not known:
            if self._database.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise ConfigurationError(f"{self.path} holds other tables; choose another file")
            self._database.execute("CREATE TABLE _export (name TEXT PRIMARY KEY, value TEXT)")

    def _load(self) -> dict[str, Any] | None:
        row = self._database.execute("SELECT value FROM _export WHERE name = 'state'").fetchone()
        found: dict[str, Any] | None = None if row is None else json.loads(row[0])
        return found

    def _clear(self, state: dict[str, Any]) -> None:
        self._database.close()
        self.path.unlink()
        self._open()

    def _take(self, folder: Path) -> None:
        part = folder / "part.sqlite"
        self._database.execute("ATTACH ? AS part", (str(part),))
        try:
            self._database.execute("BEGIN")
            made = self._database.execute("SELECT name, sql FROM part.sqlite_master").fetchall()
            for name, statement in made:
                if not self._has(name):
                    self._database.execute(statement)
                self._database.execute(f'INSERT INTO main."{name}" SELECT * FROM part."{name}"')
            self.save()
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
        finally:
            self._database.execute("DETACH part")


def open_target(path: Path, form: str, about: dict[str, Any], *, restart: bool) -> Target:
    """Open a target; see :class:`Target`."""
    kind = SqliteTarget if form == "sqlite" else FolderTarget
    return kind(path, form, {**about, "format": form}, restart=restart)


# An account


def exported_methods(registry: MethodRegistry, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the methods whose lists make up an account, and those lists that are left out, each with the reason.

    Args:
        registry: the methods.
        names: the methods that were asked for; none for all lists.

    Raises:
        ArgumentError: a method does not exist, is no list, or needs arguments.
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
                self._commit()
                raise
        self._next = None
        self._commit()
        reasons = [str(one.message) for one in caught]
        total = self.state["total"]
        if not reasons and total is not None and self.state["rows"] < total:
            reasons.append(f"{self.state['rows']} rows came of a list of {total}")
        if reasons:
            self.target.problem(self.method.name, reasons[0])
        else:
            self.state["done"] = _now()
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
                self._commit()
                self.report(f"{self.method.name}: rate limit, waiting {wait:g} s")
                time.sleep(wait)

    def _pages(self, request: Request[Any]) -> Iterator[Any]:
        if not isinstance(self.method.response, PageResponse):
            yield self.client.send(request)
            return
        for page in Pager(self.client, request.at_page).pages(self._next):
            yield page
            self._next = page.next
            if page.total is not None:
                self.state["total"] = page.total

    def _add(self, page: Any) -> None:
        identity = self.schema.identity
        for record in page:
            if self._known is not None:
                name = identity_text(getattr(record, str(identity)))
                if name in self._known:
                    continue
                self._known.add(name)
            self._rows.append(self.tables.rows(record, self.schema, self._row, self.method.name))
            self._row += 1
            self._fetched += 1
        total = getattr(page, "total", None)
        of = f" of {total:,}" if total is not None else ""
        self.report(f"{self.method.name}: {self._fetched:,}{of} rows")
        if len(self._rows) >= ROWS_OF_A_PART:
            self._next = getattr(page, "next", None)
            self._commit()

    def _commit(self) -> None:
        self.state["next"] = self._next
        if not self._rows:
            return
        name = f"{self.method.name}-{self.state['parts']:05}"
        part = PARTS[self.target.form](self.target.part_folder(name), self.tables.by_name)
        for rows in self._rows:
            part.write(rows)
        part.close()
        self.state["parts"] += 1
        self.state["rows"] += len(self._rows)
        self.target.state["next_row"] = self._row
        self._rows = []
        self.target.commit(name, part.counts)


def _cursor(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


# Recorded documents


@dataclass(frozen=True, slots=True)
class Job:
    """What one process reads and writes."""

    package: str
    form: str
    number: int
    pieces: tuple[Piece, ...]
    method: str | None
    folder: str
    """Where the files of the part go."""
    show_secrets: bool


@dataclass(slots=True)
class Result:
    """What came of a job."""

    counts: dict[str, int] = field(default_factory=dict)
    documents: int = 0
    failures: int = 0
    """Responses that say that a call failed, and calls without a response."""
    others: int = 0
    """Requests, files and responses without records."""
    problems: list[tuple[str, str]] = field(default_factory=list)


def export_files(
    target: Target,
    tables: Tables,
    sources: Sequence[str],
    *,
    method: str | None = None,
    latest: bool = False,
    processes: int = 1,
    scheduler: str | None = None,
    report: Report = lambda text: None,
) -> None:
    """Export the records of recorded documents.

    Args:
        target: where to.
        tables: the tables.
        sources: files, folders and archives; ``-`` is standard input.
        method: the method that all XML responses belong to; found by their content if None.
        latest: keep the last row of each record; for SQLite.
        processes: processes that read.
        scheduler: address of a Dask scheduler, in place of processes.
        report: shows how far it is.

    Raises:
        Error: nothing can be read at all.
    """
    state = target.state
    for name in ("documents", "failures", "others", "jobs"):
        state.setdefault(name, 0)
    found = find_jobs(sources)
    if not target.resumed:
        for label, reason in found.problems:
            target.problem(label, reason)
        state["skipped"] = found.skipped[:_PROBLEMS_KEPT]
    package = __name__.rpartition(".")[0].rpartition(".")[0]
    jobs = [
        Job(package, target.form, number, pieces, method, str(target.part_folder(f"{number:05}").absolute()), tables.show_secrets)
        for number, pieces in enumerate(found.jobs)
        if number >= state["jobs"]
    ]  # fmt: skip
    for number, result in enumerate(_results(jobs, processes, scheduler), state["jobs"]):
        state["documents"] += result.documents
        state["failures"] += result.failures
        state["others"] += result.others
        for label, reason in result.problems:
            target.problem(label, reason)
        state["jobs"] = number + 1
        target.commit(f"{number:05}", result.counts)
        rows = sum(state["tables"].values())
        report(f"{number + 1} of {len(found.jobs)} parts, {rows:,} rows")
    target.finish(tables, latest=latest)


def _results(jobs: Sequence[Job], processes: int, scheduler: str | None) -> Iterator[Result]:
    """Yield the results of jobs in their order."""
    if scheduler is not None:
        with importlib.import_module("distributed").Client(scheduler) as cluster:
            for future in [cluster.submit(run_job, job, pure=False) for job in jobs]:
                yield future.result()
        return
    if processes <= 1 or len(jobs) <= 1:
        yield from map(run_job, jobs)
        return
    with ProcessPoolExecutor(min(processes, len(jobs)), get_context("spawn")) as pool:
        try:
            yield from pool.map(run_job, jobs)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def run_job(job: Job) -> Result:
    """Read the documents of a job, and write the part of their records. Depends on nothing but the job and the files."""
    registry: MethodRegistry = importlib.import_module(f"{job.package}.wire").REGISTRY
    tables = Tables(registry, show_secrets=job.show_secrets)
    part = PARTS[job.form](Path(job.folder), tables.by_name)
    result = Result(part.counts)
    guesser = _Guesser(registry, job.method)
    row = job.number * ROWS_OF_A_JOB + 1
    for piece in job.pieces:
        for document in read_piece(piece):
            result.documents += 1
            try:
                if document.problem:
                    raise ValueError(document.problem)
                found = _value(guesser, document, result)
                if found is None:
                    continue
                method, value = found
                schema = method.response.record
                if schema is None:
                    result.others += 1
                    continue
                for record in value if hasattr(value, "__iter__") else (value,):
                    part.write(tables.rows(record, schema, row, document.label))
                    row += 1
            except (Error, ValueError, RecursionError) as error:
                result.problems.append((document.label, str(error) or type(error).__name__))
    part.close()
    return result


def _value(guesser: _Guesser, document: Document, result: Result) -> tuple[Method[Any], Any] | None:
    """Return the method and the value of a document; None, and count it, where it holds no records."""
    registry = guesser.registry
    content: bytes | str = document.content
    if document.recorded:
        from .recorder import recorded_call

        call = recorded_call(document.content)
        method = registry.method(call.method)
        if call.response is None:
            result.failures += 1
            return None
        content = call.response
    else:
        guessed = guesser.method_of(document.content)
        if guessed is None:
            result.others += 1
            return None
        method = guessed
    if method.response.binary:
        result.others += 1
        return None
    try:
        return method, method.parse_response(content, strict=False)
    except ApiError:
        result.failures += 1
        return None


class _Guesser:
    """Finds the methods of responses; documents with the same elements on top are of the same method."""

    def __init__(self, registry: MethodRegistry, method: str | None) -> None:
        self.registry = registry
        self._given = None if method is None else registry.method(method)
        self._known: dict[tuple[str, frozenset[str]], Method[Any] | None] = {}

    def method_of(self, content: bytes) -> Method[Any] | None:
        """Return the method of a response; None for a request.

        Raises:
            Error: it cannot be found.
        """
        if self._given is not None:
            return self._given
        root = parse_xml(content)
        inner = {f"{local_name(one)}/{local_name(two)}" for one in root for two in one}
        tops = {local_name(one) for one in root}
        key = local_name(root), frozenset((*tops, *inner))
        if key not in self._known:
            found = self._found(content)
            if len(self._known) >= 1_000:
                self._known.clear()
            self._known[key] = found
        return self._known[key]

    def _found(self, content: bytes) -> Method[Any] | None:
        root = parse_xml(content)
        protocol = self.registry.protocol
        try:
            self.registry.method_of(root)
        except Error:
            pass
        else:
            if protocol.request_root != protocol.response_root:
                return None
        names = self.registry.candidates(content)
        if not names:
            # A failure, which any method may return; its method does not matter.
            return next(one for one in self.registry.methods.values() if not one.response.binary)
        methods = [self.registry.methods[name] for name in names]
        if len({id(one.response.record) for one in methods}) > 1:
            raise ValueError(
                f"it may be of {' or '.join(names[:4])}; name the method with --method"
            )
        return methods[0]


def _now() -> str:
    return dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")
