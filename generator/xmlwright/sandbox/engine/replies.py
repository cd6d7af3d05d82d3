"""From the outcome of a call, or its refusal, to the response that the server sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...behavior.rules import Behaviors
from ...cases.tables import Tables
from ...ir import Api, Method, Ref
from ...runtime.protocol import Protocol
from ..binding.refusals import CallRefusedError
from ..binding.routing import is_plain
from .context import CallContext
from .exchange import Change, EngineResponse
from .failures import Failures
from .resources import Resources
from .responses import XML, ResponseWriter, Written, failed_root_in_cases, root_in_cases
from .verbs import Outcome


class Replies:
    """Makes the responses of one API."""

    def __init__(
        self, api: Api, tables: Tables, behaviors: Behaviors, padded: Mapping[Ref, frozenset[str]]
    ) -> None:
        self.api = api
        self.tables = tables
        self.protocol = tables.protocol
        self.behaviors = behaviors
        self.credentials_of: Callable[[str], Mapping[str, str]] = lambda account: {}
        """Return the options of a client for an account, for methods that give them out."""
        self._plain = is_plain(api)
        self._methods = {method.name: method for method in api.methods}
        self._failed_root = failed_root_in_cases(api)
        self._padded_fields = padded
        self._writers: dict[int, ResponseWriter] = {}
        self._failures: dict[int, Failures] = {}
        self._roots: dict[str, str] = {}

    def _writer(self, protocol: Protocol) -> ResponseWriter:
        """Return what writes the responses that have an envelope."""
        found = self._writers.get(id(protocol))
        if found is None:
            found = self._writers[id(protocol)] = ResponseWriter(
                self.api,
                protocol,
                failed=self.behaviors.failed,
                deprecated=self.behaviors.deprecated,
                padded=self._padded_fields,
                omits=not self._plain,
            )
        return found

    def _failures_for(self, protocol: Protocol) -> Failures:
        found = self._failures.get(id(protocol))
        if found is None:
            found = self._failures[id(protocol)] = Failures(
                self.api, self.behaviors, protocol, root=self._failed_root
            )
        return found

    def reply(
        self,
        method: Method,
        outcome: Outcome,
        context: CallContext,
        changes: tuple[Change, ...],
        number: int,
    ) -> EngineResponse:
        """Return the response of a call that worked; ``number`` is the number of the call on its day."""
        if method.response.value == "binary":
            written = Written(outcome.value["data"], outcome.value["media"])
        else:
            runtime = self.tables.method(method)
            value = self._signed_in(method, outcome.value, context)
            written = self._writer(runtime.protocol).document(
                runtime.response, value, outcome.hide,
                padded=outcome.padded, root=self._root(method), number=number,
            )  # fmt: skip
        status = written.status or _status(method, written)
        return EngineResponse(
            status, written.media, b"" if status in (204, 304) else written.body, method.name, True,
            guesses=tuple(context.guesses), events=tuple(context.events), sent=tuple(context.sent),
            changes=changes, opened=tuple(context.opened), headers=tuple(written.headers),
        )  # fmt: skip

    def _signed_in(self, method: Method, value: Any, context: CallContext) -> Any:
        """Return the response of the call that begins a session, with the credentials of the account in it."""
        session = self.api.session
        if session is None or method.name != session.call or not isinstance(value, Mapping):
            return value
        known = self.credentials_of(context.state.name)
        for option, path in session.keeps.items():
            value = _with(value, path, known.get(option, ""))
        return value

    def _root(self, method: Method) -> str:
        """Return the root element of the responses of a method whose envelope has none."""
        found = self._roots.get(method.name)
        if found is None:
            found = self._roots[method.name] = root_in_cases(self.api, method)
        return found

    def refused(
        self, refused: CallRefusedError, name: str | None, guesses: tuple[str, ...], number: int = 0
    ) -> EngineResponse:
        """Return the failure of a call that is refused."""
        method = self._methods.get(name or "")
        protocol = self.protocol if method is None else self.tables.method(method).protocol
        failure = self._failures_for(protocol).response_to(refused)
        if failure.guess is not None:
            guesses = tuple(dict.fromkeys((*guesses, failure.guess)))
        verbs = refused.facts.get("verbs")
        return EngineResponse(
            failure.status, XML, self._writer(protocol).failure(failure, number),
            None if method is None else method.name, False, failure.code, guesses,
            headers=(("Allow", ", ".join(verbs)),) if verbs else (),
        )  # fmt: skip

    def of_code(
        self, code: str, message: str | None, status: int | None, facts: dict[str, Any]
    ) -> EngineResponse:
        """Return a failure in the API's own envelope, by its code."""
        failure = self._failures_for(self.protocol).of_code(code, message, facts, status)
        return EngineResponse(
            failure.status,
            XML,
            self._writer(self.protocol).failure(failure),
            None,
            False,
            failure.code,
        )


def _status(method: Method, written: Written) -> int:
    """Return the status of a call that worked."""
    http = method.http
    if http is None:
        return 200
    empty = not written.body
    for status in http.success:
        if (status in (204, 205)) <= empty:
            return status
    if http.success and method.response.value == "none":
        return http.success[0]
    if not http.described_verb:
        return 200
    if method.kind == "create" and http.verb == "POST":
        return 201
    return 204 if empty and method.response.value == "none" else 200


def padded_fields(resources: Resources) -> dict[Ref, frozenset[str]]:
    """Return the fields whose IDs are filled with zeros in responses, by record."""
    found = {}
    for resource in resources:
        if resource.layout is not None and resource.behavior.padded:
            record = resource.layout.record
            found[Ref(record.module, record.name)] = resource.behavior.padded
    return found


def _with(value: Mapping[str, Any], path: tuple[str, ...], text: str) -> Mapping[str, Any]:
    """Return nested values with another one at a path of names."""
    name, *rest = path
    if not rest:
        return {**value, name: text}
    inner = value.get(name)
    return {**value, name: _with(inner if isinstance(inner, Mapping) else {}, tuple(rest), text)}
