"""Resolve methods: their arguments and responses."""

from __future__ import annotations

import dataclasses
from typing import Final

from ..diagnostics import Position
from ..ir import Field, Method, Provenance, Record, Ref, ResponseShape
from ..naming import attribute_name, function_name, python_name, snake, with_article
from ..schema.decoder import LocatedStr, opt
from ..schema.grammar import FieldDecl, MethodDecl, ResourceDecl, ResponseShapeDecl
from .records import RecordResolver, takes_main_record
from .symbols import Scope, SymbolTable, deprecation, names_of, prose, provenance_of, texts

_RETRY: Final = {
    "get": "safe",
    "list": "safe",
    "create": "ambiguous",
    "update": "idempotent",
    "delete": "idempotent",
}
_MODES: Final = {"create": "create", "update": "update"}
_SUMMARIES: Final = {
    "create": "Creates {one}.",
    "update": "Changes {one}. What is left out stays as it is.",
    "get": "Fetches {one}.",
    "delete": "Deletes {one}.",
    "list": "Lists {many}.",
}


class MethodResolver:
    """Resolves the methods of a resource."""

    def __init__(self, symbols: SymbolTable, records: RecordResolver) -> None:
        """Initialize the instance."""
        self._symbols = symbols
        self._description = symbols.description
        self._diagnostics = symbols.diagnostics
        self._records = records

    def method(
        self,
        resource: ResourceDecl,
        verb: LocatedStr,
        decl: MethodDecl,
        scope: Scope,
        records: tuple[Record, ...],
        inherited: Provenance,
    ) -> Method | None:
        """Resolve a method; None, with a diagnostic, where it lacks a record."""
        kind = str(decl.kind or (verb if verb in _RETRY else "action"))
        main = self._main_record(decl, records)
        if main is None and takes_main_record(str(verb), decl):
            self._diagnostics.add(
                "dangling-reference",
                f"{resource.resource} has no record for {verb}; declare one in `records`",
                verb.at,
            )
            return None
        self._symbols.check_sources(decl.source)
        self._symbols.check_people(decl.callers)
        self._symbols.check_codes(decl.errors)
        for event in decl.events:
            if event not in self._description.api.events:
                self._symbols.dangling("event", event, self._description.api.events)
        provenance = provenance_of(decl, inherited)
        for key, allowed in (("filters", "list"), ("paging", "list"), ("order", "list")):
            if key in decl.keys and kind != allowed:
                self._symbols.contradiction(
                    decl, key, f"`{key}` needs a list; {verb} is {with_article(kind)}"
                )
        identity = self._identity(main)
        arguments = self._arguments(decl, kind, main, identity, scope, provenance)
        retry = decl.retry
        if retry is None and kind == "action":
            self._diagnostics.add(
                "missing-key",
                f"{verb} needs `retry`: safe, idempotent or ambiguous",
                verb.at,
            )
        wrapper: str | None = str(decl.wrapper or resource.resource)
        if decl.wrapper == "none" or (decl.wrapper is None and kind not in ("create", "update")):
            wrapper = None
        order = decl.order
        if order is not None and main is not None:
            field = LocatedStr(order.removeprefix("-"), order.at)
            if field not in names_of(main.fields):
                self._symbols.dangling("field", field, names_of(main.fields))
        callers = {**texts(resource.callers)} if not decl.callers else texts(decl.callers)
        parts = [snake(part) for part in str(verb).split(".")]
        if decl.python is not None:
            parts[-1] = str(decl.python)
        positional = tuple(
            item.python
            for item in arguments
            if identity is not None and item.name == identity.name and item.required
        )
        response = self._response(decl, kind, resource, main, identity, scope)
        plural = str(resource.plural or resource.resource + "s").replace("_", " ")
        one = with_article(resource.resource.replace("_", " "))
        return Method(
            resource=str(resource.resource),
            verb=str(verb),
            kind=kind,
            python=tuple(map(attribute_name, parts)),
            function=function_name(tuple(parts)),
            doc=prose(decl.doc) or _SUMMARIES.get(kind, "").format(one=one, many=plural),
            wrapper=wrapper,
            arguments=arguments,
            positional=positional,
            mode=_MODES.get(kind, "write"),
            response=response,
            paging=(
                "none"
                if kind != "list"
                or decl.paging is False
                or (decl.response and decl.response.value != "page")
                else ("ignored" if decl.paging == "ignored" else "pages")
            ),
            order=opt(order),
            retry=str(retry or _RETRY.get(kind, "ambiguous")),
            callers=callers,
            errors=self._all_codes(kind, decl),
            events=tuple(map(str, decl.events)),
            deprecated=deprecation(decl.deprecated),
            since=opt(decl.since),
            provenance=provenance,
            at=verb.at,
            key_positions=_method_places(resource, decl, response, identity),
        )

    def _main_record(self, decl: MethodDecl, records: tuple[Record, ...]) -> Record | None:
        if decl.record is not None:
            found = next((item for item in records if item.name == decl.record), None)
            if found is None:
                self._symbols.dangling("record", decl.record, names_of(records))
            return found
        return records[0] if records else None

    def _identity(self, main: Record | None) -> Field | None:
        if main is None or main.identity is None:
            return None
        return main.field(main.identity)

    def _arguments(
        self,
        decl: MethodDecl,
        kind: str,
        main: Record | None,
        identity: Field | None,
        scope: Scope,
        provenance: Provenance,
    ) -> tuple[Field, ...]:
        found: dict[str, Field] = {}
        letter = {"create": "c", "update": "u"}.get(kind)
        if kind in ("get", "delete", "update") and identity is not None:
            found[identity.name] = _as_argument(identity, required=True)
        if letter is not None and main is not None:
            known = names_of(main.fields)
            for name in decl.omit:
                if name not in known:
                    self._symbols.dangling("field", name, known)
            for item in main.fields:
                if letter in item.access and item.name not in decl.omit and item.name not in found:
                    found[item.name] = _as_argument(item, required=letter in item.required)
        elif decl.omit:
            self._symbols.contradiction(decl, "omit", "omit is for create and update")
        for name, given in (*decl.arguments.items(), *decl.filters.items()):
            if isinstance(given, FieldDecl):
                resolved = self._records.field(name, given, scope, provenance, argument=True)
                found[str(name)] = _as_argument(resolved, required=bool(resolved.required))
                continue
            same = (
                next((other for other in main.fields if other.name == name), None) if main else None
            )
            if same is None:
                self._symbols.dangling("field", name, names_of(main.fields if main else ()))
                continue
            is_identity = identity is not None and same.name == identity.name
            found[str(name)] = _as_argument(
                same, required=is_identity and name in decl.arguments, at=name.at
            )
        paging = self._description.api.paging
        in_pages = decl.paging is not False and (
            decl.response is None or decl.response.value == "page"
        )
        if kind == "list" and in_pages and paging is not None:
            for place, doc in (
                (
                    paging.position,
                    "Which page to fetch, counted from " + str(paging.first) + ".",
                ),
                (paging.size, _size_doc(paging.default_size, paging.maximum_size)),
            ):
                found.setdefault(str(place), _counter(place, doc))
        arguments = tuple(found.values())
        self._records.check_places(arguments)
        return arguments

    def _response(
        self,
        decl: MethodDecl,
        kind: str,
        resource: ResourceDecl,
        main: Record | None,
        identity: Field | None,
        scope: Scope,
    ) -> ResponseShape:
        given = decl.response
        value = str(given.value) if given else {
            "create": "id", "get": "record", "list": "page",
        }.get(kind, "none")  # fmt: skip
        unpaged = decl.paging is False or self._description.api.paging is None
        if kind == "list" and unpaged and given is None:
            value = "list"
        element = str(given.element) if given and given.element else ""
        if given is not None:
            self._response_keys(given, value, kind)
        record: Ref | None = None
        scalar = opt(given.type) if given else None
        ref = opt(given.ref) if given else None
        if ref is not None and ref not in self._symbols.resources and given and given.ref:
            self._symbols.dangling("resource", given.ref, self._symbols.resources)
        if value in ("record", "page", "list") and scalar is None and ref is None:
            record = self._symbols.find("record", given.record if given else None, scope.records)
            if record is None and main is not None:
                record = Ref(main.module, main.name)
        if value == "id":
            if identity is None and not element:
                self._diagnostics.add(
                    "missing-key",
                    "the element of the response is unknown: the record has no identity; add `response` with `value: id` and `element`",
                    decl.at,
                )
            element = element or (identity.name if identity else "id")
            scalar = scalar or (
                (identity.read or "id") if identity and element == identity.name else "id"
            )
        elif value == "list" and scalar is None and ref is not None:
            scalar = "id"
        if value == "record":
            element = element or str(resource.resource)
        elif value in ("page", "list"):
            element = element or str(resource.plural or f"{resource.resource}s")
        item = str(given.item) if given and given.item else str(resource.resource)
        media = tuple(map(str, given.media)) if given else ()
        return ResponseShape(value, element, item, record, scalar, ref, media)

    def _response_keys(self, decl: ResponseShapeDecl, value: str, kind: str) -> None:
        if value == "page" and kind != "list":
            self._symbols.contradiction(decl, "value", "only a list returns a page")
        useful = {
            "none": (),
            "id": ("element", "type", "ref"),
            "record": ("element", "record"),
            "page": ("element", "item", "record"),
            "list": ("element", "item", "record", "type", "ref"),
            "binary": ("media",),
        }[value]
        for key in decl.keys:
            if key != "value" and key not in useful:
                self._symbols.contradiction(decl, key, f"a response of kind {value} has no {key}")

    def _all_codes(self, kind: str, decl: MethodDecl) -> tuple[str, ...]:
        api = self._description.api
        codes: dict[str, None] = {}
        for source in ("any", kind):
            for key, listed in api.method_errors.items():
                if key == source:
                    codes.update(dict.fromkeys(map(str, listed)))
        codes.update(dict.fromkeys(map(str, decl.errors)))
        return tuple(sorted(codes))


