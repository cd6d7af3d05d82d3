"""The command `infer`."""

from __future__ import annotations

from pathlib import Path

import click

from .console import (
    CASE_RULES,
    CommandError,
    UsageError,
    find_project,
    read_readable,
    recording_errors,
)


@click.command(
    short_help="Draft a description, or one resource, from samples.",
    epilog="""\b
Examples:
  xmlwright infer --new books samples/              describe an API from nothing, in the new folder books/
  xmlwright infer --new books session.har --name "Acme Books"
  xmlwright infer samples/                          print a file for a resource that this project lacks
  xmlwright infer calls.jsonl --resource task --write

\b
Samples for --new:
  .xml            a document; a name with .request or .response says which
  .http           a request or a response with its first line and headers; NAME.request.http and
                  NAME.response.http are one exchange
  .har            an archive that a browser or a proxy wrote
  .yaml, .json    a VCR cassette
  .jsonl          a recording of a generated client
  .curl, .txt     commands of curl with what they printed; `curl -i` shows the status

The name of a file with a response begins with its method, as in task.get.response.xml; recordings and requests name theirs.
The draft is a start: check the guessed types, and write texts and cases.

\b
Exit codes:
  0  printed or written
  1  nothing can be drafted, or a file exists already; nothing was written
  2  the command line or pyproject.toml is wrong""",
)
@click.argument("samples", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--resource", metavar="NAME", help="The resource, if the samples are of more than one."
)
@click.option(
    "--new",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write a project for an API without a description to FOLDER.",
)
@click.option("--name", help="With --new: what the API is called. Default: the folder.")
@click.option("--write", is_flag=True, help="Write a new file to the folder of resources.")
@click.pass_context
def infer(
    context: click.Context,
    samples: tuple[Path, ...],
    resource: str | None,
    folder: Path | None,
    name: str | None,
    write: bool,
) -> None:
    """Draft the file of an undescribed resource from SAMPLES: XML files, recordings, or folders of both.

    With --new: draft the description of a whole API, as a new project.
    """
    if folder is not None:
        if resource is not None or write:
            raise UsageError("--new excludes --resource and --write")
        _describe(context.obj / folder, samples, name)
        return
    if name is not None:
        raise UsageError("--name needs --new")
    from ..inference.draft import DraftError, draft
    from ..inference.observations import documents

    settings = find_project(context)
    api = read_readable(settings, CASE_RULES)
    try:
        with recording_errors():
            drafted, text, unread = draft(api, documents(samples), resource)
    except DraftError as error:
        raise CommandError(str(error)) from None
    for message in unread:
        click.echo(f"not read: {message}", err=True)
    if not write:
        click.echo(text, nl=False)
        return
    path = settings.schema / "resources" / f"{drafted}.yaml"
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


def _describe(root: Path, paths: tuple[Path, ...], name: str | None) -> None:
    from ..inference.new_description import InferenceError, describe
    from ..inference.samples import SampleReader
    from ..inference.shapes import ShapeError
    from ..starter import ProjectNames, settings_file
    from .new_project import write_project

    try:
        names = ProjectNames.of(name or root.resolve().name)
    except ValueError as error:
        raise UsageError(f"--name: {error}") from None
    reader = SampleReader()
    with recording_errors():
        reader.read(paths)
    for message in reader.unread:
        click.echo(f"not read: {message}", err=True)
    try:
        found = describe(reader.samples, names)
    except (InferenceError, ShapeError) as error:
        raise CommandError(f"{error}; nothing was written") from None
    files = {"pyproject.toml": settings_file(names), **found}
    write_project(root, files, "the samples give no valid description")
    checks = sum(text.count("# check") for text in found.values())
    click.echo(
        f"\n{len(reader.samples)} samples; {checks} lines to look at: grep -rn '# check' {root}/schema"
    )
