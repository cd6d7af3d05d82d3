"""Put records into an account: the examples of the description, a file, or what a program says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .exchange import Effects
from .options import SandboxError

if TYPE_CHECKING:
    from .engine import World

CASES: Final = "cases"


def load(
    world: World, account: str, what: str | Path | Mapping[str, Any], replace: bool
) -> Effects:
    """Load ``cases``, the file of that path, or a mapping of resource -> records.

    A file is YAML or JSON with such a mapping, or a recording (``.jsonl``) that a client made.

    Raises:
        SandboxError: there is no such file, or it says what makes no sense.
    """
    from . import seeds

    try:
        if what == CASES:
            return seeds.from_cases(world, account)
        if isinstance(what, Mapping):
            return seeds.apply(world, account, what, replace=replace)
        path = Path(what)
        if path.suffix == ".jsonl":
            from .replay import records_of

            return seeds.recorded(world, account, records_of(world.api, path))
        return seeds.apply(world, account, read_mapping(path), replace=replace)
    except ValueError as error:
        raise SandboxError(str(error)) from None


def read_mapping(path: Path) -> Mapping[str, Any]:
    """The mapping that a YAML or JSON file holds. Raises SandboxError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SandboxError(f"{path} cannot be read: {reason}") from None
    try:
        if path.suffix == ".json":
            found = json.loads(text)
        else:
            import yaml

            # Every scalar stays text, which the description gives its type: YAML would make a date of a number.
            found = yaml.load(text, Loader=yaml.BaseLoader)
    except Exception as error:
        raise SandboxError(
            f"{path} is no {path.suffix.lstrip('.') or 'YAML'} file: {error}"
        ) from None
    if not isinstance(found, dict):
        raise SandboxError(f"{path} should map resources to records")
    return found
