"""Diagnostics as text for people, JSON for programs, SARIF for code-scanning services."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from . import RULES, Diagnostic, Position

Style = Callable[[str, str], str]
"""(text, role) -> text in color; roles: error, place, rule, note, help."""


def plain_style(text: str, role: str) -> str:
    """Return a text without color."""
    return text


def as_text(found: Iterable[Diagnostic], root: Path, style: Style = plain_style) -> str:
    """Return each problem with its line, a caret, related positions and a suggestion."""
    lines: list[str] = []
    sources: dict[str, list[str]] = {}
    for item in found:
        head = f"{style(str(item.position), 'place')}: {style('error', 'error')}: {item.message}"
        lines.append(f"{head} {style(f'[{item.rule}]', 'rule')}")
        lines.extend(_excerpt(item.position, root, sources, style))
        if item.suggestion is not None:
            lines.append(f"  {style('help', 'help')}: did you mean {item.suggestion!r}?")
        for other in item.related:
            lines.append(
                f"  {style('note', 'note')}: {style(str(other.position), 'place')}: {other.message}"
            )
    return "\n".join(lines)


def _excerpt(
    position: Position, root: Path, sources: dict[str, list[str]], style: Style
) -> list[str]:
    if position.file not in sources:
        try:
            text = (root / position.file).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            text = ""
        sources[position.file] = text.splitlines()
    lines = sources[position.file]
    if not 0 < position.line <= len(lines):
        return []
    line = lines[position.line - 1]
    start = max(0, position.column - 60) if len(line) > 110 else 0
    shown = line[start : start + 110]
    number = f"{position.line:>5} | "
    return [number + shown, " " * (len(number) + position.column - 1 - start) + style("^", "error")]


def as_json(found: Iterable[Diagnostic]) -> str:
    """Return a JSON list of objects; lines and columns count from 1."""
    return json.dumps([as_object(item) for item in found], indent=2, ensure_ascii=False)


def as_object(item: Diagnostic) -> dict[str, Any]:
    """Return one problem as a JSON object."""
    return {
        "rule": item.rule,
        "message": item.message,
        **_place(item.position),
        "suggestion": item.suggestion,
        "related": [{"message": other.message, **_place(other.position)} for other in item.related],
    }


def _place(position: Position) -> dict[str, Any]:
    return {"file": position.file, "line": position.line, "column": position.column}


def annotation(title: str, message: str, file: str, line: int, column: int = 0) -> str:
    """Return an error as a workflow command, which GitHub shows beside the line.

    See https://docs.github.com/actions/reference/workflow-commands.
    """
    place = f"file={_escaped(file)},line={line}" + (f",col={column}" if column else "")
    return f"::error {place},title={_escaped(title)}::{_escaped(message, value=True)}"


def _escaped(text: str, *, value: bool = False) -> str:
    for char, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(char, code)
    return text if value else text.replace(":", "%3A").replace(",", "%2C")


def as_github(found: Iterable[Diagnostic]) -> str:
    """Return a workflow command for each problem."""
    return "\n".join(
        annotation(item.rule, _with_hint(item), *_spot(item.position)) for item in found
    )


def _spot(at: Position) -> tuple[str, int, int]:
    return at.file, at.line, at.column


def result_of_check(files: list[dict[str, Any]], problems: Iterable[Diagnostic]) -> str:
    """Return the result of ``check`` as JSON.

    ``problems`` are those of a description that cannot be built.
    """
    objects = [as_object(item) for item in problems]
    value = {
        "format": 1,
        "up_to_date": not files and not objects,
        "files": files,
        "problems": objects,
    }
    return json.dumps(value, indent=2, ensure_ascii=False)


def as_sarif(found: Iterable[Diagnostic]) -> str:
    """Return the problems as SARIF 2.1.0."""
    from .. import __version__

    results = [
        {
            "ruleId": item.rule,
            "level": "error",
            "message": {"text": _with_hint(item)},
            "locations": [_location(item.position)],
            "relatedLocations": [
                {**_location(other.position), "message": {"text": other.message}}
                for other in item.related
            ],
        }
        for item in found
    ]
    rules = [{"id": name, "shortDescription": {"text": text}} for name, text in RULES.items()]
    driver = {"name": "xmlwright", "version": __version__, "rules": rules}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return json.dumps(log, indent=2, ensure_ascii=False)


def _with_hint(item: Diagnostic) -> str:
    return item.message + (f" (did you mean {item.suggestion!r}?)" if item.suggestion else "")


def _location(position: Position) -> dict[str, Any]:
    region = {"startLine": position.line, "startColumn": position.column}
    return {"physicalLocation": {"artifactLocation": {"uri": position.file}, "region": region}}
