"""Every key and every scalar of schema/, changed in turn: the reader must name the line.

For each node of each file a few mutations of its text are made: a key or scalar misspelt, a key that stands twice, a
value of the wrong type, a reference to nothing. Each mutated description is read, resolved and checked as `xmlwright
validate` does it, and some diagnostic must name the mutated line, as its own or as a related one. What a reader cannot
tell, because nothing in the description depends on it (prose, and facts that only the server knows), may pass; the
client must then be the same but for that text.

`make mutations` tries every kind of change on every node and all words of every document; the default run takes one
change of each class for each node. Counts are printed.
"""

from __future__ import annotations

import bisect
import dataclasses
import os
import re
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from xmlwright import description, language, pipeline, resolve, settings
from xmlwright.decode import Choice, Dictionary, Either, Entries, Kind, Listing, Table
from xmlwright.diagnostics import Diagnostics
from xmlwright.memory import Memory
from xmlwright.model import Api, Method
from xmlwright.source import SourceFile, parse

ROOT: Final = Path(__file__).parents[1]
FULL: Final = os.environ.get("MUTATIONS") == "full"

# Classes of nodes. What is in MUST is always told; the others say why a misspelling cannot be.
LANGUAGE = "word of the language"
REFERENCE = "reference"
DECLARED = "declared name"
WIRE = "name or word on the wire"
CASE = "value or document of a case"
PROSE = "prose"
FACT = "fact of the server"
PYTHON = "name in Python"
COLLECTION = "collection"
MUST: Final = {LANGUAGE, REFERENCE, DECLARED, WIRE, CASE, COLLECTION}


# What a scalar is, by the declaration and the key that it stands under.
ROLES: Final[dict[tuple[str, str], str]] = {
    ("Word", "request"): WIRE,
    ("Word", "answer"): WIRE,
    ("Field", "enum"): REFERENCE,
    ("Field", "record"): REFERENCE,
    ("Field", "ref"): REFERENCE,
    ("Field", "list"): WIRE,
    ("Field", "element"): WIRE,
    ("Field", "attribute"): WIRE,
    ("Field", "default"): FACT,
    ("Field", "none"): WIRE,
    ("Field", "max_length"): FACT,
    ("Field", "minimum"): FACT,
    ("Field", "maximum"): FACT,
    ("Field", "places"): FACT,
    ("Group", "include"): REFERENCE,
    ("Record", "include"): REFERENCE,
    ("Record", "identity"): REFERENCE,
    ("Answer", "element"): WIRE,
    ("Answer", "item"): WIRE,
    ("Answer", "record"): REFERENCE,
    ("Answer", "ref"): REFERENCE,
    ("Answer", "media"): FACT,
    ("Method", "record"): REFERENCE,
    ("Method", "wrapper"): WIRE,
    ("Method", "omit"): REFERENCE,
    ("Method", "order"): REFERENCE,
    ("Method", "errors"): REFERENCE,
    ("Method", "events"): REFERENCE,
    ("Fails", "code"): CASE,
    ("Fails", "message"): CASE,
    ("Fails", "field"): CASE,
    ("Case", "name"): PROSE,
    ("Case", "call"): REFERENCE,
    ("Case", "arguments"): CASE,
    ("Case", "request"): CASE,
    ("Case", "response"): CASE,
    ("Case", "result"): CASE,
    ("Case", "unknown"): CASE,
    ("Resource", "resource"): DECLARED,
    ("Resource", "plural"): WIRE,
    ("Cases", "resource"): REFERENCE,
    ("Python", "package"): PYTHON,
    ("Python", "distribution"): PYTHON,
    ("Python", "client"): PYTHON,
    ("Python", "environment"): PYTHON,
    ("Python", "version"): PYTHON,
    ("Endpoint", "url"): FACT,
    ("Request", "root"): WIRE,
    ("Request", "method"): WIRE,
    ("Response", "root"): WIRE,
    ("Response", "namespaces"): WIRE,
    ("Response", "status"): WIRE,
    ("Response", "ok"): WIRE,
    ("Response", "failed"): WIRE,
    ("Response", "attributes"): WIRE,
    ("Failure", "message"): WIRE,
    ("Failure", "code"): WIRE,
    ("Failure", "field"): WIRE,
    ("Token", "password"): FACT,
    ("OAuth", "request_token"): FACT,
    ("OAuth", "authorize"): FACT,
    ("OAuth", "access_token"): FACT,
    ("Counters", "position"): WIRE,
    ("Counters", "size"): WIRE,
    ("Counters", "pages"): WIRE,
    ("Counters", "total"): WIRE,
    ("Paging", "position"): WIRE,
    ("Paging", "size"): WIRE,
    ("Paging", "first"): FACT,
    ("Paging", "default_size"): FACT,
    ("Paging", "maximum_size"): FACT,
    ("Scalar", "pad"): FACT,
    ("Scalar", "words"): WIRE,
    ("Scalar", "none"): WIRE,
    ("Scalar", "zone"): REFERENCE,
    ("Error", "message"): WIRE,
    ("Error", "status"): FACT,
    ("Api", "api"): PYTHON,
    ("Api", "version"): FACT,
    **{
        ("Callbacks", name): FACT
        for name in ("event", "object", "system", "user", "verifier", "verification")
    },
    ("Api", "documentation"): FACT,
}
ROLES_BY_KEY: Final = {
    "doc": PROSE, "title": PROSE, "fix": PROSE, "since": PROSE, "deprecated": PROSE, "python": PYTHON,
    "source": REFERENCE, "callers": PROSE, "limits": PROSE, "upload": FACT,
}  # fmt: skip


