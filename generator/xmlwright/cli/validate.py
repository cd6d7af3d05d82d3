"""The command `validate`."""

from __future__ import annotations

import sys

import click

from .console import FAILED, count_problems, find_project, show_diagnostics


@click.command(
    short_help="Report all errors in the description.",
    epilog="""\b
Examples:
  xmlwright validate
  xmlwright validate --format sarif > problems.sarif
  xmlwright validate --format github         annotations of a GitHub workflow

\b
Exit codes:
  0  no errors
  1  there are errors
  2  the command line or pyproject.toml is wrong""",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="Output format.",
)
@click.pass_context
def validate(context: click.Context, output_format: str) -> None:
    """Check the description and report every error of every file, with its position."""
    from ..pipeline import stages

    settings = find_project(context)
    _, diagnostics = stages.validate(settings)
    show_diagnostics(diagnostics, settings.root, output_format)
    if len(diagnostics):
        if output_format == "text":
            click.echo(f"\n{count_problems(len(diagnostics))}", err=True)
        sys.exit(FAILED)
    if output_format == "text":
        click.echo(f"{settings.schema.name}/: no errors")
