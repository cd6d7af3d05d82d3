"""How long the commands of the daily life take, as whole processes, and how that grows with the description."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from measure import ROOT, Row, run, times, workplace
from project import COMMAND, copied
from synthetic import copies

TITLE = (
    "Commands of the daily life, whole processes by the clock on the wall;"
    "\nratios for each resource, to the description as it is"
)

TOLERANCE = 1.15
"""What counts as no more than linear: noise is smaller, a square is not."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command that is measured."""

    name: str
    arguments: tuple[str, ...]
    """``{folder}`` stands for a folder of this command alone, where it may write."""
    most: float
    """Seconds that it may take on the description as it is."""


COMMANDS = (
    Command("check, nothing changed", ("check",), 0.6),
    Command("diff of two descriptions", ("diff", "old", "--fail-on", "never"), 1.5),
    Command("vendor one resource, warm", ("vendor", "{folder}", "--only", "invoice"), 1.0),
)

# Everything but Black, which takes seconds for each resource and which none of the commands calls on parts that it knows:
# the output has the bytes that templates give, and the manifest knows them as the right ones.
UNFORMATTED = """
from pathlib import Path
from xmlwright import settings
from xmlwright.pipeline import stages as pipeline
from xmlwright.render import formatting
formatting.format_part = lambda text, **options: text.strip("\\n")
formatting._WORTH_A_PROCESS = 1 << 62
pipeline.build(settings.find(Path(".")))
"""


def rows(*, large: bool = False) -> Iterator[Row]:
    """Every command on the description as it is, 10 and, where wanted, 100 times as large."""
    sizes = [1, 10, 100] if large else [1, 10]
    with workplace() as (folder, environment):
        projects = {size: _project(folder, size, environment) for size in sizes}
        for command in COMMANDS:
            yield from _growth(command, projects, folder, environment)


def _project(folder: Path, size: int, environment: Mapping[str, str]) -> Path:
    schema = folder / f"schema{size}"
    copies(ROOT / "schema", schema, size)
    project = copied(folder / f"x{size}", schema=schema, output=False)
    _aged(schema, project / "old" / "schema")
    subprocess.run(
        [sys.executable, "-c", UNFORMATTED], cwd=project, env=dict(environment), check=True
    )
    return project


def _aged(schema: Path, target: Path) -> None:
    """An older edition of a description, in which addresses were texts, and one word of each resource another."""
    shutil.copytree(schema, target)
    resources = sorted(
        path for path in (target / "resources").glob("*.yaml") if path.name.count(".") == 1
    )
    for path in resources:
        text = path.read_text(encoding="utf-8").replace("type: uri", "type: text")
        path.write_text(text.replace(', doc: "', ', doc: "Once: ', 1), encoding="utf-8")


def _growth(
    command: Command, projects: Mapping[int, Path], folder: Path, environment: Mapping[str, str]
) -> Iterator[Row]:
    one = 0.0
    for size, project in projects.items():
        own = folder / f"own{size}"
        arguments = [part.format(folder=own) for part in command.arguments]
        best = float("inf")
        for _ in range(7 if size == 1 else 3):
            shutil.rmtree(own, ignore_errors=True)
            best = min(best, run([*COMMAND, *arguments], environment, project).seconds)
        name = f"{command.name}, x {size}"
        if size == 1:
            one = best
            yield Row(name, f"{best:.2f} s", "", f"<= {command.most} s", best <= command.most)
            continue
        growth = best / one / size
        yield Row(name, f"{best:.2f} s", times(growth), "<= 1 x", growth <= TOLERANCE)
