"""Read YAML files into nodes with positions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from ..diagnostics import Diagnostics, Position, Related

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE: Final = "tag:yaml.org,2002:"
_NUMBER_SINCE_1_2: Final = re.compile(
    r"[-+]?([0-9]+|(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)|0o[0-7]+|0x[0-9a-fA-F]+"
)
"""Plain scalars such as 089 and 1e3, which are text to YAML 1.1 and numbers to 1.2: neither reading is relied on."""
_PLAIN_TAGS: Final = {
    "str",
    "bool",
    "int",
    "float",
    "null",
    "timestamp",
    "map",
    "seq",
    "value",
    "merge",
}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a description: what it holds and how it is called in messages."""

    name: str
    """Path as it stands in messages, with forward slashes."""
    text: str


@dataclass(frozen=True, slots=True)
class Node:
    """One YAML node.

    ``kind`` is ``map``, ``list``, or the type that YAML 1.1 gives a scalar; ``str`` if quoted.
    """

    kind: str
    position: Position
    text: str = ""
    """The scalar as written, without quotes."""
    items: tuple[Node, ...] = ()
    entries: tuple[tuple[Node, Node], ...] = ()
    quoted: bool = False
    body: Position | None = None
    """The first line of a literal block."""

    def get(self, key: str) -> Node | None:
        """Return the value of a key of a mapping; None if it is missing."""
        return next((value for name, value in self.entries if name.text == key), None)

    def __str__(self) -> str:
        return (
            f"the {KINDS.get(self.kind, self.kind)} {self.text}" if self.text else KINDS[self.kind]
        )


KINDS: Final = {
    "map": "a mapping",
    "list": "a list",
    "str": "a string",
    "bool": "a boolean",
    "int": "an integer",
    "float": "a number",
    "null": "null",
    "timestamp": "a date",
    "value": "'='",
    "merge": "'<<'",
}


def read_file(path: Path, name: str, diagnostics: Diagnostics) -> SourceFile | None:
    """Return a file; None, with a diagnostic, where it cannot be read."""
    try:
        return SourceFile(name, path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        diagnostics.add("yaml-syntax", f"the file is not UTF-8 ({error.reason})", Position(name))
    except OSError as error:
        diagnostics.add(
            "missing-file", f"cannot be read: {error.strerror or error}", Position(name)
        )
    return None


def parse(source: SourceFile, diagnostics: Diagnostics) -> Node | None:
    """Return the root node of a file; None, with a diagnostic, where it is not one YAML document."""
    try:
        loader = _LOADER(source.text)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = (
            Position(source.name, mark.line + 1, mark.column + 1) if mark else Position(source.name)
        )
        related: list[Related] = []
        if error.context_mark is not None and error.problem_mark is not None:
            at = Position(source.name, error.context_mark.line + 1, error.context_mark.column + 1)
            if at.line != position.line:
                related.append(Related(at, str(error.context or "begun here")))
        diagnostics.add(
            "yaml-syntax", str(error.problem or error.context), position, related=related
        )
        return None
    except (yaml.YAMLError, ValueError) as error:
        line = getattr(error, "position", None)
        at = Position(source.name, source.text.count("\n", 0, line) + 1 if line else 1)
        diagnostics.add("yaml-syntax", str(error).split("\n", 1)[0], at)
        return None
    if root is None:
        diagnostics.add("yaml-syntax", "the file is empty", Position(source.name))
        return None
    return _Converter(source, diagnostics).convert(root)


class _Converter:
    """Turns PyYAML's nodes into ours, refusing what the language leaves out of YAML."""

    def __init__(self, source: SourceFile, diagnostics: Diagnostics) -> None:
        self._file = source.name
        self._text = source.text
        self._lines: list[str] | None = None
        self._diagnostics = diagnostics
        self._seen: dict[int, Position] = {}

    def convert(self, node: yaml.Node) -> Node:
        mark = node.start_mark
        position = Position(self._file, mark.line + 1, mark.column + 1)
        if id(node) in self._seen:
            self._diagnostics.add(
                "yaml-alias",
                "an alias: say it again, or put it in a group",
                self._seen[id(node)],
                related=[Related(position, "the anchor")],
            )
            return Node("null", position)
        self._seen[id(node)] = position
        tag = node.tag.removeprefix(_CORE)
        if tag not in _PLAIN_TAGS:
            self._diagnostics.add("yaml-alias", f"the tag {node.tag} has no meaning here", position)
            tag = "str"
        if isinstance(node, yaml.MappingNode):
            return Node("map", position, entries=tuple(self._entries(node)))
        if isinstance(node, yaml.SequenceNode):
            return Node("list", position, items=tuple(self.convert(item) for item in node.value))
        style = node.style if isinstance(node, yaml.ScalarNode) else None
        quoted = bool(style)
        if tag == "str" and not quoted and _NUMBER_SINCE_1_2.fullmatch(node.value):
            tag = "int" if node.value.lstrip("+-").isdigit() else "float"
        body = self._body(mark.line + 1) if style == "|" and node.value else None
        return Node("str" if quoted else tag, position, text=node.value, quoted=quoted, body=body)

    def _body(self, line: int) -> Position:
        if self._lines is None:
            self._lines = self._text.splitlines()
        text = self._lines[line] if line < len(self._lines) else ""
        return Position(self._file, line + 1, len(text) - len(text.lstrip(" ")) + 1)

    def _entries(self, node: yaml.MappingNode) -> Iterator[tuple[Node, Node]]:
        first: dict[str, Position] = {}
        for key_node, value_node in node.value:
            key = self.convert(key_node)
            if key.kind in ("map", "list"):
                self._diagnostics.add(
                    "wrong-type", "expected a string as key, got a collection", key.position
                )
                continue
            if key.kind == "merge":
                self._diagnostics.add(
                    "yaml-alias", "merge keys are not supported; use a group", key.position
                )
                continue
            if key.text in first:
                self._diagnostics.add(
                    "duplicate-key",
                    f"duplicate key '{key.text}'",
                    key.position,
                    related=[Related(first[key.text], "first here")],
                )
                continue
            first[key.text] = key.position
            value = self.convert(value_node)
            yield key, value
