"""A vendored copy works by itself, proves that it is unmodified, and is updated without losing an edit."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import small_project
from hypothesis import given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from sampling import sample

from xmlwright import settings
from xmlwright.ir import Api
from xmlwright.pipeline import stages as pipeline
from xmlwright.pipeline.manifest import digest
from xmlwright.vendor import parts, vendor

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = settings.find(ROOT)
DEPENDENCIES = ("lxml", "requests", "urllib3", "certifi", "idna", "charset_normalizer")
"""lxml and requests, and what requests needs itself."""


@dataclass(frozen=True)
class Copied:
    """A copy that was written."""

    package: str
    only: tuple[str, ...]
    lines: int


@dataclass(frozen=True)
class Copies:
    """Many copies, each a package of one folder."""

    folder: Path
    by_name: dict[str, Copied]


def description() -> Api:
    api, diagnostics = pipeline.validate(SETTINGS)
    assert api is not None
    assert not len(diagnostics)
    return api


def subsets(api: Api) -> list[tuple[str, ...]]:
    """Ten subsets of resources and methods."""
    names = [module.name for module in api.resources] + [method.name for method in api.methods]
    found: list[tuple[str, ...]] = []

    @with_settings(max_examples=10, derandomize=True, database=None)
    @given(st.lists(st.sampled_from(names), min_size=2, max_size=6, unique=True))
    def collect(only: list[str]) -> None:
        found.append(tuple(only))

    collect()
    return found[:10]


def copied(
    api: Api,
    folder: Path,
    package: str,
    only: tuple[str, ...],
    *,
    tests: bool,
    kept: tuple[str, ...] | None = None,
) -> Copied:
    copy, files = vendor.contents(api, SETTINGS, vendor.plan(only, package, tests, kept))
    vendor.write(folder / package, copy, files, None)
    lines = sum(content.count(b"\n") for path, content in files.items() if path.endswith(".py"))
    return Copied(package, only, lines)


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Copies:
    """Some resources alone, a subset, and all, each with its tests; ``make copies`` tries every resource and ten subsets."""
    api = description()
    folder = tmp_path_factory.mktemp("copies")
    names = sample("vendored resources", [module.name for module in api.resources], 4)
    wanted: dict[str, tuple[str, ...]] = {f"only_{name}": (name,) for name in names}
    found = sample("vendored subsets", subsets(api), 1)
    wanted |= {f"subset_{number}": only for number, only in enumerate(found)}
    wanted["all_of_it"] = ()
    return Copies(
        folder, {name: copied(api, folder, name, only, tests=True) for name, only in wanted.items()}
    )


IMPORTS = """
import importlib, pathlib, sys
folder, bare = sys.argv[1:]
sys.path[:0] = [folder, bare]
allowed = {path.name.split(".")[0] for path in pathlib.Path(bare).iterdir()}
for package in sorted(pathlib.Path(folder).iterdir()):
    if not (package / "__init__.py").exists():
        continue
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        if "tests" in parts or parts[-1] in ("__init__", "__main__"):
            continue
        module = importlib.import_module(".".join(parts))
        for name in getattr(module, "__all__", ()):
            getattr(module, name)
    names = importlib.import_module(package.name).__all__
    for name in names:
        getattr(sys.modules[package.name], name)
    dir(sys.modules[package.name])
    allowed.add(package.name)