def _method_places(
    resource: ResourceDecl, decl: MethodDecl, response: ResponseShape, identity: Field | None
) -> dict[str, Position]:
    """Where the elements around its arguments and its answer get their names from."""
    one = resource.where("resource")
    by_value = {"id": identity.at if identity else one}
    by_value["page"] = by_value["list"] = resource.keys.get("plural", one)
    given = {} if decl.response is None else decl.response.keys
    return {
        "wrapper": decl.keys.get("wrapper", one),
        "element": given.get("element", by_value.get(response.value, one)),
        "item": given.get("item", one),
    }


def _as_argument(item: Field, *, required: bool, at: Position | None = None) -> Field:
    return dataclasses.replace(
        item,
        access="cu",
        required="cu" if required else "",
        clear="refused" if required else item.clear,
        bare=item.bare,
        at=at or item.at,
    )


def _counter(name: LocatedStr, doc: str) -> Field:
    return Field(
        name=str(name), python=python_name(name), path=(str(name),), read="int", write="int", enum=None, record=None,
        ref=None, many=False, attribute=None, content=False, bare=False, access="cu", required="", clear="refused",
        discarded=False, sensitive=False, deprecated=None, since=None, default=None, read_empty=None, none=(),
        max_length=None, minimum=None, maximum=None, places=None, media=(), max_bytes=None, doc=doc, provenance=Provenance("documented"),
        at=name.at,
    )  # fmt: skip


def _size_doc(default: int, maximum: int | None) -> str:
    limit = f", at most {maximum}" if maximum is not None else ""
    return f"How many rows a page may have; {default} when left out{limit}."
