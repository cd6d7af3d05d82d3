"""Read: the files of a description, decoded by the grammar."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from .decode import Word
from .diagnostics import Diagnostics, Position, Related, nearest
from .language import FILES, ApiDecl, CaseDecl, CasesDecl, ResourceDecl, SharedDecl
from .memory import Memory
from .source import SourceFile, parse, read_file


@dataclass(frozen=True, slots=True)
class Description:
    """The declarations of all files, as they stand there."""

    api: ApiDecl
    shared: SharedDecl | None
    resources: tuple[ResourceDecl, ...]
    cases: Mapping[str, tuple[CaseDecl, ...]]
    """Resource -> its cases, those of its own file first."""
    broken: Mapping[str, Position] = field(default_factory=dict)
    """Resources whose files could not be decoded: names that are known, though nothing can be said about them."""


def files_of(folder: Path) -> list[Path]:
    """The files of a description, in the order they are read."""
    found = [folder / "api.yaml"]
    if (folder / "shared.yaml").exists():
        found.append(folder / "shared.yaml")
    found.extend(sorted((folder / "resources").glob("*.yaml")))
    return found


def kind_of(path: Path) -> str:
    """Which grammar a file follows, by its name."""
    if path.parent.name != "resources":
        return path.stem
    return "cases" if path.name.endswith(".cases.yaml") else "resource"


def shown(path: Path, root: Path) -> str:
    """A path as messages show it: below the working folder, with forward slashes."""
    return Path(os.path.relpath(path, root)).as_posix()


def decode(source: SourceFile, kind: str, diagnostics: Diagnostics) -> Any:
    """The declaration that a file of this kind holds; None or INVALID, with diagnostics, where it holds none."""
    node = parse(source, diagnostics)
    return None if node is None else FILES[kind][0].decode(node, diagnostics)


def read(
    folder: Path,
    diagnostics: Diagnostics,
    *,
    root: Path,
    texts: Mapping[Path, str] | None = None,
    memory: Memory | None = None,
) -> Description | None:
    """All files of a description. None where it cannot even be read; problems are in ``diagnostics``.

    ``texts`` stands in for files, so that an edit can be checked before it is saved.
    """
    memory = memory or Memory()
    if not folder.is_dir():
        diagnostics.add("missing-file", "there is no such folder", Position(shown(folder, root)))
        return None
    found: dict[Path, Any] = {}
    for path in files_of(folder):
        name = shown(path, root)
        if texts is not None and path in texts:
            source: SourceFile | None = SourceFile(name, texts[path])
        else:
            source = read_file(path, name, diagnostics)
        if source is None:
            found[path] = None
            continue
        found[path] = memory.recall(
            ("file", path), (), diagnostics, partial(decode, source, kind_of(path)), facts=source
        )
    return assemble(found, diagnostics)


def assemble(files: Mapping[Path, Any], diagnostics: Diagnostics) -> Description | None:
    """The description that these declarations are together; None where there is no api.yaml.

    ``files`` holds what :func:`decode` gave, None and INVALID included.
    """
    api: ApiDecl | None = None
    shared: SharedDecl | None = None
    resources: dict[str, ResourceDecl] = {}
    broken: dict[str, Position] = {}
    cases: dict[str, list[CaseDecl]] = {}
    loose: list[tuple[Word, CasesDecl]] = []
    for path, decl in files.items():
        if isinstance(decl, ApiDecl):
            api = decl
        elif isinstance(decl, SharedDecl):
            shared = decl
        elif isinstance(decl, ResourceDecl):
            first = resources.setdefault(decl.resource, decl)
            if first is not decl:
                diagnostics.add(
                    "duplicate-name",
                    f"the resource {decl.resource} is described twice",
                    decl.resource.at,
                    related=[Related(first.resource.at, "first here")],
                )
            elif decl.resource != path.stem:
                diagnostics.add(
                    "bad-name",
                    f"the file of the resource {decl.resource} should be {decl.resource}.yaml",
                    decl.resource.at,
                    suggestion=path.stem,
                )
            cases.setdefault(decl.resource, []).extend(decl.cases)
        elif isinstance(decl, CasesDecl):
            stem = path.name.removesuffix(".cases.yaml")
            loose.append((decl.resource or Word(stem, decl.at), decl))
        elif kind_of(path) == "resource":
            broken[path.stem] = Position(path.name)
    for resource, found in loose:
        if resource not in resources and resource not in broken:
            diagnostics.add(
                "dangling-reference",
                f"these are cases of {resource}, a resource that is not described",
                resource.at,
                suggestion=nearest(resource, resources),
            )
        cases.setdefault(resource, []).extend(found.cases)
    if api is None:
        return None
    return Description(
        api,
        shared,
        tuple(resources[name] for name in sorted(resources)),
        {name: tuple(found) for name, found in cases.items()},
        broken,
    )
