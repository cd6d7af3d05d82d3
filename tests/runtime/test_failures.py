"""Failures by status, by root and as lists."""

from __future__ import annotations

import pytest
from wire_api import ROW, method, protocol

from xmlwright.runtime.errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    ErrorDetail,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    UnexpectedResponseError,
    ValidationError,
)
from xmlwright.runtime.failures import FailureRule
from xmlwright.runtime.http_binding import HttpBinding
from xmlwright.runtime.places import Place
from xmlwright.runtime.protocol import ErrorCode, Protocol
from xmlwright.runtime.request import EmptyResponse, Method
from xmlwright.runtime.responses import read_response
from xmlwright.runtime.transport import HttpResponse

GET = HttpBinding("GET", "/rows")


def failure(status: int, body: str, endpoint: Method[object] | None = None) -> ApiError:
    with pytest.raises(ApiError) as caught:
        read_response(endpoint or method(GET), HttpResponse(status, {}, body.encode()))
    assert caught.value.status == status
    return caught.value


def with_rules(*rules: FailureRule, **facts: object) -> Method[object]:
    api: Protocol = protocol(failures=rules, **facts)
    return method(GET, of=api)


def test_a_list_raises_its_first_error_and_keeps_warnings() -> None:
    body = (
        '<errors><error level="warning" code="old">Old.</error>'
        '<error level="error" code="taken" field="name">Taken.</error></errors>'
    )
    error = failure(422, body)
    assert type(error) is ValidationError
    assert (error.code, error.message, error.field) == ("taken", "Taken.", "name")
    assert error.errors == (
        ErrorDetail("old", "Old.", None, "warning"),
        ErrorDetail("taken", "Taken.", "name", "error"),
    )


def test_one_error_is_read_by_the_rule_of_its_status() -> None:
    error = failure(404, "<error><code>no_row</code><text>No such row.</text></error>")
    assert type(error) is NotFoundError
    assert (error.code, error.message) == ("no_row", "No such row.")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ValidationError), (401, AuthenticationError), (403, PermissionDeniedError),
        (404, NotFoundError), (409, ConflictError), (410, NotFoundError), (422, ValidationError),
        (429, RateLimitError), (500, ServerError), (503, ServerError),
    ],
)  # fmt: skip
@pytest.mark.parametrize("body", ["", "<html><body>Sorry</body>", "<unknown/>", "sorry"])
def test_a_body_that_is_not_described_still_has_the_kind_of_its_status(
    status: int, kind: type[ApiError], body: str
) -> None:
    assert type(failure(status, body)) is kind


def test_the_kind_of_a_code_goes_before_those_of_rule_and_status() -> None:
    rule = FailureRule(
        message=Place(("text",)), code=Place(("code",)), kind="conflict", kinds={"b": "not_found"}
    )
    endpoint = with_rules(rule, errors={"a": ErrorCode("permission", "", "Ask.")})
    document = "<error><code>{}</code><text>No.</text></error>"
    kinds = {code: type(failure(400, document.format(code), endpoint)) for code in "abc"}
    assert kinds == {"a": PermissionDeniedError, "b": NotFoundError, "c": ConflictError}
    assert failure(400, document.format("a"), endpoint).fix == "Ask."


def test_a_root_or_a_place_makes_a_failure_of_status_200() -> None:
    by_root = FailureRule(roots=("fault",), message=Place(("text",)), kind="server")
    by_place = FailureRule(when=Place(("why",)), message=Place(("why",)), kind="conflict")
    endpoint = with_rules(by_root, by_place)
    assert type(failure(200, "<fault><text>Down.</text></fault>", endpoint)) is ServerError
    assert failure(200, "<row><why>Taken.</why></row>", endpoint).message == "Taken."
    nothing = method(GET, of=protocol(failures=(by_root,)), response=EmptyResponse())
    assert failure(200, "<fault><text>Down.</text></fault>", nothing).message == "Down."
    assert read_response(nothing, HttpResponse(204, {}, b"")) is None


def test_a_place_makes_no_failure_of_a_status_that_the_rule_is_not_for() -> None:
    endpoint = with_rules(
        FailureRule(statuses=((422, 422),), when=Place.of("note"), message=Place.of("note"))
    )
    body = b"<row><number>1</number><note>late</note></row>"
    assert read_response(endpoint, HttpResponse(200, {}, body)) is not None
    assert failure(422, body.decode(), endpoint).message == "late"


def test_a_payload_beside_the_error_is_read() -> None:
    rule = FailureRule(
        statuses=((400, 499),), at=("error",), message=Place(), payload=(("row",), lambda: ROW)
    )
    body = "<r><error>No.</error><row><number>7</number></row></r>"
    payload = failure(402, body, with_rules(rule)).payload
    assert payload.number == 7


def test_codes_in_headers_are_read() -> None:
    rule = FailureRule(code=Place.of("header:X-Code"), message=Place())
    with pytest.raises(ApiError) as caught:
        read_response(with_rules(rule), HttpResponse(400, {"x-code": "E7"}, b"<e>No.</e>"))
    assert caught.value.code == "E7"


def test_an_html_page_is_no_response_of_a_method_without_one() -> None:
    nothing = method(GET, response=EmptyResponse())
    with pytest.raises(UnexpectedResponseError, match="HTML"):
        read_response(nothing, HttpResponse(200, {"content-type": "text/html"}, b"<html>Hi"))
