"""Output formats of a comparison: text, JSON, changelog section, GitHub annotations."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from .rules import ORDER, Change, suggested
from .users import TypeErrorFound

Style = Callable[[str, str], str]

_HEADINGS: Final = {
    "breaking": "Breaking",
    "risky": "Risky",
    "safe": "Added or relaxed",
    "none": "Without effect on users",
}


def _sorted(changes: list[Change]) -> list[Change]:
    return sorted(
        changes, key=lambda change: (-ORDER.index(change.verdict), change.what, change.rule)
    )


def as_text(
    changes: list[Change],
    allowed: Mapping[str, str],
    version: str,
    style: Style,
    behavior_files: Sequence[str] = (),
) -> str:
    """Return the changes by verdict, the worst first, with both locations and the fingerprint.

    Args:
        changes: The changes.
        allowed: Fingerprint -> reason.
        version: The version of the old client.
        style: Colors a text for a verdict.
        behavior_files: Changed files that describe only the behavior of the service.
    """
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
    notes = [
        f"{name}: changed; describes behavior only: no effect on the wire or in Python"
        for name in behavior_files
    ]
    if not changes:
        return "\n".join([*notes, "no changes for users" if notes else "no changes"])
    lines += ["", *notes] if notes else []
    lines += ["", f"{', '.join(counts)}; version {version} -> {suggested(version, changes)}"]
    return "\n".join(lines)


def as_json(
    changes: list[Change],
    allowed: Mapping[str, str],
    version: str,
    user_errors: Mapping[str, list[TypeErrorFound]],
    behavior_files: Sequence[str] = (),
) -> str:
    """Return every change with all its facts, and the new type errors of programs, as JSON."""
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
        "broken": [
            {"file": file, "line": item.line, "message": item.message}
            for file, found in user_errors.items()
            for item in found
        ],
        "unused": unused(changes, allowed),
        "behavior": list(behavior_files),
    }
    return json.dumps(value, indent=2, ensure_ascii=False)


def unused(changes: list[Change], allowed: Mapping[str, str]) -> list[str]:
    """Return the fingerprints of an allow-list that match no change."""
    present = {change.fingerprint for change in changes}
    return [fingerprint for fingerprint in allowed if fingerprint not in present]


_SECTIONS: Final = ("Added", "Changed", "Deprecated", "Removed")


def _section(change: Change) -> str:
    if change.rule == "now-deprecated":
        return "Deprecated"
    if change.rule.endswith("-added") or change.rule == "response-now-given":
        return "Added"
    gone = change.rule.endswith("-removed") or change.rule.startswith("no-longer-")
    return "Removed" if gone else "Changed"


def as_changelog(changes: list[Change], version: str) -> str:
    """Return a section in the Keep a Changelog format, breaking changes first."""
    lines = [f"## [{suggested(version, changes)}]"]
    seen = [change for change in _sorted(changes) if change.verdict != "none"]
    for section in _SECTIONS:
        found = [change for change in seen if _section(change) == section]
        if found:
            lines += ["", f"### {section}", ""]
            lines += [_entry(change) for change in found]
    if changes and not seen:
        lines += ["", "### Changed", "", "- Documentation and notes only."]
    return "\n".join(lines)


def _entry(change: Change) -> str:
    start = "**Breaking:** " if change.verdict == "breaking" else ""
    return f"- {start}`{change.what}`: {change.summary.rstrip('.')}."


def as_github(
    changes: list[Change],
    allowed: Mapping[str, str],
    user_errors: Mapping[str, list[TypeErrorFound]],
) -> str:
    """Return workflow commands that annotate changed lines and lines of programs that break."""
    levels = {"breaking": "error", "risky": "warning", "safe": "notice"}
    lines: list[str] = []
    for change in _sorted(changes):
        if change.verdict not in levels or change.fingerprint in allowed:
            continue
        at = change.new or change.old
        place = f" file={at.file},line={at.line},col={at.column}" if at else ""
        message = _escaped(f"{change.what}: {change.message} [{change.rule}]")
        lines.append(f"::{levels[change.verdict]}{place}::{message}")
    for file, found in user_errors.items():
        lines += [
            f"::error file={file},line={item.line}::{_escaped(item.message)}" for item in found
        ]
    return "\n".join(lines)


def _escaped(message: str) -> str:
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
