"""Resolve what holds for an API as a whole: envelope, paging, scalars, errors, events."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..diagnostics import Position, Related, nearest
from ..ir import Api, ErrorCode, Names, Provenance, Scalar
from ..schema.api_grammar import ApiDecl
from ..schema.decoder import Decl, LocatedStr, opt
from ..schema.grammar import ResourceDecl, SharedDecl
from ..schema.vocabulary import PLACEHOLDER, PLACEHOLDERS, SCALARS
from .symbols import (
    SHARED,
    Scope,
    SymbolTable,
    class_name_of,
    named_docs,
    prose,
    provenance_of,
    texts,
)
from .wire import WireResolver


class ApiResolver:
    """Resolves the API without its modules."""

    def __init__(self, symbols: SymbolTable) -> None:
        self._symbols = symbols
        self._description = symbols.description
        self._diagnostics = symbols.diagnostics

    def api(self) -> Api:
        """Return the API without its modules."""
        api = self._description.api
        self._symbols.check_sources(api.source)
        self._zone()
        for codes in api.method_errors.values():
            self._symbols.check_codes(codes)
        for event in api.events:
            self._event(event)
        for error in api.errors.values():
            self._symbols.check_sources(error.source)
            for name in re.findall(PLACEHOLDER, error.message or ""):
                near = nearest(name, PLACEHOLDERS)
                if name not in PLACEHOLDERS and near is not None:  # another word is text
                    self._diagnostics.add(
                        "unknown-word",
                        f"{{{name}}} is nearly, but not, one of"
                        f" {', '.join(f'{{{word}}}' for word in PLACEHOLDERS)}",
                        error.message.at if error.message is not None else error.at,
                        suggestion=f"{{{near}}}",
                    )
        for noted in (*api.events.values(), *api.people.values(), *api.sources.values()):
            self._symbols.check_sources(noted.source)
        wire = WireResolver(self._symbols)
        variables, credentials = wire.options()
        authentication, signer = wire.authentication()
        oauth = api.oauth
        return Api(
            name=str(api.api),
            title=prose(api.title),
            version=str(api.version),
            doc=prose(api.doc),
            documentation=opt(api.documentation),
            names=Names(
                str(api.python.package),
                str(api.python.distribution or re.sub(r"[._]", "-", api.python.package)),
                str(api.python.client),
                str(api.python.environment or api.python.client.upper()),
                str(api.python.version),
            ),
            url=str(api.endpoint.url),
            variables=variables,
            credentials=credentials,
            authentication=authentication,
            signer=signer,
            namespaces=texts(api.namespaces),
            envelope=wire.envelope(self._scope(), api),
            oauth=(
                None
                if oauth is None
                else {
                    "signature": str(oauth.signature),
                    "request_token": str(oauth.request_token),
                    "authorization": str(oauth.authorization),
                    "access_token": str(oauth.access_token),
                    "doc": prose(oauth.doc),
                }
            ),
            paging=wire.paging(api),
            covers_names=api.coverage not in ("methods", "none"),
            covers_methods=api.coverage != "none",
            callbacks=(
                None
                if api.callbacks is None
                else {
                    "event": str(api.callbacks.event),
                    "object": str(api.callbacks.object),
                    "system": str(api.callbacks.system),
                    "user": str(api.callbacks.user),
                    "verifier": str(api.callbacks.verifier),
                    "verification": str(api.callbacks.verification),
                }
            ),
            scalars=self._scalars(),
            people=named_docs(api.people),
            sources=named_docs(api.sources),
            errors=tuple(
                ErrorCode(
                    str(code),
                    str(decl.kind),
                    str(decl.message or ""),
                    decl.status,
                    prose(decl.doc),
                    prose(decl.fix),
                    provenance_of(decl, None),
                    code.at,
                )
                for code, decl in api.errors.items()
            ),
            events=named_docs(api.events),
            limits=texts(api.limits),
            modules=(),
            records={},
            enums={},
            provenance=Provenance("documented", tuple(map(str, api.source))),
            key_positions=dict(_wire_places(api)),
        )

    def _scope(self) -> Scope | None:
        """Return what the failures of api.yaml may name: the shared records."""
        shared = self._description.shared
        return None if shared is None else Scope(SHARED, shared, None)

    def _scalars(self) -> dict[str, Scalar]:
        found = {}
        for name, decl in self._description.api.scalars.items():
            base = str(decl.base or "")
            if name in SCALARS and base:
                self._symbols.contradiction(
                    decl, "is", f"{name} is a built-in type; name the format otherwise"
                )
            elif name not in SCALARS and not base:
                self._symbols.missing(
                    decl, f"{name} needs `is`: the built-in type that it is a format of"
                )
            words = tuple(
                tuple(map(str, word)) if isinstance(word, tuple) else (str(word),)
                for word in decl.words
            ) or (("1",), ("0",))
            if len(words) != 2 or not all(words):
                self._diagnostics.add(
                    "wrong-type",
                    "expected two words: one for true and one for false",
                    decl.where("words"),
                )
                words = (("1",), ("0",))
            if decl.form is not None:
                self._check_format(base or str(name), decl.form)
            found[str(name)] = Scalar(
                str(name),
                decl.pad,
                (words[0], words[1]),
                tuple(map(str, decl.none)),
                str(decl.zone or "UTC"),
                str(decl.read_empty or ("text" if (base or name) == "text" else "none")),
                base,
                opt(decl.form),
            )
        return found

    def _check_format(self, base: str, form: LocatedStr) -> None:
        named = ("iso8601", "epoch", "http_date") if base == "datetime" else ()
        if base not in ("date", "datetime"):
            self._diagnostics.add("contradiction", f"{base} has no format", form.at)
        elif form not in named and "%" not in form:
            self._diagnostics.add(
                "unknown-word",
                f"{str(form)!r} is not a pattern such as %m/%d/%Y"
                + (f", nor one of {', '.join(named)}" if named else ""),
                form.at,
                suggestion=nearest(form, named),
            )

    def _zone(self) -> None:
        from zoneinfo import ZoneInfo

        for decl in self._description.api.scalars.values():
            if decl.zone is not None:
                try:
                    ZoneInfo(decl.zone)
                except (KeyError, ValueError, OSError):
                    self._diagnostics.add(
                        "dangling-reference", f"unknown time zone {decl.zone!r}", decl.zone.at
                    )

    def _event(self, event: LocatedStr) -> None:
        """An event is named after a resource; a misspelt one would never be dispatched."""
        first = event.partition(".")[0]
        if first != "all" and first not in self._symbols.resources:
            self._symbols.dangling(
                "event of a resource", LocatedStr(first, event.at), self._symbols.resources
            )

    def check_names(self) -> None:
        """Check that records and enums have one name in the whole API: the package exports them all."""
        seen: dict[str, LocatedStr] = {}
        holders: list[ResourceDecl | SharedDecl] = list(self._description.resources)
        if self._description.shared is not None:
            holders.insert(0, self._description.shared)
        for holder in holders:
            for name in (*holder.enums, *holder.records):
                first = seen.setdefault(str(name), name)
                if first is not name:
                    self._diagnostics.add(
                        "duplicate-name",
                        f"{name} is declared twice",
                        name.at,
                        related=[Related(first.at, "first here")],
                    )
        for decl in self._description.resources:
            class_name = class_name_of(decl)
            if class_name in seen:
                self._diagnostics.add(
                    "duplicate-name",
                    f"the class {class_name}, which holds the methods of {decl.resource}, has the name of a record or enum;"
                    " give the resource another one with the key `python`",
                    decl.where("python"),
                    related=[Related(seen[class_name].at, "described here")],
                )


def _wire_places(api: ApiDecl) -> Iterator[tuple[str, Position]]:
    """Yield the path and the position of each key of api.yaml that says what is on the wire."""
    envelope = api.envelope
    paging = api.paging
    holders: list[tuple[str, Decl | None]] = [
        ("envelope.request", envelope and envelope.request),
        ("envelope.response", envelope and envelope.response),
        ("envelope.nil", envelope and envelope.nil),
        *(
            (f"envelope.failures.{index}", rule)
            for index, rule in enumerate((envelope and envelope.failures) or ())
        ),
        ("paging", paging),
        ("paging.counters", paging and paging.counters),
        *((f"scalars.{name}", scalar) for name, scalar in api.scalars.items()),
        *((f"errors.{code}", error) for code, error in api.errors.items()),
    ]
    for path, decl in holders:
        if decl is not None:
            for key, at in decl.keys.items():
                yield f"{path}.{key}", at
