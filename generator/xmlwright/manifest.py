"""The manifest: what an output was made from and consists of, as hashes. It lies in the output and is part of it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .description import files_of

NAME: Final = ".xmlwright.json"
FORMAT: Final = 1
_PROGRAM: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Output:
    """One file of an output."""

    rendered: str
    """Hash of its text before formatting."""
    written: str
    """Hash of its bytes."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that decides the output, as hashes."""

    schema: Mapping[str, str]
    templates: Mapping[str, str]
    generator: str
    formatter: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of an output."""

    inputs: Inputs
    outputs: Mapping[str, Output] = field(default_factory=dict)
    totals: Mapping[str, int] = field(default_factory=dict)
    """Counts for the summary: resources, methods, records, lines."""


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def inputs_of(schema: Path, templates: Path, formatter: str) -> Inputs:
    """Hashes of the description, the templates, the program and its formatter. Missing files count as absent."""
    return Inputs(
        schema={
            path.relative_to(schema).as_posix(): digest(path.read_bytes())
            for path in files_of(schema)
            if path.is_file()
        },
        templates={
            path.relative_to(templates).as_posix(): digest(path.read_bytes())
            for path in sorted(templates.rglob("*.j2"))
            if path.is_file()
        },
        generator=_generator(),
        formatter=formatter,
    )


def _generator() -> str:
    total = hashlib.sha256()
    for path in sorted(_PROGRAM.rglob("*.py")):
        total.update(f"{path.relative_to(_PROGRAM).as_posix()}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


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
                generator=str(inputs["generator"]),
                formatter=str(inputs["formatter"]),
            ),
            {_inside(path): Output(**_texts(facts)) for path, facts in found["outputs"].items()},
            {name: int(count) for name, count in found["totals"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _texts(value: dict[str, Any]) -> dict[str, str]:
    if not all(isinstance(text, str) for text in value.values()):
        raise TypeError("a text is expected")
    return dict(value)


def _inside(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"{path} is outside of the output")
    return path


def written_by(output: Path) -> frozenset[str]:
    """The files that earlier builds wrote.

    A manifest that merging two branches has damaged still names them, so that the next build needs no help.
    """
    known = load(output)
    if known is not None:
        return frozenset({NAME, *known.outputs})
    try:
        text = (output / NAME).read_bytes().decode("utf-8", "replace")
    except OSError:
        return frozenset()
    outputs = text.partition('"outputs": {')[2]
    named = re.findall(r'^ {2}"([^"\\/][^"\\]*)": \{$', outputs, re.MULTILINE)
    return frozenset({NAME, *(path for path in named if ".." not in path.split("/"))})


def dump(manifest: Manifest) -> str:
    """The manifest as it is written."""
    value = {
        "format": FORMAT,
        "inputs": {
            "schema": dict(sorted(manifest.inputs.schema.items())),
            "templates": dict(sorted(manifest.inputs.templates.items())),
            "generator": manifest.inputs.generator,
            "formatter": manifest.inputs.formatter,
        },
        "totals": dict(manifest.totals),
        "outputs": {
            path: {"rendered": facts.rendered, "written": facts.written}
            for path, facts in sorted(manifest.outputs.items())
        },
    }
    return json.dumps(value, indent=1) + "\n"


def differences(output: Path, manifest: Manifest) -> dict[str, str]:
    """Files of an output that are not as the manifest says: path -> ``missing`` or ``edited``."""
    found = {}
    for path, facts in manifest.outputs.items():
        try:
            content = (output / path).read_bytes()
        except OSError:
            found[path] = "missing"
            continue
        if digest(content) != facts.written:
            found[path] = "edited"
    return found
