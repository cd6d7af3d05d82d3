"""Why an output is not what a build would make: for each file that differs, each cause with its place, and no other."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ..files import shown
from ..pipeline import manifest
from ..pipeline import stages as pipeline
from ..pipeline.inputs import Inputs
from ..pipeline.manifest import Manifest
from ..pipeline.stages import Described, Plan, ProgressCallback
from ..render.formatter_version import MODULES
from ..render.renderer import Renderer
from ..render.templates import ORIGINAL, SUFFIX, TemplateLoader
from ..settings import Settings
from . import manual_edits as by_hand
from .dependencies import Dependencies, dependencies
from .manual_edits import Edit
from .schema_changes import SchemaChanges, in_words, outermost

KINDS: Final = {
    "schema": "schema changed",
    "template": "template changed",
    "options": "options changed",
    "formatter": "formatter changed",
    "generator": "generator changed",
    "edited": "edited by hand",
    "missing": "missing",
    "damaged": "damaged",
    "unknown": "not as a build makes it",
}
"""Kind of cause -> in words."""
_OPTIONS_OF_PYTHON: Final = ("line-length",)


@dataclass(frozen=True, slots=True, order=True)
class Cause:
    """One reason why a file differs."""

    kind: str
    """A key of :data:`KINDS`."""
    what: str = ""
    """Which piece of the description, template, option, module or line, and what happened to it."""
    file: str = ""
    """Where it is, relative to the project; empty where it is in no file."""
    line: int = 0
    column: int = 0

    @property
    def place(self) -> str:
        """``file:line:column``, as far as it is known."""
        return ":".join(
            [self.file, *(str(number) for number in (self.line, self.column) if number)]
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not what a build would make."""

    path: str
    """Relative to the project."""
    state: str
    """``differs``, ``missing``, ``new`` (never made yet) or ``extra`` (no longer made)."""
    causes: tuple[Cause, ...]


def check(settings: Settings, progress: ProgressCallback, described: Described) -> list[Difference]:
    """Where an output is not what a build would make, and why. Writes nothing.

    Raises:
        TemplateError, FormatError: a template is wrong.
    """
    old = manifest.load(settings.output)
    made = pipeline.plan(settings, described, {}, progress, old)
    return list(_Check(settings, described, old, made).differences())


