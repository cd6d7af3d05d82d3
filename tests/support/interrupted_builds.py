"""Interrupt builds of a small project at writes to the disk, and report what is left.

``python interrupted_builds.py FOLDER HOW COUNT`` prints a report as JSON. HOW is ``killed`` (SIGKILL), ``killed-without-exchange``
(the same where the system cannot swap two folders) or ``interrupted`` (SIGINT, as by Ctrl-C). A random
sample of COUNT writes is tried (all under ``make proofs``), and each one around the moment when the new output takes the place of
the old one.

The program runs unchanged: a hook of the interpreter (:func:`sys.addaudithook`) sees every write just before it is done.
Each build is a fork of this process, which has imported the program once.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from sampling import sample
from small_project import edit, make, tree

from xmlwright import settings
from xmlwright.cli.main import main as cli
from xmlwright.pipeline import stages as pipeline

WRITES = (
    "os.chmod",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.truncate",
)
SWAP = "ctypes.dlsym"
"""The program asks for the function of the operating system that swaps two folders."""


def main(folder: Path, how: str, count: int) -> None:
    """Make the project, interrupt builds of it, and print the results."""
    cache, cache_before = folder / "cache", folder / "cache-before"
    cache.mkdir()
    os.environ["XDG_CACHE_HOME"] = str(cache)
    pristine = make(folder / "pristine")
    assert pipeline.build(
        settings.find(pristine)
    ).changed  # in this process: imports what the forks need
    output = pristine / "generated"
    for name in ("NOTES.md", "library/by_hand.py", "mine/deep/data.bin"):
        path = output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n", encoding="utf-8")
    (output / "empty").mkdir()
    old = tree(output)
    changed = folder / "changed"
    shutil.copytree(pristine, changed)
    change(changed)
    work = folder / "work"
    shutil.copytree(changed, work)
    shutil.copytree(cache, cache_before)
    assert build(work, lambda: sys.addaudithook(_recorder(folder / "seen", how))) == 0
    seen = (folder / "seen").read_text(encoding="utf-8").splitlines()
    new = tree(work / "generated")
    here = sorted(os.listdir(work))
    swap = next(index for index, event in enumerate(seen) if event.startswith(SWAP))
    around = range(swap - 2, min(swap + 3, len(seen)))
    chosen = sorted({*sample(f"writes, {how}", range(len(seen)), count), *around, len(seen) - 1})
    report = []
    for index in chosen:
        for place, before in (
            (work, changed),
            (cache, cache_before),
        ):  # so that the writes are the same
            shutil.rmtree(place)
            shutil.copytree(before, place)
        log = folder / "log"
        code = build(work, lambda at=index: sys.addaudithook(_ender(at, how)), log)  # type: ignore[misc]
        left = tree(work / "generated")
        aside = tree(work / ".generated.xmlwright-old")
        report.append(
            {
                "at": f"{index} {seen[index]}",
                "code": code,
                "said": log.read_text(encoding="utf-8"),
                "output": "old" if left == old else "new" if left == new else f"{sorted(left)}",
                "aside": "old" if aside == old else f"{sorted(aside)}",
                "left beside": sorted(set(os.listdir(work)) - set(here)),
                "next build": build(work),
                "then": tree(work / "generated") == new,
                "then beside": sorted(set(os.listdir(work)) ^ set(here)),
            }
        )
    print(json.dumps({"writes": len(seen), "ended": report}))


def change(project: Path) -> None:
    """Edit the project so that a build changes, adds and removes files."""
    (project / "schema/resources/loan.yaml").unlink()
    (project / "templates/CHANGES.md.j2").write_text("{{ api.title }}\n", encoding="utf-8")
    edit(project / "schema/resources/book.yaml", "What it cost.", "What it cost when new.")


def build(
    project: Path, prepare: Callable[[], None] = lambda: None, log: Path | None = None
) -> int:
    """Run ``xmlwright build`` in a fork, and return its exit code or the negative signal number."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            os.chdir(project)
            target = os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(target, 1)
            os.dup2(target, 2)
            sys.argv = ["xmlwright", "build", "-q"]
            prepare()
            cli()
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 98
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _write(event: str, args: tuple[object, ...]) -> bool:
    if event == "open":
        flags = args[2]
        return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    return event in WRITES or _swaps(event, args)


def _swaps(event: str, args: tuple[object, ...]) -> bool:
    return event == SWAP and str(args[1]) in ("renameat2", "renamex_np")


def _refuse(how: str, event: str, args: tuple[object, ...]) -> None:
    if how == "killed-without-exchange" and _swaps(event, args):
        raise OSError("this system cannot")


def _recorder(path: Path, how: str) -> Callable[[str, tuple[object, ...]], None]:
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def hook(event: str, args: tuple[object, ...]) -> None:
        if _write(event, args):
            os.write(target, f"{event} {args[1] if event == SWAP else args[0]}\n".encode())
        _refuse(how, event, args)

    return hook


def _ender(at: int, how: str) -> Callable[[str, tuple[object, ...]], None]:
    count = -1
    number = signal.SIGINT if how == "interrupted" else signal.SIGKILL

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal count
        if _write(event, args):
            count += 1
            if count == at:
                os.kill(os.getpid(), number)
        _refuse(how, event, args)

    return hook


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2], int(sys.argv[3]))
