"""A description made of a service model: its files, and the report of what they lack."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..naming import cap_words, snake
from .model import Model
from .names import group, plural
from .notes import ModelError
from .operations import Operation, Operations, OutOfScopeError
from .samples import Samples
from .shapes import SCALARS, Shapes, Spec
from .texts import markdown

_RULES: Final[Mapping[str, list[Spec]]] = {
    "query": [{"root": "ErrorResponse", "at": "Error", "code": "Code", "message": "Message", "detail": "Type"}],
    "ec2": [{"root": "Response", "each": "Errors/Error", "code": "Code", "message": "Message"}],
    "rest-xml": [
        {"root": "ErrorResponse", "at": "Error", "code": "Code", "message": "Message"},
        {"root": "Error", "code": "Code", "message": "Message"},
    ],
}  # fmt: skip
_FAILURES: Final[Mapping[str, list[str]]] = {
    "query": [
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>refused</Message></Error></ErrorResponse>"
    ],
    "ec2": ["<Response><Errors><Error><Code>{code}</Code><Message>refused</Message></Error></Errors></Response>"],
    "rest-xml": [
        "<ErrorResponse><Error><Code>{code}</Code><Message>refused</Message></Error></ErrorResponse>",
        "<Error><Code>{code}</Code><Message>refused</Message></Error>",
    ],
}  # fmt: skip
_KINDS: Final = (
    ("not_found", ("NoSuch", "NotFound", "DoesNotExist", "NotExist")),
    ("conflict", ("AlreadyExists", "AlreadyOwned", "Conflict", "InUse", "Exists", "Duplicate")),
    ("rate_limit", ("Throttl", "TooManyRequests", "SlowDown", "RequestLimit")),
    ("permission", ("AccessDenied", "NotAuthorized", "Unauthorized", "AuthorizationError", "Forbidden")),
    ("authentication", ("Credential", "ExpiredToken", "InvalidClientToken", "Signature")),
)  # fmt: skip


@dataclass
class Imported:
    """A description, and what was and was not imported."""

    files: dict[str, Spec]
    """Path below the folder of the description -> content."""
    model: Model
    operations: int
    reached: frozenset[str]
    """Shapes that the described operations have."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Operation -> why it is not described."""

    def summary(self) -> list[tuple[str, int, int, int]]:
        """Return what there is, how many of the model, imported, and out of scope."""
        shapes = self.model.shapes
        parts = [
            name
            for name, shape in shapes.items()
            if shape["type"] == "structure" and not shape.get("exception")
        ]
        enums = [name for name, shape in shapes.items() if shape.get("enum")]
        errors = [name for name, shape in shapes.items() if shape.get("exception")]
        listed = len(self.files["api.yaml"].get("errors", {}))
        total = len(self.model.operations)
        return [
            ("operations", total, self.operations, len(self.left_out)),
            *(
                (
                    what,
                    len(names),
                    len(self.reached.intersection(names)),
                    len(names) - len(self.reached.intersection(names)),
                )
                for what, names in (("structures", parts), ("enums", enums))
            ),
            ("errors", len(errors), listed, len(errors) - listed),
        ]

    def report(self) -> str:
        """Return the report as Markdown."""
        lines = [
            f"# Import of {self.model.title}",
            "",
            "What the model has and this description has not, with its place in the model.",
            "",
            f"## Operations out of scope ({len(self.left_out)})",
            "",
            *(f"* `operations.{name}`: {why}" for name, why in self.left_out.items()),
            *([""] if self.left_out else []),
            *self.model.notes.lines(),
        ]
        return "\n".join(lines).rstrip("\n") + "\n"


