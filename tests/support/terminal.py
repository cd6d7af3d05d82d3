"""A program in a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

PATIENCE = 120
"""Seconds after which nothing more is to come."""


class Terminal:
    """A command whose controlling terminal, input and output are a pseudo-terminal."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        env: Mapping[str, str],
        pass_fds: Sequence[int] = (),
    ) -> None:
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={"TERM": "xterm", **env},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            pass_fds=pass_fds,
            preexec_fn=lambda: getattr(os, "login_tty", _login)(slave),
        )
        os.close(slave)
        self._shown = b""

    @property
    def pid(self) -> int:
        """Return the process id of the command."""
        return self._process.pid

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._master)

    def press(self, keys: str) -> None:
        """Type on the keyboard."""
        os.write(self._master, keys.encode())

    def read_until(self, text: str) -> str:
        """Wait until a text is on the screen, and return all output so far."""
        while text.encode() not in self._shown:
            piece = self._read()
            assert piece, f"the program ended without {text!r}: {self._shown.decode()}"
        return self._shown.decode()

    def read_more(self) -> str:
        """Wait for further output, and return all output so far."""
        assert self._read(), f"the program ended: {self._shown.decode()}"
        return self._shown.decode()

    def finish(self) -> tuple[int, str]:
        """Wait for the end; return the exit code (negative: the signal) and all output."""
        while self._read():
            pass
        return self._process.wait(), self._shown.decode()

    def _read(self) -> bytes:
        ready, _, _ = select.select([self._master], [], [], PATIENCE)
        assert ready, f"nothing more is shown: {self._shown.decode()}"
        try:
            piece = os.read(self._master, 65536)
        except OSError:  # the other side is closed
            piece = b""
        self._shown += piece
        return piece


def _login(slave: int) -> None:
    """Do what :func:`os.login_tty` does, for Python 3.10."""
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
