"""Resolve enums, records and their fields."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ..diagnostics import Position, Related, nearest
from ..ir import Enum, EnumWord, Field, Provenance, Record, Ref
from ..naming import RESERVED_CLASSES, cap_words, python_name
from ..schema.api_grammar import NamedDocDecl
from ..schema.decoder import INVALID, Decoder, Integer, LocatedStr, opt
from ..schema.grammar import (
    DirectionDecl,
    EnumDecl,
    FieldDecl,
    GroupDecl,
    MethodDecl,
    RecordDecl,
    ResourceDecl,
)
from ..schema.vocabulary import BOOLEAN, SCALARS, TEXT
from ..schema.wire_grammar import listed, location_of
from .symbols import (
    SHARED,
    Scope,
    SymbolTable,
    deprecation,
    names_of,
    positions_of,
    prose,
    provenance_of,
    refused,
)

_DEFAULTS: Final[dict[str, Decoder]] = {
    "flag": BOOLEAN,
    "int": Integer(-1_000_000_000),
    "id": Integer(),
}
"""Scalar -> what a default of it is in YAML; text for others."""
_MEDIA: Final = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")
_ACCESS: Final = {"read": "r", "write": "cu", "both": "rcu", "create": "c", "update": "u"}


@dataclasses.dataclass(frozen=True, slots=True)
class _Placed:
    """Where a field is on the wire."""

    path: tuple[str, ...]
    attribute: str | None
    content: bool
    location: tuple[str, str] | None
    fallbacks: tuple[str, ...] = ()


class RecordResolver:
    """Resolves enums, records and their fields."""

    def __init__(self, symbols: SymbolTable) -> None:
        self._symbols = symbols
        self._description = symbols.description
        self._diagnostics = symbols.diagnostics

    def enums(
        self, decls: Mapping[LocatedStr, EnumDecl], module: str, provenance: Provenance
    ) -> tuple[Enum, ...]:
        """Resolve the enums of a module."""
        found = []
        for name, decl in decls.items():
            words: list[EnumWord] = []
            said: dict[tuple[str, str], tuple[LocatedStr, Position]] = {}
            if decl.events:
                words = [
                    self._event_word(*item, provenance)
                    for item in self._description.api.events.items()
                ]
                if decl.words:
                    self._symbols.contradiction(decl, "words", "the words are those of the events")
            elif "words" not in decl.keys:
                self._diagnostics.add("missing-key", "the key 'words' is missing", decl.at)
            for word, facts in decl.words.items():
                self._symbols.check_sources(facts.source)
                request, response = str(facts.request or word), str(facts.response or word)
                for where, text in (("request", request), ("response", response)):
                    at = facts.keys.get(where, word.at)
                    first, place = said.setdefault((where, text), (word, at))
                    if first is not word:
                        self._diagnostics.add(
                            "duplicate-name",
                            f"the words {str(first)!r} and {str(word)!r} are the same in {where}s",
                            at,
                            related=[Related(place, "the other word")],
                        )
                words.append(
                    EnumWord(
                        str(word),
                        request,
                        response,
                        prose(facts.doc),
                        facts.access != "write",
                        facts.access != "read",
                        deprecation(facts.deprecated),
                        provenance_of(facts, provenance),
                        word.at,
                        positions_of(facts, "request", "response"),
                    )
                )
            found.append(Enum(module, str(name), prose(decl.doc), tuple(words), name.at))
        return tuple(found)

    def _event_word(
        self, name: LocatedStr, event: NamedDocDecl, provenance: Provenance
    ) -> EnumWord:
        text = str(name)
        return EnumWord(
            text, text, text, prose(event.doc), True, True, None, provenance_of(event, provenance), name.at
        )  # fmt: skip

    def records(
        self,
        decls: Mapping[LocatedStr, RecordDecl],
        scope: Scope,
        provenance: Provenance,
        resource: ResourceDecl | None = None,
    ) -> tuple[Record, ...]:
        """Resolve the records of a module; their directions are not known yet."""
        found = []
        for index, (name, decl) in enumerate(decls.items()):
            fields = self._fields(decl, scope, provenance)
            doc = prose(decl.doc)
            if not doc and resource is not None and index == 0:
                doc = prose(resource.doc)
            identity = None
            if decl.identity is not None:
                owner = next((item for item in fields if item.name == decl.identity), None)
                if owner is None:
                    self._symbols.dangling("field", decl.identity, names_of(fields))
                else:
                    identity = owner.python
            found.append(
                Record(
                    scope.module, str(name), doc, identity, fields, False, False, name.at,
                    self._choices(decl, fields),
                )
            )  # fmt: skip
            self.check_places(fields)
        if resource is not None and found:
            self._main_name(found[0], resource)
        return tuple(found)

    def _choices(self, decl: RecordDecl, fields: tuple[Field, ...]) -> tuple[tuple[str, ...], ...]:
        """Return the groups of fields of which a request has exactly one."""
        groups = decl.one_of
        if groups and not any(isinstance(group, tuple) for group in groups):
            groups = (tuple(name for name in groups if isinstance(name, LocatedStr)),)
        known = {item.name: item.python for item in fields}
        found = []
        for group in groups:
            names = group if isinstance(group, tuple) else (group,)
            found.append(
                tuple(known[name] for name in names if self._symbols.check("field", name, known))
            )
        return tuple(found)

    def with_directions(
        self,
        records: tuple[Record, ...],
        module: str,
        read: set[Ref],
        written: set[Ref],
        decl: ResourceDecl | None = None,
    ) -> tuple[Record, ...]:
        """Mark which records responses hold and which requests hold.

        ``read`` and ``written`` hold the records that methods name; those that these lead to are
        added.
        """
        by_ref = {Ref(module, record.name): record for record in records}
        for seen, answers in ((read, True), (written, False)):
            waiting = list(seen)
            while waiting:
                record = by_ref.get(waiting.pop())
                for item in record.fields if record is not None else ():
                    used = item.readable if answers else item.writable
                    if used and item.record is not None and item.record not in seen:
                        seen.add(item.record)
                        waiting.append(item.record)
        main = next(iter(decl.records), None) if decl is not None else None
        for ref, record in by_ref.items():
            if ref not in read and ref not in written and record.name != main:
                self._symbols.unused(
                    f"no method reads or writes the record {record.name}; name it or take it out",
                    record.at,
                )
        return tuple(
            dataclasses.replace(record, in_responses=ref in read, in_requests=ref in written)
            for ref, record in by_ref.items()
        )

    def _main_name(self, main: Record, resource: ResourceDecl) -> None:
        by_default = [
            method
            for verb, method in resource.methods.items()
            if takes_main_record(str(verb), method)
        ]
        wanted = cap_words(resource.resource)
        if by_default and main.name != wanted and wanted not in RESERVED_CLASSES:
            self._diagnostics.add(
                "bad-name",
                f"the main record of {resource.resource} should be named after it",
                main.at,
                suggestion=wanted,
            )

    def _fields(
        self, decl: RecordDecl | GroupDecl, scope: Scope, provenance: Provenance
    ) -> tuple[Field, ...]:
        found: dict[str, Field] = {}
        extends = decl.extends if isinstance(decl, RecordDecl) else ()
        self._add_groups(found, extends, scope, provenance)
        for name, item in decl.fields.items():
            if str(name) in found:
                self._diagnostics.add(
                    "duplicate-name",
                    f"a group that the record extends has a field {name}, too",
                    name.at,
                    related=[Related(found[str(name)].at, "in the group")],
                )
            found[str(name)] = self.field(name, item, scope, provenance)
        self._add_groups(found, decl.include, scope, provenance)
        by_python: dict[str, Field] = {}
        for field in found.values():
            first = by_python.setdefault(field.python, field)
            if first is not field:
                self._diagnostics.add(
                    "duplicate-name",
                    f"the Python name {field.python} is used already",
                    field.at,
                    related=[Related(first.at, "by this field")],
                )
        return tuple(found.values())

    def _add_groups(
        self,
        found: dict[str, Field],
        groups: Iterable[LocatedStr],
        scope: Scope,
        provenance: Provenance,
    ) -> None:
        for group in groups:
            included = scope.groups.get(group)
            if included is None:
                self._symbols.dangling("group", group, scope.groups)
                continue
            self._symbols.used_groups.add(id(included))
            for field in self._fields(included, scope, provenance):
                if field.name in found:
                    self._diagnostics.add(
                        "duplicate-name",
                        f"the field {field.name} of the group {group} is declared already",
                        group.at,
                        related=[
                            Related(found[field.name].at, "here"),
                            Related(field.at, "and in the group"),
                        ],
                    )
                found[field.name] = field

    def check_places(self, fields: Iterable[Field]) -> None:
        """Report fields that have the same place in the XML."""
        seen: dict[tuple[object, ...], Field] = {}
        for item in fields:
            location = item.location
            if location is not None and location[0] == "header":
                location = ("header", location[1].lower())
            place = (item.path, item.attribute, item.content and not item.path, location)
            first = seen.setdefault(place, item)
            if first is not item and set(first.access) & set(item.access):
                self._diagnostics.add(
                    "duplicate-name",
                    f"{item.name} and {first.name} have the same place in the XML",
                    item.at,
                    related=[Related(first.at, f"{first.name} is described here")],
                )

    def field(
        self,
        name: LocatedStr,
        decl: FieldDecl,
        scope: Scope,
        inherited: Provenance,
        *,
        argument: bool = False,
    ) -> Field:
        """Resolve a field of a record, or an argument of a method."""
        self._symbols.check_sources(decl.source)
        read, write = self._types(name, decl)
        record = self._symbols.find("record", decl.record, scope.records)
        enum = self._symbols.find("enum", decl.enum, scope.enums)
        if decl.ref is not None and decl.ref not in self._symbols.resources:
            self._symbols.dangling("resource", decl.ref, self._symbols.resources)
        placed = self._placed(name, decl)
        access = self._letters(decl, argument)
        required = self._required(decl, access)
        if decl.bare and (decl.list is None or decl.record is None):
            self._symbols.contradiction(decl, "bare", "bare goes with list and record")
        if decl.list is not None and decl.repeated:
            self._symbols.contradiction(
                decl, "repeated", "a list with a wrapper is not also repeated without one"
            )
        default = self._default(decl, scope, read or write)
        self._limits(decl, write)
        return Field(
            name=str(name),
            python=str(decl.python or python_name(name)),
            path=placed.path,
            read=read,
            write=write,
            enum=enum,
            record=record,
            ref=opt(decl.ref),
            many=decl.list is not None or decl.repeated,
            attribute=placed.attribute,
            content=placed.content,
            bare=decl.bare,
            access=access,
            required=required,
            clear=str(decl.clear or ("refused" if required else "allowed")),
            discarded=decl.discarded,
            sensitive=decl.sensitive,
            deprecated=deprecation(decl.deprecated),
            since=opt(decl.since),
            default=default,
            read_empty=opt(decl.read_empty),
            none=tuple(map(str, decl.none)),
            max_length=decl.max_length,
            minimum=None if decl.minimum is None else str(decl.minimum),
            maximum=None if decl.maximum is None else str(decl.maximum),
            places=decl.places,
            media=tuple(map(str, decl.media)),
            max_bytes=decl.max_bytes,
            doc=prose(decl.doc),
            provenance=provenance_of(decl, inherited),
            at=name.at,
            scalar=self._scalar(decl),
            location=placed.location,
            fallbacks=placed.fallbacks,
            map=decl.map is not None,
            key_element=str(decl.key_element or "key"),
            value_element=str(decl.value_element or "value"),
            namespaces=tuple(map(str, listed(decl.namespace))),
            indexed=opt(decl.indexed),
            join=opt(decl.join),
            key_positions=positions_of(decl, "at", "list", "map", "none"),
        )

    def _scalar(self, decl: FieldDecl) -> str | None:
        """Return the named format of a field; None for a built-in type."""
        names = (
            (decl.type.read, decl.type.write)
            if isinstance(decl.type, DirectionDecl)
            else () if decl.type is None else (decl.type,)
        )
        return next((str(name) for name in names if name not in SCALARS), None)

    def _base(self, name: LocatedStr) -> str:
        """Return the built-in type that a type is, or is a format of."""
        if name in SCALARS:
            return str(name)
        scalars = self._description.api.scalars
        if name in refused(scalars) or not self._symbols.check("type", name, (*SCALARS, *scalars)):
            return "text"
        return str(scalars[name].base or "text")

    def _types(self, name: LocatedStr, decl: FieldDecl) -> tuple[str | None, str | None]:
        given = [kind for kind in ("type", "enum", "record") if getattr(decl, kind) is not None]
        if len(given) > 1:
            self._symbols.contradiction(
                decl, given[1], f"a field has a {given[0]} or a {given[1]}, not both"
            )
        if not given:
            if decl.ref is not None:
                return "id", "id"
            if any(kind in decl.keys for kind in ("type", "enum", "record", "ref")):
                return "text", "text"  # one was given and refused, which is reported already
            self._diagnostics.add(
                "missing-key",
                f"{name} has no type, enum, record or ref",
                decl.at,
                suggestion="type: text",
            )
            return "text", "text"
        if isinstance(decl.type, DirectionDecl):
            return self._base(decl.type.read), self._base(decl.type.write)
        if decl.type is None:
            return None, None
        base = self._base(decl.type)
        return base, base

    def _placed(self, name: LocatedStr, decl: FieldDecl) -> _Placed:
        """Return where a field is on the wire."""
        inside = [place for place in listed(decl.wire) if location_of(place) is None]
        outside = [found for place in listed(decl.wire) if (found := location_of(place))]
        if len(outside) > 1:
            self._symbols.contradiction(decl, "at", "a field has one place outside of the document")
        location = outside[0] if outside else None
        item = decl.list or (decl.map if decl.map != "." else None)
        if location is not None and not inside:
            # Names of parameters may hold the item of a list: Tags.member.1.
            items = (str(decl.list),) if decl.list is not None else ()
            return _Placed(items, None, content=False, location=location)
        place = str(inside[0]) if inside else str(name)
        *path, last = [part for part in place.split("/") if part not in ("", ".")] or ["."]
        content = last == "." and item is None
        attribute = None
        if last.startswith("@"):
            attribute = last[1:]
        elif last != ".":
            path.append(last)
        if (attribute is not None or content) and (
            item is not None or decl.repeated or decl.record is not None
        ):
            self._symbols.contradiction(decl, "at", "an attribute or text holds one scalar")
        others = [str(place) for place in inside[1:]]
        if path and "." in others:
            others.remove(".")
            content = True
        if item is not None:
            path.append(str(item))
        return _Placed(
            tuple(path), attribute, content=content, location=location, fallbacks=tuple(others)
        )

    def _letters(self, decl: FieldDecl, argument: bool) -> str:
        if decl.access is None:
            return "rcu"
        if argument:
            self._symbols.contradiction(decl, "access", "an argument of a method has no access")
        words = (decl.access,) if isinstance(decl.access, str) else decl.access
        return "".join(letter for letter in "rcu" if any(letter in _ACCESS[word] for word in words))

    def _required(self, decl: FieldDecl, access: str) -> str:
        if decl.required is None:
            return ""
        words = (decl.required,) if isinstance(decl.required, str) else decl.required
        letters = "".join(
            letter
            for letter, verb in (("c", "create"), ("u", "update"))
            if verb in words or "always" in words
        )
        for letter, verb in (("c", "create"), ("u", "update")):
            if verb in words and letter not in access:
                self._symbols.contradiction(
                    decl,
                    "required",
                    f"required in {verb}, but access does not let it be sent there",
                )
        if (
            decl.clear is not None
            and decl.clear != "refused"
            and "always" not in words
            and letters == "cu"
        ):
            self._symbols.contradiction(decl, "clear", "what is required cannot be cleared")
        return letters

    def _default(self, decl: FieldDecl, scope: Scope, scalar: str | None) -> str | None:
        node = decl.default
        if node is None:
            return None
        kind = _DEFAULTS.get(scalar or "text", TEXT)
        if kind.decode(node, self._diagnostics) is INVALID:
            return None
        if scalar == "decimal":
            self._decimal(LocatedStr(node.text, node.position))
        if decl.enum is not None:
            entry = scope.enums.get(decl.enum)
            words, refused = self._words_of(entry) if entry else ((), {})
            if words and node.text not in words and node.text not in refused:
                near = nearest(node.text, words)
                self._diagnostics.add(
                    "bad-default",
                    f"{node.text!r} is not a word of {decl.enum}",
                    node.position,
                    suggestion=near,
                    related=[
                        Related(word.at, f"{near} is described here")
                        for word in words
                        if word == near
                    ],
                )
        return node.text

    def _words_of(self, ref: Ref) -> tuple[tuple[LocatedStr, ...], Mapping[str, Position]]:
        """The words of an enum, and those whose description was refused."""
        holder: Any = (
            self._description.shared
            if ref.module == SHARED
            else self._symbols.resources.get(ref.module)
        )
        if not holder:
            return (), {}
        enum: EnumDecl = holder.enums[ref.name]
        words = self._description.api.events if enum.events else enum.words
        return tuple(words), refused(words)

    def _decimal(self, word: LocatedStr) -> None:
        try:
            Decimal(str(word))
        except InvalidOperation:
            self._diagnostics.add("bad-default", f"{word!r} is not a decimal number", word.at)

    def _limits(self, decl: FieldDecl, write: str | None) -> None:
        low, high = decl.minimum, decl.maximum
        if low is not None and high is not None and Decimal(low) > Decimal(high):
            self._symbols.contradiction(
                decl, "maximum", f"the maximum {high} is less than the minimum {low}"
            )
        for key in ("media", "max_bytes"):
            if getattr(decl, key) and write != "binary":
                self._symbols.contradiction(decl, key, f"{key} goes with type: binary")
        for word in decl.media:
            if _MEDIA.fullmatch(word) is None:
                self._diagnostics.add(
                    "bad-media",
                    f"{word!r} is not a content type; write one such as image/png",
                    word.at,
                )


def takes_main_record(verb: str, method: MethodDecl) -> bool:
    """Return whether a method works on the first record of its resource by default."""
    kinds = ["create", "update", "get"]
    if method.response is None or method.response.record is None:
        kinds.append("list")
    return method.record is None and (method.kind or verb) in kinds
