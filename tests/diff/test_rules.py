"""What the comparison says of each kind of change is so: programs break exactly where it says that they do.

For each edit of a small description, in both directions, there are programs that a person said will break or will not. All of
them pass the type checker and run against a server that follows their own description. Then each is run again, unchanged, against a
server that follows the other description; and once more with the other client as well, which the type checker sees too.
"""

from __future__ import annotations

import functools
import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from description_edits import EDITS, FILES, NOT_SHOWN, Edit, Program, Way
from description_server import Following
from loopback import Response, Seen, Server, serving
from wire_edits import EDITS as WIRE_EDITS

from xmlwright import settings
from xmlwright.diagnostics import Diagnostics
from xmlwright.diff import compare
from xmlwright.diff.rules import ORDER, RULES, worst
from xmlwright.ir import Api
from xmlwright.render.formatting import format_python
from xmlwright.render.renderer import RUNTIME, package_path, render
from xmlwright.resolve import resolver as resolve
from xmlwright.schema import loader as description

OF_THE_WIRE = {
    "constant-added", "document-moved", "element-order-changed", "enum-moved", "failure-payload-changed",
    "failure-rules-reordered", "path-variable-renamed", "positional-order-changed", "record-moved",
}  # fmt: skip
"""Rules with a test of their own in test_wire_rules or test_compare."""

TEMPLATES = settings.built_in_templates()
RUNTIME_NAME = "of_all.runtime"
"""The run time, which does not depend on the description, is there once: a type checker has to see it once then."""


def resolved(files: dict[str, str], folder: Path) -> Api:
    """The description that some texts are."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text:
            path.write_text(text, encoding="utf-8")
    diagnostics = Diagnostics()
    read = description.read(folder, diagnostics, root=folder)
    assert read is not None, list(diagnostics)
    api = resolve.resolve(read, diagnostics)
    assert not len(diagnostics), [f"{item.position}: {item.message}" for item in diagnostics]
    return api


def edited(edit: Edit) -> dict[str, str]:
    files = dict(FILES)
    for name, before, after in edit.replacements:
        assert files[name].count(before) == 1, (edit.name, before, files[name].count(before))
        files[name] = files[name].replace(before, after)
    return files


@dataclass(frozen=True)
class Version:
    """One description with its client, which is imported as ``folder.package``."""

    folder: str
    api: Api

    @property
    def package(self) -> str:
        return f"{self.folder}.{self.api.names.package}"


@functools.cache
def formatted(text: str) -> str:
    """Most files are the same in all versions, and formatting is what takes time."""
    return format_python(text)


def write(root: Path, version: Version) -> None:
    inside = package_path(version.api)
    for item in render(version.api, TEMPLATES):
        if not item.path.startswith(f"{inside}/") or "/runtime/" in item.path:
            continue
        text = formatted(item.text) if item.python else item.text
        text = text.replace("from .runtime", f"from {RUNTIME_NAME}")
        text = text.replace('"runtime.', f'"{RUNTIME_NAME}.').replace(
            'f"{__name__}.{_PLACES[name]}"',
            f'_PLACES[name] if "{RUNTIME_NAME}" in _PLACES[name] else f"{{__name__}}.{{_PLACES[name]}}"',
        )
        path = root / version.folder / item.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


WORLD = """\
from typing import Protocol


class World(Protocol):
    def fired(self, event: str) -> bool: ...
    def delivery(self) -> bytes: ...
    def lose_the_next_answer(self) -> None: ...
"""

HEAD = """\
import datetime as dt
import os
from decimal import Decimal

from LIB import CLIENT
from world import World

_ = (dt, os, Decimal)


