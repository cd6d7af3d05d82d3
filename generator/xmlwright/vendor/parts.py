"""Parts: what a vendored copy can leave out of the client, and how: whole modules, single definitions, and what only these used.

In place of a module or definition that something else imports there is a note that says how to get it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from .tree_shaking import Module, sweep


@dataclass(frozen=True, slots=True)
class Part:
    """Something that a copy may do without."""

    doc: str
    modules: tuple[str, ...] = ()
    """Files, below the package."""
    names: Mapping[str, tuple[str, ...]] | None = None
    """File -> definitions, and members of classes as ``Class.member``."""
    needs: tuple[str, ...] = ()
    """Parts that it does not work without."""


PARTS: Final[Mapping[str, Part]] = {
    "async": Part(
        "the client that is awaited",
        ("_async_client.py", "runtime/async_client.py"),
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
    "door": Part(
        "methods by name",
        ("wire.py", "runtime/registry.py"),
        {
            "runtime/request.py": (
                "Method.read_request",
                "Method.unknown_in",
                "Method.unknown_below",
            )
        },
    ),
    "environment": Part(
        "settings from the environment and from profiles",
        names={"runtime/options.py": ("from_environment", "config_path")},
    ),
    "oauth": Part(
        "OAuth 1.0a",
        names={
            "runtime/auth.py": ("OAuth", "OAuthFlow", "RequestToken"),
            "runtime/client.py": ("Settled.oauth",),
        },
    ),
    "reconcile": Part(
        "looking up what a lost answer did",
        ("runtime/reconcile.py",),
        {
            "runtime/async_client.py": ("AsyncClient.reconcile",),
            "runtime/client.py": ("Client.reconcile",),
        },
        needs=("door",),
    ),
    "recording": Part(
        "recordings of calls, and their replay",
        ("runtime/replay.py",),
        {
            "runtime/errors.py": ("NotRecorded",),
            "runtime/hooks.py": ("Exchange", "Recorder", "read_recording", "by_request"),
        },
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


def without(
    files: Mapping[str, str], kept: Iterable[str], needed: Iterable[str] = ()
) -> dict[str, str]:
    """The files of a package, all formatted, without the parts that are not ``kept``.

    ``needed`` are names that something beside the package uses, such as its tests.
    """
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
    trees = {path: Module(text) for path, text in found.items() if path.endswith(".py")}
    for path, lost in gone.items():
        if path in trees:
            trees[path].drop(lost)
            trees[path].unlist(lost)
            for module in trees.values():
                module.drop_overloads(lost)
    trees["__init__.py"].hide(absent, gone)
    sweep(trees, set(needed))
    found.update({path: module.text() for path, module in trees.items() if module.changed})
    for path, lost in gone.items():
        told = {name: part for name, part in lost.items() if "." not in name}
        if told and path in trees and "/" in path:
            found[path] += _note(told, found[path])
    for path, part in absent.items():
        if _imported(path, found):
            start = f'"""Left out of this copy: {PARTS[part].doc}."""\n\nfrom typing import Any\n'
            found[path] = start + _note(part, start)
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


def _note(part: str | Mapping[str, str], text: str) -> str:
    """A ``__getattr__`` behind the text of a module that tells which part a name is of. A type checker takes it for anything."""
    known, which, test = "", str(part), 'name.startswith("__")'
    if not isinstance(part, str):
        entries = "".join(f'    "{name}": "{of}",\n' for name, of in sorted(part.items()))
        known, which, test = (
            f"\n\n_LEFT_OUT = {{\n{entries}}}\n",
            "{_LEFT_OUT[name]}",
            "name not in _LEFT_OUT",
        )
    has_any = re.search(r"^from typing import .*\bAny\b", text, re.MULTILINE)
    imports = "" if has_any else "\n\nfrom typing import Any  # noqa: E402"
    return (
        f"{imports}{known}\n\ndef __getattr__(name: str) -> Any:\n    if {test}:\n"
        '        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")\n'
        f'    raise ImportError(f"{{name}} is not in this copy: xmlwright vendor --update --with {which}")\n'
    )
