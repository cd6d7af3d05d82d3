"""From the operations of a model to the methods of a description."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from .model import Json, Model
from .names import MethodName, python_names
from .shapes import Member, Record, Shapes, Spec, deprecation
from .texts import markdown

_READING_VERBS: Final = ("describe", "get", "head", "list", "search")
_READ: Final = frozenset(
    ["name", "http", "input", "output", "errors", "documentation", "deprecated", "deprecatedMessage", "deprecatedSince",
     "documentationUrl", "idempotent", "readonly"]
)  # fmt: skip
_NAMED: Final = {
    "auth": "how single operations are signed",
    "authtype": "how single operations are signed",
    "unsignedPayload": "how single operations are signed",
    "endpoint": "host names of single operations",
    "endpointdiscovery": "host names of single operations",
    "staticContextParams": "parameters of rules for the endpoint",
    "operationContextParams": "parameters of rules for the endpoint",
    "httpChecksum": "checksums that a client adds",
    "httpChecksumRequired": "checksums that a client adds",
    "requestcompression": "compression of requests",
}


class OutOfScopeError(Exception):
    """An operation that the language has no words for. The message says why."""


@dataclass(frozen=True)
class Bound:
    """A member of a whole request or response, and where it is."""

    member: Member
    where: str
    """``body``, ``form``, ``path``, ``query``, ``header``, ``headers`` (a prefix), ``queries``, ``payload`` (the root),
    ``raw`` (the whole body) or ``status``."""
    key: str
    """Its name there."""


@dataclass
class Operation:
    """An operation with what its description says."""

    name: str
    where: MethodName
    given: Json
    spec: Spec
    arguments: list[Bound]
    results: list[Bound]
    wrapper: str | None = None
    """Root of the request document around arguments of the body."""
    namespace: str | None = None
    records: set[str] = field(default_factory=set)
    """Names of the records and enums that it uses itself."""
    page: Bound | None = None
    """The list that comes in pages."""
    single: Bound | None = None
    """The one member of a response that is its value."""
    marks: list[str] = field(default_factory=list)
    """Members of the response that say where the next page begins."""
    more: str | None = None


class Operations:
    """Makes methods of operations."""

    def __init__(self, model: Model, shapes: Shapes) -> None:
        self.model = model
        self.shapes = shapes
        self.notes = model.notes

    def operation(self, name: str, where: MethodName) -> Operation:
        """Return an operation.

        Raises:
            OutOfScopeError: the language has no words for it.
        """
        given = self.model.operations[name]
        place = f"operations.{name}"
        for key, ref in (("input", given.get("input")), ("output", given.get("output"))):
            if ref is not None and self.shapes.is_event_stream(ref["shape"]):
                raise OutOfScopeError(f"its {key} is a stream of events, a binary framing")
        http: Spec = {}
        self._http(given, http)
        found = Operation(
            name=name,
            where=where,
            given=given,
            spec={},
            arguments=self._arguments(given, place),
            results=self._results(given, place),
        )
        if http.get("verb") in ("GET", "HEAD") and any(
            bound.where in ("body", "payload", "raw") for bound in found.arguments
        ):
            raise OutOfScopeError(f"a {http['verb']} with a body")
        self._note(place, given)
        spec: Spec = {
            "python": where.method,
            "doc": markdown(given.get("documentation")) or f"Calls {name}.",
        }
        if given.get("deprecated"):
            spec["deprecated"] = deprecation(given)
        envelope: Spec = {}
        paging = self._paging(found)
        spec["kind"] = "list" if paging is not None else "action"
        if not http.get("verb") or http["verb"] == "POST":
            reads = where.method.partition("_")[0] in _READING_VERBS
            spec["retry"] = "safe" if reads else "ambiguous"
        self._request(found, http, envelope)
        if http:
            spec["http"] = (
                f"{http['verb']} {http['path']}" if http.keys() == {"verb", "path"} else http
            )
        if paging is not None:
            spec["paging"] = paging
        self._add_arguments(found, spec, paging)
        spec["response"] = self._response(found, envelope)
        if envelope:
            spec["envelope"] = envelope
        codes = [code for ref in given.get("errors", ()) if (code := self.code(ref["shape"]))]
        if codes:
            spec["errors"] = list(dict.fromkeys(codes))
        if given.get("authtype") == "none" or given.get("auth") == ["smithy.api#noAuth"]:
            spec["authentication"] = "none"
        found.spec = spec
        used = [bound.member for bound in (*found.arguments, *found.results)]
        found.records.update(self.shapes.uses(used))
        return found

    def code(self, shape: str) -> str:
        """Return the code of an error shape."""
        return str((self.shapes.shapes[shape].get("error") or {}).get("code", shape))

    def _note(self, place: str, given: Json) -> None:
        for key in given:
            if key not in _READ:
                self.notes.add(_NAMED.get(key, f"the trait {key} of operations"), place)

    # requests

    def _http(self, given: Json, http: Spec) -> None:
        if self.model.is_form:
            return
        path, _, constants = str(given.get("http", {}).get("requestUri", "/")).partition("?")
        http["verb"] = str(given.get("http", {}).get("method", "POST"))
        http["path"] = path
        if constants:
            pairs = (pair.partition("=") for pair in constants.split("&"))
            http["constants"] = {f"query:{key}": value for key, _, value in pairs}

    def _arguments(self, given: Json, place: str) -> list[Bound]:
        if "input" not in given:
            return []
        name = given["input"]["shape"]
        shape = self.shapes.shapes[name]
        python = python_names(shape.get("members", {}))
        required = set(shape.get("required", ()))
        found = []
        for member, ref in shape.get("members", {}).items():
            at = f"shapes.{name}.members.{member}"
            bound = self._sent(shape, member, python[member], ref, at, member in required)
            if bound is not None:
                found.append(bound)
        return found

    def _sent(
        self, shape: Json, name: str, python: str, ref: Json, at: str, required: bool
    ) -> Bound | None:
        """Return an argument; None where the language has no words for it and it may be left out."""
        inner = self.shapes.shape(ref)
        where, key, spec = self._located(shape, name, ref, request=True)
        if where in ("queries", "headers") and self.shapes.shape(inner["value"])["type"] == "list":
            if required:
                raise OutOfScopeError(f"{name} is required, and is a map of lists of parameters")
            self.notes.add("arguments: maps of lists of parameters", at)
            return None
        if where == "path":
            required = False  # a path names it: it is required anyway
        return Bound(self.shapes.finished(name, python, ref, spec, at, required), where, key)

    def _located(
        self, shape: Json, name: str, ref: Json, *, request: bool
    ) -> tuple[str, str, Spec]:
        """Return where a member of a whole message is, its name there, and what the field says."""
        shapes = self.shapes
        inner = shapes.shape(ref)
        if self.model.is_form:
            if request:
                key = shapes.sent_name(name, ref)
                return "form", key, {**shapes.value(ref, name), "at": f"form:{key}"}
            key = shapes.read_name(name, ref)
            return "body", key, {**shapes.value(ref, name), "at": key}
        if shape.get("payload") == name:
            return self._payload(name, ref)
        location = ref.get("location")
        if location is not None and not request and location in ("uri", "querystring"):
            location = None  # what binds requests only does not bind responses
        key = str(ref.get("locationName", name))
        if location == "statusCode":
            return "status", "", {"type": "int", "at": "http:status"}
        if location == "uri":
            return "path", key, {**shapes.scalar(ref), "at": f"path:{key}"}
        if location in ("headers", "querystring") and inner["type"] == "map":
            where = "headers" if location == "headers" else "queries"
            at = f"header:{key}*" if location == "headers" else "query:*"
            value = shapes.shape(inner["value"])
            kind = {"type": "text"} if value["type"] == "list" else shapes.scalar(inner["value"])
            return where, key, {"map": "*", **kind, "at": at}
        if location in ("header", "querystring"):
            where, stamp = ("header", "rfc822") if location == "header" else ("query", "iso8601")
            spec: Spec = {"at": f"{where}:{key}"}
            if inner["type"] == "list":
                join = {"join": ", "} if location == "header" else {}
                return (
                    where,
                    key,
                    {"repeated": True, **shapes.scalar(inner["member"], stamp), **join, **spec},
                )
            return where, key, {**shapes.scalar(ref, stamp), **spec}
        key = shapes.read_name(name, ref)
        return "body", key, {**shapes.value(ref, name), "at": key, **shapes.namespace(ref, inner)}

    def _payload(self, name: str, ref: Json) -> tuple[str, str, Spec]:
        shape = self.shapes.shape(ref)
        if shape["type"] != "structure":
            kind = "binary" if shape["type"] == "blob" else "text"
            if ref.get("streaming") or shape.get("streaming"):
                self.notes.add("streams, which are read and sent whole", f"shapes.{ref['shape']}")
            return "raw", "", {"type": kind, "at": "http:body"}
        key = str(ref.get("locationName") or shape.get("locationName") or ref["shape"])
        return (
            "payload",
            key,
            {**self.shapes.value(ref, name), "at": key, **self.shapes.namespace(ref, shape)},
        )

    def _request(self, found: Operation, http: Spec, envelope: Spec) -> None:
        if self.model.is_form:
            return
        ref = found.given.get("input")
        if any(bound.where == "raw" for bound in found.arguments):
            raw = next(bound for bound in found.arguments if bound.where == "raw")
            http["media"] = (
                "application/octet-stream" if raw.member.spec["type"] == "binary" else "text/plain"
            )
        if ref is None or not any(bound.where == "body" for bound in found.arguments):
            return
        shape = self.shapes.shape(ref)
        found.wrapper = str(ref.get("locationName") or shape.get("locationName") or ref["shape"])
        given = ref.get("xmlNamespace", shape.get("xmlNamespace"))
        found.namespace = given.get("uri") if isinstance(given, dict) else given
        if found.namespace is not None:
            envelope["request"] = {"namespace": found.namespace}

    def _add_arguments(self, found: Operation, spec: Spec, paging: Spec | None) -> None:
        if found.wrapper is not None:
            spec["wrapper"] = found.wrapper
        places = [*paging["position"], paging.get("size")] if paging is not None else []
        for bound in found.arguments:
            key, field_spec = bound.member.name, bound.member.spec
            at = field_spec.get("at", key)
            if at in places:
                # The name that paging looks for, and the type of a mark or of a number of rows.
                name = at.partition(":")[2]
                field_spec = {**field_spec, "type": "int" if at == places[-1] else "text"}
                field_spec.pop("enum", None)
                if field_spec["type"] == "int":
                    field_spec.pop("max_length", None)
                if name != key:
                    field_spec["python"] = bound.member.python
                    key = name
            required = bound.where == "path" or "required" in field_spec
            group_ = "filters" if paging is not None and not required else "arguments"
            spec.setdefault(group_, {})[key] = field_spec

    # responses

    def _results(self, given: Json, place: str) -> list[Bound]:
        if "output" not in given:
            return []
        name = given["output"]["shape"]
        shape = self.shapes.shapes[name]
        python = python_names(shape.get("members", {}))
        found = []
        for member, ref in shape.get("members", {}).items():
            where, key, spec = self._located(shape, member, ref, request=False)
            at = f"shapes.{name}.members.{member}"
            found.append(
                Bound(
                    self.shapes.finished(member, python[member], ref, spec, at, False), where, key
                )
            )
        return found

    def _response(self, found: Operation, envelope: Spec) -> Spec:
        output = found.given.get("output")
        response: Spec = {}
        if self.model.protocol == "query":
            wrapper = (output or {}).get("resultWrapper")
            if wrapper != f"{found.name}Result":
                response["payload"] = wrapper or "."
        if output is not None and not self.model.failures and output.get("locationName"):
            response["root"] = output["locationName"]
        results = found.results
        if found.page is not None:
            base = self._base(found)
            metadata = {
                bound.member.python: {
                    "at": f"/{base}{bound.key}",
                    "type": bound.member.spec.get("type", "text"),
                    **({"doc": bound.member.spec["doc"]} if "doc" in bound.member.spec else {}),
                }
                for bound in results
                if bound is not found.page and bound.member.name not in (*found.marks, found.more)
            }
            if metadata:
                response["metadata"] = metadata
            if response:
                envelope["response"] = response
            spec = found.page.member.spec
            shape: Spec = {"value": "page", "record": spec["record"]}
            if "list" in spec:
                return {**shape, "at": found.page.key, "item": spec["list"]}
            return {**shape, "at": ".", "item": found.page.key}
        if response:
            envelope["response"] = response
        if not results:
            return {"value": "none"}
        if (
            len(results) == 1
            and results[0].where in ("body", "payload")
            and self._is_record(results[0])
        ):
            found.single = results[0]
            at = "." if results[0].where == "payload" else results[0].key
            return {"value": "record", "record": results[0].member.spec["record"], "at": at}
        return {"value": "record", "record": self._result_record(found), "at": "."}

    def _is_record(self, bound: Bound) -> bool:
        return (
            "record" in bound.member.spec
            and not {"list", "map", "repeated"} & bound.member.spec.keys()
        )

    def _base(self, found: Operation) -> str:
        """Return the path of the element of results, from the root."""
        wrapper = (found.given.get("output") or {}).get("resultWrapper")
        return f"{wrapper}/" if self.model.protocol == "query" and wrapper else ""

    def _result_record(self, found: Operation) -> str:
        """Return the record of a whole response."""
        shapes = self.shapes
        name = found.given["output"]["shape"]
        payload = next((bound for bound in found.results if bound.where == "payload"), None)
        if payload is None and not any(bound.where != "body" for bound in found.results):
            record = shapes.record(name)
            found.records.add(record.name)
            return record.name
        # With headers beside the document: the members of the document are members of the result.
        wanted = shapes.names.of(name, "Result")
        if wanted not in shapes.records:
            members = [bound.member for bound in found.results if bound is not payload]
            if payload is not None:
                members += self._flattened(payload, members)
            record = Record(wanted, markdown(shapes.shapes[name].get("documentation")), members)
            record.uses.update(shapes.uses(members))
            shapes.records[wanted] = record
        found.records.add(wanted)
        return wanted

    def _flattened(self, payload: Bound, beside: list[Member]) -> list[Member]:
        """Return the members of a payload, of which none has the name of a member beside it."""
        taken = {name for member in beside for name in (member.name, member.python)}
        found = []
        for member in self.shapes.members(payload.member.shape):
            if member.name in taken or member.python in taken:
                spec = {
                    "at": member.name,
                    **member.spec,
                    "python": f"{payload.member.python}_{member.python}",
                }
                member = Member(
                    f"{payload.member.name}{member.name}", spec["python"], member.ref, spec
                )
            found.append(member)
        return found

    # pages

    def _paging(self, found: Operation) -> Spec | None:
        """Return how a list comes in pages; None where it does not, or in a way that the language has no words for."""
        page = self.model.pages.get(found.name)
        if page is None:
            return None
        why = self._not_paged(found, page)
        if why is not None:
            self.notes.add(
                "pages, which the caller has to fetch one by one", f"pagination.{found.name}", why
            )
            return None
        results = {bound.member.name: bound for bound in found.results}
        arguments = {bound.member.name: bound for bound in found.arguments}
        found.page = results[page["result_key"]]
        found.marks = _listed(page["output_token"])
        found.more = page.get("more_results")
        base = self._base(found)
        position = [arguments[name].member.spec["at"] for name in _listed(page["input_token"])]
        following = [f"/{base}{results[name].key}" for name in found.marks]
        counters: Spec = {"next": following if len(following) > 1 else following[0]}
        if found.more is not None:
            counters["more"] = f"/{base}{results[found.more].key}"
        paging: Spec = {"style": "cursor", "position": position}
        if page.get("limit_key") is not None:
            paging["size"] = arguments[page["limit_key"]].member.spec["at"]
        return {**paging, "counters": counters}

    def _not_paged(self, found: Operation, page: Json) -> str | None:
        """Return why pages of an operation cannot be described."""
        results = {bound.member.name: bound for bound in found.results}
        arguments = {bound.member.name: bound for bound in found.arguments}
        key = page.get("result_key")
        if not isinstance(key, str):
            return "a page has several lists"
        if key not in results:
            return f"the list is at {key}"
        spec = results[key].member.spec
        if results[key].where != "body" or not {"list", "repeated"} & spec.keys():
            return f"{key} is not a list"
        if "record" not in spec:
            return f"{key} is a list of texts"
        marks, inputs = _listed(page.get("output_token")), _listed(page.get("input_token"))
        if not marks or len(marks) != len(inputs):
            return "the marks of pages are not equal in number"
        for name in (*marks, *_listed(page.get("more_results"))):
            if name not in results or results[name].where != "body":
                return f"the mark is {name}"
        for name in (*inputs, *_listed(page.get("limit_key"))):
            bound = arguments.get(name)
            if bound is None or bound.where not in ("form", "query") or {"list", "repeated", "record", "map"} & bound.member.spec.keys():  # fmt: skip
                return f"the argument is {name}"
        for bound in found.results:
            kept = bound.member.name in (key, *marks, page.get("more_results"))
            if not kept and (bound.where != "body" or {"list", "repeated", "record", "map"} & bound.member.spec.keys()):  # fmt: skip
                return f"{bound.member.name} is beside the list"
        return None


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
