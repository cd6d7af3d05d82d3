"""The command `drift`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .console import CASE_RULES, FAILED, find_project, read_readable, recording_errors


@click.command(
    short_help="Report what recordings hold that is not described.",
    epilog="""\b
Examples:
  xmlwright drift recordings/               print undescribed fields as a patch
  xmlwright drift traffic.jsonl --apply     add them to the YAML files

\b
Exit codes:
  0  everything is described, or with --apply: added
  1  something is not described, or cannot be added
  2  the command line or pyproject.toml is wrong""",
)
@click.argument("recordings", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--apply", is_flag=True, help="Change the YAML files; comments stay.")
@click.pass_context
def drift(context: click.Context, recordings: tuple[Path, ...], apply: bool) -> None:
    """Read recorded documents and report the fields that the description lacks.

    RECORDINGS are XML files, recordings of the client (.jsonl), or folders of both.
    """
    from ..inference import observations, patch

    settings = find_project(context)
    api = read_readable(settings, CASE_RULES)
    with recording_errors():
        seen, unread = observations.gather(api, observations.documents(recordings))
    proposals, notes = patch.proposals(api, seen)
    proposals, refused = patch.applicable(settings, proposals)
    notes += [
        f"{item.record}.{item.name} makes the description invalid ({item.places[0]})"
        for item in refused
    ]
    for message in unread:
        click.echo(f"not read: {message}", err=True)
    for message in notes:
        click.echo(f"to do by hand: {message}", err=True)
    if not proposals:
        click.echo("no missing fields", err=True)
        sys.exit(FAILED if notes else 0)
    files = patch.patched(settings, proposals)
    if not apply:
        click.echo(patch.unified(files, settings.root), nl=False)
        sys.exit(FAILED)
    with recording_errors():
        patch.save({path: after for path, (_, after) in files.items()})
    for path in files:
        click.echo(f"{path.relative_to(settings.root)}: changed")
    if refused:
        sys.exit(FAILED)
