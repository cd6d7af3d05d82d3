"""What is the same for all methods of one API: envelope, failures, paging, the token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from lxml import etree

from .errors import FAILURES, ApiError, InvalidDocumentError
from .reading import all_text, find, local_name, parse_xml
from .scalars import escape


class Place(NamedTuple):
    """Where a text stands below an element: a path of elements, and maybe an attribute of the last one."""

    path: tuple[str, ...] = ()
    attribute: str | None = None

    @classmethod
    def of(cls, text: str) -> Place:
        """From ``"a/b"``, ``"@name"`` or ``"a/@name"``."""
        parts = [part for part in text.split("/") if part not in ("", ".")]
        if parts and parts[-1].startswith("@"):
            return cls(tuple(parts[:-1]), parts[-1][1:])
        return cls(tuple(parts))

    def text(self, element: etree._Element) -> str | None:
        """The text there; None where there is no such place."""
        found = find(element, self.path)
        if found is None:
            return None
        if self.attribute is None:
            return found.text or ""
        value = found.get(self.attribute)
        if value is None:
            for name, text in found.attrib.items():  # an attribute may carry a namespace
                if str(name).rpartition("}")[2] == self.attribute:
                    return str(text)
        return value


@dataclass(frozen=True, slots=True)
class Paging:
    """How lists come in pages."""

    position: str = "page"
    """Argument that says where a page begins."""
    size: str = "per_page"
    """Argument that says how many rows it may have."""
    by_row: bool = False
    """The position counts rows, not pages."""
    first: int = 1
    default_size: int = 25
    maximum_size: int | None = None
    counters: Mapping[str, Place] = field(default_factory=dict)
    """``position``, ``size``, ``pages``, ``total`` -> where it stands below the list's wrapper."""


class CallbackForm(NamedTuple):
    """Names of the form fields of a callback."""

    event: str
    """Field that names the event."""
    object: str
    """Field with the id of what the event is about."""
    system: str
    """Field with the address of the account."""
    user: str
    """Field with the id of who did it."""
    verifier: str
    """Field with the code that is to be sent back."""
    verification: str
    """What the event is called when the service asks whether the address wants its events."""


class ErrorCode(NamedTuple):
    """One code of the API's error catalog."""

    kind: str
    message: str
    fix: str = ""
    """What the caller can do."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Protocol:
    """The envelope of one API and all else that its methods share."""

    name: str
    url: str
    """Address of the API; ``{account}`` stands for the account."""
    package: str
    version: str
    environment: str
    """Prefix of the environment variables that set the client up."""
    documentation: str | None = None
    request_root: str = "request"
    request_method: Place = Place((), "method")  # noqa: RUF009 - it cannot change
    request_namespace: str | None = None
    request_attributes: Mapping[str, str] = field(default_factory=dict)
    request_payload: tuple[str, ...] = ()
    response_root: str = "response"
    response_payload: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    status: Place | None = None
    ok: tuple[str, ...] = ()
    failure_root: str | None = None
    failure_when: Place | None = None
    failure_message: Place = Place(("error",))  # noqa: RUF009
    failure_code: Place | None = None
    failure_field: Place | None = None
    token_style: str = "basic"
    token_password: str = "X"
    token_header: str | None = None
    oauth_request_token: str | None = None
    oauth_authorize: str | None = None
    oauth_access_token: str | None = None
    oauth_signature: str = "PLAINTEXT"
    callbacks: CallbackForm | None = None
    paging: Paging = Paging()
    errors: Mapping[str, ErrorCode] = field(default_factory=dict)

    def envelope(self, method: str) -> tuple[str, str]:
        """What stands before and after the payload of a request for ``method``."""
        attributes = dict(self.request_attributes)
        if self.request_namespace is not None:
            attributes = {"xmlns": self.request_namespace, **attributes}
        *outer, last = self.request_method.path or ("",)
        attribute, inside = self.request_method.attribute, ""
        if not last:
            attributes[attribute or ""] = method
        elif attribute is None:
            inside = f"<{last}>{escape(method)}</{last}>"
        else:
            inside = f"<{last}{_attributes({attribute: method})}/>"
        for name in reversed(outer):
            inside = f"<{name}>{inside}</{name}>"
        head = _attributes(attributes)
        opening = "".join(f"<{name}>" for name in self.request_payload)
        closing = "".join(f"</{name}>" for name in reversed(self.request_payload))
        declaration = '<?xml version="1.0" encoding="utf-8"?>\n'
        return (
            f"{declaration}<{self.request_root}{head}>{inside}{opening}",
            f"{closing}</{self.request_root}>",
        )

    def payload(self, document: bytes | str, method: str) -> etree._Element:
        """The element that holds the response of a call that succeeded.

        Raises:
            ApiError: the document is a failure; the class says of which kind.
            InvalidDocumentError: it is not a response of this API.
        """
        root = parse_xml(document)
        self.check(root, method)
        found = find(root, self.response_payload)
        if found is None:
            wanted = "/".join(self.response_payload)
            raise InvalidDocumentError(f"the response has no <{wanted}>", method=method)
        return found

    def check(self, root: etree._Element, method: str, status: int | None = None) -> None:
        """Raise the failure that ``root`` is, if it is one."""
        name = local_name(root)
        failed = self.failure_root is not None and name == self.failure_root
        if not failed and name != self.response_root:
            raise InvalidDocumentError(
                f"the document is <{name}>, not <{self.response_root}>", method=method
            )
        if not failed and self.failure_when is not None:
            failed = self.failure_when.text(root) is not None
        if not failed and self.status is not None:
            said = self.status.text(root)
            if said is None:
                raise InvalidDocumentError(
                    "the response does not say whether it succeeded", method=method
                )
            failed = said not in self.ok
        if failed:
            raise self.failure(root, method, status)

    def fix_of(self, kind: str) -> str:
        """What can be done about failures of a kind; empty where the description does not say."""
        return next((code.fix for code in self.errors.values() if code.kind == kind), "")

    def failure(self, root: etree._Element, method: str, status: int | None = None) -> ApiError:
        """The failure that a response's root element tells of."""
        outer, last = self.failure_message.path[:-1], self.failure_message.path[-1:]
        holder = find(root, outer)
        messages: list[str] = []
        if self.failure_message.attribute is not None or not last:
            messages.append(self.failure_message.text(root) or "")
        elif holder is not None:
            messages.extend(
                all_text(child).strip() for child in holder if local_name(child) == last[0]
            )
        code = self.failure_code.text(root) if self.failure_code is not None else None
        field_name = self.failure_field.text(root) if self.failure_field is not None else None
        message = "; ".join(text.strip() for text in messages if text.strip())
        known = self.errors.get((code or "").strip())
        kind = FAILURES.get(known.kind, ApiError) if known is not None else ApiError
        return kind(
            message or "the API gave no reason",
            method=method,
            code=(code or "").strip() or None,
            field=(field_name or "").strip() or _quoted_field(message),
            fix=known.fix if known is not None else "",
            status=status,
            documentation=self.documentation,
        )


def _attributes(values: Mapping[str, str]) -> str:
    return "".join(
        f' {name}="{escape(value).replace(chr(34), "&quot;")}"' for name, value in values.items()
    )


def _quoted_field(message: str) -> str | None:
    """The field that a message names between quotes, such as ``'client_id' not found``."""
    parts = message.split("'")
    if len(parts) >= 3 and parts[1].replace("_", "").isalnum():
        return parts[1]
    return None
