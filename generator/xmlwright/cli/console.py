"""What all commands share: exit codes, colors, messages without a traceback, finding the project."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from ..diagnostics import Diagnostics
    from ..settings import Settings

FAILED: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130

_COLOURS: Final = {
    "error": "red",
    "place": "cyan",
    "rule": "yellow",
    "note": "blue",
    "help": "green",
}


def color() -> bool | None:
    """False where the user asked for none (https://no-color.org); else None: click looks for a terminal."""
    return False if os.environ.get("NO_COLOR") else None


class Told(click.ClickException):
    """A message for the user, without a traceback."""

    exit_code = FAILED

    def show(self, file: object = None) -> None:
        title = click.style("error", fg="red", bold=True)
        click.echo(f"{title}: {self.format_message()}", err=True, color=color())


class Misused(Told):
    """A message about how the program was called."""

    exit_code = USAGE


def project(context: click.Context) -> Settings:
    """The settings of the project that the command is about."""
    from ..settings import SettingsError, find

    folder: Path = context.obj
    try:
        return find(folder)
    except SettingsError as error:
        raise Misused(str(error)) from None


def style(text: str, role: str) -> str:
    """Text in the color of its role."""
    return click.style(text, fg=_COLOURS[role], bold=role == "error")


def show(diagnostics: Diagnostics, root: Path, form: str) -> None:
    """Print the problems of a description."""
    from ..diagnostics import report

    found = list(diagnostics)
    # For programs, and so in UTF-8 whatever the terminal's encoding is.
    if form == "json":
        click.echo(report.as_json(found).encode())
    elif form == "sarif":
        click.echo(report.as_sarif(found).encode())
    elif form == "github":
        if found:
            click.echo(report.as_github(found).encode())
    elif found:
        click.echo(report.as_text(found, root, style))


def problems(count: int) -> str:
    """So many problems, in words."""
    return f"{count} problem{'' if count == 1 else 's'}"
