"""The command line. Each command imports what it needs, so that the quick ones stay quick."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from . import workbench, workbench_diff, workbench_growth

if TYPE_CHECKING:
    from .diagnostics import Diagnostics
    from .pipeline import Built
    from .settings import Settings

FAILED: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130

_COLOURS: Final = {
    "error": "red",
    "place": "cyan",
    "rule": "yellow",
    "note": "blue",
    "help": "green",
}


def _colour() -> bool | None:
    """False where the user asked for none (https://no-color.org); else None: click looks for a terminal."""
    return False if os.environ.get("NO_COLOR") else None


class _Told(click.ClickException):
    """A message for the user, without a traceback."""

    exit_code = FAILED

    def show(self, file: object = None) -> None:
        title = click.style("error", fg="red", bold=True)
        click.echo(f"{title}: {self.format_message()}", err=True, color=_colour())


class _Misused(_Told):
    """A message about how the program was called."""

    exit_code = USAGE


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  xmlwright validate                  tell everything that is wrong with the description
  xmlwright build                     bring the generated project up to date
  xmlwright check                     fail if it is not, for CI
  xmlwright explain task.list         where is that described?""",
)
@click.option(
    "--project",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path("."),
    show_default="the working folder",
    help="Folder of the project: its pyproject.toml, or that of a folder above, has [tool.xmlwright].",
)
@click.version_option(package_name="xmlwright")
@click.pass_context
def program(context: click.Context, project: Path) -> None:
    """From a YAML description of an XML-over-HTTP API to a typed Python client."""
    context.obj = project
    context.color = _colour()


def _settings(project: Path) -> Settings:
    from .settings import SettingsError, find

    try:
        return find(project)
    except SettingsError as error:
        raise _Misused(str(error)) from None


def _style(text: str, role: str) -> str:
    return click.style(text, fg=_COLOURS[role], bold=role == "error")


def _print(diagnostics: Diagnostics, root: Path, form: str) -> None:
    from . import report

    found = list(diagnostics)
    # For programs, and so in UTF-8 whatever the terminal's encoding is.
    if form == "json":
        click.echo(report.as_json(found).encode())
    elif form == "sarif":
        click.echo(report.as_sarif(found).encode())
    elif found:
        click.echo(report.as_text(found, root, _style))


_FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="How problems are told.",
)


@program.command(
    short_help="Tell every mistake in the description.",
    epilog="""\b
Examples:
  xmlwright validate
  xmlwright validate --format sarif > problems.sarif""",
)
@_FORMAT
@click.pass_obj
def validate(project: Path, form: str) -> None:
    """Check the description: every problem of every file, with its place. Exit code 1 if there is one."""
    from . import pipeline

    settings = _settings(project)
    _, diagnostics = pipeline.validate(settings)
    _print(diagnostics, settings.root, form)
    if len(diagnostics):
        if form == "text":
            click.echo(f"\n{_problems(len(diagnostics))}", err=True)
        sys.exit(FAILED)
    if form == "text":
        click.echo(f"{settings.schema.name}/ is fine")


def _problems(count: int) -> str:
    return f"{count} problem{'' if count == 1 else 's'}"


class _Line:
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
        if self._shown and self._last:
            click.echo("\r\x1b[K", err=True, nl=False)


@contextmanager
def _working(settings: Settings) -> Iterator[_Line]:
    """Turns every expected way to fail into a message and an exit code."""
    from .diagnostics import DescriptionError
    from .formatting import FormatError
    from .publish import PublishError
    from .render import TemplateProblem

    line = _Line()
    try:
        yield line
    except DescriptionError as error:
        line.clear()
        _print(error.diagnostics, settings.root, "text")
        click.echo(f"\n{_problems(len(error.diagnostics))}; nothing was written", err=True)
        sys.exit(FAILED)
    except TemplateProblem as error:
        line.clear()
        raise _Told(f"template {error}; nothing was written") from None
    except FormatError as error:
        line.clear()
        raise _Told(f"a template gave what is no Python; nothing was written\n{error}") from None
    except PublishError as error:
        line.clear()
        raise _Told(str(error)) from None
    except OSError as error:
        line.clear()
        where = f"{error.filename}: " if error.filename else ""
        raise _Told(f"{where}{error.strerror or error}; nothing was written") from None
    finally:
        line.clear()


@program.command(
    short_help="Bring the generated project up to date.",
    epilog="""\b
Examples:
  xmlwright build
  xmlwright build --clean         as if nothing had been built before
  xmlwright --project ../api build""",
)
@click.option("--clean", is_flag=True, help="Render and format everything, whatever is there.")
@click.option(
    "--overwrite",
    is_flag=True,
    help="Also replace files that no earlier build is known to have written.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing unless it fails.")
@click.pass_obj
def build(project: Path, clean: bool, overwrite: bool, quiet: bool) -> None:
    """Generate the project. Writes all of it or, when anything is wrong, nothing."""
    from . import pipeline

    settings = _settings(project)
    old = None if clean else _unchanged(settings)
    if old is not None:
        if not quiet:
            click.echo(_summary(old, settings))
        return
    with _working(settings) as line:
        done = pipeline.build(settings, line, clean=clean, overwrite=overwrite)
    if not quiet:
        click.echo(_summary(done, settings))


def _unchanged(settings: Settings) -> Built | None:
    """What a build would say that has nothing to do, told without importing what a build needs."""
    from . import manifest, pipeline, publish

    old = manifest.load(settings.output)
    if (
        old is not None
        and not publish.leftovers(settings.output)
        and pipeline.up_to_date(settings, old)
    ):
        return pipeline.Built(old.totals)
    return None


def _summary(done: Built, settings: Settings) -> str:
    lines: list[str] = []
    width = max((len(name) for name in done.totals), default=0)
    for name, count in done.totals.items():
        lines.append(f"{name:<{width}}  {count:>7,}")
    if done.seconds:
        stages = [f"{stage} {spent:.2f}" for stage, spent in done.seconds.items() if spent >= 0.005]
        lines.append(
            f"{'seconds':<{width}}  {sum(done.seconds.values()):>7.2f}  ({', '.join(stages)})"
        )
    output = settings.output.name
    if done.changed or done.removed:
        what = click.style(f"{len(done.changed)} written, {len(done.removed)} removed", fg="green")
        lines.append(f"{output}/: {what}")
    else:
        lines.append(f"{output}/: {click.style('up to date', fg='green')}")
    return "\n".join(lines)


@program.command(
    short_help="Fail if the generated project is not up to date.",
    epilog="""\b
Examples:
  xmlwright check
  xmlwright check || xmlwright build""",
)
@click.pass_obj
def check(project: Path) -> None:
    """Say whether the generated project is what the description gives. Exit code 1 and a list if it is not."""
    from . import pipeline

    settings = _settings(project)
    if _unchanged(settings) is not None:
        click.echo(f"{settings.output.name}/ is up to date")
        return
    with _working(settings) as line:
        found = pipeline.check(settings, line)
    for path, how in found:
        click.echo(f"{settings.output.name}/{path}: {click.style(how, fg='red')}")
    if found:
        click.echo("run `xmlwright build` to bring it up to date", err=True)
        sys.exit(FAILED)
    click.echo(f"{settings.output.name}/ is up to date")


@program.command(
    short_help="Print the JSON Schema of the YAML files.",
    epilog="""\b
Examples:
  xmlwright schema resource                 print one
  xmlwright schema --write docs/language    write all, for the first line of the YAML files""",
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

    from .language import FILES, json_schema

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
                raise _Told(f"{path}: {error.strerror or error}") from None
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
  xmlwright explain 50010                an error code""",
)
@click.argument("name")
@click.pass_obj
def explain(project: Path, name: str) -> None:
    """Say where NAME, from the API or from Python, is described: file, line and what is known."""
    from . import pipeline
    from .explain import explain as explained
    from .explain import suggestion

    settings = _settings(project)
    api, diagnostics = pipeline.validate(settings)
    if api is None:
        _print(diagnostics, settings.root, "text")
        sys.exit(FAILED)
    found = explained(api, name)
    if not found:
        near = suggestion(api, name)
        hint = f"; did you mean {near!r}?" if near else ""
        if len(diagnostics):
            hint += (
                f" (the description has {_problems(len(diagnostics))}: see `xmlwright validate`)"
            )
        raise _Told(f"nothing is called {name!r}{hint}")
    for item in found:
        click.echo(
            f"{_style(str(item.at), 'place')}: {item.what} {click.style(item.name, bold=True)}"
        )
        if item.facts:
            click.echo(f"  {'; '.join(item.facts)}")
        if item.doc:
            click.echo(f"  {item.doc}")


for _command in (*workbench.COMMANDS, *workbench_diff.COMMANDS, *workbench_growth.COMMANDS):
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
    sys.exit(code if isinstance(code, int) else 0)
