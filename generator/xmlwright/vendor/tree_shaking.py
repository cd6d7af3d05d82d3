"""Trim: a module of Python without some of its definitions, and without what only these used."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping


class Module:
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
        """Definitions at the top, and methods as ``Class.method`` -> the lines they stand on."""
        self._names: list[tuple[int, int, str | None, str]] = []
        """(line, first line of the statement at the top, what that defines, name that is used)"""
        self._attributes: list[tuple[str, str]] = []
        self._imports: list[ast.Import | ast.ImportFrom] = []
        self._overloads: list[tuple[range, set[str]]] = []
        body = self.tree.body
        for index, node in enumerate(body):
            self._note(node)
            name = _defined(node)
            if name is None:
                continue
            first = _first(node)
            while first and self._lines[first - 1].startswith("#"):
                first -= 1
            last = node.end_lineno or node.lineno
            if index + 1 < len(body) and _is_text(body[index + 1]):
                last = body[index + 1].end_lineno or last
            self.definitions[name] = (first, last)
            for member in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(member, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    first = _first(member)
                    while not self._lines[first - 1].strip():
                        first -= 1
                    place = (first, member.end_lineno or member.lineno)
                    self.definitions[f"{name}.{member.name}"] = place

    def _note(self, statement: ast.stmt) -> None:
        """Note which names a statement at the top uses, and what it imports."""
        top, own = _first(statement), _defined(statement)
        for node in ast.walk(statement):
            if isinstance(node, ast.Name):
                self._names.append((node.lineno - 1, top, own, node.id))
            elif isinstance(node, ast.Attribute):
                if isinstance(node.value, ast.Name):
                    self._attributes.append((node.value.id, node.attr))
            elif isinstance(node, ast.Constant):
                if isinstance(node.value, str):  # such as one that getattr is given
                    self._names.append((node.lineno - 1, top, own, node.value))
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                self._imports.append(node)
            elif isinstance(node, ast.FunctionDef) and node.decorator_list:
                first = node.decorator_list[0]
                if isinstance(first, ast.Name) and first.id == "overload":
                    told = {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}
                    lines = range(first.lineno - 1, node.end_lineno or node.lineno)
                    self._overloads.append((lines, told))

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
        for lines, told in self._overloads:
            if told & unwanted:
                self._gone |= set(lines)
                self.changed = True

    def hide(self, absent: Mapping[str, str], gone: Mapping[str, Mapping[str, str]]) -> None:
        """Take the names that are not there out of what the package exports."""
        for node in self._imports:
            if isinstance(node, ast.ImportFrom) and node.level:
                path = f"{(node.module or '').replace('.', '/')}.py"
                lost = gone.get(path, {})
                self._hidden |= {
                    alias.name for alias in node.names if path in absent or alias.name in lost
                }
        modules = {path.removesuffix(".py") for path in absent if "/" not in path}
        self.unlist(self._hidden | modules)
        self.changed = True

    def unlist(self, names: Iterable[str]) -> None:
        """Take names out of the lists and tables of names of the module: ``__all__``, and what it imports when asked."""
        pattern = re.compile(
            rf'"(?:{"|".join(map(re.escape, names))})"(?:: "[\w.]+")?(?:, |,$|(?=\]))'
        )
        for node in self.tree.body:
            if not isinstance(node, ast.Assign):
                continue
            for index in range(node.lineno - 1, node.end_lineno or node.lineno):
                line = self._lines[index]
                left = pattern.sub("", line.rstrip("\n")).replace(", ]", "]")
                if left.strip():
                    self._lines[index] = f"{left}\n"
                elif line.strip():
                    self._gone.add(index)

    def used(self) -> Counter[str]:
        """How often each name is used, outside of the definition of the same name; imports do not count."""
        return Counter(
            name
            for line, top, own, name in self._names
            if name != own and line not in self._gone and top not in self._gone
        )

    def imports(self) -> set[str]:
        """Names that it takes from other modules of the package and uses, or gives on."""
        used = self.used()
        found: set[str] = set()
        modules: set[str] = set()
        for node in self._imports:
            if isinstance(node, ast.Import) or not node.level or node.lineno - 1 in self._gone:
                continue
            for alias in node.names:
                local = alias.asname or alias.name
                if alias.name in self._hidden or not (used[local] or alias.asname == alias.name):
                    continue
                found.add(alias.name)
                if node.module in (None, "runtime"):
                    modules.add(local)
        found |= {name for base, name in self._attributes if base in modules}
        return found

    def text(self) -> str:
        """What is left, without the imports that nothing uses any more."""
        used = self.used()
        lines: list[str | None] = [
            None if index in self._gone else line for index, line in enumerate(self._lines)
        ]
        for node in self._imports:
            if node.lineno - 1 not in self._gone:
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


def _first(node: ast.stmt) -> int:
    """Index of the line that a statement begins on, with its decorators."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(item.lineno for item in decorators)]) - 1


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


def sweep(trees: Mapping[str, Module], needed: set[str]) -> None:
    """Take out of the run time what nothing uses any more, until nothing is left to be taken."""
    while True:
        used = set(needed)
        for module in trees.values():
            used |= module.imports()
        dropped = False
        for path, module in trees.items():
            if not path.startswith("runtime/"):
                continue
            own = module.used()
            unused = [
                name
                for name in module.definitions
                if name not in used
                and not own[name]
                and not name.startswith("__")
                and "." not in name
            ]
            module.drop(unused)
            dropped = dropped or bool(unused)
        if not dropped:
            return
