"""The generator knows no API: two others, described in second_api/, become clients that check, test and talk."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from second_api import project
from second_api.server import Depot, serving

PACKAGES = {"depot": "depot_client", "tiny": "tiny"}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Name of an API -> its generated project, made by the command line."""
    folder = tmp_path_factory.mktemp("second")
    return {
        name: project.built(project.settle(folder / name, project.HERE / name)) for name in PACKAGES
    }


@dataclass(frozen=True)
class Session:
    """What a run of the client program printed, and what the server has seen."""

    told: dict[str, Any]
    depot: Depot
    folder: Path


@pytest.fixture(scope="module")
def session(outputs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("session")
    depot = Depot()
    with serving(depot) as url:
        done = project.run(
            sys.executable, "-W", "error", project.HERE / "program.py", url, folder,
            cwd=folder, PYTHONPATH=str(outputs["depot"]),
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Session(json.loads(done.stdout), depot, folder)


def test_building_again_changes_nothing(outputs: dict[str, Path]) -> None:
    for output in outputs.values():
        done = project.run(project.XMLWRIGHT, "--project", output.parent, "check", cwd=output)
        assert done.returncode == 0, done.stdout


def test_generated_tests_pass(outputs: dict[str, Path]) -> None:
    for name, cases in (("depot", 14), ("tiny", 1)):
        count = project.own_tests(outputs[name])
        print(f"{name}: {count} tests, {cases} of them cases")
        assert count > cases


def test_mypy_strict_passes_on_clients_and_program(outputs: dict[str, Path]) -> None:
    packages = [outputs[name] / package for name, package in PACKAGES.items()]
    done = project.run(
        sys.executable, "-m", "mypy", "--strict", "--python-version", "3.10",
        "--config-file", outputs["depot"] / "pyproject.toml", *packages, project.HERE / "program.py",
        cwd=outputs["depot"].parent, MYPYPATH=":".join(map(str, outputs.values())),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"no issues found in \d+ source files", done.stdout), done.stdout


def test_pyright_passes_on_clients_and_program(outputs: dict[str, Path]) -> None:
    root = outputs["depot"].parents[1]
    (root / "program.py").write_bytes((project.HERE / "program.py").read_bytes())
    paths = {name: output.relative_to(root).as_posix() for name, output in outputs.items()}
    settings = {
        "include": [*(f"{paths[name]}/{package}" for name, package in PACKAGES.items()), "program.py"],
        "strict": ["program.py", *(f"{paths[name]}/{package}/*.py" for name, package in PACKAGES.items())],
        "extraPaths": list(paths.values()),
        "pythonVersion": "3.10",
    }  # fmt: skip
    (root / "pyrightconfig.json").write_text(json.dumps(settings))
    done = project.run(
        sys.executable, "-m", "pyright", "-p", root, "--pythonpath", sys.executable, "--outputjson",
        cwd=root, PYRIGHT_PYTHON_IGNORE_WARNINGS="1",
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["summary"]["filesAnalyzed"] > 40, done.stdout
    assert found["generalDiagnostics"] == []


def test_program_creates_and_reads_back(session: Session) -> None:
    whole = {
        "title": 'Bell & <"whistle">',
        "price": ["EUR", "12.50"],
        "grade": "finest",
        "fragile": True,
        "arrived": "2021-03-04",
        "counted": "2021-03-04T18:30:00+05:30",
        "tags": ["loud", "brass"],
        "size": [40, 30],
        "offer": ["Smith", "by Friday", "2021-04-01 23:59:59+05:30"],
        "class": "07",
    }
    assert session.told["created"] == "A-0"
    assert session.told["whole"] == whole


def test_program_updates_only_what_it_sends(session: Session) -> None:
    before, after = session.told["whole"], session.told["updated"]
    changed = {name: after[name] for name in before if before[name] != after[name]}
    assert changed == {"grade": "fair", "arrived": None, "size": [None, 31]}


def test_program_walks_pages_by_offset(session: Session) -> None:
    told = session.told
    assert told["all"] == [f"A-{number}" for number in range(8)]
    assert told["from the third on"] == [f"A-{number}" for number in range(3, 8)]
    assert told["pages"] == [[0, 5, 8, 5], [5, 5, 8, 3]]
    assert told["none"] == []
    lists = session.depot.actions.count("article.list")
    assert lists == 3 + 3 + 2 + 1 + 1, "pages of 3, pages of 2, pages of 5, an empty one, one of 50"


def test_program_gets_typed_failures(session: Session) -> None:
    told = session.told
    assert told["twice"] == ["ConflictError", "article.create", "E-TWICE", "A-1 is taken.", "sku"]
    absent = ["NotFoundError", "article.get", "E-ABSENT", "Nothing is called A-9.", "sku"]
    assert told["absent"] == absent, "an HTTP status of 404 comes with it"
    refused = ["AuthenticationError", "site.codes", "E-AUTH", "Unknown key.", None]
    assert told["refused"] == refused


def test_program_gets_and_sends_bytes(session: Session) -> None:
    assert session.told["label"] == ["image/svg+xml", len(b"Nut 1\x00\xff")]
    assert (session.folder / "label.svg").read_bytes() == b"Nut 1\x00\xff"
    assert session.depot.articles["A-1"].picture == b"\x89PNG\r\n--part-0\r\n\x00\xff"


def test_program_calls_what_is_nested_unpaged_or_deleted(session: Session) -> None:
    assert session.told["moved"] == [4, 6]
    assert session.told["sites"] == [["N", True], ["S", None]]
    assert session.told["codes"] == ["N", "S"]
    assert session.told["left"] == 7


def test_every_request_was_as_described(session: Session) -> None:
    assert session.depot.refused == []
    assert set(session.depot.actions) == {
        "article.create", "article.delete", "article.get", "article.label", "article.list",
        "article.picture.attach", "article.stock.move", "article.update", "site.codes", "site.list",
    }  # fmt: skip
    named = {agent for agent in session.depot.agents if agent.startswith("program/1 ")}
    assert len(named) == 1
    assert "depot_client/0.3.0" in named.pop()


def test_tools_read_recorded_documents_of_the_other_api(
    outputs: dict[str, Path], tmp_path: Path
) -> None:
    answer = tmp_path / "answer.xml"
    answer.write_text(
        '<o:outcome xmlns:o="urn:depot:exchange:3"><o:body><o:result><o:article sku="A-1"><o:price currency="EUR">1.50'
        "</o:price><o:fragile>Y</o:fragile><o:color/></o:article></o:result></o:body></o:outcome>"
    )
    asked = tmp_path / "asked.xml"
    asked.write_text(
        '<exchange xmlns="urn:depot:exchange:3" version="3"><action>article.stock.move</action><body><parameters>'
        '<article sku="A-1"><count>4</count><to>S</to></article></parameters></body></exchange>'
    )

    def tool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = (sys.executable, "-m", "depot_client", *arguments)
        return project.run(*command, cwd=tmp_path, PYTHONPATH=str(outputs["depot"]))

    price = {"currency": "EUR", "amount": "1.50"}
    assert json.loads(tool("read", answer).stdout) == {
        "file": str(answer),
        "method": "article.get",
        "value": {"sku": "A-1", "price": price, "fragile": True},
        "unknown": ["color"],
    }
    assert json.loads(tool("read", asked).stdout) == {
        "file": str(asked),
        "method": "article.stock.move",
        "arguments": {"sku": "A-1", "count": 4, "to": "S"},
    }
    checked = tool("check", answer)
    assert (checked.returncode, "unknown element color" in checked.stdout) == (1, True)


@pytest.mark.parametrize("folder", ["generator", "templates"])
def test_generator_and_templates_name_no_api(folder: str) -> None:
    root = project.TEMPLATES.parent / folder
    texts = [path for path in root.rglob("*") if path.is_file() and path.suffix in (".py", ".j2")]
    assert len(texts) > 10, "the folders are where they are looked for"
    found = [path for path in texts if re.search("freshbooks|invoice", path.read_text(), re.I)]
    assert found == []
