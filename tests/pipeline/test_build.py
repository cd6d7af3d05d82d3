"""What a build promises: the same bytes everywhere, all of the output or nothing, and no file that is not its own."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import black
import pytest
import small_project
from black.mode import TargetVersion
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from small_project import (
    COMMAND,
    PACKAGE,
    built,
    edit,
    environment,
    make,
    make_built,
    real_project,
    run,
    tree,
)
from terminal import Terminal

from xmlwright import settings
from xmlwright.pipeline import manifest, publish
from xmlwright.pipeline import stages as pipeline

SUPPORT = Path(__file__).parents[1] / "support"


def as_black(text: str) -> str:
    """A whole file as Black writes it."""
    return black.format_str(
        text, mode=black.Mode(line_length=100, target_versions={TargetVersion.PY310})
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The small project, built."""
    return make_built(tmp_path / "project")


def build(folder: Path, *, clean: bool = False) -> pipeline.BuildResult:
    """Build in this process, which is quicker."""
    return pipeline.build(settings.find(folder), clean=clean)


def clean_copy(folder: Path, target: Path) -> dict[str, bytes]:
    """What a clean build of the same input in an empty folder gives."""
    shutil.copytree(
        folder, target, ignore=shutil.ignore_patterns("generated", ".cache", ".generated*")
    )
    build(target)
    return tree(target / "generated")


