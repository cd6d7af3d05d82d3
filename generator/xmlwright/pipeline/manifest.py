"""The manifest: what an output was made from and consists of, as hashes. It lies in the output and is part of it.

One line an entry, sorted, and nothing counted: two branches that changed different things merge without a conflict in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .inputs import Inputs, digest

__all__ = ["FORMAT", "NAME", "Manifest", "Output", "digest", "dump", "load", "totals", "written_by"]

NAME: Final = ".xmlwright.json"
FORMAT: Final = 3


@dataclass(frozen=True, slots=True)
class Output:
    """One file of an output."""

    written: str
    """Hash of its bytes."""
    rendered: str
    """Hash of its text before formatting."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of an output."""

    inputs: Inputs
    nodes: Mapping[str, str] = field(default_factory=dict)
    """Piece of the description -> its hashes; see :mod:`.nodes`."""
    outputs: Mapping[str, Output] = field(default_factory=dict)


def load(output: Path) -> Manifest | None:
    """The manifest of an output; None where there is none, a damaged one, or one of another format."""
    try:
        found: dict[str, Any] = json.loads((output / NAME).read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            return None
        inputs: dict[str, Any] = found["inputs"]
        return Manifest(
            Inputs(
                schema=_texts(inputs["schema"]),
                templates=_texts(inputs["templates"]),
                options=_texts(inputs["options"]),
                version=str(inputs["version"]),
                generator=_texts(inputs["generator"]),
                formatter=str(inputs["formatter"]),
            ),
            _texts(found["nodes"]),
            {_inside(path): _output(facts) for path, facts in found["outputs"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _texts(value: dict[str, Any]) -> dict[str, str]:
    if not all(isinstance(text, str) for text in value.values()):
        raise TypeError("a text is expected")
    return dict(value)


def _output(facts: str) -> Output:
    written, rendered = facts.split(" ")
    return Output(written, rendered)


def _inside(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"{path} is outside of the output")
    return path


def written_by(output: Path) -> frozenset[str]:
    """The files that earlier builds wrote.

    A manifest that merging two branches has damaged, or that another version wrote, still names them, so that the next
    build needs no help.
    """
    try:
        text = (output / NAME).read_bytes().decode("utf-8", "replace")
    except OSError:
        return frozenset()
    outputs = text.partition('"outputs": {')[2]
    named = re.findall(r'^ {1,4}"([^"\\/][^"\\]*)": (?:\{$|"[0-9a-f]{64} )', outputs, re.MULTILINE)
    return frozenset({NAME, *(path for path in named if ".." not in path.split("/"))})


def dump(manifest: Manifest) -> str:
    """The manifest as it is written."""
    inputs = manifest.inputs
    value = {
        "format": FORMAT,
        "inputs": {
            "version": inputs.version,
            "formatter": inputs.formatter,
            "options": dict(sorted(inputs.options.items())),
            "schema": dict(sorted(inputs.schema.items())),
            "templates": dict(sorted(inputs.templates.items())),
            "generator": dict(sorted(inputs.generator.items())),
        },
        "nodes": dict(sorted(manifest.nodes.items())),
        "outputs": {
            path: f"{facts.written} {facts.rendered}"
            for path, facts in sorted(manifest.outputs.items())
        },
    }
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def totals(manifest: Manifest, lines: int) -> dict[str, int]:
    """Counts for the summary of a build."""
    kinds = [name.partition(" ")[0] for name in manifest.nodes]
    return {
        "resources": sum(name.startswith("title of ") for name in manifest.nodes)
        - ("title of shared" in manifest.nodes),
        **{f"{kind}s": kinds.count(kind) for kind in ("method", "record", "case")},
        "files": len(manifest.outputs),
        "lines": lines,
    }


def lines_of_untouched(output: Path, manifest: Manifest) -> int | None:
    """How many lines an output has; None where it is not, to the byte, what the manifest says."""
    lines = 0
    try:
        if (output / NAME).read_bytes() != dump(manifest).encode():
            return None
        for path, facts in manifest.outputs.items():
            content = (output / path).read_bytes()
            if digest(content) != facts.written:
                return None
            lines += content.count(b"\n")
    except OSError:
        return None
    return lines
