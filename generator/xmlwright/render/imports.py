"""Sort the import statements of rendered Python, in the order of isort and of ruff's rule I001."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence

_Statement = ast.Import | ast.ImportFrom


def sort_imports(text: str, package: str = "") -> str:
    """Return ``text`` with the imports of each block sorted, merged by module and without blank lines between.

    ``package`` is the import name that counts as first party. A block that holds a comment stays as it is.

    Raises:
        SyntaxError, ValueError: ``text`` is not Python.
    """
    lines = text.split("\n")
    for block in reversed(list(_blocks(ast.parse(text)))):
        start, end = block[0].lineno - 1, block[-1].end_lineno or block[-1].lineno
        if any(line.lstrip().startswith("#") or "  #" in line for line in lines[start:end]):
            continue
        indent = " " * block[0].col_offset
        while end < len(lines) and not lines[end].strip():
            end += 1
        following = lines[end] if end < len(lines) else ""
        gap = [""] if following else []
        if following.startswith(("def ", "class ", "async ", "@")):
            gap = ["", ""]
        elif following.startswith("#"):
            gap = ["", ""] if end - (block[-1].end_lineno or 0) > 1 else [""]
        lines[start:end] = [indent + line if line else "" for line in _sorted(block, package)] + gap
    return "\n".join(lines)


def _blocks(tree: ast.Module) -> Iterator[list[_Statement]]:
    """Yield the runs of import statements at the top level and in its ``if`` statements, in the order of lines."""
    for body in (tree.body, *(node.body for node in tree.body if isinstance(node, ast.If))):
        yield from _runs(body)


def _runs(body: Sequence[ast.stmt]) -> Iterator[list[_Statement]]:
    run: list[_Statement] = []
    for node in body:
        if isinstance(node, _Statement):
            run.append(node)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _sorted(block: list[_Statement], package: str) -> list[str]:
    """Return the lines of a block: sections apart, ``import x`` before ``from x import y`` in each."""
    whole: set[str] = set()
    names: dict[str, set[str]] = {}
    for node in block:
        if isinstance(node, ast.Import):
            whole |= {_alias(alias) for alias in node.names}
        else:
            module = "." * node.level + (node.module or "")
            names.setdefault(module, set()).update(map(_alias, node.names))
    sections: dict[int, list[str]] = {}
    for name in sorted(whole, key=_module_key):
        sections.setdefault(_section(name, package), []).append(f"import {name}")
    for module in sorted(names, key=_module_key):
        plain = [name for name in names[module] if " as " not in name]
        lines = sections.setdefault(_section(module, package), [])
        if plain:
            lines.append(f"from {module} import {', '.join(sorted(plain, key=_name_key))}")
        renamed = names[module].difference(plain)
        lines += [f"from {module} import {name}" for name in sorted(renamed, key=_name_key)]
    result: list[str] = []
    for section in sorted(sections):
        result += ["", *sections[section]] if result else sections[section]
    return result


def _alias(alias: ast.alias) -> str:
    return alias.name if alias.asname is None else f"{alias.name} as {alias.asname}"


def _section(module: str, package: str) -> int:
    """Return 0 for ``__future__``, then standard library, third party, first party, relative."""
    top = module.partition(" ")[0].partition(".")[0]
    if module.startswith("."):
        return 4
    if top == "__future__":
        return 0
    if top in sys.stdlib_module_names:
        return 1
    return 3 if package and top == package.partition(".")[0] else 2


def _module_key(module: str) -> tuple[int, str, str]:
    dots = len(module) - len(module.lstrip("."))
    return -dots, module.lstrip(".").lower(), module


def _name_key(name: str) -> tuple[int, str, str]:
    """Order constants before classes before other names, as isort does."""
    plain = name.partition(" ")[0]
    kind = 0 if plain.isupper() and len(plain) > 1 else 1 if plain[:1].isupper() else 2
    return kind, plain.lower(), name
