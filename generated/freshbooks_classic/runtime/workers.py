"""Threads that work while their caller waits no longer than it may. Starting one for each call would cost half a call.

Imported when the first call has a deadline.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from typing import Final

_LINGER: Final = 5.0
"""Seconds after which an idle thread ends."""

_Given = queue.SimpleQueue[tuple[Callable[[], None], threading.Lock]]

_IDLE: Final[list[_Given]] = []
"""Where threads wait for work. The list's own operations are atomic, so no lock guards it."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_IDLE.clear)


def run_with_timeout(limit: float, work: Callable[[], None]) -> bool:
    """Whether another thread did ``work``, which raises nothing, within ``limit`` seconds. If not, it goes on with it."""
    done = threading.Lock()
    done.acquire()
    try:
        given = _IDLE.pop()
    except IndexError:
        given = queue.SimpleQueue()
        threading.Thread(target=_work, args=(given,), name="exchange", daemon=True).start()
    given.put((work, done))
    return done.acquire(timeout=limit)


def _work(given: _Given) -> None:
    while True:
        try:
            work, done = given.get(timeout=_LINGER)
        except queue.Empty:
            try:
                _IDLE.remove(given)
            except ValueError:  # a caller has just taken it
                continue
            return
        work()
        del work  # what it holds is not kept until the next
        _IDLE.append(given)
        done.release()
