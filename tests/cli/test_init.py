"""``xmlwright init``: what it writes and asks, and what it refuses."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from small_project import COMMAND, environment, run, tree
from terminal import Terminal

from xmlwright.files import write_new_files
from xmlwright.settings import find
from xmlwright.starter import CREDENTIALS, DIALECTS, ProjectNames, project_files

WRITTEN = [
    "README.md",
    "pyproject.toml",
    "schema/api.yaml",
    "schema/resources/note.cases.yaml",
    "schema/resources/note.yaml",
]


def test_the_defaults_ask_nothing_without_a_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "acme-books"
    folder.mkdir()
    done = run(folder, "init")
    assert done.returncode == 0, done.stderr
    assert sorted(tree(folder)) == WRITTEN
    commands = re.findall(r"^  (\S.*?)  +# ", done.stdout, re.MULTILINE)
    assert len(commands) == 4
    assert all(f"$ {line}" in (folder / "README.md").read_text("utf-8") for line in commands)
    assert find(folder).schema == folder / "schema"
    assert 'title: "acme-books API"' in (folder / "schema/api.yaml").read_text("utf-8")


@pytest.mark.parametrize("credentials", CREDENTIALS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_choice_validates_without_an_edit(
    tmp_path: Path, dialect: str, credentials: str
) -> None:
    done = run(tmp_path, "init", "new", "--dialect", dialect, "--credentials", credentials)
    assert done.returncode == 0, done.stderr
    assert "  cd new\n" in done.stdout
    checked = run(tmp_path / "new", "validate")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "no errors" in checked.stdout


def test_a_terminal_is_asked_for_what_is_not_given(tmp_path: Path) -> None:
    with Terminal(
        [*COMMAND, "init", "new", "--dialect", "paths"], tmp_path, environment()
    ) as terminal:
        terminal.read_until("Name of the API [new]: ")
        terminal.press("Città & Co\n")
        terminal.read_until("Credentials [basic]: ")
        terminal.press("sesame\n")
        terminal.read_until("Credentials [basic]: ")
        terminal.press("header\n")
        terminal.read_until("xmlwright sandbox")
    api = (tmp_path / "new/schema/api.yaml").read_text("utf-8")
    assert 'title: "Città & Co API"' in api
    assert "header:X-Api-Key" in api
    assert "POST /notes" in (tmp_path / "new/schema/resources/note.cases.yaml").read_text("utf-8")


@pytest.mark.parametrize("name", ["pyproject.toml", "README.md", "schema"])
@pytest.mark.parametrize("dangling", [False, True])
def test_nothing_is_replaced(tmp_path: Path, name: str, dangling: bool) -> None:
    if dangling:
        (tmp_path / name).symlink_to("nowhere")
    else:
        (tmp_path / name).write_text("mine")
    before = tree(tmp_path)
    done = run(tmp_path, "init")
    assert done.returncode == 1
    assert f"{name} exists already; nothing was written" in done.stderr
    assert "Choose another folder" in done.stderr
    assert tree(tmp_path) == before


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "deep").write_text("a file")
    before = tree(tmp_path)
    done = run(tmp_path, "init", "deep/er")
    assert done.returncode == 1
    assert "deep" in done.stderr
    assert "Not a directory; nothing was written" in done.stderr
    assert tree(tmp_path) == before


def test_a_failure_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    """Every write past a limit on the size of files fails, as on a full disk."""
    program = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from pathlib import Path; from xmlwright.files import write_new_files;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100));"
        "write_new_files(Path('deep/er'), {'a': 'x', 'b/c': 'x' * 200})"
    )
    done = run(tmp_path, "-c", program, command=[sys.executable])
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert not tree(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--name", "日本"), "'日本' gives no Python name; use words of ASCII letters"),
        (("--name", "7 Up"), "'7 Up' gives no Python name"),
        (("--name", ""), "'' gives no Python name"),
        (("--url", "acme.example"), "--url: begin with https:// or http://"),
        (("--dialect", "soap"), "'soap' is not one of 'xml', 'paths', 'parameters'"),
    ],
)
def test_wrong_values_are_explained(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = run(tmp_path, "init", *arguments)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not tree(tmp_path)


@pytest.mark.parametrize(
    "name", ["None", "class", "list", 'Acme: "Books" #1', "x" * 80, "XMLHttp", "a\tb\\n"]
)
def test_unusual_names_give_a_valid_project(tmp_path: Path, name: str) -> None:
    done = run(tmp_path, "init", "--name", name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert run(tmp_path, "validate").returncode == 0


def test_names_are_derived_from_words() -> None:
    assert ProjectNames.of("Acme Books") == ProjectNames(
        "acme_books", "Acme Books API", "acme_books_client", "AcmeBooks"
    )


@pytest.mark.parametrize("credentials", CREDENTIALS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_choice_is_served(tmp_path: Path, dialect: str, credentials: str) -> None:
    """Send the first request of the cases with the credentials that the sandbox prints, and with others."""
    import requests

    from xmlwright.sandbox import Sandbox

    names = ProjectNames.of("Shop")
    write_new_files(
        tmp_path, project_files(names, dialect, credentials, "https://shop.example/api")
    )
    document = '<request method="note.list"/>' if dialect == "xml" else None
    query = {"method": "note.list"} if dialect == "parameters" else {}
    path = "/notes" if dialect == "paths" else ""
    with Sandbox(tmp_path, load="cases") as sandbox:
        exports = dict(re.findall(r"export SHOP_(\w+)=(\S+)", sandbox.control.exports()))
        for key, status in (("", 200), ("wrong", 200 if credentials == "none" else 401)):
            auth, headers, params = None, {}, dict(query)
            if credentials == "basic":
                auth = (exports["USER"], key or exports["PASSWORD"])
            elif credentials == "header":
                headers = {"X-Api-Key": key or exports["KEY"]}
            elif credentials == "parameter":
                params["key"] = key or exports["KEY"]
            reply = requests.request(
                "POST" if document else "GET", exports["URL"] + path, params=params, data=document,
                headers=headers, auth=auth, verify=exports["CA"], timeout=10,
            )  # fmt: skip
            assert reply.status_code == status, reply.text
            assert ("<title>Shopping</title>" in reply.text) == (status == 200)
