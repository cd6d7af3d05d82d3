"""The pytest plugin as a project of somebody's has it: pytest run by itself, in a folder of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .case_setup import ROOT
from .test_guide import run


class Project:
    """Somebody's tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings(f"sandbox_description = {ROOT / 'schema'}")

    def settings(self, *lines: str) -> None:
        text = "[pytest]\nfilterwarnings = error\naddopts = --strict-markers\n" + "\n".join(lines)
        (self.folder / "pytest.ini").write_text(text, encoding="utf-8")

    def test(self, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "test_it.py").write_text(text, encoding="utf-8")
        return run(
            sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments, cwd=self.folder
        )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def passed(done: subprocess.CompletedProcess[str]) -> int:
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"(\d+) passed", done.stdout)
    assert found is not None
    return int(found[1])


def test_unused_it_imports_nothing_of_the_sandbox(project: Project) -> None:
    done = project.test(
        "import sys\n"
        "def test_nothing_is_there():\n"
        "    mine = sorted(name for name in sys.modules if name.partition('.')[0] == 'xmlwright')\n"
        "    assert mine == ['xmlwright', 'xmlwright.sandbox', 'xmlwright.sandbox.plugin']\n"
        "    assert not {'lxml', 'jinja2', 'yaml', 'h11', 'trustme', 'asyncio'} & set(sys.modules)\n",
        "-p", "no:xdist", "-p", "no:anyio",
    )  # fmt: skip
    assert passed(done) == 1


def test_tests_do_not_see_each_other(project: Project) -> None:
    done = project.test(
        "import pytest\n"
        "@pytest.mark.parametrize('turn', range(4))\n"
        "def test_alone(turn, sandbox, sandbox_client, sandbox_clock, sandbox_faults, sandbox_callbacks):\n"
        "    assert list(sandbox_client.task.list()) == []\n"
        "    assert sandbox.calls() and sandbox_faults.rules == [] and sandbox_callbacks.events == []\n"
        "    assert sandbox_clock.now().year == 2026\n"
        "    sandbox_client.task.create(name='mine')\n"
        "    sandbox_faults.add('status=503; method=task.*')\n"
        "    sandbox_clock.set('2040-01-01')\n",
        "-n", "2",
    )  # fmt: skip
    assert passed(done) == 4


def test_the_marker_says_what_an_account_holds(project: Project) -> None:
    (project.folder / "mine.yaml").write_text("task:\n  - {task_id: 9, name: Yard work}\n")
    done = project.test(
        "import pytest\n"
        "@pytest.mark.sandbox(load='mine.yaml', clock='2031-05-06T07:08:09')\n"
        "def test_mine(sandbox_client, sandbox_clock):\n"
        "    assert sandbox_client.task.get(9).name == 'Yard work'\n"
        "    assert sandbox_clock.now().isoformat() == '2031-05-06T07:08:09-04:00'\n"
        "@pytest.mark.sandbox(load='cases')\n"
        "class TestCases:\n"
        "    def test_examples(self, sandbox_client):\n"
        "        assert sandbox_client.task.list().total > 0\n"
        "    @pytest.mark.sandbox(load=None)\n"
        "    def test_none(self, sandbox_client):\n"
        "        assert sandbox_client.task.list().total == 0\n"
    )
    assert passed(done) == 3


def test_a_failure_shows_the_calls_that_were_made(project: Project) -> None:
    done = project.test(
        "import pytest, freshbooks_classic\n"
        "def test_wrong(sandbox_client):\n"
        "    sandbox_client.task.create(name='a')\n"
        "    with pytest.raises(freshbooks_classic.NotFoundError):\n"
        "        sandbox_client.task.get(987654)\n"
        "    assert False\n",
        "--sandbox-seed=41",
    )
    assert done.returncode == 1
    assert "task.create: ok" in done.stdout
    assert "task.get: 50010" in done.stdout
    assert "--sandbox-seed=41" in done.stdout


def test_the_seed_makes_the_same_account_again(project: Project) -> None:
    text = "def test_it(sandbox):\n    print('token', sandbox.token)\n"
    tokens = [
        re.findall(r"token (\w+)", project.test(text, "-s", f"--sandbox-seed={seed}").stdout)
        for seed in (1, 1, 2)
    ]
    assert tokens[0] == tokens[1] != tokens[2]


@pytest.mark.parametrize(
    ("settings", "test", "told"),
    [
        ((), "def test_it(sandbox): pass", "set sandbox_description"),
        (("sandbox_description = nowhere",), "def test_it(sandbox): pass", "nowhere"),
        (
            (f"sandbox_description = {ROOT / 'schema'}",),
            "import pytest\n@pytest.mark.sandbox(laod='cases')\ndef test_it(sandbox): pass",
            "the marker sandbox has no 'laod'",
        ),
        (
            (f"sandbox_description = {ROOT / 'tests' / 'support' / 'second_api' / 'depot'}",),
            "def test_it(sandbox_client): pass",
            "pip install depot-client",
        ),
        (
            (f"sandbox_description = {ROOT / 'schema'}",),
            "def test_it(sandbox): sandbox.client(person='staff/99')",
            "t1 has no person 'staff/99'",
        ),
    ],
)
def test_mistakes_are_told_in_a_sentence(
    project: Project, settings: tuple[str, ...], test: str, told: str
) -> None:
    project.settings(*settings)
    done = project.test(test, "--tb=line")
    assert done.returncode == 1
    assert told in done.stdout


def test_a_program_of_its_own_finds_the_sandbox(project: Project) -> None:
    done = project.test(
        "import os, subprocess, sys\n"
        "def test_program(sandbox):\n"
        "    code = 'from freshbooks_classic import FreshBooks; print(FreshBooks.from_env().task.create(name=\"a\"))'\n"
        "    done = subprocess.run([sys.executable, '-c', code], env={**os.environ, **sandbox.environment}, capture_output=True, text=True)\n"
        "    assert done.stdout.strip().isdigit(), done.stderr\n"
        "    sandbox.assert_called('task.create', {'name': 'a'}, count=1)\n"
    )
    assert passed(done) == 1


def test_a_snapshot_is_gone_back_to(project: Project) -> None:
    done = project.test(
        "def test_it(sandbox, sandbox_client):\n"
        "    first = sandbox_client.task.create(name='a')\n"
        "    name = sandbox.snapshot()\n"
        "    sandbox_client.task.delete(first)\n"
        "    sandbox.restore(name)\n"
        "    assert sandbox_client.task.get(first).name == 'a'\n"
        "    sandbox.seed_records({'task': [{'task_id': 77, 'name': 'b'}]})\n"
        "    assert sandbox_client.task.get(77).name == 'b'\n"
        "    assert [record['name'] for record in sandbox.state()['task']] == ['a', 'b']\n"
    )
    assert passed(done) == 1


def test_fixtures_of_wider_scopes_open_accounts(project: Project) -> None:
    project.settings(f"sandbox_description = {ROOT / 'schema'}")
    done = project.test(
        "import pytest\n"
        "@pytest.fixture(scope='session')\n"
        "def shared(sandbox_factory):\n"
        "    with sandbox_factory(load='cases') as account:\n"
        "        yield account\n"
        "def test_one(shared): assert shared.state()['client']\n"
        "def test_two(shared, sandbox): assert shared.account != sandbox.account\n"
    )
    assert passed(done) == 2
