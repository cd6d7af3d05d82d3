"""Addresses of described things on the site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from ..diagnostics import Position
from ..ir import Api, Enum, Method, Module, Provenance, Record, Ref
from .content import Link, Origin, SourceLine

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.-]")


def anchor(*names: str) -> str:
    """Return an HTML id for a name, with unsafe characters as hexadecimal numbers."""
    text = _UNSAFE.sub(
        lambda found: "+" if found[0] == " " else f"~{ord(found[0]):x}~", ".".join(names)
    )
    return text or "~"


def natural(text: str) -> list[tuple[int, str]]:
    """Return a sort key that puts ``guide-2`` before ``guide-10``, and 2.9 before 2.10."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part)
        for part in re.split(r"(\d+)", text)
        if part
    ]


class Links:
    """Addresses on the site of an API and in its repository."""

    def __init__(self, api: Api, source: str = "") -> None:
        self._source = source
        self._modules = {module.name: module for module in api.modules}
        self._methods = {method.name: method for method in api.methods}
        self._sources = {item.name: item.doc for item in api.sources}
        self._references = dict(self._named_things(api))

    def module(self, name: str) -> str:
        """Return the address of a module page."""
        return f"resources/{anchor(name)}.html"

    def method(self, method: Method) -> str:
        """Return the address of a method page."""
        return f"methods/{anchor(method.name)}.html"

    def of(self, what: Record | Enum | Ref) -> str:
        """Return the address of a record or enum."""
        return f"{self.module(what.module)}#{anchor(what.name)}"

    def resource(self, name: str) -> Link:
        """Return a link to a resource."""
        found: Module | None = self._modules.get(name)
        return Link(found.title if found is not None else name, self.module(name) if found else "")

    def named(self, name: str) -> str:
        """Return the address of a method by name; empty if it doesn't exist."""
        method = self._methods.get(name)
        return self.method(method) if method is not None else ""

    def reference(self, name: str) -> str:
        """Return where a named thing is described; empty if nothing has the name."""
        return self._references.get(name, "")

    def references(self) -> list[str]:
        """Return the names of everything that a guide can link to."""
        return list(self._references)

    def _named_things(self, api: Api) -> Iterator[tuple[str, str]]:
        """Yield names and addresses; where two things share a name, the later one counts."""
        for event in api.events:
            yield event.name, f"events.html#{anchor(event.name)}"
        for code in api.errors:
            yield code.code, f"errors.html#{anchor(code.code)}"
        for module in api.modules:
            page = self.module(module.name)
            yield module.name, page
            for enum in module.enums:
                yield enum.name, self.of(enum)
                for word in enum.words:
                    yield f"{enum.name}.{word.word}", f"{page}#{anchor(enum.name, word.word)}"
            for record in module.records:
                yield record.name, self.of(record)
                for item in record.fields:
                    name = f"{record.name}.{item.python}"
                    yield name, f"{page}#{anchor(name)}"
        for method in api.methods:
            yield method.name, self.method(method)
            for item in method.arguments:
                yield f"{method.name}.{item.python}", f"{self.method(method)}#{anchor(item.python)}"

    def origin(self, provenance: Provenance) -> Origin:
        """Return the provenance of a fact, with links to its sources."""
        return Origin(
            provenance.kind,
            tuple(
                Link(source, f"sources.html#{anchor(key)}" if key in self._sources else "")
                for source in provenance.sources
                for key in [source.partition(":")[0]]
            ),
        )

    def place(self, at: Position) -> SourceLine:
        """Return the location of a position in the description."""
        return self.line(PurePosixPath(at.file).as_posix(), at.line)

    def line(self, file: str, line: int) -> SourceLine:
        """Return the location of a line of a project file."""
        href = ""
        if self._source:
            href = self._source.replace("{path}", file).replace("{line}", str(line))
            if href == self._source:
                href = f"{self._source.rstrip('/')}/{file}#L{line}"
        return SourceLine(f"{file}:{line}", href)
