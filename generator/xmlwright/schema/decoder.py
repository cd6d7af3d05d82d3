"""The grammar's building blocks: each decodes a node into a typed value and says what it allows as JSON Schema.

A declaration is a frozen dataclass whose fields are made by :func:`key`; :class:`Table` decodes a mapping into one. Reader,
diagnostics and the editor's schema thus come from the same lines.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from ..diagnostics import Diagnostics, Position, nearest
from .nodes import KINDS, Node

D = TypeVar("D", bound="Decl")


class LocatedStr(str):
    """Text with its position in a file."""

    __slots__ = ("at", "body")
    at: Position
    body: Position | None
    """Position of the first line of a literal block."""

    def __new__(cls, text: str, at: Position, body: Position | None = None) -> LocatedStr:
        """Return the text with its position."""
        word = super().__new__(cls, text)
        word.at = at
        word.body = body
        return word

    def __reduce__(self) -> tuple[Any, ...]:
        return LocatedStr, (str(self), self.at, self.body)


def opt(word: LocatedStr | None) -> str | None:
    """The text alone, without its position."""
    return str(word) if word is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decl:
    """Base of all declarations, with the positions of their keys."""

    at: Position
    keys: Mapping[str, Position]

    def where(self, key: str) -> Position:
        """Return the position of a key, or of the declaration where the key is left out."""
        return self.keys.get(key, self.at)


K = TypeVar("K", bound=str)
V = TypeVar("V")


class Entries(dict[K, V]):
    """A mapping of the description that also holds the names whose values were rejected.

    References to these names are no further errors.
    """

    __slots__ = ("refused",)

    def __init__(self) -> None:
        super().__init__()
        self.refused: dict[str, Position] = {}


class Invalid:
    """Type of :data:`INVALID`, which decoding returns after it has added a diagnostic."""


INVALID: Final = Invalid()


class Decoder:
    """What a value may be."""

    accepts: tuple[str, ...] = ()
    """Kinds of nodes it decodes, for choosing among alternatives."""
    what = "a value"

    def decode(self, node: Node, diagnostics: Diagnostics) -> Any:
        """Return the typed value of a node; INVALID, with a diagnostic, where it has none."""
        raise NotImplementedError  # pragma: no cover

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """JSON Schema of the value."""
        raise NotImplementedError  # pragma: no cover

    def _refuse(self, node: Node, diagnostics: Diagnostics) -> Any:
        if node.kind in ("map", "list", "null"):
            found = KINDS[node.kind]
        else:
            text = node.text if len(node.text) <= 80 else f"{node.text[:80]}..."
            found = f"{KINDS[node.kind]} {text!r}"
        diagnostics.add("wrong-type", f"expected {self.what}, got {found}", node.position)
        return INVALID


class Text(Decoder):
    """Free text."""

    accepts = ("str",)
    what = "a string"

    def decode(self, node: Node, diagnostics: Diagnostics) -> Any:
        """Return the typed value of a node; INVALID, with a diagnostic, where it has none."""
        if node.kind != "str":
            if node.kind in ("map", "list", "null"):
                return self._refuse(node, diagnostics)
            diagnostics.add(
                "yaml-surprise",
                f"expected {self.what}, got {KINDS[node.kind]}; quote it",
                node.position,
                suggestion=f'"{node.text}"',
            )
            return INVALID
        return LocatedStr(node.text, node.position, node.body)

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON Schema of the value."""
        return {"type": "string"}


class Name(Text):
    """Text of a given form."""

    def __init__(self, pattern: str, what: str) -> None:
        self.pattern = pattern
        self.what = what
        self._match = re.compile(pattern + r"\Z").match

    def decode(self, node: Node, diagnostics: Diagnostics) -> Any:
        """Return the typed value of a node; INVALID, with a diagnostic, where it has none."""
        word = super().decode(node, diagnostics)
        if word is INVALID:
            return word
        if self._match(word) is None:
            diagnostics.add("bad-name", f"{word!r} is not {self.what}", node.position)
            return INVALID
        return word

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON Schema of the value."""
        return {"type": "string", "pattern": f"^{self.pattern}$"}


class Choice(Text):
    """One of a few words."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.what = "one of " + ", ".join(words)

    def decode(self, node: Node, diagnostics: Diagnostics) -> Any:
        """Return the typed value of a node; INVALID, with a diagnostic, where it has none."""
        word = super().decode(node, diagnostics)
        if word is not INVALID and word not in self.words:
            diagnostics.add(
                "unknown-word",
                f"{word!r} is not {self.what}",
                node.position,
                suggestion=nearest(word, self.words),
            )
            return INVALID
        return word

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON Schema of the value."""
        return {"enum": list(self.words)}


class Integer(Decoder):
    """A whole number in decimal digits."""

    accepts = ("int",)
    what = "an integer"

    def __init__(self, minimum: int = 0) -> None:
        self.minimum = minimum

    def decode(self, node: Node, diagnostics: Diagnostics) -> Any:
        """Return the typed value of a node; INVALID, with a diagnostic, where it has none."""
        if node.kind != "int":
            return self._refuse(node, diagnostics)
        if re.fullmatch(r"-?(0|[1-9][0-9]*)", node.text) is None:
            diagnostics.add(
                "yaml-surprise",
                f"{node.text} is ambiguous in YAML; write it in plain decimal digits",
                node.position,
            )
            return INVALID
        if int(node.text) < self.minimum:
            diagnostics.add("wrong-type", f"expected at least {self.minimum}", node.position)
            return INVALID
        return int(node.text)

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON Schema of the value."""
        return {"type": "integer", "minimum": self.minimum}


