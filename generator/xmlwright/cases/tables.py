"""From the resolved description to the run-time tables, without generating code: what cases are tried on."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

from ..ir import Api, Enum, Field, Method, Record, Ref
from ..naming import python_name
from ..runtime.failures import FailureRule
from ..runtime.protocol import CallbackForm, ErrorCode, Paging, Place, Protocol
from ..runtime.record import Record as RuntimeRecord
from ..runtime.request import (
    BinaryResponse,
    EmptyResponse,
    ListResponse,
    PageResponse,
    RecordResponse,
    ResponseReader,
    ScalarResponse,
)
from ..runtime.request import Method as RuntimeMethod
from ..runtime.scalars import (
    EMPTY_REFUSED,
    Binary,
    Codec,
    Date,
    DateTime,
    EnumCodec,
    Flag,
    Id,
    Integer,
    Number,
    Text,
    Uri,
)
from ..runtime.schema import FieldSpec, RecordSchema

_CODECS: dict[str, type[Codec]] = {
    "id": Id,
    "text": Text,
    "int": Integer,
    "decimal": Number,
    "date": Date,
    "uri": Uri,
    "binary": Binary,
}
EMPTY: dict[str, object] = {"none": None, "text": "", "zero": 0, "error": EMPTY_REFUSED}
"""Word of the description -> what an empty tag is read as."""


def protocol_of(api: Api) -> Protocol:
    """The run-time protocol of an API."""
    envelope = api.envelope
    place = Place.of

    def maybe(text: str | None) -> Place | None:
        return None if text is None else Place.of(text)

    return Protocol(
        name=api.title,
        url=api.url,
        package=api.names.package,
        version=api.names.version,
        environment=api.names.environment,
        documentation=api.documentation,
        request_root=envelope.request_root,
        request_method=place(envelope.request_method),
        request_namespace=envelope.request_namespace,
        request_attributes=dict(envelope.request_attributes),
        request_payload=place(envelope.request_payload).path,
        response_root=envelope.response_root,
        response_payload=place(envelope.response_payload).path,
        namespaces=envelope.namespaces,
        status=maybe(envelope.status),
        ok=envelope.ok,
        failures=(
            FailureRule(
                message=place(envelope.failure_message),
                code=maybe(envelope.failure_code),
                field=maybe(envelope.failure_field),
                roots=() if envelope.failure_root is None else (envelope.failure_root,),
                when=maybe(envelope.failure_when),
            ),
        ),
        token_style=api.token.style,
        token_password=api.token.password,
        token_header=api.token.header,
        oauth_request_token=(api.oauth or {}).get("request_token"),
        oauth_authorize=(api.oauth or {}).get("authorize"),
        oauth_access_token=(api.oauth or {}).get("access_token"),
        oauth_signature=(api.oauth or {}).get("signature", "PLAINTEXT"),
        callbacks=None if api.callbacks is None else CallbackForm(**api.callbacks),
        paging=Paging(
            position=python_name(api.paging.position),
            size=python_name(api.paging.size),
            style="offset" if api.paging.by_row else "page",
            first=api.paging.first,
            default_size=api.paging.default_size,
            maximum_size=api.paging.maximum_size,
            counters={name: place(text) for name, text in api.paging.counters.items()},
        ),
        errors={code.code: ErrorCode(code.kind, code.message, code.fix) for code in api.errors},
    )


class Tables:
    """Run-time tables of a description, made when asked for."""

    def __init__(self, api: Api) -> None:
        """Initialize the instance."""
        self.api = api
        self._shapes: dict[Ref, RecordSchema[Any]] = {}
        self._codecs: dict[tuple[object, ...], Codec] = {}
        self._methods: dict[str, RuntimeMethod[Any]] = {}

    @functools.cached_property
    def protocol(self) -> Protocol:
        """The run-time protocol."""
        return protocol_of(self.api)

    def method(self, method: Method) -> RuntimeMethod[Any]:
        """The run-time method."""
        found = self._methods.get(method.name)
        if found is None:
            arguments = RecordSchema[Any](
                method.name, None, [self._argument(item) for item in method.arguments]
            )
            found = self._methods[method.name] = RuntimeMethod(
                self.protocol,
                method.name,
                arguments,
                self._answer(method),
                retry=method.retry,  # type: ignore[arg-type]
                wrapper=method.wrapper,
                mode=method.mode,  # type: ignore[arg-type]
                paging_ignored=method.paging == "ignored",
            )
        return found

    def shape(self, ref: Ref) -> RecordSchema[Any]:
        """The run-time shape of a record."""
        if ref not in self._shapes:
            record = self.api.records[ref]
            fields = [
                self.field(
                    item, item.read if item.readable else item.write, item.access, item.required
                )
                for whole in record.fields
                for item in whole.by_direction
            ]
            self._shapes[ref] = RecordSchema(
                record.name, _class_of(record), fields, identity=record.identity
            )
        return self._shapes[ref]

    def _argument(self, item: Field) -> FieldSpec:
        return self.field(item, item.write, "cu", item.required)

    def field(self, item: Field, scalar: str | None, access: str, required: str) -> FieldSpec:
        """The run-time field, of one direction's type."""
        shape = None
        if item.record is not None:
            ref = item.record

            def shape_of() -> RecordSchema[Any]:
                return self.shape(ref)

            shape = shape_of
        return FieldSpec(
            item.python,
            None if item.record is not None else self.codec(item, scalar),
            item.path,
            shape=shape,
            many=item.many,
            attribute=item.attribute,
            content=item.content,
            bare=item.bare,
            access=access,
            required=required,
            clear=item.clear != "refused",
            sensitive=item.sensitive,
            discarded=item.discarded,
            max_length=item.max_length,
            minimum=item.minimum,
            maximum=item.maximum,
            places=item.places,
            media=item.media,
            max_bytes=item.max_bytes,
        )

    def codec(self, item: Field, scalar: str | None) -> Codec:
        """The codec of a field: of its enum, or of its scalar type."""
        key = (item.enum, scalar, item.read_empty, item.none)
        if key not in self._codecs:
            self._codecs[key] = self._make_codec(item, scalar)
        return self._codecs[key]

    def _make_codec(self, item: Field, scalar: str | None) -> Codec:
        if item.enum is not None:
            base: Codec = words_of(self.api.enums[item.enum])
        else:
            base = self._scalar(scalar or "text")
        if item.read_empty is None and not item.none:
            return base
        empty = ... if item.read_empty is None else EMPTY[item.read_empty]
        return base.with_(empty=empty, none=item.none)

    def _scalar(self, name: str) -> Codec:
        scalar = self.api.scalars.get(name)
        none = scalar.none if scalar else ()
        empty = EMPTY[scalar.read_empty if scalar else ("text" if name == "text" else "none")]
        if name == "flag":
            return Flag(scalar.words if scalar else ("1", "0"), empty=empty, none=none)
        if name == "datetime":
            return DateTime(scalar.zone if scalar else "UTC", empty=empty, none=none)
        return _CODECS[name](empty=empty, none=none)

    def _answer(self, method: Method) -> ResponseReader[Any]:
        answer = method.response
        if answer.value == "none":
            return EmptyResponse()
        if answer.value == "binary":
            return BinaryResponse(*answer.media)
        kind: RecordSchema[Any] | Codec
        kind = (
            self.shape(answer.record)
            if answer.record is not None
            else self._scalar(answer.scalar or "id")
        )
        if isinstance(kind, Codec):
            if answer.value == "id":
                return ScalarResponse(answer.element, kind)
            return ListResponse(answer.element, answer.item, kind)
        if answer.value == "record":
            return RecordResponse(answer.element, kind)
        if answer.value == "page":
            return PageResponse(answer.element, answer.item, kind)
        return ListResponse(answer.element, answer.item, kind)


def words_of(enum: Enum) -> EnumCodec:
    """The codec of an enum."""
    return EnumCodec(
        {word.word: (word.request, word.response) for word in enum.words},
        read_only=tuple(word.word for word in enum.words if not word.writable),
    )


def _class_of(record: Record) -> Callable[..., Any]:
    fields: list[Any] = []
    for item in record.fields:
        if "r" not in item.access:
            continue
        if item.python == record.identity:
            fields.append((item.python, Any))
        elif item.many:
            fields.append((item.python, Any, dataclasses.field(default_factory=list)))
        else:
            fields.append((item.python, Any, dataclasses.field(default=None)))
    return dataclasses.make_dataclass(record.name, fields, bases=(RuntimeRecord,), kw_only=True)
