"""What has to be there before a call, what is sent, and whether the answer is one of the API that is described."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

import requests
import yaml
from lxml import etree

from freshbooks_classic import ApiError, wire
from freshbooks_classic.runtime.files import File
from freshbooks_classic.runtime.record import Raw, Record
from freshbooks_classic.runtime.request import Page
from xmlwright.diagnostics import Diagnostics
from xmlwright.ir import Api, Field, Method, Module
from xmlwright.sandbox.server_thread import Sandbox

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "schema"
"""Whether the proofs are made in full, as `make proofs` has it; else a sample of each."""
ABSENT = 987_654
"""An id that nothing has."""
RESOURCES = sorted(
    path.stem for path in (SCHEMA / "resources").glob("*.yaml") if "." not in path.stem
)


@cache
def api() -> Api:
    """The description, resolved."""
    from xmlwright.resolve import resolver as resolve
    from xmlwright.schema import loader as description

    diagnostics = Diagnostics()
    read = description.read(SCHEMA, diagnostics, root=ROOT)
    assert read is not None
    found = resolve.resolve(read, diagnostics)
    assert not len(diagnostics)
    return found


@cache
def cases(resource: str) -> tuple[dict[str, Any], ...]:
    """The cases of a resource as they stand in the files."""
    found: list[dict[str, Any]] = []
    for name in (f"{resource}.yaml", f"{resource}.cases.yaml"):
        path = SCHEMA / "resources" / name
        if path.exists():
            found += yaml.safe_load(path.read_text(encoding="utf-8")).get("cases", [])
    return tuple(found)


def method(name: str) -> Method:
    return next(item for item in api().methods if item.name == name)


def module(resource: str) -> Module:
    return next(item for item in api().resources if item.name == resource)


def identity(resource: str) -> str | None:
    """Python name of the field that names a record of a resource."""
    records = module(resource).records
    return records[0].identity if records else None


# ---- one account, and calls to it


@dataclass
class Account:
    """An account of its own in a running sandbox, and calls of plain documents."""

    box: Sandbox
    name: str
    token: str
    session: requests.Session
    seen: list[str] = field(default_factory=list)
    """Methods that were called."""

    @property
    def address(self) -> str:
        return self.box.address(self.name)

    def post(
        self, document: str | bytes, *, token: str | None = None, address: str | None = None
    ) -> requests.Response:
        """Send a document as it is."""
        body = document.encode() if isinstance(document, str) else document
        return self.session.post(
            address or self.address,
            data=body,
            auth=(self.token if token is None else token, "X"),
            headers={"Content-Type": "application/xml"},
            timeout=20,
        )

    def send(self, name: str, document: str | bytes, **how: Any) -> Any:
        """Send a request of a method; what it answers, read strictly. Raises ApiError.

        Everything in the answer must be described.
        """
        arguments = wire.parse_request(document)[1] if b"cid:" in _bytes(document) else None
        if arguments is None:
            answer = self.post(document, **how)
        else:
            answer = self._post_files(name, arguments)
        return read(name, answer)

    def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        return self.send(name, wire.METHODS[name].request(arguments).xml)

    def _post_files(self, name: str, arguments: Mapping[str, Any]) -> requests.Response:
        """A request with a file, whose document points to it: a small picture takes the place of whatever it points to."""
        document = wire.METHODS[name].request(arguments).xml
        told = re.search(rb"cid:([^<\s]+)", _bytes(document))
        assert told is not None
        body = b"\r\n".join([
            b"--edge", b"Content-Type: application/xml", b"", _bytes(document),
            b"--edge", b"Content-Type: image/png", b"Content-ID: <" + told[1] + b">",
            b'Content-Disposition: attachment; filename="a.png"', b"", b"\x89PNG\r\n\x1a\n picture",
            b"--edge--", b"",
        ])  # fmt: skip
        return self.session.post(
            self.address, data=body, auth=(self.token, "X"), timeout=20,
            headers={"Content-Type": 'multipart/related; boundary="edge"; type="application/xml"'},
        )  # fmt: skip

    def seed(self, content: Mapping[str, Any], *, replace: bool = False) -> None:
        """Put records there, as they are."""
        self.box.control.seed(self.name, content, replace=replace)

    def there(self, resource: str, number: Any) -> None:
        """See to it that a record exists and is not deleted."""
        name = identity(resource)
        assert name is not None
        held = self.box.control.state(self.name)[resource]
        if any(str(item.get(name)) == str(number) for item in held):
            asked = method(f"{resource}.get") if f"{resource}.get" in wire.METHODS else None
            if asked is None:
                return
            with suppress(ApiError):
                self.call(asked.name, {asked.arguments[0].python: number})
                return
        self.seed({resource: [{name: number}]})

    def bills_automatically(self, arguments: Mapping[str, Any]) -> None:
        """See to it that the account can do it: in its base currency, through a gateway that is capable of it."""
        if not isinstance(arguments["autobill"], Mapping):
            return  # it is what a list is asked for
        if "currency_code" in arguments:
            self.seed({".account": {"currency": arguments["currency_code"]}})
        gateway = arguments["autobill"]["gateway_name"]
        self.seed({"gateway": [{"name": gateway, "autobill_capable": True}]})

    def gone(self, resource: str, number: Any) -> None:
        """See to it that a record existed and is deleted."""
        self.there(resource, number)
        name = identity(resource)
        assert name is not None
        self.call(f"{resource}.delete", {name: number})


def _bytes(document: str | bytes) -> bytes:
    return document.encode() if isinstance(document, str) else document


def read(name: str, answer: requests.Response) -> Any:
    """The value of an answer. It must be one that the description knows, to the last element. Raises ApiError."""
    content = answer.content
    endpoint = wire.METHODS[name]
    if (
        endpoint.response.binary
        and answer.headers["Content-Type"].split(";")[0] != "application/xml"
    ):
        assert answer.status_code == 200
        return content
    assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
    etree.fromstring(content)
    try:
        value = wire.parse_response(name, content, strict=True)
    except ApiError as failure:
        check_failure(failure, answer.status_code)
        raise
    assert answer.status_code == 200, content
    assert not endpoint.response.binary
    assert wire.REGISTRY.unknown_in(name, content) == []
    return value


def check_failure(failure: ApiError, status: int) -> None:
    """A failure must have a code that the description has, and the HTTP status that goes with it; or no code."""
    known = {code.code: code.status for code in api().errors}
    assert failure.code is None or failure.code in known, failure.code
    assert status == known.get(failure.code or "", 200)


# ---- what a call refers to


def references(fields: tuple[Field, ...], values: Any) -> Iterator[tuple[str, Any]]:
    """Every (resource, id) that arguments or a record name."""
    for item in fields:
        value = _value(values, item)
        for one in value if isinstance(value, list) else [value]:
            if one is None or one == "" or isinstance(one, Raw):
                continue
            if item.ref is not None:
                if one not in item.none and one != 0:
                    yield item.ref, one
            elif item.record is not None:
                yield from references(api().records[item.record].fields, one)


def _value(values: Any, item: Field) -> Any:
    if isinstance(values, Mapping):
        return values.get(item.python, values.get(item.name))
    return getattr(values, item.python, None)


# ---- comparing


def differences(expected: Any, actual: Any, path: str = "") -> Iterator[str]:
    """What of ``expected`` is not so in ``actual``; what is not in ``expected`` may be anything.

    Records and mappings are looked at field by field, numbers by their value; a day equals a time of that day.
    """
    if expected is None or expected == "":
        if actual not in (None, "", [], False) and path.rpartition(".")[2] not in _KEPT_EMPTY:
            yield f"{path} is {actual!r}, not empty"
    elif isinstance(expected, Page):
        yield from differences(list(expected), list(actual), path)
    elif isinstance(expected, File):
        return
    elif isinstance(expected, list):
        if not isinstance(actual, list) or len(expected) != len(actual):
            yield f"{path} is {actual!r:.200}, not {expected!r:.200}"
            return
        for at, (left, right) in enumerate(zip(expected, actual, strict=True)):
            yield from differences(left, right, f"{path}[{at}]")
    elif isinstance(expected, Record | Mapping):
        names = expected if isinstance(expected, Mapping) else expected.__dataclass_fields__
        for name in names:
            value = expected[name] if isinstance(expected, Mapping) else getattr(expected, name)
            if (value is None and isinstance(expected, Record)) or value == [] or name == "unknown":
                continue
            yield from differences(value, getattr(actual, name, None), f"{path}.{name}")
    elif not _equal(expected, actual):
        yield f"{path} is {actual!r}, not {expected!r}"


_KEPT_EMPTY: set[str] = set()


def _equal(left: Any, right: Any) -> bool:
    if left == right or str(left) == str(right):
        return True
    if isinstance(left, bool) or isinstance(right, bool):
        return bool(left) == bool(right)
    try:
        return Decimal(str(left)) == Decimal(str(right))
    except InvalidOperation:
        return bool(right) and str(right)[:10] == str(left)[:10] and len(str(left)) >= 10
