"""``check`` says why: each cause of drift is made to happen, and it names that cause and that place, and no other."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import black
import pytest
import small_project
from black.mode import TargetVersion
from small_project import PACKAGE, built, edit, environment, make, make_built, run, tree

from xmlwright import settings
from xmlwright.pipeline import manifest
from xmlwright.pipeline import stages as pipeline
from xmlwright.render.formatter_version import formatter_version
from xmlwright.staleness import causes
from xmlwright.staleness import report as causes_report

Edit = Callable[[Path], object]

BOOK = "schema/resources/book.yaml"
CASES = "schema/resources/book.cases.yaml"
LOAN = "schema/resources/loan.yaml"
API = "schema/api.yaml"
MODULE = "templates/%package%/%module%.py.j2"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_built(tmp_path / "project")


def differences(folder: Path) -> list[causes.Difference]:
    """What check finds, in this process, which is quicker."""
    found = settings.find(folder)
    described = pipeline.describe(found, {})
    return [
        item
        for one in found.outputs
        for item in causes.check(one, lambda stage, done, total: None, described)
    ]


def told(folder: Path) -> list[str]:
    """The lines that check prints, without the name of the output folder."""
    lines = causes_report.as_text(differences(folder)).splitlines()
    return [line.removeprefix("generated/") for line in lines]


def at(folder: Path, name: str, begins: str) -> str:
    """``file:line:column`` of the one line of a file that begins with a text, white space aside."""
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    (number,) = [
        number for number, line in enumerate(lines, 1) if line.lstrip(" -").startswith(begins)
    ]
    line = lines[number - 1]
    return f"{name}:{number}:{len(line) - len(line.lstrip(' -')) + 1}"


def replaced(name: str, old: str, new: str) -> Edit:
    return lambda folder: edit(folder / name, old, new)


def both(*edits: Edit) -> Edit:
    def all_of_them(folder: Path) -> None:
        for one in edits:
            one(folder)

    return all_of_them


PRICE = replaced(BOOK, "What it cost.", "The price.")
DUE = replaced(LOAN, "When it has to be back.", "The day.")
CASE = replaced(CASES, "name: a new book\n", "name: a new book\n    doc: As bought.\n")
README = replaced("templates/README.md.j2", "# {{", "#  {{")
PRICE_CAUSE = ("field Book.price", BOOK, "price:")
LOAN_GONE = "resource loan removed (schema/resources/loan.yaml)"

SCHEMA: dict[str, tuple[Edit, dict[str, list[tuple[str, str, str]]]]] = {
    "a field's meaning": (PRICE, {f"{PACKAGE}/book.py": [PRICE_CAUSE]}),
    "two fields of two resources": (
        both(PRICE, DUE),
        {
            f"{PACKAGE}/book.py": [PRICE_CAUSE],
            f"{PACKAGE}/loan.py": [("field Loan.due", LOAN, "due:")],
        },
    ),
    "a field and a case of one resource": (
        both(PRICE, CASE),
        {
            f"{PACKAGE}/book.py": [PRICE_CAUSE],
            "tests/test_book.py": [("case book/a new book", CASES, "name: a new book")],
        },
    ),
    "who may call": (
        replaced(BOOK, "callers: {librarian: always}", "callers: {librarian: by day}"),
        {f"{PACKAGE}/book.py": [("callers of book", BOOK, "callers:")]},
    ),
    "where it is known from": (
        replaced(LOAN, "manual:loans", "manual:lending"),
        {".xmlwright.json": [("source of loan", LOAN, "source:")]},
    ),
    "a method": (
        replaced(BOOK, "  get: {}", "  get: {retry: idempotent}"),
        {f"{PACKAGE}/book.py": [("method book.get", BOOK, "get:")]},
    ),
    "the paging of all lists": (
        replaced(API, "maximum_size: 100", "maximum_size: 50"),
        {
            f"{PACKAGE}/_api.py": [("api paging", API, "paging:")],
            f"{PACKAGE}/book.py": [("api paging", API, "paging:")],
        },
    ),
    "an error code": (
        replaced(API, "List them.", "List all."),
        {f"{PACKAGE}/_api.py": [("error 404", API, '"404":')]},
    ),
    "an enum's meaning": (
        replaced("schema/shared.yaml", "Where a book stands.", "Where it is."),
        {f"{PACKAGE}/shared.py": [("enum Shelf", "schema/shared.yaml", "Shelf:")]},
    ),
    "the order of fields": (
        both(
            replaced(LOAN, '      loan_id: {type: id, access: read, doc: "Number of the loan."}\n', ""),
            replaced(LOAN, "\nmethods:", '      loan_id: {type: id, access: read, doc: "Number of the loan."}\n\nmethods:'),
        ),
        {
            f"{PACKAGE}/loan.py": [("the order in record Loan", LOAN, "Loan:")],
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEMA)
def test_schema_changed(project: Path, name: str) -> None:
    """Each file is told with the pieces that it comes from, and with no other piece that changed."""
    change, expected = SCHEMA[name]
    change(project)
    lines = []
    for path, places in expected.items():
        causes = ", ".join(f"{what} ({at(project, *where)})" for what, *where in places)
        lines.append(f"{path}: schema changed: {causes}")
    assert told(project) == lines


def test_field_added_and_removed(project: Path) -> None:
    edit(
        project / BOOK,
        "      shelf: {enum",
        '      pages: {type: int, access: read, doc: "Leaves."}\n      shelf: {enum',
    )
    cases = project / CASES
    text = cases.read_text(encoding="utf-8")
    text = text.replace("</price><shelf>closed", "</price><pages>3</pages><shelf>closed")
    cases.write_text(text.replace("shelf: closed", "pages: 3, shelf: closed"), encoding="utf-8")
    added = at(project, BOOK, "pages:")
    assert f"{PACKAGE}/book.py: schema changed: field Book.pages added ({added})" in told(project)
    built(project)
    shutil.copy(small_project.make(project.parent / "old") / BOOK, project / BOOK)
    shutil.copy(project.parent / "old" / CASES, project / CASES)
    record = at(project, BOOK, "Book:")
    assert f"{PACKAGE}/book.py: schema changed: field Book.pages removed ({record})" in told(
        project
    )


def test_resource_removed_and_added(project: Path) -> None:
    text = (project / LOAN).read_text(encoding="utf-8")
    (project / LOAN).unlink()
    lines = told(project)
    assert f"{PACKAGE}/_client.py: schema changed: {LOAN_GONE}" in lines
    assert f"{PACKAGE}/loan.py: no longer made: schema changed: {LOAN_GONE}" in lines
    assert f"tests/test_loan.py: no longer made: schema changed: {LOAN_GONE}" in lines
    assert {line.rpartition(": ")[2] for line in lines} == {LOAN_GONE}
    built(project)
    (project / LOAN).write_text(text, encoding="utf-8")
    came = f"resource loan added ({at(project, LOAN, 'resource:')})"
    lines = told(project)
    assert f"{PACKAGE}/loan.py: not made yet: schema changed: {came}" in lines
    assert f"tests/test_loan.py: not made yet: schema changed: {came}" in lines
    assert {line.rpartition(": ")[2] for line in lines} == {came}


def test_package_renamed(project: Path) -> None:
    edit(project / API, "package: library", "package: lending")
    place = f"api python ({at(project, API, 'python:')})"
    lines = told(project)
    assert "lending/book.py: not made yet: schema changed: " + place in lines
    assert f"{PACKAGE}/runtime/unset.py: no longer made: schema changed: {place}" in lines
    assert {line.rpartition(": ")[2] for line in lines} == {place}


def test_comments_change_nothing_but_the_manifest(project: Path) -> None:
    text = (project / LOAN).read_text(encoding="utf-8")
    (project / LOAN).write_text(f"# Lent.\n{text}", encoding="utf-8")
    assert told(project) == [
        f".xmlwright.json: schema changed: only its layout or comments ({LOAN})"
    ]


# Templates

TEMPLATES: dict[str, tuple[Edit, list[str]]] = {
    "one": (README, ["README.md: template changed: templates/README.md.j2"]),
    "that another imports": (
        replaced("templates/_header.j2", "import datetime as dt", "import datetime as dt  # dates"),
        [
            f"{PACKAGE}/loan.py: template changed: templates/_header.j2",
            "tests/test_loan.py: template changed: templates/_header.j2",
        ],
    ),
    "of each module": (
        replaced(MODULE, "__all__ =", "#\n__all__ ="),
        [f"{PACKAGE}/{name}.py: template changed: {MODULE}" for name in ("book", "loan", "shared")],
    ),
    "added": (
        lambda folder: (folder / "templates/NOTES.md.j2").write_text("x\n"),
        ["NOTES.md: not made yet: template changed: added (templates/NOTES.md.j2)"],
    ),
    "removed": (
        lambda folder: (folder / "templates/%package%/__main__.py.j2").unlink(),
        [
            f"{PACKAGE}/__main__.py: no longer made: template changed:"
            " removed (templates/%package%/__main__.py.j2)"
        ],
    ),
    "its comments": (
        replaced("templates/LICENSE.j2", "MIT License", "{# whichever #}MIT License"),
        [".xmlwright.json: template changed: templates/LICENSE.j2"],
    ),
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_changed(project: Path, name: str) -> None:
    change, expected = TEMPLATES[name]
    change(project)
    assert told(project) == expected


def test_schema_and_template_changed(project: Path) -> None:
    """Each file has its own causes; one that has both is told with both."""
    both(
        PRICE,
        README,
        replaced(
            "templates/%package%/_client.py.j2",
            "class {{ api.names.client }}",
            "#\nclass {{ api.names.client }}",
        ),
    )(project)
    edit(project / MODULE, "__all__ =", "#\n__all__ =")
    lines = told(project)
    where = at(project, BOOK, "price:")
    assert f"{PACKAGE}/book.py: schema changed: field Book.price ({where})" in lines
    assert f"{PACKAGE}/book.py: template changed: {MODULE}" in lines
    assert [line for line in lines if line.startswith(f"{PACKAGE}/loan.py")] == [
        f"{PACKAGE}/loan.py: template changed: {MODULE}"
    ]
    assert "README.md: template changed: templates/README.md.j2" in lines
    assert f"{PACKAGE}/_client.py: template changed: templates/%package%/_client.py.j2" in lines
    assert sum("Book.price" in line for line in lines) == 1


# Options, formatter, generator


def test_options_changed(project: Path) -> None:
    settings_file = project / "pyproject.toml"
    settings_file.write_text(small_project.SETTINGS + "line-length = 80\n")
    lines = told(project)
    assert f"{PACKAGE}/book.py: options changed: line-length 100 -> 80 (pyproject.toml)" in lines
    assert {line.partition(": ")[2] for line in lines} == {
        "options changed: line-length 100 -> 80 (pyproject.toml)"
    }
    assert not any(line.startswith(("README", "pyproject")) for line in lines), "no Python"
    built(project)
    text = (project / f"generated/{PACKAGE}/book.py").read_text()
    eighty = black.Mode(line_length=80, target_versions={TargetVersion.PY310})
    assert black.format_str(text, mode=eighty) == text
    assert told(project) == []


def test_formatter_changed(project: Path, tmp_path: Path) -> None:
    """Another Black, with a version of its own, that breaks lines earlier."""
    folder = tmp_path / "site"
    own = Path(black.__file__).parent
    for name in ("black", "blib2to3"):
        shutil.copytree(
            own.parent / name, folder / name, ignore=shutil.ignore_patterns("*.so", "*.pyd")
        )
    with (folder / "black/__init__.py").open("a", encoding="utf-8") as file:
        file.write(
            "\n_once = _format_str_once\n"
            "def _format_str_once(text, *, mode, **rest):\n"
            "    return _once(text, mode=replace(mode, line_length=70), **rest)\n"
        )
    (folder / "black-99.1.0.dist-info").mkdir()
    (folder / "black-99.1.0.dist-info/METADATA").write_text("Name: black\nVersion: 99.1.0\n")
    env = environment(PYTHONPATH=str(folder))
    done = run(project, "check", env=env)
    version = formatter_version()
    changed = f"formatter changed: {version} -> black 99.1.0"
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert f"generated/{PACKAGE}/book.py: {changed}" in lines
    assert {line.partition(": ")[2] for line in lines} == {changed}
    assert not any("runtime/" in line or "README" in line for line in lines)


GENERATOR: dict[str, tuple[str, str, str, list[str]]] = {
    "what is copied": (
        "runtime/unset.py", "Not sent at all:", "Not sent:", [f"{PACKAGE}/runtime/unset.py"],
    ),
    "what names the tests (and may have changed what else it names)": (
        "render/views.py", "return test_module_name(self.module.python)", "return f'my_{self.module.python}'",
        [f"{PACKAGE}/book.py", "tests/test_book.py", "tests/test_loan.py"],
    ),
    "what reads the description": (
        "resolve/methods.py", '"create": "Creates {one}."', '"create": "Makes {one}."',
        [f"{PACKAGE}/book.py", f"{PACKAGE}/loan.py"],
    ),
    "how files are formatted": (
        "render/formatting.py", "    return formatted\n", "    return formatted + '# end\\n'\n", [],
    ),
    "the command line": ("cli/main.py", '"""The command line.', '"""The commands.', []),
}  # fmt: skip


@pytest.mark.parametrize("name", GENERATOR)
def test_generator_changed(project: Path, tmp_path: Path, name: str) -> None:
    """A copy of the program is edited and run."""
    module, old, new, expected = GENERATOR[name]
    program = tmp_path / "program"
    shutil.copytree(small_project.PROGRAM, program / "xmlwright")
    edit(program / "xmlwright" / module, old, new)
    PRICE(project)
    done = run(project, "check", env=environment(PYTHONPATH=str(program)))
    lines = [line.removeprefix("generated/") for line in done.stdout.splitlines()]
    generator = [line for line in lines if "generator changed" in line]
    if module == "cli/main.py":
        assert generator == [], "it makes nothing"
    else:
        assert {line.partition(": ")[2] for line in generator} == {f"generator changed: {module}"}
    if expected:
        assert [line.partition(": ")[0] for line in generator] == expected
    schema = [line.partition(": ")[0] for line in lines if "schema changed" in line]
    assert schema == [f"{PACKAGE}/book.py"], "the edit of the description, and it alone"


def test_version_of_the_generator_is_told(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    (folder / "xmlwright-9.8.7.dist-info").mkdir(parents=True)
    (folder / "xmlwright-9.8.7.dist-info/METADATA").write_text("Name: xmlwright\nVersion: 9.8.7\n")
    done = run(project, "check", env=environment(PYTHONPATH=str(folder)))
    assert done.stdout.splitlines() == [
        "generated/.xmlwright.json: generator changed: 0.1.0 -> 9.8.7"
    ]


# By hand


HAND: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "one line": (lambda text: text.replace(b"import ", b"import  ", 1), 0, "line {line}"),
    "the last line": (lambda text: text + b"# mine\n", -1, "line {line}"),
    "lines removed": (
        lambda text: b"\n".join(text.split(b"\n")[:4] + text.split(b"\n")[7:]), 4,
        "3 lines removed after line 4",
    ),
    "several places": (
        lambda text: b"#\n" + text.replace(b"\nclass Book", b"\n#\nclass Book", 1), 1, "line 1, line {line}",
    ),
    "line ends": (lambda text: text.replace(b"\n", b"\r\n"), 1, "its lines end in CR LF"),
    "nothing left": (lambda text: b"", 1, "it is empty"),
}  # fmt: skip


@pytest.mark.parametrize("name", HAND)
def test_edited_by_hand(project: Path, name: str) -> None:
    change, first, what = HAND[name]
    path = project / f"generated/{PACKAGE}/book.py"
    before = path.read_bytes()
    path.write_bytes(change(before))
    after = path.read_bytes().split(b"\n")
    differ = [
        number
        for number, line in enumerate(after, 1)
        if line not in before.split(b"\n") or line == b"#"
    ]
    line = len(after) - 1 if first < 0 else differ[-1] if differ else 0
    first = line if first <= 0 else first
    what = what.format(line=line)
    assert told(project) == [f"{PACKAGE}/book.py:{first}: edited by hand: {what}"]


def test_file_in_the_way(project: Path) -> None:
    (project / "generated/README.md").unlink()
    (project / "generated/README.md").mkdir()
    assert told(project) == ["README.md: edited by hand: is a folder"]


def test_missing(project: Path) -> None:
    (project / f"generated/{PACKAGE}/book.py").unlink()
    assert told(project) == [f"{PACKAGE}/book.py: missing"]


def test_owners_files_are_no_drift(project: Path) -> None:
    (project / "generated/NOTES.md").write_text("mine\n")
    assert told(project) == []


def test_file_of_the_owner_in_the_place_of_a_new_one(project: Path) -> None:
    (project / "generated/NOTES.md").write_text("mine\n")
    (project / "templates/NOTES.md.j2").write_text("theirs\n")
    assert told(project) == [
        "NOTES.md: template changed: added (templates/NOTES.md.j2)",
        "NOTES.md:1: edited by hand: no build wrote it",
    ]


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=me", "-c", "user.email=me@example.com",
         "-c", "core.autocrlf=false", *arguments],
        check=True, capture_output=True,
    )  # fmt: skip


def test_edited_line_is_known_from_git_though_the_file_changes(project: Path) -> None:
    _git(project, "init", "-q")
    _git(project, "add", "generated")
    _git(project, "commit", "-qm", "built")
    path = project / f"generated/{PACKAGE}/book.py"
    lines = path.read_text(encoding="utf-8").split("\n")
    lines.insert(100, "# mine")
    path.write_text("\n".join(lines), encoding="utf-8")
    PRICE(project)
    where = at(project, BOOK, "price:")
    expected = [
        f"{PACKAGE}/book.py: schema changed: field Book.price ({where})",
        f"{PACKAGE}/book.py:101: edited by hand: line 101",
    ]
    assert told(project) == expected
    _git(project, "commit", "-qam", "edited")
    assert told(project) == expected, "from the commit of the manifest"
    shutil.rmtree(project / ".git")
    schema, hand = told(project)
    assert schema == expected[0]
    assert "line 101" in hand
    assert "no commit has what the build wrote" in hand


# The manifest itself


_README = '  "README.md": '


def _conflict(text: str) -> str:
    return re.sub(
        r'(  "README.md": .*\n)', r"<<<<<<< HEAD\n\1=======\n\1>>>>>>> other\n", text, count=1
    )


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_conflict, "damaged: it has the marks of a merge conflict"),
        (lambda text: text[:-100], "damaged: it is not JSON"),
        (lambda text: "", "damaged: it is empty"),
        (lambda text: "[]", "damaged: it is no manifest"),
        (lambda text: text.replace('"format": 3', '"format": 99'), "another version of xmlwright wrote it"),
        (lambda text: text.replace("\n", "\r\n"), "edited by hand: its lines end in CR LF"),
        (lambda text: text.replace('"README.md": "', '"README.md": "0'), "edited by hand: line "),
        (None, "missing"),
    ],
)  # fmt: skip
def test_manifest_that_is_not_as_it_was(
    project: Path, damage: Callable[[str], str] | None, said: str
) -> None:
    path = project / "generated" / manifest.NAME
    text = path.read_text(encoding="utf-8")
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage(text).encode())
    (line,) = told(project)
    assert line.startswith(manifest.NAME)
    assert said in line
    if damage is _conflict:
        assert line.startswith(f"{manifest.NAME}:{text[: text.index(_README)].count(chr(10)) + 1}:")
    assert run(project, "check").returncode == 1


def test_without_a_manifest_nobody_knows_why(project: Path) -> None:
    (project / "generated" / manifest.NAME).unlink()
    PRICE(project)
    assert told(project) == [
        f"{PACKAGE}/book.py: not as a build makes it: no readable manifest says what it was made from",
        f"{manifest.NAME}: missing",
    ]


def test_manifest_depends_on_content_alone(project: Path, tmp_path: Path) -> None:
    """No time, no path, and line ends of a checkout do not count."""
    other = make(tmp_path / "elsewhere/deeper")
    for path in (*(other / "schema").rglob("*.yaml"), *(other / "templates").rglob("*.j2")):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    built(other)
    assert tree(other / "generated") == tree(project / "generated")
    text = (project / "generated" / manifest.NAME).read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert str(small_project.CHECKOUT) not in text
    assert f"Python {sys.version_info.major}" not in text


def test_branches_that_change_different_things_merge(project: Path) -> None:
    """One line an entry: git merges the manifests of two branches by itself, and the result is right."""
    _git(project, "init", "-q", "-b", "main")
    (project / ".gitignore").write_text(".cache\n")
    _git(project, "add", ".")
    _git(project, "commit", "-qm", "built")
    error = replaced(API, "List them.", "List all.")
    for branch, change in (("error", error), ("due", DUE)):
        _git(project, "checkout", "-q", "-b", branch, "main")
        change(project)
        built(project)
        _git(project, "commit", "-qam", branch)
    _git(project, "merge", "-q", "-m", "both", "error")
    assert told(project) == []
    assert run(project, "check").stdout == "generated/ is up to date\n"


# As text, JSON and annotations


def test_formats(project: Path) -> None:
    both(PRICE, README)(project)
    (project / f"generated/{PACKAGE}/wire.py").write_bytes(b"# 100 %\n")
    plain = run(project, "check")
    assert plain.returncode == 1
    assert (
        "3 files differ: schema changed (1), template changed (1), edited by hand (1)"
        in plain.stderr
    )
    found = run(project, "check", "--format", "json")
    assert (found.returncode, found.stderr) == (1, "")
    value = json.loads(found.stdout)
    assert value["format"] == 1
    assert value["up_to_date"] is False
    assert value["problems"] == []
    causes = {item["path"]: (item["state"], item["causes"]) for item in value["files"]}
    file, line, column = at(project, BOOK, "price:").split(":")
    assert causes[f"generated/{PACKAGE}/book.py"] == (
        "differs",
        [{"cause": "schema", "what": "field Book.price", "file": file, "line": int(line), "column": int(column)}],
    )  # fmt: skip
    assert causes["generated/README.md"][1] == [
        {"cause": "template", "what": "", "file": "templates/README.md.j2", "line": None, "column": None}
    ]  # fmt: skip
    github = run(project, "check", "--format", "github").stdout.splitlines()
    assert (
        f"::error file={file},line={line},col={column},title=schema changed::"
        f"field Book.price: changes generated/{PACKAGE}/book.py; run `xmlwright build`"
    ) in github
    assert (
        "::error file=templates/README.md.j2,line=1,title=template changed::"
        "changes generated/README.md; run `xmlwright build`"
    ) in github
    assert any(
        line.startswith(f"::error file=generated/{PACKAGE}/wire.py,line=1,title=edited by hand::")
        for line in github
    )
    assert len(github) == 3
    built(project)
    clean = run(project, "check", "--format", "json")
    assert json.loads(clean.stdout) == {
        "format": 1, "up_to_date": True, "files": [], "problems": [],
    }  # fmt: skip
    assert run(project, "check", "--format", "github").stdout == ""
    assert run(project, "check", "-q").stdout == ""


def test_problems_of_the_description_in_every_format(project: Path) -> None:
    edit(project / BOOK, "type: decimal", "type: decmial")
    value = json.loads(run(project, "check", "--format", "json").stdout)
    assert (value["up_to_date"], value["files"]) == (False, [])
    assert value["problems"][0]["line"] == int(at(project, BOOK, "price:").split(":")[1])
    done = run(project, "check", "--format", "github")
    assert done.returncode == 1
    assert done.stdout.startswith(f"::error file={BOOK},line=13,col=21,title=dangling-reference::")
    assert done.stdout.count("::error") == 1


def test_check_writes_nothing(project: Path) -> None:
    both(PRICE, README)(project)
    before = {path: path.stat().st_mtime_ns for path in (project / "generated").rglob("*")}
    run(project, "check")
    assert {path: path.stat().st_mtime_ns for path in (project / "generated").rglob("*")} == before
