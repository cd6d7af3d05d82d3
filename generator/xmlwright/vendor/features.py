"""Optional features of the client, and the choice of modules that a copy with some of them consists of.

Modules are taken whole. A copy has every module that its roots import, except those of features that were not chosen.
A left-out module that a module of the copy imports lazily is replaced by a placeholder whose import fails with the
command that adds the feature.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Final


@dataclass(frozen=True, slots=True)
class Feature:
    """A part of the client that calls work without."""

    doc: str
    modules: tuple[str, ...]
    """Patterns of paths below the package."""
    needs: tuple[str, ...] = ()
    """Features that it imports lazily; those that it imports at once are found in its source."""


FEATURES: Final[Mapping[str, Feature]] = {
    "async": Feature("the asynchronous client", ("_async_client.py", "runtime/async_*.py")),
    "callbacks": Feature("reading callbacks", ("events.py", "runtime/callbacks.py")),
    "command": Feature(
        "the command (needs click)",
        ("__main__.py", "runtime/command*.py", "runtime/documents.py", "runtime/export*.py"),
        ("data", "environment", "recording", "registry"),
    ),
    "data": Feature("records as plain data", ("runtime/data.py",)),
    "environment": Feature(
        "settings from the environment and from profiles", ("runtime/environment.py",)
    ),
    "oauth": Feature("OAuth 1.0a", ("runtime/oauth.py",)),
    "reconcile": Feature(
        "looking up what a lost response did", ("runtime/reconcile.py",), ("registry",)
    ),
    "recording": Feature(
        "recordings of calls and their replay",
        ("runtime/recorder.py", "runtime/replay.py", "runtime/async_replay.py"),
        ("registry",),
    ),
    "registry": Feature("methods by name", ("wire.py", "runtime/registry.py")),
    "testing": Feature(
        "transports and samples for tests",
        (
            "runtime/testing.py",
            "runtime/samples.py",
            "runtime/case_messages.py",
            "runtime/async_testing.py",
        ),
        ("registry",),
    ),
}
"""Feature by name."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The modules of a copy."""

    features: tuple[str, ...]
    """The chosen features and those that they need."""
    files: Mapping[str, str]
    """Path below the package -> text, placeholders included."""
    left_out: Mapping[str, str]
    """Public name or module that the copy does not have -> features that add it, comma-separated."""


@cache
def features_of(path: str) -> frozenset[str]:
    """Return the features that a module is for; none for the core. It is copied if all of them are chosen."""
    return frozenset(
        name
        for name, feature in FEATURES.items()
        if any(fnmatchcase(path, pattern) for pattern in feature.modules)
    )


def with_needs(names: Iterable[str]) -> tuple[str, ...]:
    """Return features with those that they need; ``all`` stands for every feature.

    Raises:
        KeyError: A feature does not exist.
    """
    chosen: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name == "all":
            return tuple(sorted(FEATURES))
        if name not in chosen:
            chosen.add(name)
            todo += FEATURES[name].needs
    return tuple(sorted(chosen))


def choose(files: Mapping[str, str], features: Iterable[str]) -> Choice:
    """Return the modules of a package that a copy with some features needs.

    Args:
        files: Path below the package -> text, of the whole package.
        features: The chosen features.
    """
    trees = {path: ast.parse(text) for path, text in files.items() if path.endswith(".py")}
    imports = {path: list(_imports(path, tree, trees)) for path, tree in trees.items()}
    chosen = set(with_needs(features))
    while True:
        kept = _reachable(imports, chosen)
        needed = {
            feature
            for path in kept
            for target, eager in imports[path]
            if eager
            for feature in features_of(target)
        }
        if needed <= chosen:
            break
        chosen |= set(with_needs(needed))
    found = {path: text for path, text in files.items() if path in kept or path not in trees}
    defined = {name for path in kept for name in _definitions(trees[path])}
    left_out: dict[str, str] = {}
    for path, tree in trees.items():
        if path in kept or not features_of(path):
            continue
        feature = ",".join(sorted(features_of(path)))
        left_out.update(
            dict.fromkeys(
                (name for name in _definitions(tree) if name not in defined and name[0] != "_"),
                feature,
            )
        )
        if "/" not in path and not path.startswith("_"):
            left_out[path.removesuffix(".py")] = feature
        if any(target == path for source in kept for target, _ in imports[source]):
            found[path] = _placeholder(path, feature)
    return Choice(tuple(sorted(chosen)), found, left_out)


def _reachable(imports: Mapping[str, list[tuple[str, bool]]], chosen: Set[str]) -> set[str]:
    """Return what the modules beside ``runtime/`` and those of the chosen features import."""
    kept: set[str] = set()
    todo = [
        path
        for path in imports
        if path == "runtime/__init__.py"
        or (features_of(path) <= chosen and (features_of(path) or "/" not in path))
    ]
    while todo:
        path = todo.pop()
        if path not in kept and features_of(path) <= chosen:
            kept.add(path)
            todo += [target for target, _ in imports[path]]
    return kept


def _imports(path: str, tree: ast.Module, modules: Collection[str]) -> Iterator[tuple[str, bool]]:
    """Yield each module of the package that a module imports, and whether importing the module does so at once."""
    eager = set(_eager(tree.body))
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        folder = path.split("/")[: -node.level]
        base = "/".join([*folder, *(node.module.split(".") if node.module else [])])
        for name in (None, *(alias.name for alias in node.names)):
            target = "/".join(filter(None, (base, name))) + ".py"
            if target in modules:
                yield target, node in eager


def _eager(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the import statements that run when a module is imported."""
    for node in body:
        if isinstance(node, ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            yield from _eager([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            yield from _eager([*node.body, *node.orelse, *node.finalbody])
        elif isinstance(node, ast.ClassDef):
            yield from _eager(node.body)


def _definitions(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.Assign):
            yield from (item.id for item in node.targets if isinstance(item, ast.Name))


def _placeholder(path: str, feature: str) -> str:
    folder = "os.path.dirname(__file__)"
    if "/" in path:
        folder = f"os.path.dirname({folder})"
    doc = ", ".join(FEATURES[name].doc for name in feature.split(","))
    return f'''"""Not in this copy: {doc}."""

import os
from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
    folder = {folder}
    raise ImportError(
        f"{{name}} is not in this copy; run: xmlwright vendor {{folder}} --update --with {feature}"
    )
'''
