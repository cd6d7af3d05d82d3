"""A vendored copy works by itself, proves that it is unmodified, and is updated without losing an edit."""

from __future__ import annotations

import importlib.util
import json
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
from xmlwright.vendor import vendor
from xmlwright.vendor.features import FEATURES, choose

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
    copy, files = vendor.contents(
        api, SETTINGS, vendor.plan(package, only=only, tests=tests, added=kept)
    )
    vendor.write(folder / package, copy, files, None)
    lines = sum(content.count(b"\n") for path, content in files.items() if path.endswith(".py"))
    return Copied(package, only, lines)


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Copies:
    """Some resources alone, a subset, and all, each with its tests; ``make proofs`` tries every resource and ten subsets."""
    api = description()
    folder = tmp_path_factory.mktemp("copies")
    named = ("invoice", "task")  # what the tests below call
    others = [module.name for module in api.resources if module.name not in named]
    names = [*named, *sample("vendored resources", others, 2)]
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
        if parts[-1] in ("command", "command_output", "export_command", "export_run"):  # what needs click, and only `__main__` imports
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


@pytest.mark.xfail(
    strict=True,
    reason="the target is missed: the runtime is most of a copy, and is not split by feature",
)
def test_one_resource_is_about_a_third_of_the_whole(tmp_path: Path) -> None:
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


