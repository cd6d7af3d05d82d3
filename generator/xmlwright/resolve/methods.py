"""Resolve methods: their arguments and responses."""

from __future__ import annotations

import dataclasses
from typing import Final

from ..cases.tables import argument_name
from ..diagnostics import Position, nearest
from ..ir import Field, Http, Method, Paging, Provenance, Record, Ref, ResponseShape
from ..naming import attribute_name, function_name, python_name, snake, with_article
from ..schema.decoder import LocatedStr, opt
from ..schema.grammar import FieldDecl, MethodDecl, ResourceDecl, ResponseShapeDecl
from ..schema.wire_grammar import location_of
from .records import RecordResolver, takes_main_record
from .symbols import Scope, SymbolTable, deprecation, names_of, prose, provenance_of, texts
from .wire import RETRY_BY_VERB, VARIABLE, Level, WireResolver

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
        levels: tuple[Level, ...] = (decl, resource, self._description.api)
        wire = WireResolver(self._symbols)
        envelope = wire.envelope(scope, *levels)
        http = wire.http(kind, str(verb), identity.name if identity else None, *levels)
        pages = wire.paging(*levels)
        arguments = self._arguments(decl, kind, main, identity, scope, provenance, pages)
        if http is None and any(item.location is not None for item in arguments):
            http = Http(always_document=bool(envelope.request_root))
        if http is not None:
            arguments = self._located(arguments, http, verb, decl, resource, records)
            http = self._with_parts(http, arguments, verb)
        self._records.check_places(arguments)
        retry = decl.retry
        by_verb = RETRY_BY_VERB[http.verb] if http is not None and http.described_verb else None
        if retry == "safe" and by_verb == "idempotent" and http is not None:
            self._symbols.contradiction(
                decl,
                "retry",
                f"a {http.verb} changes something; repeating it is idempotent at best",
            )
        if retry is None and kind == "action" and by_verb is None:
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
        in_path = [] if http is None else VARIABLE.findall(http.path)
        by_place = {item.location: item for item in arguments}
        positional = tuple(
            by_place["path", name].python for name in in_path if ("path", name) in by_place
        )
        positional += tuple(
            item.python
            for item in arguments
            if identity is not None
            and item.name == identity.name
            and item.required
            and item.python not in positional
        )
        response = self._response(
            decl, kind, resource, main, identity, scope,
            rest=http is not None and resource.path is not None,
            bare=not envelope.response_roots and not envelope.response_payload,
            paged=pages is not None,
        )  # fmt: skip
        paging = "none"
        if kind == "list" and decl.paging is not False and response.value == "page":
            paging = "ignored" if decl.paging == "ignored" else "pages"
            self._check_end(decl, verb, pages)
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
            paging=paging,
            order=opt(order),
            retry=str(retry or by_verb or _RETRY.get(kind, "ambiguous")),
            callers=callers,
            errors=self._all_codes(kind, decl),
            events=tuple(map(str, decl.events)),
            deprecated=deprecation(decl.deprecated),
            since=opt(decl.since),
            provenance=provenance,
            at=verb.at,
            envelope=envelope,
            http=http,
            pages=pages if paging != "none" else None,
            authenticated=decl.authentication is None
            and self._description.api.authentication != "none",
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
        pages: Paging | None,
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
        in_pages = decl.paging is not False and (
            decl.response is None or decl.response.value == "page"
        )
        if kind == "list" and in_pages and pages is not None:
            for argument in _page_arguments(pages, decl):
                found.setdefault(argument.name, argument)
        return tuple(found.values())

    def _located(
        self,
        arguments: tuple[Field, ...],
        http: Http,
        verb: LocatedStr,
        decl: MethodDecl,
        resource: ResourceDecl,
        records: tuple[Record, ...],
    ) -> tuple[Field, ...]:
        """Return the arguments with their places: in the path, in parameters, or in the document."""
        api = self._description.api
        in_path = VARIABLE.findall(http.path)
        options = {*VARIABLE.findall(api.endpoint.url), *api.endpoint.variables, *api.credentials}
        found = []
        for item in arguments:
            location = item.location
            if item.name in in_path and location is None:
                location = ("path", item.name)
            elif location is None and http.arguments != "body" and item.read != "binary":
                location = (http.arguments, item.name)
                if item.path and item.path != (item.name,):
                    inner = item.path[:-1] if item.many or item.map else item.path
                    location = (http.arguments, (inner or item.path)[-1])
            if location is not None and location[0] == "path":
                if location[1] not in in_path:
                    self._symbols.contradiction(
                        decl, "http", f"the path has no {{{location[1]}}} for {item.name}"
                    )
                item = dataclasses.replace(item, required="cu", clear="refused")
            if location is not None and not (item.many or item.map):
                item = dataclasses.replace(item, path=(), attribute=None, content=False)
            self._check_location(http, location, item, verb)
            found.append(dataclasses.replace(item, location=location))
        placed = {
            item.location[1] for item in found if item.location and item.location[0] == "path"
        }
        known = {item.name: item for record in records for item in record.fields}
        first = []
        for name in in_path:
            if name in placed or name in options:
                continue
            base = known.get(name)
            if base is None:
                names = [item.name for item in arguments]
                self._diagnostics.add(
                    "dangling-reference",
                    f"the path of {verb} has {{{name}}}, which is neither an argument, a field of the"
                    " record nor an option of the client",
                    http.key_positions.get("path", resource.where("path")),
                    suggestion=nearest(name, (*names, *known, *options)),
                )
                continue
            first.append(
                dataclasses.replace(
                    _as_argument(base, required=True, at=verb.at), path=(), attribute=None, content=False,
                    location=("path", name), python=base.python,
                )
            )  # fmt: skip
        arguments = (*first, *found)
        by_place = {item.location: item for item in arguments}
        leading = [by_place["path", name] for name in in_path if ("path", name) in by_place]
        return (*leading, *(item for item in arguments if item not in leading))

    def _with_parts(self, http: Http, arguments: tuple[Field, ...], verb: LocatedStr) -> Http:
        """Return the binding of a method whose arguments may be parts of a multipart body."""
        places = {item.name: (item.location or ("document", ""))[0] for item in arguments}
        if "part" not in places.values() and not http.multipart:
            return http
        document = (http.document or ("body", ""))[0]
        message = ""
        if "part" not in places.values() and document != "part":
            message = f"{verb} has no part: write `at: part:NAME` for an argument or for `envelope: {{request: ...}}`"
        elif http.verb in ("GET", "HEAD"):
            message = f"{verb} has parts, and a {http.verb} has no body"
        elif http.form or "form" in places.values():
            message = f"{verb} has parts and parameters of a form; write `part:NAME` in place of `form:NAME`"
        elif document == "body" and "document" in places.values():
            name = next(name for name, place in places.items() if place == "document")
            message = (
                f"{verb} has parts and the argument {name} in its document; say in which part that is, as in"
                " `envelope: {request: {at: part:NAME}}`"
            )
        if message:
            self._diagnostics.add(
                "contradiction", message, http.key_positions.get("multipart", verb.at)
            )
        return dataclasses.replace(http, multipart=http.multipart or "form-data")

    def _check_location(
        self, http: Http, location: tuple[str, str] | None, item: Field, verb: LocatedStr
    ) -> None:
        """Report an argument that a request of this verb cannot carry, or that only a response can."""
        message = ""
        if location is not None and location[0] == "status":
            message = "is the HTTP status, which only a response has"
        elif http.verb in ("GET", "HEAD") and (
            location is None or location[0] in ("form", "body", "part")
        ):
            message = f"has no place in a {http.verb}, which has no body; write `at: query:NAME`"
        if message:
            self._diagnostics.add(
                "contradiction", f"the argument {item.name} of {verb} {message}", item.at
            )

    def _check_end(self, decl: MethodDecl, verb: LocatedStr, pages: Paging | None) -> None:
        """Report a list whose end a client cannot know."""
        if pages is None:
            return
        missing = ""
        if pages.style in ("cursor", "link") and not pages.next:
            missing = f"paging of style {pages.style} needs `counters: {{next: ...}}`"
        elif pages.style == "cursor" and len(pages.next) != len(pages.position):
            missing = "each argument of `position` needs one place in `counters: {next: [...]}`"
        elif pages.style != "link" and not pages.position:
            missing = "paging needs `position`: the argument that says where a page begins"
        elif (
            pages.style in ("page", "offset")
            and not pages.size
            and pages.default_size is None
            and not pages.counters.keys() & {"pages", "total", "size"}
            and pages.more is None
        ):
            missing = (
                f"nothing says where {verb} ends: give `size`, `default_size`, or one of the counters"
                " pages, total and more"
            )
        if missing:
            self._diagnostics.add("missing-key", missing, decl.where("paging"))

    def _response(
        self,
        decl: MethodDecl,
        kind: str,
        resource: ResourceDecl,
        main: Record | None,
        identity: Field | None,
        scope: Scope,
        *,
        rest: bool,
        bare: bool,
        paged: bool,
    ) -> ResponseShape:
        given = decl.response
        defaults = {"create": "id", "get": "record", "list": "page"}
        if rest:  # verbs and paths: what was written comes back
            defaults.update(create="record", update="record")
        value = str(given.value) if given else defaults.get(kind, "none")
        unpaged = decl.paging is False or not paged
        if kind == "list" and unpaged and given is None:
            value = "list"
        element = str(given.place) if given and given.place else ""
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
                    "the element of the response is unknown: the record has no identity; add `response` with `value: id` and `at`",
                    decl.at,
                )
            element = element or (identity.name if identity else "id")
            scalar = scalar or (
                (identity.read or "id") if identity and element == identity.name else "id"
            )
        elif value == "list" and scalar is None and ref is not None:
            scalar = "id"
        if value == "record":
            element = element or ("." if bare else str(resource.resource))
        elif value in ("page", "list"):
            element = element or ("." if bare else str(resource.plural or f"{resource.resource}s"))
        item = str(given.item) if given and given.item else str(resource.resource)
        media = tuple(map(str, given.media)) if given else ()
        return ResponseShape(value, element, item, record, scalar, ref, media)

    def _response_keys(self, decl: ResponseShapeDecl, value: str, kind: str) -> None:
        if value == "page" and kind != "list":
            self._symbols.contradiction(decl, "value", "only a list returns a page")
        useful = {
            "none": (),
            "id": ("at", "type", "ref"),
            "record": ("at", "record"),
            "page": ("at", "item", "record"),
            "list": ("at", "item", "record", "type", "ref"),
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
    """Where the elements around its arguments and its response get their names from."""
    one = resource.where("resource")
    by_value = {"id": identity.at if identity else one}
    by_value["page"] = by_value["list"] = resource.keys.get("plural", one)
    given = {} if decl.response is None else decl.response.keys
    return {
        "wrapper": decl.keys.get("wrapper", one),
        "element": given.get("at", by_value.get(response.value, one)),
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


def _page_arguments(pages: Paging, decl: MethodDecl) -> list[Field]:
    """Return the arguments that say which page of a list to fetch."""
    found = []
    at = decl.at
    for place in pages.position if pages.style != "link" else ():
        if pages.style == "cursor":
            doc = "Mark of the page to fetch, from the page before; left out, the first page."
        elif pages.style == "offset":
            doc = f"First row to fetch, counted from {pages.first}."
        else:
            doc = f"Which page to fetch, counted from {pages.first}."
        scalar = "text" if pages.style == "cursor" else "int"
        found.append(_place_argument(place, scalar, doc, at))
    if pages.size:
        found.append(_place_argument(pages.size, "int", _size_doc(pages), at))
    return found


def _place_argument(place: str, scalar: str, doc: str, at: Position) -> Field:
    location = location_of(place)
    return dataclasses.replace(
        _path_argument(argument_name(place), at),
        path=() if location is not None else tuple(place.split("/")),
        location=location,
        read=scalar,
        write=scalar,
        required="",
        doc=doc,
    )


def _path_argument(name: str, at: Position) -> Field:
    return Field(
        name=name, python=python_name(name), path=(), read="text", write="text", enum=None, record=None,
        ref=None, many=False, attribute=None, content=False, bare=False, access="cu", required="cu", clear="refused",
        discarded=False, sensitive=False, deprecated=None, since=None, default=None, read_empty=None, none=(),
        max_length=None, minimum=None, maximum=None, places=None, media=(), max_bytes=None,
        doc="Part of the path of the URL.", provenance=Provenance("documented"), at=at,
    )  # fmt: skip


def _size_doc(pages: Paging) -> str:
    limit = f", at most {pages.maximum_size}" if pages.maximum_size is not None else ""
    default = f"; {pages.default_size} when left out" if pages.default_size is not None else ""
    return f"How many rows a page may have{default}{limit}."
