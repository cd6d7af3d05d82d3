"""Where an export goes: a folder of files, or an SQLite database.

An export consists of parts. A part and the new state of the export are committed together, so that an export that was
interrupted at any moment goes on where it stopped.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from .errors import ConfigurationError
from .export_parts import identity_text, sqlite_table, values_of
from .export_tables import Table, Tables

MANIFEST: Final = "export.json"
PROBLEMS_KEPT: Final = 1_000
_PART: Final = re.compile(r"(.+-)?[0-9]{5,}\Z").match
"""The name of a part."""


class Target(ABC):
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
        self._opened = ExitStack()
        lock = sqlite3.connect(self.scratch / "lock", timeout=0, isolation_level=None)
        self._opened.callback(lock.close)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            self.close()
            raise ConfigurationError(f"another export to {path} is running") from None
        self._opened.callback(shutil.rmtree, self.scratch, ignore_errors=True)
        try:
            self.state, self.resumed = self._begun(about, restart=restart)
        except BaseException:
            self.close()
            raise

    def _begun(self, about: dict[str, Any], *, restart: bool) -> tuple[dict[str, Any], bool]:
        """Return the state to go on with, and whether the target held it."""
        found = self._load()
        if found is not None and restart:
            self._clear(found)
            found = None
        if found is not None and found["about"] != about:
            raise ConfigurationError(
                f"{self.path} holds an export of something else; pass --restart to replace it, or choose another target"
            )
        if found is not None and found["finished"]:
            raise ConfigurationError(
                f"{self.path} holds a complete export; pass --restart to replace it"
            )
        if found is not None:
            return found, True
        new: dict[str, Any] = {
            "about": about,
            "started": now(),
            "finished": None,
            "tables": {},
            "parts": [],
            "problems": [],
            "problem_count": 0,
        }
        return new, False

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

    @abstractmethod
    def save(self) -> None:
        """Keep the state."""

    def finish(self, tables: Tables, *, latest: bool = False) -> None:
        """Say in the state that the export is complete."""
        self.state["finished"] = now()
        self.save()

    def close(self) -> None:
        """Let another export have the target."""
        self._opened.close()

    @abstractmethod
    def create(self, tables: Iterable[Table]) -> None:
        """Make tables, so that those without rows are there, too."""

    @abstractmethod
    def identities(self, table: Table) -> set[str]:
        """Return what names the records that a table holds already."""

    def problem(self, label: str, reason: str) -> None:
        """Keep what could not be read, and why."""
        self.state["problem_count"] += 1
        if len(self.state["problems"]) < PROBLEMS_KEPT:
            self.state["problems"].append([label, reason])

    @abstractmethod
    def _load(self) -> dict[str, Any] | None:
        """Open the target and return the state that it holds; None if it is new."""

    @abstractmethod
    def _clear(self, state: dict[str, Any]) -> None:
        """Remove the export that a state tells of."""

    @abstractmethod
    def _take(self, folder: Path) -> None:
        """Take over the files of a part, together with the state."""


class FolderTarget(Target):
    """A folder for each table, with a file for each part; ``export.json`` says what was exported."""

    def create(self, tables: Iterable[Table]) -> None:
        """Do nothing: a table without rows has no file."""

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
            if not isinstance(found["parts"], list):
                raise TypeError
            return found
        except FileNotFoundError:
            others = [one.name for one in self.path.iterdir() if one != self.scratch]
            if others:
                raise ConfigurationError(
                    f"{self.path} is not empty ({sorted(others)[0]}) and holds no export; choose another folder"
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

    def _begun(self, about: dict[str, Any], *, restart: bool) -> tuple[dict[str, Any], bool]:
        state, resumed = super()._begun(about, restart=restart)
        parts = set(state["parts"])
        for path in list(self._files()):  # what an interrupted run left
            if path.stem not in parts and _PART(path.stem):
                path.unlink()
        return state, resumed

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

    def _has(self, table: str) -> bool:
        return bool(
            self._database.execute(
                "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
            ).fetchone()
        )

    def _load(self) -> dict[str, Any] | None:
        try:
            self._database = sqlite3.connect(self.path, isolation_level=None)
            self._opened.callback(self._database.close)
            known = self._has("_export")
        except sqlite3.DatabaseError as error:
            raise ConfigurationError(f"{self.path}: {error}") from None
        if not known:
            if self._database.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise ConfigurationError(f"{self.path} holds other tables; choose another file")
            self._database.execute("CREATE TABLE _export (name TEXT PRIMARY KEY, value TEXT)")
        row = self._database.execute("SELECT value FROM _export WHERE name = 'state'").fetchone()
        found: dict[str, Any] | None = None if row is None else json.loads(row[0])
        return found

    def _clear(self, state: dict[str, Any]) -> None:
        self._database.close()
        self.path.unlink()
        self._load()

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


def now() -> str:
    """Return the present time as ISO text, in UTC."""
    return dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")
