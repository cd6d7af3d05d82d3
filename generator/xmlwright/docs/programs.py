"""Programs for a case: Python, asynchronous Python, and a command line."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from ..cases.messages import response_message
from ..cases.tables import Tables
from ..cases.values import as_arguments
from ..ir import Api, Case, Method, PageValue, RecordValue
from ..naming import client_attribute, python_name, snake
from ..runtime.errors import ApiError, Error
from ..runtime.request import Page
from ..runtime.writing import Upload
from .curl import CurlWriter
from .layout import (
    Expression,
    Group,
    call,
    format_expression,
    mapping,
    sequence,
    text,
    to_expression,
)

_INDENT: Final = 4


@dataclass(frozen=True, slots=True)
class Programs:
    """The three programs for a call."""

    sync: str
    asynchronous: str
    command: str
    variable: str | None
    """Variable that holds the result; None if the program prints or saves it, or has none."""


class Writer:
    """Writes programs for the calls of an API."""

    def __init__(self, api: Api) -> None:
        self._api = api
        capitals = "".join(char for char in api.names.client if char.isupper())
        handle = capitals if len(capitals) > 1 else api.names.client
        self._handle = python_name(handle.lower())
        self._tables = Tables(api)
        self._curl = CurlWriter(api)
        self._signed = api.signer
        self._authentication = api.authentication

    def programs(self, method: Method, given: RecordValue, case: Case, document: str) -> Programs:
        """Return the programs that make the call of a case."""
        imports: set[str] = set()
        expression = self._call(method, given, imports)
        variable = self._variable(method, case)
        failure = None
        if case.fails is not None:
            failure = self._failure(method, case)
        sync = self._sync(method, case, expression, imports, variable, failure)
        asynchronous = self._async(method, case, expression, imports, variable, failure)
        return Programs(sync, asynchronous, self._curl.command(method, given, document), variable)

    def document(self, method: Method, given: RecordValue) -> str:
        """Return the request document that arguments give, for an API without verbs and paths."""
        if method.http is not None:
            return ""
        return self._tables.method(method).build(as_arguments(given)).xml.decode("utf-8", "replace")

    def expected(self, method: Method, given: RecordValue) -> dict[str, Any]:
        """Return what a request has beside its case: verb, target and form, as the arguments give them."""
        if method.http is None:
            return {}
        request = self._tables.method(method).build(as_arguments(given))
        assert request.http is not None
        names = [item.place.partition("/")[0] for item in self._authentication if item.place]
        form = [list(pair) for pair in request.http.form or ()]
        body = request.http.body if request.http.body is not None else request.xml
        document = (
            ""
            if form or (request.http.document is not None and not request.http.multipart)
            else body.decode("utf-8", "replace")
        )
        target = re.sub(r"\{\w+\+?\}", "sample", request.http.target)
        return {
            "verb": request.http.verb,
            "target": target if "{" not in request.http.target else "",
            "form": form,
            "credentials": names,
            "document": document,
        }

    def _failure(self, method: Method, case: Case) -> str:
        """Return the class of the exception that a call raises."""
        try:
            self._read(method, case)
        except ApiError as error:
            return type(error).__name__
        return "ApiError"

    def _read(self, method: Method, case: Case) -> Any:
        return response_message(case.response or "").read(self._tables.method(method))

    def _several(self, method: Method, case: Case) -> bool:
        try:
            return _several(method, case, self._read(method, case))
        except Error:
            return True

    # Python

    def _call(self, method: Method, given: RecordValue, imports: set[str]) -> Expression:
        path = ".".join((self._handle, client_attribute(method.resource), *method.python))
        values = {name: _argument(value, imports) for name, value in given.values.items()}
        parts = [("", values.pop(name)) for name in method.positional if name in values]
        parts += [
            (f"{item.python}=", values[item.python])
            for item in method.arguments
            if item.python in values
        ]
        return call(path, parts)

    def _variable(self, method: Method, case: Case) -> str | None:
        answer = method.response
        if case.fails is not None or answer.value in ("none", "binary"):
            return None
        if answer.value == "page" and self._several(method, case):
            return self._apart("page")
        if answer.value == "record" and answer.record is not None:
            return self._apart(snake(answer.record.name))
        last = answer.element.rpartition("/")[2].lstrip("@.")
        return self._apart(python_name(last or "answer"))

    def _apart(self, name: str) -> str:
        return f"{name}_" if name == self._handle else name

    def _sync(
        self,
        method: Method,
        case: Case,
        expression: Expression,
        imports: set[str],
        variable: str | None,
        failure: str | None,
    ) -> str:
        if method.response.value == "page":
            expression = (
                _then(expression, ".page()")
                if self._several(method, case)
                else call("list", [("", expression)])
            )
        elif method.response.value == "binary":
            expression = _then(expression, f".save({text(_file(method))})")
        client = self._api.names.client
        head = self._imports({client, *_Named(failure)}, imports)
        body = _statement(expression, variable, failure, _INDENT)
        return f"{head}\n\n{self._signer()}with {client}.from_env({self._auth()}) as {self._handle}:\n{body}\n"

    def _async(
        self,
        method: Method,
        case: Case,
        expression: Expression,
        imports: set[str],
        variable: str | None,
        failure: str | None,
    ) -> str:
        if method.response.value == "page" and not self._several(method, case):
            row = "row" if self._handle != "row" else "each"
            opening = f"[{row} async for {row} in "
            expression = _around(opening, expression, "]")
        elif method.response.value == "page":
            expression = _around("await ", _then(expression, ".page()"), "")
        elif method.response.value == "binary":
            expression = _around("(await ", expression, f").save({text(_file(method))})")
        else:
            expression = _around("await ", expression, "")
        client = f"Async{self._api.names.client}"
        head = self._imports({client, *_Named(failure)}, {"import asyncio", *imports})
        returned = "return " if variable is not None else None
        body = _statement(expression, returned, failure, 2 * _INDENT)
        kept = f"{variable} = " if variable is not None else ""
        return (
            f"{head}\n\n{self._signer()}async def main():\n    async with {client}.from_env({self._auth()}) as {self._handle}:\n{body}\n\n"
            f"{kept}asyncio.run(main())\n"
        )

    def _auth(self) -> str:
        return "auth=sign" if self._signed else ""

    def _signer(self) -> str:
        """Return the function that signs requests, for an API that needs one."""
        if not self._signed:
            return ""
        return (
            "def sign(request):\n    return {}  # headers with the signature of the request\n\n\n"
        )

    def _imports(self, names: set[str], others: set[str]) -> str:
        more = {line for line in others if not line.startswith("!")}
        names = names | {line[1:] for line in others if line.startswith("!")}
        start = "from datetime import "
        dates = {line for line in more if line.startswith(start)}
        if dates:
            listed = ", ".join(sorted(line.removeprefix(start) for line in dates))
            more = more - dates | {start + listed}
        own = f"from {self._api.names.package} import {', '.join(sorted(names))}"
        standard = sorted(more, key=lambda line: (not line.startswith("import"), line))
        return "\n".join([*standard, *([""] if more else []), own])


def _Named(failure: str | None) -> set[str]:  # noqa: N802
    return {failure} if failure is not None else set()


def _several(method: Method, case: Case, value: Any) -> bool:
    """Return whether to show one page: the response has several, or the service ignores paging."""
    if method.paging == "ignored" or case.response is None:
        return True
    if isinstance(value, Page) and (value.cursor is not None or value.more):
        return True
    if method.pages is not None and method.pages.style in ("cursor", "link"):
        return False
    if not isinstance(case.result, PageValue):
        return False
    counters = case.result.counters
    total, rows = counters.get("total"), len(case.result.items)
    first = method.pages.first if method.pages is not None else 1
    position, size = counters.get("position", first), counters.get("size", 0)
    if counters.get("pages", 1) not in (0, 1) or position not in (0, first):
        return True
    if total is not None:
        return bool(total > rows)
    return "pages" not in counters and bool(rows >= (size or 1))


def _file(method: Method) -> str:
    media = method.response.media[0] if method.response.media else ""
    ending = re.sub(r"[^a-z0-9].*", "", media.rpartition("/")[2])
    return f"{method.resource}.{ending or 'bin'}"


def _then(expression: Expression, more: str) -> Expression:
    return _around("", expression, more)


def _around(before: str, expression: Expression, after: str) -> Expression:
    if isinstance(expression, str):
        return before + expression + after
    return Group(before + expression.opening, expression.parts, expression.closing + after)


def _statement(
    expression: Expression, variable: str | None, failure: str | None, indent: int
) -> str:
    margin = " " * indent
    if failure is not None:
        inner = indent + _INDENT
        return (
            f"{margin}try:\n{' ' * inner}{format_expression(expression, '', inner)}\n"
            f"{margin}except {failure} as error:\n{' ' * inner}print(error.code, error.message)"
        )
    before = "" if variable is None else variable if variable == "return " else f"{variable} = "
    return margin + format_expression(expression, before, indent)


def _argument(value: Any, imports: set[str]) -> Expression:
    if isinstance(value, RecordValue):
        return mapping([(name, _argument(inner, imports)) for name, inner in value.values.items()])
    if isinstance(value, tuple):
        return sequence([_argument(item, imports) for item in value])
    if isinstance(value, Mapping):
        return mapping([(str(name), _argument(inner, imports)) for name, inner in value.items()])
    if isinstance(value, Upload):
        imports.add("!Upload")
        return call(
            "Upload", [("", repr(value.content)), ("", text(value.name)), ("", text(value.media))]
        )
    if isinstance(value, Decimal):
        return text(str(value))
    if isinstance(value, dt.datetime):
        imports.add("from datetime import datetime")
        if getattr(value.tzinfo, "key", None) is not None:
            imports.add("from zoneinfo import ZoneInfo")
        elif value.tzinfo is not None:
            imports.add("from datetime import timezone")
            if value.utcoffset():
                imports.add("from datetime import timedelta")
    elif isinstance(value, dt.date):
        imports.add("from datetime import date")
    return to_expression(value)
