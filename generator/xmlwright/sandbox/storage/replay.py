"""From traffic that a client recorded to records: what an account held, as far as its calls show."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ...cases.tables import Tables
from ...ir import Api, Method, Module
from ...runtime.errors import Error
from ...runtime.reading import parse_xml
from ...runtime.record import Raw, Record, field_names
from ...runtime.recorder import RecordedCall, read_recording
from ...runtime.request import Page
from ...runtime.scrub import HIDDEN

Records = dict[str, list[dict[str, Any]]]
"""Resource -> its records, as the results of cases show them."""


@dataclass(slots=True)
class RecordedState:
    """What a recording shows."""

    records: Records = field(default_factory=dict)
    deleted: list[tuple[str, Any]] = field(default_factory=list)
    """Resource and id of what was deleted in the end."""
    skipped: list[str] = field(default_factory=list)
    """Calls that could not be understood, with the reason."""


def records_of(api: Api, source: str | os.PathLike[str] | Iterable[RecordedCall]) -> RecordedState:
    """Return what an account contains at the end of a recording.

    Whole records come from responses; of what was only ever written, what was sent. What was redacted is left out.

    Raises:
        ValueError: the file is no recording; the text has its line.
    """
    exchanges = read_recording(source) if isinstance(source, (str, os.PathLike)) else iter(source)
    reader = _Reader(api)
    for number, exchange in enumerate(exchanges, 1):
        try:
            reader.take(exchange)
        except Error as error:
            reader.skipped.append(f"call {number}, {exchange.method}: {error}")
    return reader.found()


class _Reader:
    def __init__(self, api: Api) -> None:
        self._tables = Tables(api)
        self._methods = {method.name: method for method in api.methods}
        self._modules = {module.name: module for module in api.modules}
        self._held: dict[str, dict[Any, dict[str, Any]]] = {}
        self._deleted: dict[tuple[str, Any], None] = {}
        self.skipped: list[str] = []

    def take(self, exchange: RecordedCall) -> None:
        """Add the records of one call."""
        method = self._methods.get(exchange.method)
        if method is None:
            self.skipped.append(f"{exchange.method}: no such method is described")
            return
        if exchange.error is not None or exchange.response is None:
            return  # what failed changed nothing that the recording can tell
        module = self._modules[method.resource]
        identity = module.records[0].identity if module.records else None
        endpoint = self._tables.method(method)
        if identity is None or endpoint.response.binary:
            return
        value: Any = endpoint.parse_response(exchange.response, strict=False)
        arguments = self._arguments(method, exchange.request)
        if method.kind == "create" and value is not None:
            key = getattr(value, identity, value)
            self._keep(method.resource, key, {**arguments, identity: key})
        elif method.kind == "update" and identity in arguments:
            key = arguments[identity]
            self._keep(
                method.resource, key, {**self._of(method.resource).get(key, {}), **arguments}
            )
        elif method.kind == "delete" and identity in arguments:
            key = arguments[identity]
            self._of(method.resource).setdefault(key, {identity: key})
            self._deleted[method.resource, key] = None
        for record in self._records(module, method, value):
            if record.get(identity) is not None:
                self._keep(method.resource, record[identity], record)

    def _keep(self, resource: str, key: Any, record: dict[str, Any]) -> None:
        self._of(resource)[key] = record
        self._deleted.pop((resource, key), None)

    def _of(self, resource: str) -> dict[Any, dict[str, Any]]:
        return self._held.setdefault(resource, {})

    def _arguments(self, method: Method, document: str) -> dict[str, Any]:
        """Return what was sent and is kept, as records have it."""
        endpoint = self._tables.method(method)
        protocol = self._tables.protocol
        payload = parse_xml(document)
        for name in protocol.request_payload:
            payload = next(child for child in payload if str(child.tag).rpartition("}")[2] == name)
        module = self._modules[method.resource]
        readable = {
            item.python for record in module.records[:1] for item in record.fields if item.readable
        }
        sent: dict[str, Any] = plain(endpoint.parse_request(payload))
        return {name: value for name, value in sent.items() if name in readable}

    def _records(self, module: Module, method: Method, value: Any) -> list[dict[str, Any]]:
        """Return the whole records of the resource that an response shows."""
        ref = method.response.record
        main = module.records[0]
        if ref is None or (ref.module, ref.name) != (main.module, main.name):
            return []
        rows = list(value) if isinstance(value, (list, Page)) else [value]
        return [plain(row) for row in rows if isinstance(row, Record)]

    def found(self) -> RecordedState:
        """Return the records at the end."""
        records = {name: list(held.values()) for name, held in self._held.items() if held}
        return RecordedState(records, list(self._deleted), self.skipped)


def plain(value: Any) -> Any:
    """Return a value as the results of cases write it, without what is absent or was redacted."""
    if isinstance(value, Record):
        names: Iterable[str] = field_names(value)
        return _mapping({name: getattr(value, name) for name in names})
    if isinstance(value, dict):
        return _mapping(value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else value


def _mapping(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: plain(item)
        for name, item in values.items()
        if item is not None and item != [] and not isinstance(item, Raw) and item != HIDDEN
    }
