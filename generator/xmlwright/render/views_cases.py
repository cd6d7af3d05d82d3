"""What templates see of a case: the call and the expectation of its test, in the words of Python."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from ..cases.messages import request_message, response_message
from ..ir import Case, Method, PageValue, RecordValue
from ..naming import test_name
from ..runtime.errors import FAILURES
from ..runtime.writing import Upload
from .literals import block, literal
from .views import ModuleView


class CaseView:
    """A case as its generated test writes it."""

    def __init__(self, view: ModuleView, method: Method, case: Case) -> None:
        self.method = method
        self.case = case
        self.name = test_name(method.function, case.name)
        self._view = view
        self._given = case.arguments
        self._result = case.result
        self.has_result = case.response is not None and case.fails is None

    @property
    def doc(self) -> str:
        """What the case shows."""
        name = self.case.name
        return f"{name[:1].upper()}{name[1:]}. {self.case.doc}".strip()

    @property
    def call(self) -> str:
        """The call of the builder."""
        assert self._given is not None
        values = {name: self.expression(value) for name, value in self._given.values.items()}
        parts = [values.pop(name) for name in self.method.positional if name in values]
        parts += [
            f"{item.python}={values[item.python]}"
            for item in self.method.arguments
            if item.python in values
        ]
        return f"{self._view.tested}.{self.method.function}({', '.join(parts)})"

    @property
    def expected(self) -> str:
        """The value that the response reads as."""
        return self.expression(self._result)

    @property
    def request(self) -> str:
        """The arguments of the assertion that the request is as the case has it."""
        assert self.case.request is not None
        message = request_message(self.case.request)
        if message.verb is None:
            return f"document={block(message.body)}"
        facts = [literal(message.verb), literal(message.target)]
        sent = self._sent_headers()
        headers = {name: text for name, text in message.headers.items() if name.lower() in sent}
        if headers:
            facts.append(f"headers={literal(headers)}")
        if self.method.http is not None and self.method.http.multipart:
            if message.parts:
                facts.append(f"parts={literal(message.parts)}")
            if message.document:
                facts.append(f"document={block(message.document.lstrip())}")
        elif self._is_form:
            facts.append(f"form={literal(message.form)}")
        elif message.body.strip():
            facts.append(f"document={block(message.body)}")
        return ", ".join(facts)

    @property
    def _is_form(self) -> bool:
        """Whether the body of the request is a form."""
        http, envelope = self.method.http, self.method.envelope
        if http is None:
            return False
        places = [item.location[0] for item in self.method.arguments if item.location is not None]
        at = (envelope.document_at or "") if envelope is not None else ""
        return bool(http.form) or "form" in places or at.startswith("form:")

    def _sent_headers(self) -> set[str]:
        """Return the names of the headers that the method sends itself, in lower case."""
        names = set(self.method.http.headers) if self.method.http is not None else set()
        names |= {
            item.location[1]
            for item in self.method.arguments
            if item.location is not None and item.location[0] == "header"
        }
        return {name.lower() for name in names}

    @property
    def endpoint(self) -> str:
        """The expression for the method."""
        return "request.endpoint" if self.case.request else "endpoint"

    @property
    def document(self) -> str:
        """The body of the response as a literal."""
        return block(response_message(self.case.response or "").body)

    @property
    def reading(self) -> str:
        """The expression that reads the response."""
        message = response_message(self.case.response or "")
        if message.status is None:
            method = "request.parse" if self.case.request else "endpoint.parse_response"
            return f"{method}({self.document})"
        self._view.use("read_response", "HttpResponse")
        response = f"HttpResponse({message.status}, {literal(dict(message.headers))}, {self.document}.encode())"
        return f"read_response({self.endpoint}, {response})"

    @property
    def unknown(self) -> list[str]:
        """Unknown elements of the response, as paths below its root, sorted."""
        return sorted(self.case.unknown)

    @property
    def facts(self) -> dict[str, str]:
        """What the exception of a failure has: code, message and field, as far as the case has them."""
        fails = self.case.fails or {}
        return {name: fails[name] for name in ("code", "message", "field") if name in fails}

    @property
    def result(self) -> str:
        """The text of a file."""
        return str(self._result)

    @property
    def error(self) -> str:
        """The class of the failure."""
        fails = self.case.fails or {}
        kinds = {item.code: item.kind for item in self._view.api.errors}
        kind = fails.get("kind") or kinds.get(fails.get("code", ""))
        return FAILURES[kind].__name__ if kind in FAILURES else "ApiError"

    def expression(self, value: Any) -> str:
        """A Python expression for a decoded value of a case."""
        if isinstance(value, RecordValue):
            inner = {name: self.expression(item) for name, item in value.values.items()}
            if value.ref is None or not self._reading(value):
                return (
                    "{"
                    + ", ".join(f"{literal(name)}: {text}" for name, text in inner.items())
                    + "}"
                )
            if value.ref.module == self._view.name:
                self._view.own.add(value.ref.name)
            self._view.refer(value.ref, value.ref.name)
            return (
                f"{value.ref.name}({', '.join(f'{name}={text}' for name, text in inner.items())})"
            )
        if isinstance(value, PageValue):
            self._view.use("Page")
            rows = [self.expression(item) for item in value.items]
            items = f"({', '.join(rows)}{',' if len(rows) == 1 else ''})"
            counters = "".join(
                f", {name}={literal(number)}" for name, number in value.counters.items()
            )
            return f"Page({items}{counters})"
        if isinstance(value, tuple):
            return f"[{', '.join(map(self.expression, value))}]"
        if isinstance(value, dict):
            entries = (f"{literal(key)}: {self.expression(item)}" for key, item in value.items())
            return "{" + ", ".join(entries) + "}"
        if isinstance(value, Upload):
            self._view.use("Upload")
            return (
                f"Upload({literal(value.content)}, {literal(value.name)}, {literal(value.media)})"
            )
        if isinstance(value, Decimal):
            self._view.use("Decimal")
        elif isinstance(value, dt.datetime):
            if str(value.tzinfo) != self._view.api.zone:  # of a named format
                value = value.astimezone(dt.timezone.utc)
                self._view.use("dt")
            else:
                self._view.use("dt", "ZONE")
        elif isinstance(value, dt.date):
            self._view.use("dt")
        return literal(value)

    def _reading(self, value: RecordValue) -> bool:
        return self._given is None or not _within(value, self._given)


def _within(value: RecordValue, outer: Any) -> bool:
    if value is outer:
        return True
    if isinstance(outer, RecordValue):
        return any(_within(value, inner) for inner in outer.values.values())
    rows = outer.values() if isinstance(outer, dict) else outer
    return isinstance(outer, (tuple, dict)) and any(_within(value, inner) for inner in rows)
