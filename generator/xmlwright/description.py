"""Read: the files of a description, decoded by the grammar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .decode import INVALID, Word
from .diagnostics import Diagnostics, Position, Related
from .files import files_of, kind_of, shown
from .language import FILES, ApiDecl, CaseDecl, CasesDecl, ResourceDecl, SharedDecl
from .source import Node, SourceFile, parse, read_file

__all__ = ["Description", "files_of", "kind_of", "read", "shown"]


@dataclass(frozen=True, slots=True)
class Description:
    """The declarations of all files, as they stand there."""

    api: ApiDecl
    shared: SharedDecl | None
    resources: tuple[ResourceDecl, ...]
    cases: Mapping[str, tuple[CaseDecl, ...]]
    """Resource -> its cases, those of its own file first."""


def read(
    folder: Path,
    diagnostics: Diagnostics,
    *,
    root: Path,
    texts: Mapping[Path, str] | None = None,
    seen: Callable[[str, Node], None] = lambda kind, node: None,
) -> Description | None:
    """All files of a description. None where it cannot even be read; problems are in ``diagnostics``.

    ``texts`` stands in for files, so that an edit can be checked before it is saved. ``seen`` is given the kind and the
    root of each file that is YAML.
    """
    if not folder.is_dir():
        diagnostics.add("missing-file", "there is no such folder", Position(shown(folder, root)))
        return None
    api: ApiDecl | None = None
    shared: SharedDecl | None = None
    resources: dict[str, ResourceDecl] = {}
    cases: dict[str, list[CaseDecl]] = {}
    loose: list[tuple[Word, CasesDecl]] = []
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
        seen(kind, node)
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
    for resource, found in loose:
        if resource not in resources:
            diagnostics.add(
                "dangling-reference",
                f"these are cases of {resource}, a resource that is not described",
                resource.at,
            )
        cases.setdefault(resource, []).extend(found.cases)
    if api is None:
        return None
    ordered = tuple(resources[name] for name in sorted(resources))
    return Description(api, shared, ordered, {name: tuple(found) for name, found in cases.items()})
