"""The command `infer`."""

from __future__ import annotations

from pathlib import Path

import click

from .console import CASE_RULES, CommandError, find_project, read_readable, recording_errors


@click.command(
    short_help="Draft the file of a resource from samples.",
    epilog="""\b
Examples:
  xmlwright infer samples/                          print a resource file
  xmlwright infer calls.jsonl --resource task --write

The name of a file with a response begins with its method, as in task.get.response.xml; recordings and requests name theirs.
The draft is a start: check the guessed types, and write texts and cases.

\b
Exit codes:
  0  printed or written
  1  nothing can be drafted, or the file exists already
  2  the command line or pyproject.toml is wrong""",
)
@click.argument("samples", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--resource", metavar="NAME", help="The resource, if the samples are of more than one."
)
@click.option("--write", is_flag=True, help="Write a new file to the folder of resources.")
@click.pass_context
def infer(
    context: click.Context, samples: tuple[Path, ...], resource: str | None, write: bool
) -> None:
    """Draft the file of an undescribed resource from SAMPLES: XML files, recordings, or folders of both."""
    from ..inference.draft import DraftError, draft
    from ..inference.observations import documents

    settings = find_project(context)
    api = read_readable(settings, CASE_RULES)
    try:
        with recording_errors():
            name, text, unread = draft(api, documents(samples), resource)
    except DraftError as error:
        raise CommandError(str(error)) from None
    for message in unread:
        click.echo(f"not read: {message}", err=True)
    if not write:
        click.echo(text, nl=False)
        return
    path = settings.schema / "resources" / f"{name}.yaml"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise CommandError(
            f"{path.relative_to(settings.root)} exists already; run `xmlwright drift` to see what it lacks"
        ) from None
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
    click.echo(f"{path.relative_to(settings.root)}: written")