class Boolean(Decoder):
    """``true`` or ``false``, spelt just so."""

    accepts = ("bool",)
    what = "true or false"

    def decode(self, node: Node, diagnostics: Diagnostics) -> Any:
        """Return the typed value of a node; INVALID, with a diagnostic, where it has none."""
        if node.kind != "bool":
            return self._refuse(node, diagnostics)
        if node.text not in ("true", "false"):
            diagnostics.add(
                "yaml-surprise",
                f"YAML 1.1 parses {node.text} as a boolean; write true or false, or quote it",
                node.position,
            )
            return INVALID
        return node.text == "true"

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON Schema of the value."""
        return {"type": "boolean"}


class Tree(Decoder):
    """Any value; it is checked later, against the method or field it belongs to."""

    accepts = ("map", "list", "str", "bool", "int", "float", "null", "timestamp", "value")
    what = "a value"

    def decode(self, node: Node, diagnostics: Diagnostics) -> Any:
        """Return the typed value of a node; INVALID, with a diagnostic, where it has none."""
        return node

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON Schema of the value."""
        return {}


class Listing(Decoder):
    """A list of values of one kind."""

    accepts = ("list",)

    def __init__(self, kind: Decoder) -> None:
        self.kind = kind
        self.what = "a list"

    def decode(self, node: Node, diagnostics: Diagnostics) -> Any:
        """Return the typed value of a node; INVALID, with a diagnostic, where it has none."""
        if node.kind != "list":
            return self._refuse(node, diagnostics)
        found = [self.kind.decode(item, diagnostics) for item in node.items]
        return tuple(item for item in found if item is not INVALID)

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON Schema of the value."""
        return {"type": "array", "items": self.kind.schema(definitions)}


class Dictionary(Decoder):
    """A mapping from names of one form to values of one kind."""

    accepts = ("map",)
    what = "a mapping"

    def __init__(self, name: Text, kind: Decoder) -> None:
        self.name = name
        self.kind = kind

    def decode(self, node: Node, diagnostics: Diagnostics) -> Any:
        """Return the typed value of a node; INVALID, with a diagnostic, where it has none."""
        if node.kind != "map":
            return self._refuse(node, diagnostics)
        found: Entries[LocatedStr, Any] = Entries()
        for name, value in node.entries:
            word = self.name.decode(name, diagnostics)
            decoded = self.kind.decode(value, diagnostics)
            if word is INVALID or decoded is INVALID:
                found.refused[name.text] = name.position
            else:
                found[word] = decoded
        return found

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON Schema of the value."""
        result: dict[str, Any] = {
            "type": "object",
            "additionalProperties": self.kind.schema(definitions),
        }
        names = self.name.schema(definitions)
        if "pattern" in names:
            result["propertyNames"] = {"pattern": names["pattern"]}
        return result