class _Check:
    def __init__(
        self, settings: Settings, described: Described, old: Manifest | None, made: Plan
    ) -> None:
        self._settings = settings
        self._old = old
        self._made = made
        self._now: Inputs = made.manifest.inputs
        self._loader = TemplateLoader(settings.templates, settings.overlay, settings.root)
        self._api = described.api
        before = old.inputs if old is not None else self._now
        self._templates = {
            name
            for name in _changed(before.templates, self._now.templates)
            # A file that was replaced or removed is reported by its own name.
            if not name.startswith(ORIGINAL)
            or {name} <= before.templates.keys() & self._now.templates.keys()
        }
        self._modules = _changed(before.generator, self._now.generator)
        self._options = _changed(before.options, self._now.options)
        nodes = old.nodes if old is not None else {}
        self._changes = SchemaChanges(
            nodes, described.api, described.fingerprints, generator=bool(self._modules)
        )
        self._dependencies: Mapping[str, Dependencies] | None = None
        self._told: set[tuple[str, str]] = set()
        """(kind, piece) of what has been given as a cause."""

    def differences(self) -> Iterator[Difference]:
        output, files = self._settings.output, self._made.files
        mine = manifest.written_by(output)
        found: list[Difference] = []
        for path in sorted({*files, *mine} - {manifest.NAME}):
            target = output / path
            there = os.path.lexists(target)
            if path not in files:
                if there:
                    found.append(self._difference(path, "extra", self._extra(path)))
                continue
            content = by_hand.read(target)
            if content == files[path]:
                continue
            known = self._old is not None and path in self._old.outputs
            state = "differs" if there else "missing" if known or path in mine else "new"
            found.append(self._difference(path, state, self._causes(path, content, state)))
        yield from found
        own = by_hand.read(output / manifest.NAME)
        if own != files[manifest.NAME]:
            causes = self._of_manifest(own)
            if causes or not found:
                yield self._difference(
                    manifest.NAME, "differs" if own is not None else "missing", causes
                )

    def _difference(self, path: str, state: str, causes: set[Cause]) -> Difference:
        named = shown(self._settings.output / path, self._settings.root)
        return Difference(named, state, tuple(sorted(causes, key=_order)))

    def _causes(self, path: str, content: bytes | None, state: str) -> set[Cause]:
        old = self._old.outputs.get(path) if self._old is not None else None
        if self._old is None:
            return {Cause("unknown", "no readable manifest says what it was made from")}
        made = self._made.manifest.outputs[path]
        found: set[Cause] = set()
        if old is None:
            if content is not None:
                found.add(Cause("edited", "no build wrote it", self._named(path), 1))
            return found | self._new(path)
        if old.rendered != made.rendered:
            found |= self._rendered(path)
        elif old.written != made.written:
            found |= self._formatted(path)
        if state == "missing":
            found.add(Cause("missing", "", self._named(path)))
        elif content is None or manifest.digest(content) != old.written:
            found |= self._edited(path, content, old.written, exact=not found)
        return found or {Cause("unknown", "the manifest does not fit the file that it names")}

    def _edited(
        self, path: str, content: bytes | None, original: str, *, exact: bool
    ) -> set[Cause]:
        target = self._settings.output / path
        if content is None:
            what = "is a folder" if target.is_dir() else "cannot be read"
            return {Cause("edited", what, self._named(path))}
        text = self._made.files[path] if exact else None
        text = text or by_hand.committed(self._settings, path, original)
        if text is not None:
            edit = by_hand.edit(text, content)
        else:  # what the build wrote is nowhere: some of the lines that a build would change now
            edit = by_hand.edit(self._made.files[path], content)
            edit = Edit(edit.line, f"among {edit.what}; no commit has what the build wrote")
        return {Cause("edited", edit.what, self._named(path), edit.line)}

    def _named(self, path: str) -> str:
        return shown(self._settings.output / path, self._settings.root)

    # what a file was made from

    def _dependencies_of(self, path: str) -> Dependencies:
        if self._dependencies is None:
            renderer = Renderer(self._api, self._loader, self._settings.line_length)
            self._dependencies = dependencies(self._api, renderer)
        return self._dependencies[path]

    def _rendered(self, path: str) -> set[Cause]:
        """Return why a file's text, before formatting, is another.

        Which module of the generator changes which text is unknown: each rendered file that differs names all that changed.
        """
        of_file = self._dependencies_of(path)
        if of_file.copied:
            modules = self._modules & {of_file.copied}
        else:
            modules = self._modules - {*MODULES} - _copies(self._modules)
        options = self._options & {*_OPTIONS_OF_PYTHON} if of_file.python else set()
        causes = self._all(
            self._changes.causes(of_file.pieces),
            self._templates & of_file.templates,
            modules,
            options,
        )
        return causes or self._everything()

    def _everything(self) -> set[Cause]:
        """Return all that changed, for a file whose own causes are unknown."""
        return self._all(
            # Pieces can change their order alone.
            outermost(self._changes.pieces, self._changes)
            or self._changes.causes(self._changes.resolved),
            self._templates,
            self._modules,
            self._options,
        )

    def _formatted(self, path: str) -> set[Cause]:
        """Why the same text is formatted in another way."""
        found = self._all(set(), set(), self._modules & {*MODULES}, self._options)
        return found | self._formatter()

    def _new(self, path: str) -> set[Cause]:
        """Why a file is made that was not made before."""
        of_file = self._dependencies_of(path)
        template = next((name for name in self._templates if self._makes(name, path)), None)
        if template is not None and template not in self._before().templates:
            return self._all(set(), {template}, set(), set())
        pieces = self._changes.causes(of_file.pieces)
        grown = {
            name
            for name in pieces
            if name in self._changes.added and name.startswith(("resource ", "case "))
        }
        if grown or "api python" in pieces:
            return self._all(grown or {"api python"}, set(), set(), set())
        return self._rendered(path)

    def _extra(self, path: str) -> set[Cause]:
        """Why a file is no longer made."""
        if self._old is None:
            return {Cause("unknown", "no readable manifest says what it was made from")}
        gone = {name for name in self._templates if name not in self._now.templates}
        templates = {name for name in gone if self._makes(name, path)}
        if templates:
            return self._all(set(), templates, set(), set())
        stem = path.rpartition("/")[2].partition(".")[0].removeprefix("test_")
        resources = {
            name
            for name in self._changes.removed
            if name == f"resource {stem}" or name.startswith(f"case {stem}/")
        }
        resources = outermost(resources, self._changes)
        if resources:
            return self._all(resources, set(), set(), set())
        if "api python" in self._changes.pieces:
            return self._all({"api python"}, set(), set(), set())
        modules = {name for name in self._modules if path.endswith(f"/{name}")}
        return self._all(set(), set(), modules, set()) or self._everything()

    def _makes(self, template: str, path: str) -> bool:
        """Whether a template's name can give a path."""
        pattern = re.escape(template.removesuffix(SUFFIX))
        for placeholder in ("package", "module", "resource"):
            pattern = pattern.replace(re.escape(f"%{placeholder}%"), r"[\w/]+")
        return re.fullmatch(pattern, path) is not None

    def _before(self) -> Inputs:
        assert self._old is not None
        return self._old.inputs

    # causes in words

    def _all(
        self, pieces: set[str], templates: set[str], modules: set[str], options: set[str]
    ) -> set[Cause]:
        found: set[Cause] = set()
        for kind, names in (
            ("schema", pieces), ("template", templates), ("generator", modules), ("options", options),
        ):  # fmt: skip
            self._told |= {(kind, name) for name in names}
        found |= {self._piece(name) for name in pieces}
        found |= {self._template(name) for name in templates}
        if modules:
            found.add(self._generator(modules))
        for name in options:
            before = self._before().options.get(name, "none")
            after = self._now.options.get(name, "none")
            found.add(Cause("options", f"{name} {before} -> {after}", "pyproject.toml"))
        return found

    def _piece(self, name: str) -> Cause:
        at = self._changes.place(name)
        change = self._changes.change(name)
        what = in_words(name)
        if name not in self._changes.pieces:
            what = f"the order in {what}"
        elif change != "changed":
            what = f"{what} {change}"
        if at is None:
            resource = name.removeprefix("resource ")
            file = "api.yaml" if resource == name else f"resources/{resource}.yaml"
            return Cause("schema", what, shown(self._settings.schema / file, self._settings.root))
        return Cause("schema", what, at.file, at.line, at.column)

    def _template(self, name: str) -> Cause:
        before = name in self._before().templates
        after = name in self._now.templates
        change = "" if before and after else "added" if after else "removed"
        return Cause("template", change, self._loader.shown(name))

    def _generator(self, modules: set[str]) -> Cause:
        names = sorted(modules)
        rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
        what = ", ".join(names[:3]) + rest
        before, after = self._before().version, self._now.version
        return Cause("generator", f"{before} -> {after}: {what}" if before != after else what)

    def _formatter(self) -> set[Cause]:
        before, after = self._before().formatter, self._now.formatter
        if before == after:
            return set()
        self._told.add(("formatter", ""))
        return {Cause("formatter", f"{before} -> {after}")}

    # the manifest itself

    def _of_manifest(self, own: bytes | None) -> set[Cause]:
        """Why the manifest differs, but for what differs in other files as well."""
        named = self._named(manifest.NAME)
        if own is None:
            return {Cause("missing", "", named)}
        if self._old is None:
            return {Cause("damaged", by_hand.damage(own), named, by_hand.damaged_line(own))}
        untold = {
            kind: {name for name in names if (kind, name) not in self._told}
            for kind, names in (
                ("schema", outermost(self._changes.pieces, self._changes)),
                ("template", self._templates),
                ("generator", self._modules),
                ("options", self._options),
            )
        }
        found = self._all(
            untold["schema"], untold["template"], untold["generator"], untold["options"]
        )
        if ("formatter", "") not in self._told:
            found |= self._formatter()
        before = self._before()
        if before.version != self._now.version and not self._modules:
            found.add(Cause("generator", f"{before.version} -> {self._now.version}"))
        found |= self._comments()
        if found or self._told:
            return found
        edit = by_hand.edit(self._made.files[manifest.NAME], own)
        return {Cause("edited", edit.what, named, edit.line)}

    def _comments(self) -> set[Cause]:
        """Files of the description that say the same in another way."""
        files = _changed(self._before().schema, self._now.schema)
        reported = {name for kind, name in self._told if kind == "schema"}
        places = {self._changes.place(name) for name in self._changes.pieces | reported}
        known = {at.file for at in places if at is not None}
        found = set()
        for name in files:
            file = shown(self._settings.schema / name, self._settings.root)
            gone = name not in self._now.schema
            if file not in known and not (gone and self._changes.removed):
                found.add(Cause("schema", "only its layout or comments", file))
        return found


def _copies(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith("runtime/")}


def _changed(old: Mapping[str, str], new: Mapping[str, str]) -> set[str]:
    return {name for name in {*old, *new} if old.get(name) != new.get(name)}


def _order(cause: Cause) -> tuple[int, str, int, int, str]:
    return (list(KINDS).index(cause.kind), cause.file, cause.line, cause.column, cause.what)
