"""Comparison of how calls are on the wire: options of the client, envelope, HTTP request, failures and paging."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ..diagnostics import Position
from ..ir import (
    Api,
    Authentication,
    ClientOption,
    Envelope,
    FailureRule,
    Http,
    Metadata,
    Method,
    Paging,
)
from .matching import differing, matched
from .rules import Change, change

_NO_HTTP: Final = Http(verb="POST", success=(200,), media="")
"""What a method without an HTTP binding amounts to."""
_STATUSES: Final = range(200, 300)

Reported = frozenset[tuple[str, str, str]]
"""Rule, name and message of the changes of the whole API, which aren't repeated for its methods."""


def was(old: object, new: object) -> str:
    """Return the message for a value that changed."""
    return f"was {shown(old)}, is {shown(new)}"


def shown(value: object) -> str:
    """Return a value of a description as text of a message."""
    if value in (None, "", (), {}):
        return "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {shown(item)}" for name, item in value.items())
    if isinstance(value, tuple):
        return ", ".join(map(shown, value))
    return repr(value) if isinstance(value, str) else str(value)


# options of the client and authentication


def options(old: Api, new: Api) -> Iterator[Change]:
    """Yield changes of the options of the client and of the authentication."""
    renamed: dict[str, str] = {}
    for kind in ("variables", "credentials"):
        yield from _options(kind, getattr(old, kind), getattr(new, kind), renamed)
    before, after = (_required(api) for api in (old, new))
    before = [renamed.get(name, name) for name in before]
    if before != after and Counter(before) == Counter(after):
        message = was(tuple(before), tuple(after))
        yield Change("positional-order-changed", "client", message, None, None)
    if _renamed(old.authentication, renamed) != new.authentication:
        message = was(*(tuple(map(_sent, api.authentication)) for api in (old, new)))
        yield Change("authentication-changed", "authentication", message, None, None)
    if old.session != new.session:
        message = was(*(api.session.call if api.session else None for api in (old, new)))
        yield Change("session-changed", "authentication", f"the session {message}", None, None)
    if old.signer != new.signer:
        rule = "signer-now-required" if new.signer else "signer-no-longer-required"
        yield Change(rule, "authentication", "the signer of requests", None, None)


def _required(api: Api) -> list[str]:
    return [item.name for item in (*api.variables, *api.credentials) if item.default is None]


def _options(
    kind: str, old: Sequence[ClientOption], new: Sequence[ClientOption], renamed: dict[str, str]
) -> Iterator[Change]:
    before, after = ({item.name: item for item in items} for items in (old, new))
    gone, come = before.keys() - after.keys(), after.keys() - before.keys()
    if len(gone) == len(come) == 1:
        left, right = before[gone.pop()], after[come.pop()]
        if (left.default, left.sensitive) == (right.default, right.sensitive):
            renamed[left.name] = right.name
            message = f"{left.name} is now {right.name}"
            yield change("option-renamed", f"{kind}.{right.name}", message, left, right)
            before[right.name] = before.pop(left.name)
    for name, one, other in matched(before, after):
        what = f"{kind}.{name}"
        if one is None or other is None:
            present = one or other
            must = "required-" if present is not None and present.default is None else ""
            state = "added" if one is None else "removed"
            yield change(f"{must}option-{state}", what, f"the option {name}", one, other)
            continue
        if (one.default is None) != (other.default is None):
            rule = "option-now-required" if other.default is None else "option-now-optional"
            yield change(rule, what, f"the option {name}", one, other)
        elif one.default != other.default:
            yield change("default-changed", what, was(one.default, other.default), one, other)
        if one.sensitive != other.sensitive:
            rule = "now-sensitive" if other.sensitive else "no-longer-sensitive"
            yield change(rule, what, what, one, other)
        if one.doc != other.doc:
            yield change("documentation-changed", what, "its documentation", one, other)


def _renamed(
    items: tuple[Authentication, ...], renamed: Mapping[str, str]
) -> tuple[Authentication, ...]:
    def replaced(match: re.Match[str]) -> str:
        return f"{{{renamed.get(match[1], match[1])}}}"

    return tuple(
        dataclasses.replace(item, value=re.sub(r"\{(\w+)\}", replaced, item.value))
        for item in items
    )


def _sent(item: Authentication) -> str:
    return f"{item.place or 'basic'}={item.value}"


# the envelope


