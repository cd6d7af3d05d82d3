"""Nodes: the named pieces of a description, each with short hashes of what it says, so that a change can be reported by name.

A piece is known twice. As YAML it has a place, and its hash changes only with its own lines. As part of the resolved
description it is what templates read, inherited facts included; there it has a hash for each :data:`FACETS`, because a file
that says what a field is called need not care what it means.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..diagnostics import Position
from ..ir import (
    Api,
    Case,
    Enum,
    EnumWord,
    ErrorCode,
    Field,
    Method,
    Module,
    NamedDoc,
    Record,
    ResponseShape,
)
from ..schema.nodes import Node

FACETS: Final = "nfdm"
"""Names, facts, documentation, members."""
NONE: Final = "-"
_NAMES: Final = {
    "name", "python", "function", "verb", "resource", "module", "word", "code", "class_name", "call",
}  # fmt: skip
_DOCUMENTATION: Final = {
    "doc", "deprecated", "since", "provenance", "title", "message", "fix", "default", "sources",
}  # fmt: skip
_MEMBERS: Final = {
    Api: {"modules", "errors", "events", "people", "sources", "scalars"},
    Module: {"enums", "records", "methods", "cases"},
    Enum: {"words"},
    Record: {"fields"},
}
_SKIPPED: Final = {"at", "items_at", "key_positions", "places", "position"}
_INDEXES: Final = {"records", "enums"}
"""Of the API as a whole: the same things as in its modules, by name."""
_PARTS: Final = {
    "api": {
        "scalars": "scalar", "people": "person", "sources": "source", "errors": "error", "events": "event",
        "method_errors": "errors of", "limits": "limit",
    },
    "shared": {},
    "resource": {},
}  # fmt: skip
"""Kind of file -> key whose entries are nodes -> what one is called."""
_API: Final = {
    "name": "api", "names": "python", "url": "endpoint", "token": "authentication", "oauth": "authentication",
    "provenance": "source",
}  # fmt: skip
_MODULE: Final = {"class_name": "python", "provenance": "source"}
"""Attributes of the resolved description -> the keys that they come from, where these have other names."""


@dataclass(slots=True)
class Fingerprints:
    """The pieces of one description, as its files are read and then resolved."""

    written: dict[str, str] = field(default_factory=dict)
    """Name -> hash of its YAML."""
    places: dict[str, Position] = field(default_factory=dict)
    resolved: dict[str, dict[str, str]] = field(default_factory=dict)
    """Name -> facet -> hash."""

    def add(self, kind: str, root: Node) -> None:
        """Note the pieces of one file."""
        for name, position, *content in _pieces(kind, root):
            self.written[name] = _short("\n".join(map(_yaml, content)), 6)
            self.places[name] = position

    def resolve(self, api: Api) -> None:
        """Note what the pieces have become."""
        for name, value in named(api):
            facets = _facets(value) if dataclasses.is_dataclass(value) else value
            self.resolved[name] = {letter: _short(text, 4) for letter, text in facets.items()}

    def table(self) -> dict[str, str]:
        """Every piece with its hashes in one text, as a manifest holds them."""
        found = {}
        for name in sorted({*self.written, *self.resolved}):
            facets = self.resolved.get(name, {})
            hashes = [facets.get(letter, NONE) for letter in FACETS]
            while hashes and hashes[-1] == NONE:
                hashes.pop()
            found[name] = " ".join([self.written.get(name, NONE), *hashes])
        return found


def parse(text: str) -> tuple[str, dict[str, str]]:
    """The hash of a piece's YAML and those of its facets, from the text of :meth:`Fingerprints.table`."""
    written, *hashes = text.split(" ")
    return written, {
        letter: value for letter, value in zip(FACETS, hashes, strict=False) if value != NONE
    }


def facet_of(kind: type, attribute: str) -> str:
    """The facet of an attribute of the resolved description; empty for one that says nothing."""
    if attribute in _MEMBERS.get(kind, ()):
        return "m"
    if kind is Case and attribute not in _SKIPPED:
        return "f"
    if attribute in _SKIPPED or (kind is Api and attribute in _INDEXES):
        return ""
    if attribute in _NAMES:
        return "n"
    return "d" if attribute in _DOCUMENTATION else "f"


