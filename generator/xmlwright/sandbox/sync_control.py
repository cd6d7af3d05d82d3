"""The control of a sandbox for programs in other threads."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from .control import Control


class SyncControl:
    """The methods of :class:`.control.Control`, each of which returns when its action is complete.

    They raise SandboxError for invalid arguments.
    """

    def __init__(
        self,
        control: Callable[[], Control],
        run: Callable[[Callable[[], Any]], Any],
        wait_for: Callable[[Any], Any],
    ) -> None:
        """Create a control.

        Args:
            control: returns the control of the running sandbox.
            run: calls a function on the event loop of the sandbox.
            wait_for: runs a coroutine there.
        """
        self._control = control
        self._run = run
        self._wait_for = wait_for

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        method = getattr(self._control(), name)
        if inspect.iscoroutinefunction(method):
            return lambda *args, **kwargs: self._wait_for(method(*args, **kwargs))
        return lambda *args, **kwargs: self._run(lambda: method(*args, **kwargs))

    def __dir__(self) -> list[str]:
        return [name for name in dir(Control) if not name.startswith("_")]
