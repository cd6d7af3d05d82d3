"""Patch: new fields put into the YAML files of a description as text, so that comments and layout stay."""

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
from .infer import Guess, Guesser
from .observations import ANSWER, REQUEST, Seen
from .yaml_text import quoted


@dataclass(frozen=True, slots=True)
class Proposal:
    """A field that the description should get."""

    file: str
    """Relative to the project."""
    record: str
    name: str
    guess: Guess
    places: tuple[str, ...]
    """Documents that show it."""
    access: str


def proposals(api: Api, seen: list[Seen]) -> tuple[list[Proposal], list[str]]:
    """Fields for everything that was seen, by record and name; and, as sentences, what is left to a person."""
    found: list[Proposal] = []
    told: list[str] = []
    guesser = Guesser(api)
    for item in seen:
        where = f"{'/'.join(item.path)} ({item.places[0]})"
        if item.record is None:
            told.append(f"{item.method}: unknown {where}")
            continue
        record = api.records[item.record]
        *outer, last = item.path
        other = _described(record, item.path)
        if other is not None:
            told.append(f"{record.name}.{other} is not described for {_direction(item)}: {where}")
            continue
        if outer and (last[0] in "@#" or _scalar(record, tuple(outer))):
            told.append(f"{record.name}: {where} stands in what is described as a scalar")
            continue
        made = guesser.guess(
            last.lstrip("@#"), item.texts, item.elements, item.record,
            inside=outer[-1] if outer else "", repeated=item.repeated,
        )  # fmt: skip
        keys = dict(made.keys)
        if last.startswith("@"):
            keys = {"attribute": quoted(last[1:]), **keys}
        elif last == "#text":
            keys = {"content": "true", **keys}
        name = _free(record, [*outer, last.lstrip("@#")])
        if "element" in keys:  # one field in an element of its own
            inner = keys["element"].strip('"')
            keys["element"] = quoted("/".join([*outer, inner]))
            name = _free(record, [*outer, *inner.split("/")[-2:]])
        elif outer or (name != last and last[0] not in "@#"):
            keys = {"element": quoted("/".join(item.path)), **keys}
        places = tuple(dict.fromkeys(item.places))
        found.append(
            Proposal(
                record.at.file, record.name, name, Guess(keys, made.records), places, _access(item)
            )
        )
    return sorted(found, key=lambda item: (item.file, item.record, item.name)), told


def _access(seen: Seen) -> str:
    if seen.directions == {REQUEST, ANSWER}:
        return "both"
    return "write" if seen.directions == {REQUEST} else "read"


def _direction(seen: Seen) -> str:
    return "requests" if REQUEST in seen.directions else "answers"


def _described(record: Record, path: tuple[str, ...]) -> str | None:
    """The field that has this place already, in the other direction."""
    for item in record.fields:
        if item.path[: len(path)] == path or (item.attribute and path == (f"@{item.attribute}",)):
            return item.name
    return None


def _scalar(record: Record, path: tuple[str, ...]) -> bool:
    return any(item.path == path and item.record is None for item in record.fields)


def _free(record: Record, path: list[str]) -> str:
    """A name that no field of the record has."""
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
    """The field as a line of YAML."""
    keys = dict(proposal.guess.keys)
    if proposal.access != "both":
        keys["access"] = proposal.access
    keys["provenance"] = "observed"
    shown = ", ".join(f"{name}: {value}" for name, value in keys.items())
    count = len(proposal.places)
    documents = "1 document" if count == 1 else f"{count} documents"
    return f'{quoted(proposal.name)}: {{{shown}, doc: "Seen in {documents}; say what it is."}}'


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
    """File -> its text before and after."""
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
    """The changes as a unified diff, which ``git apply`` takes."""
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
    """Write files: all of them, or none where one cannot be written. Raises OSError."""
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
    """The text of a file with a field more, and the records it needs; everything else in it stays as it is."""
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
    """The text of a YAML file with an entry more in the mapping at ``path``, whose last key may be missing."""
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
    if not node.entries:  # nothing stands behind the key yet
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
