"""What all commands share: exit codes, colors, errors without a traceback, progress, finding and reading the project."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from ..diagnostics import Diagnostics
    from ..ir import Api
    from ..settings import Settings

FAILED: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130

_COLORS: Final = {
    "error": "red",
    "place": "cyan",
    "rule": "yellow",
    "note": "blue",
    "help": "green",
}

EXTRAS: Final = {
    "fpdf": "sandbox",
    "h11": "sandbox",
    "markdown_it": "docs",
    "oauthlib": "sandbox",
    "pygments": "docs",
    "sortedcontainers": "sandbox",
    "trustme": "sandbox",
    "watchfiles": "watch",
    "xmlschema": "import",
}
"""Module of an optional dependency -> the extra that installs it."""

CASE_RULES: Final = frozenset(
    {"case-arguments", "case-request", "case-response", "case-result", "uncovered", "unused"}
)
"""Rules that a description may break while it grows."""

OVERLAY: Final = click.option(
    "--overlay",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Templates that replace those of the same name, like `overlay` in pyproject.toml.",
)


class CommandError(click.ClickException):
    """A message for the user, without a traceback."""

    exit_code = FAILED

    def show(self, file: object = None) -> None:
        """Print the message to standard error."""
        title = click.style("error", fg="red", bold=True)
        click.echo(f"{title}: {self.format_message()}", err=True, color=color())


class UsageError(CommandError):
    """A message about the command line or pyproject.toml."""

    exit_code = USAGE


def color() -> bool | None:
    """Return False if the user wants no color (https://no-color.org), else None: click looks for a terminal."""
    return False if os.environ.get("NO_COLOR") else None


def find_project(context: click.Context, overlay: Path | None = None) -> Settings:
    """Return the settings of the project; ``overlay`` replaces that of its first output.

    Raises:
        UsageError: there is no project, or the settings are wrong.
    """
    from ..settings import SettingsError, find, refuse_overlaps

    folder: Path = context.obj
    try:
        settings = find(folder)
    except SettingsError as error:
        raise UsageError(str(error)) from None
    if overlay is None:
        return settings
    if not overlay.is_dir():
        raise UsageError(f"--overlay {overlay}: no such folder")
    settings = replace(settings, overlay=overlay.resolve())
    refuse_overlaps(settings, lambda message: UsageError(f"--overlay: {message}"))
    return settings


def style(text: str, role: str) -> str:
    """Return text in the color of its role."""
    return click.style(text, fg=_COLORS[role], bold=role == "error")


def show_diagnostics(diagnostics: Diagnostics, root: Path, output_format: str = "text") -> None:
    """Print the problems of a description."""
    from ..diagnostics import report

    items = list(diagnostics)
    # Formats for programs are UTF-8, whatever the encoding of the terminal is.
    if output_format == "json":
        click.echo(report.as_json(items).encode())
    elif output_format == "sarif":
        click.echo(report.as_sarif(items).encode())
    elif output_format == "github":
        if items:
            click.echo(report.as_github(items).encode())
    elif items:
        click.echo(report.as_text(items, root, style))


def count_problems(count: int) -> str:
    """Return a number of problems in words."""
    return f"{count} problem{'' if count == 1 else 's'}"


def read_description(settings: Settings, key: str | None = None) -> Api:
    """Return the valid description; exit with its problems otherwise.

    A description that an earlier run found valid is not checked again. ``key`` identifies it where that is known already.
    """
    from ..pipeline import cache, stages

    try:
        key = key or cache.key(settings)
    except OSError:  # reported when the file is read
        key = None
    known = key is not None and cache.load(settings, "valid", key) is not None
    api, diagnostics = stages.resolved(settings) if known else stages.validate(settings)
    if api is None or len(diagnostics):
        show_diagnostics(diagnostics, settings.root)
        sys.exit(FAILED)
    if key is not None and not known:
        cache.save(settings, "valid", key, True)
    return api


def read_readable(settings: Settings, ignored_rules: frozenset[str]) -> Api:
    """Return the description if only ``ignored_rules`` are broken; exit with its problems otherwise."""
    from ..pipeline import stages

    api, diagnostics = stages.validate(settings)
    if api is None or any(item.rule not in ignored_rules for item in diagnostics):
        show_diagnostics(diagnostics, settings.root)
        sys.exit(FAILED)
    return api


@contextmanager
def recording_errors() -> Iterator[None]:
    """Turn errors of reading and writing recordings into messages."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise CommandError(f"a recording is not UTF-8: {error.reason}") from None
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}") from None


class ProgressLine:
    """One line on standard error with the progress of a build; nothing if standard error is not a terminal."""

    def __init__(self) -> None:
        self._enabled = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._last = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show how far a stage is."""
        if not self._enabled:
            return
        text = f"{stage} {done}/{total}" if total else stage
        if text != self._last:
            click.echo(f"\r\x1b[K{text}", err=True, nl=False)
            self._last = text

    def clear(self) -> None:
        """Remove the line."""
        if self._enabled and self._last:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._last = ""


@contextmanager
def build_errors(settings: Settings, output_format: str = "text") -> Iterator[ProgressLine]:
    """Yield a progress line, and turn the expected errors of a build into messages and exit codes."""
    from ..diagnostics import DescriptionError
    from ..pipeline.publish import PublishError
    from ..render.formatting import FormatError
    from ..render.templates import TemplateError

    line = ProgressLine()
    try:
        yield line
    except DescriptionError as error:
        line.clear()
        show_diagnostics(error.diagnostics, settings.root, output_format)
        click.echo(f"\n{count_problems(len(error.diagnostics))}; nothing was written", err=True)
        sys.exit(FAILED)
    except TemplateError as error:
        line.clear()
        raise CommandError(f"template {error}; nothing was written") from None
    except FormatError as error:
        line.clear()
        raise CommandError(
            f"a template produced invalid Python; nothing was written\n{error}"
        ) from None
    except PublishError as error:
        line.clear()
        raise CommandError(str(error)) from None
    except OSError as error:
        line.clear()
        where = f"{error.filename}: " if error.filename else ""
        raise CommandError(f"{where}{error.strerror or error}; nothing was written") from None
    finally:
        line.clear()
