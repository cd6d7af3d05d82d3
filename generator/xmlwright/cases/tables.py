"""From the resolved description to the run-time tables, without generating code: what cases are tried on."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

from ..ir import (
    Api,
    ClientOption,
    Enum,
    Envelope,
    FailureRule,
    Field,
    Http,
    Method,
    Paging,
    Record,
    Ref,
    Session,
)
from ..naming import python_name
from ..runtime.credentials import Authentication as RuntimeAuthentication
from ..runtime.credentials import ClientOption as RuntimeOption
from ..runtime.failures import FailureRule as RuntimeFailureRule
from ..runtime.formats import Base64, Float, FormattedDateTime, PatternDate, RawXml
from ..runtime.http_binding import HttpBinding
from ..runtime.parameters import ParameterNames as RuntimeParameterNames
from ..runtime.places import Place
from ..runtime.protocol import CallbackForm, ErrorCode, Protocol, SessionRule
from ..runtime.protocol import Paging as RuntimePaging
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
from ..runtime.schema import FieldSpec, RecordSchema, entry_schema

_CODECS: dict[str, type[Codec]] = {
    "id": Id,
    "text": Text,
    "int": Integer,
    "decimal": Number,
    "date": Date,
    "uri": Uri,
    "binary": Binary,
    "flag": Flag,
    "datetime": DateTime,
    "float": Float,
    "base64": Base64,
    "xml": RawXml,
}
EMPTY: dict[str, object] = {"none": None, "text": "", "zero": 0, "error": EMPTY_REFUSED}
"""Word of the description -> what an empty tag is read as."""


def protocol_of(api: Api) -> Protocol:
    """Return the run-time protocol of an API."""
    return Tables(api).protocol


class Tables:
    """Run-time tables of a description, made when asked for."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._shapes: dict[Ref, RecordSchema[Any]] = {}
        self._codecs: dict[tuple[object, ...], Codec] = {}
        self._scalars: dict[str, Codec] = {}
        self._methods: dict[str, RuntimeMethod[Any]] = {}

    @functools.cached_property
    def protocol(self) -> Protocol:
        """The run-time protocol of the API."""
        return self._protocol(self.api.envelope, self.api.paging)

    def protocol_for(self, method: Method) -> Protocol:
        """Return the run-time protocol as it is for a method."""
        envelope, pages = method.envelope or self.api.envelope, method.pages
        if envelope == self.api.envelope and (pages is None or pages == self.api.paging):
            return self.protocol
        return self._protocol(envelope, pages or self.api.paging)

    def _protocol(self, envelope: Envelope, pages: Paging | None) -> Protocol:
        api = self.api
        attributes = dict(envelope.request_attributes)
        attributes.update((f"xmlns:{prefix}", uri) for prefix, uri in api.namespaces.items())
        first, *others = envelope.response_roots or ("",)
        oauth = api.oauth or {}
        return Protocol(
            name=api.title,
            url=api.url,
            package=api.names.package,
            version=api.names.version,
            environment=api.names.environment,
            documentation=api.documentation,
            variables=tuple(map(_option, api.variables)),
            credentials=tuple(map(_option, api.credentials)),
            authentication=tuple(
                RuntimeAuthentication(item.value, maybe_place(item.place))
                for item in api.authentication
            ),
            session=None if api.session is None else _session(api.session),
            signer=api.signer,
            request_root=envelope.request_root,
            request_method=maybe_place(envelope.request_method),
            method_value=envelope.method_value,
            request_namespace=envelope.request_namespace,
            request_attributes=attributes,
            request_payload=Place.of(envelope.request_payload).path,
            response_root=first,
            other_roots=tuple(others),
            response_payload=Place.of(envelope.response_payload).path,
            namespaces=envelope.namespaces,
            status=maybe_place(envelope.status),
            ok=envelope.ok,
            failures=tuple(map(self._rule, envelope.failures)),
            warnings=None if envelope.warnings is None else self._rule(envelope.warnings),
            metadata=tuple(
                (item.name, Place.of(item.place), self.scalar(item.scalar))
                for item in envelope.metadata
            ),
            nil=envelope.nil,
            oauth_request_token=oauth.get("request_token"),
            oauth_authorization=oauth.get("authorization"),
            oauth_access_token=oauth.get("access_token"),
            oauth_signature=oauth.get("signature", "PLAINTEXT"),
            callbacks=None if api.callbacks is None else CallbackForm(**api.callbacks),
            paging=RuntimePaging() if pages is None else _paging(pages),
            errors={code.code: ErrorCode(code.kind, code.message, code.fix) for code in api.errors},
        )

    def _rule(self, rule: FailureRule) -> RuntimeFailureRule:
        payload = None
        if rule.payload is not None:
            path, ref = rule.payload
            payload = (Place.of(path).path, functools.partial(self.shape, ref))
        return RuntimeFailureRule(
            message=maybe_place(rule.message),
            code=maybe_place(rule.code),
            field=maybe_place(rule.field),
            severity=maybe_place(rule.severity),
            detail=maybe_place(rule.detail),
            statuses=rule.statuses,
            roots=rule.roots,
            when=maybe_place(rule.when),
            at=Place.of(rule.at).path,
            each=rule.each,
            errors=rule.errors,
            kind=rule.kind,
            kinds=rule.kinds,
            payload=payload,
        )

    def method(self, method: Method) -> RuntimeMethod[Any]:
        """Return the run-time method."""
        found = self._methods.get(method.name)
        if found is None:
            arguments = RecordSchema[Any](
                method.name, None, [self._argument(item) for item in method.arguments]
            )
            found = self._methods[method.name] = RuntimeMethod(
                self.protocol_for(method),
                method.name,
                arguments,
                self._answer(method),
                retry=method.retry,  # type: ignore[arg-type]
                wrapper=method.wrapper,
                mode=method.mode,  # type: ignore[arg-type]
                paging_ignored=method.paging == "ignored",
                http=binding_of(method.http),
                authenticated=method.authenticated,
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
                record.name,
                _class_of(record),
                fields,
                identity=record.identity,
                one_of=record.one_of,
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
        if item.map:
            shape = self._entry_of(item, scalar, shape)
        codec = None if shape is not None else self.codec(item, scalar)
        return FieldSpec(
            item.python,
            codec,
            item.path,
            shape=shape,
            many=item.many or item.map,
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
            location=item.location,
            map=item.map,
            fallbacks=item.fallbacks,
            namespaces=item.namespaces,
            indexed=item.indexed,
            join=item.join,
        )

    def _entry_of(
        self, item: Field, scalar: str | None, shape: Callable[[], RecordSchema[Any]] | None
    ) -> Callable[[], RecordSchema[Any]] | None:
        """Return the schema of the entries of a map; that of the values where their elements are the keys."""
        if item.path[-1:] == ("*",):
            return shape
        codec = None if shape is not None else self.codec(item, scalar)
        return entry_schema(codec or shape, item.key_element, item.value_element)  # type: ignore[arg-type]

    def codec(self, item: Field, scalar: str | None) -> Codec:
        """The codec of a field: of its enum, or of its scalar type."""
        named = self.api.scalars.get(item.scalar or "")
        if named is not None and named.base == scalar:
            scalar = named.name
        key = (item.enum, scalar, item.read_empty, item.none)
        if key not in self._codecs:
            self._codecs[key] = self._make_codec(item, scalar)
        return self._codecs[key]

    def _make_codec(self, item: Field, scalar: str | None) -> Codec:
        if item.enum is not None:
            base: Codec = words_of(self.api.enums[item.enum])
        else:
            base = self.scalar(scalar or "text")
        if item.read_empty is None and not item.none:
            return base
        empty = ... if item.read_empty is None else EMPTY[item.read_empty]
        return base.with_(empty=empty, none=item.none)

    def scalar(self, name: str) -> Codec:
        """Return the codec of a scalar type or a named format."""
        if name not in self._scalars:
            self._scalars[name] = self._make_scalar(name)
        return self._scalars[name]

    def _make_scalar(self, name: str) -> Codec:
        kind, arguments = scalar_arguments(self.api, name)
        return kind(**arguments)

    def _answer(self, method: Method) -> ResponseReader[Any]:
        response = method.response
        if response.value == "none":
            return EmptyResponse()
        if response.value == "binary":
            return BinaryResponse(*response.media)
        kind: RecordSchema[Any] | Codec
        kind = (
            self.shape(response.record)
            if response.record is not None
            else self.scalar(response.scalar or "id")
        )
        if isinstance(kind, Codec):
            if response.value == "id":
                return ScalarResponse(response.element, kind)
            return ListResponse(response.element, response.item, kind)
        if response.value == "record":
            return RecordResponse(response.element, kind)
        if response.value == "page":
            return PageResponse(response.element, response.item, kind)
        return ListResponse(response.element, response.item, kind)


def scalar_arguments(api: Api, name: str) -> tuple[type[Codec], dict[str, Any]]:
    """Return the class of the codec of a scalar type or named format, and what it is made with."""
    scalar = api.scalars.get(name)
    base = (scalar.base if scalar else "") or name
    arguments: dict[str, Any] = {}
    kind = _CODECS[base]
    if scalar is not None:
        if base == "flag" and scalar.words != (("1",), ("0",)):
            words, others = zip(*((one[0], one[1:]) for one in scalar.words), strict=True)
            arguments["words"] = words
            if any(others):
                arguments["others"] = others
        if scalar.form is not None:
            kind = PatternDate if base == "date" else FormattedDateTime
            arguments["pattern" if base == "date" else "form"] = scalar.form
        if base == "datetime" and scalar.zone != "UTC":
            arguments["zone"] = scalar.zone
        default = "text" if base == "text" else "none"
        if scalar.read_empty != default:
            arguments["empty"] = EMPTY[scalar.read_empty]
        if scalar.none:
            arguments["none"] = scalar.none
    return kind, arguments


def binding_of(http: Http | None) -> HttpBinding | None:
    """Return the run-time binding of a method."""
    if http is None:
        return None
    return HttpBinding(
        verb=http.verb,
        path=http.path,
        headers=http.headers,
        query=http.query,
        form=http.form,
        success=http.success,
        media=http.media,
        multipart=http.multipart,
        names=RuntimeParameterNames(
            http.names.record, http.names.list, http.names.map, http.names.empty_list
        ),
        document=http.document,
        always_document=http.always_document,
    )


def maybe_place(text: str | None) -> Place | None:
    """Return the place that a text of the description is."""
    return None if text is None else Place.of(text)


def _session(session: Session) -> SessionRule:
    return SessionRule(
        session.call, session.arguments, session.keeps, session.ends, session.renew_on
    )


def _option(option: ClientOption) -> RuntimeOption:
    return RuntimeOption(option.name, option.default, option.sensitive)


def _paging(pages: Paging) -> RuntimePaging:
    names = tuple(python_name(argument_name(place)) for place in pages.position)
    return RuntimePaging(
        position=names[0] if len(names) == 1 else names,
        size=python_name(argument_name(pages.size)) if pages.size else "",
        style=pages.style,
        first=pages.first,
        default_size=pages.default_size,
        maximum_size=pages.maximum_size,
        counters={name: Place.of(text) for name, text in pages.counters.items()},
        next=tuple(map(Place.of, pages.next)),
        more=maybe_place(pages.more),
    )


def argument_name(place: str) -> str:
    """Return the name of the argument that has a place: the last name in it, without a prefix."""
    found = Place.of(place)
    return found.name or (found.attribute or (found.path or ("",))[-1]).rpartition(":")[2]


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
