"""Vendor: a copy of part of the client for a project of its own, that can prove it is unmodified and be updated."""

from __future__ import annotations

import ast
import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..pipeline import cache as warm
from ..pipeline.manifest import digest
from ..pipeline.publish import alone, publish
from ..diagnostics import nearest
from ..settings import Settings
from .parts import PARTS, closed, without

if TYPE_CHECKING:
    from ..ir import Api
    from ..render.renderer import Rendered

NAME: Final = ".xmlwright-vendored.json"
FORMAT: Final = 1


class VendorError(Exception):
    """A folder is no vendored copy, or cannot become one."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What a vendored copy is and consists of."""

    only: tuple[str, ...]
    """Resources and methods; empty for all."""
    package: str
    """Import name, which only its tests need."""
    tests: bool
    parts: tuple[str, ...]
    """Parts of the client that are in it."""
    origin: str = ""
    """Name and version of the client it is a copy of."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path below the package -> hash."""


@dataclass(slots=True)
class Outcome:
    """What was found or done, as paths below the package."""

    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Files that were edited by hand, and for which there is nothing new."""
    conflicts: dict[str, str] = field(default_factory=dict)
    """Path -> why it was not replaced, or is not as it was vendored."""
    stale: list[str] = field(default_factory=list)
    """Files that a newer description would change."""


def contents(api: Api, settings: Settings, wanted: Copy) -> tuple[Copy, dict[str, bytes]]:
    """A copy with its origin, and every file of it.

    Raises:
        VendorError: a resource or method does not exist, or a template has a mistake.
    """
    from ..render.formatting import FormatCache, FormatError, format_files
    from ..render.formatter_version import cache_version
    from ..render.renderer import TemplateProblem, package_path, render
    from .selection import SelectionError, select

    copy = dataclasses.replace(wanted, origin=f"{api.names.distribution} {api.names.version}")
    inside = package_path(api)
    chosen: list[Rendered] = []
    cache = FormatCache(settings.cache / "vendor", cache_version())
    try:
        part = select(api, copy.only) if copy.only else api
        # The package itself is rendered under its own name, which is what it calls itself on the wire and in logs.
        for item in render(part, settings.templates):
            if item.path.startswith(f"{inside}/"):
                chosen.append(dataclasses.replace(item, path=item.path.removeprefix(f"{inside}/")))
            elif item.path == "LICENSE":
                chosen.append(item)
        tests = format_files(_tests(part, settings, copy), cache) if copy.tests else {}
        package = format_files(chosen, cache)
    except (SelectionError, TemplateProblem, FormatError) as error:
        raise VendorError(str(error)) from None
    texts = without(package, copy.parts, _imported(tests.values()))
    texts.update(tests)
    header = f"# Vendored from {copy.origin} (MIT) by xmlwright. Do not edit: `xmlwright vendor --update` replaces it.\n"
    return copy, {
        path: ((header if path.endswith(".py") else "") + text).encode()
        for path, text in texts.items()
    }


def made(
    settings: Settings, wanted: Copy, describe: Callable[[], Api], key: str | None
) -> tuple[Copy, dict[str, bytes]]:
    """As :func:`contents`, from memory where nothing changed that ``key`` stands for. Raises VendorError."""
    facts = json.dumps([key, dataclasses.asdict(wanted)], sort_keys=True)
    own = digest(facts.encode())[:32]
    known = warm.recall(settings, "copies", own) if key is not None else None
    if isinstance(known, dict):
        files: dict[str, str] = known["files"]
        copy = dataclasses.replace(wanted, origin=known["origin"])
        return copy, {path: text.encode() for path, text in files.items()}
    copy, made = contents(describe(), settings, wanted)
    if key is not None:
        texts = {path: content.decode() for path, content in made.items()}
        warm.keep(settings, "copies", own, {"origin": copy.origin, "files": texts})
    return copy, made


def _tests(part: Api, settings: Settings, copy: Copy) -> Iterator[Rendered]:
    """The tests of the cases, and those of the whole API where all is there that they go over."""
    from ..render.renderer import render

    renamed = dataclasses.replace(part, names=dataclasses.replace(part.names, package=copy.package))
    complete = set(copy.parts) == set(PARTS)
    own = {f"tests/test_{module.name}.py" for module in part.resources}
    for item in render(renamed, settings.templates):
        if item.path.startswith("tests/") and (complete or item.path in own):
            yield item


def _imported(programs: Iterable[str]) -> set[str]:
    """Every name that programs import."""
    return {
        alias.name
        for program in programs
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def plan(
    only: tuple[str, ...], package: str, tests: bool, parts: tuple[str, ...] | None = None
) -> Copy:
    """The copy that is wanted, without its files. A copy of all has all parts, unless it is told which.

    Raises:
        VendorError: there is no such part.
    """
    wanted = parts if parts is not None else () if only else ("all",)
    try:
        kept = closed([*wanted, *(("testing",) if tests else ())])
    except KeyError as error:
        near = nearest(str(error.args[0]), PARTS)
        hint = f"; did you mean {near!r}?" if near else f"; there are {', '.join(PARTS)} and all"
        raise VendorError(f"the client has no part {error.args[0]!r}{hint}") from None
    return Copy(tuple(sorted(set(only))), package, tests, kept)


def load(target: Path) -> Copy:
    """The manifest of a vendored copy. Raises VendorError."""
    try:
        found: dict[str, Any] = json.loads((target / NAME).read_text(encoding="utf-8"))
        if found.pop("format") != FORMAT:
            raise VendorError(f"{target} was vendored by another version of xmlwright")
        found["only"], found["parts"] = tuple(found["only"]), tuple(found["parts"])
        return Copy(**found)
    except FileNotFoundError:
        raise VendorError(f"{target} is no vendored copy: it has no {NAME}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VendorError(f"{target / NAME} cannot be read: {error}") from None


def touched(target: Path, copy: Copy) -> dict[str, str]:
    """Files of a copy that are not as they were vendored: path -> ``edited`` or ``missing``."""
    found: dict[str, str] = {}
    for path, expected in copy.files.items():
        try:
            actual = digest((target / path).read_bytes())
        except OSError:
            found[path] = "missing"
            continue
        if actual != expected:
            found[path] = "edited"
    return found


def write(target: Path, copy: Copy, files: Mapping[str, bytes], old: Copy | None) -> Outcome:
    """Put a copy in its place: a merge of what was vendored, what is there, and what is new, file by file.

    A file that was edited, or that is not ours, is kept. Where the new version of an edited file is another one too, that is a
    conflict: the new version is put beside it as ``FILE.new``, and counts from then on as what was vendored.

    Raises:
        PublishError: the folder cannot be written; it is as it was.
    """
    outcome = Outcome()
    known = old.files if old is not None else {}
    edited = touched(target, old) if old is not None else {}
    final: dict[str, bytes] = {}
    hashes: dict[str, str] = {}
    for path, content in files.items():
        present = _content(target / path)
        ours = path not in known or edited.get(path) == "edited"
        hashes[path] = digest(content)
        if present is None or not ours or present == content:
            final[path] = content
            if present != content:
                outcome.written.append(path)
        elif path not in known:
            del hashes[path]
            outcome.conflicts[path] = "in the way: a file of yours has this name"
        elif known[path] == hashes[path]:
            outcome.kept.append(path)
        else:
            outcome.conflicts[path] = (
                f"edited by hand, and changed since; the new one is {path}.new"
            )
            final[f"{path}.new"] = content
    for path in known:
        if path in files:
            continue
        if edited.get(path) == "edited":
            outcome.conflicts[path] = "edited by hand, and no longer needed: it is yours now"
        elif path not in edited:
            outcome.removed.append(path)
    manifest = dataclasses.replace(copy, files=dict(sorted(hashes.items())))
    text = json.dumps({"format": FORMAT, **dataclasses.asdict(manifest)}, indent=1) + "\n"
    target.parent.mkdir(parents=True, exist_ok=True)
    mine = {path for path in known if path not in outcome.conflicts and path not in outcome.kept}
    mine |= {path for path in final if path.endswith(".new")}
    with alone(target):
        publish(
            target, {**final, NAME: text.encode()}, {*mine, *({NAME} if old is not None else ())}
        )
    return outcome


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def check(target: Path, copy: Copy, files: Mapping[str, bytes]) -> Outcome:
    """Whether a copy is untouched (``conflicts``) and as it would be made now (``stale``). Writes nothing."""
    outcome = Outcome(conflicts=touched(target, copy))
    outcome.stale = sorted(
        path
        for path in {*files, *copy.files}
        if path not in files or copy.files.get(path) != digest(files[path])
    )
    return outcome