def describe(model: Model, only: Iterable[str] = (), url: str | None = None) -> Imported:
    """Return the description of a service.

    Args:
        model: its model.
        only: the operations; default: all.
        url: address of the service; default: from the list of endpoints.

    Raises:
        ModelError: an operation of ``only`` does not exist, or none can be described.
    """
    client = f"{_class_of(model.service)}Client"
    shapes, described, left_out = operations_of(model, only, client)
    if not described:
        raise ModelError(
            "no operation of the model can be described: "
            + "; ".join(f"{name}: {why}" for name, why in left_out.items())
        )
    files: dict[str, Spec] = {"api.yaml": _api(model, shapes, described, client, url)}
    users = _users(shapes, described)
    shared: Spec = {}
    for kind, specs in (("enums", shapes.enums), ("records", {name: record.spec() for name, record in shapes.records.items()})):  # fmt: skip
        found = {name: spec for name, spec in specs.items() if len(users.get(name, ())) > 1}
        if found:
            shared[kind] = found
    if shared:
        files["shared.yaml"] = shared
    for index, (name, group_) in enumerate(sorted(described.items())):
        files[f"resources/{name}.yaml"] = _resource(model, shapes, name, group_, users)
        samples = Samples(model, shapes)
        cases = [case for operation in group_ for case in samples.cases(operation)]
        if index == 0 and model.failures:
            cases += _failures(model, group_[0])
        files[f"resources/{name}.cases.yaml"] = {"cases": cases}
    _note_errors(model)
    return Imported(
        files=files,
        model=model,
        operations=sum(map(len, described.values())),
        reached=shapes.reachable(
            operation.given for group_ in described.values() for operation in group_
        ),
        left_out=left_out,
    )


def operations_of(
    model: Model, only: Iterable[str] = (), client: str = ""
) -> tuple[Shapes, dict[str, list[Operation]], dict[str, str]]:
    """Return the shapes of a model, its operations by resource, and why others are out of scope."""
    names = list(only) or list(model.operations)
    for name in names:
        if name not in model.operations:
            raise ModelError(f"the model has no operation {name}")
    grouped = group(names, model.service)
    resources = sorted({where.resource for where in grouped.values()})
    reserved = [client, *(cap_words(plural(name)) for name in resources)]
    shapes = Shapes(model, tuple(reserved))
    operations = Operations(model, shapes)
    described: dict[str, list[Operation]] = {}
    left_out: dict[str, str] = {}
    for name in names:
        try:
            operation = operations.operation(name, grouped[name])
        except OutOfScopeError as error:
            left_out[name] = str(error)
            continue
        described.setdefault(operation.where.resource, []).append(operation)
    return shapes, described, left_out


def _class_of(service: str) -> str:
    words = re.findall("[A-Za-z0-9]+", service)
    return "".join(word[:1].upper() + word[1:] for word in words) or "Api"


def _users(shapes: Shapes, described: Mapping[str, list[Operation]]) -> dict[str, set[str]]:
    """Return record or enum -> the resources that use it, itself or through other records."""
    users: dict[str, set[str]] = {}
    for resource, group_ in described.items():
        waiting = [name for operation in group_ for name in _used_by(operation)]
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            users.setdefault(name, set()).add(resource)
            record = shapes.records.get(name)
            if record is not None:
                waiting += record.uses
    return users


def _used_by(operation: Operation) -> Iterable[str]:
    """Return the records and enums that the description of an operation names."""
    for key in ("arguments", "filters"):
        for spec in operation.spec.get(key, {}).values():
            for kind in ("record", "enum"):
                if kind in spec:
                    yield spec[kind]
    record = operation.spec["response"].get("record")
    if record is not None:
        yield record


def _api(
    model: Model,
    shapes: Shapes,
    described: Mapping[str, list[Operation]],
    client: str,
    url: str | None,
) -> Spec:
    package = f"{snake(model.service.replace(' ', '_').replace('-', '_'))}_client"
    version = str(model.metadata.get("apiVersion") or "1")
    found: Spec = {
        "api": package.removesuffix("_client"),
        "title": model.title,
        "version": version,
        "doc": markdown(model.documentation) or f"The operations of {model.title}.",
        "python": {"package": package, "client": client, "version": "0.1.0"},
        "endpoint": _endpoint(model, described, url),
        "coverage": "methods",
        "source": ["model"],
    }
    if shapes.namespaces:
        found["namespaces"] = shapes.namespaces
    request: Spec = {"root": "none"}
    response: Spec = {"root": "none"}
    if model.is_form:
        request["method"] = {"at": "form:Action", "value": "{verb}"}
        response = {"root": "{verb}Response"}
        if model.protocol == "query":
            response["payload"] = "{verb}Result"
        place = "/ResponseMetadata/RequestId" if model.protocol == "query" else "/requestId"
        response["metadata"] = {
            "request_id": {"at": place, "doc": "The request in the logs of the service."}
        }
        item, entry = ("{name}.{item}.{n}", "{name}.entry.{n}") if model.protocol == "query" else ("{name}.{n}", "{name}.{n}")  # fmt: skip
        found["http"] = {
            "verb": "POST",
            "path": "/",
            "arguments": "form",
            "constants": {"form:Version": version},
            "parameters": {
                "record": "{name}.{field}",
                "list": item,
                "map": entry,
                **({"empty_list": True} if model.protocol == "query" else {}),
            },
        }
    else:
        found["http"] = {"arguments": "body"}
    found["envelope"] = {
        "request": request,
        "response": response,
        **({"failures": _RULES[model.protocol]} if model.failures else {}),
    }
    signed = model.metadata.get("signatureVersion") not in (None, "none")
    found["authentication"] = ["signer"] if signed else "none"
    found["scalars"] = {name: SCALARS[name] for name in SCALARS if name in shapes.scalars}
    errors = _errors(model, described)
    if errors:
        found["errors"] = errors
    found["sources"] = {"model": {"doc": model.origin}}
    return found


