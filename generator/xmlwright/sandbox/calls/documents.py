"""Requests and responses as the description reads them: arguments, and texts that may be shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote_plus

from lxml import etree

from ...cases.tables import Tables
from ...ir import Api, Method, Ref
from ...runtime.errors import Error, ErrorDetail
from ...runtime.reading import find, parse_xml
from ...runtime.redact import (
    HIDDEN,
    redact_request,
    redact_response,
    secrets_in_request,
    secrets_in_response,
)
from ...runtime.registry import plain
from ...runtime.request import Method as RuntimeMethod
from ...runtime.schema import RecordSchema
from ...runtime.scrub import blank, scrub
from ..binding.credentials import CredentialReader
from ..engine.encoding import shown
from .journal import Entry

FORM: Final = "application/x-www-form-urlencoded"
_SECRET_HEADERS: Final = ("authorization", "cookie", "proxy-authorization")


class Documents:
    """Reads and redacts what went over the wire, by the tables of the description."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.tables = Tables(api)
        self.methods: dict[str, Method] = {method.name: method for method in api.methods}
        self._main: dict[str, Ref] = {
            module.name: Ref(records.module, records.name)
            for module in api.resources
            for records in module.records[:1]
        }
        self._sensitive = {
            item.python
            for fields in (
                *(record.fields for record in api.records.values()),
                *(method.arguments for method in api.methods),
            )
            for item in fields
            if item.sensitive
        }
        self._credentials = CredentialReader(api)
        self._hidden_parameters = self._credentials.parameters | {
            item.location[1]
            for method in api.methods
            for item in method.arguments
            if item.sensitive and item.location is not None
        }
        self._headers = frozenset(_SECRET_HEADERS) | {
            item.place.removeprefix("header:").lower()
            for item in api.authentication
            if item.place is not None and item.place.startswith("header:")
        }

    def endpoint(self, name: str | None) -> RuntimeMethod[Any] | None:
        """Return the tables of a method; None for one that is not described."""
        method = self.methods.get(name or "")
        return None if method is None else self.tables.method(method)

    def arguments(self, entry: Entry) -> dict[str, Any]:
        """Return what a call asked for, as JSON can hold it; empty where that cannot be read."""
        endpoint = self.endpoint(entry.method)
        if endpoint is None:
            return {}
        if entry.arguments is not None:
            return {name: shown(value) for name, value in entry.arguments.items()}
        try:
            payload = find(parse_xml(entry.document), endpoint.protocol.request_payload)
            read = None if payload is None else endpoint.parse_request(payload)
        except (Error, ValueError):
            return {}
        found = plain(read)
        return found if isinstance(found, dict) else {}

    def secrets(self, entry: Entry) -> set[str]:
        """Return the sensitive texts of a call."""
        endpoint = self.endpoint(entry.method)
        if endpoint is None:
            return self._outside(entry)
        answered = entry.answer if entry.meant is None else entry.meant
        return (
            secrets_in_request(endpoint, entry.document)
            | secrets_in_response(endpoint, answered)
            | self._outside(entry)
        )

    def _outside(self, entry: Entry) -> set[str]:
        """Return the sensitive texts of a call that are not arguments in its document: parameters, credentials."""
        found: set[str] = set(_sensitive_texts(entry.arguments or {}, self._sensitive))
        if self._hidden_parameters:
            form = entry.document if FORM in entry.headers.get("content-type", "") else b""
            pairs = parse_qsl(form.decode("utf-8", "replace")) + parse_qsl(
                entry.target.partition("?")[2]
            )
            found.update(text for name, text in pairs if name in self._hidden_parameters and text)
            found.update(quote_plus(text) for text in tuple(found))
        if self._credentials.elements:
            found |= self._credentials.texts_in(entry.document)
        return found

    def request(self, entry: Entry) -> str:
        """Return the request document as it may be shown."""
        endpoint = self.endpoint(entry.method)
        if endpoint is None:
            return self._undescribed(entry.document)
        secrets = self.secrets(entry)
        if not secrets or not _is_xml(entry.document):
            # Of what is no XML, what a lenient parser finds sensitive is blanked all the same.
            return blank(entry.document.decode("utf-8", "replace"), secrets)
        return redact_request(endpoint, entry.document, secrets)

    def answer(self, entry: Entry) -> str:
        """Return the response as it may be shown: a file by its size."""
        if "xml" not in entry.content_type and not entry.content_type.startswith("text/"):
            return f"[{len(entry.answer):,} bytes of {entry.content_type or 'nothing'}]"
        secrets = self.secrets(entry)
        endpoint = self.endpoint(entry.method)
        if endpoint is None and "xml" in entry.content_type:
            return self._undescribed(entry.answer)
        if endpoint is None or not secrets or not _is_xml(entry.answer):
            return blank(entry.answer.decode("utf-8", "replace"), secrets)
        return redact_response(endpoint, entry.answer, secrets)

    def _undescribed(self, document: bytes) -> str:
        """Return a document of an unknown method only if it has no data that could be sensitive."""
        try:
            root = parse_xml(document)
        except Error:
            return f"[{len(document):,} bytes, not XML]"
        failed = any(self.failure_details(root))
        if failed or len(root) == 0:
            return document.decode("utf-8", "replace")
        return f"[{len(document):,} bytes of no described method]"

    def failure_details(self, root: etree._Element) -> list[ErrorDetail]:
        """Return the errors with a message that a document lists."""
        rules = self.tables.protocol.failures
        rule = next((rule for rule in rules if rule.fits(root, None)), None)
        return [] if rule is None else [one for one in rule.details(root) if one.message]

    def broken(self, document: bytes) -> str | None:
        """Return why a document is not well-formed XML, without its text; None if it is."""
        try:
            parse_xml(document)
        except Error as error:
            return error.message.partition("(")[2].partition("); it begins")[0] or error.message
        return None

    def failure(self, entry: Entry) -> tuple[str | None, str | None]:
        """Return the message of a failed call and the field in it; None for a call that succeeded."""
        if entry.ok:
            return None, None
        try:
            error = self.tables.protocol.failure(parse_xml(entry.answer), entry.method or "")
        except Error:
            return None, None
        secrets = self.secrets(entry)
        return scrub(error.message, secrets), (
            None if error.field is None else scrub(error.field, secrets)
        )

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return headers without credentials."""
        hidden = self._headers
        return {name: HIDDEN if name in hidden else value for name, value in headers.items()}

    def target(self, target: str) -> str:
        """Return an address without credentials and sensitive arguments in its query."""
        path, mark, query = target.partition("?")
        if mark and "oauth" in query:
            return f"{path}?{HIDDEN}"
        if not mark or not self._hidden_parameters:
            return target
        parts = (part.partition("=") for part in query.split("&"))
        return f"{path}?" + "&".join(
            f"{name}={HIDDEN}" if name in self._hidden_parameters else f"{name}{equals}{text}"
            for name, equals, text in parts
        )

    # ---- records of the state

    def record(self, collection: str, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record as it may be shown."""
        module, dot, name = collection.partition(".")
        ref = Ref(module, name) if dot else self._main.get(collection)
        if ref not in self.api.records:
            ref = None
        shape = None if ref is None else self.tables.shape(ref)
        return _shown(
            record, shape, self._sensitive if shape is None or ".given" in record else set()
        )

    def records(
        self, collection: str, records: Iterable[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Return several records, redacted."""
        return [self.record(collection, one) for one in records]


def _is_xml(document: bytes) -> bool:
    try:
        parse_xml(document)
    except Error:
        return False
    return True


def _shown(
    record: Mapping[str, Any], shape: RecordSchema[Any] | None, sensitive: Collection[str] = ()
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in record.items():
        item = None if shape is None else shape.by_name.get(name)
        if value is not None and (name in sensitive or (item is not None and item.sensitive)):
            found[name] = HIDDEN
        elif item is not None and item.shape is not None:
            inner = item.shape()
            if isinstance(value, Mapping):
                found[name] = _shown(value, inner)
            elif isinstance(value, (list, tuple)):
                found[name] = [
                    _shown(one, inner) if isinstance(one, Mapping) else shown(one) for one in value
                ]
            else:
                found[name] = shown(value)
        elif sensitive and isinstance(value, Mapping):
            found[name] = _shown(value, None, sensitive)
        elif sensitive and isinstance(value, (list, tuple)):
            found[name] = [
                _shown(one, None, sensitive) if isinstance(one, Mapping) else shown(one)
                for one in value
            ]
        else:
            found[name] = shown(value)
    return found


def _sensitive_texts(values: Mapping[str, Any], sensitive: Collection[str]) -> Iterator[str]:
    """Yield the texts of sensitive values, at every depth."""
    for name, value in values.items():
        rows = value if isinstance(value, (list, tuple)) else (value,)
        for row in rows:
            if isinstance(row, Mapping):
                yield from _sensitive_texts(row, sensitive)
            elif name in sensitive and row not in (None, ""):
                yield str(row)
