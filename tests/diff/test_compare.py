"""The comparison of descriptions: nothing escapes it, and its command says what a release needs to know."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import small_project

from xmlwright import settings
from xmlwright.diagnostics import Position
from xmlwright.diff import compare
from xmlwright.diff import rules as compare_rules
from xmlwright.export import bundle
from xmlwright.ir import (
    Api,
    Authentication,
    Case,
    ClientOption,
    Envelope,
    FailureRule,
    Field,
    Http,
    Metadata,
    Method,
    Module,
    Paging,
    ParameterNames,
    Provenance,
    Record,
    Ref,
    ResponseShape,
    Session,
)
from xmlwright.pipeline import stages as pipeline

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def real() -> Api:
    api, diagnostics = pipeline.validate(settings.find(ROOT))
    assert api is not None
    assert not len(diagnostics)
    return api


def test_nothing_changed_says_nothing(real: Api) -> None:
    assert compare.compare(real, bundle.load(bundle.dump(real))) == []
    assert compare_rules.suggested("1.2.3", []) == "1.2.3"


@pytest.mark.parametrize(
    ("version", "rule", "suggested"),
    [
        ("1.2.3", "argument-removed", "2.0.0"),
        ("0.2.3", "argument-removed", "0.3.0"),
        ("1.2.3", "argument-added", "1.3.0"),
        ("0.2.3", "argument-added", "0.2.4"),
        ("1.2.3", "documentation-changed", "1.2.4"),
        ("2", "argument-removed", "3.0.0"),
        ("1.2.0rc1", "argument-added", "1.3.0"),
    ],
)
def test_the_version_follows_from_the_worst_change(version: str, rule: str, suggested: str) -> None:
    change = compare_rules.Change(rule, "a.b", "", None, None)
    other = compare_rules.Change("documentation-changed", "a.b", "", None, None)
    assert compare_rules.suggested(version, [other, change]) == suggested


# Nothing of a description changes without being told.

NOWHERE = Position("api.yaml", 1, 1)
NOT_COMPARED = {
    "Api.key_positions": "positions",
    "Paging.key_positions": "positions",
    "Envelope.key_positions": "positions",
    "Http.key_positions": "positions",
    "Http.arguments": "decides where arguments are, which is compared",
    "Http.described_verb": "decides whether calls may be repeated, which is compared",
    "FailureRule.position": "positions",
    "FailureRule.key_positions": "positions",
    "Api.covers_names": "what cases must show",
    "Api.covers_methods": "what cases must show",
    "Api.provenance": "inherited by what it holds, which is compared",
    "Api.modules": "compared by its parts",
    "Api.records": "made from the modules",
    "Api.enums": "made from the modules",
    "Module.name": "what modules are matched by",
    "Module.enums": "compared by its parts",
    "Module.records": "compared by its parts",
    "Module.methods": "compared by its parts",
    "Module.cases": "examples: what they show is described",
    "Enum.module": "what enums are matched by",
    "Enum.name": "what enums are matched by",
    "Record.module": "what records are matched by",
    "Record.name": "what records are matched by",
    "Field.access": "an argument is there or is not",
    "Method.resource": "what methods are matched by",
    "Method.verb": "what methods are matched by",
    "Method.kind": "decides other things, which are compared",
    "Method.function": "follows from the name in Python",
    "Method.mode": "decides which fields of nested records are sent, which are compared",
    "Method.positional": "told of the argument",
    "ResponseShape.scalar": "an answer that is a record has none",
    "argument Field.read": "an argument is not read",
    "argument Field.read_empty": "an argument is not read",
    "argument Field.none": "an argument is not read",
    "argument Field.bare": "an argument is not read",
    "argument Field.fallbacks": "an argument is not read",
    "Field.name": "what fields are matched by; its place and its name in Python are compared",
    "Field.key_element": "where the keys of a map are",
    "Field.value_element": "where the values of a map are",
    "Method.http": "compared by its parts",
    "Method.envelope": "compared by its parts",
    "Method.pages": "compared by its parts",
}
OTHERWISE: dict[str, Any] = {
    "Api.session": Session("auth.enter", {}, {"token": ("token",)}, None, (401,)),
    "Method.retry": "safe",
    "Method.paging": "ignored",
    "ResponseShape.value": "binary",
    "Field.access": "r",
    "Field.required": "cu",
    "Field.clear": "refused",
    "ErrorCode.kind": "server",
    "ResponseShape.record": None,
    "Field.record": Ref("shared", "Other"),
    "Field.enum": Ref("shared", "Other"),
    "Scalar.words": (("yes",), ("no",)),
    "Field.location": ("query", "other"),
    "Field.scalar": "flag",
    "Envelope.nil": ("nil", "true"),
    "Envelope.warnings": FailureRule(message="warning"),
    "Envelope.metadata": (Metadata("id", "/id", "text", "", NOWHERE),),
    "Envelope.failures": (FailureRule(message="text"),),
    "FailureRule.statuses": ((400, 499),),
    "FailureRule.payload": ("detail", Ref("shared", "Other")),
    "Http.query": (("format", "xml"),),
    "Http.form": (("version", "1"),),
    "Http.success": (299,),
    "Method.http": Http(path="/x"),
    "Method.envelope": Envelope(request_root="other"),
    "Method.pages": Paging(style="offset"),
    "Http.document": ("form", "xml"),
    "Http.names": ParameterNames(list="{name}.{n}"),
    "Api.variables": (ClientOption("host", None, False, "", NOWHERE),),
    "Api.credentials": (ClientOption("key", None, False, "", NOWHERE),),
    "Api.authentication": (Authentication("{key}", "header:X-Key"),),
    "Record.one_of": (("name", "rate"),),
}


def other(name: str, value: Any) -> Any:
    """Another value of the same kind."""
    if name in OTHERWISE:
        return OTHERWISE[name]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return "7" if value.isdigit() else f"{value}x"
    if isinstance(value, tuple):
        return (*value, "other") if all(isinstance(item, str) for item in value) else value[1:]
    if isinstance(value, dict):
        first = next(iter(value.values()), "always")
        return {**value, "other": first}
    if isinstance(value, Provenance):
        return Provenance("inferred", value.sources)
    return "other" if value is None else None


def edits(api: Api) -> Iterator[tuple[str, Api | tuple[Api, Api]]]:
    """Each fact of the model, and a description in which one thing has another; or both descriptions."""
    for part in ("names", "envelope", "paging"):
        inner = getattr(api, part)
        for item in dataclasses.fields(inner):
            name = f"{type(inner).__name__}.{item.name}"
            changed = replace(inner, **{item.name: other(name, getattr(inner, item.name))})
            yield name, replace(api, **{part: changed})
    for item in dataclasses.fields(Api):
        if item.name not in ("names", "envelope", "paging", "scalars"):
            value = other(f"Api.{item.name}", getattr(api, item.name))
            yield f"Api.{item.name}", replace(api, **{item.name: value})
    for kind in ("errors", "events", "people", "sources"):
        first, *rest = getattr(api, kind)
        for name, changed in _facts(first):
            changes: dict[str, Any] = {kind: (changed, *rest)}
            yield name, replace(api, **changes)
    for scalar in dataclasses.fields(api.scalars["flag"]):
        known = api.scalars["flag"]
        name = f"Scalar.{scalar.name}"
        changed = replace(known, **{scalar.name: other(name, getattr(known, scalar.name))})
        yield name, replace(api, scalars={**api.scalars, "flag": changed})
    module = next(
        m
        for m in api.resources
        if m.enums and any(r.in_responses and r.in_requests for r in m.records)
    )
    yield from ((name, _with(api, module, changed)) for name, changed in _facts(module))
    for part in ("enums", "records", "methods"):
        thing = _choose(module, part)
        inner = {"enums": "words", "records": "fields", "methods": "arguments"}[part]
        for name, changed in _facts(thing):
            yield name, _with(api, module, _put(module, part, thing, changed))
        one = _choose_inner(getattr(thing, inner))
        for name, changed in _facts(one):
            items = tuple(changed if item is one else item for item in getattr(thing, inner))
            label = name if part != "methods" else f"argument {name}"
            yield label, _with(
                api, module, _put(module, part, thing, replace(thing, **{inner: items}))
            )
    bound = replace(module.methods[0], http=Http(path="/tasks"))
    start = _with(api, module, _put(module, "methods", module.methods[0], bound))
    assert bound.http is not None
    for name, http in _facts(bound.http):
        yield name, (
            start,
            _with(
                api, module, _put(module, "methods", module.methods[0], replace(bound, http=http))
            ),
        )
    for name, rule in _facts(api.envelope.failures[0]):
        yield name, replace(api, envelope=replace(api.envelope, failures=(rule,)))
    for name, option in _facts(api.credentials[0]):
        yield name, replace(api, credentials=(option,))
    method = next(m for m in module.methods if m.response.record is not None)
    for name, answer in _facts(method.response):
        yield name, _with(
            api, module, _put(module, "methods", method, replace(method, response=answer))
        )


def _choose(module: Module, part: str) -> Any:
    if part == "methods":
        return next(method for method in module.methods if method.kind == "create")
    if part == "records":
        return next(
            record for record in module.records if record.in_responses and record.in_requests
        )
    return module.enums[0]


def _choose_inner(items: tuple[Any, ...]) -> Any:
    plain = [item for item in items if getattr(item, "write", "") in ("text", "decimal")]
    return next((item for item in plain if item.access == "rcu"), items[0])


def _put(module: Module, part: str, old: Any, new: Any) -> Module:
    items: Any = tuple(new if item is old else item for item in getattr(module, part))
    return replace(module, **{part: items})


def _with(api: Api, old: Module, new: Module) -> Api:
    return replace(api, modules=tuple(new if item is old else item for item in api.modules))


def _facts(thing: Any) -> Iterator[tuple[str, Any]]:
    for item in dataclasses.fields(thing):
        name = f"{type(thing).__name__}.{item.name}"
        if item.name in ("at", "key_positions") or isinstance(
            getattr(thing, item.name), (ResponseShape, Case)
        ):
            continue
        yield name, replace(thing, **{item.name: other(name, getattr(thing, item.name))})


def test_nothing_of_a_description_escapes(real: Api) -> None:
    seen: set[str] = set()
    escaped: list[str] = []
    for name, edited in edits(real):
        before, changed = edited if isinstance(edited, tuple) else (real, edited)
        plain = name.removeprefix("argument ")
        seen.add(plain)
        if not compare.compare(before, changed) and not {name, plain} & set(NOT_COMPARED):
            escaped.append(name)
    assert escaped == []
    for kind in (
        Api,
        Module,
        Record,
        Field,
        Method,
        ResponseShape,
        Http,
        Envelope,
        FailureRule,
        ClientOption,
        Paging,
    ):
        missing = {f"{kind.__name__}.{item.name}" for item in dataclasses.fields(kind)} - seen
        assert {name.rpartition(".")[2] for name in missing} <= {
            "at", "key_positions", "names", "envelope", "paging", "scalars", "response",
        }  # fmt: skip


# The command.


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project in a git repository of one commit."""
    folder = small_project.make(tmp_path / "project")
    (folder / "schema/resources/book.cases.yaml").unlink()  # so that methods can be taken out
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "one"],
    ):
        subprocess.run(["git", "-C", str(folder), *command], check=True, capture_output=True)
    return folder


