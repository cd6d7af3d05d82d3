"""Vendored copies: making, checking and updating a copy of the client, or of a part of it, in another project."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .. import __version__
from ..diagnostics import nearest
from ..pipeline import cache
from ..pipeline.manifest import digest
from ..pipeline.publish import alone, publish
from ..settings import Settings
from .features import FEATURES, Choice, choose, with_needs
from .merge import MergeError, has_conflict, merge

if TYPE_CHECKING:
    from ..ir import Api
    from ..render.renderer import Rendered

NAME: Final = ".xmlwright-vendored.json"
BASE: Final = ".xmlwright-vendored.zip"
"""The files as they were vendored, which a later update merges edits with."""
FORMAT: Final = 2
ATTRIBUTES: Final = f"*.py text\n{NAME} text\n{BASE} binary\n"
_HEADER: Final = (
    f"# Vendored by xmlwright ({NAME} has the version); `xmlwright vendor` merges edits.\n"
)


class VendorError(Exception):
    """A folder is not a vendored copy, or cannot become one."""


class ChoiceError(Exception):
    """A feature does not exist."""


@dataclass(frozen=True, slots=True)
class Copy:
    """The choice that a copy was made with, and its files."""

    only: tuple[str, ...]
    """Resources and methods; empty for all."""
    package: str
    """Import name, used by the tests of the copy."""
    tests: bool
    features: tuple[str, ...]
    """Features of the client that are in it."""
    client: str = ""
    """Name and version of the client."""
    description: str = ""
    """Hash of the description that it was made from."""
    generator: str = ""
    """Version of xmlwright that made it."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path below the package -> hash as it was vendored."""
    edits: Mapping[str, str] = field(default_factory=dict)
    """Path below the package -> hash of an accepted edit."""