# Nodes of the description, with what they are


@dataclass(frozen=True, slots=True)
class Spot:
    """One key, scalar or collection."""

    what: str
    """``key``, ``scalar`` or ``collection``."""
    role: str
    path: str
    node: yaml.Node
    flow: bool = False
    """Whether a key stands in a mapping with braces."""

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1


def spots(node: yaml.Node, kind: Kind | None, owner: str, name: str, path: str) -> Iterator[Spot]:
    """All keys, scalars and collections below a node, with their roles by the grammar."""
    while isinstance(kind, Either):
        kind = _branch(kind, node)
    inner: Kind | None = None
    if isinstance(node, yaml.MappingNode):
        if path:
            yield Spot("collection", COLLECTION, path, node)
        is_upload = kind is None and {key.value for key, _ in node.value} == {
            "name",
            "media",
            "text",
        }
        for key, value in node.value:
            below = f"{path}/{key.value}"
            if isinstance(kind, Table):
                table = kind._table()
                yield Spot("key", LANGUAGE, below, key, node.flow_style)
                holder = kind.decl.__name__.removesuffix("Decl")
                yield from spots(value, table[key.value].kind, holder, key.value, below)
                continue
            role = CASE
            if isinstance(kind, Dictionary):
                inner, role = kind.kind, _role_of_name(kind, name, value)
            yield Spot("key", role, below, key, node.flow_style)
            yield from spots(value, inner, owner, "upload" if is_upload else name, below)
    elif isinstance(node, yaml.SequenceNode):
        yield Spot("collection", COLLECTION, path, node)
        inner = kind.kind if isinstance(kind, Listing) else None
        for index, value in enumerate(node.value):
            yield from spots(value, inner, owner, name, f"{path}/{index}")
    else:
        yield Spot("scalar", _role_of_scalar(kind, owner, name, node), path, node)


def _branch(kind: Either, node: yaml.Node) -> Kind:
    names = {yaml.MappingNode: "map", yaml.SequenceNode: "list"}
    wanted = names.get(type(node))
    if wanted is None:
        wanted = "str" if node.style else node.tag.rpartition(":")[2]
    return next(item for item in kind.kinds if wanted in item.accepts)


