"""The command `xsd`."""

from __future__ import annotations

from pathlib import Path

import click

from .console import CommandError, find_project, read_description


@click.command(
    short_help="Write XML Schemas of the requests and responses.",
    epilog="""\b
Examples:
  xmlwright xsd xsd/                   for responses in the first described namespace
  xmlwright xsd xsd/ --namespace ""    for responses without a namespace

\b
Exit codes:
  0  written
  1  the description has errors, or FOLDER cannot be written
  2  the command line or pyproject.toml is wrong""",
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--namespace", help="Namespace of responses. Default: the first one in the description."
)
@click.pass_context
def xsd(context: click.Context, folder: Path, namespace: str | None) -> None:
    """Write an XML Schema of the request and of the response of each method to FOLDER."""
    from ..export.xsd import export

    api = read_description(find_project(context))
    named = namespace if namespace is not None else next(iter(api.envelope.namespaces), "")
    files = export(api, namespace=named or None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{folder} cannot be written: {error.strerror or error}") from None
    click.echo(f"{folder}: {len(files)} schemas")
