"""From the shapes of a model to the fields, records and enums of a description."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..naming import python_name
from .model import Json, Model
from .names import ClassNames, argument_name, python_names
from .texts import markdown

Spec = dict[str, Any]
FLAT: Final = "{name}.{n}"

TYPES: Final[Mapping[str, str]] = {
    "string": "text", "character": "text", "integer": "int", "long": "int", "short": "int", "byte": "int", "biginteger": "int",
    "boolean": "flag", "float": "float", "double": "float", "bigdecimal": "decimal", "date": "date", "blob": "base64",
}  # fmt: skip
STAMPS: Final[Mapping[str, str]] = {
    "iso8601": "stamp_iso",
    "unixTimestamp": "stamp_epoch",
    "rfc822": "stamp_http",
}
SCALARS: Final[Mapping[str, Spec]] = {
    "text": {"read_empty": "text"},
    "flag": {"words": ["true", "false"]},
    "stamp_iso": {"is": "datetime", "format": "iso8601", "zone": "UTC"},
    "stamp_epoch": {"is": "datetime", "format": "epoch"},
    "stamp_http": {"is": "datetime", "format": "http_date"},
}

# What is read of shapes and members.
_READ: Final = frozenset(
    ["type", "members", "member", "key", "value", "required", "enum", "documentation", "sensitive", "max", "min", "shape",
     "location", "locationName", "queryName", "flattened", "xmlNamespace", "xmlAttribute", "timestampFormat", "payload",
     "deprecated", "deprecatedMessage", "deprecatedSince", "exception", "error", "jsonvalue", "union", "streaming", "xmlText", "choices"]
)  # fmt: skip
# What says nothing about messages.
_WITHOUT_EFFECT: Final = frozenset(
    ["box", "wrapper", "synthetic", "fault", "requiresLength", "exceptionMessage", "internalonly", "xmlOrder", "retryable"]
)  # fmt: skip
_NAMED: Final = {
    "pattern": "patterns of texts",
    "idempotencyToken": "tokens that a client makes up",
    "contextParam": "parameters of rules for the endpoint",
    "hostLabel": "arguments that are part of the host name",
}
"""Trait of a model that a description has no word for -> what it is called in the report."""


@dataclass(frozen=True)
class Member:
    """A member of a structure, an argument, or a member of a result."""

    name: str
    """In the model; also the key of the field."""
    python: str
    ref: Json
    spec: Spec
    """Everything a field says."""

    @property
    def shape(self) -> str:
        """The name of its shape."""
        return str(self.ref["shape"])


@dataclass
class Record:
    """A record, with the members that it has in both directions."""

    name: str
    doc: str
    members: list[Member] = field(default_factory=list)
    one_of: list[str] = field(default_factory=list)
    uses: set[str] = field(default_factory=set)
    """Names of records and enums that its fields have."""

    def spec(self) -> Spec:
        """Return it as it is written."""
        found: Spec = {"doc": self.doc} if self.doc else {}
        if self.one_of:
            found["one_of"] = self.one_of
        return {**found, "fields": {member.name: member.spec for member in self.members}}


class Shapes:
    """The shapes of a model."""

    def __init__(self, model: Model, reserved: tuple[str, ...] = ()) -> None:
        self.model = model
        self.shapes = model.shapes
        self.notes = model.notes
        self.names = ClassNames(reserved)
        self.records: dict[str, Record] = {}
        """By name, in the order of their use."""
        self.enums: dict[str, Spec] = {}
        self.scalars: dict[str, None] = {"text": None, "flag": None}
        self.namespaces: dict[str, str] = {}
        """Prefixes that attributes have."""
        self._sent = self.reachable(model.operations.values(), "input")
        self._read = self.reachable(model.operations.values(), "output")

    def shape(self, ref: Json) -> Json:
        """Return the shape that a reference names."""
        found: Json = self.shapes[ref["shape"]]
        return found

    def is_event_stream(self, name: str) -> bool:
        """Return whether a structure has a member that is a stream of events."""
        return any(
            self.shape(ref).get("eventstream")
            for ref in self.shapes[name].get("members", {}).values()
        )

    def reachable(self, operations: Iterable[Json], *directions: str) -> frozenset[str]:
        """Return the names of shapes that requests and responses of operations have, or those of one direction."""
        waiting = [
            operation[direction]["shape"]
            for operation in operations
            for direction in directions or ("input", "output")
            if direction in operation
        ]
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            shape = self.shapes[name]
            waiting += [ref["shape"] for ref in shape.get("members", {}).values()]
            waiting += [shape[key]["shape"] for key in ("member", "key", "value") if key in shape]
        return frozenset(seen)

    # records and enums

    def record(self, name: str) -> Record:
        """Return the record of a structure."""
        wanted = self.names.of(name)
        if wanted not in self.records:
            shape = self.shapes[name]
            record = Record(wanted, markdown(shape.get("documentation")))
            self.records[wanted] = record
            self._note(f"shapes.{name}", shape)
            record.members += self.members(name)
            if shape.get("union") and name in self._sent and len(record.members) > 1:
                record.one_of = [member.name for member in record.members]
            record.uses.update(self.uses(record.members))
        return self.records[wanted]

    def members(self, name: str) -> list[Member]:
        """Return the members of a structure as fields of the document, or parts of a parameter."""
        shape = self.shapes[name]
        required = set(shape.get("required", ())) if name in self._sent else set()
        python = python_names(shape.get("members", {}))
        found = []
        for member in self.described_members(name):
            ref = shape["members"][member]
            place = f"shapes.{name}.members.{member}"
            spec = {**self.value(ref, member), **self._place(name, member, ref)}
            found.append(
                self.finished(member, python[member], ref, spec, place, member in required)
            )
        return found

    def described_members(self, name: str) -> list[str]:
        """Return the members of a structure; of two with the same element, the one that is not deprecated."""
        members = self.shapes[name].get("members", {})
        by_element: dict[str, str] = {}
        for member, ref in members.items():
            element = ("@" if ref.get("xmlAttribute") else "") + self.read_name(member, ref)
            first = by_element.setdefault(element, member)
            if first != member:
                left_out = member if ref.get("deprecated") else first
                by_element[element] = first if left_out == member else member
                self.notes.add(
                    "members whose element another member has", f"shapes.{name}.members.{left_out}"
                )
        kept = set(by_element.values())
        return [member for member in members if member in kept]

    def finished(
        self, name: str, python: str, ref: Json, spec: Spec, place: str, required: bool
    ) -> Member:
        """Return a member with what is said of every field: limits, texts, its name in Python."""
        shape = self.shape(ref)
        self._note(place, ref)
        if shape["type"] not in ("structure",):
            self._note(f"shapes.{ref['shape']}", shape)
        if spec.get("at") == name:
            del spec["at"]
        if required:
            spec["required"] = "always"
        spec.update(self._limits(ref["shape"], shape, spec))
        for facts in (shape, ref):
            if facts.get("sensitive"):
                spec["sensitive"] = True
            if facts.get("deprecated"):
                spec["deprecated"] = deprecation(facts)
        if python != python_name(name):
            spec["python"] = python
        if doc := markdown(ref.get("documentation") or self._scalar_doc(shape)):
            spec["doc"] = doc
        return Member(name, python, ref, spec)

    def _scalar_doc(self, shape: Json) -> str | None:
        return None if shape["type"] == "structure" else shape.get("documentation")

    def uses(self, members: list[Member]) -> Iterator[str]:
        """Yield the records and enums that fields name."""
        for member in members:
            for key in ("record", "enum"):
                if key in member.spec:
                    yield member.spec[key]

    def _enum(self, name: str) -> str | None:
        """Return the enum of a shape of texts; None where it has no words that can be written."""
        wanted = self.names.of(name, "Word")
        if wanted not in self.enums:
            shape = self.shapes[name]
            words = [
                word
                for word in dict.fromkeys(map(str, shape["enum"]))
                if word.strip() == word != ""
            ]
            if len(words) != len(shape["enum"]):
                self.notes.add("words of enums that are empty or repeated", f"shapes.{name}")
            if not words:
                return None
            found: Spec = {"words": {word: {} for word in words}}
            if doc := markdown(shape.get("documentation")):
                found = {"doc": doc, **found}
            self.enums[wanted] = found
        return wanted

    # values

    def value(self, ref: Json, name: str) -> Spec:
        """Return the keys of a field that say what the value of a reference is."""
        shape = self.shape(ref)
        kind = shape["type"]
        if kind == "structure":
            if not shape.get("members"):
                return self._empty(ref["shape"])
            return {"record": self.record(ref["shape"]).name}
        if kind == "list":
            return {**self._list_keys(ref, shape), **self.item(shape["member"])}
        if kind == "map":
            return self._map(ref, shape)
        return self.scalar(ref)

    def _empty(self, name: str) -> Spec:
        """Return the keys for a structure without members, of which a record is not possible."""
        self.notes.add(
            "structures without members, which became texts: pass an empty one", f"shapes.{name}"
        )
        return {"type": "text"}

    def scalar(self, ref: Json, stamp: str = "iso8601") -> Spec:
        """Return the keys for a scalar; ``stamp`` is the default format of times at its place."""
        shape = self.shape(ref)
        if shape.get("jsonvalue") or ref.get("jsonvalue"):
            return {"type": "base64"}
        if shape["type"] == "timestamp":
            given = ref.get("timestampFormat", shape.get("timestampFormat", stamp))
            kind = STAMPS.get(given, "stamp_iso")
            self.scalars[kind] = None
            return {"type": kind}
        if shape.get("enum") and shape["type"] == "string":
            enum = self._enum(ref["shape"])
            if enum is not None:
                return {"enum": enum}
        return {"type": TYPES[shape["type"]]}

    def item(self, ref: Json) -> Spec:
        """Return the keys for an item of a list, or a value of a map."""
        shape = self.shape(ref)
        return self._box(ref) if shape["type"] in ("list", "map") else self.value(ref, "item")

    def is_flat(self, ref: Json) -> bool:
        """Return whether a list or map has no element of its own around its items."""
        return bool(ref.get("flattened") or self.shape(ref).get("flattened"))

    def item_name(self, shape: Json) -> str:
        """Return the element of an item of a list."""
        return str(shape["member"].get("locationName", "member"))

    def _list_keys(self, ref: Json, shape: Json) -> Spec:
        if self.is_flat(ref):
            return {"repeated": True, **({"indexed": FLAT} if self.model.is_form else {})}
        return {"list": self.item_name(shape)}

    def _map(self, ref: Json, shape: Json) -> Spec:
        keys: Spec = {"map": "entry"}
        if self.is_flat(ref):
            # In a form the entries have no element of their own; in a document the element repeats.
            keys = {"map": "."}
            if self.model.is_form:
                keys["indexed"] = FLAT
        for name in ("key", "value"):
            if "locationName" in shape[name]:
                keys[name] = shape[name]["locationName"]
        return {**keys, **self.item(shape["value"])}

    def _box(self, ref: Json) -> Spec:
        """Return the keys for a list or map within a list or map: a record with this one field."""
        shape = self.shape(ref)
        name = self.names.of(f"{ref['shape']}Items")
        if name not in self.records:
            record = Record(name, markdown(shape.get("documentation")))
            self.records[name] = record
            inner = {**ref, "flattened": True}
            spec = self.value(inner, "items")
            spec["at"] = str(
                (shape.get("member") or {}).get(
                    "locationName", "member" if shape["type"] == "list" else "entry"
                )
            )
            record.members.append(Member("items", "items", ref, spec))
            record.uses.update(self.uses(record.members))
        return {"record": name}

    # places

    def sent_name(self, name: str, ref: Json) -> str:
        """Return what a member is called in requests."""
        shape = self.shape(ref)
        if self.model.protocol == "ec2":
            if "queryName" in ref:
                return str(ref["queryName"])
            given = str(ref.get("locationName", name))
            return given[:1].upper() + given[1:]
        return self.read_name(name, ref, shape)

    def read_name(self, name: str, ref: Json, shape: Json | None = None) -> str:
        """Return the element of a member."""
        shape = self.shape(ref) if shape is None else shape
        if shape["type"] == "list" and self.is_flat(ref) and "locationName" in shape["member"]:
            return str(shape["member"]["locationName"])
        return str(ref.get("locationName", name))

    def _place(self, owner: str, name: str, ref: Json) -> Spec:
        shape = self.shape(ref)
        read = self.read_name(name, ref)
        if ref.get("xmlText"):
            return {"at": "."}
        if ref.get("xmlAttribute"):
            self._prefix(owner, name, ref)
            return {"at": f"@{read}"}
        if self.model.is_form:
            sent = self.sent_name(name, ref)
            if owner not in self._sent or sent == read:
                return {"at": read}
            if owner not in self._read:
                return {"at": sent}
            return {"at": [read, f"form:{sent}"]}
        return {"at": read, **self.namespace(ref, shape)}

    def _prefix(self, owner: str, name: str, ref: Json) -> None:
        """Declare the prefix of an attribute, where the structure or a member of its type says what it is."""
        prefix, colon, _ = str(ref.get("locationName", name)).partition(":")
        if not colon:
            return
        holders = [self.shapes[owner]] + [
            member
            for shape in self.shapes.values()
            for member in shape.get("members", {}).values()
            if member.get("shape") == owner
        ]
        for holder in holders:
            given = holder.get("xmlNamespace")
            if isinstance(given, dict) and given.get("prefix") == prefix:
                self.namespaces[prefix] = given["uri"]
                return

    def namespace(self, ref: Json, shape: Json) -> Spec:
        """Return the key for the namespace of an element, and of the items in it."""
        own = self._uri(ref.get("xmlNamespace", shape.get("xmlNamespace")))
        if own is None or shape.get("type") not in ("list", "map"):
            return {} if own is None else {"namespace": own}
        if self.is_flat(ref):
            return {"namespace": own}
        item = shape["member"].get("xmlNamespace") if shape["type"] == "list" else None
        return {"namespace": [own, self._uri(item) or own]}

    def _uri(self, namespace: str | Mapping[str, str] | None) -> str | None:
        if namespace is None or isinstance(namespace, str):
            return namespace
        # One with a prefix is declared on the root, for the attributes that carry it.
        return None if "prefix" in namespace else namespace.get("uri")

    # facts

    def _limits(self, name: str, shape: Json, spec: Spec) -> Spec:
        low, high = shape.get("min"), shape.get("max")
        found: Spec = {}
        place = f"shapes.{name}"
        kind = spec.get("type")
        if kind in ("int", "float", "decimal") and not {"list", "map", "repeated"} & spec.keys():
            for key, value in (("minimum", low), ("maximum", high)):
                if value is not None and value < -1_000_000_000:
                    self.notes.add("limits below -1,000,000,000", place, str(value))
                elif value is not None:
                    found[key] = value if isinstance(value, int) else _decimal(value)
            return found
        if shape["type"] == "string" and high is not None and kind == "text" and high >= 1:
            found["max_length"] = int(high)
            high = None
        if (low and shape["type"] == "string") or (low is not None and shape["type"] in ("list", "map", "blob")):  # fmt: skip
            self.notes.add("smallest lengths", place, f"at least {low}")
        if high is not None and "enum" not in spec:
            self.notes.add("largest lengths of lists, maps and bytes", place, f"at most {high}")
        return found

    def _note(self, place: str, facts: Json) -> None:
        """Note the traits that a description has no word for."""
        for key, value in facts.items():
            if key in _READ or key in _WITHOUT_EFFECT:
                continue
            what = _NAMED.get(key, f"the trait {key}")
            self.notes.add(what, place, value if isinstance(value, str) else "")


def deprecation(facts: Json) -> bool | str:
    """Return what is said of something deprecated."""
    message = markdown(facts.get("deprecatedMessage"))
    since = facts.get("deprecatedSince")
    if since and message:
        return f"{message} (since {since})"
    return message or (f"Since {since}." if since else True)


def _decimal(value: float) -> str | int:
    return int(value) if value == int(value) else str(value)


__all__ = ["FLAT", "SCALARS", "Member", "Record", "Shapes", "Spec", "argument_name", "deprecation"]
