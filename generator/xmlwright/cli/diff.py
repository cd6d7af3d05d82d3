"""The command that compares two descriptions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from .console import FAILED, project, show
from .exports import fail

if TYPE_CHECKING:
    from ..diff.revisions import Loaded
    from ..diff.rules import Change
    from ..diff.users import Broken
    from ..ir import Api
    from ..settings import Settings

_COLOURS: Final = {"breaking": "red", "risky": "yellow", "safe": "green", "none": "white"}
_LEVELS: Final = ("breaking", "risky", "safe")


@click.command(epilog="""\b
Examples:
  xmlwright diff HEAD~3                    what the last three commits change for users
  xmlwright diff v1.json . --format changelog
  xmlwright diff main --fail-on risky --allow allowed.txt
  xmlwright diff HEAD --against-users src/app.py

OLD and NEW are folders, bundles or git revisions; . is the description of this project. The allow-list has a
fingerprint and a reason on each line; # begins a comment. Exit codes: 0 nothing as bad as --fail-on; 1 there is, and it
is not allowed, or a description cannot be read; 2 the command was given wrongly.""")
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
    help="Program, or folder of programs, that uses the client: say which of its lines break. May be given again.",
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
    """Say what changed between two descriptions, for the wire and for users of the Python client."""
    from ..diff.compare import compare
    from ..diff.report import as_changelog, as_github, as_json, as_text, unused
    from ..diff.revisions import acting_changes
    from ..diff.rules import ORDER

    settings = project(context)
    one, other = _loaded(old, settings), _loaded(new, settings)
    before, after = one.api, other.api
    acting = acting_changes(one, other)
    allowed = _allowed(allow)
    changes = compare(before, after)
    broken = _broken(users, changes, before)
    version = before.names.version
    if form == "json":
        click.echo(as_json(changes, allowed, version, broken, acting))
    elif form == "changelog":
        click.echo(as_changelog(changes, version))
    elif form == "github":
        click.echo(as_github(changes, allowed, broken))
    else:
        click.echo(as_text(changes, allowed, version, _style, acting))
        for line in _shown(broken):
            click.echo(line)
    for fingerprint in unused(changes, allowed):
        click.echo(f"{allow}: no change has the fingerprint {fingerprint}: take it out", err=True)
    counted = [
        ORDER.index(change.verdict) for change in changes if change.fingerprint not in allowed
    ]
    if fail_on != "never" and max(counted, default=-1) >= ORDER.index(fail_on):
        sys.exit(FAILED)


def _loaded(name: str, settings: Settings) -> Loaded:
    from ..diff import revisions
    from ..diagnostics import DescriptionError

    try:
        return revisions.load(name, settings)
    except revisions.RevisionError as error:
        raise fail(str(error)) from None
    except DescriptionError as error:
        show(error.diagnostics, settings.root, "text")
        raise fail(f"the description {name} has problems, and is not compared") from None


def _broken(users: tuple[Path, ...], changes: list[Change], before: Api) -> dict[str, list[Broken]]:
    from ..diff.users import broken

    found: dict[str, list[Broken]] = {}
    for given in users:
        for path in sorted(given.rglob("*.py")) if given.is_dir() else [given]:
            try:
                found[str(path)] = broken(path.read_text(encoding="utf-8"), changes, before)
            except (SyntaxError, ValueError) as error:
                raise fail(f"{path}: is no Python: {error}") from None
            except OSError as error:
                raise fail(f"{path}: {error.strerror or error}") from None
    return found


def _shown(broken: dict[str, list[Broken]]) -> list[str]:
    if not broken:
        return []
    lines = [""]
    for file, found in broken.items():
        for item in found:
            change = item.change
            perhaps = "" if item.certain else "perhaps "
            rule = _style(change.rule, change.python)
            lines.append(f"{file}:{item.line}: {perhaps}{rule}: {change.message} ({change.what})")
    certain = sum(item.certain for found in broken.values() for item in found)
    total = sum(map(len, broken.values()))
    lines.append(f"{certain} lines of {len(broken)} files break, {total - certain} perhaps")
    return lines


def _style(text: str, verdict: str) -> str:
    return click.style(text, fg=_COLOURS[verdict])


def _allowed(path: Path | None) -> dict[str, str]:
    """Fingerprint -> reason."""
    if path is None:
        return {}
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        fingerprint, _, reason = text.partition(" ")
        if not reason.strip():
            raise fail(f"{path}:{number}: an allowed change needs a reason after its fingerprint")
        found[fingerprint] = reason.strip()
    return found


COMMANDS: Final = (diff,)
