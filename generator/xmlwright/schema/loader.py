"""Read the files of a description and decode them by the grammar."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..diagnostics import Diagnostics, Position, Related, nearest
from ..files import files_of, kind_of, shown
from .api_grammar import ApiDecl
from .behavior_grammar import AccountDecl, BehaviorDecl, RuleGroupDecl
from .decoder import Entries, LocatedStr
from .grammar import FILES, CaseDecl, CasesDecl, ResourceDecl, SharedDecl
from .nodes import Node, SourceFile, parse, read_file

__all__ = ["Description", "assemble", "decode", "files_of", "kind_of", "read", "shown"]


def _unseen(kind: str, node: Node) -> None:
    return


@dataclass(frozen=True, slots=True)
class Description:
    """The declarations of all files, as they stand there."""

    api: ApiDecl
    shared: SharedDecl | None
    resources: tuple[ResourceDecl, ...]
    cases: Mapping[str, tuple[CaseDecl, ...]]
    """Resource -> its cases, those of its own file first."""
    broken: Mapping[str, Position] = field(default_factory=dict)
    """Resources whose files could not be decoded."""
    account: AccountDecl | None = None
    behaviors: Mapping[str, BehaviorDecl] = field(default_factory=dict)
    """Resource -> what it does beyond keeping records."""


def decode(
    source: SourceFile,
    kind: str,
    diagnostics: Diagnostics,
    seen: Callable[[str, Node], None] = _unseen,
) -> Any:
    """Return the declaration of a file; None or INVALID, with diagnostics, where it has none."""
    node = parse(source, diagnostics)
    if node is None:
        return None
    seen(kind, node)
    return FILES[kind][0].decode(node, diagnostics)


def read(
    folder: Path,
    diagnostics: Diagnostics,
    *,
    root: Path,
    texts: Mapping[Path, str] | None = None,
    seen: Callable[[str, Node], None] = _unseen,
    wanted: Callable[[Path], bool] = lambda path: True,
) -> Description | None:
    """All files of a description. None where it cannot even be read; problems are in ``diagnostics``.

    ``texts`` stands in for files, so that an edit can be checked before it is saved. ``seen`` is given the kind and the
    root of each file that is YAML. Files that are not ``wanted`` are left alone.
    """
    if not folder.is_dir():
        diagnostics.add("missing-file", "the folder does not exist", Position(shown(folder, root)))
        return None
    found: dict[Path, Any] = {}
    for path in files_of(folder):
        if not wanted(path):
            continue
        name = shown(path, root)
        if texts is not None and path in texts:
            source: SourceFile | None = SourceFile(name, texts[path])
        else:
            source = read_file(path, name, diagnostics)
        if source is None:
            found[path] = None
            continue
        found[path] = decode(source, kind_of(path), diagnostics, seen)
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
    loose: list[tuple[LocatedStr, CasesDecl]] = []
    account: AccountDecl | None = None
    acting: dict[LocatedStr, BehaviorDecl] = {}
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
                    f"the resource {decl.resource} is declared twice",
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
            loose.append((decl.resource or LocatedStr(stem, decl.at), decl))
        elif isinstance(decl, AccountDecl):
            account = decl
        elif isinstance(decl, BehaviorDecl):
            stem = path.name.removesuffix(".behavior.yaml")
            named = decl.resource or LocatedStr(stem, decl.at)
            if named in acting:
                diagnostics.add(
                    "duplicate-name",
                    f"the behavior of {named} is declared twice",
                    named.at,
                    related=[Related(acting[named].at, "first here")],
                )
            acting[named] = decl
        elif kind_of(path) == "resource":
            broken[path.stem] = Position(path.name)
    for resource, found in loose:
        if resource not in resources and resource not in broken:
            diagnostics.add(
                "dangling-reference",
                f"unknown resource {resource}",
                resource.at,
                suggestion=nearest(resource, resources),
            )
        cases.setdefault(resource, []).extend(found.cases)
    for named in acting:
        if named not in resources and named not in broken:
            diagnostics.add(
                "dangling-reference",
                f"unknown resource {named}",
                named.at,
                suggestion=nearest(named, resources),
            )
    behaviors = _with_rule_groups(acting, account, diagnostics)
    if api is None:
        return None
    return Description(
        api,
        shared,
        tuple(resources[name] for name in sorted(resources)),
        {name: tuple(found) for name, found in cases.items()},
        broken,
        account,
        behaviors,
    )


def _with_rule_groups(
    behaviors: Mapping[LocatedStr, BehaviorDecl],
    account: AccountDecl | None,
    diagnostics: Diagnostics,
) -> dict[str, BehaviorDecl]:
    """Add the rules of the groups that behavior files include, before their own."""
    groups: Mapping[LocatedStr, RuleGroupDecl] = account.rule_groups if account is not None else {}
    refused = groups.refused if isinstance(groups, Entries) else {}
    included: set[str] = set()
    found = {}
    for name, decl in behaviors.items():
        for group_name in reversed(decl.include):
            group = groups.get(group_name)
            if group is not None:
                included.add(group_name)
                decl = dataclasses.replace(
                    decl,
                    hidden=_merged(group.hidden, decl.hidden, group_name, diagnostics),
                    compute=_merged(group.compute, decl.compute, group_name, diagnostics),
                )
            elif group_name not in refused:
                diagnostics.add(
                    "dangling-reference",
                    f"unknown rule group {str(group_name)!r}; declare it in account.yaml",
                    group_name.at,
                    suggestion=nearest(group_name, groups),
                )
        found[str(name)] = decl
    for group_name in groups:
        if group_name not in included:
            diagnostics.add(
                "unused",
                f"no behavior file includes the rule group {group_name}; include or remove it",
                group_name.at,
            )
    return found


def _merged(
    shared: Mapping[LocatedStr, Any],
    own: Mapping[LocatedStr, Any],
    group: LocatedStr,
    diagnostics: Diagnostics,
) -> Entries[LocatedStr, Any]:
    result: Entries[LocatedStr, Any] = Entries()
    for rules in (shared, own):
        result.update(rules)
        if isinstance(rules, Entries):
            result.refused.update(rules.refused)
    for name in own:
        first = next((other for other in shared if other == name), None)
        if first is not None:
            diagnostics.add(
                "duplicate-name",
                f"the rule group {group} has a rule for {name} already; remove this one",
                name.at,
                related=[Related(first.at, "the rule of the group")],
            )
    return result
