"""Nodes: the named pieces of a description, each with a hash of what it says, so that a change can be told by name."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from .diagnostics import Position
from .model import Api, Module


def hashes(api: Api) -> dict[str, str]:
    """Name of a node -> hash of its content. Where it stands in its file does not count."""
    return {name: _hash(value) for name, value, _ in _nodes(api)}


def places(api: Api) -> dict[str, Position | None]:
    """Name of a node -> where it stands."""
    return {name: at for name, _, at in _nodes(api)}


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Names of nodes that were added, removed or say something else, the innermost only."""
    return [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]


def _nodes(api: Api) -> Iterator[tuple[str, Any, Position | None]]:
    for item in dataclasses.fields(api):
        if item.name in ("modules", "records", "enums", "errors", "events", "people", "sources"):
            continue
        yield f"api.{item.name}", getattr(api, item.name), None
    for kind in ("errors", "events", "people", "sources"):
        for entry in getattr(api, kind):
            name = entry.code if kind == "errors" else entry.name
            yield f"api.{kind}.{name}", entry, entry.at
    for module in api.modules:
        yield from _module(module)


def _module(module: Module) -> Iterator[tuple[str, Any, Position | None]]:
    about = (module.title, module.doc, module.class_name, module.provenance)
    yield module.name, about, module.at
    for enum in module.enums:
        yield enum.name, (enum.doc, [word.word for word in enum.words]), enum.at
        for word in enum.words:
            yield f"{enum.name}.{word.word}", word, word.at
    for record in module.records:
        facts = (record.doc, record.identity, [item.name for item in record.fields])
        yield record.name, facts, record.at
        for item in record.fields:
            yield f"{record.name}.{item.name}", item, item.at
    for method in module.methods:
        # Arguments that come from the record are told as the record's fields.
        own = dataclasses.replace(
            method, arguments=tuple(item for item in method.arguments if item.at.line >= method.at.line
                                    and item.at.file == method.at.file)
        )  # fmt: skip
        yield method.name, own, method.at
    for case in module.cases:
        yield f"{module.name} case {case.name!r}", case, case.at


def _hash(value: Any) -> str:
    text = json.dumps(_plain(value), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if isinstance(value, Position):
        return None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            item.name: _plain(getattr(value, item.name))
            for item in dataclasses.fields(value)
            if item.name not in ("at", "places", "position")
        }
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