foreign = {
    name.split(".")[0] for name, module in sys.modules.items()
    if getattr(module, "__file__", None) and name.split(".")[0] not in sys.stdlib_module_names
} - allowed - {"__main__"}
assert not foreign, foreign
print(len(allowed))
"""


def test_every_copy_is_imported_where_there_is_nothing_but_its_two_dependencies(
    copies: Copies, tmp_path: Path
) -> None:
    """And every name that it says it has is there."""
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in DEPENDENCIES:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.submodule_search_locations
        (bare / name).symlink_to(Path(spec.submodule_search_locations[0]))
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", IMPORTS, str(copies.folder), str(bare)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(copies.by_name) + len(DEPENDENCIES)


def test_the_tests_of_every_copy_pass(copies: Copies) -> None:
    """Those of the whole API (secrets, equivalence) are run on the generated project; here are those of the cases."""
    paths = [
        str(path)
        for name in copies.by_name
        for path in sorted((copies.folder / name / "tests").glob("test_*.py"))
        if path.stem not in ("test_secrets", "test_equivalence")
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--import-mode=importlib",
         "--rootdir", str(copies.folder), *paths],
        cwd=copies.folder, env={"PYTHONPATH": str(copies.folder), "PATH": os.environ["PATH"]},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


def test_every_copy_passes_mypy_strict(copies: Copies, tmp_path: Path) -> None:
    """Copies with the same run time share one, so that it is checked once; one copy is checked just as it is."""
    shared: dict[str, str] = {}
    for name in copies.by_name:
        package = copies.folder / name
        content = {
            path.name: path.read_text(encoding="utf-8")
            for path in (package / "runtime").glob("*.py")
        }
        runtime = shared.setdefault(
            digest(repr(sorted(content.items())).encode()), f"runtime_{len(shared)}"
        )
        (tmp_path / runtime).mkdir(exist_ok=True)
        for file, text in content.items():
            (tmp_path / runtime / file).write_text(text, encoding="utf-8")
        (tmp_path / name).mkdir()
        for path in package.glob("*.py"):
            text = path.read_text(encoding="utf-8")
            text = re.sub(r"from \.runtime\b", f"from {runtime}", text)
            (tmp_path / name / path.name).write_text(text, encoding="utf-8")
    (tmp_path / "as_it_is").symlink_to(copies.folder / "only_task")
    packages = [*copies.by_name, *shared.values(), "as_it_is"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", str(tmp_path / ".cache"),
         "--exclude", "tests", *packages],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


def test_one_resource_is_about_a_third_of_the_whole(copies: Copies, tmp_path: Path) -> None:
    """Package against package."""
    api = description()
    whole = copied(api, tmp_path, "whole", (), tests=False).lines
    alone = copied(api, tmp_path, "alone", ("invoice",), tests=False).lines
    print(f"{alone} of {whole} lines: {100 * alone / whole:.1f} %")
    assert alone <= 0.35 * whole


CALLS = """
from only_invoice import FreshBooks, HttpResponse, HttpRequest, NotFoundError

PAGE = (
    '<response xmlns="http://www.freshbooks.com/api/" status="ok"><invoices page="{page}" per_page="1" pages="2" total="2">'
    '<invoice><invoice_id>{page}</invoice_id><amount>10.50</amount></invoice></invoices></response>'
)
FAILED = '<response xmlns="http://www.freshbooks.com/api/" status="fail"><error>Invoice not found.</error><code>50010</code></response>'

class Service:
    def send(self, request: HttpRequest) -> HttpResponse:
        body = request.body.decode()
        if "invoice.get" in body:
            return HttpResponse(200, {}, FAILED.encode())
        return HttpResponse(200, {}, PAGE.format(page=2 if "<page>2</page>" in body else 1).encode())

    def close(self) -> None: ...

with FreshBooks("sample", token="secret-token", transport=Service()) as fb:
    print([(str(invoice.amount), invoice.invoice_id) for invoice in fb.invoice.list(per_page=1)])
    try:
        fb.invoice.get(3)
    except NotFoundError as error:
        print(error.method, "secret-token" in repr(vars(error)))
    print('invoice.delete' in fb.explain(fb.invoice.__class__.delete(4)))