BOOK = "schema/resources/book.yaml"


def test_the_command_tells_worst_first_with_places_fingerprint_and_version(project: Path) -> None:
    small_project.edit(
        project / BOOK,
        "      price: {type: decimal, doc",
        "      price: {type: decimal, required: create, doc",
    )
    small_project.edit(project / BOOK, 'doc: "What stands on', 'doc: "All that stands on')
    done = small_project.run(project, "diff", "HEAD")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "Breaking"
    assert "argument-now-required; wire breaking, python breaking;" in done.stdout
    assert f"old {BOOK}:12:7, new {BOOK}:12:7" in done.stdout
    assert "version 0.1.0 -> 0.2.0" in done.stdout
    assert small_project.run(project, "diff", "HEAD", "--fail-on", "never").returncode == 0


def test_an_allowed_change_needs_a_reason_and_an_unused_one_is_told(project: Path) -> None:
    small_project.edit(project / BOOK, "  get: {}\n", "")
    found = json.loads(small_project.run(project, "diff", "HEAD", "--format", "json").stdout)
    (fingerprint,) = {item["fingerprint"] for item in found["changes"]}
    allowed = project / "allowed.txt"
    allowed.write_text(f"# agreed\n{fingerprint}\n", encoding="utf-8")
    done = small_project.run(project, "diff", "HEAD", "--allow", "allowed.txt")
    assert done.returncode == 1
    assert "allowed.txt:2: an allowed change needs a reason" in done.stderr
    allowed.write_text(f"{fingerprint} nobody called it\n0123456789ab gone\n", encoding="utf-8")
    done = small_project.run(project, "diff", "HEAD", "--allow", "allowed.txt")
    assert done.returncode == 0
    assert "allowed: nobody called it" in done.stdout
    assert "no change has the fingerprint 0123456789ab" in done.stderr


