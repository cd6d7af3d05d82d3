"""The command `init`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from ..starter import COMMANDS, CREDENTIALS, DIALECTS, ProjectNames, project_files
from .console import UsageError
from .new_project import write_project


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
    write_project(root, files, "the name or the address cannot be used")
    click.echo("\nNext:\n")
    if folder is not None:
        click.echo(f"  cd {folder}")
    for command, comment in COMMANDS:
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
