"""Commands of the daily life around the generator: diff, bundle, vendor."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from .compare import Change
    from .model import Api
    from .settings import Settings

FAILED: Final = 1
_COLOURS: Final = {"breaking": "red", "risky": "yellow", "safe": "green", "none": "white"}
_LEVELS: Final = ("breaking", "risky", "safe", "none")


def _project(context: click.Context) -> Settings:
    from .console import project

    return project(context)


def _valid(settings: Settings) -> Api:
    from . import pipeline
    from .console import show

    api, diagnostics = pipeline.validate(settings)
    if api is None or len(diagnostics):
        show(diagnostics, settings.root, "text")
        sys.exit(FAILED)
    return api


def _fail(message: str) -> click.ClickException:
    from .console import Told

    return Told(message)


@click.command(epilog="""\b
Examples:
  xmlwright bundle > api.json
  xmlwright bundle --schema > bundle.schema.json""")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of bundles instead.")
@click.pass_context
def bundle(context: click.Context, schema: bool) -> None:
    """Print the whole checked description as one JSON file, for other tools and languages."""
    import json

    from . import bundle as bundles

    if schema:
        click.echo(json.dumps(bundles.json_schema(), indent=2))
        return
    click.echo(bundles.dump(_valid(_project(context))), nl=False)


@click.command(
    epilog="""\b
Examples:
  xmlwright diff HEAD~3 .                  what the last three commits change for users
  xmlwright diff v1.json . --format changelog
  xmlwright diff main . --fail-on risky --allow allowed.txt

