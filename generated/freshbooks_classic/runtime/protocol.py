"""What is the same for all methods of one API: envelope, failures, paging, the token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from lxml import etree

from .credentials import Authentication, ClientOption
from .errors import ApiError, InvalidDocumentError
from .failures import FailureRule, failed_by_rule, failure_of
from .places import Place
from .reading import Reader, find, local_name, parse_xml
from .scalars import Codec, escape
from .schema import Mode

DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>\n'


@dataclass(frozen=True, slots=True)
class Paging:
    """How lists come in pages."""

    position: str | tuple[str, ...] = "page"
    """Argument that says where a page begins; several for a cursor of several parts."""
    size: str = "per_page"
    """Argument that says how many rows it may have; empty where nothing does."""
    style: str = "page"
    """What the position is: ``page``, ``offset``, ``cursor`` or ``link``."""
    first: int = 1
    default_size: int | None = 25
    maximum_size: int | None = None
    counters: Mapping[str, Place] = field(default_factory=dict)
    """``position``, ``size``, ``pages``, ``total`` -> where it is, from the list's element."""
    next: tuple[Place, ...] = ()
    """Where the mark of the next page is: one place for each argument of a cursor, or that of a link."""
    more: Place | None = None
    """Where a response says whether more pages follow."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments that say where a page begins."""
        return (self.position,) if isinstance(self.position, str) else self.position

    @property
    def by_row(self) -> bool:
        """Whether the position counts rows."""
        return self.style == "offset"

    @property
    def beside(self) -> frozenset[str]:
        """Names of the elements among the rows that are counters."""
        places = (*self.counters.values(), *self.next, *((self.more,) if self.more else ()))
        return frozenset(
            place.path[0] for place in places if place.path and not (place.absolute or place.source)
        )


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