# The same bytes everywhere


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The description of this checkout, built in an ASCII locale."""
    folder = real_project(tmp_path_factory.mktemp("real") / "plain")
    built(
        folder,
        env=environment(
            PYTHONHASHSEED="0", LC_ALL="C", LANG="C", TZ="UTC",
            PYTHONUTF8="0", PYTHONCOERCECLOCALE="0",
        ),
    )  # fmt: skip
    return folder


def test_hash_seed_locale_zone_and_folder_do_not_show(real: Path, tmp_path: Path) -> None:
    other = real_project(tmp_path / "a folder, über drei Ecken")
    output = built(
        other,
        env=environment(
            PYTHONHASHSEED="4242", LC_ALL="C.UTF-8", LANG="C.UTF-8", TZ="Pacific/Kiritimati"
        ),
    )
    left, right = tree(real / "generated"), tree(output)
    assert {
        name for name in left.keys() | right.keys() if left.get(name) != right.get(name)
    } == set()
    print(f"{len(left)} files, {sum(map(len, left.values())):,} bytes")
    here = str(real.parent).encode()
    assert [name for name, content in left.items() if here in content] == []


def test_output_is_formatted_by_black(real: Path, tmp_path: Path) -> None:
    empty = tmp_path / "pyproject.toml"
    empty.touch()
    done = subprocess.run(
        [
            sys.executable, "-m", "black", "--check", "--config", str(empty),
            "--line-length", "100", "--target-version", "py310", str(real / "generated"),
        ],
        env=environment(BLACK_CACHE_DIR=str(tmp_path / "cache")),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    modules = sum(name.endswith(".py") for name in tree(real / "generated"))
    print(f"{modules} modules")
    assert f"{modules} files would be left unchanged" in done.stderr, done.stderr
    assert done.returncode == 0


def test_edits_of_the_real_description_build_as_from_nothing(real: Path, tmp_path: Path) -> None:
    """One line of a file of each kind, picked by a seed, with a build after each."""
    folder = tmp_path / "edited"
    shutil.copytree(real, folder)
    pick = random.Random(7)
    resources = sorted(
        path
        for path in (folder / "schema/resources").glob("*.yaml")
        if not path.name.endswith(".cases.yaml")
    )
    for path in (pick.choice(resources), folder / "schema/shared.yaml", folder / "schema/api.yaml"):
        lines = path.read_text(encoding="utf-8").split("\n")
        docs = [index for index, line in enumerate(lines) if 'doc: "' in line]
        index = pick.choice(docs)
        lines[index] = lines[index].replace('doc: "', 'doc: "Said anew. ', 1)
        path.write_text("\n".join(lines), encoding="utf-8")
        before = tree(folder / "generated")
        assert tree(built(folder)) != before, f"the edit of {path.name} changed nothing"
    incremental = tree(folder / "generated")
    shutil.rmtree(folder / "generated")
    shutil.rmtree(settings.cache_folder(folder))
    assert tree(built(folder)) == incremental


# Incremental builds

FIELD = """\
      pages: {type: int, doc: "How many pages."}
      shelf: {enum: Shelf"""


def _add_field(project: Path) -> None:
    edit(project / "schema/resources/book.yaml", "      shelf: {enum: Shelf", FIELD)
    cases = project / "schema/resources/book.cases.yaml"
    text = cases.read_text(encoding="utf-8")
    text = text.replace('price: "9.50", shelf: open', 'price: "9.50", pages: 3, shelf: open')
    text = text.replace("</price><shelf>", "</price><pages>3</pages><shelf>")
    cases.write_text(
        text.replace('price: "9.50", shelf: closed', 'price: "9.50", pages: 3, shelf: closed'),
        encoding="utf-8",
    )


def _replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda project: edit(project / name, old, new)


def _write(name: str, text: str) -> Callable[[Path], None]:
    def write(project: Path) -> None:
        (project / name).write_text(text, encoding="utf-8")

    return write


def _append(name: str, text: str) -> Callable[[Path], None]:
    def append(project: Path) -> None:
        with (project / name).open("a", encoding="utf-8") as file:
            file.write(text)

    return append


def _remove(name: str) -> Callable[[Path], None]:
    return lambda project: (project / name).unlink()


MODULE = "templates/%package%/%module%.py.j2"
EDITS: dict[str, Callable[[Path], None]] = {
    "api: text": _replace("schema/api.yaml", "Books and who has them.", r"'Books: \"who\" has \ \"\"\" them?'"),
    "api: version": _replace("schema/api.yaml", 'version: "0.1.0"', 'version: "0.2.0"'),
    "api: package": _replace("schema/api.yaml", "package: library", "package: lending"),
    "api: error code": _replace("schema/api.yaml", "kind: not_found", "kind: conflict"),
    "shared: doc": _replace("schema/shared.yaml", "Where a book stands.", "Room."),
    "shared: word": _replace("schema/shared.yaml", "closed: {", 'closed: {deprecated: "All is open.", '),
    "resource: doc": _replace("schema/resources/book.yaml", "What it cost.", "What it cost.  Once."),
    "resource: field": _add_field,
    "resource: method": _replace("schema/resources/book.yaml", "  get: {}", "  get: {errors: [], retry: idempotent}"),
    "resource: gone": _remove("schema/resources/loan.yaml"),
    "cases: name": _replace("schema/resources/book.cases.yaml", "name: no book", "name: gone"),
    "template: module": _append(MODULE, "\n# The end of {{ module.name }}\nLAST = {  'a':1 }\n"),
    "template: macros": _replace("templates/_header.j2", "import datetime as dt", "import  datetime  as dt  # dates"),
    "template: text": _append("templates/README.md.j2", "\nBye, {{ api.title }}.\n"),
    "template: new": _write("templates/%package%/more.py.j2", '"""More."""\n\nX = {  "a":1 }\n'),
    "template: gone": _remove("templates/%package%/__main__.py.j2"),
    "template: empty": _write("templates/%package%/wire.py.j2", ""),
}  # fmt: skip
"""Edits of one file (a new field of two: it needs a case)."""


@pytest.mark.parametrize("name", EDITS)
def test_incremental_build_equals_a_clean_one(project: Path, tmp_path: Path, name: str) -> None:
    before = tree(project / "generated")
    EDITS[name](project)
    build(project)
    after = tree(project / "generated")
    assert after != before
    assert after == clean_copy(project, tmp_path / "clean")
    for path, content in after.items():
        if path.endswith(".py") and content != before.get(path):
            assert as_black(content.decode()) == content.decode(), path
    assert build(project).changed == []


@hypothesis_settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(names=st.lists(st.sampled_from(sorted(EDITS)), min_size=2, max_size=4, unique=True))
def test_builds_between_any_edits_equal_one_clean_build(tmp_path: Path, names: list[str]) -> None:
    """Also back: undoing the edits gives the first bytes again."""
    folder = tmp_path / "-".join(re.sub(r"\W", "", name) for name in names)
    shutil.rmtree(folder, ignore_errors=True)
    project = make_built(folder / "project")
    first = tree(project / "generated")
    for name in names:
        EDITS[name](project)
        build(project)
    assert tree(project / "generated") == clean_copy(project, folder / "clean")
    pristine = make(folder / "pristine")
    for kind in ("schema", "templates"):
        shutil.rmtree(project / kind)
        shutil.copytree(pristine / kind, project / kind)
    build(project)
    assert tree(project / "generated") == first


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("runtime/unset.py", "Not sent at all:", "Not sent:"),
        ("render/literals.py", "return text if '\"' in text else", "return text if '\"' in text or 'x' in text else"),
        ("render/imports.py", "kind = 0 if plain.isupper()", "kind = 3 if plain.isupper()"),
        ("render/formatting.py", "    return formatted\n", "    return formatted + '# end\\n'\n"),
    ],
)  # fmt: skip
def test_edit_of_the_program_is_seen(
    project: Path, tmp_path: Path, name: str, old: str, new: str
) -> None:
    """A copy of the program is edited and run; what it then builds is what it builds from nothing."""
    program = tmp_path / "program"
    shutil.copytree(small_project.PROGRAM, program / "xmlwright")
    env = environment(PYTHONPATH=str(program))
    assert "up to date" in run(project, "build", env=env).stdout
    edit(program / "xmlwright" / name, old, new)
    assert run(project, "check", env=env).returncode == 1
    built(project, env=env)
    other = make(tmp_path / "other")
    assert tree(project / "generated") == tree(built(other, env=env))


def test_nothing_to_do_writes_nothing(project: Path) -> None:
    def times() -> dict[Path, tuple[int, int, int]]:
        paths = [project, *project.rglob("*")]
        stats = {path: path.stat() for path in paths}
        return {path: (at.st_ino, at.st_mtime_ns, at.st_ctime_ns) for path, at in stats.items()}

    before = times()
    assert "up to date" in run(project, "build").stdout
    assert "up to date" in run(project, "check").stdout
    assert times() == before


# Builds that end early


@pytest.mark.parametrize(
    ("how", "count"), [("killed", 8), ("killed-without-exchange", 4), ("interrupted", 4)]
)
def test_build_ended_at_any_write_leaves_old_or_new_output(
    tmp_path: Path, how: str, count: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-B", str(SUPPORT / "interrupted_builds.py"), str(tmp_path), how, str(count)],
        env=environment(PYTHONPATH=str(SUPPORT)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    ended = report["ended"]
    states = [one["output"] for one in ended]
    print(
        f"{how}: {len(ended)} of {report['writes']} writes; {states.count('old')} old, {states.count('new')} new"
    )
    for one in ended:
        if how == "interrupted":
            # Told so and nothing written, or too late and all written; never anything left to clean up.
            expected = (130, "old") if one["code"] else (0, "new")
            assert (one["code"], one["output"]) == expected, one
            assert one["said"].strip() == (
                "interrupted; nothing was written" if one["code"] else ""
            ), one
            assert one["left beside"] == [], one
        else:
            assert one["code"] == -signal.SIGKILL, one
            # Where two folders cannot be swapped, the old output may lie beside, whole.
            assert one["output"] in ("old", "new") or (
                how != "killed" and one["aside"] == "old"
            ), one
        assert (one["next build"], one["then"], one["then beside"]) == (0, True, []), one
    assert {"old", "new"} <= set(states), "both sides of the moment were tried"


@pytest.mark.parametrize("dies", [True, False], ids=["dies", "is told"])
@pytest.mark.parametrize("limit", [0, 1000, 4000])
def test_build_that_cannot_write_on_leaves_the_old_output(
    project: Path, limit: int, dies: bool
) -> None:
    """The system ends the process, or refuses the write, in the middle of a file: as when a disk is full."""
    before = tree(project / "generated")
    _add_field(project)
    signals = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL);" if dies else ""
    done = subprocess.run(
        [sys.executable, "-c", f"{signals}from xmlwright.cli.main import main; main()", "build"],
        cwd=project,
        env=environment(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert tree(project / "generated") == before
    if dies:
        assert done.returncode == -signal.SIGXFSZ, done.stderr
    else:
        assert done.returncode == 1
        assert "generated cannot be written: File too large" in done.stderr
        assert "Traceback" not in done.stderr
        assert sorted(path.name for path in project.glob(".generated*")) == []
    build(project)
    assert tree(project / "generated") == clean_copy(project, project.parent / "clean")
    assert sorted(path.name for path in project.glob(".generated*")) == []


# Two builds at once


def test_builds_at_once_end_as_one(project: Path, tmp_path: Path) -> None:
    (project / "generated/NOTES.md").write_text("mine\n")
    for old, new in (("What it cost.", "Price."), ("Who wrote it.", "Writers.")):
        edit(project / "schema/resources/book.yaml", old, new)
        several = [
            subprocess.Popen(
                [*COMMAND, "build"],
                cwd=project,
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for _ in range(4)
        ]
        said = [one.communicate()[0] for one in several]
        assert [one.returncode for one in several] == [0] * 4, said
    assert (project / "generated/NOTES.md").read_text() == "mine\n"
    (project / "generated/NOTES.md").unlink()
    assert tree(project / "generated") == clean_copy(project, tmp_path / "clean")
    assert sorted(path.name for path in project.glob(".generated*")) == []


def test_build_waits_for_another(project: Path) -> None:
    _add_field(project)
    lock = os.open(project, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with Terminal([*COMMAND, "build"], project, environment()) as terminal:
        terminal.read_until("waiting for another build")
        before = tree(project / "generated")
        os.close(lock)
        code, shown = terminal.finish()
    assert code == 0, shown
    assert tree(project / "generated") != before


# Files of the owner


def test_files_by_hand_survive_everything(project: Path) -> None:
    output = project / "generated"
    by_hand = {
        "NOTES.md": b"mine\r\n",
        f"{PACKAGE}/by_hand.py": b"X = 1\n",
        f"{PACKAGE}/runtime/patch.py": b"\xff\x00",
        "tests/test_mine.py": b"",
        "docs/a b/\xc3\xbc.txt".encode("latin-1").decode(): b"deep",
        ".git/HEAD": b"ref: refs/heads/main\n",
    }
    for name, content in by_hand.items():
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        (output / name).write_bytes(content)
    (output / ".git/refs/tags").mkdir(
        parents=True
    )  # git finds no repository without its empty folders
    (output / "latest").symlink_to("NOTES.md")
    (output / "dangling").symlink_to("nowhere")
    (output / "outside").symlink_to(project / "schema")
    (output / "docs").chmod(0o750)
    (output / f"{PACKAGE}/by_hand.py").chmod(0o755)
    node = (output / "NOTES.md").stat().st_ino
    schema = tree(project / "schema")

    def there() -> None:
        found = tree(output)
        assert {name: found.get(name) for name in by_hand} == by_hand
        assert found[".git/refs/tags/"] == b""
        assert (found["latest"], found["dangling"]) == (b"-> NOTES.md", b"-> nowhere")
        assert os.readlink(output / "outside") == str(project / "schema")
        assert (output / "docs").stat().st_mode & 0o777 == 0o750
        assert (output / f"{PACKAGE}/by_hand.py").stat().st_mode & 0o777 == 0o755
        assert (output / "NOTES.md").stat().st_ino == node, "an open editor would lose its file"

    _add_field(project)
    assert build(project).changed
    there()
    (project / "schema/resources/loan.yaml").unlink()
    done = build(project)
    assert sorted(done.removed) == [f"{PACKAGE}/loan.py", "tests/test_loan.py"]
    assert not (output / f"{PACKAGE}/loan.py").exists()
    there()
    edit(project / "schema/api.yaml", "package: library", "package: lending")
    build(project)
    there()
    assert sorted(path.name for path in (output / PACKAGE).iterdir()) == ["by_hand.py", "runtime"]
    built(project, "--clean")
    there()
    assert {**schema, "resources/loan.yaml": b""}.keys() == {
        *tree(project / "schema"),
        "resources/loan.yaml",
    }


def test_renamed_package_leaves_no_empty_folder(project: Path) -> None:
    cache = project / f"generated/{PACKAGE}/__pycache__"
    cache.mkdir()
    (cache / "wire.cpython-310.pyc").write_bytes(b"compiled")
    (project / "generated/tests/__pycache__").mkdir()
    (project / "generated/tests/__pycache__/test_book.pyc").write_bytes(b"compiled")
    edit(project / "schema/api.yaml", "package: library", "package: lending")
    build(project)
    assert not (project / "generated" / PACKAGE).exists()
    assert (project / "generated/tests/__pycache__/test_book.pyc").exists()


def test_file_that_no_build_wrote_is_not_replaced(project: Path) -> None:
    (project / "templates/NOTES.md.j2").write_text("generated\n")
    notes = project / "generated/NOTES.md"
    notes.write_text("by hand\n")
    before = tree(project / "generated")
    done = run(project, "build")
    assert done.returncode == 1
    assert "NOTES.md" in done.stderr
    assert "--overwrite" in done.stderr
    assert tree(project / "generated") == before
    built(project, "--overwrite")
    assert notes.read_text() == "generated\n"


def test_first_build_into_a_folder_in_use_replaces_nothing(tmp_path: Path) -> None:
    project = make(tmp_path / "project")
    readme = project / "generated/README.md"
    readme.parent.mkdir()
    readme.write_text("by hand\n")
    done = run(project, "build")
    assert done.returncode == 1
    assert "README.md" in done.stderr
    assert tree(project / "generated") == {"README.md": b"by hand\n"}


@pytest.mark.parametrize(
    "damage", ["merge conflict", "cut off", "empty", "list", "other format", "escape"]
)
def test_damaged_manifest_is_made_anew(project: Path, tmp_path: Path, damage: str) -> None:
    """Merging two branches that both changed the description leaves conflict marks in it."""
    path = project / "generated" / manifest.NAME
    text = path.read_text(encoding="utf-8")
    outside = project / "precious.txt"
    outside.write_text("mine\n")
    (project / "schema/resources/loan.yaml").unlink()  # its files are to go
    if damage == "merge conflict":
        text = re.sub(
            r'(  "README.md": .*\n)', r"<<<<<<< HEAD\n\1=======\n\1>>>>>>> other\n", text, count=1
        )
        assert "<<<<<<<" in text
    elif damage == "cut off":
        text = text[:-100]
    elif damage == "empty":
        text = ""
    elif damage == "list":
        text = "[]"
    elif damage == "other format":
        text = text.replace('"format": 2', '"format": 1')
    else:
        text = text.replace('"outputs": {', f'"outputs": {{\n  "../precious.txt": "{"0" * 64} 0",')
    path.write_text(text, encoding="utf-8")
    assert run(project, "check").returncode == 1
    known = damage not in ("empty", "list")
    done = run(project, "build", *([] if known else ["--overwrite"]))
    assert done.returncode == 0, done.stderr
    if (
        not known
    ):  # nothing says any more that these were generated: they stay, as a file by hand would
        for name in (f"{PACKAGE}/loan.py", "tests/test_loan.py"):
            (project / "generated" / name).unlink()
    assert tree(project / "generated") == clean_copy(project, tmp_path / "clean")
    assert outside.read_text() == "mine\n"


# The folder itself


def test_output_that_is_a_link_is_refused(project: Path, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere"
    (project / "generated").rename(real)
    (project / "generated").symlink_to(real)
    _add_field(project)
    before = tree(real)
    done = run(project, "build")
    assert done.returncode == 1
    assert "symbolic link" in done.stderr
    assert tree(real) == before
    assert (project / "generated").is_symlink()


def test_output_that_is_a_file_is_refused(tmp_path: Path) -> None:
    project = make(tmp_path / "project")
    (project / "generated").write_text("mine\n")
    done = run(project, "build")
    assert (done.returncode, (project / "generated").read_text()) == (1, "mine\n")
    assert "generated is not a folder" in done.stderr


def test_link_inside_the_output_is_not_written_through(project: Path, tmp_path: Path) -> None:
    package = project / "generated" / PACKAGE
    elsewhere = tmp_path / "elsewhere"
    package.rename(elsewhere)
    package.symlink_to(elsewhere)
    _add_field(project)
    before = tree(elsewhere)
    done = run(project, "build")
    assert done.returncode == 1
    assert f"{package} is a symbolic link" in done.stderr
    assert tree(elsewhere) == before


@pytest.mark.parametrize(("name", "kind"), [(PACKAGE, "file"), ("README.md", "folder")])
def test_what_is_in_the_way_is_named(project: Path, name: str, kind: str) -> None:
    there = project / "generated" / name
    if kind == "file":
        shutil.rmtree(there)
        there.write_text("mine\n")
    else:
        there.unlink()
        there.mkdir()
        (there / "mine.txt").write_text("mine\n")
    before = tree(project / "generated")
    done = run(project, "build")
    assert done.returncode == 1
    assert f"{there} is a {kind}" in done.stderr
    assert tree(project / "generated") == before


@contextlib.contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    folder.chmod(0o555)
    try:
        yield
    finally:
        folder.chmod(0o755)


def _without_privileges() -> None:
    """In a child, before the program starts: give up that root may write everywhere."""
    if os.geteuid() == 0:
        import ctypes

        drop, dac_override = 24, 1  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE
        ctypes.CDLL(None).prctl(drop, dac_override, 0, 0, 0)


def test_read_only_project_is_told(project: Path) -> None:
    _add_field(project)
    before = tree(project)
    with _read_only(project):
        probe = subprocess.run(
            [sys.executable, "-c", f"open({str(project / 'probe')!r}, 'w')"],
            preexec_fn=_without_privileges, capture_output=True, check=False,
        )  # fmt: skip
        if probe.returncode == 0:
            pytest.skip("this user may write to a read-only folder")
        done = subprocess.run(
            [*COMMAND, "build"],
            cwd=project, env=environment(), preexec_fn=_without_privileges,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "generated cannot be written: Permission denied" in done.stderr
    assert tree(project) == before


@pytest.mark.parametrize("path", ["../evil.py", "/tmp/evil.py", "a/../../evil.py", "..", ""])
def test_no_path_leaves_the_output(project: Path, path: str) -> None:
    before = tree(project)
    output = project / "generated"
    with publish.alone(output), pytest.raises(publish.PublishError, match="outside of the output"):
        publish.publish(output, {"good.py": b"", path: b""}, frozenset())
    assert tree(project) == before


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/b", "..", "a..b"])
def test_package_name_cannot_lead_out(project: Path, name: str) -> None:
    edit(project / "schema/api.yaml", "package: library", f'package: "{name}"')
    before = tree(project)
    done = run(project, "build")
    assert done.returncode == 1
    assert "schema/api.yaml:5:" in done.stdout
    assert tree(project) == before


# Edited output, broken caches


def test_edited_output_is_noticed_and_repaired(project: Path) -> None:
    output = project / "generated"
    whole = tree(output)
    (output / f"{PACKAGE}/book.py").write_bytes(whole[f"{PACKAGE}/book.py"].replace(b"\n", b"\r\n"))
    (output / f"{PACKAGE}/runtime/unset.py").write_bytes(b"")
    (output / "README.md").unlink()
    (output / "NOTES.md").write_text("mine\n")
    found = run(project, "check")
    assert found.returncode == 1
    assert found.stdout.splitlines() == [
        "generated/README.md: missing",
        f"generated/{PACKAGE}/book.py:1: edited by hand: its lines end in CR LF",
        f"generated/{PACKAGE}/runtime/unset.py:1: edited by hand: it is empty",
    ]
    assert tree(output) != whole, "check writes nothing"
    assert "3 written, 0 removed" in run(project, "build").stdout
    (output / "NOTES.md").unlink()
    assert tree(output) == whole


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"null", b'{"a": 1}', b"\xff", b"\x00" * 99, b"[" * 99_999, "blank", "folder", "file"]
)  # fmt: skip
def test_broken_cache_is_ignored(project: Path, tmp_path: Path, damage: bytes | str) -> None:
    run(project, "build", "--clean")
    cache = settings.cache_folder(project)
    files = sorted(path for path in cache.rglob("*") if path.is_file())
    assert {path.suffix for path in files} == {".json"}, "nothing in the cache is code"
    for path in files:
        if isinstance(damage, bytes):
            path.write_bytes(damage)
        elif damage == "blank":
            path.write_text(json.dumps(dict.fromkeys(json.loads(path.read_text()), "")))
        elif damage == "folder":
            path.unlink()
            path.mkdir()
    if damage == "file":
        shutil.rmtree(cache)
        cache.write_text("")
    shutil.rmtree(project / "generated")
    done = run(project, "build", *(["--clean"] if damage == "blank" else []))
    assert done.returncode == 0, done.stderr
    assert tree(project / "generated") == clean_copy(project, tmp_path / "clean")


def test_cache_is_outside_the_project_and_private(tmp_path: Path) -> None:
    project = make(tmp_path / "project")
    cache = tmp_path / "user" / "cache"
    built(project, env=environment(XDG_CACHE_HOME=str(cache)))
    assert sorted(path.name for path in project.iterdir()) == [
        "generated", "pyproject.toml", "schema", "templates",
    ]  # fmt: skip
    folders = [cache, *(path for path in cache.rglob("*") if path.is_dir())]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


# Changes during a build


def test_files_saved_during_a_build_are_kept(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = project / "generated"
    (output / "changed.txt").write_text("old\n")
    (output / "removed.txt").write_text("old\n")
    _add_field(project)
    swap = publish._swap

    def save_and_swap(staging: Path, target: Path) -> None:
        for name in (
            "changed.txt",
            "new/added.txt",
        ):  # as editors do: a new file in the old one's place
            (output / name).parent.mkdir(exist_ok=True)
            (output / "saved").write_text("new\n")
            os.replace(output / "saved", output / name)
        (output / "removed.txt").unlink()
        swap(staging, target)

    monkeypatch.setattr(publish, "_swap", save_and_swap)
    assert build(project).changed
    assert (output / "changed.txt").read_text() == "new\n"
    assert (output / "new/added.txt").read_text() == "new\n"
    assert not (output / "removed.txt").exists()
    assert sorted(path.name for path in project.glob(".generated*")) == []


def test_mount_point_inside_the_output_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted = project / "generated" / "data"
    mounted.mkdir()
    (mounted / "mine.txt").write_text("mine\n")
    _add_field(project)
    before = tree(project / "generated")
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == mounted)
    with pytest.raises(publish.PublishError, match=r"generated/data is a mount point"):
        build(project)
    assert tree(project / "generated") == before
