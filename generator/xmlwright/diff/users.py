"""Programs that use the client: type errors that they have with the new client and not with the old one."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ..ir import Api
from ..render.renderer import package_path, render

_SKIPPED_FOLDERS: Final = {"__pycache__", "node_modules", "site-packages", "venv"}
_ERROR: Final = re.compile(r"(?P<file>.+?):(?P<line>\d+): error: (?P<message>.+)\Z")
_BLOCKED: Final = 2
"""Exit code of mypy when it stopped before checking, for example at two modules of one name."""


class TypeCheckerError(Exception):
    """The type checker is not installed, or did not check the programs."""


@dataclass(frozen=True, slots=True)
class TypeErrorFound:
    """A type error that a program has with the new client only."""

    line: int
    message: str


@dataclass(slots=True)
class UserReport:
    """The result of checking programs against both clients."""

    errors: dict[str, list[TypeErrorFound]] = field(default_factory=dict)
    """File -> new errors, by line; every checked file is a key."""
    skipped: list[str] = field(default_factory=list)
    """Files that were not checked, each with the reason."""

    @property
    def count(self) -> int:
        """The number of new errors in all files."""
        return sum(map(len, self.errors.values()))


def check_users(paths: Iterable[Path], old: Api, new: Api, templates: Path) -> UserReport:
    """Type-check programs against the clients of two descriptions with mypy.

    Hidden folders, virtual environments and files that are not Python 3 are skipped.

    Args:
        paths: Programs, or folders of programs.
        old: The description that the programs were written for.
        new: The description to check them against.
        templates: The templates that both clients are rendered with.

    Raises:
        OSError: A program cannot be read.
        TypeCheckerError: mypy is not installed or stopped with an error.
    """
    report = UserReport()
    with tempfile.TemporaryDirectory(prefix="xmlwright-diff-") as folder:
        clients = (Path(folder) / "old", Path(folder) / "new")
        for client, api in zip(clients, (old, new), strict=True):
            _write_client(api, templates, client)
        for path in paths:
            programs = [item for item in _programs(path) if _parses(item, report)]
            if not programs:
                continue
            start = path if path.is_dir() else path.parent
            before, after = (_errors(programs, start, client) for client in clients)
            for program in programs:
                report.errors[str(program)] = []
            for file, line, message in sorted((after - before).elements()):
                report.errors[file].append(TypeErrorFound(line, message))
    return report


def _programs(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED_FOLDERS
            and not (Path(folder) / name / "pyvenv.cfg").exists()
        )
        yield from (Path(folder) / name for name in sorted(files) if name.endswith(".py"))


def _parses(path: Path, report: UserReport) -> bool:
    """Return whether a file is Python; bytes carry their own encoding (BOM or cookie)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(path.read_bytes())
    except SyntaxError as error:
        line = f":{error.lineno}" if error.lineno else ""
        report.skipped.append(f"{path}{line}: not Python 3: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:
        report.skipped.append(f"{path}: cannot be parsed: {error}")
    else:
        return True
    return False


def _write_client(api: Api, templates: Path, folder: Path) -> None:
    inside = package_path(api)
    for item in render(api, templates):
        if item.path.startswith(f"{inside}/"):
            path = folder / item.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(item.text, encoding="utf-8")


def _errors(programs: Sequence[Path], start: Path, client: Path) -> Counter[tuple[str, int, str]]:
    """Count the type errors of programs: (file, line, message)."""
    code, output = _mypy(programs, start, client)
    if code == _BLOCKED and len(programs) > 1:
        # Scripts of the same name in several folders cannot be checked in one run.
        outputs = [_mypy([program], start, client) for program in programs]
    else:
        outputs = [(code, output)]
    known = {str(program.resolve()): str(program) for program in programs}
    errors: Counter[tuple[str, int, str]] = Counter()
    for code, output in outputs:
        if code >= _BLOCKED:
            raise TypeCheckerError(f"mypy cannot check the programs: {output.strip()}")
        for line in output.splitlines():
            match = _ERROR.match(line)
            file = known.get(str(Path(match["file"]).resolve())) if match else None
            if match and file is not None:
                errors[file, int(match["line"]), match["message"]] += 1
    return errors


def _mypy(programs: Sequence[Path], start: Path, client: Path) -> tuple[int, str]:
    command = [
        sys.executable, "-m", "mypy", "--config-file=", f"--cache-dir={os.devnull}",
        "--follow-imports=silent", "--check-untyped-defs", "--no-error-summary",
        "--hide-error-context", "--no-color-output", "--no-pretty", "--show-absolute-path", "--",
        *(str(program.resolve()) for program in programs),
    ]  # fmt: skip
    places = [str(client), str(start.resolve())]
    environment = {**os.environ, "MYPYPATH": os.pathsep.join(places)}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
        )
    except OSError as error:
        raise TypeCheckerError(f"mypy cannot be started: {error.strerror or error}") from None
    if "No module named mypy" in done.stderr:
        raise TypeCheckerError("--against-users needs mypy; install it: python -m pip install mypy")
    return done.returncode, done.stdout + done.stderr
