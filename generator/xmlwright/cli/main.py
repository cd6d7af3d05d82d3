"""The command line. Each command imports what it needs, so that the quick ones stay quick."""

from __future__ import annotations

import gc
import io
import os
import sys
from pathlib import Path

import click

from . import diff as workbench_diff
from . import exports as workbench
from . import inference as workbench_growth
from . import build as output_commands
from .console import FAILED, INTERRUPTED, Told, color, problems, project, show, style
from .docs import docs
from .sandbox import sandbox


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  xmlwright validate                  tell everything that is wrong with the description
  xmlwright build                     bring the generated project up to date
  xmlwright check                     fail if it is not, for CI
  xmlwright explain task.list         where is that described?
  xmlwright watch                     build whenever a file is saved

\b
Exit codes of all commands:
  0    success
  1    a problem of the description, a template or the output; nothing was written
  2    the command line or pyproject.toml is wrong
  130  interrupted by Ctrl-C; nothing was written""",
)
@click.option(
    "--project",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path("."),
    show_default="the working folder",
    help="Folder of the project: its pyproject.toml, or that of a folder above, has [tool.xmlwright].",
)
@click.version_option(package_name="xmlwright")
@click.pass_context
def program(context: click.Context, folder: Path) -> None:
    """From a YAML description of an XML-over-HTTP API to a typed Python client."""
    context.obj = folder
    context.color = color()


_FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="How problems are told.",
)


@program.command(
    short_help="Tell every mistake in the description.",
    epilog="""\b
Examples:
  xmlwright validate
  xmlwright validate --format sarif > problems.sarif
  xmlwright validate --format github         annotations of a GitHub workflow

\b
Exit codes:
  0  the description is fine
  1  it has problems
  2  the command line or pyproject.toml is wrong""",
)
@_FORMAT
@click.pass_context
def validate(context: click.Context, form: str) -> None:
    """Check the description: every problem of every file, with its place. Exit code 1 if there is one."""
    from ..pipeline import stages as pipeline

    settings = project(context)
    _, diagnostics = pipeline.validate(settings)
    show(diagnostics, settings.root, form)
    if len(diagnostics):
        if form == "text":
            click.echo(f"\n{problems(len(diagnostics))}", err=True)
        sys.exit(FAILED)
    if form == "text":
        click.echo(f"{settings.schema.name}/ is fine")


@program.command(
    short_help="Print the JSON Schema of the YAML files.",
    epilog="""\b
Examples:
  xmlwright schema resource                 print one
  xmlwright schema --write docs/language    write all, for the first line of the YAML files

\b
Exit codes:
  0  printed, written or current
  1  with --check: a file is not current; or one cannot be written""",
)
@click.argument("kind", type=click.Choice(["api", "shared", "resource", "cases"]), required=False)
@click.option(
    "--write",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write the schema of every kind of file to FOLDER/KIND.schema.json.",
)
@click.option(
    "--check", "only_check", is_flag=True, help="With --write: only say whether they are current."
)
def schema(kind: str | None, write: Path | None, only_check: bool) -> None:
    """Print the JSON Schema of the language, which editors use to complete and check the YAML files."""
    import json

    from ..schema.grammar import FILES, json_schema

    if write is None:
        value = json_schema(kind) if kind else {name: json_schema(name) for name in FILES}
        click.echo(json.dumps(value, indent=2))
        return
    stale: list[str] = []
    for name in [kind] if kind else FILES:
        path = write / f"{name}.schema.json"
        text = json.dumps(json_schema(name), indent=2) + "\n"
        try:
            current = path.read_text(encoding="utf-8") == text
        except OSError:
            current = False
        if current:
            continue
        stale.append(path.as_posix())
        if not only_check:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                raise Told(f"{path}: {error.strerror or error}") from None
    for name in stale:
        click.echo(f"{name}: {'stale' if only_check else 'written'}")
    if stale and only_check:
        sys.exit(FAILED)


@program.command(
    short_help="Say where a name is described.",
    epilog="""\b
Examples:
  xmlwright explain task.list            a method
  xmlwright explain Task.rate            a field of a record
  xmlwright explain task.create.rate     an argument
  xmlwright explain 50010                an error code

\b
Exit codes:
  0  found
  1  nothing has that name""",
)
@click.argument("name")
@click.pass_context
def explain(context: click.Context, name: str) -> None:
    """Say where NAME, from the API or from Python, is described: file, line and what is known."""
    from ..pipeline import stages as pipeline
    from ..explain import explain as explained
    from ..explain import suggestion

    settings = project(context)
    api, diagnostics = pipeline.validate(settings)
    if api is None:
        show(diagnostics, settings.root, "text")
        sys.exit(FAILED)
    found = explained(api, name)
    if not found:
        near = suggestion(api, name)
        hint = f"; did you mean {near!r}?" if near else ""
        if len(diagnostics):
            hint += f" (the description has {problems(len(diagnostics))}: see `xmlwright validate`)"
        raise Told(f"nothing is called {name!r}{hint}")
    for item in found:
        click.echo(
            f"{style(str(item.at), 'place')}: {item.what} {click.style(item.name, bold=True)}"
        )
        if item.facts:
            click.echo(f"  {'; '.join(item.facts)}")
        if item.doc:
            click.echo(f"  {item.doc}")


for _command in (
    *output_commands.COMMANDS,
    *workbench.COMMANDS,
    *workbench_diff.COMMANDS,
    *workbench_growth.COMMANDS,
    docs,
    sandbox,
):
    program.add_command(_command)


def main() -> None:
    """Entry point. Ctrl-C ends with code 130 and leaves the output as it was."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that lacks a letter gets its number
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = program.main(prog_name="xmlwright", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("interrupted; nothing was written", err=True)
        code = INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except OSError as error:  # a full disk behind the output, a working folder that is gone
        where = f"{error.filename}: " if error.filename else ""
        Told(f"{where}{error.strerror or error}").show()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still unwritten cannot be
        code = FAILED
    gc.freeze()  # the end frees all memory at once: nobody need look for what is garbage in it
    sys.exit(code if isinstance(code, int) else 0)
