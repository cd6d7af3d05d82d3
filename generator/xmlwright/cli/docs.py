"""The command `docs`."""

from __future__ import annotations

import dataclasses
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .console import CommandError, UsageError, build_errors, find_project

if TYPE_CHECKING:
    from ..docs.site import BuildReport


@click.command(
    short_help="Write the reference documentation.",
    epilog="""\b
Examples:
  xmlwright docs                             write site/: open site/index.html, or site/all.html, which is all of it
  xmlwright docs --serve                     and show it on http://127.0.0.1
  xmlwright docs --output build/site --history v1.0 --history v1.1
  xmlwright docs --release 2.1                     write site/2.1/, beside the other versions
  xmlwright docs --source 'https://git.example.com/project/blob/main/{path}#L{line}'

\b
Exit codes:
  0  written
  1  the description or a sample has an error, or the site cannot be written
  2  the command line or pyproject.toml is wrong""",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder to write to. Default: site.",
)
@click.option(
    "--history", multiple=True, metavar="OLD",
    help="Folder, bundle or git revision to list changes since. Repeatable, oldest first.",
)  # fmt: skip
@click.option(
    "--release", default="", metavar="NAME",
    help="Write to a folder of this name below the output, and list it in the menu of versions.",
)  # fmt: skip
@click.option(
    "--source",
    metavar="ADDRESS",
    help="Address of a line of the repository, with {path} and {line}.",
)
@click.option(
    "--clean", is_flag=True, help="Run every sample and render every page; ignore earlier results."
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Also replace files that no earlier run wrote.",
)
@click.option("--serve", is_flag=True, help="Serve the site on 127.0.0.1 until Ctrl-C.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port of --serve. Default: a free one."
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing unless it fails.")
@click.pass_context
def docs(
    context: click.Context,
    output: Path | None,
    history: tuple[str, ...],
    release: str,
    source: str | None,
    clean: bool,
    overwrite: bool,
    serve: bool,
    port: int,
    quiet: bool,
) -> None:
    """Write the documentation of the API: a site of HTML pages, each also as Markdown, and all of it as one file.

    Every case of the description is run through the generated client; one that fails fails the command, with its place.
    """
    from ..diff.revisions import RevisionError
    from ..docs import site
    from ..docs.samples import SampleRunnerError
    from ..settings import SettingsError

    settings = find_project(context)
    if output is not None:
        settings = dataclasses.replace(settings, site=Path.cwd() / output)
    if source is not None:
        settings = dataclasses.replace(settings, source=source)
    if release and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", release):
        raise UsageError(f"--release {release!r} should be letters, digits, dots and dashes")
    with build_errors(settings) as line:
        try:
            made = site.build(
                settings, line, history=history, release=release, clean=clean, overwrite=overwrite
            )
        except (RevisionError, SettingsError, SampleRunnerError) as error:
            line.clear()
            raise CommandError(str(error)) from None
    if not quiet:
        click.echo(_summary(made, settings.site))
    if serve:
        _serve(settings.site, port)


def _summary(made: BuildReport, folder: Path) -> str:
    stages = ", ".join(
        f"{stage} {spent:.2f}" for stage, spent in made.seconds.items() if spent >= 0.005
    )
    fresh = (
        f"{made.fresh} now, the others as before"
        if made.fresh < made.samples
        else "all of them now"
    )
    what = f"{made.changed} files changed" if made.changed else "up to date"
    return "\n".join(
        [
            f"pages    {made.pages:>6,}",
            f"samples  {made.samples:>6,}  (ran {fresh}; none is left out)",
            f"all.html {made.size / 1e6:>6.2f}  MB",
            f"seconds  {sum(made.seconds.values()):>6.2f}  ({stages})",
            f"{folder.name}/: {click.style(what, fg='green')}",
        ]
    )


def _serve(folder: Path, port: int) -> None:
    from ..docs.serve import server

    try:
        serving = server(folder, port)
    except OSError as error:
        raise CommandError(
            f"port {port} cannot be listened on: {error.strerror or error}"
        ) from None
    click.echo(f"http://127.0.0.1:{serving.server_address[1]}/ (Ctrl-C ends it)")
    sys.stdout.flush()
    try:
        serving.serve_forever()
    except KeyboardInterrupt:
        click.echo("", err=True)
    finally:
        serving.server_close()