def test_an_import_of_what_is_left_out_names_the_command(tmp_path: Path) -> None:
    copied(description(), tmp_path, "only_task", ("task",), tests=False)
    program = (
        "import only_task\n"
        "for line in ('from only_task.runtime.async_client import AsyncClient', 'from only_task import AsyncFreshBooks',\n"
        "             'from only_task import invoice', 'from only_task import wire'):\n"
        "    try:\n        exec(line)\n"
        "    except ImportError as error:\n        print(error)\n"
        "print('AsyncFreshBooks' in only_task.__all__, 'invoice' in dir(only_task))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    command = f"is not in this copy; run: xmlwright vendor {tmp_path / 'only_task'} --update"
    assert done.stdout.splitlines() == [
        f"AsyncClient {command} --with async",
        f"AsyncFreshBooks {command} --with async",
        f"invoice {command} --only task,invoice",
        f"wire {command} --with registry",
        "False False",
    ], done.stderr


def test_a_choice_follows_imports_to_whole_modules() -> None:
    files = {
        "__init__.py": "",
        "task.py": "from .runtime.client import Client\n",
        "runtime/__init__.py": "",
        "runtime/client.py": "def f():\n    from .registry import A\n    from . import oauth\n",
        "runtime/registry.py": "class A: ...\n",
        "runtime/oauth.py": "from .registry import A\nclass OAuth: ...\n",
        "runtime/unused.py": "",
    }
    bare = choose(files, ())
    assert bare.features == ()
    assert set(bare.files) == set(files) - {"runtime/unused.py"}
    assert "class A" not in bare.files["runtime/registry.py"]
    assert bare.left_out == {"A": "registry", "OAuth": "oauth"}
    signed = choose(files, ("oauth",))
    assert signed.features == ("oauth", "registry")  # which it imports at once
    assert signed.files["runtime/registry.py"] == files["runtime/registry.py"]
    assert signed.left_out == {}


def test_every_part_can_be_had_alone(tmp_path: Path) -> None:
    """And the copy is still one that can be imported and whose types hold."""
    api = description()
    names = sample("vendored parts", tuple(FEATURES), 2)
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

CALLBACKS = """\
callbacks:
  event: name
  object: object_id
  system: system
  user: user_id
  verifier: verifier
  verification: callback.verify
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = small_project.make(tmp_path / "project")
    with (project / "schema" / "api.yaml").open("a", encoding="utf-8") as api:
        api.write(CALLBACKS)
    return project


def ran(project: Path, *arguments: str) -> tuple[int, str]:
    done = small_project.run(project, "vendor", "../app/api", *arguments)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


BOOK = "schema/resources/book.yaml"


def change(project: Path) -> None:
    """Something new in the API, which changes the module of books."""
    small_project.edit(project / BOOK, 'doc: "What it cost."', 'doc: "What was paid for it."')


def test_a_copy_has_its_origin_in_the_manifest_only(project: Path) -> None:
    code, _ = ran(project, "--only", "book", "--package", "app.api")
    assert code == 0
    copy = project.parent / "app" / "api"
    manifest = json.loads((copy / ".xmlwright-vendored.json").read_text(encoding="utf-8"))
    assert manifest["client"] == "library-client 0.1.0"
    assert manifest["description"]
    assert manifest["generator"]
    assert (copy / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert not (copy / "loan.py").exists()
    assert ran(project, "--check") == (0, "")


def test_a_new_version_alone_changes_two_files(project: Path) -> None:
    ran(project)
    small_project.edit(project / "schema/api.yaml", 'version: "0.1.0"}', 'version: "0.2.0"}')
    code, output = ran(project, "--check")
    assert code == 3
    assert output.splitlines() == [
        "../app/api/__init__.py: outdated",
        "../app/api/_api.py: outdated",
    ]
    assert "library-client 0.1.0 -> library-client 0.2.0" in ran(project, "--update")[1]


def test_a_check_tells_edited_missing_and_outdated_apart(project: Path) -> None:
    ran(project, "--only", "book")
    copy = project.parent / "app" / "api"
    change(project)
    code, output = ran(project, "--check")
    assert (code, output) == (3, "../app/api/book.py: outdated\n")
    (copy / "runtime" / "errors.py").unlink()
    with (copy / "_client.py").open("a", encoding="utf-8") as file:
        file.write("# mine\n")
    code, output = ran(project, "--check")
    assert code == 1
    assert "_client.py: edited" in output
    assert "runtime/errors.py: missing" in output


def test_line_ends_of_a_checkout_are_no_edits(project: Path) -> None:
    """Git may turn all line ends to CRLF (core.autocrlf)."""
    ran(project, "--only", "book")
    copy = project.parent / "app" / "api"
    for path in copy.rglob("*"):
        if path.is_file() and path.suffix != ".zip":
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert ran(project, "--check") == (0, "")
    code, output = ran(project, "--update")
    assert (code, output) == (0, "../app/api: 0 written, 0 removed\n")
    assert "*.py text" in (copy / ".gitattributes").read_text(encoding="utf-8")


def test_changes_are_merged_into_an_edited_file(project: Path) -> None:
    ran(project, "--only", "book")
    book = project.parent / "app" / "api" / "book.py"
    book.write_text(book.read_text(encoding="utf-8") + "\n# mine\n", encoding="utf-8")
    assert "book.py: edited, kept" in ran(project, "--update")[1]
    change(project)
    code, output = ran(project, "--update")
    assert code == 0
    assert "book.py: edited, new version merged" in output
    text = book.read_text(encoding="utf-8")
    assert "What was paid for it." in text
    assert text.endswith("\n# mine\n")
    assert ran(project, "--check")[0] == 1
    assert ran(project, "--accept")[0] == 0
    assert ran(project, "--check") == (0, "../app/api/book.py: edited, kept\n")
    book.write_text(text + "# more\n", encoding="utf-8")
    assert ran(project, "--check")[0] == 1


def test_a_conflict_stays_until_it_is_resolved(project: Path) -> None:
    ran(project, "--only", "book")
    book = project.parent / "app" / "api" / "book.py"
    text = book.read_text(encoding="utf-8")
    book.write_text(text.replace("What it cost.", "What I paid."), encoding="utf-8")
    change(project)
    for _ in range(2):
        code, output = ran(project, "--update")
        assert code == 1
        assert "book.py: unmerged; resolve the marked conflict" in output
    assert ran(project, "--check")[0] == 1
    assert ran(project, "--accept")[0] == 1
    merged = book.read_text(encoding="utf-8")
    assert "<<<<<<< your edit" in merged
    pattern = r"<<<<<<< your edit\n(.*?)=======\n.*?>>>>>>> vendored now\n"
    book.write_text(re.sub(pattern, r"\1", merged, flags=re.DOTALL), encoding="utf-8")
    assert ran(project, "--update")[0] == 0
    assert "What I paid." in book.read_text(encoding="utf-8")
    assert ran(project, "--accept")[0] == 0
    assert ran(project, "--check")[0] == 0


def test_files_of_the_user_survive_and_one_in_the_way_is_told(project: Path) -> None:
    copy = project.parent / "app" / "api"
    copy.mkdir(parents=True)
    (copy / "_patch.py").write_text("from .book import Books\n", encoding="utf-8")
    (copy / "wire.txt").write_text("mine\n", encoding="utf-8")
    (copy / "loan.py").write_text("# mine too\n", encoding="utf-8")
    ran(project, "--only", "book")
    code, told = ran(project, "--only", "book,loan")
    assert code == 1
    assert "loan.py: a file of yours has this name" in told
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
    assert ran(project, "--update", "--with", "callbacks")[0] == 0
    assert (copy / "events.py").exists()
    assert (copy / "_async_client.py").exists()
    ran(project, "--only", "loan", "--without", "async")
    assert (copy / "loan.py").exists()
    assert (copy / "events.py").exists()
    assert not (copy / "_async_client.py").exists()
    assert not (copy / "book.py").exists()
    assert not (copy / "tests" / "test_book.py").exists()


def test_unknown_names_and_folders_are_refused_with_a_hint(project: Path) -> None:
    for arguments, expected, message in (
        (["--only", "bok"], 2, "did you mean 'book'?"),
        (["--only", "book", "--with", "asynk"], 2, "did you mean 'async'?"),
        (["--check"], 1, "is not a vendored copy"),
        (["--update"], 1, "is not a vendored copy"),
    ):
        code, output = ran(project, *arguments)
        assert code == expected
        assert message in output
    assert not (project.parent / "app").exists()


def test_calls_and_callbacks_log_under_the_name_of_the_copy(project: Path) -> None:
    ran(project, "--with", "all")
    program = (
        "from app.api.runtime import callbacks, engine\n"
        "print(engine._LOGGER, callbacks._LOGGER)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "app.api app.api\n", done.stderr
