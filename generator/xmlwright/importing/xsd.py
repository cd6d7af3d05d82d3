"""Read an XML Schema as a model: types become shapes, pairs of a request and a response become operations."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from .model import Model
from .notes import ModelError, Notes

LARGEST: Final = 32 * 1024 * 1024
"""Bytes of a schema. Larger files are refused."""
_SCALARS: Final[Mapping[str, str]] = {
    "boolean": "boolean", "dateTime": "timestamp", "date": "date", "decimal": "bigdecimal", "float": "float", "double": "double",
    "base64Binary": "blob", "integer": "biginteger",
}  # fmt: skip


def read(file: Path, pairs: Mapping[str, str] | None = None) -> Model:
    """Return the model that a schema is.

    Args:
        file: the schema.
        pairs: global element of a request -> that of its response; default: ``XRequest`` and ``XResponse`` are a pair.

    Raises:
        ModelError: the schema is broken, imports from the network, or has no pair.
    """
    schema = _load(file)
    return _Reader(file, schema).model(pairs)


def _load(file: Path) -> Any:
    import xmlschema

    try:
        if file.stat().st_size > LARGEST:
            raise ModelError(f"{file}: larger than {LARGEST // 1024 // 1024} MB")
        with warnings.catch_warnings():
            warnings.simplefilter("error", xmlschema.XMLSchemaImportWarning)
            warnings.simplefilter("error", xmlschema.XMLSchemaIncludeWarning)
            return xmlschema.XMLSchema(str(file), allow="local", defuse="always")
    except (
        xmlschema.exceptions.XMLResourceBlocked,
        xmlschema.XMLSchemaImportWarning,
        xmlschema.XMLSchemaIncludeWarning,
    ) as error:
        raise ModelError(
            f"{file}: a schema that it imports is not on this machine, and the network is not used: {error}"
        ) from None
    except (
        xmlschema.XMLSchemaException,
        OSError,
        RecursionError,
        ValueError,
        SyntaxError,
    ) as error:
        raise ModelError(
            f"{file}: not a schema that can be read: {str(error).strip()[:300]}"
        ) from None


class _Reader:
    def __init__(self, file: Path, schema: Any) -> None:
        self.file = file
        self.schema = schema
        self.notes = Notes()
        self.shapes: dict[str, dict[str, Any]] = {}
        self._names: dict[int, str] = {}

    def model(self, pairs: Mapping[str, str] | None) -> Model:
        """Return the model."""
        found = dict(self._pairs()) if not pairs else dict(pairs)
        for name in (*found, *found.values()):
            if name not in self.schema.elements:
                raise ModelError(f"{self.file}: no global element {name}")
        if not found:
            raise ModelError(
                f"{self.file}: no pair of elements such as XRequest and XResponse; name them with --pair REQUEST=RESPONSE"
            )
        operations = {}
        for request, response in found.items():
            name = _without(request, "Request") or request
            operations[name] = {
                "name": name,
                "http": {"method": "POST", "requestUri": "/"},
                "input": self._root(request),
                "output": self._root(response),
                "documentation": _doc(self.schema.elements[request]),
            }
        for name in self.schema.elements:
            if name not in found and name not in found.values():
                self.notes.add("global elements that are in no pair", f"element {name}")
        self.notes.add(
            "what a schema does not say",
            "envelope.failures",
            "how a response says that a call failed",
        )
        title = self.file.stem
        return Model(
            file=self.file,
            metadata={"endpointPrefix": title, "serviceId": title, "protocol": "rest-xml"},
            operations=operations,
            shapes=self.shapes,
            documentation=_doc(self.schema),
            pages={},
            host=None,
            notes=self.notes,
            origin=f"The XML Schema {self.file.name}.",
            failures=False,
        )

    def _pairs(self) -> Iterator[tuple[str, str]]:
        for name in self.schema.elements:
            base = _without(name, "Request")
            if base and f"{base}Response" in self.schema.elements:
                yield name, f"{base}Response"

    def _root(self, name: str) -> dict[str, Any]:
        element = self.schema.elements[name]
        if not element.type.is_complex() or element.type.has_simple_content():
            raise ModelError(f"{self.file}: the element {name} is not made of elements")
        ref: dict[str, Any] = {"shape": self._shape(element.type, name), "locationName": name}
        if self.schema.target_namespace:
            ref["xmlNamespace"] = {"uri": self.schema.target_namespace}
        return ref

    def _shape(self, kind: Any, hint: str) -> str:
        """Return the name of the shape of a type."""
        if id(kind) in self._names:
            return self._names[id(kind)]
        local = kind.local_name
        if kind.is_simple() and local in _BUILT_IN:
            local = f"Xs{local[:1].upper()}{local[1:]}"
        wanted = name = _name(local or hint)
        number = 2
        while name in self.shapes:
            name = f"{wanted}{number}"
            number += 1
        self._names[id(kind)] = name
        shape: dict[str, Any] = {}
        self.shapes[name] = shape
        if doc := _doc(kind):
            shape["documentation"] = doc
        if kind.is_simple():
            shape.update(self._simple(kind, f"type {local or hint}"))
        else:
            shape.update(self._complex(kind, name))
        return name

    def _simple(self, kind: Any, place: str) -> dict[str, Any]:
        if kind.is_list() or kind.is_union():
            self.notes.add("lists and unions of simple types, which became texts", place)
            return {"type": "string"}
        found: dict[str, Any] = {"type": "string"}
        base = kind
        while base is not None:
            if base.local_name in _SCALARS:
                found["type"] = _SCALARS[base.local_name]
                break
            base = base.base_type
        if kind.enumeration and found["type"] == "string":
            found["enum"] = [str(word) for word in kind.enumeration]
        for key, value in (("max", kind.max_length), ("min", kind.min_length)):
            if value is not None and found["type"] == "string":
                found[key] = value
        for key, value in (("max", kind.max_value), ("min", kind.min_value)):
            if value is None or value in _BOUNDS:  # those of the built-in types
                continue
            if found["type"] in ("biginteger", "bigdecimal", "float", "double"):
                found[key] = int(value) if value == int(value) else float(value)
        if kind.patterns is not None:
            found["pattern"] = ", ".join(getattr(kind.patterns, "regexps", ["..."]))
        return found

    def _complex(self, kind: Any, name: str) -> dict[str, Any]:
        members: dict[str, Any] = {}
        required: list[str] = []
        found: dict[str, Any] = {"type": "structure", "members": members}
        if kind.mixed:
            self.notes.add("text between elements", f"type {name}")
        if kind.abstract:
            self.notes.add("abstract types", f"type {name}")
        for key, attribute in kind.attributes.items():
            if key is None:
                self.notes.add("attributes of any name", f"type {name}")
                continue
            local = attribute.local_name
            member = local if local.isidentifier() else _name(local)
            members[member] = {
                "shape": self._shape(attribute.type, f"{name}{_name(local)}"),
                "locationName": local,
                "xmlAttribute": True,
                "documentation": _doc(attribute),
            }
            if attribute.use == "required":
                required.append(member)
        if kind.has_simple_content():
            members["value" if "value" not in members else "text"] = {
                "shape": self._shape(kind.content, f"{name}Text"),
                "xmlText": True,
            }
        else:
            self._elements(kind, name, members, required)
            group = kind.content
            if group.model == "choice" and group.max_occurs == 1 and len(group) == len(members):
                found["union"] = True
            found["choices"] = [names for names in _choices(group) if len(names) > 1]
        found["required"] = required
        return found

    def _elements(self, kind: Any, name: str, members: dict[str, Any], required: list[str]) -> None:
        for element, choice, many in _leaves(kind.content):
            if element.local_name is None:
                self.notes.add("elements of any name", f"type {name}")
                continue
            local = element.local_name
            member = _name(local) if not local.isidentifier() else local
            place = f"type {name}, element {local}"
            if member in members:
                self.notes.add("elements that a type has several times", place)
                continue
            if choice:
                self.notes.add("choices: that at most one of several elements is sent", place)
            shape = self._shape(element.type, f"{name}{_name(local)}")
            if many or element.max_occurs is None or element.max_occurs > 1:
                items = f"{name}{_name(local)}Items"
                self.shapes[items] = {"type": "list", "member": {"shape": shape}, "flattened": True}
                if element.max_occurs is not None and not many:
                    self.shapes[items]["max"] = element.max_occurs
                shape = items
            members[member] = {
                "shape": shape,
                "locationName": local,
                "documentation": _doc(element),
            }
            if element.min_occurs and not choice:
                required.append(member)


def _choices(group: Any, depth: int = 0) -> Iterator[list[str]]:
    """Yield the members of each choice: of a part that is a group, all elements in it but the first are left out."""
    if depth > 50:
        return
    if group.model == "choice":
        yield [element.local_name for element, _, _ in _leaves(group) if element.local_name]
        return
    for part in group:
        if hasattr(part, "model"):
            yield from _choices(part, depth + 1)


def _leaves(
    group: Any, choice: bool = False, many: bool = False, depth: int = 0
) -> Iterator[tuple[Any, bool, bool]]:
    """Yield the elements of a group, whether each is in a choice, and whether a group around it repeats."""
    if depth > 50:
        return
    many = many or group.max_occurs is None or group.max_occurs > 1
    choice = choice or (group.model == "choice" and len(group) > 1)
    for part in group:
        if hasattr(part, "model"):
            yield from _leaves(part, choice or part.min_occurs == 0, many, depth + 1)
        else:
            yield part, choice, many


_BOUNDS: Final = frozenset(
    bound for bits in (7, 8, 15, 16, 31, 32, 63, 64) for bound in (-(2**bits), 2**bits - 1)
)
_BUILT_IN: Final = frozenset(
    ["string", "normalizedString", "token", "anyURI", "ID", "NMTOKEN", "anySimpleType", "int", "long", "short", "byte",
     "positiveInteger", "nonNegativeInteger", "unsignedInt", "unsignedLong", "unsignedShort", "time", "duration", *_SCALARS]
)  # fmt: skip


def _without(name: str, ending: str) -> str | None:
    return name[: -len(ending)] if name.endswith(ending) and len(name) > len(ending) else None


def _name(text: str) -> str:
    """Return a name in CapWords of letters and digits."""
    parts = "".join(char if char.isascii() and char.isalnum() else " " for char in text).split()
    found = "".join(part[:1].upper() + part[1:] for part in parts)
    return found if found[:1].isalpha() else f"The{found}"


def _doc(holder: Any) -> str:
    """Return the documentation of a part of a schema."""
    annotation = getattr(holder, "annotation", None)
    texts: Iterable[Any] = annotation.documentation if annotation is not None else ()
    from xml.sax.saxutils import escape

    return " ".join(escape(" ".join("".join(item.itertext()).split())) for item in texts)
