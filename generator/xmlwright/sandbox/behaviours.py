"""Load a description with everything that is said about what the service does."""

from __future__ import annotations

from pathlib import Path

from ..diagnostics import DescriptionError, Diagnostics
from ..language import description
from ..model import Api
from ..resolve import behaviour as resolve_behaviour
from ..resolve import resolve
from .engine.behaviour import Behaviours


def load(folder: Path, root: Path | None = None) -> tuple[Api, Behaviours]:
    """The API and the behaviours of a folder such as ``schema/``; paths in messages are below ``root``.

    Cases are not tried here: that is what ``validate`` is for. Raises :class:`DescriptionError` with all that is wrong.
    """
    diagnostics = Diagnostics()
    read = description.read(folder, diagnostics, root=root or Path.cwd())
    if read is None or len(diagnostics):
        raise DescriptionError(diagnostics)
    api = resolve.resolve(read, diagnostics)
    if len(diagnostics):
        raise DescriptionError(diagnostics)
    behaviours = resolve_behaviour.resolve(read, api, diagnostics)
    if len(diagnostics):
        raise DescriptionError(diagnostics)
    return api, behaviours
