"""The command `bundle`."""

from __future__ import annotations

import json

import click

from .console import find_project, read_description


@click.command(
    short_help="Print the description as one JSON file.",
    epilog="""\b
Examples:
  xmlwright bundle > api.json
  xmlwright bundle --schema > bundle.schema.json

\b
Exit codes:
  0  printed
  1  the description has errors
  2  the command line or pyproject.toml is wrong""",
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of bundles instead.")
@click.pass_context
def bundle(context: click.Context, schema: bool) -> None:
    """Print the whole validated description as one JSON file, for other tools and languages."""
    from ..export import bundle as bundles

    if schema:
        click.echo(json.dumps(bundles.json_schema(), indent=2))
        return
    click.echo(bundles.dump(read_description(find_project(context))), nl=False)
