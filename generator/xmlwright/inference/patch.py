"""Patches that add fields to YAML files; comments and layout stay."""

from __future__ import annotations

import difflib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..diagnostics import DescriptionError, Diagnostics
from ..diff import revisions
from ..ir import Api, Record
from ..schema.nodes import Node, SourceFile, parse, read_file
from ..settings import Settings
from .infer import FieldGuess, FieldGuesser
from .observations import REQUEST, RESPONSE, Observation
from .yaml_text import quoted


@dataclass(frozen=True, slots=True)
class Proposal:
    """A field to be added to the description."""

    file: str
    """Relative to the project."""
    record: str
    name: str
    guess: FieldGuess
    places: tuple[str, ...]
    """Documents that have it."""
    access: str


def proposals(api: Api, seen: list[Observation]) -> tuple[list[Proposal], list[str]]:
    """Return fields for observations, sorted, and messages about those to be described by hand."""
    found: list[Proposal] = []
    notes: list[str] = []
    guesser = FieldGuesser(api)
    for item in seen:
        where = f"{'/'.join(item.path)} ({item.places[0]})"
        if item.record is None:
            notes.append(f"{item.method}: unknown {where}")
            continue
        record = api.records[item.record]
        *outer, last = item.path
        other = _described(record, item.path)
        if other is not None:
            notes.append(f"{record.name}.{other} is not described for {_direction(item)}: {where}")
            continue
        if outer and last[0] != "@" and (last[0] == "#" or _scalar(record, tuple(outer))):
            notes.append(f"{record.name}: {where} is inside a scalar")
            continue
        made = guesser.guess(
            last.lstrip("@#"), item.texts, item.elements, item.record,
            inside=outer[-1] if outer else "", repeated=item.repeated,
        )  # fmt: skip
        keys = dict(made.keys)
        name = _free(record, [*outer, last.lstrip("@#")])
        if last[0] in "@#":
            place = [*outer, *([last] if last[0] == "@" else [])]
            keys = {"at": quoted("/".join(place) or "."), **keys}
        elif "at" in keys:  # one field in an element inside
            inner = keys["at"].strip('"')
            keys["at"] = quoted("/".join([*outer, inner]))
            name = _free(record, [*outer, *inner.split("/")[-2:]])
        elif outer or name != last:
            keys = {"at": quoted("/".join(item.path)), **keys}
        places = tuple(dict.fromkeys(item.places))
        found.append(
            Proposal(
                record.at.file,
                record.name,
                name,
                FieldGuess(keys, made.records),
                places,
                _access(item),
            )
        )
    return sorted(found, key=lambda item: (item.file, item.record, item.name)), notes


def _access(seen: Observation) -> str:
    if seen.directions == {REQUEST, RESPONSE}:
        return "both"
    return "write" if seen.directions == {REQUEST} else "read"


def _direction(seen: Observation) -> str:
    return "requests" if REQUEST in seen.directions else "responses"


def _described(record: Record, path: tuple[str, ...]) -> str | None:
    """Return the field with this path, which has the other direction."""
    for item in record.fields:
        if item.path[: len(path)] == path or (item.attribute and path == (f"@{item.attribute}",)):
            return item.name
    return None


def _scalar(record: Record, path: tuple[str, ...]) -> bool:
    return any(item.path == path and item.record is None for item in record.fields)


def _free(record: Record, path: list[str]) -> str:
    """Return a name that is free in the record."""
    taken = {item.name for item in record.fields} | {item.python for item in record.fields}
    for start in range(len(path) - 1, -1, -1):
        name = "_".join(path[start:])
        if name not in taken:
            return name
    number = 2
    while f"{path[-1]}{number}" in taken:
        number += 1
    return f"{path[-1]}{number}"


def line_of(proposal: Proposal) -> str:
    """Return the field as a line of YAML."""
    keys = dict(proposal.guess.keys)
    if proposal.access != "both":
        keys["access"] = proposal.access
    keys["provenance"] = "observed"
    shown = ", ".join(f"{name}: {value}" for name, value in keys.items())
    count = len(proposal.places)
    documents = "1 document" if count == 1 else f"{count} documents"
    return (
        f'{quoted(proposal.name)}: {{{shown}, doc: "Observation in {documents}; say what it is."}}'
    )


def applicable(settings: Settings, found: list[Proposal]) -> tuple[list[Proposal], list[Proposal]]:
    """Divide proposals into those that leave the description valid and those that do not."""
    if not found or _valid(settings, patched(settings, found)):
        return found, []
    if len(found) == 1:
        return [], found
    half = len(found) // 2
    left, refused = applicable(settings, found[:half])
    right, also_refused = applicable(settings, found[half:])
    if left and right and not _valid(settings, patched(settings, left + right)):
        return left, refused + also_refused + right
    return left + right, refused + also_refused


