"""The command `import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .console import CommandError, UsageError

if TYPE_CHECKING:
    from ..importing.project import Imported

_EXIT_CODES = """\b
Exit codes:
  0  written
  1  the model cannot be imported, or nothing can be written
  2  the command line is wrong"""


@click.group(
    name="import",
    short_help="Make a description from a model of others.",
    epilog="""\b
Examples:
  xmlwright import botocore sts          a project in the folder sts
  xmlwright import botocore ./service-2.json --output shop""",
)
def import_() -> None:
    """Make a project from a machine-readable model. What cannot be carried over is listed in its IMPORT.md."""


@import_.command(
    short_help="Make a description from a service model of botocore.",
    epilog=f"""\b
Examples:
  xmlwright import botocore sts                          a project in the folder sts
  xmlwright import botocore ec2 --only DescribeVpcs      one operation with what it needs
  xmlwright import botocore ./service-2.json --output shop

The protocols rest-xml, query and ec2 are imported. Paging comes from paginators-1.json beside the model. The project has a
description with one case for each operation; IMPORT.md in it lists what the model has and the description has not.

{_EXIT_CODES}""",
)
@click.argument("service")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="FOLDER",
    help="Folder of models. Default: that of the installed botocore.",
)
@click.option("--api-version", metavar="VERSION", help="Version of the API. Default: the newest.")
@click.option(
    "--only", multiple=True, metavar="OPERATION", help="Import this operation; can be repeated."
)
@click.option("--url", help="Address of the service. Default: from botocore's list of endpoints.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder of the project, which must be new or empty. Default: the name of the service.",
)
def botocore(
    service: str,
    data: Path | None,
    api_version: str | None,
    only: tuple[str, ...],
    url: str | None,
    output: Path | None,
) -> None:
    """Make a project from the model of SERVICE: a name that botocore has, or the path of a service-2.json."""
    from ..importing import files, model, notes, project

    folder = output or Path(Path(service).name.partition(".")[0] or service)
    _check_folder(folder)
    try:
        imported = project.describe(model.read(service, data, api_version), only, url)
    except notes.ModelError as error:
        raise CommandError(str(error)) from None
    try:
        files.write(folder, imported.files, imported.report())
    except OSError as error:
        raise CommandError(f"{error.filename or folder}: {error.strerror or error}") from None
    _show(imported, folder)


@import_.command(
    short_help="Make a description from an XML Schema.",
    epilog=f"""\b
Examples:
  xmlwright import xsd shop.xsd --url https://shop.example/api
  xmlwright import xsd shop.xsd --pair Order=Receipt --output shop

Global elements XRequest and XResponse are a method, which POSTs its document. Types become records. Schemas are read from this
machine only. What else the API needs, such as how it refuses calls, is for you to describe; IMPORT.md lists it.

{_EXIT_CODES}""",
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--pair",
    multiple=True,
    metavar="REQUEST=RESPONSE",
    help="Global elements that are a method; can be repeated.",
)
@click.option("--url", help="Address of the API. Default: an option of the client.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder of the project, which must be new or empty. Default: the name of the file.",
)
def xsd(file: Path, pair: tuple[str, ...], url: str | None, output: Path | None) -> None:
    """Make a project from the XML Schema FILE."""
    from ..importing import files, notes, project
    from ..importing import xsd as schemas

    folder = output or Path(file.stem)
    _check_folder(folder)
    pairs = {}
    for item in pair:
        request, sign, response = item.partition("=")
        if not sign:
            raise UsageError(f"--pair {item}: write REQUEST=RESPONSE")
        pairs[request] = response
    try:
        imported = project.describe(schemas.read(file, pairs), (), url)
    except notes.ModelError as error:
        raise CommandError(str(error)) from None
    try:
        files.write(folder, imported.files, imported.report())
    except OSError as error:
        raise CommandError(f"{error.filename or folder}: {error.strerror or error}") from None
    _show(imported, folder)


def _check_folder(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty; give another folder with --output")


def _show(imported: Imported, folder: Path) -> None:
    click.echo(
        f"{imported.model.title}, {imported.model.protocol}, {imported.model.metadata.get('apiVersion', '')}\n"
    )
    click.echo(f"{'':12}{'model':>8}{'imported':>10}{'not imported':>14}")
    for what, total, done, left in imported.summary():
        click.echo(f"{what:12}{total:8}{done:10}{left:14}")
    for name, why in imported.left_out.items():
        click.echo(f"\nout of scope: {name}: {why}")
    counted = imported.model.notes.counted()
    if counted:
        click.echo("\nnot carried over:")
        for what, count in counted:
            click.echo(f"  {count:6}  {what}")
    click.echo(
        f"\n{folder}: written; its IMPORT.md lists what is not in the description, with its place"
    )
    click.echo(f"next: xmlwright --project {folder} build")
