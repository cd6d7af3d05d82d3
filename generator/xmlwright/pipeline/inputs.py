"""Everything that decides an output, as hashes. Importing this module is quick: `build` with nothing to do needs no more."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..files import acts, files_of
from ..render.formatter_version import formatter_version
from ..render.templates import TemplateLoader
from ..settings import Settings

PACKAGE: Final = Path(__file__).parents[1]
"""The folder of the generator."""
_APART: Final = frozenset(
    {"cli", "diff", "docs", "export", "inference", "sandbox", "staleness", "vendor"}
)
"""Packages of the generator that decide no output."""
_PYTHON: Final = (".py.j2", ".pyi.j2")


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
    """Version of the generator."""
    generator: Mapping[str, str]
    """Module of the generator -> hash."""
    formatter: str
    """Name and version; empty where nothing is formatted."""


def digest(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def text_digest(content: bytes) -> str:
    """Return a hash that is the same however a checkout ends its lines."""
    return digest(content.replace(b"\r\n", b"\n"))[:32]


def inputs_of(settings: Settings) -> Inputs:
    """Return the hashes of all inputs of an output. Raises OSError."""
    from .. import __version__

    loader = TemplateLoader(settings.templates, settings.overlay)
    copies = loader.copies()
    python = copies or any(name.endswith(_PYTHON) for name in loader.names())
    return Inputs(
        schema={
            # A folder in the place of a file is reported when the description is read.
            path.relative_to(settings.schema).as_posix(): (
                text_digest(path.read_bytes()) if path.is_file() else ""
            )
            for path in files_of(settings.schema)
            if not acts(path)
        },
        templates={name: text_digest(path.read_bytes()) for name, path in sorted(loader.inputs())},
        options={"line-length": str(settings.line_length)} if python else {},
        version=__version__,
        generator=_generator(),
        formatter=formatter_version() if python else "",
    )


@functools.cache
def _generator() -> Mapping[str, str]:
    """Return module -> hash for the packages of the generator that can decide an output."""
    hashes = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE)
        if name.parts[0] not in _APART:
            hashes[name.as_posix()] = text_digest(path.read_bytes())[:16]
    return hashes
