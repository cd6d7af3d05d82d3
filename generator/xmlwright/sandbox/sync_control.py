"""The control of a sandbox for programs in other threads."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server_thread import Sandbox


class SyncControl:
    """The methods of :class:`.control.Control`, each of which returns when its action is complete.

    They raise SandboxError for invalid arguments.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        sandbox = self._sandbox
        method = getattr(sandbox.parts.control, name)
        if inspect.iscoroutinefunction(method):
            return lambda *args, **kwargs: sandbox.wait_for(method(*args, **kwargs))
        return lambda *args, **kwargs: sandbox.run(lambda: method(*args, **kwargs))

    def __dir__(self) -> list[str]:
        from .control import Control

        return [name for name in dir(Control) if not name.startswith("_")]
