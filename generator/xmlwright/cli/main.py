"""The command line. Each command is a module that is imported when it is called, so that quick commands stay quick."""

from __future__ import annotations

import importlib
import io
import os
import sys
from keyword import iskeyword
from pathlib import Path
from typing import Final

import click

from ..diagnostics import nearest
from .console import EXTRAS, FAILED, INTERRUPTED, CommandError, color

COMMANDS: Final = (
    "build",
    "bundle",
    "check",
    "coverage",
    "diff",
    "docs",
    "drift",
    "explain",
    "import",
    "infer",
    "init",
    "sandbox",
    "schema",
    "validate",
    "vendor",
    "watch",
    "xsd",
)
"""Every command: its module in this package, which has a function of the same name (`import_` for `import`)."""


class CommandGroup(click.Group):
    """A group whose commands are imported by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(importlib.import_module(f"{__package__}.{name}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names; suggest one if there is none."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            near = nearest(name, COMMANDS)
            ctx.fail(f"No such command {name!r}." + (f" Did you mean {near!r}?" if near else ""))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; a missing optional dependency is reported with the extra that installs it."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            extra = EXTRAS.get((error.name or "").partition(".")[0])
            if extra is None:
                raise
            raise CommandError(
                f"`xmlwright {ctx.invoked_subcommand}` needs the extra {extra} ({error.name} is not installed);"
                f" run: pip install 'xmlwright[{extra}]'"
            ) from None


@click.group(
    cls=CommandGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  xmlwright init                      write a new project that works at once
  xmlwright validate                  report all errors in the description
  xmlwright build                     bring the generated project up to date
  xmlwright check                     fail if it is not up to date, for CI
  xmlwright explain task.list         show where a method is described
  xmlwright watch                     build whenever a file is saved

\b
Exit codes of all commands:
  0    success
  1    a problem in the description, a template or the output; nothing was written
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
    """Generate a typed Python client from a YAML description of an XML-over-HTTP API."""
    context.obj = folder
    context.color = color()


def main() -> None:
    """Run the command line. Ctrl-C ends with code 130 and leaves the output as it was."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # characters that the terminal lacks are escaped
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = program.main(prog_name="xmlwright", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("interrupted; nothing was written", err=True)
        code = INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except OSError as error:  # such as a full disk behind standard output
        where = f"{error.filename}: " if error.filename else ""
        CommandError(f"{where}{error.strerror or error}").show()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the rest of the output cannot be written
        code = FAILED
    sys.exit(code if isinstance(code, int) else 0)
