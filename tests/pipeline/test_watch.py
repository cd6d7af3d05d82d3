"""``watch`` as an author has it: a real process, real files saved, and whatever is on the screen."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_project import COMMAND, PACKAGE, SETTINGS, edit, environment, make, make_built, run, tree
from terminal import Terminal

pytest.importorskip("watchfiles")

BOOK = "schema/resources/book.yaml"
PATIENCE = 60
"""Seconds after which something never happens."""


class Watch:
    """``xmlwright watch`` with a pipe for all that it prints."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [*COMMAND, "watch"],
            cwd=folder, env=environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self._unread = ""

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *error: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def until(self, text: str) -> str:
        """What it prints up to the line that ends a round and, before that, says ``text``."""
        return self.until_said(text, r".*?press Ctrl-C to stop\n")

    def until_said(self, text: str, then: str = "") -> str:
        """What it prints until it has said ``text``."""
        end = time.monotonic() + PATIENCE
        while True:
            found = re.match(r"(?s).*?" + re.escape(text) + then, self._unread)
            if found:
                self._unread = self._unread[found.end() :]
                return found[0]
            piece = self._read(end)
            assert piece, f"{text!r} did not come: {self._unread}"
            self._unread += piece

    def interrupt(self) -> tuple[int, str]:
        """Press Ctrl-C; the exit code and what it says then."""
        os.killpg(self._process.pid, signal.SIGINT)
        end = time.monotonic() + PATIENCE
        while piece := self._read(end):
            self._unread += piece
        return self._process.wait(PATIENCE), self._unread

    def _read(self, end: float) -> str:
        stream = self._process.stdout
        assert stream is not None
        ready, _, _ = select.select([stream], [], [], max(0, end - time.monotonic()))
        return os.read(stream.fileno(), 65536).decode() if ready else ""


def test_saving_builds(tmp_path: Path) -> None:
    project = make_built(tmp_path / "project")
    module = project / f"generated/{PACKAGE}/book.py"
    with Watch(project) as watch:
        watch.until("up to date")
        edit(project / BOOK, "What it cost.", "Its price.")
        said = watch.until("up to date")
        assert f"  generated/{PACKAGE}/book.py\n" in said
        assert "Its price." in module.read_text(encoding="utf-8")
        # As many editors save: another file takes the place of the old one.
        path = project / "templates/README.md.j2"
        (project / "templates/README.md.j2~").write_text("# Anew\n")
        os.replace(project / "templates/README.md.j2~", path)
        assert "  generated/README.md\n" in watch.until("up to date")
        assert (project / "generated/README.md").read_text() == "# Anew\n"
        code, said = watch.interrupt()
    assert (code, said) == (0, "stopped\n")
    assert run(project, "check").returncode == 0


def test_mistakes_are_told_and_survived(tmp_path: Path) -> None:
    project = make_built(tmp_path / "project")
    before = tree(project / "generated")
    text = (project / BOOK).read_text(encoding="utf-8")
    with Watch(project) as watch:
        watch.until("up to date")
        (project / BOOK).write_text(text + "x: [\n", encoding="utf-8")
        said = watch.until("nothing was written")
        assert re.search(rf"{BOOK}:\d+:\d+: error: .*\[yaml-syntax\]", said)
        assert tree(project / "generated") == before
        (project / BOOK).write_bytes(b"\xff\xfe")
        assert "is not UTF-8" in watch.until("nothing was written")
        (project / BOOK).unlink()
        watch.until("nothing was written")
        (project / BOOK).write_text(text.replace("What it cost.", "Its price."), encoding="utf-8")
        watch.until("up to date")
        template = project / "templates/README.md.j2"
        good = template.read_text(encoding="utf-8")
        template.write_text("{{ nothing }}\n", encoding="utf-8")
        assert "templates/README.md.j2:1: 'nothing' is undefined" in watch.until("nothing was")
        template.write_text(good, encoding="utf-8")
        watch.until("up to date")
        assert watch.interrupt()[0] == 0
    assert "Its price." in (project / f"generated/{PACKAGE}/book.py").read_text(encoding="utf-8")


def test_folders_and_settings_may_change(tmp_path: Path) -> None:
    """As when another branch is checked out, and when pyproject.toml is edited."""
    project = make_built(tmp_path / "project")
    with Watch(project) as watch:
        watch.until("up to date")
        (project / "pyproject.toml").write_text("[tool.xmlwright]\nline-length = 5\n")
        assert "line-length should be a number" in watch.until_said("200")
        (project / "pyproject.toml").write_text(SETTINGS + "line-length = 80\n")
        assert f"  generated/{PACKAGE}/book.py\n" in watch.until("up to date")
        other = make(tmp_path / "other") / "schema"
        edit(other / "resources/book.yaml", "What it cost.", "Its price.")
        shutil.move(project / "schema", tmp_path / "old")
        shutil.move(other, project / "schema")
        while "Its price." not in (project / f"generated/{PACKAGE}/book.py").read_text("utf-8"):
            watch.until("")
        assert watch.interrupt()[0] == 0


def test_what_a_terminal_shows_is_replaced(tmp_path: Path) -> None:
    project = make_built(tmp_path / "project")
    with Terminal([*COMMAND, "watch"], project, environment()) as terminal:
        terminal.read_until("press Ctrl-C to stop")
        edit(project / BOOK, "type: decimal", "type: decmial")
        terminal.read_until("did you mean 'decimal'?")
        terminal.read_until("nothing was written")
        edit(project / BOOK, "type: decmial", "type: decimal")
        shown = ""
        while "up to date" not in shown.rpartition("nothing was written")[2]:
            shown = terminal.read_more()
        terminal.press("\x03")
        code, shown = terminal.finish()
    assert code == 0
    assert "Traceback" not in shown
    last = shown.rpartition("\x1b[H")[2]
    assert "error" not in last, "the mistakes of before are gone"
    assert "up to date" in last


def test_without_watchfiles(tmp_path: Path) -> None:
    project = make_built(tmp_path / "project")
    hidden = (
        "import sys; sys.modules['watchfiles'] = None; from xmlwright.cli.main import main; main()"
    )
    done = run(project, "watch", command=[sys.executable, "-c", hidden])
    assert done.returncode == 1
    assert "pip install 'xmlwright[watch]'" in done.stderr
    assert "Traceback" not in done.stderr
