"""Commands that make the output: build, check, watch."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from .console import FAILED, Misused, Told, problems, project, show, style

if TYPE_CHECKING:
    from ..pipeline.stages import Built
    from ..settings import Settings

OVERLAY: Final = click.option(
    "--overlay",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Templates that come before those of the same name; as `overlay` in pyproject.toml.",
)


def chosen(context: click.Context, overlay: Path | None) -> Settings:
    """The settings of the project, with what the command line says otherwise of its first output."""
    from ..settings import refuse_overlaps

    settings = project(context)
    if overlay is None:
        return settings
    if not overlay.is_dir():
        raise Misused(f"--overlay {overlay}: there is no such folder")
    settings = replace(settings, overlay=overlay.resolve())
    refuse_overlaps(settings, lambda message: Misused(f"--overlay: {message}"))
    return settings


class Line:
    """One line that tells how far a build is; nothing where standard error is no terminal."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._last = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        if not self._shown:
            return
        text = f"{stage} {done}/{total}" if total else stage
        if text != self._last:
            click.echo(f"\r\x1b[K{text}", err=True, nl=False)
            self._last = text

    def clear(self) -> None:
        """Take the line away."""
        if self._shown and self._last:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._last = ""


@contextmanager
def working(settings: Settings, form: str = "text") -> Iterator[Line]:
    """Turns every expected way to fail into a message and an exit code."""
    from ..pipeline.publish import PublishError
    from ..diagnostics import DescriptionError
    from ..render.formatting import FormatError
    from ..render.templates import TemplateProblem

    line = Line()
    try:
        yield line
    except DescriptionError as error:
        line.clear()
        show(error.diagnostics, settings.root, form)
        click.echo(f"\n{problems(len(error.diagnostics))}; nothing was written", err=True)
        sys.exit(FAILED)
    except TemplateProblem as error:
        line.clear()
        raise Told(f"template {error}; nothing was written") from None
    except FormatError as error:
        line.clear()
        raise Told(f"a template gave what is no Python; nothing was written\n{error}") from None
    except PublishError as error:
        line.clear()
        raise Told(str(error)) from None
    except OSError as error:
        line.clear()
        where = f"{error.filename}: " if error.filename else ""
        raise Told(f"{where}{error.strerror or error}; nothing was written") from None
    finally:
        line.clear()


@click.command(
    short_help="Bring the generated project up to date.",
    epilog="""\b
Examples:
  xmlwright build
  xmlwright build --clean         as if nothing had been built before
  xmlwright build --overlay mine  with templates of your own before those of the same name
  xmlwright --project ../api build

\b
Exit codes:
  0  the output is up to date
  1  the description, a template or the output folder has a problem; nothing was written
  2  the command line or pyproject.toml is wrong""",
)
@click.option("--clean", is_flag=True, help="Render and format everything, whatever is there.")
@click.option(
    "--overwrite",
    is_flag=True,
    help="Also replace files that no earlier build is known to have written.",
)
@OVERLAY
@click.option("-q", "--quiet", is_flag=True, help="Say nothing unless it fails.")
@click.pass_context
def build(
    context: click.Context, clean: bool, overwrite: bool, overlay: Path | None, quiet: bool
) -> None:
    """Generate the project. Writes all of it or, when anything is wrong, nothing."""
    from ..pipeline import stages as pipeline

    settings = chosen(context, overlay)
    done = None if clean else unchanged(settings.outputs)
    if done is None:
        with working(settings) as line:
            done = pipeline.build_all(settings.outputs, line, clean=clean, overwrite=overwrite)
    if not quiet:
        click.echo("\n".join(map(summary, done, settings.outputs)))


def unchanged(outputs: Sequence[Settings]) -> list[Built] | None:
    """What a build would say that has nothing to do, told without importing what a build needs."""
    from ..pipeline import stages as pipeline, publish

    found: list[Built] = []
    for settings in outputs:
        totals = None if publish.leftovers(settings.output) else pipeline.up_to_date(settings)
        if totals is None:
            return None
        found.append(pipeline.Built(totals))
    return found


def shown(settings: Settings) -> str:
    """An output folder in messages."""
    from ..files import shown as relative

    return relative(settings.output, settings.root)