def _role_of_name(kind: Dictionary, name: str, value: yaml.Node) -> str:
    if isinstance(kind.name, Choice):
        return LANGUAGE
    if name == "callers" or (isinstance(value, yaml.ScalarNode) and value.value == "same"):
        return REFERENCE
    return PROSE if name == "limits" else DECLARED


def _role_of_scalar(kind: Kind | None, owner: str, name: str, node: yaml.Node) -> str:
    if isinstance(kind, Choice) or kind is language.BOOLEAN:
        return LANGUAGE
    if name == "method_errors":
        return REFERENCE
    role = ROLES.get((owner, name)) or ROLES_BY_KEY.get(name)
    assert role is not None, f"what is {owner}.{name}?"
    if owner == "Field" and name == "default" and node.tag.endswith(":bool"):
        return LANGUAGE
    return role


# Mutations of the text


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of one file."""

    kind: str
    spot: Spot
    start: int
    end: int
    new: str
    line: int
    """The line that a diagnostic has to name, or the first of them."""
    last: int
    """The last line that would do: that of the end of a document."""

    @property
    def told(self) -> bool:
        """Whether a diagnostic is due."""
        if self.kind == "misspelt":
            return self.spot.role in MUST
        return self.kind not in ("misspelt prose", "misspelt unread")


def misspelt(text: str, taken: Container[str] = ()) -> tuple[int, str]:
    """Where in a word one letter is changed, and to which; the middle one, digits at the end. What would be another
    name that exists is no misspelling that anybody could tell."""
    places = [at for at, letter in enumerate(text) if letter.isascii() and letter.isalnum()]
    if not places:
        return len(text), "x"
    at = places[len(places) // 2] if not text[places[-1]].isdigit() else places[-1]
    changed = text[at]
    while True:
        changed = {"z": "a", "Z": "A", "9": "0"}.get(changed) or chr(ord(changed) + 1)
        if (text[:at] + changed + text[at + 1 :]).strip("\"'") not in taken:
            return at, changed


UNREAD: Final = {"deprecated"}
"""Attributes of documents that the description lists as not read, so that nothing depends on their values."""
SURPRISES: Final = ("NO", "1:30", "12", "1.5", "2009-08-12", "on", "010", "~", "1_000", ".5")


def mutations(text: str, spot: Spot, full: bool, taken: Container[str] = ()) -> Iterator[Mutation]:
    """The changes of one node."""
    node = spot.node
    start, end = node.start_mark.index, node.end_mark.index
    line = spot.line
    turn = zlib.crc32(spot.path.encode())

    def change(kind: str, at: int, to: int, new: str, last: int = 0) -> Mutation:
        return Mutation(kind, spot, at, to, new, line, last or line)

    if spot.what == "key":
        raw = text[start:end]
        at, letter = misspelt(raw, taken)
        yield change("misspelt", start + at, start + at + 1, letter)
        gap = ", " if spot.flow else "\n" + " " * node.start_mark.column
        yield change("duplicate", start, start, f"{raw}: ~{gap}", line + (not spot.flow))
        if full and spot.role == REFERENCE:
            yield change("dangling", start, end, "Qqq" if raw[:1].isupper() else "qqq")
        return
    if spot.what == "collection":
        lists = isinstance(node, yaml.SequenceNode)
        stop = start + len(text[start:end].rstrip())
        kinds = ("word", "{q: q}" if lists else "[q]", "12")
        for new in _chosen(kinds, turn, full):
            yield change("wrong type", start, stop, new)
        return
    style = node.style
    if style in ("|", ">"):
        lines = text[start:end]
        stop = start + len(lines.rstrip())
        last = line + lines.rstrip().count("\n")
        if node.value.lstrip().startswith("<"):
            yield from _in_document(text, spot, start, stop, last, turn, full)
        else:
            body = start + lines.index("\n")
            at, letter = misspelt(text[body:stop])
            yield change("misspelt", body + at, body + at + 1, letter, last)
        for new in _chosen(("[q]", *SURPRISES), turn, full):
            yield change("wrong type", start, stop, new)
        return
    raw = text[start:end]
    last = line + raw.count("\n")
    head = end
    if "/source" in spot.path and (found := re.search(r"[:\s]", raw)):
        # The part before the colon is a reference, the rest is prose.
        head = start + found.start()
        at, letter = misspelt(raw[head - start :])
        yield change("misspelt prose", head + at, head + at + 1, letter)
    at, letter = misspelt(text[start:head], taken)
    yield change("misspelt", start + at, start + at + 1, letter, last)
    tag = node.tag.rpartition(":")[2]
    plain = not style
    if plain and tag in ("int", "bool"):
        surprises = [f'"{raw}"', "1.5", "yes", "010", "0x1F", "~"]
    elif plain and tag == "null":
        surprises = ["NO"]
    else:
        surprises = [word for word in SURPRISES if word != "~" or spot.role != CASE]
        if style and node.value and raw.strip("\"'").replace(".", "").isdigit():
            surprises.insert(0, node.value)
    for new in _chosen(("[q]", *surprises), turn, full):
        yield change("wrong type", start, end, new, last)
    if full and spot.role == REFERENCE:
        yield change("dangling", start, end, "Qqq" if raw[:1].isupper() else "qqq")


def _chosen(items: Sequence[str], turn: int, full: bool) -> Sequence[str]:
    """All of them, or the one whose turn it is at this node."""
    return items if full else (items[turn % len(items)],)


def _in_document(
    text: str, spot: Spot, start: int, stop: int, last: int, turn: int, full: bool
) -> Iterator[Mutation]:
    """Changes of an XML document: names of elements and attributes, their values and texts."""
    line = spot.line
    found = []
    body = text[start:stop]
    for match in re.finditer(r"<([A-Za-z_][\w.-]*)|\s([\w:.-]+)=\"([^\"]*)\"|>([^<>]+)<", body):
        for group in range(1, 5):
            word = match.group(group)
            if word and word.strip():
                at, letter = misspelt(word)
                unread = group == 3 and match.group(2) in UNREAD
                found.append(
                    ("misspelt unread" if unread else "misspelt", match.start(group) + at, letter)
                )
    chosen = found if full else [found[turn % len(found)], found[(turn // 7) % len(found)]]
    for kind, at, letter in dict.fromkeys(chosen):
        yield Mutation(kind, spot, start + at, start + at + 1, letter, line, last)


# Reading a mutated file, without reading again what the mutation does not touch


@dataclass(frozen=True, slots=True)
class Piece:
    """An entry of a section: lines of a file that can be read by themselves."""

    section: str
    entry: str
    first: int
    """Index of its first character, and of the first one behind it."""
    last: int
    line: int


class Collision(Exception):
    """An entry got the name of another one, which cannot be seen by reading one alone."""


class Base:
    """The description as it is, and what a mutation of it gives."""

    def __init__(self) -> None:
        self.settings = settings.find(ROOT)
        self.memory = Memory()
        found = Diagnostics()
        self.files: dict[Path, Any] = {}
        self.texts: dict[Path, str] = {}
        for path in description.files_of(self.settings.schema):
            self.texts[path] = path.read_text(encoding="utf-8")
            self.files[path] = self._decode(path, self.texts[path], found)
        self.refresh(found)
        self.names = {
            spot.node.value
            for path in self.files
            for spot in self.spots(path)
            if spot.what == "key" and spot.role == DECLARED
        }

    def spots(self, path: Path) -> Iterator[Spot]:
        """All nodes of a file."""
        kind = language.FILES[description.kind_of(path)][0]
        return spots(yaml.compose(self.texts[path], yaml.CSafeLoader), kind, "", "", "")

    def refresh(self, found: Diagnostics | None = None) -> None:
        """Make the unchanged description again, of the parts that are remembered now."""
        found = found or Diagnostics()
        read = description.assemble(self.files, found)
        assert read is not None
        self.api = pipeline.examine(read, found, self.memory)
        assert not len(found), "the description itself has problems"

    def _name(self, path: Path) -> str:
        return description.shown(path, self.settings.root)

    def _decode(self, path: Path, text: str, found: Diagnostics) -> Any:
        return description.decode(
            SourceFile(self._name(path), text), description.kind_of(path), found
        )

    def pieces(self, path: Path) -> list[Piece]:
        """The entries of the sections of a file, by line; nothing for sections that are not written in block style."""
        text = self.texts[path]
        root = yaml.compose(text, yaml.CSafeLoader)
        table = language.FILES[description.kind_of(path)][0]._table()
        found: list[Piece] = []
        ends = [key.start_mark.index for key, _ in root.value[1:]] + [len(text)]
        for (key, value), end in zip(root.value, ends, strict=True):
            kind = table[key.value].kind
            if not isinstance(kind, (Dictionary, Listing)) or value.flow_style:
                continue
            is_map = isinstance(value, yaml.MappingNode)
            marks = [(item[0] if is_map else item).start_mark for item in value.value]
            starts = [text.rfind("\n", 0, mark.index) + 1 for mark in marks]
            for index, (first, last) in enumerate(zip(starts, [*starts[1:], end], strict=True)):
                entry = value.value[index][0].value if is_map else str(index)
                found.append(Piece(key.value, entry, first, last, marks[index].line + 1))
        return found

    def mutated(
        self, path: Path, piece: Piece | None, mutation: Mutation, full: bool
    ) -> tuple[Api | None, Diagnostics]:
        """What the program finds when this one file is changed."""
        found = Diagnostics()
        text = self.texts[path]
        if piece is None:
            text = text[: mutation.start] + mutation.new + text[mutation.end :]
            decl = self._decode(path, text, found)
        else:
            text = (
                text[piece.first : mutation.start] + mutation.new + text[mutation.end : piece.last]
            )
            try:
                decl = self._with_piece(path, piece, text, found)
            except Collision:
                return self.mutated(path, None, mutation, full)
        if mutation.kind == "duplicate" and not full:
            return None, found  # what follows is the description as it was
        read = description.assemble({**self.files, path: decl}, found)
        if read is None:
            return None, found
        if mutation.kind == "misspelt" and mutation.spot.role == PROSE and not full:
            return resolve.resolve(read, found, self.memory), found
        return pipeline.examine(read, found, self.memory), found

    def _with_piece(self, path: Path, piece: Piece, text: str, found: Diagnostics) -> Any:
        """The declaration of a file with one entry read anew. The entry stands in the lines where it stands in the
        file, below the key of its section, so that it has the same positions."""
        head = f"{piece.section}:" + "\n" * (piece.line - 1)
        node = parse(SourceFile(self._name(path), head + text), found)
        if node is None:
            return None
        kind = language.FILES[description.kind_of(path)][0]._table()[piece.section].kind
        old = self.files[path]
        value = kind.decode(node.entries[0][1], found)
        entries = getattr(old, piece.section)
        new: Any
        if not isinstance(kind, Listing) and any(
            name != piece.entry and name in entries for name in value
        ):
            raise Collision
        if isinstance(kind, Listing):
            at = int(piece.entry)
            new = (*entries[:at], *value, *entries[at + 1 :])
        else:
            new = Entries()
            new.refused |= value.refused
            for name, entry in entries.items():
                new.update(value if name == piece.entry else {name: entry})
        return dataclasses.replace(old, **{piece.section: new})

    def same_client(self, api: Api) -> bool:
        """Whether an API differs from the present one in nothing but prose."""
        return alike(api, self.api)


WORDS_ONLY: Final = {
    "doc", "title", "at", "said_at", "provenance", "sources", "deprecated", "since", "limits", "fix", "people", "cases",
    "callers",
}  # fmt: skip
"""Attributes of the model that are prose, or hold prose, or say where something stands."""


def alike(new: Any, old: Any) -> bool:
    """Whether two values of the model are the same but for prose and positions."""
    if new is old:
        return True
    if type(new) is not type(old):
        return False
    if dataclasses.is_dataclass(new):
        if isinstance(new, Method) and new.callers.keys() != old.callers.keys():
            return False
        return all(
            alike(getattr(new, item.name), getattr(old, item.name))
            for item in dataclasses.fields(new)
            if item.name not in WORDS_ONLY
        )
    if isinstance(new, Mapping):
        return new.keys() == old.keys() and all(
            name == "doc" or alike(new[name], old[name]) for name in new
        )
    if isinstance(new, (tuple, list)):
        return len(new) == len(old) and all(map(alike, new, old))
    return bool(new == old)


@cache
def base() -> Base:
    return Base()


@dataclass
class Tally:
    """What became of the mutations of a file."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(class of node, kind of mutation, outcome) -> how many."""
    nodes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def run(path: Path, full: bool = FULL, only: Callable[[Mutation], bool] | None = None) -> Tally:
    """Try all mutations of one file."""
    state = base()
    tally = Tally()
    text = state.texts[path]
    state.refresh()
    pieces = state.pieces(path)
    firsts = [piece.first for piece in pieces]
    name = state._name(path)
    for spot in state.spots(path):
        tally.nodes[spot.what] += 1
        at = bisect.bisect(firsts, spot.node.start_mark.index) - 1
        piece = pieces[at] if at >= 0 else None
        if piece is not None and not f"{spot.path}/".startswith(f"/{piece.section}/{piece.entry}/"):
            piece = None
        for mutation in mutations(text, spot, full, state.names):
            if only is not None and not only(mutation):
                continue
            outcome = verdict(state, name, path, piece, mutation, full)
            tally.counts[spot.role, mutation.kind, outcome] += 1
            if outcome in BAD or outcome.startswith(CRASHED):
                shown = text[mutation.start : mutation.end][:40]
                tally.failures.append(
                    f"{name}:{spot.line} {spot.path} ({spot.role}) {mutation.kind}: {shown!r} -> {mutation.new!r}: {outcome}"
                )
    return tally


