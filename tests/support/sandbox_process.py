"""``xmlwright sandbox`` as a child process: started, killed, restarted."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

XMLWRIGHT = Path(sys.executable).with_name("xmlwright")


@dataclass
class Process:
    """A running program and its output."""

    program: subprocess.Popen[str]
    folder: Path
    printed: list[str] = field(default_factory=list)
    complained: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    """What it says to export."""

    @property
    def port(self) -> int:
        return int(re.search(r":(\d+)", self.exported("URL"))[1])  # type: ignore[index]

    def exported(self, ending: str) -> str:
        """Return the value of the printed variable whose name has this suffix."""
        return next(
            value for name, value in self.environment.items() if name.endswith(f"_{ending}")
        )

    def kill(self) -> None:
        """Kill it."""
        self.program.send_signal(signal.SIGKILL)
        self.program.wait(20)

    def stop(self) -> int:
        """Interrupt it like Ctrl-C, and return its exit code."""
        self.program.send_signal(signal.SIGINT)
        return self.program.wait(20)


@contextmanager
def sandbox_process(
    folder: Path,
    *arguments: str | Path,
    project: Path,
    command: Sequence[str] = (str(XMLWRIGHT),),
) -> Iterator[Process]:
    """Run the program; its working folder, home and temporary files are in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tmp").mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    program = subprocess.Popen(
        [*command, "--project", str(project), "sandbox", "--quiet", *map(str, arguments)],
        cwd=folder,
        env={**kept, "HOME": str(folder), "TMPDIR": str(folder / "tmp"), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    process = Process(program, folder)
    ready = threading.Event()
    readers = [
        threading.Thread(target=_listen, args=(process, ready)),
        threading.Thread(target=_complaints, args=(process,)),
    ]
    for reader in readers:
        reader.start()
    try:
        ready.wait(30)
        if not process.environment:
            program.kill()
            readers[1].join(5)
            raise AssertionError(f"it did not start: {process.printed} {process.complained}")
        yield process
    finally:
        if program.poll() is None:
            program.kill()
        program.wait(20)
        for reader in readers:
            reader.join(10)
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        program.stderr.close()


def _listen(process: Process, ready: threading.Event) -> None:
    assert process.program.stdout is not None
    for line in process.program.stdout:
        process.printed.append(line)
        told = re.search(r"export (\w+)=(.*)", line)
        if told:
            process.environment[told[1]] = told[2].strip().strip("'\"")
        if line.startswith("Ctrl-C"):
            ready.set()
    ready.set()


def _complaints(process: Process) -> None:
    assert process.program.stderr is not None
    process.complained.extend(process.program.stderr)