# As YAML


def _pieces(kind: str, root: Node) -> Iterator[tuple[Any, ...]]:
    """(name, place, nodes that it consists of) of every piece of a file."""
    own = root.get("resource")
    stem = root.position.file.rpartition("/")[2].removesuffix(".yaml").removesuffix(".cases")
    resource = own.text if own is not None else stem
    for key, value in root.entries:
        if key.text in _PARTS.get(kind, {}):
            for name, entry in value.entries:
                yield f"{_PARTS[kind][key.text]} {name.text}", name.position, entry
        elif kind == "api":
            yield f"api {key.text}", key.position, value
        elif key.text == "cases":
            yield from _cases(resource, value)
        elif kind in ("resource", "shared") and key.text in _HOLDERS:
            yield from _HOLDERS[key.text](resource if kind == "resource" else "shared", value)
        elif kind == "resource":
            what = "resource" if key.text == "resource" else f"{key.text} of"
            yield f"{what} {resource}", key.position, value


def _cases(resource: str, value: Node) -> Iterator[tuple[Any, ...]]:
    for item in value.items:
        named = item.get("name")
        if named is not None:
            yield f"case {resource}/{named.text}", item.position, item


def _enums(resource: str, value: Node) -> Iterator[tuple[Any, ...]]:
    for name, enum in value.entries:
        yield f"enum {resource}/{name.text}", name.position, *_without(enum, "words")
        for word, facts in _entries(enum, "words"):
            yield f"word {resource}/{name.text}.{word.text}", word.position, facts


def _records(resource: str, value: Node) -> Iterator[tuple[Any, ...]]:
    for name, record in value.entries:
        yield f"record {resource}/{name.text}", name.position, *_without(record, "fields")
        for item, facts in _entries(record, "fields"):
            yield f"field {resource}/{name.text}.{item.text}", item.position, facts


def _groups(resource: str, value: Node) -> Iterator[tuple[Any, ...]]:
    for name, group in value.entries:
        yield f"group {resource}/{name.text}", name.position, *_without(group, "fields")
        for item, facts in _entries(group, "fields"):
            yield f"field of group {resource}/{name.text}.{item.text}", item.position, facts


def _methods(resource: str, value: Node) -> Iterator[tuple[Any, ...]]:
    for verb, method in value.entries:
        yield f"method {resource}.{verb.text}", verb.position, method


_HOLDERS: Final = {"enums": _enums, "records": _records, "groups": _groups, "methods": _methods}


def _entries(node: Node, key: str) -> tuple[tuple[Node, Node], ...]:
    inner = node.get(key)
    return inner.entries if inner is not None else ()


def _without(node: Node, key: str) -> Iterator[Node]:
    for name, value in node.entries:
        if name.text != key:
            yield name
            yield value


def _yaml(node: Node) -> str:
    """A node as one text, whatever its layout."""
    if node.kind == "map":
        return "{" + ",".join(f"{_yaml(key)}:{_yaml(value)}" for key, value in node.entries) + "}"
    if node.kind == "list":
        return "[" + ",".join(map(_yaml, node.items)) + "]"
    return f"{node.kind}{node.text!r}"


# Resolved


def named(api: Api) -> Iterator[tuple[str, Any]]:
    """Every piece of a resolved description with its name and what it is, or the text of each of its facets."""
    whole: dict[str, str] = {}
    for item in dataclasses.fields(api):
        name, facet = api_name(item.name), facet_of(Api, item.name)
        value = getattr(api, item.name)
        if facet == "m":
            yield name, {"m": _members(value)}
        elif facet:
            whole[name] = whole.get(name, "") + _plain(value)
    for name, text in whole.items():
        yield name, {"f": text}
    for module in api.modules:
        for attribute in ("title", "doc", "class_name", "provenance"):
            value = getattr(module, attribute)
            yield module_name(module.name, attribute), {facet_of(Module, attribute): _plain(value)}
        for attribute in sorted(_MEMBERS[Module]):
            value = getattr(module, attribute)
            yield module_name(module.name, attribute), {"m": _members(value)}
        described = {item.at for record in module.records for item in record.fields}
        for method in module.methods:
            own = tuple(item for item in method.arguments if item.at not in described)
            yield f"method {method.name}", dataclasses.replace(method, arguments=own)
    for value, name in objects(api):
        argument = isinstance(value, Field) and name.startswith("method ")
        if name and not argument and not isinstance(value, Method | ResponseShape):
            yield name, value