OLD and NEW are folders, bundles or git revisions; . is the description of this project. The allow-list has a
fingerprint and a reason on each line. Exit code 1 where a change is as bad as --fail-on and not allowed."""
)
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
    "--fail-on", type=click.Choice([*_LEVELS[:3], "never"]), default="breaking", show_default=True
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
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Program that uses the client: say which of its lines break. May be given again.",
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
    from . import revisions
    from .compare import ORDER, compare
    from .compare_report import as_changelog, as_github, as_json, as_text, broken_lines
    from .console import show
    from .diagnostics import DescriptionError

    settings = _project(context)
    try:
        before, after = revisions.load(old, settings), revisions.load(new, settings)
    except revisions.RevisionError as error:
        raise _fail(str(error)) from None
    except DescriptionError as error:
        show(error.diagnostics, settings.root, "text")
        raise _fail("a description has problems, and is not compared") from None
    allowed = _allowed(allow)
    changes = compare(before, after)
    if form == "json":
        click.echo(as_json(changes, allowed, before.names.version))
    elif form == "changelog":
        click.echo(as_changelog(changes, before.names.version))
    elif form == "github":
        click.echo(as_github(changes, allowed))
    else:
        click.echo(as_text(changes, allowed, before.names.version, _style))
    for path in users:
        for line, change in broken_lines(path.read_text(encoding="utf-8"), changes, before):
            click.echo(
                f"{path}:{line}: {_style(change.rule, change.verdict)}: {change.message} ({change.what})"
            )
    if fail_on != "never" and _worst(changes, allowed, ORDER) >= ORDER.index(fail_on):
        sys.exit(FAILED)


def _worst(changes: list[Change], allowed: dict[str, str], order: tuple[str, ...]) -> int:
    counted = [
        order.index(change.verdict) for change in changes if change.fingerprint not in allowed
    ]
    return max(counted, default=-1)


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
            raise _fail(f"{path}:{number}: an allowed change needs a reason after its fingerprint")
        found[fingerprint] = reason.strip()
    return found


@click.command(epilog="""\b
Examples:
  xmlwright vendor src/app/_vendor/api --only client,task.list --package app._vendor.api
  xmlwright vendor src/app/_vendor/api --check       untouched? the newest?
  xmlwright vendor src/app/_vendor/api --update""")
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--only", metavar="NAMES", help="Resources and methods, separated by commas; default: all."
)
@click.option(
    "--package", help="Import name of the copy, which its tests use; default: the folder's name."
)
@click.option("--tests", is_flag=True, help="Also the tests of the cases.")
@click.option(
    "--check", "only_check", is_flag=True, help="Say whether the copy is untouched and the newest."
)
@click.option(
    "--update", is_flag=True, help="Bring a copy up to date; edited files are kept and told."
)
@click.pass_context
def vendor(
    context: click.Context,
    target: Path,
    only: str | None,
    package: str | None,
    tests: bool,
    only_check: bool,
    update: bool,
) -> None:
    """Copy the client, or the part of it that is needed, into a project, as TARGET. It does not need xmlwright to run."""
    from . import vendor as vendoring
    from .formatting import FormatError
    from .publish import PublishError
    from .render import TemplateProblem
    from .select import SelectionError

    settings = _project(context)
    api = _valid(settings)
    try:
        if only_check:
            found = vendoring.check(target, api, settings)
            _tell_copy(target, found)
            sys.exit(FAILED if found.conflicts or found.stale else 0)
        old = vendoring.load(target) if update or (target / vendoring.NAME).exists() else None
        names = tuple(filter(None, (only or "").replace(" ", "").split(",")))
        if old is not None:
            names = names or old.only
            package = package or old.package
            tests = tests or old.tests
        copy = vendoring.plan(api, names, package or target.resolve().name, tests)
        done = vendoring.write(target, copy, vendoring.contents(api, settings, copy), old)
    except (
        vendoring.VendorError, SelectionError, PublishError, TemplateProblem, FormatError
    ) as error:  # fmt: skip
        raise _fail(str(error)) from None
    _tell_copy(target, done)
    click.echo(f"{target}: {len(done.written)} written, {len(done.removed)} removed")
    if done.conflicts:
        sys.exit(FAILED)


def _tell_copy(target: Path, found: object) -> None:
    from .vendor import Outcome

    assert isinstance(found, Outcome)
    for path, why in sorted(found.conflicts.items()):
        click.echo(f"{target / path}: {click.style(why, fg='red')}")
    for path in found.stale:
        click.echo(f"{target / path}: {click.style('not the newest', fg='yellow')}")


@click.command(epilog="""\b
Examples:
  xmlwright xsd xsd/                              for answers in the first described namespace
  xmlwright xsd xsd/ --namespace ""               for answers without a namespace""")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--namespace", help="Namespace of answers; default: the first that the description names."
)
@click.pass_context
def xsd(context: click.Context, folder: Path, namespace: str | None) -> None:
    """Write an XML Schema of the request and of the answer of each method to FOLDER."""
    from .xsd import export

    api = _valid(_project(context))
    named = namespace if namespace is not None else next(iter(api.envelope.namespaces), "")
    files = export(api, namespace=named or None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise _fail(f"{folder} cannot be written: {error.strerror or error}") from None
    click.echo(f"{folder}: {len(files)} schemas")


@click.command(epilog="""\b
Examples:
  xmlwright drift recordings/                       what is in them that is not described, as a patch
  xmlwright drift traffic.jsonl --apply             put it into the YAML files""")
@click.argument("recordings", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--apply", "apply_it", is_flag=True, help="Change the YAML files; comments stay.")
@click.pass_context
def drift(context: click.Context, recordings: tuple[Path, ...], apply_it: bool) -> None:
    """Read recorded documents and say what the description does not know in them. Exit code 1 if there is any.

    RECORDINGS are XML files, recordings of the client (.jsonl), or folders of both.
    """
    from . import evidence, patch

    settings = _project(context)
    api = _valid(settings)
    try:
        seen, unread = evidence.gather(api, evidence.documents(recordings))
    except OSError as error:
        raise _fail(f"{error.filename}: {error.strerror}") from None
    for message in unread:
        click.echo(f"not read: {message}", err=True)
    found = patch.proposals(api, seen)
    files = patch.patched(settings, found)
    for item in seen:
        if item.record is None:
            click.echo(
                f"{item.method}: unknown argument {'/'.join(item.path)} ({item.places[0]})",
                err=True,
            )
    if not found:
        click.echo("nothing unknown", err=True)
        sys.exit(FAILED if any(item.record is None for item in seen) else 0)
    if apply_it:
        for path, (_, after) in files.items():
            path.write_text(after, encoding="utf-8")
            click.echo(f"{path.relative_to(settings.root)}: changed")
        return
    click.echo(patch.unified(files, settings.root), nl=False)
    sys.exit(FAILED)


@click.command(epilog="""\b
Examples:
  xmlwright coverage
  xmlwright coverage --fail-under 95""")
@click.option(
    "--fail-under", type=float, default=0.0, metavar="PERCENT", help="Exit code 1 below this share."
)
@click.pass_context
def coverage(context: click.Context, fail_under: float) -> None:
    """Say how many methods, fields, words and error codes the cases show, and which they do not."""
    from . import pipeline
    from .coverage import coverage as covered

    settings = _project(context)
    api, _ = pipeline.validate(settings)
    if api is None:
        _valid(settings)
        sys.exit(FAILED)
    found = covered(api)
    for item in found:
        shown = item.total - len(item.missing)
        click.echo(f"{item.what + 's':<8} {shown:>5} of {item.total:>5}  {item.percent:6.1f} %")
        for message in item.missing:
            click.echo(f"  {message}")
    if any(item.percent < fail_under for item in found):
        sys.exit(FAILED)


COMMANDS: Final = (bundle, coverage, diff, drift, vendor, xsd)
