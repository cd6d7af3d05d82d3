"""The command `build`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .console import OVERLAY, build_errors, find_project

if TYPE_CHECKING:
    from ..pipeline.stages import BuildResult
    from ..settings import Settings


@click.command(
    short_help="Bring the generated project up to date.",
    epilog="""\b
Examples:
  xmlwright build
  xmlwright build --clean         as if nothing had been built before
  xmlwright build --overlay mine  with your templates in place of those of the same name
  xmlwright --project ../api build

\b
Exit codes:
  0  the output is up to date
  1  the description, a template or the output folder has a problem; nothing was written
  2  the command line or pyproject.toml is wrong""",
)
@click.option("--clean", is_flag=True, help="Render and format everything; ignore earlier results.")
@click.option("--overwrite", is_flag=True, help="Also replace files that no earlier build wrote.")
@OVERLAY
@click.option("-q", "--quiet", is_flag=True, help="Print nothing unless it fails.")
@click.pass_context
def build(
    context: click.Context, clean: bool, overwrite: bool, overlay: Path | None, quiet: bool
) -> None:
    """Generate the project. Writes all of it or, if anything is wrong, nothing."""
    from ..pipeline import stages

    settings = find_project(context, overlay)
    results = None if clean else unchanged(settings.outputs)
    if results is None:
        with build_errors(settings) as line:
            results = stages.build_all(settings.outputs, line, clean=clean, overwrite=overwrite)
    if not quiet:
        click.echo("\n".join(map(_summary, results, settings.outputs)))


def unchanged(outputs: Sequence[Settings]) -> list[BuildResult] | None:
    """Return the results of a build without changes; None if there is something to do.

    Compares hashes only, without importing what a build needs.
    """
    from ..pipeline import publish, stages

    results: list[BuildResult] = []
    for settings in outputs:
        totals = None if publish.leftovers(settings.output) else stages.up_to_date(settings)
        if totals is None:
            return None
        results.append(stages.BuildResult(totals))
    return results


def output_name(settings: Settings) -> str:
    """Return an output folder as messages name it."""
    from ..files import shown

    return shown(settings.output, settings.root)


def _summary(result: BuildResult, settings: Settings) -> str:
    lines: list[str] = []
    width = max((len(name) for name in result.totals), default=0)
    for name, count in result.totals.items():
        lines.append(f"{name:<{width}}  {count:>7,}")
    total = sum(result.seconds.values())
    if total >= 0.005:
        stages = [
            f"{stage} {spent:.2f}" for stage, spent in result.seconds.items() if spent >= 0.005
        ]
        lines.append(f"{'seconds':<{width}}  {total:>7.2f}  ({', '.join(stages)})")
    if result.changed or result.removed:
        what = f"{len(result.changed)} written, {len(result.removed)} removed"
    else:
        what = "up to date"
    lines.append(f"{output_name(settings)}/: {click.style(what, fg='green')}")
    return "\n".join(lines)
