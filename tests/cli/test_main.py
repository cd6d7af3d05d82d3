"""The command line as a person or a CI job meets it: help, exit codes, color, messages, ``explain`` and ``schema``."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from small_project import (
    CHECKOUT,
    COMMAND,
    PACKAGE,
    SETTINGS,
    built,
    edit,
    environment,
    make,
    make_built,
    run,
    tree,
)
from terminal import Terminal

from xmlwright import settings
from xmlwright.explain import explain
from xmlwright.pipeline import stages as pipeline
from xmlwright.schema.loader import files_of, kind_of

SCRIPT = Path(sys.executable).parent / "xmlwright"
COMMANDS = ("build", "bundle", "check", "diff", "explain", "schema", "validate", "vendor", "watch")
COLOR = re.compile(r"\x1b\[\d[\d;]*m")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make(tmp_path / "project")


@pytest.fixture
def built_project(tmp_path: Path) -> Path:
    return make_built(tmp_path / "project")


def place(path: Path, text: str, root: Path) -> str:
    """``file:line:`` of the one line of a file that begins with ``text``, white space aside."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [number for number, line in enumerate(lines, 1) if line.lstrip().startswith(text)]
    assert len(found) == 1, f"{text!r} begins lines {found} of {path}"
    return f"{path.relative_to(root).as_posix()}:{found[0]}:"


# Help, version, misuse


def test_help_lists_every_command_with_examples(tmp_path: Path) -> None:
    shown = run(tmp_path, "--help", command=[str(SCRIPT)])
    assert shown.returncode == 0
    listed = re.findall(r"^  (\w+)  +\w", shown.stdout.partition("Commands:")[2], re.MULTILINE)
    assert set(COMMANDS) <= set(listed)
    for name in listed:
        one = run(tmp_path, name, "-h")
        assert one.returncode == 0
        assert re.search(rf"Examples?:\n +xmlwright .*{name}", one.stdout), one.stdout
        assert not one.stderr


