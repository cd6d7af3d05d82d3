"""The command `check`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .build import output_name, unchanged
from .console import FAILED, OVERLAY, build_errors, find_project, style


@click.command(
    short_help="Fail if the generated project is not up to date, and say why.",
    epilog="""\b
Examples:
  xmlwright check
  xmlwright check || xmlwright build
  xmlwright check --format github      annotations of a GitHub workflow
  xmlwright check --format json | jq '.files[].causes[].cause'

\b
Exit codes:
  0  the output is up to date
  1  it is not up to date, or the description or a template has a problem
  2  the command line or pyproject.toml is wrong""",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="Output format.",
)
@OVERLAY
@click.option("-q", "--quiet", is_flag=True, help="Print nothing if it is up to date.")
@click.pass_context
def check(context: click.Context, output_format: str, overlay: Path | None, quiet: bool) -> None:
    """Report each generated file that differs from what a build would write, and why.

    A reason is a changed piece of the description, template, option or generator, or a line that was edited by hand.
    Writes nothing.
    """
    from ..diagnostics import DescriptionError, report

    settings = find_project(context, overlay)
    up_to_date = "\n".join(f"{output_name(one)}/ is up to date" for one in settings.outputs)
    if unchanged(settings.outputs) is not None:
        if output_format == "json":
            click.echo(report.result_of_check([], ()))
        elif output_format == "text" and not quiet:
            click.echo(up_to_date)
        return
    from ..pipeline import stages
    from ..staleness import causes
    from ..staleness import report as staleness_report

    with build_errors(settings, output_format) as line:
        try:
            described = stages.describe(settings, {}, line)
        except DescriptionError as error:
            if output_format == "json":
                click.echo(report.result_of_check([], error.diagnostics).encode())
                sys.exit(FAILED)
            raise
        differences = [
            difference
            for one in settings.outputs
            for difference in causes.check(one, line, described)
        ]
    if output_format == "json":
        click.echo(staleness_report.as_json(differences).encode())
    elif output_format == "github" and differences:
        click.echo(staleness_report.as_github(differences).encode())
    elif differences:
        click.echo(staleness_report.as_text(differences, style))
        click.echo(staleness_report.summary(differences), err=True)
    elif output_format == "text" and not quiet:
        click.echo(up_to_date)
    if differences:
        sys.exit(FAILED)
