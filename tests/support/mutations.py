"""Mutations of a description, one at a time, and their diagnostics.

A change is one of the text of one file. Of that file only the entry with the change is read again (a record, a method, a
case), at its own lines.
"""

from __future__ import annotations

import bisect
import dataclasses
import gc
import operator
import re
import zlib
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from description_nodes import (
    CASE,
    CHECKED,
    DECLARED,
    EXPRESSION,
    FACT,
    PROSE,
    REFERENCE,
    Spot,
    spots,
    tag,
)

from xmlwright import files, settings
from xmlwright.diagnostics import Diagnostics
from xmlwright.ir import Api, Field, Method
from xmlwright.pipeline import stages as pipeline
from xmlwright.resolve import behavior, resolver
from xmlwright.schema import grammar as language
from xmlwright.schema import loader as description
from xmlwright.schema.behavior_grammar import BehaviorDecl
from xmlwright.schema.decoder import Dictionary, Entries, Listing
from xmlwright.schema.nodes import SourceFile, parse
from xmlwright.validate import identifiers
from xmlwright.validate.cases import coverage_of_cases
from xmlwright.validate.coverage import CaseCoverage, uncovered, uncovered_api

ROOT: Final = Path(__file__).parents[2]

# Changes


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the text of one file."""

    kind: str
    spot: Spot
    start: int
    end: int
    new: str
    """What stands in place of the characters from ``start`` to ``end``."""
    first: int
    last: int
    """Lines, of which a diagnostic has to name one; a document has more than one."""
    due: bool = True
    """Whether it has to be told at all."""

    @property
    def of_prose(self) -> bool:
        """Whether other words are the only change: nothing but words may come of it."""
        return self.kind == "misspelt" and not self.due and self.spot.role in (PROSE, REFERENCE)


_WRONG: Final = ("[q]", "NO", "1:30", "12", "1.5", "2009-08-12", "on", "010", "~", "1_000", ".5")
"""In place of a text: a list, and plain scalars that YAML 1.1 takes for something else."""
_WRONG_NUMBERS: Final = ("[q]", "1.5", "yes", "010", "0x1F", "~")
"""In place of an integer or a truth value."""
_PART_OF_DOCUMENT: Final = re.compile(
    r"<(?P<element>[A-Za-z_][\w.-]*)"
    r"|\s(?P<attribute>[\w:.-]+)=\"(?P<value>[^\"]*)\""
    r"|>(?P<text>[^<>]*[^<>\s][^<>]*)<"
)
_PART_OF_EXPRESSION: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\b[A-Za-z_]\w*")
_KEYWORDS: Final = frozenset(
    ["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None"]
)


def _is_setting(spot: Spot) -> bool:
    """Whether it is a setting of an account, which may be a text, a list of texts or a table of texts."""
    return spot.path.startswith("/settings/") and spot.path.count("/") == 2


class Changes:
    """All changes of one file.

    By default each node gets one of each kind. ``full`` makes all: every wrong type, every part of a document.
    ``names`` are those that are declared: what is misspelt like another name that exists can be told by nobody.
    """

    def __init__(
        self, text: str, *, full: bool, names: Container[str], unread: Container[str]
    ) -> None:
        self._text = text
        self._full = full
        self._names = names
        self._unread = unread
        self._undescribed = {
            path.rpartition("/")[2].strip()
            for found in re.findall(r"^ *unknown: \[(.*)\]$", text, re.MULTILINE)
            for path in found.split(",")
        }

    def of(self, spot: Spot) -> Iterator[Change]:
        """The changes of one node."""
        start, end = spot.node.start_mark.index, spot.node.end_mark.index
        if spot.role == EXPRESSION:
            yield from self._of_expression(spot, start, end)
        elif spot.what == "key":
            yield from self._of_key(spot, start, end)
        elif spot.what == "collection":
            stop = start + len(self._text[start:end].rstrip())
            other = "{q: q}" if isinstance(spot.node, yaml.SequenceNode) else "[q]"
            for new in self._some(spot, ("word", other, "12")):
                due = not (_is_setting(spot) and new in ("word", "[q]", "{q: q}"))
                yield Change("wrong type", spot, start, stop, new, spot.line, spot.line, due)
        elif spot.style in ("|", ">"):
            yield from self._of_block(spot, start, start + len(self._text[start:end].rstrip()))
        else:
            yield from self._of_scalar(spot, start, end)

    def _of_key(self, spot: Spot, start: int, end: int) -> Iterator[Change]:
        raw = self._text[start:end]
        yield self._misspelt(spot, start, end, spot.line)
        gap = ", " if spot.flow else "\n" + " " * spot.node.start_mark.column
        again = spot.line + (not spot.flow)
        yield Change("duplicate", spot, start, start, f"{raw}: ~{gap}", spot.line, again)
        if self._full and spot.role == REFERENCE:
            yield self._dangling(spot, start, end)

    def _of_block(self, spot: Spot, start: int, stop: int) -> Iterator[Change]:
        lines = self._text[start:stop]
        last = spot.line + lines.count("\n")
        if spot.node.value.lstrip().startswith("<"):
            found = list(self._of_document(spot, start, stop, last))
            turn = zlib.crc32(spot.path.encode())
            chosen = {turn % len(found), turn // 7 % len(found)}
            yield from found if self._full else (found[at] for at in sorted(chosen))
        else:
            yield self._misspelt(spot, start + lines.index("\n"), stop, last)
        for new in self._some(spot, _WRONG):
            yield Change("wrong type", spot, start, stop, new, spot.line, spot.line)

    def _of_document(self, spot: Spot, start: int, stop: int, last: int) -> Iterator[Change]:
        """Misspelt names of elements and attributes, values and texts of an XML document.

        What stands in an element that nobody described is kept as it is, and means nothing to anybody.
        """
        for match in _PART_OF_DOCUMENT.finditer(self._text, start, stop):
            for name, part in match.groupdict().items():
                if part:
                    change = self._misspelt(spot, *match.span(name), last)
                    unread = name == "value" and match["attribute"] in self._unread
                    if name == "text":
                        around = self._text[start : match.start(name)].rpartition("<")[2]
                        unread = around.strip(">") in self._undescribed
                    yield dataclasses.replace(change, due=False) if unread else change

    def _of_scalar(self, spot: Spot, start: int, end: int) -> Iterator[Change]:
        raw, plain = self._text[start:end], not spot.style
        last = spot.line + raw.count("\n")
        head = end
        if spot.owner[1] == "source" and (colon := re.search(r"[:\s]", raw)):
            # A source is a reference up to the colon, and prose from there.
            head = start + colon.start()
            yield dataclasses.replace(self._misspelt(spot, head, end, last), due=False)
        yield self._misspelt(spot, start, head, last)
        wrong: Sequence[str] = _WRONG
        if plain and tag(spot.node) in ("int", "bool"):
            wrong = (*_WRONG_NUMBERS, f'"{raw}"')
        elif plain and tag(spot.node) == "null":
            wrong = ("NO",)
        elif spot.role == CASE:
            wrong = [word for word in _WRONG if word != "~"]  # an argument may be cleared
        if not plain and re.fullmatch(r"[0-9]+(\.[0-9]+)?", spot.node.value):
            wrong = (spot.node.value, *wrong)
        for new in self._some(spot, wrong):
            due = not (_is_setting(spot) and new == "[q]")
            yield Change("wrong type", spot, start, end, new, spot.line, last, due)
        if self._full and spot.role == REFERENCE:
            yield self._dangling(spot, start, end)

    def _of_expression(self, spot: Spot, start: int, end: int) -> Iterator[Change]:
        """Misspelt names of an expression; of its texts and numbers, nothing is said."""
        stop = start + len(self._text[start:end].rstrip())
        last = spot.line + self._text[start:stop].count("\n")
        inside = start + (spot.style is not None)
        found = [
            match.span()
            for match in _PART_OF_EXPRESSION.finditer(self._text, inside, stop)
            if match[0][0] not in "'\"" and match[0] not in _KEYWORDS
        ]
        turn = zlib.crc32(spot.path.encode())
        for span in found if self._full else found[turn % len(found) :][:1] if found else ():
            yield dataclasses.replace(self._misspelt(spot, *span, last), due=True)
        for new in self._some(spot, ("[q]", "NO", "qqq", "1 +", "12.5")):
            yield Change("wrong type", spot, start, stop, new, spot.line, last)

    def _some(self, spot: Spot, items: Sequence[str]) -> Sequence[str]:
        """All of them, or the one whose turn it is at this node."""
        return items if self._full else (items[zlib.crc32(spot.path.encode()) % len(items)],)

    def _misspelt(self, spot: Spot, start: int, end: int, last: int) -> Change:
        """One letter is another: the middle one, or the last of a number."""
        word = self._text[start:end]
        places = [at for at, letter in enumerate(word) if letter.isascii() and letter.isalnum()]
        due = spot.role in CHECKED
        if not places:
            return Change("misspelt", spot, end, end, "x", spot.line, last, due)
        at = places[-1] if word[places[-1]].isdigit() else places[len(places) // 2]
        letter = word[at]
        while True:
            letter = {"z": "a", "Z": "A", "9": "0"}.get(letter) or chr(ord(letter) + 1)
            if (word[:at] + letter + word[at + 1 :]).strip("\"'") not in self._names:
                at += start
                return Change("misspelt", spot, at, at + 1, letter, spot.line, last, due)

    def _dangling(self, spot: Spot, start: int, end: int) -> Change:
        word = "Qqq" if self._text[start].isupper() else "qqq"
        return Change("dangling", spot, start, end, word, spot.line, spot.line)


# What the program says of them


@dataclass(frozen=True, slots=True)
class Piece:
    """An entry of a section of a file, which can be read alone."""

    section: str
    entry: str
    """Its key, or its index in a list."""
    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Reread:
    """The result of reading a file again after a change."""

    decl: Any
    found: Diagnostics
    piece: Piece | None = None
    """The piece that alone was read, and what stands in it now."""
    entries: Any = None


_PARTS: Final = tuple(item.name for item in dataclasses.fields(description.Description))


def _same(new: Any, old: Any) -> bool:
    """Return whether a part of a description holds the same declarations, which are not read again."""
    if isinstance(new, Mapping):
        return new.keys() == old.keys() and all(_same(new[name], old[name]) for name in new)
    if isinstance(new, tuple):
        return len(new) == len(old) and all(map(operator.is_, new, old))
    return new is old or (
        isinstance(new, BehaviorDecl) and new == old
    )  # with groups of rules, it is made anew


def _only(api: Api, name: str) -> Api:
    """Return an API in which only one resource has cases."""
    modules = tuple(
        module if module.name == name else dataclasses.replace(module, cases=())
        for module in api.modules
    )
    return dataclasses.replace(api, modules=modules)


class Bench:
    """The description as it is, and what a change makes of it."""

    def __init__(self) -> None:
        self.settings = settings.find(ROOT)
        found = Diagnostics()
        self.texts = {
            path: path.read_text(encoding="utf-8")
            for path in description.files_of(self.settings.schema)
        }
        self._files = {path: self._read(path, text, found) for path, text in self.texts.items()}
        self.refresh()
        self.names = {
            spot.node.value
            for path in self.texts
            for spot in self.spots(path)
            if spot.what == "key" and spot.role == DECLARED
        }

    def refresh(self) -> None:
        """Make the unchanged description of the parts that are remembered now."""
        found = Diagnostics()
        read = description.assemble(self._files, found)
        assert read is not None
        self.api = pipeline.examine(read, found)
        assert not len(found), "the description itself has problems"
        self._described = read
        self._shown = {
            module.name: coverage_of_cases(_only(self.api, module.name))
            for module in self.api.modules
        }

    def spots(self, path: Path) -> Iterator[Spot]:
        """All nodes of a file."""
        return spots(self.texts[path], language.FILES[description.kind_of(path)][0])

    def name(self, path: Path) -> str:
        """What diagnostics call a file."""
        return description.shown(path, self.settings.root)

    def changes(self, path: Path, *, full: bool) -> Iterator[Change]:
        """All changes of a file."""
        unread = self.api.envelope.ignored_attributes
        made = Changes(self.texts[path], full=full, names=self.names, unread=unread)
        for spot in self.spots(path):
            yield from made.of(spot)

    def pieces(self, path: Path) -> list[Piece]:
        """The entries of the sections that are written in block style."""
        text = self.texts[path]
        root = yaml.compose(text, yaml.CSafeLoader)
        assert root is not None
        table = language.FILES[description.kind_of(path)][0].table()
        found: list[Piece] = []
        ends = [key.start_mark.index for key, _ in root.value[1:]] + [len(text)]
        for (key, value), end in zip(root.value, ends, strict=True):
            kind = table[key.value].kind
            if not isinstance(kind, (Dictionary, Listing)) or value.flow_style:
                continue
            named = isinstance(value, yaml.MappingNode)
            nodes = [item[0] if named else item for item in value.value]
            starts = [text.rfind("\n", 0, node.start_mark.index) + 1 for node in nodes]
            for at, (first, last) in enumerate(zip(starts, [*starts[1:], end], strict=True)):
                entry = nodes[at].value if named else str(at)
                found.append(Piece(key.value, entry, first, last, nodes[at].start_mark.line + 1))
        return found

    def changed(self, path: Path, change: Change) -> str:
        """The text of a file with a change."""
        text = self.texts[path]
        return text[: change.start] + change.new + text[change.end :]

    def tried(
        self, path: Path, piece: Piece | None, change: Change
    ) -> tuple[Api | None, Diagnostics]:
        """What the program makes of a change, and says of it."""
        again = self.reread(path, piece, change)
        return self.examined(path, again.decl, again.found), again.found

    def examined(self, path: Path, decl: Any, found: Diagnostics) -> Api | None:
        """What the program makes of a description in which one file holds this declaration."""
        read = description.assemble({**self._files, path: decl}, found)
        if read is None:
            return None
        what = {
            name
            for name in _PARTS
            if not _same(getattr(read, name), getattr(self._described, name))
        }
        if what <= {"account", "behaviors"} and self._same_settings(read):
            if not len(found):
                behavior.resolve(read, self.api, found)
            return self.api
        return self._with_cases(read, found) if what == {"cases"} else pipeline.examine(read, found)

    def _same_settings(self, read: description.Description) -> bool:
        """Return whether an account has the settings that the rest of the description names."""
        old, new = self._described.account, read.account
        return old is new or (
            old is not None and new is not None and list(old.settings) == list(new.settings)
        )

    def _with_cases(self, read: description.Description, found: Diagnostics) -> Api:
        """Do what ``pipeline.examine`` does, and try the cases of only those resources whose cases are others."""
        api = resolver.resolve(read, found)
        identifiers.check(read, api, found)
        if all(item.rule in ("case-arguments", "case-result") for item in found):
            shown = CaseCoverage()
            for name, old in self._shown.items():
                before = self._described.cases.get(name, ())
                same = _same(read.cases.get(name, ()), before)
                shown.add(old if same else coverage_of_cases(_only(api, name), found))
            uncovered_api(api, shown, found)
            for module in api.modules:
                uncovered(api, module, shown, found)
        return api

    def reread(self, path: Path, piece: Piece | None, change: Change) -> Reread:
        """A file with a change, of which only the piece that holds it is read again, if there is one."""
        if piece is not None:
            found = Diagnostics()
            text = self.texts[path]
            text = text[piece.start : change.start] + change.new + text[change.end : piece.end]
            # Below the key of its section, in the lines where it stands: all positions are those of the file.
            head = f"{piece.section}:" + "\n" * (piece.line - 1)
            node = parse(SourceFile(self.name(path), head + text), found)
            if node is None:
                return Reread(None, found)
            kind = language.FILES[description.kind_of(path)][0].table()[piece.section].kind
            entries = kind.decode(node.entries[0][1], found)
            decl = self.merged(path, [(piece, entries)])
            if decl is not None:
                return Reread(decl, found, piece, entries)
        found = Diagnostics()
        return Reread(self._read(path, self.changed(path, change), found), found)

    def merged(self, path: Path, pieces: Sequence[tuple[Piece, Any]]) -> Any:
        """The declaration of a file with other entries in place of these; None where one has got the name of another
        entry, which nobody sees who reads it alone."""
        decl = self._files[path]
        for piece, entries in sorted(pieces, key=lambda item: -item[0].start):
            old = getattr(decl, piece.section)
            new: Any
            if isinstance(entries, tuple):
                at = int(piece.entry)
                new = (*old[:at], *entries, *old[at + 1 :])
            else:
                if any(name != piece.entry and name in old for name in entries):
                    return None
                new = Entries()
                new.refused.update({**old.refused, **entries.refused})
                for name, entry in old.items():
                    new.update(entries if name == piece.entry else {name: entry})
            decl = dataclasses.replace(decl, **{piece.section: new})
        return decl

    def _read(self, path: Path, text: str, found: Diagnostics) -> Any:
        source = SourceFile(self.name(path), text)
        return description.decode(source, description.kind_of(path), found)


NAMED: Final = "told"
ELSEWHERE: Final = "told, but of another line"
TOGETHER: Final = "passed, with all other prose at once"
PROSE_ONLY: Final = "passed, with other prose"
OTHER_FACT: Final = "passed, with another fact"
MISSED: Final = "passed, though it is wrong"
CRASHED: Final = "traceback"
BAD: Final = frozenset([ELSEWHERE, MISSED, CRASHED])


@cache
def bench() -> Bench:
    """Return the description, read once in each process and hidden from the garbage collector."""
    made = Bench()
    gc.collect()
    gc.freeze()
    return made


@dataclass(slots=True)
class Tally:
    """Counts of the outcomes of changes."""

    nodes: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Role, kind of change and outcome."""
    passed: set[tuple[str, str]] = field(default_factory=set)
    """Declarations and keys of facts that were changed without a word."""
    failures: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.nodes += other.nodes
        self.outcomes += other.outcomes
        self.passed |= other.passed
        self.failures += other.failures

    def __str__(self) -> str:
        total = sum(self.outcomes.values())
        nodes = ", ".join(f"{count:,} {what}s" for what, count in sorted(self.nodes.items()))
        lines = [f"{total:,} changes of {nodes}; {len(self.failures)} failures"]
        for role in sorted({role for role, _, _ in self.outcomes}):
            parts = [
                f"{kind} {outcome} {count:,}"
                for (other, kind, outcome), count in sorted(self.outcomes.items())
                if other == role
            ]
            lines.append(f"  {role}: {'; '.join(parts)}")
        return "\n".join(lines)


