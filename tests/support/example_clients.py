"""Clients of the described APIs in ``examples/``, generated once for each run, and sandboxes of their descriptions."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from second_api import project

from xmlwright.sandbox.server_thread import Sandbox

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"


class ExampleClient:
    """A generated client, its package, and the project that it was generated in."""

    def __init__(self, example: str, folder: Path) -> None:
        """Generate the client of an example in a copy of its project."""
        self.example = example
        self.project = folder / example
        shutil.copytree(EXAMPLES / example, self.project)
        self.output = project.built(self.project)
        (found,) = [
            path.parent.name
            for path in self.output.glob("*/__init__.py")
            if path.parent.name != "tests"
        ]
        self.name = found

    @property
    def package(self) -> ModuleType:
        """The imported package."""
        sys.path.insert(0, str(self.output))
        try:
            return importlib.import_module(self.name)
        finally:
            sys.path.remove(str(self.output))

    def connected(self, box: Sandbox, client: str, **options: Any) -> Any:
        """Return a client of the sandbox.

        Args:
            box: the running sandbox.
            client: class of the client.
            options: options of the client in place of those of the sandbox's account.
        """
        kind = getattr(self.package, client)
        account = box.account
        given = {} if "auth" in options else box.credentials(account)
        return kind(**{**given, "url": box.address(account), "ca": box.ca, **options})
