"""Load a description with everything that is said about what the service does."""

from __future__ import annotations

from pathlib import Path

from ..behavior.rules import Behaviors
from ..diagnostics import DescriptionError, Diagnostics
from ..ir import Api
from ..resolve import behavior as resolve_behavior
from ..resolve import resolver as resolve
from ..schema import loader as description
from ..validate import identifiers


def load(folder: Path, root: Path | None = None) -> tuple[Api, Behaviors]:
    """Return the API and the behaviors of a folder such as ``schema/``; paths in messages are below ``root``.

    Cases are not tried here: that is what ``validate`` is for. Raises :class:`DescriptionError` with all that is wrong.
    """
    diagnostics = Diagnostics()
    read = description.read(folder, diagnostics, root=root or Path.cwd())
    if read is None or len(diagnostics):
        raise DescriptionError(diagnostics)
    api = resolve.resolve(read, diagnostics)
    identifiers.check(read, api, diagnostics)
    if len(diagnostics):
        raise DescriptionError(diagnostics)
    behaviors = resolve_behavior.resolve(read, api, diagnostics)
    if len(diagnostics):
        raise DescriptionError(diagnostics)
    return api, behaviors
