"""The guide of the sandbox, and the read-me, as they are printed: programs are run, tests are run by pytest, commands by a shell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox_process import Process, sandbox_process

from .case_setup import ROOT

GUIDE = ROOT / "docs" / "guide-sandbox.md"
README = ROOT / "README.md"
pytestmark = pytest.mark.skipif(
    not GUIDE.exists(), reason="there are no guides beside the generator here"
)


def blocks(path: Path, kind: str) -> list[str]:
    """The blocks of a page that are marked so."""
    return re.findall(rf"^```{kind}\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**kept, "HOME": str(cwd), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with sandbox_process(tmp_path_factory.mktemp("guide"), project=ROOT) as running:
        yield running


def test_the_whole_story_runs_as_printed(process: Process, tmp_path: Path) -> None:
    (program,) = blocks(GUIDE, "python story")
    (printed,) = blocks(GUIDE, "text story")
    (tmp_path / "story.py").write_text(program, encoding="utf-8")
    done = run(sys.executable, "-W", "error", "story.py", cwd=tmp_path, **process.environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == printed
    assert (tmp_path / "invoice.pdf").read_bytes().startswith(b"%PDF-")


def test_the_first_lines_of_the_read_me_run_against_it(process: Process, tmp_path: Path) -> None:
    first, second = blocks(README, "python")[
        :2
    ]  # the second goes on inside the `with` of the first
    program = first + textwrap.indent(second, "    ")
    (tmp_path / "first.py").write_text(program, encoding="utf-8")
    done = run(sys.executable, "-W", "error", "first.py", cwd=tmp_path, **process.environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip(), "the examples of the description have unpaid invoices"
    assert (tmp_path / "invoice.pdf").read_bytes().startswith(b"%PDF-")


def test_the_tests_of_the_guide_pass(tmp_path: Path) -> None:
    for at, text in enumerate(blocks(GUIDE, "python test")):
        (tmp_path / f"test_guide_{at}.py").write_text(text, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(
        f"[pytest]\nsandbox_description = {ROOT / 'schema'}\nfilterwarnings = error\n"
    )
    done = run(
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d+ passed", done.stdout)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_commands_of_the_guide_run(process: Process, tmp_path: Path) -> None:
    (text,) = blocks(GUIDE, "console run")
    lines = [line.removeprefix("$ ") for line in text.splitlines()]
    script = "set -e\n" + "\n".join(line.replace("curl -s", "curl -sf") for line in lines)
    done = run("sh", "-c", script, cwd=tmp_path, **process.environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"status": "ok"' in done.stdout
    assert '"fault": "status=503"' in done.stdout


def test_the_records_of_the_guide_are_an_account(tmp_path: Path) -> None:
    (text,) = blocks(GUIDE, "yaml seed")
    seed = tmp_path / "seed.yaml"
    seed.write_text(text, encoding="utf-8")
    with sandbox_process(tmp_path / "home", "--load", seed, project=ROOT) as process:
        program = "from freshbooks_classic import FreshBooks\nwith FreshBooks.from_env() as fb:\n    print(fb.invoice.get(31).number, fb.client.get(7).organization)\n"
        done = run(sys.executable, "-c", program, cwd=tmp_path, **process.environment)
    assert done.stdout == "0000031 Ada & Sons\n", done.stderr


def test_every_fault_and_setting_of_the_guide_is_one(process: Process) -> None:
    """Words that the text names, but no block uses."""
    from xmlwright.sandbox.faults.kinds import CONDITIONS, KINDS

    text = GUIDE.read_text(encoding="utf-8")
    part = text.partition("## Simulate failures")[2].partition("```")[0]
    named = {
        word
        for code in re.findall(r"`([^`]+)`", part)
        for word in re.findall(r"([a-z-]+)(?:=|;|$)", code)
    }
    assert set(KINDS) <= named | {"lost"}
    assert {"method", "probability", "count", "skip"} <= set(CONDITIONS)