def envelope(what: str, old: Envelope, new: Envelope, left: Any, right: Any) -> Iterator[Change]:
    """Yield changes of an envelope; positions are those of ``left`` and ``right``."""
    if old == new:
        return
    for name, before, after in differing(old, new, without=_COMPARED_APART):
        place = f"{what}.{_KEYS.get(name, name)}"
        yield change("envelope-changed", place, was(before, after), left, right)
    if old.strict_order != new.strict_order:
        rule = "order-now-strict" if new.strict_order else "order-no-longer-strict"
        yield change(rule, f"{what}.request.order", "the order of elements", left, right)
    for name, kind in (("response_roots", "response-root"), ("namespaces", "namespace")):
        one, other = (_any(getattr(item, name)) for item in (old, new))
        for text in sorted(one ^ other):
            state = "added" if text in other else "removed"
            place = f"{what}.{_KEYS.get(name, name)}"
            yield change(f"{kind}-{state}", place, f"{text} was {state}", left, right)
    if old.ignored_attributes != new.ignored_attributes:
        message = was(old.ignored_attributes, new.ignored_attributes)
        yield change(
            "ignored-attributes-changed", f"{what}.response.attributes", message, left, right
        )
    yield from _metadata(f"{what}.response.metadata", old.metadata, new.metadata)
    yield from _failures(what, old, new, left, right)


_COMPARED_APART: Final = (
    "key_positions", "strict_order", "response_roots", "namespaces", "ignored_attributes", "metadata",
    "warnings", "failures",
)  # fmt: skip
_KEYS: Final = {
    "request_root": "request.root",
    "request_method": "request.method",
    "method_value": "request.method.value",
    "request_namespace": "request.namespace",
    "request_attributes": "request.attributes",
    "request_payload": "request.payload",
    "document_at": "request.at",
    "empty_document": "request.empty",
    "response_roots": "response.root",
    "response_payload": "response.payload",
    "namespaces": "response.namespaces",
    "status": "response.status",
    "ok": "response.ok",
    "failed": "response.failed",
}


def _any(values: tuple[str, ...]) -> set[str]:
    return set(values) or {"any"}


def _metadata(what: str, old: tuple[Metadata, ...], new: tuple[Metadata, ...]) -> Iterator[Change]:
    for name, left, right in matched(
        {item.name: item for item in old}, {item.name: item for item in new}
    ):
        place = f"{what}.{name}"
        if left is None or right is None:
            rule = "metadata-added" if left is None else "metadata-removed"
            yield change(rule, place, f"the value {name} beside the payload", left, right)
            continue
        if left.place != right.place:
            yield change("metadata-moved", place, was(left.place, right.place), left, right)
        if left.scalar != right.scalar:
            message = was(left.scalar, right.scalar)
            yield change("metadata-type-changed", place, message, left, right)
        if left.doc != right.doc:
            yield change("documentation-changed", place, "its documentation", left, right)


# failures


def _failures(what: str, old: Envelope, new: Envelope, left: Any, right: Any) -> Iterator[Change]:
    before, after = ({_which(rule): rule for rule in item.failures} for item in (old, new))
    for which, one, other in matched(before, after):
        place = f"{what}.failures"
        if one is None or other is None:
            rule = "failure-rule-added" if one is None else "failure-rule-removed"
            yield _at(rule, place, f"the rule for {which}", one, other)
        else:
            yield from _failure(f"{place} for {which}", one, other)
    common = [which for which in before if which in after]
    if common != [which for which in after if which in before]:
        yield change(
            "failure-rules-reordered", f"{what}.failures", "the order of the rules", left, right
        )
    one, other = old.warnings, new.warnings
    if (one is None) != (other is None):
        rule = "warnings-added" if one is None else "warnings-removed"
        yield _at(rule, f"{what}.response.warnings", "the warnings of responses", one, other)
    elif one is not None and other is not None:
        yield from _failure(f"{what}.response.warnings", one, other)


def _which(rule: FailureRule) -> str:
    """Return the responses that a rule is for."""
    statuses = [str(first) if first == last else f"{first}-{last}" for first, last in rule.statuses]
    facts = [*statuses, *(f"<{root}>" for root in rule.roots)]
    if rule.when is not None:
        facts.append(f"responses with {rule.when}")
    return ", ".join(facts) or "any failure"


def _failure(what: str, old: FailureRule, new: FailureRule) -> Iterator[Change]:
    rules = {
        "kind": "failure-kind-changed",
        "kinds": "failure-kind-changed",
        "errors": "failure-severities-changed",
        "payload": "failure-payload-changed",
    }
    for name, before, after in differing(old, new, without=("position", "key_positions")):
        rule = rules.get(name, "failure-moved")
        if name == "each":
            message = f"the error element {'repeats' if after else 'no longer repeats'}"
        elif name == "payload":
            message = was(*(item and f"{item[1].name} at {item[0]}" for item in (before, after)))
        else:
            message = f"{name} {was(before, after)}"
        yield _at(rule, what, message, old, new)


