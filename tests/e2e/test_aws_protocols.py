"""The protocol test suites of botocore: clients generated from their shapes send and read what each case expects.

Each protocol is one description. Every case that is not in the table of what is out of scope has to pass, and at least 95 % of
all cases of a protocol.
"""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest
from aws_protocols import comparison, description, suites
from aws_protocols.description import Described
from aws_protocols.suites import Case, Protocol
from second_api import project

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not suites.available(), reason=f"the suites are not in {suites.DOCUMENTS}"),
]
REQUIRED = 0.95


@dataclass
class Wire:
    """A transport that keeps the last request and gives the response that it was set to."""

    http_response: type[Any]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    sent: Any = None

    def send(self, request: Any) -> Any:
        self.sent = request
        headers = {name.lower(): value for name, value in self.headers.items()}
        return self.http_response(self.status, headers, self.body)

    def close(self) -> None:
        pass


@pytest.fixture(scope="module", params=suites.PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> Protocol:
    found: Protocol = request.param
    return found


@pytest.fixture(scope="module")
def package(protocol: Protocol, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The generated client of a protocol."""
    folder = tmp_path_factory.mktemp("aws")
    output = project.built(project.settle(folder / protocol, description.files(protocol)))
    name = description.PACKAGES[protocol]
    sys.path.insert(0, str(output))
    try:
        yield importlib.import_module(name)
    finally:
        sys.path.remove(str(output))
        for module in [key for key in sys.modules if key.partition(".")[0] == name]:
            del sys.modules[module]


def _check_request(package: ModuleType, one: Described, case: Case) -> list[str]:
    wire = Wire(_http_response(package))
    prefix = one.operation.given.get("endpoint", {}).get("hostPrefix", "")
    client = package.ProtocolClient(
        transport=wire,
        host=prefix.format_map(case.data["params"]) + urlsplit(one.operation.endpoint).netloc,
    )
    call = getattr(getattr(client, one.resource), one.method)
    try:
        call(**one.arguments.argument(case.data["params"]))
    except Exception as error:
        # What the response says is not the point here: rest-xml has none that fits all.
        if wire.sent is None:
            return [f"{type(error).__name__}: {error}"]
    sent = wire.sent
    return list(
        comparison.differences(
            case.data["serialized"], sent.verb, sent.url, sent.headers, sent.body
        )
    )


def _check_response(package: ModuleType, one: Described, case: Case) -> list[str]:
    response = case.data["response"]
    wire = Wire(
        _http_response(package),
        response["status_code"],
        response.get("headers", {}),
        response.get("body", "").encode(),
    )
    client = package.ProtocolClient(transport=wire)
    call = getattr(getattr(client, one.resource), one.method)
    try:
        result = call()
    except Exception as error:
        if "errorCode" in case.data:
            return _check_error(one, case, error)
        return [f"{type(error).__name__}: {error}"]
    if "errorCode" in case.data:
        return [f"no error, but {result!r}"]
    return one.differences(result, case.data["result"])


def _check_error(one: Described, case: Case, error: Exception) -> list[str]:
    found: list[str] = []
    expected = case.data
    code, status = getattr(error, "code", None), getattr(error, "status", None)
    if code != expected["errorCode"]:
        found.append(
            f"{type(error).__name__} of code {code!r}, not {expected['errorCode']!r}: {error}"
        )
    if status != expected["response"]["status_code"]:
        found.append(f"status {status!r}, not {expected['response']['status_code']}")
    message = getattr(error, "message", None)
    if expected.get("errorMessage", message) != message:
        found.append(f"message {message!r}, not {expected['errorMessage']!r}")
    shape = description.error_shape(one.operation, expected["errorCode"])
    if shape is None or one.result is None:
        return found
    members = one.operation.shapes[shape]["members"]
    payload = getattr(error, "payload", None)
    for member in one.result.members:
        if member.name in members and member.name in expected["error"]:
            value = getattr(payload, member.python, None)
            found += member.value.differences(value, expected["error"][member.name], member.name)
    return found


def _http_response(package: ModuleType) -> type[Any]:
    found: type[Any] = importlib.import_module(f"{package.__name__}.runtime.transport").HttpResponse
    return found


def test_every_case_in_scope_passes(protocol: Protocol, package: ModuleType) -> None:
    by_case = {
        case.name: (one, case)
        for one in description.described(protocol)
        for case in one.operation.cases
    }
    passed: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    failed: dict[str, list[str]] = {}
    left_out: dict[str, str] = {}
    for operation, case in description.all_cases(protocol):
        counts[operation.direction] += 1
        if (reason := case.out_of_scope) is not None:
            left_out[case.name] = reason
            continue
        one, _ = by_case[case.name]
        check = _check_request if operation.direction == "input" else _check_response
        if differences := check(package, one, case):
            failed[case.name] = differences
        else:
            passed[operation.direction] += 1
    for direction in suites.DIRECTIONS:
        print(f"{protocol} {direction}: {passed[direction]} of {counts[direction]} cases pass")
    for name, reason in left_out.items():
        print(f"  out of scope: {name}: {reason}")
    for name, differences in failed.items():
        print(f"  failed: {name}: {'; '.join(differences)}")
    assert not failed
    assert passed.total() / counts.total() >= REQUIRED


def test_generated_tests_pass(protocol: Protocol, package: ModuleType) -> None:
    assert package.__file__ is not None
    count = sum(description.is_described(case) for _, case in description.all_cases(protocol))
    assert project.own_tests(Path(package.__file__).parents[1]) > count