"""


def test_a_copy_calls_reads_pages_and_tells_failures(copies: Copies) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALLS], cwd=copies.folder, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert told[:2] == ["[('10.50', 1), ('10.50', 2)]", "invoice.get False"]
    assert told[2:] == ["True"]


def test_what_is_left_out_says_how_to_get_it(copies: Copies) -> None:
    program = (
        "import only_task\n"
        "try:\n    from only_task.runtime.async_client import AsyncClient\n"
        "except ImportError as error:\n    print(error)\n"
        "print(hasattr(only_task, 'OAuth'), 'OAuth' in only_task.__all__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=copies.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "AsyncClient is not in this copy: xmlwright vendor --update --with async",
        "False False",
    ], done.stderr


def test_every_part_can_be_had_alone(tmp_path: Path) -> None:
    """And the copy is still one that can be imported and whose types hold."""
    api = description()
    names = sample("vendored parts", parts.PARTS, 2)
    for name in names:
        copied(api, tmp_path, f"with_{name}", ("task",), tests=False, kept=(name,))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", os.devnull,
         *(f"with_{name}" for name in names)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    program = (
        "import importlib, sys\nfor name in sys.argv[1:]:\n    package = importlib.import_module(name)\n"
        "    [getattr(package, item) for item in package.__all__]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *(f"with_{name}" for name in names)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


# A project of a small API, by the command.


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small_project.make(tmp_path / "project")


def ran(project: Path, *arguments: str) -> tuple[int, str]:
    done = small_project.run(project, "vendor", "../app/api", *arguments)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


BOOK = "schema/resources/book.yaml"


def change(project: Path) -> None:
    """Something new in the API, which changes the module of books."""
    small_project.edit(project / BOOK, 'doc: "What it cost."', 'doc: "What was paid for it."')


def test_a_copy_tells_what_it_is_and_proves_that_it_is_untouched(project: Path) -> None:
    code, _ = ran(project, "--only", "book", "--package", "app.api")
    assert code == 0
    copy = project.parent / "app" / "api"
    assert (
        (copy / "book.py")
        .read_text(encoding="utf-8")
        .startswith("# Vendored from library-client 0.1.0 (MIT)")
    )
    assert (copy / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert not (copy / "loan.py").exists()
    assert ran(project, "--check") == (0, "")


def test_a_check_tells_edited_missing_and_outdated_apart(project: Path) -> None:
    ran(project, "--only", "book")
    copy = project.parent / "app" / "api"
    change(project)
    code, told = ran(project, "--check")
    assert (code, told) == (3, "../app/api/book.py: not the newest\n")
    (copy / "runtime" / "errors.py").unlink()
    with (copy / "_client.py").open("a", encoding="utf-8") as file:
        file.write("# mine\n")
    code, told = ran(project, "--check")
    assert code == 1
    assert "_client.py: edited" in told
    assert "runtime/errors.py: missing" in told


def test_an_edit_is_kept_and_is_a_conflict_only_where_there_is_something_new(project: Path) -> None:
    ran(project, "--only", "book")
    copy = project.parent / "app" / "api"
    book = copy / "book.py"
    mine = book.read_text(encoding="utf-8") + "\n# mine\n"
    book.write_text(mine, encoding="utf-8")
    code, told = ran(project, "--update")
    assert code == 0
    assert "book.py: edited by hand, and kept" in told
    change(project)
    code, told = ran(project, "--update")
    assert code == 1
    assert "book.py: edited by hand, and changed since; the new one is book.py.new" in told
    assert book.read_text(encoding="utf-8") == mine
    assert "What was paid for it." in (copy / "book.py.new").read_text(encoding="utf-8")
    # Merged by hand, it is an edit of the new version: no conflict any more.
    book.write_text(
        (copy / "book.py.new").read_text(encoding="utf-8") + "\n# mine\n", encoding="utf-8"
    )
    (copy / "book.py.new").unlink()
    assert ran(project, "--update")[0] == 0
    assert ran(project, "--check")[0] == 1


def test_files_of_the_user_survive_and_one_in_the_way_is_told(project: Path) -> None:
    copy = project.parent / "app" / "api"
    copy.mkdir(parents=True)
    (copy / "_patch.py").write_text("from .book import Books\n", encoding="utf-8")
    (copy / "wire.txt").write_text("mine\n", encoding="utf-8")
    (copy / "loan.py").write_text("# mine too\n", encoding="utf-8")
    ran(project, "--only", "book")
    code, told = ran(project, "--only", "book,loan")
    assert code == 1
    assert "loan.py: in the way: a file of yours has this name" in told
    change(project)
    ran(project, "--update")
    assert (copy / "_patch.py").read_text(encoding="utf-8") == "from .book import Books\n"
    assert (copy / "wire.txt").read_text(encoding="utf-8") == "mine\n"
    assert (copy / "loan.py").read_text(encoding="utf-8") == "# mine too\n"
    assert "What was paid for it." in (copy / "book.py").read_text(encoding="utf-8")


def test_a_choice_is_remembered_and_can_be_changed(project: Path) -> None:
    ran(project, "--only", "book", "--with", "async", "--tests")
    copy = project.parent / "app" / "api"
    assert (copy / "tests" / "test_book.py").exists()
    assert ran(project, "--update")[0] == 0
    assert "aio" not in (copy / "runtime" / "aio.py").read_text(encoding="utf-8").splitlines()[1]
    ran(project, "--only", "loan", "--with", "")
    assert (copy / "loan.py").exists()
    assert not (copy / "book.py").exists()
    assert not (copy / "tests" / "test_book.py").exists()


def test_unknown_names_and_folders_are_refused_with_a_hint(project: Path) -> None:
    for arguments, said in (
        (["--only", "bok"], "did you mean 'book'?"),
        (["--only", "book", "--with", "asynk"], "did you mean 'async'?"),
        (["--check"], "is no vendored copy"),
        (["--update"], "is no vendored copy"),
    ):
        code, told = ran(project, *arguments)
        assert code == 1
        assert said in told
    assert not (project.parent / "app").exists()
