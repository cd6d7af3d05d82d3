"""Differences of an output as text for people, JSON for programs, annotations for GitHub."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from ..diagnostics.report import Style, annotation, plain_style, result_of_check
from .causes import KINDS, Cause, Difference

_STATES: Final = {"new": "not made yet", "extra": "no longer made"}
_NAMED: Final = 5
"""How many pieces of one kind a line of text names."""


def as_text(found: Iterable[Difference], style: Style = plain_style) -> str:
    """A line for each cause of each file."""
    lines: list[str] = []
    for item in found:
        state = f"{_STATES[item.state]}: " if item.state in _STATES else ""
        for kind in dict.fromkeys(cause.kind for cause in item.causes):
            causes = [cause for cause in item.causes if cause.kind == kind]
            place = item.path
            if kind in ("edited", "damaged") and causes[0].line:
                place += f":{causes[0].line}"
            reasons = [_told(cause, item.path) for cause in causes[:_NAMED]]
            if len(causes) > _NAMED:
                reasons.append(f"and {len(causes) - _NAMED} more")
            words = f"{state}{style(KINDS[kind], 'error')}"
            rest = ", ".join(filter(None, reasons))
            lines.append(f"{style(place, 'place')}: {words}{': ' if rest else ''}{rest}")
    return "\n".join(lines)


def _told(cause: Cause, path: str) -> str:
    place = "" if cause.file == path else cause.place
    if cause.what and place:
        return f"{cause.what} ({place})"
    return cause.what or place


def summary(found: Sequence[Difference]) -> str:
    """How many files differ, and by what."""
    kinds = [kind for item in found for kind in {cause.kind for cause in item.causes}]
    counts = [f"{KINDS[kind]} ({kinds.count(kind)})" for kind in KINDS if kind in kinds]
    files = "1 file differs" if len(found) == 1 else f"{len(found)} files differ"
    lost = "; what was edited by hand is lost by that" if "edited" in kinds else ""
    return f"{files}: {', '.join(counts)}\nrun `xmlwright build` to bring all up to date{lost}"


def as_json(found: Iterable[Difference]) -> str:
    """An object; see docs/guide-maintainer.md."""
    files = [
        {
            "path": item.path,
            "state": item.state,
            "causes": [_object(cause) for cause in item.causes],
        }
        for item in found
    ]
    return result_of_check(files, ())


def _object(cause: Cause) -> dict[str, Any]:
    return {
        "cause": cause.kind,
        "what": cause.what,
        "file": cause.file or None,
        "line": cause.line or None,
        "column": cause.column or None,
    }


def as_github(found: Iterable[Difference]) -> str:
    """An annotation for each cause, at its place, that names the files it changes."""
    files: dict[Cause, list[str]] = {}
    for item in found:
        for cause in item.causes:
            files.setdefault(cause, []).append(item.path)
    return "\n".join(_annotation(cause, paths) for cause, paths in files.items())


def _annotation(cause: Cause, paths: list[str]) -> str:
    rest = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    where = f"{', '.join(paths[:_NAMED])}{rest}"
    own = cause.file in paths
    message = ": ".join(filter(None, [cause.what, "" if own else f"changes {where}"]))
    message += "; run `xmlwright build`"
    return annotation(
        KINDS[cause.kind], message, cause.file or paths[0], cause.line or 1, cause.column
    )
