"""Read: the files of a description, decoded by the grammar."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .decode import INVALID, Word
from .diagnostics import Diagnostics, Position, Related, nearest
from .language import FILES, ApiDecl, CaseDecl, CasesDecl, ResourceDecl, SharedDecl
from .language_behaviour import AccountDecl, BehaviourDecl
from .source import SourceFile, parse, read_file


@dataclass(frozen=True, slots=True)
class Description:
    """The declarations of all files, as they stand there."""

    api: ApiDecl
    shared: SharedDecl | None
    resources: tuple[ResourceDecl, ...]
    cases: Mapping[str, tuple[CaseDecl, ...]]
    """Resource -> its cases, those of its own file first."""
    account: AccountDecl | None = None
    behaviours: Mapping[str, BehaviourDecl] = field(default_factory=dict)
    """Resource -> what it does beyond keeping records."""


def files_of(folder: Path) -> list[Path]:
    """The files of a description, in the order they are read."""
    found = [folder / "api.yaml"]
    found.extend(
        folder / name for name in ("shared.yaml", "account.yaml") if (folder / name).exists()
    )
    found.extend(sorted((folder / "resources").glob("*.yaml")))
    return found


def kind_of(path: Path) -> str:
    """Which grammar a file follows, by its name."""
    if path.parent.name != "resources":
        return path.stem
    for kind in ("cases", "behaviour"):
        if path.name.endswith(f".{kind}.yaml"):
            return kind
    return "resource"


def shown(path: Path, root: Path) -> str:
    """A path as messages show it: below the working folder, with forward slashes."""
    return Path(os.path.relpath(path, root)).as_posix()


def read(
    folder: Path, diagnostics: Diagnostics, *, root: Path, texts: Mapping[Path, str] | None = None
) -> Description | None:
    """All files of a description. None where it cannot even be read; problems are in ``diagnostics``.

    ``texts`` stands in for files, so that an edit can be checked before it is saved.
    """
    if not folder.is_dir():
        diagnostics.add("missing-file", "there is no such folder", Position(shown(folder, root)))
        return None
    api: ApiDecl | None = None
    shared: SharedDecl | None = None
    resources: dict[str, ResourceDecl] = {}
    cases: dict[str, list[CaseDecl]] = {}
    loose: list[tuple[Word, CasesDecl]] = []
    account: AccountDecl | None = None
    acting: dict[Word, BehaviourDecl] = {}
    for path in files_of(folder):
        name = shown(path, root)
        if texts is not None and path in texts:
            source: SourceFile | None = SourceFile(name, texts[path])
        else:
            source = read_file(path, name, diagnostics)
        node = parse(source, diagnostics) if source is not None else None
        if node is None:
            continue
        kind = kind_of(path)
        decl = FILES[kind][0].decode(node, diagnostics)
        if decl is INVALID:
            continue
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
        elif isinstance(decl, AccountDecl):
            account = decl
        elif isinstance(decl, BehaviourDecl):
            stem = path.name.removesuffix(".behaviour.yaml")
            named = decl.resource or Word(stem, decl.at)
            if named in acting:
                diagnostics.add(
                    "duplicate-name",
                    f"what {named} does is described twice",
                    named.at,
                    related=[Related(acting[named].at, "first here")],
                )
            acting[named] = decl
    for resource, found in loose:
        if resource not in resources:
            diagnostics.add(
                "dangling-reference",
                f"these are cases of {resource}, a resource that is not described",
                resource.at,
            )
        cases.setdefault(resource, []).extend(found.cases)
    for resource in acting:
        if resource not in resources:
            diagnostics.add(
                "dangling-reference",
                f"this is what {resource} does, a resource that is not described",
                resource.at,
                suggestion=nearest(resource, resources),
            )
    if api is None:
        return None
    ordered = tuple(resources[name] for name in sorted(resources))
    return Description(api, shared, ordered, {name: tuple(found) for name, found in cases.items()}, account, acting)
