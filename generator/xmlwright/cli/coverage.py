"""The command `coverage`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

import click

from .console import CASE_RULES, FAILED, find_project, read_readable, recording_errors

_KINDS: Final = ("methods", "records", "fields", "words", "codes")


@click.command(
    short_help="Report how much of the description the cases show.",
    epilog="""\b
Examples:
  xmlwright coverage                                 of the cases
  xmlwright coverage recordings/                     of the cases and of recorded tests
  xmlwright coverage --fail-under 100 --fail-under fields=95

\b
Exit codes:
  0  every share is at least as high as --fail-under asks for
  1  a share is lower, or the description cannot be read
  2  the command line or pyproject.toml is wrong""",
)
@click.argument("recordings", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--fail-under",
    "limits",
    multiple=True,
    metavar="[KIND=]PERCENT",
    help="Fail below this share, of all kinds or of one: methods, records, fields, words, codes. Repeatable.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Output format.",
)
@click.pass_context
def coverage(
    context: click.Context,
    recordings: tuple[Path, ...],
    limits: tuple[str, ...],
    output_format: str,
) -> None:
    """Report how many methods, records, fields, words and error codes the cases and RECORDINGS show, and which are missing."""
    from ..inference.coverage import coverage as measure
    from ..inference.observations import documents

    settings = find_project(context)
    shares = _shares(limits)
    api = read_readable(settings, CASE_RULES)
    with recording_errors():
        items, unread = measure(api, documents(recordings))
    for message in unread:
        click.echo(f"not read: {message}", err=True)
    if output_format == "json":
        report = {
            item.what: {
                "total": item.total,
                "shown": item.total - len(item.missing),
                "percent": round(item.percent, 2),
                "missing": [str(gap) for gap in item.missing],
            }
            for item in items
        }
        click.echo(json.dumps(report, indent=2))
    else:
        for item in items:
            shown = item.total - len(item.missing)
            click.echo(f"{item.what:<8} {shown:>5} of {item.total:>5}  {item.percent:6.1f} %")
            for gap in item.missing:
                click.echo(f"  {gap}")
    if any(item.percent < shares.get(item.what, shares.get("", 0.0)) for item in items):
        sys.exit(FAILED)


def _shares(limits: tuple[str, ...]) -> dict[str, float]:
    """Return kind -> share; the empty kind is all.

    Raises:
        click.BadParameter: a limit is not a kind and a share.
    """
    shares: dict[str, float] = {}
    for text in limits:
        kind, equals, percent = text.rpartition("=")
        try:
            shares[kind] = float(percent)
        except ValueError:
            raise click.BadParameter(
                f"{percent!r} is not a number", param_hint="--fail-under"
            ) from None
        if equals and kind not in _KINDS:
            raise click.BadParameter(
                f"{kind!r} is not one of {', '.join(_KINDS)}", param_hint="--fail-under"
            )
        if not 0 <= shares[kind] <= 100:
            raise click.BadParameter(f"{percent} is not from 0 to 100", param_hint="--fail-under")
    return shares
