"""From the shapes of an operation to the records, arguments and results of its description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .suites import Operation
from .values import Boxed, Entries, Items, Member, Pairs, Scalar, Spec, Structure, Value, scalar

_Ref = Mapping[str, Any]
_FLAT: Final = "{name}.{n}"


class Shapes:
    """The shapes of one operation in one direction, without the members that no case uses."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.shapes = operation.shapes
        self.form = operation.direction == "input" and operation.protocol != "rest-xml"
        self.request = operation.direction == "input"
        self.records: dict[str, Structure] = {}
        """By name of the shape, in the order of their use."""
        self._used: set[tuple[str, str]] = set()

    def use(self, ref: _Ref, value: Any) -> None:
        """Note the members that a value of the suite has."""
        shape = self.shapes[ref["shape"]]
        if value is None:
            return
        if shape["type"] == "structure":
            # An empty one is of a record, too, and a record has fields.
            for name, part in (value or dict.fromkeys(shape["members"])).items():
                if name in shape["members"]:
                    self._used.add((ref["shape"], name))
                    self.use(shape["members"][name], part)
        elif shape["type"] == "list":
            for part in value:
                self.use(shape["member"], part)
        elif shape["type"] == "map":
            for part in value.values():
                self.use(shape["value"], part)

    def _is_used(self, ref: _Ref) -> bool:
        return any(name == ref["shape"] for name, _ in self._used)

    def structure(self, name: str) -> Structure:
        """Return the record of a structure shape."""
        if name not in self.records:
            shape = self.shapes[name]
            built = Structure(self._record_name(name), union=bool(shape.get("union")))
            self.records[name] = built
            built.members += [
                self.member(member, ref)
                for member, ref in shape["members"].items()
                if (name, member) in self._used
            ]
        return self.records[name]

    def top(self, name: str) -> list[Member]:
        """Return the members of the shape of a whole request, response or error, with bindings of HTTP."""
        shape = self.shapes[name]
        payload = shape.get("payload")
        return [
            self._payload(member, ref) if member == payload else self._bound(member, ref)
            for member, ref in shape["members"].items()
            if (name, member) in self._used
        ]

    def root_of_payload(self, name: str, ref: _Ref) -> str:
        """Return the element of a structure that is the whole document."""
        location = ref.get("locationName")
        if location and location != name:
            return str(location)
        return str(self.shapes[ref["shape"]].get("locationName", ref["shape"]))

    def _payload(self, name: str, ref: _Ref) -> Member:
        shape = self.shapes[ref["shape"]]
        if shape["type"] == "structure":
            places: Spec = {"at": self.root_of_payload(name, ref)}
            return Member(name, self.structure(ref["shape"]), places | self._namespace(ref, shape))
        kind = "binary" if shape["type"] == "blob" else "text"
        return Member(name, Scalar(kind), {"at": "http:body"})

    def _bound(self, name: str, ref: _Ref) -> Member:
        shape = self.shapes[ref["shape"]]
        location = ref.get("location", shape.get("location"))
        if not self.request and location in ("uri", "querystring"):
            location = None  # what binds requests only does not bind responses
        key = str(ref.get("locationName", shape.get("locationName") if location else None) or name)
        stamp = ref.get("timestampFormat", shape.get("timestampFormat"))
        if location == "statusCode":
            return Member(name, Scalar("int"), {"at": "http:status"})
        if location == "uri":
            return Member(name, scalar(shape, stamp), {"at": f"path:{key}", "required": "always"})
        if location in ("headers", "querystring") and shape["type"] == "map":
            at = f"header:{key}*" if location == "headers" else "query:*"
            held = self.shapes[shape["value"]["shape"]]
            value: Value = Entries(scalar(held, None), {"map": "*"})
            return Member(name, value, {"at": at})
        if location in ("header", "querystring"):
            in_header = location == "header"
            places: Spec = {"at": f"{'header' if in_header else 'query'}:{key}"}
            default = "rfc822" if in_header else "iso8601"
            if shape["type"] == "list":
                item = self.shapes[shape["member"]["shape"]]
                value = Items(scalar(item, stamp or default), {"repeated": True})
                return Member(name, value, places | ({"join": ", "} if in_header else {}))
            traits = {**shape, **({"jsonvalue": True} if ref.get("jsonvalue") else {})}
            return Member(name, scalar(traits, stamp or default), places)
        member = self.member(name, ref)
        if self.form:
            return Member(name, member.value, member.places | {"at": f"form:{member.places['at']}"})
        return member

    def member(self, name: str, ref: _Ref) -> Member:
        """Return a member of the document, or a parameter of a form."""
        shape = self.shapes[ref["shape"]]
        wire = self._wire_name(name, ref, shape)
        if ref.get("xmlAttribute"):
            return Member(name, self._value(ref), {"at": f"@{wire}"})
        return Member(name, self._value(ref), {"at": wire} | self._namespace(ref, shape))

    def _wire_name(self, name: str, ref: _Ref, shape: _Ref) -> str:
        if self.form and self.operation.protocol == "ec2":
            plain = str(ref.get("locationName", name))
            return str(ref.get("queryName", plain[:1].upper() + plain[1:]))
        if shape["type"] == "list" and shape.get("flattened") and "locationName" in shape["member"]:
            return str(shape["member"]["locationName"])
        return str(ref.get("locationName", name))

    def _namespace(self, ref: _Ref, shape: _Ref) -> Spec:
        """Return the key for the namespace of an element, and of the items in it."""
        own = self._uri(ref.get("xmlNamespace", shape.get("xmlNamespace")))
        if own is None or shape.get("type") not in ("list", "map"):
            return {} if own is None else {"namespace": own}
        if ref.get("flattened") or shape.get("flattened"):
            return {"namespace": own}
        item = shape["member"].get("xmlNamespace") if shape["type"] == "list" else None
        return {"namespace": [own, self._uri(item) or own]}

    def _uri(self, namespace: str | Mapping[str, str] | None) -> str | None:
        if not self.request or self.form or namespace is None:
            return None
        if isinstance(namespace, str):
            return namespace
        # One with a prefix that no name carries is declared for nothing.
        return None if "prefix" in namespace else namespace["uri"]

    def _value(self, ref: _Ref) -> Value:
        shape = self.shapes[ref["shape"]]
        if shape["type"] == "structure":
            # Of a map that is always empty, nothing is known of the values.
            return self.structure(ref["shape"]) if self._is_used(ref) else Scalar("text")
        if shape["type"] == "list":
            return self._list(ref, shape)
        if shape["type"] == "map":
            return self._map(ref, shape)
        return scalar(shape, ref.get("timestampFormat", shape.get("timestampFormat")))

    def _list(self, ref: _Ref, shape: _Ref) -> Value:
        item = str(shape["member"].get("locationName", "member"))
        flattened = ref.get("flattened") or shape.get("flattened")
        if self.form and flattened and self.operation.protocol == "query":
            keys: Spec = {"list": item, "indexed": _FLAT}
        elif flattened and not self.form:
            keys = {"repeated": True}
        else:
            keys = {"list": item}
        return Items(self._item(shape["member"]), keys)

    def _item(self, ref: _Ref) -> Value:
        shape = self.shapes[ref["shape"]]
        return self._box(ref, shape) if shape["type"] in ("list", "map") else self._value(ref)

    def _map(self, ref: _Ref, shape: _Ref) -> Value:
        flattened = ref.get("flattened") or shape.get("flattened")
        key, value = shape["key"], shape["value"]
        if self._namespace(key, {}) or self._namespace(value, {}):
            pair = Structure(self._record_name(f"{ref['shape']}Pair"))
            pair.members += [
                Member(
                    name,
                    self._item(part),
                    {"at": part.get("locationName", name)} | self._namespace(part, {}),
                )
                for name, part in (("key", key), ("value", value))
            ]
            self.records[pair.record] = pair
            return Pairs(pair, {"repeated": True} if flattened else {"list": "entry"})
        keys: Spec = {"map": "entry"}
        if flattened and self.form:
            keys["indexed"] = _FLAT
        elif flattened:
            keys = {"map": "."}
        for name, part in (("key", key), ("value", value)):
            if "locationName" in part:
                keys[name] = part["locationName"]
        return Entries(self._item(value), keys)

    def _box(self, ref: _Ref, shape: _Ref) -> Value:
        name = f"{ref['shape']}Box"
        if name not in self.records:
            box = self.records[name] = Structure(self._record_name(name))
            box.members.append(self._boxed(ref, shape))
        return Boxed(self.records[name])

    def _boxed(self, ref: _Ref, shape: _Ref) -> Member:
        if shape["type"] == "map":
            flat = self._map({**ref, "flattened": True}, shape)
            return Member("entries", flat, {"at": "entry"})
        item = shape["member"]
        name = str(item.get("locationName", "member"))
        keys: Spec = {"list": name, "indexed": _FLAT} if self.form else {"repeated": True}
        return Member(
            "items", Items(self._item(item), keys), {"at": name} | self._namespace(item, {})
        )

    def _record_name(self, shape: str) -> str:
        return record_name(self.operation, shape)


def record_name(operation: Operation, shape: str) -> str:
    """Return the name of a record: of the resource, too, because names are unique in a description."""
    words = f"{operation.resource}_{operation.number or ''}_{shape}".split("_")
    return "".join(word[:1].upper() + word[1:] for word in words)
