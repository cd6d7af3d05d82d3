"""The folders of the program: each uses those that stand before it in the order below, and none that stands after it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[1] / "generator" / "xmlwright"
ORDER = {
    # The stages, then what is made of their results.
    ".": (
        "runtime", "language", "cases", "resolve", "render", "formatting", "build", "export",
        "causes", "compare", "growth", "vendoring", "commands", "docs",
    ),
    # From what a call does outwards.
    "sandbox": ("engine", "calls", "storage", "faults", "http", "inspector"),
}  # fmt: skip
APART = {"sandbox": {"runtime", "language", "cases", "resolve"}, "resolve": {"sandbox"}}
"""The sandbox acts by values that resolving makes, and loads what it acts by itself."""
FOLDERS = [
    (inside, path.parent.name)
    for inside in ORDER
    for path in sorted((PROGRAM / inside).glob("*/__init__.py"))
]


def imported(path: Path, inside: str) -> Iterator[tuple[str, int]]:
    """Each folder beside its own that a module names in an import, and the line."""
    package = path.relative_to(PROGRAM).parts[:-1]
    outer = Path(inside).parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            base = [name for name in base if name]
            for names in [base] if node.module else [[*base, alias.name] for alias in node.names]:
                name = names[len(outer)] if len(names) > len(outer) else ""
                if tuple(names[: len(outer)]) == outer and (inside, name) in FOLDERS:
                    yield name, node.lineno


def test_every_folder_has_its_place() -> None:
    known = {(inside, name) for inside, names in ORDER.items() for name in names}
    assert sorted({*known, *((".", name) for name in APART)}) == sorted(FOLDERS)


@pytest.mark.parametrize(("inside", "folder"), FOLDERS)
def test_a_folder_uses_only_what_stands_before_it(inside: str, folder: str) -> None:
    order = ORDER[inside]
    before = set(order[: order.index(folder)]) if folder in order else set()
    allowed = before | {folder} | (APART.get(folder, set()) if inside == "." else set())
    found = [
        (path, name, line)
        for path in sorted((PROGRAM / inside / folder).rglob("*.py"))
        for name, line in imported(path, inside)
    ]
    assert found or folder in ("runtime", "language", "engine", "faults"), "else nothing is read"
    assert not [
        f"{path.relative_to(PROGRAM)}:{line} imports {name}/"
        for path, name, line in found
        if name not in allowed
    ]
