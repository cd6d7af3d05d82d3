"""Parts: what a vendored copy can leave out of the client, and how: whole modules, single definitions, and what only these used.

In place of a module or definition that something else imports there is a note that says how to get it.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Part:
    """Something that a copy may do without."""

    doc: str
    modules: tuple[str, ...] = ()
    """Files, below the package."""
    names: Mapping[str, tuple[str, ...]] | None = None
    """File -> definitions."""
    needs: tuple[str, ...] = ()
    """Parts that it does not work without."""


PARTS: Final[Mapping[str, Part]] = {
    "async": Part(
        "the client that is awaited",
        ("_async_client.py", "runtime/aio.py"),
        {
            "runtime/paging.py": ("AsyncPager",),
            "runtime/replay.py": ("AsyncReplayTransport",),
            "runtime/testing.py": ("AsyncMemoryTransport",),
        },
    ),
    "callbacks": Part("what the service sends", ("events.py", "runtime/callbacks.py")),
    "command": Part(
        "the command that reads documents", ("__main__.py", "runtime/command.py"), needs=("door",)
    ),
    "door": Part("methods by name", ("wire.py", "runtime/wire.py")),
    "environment": Part(
        "settings from the environment and from profiles",
        names={"runtime/options.py": ("from_environment", "config_path")},
    ),
    "oauth": Part("OAuth 1.0a", names={"runtime/auth.py": ("OAuth", "OAuthFlow", "RequestToken")}),
    "reconcile": Part(
        "looking up what a lost answer did", ("runtime/reconcile.py",), needs=("door",)
    ),
    "recording": Part(
        "recordings of calls, and their replay",
        ("runtime/replay.py",),
        {"runtime/observe.py": ("Exchange", "Recorder", "read_recording", "by_request")},
        needs=("door",),
    ),
    "testing": Part(
        "what tests use", ("runtime/testing.py", "runtime/samples.py"), needs=("door",)
    ),
}
"""What can be left out, by name."""


def closed(names: Iterable[str]) -> tuple[str, ...]:
    """The parts of these names and those that they need; ``all`` is every part.

    Raises:
        KeyError: there is no part of that name.
    """
    wanted: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name == "all":
            return tuple(sorted(PARTS))
        if name not in wanted:
            wanted.add(name)
            todo += PARTS[name].needs
    return tuple(sorted(wanted))


def without(files: Mapping[str, str], kept: Iterable[str]) -> dict[str, str]:
    """The files of a package, all formatted, without the parts that are not ``kept``."""
    left = [name for name in PARTS if name not in set(kept)]
    if not left:
        return dict(files)
    found = dict(files)
    absent: dict[str, str] = {}
    """Module that is left out -> its part."""
    gone: dict[str, dict[str, str]] = {}
    """File -> definition that is left out -> its part."""
    for part in left:
        for path in PARTS[part].modules:
            if found.pop(path, None) is not None:
                absent[path] = part
        for path, names in (PARTS[part].names or {}).items():
            gone.setdefault(path, {}).update(dict.fromkeys(names, part))
    if "async" in left:
        for path, text in found.items():
            if "/" not in path and "(AsyncResource):" in text:
                gone.setdefault(path, {}).update(_asynchronous(text))
    trees = {path: _Module(text) for path, text in found.items() if path.endswith(".py")}
    for path, names in gone.items():
        if path in trees:
            trees[path].drop(names)
            for module in trees.values():
                module.drop_overloads(names)
    trees["__init__.py"].hide(absent, gone)
    _sweep(trees)
    found.update({path: module.text() for path, module in trees.items() if module.changed})
    for path, names in gone.items():
        if path in trees and "/" in path:
            found[path] += _note(names)
    for path, part in absent.items():
        if _imported(path, found):
            found[path] = f'"""Left out of this copy: {PARTS[part].doc}."""\n\n' + _note(
                part, alone=True
            )
    return found


def _asynchronous(text: str) -> dict[str, str]:
    return dict.fromkeys(re.findall(r"^class (\w+)\(AsyncResource\):", text, re.MULTILINE), "async")


def _imported(path: str, files: Mapping[str, str]) -> bool:
    """Whether a module is imported by another one of the copy."""
    name = path.removesuffix(".py").rpartition("/")[2]
    if name == "__main__":
        return False
    pattern = re.compile(
        rf"from \.(runtime\.)?{name} import|from \.(runtime)? ?import {name}\b|\"runtime\.{name}\""
    )
    return any(pattern.search(text) for other, text in files.items() if other != path)


def _note(part: str | Mapping[str, str], *, alone: bool = False) -> str:
    """A ``__getattr__`` that tells which part a name is of; to a type checker the name can be anything."""
    imports = "from typing import Any\n" if alone else "\n\nfrom typing import Any  # noqa: E402\n"
    known, which, test = "", str(part), 'name.startswith("__")'
    if not isinstance(part, str):
        entries = "".join(f'    "{name}": "{of}",\n' for name, of in sorted(part.items()))
        known, which, test = (
            f"\n_LEFT_OUT = {{\n{entries}}}\n",
            "{_LEFT_OUT[name]}",
            "name not in _LEFT_OUT",
        )
    return (
        f"{imports}{known}\n\ndef __getattr__(name: str) -> Any:\n    if {test}:\n"
        '        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")\n'
        f'    raise ImportError(f"{{name}} is not in this copy: xmlwright vendor --update --with {which}")\n'
    )


class _Module:
    """One module, of which definitions at the top can be taken out."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines(keepends=True)
        self.tree = ast.parse(text)
        self.changed = False
        self._gone: set[int] = set()
        """Indices of lines."""
        self._hidden: set[str] = set()
        """Names that are exported no more."""
        self.definitions: dict[str, tuple[int, int]] = {}
        body = self.tree.body
        for index, node in enumerate(body):
            name = _defined(node)
            if name is None:
                continue
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) - 1
            while first and self._lines[first - 1].startswith("#"):
                first -= 1
            last = node.end_lineno or node.lineno
            if index + 1 < len(body) and _is_text(body[index + 1]):
                last = body[index + 1].end_lineno or last
            self.definitions[name] = (first, last)

    def drop(self, names: Iterable[str]) -> None:
        """Take definitions out."""
        for name in names:
            place = self.definitions.pop(name, None)
            if place is not None:
                self._gone |= set(range(*place))
                self.changed = True

    def drop_overloads(self, names: Iterable[str]) -> None:
        """Take out the overloads that are about definitions which are not there."""
        unwanted = set(names)
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.FunctionDef) or not node.decorator_list:
                continue
            first = node.decorator_list[0]
            told = {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}
            if isinstance(first, ast.Name) and first.id == "overload" and told & unwanted:
                self._gone |= set(range(first.lineno - 1, node.end_lineno or node.lineno))
                self.changed = True

    def hide(self, absent: Mapping[str, str], gone: Mapping[str, Mapping[str, str]]) -> None:
        """Take the names that are not there out of what the package exports."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.level:
                path = f"{(node.module or '').replace('.', '/')}.py"
                lost = gone.get(path, {})
                self._hidden |= {
                    alias.name for alias in node.names if path in absent or alias.name in lost
                }
        absent_modules = [path.removesuffix(".py") for path in absent if "/" not in path]
        for index, line in enumerate(self._lines):
            quoted = re.fullmatch(r' +"(\w+)"(: "[\w.]+")?,\n', line)
            if quoted and (quoted[1] in self._hidden or quoted[1] in absent_modules):
                self._gone.add(index)
        self.changed = True

    def used(self) -> Counter[str]:
        """How often each name is used, outside of the definition of the same name; imports do not count."""
        found: Counter[str] = Counter()
        for node in self.tree.body:
            if node.lineno - 1 in self._gone or _decorated(node) in self._gone:
                continue
            own = _defined(node)
            for inner in ast.walk(node):
                if getattr(inner, "lineno", node.lineno) - 1 in self._gone:
                    continue
                if isinstance(inner, ast.Name):
                    name = inner.id
                elif isinstance(inner, ast.Attribute):
                    name = inner.attr
                elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    name = inner.value  # such as one that getattr is given
                else:
                    continue
                if name != own:
                    found[name] += 1
        return found

    def imports(self) -> set[str]:
        """Names that it imports from other modules of the package."""
        return {
            alias.name
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom) and node.level and node.lineno - 1 not in self._gone
            for alias in node.names
            if alias.name not in self._hidden
        }

    def text(self) -> str:
        """What is left, without the imports that nothing uses any more."""
        used = self.used()
        lines: list[str | None] = [
            None if index in self._gone else line for index, line in enumerate(self._lines)
        ]
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)) and node.lineno - 1 not in self._gone:
                self._import(node, used, lines)
        text = "".join(line for line in lines if line is not None)
        text = re.sub(r"^if TYPE_CHECKING:\n(?!    )\n*", "", text, flags=re.MULTILINE)
        if "TYPE_CHECKING:" not in text:
            text = re.sub(
                r"^(from typing import .*)\bTYPE_CHECKING, ", r"\1", text, flags=re.MULTILINE
            )
        return re.sub(r"\n{4,}", "\n\n\n", text).strip("\n") + "\n"

    def _import(
        self, node: ast.Import | ast.ImportFrom, used: Counter[str], lines: list[str | None]
    ) -> None:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            return
        kept = [
            alias
            for alias in node.names
            if alias.name not in self._hidden
            and (
                used[(alias.asname or alias.name).split(".")[0]]
                or alias.asname == alias.name
                or alias.name == "TYPE_CHECKING"
            )
        ]
        if len(kept) == len(node.names):
            return
        for index in range(node.lineno - 1, node.end_lineno or node.lineno):
            lines[index] = None
        if kept:
            node.names = kept
            indent = " " * node.col_offset
            text = f"{indent}{ast.unparse(node)}"
            if len(text) > 100:
                start, _, names = text.partition(" import ")
                inner = "".join(f"{indent}    {name},\n" for name in names.split(", "))
                text = f"{start} import (\n{inner}{indent})"
            lines[node.lineno - 1] = f"{text}\n"


def _decorated(node: ast.stmt) -> int:
    return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) - 1


def _defined(node: ast.stmt) -> str | None:
    """The name that a statement at the top of a module defines."""
    if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return node.name
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    if (
        isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Name)
    ):
        return node.targets[0].id
    return None


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _sweep(trees: Mapping[str, _Module]) -> None:
    """Take out of the run time what nothing uses any more, until nothing is left to be taken."""
    while True:
        used: Counter[str] = Counter()
        own = {path: module.used() for path, module in trees.items()}
        for counts in own.values():
            used.update({name: count for name, count in counts.items() if not name.startswith("_")})
        exported = set(own["__init__.py"]) | trees["__init__.py"].imports()
        dropped = False
        for path, module in trees.items():
            if not path.startswith("runtime/"):
                continue
            unused = [
                name
                for name in module.definitions
                if not (own[path][name] or (name[0] != "_" and used[name]))
                and name not in exported
                and not name.startswith("__")
            ]
            module.drop(unused)
            dropped = dropped or bool(unused)
        if not dropped:
            return
