"""Read the model of a service: its operations and shapes, its pages, and its address."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from ..diagnostics import nearest
from .notes import ModelError, Notes

Json = Mapping[str, Any]
PROTOCOLS: Final = ("rest-xml", "query", "ec2")
LARGEST: Final = 256 * 1024 * 1024
"""Bytes of a model, unpacked. Larger files are refused."""
_SCALARS: Final = frozenset(
    ["string", "character", "integer", "long", "boolean", "float", "double", "blob", "timestamp",
     "bigdecimal", "biginteger", "short", "byte"]
)  # fmt: skip
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Model:
    """A service model that is known to be whole: every shape that is named exists and has its parts."""

    file: Path
    metadata: Json
    operations: Mapping[str, Json]
    shapes: Mapping[str, Json]
    documentation: str
    pages: Mapping[str, Json]
    host: str | None
    """Host name, which may hold ``{region}``; None where no file says it."""
    notes: Notes = field(default_factory=Notes)
    origin: str = "The service model of botocore."
    """Where it is from, as a source of facts."""
    failures: bool = True
    """Whether the protocol says how a failed response looks."""

    @property
    def protocol(self) -> str:
        """The protocol that is imported: the first of those that the service speaks and that are XML."""
        return next(name for name in _protocols(self.metadata) if name in PROTOCOLS)

    @property
    def is_form(self) -> bool:
        """Whether requests are forms."""
        return self.protocol != "rest-xml"

    @property
    def title(self) -> str:
        """The name of the service for people."""
        return str(self.metadata.get("serviceFullName") or self.metadata["endpointPrefix"])

    @property
    def service(self) -> str:
        """Its short name, in words such as ``Route 53``."""
        return str(self.metadata.get("serviceId") or self.metadata["endpointPrefix"])


def read(service: str, data: Path | None = None, version: str | None = None) -> Model:
    """Return the model of a service.

    Args:
        service: name of a service of the installed botocore, or the path of a model.
        data: the folder of models; default: that of the installed botocore.
        version: version of the API; default: the newest.

    Raises:
        ModelError: there is no such model, or it cannot be imported.
    """
    file = _file(service, data, version)
    given = _load(file)
    for key in ("metadata", "operations", "shapes"):
        if not isinstance(given.get(key), dict):
            raise ModelError(f"{file}: no {key}; give the path of a service-2.json of botocore")
    metadata = given["metadata"]
    protocols = _protocols(metadata)
    if not any(name in PROTOCOLS for name in protocols):
        spoken = ", ".join(protocols) or "none"
        raise ModelError(
            f"{file}: the protocol of this service is not XML ({spoken}); the importer reads {', '.join(PROTOCOLS)}"
        )
    if not isinstance(metadata.get("endpointPrefix"), str):
        raise ModelError(f"{file}: metadata.endpointPrefix is missing")
    _check_shapes(file, given["shapes"])
    _check_operations(file, given["operations"], given["shapes"])
    notes = Notes()
    pages: Json = {}
    beside = next(iter(_beside(file, "paginators-1")), None)
    if beside is not None:
        pages = _load(beside).get("pagination") or {}
        if not isinstance(pages, dict):
            raise ModelError(f"{beside}: `pagination` is not a mapping")
    for kind in ("service-2", "paginators-1"):
        for extra in _beside(file, f"{kind}.sdk-extras"):
            notes.add("what the SDK adds to the model", extra.name)
    for kind in ("waiters-2", "examples-1"):
        for extra in _beside(file, kind):
            notes.add("files beside the model that are not read", extra.name)
    return Model(
        file=file,
        metadata=metadata,
        operations=given["operations"],
        shapes=given["shapes"],
        documentation=str(given.get("documentation") or ""),
        pages={name: page for name, page in pages.items() if name in given["operations"]},
        host=_host(file, metadata),
        notes=notes,
    )


def _protocols(metadata: Json) -> list[str]:
    """Return the protocols of a service, that of the SDK first."""
    names = [metadata.get("protocol"), *(metadata.get("protocols") or ())]
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))


def _file(service: str, data: Path | None, version: str | None) -> Path:
    path = Path(service)
    if path.is_file():
        return path
    if path.is_dir() and path.parts[:-1]:
        found = sorted(_beside(path / "service-2.json", "service-2"))
        if found:
            return found[0]
    if data is None:
        spec = find_spec("botocore")
        if spec is None or not spec.submodule_search_locations:
            raise ModelError(
                "botocore is not installed; run: pip install 'xmlwright[import]', or give the path of a service-2.json"
            )
        data = Path(next(iter(spec.submodule_search_locations))) / "data"
    if not data.is_dir():
        raise ModelError(f"{data}: no such folder of models")
    if not _NAME.fullmatch(service.replace("-", "_")) or not (data / service).is_dir():
        raise ModelError(
            f"no service {service!r} in {data}, and no file of this name" + _near(service, data)
        )
    versions = {
        folder.name: file
        for folder in sorted((data / service).iterdir())
        for file in _beside(folder / "service-2.json", "service-2")
    }
    if not versions:
        raise ModelError(f"{data / service}: no service-2.json")
    if version is not None and version not in versions:
        raise ModelError(f"{service} has no version {version}; it has {', '.join(versions)}")
    return versions[version or max(versions)]


def _near(service: str, data: Path) -> str:
    found = nearest(service, [folder.name for folder in data.iterdir() if folder.is_dir()])
    return f"; did you mean {found!r}?" if found else ""


def _beside(file: Path, name: str) -> Iterator[Path]:
    """Yield the file of a name in the folder of another one, plain or packed."""
    for suffix in (".json", ".json.gz"):
        path = file.parent / f"{name}{suffix}"
        if path.is_file():
            yield path
            return


def _load(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        with gzip.open(file, "rb") if packed else file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ModelError(f"{file}: cannot be read: {error}") from None
    if len(content) > LARGEST:
        raise ModelError(f"{file}: larger than {LARGEST // 1024 // 1024} MB")
    try:
        found = json.loads(content)
    except RecursionError:
        raise ModelError(f"{file}: nested too deeply") from None
    except ValueError as error:
        raise ModelError(f"{file}: not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ModelError(f"{file}: not a mapping, and so not a model")
    return found


def _host(file: Path, metadata: Json) -> str | None:
    """Return the host name from the list of endpoints beside the models."""
    if isinstance(metadata.get("globalEndpoint"), str):
        return str(metadata["globalEndpoint"])
    listed = next(iter(_beside(file.parents[2] / "endpoints.json", "endpoints")), None) if len(file.parents) > 2 else None  # fmt: skip
    if listed is None:
        return None
    try:
        partition = _load(listed)["partitions"][0]
        template = str(partition["defaults"]["hostname"])
        suffix = str(partition["dnsSuffix"])
    except (KeyError, IndexError, TypeError, ModelError):
        return None
    return template.replace("{service}", metadata["endpointPrefix"]).replace("{dnsSuffix}", suffix)


def _check_shapes(file: Path, shapes: Json) -> None:
    """Refuse shapes that lack what is read of them."""

    def refer(place: str, ref: Any) -> None:
        if not isinstance(ref, dict) or ref.get("shape") not in shapes:
            name = ref.get("shape") if isinstance(ref, dict) else ref
            raise ModelError(f"{file}: {place} refers to a shape {name!r}, which is not there")

    for name, shape in shapes.items():
        place = f"shapes.{name}"
        kind = shape.get("type") if isinstance(shape, dict) else None
        if not _NAME.fullmatch(name):
            raise ModelError(f"{file}: {place} is not a name")
        if kind == "structure":
            members = shape.get("members", {})
            if not isinstance(members, dict):
                raise ModelError(f"{file}: {place}.members is not a mapping")
            for member, ref in members.items():
                if not _NAME.fullmatch(member):
                    raise ModelError(f"{file}: {place}.members.{member} is not a name")
                refer(f"{place}.members.{member}", ref)
        elif kind == "list":
            refer(f"{place}.member", shape.get("member"))
        elif kind == "map":
            refer(f"{place}.key", shape.get("key"))
            refer(f"{place}.value", shape.get("value"))
        elif kind not in _SCALARS:
            raise ModelError(f"{file}: {place} has an unknown type {kind!r}")
    for name in shapes:
        _check_items(file, name, shapes)


def _check_items(file: Path, name: str, shapes: Json) -> None:
    """Refuse lists and maps whose items lead back to themselves with no structure between them."""
    seen = [name]
    while shapes[seen[-1]]["type"] in ("list", "map"):
        shape = shapes[seen[-1]]
        seen.append(shape["member" if shape["type"] == "list" else "value"]["shape"])
        if seen[-1] == name or len(seen) > 20:
            raise ModelError(f"{file}: shapes.{name} holds itself: {' > '.join(seen[:6])}")


def _check_operations(file: Path, operations: Json, shapes: Json) -> None:
    for name, operation in operations.items():
        place = f"operations.{name}"
        if not _NAME.fullmatch(name) or not isinstance(operation, dict):
            raise ModelError(f"{file}: {place} is not an operation")
        for key in ("input", "output"):
            ref = operation.get(key)
            if ref is None:
                continue
            if not isinstance(ref, dict) or ref.get("shape") not in shapes:
                raise ModelError(f"{file}: {place}.{key} refers to a shape that is not there")
            if shapes[ref["shape"]]["type"] != "structure":
                raise ModelError(f"{file}: {place}.{key} is not a structure")
        for ref in operation.get("errors") or ():
            if not isinstance(ref, dict) or ref.get("shape") not in shapes:
                raise ModelError(f"{file}: {place}.errors refers to a shape that is not there")
