"""How long a build takes: with nothing to do, after a small edit, and from nothing."""

from __future__ import annotations

import ast
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from measure import Row, Spent, output, times, workplace
from project import build, contents, copied

TITLE = "Building the project, whole processes by the clock on the wall (and processor time)"

EDITED = Path("schema/resources/invoice.yaml")
FIELD = "Number printed on the invoice"
"""Begins the text of the field that is edited: one that is an argument, an attribute and a key."""

# Black on every part of the output that a build formats, whole files at a time. What it prints excludes its own import.
BLACK = """
import json, sys, time
import black
from black.mode import TargetVersion
mode = black.Mode(line_length=100, target_versions={TargetVersion.PY310})
texts = [open(path, encoding="utf-8").read() for path in sys.argv[1:]]
start, used = time.perf_counter(), time.process_time()
for text in texts:
    black.format_str(text, mode=mode)
print(json.dumps([time.perf_counter() - start, time.process_time() - used]))
"""


def rows(*, edits: int = 5, cleans: int = 2) -> Iterator[Row]:
    """The three kinds of builds, and Black alone."""
    with workplace() as (folder, environment):
        project = copied(folder / "project")
        build(project, environment)  # fills the caches, of bytecode too
        idle = [build(project, environment) for _ in range(edits)]
        best = _best(idle)
        yield Row("nothing to do", _shown(best), "", "<= 0.5 s", best.seconds <= 0.5)
        yield from _edited(project, folder, environment, edits)
        yield from _clean(folder, environment, cleans)


def _edited(
    project: Path, folder: Path, environment: Mapping[str, str], edits: int
) -> Iterator[Row]:
    spent = []
    for number in range(edits):
        path = project / EDITED
        text = path.read_text(encoding="utf-8")
        assert text.count(FIELD) == 1, f"{FIELD!r} is not in {EDITED} once"
        path.write_text(text.replace(FIELD, f"Number, edit {number}: {FIELD}"), encoding="utf-8")
        before = contents(project)
        spent.append(build(project, environment))
        assert contents(project) != before, "the edit changed nothing"
    best = _best(spent)
    yield Row("one field of a large resource edited", _shown(best), "", "<= 1 s", best.seconds <= 1)
    other = copied(folder / "other", schema=project / "schema", output=False)
    build(other, environment)
    same = contents(other) == contents(project)
    yield Row(
        "  the same bytes as a clean build", "yes" if same else "no", "", "byte-identical", same
    )


def _clean(folder: Path, environment: Mapping[str, str], cleans: int) -> Iterator[Row]:
    spent, alone = [], []
    formatted: list[Path] = []
    for _ in range(cleans):
        shutil.rmtree(folder / "clean", ignore_errors=True)
        project = copied(folder / "clean", output=False)
        spent.append(build(project, environment))
        formatted = _formatted(project)
        told = output([sys.executable, "-c", BLACK, *formatted], environment, folder)
        alone.append(Spent(*json.loads(told)))
    lines = sum(path.read_text(encoding="utf-8").count("\n") for path in formatted)
    best, black = _best(spent), _best(alone)
    yield Row(f"Black alone, one process, {lines:,} lines", _shown(black), times(1))
    yield Row(
        "clean build, no cache",
        _shown(best),
        times(best.seconds / black.seconds),
        "<= 1.2 x Black",
        best.seconds <= 1.2 * black.seconds,
    )
    ratio = best.cpu / black.cpu
    yield Row("  the same in processor time, of all processes", "", times(ratio))


def _formatted(project: Path) -> list[Path]:
    """Files that a build formats: all Python but the runtime, which is copied as it is."""
    found = [
        path
        for path in sorted((project / "generated").rglob("*.py"))
        if "runtime" not in path.relative_to(project).parts
    ]
    for path in found:
        ast.parse(path.read_text(encoding="utf-8"))
    return found


def _best(spent: list[Spent]) -> Spent:
    return Spent(min(item.seconds for item in spent), min(item.cpu for item in spent))


def _shown(spent: Spent) -> str:
    return f"{spent.seconds:.2f} s ({spent.cpu:.2f})"
