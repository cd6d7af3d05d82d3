"""The command `init`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

from ..starter import COMMANDS, CREDENTIALS, DIALECTS, ProjectNames, project_files
from .console import CommandError, UsageError, show_diagnostics


@click.command(
    short_help="Write a new project that works at once.",
    epilog="""\b
Examples:
  xmlwright init                                        ask for name, dialect and credentials
  xmlwright init books --dialect paths                  write to the new folder books/
  xmlwright init --name "Acme Books" --credentials header --url https://api.acme.example/v2

\b
Dialects:
  xml         one address; each call POSTs a document that names the method
  paths       verbs and paths, such as GET /notes/7
  parameters  parameters of the query in, a document out

It asks only if standard input is a terminal, and never replaces a file.

\b
Exit codes:
  0  written
  1  a file exists already, or cannot be written; nothing was written
  2  the command line is wrong""",
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option("--name", help="What the API is called, such as 'Acme Books'. Default: the folder.")
@click.option("--dialect", type=click.Choice(list(DIALECTS)), help="How calls look. Default: xml.")
@click.option(
    "--credentials",
    type=click.Choice(list(CREDENTIALS)),
    help="What says who is calling. Default: basic.",
)
@click.option("--url", help="Address of the API. Default: an address that leads nowhere.")
@click.pass_context
def init(
    context: click.Context,
    folder: Path | None,
    name: str | None,
    dialect: str | None,
    credentials: str | None,
    url: str | None,
) -> None:
    """Write a project to FOLDER, by default the working folder: a small description with a resource and its cases.

    It validates, builds, passes its tests and runs in the sandbox. Change it into yours.
    """
    from ..files import AlreadyExistsError, write_new_files

    root = context.obj if folder is None else context.obj / folder
    asks = sys.stdin.isatty()
    default = _default_name(root.resolve().name)
    if name is None:
        name = click.prompt("Name of the API", default=default) if asks else default
    try:
        names = ProjectNames.of(name)
    except ValueError as error:
        raise UsageError(f"--name: {error}") from None
    if url is not None and not url.startswith(("https://", "http://")):
        raise UsageError(f"--url: begin with https:// or http://, as in https://{url}")
    if dialect is None:
        dialect = _choose("Dialect", DIALECTS) if asks else next(iter(DIALECTS))
    if credentials is None:
        credentials = _choose("Credentials", CREDENTIALS) if asks else next(iter(CREDENTIALS))
    host = names.api.replace("_", "-")
    files = project_files(names, dialect, credentials, url or f"https://{host}.example/api")
    _check(files)
    try:
        write_new_files(root, files)
    except AlreadyExistsError as error:
        raise CommandError(
            f"{error} exists already; nothing was written. Choose another folder: xmlwright init FOLDER"
        ) from None
    except OSError as error:
        raise CommandError(
            f"{error.filename or root}: {error.strerror or error}; nothing was written"
        ) from None
    for path in files:
        click.echo(f"{(root / path).as_posix()}: written")
    click.echo("\nNext:\n")
    commands = [*COMMANDS]
    if folder is not None:
        click.echo(f"  cd {folder}")
    for command, comment in commands:
        click.echo(f"  {command:<46}# {comment}")


def _default_name(folder: str) -> str:
    try:
        ProjectNames.of(folder)
    except ValueError:
        return "Sample"
    return folder


def _choose(title: str, choices: Mapping[str, str]) -> str:
    for key, meaning in choices.items():
        click.echo(f"  {key:<11} {meaning}")
    chosen: str = click.prompt(
        title, type=click.Choice(list(choices)), default=next(iter(choices)), show_choices=False
    )
    return chosen


def _check(files: Mapping[str, str]) -> None:
    """Validate the description before it is written; only the name and the address can be wrong.

    Raises:
        CommandError: It has problems.
    """
    from ..files import write_new_files
    from ..pipeline import stages
    from ..settings import find

    with tempfile.TemporaryDirectory(prefix="xmlwright-") as name:
        root = Path(name)
        write_new_files(root, files)
        settings = find(root)
        api, diagnostics = stages.validate(settings)
        if api is None or len(diagnostics):
            show_diagnostics(diagnostics, settings.root)
            raise CommandError("the name or the address cannot be used; nothing was written")
