"""Projects of other APIs, built by the command line with this repository's templates."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
TEMPLATES = HERE.parents[2] / "templates"
XMLWRIGHT = Path(sys.executable).with_name("xmlwright")


class _Plain(yaml.SafeDumper):
    """A YAML dumper without anchors."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def settle(folder: Path, description: Path | Mapping[str, Any]) -> Path:
    """Write a project: a copy of a described API, or files given as values (path -> content)."""
    schema = folder / "schema"
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(description, Path):
        shutil.copytree(description, schema)
    else:
        for name, content in description.items():
            path = schema / name
            path.parent.mkdir(parents=True, exist_ok=True)
            text = (
                content
                if isinstance(content, str)
                else yaml.dump(content, Dumper=_Plain, sort_keys=False)
            )
            path.write_text(text, encoding="utf-8")
    settings = f"[tool.xmlwright]\ntemplates = '{TEMPLATES}'\n"
    (folder / "pyproject.toml").write_text(settings, encoding="utf-8")
    return folder


def run(
    *command: str | Path, cwd: Path, timeout: float = 300, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a program with a minimal environment and capture its output as text."""
    import os

    kept = {name: os.environ[name] for name in ("HOME", "LANG", "PATH") if name in os.environ}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**kept, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
    )


def built(folder: Path) -> Path:
    """Build a project with the command line and return its output folder."""
    done = run(XMLWRIGHT, "--project", folder, "build", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "generated"


def own_tests(output: Path, *, whole: bool = True) -> int:
    """Run the tests of a generated project, and return how many passed if all did.

    Args:
        output: the generated project.
        whole: also the exhaustive files: each argument in each way, and a secret in each place.
    """
    left_out = (
        () if whole else ("--ignore=tests/test_secrets.py", "--ignore=tests/test_equivalence.py")
    )
    done = run(
        sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:xdist", *left_out,
        cwd=output, timeout=1200,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.strip().splitlines()[-1]
    assert " passed" in last, last
    return int(last.split(" passed")[0].rpartition(" ")[2])
