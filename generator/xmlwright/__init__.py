"""From a YAML description of an XML-over-HTTP API to a typed Python client."""

from __future__ import annotations

__all__ = ["__version__"]

__version__: str


def __getattr__(name: str) -> str:
    # importlib.metadata takes tens of milliseconds to import, so only who asks for the version pays.
    if name == "__version__":
        from importlib.metadata import version

        return version("xmlwright")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
