"""The folders of the program: each uses those that stand before it in the order below, and none that stands after it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[1] / "generator" / "xmlwright"
ORDER = (
    "runtime", "language", "cases", "resolve", "render", "formatting", "build", "export",
    "causes", "compare", "growth", "vendoring", "commands", "docs",
)  # fmt: skip
"""The stages, then what is made of their results."""
APART = {"sandbox": {"runtime", "language", "cases", "resolve"}, "resolve": {"sandbox"}}
"""The sandbox acts by values that resolving makes, and loads what it acts by itself."""
PACKAGES = sorted(path.parent.name for path in PROGRAM.glob("*/__init__.py"))


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Each folder of the program that a module names in an import, and the line."""
    package = path.relative_to(PROGRAM).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            names = [base[0]] if base[0] else [alias.name for alias in node.names]
            yield from ((name, node.lineno) for name in names if name in PACKAGES)


def test_every_folder_has_its_place() -> None:
    assert sorted({*ORDER, *APART}) == PACKAGES


@pytest.mark.parametrize("folder", PACKAGES)
def test_a_folder_uses_only_what_stands_before_it(folder: str) -> None:
    before = set(ORDER[: ORDER.index(folder)]) if folder in ORDER else set()
    allowed = before | APART.get(folder, set()) | {folder}
    wrong = [
        f"{path.relative_to(PROGRAM)}:{line} imports {name}/"
        for path in sorted((PROGRAM / folder).rglob("*.py"))
        for name, line in imported(path)
        if name not in allowed
    ]
    assert not wrong
