"""The command that compares two descriptions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from .console import FAILED, CommandError, find_project, show_diagnostics

if TYPE_CHECKING:
    from ..diff.revisions import Loaded
    from ..diff.users import UserReport
    from ..ir import Api
    from ..settings import Settings

_COLORS: Final = {"breaking": "red", "risky": "yellow", "safe": "green", "none": "white"}
SKIPPED: Final = 3
"""Exit code if nothing breaks, but programs could not be checked."""
_LEVELS: Final = ("breaking", "risky", "safe")


@click.command(epilog="""\b
Examples:
  xmlwright diff HEAD~3                    what the last three commits change for users
  xmlwright diff v1.json . --format changelog
  xmlwright diff main --fail-on risky --allow allowed.txt
  xmlwright diff HEAD --against-users src/app.py

OLD and NEW are folders, bundles or git revisions; . is the description of this project. Each line of the
allow-list is a fingerprint and a reason; # begins a comment. Exit codes: 0 no change as severe as --fail-on and no new
type error; 1 such a change or error, or a description that cannot be read; 2 wrong usage; 3 nothing breaks, but files of
--against-users could not be parsed.""")
@click.argument("old")
@click.argument("new", default=".")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "changelog", "github"]),
    default="text",
    show_default=True,
)
@click.option(
    "--fail-on", type=click.Choice([*_LEVELS, "never"]), default="breaking", show_default=True
)
@click.option(
    "--allow",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File of allowed changes: fingerprint and reason.",
)
@click.option(
    "--against-users",
    "users",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    metavar="FILE",
    help="Program, or folder of programs, that uses the client: report its new type errors (needs mypy). Repeatable.",
)
@click.pass_context
def diff(
    context: click.Context,
    old: str,
    new: str,
    form: str,
    fail_on: str,
    allow: Path | None,
    users: tuple[Path, ...],
) -> None:
    """Report the changes between two descriptions, for the wire and for users of the Python client."""
    from ..diff.compare import compare
    from ..diff.report import as_changelog, as_github, as_json, as_text, unused
    from ..diff.revisions import behavior_changes
    from ..diff.rules import ORDER

    settings = find_project(context)
    one, other = _loaded(old, settings), _loaded(new, settings)
    before, after = one.api, other.api
    behavior_files = behavior_changes(one, other)
    allowed = _allowed(allow)
    changes = compare(before, after)
    report = _check_users(users, before, after, settings)
    version = before.names.version
    if form == "json":
        click.echo(as_json(changes, allowed, version, report.errors, behavior_files))
    elif form == "changelog":
        click.echo(as_changelog(changes, version))
    elif form == "github":
        click.echo(as_github(changes, allowed, report.errors))
    else:
        click.echo(as_text(changes, allowed, version, _style, behavior_files))
        for line in _user_lines(report):
            click.echo(line)
    for fingerprint in unused(changes, allowed):
        click.echo(
            f"{allow}: no change has the fingerprint {fingerprint}; remove the entry", err=True
        )
    counted = [
        ORDER.index(change.verdict) for change in changes if change.fingerprint not in allowed
    ]
    if fail_on != "never" and (report.count or max(counted, default=-1) >= ORDER.index(fail_on)):
        sys.exit(FAILED)
    if report.skipped:
        sys.exit(SKIPPED)


def _loaded(name: str, settings: Settings) -> Loaded:
    from ..diagnostics import DescriptionError
    from ..diff import revisions

    try:
        return revisions.load(name, settings)
    except revisions.RevisionError as error:
        raise CommandError(str(error)) from None
    except DescriptionError as error:
        show_diagnostics(error.diagnostics, settings.root)
        raise CommandError(
            f"the description {name} has errors; fix them and compare again"
        ) from None


def _check_users(
    users: tuple[Path, ...], before: Api, after: Api, settings: Settings
) -> UserReport:
    from ..diff.users import TypeCheckerError, UserReport, check_users

    if not users:
        return UserReport()
    try:
        report = check_users(users, before, after, settings.templates)
    except TypeCheckerError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror or error}") from None
    for message in report.skipped:
        click.echo(f"not checked: {message}", err=True)
    return report


def _user_lines(report: UserReport) -> list[str]:
    if not report.errors:
        return []
    lines = [""]
    for file, errors in report.errors.items():
        lines += [f"{file}:{item.line}: {_style(item.message, 'breaking')}" for item in errors]
    lines.append(f"{report.count} new type errors in {len(report.errors)} files")
    return lines


def _style(text: str, verdict: str) -> str:
    return click.style(text, fg=_COLORS[verdict])


def _allowed(path: Path | None) -> dict[str, str]:
    """Fingerprint -> reason."""
    if path is None:
        return {}
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        fingerprint, _, reason = text.partition(" ")
        if not reason.strip():
            raise CommandError(
                f"{path}:{number}: an allowed change needs a reason after its fingerprint"
            )
        found[fingerprint] = reason.strip()
    return found
