"""Problems of a description: position, rule, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

RULES: Final[dict[str, str]] = {
    "yaml-syntax": "The file is not YAML.",
    "yaml-surprise": "A plain scalar that YAML 1.1 parses as another type than expected.",
    "yaml-alias": "Anchors, aliases, merge keys and tags are not part of the language.",
    "duplicate-key": "A mapping has the same key twice.",
    "unknown-key": "A key that is not part of the language here.",
    "missing-key": "A required key is missing.",
    "wrong-type": "The value has another type than the key expects.",
    "bad-name": "A name that is invalid in XML or Python, or breaks the naming convention.",
    "unknown-word": "A word that is not one of the allowed words.",
    "dangling-reference": "A name that refers to nothing.",
    "unused": "A declaration that nothing uses.",
    "duplicate-name": "Two things of one kind have the same name.",
    "contradiction": "Two statements that cannot both hold.",
    "bad-default": "A default or limit that is not a value of the field's type.",
    "bad-media": "A word that is not a content type.",
    "bad-expression": "An expression that is invalid, or that uses an unknown name.",
    "bad-record": "A record of a fresh account does not fit its description.",
    "case-arguments": "The arguments of a case do not fit its method.",
    "case-request": "The request of a case is not what its arguments give.",
    "case-response": "The response of a case is not a valid response of its method.",
    "case-result": "The result of a case differs from its response.",
    "uncovered": "A field, enum word, error code or method that no case shows.",
    "sample": "A sample of the documentation fails when it is run.",
    "missing-file": "A file or folder of the description is missing.",
}
"""Rule name -> what it stands for."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file; lines and columns count from 1."""

    file: str
    """Path as given, with forward slashes."""
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Related:
    """Another position that a problem involves."""

    position: Position
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem."""

    rule: str
    message: str
    position: Position
    related: tuple[Related, ...] = ()
    suggestion: str | None = None
    """What was probably meant."""


class Diagnostics:
    """The problems of one run, without duplicates."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}

    def add(
        self,
        rule: str,
        message: str,
        position: Position,
        *,
        related: Iterable[Related] = (),
        suggestion: str | None = None,
    ) -> None:
        """Add one problem. ``rule`` is a key of :data:`RULES`."""
        assert rule in RULES, rule
        self._found[Diagnostic(rule, message, position, tuple(related), suggestion)] = None

    def extend(self, found: Iterable[Diagnostic]) -> None:
        """Add the problems of another collection."""
        self._found.update(dict.fromkeys(found))

    def __iter__(self) -> Iterator[Diagnostic]:
        """All problems, by file and place."""
        return iter(sorted(self._found, key=lambda item: (item.position, item.rule, item.message)))

    def __len__(self) -> int:
        return len(self._found)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that ``word`` was probably meant to be; None if none is near."""
    names = list(known)
    near = get_close_matches(word, names, 1, 0.6)
    if near:
        return near[0]
    # One letter of a short word is more than the ratio above allows.
    return next((name for name in names if len(word) > 1 and _one_off(word, name)), None)


def _one_off(left: str, right: str) -> bool:
    """Whether one letter was changed, added, left out, or swapped with its neighbor."""
    if abs(len(left) - len(right)) > 1:
        return False
    if len(left) == len(right):
        differ = [at for at, pair in enumerate(zip(left, right, strict=True)) if pair[0] != pair[1]]
        swapped = len(differ) == 2 and sorted(left) == sorted(right) and differ[1] - differ[0] == 1
        return len(differ) == 1 or swapped
    short, long = sorted((left, right), key=len)
    return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


class DescriptionError(Exception):
    """The description has problems; nothing was generated."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        super().__init__(f"{len(diagnostics)} problems in the description")
        self.diagnostics = diagnostics
