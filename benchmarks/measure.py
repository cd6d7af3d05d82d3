"""Measuring fairly: alternately, the best of many, and nothing kept from the repository's folders."""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    measured: str
    """Time or memory, with its unit."""
    ratio: str = ""
    """Against what the section says."""
    target: str = ""
    """Empty where a peer is only shown."""
    met: bool | None = None


def milliseconds(seconds: float) -> str:
    """A time as the table shows it."""
    return f"{seconds * 1e3:,.2f} ms" if seconds < 10e-3 else f"{seconds * 1e3:,.0f} ms"


def microseconds(seconds: float) -> str:
    """A very short time as the table shows it."""
    return f"{seconds * 1e6:,.1f} us"


def steady_memory() -> None:
    """Have the C library keep memory that was freed, where it is the GNU one.

    Else each large tree is given back to the system and asked for again page by page, or not, by what happens to lie
    behind it: the same parse then takes from 2 to 3.5 ms. It makes the bare parser faster as well as the readers above.
    """
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(-1, 1 << 30)  # M_TRIM_THRESHOLD
        libc.mallopt(-3, 1 << 29)  # M_MMAP_THRESHOLD
    except (OSError, AttributeError):
        return


_IN_A_ROW = 3
"""Times that each is measured when it is its turn: after the first, what it needs is in the caches."""


def compare(
    candidates: Mapping[str, Callable[[], object]],
    *,
    seconds: float,
    calls: int = 1,
    least: int = 5,
) -> dict[str, float]:
    """The best time of one call of each, taken in turns until ``seconds`` have passed.

    It is processor time, which other work on the machine hardly changes. Turns, because what it does change then changes
    for all; the best, because noise only ever adds. What a call answers is dropped within its time.
    """
    best = dict.fromkeys(candidates, float("inf"))
    for act in candidates.values():
        act()
    rounds = 0
    end = time.perf_counter() + seconds
    while rounds < least or time.perf_counter() < end:
        for name, act in candidates.items():
            gc.collect()
            for _ in range(_IN_A_ROW):
                start = time.process_time()
                for _ in range(calls):
                    act()
                best[name] = min(best[name], (time.process_time() - start) / calls)
        rounds += 1
    return best


def once(act: Callable[[], object]) -> float:
    """The processor time of one call that was not made before."""
    gc.collect()
    start = time.process_time()
    act()
    return time.process_time() - start


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process took."""

    seconds: float
    """By the clock on the wall."""
    cpu: float
    """Of the process and all its children."""


def run(command: Sequence[str | Path], environment: Mapping[str, str], cwd: Path) -> Spent:
    """Run a process to its end. Raises CalledProcessError, with what it said, if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=dict(environment),
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        done.check_returncode()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(seconds, cpu)


def output(
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    cwd: Path,
    *,
    errors: bool = False,
) -> str:
    """What a process prints, with ``errors`` also what it says on the side."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if errors else None,
        text=True,
    )
    done.check_returncode()
    return done.stdout


@contextmanager
def workplace() -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder that is gone afterwards, and an environment for child processes that keeps its bytecode there."""
    with TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith("PYTHON")
        }
        environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
        yield folder, environment


def times(value: float) -> str:
    """A ratio as the table shows it."""
    return f"{value:.2f} x"


def show(title: str, rows: Iterator[Row], told: Any = sys.stdout) -> list[Row]:
    """Print a section as its rows come, and answer them."""
    print(f"\n{title}", file=told, flush=True)
    found = []
    for row in rows:
        verdict = "" if row.met is None else ("met" if row.met else "MISSED")
        print(
            f"  {row.what:<58} {row.measured:>12} {row.ratio:>10}   {row.target:<22} {verdict}".rstrip(),
            file=told,
            flush=True,
        )
        found.append(row)
    return found