def _endpoint(model: Model, described: Mapping[str, list[Operation]], url: str | None) -> Spec:
    host = model.host
    if url is not None:
        return {"url": url}
    if host is None:
        return {
            "url": "https://{host}",
            "variables": {_free("host", described): {"doc": "Host name of the service."}},
        }
    if "{region}" not in host:
        return {"url": f"https://{host}"}
    name = _free("region", described)
    host = host.replace("{region}", f"{{{name}}}")
    return {
        "url": f"https://{host}",
        "variables": {name: {"doc": "The region, which is part of the host name."}},
    }


def _free(option: str, described: Mapping[str, list[Operation]]) -> str:
    """Return the name of an option of the client that no resource has."""
    return f"service_{option}" if option in described else option


def _errors(model: Model, described: Mapping[str, list[Operation]]) -> Spec:
    used = {code for group_ in described.values() for operation in group_ for code in operation.spec.get("errors", ())}  # fmt: skip
    found: Spec = {}
    for name, shape in model.shapes.items():
        if not shape.get("exception"):
            continue
        error = shape.get("error") or {}
        code = str(error.get("code", name))
        if code in used and code not in found:
            status = int(error.get("httpStatusCode") or (500 if shape.get("fault") else 400))
            found[code] = {"kind": kind_of(code, status), "status": status}
            if doc := markdown(shape.get("documentation")):
                found[code]["doc"] = doc
    return found


def kind_of(code: str, status: int) -> str:
    """Return the kind of an error, from its code and its status."""
    for kind, parts in _KINDS:
        if any(part in code for part in parts):
            return kind
    by_status = {
        401: "authentication",
        403: "permission",
        404: "not_found",
        409: "conflict",
        429: "rate_limit",
    }
    return by_status.get(status, "server" if status >= 500 else "validation")


def _note_errors(model: Model) -> None:
    """Note what errors say beside code and message."""
    for name, shape in model.shapes.items():
        for member in shape.get("members", {}) if shape.get("exception") else ():
            if member.lower() not in ("message", "code"):
                model.notes.add("members of errors", f"shapes.{name}.members.{member}")


def _failures(model: Model, operation: Operation) -> list[Spec]:
    """Return the cases of failures, of which one shows each rule."""
    return [
        {
            "name": f"a refusal {number}",
            "call": operation.name,
            "response": f"HTTP/1.1 400\n\n{text.replace('{code}', 'Refused')}",
            "fails": _failed(model),
        }
        for number, text in enumerate(_FAILURES[model.protocol], 1)
    ]


def _failed(model: Model) -> Spec:
    found: Spec = {"code": "Refused", "message": "refused", "kind": "validation", "status": 400}
    if model.protocol == "ec2":
        found["errors"] = [{"code": "Refused", "message": "refused"}]
    return found


def _resource(
    model: Model, shapes: Shapes, name: str, group_: list[Operation], users: Mapping[str, set[str]]
) -> Spec:
    title = name.replace("_", " ").capitalize()
    found: Spec = {
        "resource": name,
        **({"plural": plural(name)} if plural(name) != f"{name}s" else {}),
        "title": title,
        "doc": f"The operations {', '.join(operation.name for operation in group_)}.",
        "source": ["model"],
    }
    enums = {key: spec for key, spec in shapes.enums.items() if users.get(key) == {name}}
    records = {
        key: record.spec() for key, record in shapes.records.items() if users.get(key) == {name}
    }
    if enums:
        found["enums"] = enums
    if records:
        found["records"] = records
    found["methods"] = {operation.name: operation.spec for operation in group_}
    return found
