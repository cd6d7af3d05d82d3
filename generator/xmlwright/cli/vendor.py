"""The command `vendor`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from .console import FAILED, CommandError, UsageError, find_project, read_description

if TYPE_CHECKING:
    from ..vendor.vendor import Outcome

OUTDATED: Final = 3
"""Exit code of a copy that is unmodified and not the newest."""


@click.command(
    short_help="Copy the client, or a part of it, into a project.",
    epilog="""\b
Examples:
  xmlwright vendor src/app/_vendor/api --only client,task.list --package app._vendor.api
  xmlwright vendor src/app/_vendor/api --check       unmodified, and the newest?
  xmlwright vendor src/app/_vendor/api --update
  xmlwright vendor src/app/_vendor/api --accept      record local edits, so that --check passes

Files that were not vendored are left alone. An update merges new versions into edited files; a conflict is marked in the
file, and the copy stays unmerged until it is resolved.

\b
Exit codes:
  0  written, or with --check: unmodified and the newest
  1  a conflict, or with --check: a file was edited or is missing
  2  the command line or pyproject.toml is wrong
  3  with --check: unmodified, but not the newest""",
)
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--only", metavar="NAMES", help="Resources and methods, separated by commas. Default: all."
)
@click.option(
    "--package", help="Import name of the copy, used by its tests. Default: the folder's name."
)
@click.option(
    "--with",
    "added",
    metavar="FEATURES",
    help="Add features of the client, separated by commas: async, callbacks, command, environment, oauth, reconcile,"
    " recording, registry, testing or all. Default: all without --only, none with it.",
)
@click.option(
    "--without", "removed", metavar="FEATURES", help="Remove features, separated by commas."
)
@click.option("--tests", is_flag=True, help="Include the tests of the cases.")
@click.option("--check", is_flag=True, help="Report whether the copy is unmodified and the newest.")
@click.option("--update", is_flag=True, help="Bring a copy up to date; merge into edited files.")
@click.option("--accept", is_flag=True, help="Record the edits of a copy, so that --check passes.")
@click.pass_context
def vendor(
    context: click.Context,
    target: Path,
    only: str | None,
    package: str | None,
    added: str | None,
    removed: str | None,
    tests: bool,
    check: bool,
    update: bool,
    accept: bool,
) -> None:
    """Copy the client, or the part of it that is needed, into the folder TARGET. The copy does not need xmlwright."""
    from ..pipeline import cache
    from ..pipeline.publish import PublishError
    from ..vendor import vendor as vendoring
    from ..vendor.selection import SelectionError

    if check + update + accept > 1:
        raise UsageError("--check, --update and --accept exclude each other")
    settings = find_project(context)
    try:
        key = cache.key(settings)
    except OSError:  # reported when the file is read
        key = None
    try:
        existing = check or update or accept or (target / vendoring.NAME).exists()
        old = vendoring.load(target) if existing else None
        if accept and old is not None:
            for path in vendoring.accept(target, old):
                click.echo(f"{target / path}: edit accepted")
            return
        wanted = vendoring.plan(
            package or (old.package if old is not None else target.resolve().name),
            old,
            only=_names(only),
            tests=tests,
            added=_names(added) if added is not None else None,
            removed=_names(removed),
        )
        copy, files = vendoring.cached_contents(
            settings, wanted, lambda: read_description(settings, key), key
        )
        if check and old is not None:
            outcome = vendoring.check(target, old, files)
            _show(target, outcome)
            sys.exit(FAILED if outcome.conflicts else OUTDATED if outcome.stale else 0)
        outcome = vendoring.write(target, copy, files, old)
    except (SelectionError, vendoring.ChoiceError) as error:
        raise UsageError(str(error)) from None
    except (vendoring.VendorError, PublishError) as error:
        raise CommandError(str(error)) from None
    _show(target, outcome)
    if old is not None and old.client != copy.client:
        click.echo(f"{target}: {old.client} -> {copy.client}")
    click.echo(f"{target}: {len(outcome.written)} written, {len(outcome.removed)} removed")
    if outcome.conflicts:
        sys.exit(FAILED)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(filter(None, (text or "").replace(" ", "").split(",")))


def _show(target: Path, outcome: Outcome) -> None:
    for path, reason in sorted(outcome.conflicts.items()):
        click.echo(f"{target / path}: {click.style(reason, fg='red')}")
    for path in outcome.kept:
        click.echo(f"{target / path}: edited, kept")
    for path in outcome.merged:
        click.echo(f"{target / path}: edited, new version merged")
    for path in outcome.stale:
        click.echo(f"{target / path}: {click.style('outdated', fg='yellow')}")