def test_exit_codes_are_in_the_help(tmp_path: Path) -> None:
    assert "130" in run(tmp_path, "--help").stdout
    for name in ("build", "check", "docs", "explain", "schema", "validate", "vendor", "watch"):
        assert re.search(r"Exit codes:\n +0 +\w", run(tmp_path, name, "--help").stdout), name


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(tmp_path: Path, shell: str) -> None:
    done = run(
        tmp_path, command=[str(SCRIPT)], env=environment(_XMLWRIGHT_COMPLETE=f"{shell}_source")
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "_XMLWRIGHT_COMPLETE" in done.stdout


def test_version(tmp_path: Path) -> None:
    assert re.fullmatch(r"xmlwright, version \d+\.\d+\.\d+\n", run(tmp_path, "--version").stdout)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Usage: "),
        (("biuld",), "Did you mean 'build'?"),
        (("build", "--claen"), "Did you mean '--clean'?"),
        (("build", "extra"), "unexpected extra argument"),
        (("explain",), "Missing argument 'NAME'"),
        (("validate", "--format", "xml"), "'xml' is not one of"),
        (("schema", "resuorce"), "'resuorce' is not one of"),
        (("--project", "nowhere", "build"), "'nowhere' does not exist"),
        (("--project", "pyproject.toml", "build"), "is a file"),
    ],
)
def test_misuse_is_told_with_code_2(project: Path, arguments: tuple[str, ...], said: str) -> None:
    done = run(project, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


# Where the project is


def test_project_is_found_from_below_and_from_elsewhere(project: Path, tmp_path: Path) -> None:
    deep = project / "schema/resources"
    assert run(deep, "validate").stdout == "schema/: no errors\n"
    assert run(tmp_path, "--project", str(deep), "build", "-q").returncode == 0
    assert (project / "generated/README.md").exists()
    assert run(project / "generated", "check").stdout == "generated/ is up to date\n"


def test_build_from_within_the_output(built_project: Path) -> None:
    project = built_project
    edit(project / "schema/resources/book.yaml", "What it cost.", "Price.")
    done = run(project / "generated", "build")
    assert done.returncode == 0, done.stderr
    assert "Price." in (project / f"generated/{PACKAGE}/book.py").read_text()


def test_no_project_anywhere(tmp_path: Path) -> None:
    done = run(tmp_path, "build")
    assert done.returncode == 2
    assert "no pyproject.toml with a [tool.xmlwright] table" in done.stderr
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert run(tmp_path, "validate").returncode == 2


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[tool.xmlwright]\nshcema = 'schema'\n", "no key 'shcema'; did you mean 'schema'?"),
        ("[tool.xmlwright]\nquiet = true\n", "no key 'quiet'; it has schema, templates, overlay, output, line-length, outputs"),
        ("[tool.xmlwright]\noutput = 3\n", "output should be the path of a folder"),
        ("[tool.xmlwright]\noutput = ' '\n", "output should be the path of a folder"),
        ("[tool]\nxmlwright = 'x'\n", "[tool.xmlwright] is not a table"),
        ("[tool.xmlwright\n", "pyproject.toml: "),
        ("[tool.xmlwright]\noutput = '.'\n", "holds the project itself"),
        ("[tool.xmlwright]\noutput = '..'\n", "holds the project itself"),
        ("[tool.xmlwright]\noutput = 'schema/../'\n", "holds the project itself"),
        ("[tool.xmlwright]\noutput = 'schema'\n", "which holds schema"),
        ("[tool.xmlwright]\nschema = 'a/b'\noutput = 'a'\n", "which holds schema"),
        ("[tool.xmlwright]\ntemplates = 'generated/t'\n", "which holds templates"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense(project: Path, table: str, said: str) -> None:
    (project / "pyproject.toml").write_text(table)
    before = tree(project)
    done = run(project, "build")
    assert done.returncode == 2
    assert str(project / "pyproject.toml") in done.stderr
    assert said in done.stderr
    assert tree(project) == before


def test_settings_of_another_kind_are_no_settings(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("tool = 3\n")
    done = run(tmp_path, "build")
    assert (done.returncode, "[tool.xmlwright]" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("setting", "name", "said"),
    [
        ('schema = "schema"', "schema", "nowhere:1:1: error: the folder does not exist"),
        ('templates = "templates"', "templates", "there are no templates in"),
    ],
)
def test_folder_that_is_not_there(built_project: Path, setting: str, name: str, said: str) -> None:
    project = built_project
    before = tree(project / "generated")
    (project / "pyproject.toml").write_text(SETTINGS.replace(setting, f'{name} = "nowhere"'))
    done = run(project, "build")
    assert done.returncode == 1
    assert said in done.stdout + done.stderr
    assert tree(project / "generated") == before


def test_templates_of_the_program_are_the_default(built_project: Path) -> None:
    project = built_project
    before = tree(project / "generated")
    (project / "pyproject.toml").write_text(SETTINGS.replace('templates = "templates"\n', ""))
    assert tree(built(project, "--clean")) == before


# What is shown


def test_summary_of_a_build(project: Path) -> None:
    shown = run(project, "build").stdout
    numbers = dict(re.findall(r"^(\w+) +([\d.,]+)", shown, re.MULTILINE))
    files = tree(project / "generated")
    del files[".xmlwright.json"]
    assert numbers.pop("seconds")
    assert numbers == {
        "resources": "2",
        "methods": "5",
        "records": "3",
        "cases": "6",
        "files": str(len(files)),
        "lines": f"{sum(content.count(10) for content in files.values()):,}",
    }
    assert re.search(r"seconds +[\d.]+  \(.*read [\d.]+.*format [\d.]+", shown)
    assert f"generated/: {len(files) + 1} written, 0 removed" in shown
    again = run(project, "build").stdout
    assert "generated/: up to date" in again
    assert "methods" in again
    edit(project / "schema/resources/book.yaml", "What it cost.", "Price.")
    assert run(project, "build", "--quiet").stdout == ""


def test_no_color_in_a_pipe_and_color_in_a_terminal(project: Path) -> None:
    piped = run(project, "build")
    assert "\x1b" not in piped.stdout + piped.stderr
    edit(project / "schema/resources/book.yaml", "What it cost.", "Price.")
    with Terminal([*COMMAND, "build"], project, environment()) as terminal:
        code, shown = terminal.finish()
    assert (code, bool(COLOR.search(shown))) == (0, True)
    assert "\x1b[32m" in shown.partition("generated/: ")[2], "what was written is green"
    edit(project / "schema/resources/book.yaml", "Price.", "Cost.")
    for quiet in ({"NO_COLOR": "1"}, {"NO_COLOR": "1", "TERM": "dumb"}):
        with Terminal([*COMMAND, "check"], project, environment(**quiet)) as terminal:
            code, shown = terminal.finish()
        assert (code, COLOR.findall(shown)) == (1, [])
    assert "\x1b" not in shown, "a dumb terminal gets no line that is overwritten"


def test_errors_are_red_in_a_terminal_and_plain_in_a_pipe(project: Path) -> None:
    for arguments, environ, colored in (
        (("explain", "nothing"), {}, True),
        (("explain", "nothing"), {"NO_COLOR": "1"}, False),
        (("validate",), {}, True),
    ):
        if arguments == ("validate",):
            edit(project / "schema/resources/book.yaml", "type: decimal", "type: decmial")
        with Terminal([*COMMAND, *arguments], project, environment(**environ)) as terminal:
            code, shown = terminal.finish()
        assert (code, bool(COLOR.search(shown))) == (1, colored), shown
        piped = run(project, *arguments)
        assert piped.returncode == 1
        assert "\x1b" not in piped.stdout + piped.stderr


def test_problems_as_text(project: Path) -> None:
    path = project / "schema/resources/book.yaml"
    edit(path, "type: decimal", "type: decmial")
    edit(path, "  get: {}", "  gte: {}")
    for command in ("validate", "build", "check"):
        done = run(project, command)
        assert done.returncode == 1, command
        assert f"{place(path, 'price:', project)}21: error: " in done.stdout
        assert "help: did you mean 'decimal'?" in done.stdout
        assert place(path, "gte:", project) in done.stdout, "all of them at once"
        assert "has no type" not in done.stdout, "a mistake is told once"
    assert "nothing was written" in run(project, "build").stderr
    assert not (project / "generated").exists()
    unfound = run(project, "explain", "book.get").stderr
    assert "did you mean 'book.gte'?" in unfound
    assert re.search(r"the description has \d+ problems; run `xmlwright validate`", unfound)


def test_problems_for_programs(project: Path) -> None:
    assert json.loads(run(project, "validate", "--format", "json").stdout) == []
    path = project / "schema/resources/book.yaml"
    edit(path, "type: decimal,", "type: decimal, Höhe: 3,")
    for encoding in (None, "koi8-r"):
        env = environment(PYTHONIOENCODING=encoding)
        done = run(project, "validate", "--format", "json", env=env)
        assert (done.returncode, done.stderr) == (1, "")
        (problem,) = json.loads(done.stdout)
        assert problem["rule"] == "unknown-key"
        assert "Höhe" in problem["message"]
        assert f"{problem['file']}:{problem['line']}:" == place(path, "price:", project)
        sarif = json.loads(run(project, "validate", "--format", "sarif", env=env).stdout)
        assert sarif["version"] == "2.1.0"
        (result,) = sarif["runs"][0]["results"]
        assert result["ruleId"] in {
            rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]
        }
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == problem["line"]


def test_letters_that_a_terminal_lacks(project: Path) -> None:
    done = run(project, "explain", "Book.title", env=environment(PYTHONIOENCODING="koi8-r"))
    assert (done.returncode, done.stderr) == (0, "")
    assert r"such as \xdcberfahrt" in done.stdout
    assert (
        "Überfahrt"
        in run(project, "explain", "Book.title", env=environment(PYTHONIOENCODING="utf-8")).stdout
    )


def test_reader_that_goes_away(project: Path) -> None:
    """As in ``xmlwright schema | head -n 1``."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, "schema"], cwd=project, env=environment(), stdout=writing, stderr=subprocess.PIPE, check=False
    )  # fmt: skip
    os.close(writing)
    assert done.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("command", ["validate", "check"])
def test_disk_that_is_full_behind_the_output(built_project: Path, command: str) -> None:
    edit(built_project / "schema/resources/book.yaml", "What it cost.", "Price.")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, command], cwd=built_project, env=environment(), stdout=full,
            stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "error: No space left on device\n")


def test_working_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = f"import os; os.rmdir({str(gone)!r}); from xmlwright.cli.main import main; main()"
    done = run(gone, "check", command=[sys.executable, "-c", code])
    assert done.returncode in (1, 2)
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_link_to_nothing_among_the_files(built_project: Path) -> None:
    (built_project / "schema/resources/extra.yaml").symlink_to("nowhere")
    for command in ("validate", "build", "check"):
        done = run(built_project, command)
        assert done.returncode == 1, command
        assert "schema/resources/extra.yaml:1:1: error: cannot be read" in done.stdout


def test_hooks_for_pre_commit_fail_when_they_should(built_project: Path) -> None:
    hooks = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    commands = {hook["id"]: hook["entry"].split() for hook in hooks}
    assert {name: command[0] for name, command in commands.items()} == {
        "xmlwright-validate": "xmlwright", "xmlwright-check": "xmlwright",
    }  # fmt: skip
    assert all(hook["pass_filenames"] is False for hook in hooks)

    def codes() -> list[int]:
        return [run(built_project, *command[1:]).returncode for command in commands.values()]

    assert codes() == [0, 0]
    edit(built_project / "schema/resources/book.yaml", "What it cost.", "Price.")
    assert codes() == [0, 1]
    edit(built_project / "schema/resources/book.yaml", "type: decimal", "type: decmial")
    assert codes() == [1, 1]


# Templates that are wrong

MODULE = "%package%/%module%.py.j2"


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (MODULE, "__all__ = {{ view.exports() | literal }}", "X = {{ modul.name }}", "'modul' is undefined (rendering the module "),
        (MODULE, "__all__ = {{ view.exports() | literal }}", "X = {{ module.nmae }}", "has no attribute 'nmae'"),
        (MODULE, "__all__ = {{ view.exports() | literal }}", "{% fro x in y %}", "unknown tag 'fro'"),
        (MODULE, "__all__ = {{ view.exports() | literal }}", "X = {{ 1 | litreal }}", "No filter named 'litreal'"),
        (MODULE, "__all__ = {{ view.exports() | literal }}", "X = {{ 1 // 0 }}", "ZeroDivisionError"),
        ("_header.j2", "{% if view.used('Decimal') %}from", "{% if view.used(decimal) %}from", "'decimal' is undefined"),
        ("README.md.j2", "# {{", "# {{ nothing }}{{", "'nothing' is undefined"),
    ],
)  # fmt: skip
def test_mistake_in_a_template_names_its_line(
    built_project: Path, name: str, old: str, new: str, said: str
) -> None:
    project = built_project
    before = tree(project / "generated")
    path = project / "templates" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    line = text[: text.index(old)].count("\n") + 1
    for command in ("build", "check"):
        done = run(project, command)
        assert done.returncode == 1
        assert f"template templates/{name}:{line}: " in done.stderr, done.stderr
        assert said in done.stderr
        assert "nothing was written" in done.stderr
        assert "Traceback" not in done.stderr
    assert tree(project / "generated") == before


def test_template_that_imports_what_is_not_there(project: Path) -> None:
    edit(
        project / "templates/%package%/wire.py.j2",
        "__all__ = [",
        "{% import '_haeder.j2' as h %}\n__all__ = [",
    )
    done = run(project, "build")
    assert done.returncode == 1
    assert "template templates/%package%/wire.py.j2:" in done.stderr
    assert "_haeder.j2" in done.stderr


def test_template_that_is_not_text(project: Path) -> None:
    (project / "templates/NOTES.md.j2").write_bytes(b"caf\xe9")
    done = run(project, "build")
    assert done.returncode == 1
    assert "template templates/NOTES.md.j2: is not UTF-8" in done.stderr


def test_template_that_gives_no_python(project: Path) -> None:
    edit(project / "templates/%package%/wire.py.j2", "__all__ = [", "__all__ == = [")
    done = run(project, "build")
    assert done.returncode == 1
    assert f"{PACKAGE}/wire.py" in done.stderr
    assert re.search(r"^> __all__ == = \[", done.stderr, re.MULTILINE), done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / "generated").exists()


def test_inputs_that_are_no_files(project: Path) -> None:
    (project / "templates/odd.j2").mkdir()
    built(project)
    (project / "schema/api.yaml").unlink()
    (project / "schema/api.yaml").mkdir()
    done = run(project, "build")
    assert done.returncode == 1
    assert "schema/api.yaml:1:1: error: " in done.stdout
    assert "Traceback" not in done.stderr


# explain

BOOK = "schema/resources/book.yaml"
NAMES = {
    "book": (BOOK, "resource: book", "resource book"),
    "book.create": (BOOK, "create: {events", "method book.create"),
    "book.list": (BOOK, "list: {}", "method book.list"),
    "book.list_": (BOOK, "list: {}", "method book.list"),
    "Books.list": (BOOK, "list: {}", "method book.list"),
    "lib.book.list()": (BOOK, "list: {}", "method book.list"),
    "library.book.list_": (BOOK, "list: {}", "method book.list"),
    "Library.book": (BOOK, "resource: book", "resource book"),
    "Book": (BOOK, "Book:", "record Book"),
    "library.book.Book": (BOOK, "Book:", "record Book"),
    "BookInput": (BOOK, "Book:", "record Book"),
    "Book.price": (BOOK, "price:", "field Book.price"),
    "book.Book.price": (BOOK, "price:", "field Book.price"),
    "book.create.price": (BOOK, "price:", "field book.create.price"),
    "book.get.book_id": (BOOK, "book_id:", "field book.get.book_id"),
    "Author.name": (BOOK, "name: {type", "field Author.name"),
    "Shelf": ("schema/shared.yaml", "Shelf:", "enum Shelf"),
    "Shelf.closed": ("schema/shared.yaml", "closed:", "word Shelf.closed"),
    "closed": ("schema/shared.yaml", "closed:", "word Shelf.closed"),
    "404": ("schema/api.yaml", '"404":', "error code 404"),
    "BOOK.price": (BOOK, "price:", "field Book.price"),
}


@pytest.mark.parametrize("name", NAMES)
def test_explain_names_the_line(project: Path, name: str) -> None:
    file, line, what = NAMES[name]
    done = run(project, "explain", name)
    assert done.returncode == 0, done.stderr
    first = done.stdout.splitlines()[0]
    assert first.startswith(place(project / file, line, project))
    assert first.endswith(f": {what}")


def test_explain_tells_all_that_a_name_stands_for(project: Path) -> None:
    done = run(project, "explain", "book.create").stdout
    assert f"{place(project / BOOK, 'create:', project)}3: method book.create" in done
    assert (
        f"{place(project / 'schema/api.yaml', 'book.create:', project)}3: event book.create" in done
    )
    assert "returns id; retry class ambiguous; documented" in done
    assert (
        "decimal; at price; documented\n  What it cost."
        in run(project, "explain", "Book.price").stdout
    )


@pytest.mark.parametrize(
    ("name", "near"),
    [("book.lsit", "book.list"), ("Book.prize", "Book.price"), ("Shelve", "Shelf"), ("zzzzzz", None), ("", None), (".", None)],
)  # fmt: skip
def test_explain_suggests(project: Path, name: str, near: str | None) -> None:
    done = run(project, "explain", name)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: no description of {name!r}" + (
        f"; did you mean {near!r}?\n" if near else "\n"
    )


def test_explain_knows_the_real_description() -> None:
    """Every method by its name on the wire, and the two that the README shows with their lines."""
    api, _ = pipeline.validate(settings.find(CHECKOUT))
    assert api is not None
    for method in api.methods:
        found = [item for item in explain(api, method.name) if item.what == "method"]
        assert [item.at for item in found] == [method.at]
    print(f"{len(api.methods)} methods")
    for name, file, indent, start in (
        ("invoice.list", "schema/resources/invoice.yaml", "  ", "list:"),
        ("Invoice.amount", "schema/resources/invoice.yaml", "      ", "amount:"),
    ):
        shown = run(CHECKOUT, "explain", name).stdout
        number = int(shown.split(":")[1])
        line = (CHECKOUT / file).read_text(encoding="utf-8").splitlines()[number - 1]
        assert shown.startswith(f"{file}:{number}:{len(indent) + 1}: ")
        assert line.startswith(indent + start)


# schema


@pytest.mark.parametrize("kind", ["api", "shared", "resource", "cases", "account", "behavior"])
def test_schema_prints_a_json_schema(tmp_path: Path, kind: str) -> None:
    one = json.loads(run(tmp_path, "schema", kind).stdout)
    assert one["$schema"].startswith("https://json-schema.org/")
    name = one["$ref"].removeprefix("#/$defs/")
    key = {
        "api": "endpoint", "shared": "groups", "resource": "methods", "cases": "cases",
        "account": "holds", "behavior": "methods",
    }[kind]  # fmt: skip
    assert key in one["$defs"][name]["properties"]
    assert json.loads(run(tmp_path, "schema").stdout)[kind] == one


def test_schemas_are_written_and_checked(tmp_path: Path) -> None:
    folder = tmp_path / "language"
    assert run(tmp_path, "schema", "--write", "language", "--check").returncode == 1
    assert not folder.exists()
    shown = run(tmp_path, "schema", "--write", "language")
    assert sorted(shown.stdout.split()) == sorted(
        word
        for kind in ("account", "api", "behavior", "cases", "resource", "shared")
        for word in (f"language/{kind}.schema.json:", "written")
    )  # fmt: skip
    assert run(tmp_path, "schema", "--write", "language").stdout == ""
    (folder / "api.schema.json").write_text("{}")
    stale = run(tmp_path, "schema", "--write", "language", "--check")
    assert (stale.returncode, stale.stdout) == (1, "language/api.schema.json: outdated\n")
    (tmp_path / "file").write_text("")
    blocked = run(tmp_path, "schema", "--write", "file")
    assert blocked.returncode == 2
    assert "Traceback" not in blocked.stderr


def test_schemas_of_this_checkout_are_current() -> None:
    done = run(CHECKOUT, "schema", "--write", "docs/language", "--check")
    assert (done.returncode, done.stdout) == (0, "")


def test_description_names_a_schema_that_it_fits() -> None:
    """The first line of every YAML file leads an editor to the JSON Schema of its kind, and that finds no fault in it."""
    files = files_of(CHECKOUT / "schema")
    for path in files:
        text = path.read_text(encoding="utf-8")
        named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", text.split("\n", 1)[0])
        assert named, f"{path} names none"
        target = (path.parent / named[1]).resolve()
        assert target == CHECKOUT / f"docs/language/{kind_of(path)}.schema.json"
        check = Draft202012Validator(json.loads(target.read_text(encoding="utf-8")))
        assert [error.message for error in check.iter_errors(yaml.safe_load(text))] == [], path
    print(f"{len(files)} files")


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("resource", "doc: A book of the library.", "docc: A book of the library."),
        ("resource", "access: read", "access: raed"),
        ("resource", "required: create", "required: maybe"),
        ("resource", "      price: {", "      Price Tag: {"),
        ("resource", "resource: book\n", ""),
        ("api", "style: page", "style: pages"),
        ("api", "default_size: 25", "default_size: many"),
        ("shared", "words:", "word:"),
        ("cases", "call: list", "cal: list"),
    ],
)
def test_editor_sees_what_validate_sees(project: Path, kind: str, old: str, new: str) -> None:
    names = {"resource": "resources/book", "cases": "resources/book.cases"}
    path = project / "schema" / f"{names.get(kind, kind)}.yaml"
    check = Draft202012Validator(json.loads(run(project, "schema", kind).stdout))
    assert check.is_valid(yaml.safe_load(path.read_text(encoding="utf-8")))
    edit(path, old, new)
    assert not check.is_valid(yaml.safe_load(path.read_text(encoding="utf-8")))
    done = run(project, "validate")
    assert done.returncode == 1
    assert f"{path.relative_to(project).as_posix()}:" in done.stdout