class Either(Decoder):
    """One of several decoders, chosen by the kind of the node."""

    def __init__(self, *kinds: Decoder) -> None:
        self.kinds = kinds
        self.what = " or ".join(kind.what for kind in kinds)
        self.accepts = tuple(name for kind in kinds for name in kind.accepts)

    def decode(self, node: Node, diagnostics: Diagnostics) -> Any:
        """Return the typed value of a node; INVALID, with a diagnostic, where it has none."""
        if self._misspelt(node, diagnostics):
            return INVALID
        for kind in self.kinds:
            if node.kind in kind.accepts:
                return kind.decode(node, diagnostics)
        for kind in self.kinds:  # a plain scalar that is no text to YAML, where text is allowed
            if isinstance(kind, Text) and node.kind not in ("map", "list", "null"):
                return kind.decode(node, diagnostics)
        return self._refuse(node, diagnostics)

    def _misspelt(self, node: Node, diagnostics: Diagnostics) -> bool:
        """Return whether free text is a boolean that is misspelled or in quotes."""
        if node.kind != "str" or not any("bool" in kind.accepts for kind in self.kinds):
            return False
        if node.quoted:
            near = node.text if node.text in ("true", "false") else None
            message = f"{node.text!r} is a string; remove the quotes"
        else:
            near = nearest(node.text, ("true", "false"))
            message = f"{node.text!r} is not true or false; quote it if it is meant as text"
        if near is not None:
            diagnostics.add("unknown-word", message, node.position, suggestion=near)
        return near is not None

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON Schema of the value."""
        return {"anyOf": [kind.schema(definitions) for kind in self.kinds]}


_OTHERWISE: Final = {
    "element": ("at",),
    "attribute": ("at",),
    "content": ("at",),
    "also": ("at",),
    "failure": ("failures", "fails"),
    "error": ("failures", "fails"),
    "answer": ("response",),
    "token": ("credentials",),
}
"""Another name for a fact -> the keys that may say it."""


def _replacement(name: str, table: Mapping[str, object]) -> str | None:
    """Return the key of a declaration that says what an unknown one is meant to say."""
    return next((key for key in _OTHERWISE.get(name, ()) if key in table), None)


class MappingDecoder(Decoder, Generic[D]):
    """A mapping with the keys of one declaration."""

    accepts = ("map",)

    def __init__(self, decl: type[D], what: str) -> None:
        self._decl = decl
        self.what = f"a mapping that describes {what}"
        self._kinds: dict[str, Key] | None = None

    @property
    def decl(self) -> type[D]:
        """The declaration that a mapping is decoded into."""
        return self._decl

    def table(self) -> dict[str, Key]:
        """Its keys by name."""
        if self._kinds is None:
            self._kinds = {
                item.metadata["key"].name or item.name: item.metadata["key"].named(item.name)
                for item in dataclasses.fields(self.decl)
                if "key" in item.metadata
            }
        return self._kinds

    def decode(self, node: Node, diagnostics: Diagnostics) -> Any:
        """Return the typed value of a node; INVALID, with a diagnostic, where it has none."""
        if node.kind != "map":
            return self._refuse(node, diagnostics)
        table = self.table()
        values: dict[str, Any] = {}
        keys: dict[str, Position] = {}
        valid = True
        for name, value in node.entries:
            found = table.get(name.text)
            if found is None:
                diagnostics.add(
                    "unknown-key",
                    f"unknown key '{name.text}'",
                    name.position,
                    suggestion=_replacement(name.text, table) or nearest(name.text, table),
                )
                valid = False
                continue
            keys[name.text] = name.position
            decoded = found.kind.decode(value, diagnostics)
            if decoded is INVALID:
                valid = False
            else:
                values[found.attribute] = decoded
        for key_name, found in table.items():
            if found.required and key_name not in keys:
                diagnostics.add("missing-key", f"missing key '{key_name}'", node.position)
                valid = False
        if not valid and any(
            found.required and found.attribute not in values for found in table.values()
        ):
            return INVALID
        return self.decl(at=node.position, keys=keys, **values)

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON Schema of the value."""
        name = self.decl.__name__.removesuffix("Decl")
        if name not in definitions:
            definitions[name] = {}
            table = self.table()
            properties = {
                key_name: {**found.kind.schema(definitions), "description": found.doc}
                for key_name, found in table.items()
            }
            definitions[name] = {
                "type": "object",
                "additionalProperties": False,
                "properties": properties,
                "required": [key_name for key_name, found in table.items() if found.required],
            }
        return {"$ref": f"#/$defs/{name}"}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table."""

    kind: Decoder
    doc: str
    required: bool = False
    name: str | None = None
    attribute: str = ""

    def named(self, attribute: str) -> Key:
        """Return the key with the attribute that holds its value."""
        return dataclasses.replace(self, attribute=attribute)


def key(
    kind: Decoder, doc: str, *, required: bool = False, default: Any = None, name: str | None = None
) -> Any:
    """A key of a declaration: what it takes, and what an editor says about it."""
    metadata = {"key": Key(kind, doc, required, name)}
    if required:
        return dataclasses.field(metadata=metadata)
    if isinstance(default, dict):
        return dataclasses.field(default_factory=dict, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)
