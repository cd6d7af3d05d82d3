"""Resolve how calls are on the wire: the nearest of method, resource and API decides each key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from ..diagnostics import Position
from ..ir import (
    Authentication,
    ClientOption,
    Envelope,
    FailureRule,
    Http,
    Metadata,
    Paging,
    ParameterNames,
)
from ..naming import KEYWORDS, RESERVED_IN_CLIENT, client_attribute
from ..runtime.options import ClientOptions
from ..schema.api_grammar import ApiDecl
from ..schema.decoder import Decl, LocatedStr, opt
from ..schema.grammar import MethodDecl, ResourceDecl
from ..schema.vocabulary import SNAKE
from ..schema.wire_grammar import (
    AuthenticationItemDecl,
    FailureRuleDecl,
    HttpDecl,
    MethodNameDecl,
    PagingDecl,
    listed,
)
from .symbols import Scope, SymbolTable, prose, texts

VARIABLE: Final = re.compile(r"\{([^{}+]+)\+?\}")
_VERBS: Final = {"create": "POST", "list": "GET", "get": "GET", "update": "PUT", "delete": "DELETE"}
RETRY_BY_VERB: Final = {
    "GET": "safe", "HEAD": "safe", "PUT": "idempotent", "DELETE": "idempotent", "POST": "ambiguous", "PATCH": "ambiguous",
}  # fmt: skip
RESERVED_OPTIONS: Final = (
    KEYWORDS
    | RESERVED_IN_CLIENT
    | frozenset(ClientOptions.__annotations__)
    | {"self", "cls", "super", "oauth_flow", "config", "profile", "consumer_key", "consumer_secret"}
)
"""Names that signatures and bodies of the methods that make a client use, so that no option may hide them."""

Level = ApiDecl | ResourceDecl | MethodDecl


class WireResolver:
    """Resolves the wire keys of one method, or of the API where no method says otherwise."""

    def __init__(self, symbols: SymbolTable) -> None:
        self._symbols = symbols
        self._diagnostics = symbols.diagnostics
        self._api = symbols.description.api

    def options(self) -> tuple[tuple[ClientOption, ...], tuple[ClientOption, ...]]:
        """Return the variables of the URL and the credentials of a client."""
        endpoint = self._api.endpoint
        known = {str(name): decl for name, decl in endpoint.variables.items()}
        variables = []
        for name in self._url_variables(endpoint.url):
            decl = known.pop(name, None)
            variables.append(
                ClientOption(
                    name,
                    opt(decl.default) if decl is not None else None,
                    sensitive=False,
                    doc=prose(decl.doc) if decl is not None else "",
                    at=decl.at if decl is not None else endpoint.url.at,
                )
            )
        variables += [
            ClientOption(name, opt(decl.default), sensitive=False, doc=prose(decl.doc), at=decl.at)
            for name, decl in known.items()
        ]
        credentials = tuple(
            ClientOption(str(name), opt(decl.default), decl.sensitive, prose(decl.doc), name.at)
            for name, decl in self._api.credentials.items()
        )
        attributes = {client_attribute(name): "a resource" for name in self._symbols.resources}
        for option in (*variables, *credentials):
            if option.name in RESERVED_OPTIONS:
                self._diagnostics.add(
                    "bad-name",
                    f"a client cannot have an option called {option.name}: Python or the client uses"
                    " the name; rename the option",
                    option.at,
                )
            if option.name in attributes:
                self._diagnostics.add(
                    "duplicate-name",
                    f"{option.name} is an option and {attributes[option.name]} of the client; rename"
                    " the option",
                    option.at,
                )
            attributes[option.name] = "another option"
        return tuple(variables), credentials

    def _url_variables(self, url: LocatedStr) -> Iterator[str]:
        """Return the names in braces; they become parameters of the client, so nothing else may be in braces."""
        for name in dict.fromkeys(re.findall(r"\{([^{}]*)\}", url)):
            if re.fullmatch(SNAKE.pattern, name) is None:
                self._diagnostics.add("bad-name", f"{name!r} is not {SNAKE.what}", url.at)
            else:
                yield name
        if re.search(r"[{}]", re.sub(r"\{[^{}]*\}", "", url)):
            self._diagnostics.add(
                "bad-name", "a URL has a brace without its pair; percent-encode it", url.at
            )

    def authentication(self) -> tuple[tuple[Authentication, ...], bool]:
        """Return what requests carry, and whether the caller must pass a signer."""
        decl = self._api.authentication
        if isinstance(decl, str):
            return (), False
        found: list[Authentication] = []
        for item in decl:
            if not isinstance(item, AuthenticationItemDecl) or item.session is not None:
                continue
            template = item.basic if item.basic is not None else item.value
            if template is None or (item.basic is None) == (item.place is None):
                self._diagnostics.add("missing-key", "give `basic`, or `at` with `value`", item.at)
                continue
            for name in VARIABLE.findall(template):
                if name not in self._api.credentials:
                    self._symbols.dangling(
                        "credential", LocatedStr(name, template.at), self._api.credentials
                    )
            found.append(Authentication(str(template), opt(item.place)))
        return tuple(found), any(isinstance(item, str) for item in decl)

    def envelope(self, scope: Scope | None, *levels: Level) -> Envelope:
        """Return what is around requests and responses.

        Args:
            scope: the records that failures may name.
            *levels: the declarations that may say it, the nearest first.
        """
        envelopes = [level.envelope for level in levels if level.envelope is not None]
        requests = [decl.request for decl in envelopes if decl.request is not None]
        responses = [decl.response for decl in envelopes if decl.response is not None]
        method = _nearest(requests, "method")
        name, value = method, None
        if isinstance(method, MethodNameDecl):
            name, value = method.place, method.value
        root = _nearest(requests, "root")
        roots = _nearest(responses, "root")
        roots = (roots,) if isinstance(roots, str) else roots or ()
        rules = _nearest(envelopes, "failures")
        nil = _nearest(envelopes, "nil")
        warnings = _nearest(responses, "warnings")
        attributes: dict[str, str] = {}
        for request in reversed(requests):
            attributes.update(texts(request.attributes))
        metadata: dict[str, Metadata] = {}
        for response in reversed(responses):
            for label, item in response.metadata.items():
                metadata[str(label)] = Metadata(
                    str(label), str(item.place), str(item.type or "text"), prose(item.doc), label.at
                )
        document = _nearest(requests, "place")
        empty = _nearest(requests, "empty")
        return Envelope(
            request_root="" if root is None or root == "none" else str(root),
            request_method=opt(name),
            method_value=str(value or "{method}"),
            request_namespace=opt(_nearest(requests, "namespace")),
            request_attributes=attributes,
            request_payload=str(_nearest(requests, "payload") or ""),
            document_at=opt(document),
            strict_order=_nearest(requests, "order") == "strict",
            empty_document=None if empty is None else empty == "tag",
            response_roots=tuple(str(item) for item in roots if item != "none"),
            response_payload=str(_nearest(responses, "payload") or ""),
            namespaces=tuple(map(str, _nearest(responses, "namespaces") or ())),
            status=opt(_nearest(responses, "status")),
            ok=tuple(map(str, _nearest(responses, "ok") or ())),
            failed=tuple(map(str, _nearest(responses, "failed") or ())),
            ignored_attributes=tuple(map(str, _nearest(responses, "attributes") or ())),
            metadata=tuple(metadata.values()),
            warnings=None if warnings is None else self._rule(warnings, scope),
            failures=tuple(self._rule(rule, scope) for rule in rules or ()),
            nil=None if nil is None else (str(nil.place)[1:], str(nil.value)),
            key_positions={
                **_positions("request.", requests),
                **_positions("response.", responses),
                **_positions("", envelopes),
            },
        )

    def _rule(self, decl: FailureRuleDecl, scope: Scope | None) -> FailureRule:
        if decl.each is not None and decl.place is not None:
            self._symbols.contradiction(
                decl, "at", "an error element repeats (each) or is alone (at), not both"
            )
        payload = None
        if decl.payload is not None and scope is not None:
            record = self._symbols.find("record", decl.payload.record, scope.records)
            payload = None if record is None else (str(decl.payload.place), record)
        return FailureRule(
            statuses=tuple(self._statuses(decl)),
            roots=tuple(map(str, listed(decl.root))),
            when=opt(decl.when),
            at=str(decl.each or decl.place or ""),
            each=decl.each is not None,
            message=opt(decl.message),
            code=opt(decl.code),
            field=opt(decl.field),
            severity=opt(decl.severity),
            detail=opt(decl.detail),
            errors=tuple(map(str, decl.errors)),
            kind=str(decl.kind or ""),
            kinds=texts(decl.kinds),
            payload=payload,
            position=decl.at,
            key_positions=dict(decl.keys),
        )

    def _statuses(self, decl: FailureRuleDecl) -> Iterator[tuple[int, int]]:
        status = decl.status
        for item in status if isinstance(status, tuple) else () if status is None else (status,):
            low, _, high = str(item).partition("-")
            if int(low) > int(high or low):
                self._diagnostics.add(
                    "wrong-type", f"the range {item} is empty", decl.where("status")
                )
                continue
            yield int(low), int(high or low)

    def http(self, kind: str, verb: str, identity: str | None, *levels: Level) -> Http | None:
        """Return verb, path and parameters of a method; None where the description has none.

        Args:
            kind: kind of the method.
            verb: name of the method in its resource.
            identity: argument that names a record, for the path of a single one.
            *levels: method, resource and API.
        """
        decls = [self._decl(level) for level in levels]
        own, *outer = decls
        resource = next((level for level in levels if isinstance(level, ResourceDecl)), None)
        path = None if resource is None else resource.path
        given = [decl for decl in decls if decl is not None]
        envelope = self.envelope(None, *levels)
        located = (envelope.request_method or "").startswith(("query:", "form:", "header:"))
        if not given and path is None and not located and envelope.document_at is None:
            return None
        by_kind = kind in _VERBS and path is not None
        method = opt(own.verb) if own is not None else None
        if method is None and by_kind:
            method = _VERBS[kind]
        method = method or opt(_nearest([decl for decl in outer if decl], "verb")) or "POST"
        target = opt(own.path) if own is not None else None
        if target is None and by_kind:
            target = str(path)
            if kind in ("get", "update", "delete") and identity is not None:
                target += f"/{{{identity}}}"
        if target is None:
            target = opt(_nearest([decl for decl in outer if decl], "path")) or ""
        arguments = opt(_nearest(given, "arguments"))
        if method in ("GET", "HEAD", "DELETE") and arguments in (None, "form"):
            arguments = "query"
        constants: dict[str, str] = {}
        headers: dict[str, str] = {}
        for decl in reversed(given):
            constants.update(texts(decl.constants))
            headers.update(texts(decl.headers))
        query: list[tuple[str, str]] = []
        form: list[tuple[str, str]] = []
        if located and envelope.request_method is not None:
            source, _, name = envelope.request_method.partition(":")
            if source == "header":
                headers[name] = envelope.method_value
            else:
                constants = {envelope.request_method: envelope.method_value, **constants}
        for place, text in constants.items():
            source, _, name = place.partition(":")
            (query if source == "query" else form).append((name, text))
        if form and method in ("GET", "HEAD", "DELETE"):
            query, form = [*form, *query], []
        names = [decl.parameters for decl in given if decl.parameters is not None]
        document = envelope.document_at
        empty = envelope.empty_document
        success = _nearest(given, "success")
        return Http(
            verb=method,
            path=target,
            headers=headers,
            query=tuple(query),
            form=tuple(form),
            arguments=arguments or "body",
            success=tuple(success or ()),
            media=opt(_nearest(given, "media")) or "application/xml",
            multipart=opt(_nearest(given, "multipart"))
            or ("form-data" if (document or "").startswith("part:") else ""),
            names=ParameterNames(
                opt(_nearest(names, "record")) or "{name}.{field}",
                opt(_nearest(names, "list")) or "{name}",
                opt(_nearest(names, "map")) or "{name}.{n}",
                bool(_nearest(names, "empty_list")),
            ),
            document=None if document is None else tuple(document.split(":", 1)),  # type: ignore[arg-type]
            always_document=(
                empty
                if empty is not None
                else bool(envelope.request_root)
                and not located
                and not by_kind
                and (own is None or own.path is None)
                and method == "POST"
                and (arguments or "body") == "body"
            ),
            described_verb=by_kind or any(decl.verb is not None for decl in given),
            key_positions={
                **_positions("", given),
                **{
                    f"{key}.{name}": name.at
                    for decl in reversed(given)
                    for key, names in (("headers", decl.headers), ("constants", decl.constants))
                    for name in names
                },
            },
        )

    def _decl(self, level: Level) -> HttpDecl | None:
        decl = level.http
        if not isinstance(decl, str):
            return decl
        verb, _, path = decl.partition(" ")
        return HttpDecl(
            at=decl.at,
            keys={"verb": decl.at, "path": decl.at},
            verb=LocatedStr(verb, decl.at),
            path=LocatedStr(path, decl.at) if path else None,
        )

    def paging(self, *levels: Level) -> Paging | None:
        """Return how lists come in pages; None where the description has no pages."""
        decls = [decl for level in levels if isinstance(decl := level.paging, PagingDecl)]
        if not decls:
            return None
        counters = [decl.counters for decl in decls if decl.counters is not None]
        style = str(_nearest(decls, "style") or "page")
        first = _nearest(decls, "first")
        position = _nearest(decls, "position")
        return Paging(
            style=style,
            position=tuple(map(str, listed(position))),
            size=str(_nearest(decls, "size") or ""),
            first=first if first is not None else 0 if style == "offset" else 1,
            default_size=_nearest(decls, "default_size"),
            maximum_size=_nearest(decls, "maximum_size"),
            counters={
                name: str(place)
                for name in ("position", "size", "pages", "total")
                if (place := _nearest(counters, name)) is not None
            },
            next=tuple(map(str, listed(_nearest(counters, "next")))),
            more=opt(_nearest(counters, "more")),
            key_positions={**_positions("", decls), **_positions("counters.", counters)},
        )


def _positions(prefix: str, decls: Iterable[Decl]) -> dict[str, Position]:
    """Return the positions of the keys of declarations, of which the first is the nearest."""
    found: dict[str, Position] = {}
    for decl in decls:
        for key, at in decl.keys.items():
            found.setdefault(f"{prefix}{key}", at)
    return found


def _nearest(decls: Iterable[Decl], name: str) -> Any:
    """Return a key of the first declaration that has it."""
    for decl in decls:
        value = getattr(decl, name)
        if value is not None and value != () and value != {}:
            return value
    return None
