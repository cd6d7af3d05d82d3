"""What type checkers say of programs that use the generated client, and whether it is Python 3.10.

Both checkers run for real, in a folder of their own and as strict as they can be, as in the project of a user who has
installed the client. That they find nothing in the generator and the client themselves is ``make types``.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_project import CHECKOUT, environment

PROGRAMS = Path(__file__).parent / "typing"
NAMES = ("correct.py", "mistakes.py", "surface_correct.py", "surface_mistakes.py")
CLIENT = CHECKOUT / "generated" / "freshbooks_classic"
BIN = Path(sys.executable).parent

Complaints = dict[int, set[str]]
"""Line -> rules."""


def recorded(checker: str, program: str) -> Complaints:
    """What a program of mistakes says that a checker complains about; nothing for one without."""
    found: Complaints = {}
    lines = (PROGRAMS / program).read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        said = re.fullmatch(
            r" *# mypy says (?P<mypy>[\w -]+); pyright says (?P<pyright>[\w ]+)", line
        )
        if said is not None and said[checker] != "nothing":
            found[number + 1] = set(said[checker].split())
    return found


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    for name in NAMES:
        shutil.copy(PROGRAMS / name, tmp_path)
    return tmp_path


def compare(found: dict[str, Complaints], checker: str) -> None:
    """Fail with the lines that differ."""
    assert found.keys() <= {*NAMES}
    differing = {}
    for name in NAMES:
        expected, mistakes = recorded(checker, name), found.get(name, {})
        print(
            f"{checker}, {name}: {sum(map(len, expected.values()))} complaints about {len(expected)} lines"
        )
        differing.update(
            {
                f"{name}:{line}": (sorted(expected.get(line, ())), sorted(mistakes.get(line, ())))
                for line in sorted(expected.keys() | mistakes.keys())
                if expected.get(line) != mistakes.get(line)
            }
        )
    assert differing == {}, "line: (recorded, found)"


def test_mypy_finds_the_recorded_mistakes_and_no_other(programs: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-version", "3.10", "--output", "json",
         "--config-file", "", *NAMES],
        cwd=programs, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    found: dict[str, Complaints] = {}
    for line in done.stdout.splitlines():
        said = json.loads(line)
        if said["severity"] == "error":
            found.setdefault(said["file"], {}).setdefault(said["line"], set()).add(said["code"])
    compare(found, "mypy")


def test_pyright_finds_the_recorded_mistakes_and_no_other(programs: Path) -> None:
    settings = {
        "typeCheckingMode": "strict",
        "pythonVersion": "3.10",
        "venvPath": str(BIN.parents[1]),
        "venv": BIN.parent.name,
    }
    (programs / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson"],
        cwd=programs, capture_output=True, text=True, check=False,
        env=environment(PYRIGHT_PYTHON_IGNORE_WARNINGS="1"),
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len(NAMES)
    found: dict[str, Complaints] = {}
    for said in report["generalDiagnostics"]:
        line = said["range"]["start"]["line"] + 1
        found.setdefault(Path(said["file"]).name, {}).setdefault(line, set()).add(said["rule"])
    compare(found, "pyright")


@pytest.mark.parametrize(("program", "least"), [("mistakes.py", 90), ("surface_mistakes.py", 70)])
def test_every_mistake_is_found_by_both(program: str, least: int) -> None:
    """One mistake a function, so that none hides behind another."""
    lines = (PROGRAMS / program).read_text(encoding="utf-8").splitlines()
    starts = [
        number for number, line in enumerate(lines, 1) if re.match(r"(async )?def (?!only_)", line)
    ]
    print(f"{program}: {len(starts)} mistakes")
    assert len(starts) >= least
    for checker in ("mypy", "pyright"):
        said = recorded(checker, program)
        unsaid = [
            lines[start - 1]
            for start, end in zip(starts, [*starts[1:], len(lines) + 1], strict=True)
            if not any(start < number < end for number in said)
        ]
        assert unsaid == [], checker


# Python 3.10, which is older than what usually runs these tests. That nothing of a younger standard library is used is for
# mypy and pyright to say, which are set to 3.10 in pyproject.toml.


def test_syntax_is_that_of_python_310(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--no-cache",
        "--select",
        "E902",
    ]
    command += ["--target-version", "py310", "--output-format", "concise"]
    done = subprocess.run([*command, str(CLIENT)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "All checks passed!")
    (tmp_path / "younger.py").write_text(
        "try:\n    pass\nexcept* ValueError:\n    pass\ntype X = int\n"
    )
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.stdout.count("invalid-syntax") == 2, "the check sees what it should"


def test_python_310_compiles_the_client(tmp_path: Path) -> None:
    env = environment(PYENV_VERSION="3.10")  # pyenv's python3.10 runs only where this asks for it
    interpreter = shutil.which("python3.10")
    if (
        interpreter is None
        or subprocess.run([interpreter, "-c", ""], env=env, check=False).returncode
    ):
        pytest.skip("there is no python3.10 here")
    shutil.copytree(CLIENT, tmp_path / "client", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [interpreter, "-m", "compileall", "-q", str(tmp_path)],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    compiled = sorted(path.name for path in tmp_path.rglob("*.cpython-310.pyc"))
    assert len(compiled) == len(list(CLIENT.rglob("*.py")))
