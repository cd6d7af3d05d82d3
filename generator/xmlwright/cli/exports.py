"""Commands that give the description, or the client, to others: bundle, vendor, xsd."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from .console import FAILED, Told, project, show

if TYPE_CHECKING:
    from ..ir import Api
    from ..settings import Settings

OUTDATED: Final = 3
"""Exit code of a copy that is untouched and not the newest."""


def valid(settings: Settings, key: str | None = None) -> Api:
    """The description; a mistake in it ends the command. ``key`` stands for it where that is known already."""
    from ..pipeline import stages as pipeline, cache as warm

    try:
        key = key or warm.key(settings)
    except OSError:  # a file that is none, which reading tells in words
        key = None
    known = key is not None and warm.recall(settings, "valid", key) is not None
    api, diagnostics = pipeline.resolved(settings) if known else pipeline.validate(settings)
    if api is None or len(diagnostics):
        show(diagnostics, settings.root, "text")
        sys.exit(FAILED)
    if key is not None and not known:
        warm.keep(settings, "valid", key, True)
    return api


def fail(message: str) -> click.ClickException:
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

    from ..export import bundle as bundles

    if schema:
        click.echo(json.dumps(bundles.json_schema(), indent=2))
        return
    click.echo(bundles.dump(valid(project(context))), nl=False)


@click.command(
    epilog="""\b
Examples:
  xmlwright vendor src/app/_vendor/api --only client,task.list --package app._vendor.api
  xmlwright vendor src/app/_vendor/api --check       untouched? the newest?
  xmlwright vendor src/app/_vendor/api --update

Files of yours beside the generated ones are left alone, whatever they are called; a file that you edited is kept, and where its
new version is another one too, that is put beside it as FILE.new. Exit codes: 0 all is well; 1 a conflict, or with --check a file
that was edited or is missing; 2 the command was given wrongly; 3 with --check: untouched, and not the newest."""
)
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--only", metavar="NAMES", help="Resources and methods, separated by commas; default: all."
)
@click.option(
    "--package", help="Import name of the copy, which its tests use; default: the folder's name."
)
@click.option(
    "--with",
    "parts",
    metavar="PARTS",
    help="Parts of the client that the copy should have, separated by commas: async, callbacks, command, door, environment,"
    " oauth, reconcile, recording, testing or all. Default: all without --only, none with it.",
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
    parts: str | None,
    tests: bool,
    only_check: bool,
    update: bool,
) -> None:
    """Copy the client, or the part of it that is needed, into a project, as TARGET. It does not need xmlwright to run."""
    from ..pipeline import cache as warm
    from ..pipeline.publish import PublishError
    from ..vendor import vendor as vendoring

    settings = project(context)
    try:
        key = warm.key(settings)
    except OSError:  # a file that is none, which reading tells in words
        key = None
    try:
        mine = only_check or update or (target / vendoring.NAME).exists()
        old = vendoring.load(target) if mine else None
        names, kept = _names(only), _names(parts) if parts is not None else None
        if old is not None:
            names = names or old.only
            package = package or old.package
            tests = tests or old.tests
            kept = kept if kept is not None else old.parts
        wanted = vendoring.plan(names, package or target.resolve().name, tests, kept)
        copy, files = vendoring.made(settings, wanted, lambda: valid(settings, key), key)
        if only_check and old is not None:
            found = vendoring.check(target, old, files)
            _tell_copy(target, found)
            sys.exit(FAILED if found.conflicts else OUTDATED if found.stale else 0)
        done = vendoring.write(target, copy, files, old)
    except (vendoring.VendorError, PublishError) as error:
        raise fail(str(error)) from None
    _tell_copy(target, done)
    click.echo(f"{target}: {len(done.written)} written, {len(done.removed)} removed")
    if done.conflicts:
        sys.exit(FAILED)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(filter(None, (text or "").replace(" ", "").split(",")))


def _tell_copy(target: Path, found: object) -> None:
    from ..vendor.vendor import Outcome

    assert isinstance(found, Outcome)
    for path, why in sorted(found.conflicts.items()):
        click.echo(f"{target / path}: {click.style(why, fg='red')}")
    for path in found.kept:
        click.echo(f"{target / path}: edited by hand, and kept")
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
    from ..export.xsd import export

    api = valid(project(context))
    named = namespace if namespace is not None else next(iter(api.envelope.namespaces), "")
    files = export(api, namespace=named or None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise fail(f"{folder} cannot be written: {error.strerror or error}") from None
    click.echo(f"{folder}: {len(files)} schemas")


COMMANDS: Final = (bundle, vendor, xsd)
