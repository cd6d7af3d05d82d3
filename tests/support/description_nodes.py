"""The nodes of a description and their roles, which follow from the grammar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from xmlwright.schema.decoder import (
    Boolean,
    Choice,
    Decoder,
    Dictionary,
    Either,
    Listing,
    MappingDecoder,
    Text,
)

LANGUAGE: Final = "word of the language"
REFERENCE: Final = "reference"
DECLARED: Final = "declared name"
WIRE: Final = "name or word on the wire"
CASE: Final = "value or document of a case"
COLLECTION: Final = "collection"
PROSE: Final = "prose"
FACT: Final = "fact that stands alone"
EXPRESSION: Final = "expression"
CHECKED: Final = frozenset([LANGUAGE, REFERENCE, DECLARED, WIRE, CASE, COLLECTION, EXPRESSION])
"""What something else in the description depends on, so that a misspelling is always told."""

ROLES: Final[dict[tuple[str, str], str]] = {
    ("Word", "request"): WIRE,
    ("Word", "response"): WIRE,
    ("Field", "type"): REFERENCE,
    ("Direction", "read"): REFERENCE,
    ("Direction", "write"): REFERENCE,
    ("ResponseShape", "type"): REFERENCE,
    ("Metadata", "type"): REFERENCE,
    ("Field", "enum"): REFERENCE,
    ("Field", "record"): REFERENCE,
    ("Field", "ref"): REFERENCE,
    ("Field", "list"): WIRE,
    ("Field", "at"): WIRE,
    ("Field", "map"): WIRE,
    ("Field", "key"): WIRE,
    ("Field", "value"): WIRE,
    ("Field", "namespace"): WIRE,
    ("Field", "indexed"): WIRE,
    ("Field", "join"): WIRE,
    ("Field", "none"): WIRE,
    ("Group", "include"): REFERENCE,
    ("Record", "include"): REFERENCE,
    ("Record", "identity"): REFERENCE,
    ("Record", "extends"): REFERENCE,
    ("Record", "one_of"): REFERENCE,
    ("ResponseShape", "at"): WIRE,
    ("ResponseShape", "item"): WIRE,
    ("ResponseShape", "record"): REFERENCE,
    ("ResponseShape", "ref"): REFERENCE,
    ("Method", "record"): REFERENCE,
    ("Method", "wrapper"): WIRE,
    ("Method", "omit"): REFERENCE,
    ("Method", "order"): REFERENCE,
    ("Method", "errors"): REFERENCE,
    ("Method", "events"): REFERENCE,
    ("Fails", "code"): CASE,
    ("Fails", "message"): CASE,
    ("Fails", "field"): CASE,
    ("Case", "name"): PROSE,
    ("Case", "call"): REFERENCE,
    ("Case", "arguments"): CASE,
    ("Case", "request"): CASE,
    ("Case", "response"): CASE,
    ("Case", "result"): CASE,
    ("Case", "unknown"): CASE,
    ("Resource", "resource"): DECLARED,
    ("Resource", "plural"): WIRE,
    ("Cases", "resource"): REFERENCE,
    ("Request", "root"): WIRE,
    ("Request", "method"): WIRE,
    ("Response", "root"): WIRE,
    ("Response", "namespaces"): WIRE,
    ("Response", "status"): WIRE,
    ("Response", "ok"): WIRE,
    ("Response", "failed"): WIRE,
    ("Response", "attributes"): WIRE,
    ("Request", "namespace"): WIRE,
    ("Request", "payload"): WIRE,
    ("Request", "attributes"): WIRE,
    ("Request", "at"): WIRE,
    ("MethodName", "at"): WIRE,
    ("MethodName", "value"): WIRE,
    ("Response", "payload"): WIRE,
    ("Metadata", "at"): WIRE,
    ("Nil", "at"): WIRE,
    ("Nil", "value"): WIRE,
    **{
        ("WireFailureRule", key): WIRE
        for key in (
            "status",
            "root",
            "when",
            "each",
            "at",
            "message",
            "code",
            "field",
            "severity",
            "detail",
            "errors",
        )
    },
    ("ErrorPayload", "at"): WIRE,
    ("ErrorPayload", "record"): REFERENCE,
    ("ErrorDetail", "code"): CASE,
    ("ErrorDetail", "message"): CASE,
    ("ErrorDetail", "field"): CASE,
    ("ErrorDetail", "severity"): CASE,
    ("ErrorDetail", "detail"): CASE,
    ("AuthenticationItem", "basic"): REFERENCE,
    ("AuthenticationItem", "value"): REFERENCE,
    ("Http", "verb"): WIRE,
    ("Http", "path"): WIRE,
    ("Http", "headers"): WIRE,
    ("Http", "constants"): WIRE,
    ("Http", "success"): WIRE,
    ("Resource", "http"): WIRE,
    ("Resource", "path"): WIRE,
    ("Method", "http"): WIRE,
    **{("Counters", key): WIRE for key in ("position", "size", "pages", "total", "next", "more")},
    ("Paging", "position"): WIRE,
    ("Paging", "size"): WIRE,
    ("Parameters", "record"): WIRE,
    ("Parameters", "list"): WIRE,
    ("Parameters", "map"): WIRE,
    ("Api", "namespaces"): WIRE,
    ("Api", "http"): WIRE,
    ("Fails", "status"): CASE,
    ("Scalar", "format"): WIRE,
    ("Scalar", "words"): WIRE,
    ("Scalar", "none"): WIRE,
    ("Scalar", "zone"): REFERENCE,
    ("Error", "message"): WIRE,
    ("Behavior", "resource"): REFERENCE,
    ("Behavior", "include"): REFERENCE,
    ("Behavior", "series"): REFERENCE,
    ("Behavior", "padded"): REFERENCE,
    ("Behavior", "listed"): REFERENCE,
    ("Refusal", "verbs"): REFERENCE,
    ("Refusal", "code"): REFERENCE,
    ("Refusal", "field"): REFERENCE,
    ("Refusal", "message"): PROSE,
    ("Refusal", "reason"): PROSE,
    ("Fire", "event"): REFERENCE,
    ("Effect", "change"): REFERENCE,
    ("Effect", "make"): REFERENCE,
    ("Effect", "remove"): REFERENCE,
    ("Effect", "of"): REFERENCE,
    ("Tree", "argument"): REFERENCE,
    ("Tree", "children"): REFERENCE,
    ("MethodBehavior", "order"): REFERENCE,
    ("Filter", "field"): REFERENCE,
    ("Filter", "among"): REFERENCE,
    ("Unique", "code"): REFERENCE,
    ("Unique", "message"): PROSE,
    ("Reference", "to"): REFERENCE,
    ("Reference", "code"): REFERENCE,
    ("Reference", "message"): PROSE,
    ("Timed", "name"): PROSE,
    ("Timed", "at"): REFERENCE,
    ("FailureRule", "code"): REFERENCE,
    ("FailureRule", "message"): PROSE,
    ("Person", "resource"): REFERENCE,
    ("Person", "name"): REFERENCE,
    ("Person", "secret"): REFERENCE,
    ("KeptCallbacks", "resource"): REFERENCE,
    ("KeptCallbacks", "event"): REFERENCE,
    ("KeptCallbacks", "uri"): REFERENCE,
    ("KeptCallbacks", "verified"): REFERENCE,
    ("KeptCallbacks", "verifier"): REFERENCE,
    ("Responses", "deprecated"): WIRE,
    ("Responses", "failed"): WIRE,
}
"""What a scalar is, by its declaration and key."""
ROLES_BY_KEY: Final = {
    "doc": PROSE,
    "title": PROSE,
    "fix": PROSE,
    "since": PROSE,
    "deprecated": PROSE,
    "source": REFERENCE,
    "callers": PROSE,
    "limits": PROSE,
    "method_errors": REFERENCE,
}
_FORM: Final = "part of a form that the server sends, and cases are about XML"
_SERVER: Final = "a number that the server has chosen, and no document says"
_ADDRESS: Final = "an address that only its server knows"
_HELD: Final = "what an account holds is made up"
_NAME: Final = "chosen freely: nothing else has to have this name"
REASONS: Final[dict[tuple[str, str], str]] = {
    ("Api", "api"): _NAME,
    ("Api", "version"): "in no document, and free to differ from the address",
    ("Api", "documentation"): _ADDRESS,
    ("Python", "package"): _NAME,
    ("Python", "client"): _NAME,
    ("Python", "version"): "chosen freely by whoever publishes the client",
    ("Python", "distribution"): _NAME,
    ("Python", "environment"): _NAME,
    ("Field", "python"): _NAME,
    ("Method", "python"): _NAME,
    ("Resource", "python"): _NAME,
    ("Endpoint", "url"): _ADDRESS,
    ("OAuth", "request_token"): _ADDRESS,
    ("OAuth", "authorization"): _ADDRESS,
    ("OAuth", "access_token"): _ADDRESS,
    ("Http", "media"): "the content type of requests, which is in no document",
    ("Variable", "default"): _ADDRESS,
    ("Credential", "default"): _NAME,
    ("AuthenticationItem", "at"): "only a client with credentials adds it, and cases have none",
    ("Paging", "first"): _SERVER,
    ("Paging", "default_size"): _SERVER,
    ("Paging", "maximum_size"): _SERVER,
    ("Scalar", "pad"): "how wide the server pads, and every width is read",
    ("Error", "status"): "an HTTP status, which is in no document",
    ("Callbacks", "event"): _FORM,
    ("Callbacks", "object"): _FORM,
    ("Callbacks", "system"): _FORM,
    ("Callbacks", "user"): _FORM,
    ("Callbacks", "verifier"): _FORM,
    ("Callbacks", "verification"): _FORM,
    ("Field", "default"): "what the server assumes, and what is never sent",
    ("Field", "minimum"): _SERVER,
    ("Field", "maximum"): _SERVER,
    ("Field", "max_length"): _SERVER,
    ("Field", "max_bytes"): _SERVER,
    ("Field", "places"): _SERVER,
    ("Field", "media"): "what files the server takes, and cases send but some of them",
    ("ResponseShape", "media"): "a header of an answer that is no document",
    ("Case", "file"): "name and content of a file that a case sends beside its document",
    ("Send", "kind"): _NAME,
    ("MethodBehavior", "page_size"): _SERVER,
    ("FailureRule", "status"): "an HTTP status, which is in no document",
    ("Person", "owner"): _HELD,
    ("Account", "settings"): _HELD,
    ("Account", "holds"): _HELD,
}
"""Scalars that nothing else in the description depends on, with the reason: their misspellings cannot be told."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One key, scalar or collection of a file."""

    what: str
    """``key``, ``scalar`` or ``collection``."""
    role: str
    path: str
    """Keys and indexes from the root, such as ``/cases/3/result``."""
    node: yaml.Node
    owner: tuple[str, str] = ("", "")
    """Declaration and key that a scalar belongs to."""
    flow: bool = False
    """Whether a key stands in a mapping with braces."""

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    @property
    def style(self) -> str | None:
        """Return the quotation mark of a scalar, or the indicator of a block."""
        return self.node.style if isinstance(self.node, yaml.ScalarNode) else None


