"""What the command ``export`` does: opens the target, shows progress, and says what was exported."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click

from .errors import Error
from .export_account import export_account, exported_methods
from .export_files import export_files
from .export_tables import Tables, sql
from .export_targets import Target, open_target

if TYPE_CHECKING:
    from .command import ClientCommand

SUFFIXES: Final = {".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite"}
_PROBLEMS_SHOWN: Final = 20
_MODULES: Final = {"pyarrow": "parquet", "distributed": "dask"}
"""Module -> extra that installs it."""


def run(program: ClientCommand, sources: Sequence[str], **given: Any) -> bool:
    """Export an account, or documents; return whether all of it was exported."""
    try:
        return _export(program, sources, **given)
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in _MODULES:
            raise
        raise click.ClickException(
            f"the package {module} is missing; run: pip install '{program.name}[{_MODULES[module]}]'"
        ) from None
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise click.ClickException(
            f"cannot write {given['to']}: {reason}; run the command again to go on"
        ) from None


def _export(
    program: ClientCommand,
    sources: Sequence[str],
    *,
    to: str | None,
    form: str | None,
    methods: Sequence[str],
    page_size: int | None,
    latest: bool,
    processes: int,
    scheduler: str | None,
    restart: bool,
    show_secrets: bool,
    print_schema: bool,
) -> bool:
    tables = Tables(program.registry, show_secrets=show_secrets)
    if print_schema:
        click.echo(";\n".join(map(sql, tables.by_name.values())) + ";")
        return True
    if to is None:
        raise click.UsageError("name the target, such as --to account.sqlite")
    form = form or SUFFIXES.get(Path(to).suffix.lower())
    if form is None:
        raise click.UsageError("choose a --format for a folder: csv, jsonl or parquet")
    if latest and (form != "sqlite" or not sources):
        raise click.UsageError("--latest is for documents that are exported to SQLite")
    if form == "parquet":
        import_module("pyarrow")  # what is missing is reported before anything is made
    if scheduler is not None:
        import_module("distributed")
    if not sources:
        return _account(program, Path(to), form, tables, methods, page_size, restart)
    if len(methods) > 1:
        raise click.UsageError("documents have one --method")
    method = methods[0] if methods else None
    if method is not None:
        program.registry.method(method)
    about = {
        "documents": [source if source == "-" else os.path.abspath(source) for source in sources],
        "method": method,
        "show_secrets": show_secrets,
    }
    target = open_target(Path(to), form, about, restart=restart)
    try:
        with _Progress() as report:
            export_files(
                target, tables, sources, method=method, latest=latest,
                processes=processes, scheduler=scheduler, report=report,
            )  # fmt: skip
        return _summary(target)
    finally:
        target.close()


def _account(
    program: ClientCommand,
    to: Path,
    form: str,
    tables: Tables,
    methods: Sequence[str],
    page_size: int | None,
    restart: bool,
) -> bool:
    chosen, left_out = exported_methods(program.registry, methods)
    client = program.connected(click.get_current_context())
    about = {
        "account": _account_name(client.url),
        "methods": chosen,
        "show_secrets": tables.show_secrets,
    }
    with client:
        target = open_target(to, form, about, restart=restart)
        try:
            target.state["left_out"] = left_out
            with _Progress() as report:
                export_account(client, target, tables, chosen, page_size=page_size, report=report)
            return _summary(target)
        except Error:
            click.echo("What was fetched is kept; run the same command again to go on.", err=True)
            raise
        finally:
            target.close()


def _account_name(url: str) -> str:
    """Return what names an account, whatever the port of a sandbox."""
    parts = urlsplit(url)
    return f"{parts.hostname}{parts.path}"


class _Progress:
    """One line on a terminal that says how far an export is."""

    def __enter__(self) -> Callable[[str], None]:
        return self._show

    def __exit__(self, *exc: object) -> None:
        if sys.stderr.isatty():
            click.echo("\r\033[K", nl=False, err=True)

    def _show(self, text: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r\033[K{text}", nl=False, err=True)


def _summary(target: Target) -> bool:
    """Print what was exported and what was not; return whether all was."""
    state = target.state
    width = max(map(len, state["tables"]), default=0)
    for name, count in state["tables"].items():
        click.echo(f"{name:<{width}}  {count:>12,} rows")
    if "documents" in state:
        click.echo(
            f"{state['documents']:,} documents read: {state['failures']:,} failed calls,"
            f" {state['others']:,} others without records, {len(state['skipped']):,} files skipped"
        )
    for text in state.get("left_out", ()):
        click.echo(f"left out {text}", err=True)
    for label, reason in state["problems"][:_PROBLEMS_SHOWN]:
        click.echo(f"{label}: {reason}", err=True)
    count = state["problem_count"]
    if count > _PROBLEMS_SHOWN:
        click.echo(f"and {count - _PROBLEMS_SHOWN:,} more", err=True)
    if state["finished"] is None:
        click.echo("The export is incomplete; run the same command again to go on.", err=True)
    elif count and "documents" in state:
        click.echo(
            f"{count:,} {'document was' if count == 1 else 'documents were'} not read.", err=True
        )
    elif count:
        click.echo("Rows may be missing; pass --restart to export everything again.", err=True)
    if "documents" in state and not state["documents"]:
        click.echo("No document was read.", err=True)
        return False
    return state["finished"] is not None and not count
