"""The command `watch`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .build import output_name
from .console import OVERLAY, CommandError, build_errors, find_project

if TYPE_CHECKING:
    from ..settings import Settings


@click.command(
    short_help="Build whenever a file is saved.",
    epilog="""\b
Examples:
  xmlwright watch
  xmlwright watch --overlay mine

Needs the extra watch: pip install 'xmlwright[watch]'.

\b
Exit codes:
  0  ended by Ctrl-C
  1  the extra watch is not installed
  2  the command line or pyproject.toml is wrong at the start""",
)
@OVERLAY
@click.pass_context
def watch(context: click.Context, overlay: Path | None) -> None:
    """Build now and whenever a file of the description, a template or pyproject.toml is saved, until Ctrl-C.

    While there are errors, the output stays as it is.
    """
    import watchfiles  # noqa: F401  reported before anything is built

    from ..pipeline.watch import Watcher

    settings = find_project(context, overlay)

    def find() -> Settings | None:
        try:
            return find_project(context, overlay)
        except CommandError as error:
            _clear_screen()
            error.show()
            return None

    try:
        for current in Watcher(find).changes(settings.root):
            _clear_screen()
            _rebuild(current)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


def _clear_screen() -> None:
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        click.echo("\x1b[2J\x1b[3J\x1b[H", nl=False)


def _rebuild(settings: Settings) -> None:
    from ..pipeline import manifest, stages

    start = time.perf_counter()
    now = click.style(time.strftime("%H:%M:%S"), dim=True)
    try:
        with build_errors(settings) as line:
            results = stages.build_all(settings.outputs, line)
    except CommandError as error:
        error.show()
    except SystemExit:
        pass  # the problems of the description are printed already
    else:
        for result, one in zip(results, settings.outputs, strict=True):
            for path in (*result.changed, *(f"{path} (removed)" for path in result.removed)):
                if path != manifest.NAME:
                    click.echo(f"  {output_name(one)}/{path}")
        spent = time.perf_counter() - start
        click.echo(f"{now} {click.style('up to date', fg='green')} ({spent:.1f} s)")
    folders = {settings.schema, *(one.templates for one in settings.outputs)}
    names = ", ".join(sorted(f"{folder.name}/" for folder in folders))
    click.echo(f"{now} watching {names}; press Ctrl-C to stop", err=True)
    sys.stdout.flush()
