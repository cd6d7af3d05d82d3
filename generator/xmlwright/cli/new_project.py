"""Writing the files of a new project, for the commands that do."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

from ..files import AlreadyExistsError, write_new_files
from .console import CommandError, show_diagnostics


def write_project(root: Path, files: Mapping[str, str], wrong: str) -> None:
    """Write path -> text to a folder, all or nothing, if it is a valid project; print the paths.

    Raises:
        CommandError: A file exists or cannot be written, or the description has problems; ``wrong`` says why.
    """
    _check(files, wrong)
    try:
        write_new_files(root, files)
    except AlreadyExistsError as error:
        raise CommandError(
            f"{error} exists already; nothing was written. Choose another folder"
        ) from None
    except OSError as error:
        raise CommandError(
            f"{error.filename or root}: {error.strerror or error}; nothing was written"
        ) from None
    for path in files:
        click.echo(f"{(root / path).as_posix()}: written")


def _check(files: Mapping[str, str], wrong: str) -> None:
    from ..pipeline import stages
    from ..settings import find

    with tempfile.TemporaryDirectory(prefix="xmlwright-") as name:
        root = Path(name)
        write_new_files(root, files)
        settings = find(root)
        api, diagnostics = stages.validate(settings)
        if api is None or len(diagnostics):
            show_diagnostics(diagnostics, settings.root)
            raise CommandError(f"{wrong}; nothing was written")
