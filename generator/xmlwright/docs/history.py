"""Changes since older descriptions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path

from ..diff import revisions
from ..diff.compare import compare
from ..ir import Api, Method
from ..settings import Settings
from .content import Change
from .links import Links, anchor


def changes(
    api: Api,
    old: Sequence[str],
    settings: Settings,
    links: Links,
    hidden: Collection[str] = (),
) -> list[Change]:
    """Return the changes between each of ``old``, the oldest first, and the next one, up to ``api``; newest first.

    Changes of ``hidden`` methods are left out.

    Raises:
        RevisionError: one of them is no folder, bundle or git revision.
        DescriptionError: one of them has problems.
    """
    loaded = [
        (_label(name, before, api), before)
        for name in old
        for before in [revisions.load(name, settings).api]
    ]
    found: list[Change] = []
    for (name, before), (_, after) in reversed(list(pairwise([*loaded, ("", api)]))):
        found += [
            Change(
                name,
                change.verdict,
                change.what,
                _capitalized(change.summary),
                _address(api, change.what, links),
            )
            for change in compare(before, after)
            if not any(change.what == item or change.what.startswith(f"{item}.") for item in hidden)
        ]
    return found


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def _label(name: str, before: Api, api: Api) -> str:
    """Return the version of an older description, or what it was called if both have the same version."""
    return before.version if before.version != api.version else Path(name).name or name


def _address(api: Api, what: str, links: Links) -> str:
    """Return the address of a thing; empty if it was removed."""
    methods: dict[str, Method] = {method.name: method for method in api.methods}
    for name, method in methods.items():
        if what == name or what.startswith(f"{name}."):
            rest = what[len(name) + 1 :]
            known = {item.name: item.python for item in method.arguments}
            if not rest or rest in known:
                return links.method(method) + (f"#{anchor(known[rest])}" if rest else "")
            return ""
    first, _, rest = what.partition(".")
    for record in api.records.values():
        if record.name == first:
            known = {item.name: item.python for item in record.fields}
            if not rest or rest in known:
                return f"{links.module(record.module)}#{anchor(first, known[rest]) if rest else anchor(first)}"
    for enum in api.enums.values():
        if enum.name == first and (not rest or rest in {word.word for word in enum.words}):
            return f"{links.module(enum.module)}#{anchor(first, rest) if rest else anchor(first)}"
    if any(code.code == what for code in api.errors):
        return f"errors.html#{anchor(what)}"
    if any(event.name == what for event in api.events):
        return f"events.html#{anchor(what)}"
    return links.module(what) if any(module.name == what for module in api.modules) else ""
