"""A description without one of its fields, and the documents that show that field."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xmlwright import settings
from xmlwright.diagnostics import Diagnostics
from xmlwright.inference import observations as evidence
from xmlwright.inference import patch
from xmlwright.inference.observations import Document
from xmlwright.ir import Api, Field, Ref
from xmlwright.resolve import resolver as resolve
from xmlwright.schema import loader as description

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = settings.find(ROOT)
CORPUS = Path(os.environ.get("XMLWRIGHT_CORPUS") or ROOT.parent / "shared" / "corpus")


@dataclass(frozen=True)
class Place:
    """A field of a record."""

    ref: Ref
    name: str

    def __str__(self) -> str:
        return f"{self.ref.module}.{self.ref.name}.{self.name}"


class Removals:
    """The description of this project, from which fields are removed one at a time."""

    def __init__(self) -> None:
        self._sources = {
            path.relative_to(ROOT).as_posix(): (path, path.read_text(encoding="utf-8"))
            for path in description.files_of(SETTINGS.schema)
        }
        api, diagnostics = self.resolved({})
        assert not len(diagnostics)
        self.api = api
        self.documents = [*corpus(self.api), *of_cases(self.api)]
        self._names = [set(re.findall(rb"[\w.-]+", item.content)) for item in self.documents]

    def fields(self) -> list[Place]:
        """Return every field of every record."""
        return [
            Place(ref, item.name)
            for ref, record in self.api.records.items()
            for item in record.fields
        ]

    def field(self, place: Place) -> Field:
        return next(item for item in self.api.records[place.ref].fields if item.name == place.name)

    def path(self, file: str) -> Path:
        return self._sources[file][0]

    def text(self, file: str) -> str:
        return self._sources[file][1]

    def resolved(self, texts: dict[Path, str]) -> tuple[Api, Diagnostics]:
        diagnostics = Diagnostics()
        read = description.read(SETTINGS.schema, diagnostics, root=ROOT, texts=texts)
        assert read is not None
        return resolve.resolve(read, diagnostics), diagnostics

    def without(self, place: Place) -> tuple[Api, Path, str]:
        """Return the description without a field, and the text of the edited file."""
        item = self.field(place)
        path, text = self._sources[item.at.file]
        lines = text.splitlines(keepends=True)
        first = item.at.line - 1  # where its value begins, which may be below its name
        while not re.match(rf"\s*[\"']?{re.escape(item.name)}[\"']?:", lines[first]):
            first -= 1
        indent = _indent(lines[first])
        last = first + 1
        while last < len(lines) and (not lines[last].strip() or _indent(lines[last]) > indent):
            last += 1
        left = "".join(lines[:first] + lines[last:])
        # What refers to the field says it no more: the name that identifies the record, and arguments that are the same.
        left = re.sub(rf"^    identity: {item.name}\n", "", left, flags=re.MULTILINE)
        left = re.sub(rf"^ +{item.name}: same\n", "", left, flags=re.MULTILINE)
        api, _ = self.resolved({path: left})
        return api, path, left

    def mentioning(self, item: Field) -> list[Document]:
        """Return the documents that have an element or attribute of the field's name."""
        name = (item.attribute or (item.path[-1] if item.path else "")).encode()
        return [
            document
            for document, names in zip(self.documents, self._names, strict=True)
            if not name or name in names
        ]

    def proposed(self, place: Place) -> tuple[list[patch.Proposal], Api, Path, str]:
        """Return what drift proposes for the description without a field."""
        api, path, text = self.without(place)
        seen, _ = evidence.gather(api, self.mentioning(self.field(place)))
        found, _ = patch.proposals(api, seen)
        return found, api, path, text


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def kept(text: str, patched: str) -> bool:
    """Return whether lines were only added: all old lines, comments included, are unchanged."""
    lines = iter(patched.splitlines())
    return all(line in lines for line in text.splitlines())


def corpus(api: Api) -> Iterator[Document]:
    """Yield the documents of the corpus."""
    known = {method.name for method in api.methods}
    if not (CORPUS / "index.csv").is_file():
        return
    with (CORPUS / "index.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["method"] in known and not row["file"].startswith("malformed/"):
                yield Document(row["file"], (CORPUS / row["file"]).read_bytes(), row["method"])


def of_cases(api: Api) -> Iterator[Document]:
    """Yield the documents of the cases."""
    for module in api.resources:
        for case in module.cases:
            name = f"{module.name}.{case.call}"
            for text in (case.request, case.response):
                if text is not None and text.lstrip().startswith("<"):
                    yield Document(f"case: {case.name}", text.encode(), name)