def api_name(attribute: str) -> str:
    """The piece that an attribute of the API as a whole comes from."""
    return f"api {_API.get(attribute, attribute)}"


def module_name(module: str, attribute: str) -> str:
    """The piece that an attribute of a module comes from."""
    return (
        f"resource {module}"
        if attribute == "name"
        else f"{_MODULE.get(attribute, attribute)} of {module}"
    )


def objects(api: Api) -> Iterator[tuple[Any, str]]:
    """Every object of a resolved description that templates can read, with the piece that it belongs to.

    Of the API as a whole and of modules the piece depends on the attribute: see :func:`api_name`, :func:`module_name`.
    """
    yield api, ""
    for scalar in api.scalars.items():
        yield scalar[1], f"scalar {scalar[0]}"
    for code in api.errors:
        yield code, f"error {code.code}"
    for kind, entries in (("event", api.events), ("person", api.people), ("source", api.sources)):
        for entry in entries:
            yield entry, f"{kind} {entry.name}"
    for module in api.modules:
        yield module, ""
        at: dict[Position, str] = {}
        for enum in module.enums:
            yield enum, f"enum {module.name}/{enum.name}"
            yield from (
                (word, f"word {module.name}/{enum.name}.{word.word}") for word in enum.words
            )
        for record in module.records:
            yield record, f"record {module.name}/{record.name}"
            for item in record.fields:
                at[item.at] = f"field {module.name}/{record.name}.{item.name}"
                yield item, f"field {module.name}/{record.name}.{item.name}"
        for method in module.methods:
            yield method, f"method {method.name}"
            yield method.response, f"method {method.name}"
            for item in method.arguments:
                yield item, at.get(item.at, f"method {method.name}")
        for case in module.cases:
            yield case, f"case {module.name}/{case.name}"


def _members(value: Iterable[Any]) -> str:
    """The names of what a piece holds, in their order."""
    return "\n".join(map(_key, value))


def _key(item: Any) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, EnumWord):
        return item.word
    if isinstance(item, ErrorCode):
        return item.code
    if isinstance(item, Method):
        return item.verb
    assert isinstance(item, Module | Record | Enum | Field | Case | NamedDoc)
    return item.name


@functools.cache
def _attributes(kind: type) -> tuple[tuple[str, str], ...]:
    """The attributes of a class, each with its facet."""
    return tuple((item.name, facet_of(kind, item.name)) for item in dataclasses.fields(kind))


def _facets(value: Any) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for name, letter in _attributes(type(value)):  # type: ignore[arg-type]
        if letter and letter != "m":
            found.setdefault(letter, []).append(f"{name}={_plain(getattr(value, name))}")
    facets = {letter: "\n".join(texts) for letter, texts in found.items()}
    for attribute in _MEMBERS.get(type(value), ()):
        facets["m"] = _members(getattr(value, attribute))
    return facets


def _plain(value: Any) -> str:
    """A value as one text, without its places in files."""
    if isinstance(value, str):
        return repr(str(value))
    if value is None or isinstance(value, bool | int):
        return repr(value)
    if isinstance(value, Node):
        return _yaml(value)
    if isinstance(value, Position):
        return ""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{name!r}:{_plain(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_plain, value))}]"
    if dataclasses.is_dataclass(value):
        inner = (
            f"{name}={_plain(getattr(value, name))}"
            for name, _ in _attributes(type(value))  # type: ignore[arg-type]
            if name not in _SKIPPED
        )
        return f"({','.join(inner)})"
    return repr(value)


def _short(text: str, length: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]
