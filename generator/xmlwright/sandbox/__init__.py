"""A server that behaves like a described API: the engine, and what stands around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .options import Options, SandboxError
    from .server_thread import Sandbox

__all__ = ["Options", "Sandbox", "SandboxError"]

_PLACES = {"Sandbox": "server_thread", "Options": "options", "SandboxError": "options"}


def __getattr__(name: str) -> Any:
    """Import an exported name when it is first used."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_PLACES[name]}", __name__), name)
