"""A vendored copy works by itself, proves that it is unmodified, and is updated without losing an edit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "xmlwright", "--project", ROOT, *arguments]
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("project") / "app" / "vendored_api"
    done = run("vendor", target, "--only", "task,client.list", "--tests")
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def test_a_copy_holds_what_was_asked_for_and_works_by_itself(original: Path) -> None:
    program = (
        "import sys, vendored_api.wire as wire, vendored_api.task as task\n"
        "assert sorted(wire.METHODS) == ['client.list', 'task.create', 'task.delete', 'task.get', 'task.list', 'task.update']\n"
        "print(task.create(name='x').xml.decode())\n"
        "assert not any(name.startswith(('xmlwright', 'freshbooks_classic')) for name in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=original.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "<name>x</name>" in done.stdout
    assert not (original / "invoice.py").exists()


def test_its_own_tests_pass(original: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", original / "tests" / "test_task.py"],
        cwd=original.parent, env={"PYTHONPATH": str(original.parent), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_edit_is_found_named_and_kept(original: Path) -> None:
    assert run("vendor", original, "--check").returncode == 0
    edited = original / "task.py"
    before = edited.read_text(encoding="utf-8")
    own = original / "_patch.py"
    own.write_text("MINE = 1\n", encoding="utf-8")
    try:
        edited.write_text(before + "\n# mine\n", encoding="utf-8")
        checked = run("vendor", original, "--check")
        assert checked.returncode == 1
        assert "task.py: edited" in checked.stdout
        updated = run("vendor", original, "--update")
        assert updated.returncode == 1
        assert "task.py: edited by hand" in updated.stdout
        assert edited.read_text(encoding="utf-8").endswith("# mine\n")
        assert own.read_text(encoding="utf-8") == "MINE = 1\n"
    finally:
        edited.write_text(before, encoding="utf-8")
    assert run("vendor", original, "--check").returncode == 0


def test_more_and_less_is_updated(original: Path, tmp_path: Path) -> None:
    target = tmp_path / "api"
    assert run("vendor", target, "--only", "tax").returncode == 0
    assert run("vendor", target, "--only", "item").returncode == 0
    assert (target / "item.py").exists()
    assert not (target / "tax.py").exists()


def test_unknown_names_and_folders_are_refused_with_a_hint(tmp_path: Path) -> None:
    done = run("vendor", tmp_path / "x", "--only", "taks")
    assert done.returncode == 1
    assert "did you mean 'task'?" in done.stderr
    assert not (tmp_path / "x").exists()
    done = run("vendor", tmp_path / "x", "--check")
    assert done.returncode == 1
    assert "is no vendored copy" in done.stderr
