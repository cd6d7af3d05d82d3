"""Commands that let a description grow by evidence: drift, infer, coverage."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from .console import FAILED, project, show
from .exports import fail

if TYPE_CHECKING:
    from ..ir import Api
    from ..settings import Settings

OF_CASES: Final = {
    "case-arguments", "case-request", "case-response", "case-result", "uncovered", "unused",
}  # fmt: skip
"""Rules that a description may break while it grows."""


@click.command(epilog="""\b
Examples:
  xmlwright drift recordings/                       what is in them that is not described, as a patch
  xmlwright drift traffic.jsonl --apply             put it into the YAML files""")
@click.argument("recordings", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--apply", "apply_it", is_flag=True, help="Change the YAML files; comments stay.")
@click.pass_context
def drift(context: click.Context, recordings: tuple[Path, ...], apply_it: bool) -> None:
    """Read recorded documents and say what the description does not know in them. Exit code 1 if there is any.

    RECORDINGS are XML files, recordings of the client (.jsonl), or folders of both.
    """
    from ..inference import observations as evidence, patch

    settings = project(context)
    api = resolved(settings)
    try:
        seen, unread = evidence.gather(api, evidence.documents(recordings))
    except OSError as error:
        raise fail(f"{error.filename}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise fail(f"a recording is not UTF-8: {error.reason}") from None
    found, told = patch.proposals(api, seen)
    for message in unread:
        click.echo(f"not read: {message}", err=True)
    for message in told:
        click.echo(f"left to you: {message}", err=True)
    if not found:
        click.echo("no field is missing", err=True)
        sys.exit(FAILED if told else 0)
    files = patch.patched(settings, found)
    if apply_it:
        try:
            patch.save({path: after for path, (_, after) in files.items()})
        except OSError as error:
            raise fail(f"{error.filename}: {error.strerror}") from None
        for path in files:
            click.echo(f"{path.relative_to(settings.root)}: changed")
        return
    click.echo(patch.unified(files, settings.root), nl=False)
    sys.exit(FAILED)


@click.command(epilog="""\b
Examples:
  xmlwright infer samples/                           a resource file, on standard output
  xmlwright infer calls.jsonl --resource task --write

The name of a file with an answer begins with its method, as in task.get.response.xml; recordings and requests say theirs.
What is drafted is a start: types are guessed, texts are to be written, and cases, too.""")
@click.argument("samples", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--resource", metavar="NAME", help="Which resource, where the samples are of more than one."
)
@click.option(
    "--write", is_flag=True, help="Write it to the folder of resources, if it is not there."
)
@click.pass_context
def infer(
    context: click.Context, samples: tuple[Path, ...], resource: str | None, write: bool
) -> None:
    """Draft the file of a resource that is not described yet from SAMPLES: XML files, recordings, or folders of both."""
    from ..inference.draft import DraftError, draft
    from ..inference.observations import documents

    settings = project(context)
    api = resolved(settings)
    try:
        name, text, unread = draft(api, documents(samples), resource)
    except DraftError as error:
        raise fail(str(error)) from None
    except OSError as error:
        raise fail(f"{error.filename}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise fail(f"a recording is not UTF-8: {error.reason}") from None
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
        raise fail(
            f"{path.relative_to(settings.root)} is there already: xmlwright drift says what it lacks"
        ) from None
    except OSError as error:
        raise fail(f"{path}: {error.strerror}") from None
    click.echo(f"{path.relative_to(settings.root)}: written")


def resolved(settings: Settings) -> Api:
    """The description where it can be read; its cases may fail, since they may be ahead of it."""
    from ..pipeline import stages as pipeline

    api, diagnostics = pipeline.validate(settings)
    wrong = [item for item in diagnostics if item.rule not in OF_CASES]
    if api is None or wrong:
        show(diagnostics, settings.root, "text")
        sys.exit(FAILED)
    return api


@click.command(epilog="""\b
Examples:
  xmlwright coverage                                 of the cases
  xmlwright coverage recordings/                     of the cases, and of what a run of tests recorded
  xmlwright coverage --fail-under 100 --fail-under fields=95

Exit codes: 0 every share is as high as asked for; 1 one is lower, or the description cannot be read; 2 the command was given
wrongly.""")
@click.argument("recordings", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--fail-under",
    "limits",
    multiple=True,
    metavar="[KIND=]PERCENT",
    help="Exit code 1 below this share, of all kinds or of one: methods, records, fields, words, codes. May be given again.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.pass_context
def coverage(
    context: click.Context, recordings: tuple[Path, ...], limits: tuple[str, ...], form: str
) -> None:
    """Say how many methods, records, fields, words and error codes the cases show, with RECORDINGS too, and which they do not."""
    from ..inference.coverage import coverage as covered
    from ..inference.observations import documents

    settings = project(context)
    asked = _limits(limits)
    api = resolved(settings)
    try:
        found, unread = covered(api, documents(recordings))
    except OSError as error:
        raise fail(f"{error.filename}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise fail(f"a recording is not UTF-8: {error.reason}") from None
    for message in unread:
        click.echo(f"not read: {message}", err=True)
    if form == "json":
        click.echo(json.dumps({item.what: {"total": item.total, "shown": item.total - len(item.missing), "percent":
            round(item.percent, 2), "missing": [str(gap) for gap in item.missing]} for item in found}, indent=2))  # fmt: skip
    else:
        for item in found:
            shown = item.total - len(item.missing)
            click.echo(f"{item.what:<8} {shown:>5} of {item.total:>5}  {item.percent:6.1f} %")
            for gap in item.missing:
                click.echo(f"  {gap}")
    if any(item.percent < asked.get(item.what, asked.get("", 0.0)) for item in found):
        sys.exit(FAILED)


_KINDS: Final = ("methods", "records", "fields", "words", "codes")


def _limits(given: tuple[str, ...]) -> dict[str, float]:
    """Kind -> share; the empty kind is all."""
    found: dict[str, float] = {}
    for text in given:
        kind, equals, percent = text.rpartition("=")
        try:
            found[kind] = float(percent)
        except ValueError:
            raise click.BadParameter(
                f"{percent!r} is no number", param_hint="--fail-under"
            ) from None
        if equals and kind not in _KINDS:
            told = f"{kind!r} is not one of {', '.join(_KINDS)}"
            raise click.BadParameter(told, param_hint="--fail-under")
        if not 0 <= found[kind] <= 100:
            raise click.BadParameter(f"{percent} is not from 0 to 100", param_hint="--fail-under")
    return found


COMMANDS: Final = (coverage, drift, infer)
