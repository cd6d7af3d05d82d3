"""Failures: which response is one, which of its errors is raised, and of which kind it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from .errors import FAILURES, ApiError, ErrorDetail
from .places import Place
from .reading import all_text, find, local_name

if TYPE_CHECKING:
    from .protocol import Protocol
    from .schema import RecordSchema

KIND_BY_STATUS: Final = {
    400: "validation",
    401: "authentication",
    403: "permission",
    404: "not_found",
    409: "conflict",
    410: "not_found",
    422: "validation",
    429: "rate_limit",
}


@dataclass(frozen=True, slots=True)
class FailureRule:
    """Where a failure says what went wrong. The first rule that matches a failed response reads it."""

    message: Place | None = None
    code: Place | None = None
    field: Place | None = None
    severity: Place | None = None
    detail: Place | None = None
    statuses: tuple[tuple[int, int], ...] = ()
    """Ranges of HTTP statuses, both ends included; empty for any failed response."""
    roots: tuple[str, ...] = ()
    """Root elements, any of which makes a response a failure; empty for any root."""
    when: Place | None = None
    """A place whose presence makes a response a failure, whatever its status."""
    at: tuple[str, ...] = ()
    """Path of the error element below the root."""
    each: bool = False
    """The last element of ``at`` repeats: one for each error."""
    errors: tuple[str, ...] = ()
    """Severities that are errors; the others are warnings. Empty for all."""
    kind: str = ""
    kinds: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Code -> kind."""
    payload: tuple[tuple[str, ...], Callable[[], RecordSchema[Any]]] | None = None
    """Path below the root, and schema, of the record beside the error."""

    def fits(self, root: etree._Element | None, status: int | None) -> bool:
        """Return whether the rule reads a failed response."""
        if self.statuses and not (status is not None and self.is_for(status)):
            return False
        if root is None:
            return bool(self.statuses) and not (self.roots or self.at)
        if self.roots and local_name(root) not in self.roots:
            return False
        if self.when is not None and self.when.text(root) is None:
            return False
        return not self.at or _find(root, self.at) is not None

    def is_for(self, status: int) -> bool:
        """Return whether the rule is for responses with a status."""
        return not self.statuses or any(low <= status <= high for low, high in self.statuses)

    def details(self, root: etree._Element, response: Any = None) -> Iterator[ErrorDetail]:
        """Read each error of a response, warnings included.

        Args:
            root: the document.
            response: the HTTP response, for places outside of the document.
        """
        if not self.each:
            element = _find(root, self.at)
            if element is not None:
                yield self._detail(element, response)
            return
        holder = _find(root, self.at[:-1])
        for child in () if holder is None else holder:
            if local_name(child) == self.at[-1]:
                yield self._detail(child, response)

    def _detail(self, element: etree._Element, response: Any) -> ErrorDetail:
        def text(place: Place | None) -> str:
            return (place.text(element, response) or "").strip() if place is not None else ""

        message = self.message
        if message is None or message.attribute is not None or message.source:
            said = text(message)
        elif not message.path:
            said = all_text(element).strip()
        else:  # elements that repeat are one message
            holder = find(element, message.path[:-1])
            texts = (
                all_text(child).strip()
                for child in (() if holder is None else holder)
                if local_name(child) == message.path[-1]
            )
            said = "; ".join(part for part in texts if part)
        return ErrorDetail(
            text(self.code) or None, said, text(self.field) or None,
            text(self.severity) or None, text(self.detail) or None,
        )  # fmt: skip

    def counts(self, detail: ErrorDetail) -> bool:
        """Return whether a detail is an error, and not a warning."""
        return not self.errors or detail.severity in self.errors


def _find(root: etree._Element, path: tuple[str, ...]) -> etree._Element | None:
    """Return the element at a path below the root, or one that begins with the root itself."""
    found = find(root, path)
    if found is None and path and local_name(root) == path[0]:
        found = find(root, path[1:])
    return found


def failed_by_rule(
    rules: tuple[FailureRule, ...], root: etree._Element, status: int | None = None
) -> bool:
    """Return whether a document is a failure by its root or by what is in it.

    A rule for some statuses says nothing about documents that came with another one.
    """
    name = local_name(root)
    return any(
        (rule.roots and name in rule.roots)
        or (rule.when is not None and rule.when.text(root) is not None)
        for rule in rules
        if status is None or rule.is_for(status)
    )


def failure_of(
    protocol: Protocol,
    root: etree._Element | None,
    method: str,
    status: int | None,
    response: Any = None,
) -> ApiError:
    """Return the failure of a response.

    Its kind comes from the catalog of codes, then from the rule, then from the HTTP status.
    """
    rule = next((rule for rule in protocol.failures if rule.fits(root, status)), None)
    found: list[ErrorDetail] = []
    payload: Any = None
    if rule is not None and root is not None:
        found = list(rule.details(root, response))
        payload = _payload(rule, root, response)
    first = next(
        (detail for detail in found if rule is not None and rule.counts(detail)),
        found[0] if found else ErrorDetail(None, "", None, None, None),
    )
    known = protocol.errors.get(first.code or "")
    kind = known.kind if known is not None else ""
    if not kind and rule is not None:
        kind = rule.kinds.get(first.code or "", "") or rule.kind
    kind = kind or kind_by_status(status)
    return FAILURES.get(kind, ApiError)(
        first.message or first.detail or protocol.default_message(kind, status),
        method=method,
        code=first.code,
        field=first.field or quoted_field(first.message),
        fix=known.fix if known is not None else protocol.fix_of(kind),
        status=status,
        documentation=protocol.documentation,
        errors=tuple(found),
        payload=payload,
    )


def _payload(rule: FailureRule, root: etree._Element, response: Any) -> Any:
    if rule.payload is None:
        return None
    from .reading import Reader

    path, schema = rule.payload
    element = _find(root, path)
    if element is None:
        return None
    return Reader("response", strict=False, response=response).record(element, schema())


def kind_by_status(status: int | None) -> str:
    """Return the kind of failure that an HTTP status means; empty where it means none."""
    if status is None:
        return ""
    return KIND_BY_STATUS.get(status, "server" if status >= 500 else "")


def quoted_field(message: str) -> str | None:
    """Return the field that a message names between quotes, such as ``'client_id' not found``."""
    parts = message.split("'")
    if len(parts) >= 3 and parts[1].replace("_", "").isalnum():
        return parts[1]
    return None