def summary(done: Built, settings: Settings) -> str:
    """What a build did."""
    lines: list[str] = []
    width = max((len(name) for name in done.totals), default=0)
    for name, count in done.totals.items():
        lines.append(f"{name:<{width}}  {count:>7,}")
    if sum(done.seconds.values()) >= 0.005:
        stages = [f"{stage} {spent:.2f}" for stage, spent in done.seconds.items() if spent >= 0.005]
        lines.append(
            f"{'seconds':<{width}}  {sum(done.seconds.values()):>7.2f}  ({', '.join(stages)})"
        )
    if done.changed or done.removed:
        what = click.style(f"{len(done.changed)} written, {len(done.removed)} removed", fg="green")
    else:
        what = click.style("up to date", fg="green")
    lines.append(f"{shown(settings)}/: {what}")
    return "\n".join(lines)


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
  0  the output is what a build would make
  1  it is not, or the description or a template has a problem
  2  the command line or pyproject.toml is wrong""",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="How differences are told.",
)
@OVERLAY
@click.option("-q", "--quiet", is_flag=True, help="Say nothing if it is up to date.")
@click.pass_context
def check(context: click.Context, form: str, overlay: Path | None, quiet: bool) -> None:
    """Say of each generated file that is not what a build would make why: which piece of the description, template or
    option changed, which line was edited by hand. Writes nothing.
    """
    from ..diagnostics import report

    settings = chosen(context, overlay)
    if unchanged(settings.outputs) is not None:
        if form == "json":
            click.echo(report.result_of_check([], ()))
        elif form == "text" and not quiet:
            click.echo("\n".join(f"{shown(one)}/ is up to date" for one in settings.outputs))
        return
    from ..pipeline import stages as pipeline
    from ..staleness import causes
    from ..staleness import report as causes_report
    from ..diagnostics import DescriptionError

    with working(settings, form) as line:
        try:
            described = pipeline.describe(settings, {}, line)
        except DescriptionError as error:
            if form == "json":
                click.echo(report.result_of_check([], error.diagnostics).encode())
                sys.exit(FAILED)
            raise
        found = [
            difference
            for one in settings.outputs
            for difference in causes.check(one, line, described)
        ]
    if form == "json":
        click.echo(causes_report.as_json(found).encode())
    elif form == "github" and found:
        click.echo(causes_report.as_github(found).encode())
    elif found:
        click.echo(causes_report.as_text(found, style))
        click.echo(causes_report.summary(found), err=True)
    elif form == "text" and not quiet:
        click.echo("\n".join(f"{shown(one)}/ is up to date" for one in settings.outputs))
    if found:
        sys.exit(FAILED)


@click.command(
    short_help="Build whenever a file is saved.",
    epilog="""\b
Examples:
  xmlwright watch
  xmlwright watch --overlay mine

Needs watchfiles: pip install "xmlwright[watch]".

\b
Exit codes:
  0  ended by Ctrl-C
  1  watchfiles is not installed
  2  the command line or pyproject.toml is wrong at the start""",
)
@OVERLAY
@click.pass_context
def watch(context: click.Context, overlay: Path | None) -> None:
    """Build, and again whenever a file of the description, a template or pyproject.toml is saved, until Ctrl-C. Mistakes
    are shown in place of the ones before; the output stays as it is until there are none.
    """
    import importlib.util

    if importlib.util.find_spec("watchfiles") is None:
        raise Told('watch needs watchfiles: pip install "xmlwright[watch]"')
    from ..pipeline.watch import Watcher

    settings = chosen(context, overlay)

    def find() -> Settings | None:
        try:
            return chosen(context, overlay)
        except Told as error:
            _fresh_screen()
            error.show()
            return None

    try:
        for current in Watcher(find).changes(settings.root):
            _fresh_screen()
            _rebuild(current)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


def _fresh_screen() -> None:
    """In a terminal, make room for what is to be told now."""
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        click.echo("\x1b[2J\x1b[3J\x1b[H", nl=False)


def _rebuild(settings: Settings) -> None:
    import time

    from ..pipeline import stages as pipeline

    start = time.perf_counter()
    now = click.style(time.strftime("%H:%M:%S"), dim=True)
    try:
        with working(settings) as line:
            done = pipeline.build_all(settings.outputs, line)
    except Told as error:
        error.show()
    except SystemExit:
        pass  # the problems of the description are told
    else:
        for built, one in zip(done, settings.outputs, strict=True):
            for path in (*built.changed, *(f"{path} (removed)" for path in built.removed)):
                if path != ".xmlwright.json":
                    click.echo(f"  {shown(one)}/{path}")
        spent = time.perf_counter() - start
        click.echo(f"{now} {click.style('up to date', fg='green')} ({spent:.1f} s)")
    folders = {settings.schema, *(one.templates for one in settings.outputs)}
    named = ", ".join(sorted(f"{folder.name}/" for folder in folders))
    click.echo(f"{now} watching {named}; Ctrl-C ends", err=True)
    sys.stdout.flush()


COMMANDS: Final = (build, check, watch)