def _valid(settings: Settings, files: Mapping[Path, tuple[str, str]]) -> bool:
    with tempfile.TemporaryDirectory(prefix="xmlwright-drift-") as folder:
        copy = Path(folder) / settings.schema.name
        shutil.copytree(settings.schema, copy)
        for path, (_, after) in files.items():
            (copy / path.relative_to(settings.schema)).write_text(after, encoding="utf-8")
        try:
            revisions.load(str(copy), settings)
        except (DescriptionError, revisions.RevisionError):
            return False
    return True


def patched(settings: Settings, found: list[Proposal]) -> dict[Path, tuple[str, str]]:
    """Return file -> its text before and after."""
    files: dict[Path, tuple[str, str]] = {}
    for proposal in found:
        path = settings.root / proposal.file
        before, text = files.get(path, ("", ""))
        if not text:
            source = read_file(path, proposal.file, Diagnostics())
            before = text = source.text if source is not None else ""
        files[path] = (before, with_field(text, proposal))
    return files


def unified(files: Mapping[Path, tuple[str, str]], root: Path) -> str:
    """Return the changes as a unified diff for ``git apply``."""
    lines: list[str] = []
    for path, (before, after) in sorted(files.items()):
        name = path.relative_to(root).as_posix()
        lines += difflib.unified_diff(
            before.splitlines(keepends=True),
            after.splitlines(keepends=True),
            f"a/{name}",
            f"b/{name}",
        )
    return "".join(lines)


def save(texts: Mapping[Path, str]) -> None:
    """Write all files or none.

    Raises:
        OSError: A file cannot be written.
    """
    ready: list[tuple[str, Path]] = []
    try:
        for path, text in texts.items():
            with tempfile.NamedTemporaryFile(
                dir=path.parent, prefix=f".{path.name}.", delete=False
            ) as file:
                ready.append((file.name, path))
                file.write(text.encode())
            shutil.copymode(path, file.name)
        while ready:
            os.replace(*ready[0])
            del ready[0]
    finally:
        for name, _ in ready:
            os.unlink(name)


def with_field(text: str, proposal: Proposal) -> str:
    """Return the text of a file with a field and the records that it needs added."""
    text = _with_entry(
        text, proposal.file, ("records", proposal.record, "fields"), line_of(proposal)
    )
    for name, members in proposal.guess.records.items():
        fields: list[str] = []
        for member, keys in members.items():
            shown = ", ".join(f"{key}: {value}" for key, value in keys.items())
            access = "" if proposal.access == "both" else f", access: {proposal.access}"
            fields.append(f'{quoted(member)}: {{{shown}{access}, doc: "Say what it is."}}')
        entry = f'{name}:\n  doc: "Say what it is."\n  fields:\n' + "".join(
            f"    {line}\n" for line in fields
        )
        flow = f'{name}: {{doc: "Say what it is.", fields: {{{", ".join(fields)}}}}}'
        text = _with_entry(text, proposal.file, ("records",), entry, flow)
    return text


def _with_entry(text: str, file: str, path: tuple[str, ...], entry: str, flow: str = "") -> str:
    """Return YAML text with an entry added to the mapping at ``path``, whose last key may be missing."""
    node = parse(SourceFile(file, text), Diagnostics())
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    above: Node | None = None
    for depth, key in enumerate(path):
        inner = node.get(key) if node is not None else None
        if inner is None and depth == len(path) - 1 and node is not None:
            entry = f"{key}:\n" + "".join(f"  {line}\n" for line in entry.splitlines())
            flow = f"{key}: {{{flow or entry.splitlines()[1].strip()}}}"
            break
        above = next((name for name, _ in node.entries if name.text == key), None) if node else None
        node = inner
    if node is None:
        return text
    line, column = node.position.line - 1, node.position.column - 1
    if lines[line][column : column + 1] == "{":
        more = ", " if node.entries else ""
        start, rest = lines[line][: column + 1], lines[line][column + 1 :]
        lines[line] = f"{start}{flow or entry.strip()}{more}{rest}"
        return "".join(lines)
    if not node.entries:  # the key has no value yet
        if node.kind != "null" or above is None:
            return text
        indent = " " * (above.position.column + 1)
        at = above.position.line
        lines[at:at] = [f"{indent}{one}\n" for one in entry.splitlines()]
        return "".join(lines)
    last = node.entries[-1][0].position
    at = last.line
    while at < len(lines) and (not lines[at].strip() or _indent(lines[at]) >= last.column):
        at += 1
    while at > last.line and not lines[at - 1].strip():
        at -= 1
    indent = " " * (last.column - 1)
    lines[at:at] = [f"{indent}{one}\n" for one in entry.splitlines()]
    return "".join(lines)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
