"""Vendor: a copy of part of the client for a project of its own, that can prove it is unmodified and be updated."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .formatting import FormatCache, format_files
from .formatting_version import cache_version
from .manifest import digest
from .model import Api
from .publish import alone, publish
from .render import Rendered, package_path, render
from .select import select
from .settings import Settings

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
    origin: str
    """Name and version of the client it is a copy of."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path below the package -> hash."""


@dataclass(slots=True)
class Outcome:
    """What was found or done, as paths below the package."""

    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    conflicts: dict[str, str] = field(default_factory=dict)
    """Path -> why it was kept: edited, in the way, missing."""
    stale: list[str] = field(default_factory=list)
    """Files that a newer description would change."""


def contents(api: Api, settings: Settings, copy: Copy) -> dict[str, bytes]:
    """Every file of a copy.

    Raises:
        SelectionError: a resource or method does not exist.
    """
    part = select(api, copy.only) if copy.only else api
    inside = package_path(api)
    renamed = dataclasses.replace(part, names=dataclasses.replace(part.names, package=copy.package))
    chosen: list[Rendered] = []
    # The package itself is rendered under its own name, which is what it calls itself on the wire and in logs.
    for item in render(part, settings.templates):
        if item.path.startswith(f"{inside}/"):
            chosen.append(dataclasses.replace(item, path=item.path.removeprefix(f"{inside}/")))
        elif item.path == "LICENSE":
            chosen.append(item)
    if copy.tests:
        chosen.extend(
            item for item in render(renamed, settings.templates) if item.path.startswith("tests/")
        )
    cache = FormatCache(settings.cache / "vendor", cache_version())
    texts = format_files(chosen, cache)
    header = f"# Vendored from {copy.origin} (MIT) by xmlwright. Do not edit: `xmlwright vendor --update` replaces it.\n"
    return {
        path: ((header if path.endswith(".py") else "") + text).encode()
        for path, text in texts.items()
    }


def plan(api: Api, only: tuple[str, ...], package: str, tests: bool) -> Copy:
    """The copy that is wanted, without its files."""
    return Copy(
        tuple(sorted(set(only))), package, tests, f"{api.names.distribution} {api.names.version}"
    )


def load(target: Path) -> Copy:
    """The manifest of a vendored copy. Raises VendorError."""
    try:
        found: dict[str, Any] = json.loads((target / NAME).read_text(encoding="utf-8"))
        if found.pop("format") != FORMAT:
            raise VendorError(f"{target} was vendored by another version of xmlwright")
        found["only"] = tuple(found["only"])
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
    """Put a copy in its place. A file that was edited, or that is not ours, is kept and told.

    Raises:
        PublishError: the folder cannot be written; it is as it was.
    """
    outcome = Outcome()
    edited = touched(target, old) if old is not None else {}
    known = old.files if old is not None else {}
    final: dict[str, bytes] = {}
    for path, content in files.items():
        present = target / path
        if edited.get(path) == "edited" and present.read_bytes() != content:
            outcome.conflicts[path] = "edited by hand"
            continue
        if path not in known and present.exists() and present.read_bytes() != content:
            outcome.conflicts[path] = "in the way: a file of yours has this name"
            continue
        final[path] = content
        if not present.exists() or present.read_bytes() != content:
            outcome.written.append(path)
    for path in known:
        if path in files:
            continue
        if edited.get(path) == "edited":
            outcome.conflicts[path] = "edited by hand, and no longer needed"
        elif path not in edited:
            outcome.removed.append(path)
    hashes = {path: digest(content) for path, content in final.items()}
    hashes.update({path: known[path] for path in outcome.conflicts if path in known})
    manifest = dataclasses.replace(copy, files=dict(sorted(hashes.items())))
    text = json.dumps({"format": FORMAT, **dataclasses.asdict(manifest)}, indent=1) + "\n"
    target.parent.mkdir(parents=True, exist_ok=True)
    mine = {path for path in known if path not in outcome.conflicts}
    with alone(target):
        publish(
            target, {**final, NAME: text.encode()}, {*mine, *({NAME} if old is not None else ())}
        )
    return outcome


def check(target: Path, api: Api, settings: Settings) -> Outcome:
    """Whether a copy is untouched (``conflicts``) and the newest (``stale``). Writes nothing. Raises VendorError."""
    copy = load(target)
    outcome = Outcome(conflicts=touched(target, copy))
    fresh = plan(api, copy.only, copy.package, copy.tests)
    files = contents(api, settings, fresh)
    outcome.stale = sorted(
        path
        for path in {*files, *copy.files}
        if path not in files or copy.files.get(path) != digest(files[path])
    )
    return outcome
