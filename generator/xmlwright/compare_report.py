"""A comparison as text, JSON, a section of a changelog, annotations; and the lines of a user's program that it breaks."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from .compare_rules import ORDER, Change, suggested
from .model import Api

Style = Callable[[str, str], str]

_HEADINGS: Final = {
    "breaking": "Breaking",
    "risky": "Risky",
    "safe": "Added or loosened",
    "none": "Without effect on users",
}


def _sorted(changes: list[Change]) -> list[Change]:
    return sorted(
        changes, key=lambda change: (-ORDER.index(change.verdict), change.what, change.rule)
    )


def as_text(changes: list[Change], allowed: Mapping[str, str], version: str, style: Style) -> str:
    """Changes by verdict, the worst first, with both places and the fingerprint; then the verdict."""
    lines: list[str] = []
    last = None
    for change in _sorted(changes):
        if change.verdict != last:
            last = change.verdict
            lines += ["", style(_HEADINGS[last], last)] if lines else [style(_HEADINGS[last], last)]
        lines.append(
            f"  {change.what}: {change.message}  [{change.rule}; wire {change.wire}, python {change.python};"
            f" {change.fingerprint}]"
        )
        places = [f"{name} {at}" for name, at in (("old", change.old), ("new", change.new)) if at]
        if places:
            lines.append(f"      {', '.join(places)}")
        if change.fingerprint in allowed:
            lines.append(f"      allowed: {allowed[change.fingerprint]}")
    counts = [
        f"{count} {verdict}"
        for verdict in reversed(ORDER)
        if (count := sum(change.verdict == verdict for change in changes))
    ]
    if not changes:
        return "nothing changed"
    lines += ["", f"{', '.join(counts)}; version {version} -> {suggested(version, changes)}"]
    return "\n".join(lines)


def as_json(changes: list[Change], allowed: Mapping[str, str], version: str) -> str:
    """Everything of every change."""
    value = {
        "version": version,
        "suggested": suggested(version, changes),
        "changes": [
            {
                "rule": change.rule,
                "what": change.what,
                "message": change.message,
                "wire": change.wire,
                "python": change.python,
                "verdict": change.verdict,
                "old": str(change.old) if change.old else None,
                "new": str(change.new) if change.new else None,
                "fingerprint": change.fingerprint,
                "allowed": allowed.get(change.fingerprint),
            }
            for change in _sorted(changes)
        ],
    }
    return json.dumps(value, indent=2, ensure_ascii=False)


def as_changelog(changes: list[Change], version: str) -> str:
    """A section that can be pasted into a changelog."""
    lines = [f"## {suggested(version, changes)}"]
    for verdict in ("breaking", "risky", "safe"):
        found = [change for change in _sorted(changes) if change.verdict == verdict]
        if found:
            lines += ["", f"### {_HEADINGS[verdict]}", ""]
            lines += [
                f"- `{change.what}`: {change.message} ({change.rule.replace('-', ' ')})."
                for change in found
            ]
    return "\n".join(lines)


def as_github(changes: list[Change], allowed: Mapping[str, str]) -> str:
    """Workflow commands that annotate the changed lines."""
    levels = {"breaking": "error", "risky": "warning", "safe": "notice"}
    lines: list[str] = []
    for change in _sorted(changes):
        if change.verdict not in levels or change.fingerprint in allowed:
            continue
        at = change.new or change.old
        place = f" file={at.file},line={at.line},col={at.column}" if at else ""
        message = f"{change.what}: {change.message} [{change.rule}]".replace("%", "%25").replace(
            "\n", "%0A"
        )
        lines.append(f"::{levels[change.verdict]}{place}::{message}")
    return "\n".join(lines)


def broken_lines(source: str, changes: list[Change], old: Api) -> Iterator[tuple[int, Change]]:
    """Lines of a program that a change breaks, found by the names they use; a syntax error finds none."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    breaking = [change for change in changes if change.python == "breaking"]
    methods = {f"{method.resource}.{method.verb}": method for method in old.methods}
    fields = {
        f"{record.name}.{item.name}": item.python
        for record in old.records.values()
        for item in record.fields
    }
    for node in ast.walk(tree):
        for change in breaking:
            if _breaks(node, change, methods, fields):
                yield getattr(node, "lineno", 1), change


def _breaks(
    node: ast.AST, change: Change, methods: Mapping[str, object], fields: Mapping[str, str]
) -> bool:
    from .model import Method

    parts = change.what.split(".")
    if change.what in fields:
        name = fields[change.what]
        if isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Load):
            return "answer" in change.rule or change.rule == "field-renamed-in-python"
        if isinstance(node, ast.Dict) and "input" in change.rule:
            return any(isinstance(key, ast.Constant) and key.value == name for key in node.keys)
        return False
    known = [name for name in methods if change.what == name or change.what.startswith(f"{name}.")]
    if known:
        method = methods[max(known, key=len)]
        assert isinstance(method, Method)
        if not isinstance(node, ast.Call) or not _calls(node.func, method):
            return False
        rest = change.what.removeprefix(method.name).strip(".")
        if not rest:
            return True
        given = {keyword.arg for keyword in node.keywords}
        if change.rule in ("required-argument-added", "argument-now-required"):
            return rest not in given
        python = next((item.python for item in method.arguments if item.name == rest), rest)
        return python in given or python in method.positional
    if len(parts) == 1 and isinstance(node, (ast.Name, ast.Attribute, ast.alias)):
        used = (
            node.id
            if isinstance(node, ast.Name)
            else node.attr if isinstance(node, ast.Attribute) else node.name
        )
        return used == parts[0]
    if len(parts) == 2 and isinstance(node, ast.Constant):  # a word of an enum
        return "word" in change.rule and node.value == parts[1]
    return False


def _calls(function: ast.expr, method: object) -> bool:
    """Whether an expression such as ``client.task.create`` is a method of the API."""
    from .model import Method

    assert isinstance(method, Method)
    names: list[str] = []
    while isinstance(function, ast.Attribute):
        names.insert(0, function.attr)
        function = function.value
    wanted = [method.resource, *method.python]
    return names[-len(wanted) :] == wanted or (names[-1:] == [method.function] and len(names) == 1)