def spots(text: str, kind: Decoder) -> Iterator[Spot]:
    """Return all keys, scalars and collections below the root of a file of this kind."""
    root = yaml.compose(text, yaml.CSafeLoader)
    assert root is not None
    return _below(root, kind, ("", ""), "")


def _below(
    node: yaml.Node, kind: Decoder | None, owner: tuple[str, str], path: str
) -> Iterator[Spot]:
    while isinstance(kind, Either):
        kind = _alternative(kind, node)
    if isinstance(node, yaml.MappingNode):
        if path:
            yield Spot("collection", COLLECTION, path, node)
        if kind is None and {key.value for key, _ in node.value} == {"name", "media", "text"}:
            owner = ("Case", "file")
        for key, value in node.value:
            below = f"{path}/{key.value}"
            if isinstance(kind, MappingDecoder):
                yield Spot("key", LANGUAGE, below, key, flow=node.flow_style)
                inner_owner = (_name_of(kind), str(key.value))
                yield from _below(value, kind.table()[key.value].kind, inner_owner, below)
            elif isinstance(kind, Dictionary):
                role = _role_of_name(kind, owner, value)
                yield Spot("key", role, below, key, flow=node.flow_style)
                yield from _below(value, kind.kind, owner, below)
            else:
                yield Spot("key", CASE, below, key, flow=node.flow_style)
                yield from _below(value, None, owner, below)
    elif isinstance(node, yaml.SequenceNode):
        yield Spot("collection", COLLECTION, path, node)
        inner = kind.kind if isinstance(kind, Listing) else None
        for index, value in enumerate(node.value):
            yield from _below(value, inner, owner, f"{path}/{index}")
    else:
        yield Spot("scalar", _role_of_scalar(kind, owner, node), path, node, owner)