def test_a_fingerprint_stays_when_lines_move(project: Path) -> None:
    small_project.edit(project / BOOK, "  get: {}\n", "")
    first = json.loads(small_project.run(project, "diff", "HEAD", "--format", "json").stdout)
    small_project.edit(project / BOOK, "resource: book\n", "# A comment.\n\nresource: book\n")
    again = json.loads(small_project.run(project, "diff", "HEAD", "--format", "json").stdout)
    assert [item["fingerprint"] for item in first["changes"]] == [
        item["fingerprint"] for item in again["changes"]
    ]
    assert again["suggested"] == "0.2.0"


def test_a_changelog_section_is_ready_to_be_pasted(project: Path) -> None:
    small_project.edit(project / BOOK, "  get: {}\n", "")
    small_project.edit(
        project / BOOK, "      price:", '      pages: {type: int, doc: "How many."}\n      price:'
    )
    done = small_project.run(project, "diff", "HEAD", "--format", "changelog")
    assert done.stdout.startswith("## [0.2.0]\n\n### Added\n\n- `Book.pages`: ")
    assert "\n### Removed\n\n- **Breaking:** `book.get`: method removed" in done.stdout


PROGRAM = """\
from library import Library


def use(api: Library) -> None:
    print(api.book.get(7))


def unrelated(api: dict) -> None:
    print(api["book"].get(7))
"""


