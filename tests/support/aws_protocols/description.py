"""A description of all operations of one protocol, in the language of the generator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from lxml import etree

from xmlwright.naming import attribute_name, client_attribute

from . import suites
from .shapes import Shapes, record_name
from .suites import Case, Operation, Protocol
from .values import SCALARS, Member, Spec, Structure

PACKAGES: Final = {"rest-xml": "rest_xml", "query": "query_protocol", "ec2": "ec2_protocol"}
CLIENT: Final = "ProtocolClient"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"

_ERROR_RULE: Final[dict[Protocol, Spec]] = {
    "rest-xml": {"root": "ErrorResponse", "at": "Error", "code": "Code", "message": "Message"},
    "query": {"root": "ErrorResponse", "at": "Error", "code": "Code", "message": "Message"},
    "ec2": {"root": "Response", "at": "Errors/Error", "code": "Code", "message": "Message"},
}
_FURTHER_CASES: Final[dict[str, list[Spec]]] = {
    "input-rest-xml/29": [
        {
            "name": "the first header",
            "call": "send",
            "arguments": {"a": "x"},
            "request": "GET /NullAndEmptyHeadersClient\nX-A: x",
        }
    ],
    "input-rest-xml/30": [
        {
            "name": "the first parameter",
            "call": "send",
            "arguments": {"null_value": "x"},
            "request": "GET /OmitsNullSerializesEmptyString?Null=x",
        }
    ],
    "legacy-input-rest-xml/2": [
        {
            "name": "both fields",
            "call": "send",
            "arguments": {"sub_structure": {"foo": "a", "bar": "b"}},
            "request": 'POST /2014-01-01/hostedzone\n\n<OperationRequest xmlns="https://foo/"><SubStructure><Foo>a</Foo>'
            "<Bar>b</Bar></SubStructure></OperationRequest>",
        }
    ],
    "legacy-input-rest-xml/13": [
        {
            "name": "a body",
            "call": "send",
            "arguments": {"foo": "bar"},
            "request": "POST /\n\nbar",
        }
    ],
    "legacy-input-rest-xml/14": [
        {
            "name": "the field",
            "call": "send",
            "arguments": {"foo": {"baz": "a"}},
            "request": "POST /\n\n<foo><baz>a</baz></foo>",
        }
    ],
    **{
        suite: [
            {
                "name": "lists that are not empty",
                "call": "receive",
                "response": around.format(
                    "<stringList><member>a</member></stringList><stringSet><member>b</member></stringSet>"
                ),
                "result": {"string_list": ["a"], "string_set": ["b"]},
            }
        ]
        for suite, around in (
            ("output-ec2/11", "<XmlEmptyListsResponse>{}</XmlEmptyListsResponse>"),
            (
                "output-query/16",
                "<XmlEmptyListsResponse><XmlEmptyListsResult>{}</XmlEmptyListsResult></XmlEmptyListsResponse>",
            ),
            ("output-rest-xml/33", "<XmlEmptyListsResponse>{}</XmlEmptyListsResponse>"),
        )
    },
    **{
        suite: [
            {
                "name": "a map that is not empty",
                "call": "receive",
                "response": around.format(
                    "<myMap><entry><key>a</key><value>b</value></entry></myMap>"
                ),
                "result": {"my_map": {"a": "b"}},
            }
        ]
        for suite, around in (
            (
                "output-query/17",
                "<XmlEmptyMapsResponse><XmlEmptyMapsResult>{}</XmlEmptyMapsResult></XmlEmptyMapsResponse>",
            ),
            ("output-rest-xml/34", "<XmlEmptyMapsResponse>{}</XmlEmptyMapsResponse>"),
        )
    },
}
"""Suites whose cases leave something empty -> a case that shows it, as every description has to."""
_UNKNOWN: Final = {
    "legacy-output-query/11/0": "OperationNameResult/RequestId",
    "legacy-output-rest-xml/11/2": "UnionMember/SomeUnknownMember",
}
"""Cases whose response has an element that the shapes do not know -> its path."""
_KINDS: Final = {400: "validation", 402: "validation", 403: "permission"}


@dataclass(frozen=True)
class Described:
    """An operation with what its description made of it."""

    operation: Operation
    shapes: Shapes
    arguments: Structure
    """What is passed, as one structure."""
    result: Structure | None
    """The record that a response holds; of an error, what its payload holds."""
    payload: Member | None
    """The member of the result whose fields the record holds itself."""

    @property
    def resource(self) -> str:
        """The resource as an attribute of the client."""
        return client_attribute(self.operation.resource)

    @property
    def method(self) -> str:
        """The method as an attribute of the resource."""
        return attribute_name(self.operation.method)

    def differences(self, record: Any, expected: Any) -> list[str]:
        """Return where a record that was read is another than the suite expects."""
        if self.result is None:
            return [] if record is None else [f"{record!r}, not nothing"]
        if self.payload is None:
            return list(self.result.differences(record, expected, "result"))
        headers = Structure("", [one for one in self.result.members if one is not self.payload])
        rest = {key: value for key, value in expected.items() if key != self.payload.name}
        return [
            *headers.differences(record, rest, "result"),
            *self.payload.value.differences(
                record, expected.get(self.payload.name), f"result.{self.payload.name}"
            ),
        ]


@cache
def described(protocol: Protocol) -> tuple[Described, ...]:
    """Return the operations of a protocol that have a case in scope."""
    return tuple(
        _described(operation)
        for operation in suites.operations(protocol)
        if any(case.out_of_scope is None for case in operation.cases)
    )


def files(protocol: Protocol) -> dict[str, Any]:
    """Return the description of a protocol: path below the schema folder -> content."""
    found: dict[str, Any] = {"api.yaml": _api(protocol)}
    by_resource: dict[str, list[Described]] = {}
    for one in described(protocol):
        by_resource.setdefault(one.operation.resource, []).append(one)
    for name, group in by_resource.items():
        found[f"resources/{name}.yaml"] = _resource(name, group)
    return found


def _described(operation: Operation) -> Described:
    shapes = Shapes(operation)
    arguments = Structure("arguments")
    if operation.direction == "input":
        if (ref := operation.given.get("input")) is not None:
            for case in operation.cases:
                if case.out_of_scope is None:
                    shapes.use(ref, case.data["params"])
            arguments.members += shapes.top(ref["shape"])
            arguments.union = bool(operation.shapes[ref["shape"]].get("union"))
        return Described(operation, shapes, arguments, None, None)
    if "errors" in operation.given:
        return Described(operation, shapes, arguments, _error(shapes, operation), None)
    ref = operation.given.get("output")
    for case in operation.cases:
        if ref is not None and case.out_of_scope is None:
            shapes.use(ref, case.data["result"])
    members = shapes.top(ref["shape"]) if ref is not None else []
    if not members:
        return Described(operation, shapes, arguments, None, None)
    assert ref is not None
    held = operation.shapes[ref["shape"]].get("payload")
    payload = next(
        (one for one in members if one.name == held and isinstance(one.value, Structure)), None
    )
    result = Structure(record_name(operation, "Result"), members)
    return Described(operation, shapes, arguments, result, payload)


def error_shape(operation: Operation, code: str) -> str | None:
    """Return the shape of an error code, if it is modeled."""
    for name, shape in operation.shapes.items():
        if shape.get("exception") and code == shape.get("error", {}).get("code", name):
            return str(name)
    return None


def _error(shapes: Shapes, operation: Operation) -> Structure | None:
    members: dict[str, Member] = {}
    for case in operation.cases:
        if (name := error_shape(operation, case.data["errorCode"])) is not None:
            shapes.use({"shape": name}, case.data["error"])
            for member in shapes.top(name):
                # The message is the exception's own.
                if member.name != "Message":
                    members.setdefault(member.name, member)
    return Structure(record_name(operation, "Payload"), list(members.values())) if members else None


def _api(protocol: Protocol) -> Spec:
    package = PACKAGES[protocol]
    request: Spec = {"root": "none"}
    response: Spec = {"root": "none" if protocol == "rest-xml" else "{method}Response"}
    http: Spec = {"verb": "POST", "path": "/"}
    if protocol == "rest-xml":
        http |= {"media": "application/xml", "arguments": "body"}
    else:
        http["arguments"] = "form"
        item = "{name}.{item}.{n}" if protocol == "query" else "{name}.{n}"
        entry = "{name}.entry.{n}" if protocol == "query" else "{name}.{n}"
        parameters: dict[str, object] = {"record": "{name}.{field}", "list": item, "map": entry}
        if protocol == "query":
            parameters["empty_list"] = True
        http["parameters"] = parameters
        request["method"] = {"at": "form:Action", "value": "{method}"}
    found: Spec = {
        "api": package,
        "title": f"Services of the {protocol} protocol",
        "version": "1",
        "doc": "What the protocol's test suites call.",
        "python": {"package": package, "client": CLIENT, "version": "1"},
        "endpoint": {
            "url": "https://{host}",
            "variables": {
                "host": {
                    "default": "example.com",
                    "doc": "The host, with the prefix that some operations have.",
                }
            },
        },
        "http": http,
        "envelope": {"request": request, "response": response},
        "authentication": "none",
        "scalars": SCALARS,
    }
    if protocol == "rest-xml":
        found["namespaces"] = {"xsi": XSI}
    found["errors"] = _errors(protocol)
    return found


def _errors(protocol: Protocol) -> Spec:
    found: Spec = {}
    for _, case in all_cases(protocol):
        if "errorCode" in case.data:
            status = case.data["response"]["status_code"]
            found[case.data["errorCode"]] = {"kind": _KINDS[status], "status": status}
    return found


def _resource(name: str, group: list[Described]) -> Spec:
    first = group[0].operation
    records: Spec = {}
    methods: Spec = {}
    cases: list[Spec] = []
    for one in group:
        held = one.payload.value if one.payload is not None else None
        for record in one.shapes.records.values():
            if record is held:
                continue
            records.setdefault(record.record, _record(record, one))
        if one.result is not None:
            records.setdefault(one.result.record, _result(one))
        methods[one.operation.method] = _method(one)
        cases += _FURTHER_CASES.get(one.operation.suite, [])
        cases += [_case(one, case) for case in one.operation.cases if is_described(case)]
    found: Spec = {"resource": name, "title": first.suite, "doc": f"Suite {first.suite}."}
    if first.protocol != "rest-xml" and "apiVersion" in first.metadata:
        found["http"] = {"constants": {"form:Version": first.metadata["apiVersion"]}}
    if records:
        found["records"] = records
    return found | {"methods": methods, "cases": cases}


def is_described(case: Case) -> bool:
    """Return whether a case is one of the description, too: NaN is equal to nothing, so no result can be it."""
    return case.out_of_scope is None and "NaN" not in case.data.get("result", {}).values()


def _record(record: Structure, one: Described) -> Spec:
    access = "write" if one.operation.direction == "input" else "read"
    found: Spec = {}
    if record.union and access == "write" and len(record.members) > 1:
        found["one_of"] = [member.name for member in record.members]
    found["fields"] = {
        member.name: {**member.spec(), "access": access} for member in record.members
    }
    return found


def _result(one: Described) -> Spec:
    assert one.result is not None
    members: list[Member] = []
    for member in one.result.members:
        if member is one.payload:
            assert isinstance(member.value, Structure)
            members += member.value.members
        else:
            members.append(member)
    return {"fields": {member.name: {**member.spec(), "access": "read"} for member in members}}


def _method(one: Described) -> Spec:
    operation = one.operation
    path, _, constants = operation.uri.partition("?")
    http: Spec = {"verb": operation.verb, "path": path}
    if constants:
        pairs = (pair.partition("=") for pair in constants.split("&"))
        http["constants"] = {f"query:{key}": value for key, _, value in pairs}
    method: Spec = {"retry": "ambiguous", "http": http}
    envelope: Spec = {}
    if operation.protocol != "rest-xml":
        envelope["request"] = {"method": {"at": "form:Action", "value": operation.name}}
    if operation.direction == "input":
        method |= _request(one, http, envelope)
    elif one.result is None or "errors" in operation.given:
        method["response"] = {"value": "none"}
        if "errors" not in operation.given and (roots := _roots(operation)):
            envelope["response"] = {"root": roots} | _metadata(operation)
        if "errors" in operation.given:
            rule = dict(_ERROR_RULE[operation.protocol])
            if not any(_message(case.data["response"]["body"]) for case in operation.cases):
                del rule["message"]
            if one.result is not None:
                rule["payload"] = {"record": one.result.record, "at": rule["at"]}
            envelope["failures"] = [rule]
    else:
        method["response"] = {"value": "record", "record": one.result.record, "at": "."}
        if roots := _roots(operation):
            envelope["response"] = {"root": roots} | _metadata(operation)
            if operation.protocol == "query":
                envelope["response"]["payload"] = f"{operation.name}Result"
        if any(not _is_document(case.data["response"].get("body", "")) for case in operation.cases):
            http["media"] = "text/plain"
    if envelope:
        method["envelope"] = envelope
    return method


def _request(one: Described, http: Spec, envelope: Spec) -> Spec:
    operation = one.operation
    found: Spec = {"arguments": {member.name: member.spec() for member in one.arguments.members}}
    found["response"] = {"value": "none"}
    ref = operation.given.get("input")
    if ref is None or operation.protocol != "rest-xml":
        return found
    shape = operation.shapes[ref["shape"]]
    if any(member.places.get("at") == "http:body" for member in one.arguments.members):
        http["media"] = "text/plain"
    elif "payload" not in shape:
        if any(
            ":" not in str(member.places["at"]).replace("@xsi:", "@")
            for member in one.arguments.members
        ):
            found["wrapper"] = shape.get("locationName", ref.get("locationName", ref["shape"]))
        namespace = ref.get("xmlNamespace", shape.get("xmlNamespace"))
        if namespace is not None:
            uri = namespace if isinstance(namespace, str) else namespace["uri"]
            envelope["request"] = {"namespace": uri}
    return found


def _roots(operation: Operation) -> list[str]:
    roots: dict[str, None] = {}
    for case in operation.cases:
        body = case.data["response"].get("body", "")
        if body and _is_document(body):
            roots[etree.QName(etree.fromstring(body.strip().encode())).localname] = None
    return list(roots)


def _metadata(operation: Operation) -> Spec:
    """Return the key for the ID that a response has beside its value."""
    body = next(
        case.data["response"]["body"] for case in operation.cases if case.data["response"]["body"]
    )
    root = etree.fromstring(body.strip().encode())
    for path in ("RequestId", "requestId", "RequestID", "ResponseMetadata/RequestId"):
        if root.find("/".join(f"{{*}}{step}" for step in path.split("/"))) is not None:
            return {"metadata": {"request_id": {"at": f"/{path}"}}}
    return {}


def _is_document(body: str) -> bool:
    return not body or body.lstrip().startswith("<")


def _case(one: Described, case: Case) -> Spec:
    found: Spec = {"name": case.name.replace("/", " "), "call": one.operation.method}
    if one.operation.direction == "input":
        found["arguments"] = one.arguments.example(case.data["params"])
        found["request"] = _request_message(one.operation, case)
        return found
    response = case.data["response"]
    lines = [f"HTTP/1.1 {response['status_code']}"]
    lines += [f"{name}: {value}" for name, value in response.get("headers", {}).items()]
    found["response"] = "\n".join([*lines, "", response.get("body", "")])
    if "errorCode" in case.data:
        found["fails"] = {"code": case.data["errorCode"], "status": response["status_code"]}
        if (message := _message(response["body"])) is not None:
            found["fails"]["message"] = message
    elif one.result is not None:
        found["result"] = _result_example(one, case.data["result"])
        if case.name in _UNKNOWN:
            found["unknown"] = [_UNKNOWN[case.name]]
    return found


def _message(body: str) -> str | None:
    found = re.search(r"<Message>(.*?)</Message>", body)
    return found[1] if found else None


def _result_example(one: Described, result: Any) -> Spec:
    assert one.result is not None
    found: Spec = {}
    for member in one.result.members:
        if result.get(member.name) in (None, [], {}):
            continue
        value = member.value.example(result[member.name])
        found |= value if member is one.payload else {member.python: value}
    return found


def _request_message(operation: Operation, case: Case) -> str:
    serialized = case.data["serialized"]
    lines = [f"{serialized.get('method', operation.verb)} {serialized['uri']}"]
    lines += [f"{name}: {value}" for name, value in serialized.get("headers", {}).items()]
    return "\n".join([*lines, "", serialized.get("body", "").strip()])


def all_cases(protocol: Protocol) -> Iterator[tuple[Operation, Case]]:
    """Return every case of a protocol, those out of scope included."""
    for operation in suites.operations(protocol):
        for case in operation.cases:
            yield operation, case
