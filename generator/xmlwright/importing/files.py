"""Write a description that was made by a program: YAML that a person can go on with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

_DUMPER: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_WORDS: Final = frozenset(
    ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"]
)
"""Words that YAML 1.1 or 1.2 reads as something else than text."""


class Compact(dict[str, Any]):
    """A mapping that is written in one line."""


class Line(list[Any]):
    """A list that is written in one line."""


class _Writer(_DUMPER):  # type: ignore[valid-type,misc]
    """A dumper without anchors."""

    def ignore_aliases(self, data: object) -> bool:
        """Write equal values twice."""
        return True


def _text(dumper: Any, text: str) -> Any:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        style = None
    elif "\n" in text:
        style = "|"
    else:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Writer.add_representer(str, _text)
_Writer.add_representer(
    Line,
    lambda dumper, value: dumper.represent_sequence(
        "tag:yaml.org,2002:seq", value, flow_style=True
    ),
)
_Writer.add_representer(
    Compact,
    lambda dumper, value: dumper.represent_mapping(
        "tag:yaml.org,2002:map", value.items(), flow_style=True
    ),
)


def yaml_text(content: Mapping[str, Any]) -> str:
    """Return a file of a description as YAML."""
    text: str = yaml.dump(
        _compact(content),
        Dumper=_Writer,
        sort_keys=False,
        allow_unicode=True,
        width=10_000,
        default_flow_style=False,
    )
    return text


def _compact(value: Any) -> Any:
    """Return a value with what fits into a line marked as such."""
    if isinstance(value, Mapping):
        if value and len(str(value)) < 100 and _is_flat(value.values()):
            return Compact(value)
        return {name: _compact(part) for name, part in value.items()}
    if isinstance(value, list):
        if len(str(value)) < 100 and _is_flat(value):
            return Line(value)
        return [_compact(part) for part in value]
    return value


def _is_flat(parts: Iterable[Any]) -> bool:
    return not any(isinstance(part, (Mapping, list)) or "\n" in str(part) for part in parts)


def write(folder: Path, files: Mapping[str, Mapping[str, Any]], report: str) -> None:
    """Write a project to a new or empty folder. Raises OSError."""
    schema = folder / "schema"
    (schema / "resources").mkdir(parents=True)
    for name, content in files.items():
        (schema / name).write_text(yaml_text(content), encoding="utf-8", newline="\n")
    (folder / "pyproject.toml").write_text(
        '[tool.xmlwright]\nschema = "schema"\noutput = "generated"\n',
        encoding="utf-8",
        newline="\n",
    )
    (folder / "IMPORT.md").write_text(report, encoding="utf-8", newline="\n")