def test_new_type_errors_of_programs_are_reported(project: Path) -> None:
    (project / "app.py").write_text(PROGRAM + "print(missing)\n", encoding="utf-8")
    small_project.edit(project / BOOK, "  get: {}\n", "")
    done = small_project.run(project, "diff", "HEAD", "--against-users", "app.py")
    assert done.returncode == 1
    assert 'app.py:5: "Books" has no attribute "get"' in done.stdout
    assert "1 new type errors in 1 files" in done.stdout
    done = small_project.run(
        project, "diff", "HEAD", "--against-users", "app.py", "--format", "github"
    )
    assert "::error file=app.py,line=5::" in done.stdout
    done = small_project.run(
        project, "diff", "HEAD", "--against-users", "app.py", "--format", "json"
    )
    (error,) = json.loads(done.stdout)["broken"]
    assert (error["file"], error["line"]) == ("app.py", 5)


def test_programs_are_read_as_python_reads_them(project: Path) -> None:
    """Encodings come from BOM or cookie; what is not Python 3 is named and skipped."""
    users = project / "users"
    for folder in (".venv", ".hidden", "env", "sub"):
        (users / folder).mkdir(parents=True)
    (users / "env" / "pyvenv.cfg").write_text("", encoding="utf-8")
    python2 = "print 'hello'\n"
    for name in (".venv/a.py", ".hidden/a.py", "env/a.py", "old.py"):
        (users / name).write_text(python2, encoding="utf-8")
    (users / "bom.py").write_bytes(b"\xef\xbb\xbf" + PROGRAM.encode())
    latin = "# -*- coding: latin-1 -*-\n# B\u00fccher\n" + PROGRAM
    (users / "sub" / "bom.py").write_bytes(latin.encode("latin-1"))
    done = small_project.run(project, "diff", "HEAD", "--against-users", "users")
    assert done.returncode == 3
    assert [line for line in done.stderr.splitlines() if "not checked" in line] == [
        line for line in done.stderr.splitlines() if "users/old.py:1: not Python 3" in line
    ]
    small_project.edit(project / BOOK, "  get: {}\n", "")
    done = small_project.run(project, "diff", "HEAD", "--against-users", "users")
    assert done.returncode == 1
    assert "users/bom.py:5: " in done.stdout
    assert "users/sub/bom.py:7: " in done.stdout


def test_bundles_and_folders_are_compared_and_nonsense_is_refused(project: Path) -> None:
    cases = project / "schema/resources/book.cases.yaml"
    cases.write_text(small_project.BOOK_CASES, encoding="utf-8")
    text = small_project.run(project, "bundle").stdout
    (project / "old.json").write_text(text, encoding="utf-8")
    assert small_project.run(project, "diff", "old.json").stdout == "no changes\n"
    assert small_project.run(project, "diff", "schema", "old.json").stdout == "no changes\n"
    for name, said in (
        ("v9", "not a folder, bundle or git revision"),
        ("templates", "has no description"),
    ):
        done = small_project.run(project, "diff", name)
        assert done.returncode == 1
        assert said in done.stderr
    (project / "old.json").write_text('{"format": "other"}', encoding="utf-8")
    assert "is not a bundle" in small_project.run(project, "diff", "old.json").stderr


def test_what_only_the_sandbox_does_changes_nothing_for_users(project: Path) -> None:
    old = project / "old" / "schema"
    shutil.copytree(project / "schema", old)
    behavior = project / "schema/resources/book.behavior.yaml"
    behavior.write_text("# yaml of its own\n", encoding="utf-8")
    done = small_project.run(project, "diff", "old")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "resources/book.behavior.yaml: changed; describes behavior only: no effect on the wire or in Python",
        "no changes for users",
    ]
    told = json.loads(small_project.run(project, "diff", "old", "--format", "json").stdout)
    assert told["behavior"] == ["resources/book.behavior.yaml"]
    assert told["changes"] == []