def _name_of(kind: MappingDecoder[Any]) -> str:
    name = kind.decl.__name__.removesuffix("Decl")
    # Behavior files have failure rules, too.
    wire = kind.decl.__module__.endswith("wire_grammar")
    return f"Wire{name}" if wire and name == "FailureRule" else name


def _alternative(kind: Either, node: yaml.Node) -> Decoder:
    """Return the alternative that a node matches."""
    if isinstance(node, yaml.ScalarNode):
        wanted = "str" if node.style else tag(node)
    else:
        wanted = "map" if isinstance(node, yaml.MappingNode) else "list"
    return next(item for item in kind.kinds if wanted in item.accepts)


def tag(node: yaml.Node) -> str:
    """Return the YAML 1.1 type of a scalar: ``str``, ``int``, ``bool`` ..."""
    return str(node.tag).rpartition(":")[2]


_KEYED: Final = frozenset(
    [
        ("Method", "callers"),
        *(
            ("Behavior", key)
            for key in (
                "allow", "supplied", "visible", "shown", "delete", "listed", "unique", "create", "compute", "filters",
                "empties", "references", "touches", "methods",
            )
        ),
        *(("MethodBehavior", key) for key in ("allow", "set")),
        ("Effect", "set"), ("Timed", "set"), ("Filter", "among"), ("Open", "settings"), ("Account", "people"),
        ("Account", "holds"),
    ]
)  # fmt: skip
"""Keys of mappings whose names are declared elsewhere."""


def _role_of_name(kind: Dictionary, owner: tuple[str, str], value: yaml.Node) -> str:
    if isinstance(kind.name, Choice):
        return LANGUAGE
    if owner == ("Account", "settings") and isinstance(kind.name, Text):
        return FACT
    if owner in _KEYED or (isinstance(value, yaml.ScalarNode) and value.value == "same"):
        return REFERENCE
    return PROSE if owner[1] == "limits" else DECLARED


def _role_of_scalar(kind: Decoder | None, owner: tuple[str, str], node: yaml.Node) -> str:
    if isinstance(kind, (Choice, Boolean)):
        return LANGUAGE
    if kind is not None and kind.what == "an expression":
        return EXPRESSION
    if owner == ("Field", "default") and tag(node) == "bool":
        return LANGUAGE
    role = FACT if owner in REASONS else ROLES.get(owner) or ROLES_BY_KEY.get(owner[1])
    assert role is not None, f"what is {'.'.join(owner)}? Say it in ROLES or REASONS"
    return role
