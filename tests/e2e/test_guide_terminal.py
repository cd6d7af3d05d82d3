"""The commands of the guide for people at a terminal run from top to bottom, in a shell, against the sandbox."""

from __future__ import annotations

import csv
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from freshbooks_classic.runtime.command import EXIT_CODES
from xmlwright.sandbox.server_thread import Sandbox

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guide-terminal.md"


def commands() -> list[str]:
    """Return the commands of the guide, without those that install and configure."""
    text = GUIDE.read_text(encoding="utf-8")
    found: list[str] = []
    for language, block in re.findall(r"```(console|bash)\n(.*?)```", text, re.DOTALL):
        lines = block.splitlines()
        found += lines if language == "bash" else [line.removeprefix("$ ") for line in lines]
    return [line for line in found if not line.startswith(("pip ", "export "))]


def test_the_commands_run_from_top_to_bottom(tmp_path: Path) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    script = bin_folder / "freshbooks-classic"
    script.write_text(
        f"#!{sys.executable}\nfrom freshbooks_classic.__main__ import main\nmain()\n",
        encoding="utf-8",
    )
    script.chmod(0o755)
    with Sandbox(ROOT / "schema") as box:
        lines = commands()
        run = subprocess.run(
            ["bash", "-euxo", "pipefail", "-c", "\n".join(lines)],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            env={
                **os.environ,
                "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT / "generated"),
                "FRESHBOOKS_URL": box.url,
                "FRESHBOOKS_CA": box.ca,
                "FRESHBOOKS_ACCOUNT": box.account,
                "FRESHBOOKS_TOKEN": box.token,
            },
        )
    assert run.returncode == 0, run.stderr[-3000:]
    assert len(lines) > 20
    assert "Traceback" not in run.stderr
    assert (tmp_path / "invoice.pdf").read_bytes().startswith(b"%PDF")
    with (tmp_path / "clients.csv").open(encoding="utf-8", newline="") as file:
        assert [row["email"] for row in csv.DictReader(file)] == ["ada@example.com"]
    with closing(sqlite3.connect(tmp_path / "account.sqlite")) as database:
        assert database.execute("SELECT count(*) FROM client").fetchone()[0] == 2
    assert '"email": "grace@example.com"' in (tmp_path / "client.json").read_text(encoding="utf-8")


def test_every_exit_code_is_in_the_guide() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert all(f"| {code} |" in text for _, code, _ in EXIT_CODES)
