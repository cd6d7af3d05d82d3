"""Requests and answers as the description reads them: arguments, and texts that may be shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...cases.tables import Tables
from ...ir import Api, Method, Ref
from ...runtime.errors import Error
from ...runtime.reading import find, parse_xml
from ...runtime.redact import (
    HIDDEN,
    redact_response,
    redact_request,
    secrets_in_response,
    secrets_in_request,
)
from ...runtime.registry import plain
from ...runtime.request import Method as RuntimeMethod
from ...runtime.schema import RecordSchema
from ...runtime.scrub import blank, scrub
from ..engine.encoding import shown
from .journal import Entry

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
        self._header = (api.token.header or "authorization").lower()

    def endpoint(self, name: str | None) -> RuntimeMethod[Any] | None:
        """The tables of a method; None for one that is not described."""
        method = self.methods.get(name or "")
        return None if method is None else self.tables.method(method)

    def arguments(self, entry: Entry) -> dict[str, Any]:
        """What a call asked for, as JSON can hold it; empty where that cannot be read."""
        endpoint = self.endpoint(entry.method)
        if endpoint is None:
            return {}
        try:
            payload = find(parse_xml(entry.document), endpoint.protocol.request_payload)
            read = None if payload is None else endpoint.parse_request(payload)
        except (Error, ValueError):
            return {}
        found = plain(read)
        return found if isinstance(found, dict) else {}

    def secrets(self, entry: Entry) -> set[str]:
        """Texts of a call that are never shown."""
        endpoint = self.endpoint(entry.method)
        if endpoint is None:
            return set()
        answered = entry.answer if entry.meant is None else entry.meant
        return secrets_in_request(endpoint, entry.document) | secrets_in_response(endpoint, answered)

    def request(self, entry: Entry) -> str:
        """The request document as it may be shown."""
        endpoint = self.endpoint(entry.method)
        if endpoint is None:
            return self._undescribed(entry.document)
        secrets = self.secrets(entry)
        if not secrets or not _is_xml(entry.document):
            # Of what is no XML, what a lenient parser finds sensitive is blanked all the same.
            return blank(entry.document.decode("utf-8", "replace"), secrets)
        return redact_request(endpoint, entry.document, secrets)

    def answer(self, entry: Entry) -> str:
        """The answer as it may be shown: a file by its size."""
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
        """A document of no method: nothing says what in it is sensitive, so only one without any data is shown."""
        try:
            root = parse_xml(document)
        except Error:
            return f"[{len(document):,} bytes, not XML]"
        failed = self.tables.protocol.failure_message.text(root) is not None
        if failed or len(root) == 0:
            return document.decode("utf-8", "replace")
        return f"[{len(document):,} bytes of no described method]"

    def broken(self, document: bytes) -> str | None:
        """Why a document is no well-formed XML, in the words of the parser, which quote names but no texts."""
        try:
            parse_xml(document)
        except Error as error:
            return error.message.partition("(")[2].partition("); it begins")[0] or error.message
        return None

    def failure(self, entry: Entry) -> tuple[str | None, str | None]:
        """What a failed call was told, and the field that this names; None for a call that worked."""
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
        """Headers without credentials."""
        hidden = (*_SECRET_HEADERS, self._header)
        return {name: HIDDEN if name in hidden else value for name, value in headers.items()}

    def target(self, target: str) -> str:
        """An address without what OAuth may have put into its query."""
        path, mark, query = target.partition("?")
        return f"{path}?{HIDDEN}" if mark and "oauth" in query else target

    # ---- records of the state

    def record(self, collection: str, record: Mapping[str, Any]) -> dict[str, Any]:
        """A record as it may be shown."""
        ref = self._main.get(collection)
        shape = None if ref is None else self.tables.shape(ref)
        return _shown(record, shape)

    def records(
        self, collection: str, records: Iterable[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """As :meth:`record`, for several."""
        return [self.record(collection, one) for one in records]


def _is_xml(document: bytes) -> bool:
    try:
        parse_xml(document)
    except Error:
        return False
    return True


def _shown(record: Mapping[str, Any], shape: RecordSchema[Any] | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in record.items():
        item = None if shape is None else shape.by_name.get(name)
        if item is not None and item.sensitive and value is not None:
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
        else:
            found[name] = shown(value)
    return found
