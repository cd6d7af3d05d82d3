"""The SQLite file that stores the state. Every acknowledged write is in it, completely.

A writer thread commits, so that the server continues meanwhile. The changes of one call are in one transaction, which may hold
other calls too. When a write fails, all writes that were made on top of it fail, and the state is loaded from the file again.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from ..engine.encoding import dumps, loads
from ..engine.exchange import Change
from ..options import SandboxError, StorageError

_APPLICATION: Final = 0x786D6C77  # "xmlw"
_FORMAT: Final = 1
_TABLES: Final = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE accounts (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE records (
    account TEXT NOT NULL, collection TEXT NOT NULL, id NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (account, collection, id)
) WITHOUT ROWID;
"""
_PUT: Final = "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)"
_REMOVE: Final = "DELETE FROM records WHERE account = ? AND collection = ? AND id = ?"

Statement = tuple[str, tuple[Any, ...]]


class Database:
    """One SQLite file. Opened by one sandbox at a time."""

    def __init__(self, path: Path, api: str, zone: tzinfo) -> None:
        """Open the file, or make it. Raises SandboxError for what is no file of a sandbox of this API."""
        self.path = path
        self._zone = zone
        self._lock = threading.Lock()
        """Held during a transaction, so that reads see committed rows only."""
        try:
            self._connection = sqlite3.connect(
                path, timeout=0.5, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            reason = str(error) if path.absolute().parent.is_dir() else "its folder does not exist"
            raise StorageError(f"{path} cannot be opened: {reason}") from None
        try:
            self._prepare(api)
        except sqlite3.Error as error:
            self._connection.close()
            reason = "another sandbox uses it" if "locked" in str(error) else str(error)
            raise StorageError(f"{path} cannot be used: {reason}") from None
        except SandboxError:
            self._connection.close()
            raise
        self._queue: queue.SimpleQueue[tuple[int, list[Statement], asyncio.Future[None]] | None]
        self._queue = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pending: dict[str, asyncio.Future[None]] = {}
        self._epoch = 0
        """Number of failed writes that the loop has seen; writes of an earlier epoch build on one that failed."""
        self._failed = 0
        """Epoch before which writes are refused."""
        self._reload: Callable[[], object] = lambda: None
        self.problem: str | None = None
        """Why the last write failed; None after one that succeeded."""

    def _prepare(self, api: str) -> None:
        run = self._connection.execute
        # This process is the only writer, so one lock is held across commits.
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA synchronous = FULL")
        run("BEGIN EXCLUSIVE")
        application = run("PRAGMA application_id").fetchone()[0]
        empty = application == 0 and run("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        if empty:
            for statement in _TABLES.split(";"):
                run(statement)
            run("INSERT INTO facts VALUES ('api', ?)", (api,))
            run(f"PRAGMA application_id = {_APPLICATION}")
            run(f"PRAGMA user_version = {_FORMAT}")
        elif application != _APPLICATION:
            raise StorageError(f"{self.path} is no file of a sandbox; it is left as it is")
        elif run("PRAGMA user_version").fetchone()[0] != _FORMAT:
            raise StorageError(f"{self.path} was written by another version; it is left as it is")
        elif (found := self.fact("api")) != api:
            raise StorageError(f"{self.path} holds the state of {found}, not of {api}")
        run("COMMIT")
        run(
            "PRAGMA journal_mode = WAL"
        )  # which a file of somebody else's would keep, and so not before

    # Reading: at the start, and after a write failed.

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def fact(self, name: str) -> str | None:
        """Return a stored value by its name."""
        rows = self._rows("SELECT value FROM facts WHERE name = ?", name)
        return str(rows[0][0]) if rows else None

    def set_fact_now(self, name: str, value: str) -> None:
        """Store a value before the writer starts. Raises StorageError."""
        try:
            self._connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))
        except sqlite3.Error as error:
            raise StorageError(f"cannot write {self.path}: {error}") from None

    def accounts(self) -> list[str]:
        """Return the names of the accounts in the file."""
        return [str(row[0]) for row in self._rows("SELECT name FROM accounts ORDER BY name")]

    def load(self, account: str) -> list[Change]:
        """Return all records of an account. Raises ValueError for a damaged row."""
        rows = self._rows(
            "SELECT collection, id, record FROM records WHERE account = ? ORDER BY collection, id",
            account,
        )
        return [
            Change(collection, number, loads(text, self._zone)) for collection, number, text in rows
        ]

    # Writing, on the loop.

    def start(self, reload: Callable[[], object]) -> None:
        """Start the writer. Call it on the event loop.

        Args:
            reload: called on the loop after a write failed, to return to the state of the file.
        """
        self._reload = reload
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._write, name="sandbox database", daemon=True)
        self._thread.start()

    def write(self, account: str, changes: Iterable[Change]) -> asyncio.Future[None]:
        """Write what a call changed. The future is done once the disk has it."""
        return self._submit(account, [_statement(account, change) for change in changes])

    def replace(self, account: str, changes: Iterable[Change]) -> asyncio.Future[None]:
        """Write an account anew."""
        statements: list[Statement] = [
            ("DELETE FROM records WHERE account = ?", (account,)),
            ("INSERT OR IGNORE INTO accounts VALUES (?)", (account,)),
        ]
        statements += [_statement(account, change) for change in changes]
        return self._submit(account, statements)

    def remove(self, account: str) -> asyncio.Future[None]:
        """Forget an account."""
        statements: Sequence[Statement] = [
            ("DELETE FROM records WHERE account = ?", (account,)),
            ("DELETE FROM accounts WHERE name = ?", (account,)),
        ]
        return self._submit(account, list(statements))

    def keep_fact(self, name: str, value: str) -> asyncio.Future[None]:
        """Keep a value by name."""
        return self._submit("", [("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))])

    def pending(self, account: str) -> asyncio.Future[None] | None:
        """Return the last write of an account that the disk does not have yet."""
        return self._pending.get(account)

    def _submit(self, account: str, statements: list[Statement]) -> asyncio.Future[None]:
        assert self._loop is not None
        future: asyncio.Future[None] = self._loop.create_future()
        self._pending[account] = future
        self._queue.put((self._epoch, statements, future))
        return future

    def _write(self) -> None:
        """Run the writer thread: commit everything that waits in one transaction."""
        ending = False
        while not ending:
            waiting = [self._queue.get()]
            while not self._queue.empty():
                waiting.append(self._queue.get())
            ending = None in waiting
            batch = [item for item in waiting if item is not None]
            current = [item for item in batch if item[0] >= self._failed]
            problem = self._commit([item[1] for item in current]) if current else None
            if problem is not None:
                self._failed = current[0][0] + 1
            stale = [item[2] for item in batch if item[0] < self._failed]
            assert self._loop is not None
            self._loop.call_soon_threadsafe(
                self._settle, [item[2] for item in current], stale, problem
            )

    def _commit(self, batch: list[list[Statement]]) -> str | None:
        """Write a batch, and return the error message if it failed."""
        run = self._connection.execute
        with self._lock:
            try:
                run("BEGIN")
                for statements in batch:
                    for statement, values in statements:
                        run(statement, values)
                run("COMMIT")
            except (
                Exception
            ) as error:  # whatever it is, the writer must go on and the calls must end
                try:
                    if self._connection.in_transaction:
                        run("ROLLBACK")
                except sqlite3.Error:
                    pass
                return f"cannot write {self.path}: {error}"
        return None

    def _settle(
        self,
        current: list[asyncio.Future[None]],
        stale: list[asyncio.Future[None]],
        problem: str | None,
    ) -> None:
        if problem is not None:
            self._epoch += 1
            self._reload()
        if current:
            self.problem = problem
        failed = stale if problem is None else [*current, *stale]
        for future in failed:
            if not future.done():
                message = (
                    problem or self.problem or f"cannot write {self.path}: an earlier write failed"
                )
                future.set_exception(StorageError(message))
                future.exception()  # marks it as retrieved: a write need not have a waiting call
        for future in current:
            if not future.done():
                future.set_result(None)
        for account in [name for name, last in self._pending.items() if last.done()]:
            del self._pending[account]

    def close(self) -> None:
        """Write what waits, and close the file."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None
        self._connection.close()


def _statement(account: str, change: Change) -> Statement:
    if change.record is None:
        return _REMOVE, (account, change.collection, change.id)
    return _PUT, (account, change.collection, change.id, dumps(change.record))