def _at(
    rule: str, what: str, message: str, old: FailureRule | None, new: FailureRule | None
) -> Change:
    places: list[Position | None] = [item.position if item else None for item in (old, new)]
    return Change(rule, what, message, *places)


# the HTTP request


def wire(
    what: str, old: Method, new: Method, before: Api, after: Api, reported: Reported
) -> Iterator[Change]:
    """Yield changes of a method's HTTP request, envelope, paging and authentication.

    Args:
        what: Name of the method.
        old: The method before.
        new: The method after.
        before: The description before.
        after: The description after.
        reported: What was reported for the whole API.
    """
    yield from _http(what, old, new)
    if old.authenticated != new.authenticated:
        rule = (
            "authentication-now-needed" if new.authenticated else "authentication-no-longer-needed"
        )
        yield change(rule, what, "the credentials in its requests", old, new)
    for found in envelope(
        f"{what}.envelope",
        old.envelope or before.envelope,
        new.envelope or after.envelope,
        old,
        new,
    ):
        if (found.rule, found.what.removeprefix(f"{what}."), found.message) not in reported:
            yield found
    for found in paging(f"{what}.paging", old.pages, new.pages, old, new):
        if (found.rule, found.what.removeprefix(f"{what}."), found.message) not in reported:
            yield found


def _http(what: str, old: Method, new: Method) -> Iterator[Change]:
    left, right = old.http or _NO_HTTP, new.http or _NO_HTTP
    if left == right:
        return
    if left.verb != right.verb:
        yield change("verb-changed", what, was(left.verb, right.verb), old, new)
    if left.path != right.path:
        rule = "path-variable-renamed" if _only_renamed(left.path, right.path) else "path-changed"
        yield change(rule, what, was(left.path, right.path), old, new)
    for kind, before, after in (
        ("header", left.headers, right.headers),
        ("query", dict(left.query), dict(right.query)),
        ("form", dict(left.form), dict(right.form)),
    ):
        for name, one, other in matched(before, after):
            if one != other:
                state = "added" if one is None else "removed" if other is None else "changed"
                message = f"{kind}:{name} {was(one, other)}"
                yield change(f"constant-{state}", what, message, old, new)
    statuses, now = (set(item.success or _STATUSES) for item in (left, right))
    if statuses != now:
        added = now - statuses
        rule = "success-status-added" if added else "success-status-removed"
        message = was(*(item.success or "200-299" for item in (left, right)))
        yield change(rule, what, message, old, new)
    if left.multipart != right.multipart:
        bodies = (
            f"multipart/{item.multipart}" if item.multipart else item.media
            for item in (left, right)
        )
        yield change("request-media-changed", what, was(*bodies), old, new)
    elif left.media != right.media and left.media and right.media:
        yield change("request-media-changed", what, was(left.media, right.media), old, new)
    for name, before, after in differing(left.names, right.names, without=()):
        message = f"parameters.{name} {was(before, after)}"
        yield change("parameter-names-changed", what, message, old, new)
    one_document, other_document = ((item.document, item.always_document) for item in (left, right))
    if one_document != other_document:
        message = was(*(_document(item) for item in (left, right)))
        yield change("document-moved", what, message, old, new)


def _document(http: Http) -> str:
    place = "the body" if http.document is None else ":".join(http.document)
    return f"{place}, always" if http.always_document else place


def _only_renamed(old: str, new: str) -> bool:
    """Return whether paths differ only in names of variables, each of which is new."""
    variable = re.compile(r"\{(\w+)(\+?)\}")
    if variable.sub(r"{\2}", old) != variable.sub(r"{\2}", new):
        return False
    before, after = ([name for name, _ in variable.findall(path)] for path in (old, new))
    return all(
        left == right or (left not in after and right not in before)
        for left, right in zip(before, after, strict=True)
    )


# paging


def paging(
    what: str, old: Paging | None, new: Paging | None, left: Any, right: Any
) -> Iterator[Change]:
    """Yield changes of how a list comes in pages; nothing if one of the two doesn't."""
    if old is None or new is None:
        return
    for name, before, after in differing(old, new, without=("key_positions",)):
        rule = "paging-changed"
        if name == "maximum_size":
            lower = after is not None and (before is None or after < before)
            rule = "group-page-size-lowered" if lower else "group-page-size-raised"
        elif name == "default_size":
            rule = "default-page-size-changed"
        yield change(rule, what, f"{name} {was(before, after)}", left, right)