class SessionRule(NamedTuple):
    """How a session begins and ends."""

    call: str
    """The method that begins it."""
    arguments: Mapping[str, Any]
    """Argument -> option of the client; nested as the arguments are."""
    keeps: Mapping[str, tuple[str, ...]]
    """Option of the client -> names of the attributes that lead to its value in the result."""
    ends: str | None = None
    """The method that ends it, when the client is closed."""
    renew_on: tuple[int, ...] = (401,)
    """Statuses that mean that the session is over; the client then signs in once more."""


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
    """Root element of requests; empty where the wrapper of the arguments is the root."""
    request_method: Place | None = Place((), "method")  # noqa: RUF009 - it cannot change
    """Where a document names the method; None where it does not."""
    method_value: str = "{method}"
    """What it says there."""
    request_namespace: str | None = None
    request_attributes: Mapping[str, str] = field(default_factory=dict)
    request_payload: tuple[str, ...] = ()
    response_root: str = "response"
    """Root element of responses; empty for any."""
    other_roots: tuple[str, ...] = ()
    """Further roots of responses that succeeded."""
    response_payload: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    status: Place | None = None
    ok: tuple[str, ...] = ()
    failures: tuple[FailureRule, ...] = (FailureRule(message=Place(("error",))),)
    warnings: FailureRule | None = None
    """Where a response that succeeded holds warnings."""
    metadata: tuple[tuple[str, Place, Codec], ...] = ()
    """Values beside the payload of a response."""
    nil: tuple[str, str] | None = None
    """Attribute, and its value, of an element that means None."""
    variables: tuple[ClientOption, ...] = ()
    """Options of the client that are part of the URL."""
    credentials: tuple[ClientOption, ...] = ()
    authentication: tuple[Authentication, ...] = ()
    """What requests carry to say who is calling."""
    session: SessionRule | None = None
    """How a client gets the credentials that it was not given."""
    signer: bool = False
    """The caller must pass what signs requests."""
    oauth_request_token: str | None = None
    oauth_authorization: str | None = None
    oauth_access_token: str | None = None
    oauth_signature: str = "PLAINTEXT"
    callbacks: CallbackForm | None = None
    paging: Paging = Paging()
    errors: Mapping[str, ErrorCode] = field(default_factory=dict)

    def variant(self, **changes: Any) -> Protocol:
        """Return the protocol with other values, for methods that differ."""
        return replace(self, **changes)

    def for_method(self, name: str) -> Protocol:
        """Return the protocol with the placeholders of its roots filled in for a method."""
        texts = (self.request_root, self.response_root, *self.request_payload, *self.response_payload, *self.other_roots)  # fmt: skip
        if not any("{" in text for text in texts):
            return self
        filled = placeholders(name)
        return replace(
            self,
            request_root=filled(self.request_root),
            request_payload=tuple(map(filled, self.request_payload)),
            response_root=filled(self.response_root),
            other_roots=tuple(map(filled, self.other_roots)),
            response_payload=tuple(map(filled, self.response_payload)),
        )

    def method_text(self, name: str) -> str:
        """Return what a request calls a method."""
        return name if self.method_value == "{method}" else placeholders(name)(self.method_value)

    @property
    def around(self) -> frozenset[str]:
        """Elements directly below the payload that status, metadata, warnings and failures are read from."""
        rules = (*self.failures, *((self.warnings,) if self.warnings is not None else ()))
        places = (
            self.status,
            *(place for _, place, _ in self.metadata),
            *(rule.when for rule in rules),
        )
        paths = [place.path for place in places if place is not None and not place.source]
        paths += [rule.at for rule in rules]
        paths += [
            place.path
            for rule in rules
            if not rule.at
            for place in (rule.message, rule.code)
            if place
        ]
        depth = len(self.response_payload)
        return frozenset(
            path[depth].rpartition(":")[2]
            for path in paths
            if len(path) > depth and path[:depth] == self.response_payload
        )

    @property
    def nil_attribute(self) -> str:
        """The attribute of an element that means None, as XML; empty where an empty tag does."""
        return "" if self.nil is None else xml_attributes({self.nil[0]: self.nil[1]})

    @property
    def root_attributes(self) -> str:
        """The attributes of the root of a request, but for the name of the method."""
        attributes = dict(self.request_attributes)
        if self.request_namespace is not None:
            attributes = {"xmlns": self.request_namespace, **attributes}
        return xml_attributes(attributes)

    def envelope(self, method: str, attributes: str = "") -> tuple[str, str]:
        """Return what is before and after the payload of a request for ``method``.

        Args:
            method: name of the method.
            attributes: further attributes of the innermost element, as XML.
        """
        head, inside, shared = self.root_attributes, "", 0
        place = self.request_method
        if place is not None and not place.source:
            text = self.method_text(method)
            *outer, last = place.path or ("",)
            if not last:
                head += xml_attributes({place.attribute or "": text})
            elif place.attribute is None:
                inside = f"<{last}>{escape(text)}</{last}>"
            else:
                inside = f"<{last}{xml_attributes({place.attribute: text})}/>"
            while outer[shared : shared + 1] == [*self.request_payload[shared : shared + 1]] != []:
                shared += 1
            for name in reversed(outer[shared:]):
                inside = f"<{name}>{inside}</{name}>"
        tags = list(self.request_payload)
        if tags:
            tags[-1] += attributes
        else:
            head += attributes
        opening = [f"<{tag}>" for tag in tags]
        opening.insert(shared, inside)  # in the elements that it shares with the payload
        closing = "".join(f"</{name}>" for name in reversed(self.request_payload))
        return (
            f"{DECLARATION}<{self.request_root}{head}>{''.join(opening)}",
            f"{closing}</{self.request_root}>",
        )

    def reader(
        self, mode: Mode = "response", *, strict: bool = True, response: Any = None
    ) -> Reader:
        """Return what reads elements of this API."""
        if self.nil is None:
            return Reader(mode, strict=strict, response=response)
        from .nil import NilReader

        made: Reader = NilReader(self.nil[0], mode, strict=strict, response=response)
        return made

    def payload(
        self,
        document: bytes | str,
        method: str,
        status: int | None = None,
        response: Any = None,
    ) -> etree._Element:
        """Return the element that holds the response of a call that succeeded.

        Raises:
            ApiError: the document is a failure; the class says of which kind.
            InvalidDocumentError: it is not a response of this API.
        """
        root = parse_xml(document)
        self.check(root, method, status, response)
        found = find(root, self.response_payload)
        if found is None:
            wanted = "/".join(self.response_payload)
            raise InvalidDocumentError(f"the response has no <{wanted}>", method=method)
        return found

    def check(
        self,
        root: etree._Element,
        method: str,
        status: int | None = None,
        response: Any = None,
    ) -> None:
        """Raise the failure that ``root`` is, if it is one."""
        failed = failed_by_rule(self.failures, root, status)
        name = local_name(root)
        if not failed and self.response_root and name not in self.roots:
            raise InvalidDocumentError(
                f"the document is <{name}>, not <{self.response_root}>", method=method
            )
        if not failed and self.status is not None:
            text = self.status.text(root)
            if text is None:
                raise InvalidDocumentError(
                    "the response does not say whether it succeeded", method=method
                )
            failed = text not in self.ok
        if failed:
            raise self.failure(root, method, status, response)

    @property
    def roots(self) -> tuple[str, ...]:
        """Root elements of responses that succeeded, without prefixes."""
        return tuple(root.rpartition(":")[2] for root in (self.response_root, *self.other_roots))

    def fix_of(self, kind: str) -> str:
        """What can be done about failures of a kind; empty where the description does not say."""
        return next((code.fix for code in self.errors.values() if code.kind == kind), "")

    def default_message(self, kind: str, status: int | None) -> str:
        """Return what is said of a failure that gives no reason."""
        return (
            f"the server responded with HTTP {status}"
            if status not in (None, 200)
            else "the API gave no reason"
        )

    def failure(
        self,
        root: etree._Element | None,
        method: str,
        status: int | None = None,
        response: Any = None,
    ) -> ApiError:
        """Return the failure that a response is.

        Args:
            root: its document, if it has one.
            method: name of the method.
            status: its HTTP status.
            response: the HTTP response, for places outside of the document.
        """
        return failure_of(self, root, method, status, response)


def placeholders(name: str) -> Callable[[str], str]:
    """Return what fills ``{method}``, ``{resource}``, ``{verb}`` and ``{Verb}`` in a text for a method."""
    resource, _, verb = name.partition(".")
    values = {
        "{method}": name,
        "{resource}": resource,
        "{verb}": verb,
        "{Verb}": verb[:1].upper() + verb[1:],
    }

    def filled(text: str) -> str:
        for placeholder, value in values.items():
            text = text.replace(placeholder, value)
        return text

    return filled


def xml_attributes(values: Mapping[str, str]) -> str:
    """Return attributes as XML, each after a space."""
    return "".join(
        f' {name}="{escape(value).replace(chr(34), "&quot;")}"' for name, value in values.items()
    )