NAMED = "told"
ELSEWHERE = "told, but for another line"
PASSED = "passed, changing nothing but prose"
CHANGED = "passed, changing a fact"
MISSED = "passed, though it is wrong"
CRASHED = "traceback"
BAD: Final = {ELSEWHERE, MISSED}


def verdict(
    state: Base, name: str, path: Path, piece: Piece | None, mutation: Mutation, full: bool
) -> str:
    try:
        api, found = state.mutated(path, piece, mutation, full)
    except Exception as error:
        return f"{CRASHED}: {error!r}"
    if len(found):
        for item in found:
            for place in (item.position, *(other.position for other in item.related)):
                if place.file == name and mutation.line <= place.line <= mutation.last:
                    return NAMED
        return ELSEWHERE if mutation.told else NAMED
    if mutation.told or api is None:
        return MISSED
    if state.same_client(api):
        return PASSED
    return MISSED if mutation.spot.role == PROSE else CHANGED


def table(tally: Tally) -> str:
    """The counts, for people."""
    lines = []
    for role in sorted({key[0] for key in tally.counts}):
        parts = [
            f"{kind} {outcome} {count}"
            for (other, kind, outcome), count in sorted(tally.counts.items())
            if other == role
        ]
        lines.append(f"  {role}: " + "; ".join(parts))
    return "\n".join(lines)


if __name__ == "__main__":
    import time

    total = Tally()
    for p in description.files_of(settings.find(ROOT).schema):
        if len(sys.argv) > 1 and not any(a in p.name for a in sys.argv[1:]):
            continue
        t0 = time.process_time()
        t = run(p)
        total.counts += t.counts
        total.nodes += t.nodes
        total.failures += t.failures
        print(
            f"{p.name:30} {sum(t.nodes.values()):6} {sum(t.counts.values()):6} {time.process_time()-t0:6.2f} s  {len(t.failures)}",
            flush=True,
        )
        for f in t.failures:
            print("   ", f)
    print(table(total))
    print(total.nodes, sum(total.counts.values()))