@dataclass(slots=True)
class Outcome:
    """The result of a check or an update, as paths below the package."""

    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Edited files without a new version."""
    merged: list[str] = field(default_factory=list)
    """Edited files that their new version was merged into."""
    conflicts: dict[str, str] = field(default_factory=dict)
    """Path -> why it could not be updated, or how it differs from what was vendored."""
    stale: list[str] = field(default_factory=list)
    """Files that a newer description would change."""


def contents(api: Api, settings: Settings, wanted: Copy) -> tuple[Copy, dict[str, bytes]]:
    """Return a copy with its origin, and all its files.

    Raises:
        SelectionError: A resource or method does not exist.
        VendorError: A template is invalid.
    """
    from ..export.bundle import dump
    from ..render.formatter_version import cache_version
    from ..render.formatting import FormatCache, FormatError, format_files
    from ..render.renderer import TemplateError
    from .selection import select

    formatted = FormatCache(settings.cache / "vendor", cache_version())
    try:
        part = select(api, wanted.only) if wanted.only else api
        choice = choose(_package(part, settings, {}), wanted.features)
        options = {name: f"--with {feature}" for name, feature in choice.left_out.items()}
        present = {module.name for module in part.resources}
        for module in api.resources:
            if module.name not in present:
                options[module.python] = f"--only {','.join([*wanted.only, module.name])}"
        final = choose(_package(part, settings, options), choice.features)
        copy = dataclasses.replace(
            wanted,
            features=final.features,
            client=f"{api.names.distribution} {api.names.version}",
            description=digest(dump(part).encode())[:16],
            generator=__version__,
        )
        rendered = [*_rendered(final), *(_tests(part, settings, copy) if copy.tests else ())]
        texts = format_files(rendered, formatted)
    except (TemplateError, FormatError) as error:
        raise VendorError(str(error)) from None
    return copy, {
        path: ((_HEADER if path.endswith(".py") else "") + text).encode()
        for path, text in texts.items()
    }


def _package(part: Api, settings: Settings, left_out: Mapping[str, str]) -> dict[str, str]:
    """Return the files of the package under its own name, which it calls itself on the wire."""
    from ..render.renderer import package_path, render

    inside = f"{package_path(part)}/"
    return {
        item.path.removeprefix(inside): item.text
        for item in render(part, settings.templates, left_out=left_out)
        if item.path.startswith(inside) or item.path == "LICENSE"
    }


def _rendered(choice: Choice) -> Iterator[Rendered]:
    from ..render.renderer import Rendered

    for path, text in choice.files.items():
        yield Rendered(path, text, path.endswith(".py"))


def _tests(part: Api, settings: Settings, copy: Copy) -> Iterator[Rendered]:
    """Yield the tests of the cases, and with all features also those of the whole API."""
    from ..render.renderer import render

    renamed = dataclasses.replace(part, names=dataclasses.replace(part.names, package=copy.package))
    complete = set(copy.features) == set(FEATURES)
    of_cases = {f"tests/test_{module.name}.py" for module in part.resources}
    for item in render(renamed, settings.templates):
        if item.path.startswith("tests/") and (complete or item.path in of_cases):
            yield item


def cached_contents(
    settings: Settings, wanted: Copy, describe: Callable[[], Api], key: str | None
) -> tuple[Copy, dict[str, bytes]]:
    """Return :func:`contents`, from the cache if ``key``, which stands for all inputs, has an entry.

    Raises:
        SelectionError, VendorError: As for :func:`contents`.
    """
    facts = json.dumps([key, dataclasses.asdict(wanted)], sort_keys=True)
    entry = digest(facts.encode())[:32]
    known = cache.load(settings, "copies", entry) if key is not None else None
    if isinstance(known, dict):
        files: dict[str, str] = known["files"]
        return _copy(known["copy"]), {path: text.encode() for path, text in files.items()}
    copy, made = contents(describe(), settings, wanted)
    if key is not None:
        texts = {path: content.decode() for path, content in made.items()}
        cache.save(settings, "copies", entry, {"copy": dataclasses.asdict(copy), "files": texts})
    return copy, made


def plan(
    package: str,
    old: Copy | None = None,
    *,
    only: Iterable[str] = (),
    tests: bool = False,
    added: Iterable[str] | None = None,
    removed: Iterable[str] = (),
) -> Copy:
    """Return the choice of a copy, without its files.

    Args:
        package: Import name of the copy.
        old: The copy that is updated; what is not given is taken from it.
        only: Resources and methods; they replace those of the old copy.
        tests: Whether the copy has the tests of the cases.
        added: Features; by default all for a copy of everything, and none for a part.
        removed: Features to leave out.

    Raises:
        ChoiceError: A feature does not exist.
    """
    chosen = tuple(sorted(set(only))) or (old.only if old is not None else ())
    tests = tests or (old is not None and old.tests)
    wanted = {*(old.features if old is not None else ()), *(added or ())}
    if old is None and added is None and not chosen:
        wanted = {"all"}
    excluded = set(removed)
    for name in sorted(excluded | wanted - {"all"} - set(FEATURES)):
        if name not in FEATURES:
            near = nearest(name, FEATURES)
            hint = f"did you mean {near!r}?" if near else f"use {', '.join(FEATURES)} or all"
            raise ChoiceError(f"the client has no feature {name!r}; {hint}")
    features = [name for name in with_needs(wanted) if excluded.isdisjoint(with_needs([name]))]
    return Copy(chosen, package, tests, with_needs([*features, *(["testing"] if tests else [])]))


def load(target: Path) -> Copy:
    """Return the copy that a folder holds.

    Raises:
        VendorError: The folder has no readable manifest.
    """
    try:
        found: dict[str, Any] = json.loads((target / NAME).read_text(encoding="utf-8-sig"))
        if found.pop("format") != FORMAT:
            raise VendorError(
                f"{target} was vendored by another version of xmlwright; remove it and vendor again"
            )
        return _copy(found)
    except FileNotFoundError:
        raise VendorError(f"{target} is not a vendored copy: it has no {NAME}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise VendorError(f"{target / NAME} cannot be read: {error}") from None


def _copy(found: dict[str, Any]) -> Copy:
    only, features = tuple(found["only"]), tuple(found["features"])
    return Copy(**{**found, "only": only, "features": features})


def _folded(content: bytes) -> bytes:
    """Return a text with its line ends as they were vendored, whatever git made of them."""
    return content.replace(b"\r\n", b"\n")


def _hash(content: bytes) -> str:
    return digest(_folded(content))


def touched(target: Path, copy: Copy) -> dict[str, str]:
    """Return the files of a copy that are not as they were vendored: path -> ``edited`` or ``missing``."""
    found: dict[str, str] = {}
    for path, expected in copy.files.items():
        content = _content(target / path)
        if content is None:
            found[path] = "missing"
        elif _hash(content) != expected:
            found[path] = "edited"
    return found


def _unresolved(target: Path, paths: Iterable[str]) -> list[str]:
    """Return the files that still have conflict markers."""
    return [
        path
        for path in paths
        if has_conflict((_content(target / path) or b"").decode("utf-8", "replace"))
    ]


_UNMERGED: Final = "unmerged; resolve the marked conflict, then run --update again"


def write(target: Path, copy: Copy, files: Mapping[str, bytes], old: Copy | None) -> Outcome:
    """Write a copy; changes between the old and the new version are merged into edited files.

    Files that were not vendored are never touched.

    Raises:
        PublishError: The folder cannot be written; it is unchanged.
    """
    outcome = Outcome()
    known = old.files if old is not None else {}
    edited = touched(target, old) if old is not None else {}
    unresolved = _unresolved(target, [path for path, state in edited.items() if state == "edited"])
    if unresolved:
        outcome.conflicts = dict.fromkeys(unresolved, _UNMERGED)
        return outcome
    bases = _bases(target)
    final: dict[str, bytes] = {}
    hashes: dict[str, str] = {}
    for path, content in files.items():
        present = _content(target / path)
        hashes[path] = _hash(content)
        if present is not None and _hash(present) == hashes[path]:
            final[path] = present
        elif present is None or (path in known and edited.get(path) != "edited"):
            final[path] = content
            outcome.written.append(path)
        elif path not in known:
            del hashes[path]
            outcome.conflicts[path] = "a file of yours has this name; rename it and update again"
        elif known[path] == hashes[path]:
            outcome.kept.append(path)
        else:
            final[path] = _merged(path, present, bases.get(path), content, outcome)
    for path in known:
        if path in files:
            continue
        if edited.get(path) == "edited":
            outcome.conflicts[path] = "edited, and no longer part of the copy; it is your file now"
        elif path not in edited:
            outcome.removed.append(path)
    accepted = {
        path: value
        for path, value in (old.edits if old is not None else {}).items()
        if path in outcome.kept
    }
    manifest = dataclasses.replace(copy, files=dict(sorted(hashes.items())), edits=accepted)
    vendored = {path: content for path, content in files.items() if path in hashes}
    final |= {NAME: _dump(manifest), BASE: _zip(vendored), ".gitattributes": ATTRIBUTES.encode()}
    own = {path for path in known if path not in outcome.conflicts and path not in outcome.kept}
    own |= {path for path in final if path in known}
    if old is not None:
        own |= {NAME, BASE, ".gitattributes"}
    elif (target / ".gitattributes").exists():
        del final[".gitattributes"]
    target.parent.mkdir(parents=True, exist_ok=True)
    with alone(target):
        publish(target, final, own)
    return outcome


def _merged(path: str, present: bytes, base: bytes | None, new: bytes, outcome: Outcome) -> bytes:
    """Return an edited file with its new version merged in."""
    ends = b"\r\n" if b"\r\n" in present else b"\n"
    try:
        if base is None:
            raise MergeError(f"{BASE} is missing")
        text, conflict = merge(_folded(present).decode(), base.decode(), new.decode())
    except (MergeError, UnicodeDecodeError) as error:
        outcome.conflicts[path] = f"edited, and cannot be merged: {error}"
        return present
    if conflict:
        outcome.conflicts[path] = _UNMERGED
    else:
        outcome.merged.append(path)
    return text.encode().replace(b"\n", ends)


def accept(target: Path, copy: Copy) -> list[str]:
    """Record the present edits as accepted, so that a check passes. Return the edited paths.

    Raises:
        VendorError: An edited file has conflict markers.
        PublishError: The folder cannot be written.
    """
    edited = [path for path, state in touched(target, copy).items() if state == "edited"]
    unresolved = _unresolved(target, edited)
    if unresolved:
        raise VendorError(f"{target / unresolved[0]}: {_UNMERGED}")
    hashes = {path: _hash((target / path).read_bytes()) for path in edited}
    manifest = dataclasses.replace(copy, edits=hashes)
    kept = {path: _content(target / path) for path in (*copy.files, BASE, ".gitattributes")}
    present = {path: content for path, content in kept.items() if content is not None}
    with alone(target):
        publish(target, {**present, NAME: _dump(manifest)}, {*present, NAME})
    return edited


def check(target: Path, copy: Copy, files: Mapping[str, bytes]) -> Outcome:
    """Compare a copy with what was vendored (``conflicts``) and with what would be vendored now (``stale``)."""
    found = touched(target, copy)
    outcome = Outcome()
    for path, state in found.items():
        if state == "edited" and _unresolved(target, [path]):
            outcome.conflicts[path] = _UNMERGED
        elif state == "edited" and copy.edits.get(path) == _hash((target / path).read_bytes()):
            outcome.kept.append(path)
        else:
            outcome.conflicts[path] = state
    outcome.stale = sorted(
        path
        for path in {*files, *copy.files}
        if path not in files or copy.files.get(path) != _hash(files[path])
    )
    return outcome


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _dump(copy: Copy) -> bytes:
    return (json.dumps({"format": FORMAT, **dataclasses.asdict(copy)}, indent=1) + "\n").encode()


def _zip(files: Mapping[str, bytes]) -> bytes:
    """Return an archive that depends on nothing but the files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            entry = zipfile.ZipInfo(path)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            archive.writestr(entry, content)
    return buffer.getvalue()


def _bases(target: Path) -> dict[str, bytes]:
    """Return the files as they were vendored; empty if the archive is missing or damaged."""
    try:
        with zipfile.ZipFile(target / BASE) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile):
        return {}