def run(
    path: Path, *, full: bool = False, only: Callable[[Change], bool] = lambda change: True
) -> Tally:
    """Try the changes of one file, one at a time.

    Unless ``full``, two things are not done for each change alone. Prose is changed in all places at once, elsewhere
    (:func:`other_prose`). And where the reader itself names the line, what the later stages make of the rest is seen on a
    description with many such changes, one of each entry: nothing may crash there.
    """
    tried = bench()
    tried.refresh()
    tally = Tally(nodes=Counter(spot.what for spot in tried.spots(path)))
    pieces = tried.pieces(path)
    named: dict[Piece, list[Reread]] = {}
    for change in filter(only, tried.changes(path, full=full)):
        if change.of_prose and not full:
            tally.outcomes[change.spot.role, change.kind, TOGETHER] += 1
            continue
        spot = change.spot
        outcome, said = CRASHED, ""
        try:
            again = tried.reread(path, piece_of(pieces, change), change)
            early = _names(tried.name(path), change, again.found) and not full
            if early and change.kind == "duplicate":
                outcome = NAMED  # behind a key that stands twice comes the description as it was
            elif early and again.piece is not None:
                outcome = NAMED
                named.setdefault(again.piece, []).append(again)
            else:
                api = tried.examined(path, again.decl, again.found)
                outcome, said = _outcome(tried, path, change, api, again.found)
        except Exception as error:
            said = repr(error)
        tally.outcomes[spot.role, change.kind, outcome] += 1
        if outcome == OTHER_FACT:
            tally.passed.add(spot.owner)
        if outcome in BAD:
            old = tried.texts[path][change.start : change.end][:40]
            tally.failures.append(
                f"{tried.name(path)}:{spot.line} {spot.path} ({spot.role}, {change.kind}):"
                f" {old!r} -> {change.new!r}: {outcome} {said}"
            )
    for turn in range(max(map(len, named.values()), default=0)):
        tally.failures += _crashes(
            tried, path, [items[turn] for items in named.values() if turn < len(items)]
        )
    return tally


