"""Inputs: everything that decides an output, as hashes, told without importing what a build needs."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..files import acts, files_of
from ..render.formatter_version import formatter_version
from ..render.templates import Tree
from ..settings import Settings

PROGRAM: Final = Path(__file__).parents[1]
"""The folder of the program."""
_ROOT: Final = "pipeline/stages.py"
"""What this module imports, and what that imports, is what can decide the output: the stages."""
_COPIED: Final = ("runtime",)
"""Folders of the program that outputs get a copy of."""
_APART: Final = ("schema/behavior_grammar.py", "resolve/behavior.py")
"""What reads and checks what the service does: it can refuse a description, and decides no output."""
_PYTHON: Final = (".py.j2", ".pyi.j2")
_IMPORT: Final = re.compile(r"^[ ]*from (\.+)([\w.]*) import (\((?:[^)]*)\)|[^\n(]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that decides an output."""

    schema: Mapping[str, str]
    """File below the description -> hash."""
    templates: Mapping[str, str]
    """Template -> hash."""
    options: Mapping[str, str]
    """Option of pyproject.toml that changes bytes -> its value."""
    version: str
    """Of the program."""
    program: Mapping[str, str]
    """Module of the program that takes part -> hash."""
    formatter: str
    """Name and version; empty where nothing is formatted."""


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def text_digest(content: bytes) -> str:
    """Hash of a text that is read line by line: the same however a checkout ends its lines."""
    return digest(content.replace(b"\r\n", b"\n"))[:32]


def inputs_of(settings: Settings) -> Inputs:
    """Hashes of all inputs of an output."""
    from .. import __version__

    tree = Tree(settings.templates, settings.overlay)
    python = tree.copies() or any(name.endswith(_PYTHON) for name in tree.names())
    return Inputs(
        schema={
            # One that is no file is a mistake, which only reading tells in words.
            path.relative_to(settings.schema).as_posix(): (
                text_digest(path.read_bytes()) if path.is_file() else ""
            )
            for path in files_of(settings.schema)
            if not acts(path)
        },
        templates={name: text_digest(path.read_bytes()) for name, path in sorted(tree.inputs())},
        options={"line-length": str(settings.line_length)} if python else {},
        version=__version__,
        program=program(copied=python),
        formatter=formatter_version() if python else "",
    )


@functools.cache
def program(*, copied: bool) -> Mapping[str, str]:
    """The modules of the program that take part in making an output, with their hashes; not, say, its command line.

    An output in Python gets a copy of some, and so depends on all of these.
    """
    files = frozenset(
        path.relative_to(PROGRAM).as_posix()
        for path in PROGRAM.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    found: dict[str, str] = {}
    todo = [_ROOT]
    for folder in _COPIED if copied else ():
        todo += [name for name in files if name.startswith(f"{folder}/")]
    while todo:
        name = todo.pop()
        if name in found or name in _APART:
            continue
        content = (PROGRAM / name).read_bytes()
        found[name] = text_digest(content)[:16]
        if name.endswith(".py"):
            todo += _imported(name, content.decode(), files)
    return dict(sorted(found.items()))


def _imported(name: str, text: str, files: Set[str]) -> list[str]:
    """The modules of the program that a module names in its imports, wherever they stand in it."""
    found = []
    for dots, module, names in _IMPORT.findall(text):
        folder = name.split("/")[: -len(dots)]
        base = [*folder, *module.split(".")] if module else folder
        for path in (base, *([*base, word] for word in re.findall(r"\w+", names))):
            whole = "/".join(path)
            found += [
                file
                for file in (f"{whole}.py", f"{whole}/__init__.py")
                if file in files and file != "__init__.py"
            ]
    return found
