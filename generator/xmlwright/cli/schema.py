"""The command `schema`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from ..schema.grammar import FILES, json_schema
from .console import FAILED, CommandError


@click.command(
    short_help="Print the JSON Schema of the YAML files.",
    epilog="""\b
Examples:
  xmlwright schema resource                 print one
  xmlwright schema --write docs/language    write all, for the first line of the YAML files

\b
Exit codes:
  0  printed, written or up to date
  1  with --check: a file is not up to date; or a file cannot be written
  2  the command line is wrong""",
)
@click.argument("kind", type=click.Choice(list(FILES)), required=False)
@click.option(
    "--write",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write the schema of every kind of file to FOLDER/KIND.schema.json.",
)
@click.option("--check", is_flag=True, help="With --write: report outdated files, write nothing.")
def schema(kind: str | None, write: Path | None, check: bool) -> None:
    """Print the JSON Schema of the language, which editors use to complete and check the YAML files."""
    if write is None:
        value = json_schema(kind) if kind else {name: json_schema(name) for name in FILES}
        click.echo(json.dumps(value, indent=2))
        return
    outdated: list[str] = []
    for name in [kind] if kind else FILES:
        path = write / f"{name}.schema.json"
        text = json.dumps(json_schema(name), indent=2) + "\n"
        try:
            current = path.read_text(encoding="utf-8") == text
        except OSError:
            current = False
        if current:
            continue
        outdated.append(path.as_posix())
        if not check:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                raise CommandError(f"{path}: {error.strerror or error}") from None
    for name in outdated:
        click.echo(f"{name}: {'outdated' if check else 'written'}")
    if outdated and check:
        sys.exit(FAILED)