def _crashes(tried: Bench, path: Path, items: Sequence[Reread]) -> Iterator[str]:
    """Yield what crashes when a file holds all of these changed entries, reduced by bisection."""
    decl = tried.merged(path, [(item.piece, item.entries) for item in items if item.piece])
    found = Diagnostics()
    for item in items:
        found.extend(item.found)
    try:
        if decl is not None:
            tried.examined(path, decl, found)
    except Exception as error:
        if len(items) == 1:
            yield f"{tried.name(path)}: {CRASHED} after {next(iter(found))}: {error!r}"
            return
        decl = None
    if decl is None and len(items) > 1:
        half = len(items) // 2
        yield from _crashes(tried, path, items[:half])
        yield from _crashes(tried, path, items[half:])


def piece_of(pieces: Sequence[Piece], change: Change) -> Piece | None:
    """Return the piece that contains a change."""
    at = bisect.bisect([piece.start for piece in pieces], change.start) - 1
    if at < 0:
        return None
    inside = f"{change.spot.path}/".startswith(f"/{pieces[at].section}/{pieces[at].entry}/")
    return pieces[at] if inside else None


def _names(file: str, change: Change, found: Diagnostics) -> bool:
    """Return whether a diagnostic or a related location names the changed line."""
    return any(
        place.file == file and change.first <= place.line <= change.last
        for item in found
        for place in (item.position, *(other.position for other in item.related))
    )


