"""Comparison of two descriptions, change by change."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, Final

from ..ir import Api, Enum, EnumWord, Module, NamedDoc, Scalar
from .matching import Descriptions, differing, matched
from .record_rules import documented, methods, provenance, records, retired
from .rules import Change, change
from .wire_rules import envelope, options, paging


def compare(old: Api, new: Api) -> list[Change]:
    """Return every change from ``old`` to ``new``."""
    whole = list(_api(old, new))
    found = [*whole, *_catalogues(old, new)]
    both = Descriptions(old, new, frozenset((item.rule, item.what, item.message) for item in whole))
    before = {module.name: module for module in old.modules}
    after = {module.name: module for module in new.modules}
    for name, left, right in matched(before, after):
        found += _module_pair(name, left, right, both)
    return list(dict.fromkeys(found))


# the API as a whole

_SIMPLE: Final[tuple[tuple[str, str, Callable[[Api], Any]], ...]] = (
    ("package-renamed", "package", lambda api: api.names.package),
    ("distribution-renamed", "distribution", lambda api: api.names.distribution),
    ("client-renamed", "client", lambda api: api.names.client),
    ("environment-renamed", "environment", lambda api: api.names.environment),
    ("endpoint-changed", "endpoint", lambda api: api.url),
    ("version-changed", "version", lambda api: api.version),
    ("version-changed", "python.version", lambda api: api.names.version),
    ("documentation-changed", "documentation", lambda api: api.documentation or ""),
)


def _api(old: Api, new: Api) -> Iterator[Change]:
    for rule, what, get in _SIMPLE:
        if get(old) != get(new):
            yield Change(rule, what, f"was {get(old)!r}, is {get(new)!r}", None, None)
    yield from documented("the API", (old.name, old.title, old.doc),
                          (new.name, new.title, new.doc), None, None)  # fmt: skip
    yield from options(old, new)
    for prefix, before, after in matched(old.namespaces, new.namespaces):
        if before != after:
            message = _was(before, after)
            yield Change("prefix-changed", f"namespaces.{prefix}", message, None, None)
    yield from envelope("envelope", old.envelope, new.envelope, None, None)
    yield from paging("paging", old.paging, new.paging, None, None)
    for name, one, other in matched(old.scalars, new.scalars):
        yield from _scalar(f"scalars.{name}", one or Scalar(name), other or Scalar(name))
    for name in ("oauth", "callbacks"):
        left, right = getattr(old, name), getattr(new, name)
        if left == right:
            continue
        if left is not None and right is not None:
            for key in sorted({*left, *right}):
                if left.get(key) != right.get(key):
                    message = _was(left.get(key), right.get(key))
                    yield Change(f"{name}-changed", f"{name}.{key}", message, None, None)
            continue
        rule, state = (
            (f"{name}-removed", "removed") if right is None else (f"{name}-added", "added")
        )
        yield Change(rule, name, f"{name} was {state}", None, None)


def _was(old: object, new: object) -> str:
    return f"was {old!r}, is {new!r}"


def _scalar(what: str, old: Scalar, new: Scalar) -> Iterator[Change]:
    for name, left, right in differing(old, new, without=()):
        rule = {
            "zone": "zone-changed",
            "none": "empty-read-differently",
            "read_empty": "empty-read-differently",
        }
        yield Change(
            rule.get(name, "scalar-format-changed"), f"{what}.{name}", _was(left, right), None, None
        )


# errors, events, people and sources


def _catalogues(old: Api, new: Api) -> Iterator[Change]:
    for code, left, right in matched(
        {error.code: error for error in old.errors}, {error.code: error for error in new.errors}
    ):
        if left is None or right is None:
            rule = "error-code-added" if left is None else "error-code-removed"
            yield change(rule, code, f"the error code {code}", left, right)
            continue
        for rule, name in (
            ("error-kind-changed", "kind"),
            ("error-message-changed", "message"),
            ("error-status-changed", "status"),
        ):
            was, now = getattr(left, name), getattr(right, name)
            if was != now:
                yield change(rule, code, _was(was, now), left, right)
        yield from documented(code, (left.doc, left.fix), (right.doc, right.fix), left, right)
        yield from provenance(code, left, right)
    for kind in ("events", "people", "sources"):
        yield from _noted(kind, getattr(old, kind), getattr(new, kind))
    for name, before, after in matched(old.limits, new.limits):
        if before != after:
            yield Change(
                "published-limit-changed", f"limits.{name}", _was(before, after), None, None
            )


def _noted(kind: str, old: tuple[NamedDoc, ...], new: tuple[NamedDoc, ...]) -> Iterator[Change]:
    for name, left, right in matched(
        {item.name: item for item in old}, {item.name: item for item in new}
    ):
        what = name if kind == "events" else f"{kind}.{name}"
        if left is not None and right is not None:
            yield from documented(what, left.doc, right.doc, left, right)
            yield from provenance(what, left, right)
        elif kind == "events":
            rule = "event-added" if left is None else "event-removed"
            yield change(rule, what, f"the event {name}", left, right)
        else:  # methods list their callers
            state = "added" if left is None else "removed"
            yield change("documentation-changed", what, f"{name} was {state}", left, right)


# modules


def _module_pair(
    name: str, old: Module | None, new: Module | None, both: Descriptions
) -> Iterator[Change]:
    one = new or old
    assert one is not None
    if old is None or new is None:
        if one.methods:
            rule, state = (
                ("resource-added", "added") if old is None else ("resource-removed", "removed")
            )
            yield change(rule, name, f"the resource {name} was {state}", old, new)
            return
        empty = dataclasses.replace(one, enums=(), records=(), methods=(), cases=())
        old, new = old or empty, new or empty
    yield from _module(old, new, both)


def _module(old: Module, new: Module, both: Descriptions) -> Iterator[Change]:
    if old.class_name != new.class_name:
        message = f"{old.class_name} is now {new.class_name}"
        yield change("class-renamed", old.name, message, old, new)
    yield from documented(old.name, (old.title, old.doc), (new.title, new.doc), old, new)
    yield from provenance(old.name, old, new)
    for name, left, right in matched(
        {enum.name: enum for enum in old.enums}, {enum.name: enum for enum in new.enums}
    ):
        if left is not None and right is not None:
            yield from _enum(left, right)
        elif left is None and right is not None:
            if both.moved_enum(right) is None:
                yield change("enum-added", name, f"the enum {name}", None, right)
        elif left is not None:
            target = both.moved_enum(left)
            if target is None:
                yield change("enum-removed", name, f"the enum {name}", left, None)
            else:
                message = f"{name} moved from {left.module} to {target.module}"
                yield change("enum-moved", name, message, left, target)
                yield from _enum(left, target)
    yield from records(old, new, both)
    yield from methods(old, new, both)


def _enum(old: Enum, new: Enum) -> Iterator[Change]:
    yield from documented(old.name, old.doc, new.doc, old, new)
    for text, left, right in matched(
        {word.word: word for word in old.words}, {word.word: word for word in new.words}
    ):
        what = f"{old.name}.{text}"
        for name, gone, come, doing in (
            ("writable", "word-removed", "word-added", "sent"),
            ("readable", "response-word-removed", "response-word-added", "returned"),
        ):
            had = left is not None and getattr(left, name)
            has = right is not None and getattr(right, name)
            if had != has:
                message = f"the word {text!r} can{'' if has else 'not'} be {doing}"
                yield change(come if has else gone, what, message, left, right)
        if left is not None and right is not None:
            yield from _word(what, left, right)


def _word(what: str, old: EnumWord, new: EnumWord) -> Iterator[Change]:
    before, after = (old.request, old.response), (new.request, new.response)
    if before != after:
        message = f"was {old.request!r} in requests and {old.response!r} in responses, is {new.request!r} and {new.response!r}"
        yield change("word-spelling-changed", what, message, old, new)
    yield from retired(what, old, new)
    yield from documented(what, old.doc, new.doc, old, new)
    yield from provenance(what, old, new)
