"""Patch: new fields put into the YAML files of a description as text, so that comments and layout stay."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .diagnostics import Diagnostics
from .evidence import Seen
from .infer import Guess, guess
from .model import Api
from .settings import Settings
from .source import Node, parse, read_file


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


def proposals(api: Api, seen: list[Seen]) -> list[Proposal]:
    """Fields for everything that was seen, by record and name. Unknown arguments of a method are left to a person."""
    found: list[Proposal] = []
    for item in seen:
        if item.record is None:
            continue
        record = api.records[item.record]
        *_, last = item.path
        made = guess(last, item.texts, item.elements, api, record.name, request=item.request)
        keys = dict(made.keys)
        if len(item.path) > 1:
            keys["element"] = "/".join(item.path)
        access = "write" if item.request else "read"
        places = tuple(dict.fromkeys(item.places))
        found.append(
            Proposal(
                record.at.file,
                record.name,
                last,
                Guess(keys, made.records),
                places,
                access,
            )
        )
    return sorted(found, key=lambda item: (item.file, item.record, item.name))


def line_of(proposal: Proposal) -> str:
    """The field as a line of YAML."""
    keys = {**proposal.guess.keys, "access": proposal.access, "provenance": "observed"}
    shown = ", ".join(f"{name}: {value}" for name, value in keys.items())
    return f'{proposal.name}: {{{shown}, doc: "Seen in {len(proposal.places)} documents; say what it is."}}'


def patched(settings: Settings, found: list[Proposal]) -> dict[Path, tuple[str, str]]:
    """File -> its text before and after."""
    files: dict[Path, tuple[str, str]] = {}
    for proposal in found:
        path = settings.root / proposal.file
        before, text = files.get(path, ("", ""))
        if not text:
            source = read_file(path, proposal.file, Diagnostics())
            before = text = source.text if source is not None else ""
        files[path] = (before, _with(text, proposal))
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


def _with(text: str, proposal: Proposal) -> str:
    from .source import SourceFile

    root = parse(SourceFile(proposal.file, text), Diagnostics())
    assert root is not None
    records = root.get("records")
    record = records.get(proposal.record) if records is not None else None
    lines = text.splitlines(keepends=True)
    if record is None or records is None:
        return text
    fields = record.get("fields")
    new = [line_of(proposal)]
    if fields is None or not fields.entries:
        indent = " " * (record.position.column - 1)
        inner = indent + "  "
        insert = [f"{indent}fields:\n", *(f"{inner}{line}\n" for line in new)]
        at = _end(record)
    else:
        indent = " " * (fields.entries[0][0].position.column - 1)
        insert = [f"{indent}{line}\n" for line in new]
        at = _end(fields)
    lines[at:at] = insert
    for name, members in proposal.guess.records.items():
        place = " " * (records.entries[0][0].position.column - 1)
        block = [f"{place}{name}:\n", f'{place}  doc: "Say what it is."\n', f"{place}  fields:\n"]
        for member, keys in members.items():
            shown = ", ".join(f"{key}: {value}" for key, value in keys.items())
            block.append(f"{place}    {member}: {{{shown}, access: {proposal.access}}}\n")
        end = _end(records) + len(insert)
        lines[end:end] = block
    return "".join(lines)


def _end(node: Node) -> int:
    """Index of the line after a node's last one."""
    last = node.position.line
    for item in node.items:
        last = max(last, _end(item))
    for key, value in node.entries:
        last = max(last, key.position.line, _end(value))
    return last
