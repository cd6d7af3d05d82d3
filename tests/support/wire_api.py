"""Small APIs in the terms of the runtime: methods with verbs and paths, and clients that call them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xmlwright.runtime.async_client import AsyncClient
from xmlwright.runtime.client import Client
from xmlwright.runtime.credentials import ClientOption
from xmlwright.runtime.failures import FailureRule
from xmlwright.runtime.http_binding import HttpBinding
from xmlwright.runtime.places import Place
from xmlwright.runtime.protocol import Protocol
from xmlwright.runtime.record import Record
from xmlwright.runtime.request import Method, RecordResponse, ResponseReader
from xmlwright.runtime.scalars import Id, Text
from xmlwright.runtime.schema import FieldSpec, RecordSchema, field_spec


@dataclass(kw_only=True)
class Row(Record):
    """A row of a list."""

    number: int
    name: str | None = None


ROW = RecordSchema(
    "Row", Row, [field_spec("number", Id()), field_spec("name", Text())], identity="number"
)
RULES = (
    FailureRule(
        statuses=((422, 422),), at=("errors", "error"), each=True, code=Place((), "code"),
        field=Place((), "field"), message=Place(), severity=Place((), "level"), errors=("error",),
    ),
    FailureRule(statuses=((404, 404),), at=("error",), message=Place(("text",)), code=Place(("code",))),
)  # fmt: skip


def protocol(**facts: Any) -> Protocol:
    """Return the protocol of an API without an envelope."""
    defaults: dict[str, Any] = {
        "name": "Rows", "url": "https://rows.example.com/v1", "package": "rows", "version": "1",
        "environment": "ROWS", "request_root": "", "request_method": None, "response_root": "",
        "failures": RULES,
    }  # fmt: skip
    return Protocol(**{**defaults, **facts})


def method(
    binding: HttpBinding | None,
    *fields: FieldSpec,
    response: ResponseReader[Any] | None = None,
    of: Protocol | None = None,
    **facts: Any,
) -> Method[Any]:
    """Return a method of the API."""
    return Method(
        of or protocol(),
        facts.pop("name", "row.get"),
        RecordSchema("arguments", None, fields, one_of=facts.pop("one_of", ())),
        response or RecordResponse("", ROW),
        retry=facts.pop("retry", "safe"),
        http=binding,
        **facts,
    )


def client(api: Protocol, url: str | None = None, **options: Any) -> Client:
    """Return a client of an API."""
    kind = type("Rows", (Client,), {"protocol": api})
    given = {item.name: options.pop(item.name, None) for item in api.credentials}
    made: Client = kind({}, given, url=url, **options)
    return made


def async_client(api: Protocol, url: str, **options: Any) -> AsyncClient:
    """Return an asynchronous client of an API."""
    kind = type("AsyncRows", (AsyncClient,), {"protocol": api})
    given = {item.name: options.pop(item.name, None) for item in api.credentials}
    made: AsyncClient = kind({}, given, url=url, **options)
    return made


def secret(name: str) -> ClientOption:
    """Return a credential."""
    return ClientOption(name, sensitive=True)
