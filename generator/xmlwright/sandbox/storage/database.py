"""The file that keeps the state: every write that was acknowledged, and none by half.

Changes of one call are one transaction's, or share it with those of other calls that came while the disk was busy. A thread of its
own commits, so that the server goes on meanwhile; whoever waits is told once the disk has it.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from ..engine.encoding import dumps, loads
from ..engine.exchange import Change
from ..options import SandboxError

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
        try:
            self._connection = sqlite3.connect(
                path, timeout=0.5, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            told = str(error) if path.absolute().parent.is_dir() else "its folder does not exist"
            raise SandboxError(f"{path} cannot be opened: {told}") from None
        try:
            self._prepare(api)
        except sqlite3.Error as error:
            self._connection.close()
            told = "another sandbox uses it" if "locked" in str(error) else str(error)
            raise SandboxError(f"{path} cannot be used: {told}") from None
        except SandboxError:
            self._connection.close()
            raise
        self._queue: queue.SimpleQueue[tuple[list[Statement], asyncio.Future[None]] | None]
        self._queue = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pending: dict[str, asyncio.Future[None]] = {}
        self._broken: str | None = None

    def _prepare(self, api: str) -> None:
        run = self._connection.execute
        # Nobody else writes in between, and so no lock is taken and let go for every commit.
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
            raise SandboxError(f"{self.path} is no file of a sandbox; it is left as it is")
        elif run("PRAGMA user_version").fetchone()[0] != _FORMAT:
            raise SandboxError(f"{self.path} was written by another version; it is left as it is")
        elif (found := self.fact("api")) != api:
            raise SandboxError(f"{self.path} holds the state of {found}, not of {api}")
        run("COMMIT")
        run(
            "PRAGMA journal_mode = WAL"
        )  # which a file of somebody else's would keep, and so not before

    # Reading, before the server starts.

    def fact(self, name: str) -> str | None:
        """A value kept by name."""
        row = self._connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def accounts(self) -> list[str]:
        """Names of the accounts in the file."""
        return [
            row[0] for row in self._connection.execute("SELECT name FROM accounts ORDER BY name")
        ]

    def load(self, account: str) -> list[Change]:
        """All of an account."""
        rows = self._connection.execute(
            "SELECT collection, id, record FROM records WHERE account = ? ORDER BY collection, id",
            (account,),
        )
        return [
            Change(collection, number, loads(text, self._zone)) for collection, number, text in rows
        ]

    # Writing, on the loop.

    def start(self) -> None:
        """Begin to write; call it on the loop that waits for it."""
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
        """The last write of an account that the disk does not have yet."""
        return self._pending.get(account)

    def _submit(self, account: str, statements: list[Statement]) -> asyncio.Future[None]:
        assert self._loop is not None
        future: asyncio.Future[None] = self._loop.create_future()
        if self._broken is not None:
            future.set_exception(SandboxError(self._broken))
            return future
        self._pending[account] = future
        self._queue.put((statements, future))
        return future

    def _write(self) -> None:
        """The thread: all that waits goes into one transaction."""
        run = self._connection.execute
        ending = False
        while not ending:
            waiting = [self._queue.get()]
            while not self._queue.empty():
                waiting.append(self._queue.get())
            ending = None in waiting
            batch = [item for item in waiting if item is not None]
            problem: str | None = self._broken
            try:
                if problem is None and batch:
                    run("BEGIN")
                    for statements, _ in batch:
                        for statement, values in statements:
                            run(statement, values)
                    run("COMMIT")
            except sqlite3.Error as error:
                problem = self._broken = f"{self.path} could not be written: {error}"
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._tell, [future for _, future in batch], problem)

    def _tell(self, futures: list[asyncio.Future[None]], problem: str | None) -> None:
        for future in futures:
            if future.done():
                continue
            if problem is None:
                future.set_result(None)
            else:
                future.set_exception(SandboxError(problem))
                future.exception()  # whoever waits is told; nobody may wait
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
