"""What the command prints: values as a table, JSON, JSON Lines, CSV or XML."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sys
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import click

from .data import as_data, print_json
from .files import File
from .paging import Pager
from .redact import redact_response
from .request import Method, Page, Request
from .schema import RecordSchema

if TYPE_CHECKING:
    from .client import Client
    from .hooks import RawResponse

_LONGEST_CELL: Final = 40
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z").match


class Output:
    """Prints what calls of a method return."""

    def __init__(
        self, method: Method[Any], form: str, *, fields: str | None, show_secrets: bool
    ) -> None:
        """Prepare to print.

        Args:
            method: the method that is called.
            form: ``table``, ``json``, ``jsonl``, ``csv`` or ``xml``.
            fields: names of fields, with commas; None for all.
            show_secrets: print sensitive values.
        """
        self.method = method
        self.format = form
        self.show_secrets = show_secrets
        self.names = [name.strip() for name in fields.split(",")] if fields else []
        for name in self.names:
            _check_field(method.response.record, name)
        self._rows: list[Any] = []
        self._csv: Any = None

    def value(self, value: Any) -> None:
        """Print what a call returned."""
        if isinstance(value, list):
            self._add(value)
            self._finish()
            return
        data = self._data(value)
        if value is None:
            if sys.stderr.isatty():
                print(f"{self.method.name}: done", file=sys.stderr)
        elif self.format == "json":
            print_json(data, indent=2)
        elif self.format == "jsonl":
            print_json(data)
        elif not isinstance(data, dict):
            print(_cell(data))
        elif self.format == "csv":
            self._add([value])
        else:
            names = self.names or [
                name for name, inner in data.items() if inner not in (None, [], {})
            ]
            width = max(map(len, names), default=0)
            for name in names:
                print(f"{name:<{width}}  {_cell(data.get(name))}")

    def document(self, raw: RawResponse[Any]) -> Any:
        """Print a response document; return its value."""
        content = raw.content or b""
        text = (
            content.decode(errors="replace")
            if self.show_secrets
            else redact_response(self.method, content)
        )
        print(text)
        return raw.value

    def pages(
        self, client: Client, request: Request[Page[Any]], *, everything: bool, limit: int | None
    ) -> None:
        """Fetch pages and print their rows.

        Args:
            client: the client.
            request: request for the first page.
            everything: fetch all pages.
            limit: fetch pages until there are so many rows.
        """
        sender: Any = _Documents(client, self) if self.format == "xml" else client
        count, page = 0, None
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            for page in Pager(sender, request.at_page).pages():
                rows = page.items if limit is None else page.items[: limit - count]
                count += len(rows)
                if self.format != "xml":
                    self._add(rows)
                if (limit is None and not everything) or count == limit:
                    break
                _progress(count, page.total)
        if everything or limit is not None:
            _progress(None, None)
        self._finish()
        if page is not None and page.next is not None and not everything and limit is None:
            of = f" of {page.total}" if page.total is not None else ""
            print(
                f"{count}{of} rows; there are more pages: pass --all-pages or --limit.",
                file=sys.stderr,
            )

    def _data(self, value: Any) -> Any:
        data = as_data(value, for_json=True, show_secrets=self.show_secrets)
        if self.names and isinstance(data, dict):
            return {name: _picked(data, name.split(".")) for name in self.names}
        return data

    def _add(self, values: Iterable[Any]) -> None:
        for value in values:
            data = self._data(value)
            if self.format == "jsonl":
                print_json(data)
            elif self.format == "csv":
                self._csv_row(data)
            else:
                self._rows.append(data)

    def _csv_row(self, data: Any) -> None:
        row = data if isinstance(data, dict) else {"value": data}
        if self._csv is None:
            names = [name for name in row if name != "unknown"]
            self._csv = csv.DictWriter(
                sys.stdout, names, extrasaction="ignore", lineterminator="\n"
            )
            self._csv.writeheader()
        self._csv.writerow({name: _csv_cell(inner) for name, inner in row.items()})

    def _finish(self) -> None:
        if self.format == "json":
            print_json(self._rows, indent=2)
        elif self.format == "table" and self._rows:
            _print_table(
                [row if isinstance(row, dict) else {"value": row} for row in self._rows], self.names
            )
        elif self.format == "table" and sys.stderr.isatty():
            print("No rows.", file=sys.stderr)


class _Documents:
    """Sends requests, and prints the response documents."""

    def __init__(self, client: Client, output: Output) -> None:
        self._client, self._output = client, output

    def send(self, request: Request[Any], /) -> Any:
        return self._output.document(self._client.send_raw(request))


def saved(file: File, target: str | None) -> None:
    """Save a file; ``-`` and None are standard output."""
    try:
        if target is None or target == "-":
            file.save(sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            file.save(target)
            print(f"Saved {target}.", file=sys.stderr)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise click.ClickException(f"cannot write {target}: {error.strerror or error}") from None


def _check_field(schema: RecordSchema[Any] | None, name: str) -> None:
    for part in name.split("."):
        if schema is None:
            raise click.UsageError(f"--fields: there is no field {name!r}")
        fields = {item.name: item for item in schema.fields if "r" in item.access}
        if part not in fields:
            from .validation import not_known

            raise click.UsageError(f"--fields: {part!r} {not_known(part, fields)}")
        shape = fields[part].shape
        schema = None if shape is None else shape()


def _picked(value: Any, path: list[str]) -> Any:
    if not path or value is None:
        return value
    if isinstance(value, list):
        return [_picked(item, path) for item in value]
    return _picked(value.get(path[0]), path[1:]) if isinstance(value, dict) else value


def _print_table(rows: list[dict[str, Any]], names: list[str]) -> None:
    met = names or [
        name
        for name in dict.fromkeys(name for row in rows for name in row)
        if any(_is_shown(row.get(name)) for row in rows)
    ]
    cells = {name: [_shortened(_cell(row.get(name))) for row in rows] for name in met}
    room = shutil.get_terminal_size().columns
    shown: list[str] = []
    for name in met:
        room -= max(map(len, (name, *cells[name]))) + 2
        if room < -2 and shown and not names:
            break
        shown.append(name)
    widths = {name: max(map(len, (name, *cells[name]))) for name in shown}
    right = {name for name in shown if all(_NUMBER(cell) for cell in cells[name] if cell)}

    def line(texts: dict[str, str]) -> str:
        aligned = [
            texts[name].rjust(widths[name]) if name in right else texts[name].ljust(widths[name])
            for name in shown
        ]
        return "  ".join(aligned).rstrip()

    print(line({name: name for name in shown}))
    for index in range(len(rows)):
        print(line({name: cells[name][index] for name in shown}))
    if len(shown) < len(met):
        more = len(met) - len(shown)
        print(f"{more} more fields; choose with --fields, or pass --output json.", file=sys.stderr)


def _is_shown(value: Any) -> bool:
    return value is not None and not isinstance(value, (list, dict))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "\u2026"


def _cell(value: Any) -> str:
    """Return a value as one line that cannot control a terminal."""
    text = _csv_cell(value)
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else str(value)


def _show_warning(message: Warning | str, *args: Any, **extra: Any) -> None:
    print(f"Warning: {message}", file=sys.stderr)


def _progress(count: int | None, total: int | None) -> None:
    """Show how many rows have come, on a terminal; None removes the line."""
    if sys.stderr.isatty():
        of = f" of {total}" if total is not None else ""
        click.echo("\r\033[K" if count is None else f"\r{count}{of} rows", nl=False, err=True)
