"""Put records into an account: the examples of the description, a file, or what a program says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..engine.exchange import Effects
from ..options import SandboxError
from . import seeds
from .replay import records_of

if TYPE_CHECKING:
    from ..engine.engine import Engine

CASES: Final = "cases"
_PLACE: Final = re.compile(r"[\w.]+(\[\d+\]|\.\w+)*")
_STEP: Final = re.compile(r"(?:^\.)?\w+")
_NAMED: Final = re.compile(r"there is no (?:resource|field|setting) '([^']+)'")


def load(
    engine: Engine, account: str, what: str | Path | Mapping[str, Any], replace: bool
) -> Effects:
    """Load ``cases``, the file of that path, or a mapping of resource -> records.

    A file is YAML or JSON with such a mapping, or a recording (``.jsonl``) that a client made.

    Raises:
        SandboxError: there is no such file, or it says what makes no sense.
    """
    try:
        if what == CASES:
            return seeds.from_cases(engine, account)
        if isinstance(what, Mapping):
            return seeds.apply(engine, account, what, replace=replace)
        path = Path(what)
        if path.suffix == ".jsonl":
            return seeds.recorded(engine, account, records_of(engine.api, path))
        text = _text(path)
        try:
            return seeds.apply(engine, account, read_mapping(path, text), replace=replace)
        except ValueError as error:
            raise SandboxError(f"{path}{_line(text, str(error))}: {error}") from None
    except ValueError as error:
        raise SandboxError(str(error)) from None


def read_mapping(path: Path, text: str) -> Mapping[str, Any]:
    """Return the mapping that a YAML or JSON file holds. Raises SandboxError."""
    import yaml

    try:
        # Every scalar of YAML stays text, which the description gives its type: YAML would make a date of a number.
        found = (
            json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=yaml.BaseLoader)
        )
    except json.JSONDecodeError as error:
        raise SandboxError(f"{path}:{error.lineno}:{error.colno}: no JSON: {error.msg}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = "" if mark is None else f":{mark.line + 1}:{mark.column + 1}"
        raise SandboxError(f"{path}{place}: no YAML: {error.problem or error}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SandboxError(f"{path} cannot be understood: {error}") from None
    if not isinstance(found, dict):
        raise SandboxError(f"{path} should map resources to records")
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SandboxError(f"{path} cannot be read: {reason}") from None


def _line(text: str, message: str) -> str:
    """Return ``:line`` of what a message names, such as ``client[0].email: ...``, or an empty string."""
    import yaml

    where, _, detail = message.partition(": ")
    steps: list[str] = _STEP.findall(where) if _PLACE.fullmatch(where) else []
    named = _NAMED.match(detail if steps else message)
    steps += [named[1]] if named is not None else []
    node = yaml.compose(text, Loader=yaml.BaseLoader)
    line = None
    for step in steps:
        if isinstance(node, yaml.SequenceNode) and step.isdecimal() and int(step) < len(node.value):
            node = node.value[int(step)]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            pair = next((one for one in node.value if one[0].value == step), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
    return "" if line is None else f":{line}"
