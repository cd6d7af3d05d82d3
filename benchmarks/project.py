"""The project in a temporary folder, to be built there."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from measure import ROOT, Spent, run

COMMAND = (sys.executable, "-c", "from xmlwright.cli.main import main; main()")
"""The program as its console script starts it."""


def copied(folder: Path, *, schema: Path | None = None, output: bool = True) -> Path:
    """``folder`` with what a build needs: the settings, the templates and a schema; and, if wanted, the present output."""
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "templates", folder / "templates")
    shutil.copytree(schema or ROOT / "schema", folder / "schema")
    if output:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "generated", folder / "generated", ignore=ignored)
    return folder


def build(folder: Path, environment: Mapping[str, str]) -> Spent:
    """``xmlwright build`` as a process of its own."""
    return run([*COMMAND, "build", "--quiet"], environment, folder)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of the output."""
    output = folder / "generated"
    return {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in sorted(output.rglob("*"))
        if path.is_file()
    }
