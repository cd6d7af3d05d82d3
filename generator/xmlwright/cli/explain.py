"""The command `explain`."""

from __future__ import annotations

import sys

import click

from .console import (
    FAILED,
    CommandError,
    count_problems,
    find_project,
    show_diagnostics,
    style,
)


@click.command(
    short_help="Show where a name is described.",
    epilog="""\b
Examples:
  xmlwright explain task.list            a method
  xmlwright explain Task.rate            a field of a record
  xmlwright explain task.create.rate     an argument
  xmlwright explain 50010                an error code

\b
Exit codes:
  0  found
  1  nothing has that name
  2  the command line or pyproject.toml is wrong""",
)
@click.argument("name")
@click.pass_context
def explain(context: click.Context, name: str) -> None:
    """Show where NAME, from the API or from Python, is described: file, line and what is known."""
    from ..explain import explain as find_explanations
    from ..explain import suggestion
    from ..pipeline import stages

    settings = find_project(context)
    api, diagnostics = stages.validate(settings)
    if api is None:
        show_diagnostics(diagnostics, settings.root)
        sys.exit(FAILED)
    explanations = find_explanations(api, name)
    if not explanations:
        near = suggestion(api, name)
        hint = f"; did you mean {near!r}?" if near else ""
        if len(diagnostics):
            hint += f" (the description has {count_problems(len(diagnostics))}; run `xmlwright validate`)"
        raise CommandError(f"no description of {name!r}{hint}")
    for item in explanations:
        click.echo(
            f"{style(str(item.at), 'place')}: {item.what} {click.style(item.name, bold=True)}"
        )
        if item.facts:
            click.echo(f"  {'; '.join(item.facts)}")
        if item.doc:
            click.echo(f"  {item.doc}")