def program(api: CLIENT, world: World) -> None:
"""


def source(program: Program, client: str, package: str) -> str:
    body = "".join(f"    {line}\n" for line in program.body.splitlines())
    return re.sub(r"\bLIB\b", package, (HEAD + body).replace("CLIENT", client))


@dataclass(frozen=True)
class CaseCoverage:
    """A program of a way, in two files: with the client it was written for, and with the other."""

    label: str
    way: Way
    program: Program
    before: Version
    after: Version
    number: int

    @property
    def client(self) -> str:
        return self.before.api.names.client

    @property
    def own(self) -> str:
        return f"own_{self.number}"

    @property
    def moved(self) -> str:
        return f"moved_{self.number}"


@dataclass(frozen=True)
class Bench:
    """All versions and programs, what the type checker said of them, and a server."""

    root: Path
    versions: dict[str, Version]
    shown: list[CaseCoverage]
    refused: dict[str, str]
    """File of a program -> what the type checker says."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp("changes")
    versions = {"": Version("base", resolved(dict(FILES), root / "schema_base"))}
    for number, edit in enumerate(EDITS):
        api = resolved(edited(edit), root / f"schema_{number}")
        versions[edit.name] = Version(f"edited_{number}", api)
    code = root / "code"
    for version in versions.values():
        write(code, version)
    target = code / RUNTIME_NAME.replace(".", "/")
    target.mkdir(parents=True)
    for path in RUNTIME.glob("*.py"):
        (target / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (code / "world.py").write_text(WORLD, encoding="utf-8")
    shown = list(_shown(versions))
    files = []
    for item in shown:
        text = source(item.program, item.client, item.before.package)
        moved = text.replace(f"{item.before.folder}.", f"{item.after.folder}.")
        (code / f"{item.own}.py").write_text(text, encoding="utf-8")
        (code / f"{item.moved}.py").write_text(moved, encoding="utf-8")
        files += [f"{item.own}.py", f"{item.moved}.py"]
    refused = checked(code, files)
    sys.path.insert(0, str(code))
    try:
        yield Bench(code, versions, shown, refused)
    finally:
        sys.path.remove(str(code))
        tops = {
            RUNTIME_NAME.split(".")[0],
            "world",
            *(version.folder for version in versions.values()),
        }
        for name in list(sys.modules):
            if name.split(".")[0] in tops or name.startswith(("own_", "moved_")):
                del sys.modules[name]


def _shown(versions: dict[str, Version]) -> Iterator[CaseCoverage]:
    number = 0
    for edit in EDITS:
        base, other = versions[""], versions[edit.name]
        for label, way, before, after in (
            (edit.name, edit.there, base, other),
            (f"{edit.name} (back)", edit.back, other, base),
        ):
            for program in way.programs:
                yield CaseCoverage(label, way, program, before, after, number)
                number += 1


def checked(root: Path, files: list[str]) -> dict[str, str]:
    """What mypy says of each file that it refuses."""
    (root / "mypy.ini").write_text("[mypy]\nignore_missing_imports = True\n", encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "--no-error-summary",
               "--cache-dir", ".mypy_cache", *files]  # fmt: skip
    done = subprocess.run(
        command,
        cwd=root,
        capture_output=True,
        text=True,
        env={**os.environ, "MYPYPATH": "."},
        check=False,
    )
    assert not done.stderr, done.stderr
    found: dict[str, str] = {}
    for line in done.stdout.splitlines():
        if ": error: " in line:
            found.setdefault(line.partition(":")[0], line)
    return found


class Loop:
    """One server for all programs; which description it follows changes."""

    def __init__(self) -> None:
        self.world: Following | None = None

    def answer(self, seen: Seen) -> Response:
        assert self.world is not None
        told = self.world.answer(seen.line, seen.headers, seen.body)
        return Response(told.body, told.status, told.headers, told.length)


def failure(
    server: Server, loop: Loop, module: str, version: Version, following: Api
) -> str | None:
    """Why a program breaks when it runs with a client against a server of a description; None if it does not."""
    loop.world = world = Following(following)
    environment = dict(os.environ)
    path = version.api.url.partition("example.com")[2]
    try:
        package = importlib.import_module(version.package)
        client = getattr(package, version.api.names.client)
        with client(
            "a", token="member", url=f"http://localhost:{server.port}{path}", validate=False
        ) as api:
            importlib.import_module(module).program(api, world)
    except Exception as error:  # whatever a broken program raises
        return f"{type(error).__name__}: {error}"
    finally:
        os.environ.clear()
        os.environ.update(environment)
    return None


@pytest.fixture(scope="module")
def results(bench: Bench) -> dict[tuple[int, str], str | None]:
    """(number of a program, how it was run) -> why it broke."""
    found: dict[tuple[int, str], str | None] = {}
    loop = Loop()
    with serving(loop.answer) as server:
        for item in bench.shown:
            number, before, after = item.number, item.before, item.after
            found[number, "own"] = bench.refused.get(f"{item.own}.py") or failure(
                server, loop, item.own, before, before.api
            )
            found[number, "wire"] = failure(server, loop, item.own, before, after.api)
            found[number, "python"] = bench.refused.get(f"{item.moved}.py") or failure(
                server, loop, item.moved, after, after.api
            )
    return found


def ways() -> list[tuple[str, Edit, Way, bool]]:
    return [
        row
        for edit in EDITS
        for row in (
            (edit.name, edit, edit.there, True),
            (f"{edit.name} (back)", edit, edit.back, False),
        )
    ]


def test_there_are_enough_kinds_of_change() -> None:
    """Told by their rules: an edit both ways is two changes."""
    assert len({rule for _, _, way, _ in ways() for rule in way.rules}) >= 60
    assert len({edit.name for edit in EDITS}) == len(EDITS)


def test_every_rule_is_in_the_table() -> None:
    shown = {rule for _, _, way, _ in ways() for rule in way.rules}
    wire = {rule for _, rules in WIRE_EDITS.values() for rule in rules}
    wire |= {RULES[rule].mirror or "" for rule in wire}
    assert shown | wire | OF_THE_WIRE == set(RULES)


def test_every_rule_has_its_mirror_or_a_waiver() -> None:
    for rule in RULES.values():
        assert (rule.mirror is None) == bool(rule.waiver), rule.name
        if rule.mirror is not None:
            assert RULES[rule.mirror].mirror == rule.name


def test_what_is_said_of_each_change(bench: Bench) -> None:
    wrong: list[str] = []
    base = bench.versions[""].api
    for label, edit, way, there in ways():
        other = bench.versions[edit.name].api
        found = compare.compare(base, other) if there else compare.compare(other, base)
        rules = frozenset(change.rule for change in found)
        wire = worst([change.wire for change in found])
        python = worst([change.python for change in found])
        if (rules, wire, python) != (way.rules, way.wire, way.python):
            wrong.append(
                f"{label}: {sorted(rules)}, {wire}, {python}; expected {sorted(way.rules)}, {way.wire}, {way.python}"
            )
        if len({change.fingerprint for change in found}) != len(found):
            wrong.append(f"{label}: two changes have one fingerprint")
    assert not wrong, "\n".join(wrong)


def test_the_way_back_is_told_by_the_mirrors(bench: Bench) -> None:
    for edit in EDITS:
        mirrored = {RULES[rule].mirror for rule in edit.there.rules}
        assert mirrored == edit.back.rules, edit.name


def test_every_program_works_before_the_change(
    bench: Bench, results: dict[tuple[int, str], str | None]
) -> None:
    wrong = [
        f"{item.label}: {item.program.body!r}: {results[item.number, 'own']}"
        for item in bench.shown
        if results[item.number, "own"]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("side", ["wire", "python"])
def test_programs_break_where_it_was_said(
    bench: Bench, results: dict[tuple[int, str], str | None], side: str
) -> None:
    wrong = [
        f"{item.label}: {item.program.body!r}: {results[item.number, side]}"
        for item in bench.shown
        if bool(results[item.number, side]) != getattr(item.program, side)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("side", ["wire", "python"])
def test_verdicts_are_borne_out_by_programs(side: str) -> None:
    """Breaking: one breaks. Risky: one breaks and one does not. Otherwise none breaks."""
    wrong: list[str] = []
    for label, _, way, _ in ways():
        verdict = getattr(way, side)
        broken = {getattr(program, side) for program in way.programs}
        expected = {"breaking": [{True}, {True, False}], "risky": [{True, False}]}
        if way.rules & set(NOT_SHOWN) and broken == {False}:
            continue
        if broken not in expected.get(verdict, [{False}]):
            wrong.append(f"{label}: {verdict}, but of its programs break {broken}")
    assert not wrong, "\n".join(wrong)


def test_waivers_name_rules_and_are_needed() -> None:
    assert set(NOT_SHOWN) <= set(RULES)
    assert all(
        ORDER.index(worst([RULES[rule].wire, RULES[rule].python])) >= 2 for rule in NOT_SHOWN
    )