def _outcome(
    tried: Bench, path: Path, change: Change, api: Api | None, found: Diagnostics
) -> tuple[str, str]:
    if len(found):
        if _names(tried.name(path), change, found):
            return NAMED, ""
        return (ELSEWHERE if change.due else NAMED), str(next(iter(found)))
    if change.due or api is None:
        return MISSED, ""
    if alike(api, tried.api):
        # What the service does is no part of the client: there is nothing else that it could change.
        acts = files.acts(path) and change.spot.role == FACT
        return (OTHER_FACT if acts else PROSE_ONLY), ""
    return (MISSED if change.of_prose else OTHER_FACT), "the client differs"


def other_prose() -> tuple[dict[Path, str], int]:
    """Return the texts of all files with all their prose changed, and the number of changes."""
    tried = bench()
    texts = dict(tried.texts)
    count = 0
    for path, text in texts.items():
        for change in reversed([*tried.changes(path, full=False)]):
            if change.of_prose:
                text = text[: change.start] + change.new + text[change.end :]
                count += 1
        texts[path] = text
    return texts, count


_IN_WORDS: Final = frozenset(
    [
        "doc",
        "title",
        "fix",
        "since",
        "deprecated",
        "limits",
        "people",
        "provenance",
        "sources",
        "at",
        "key_positions",
        "cases",
        "callers",
    ]
)
"""Attributes of the model that hold prose, or say where something stands; callers are persons with conditions in words."""


@cache
def _attributes(kind: type[Any]) -> tuple[str, ...]:
    # Those of an Api are the records and enums of its modules once more.
    twice = {"records", "enums"} if kind is Api else set()
    names = (item.name for item in dataclasses.fields(kind))
    return tuple(name for name in names if name not in _IN_WORDS and name not in twice)


def alike(new: Any, old: Any) -> bool:
    """Return whether two values of the model are equal except for prose and positions."""
    if new is old:
        return True
    if type(new) is not type(old):
        return False
    if isinstance(new, Field) and new == old:  # most are, and this is quick
        return True
    if dataclasses.is_dataclass(new) and not isinstance(new, type):
        if isinstance(new, Method) and new.callers.keys() != old.callers.keys():
            return False
        return all(alike(getattr(new, name), getattr(old, name)) for name in _attributes(type(new)))
    if isinstance(new, Mapping):
        return new.keys() == old.keys() and all(
            name == "doc" or alike(new[name], old[name]) for name in new
        )
    if isinstance(new, (tuple, list)):
        return len(new) == len(old) and all(map(alike, new, old))
    return bool(new == old)
