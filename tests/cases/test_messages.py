"""The requests and responses of cases: documents, or HTTP messages as a server sees them."""

from __future__ import annotations

import pytest

from xmlwright.cases.messages import MessageError, request_message, response_message


def test_a_document_has_neither_verb_nor_status() -> None:
    assert request_message("\n<a/>").verb is None
    found = response_message("<a/>")
    assert (found.status, found.http, found.body) == (None, None, "<a/>")


def test_a_request_has_verb_target_headers_and_body() -> None:
    found = request_message("PUT /tasks/a%2Fb?x=1&y=a+b HTTP/1.1\nX-Key: one: two\n\n<a/>\n")
    assert (found.verb, found.segments) == ("PUT", ["tasks", "a/b"])
    assert found.query == [("x", "1"), ("y", "a b")]
    assert found.headers == {"X-Key": "one: two"}
    assert (found.body, found.first_line) == ("<a/>\n", 4)


@pytest.mark.parametrize(
    "body",
    ["Action=Put&Key=a%26b", "Action=Put\nKey=a%26b\n"],
    ids=["on one line", "one parameter a line"],
)
def test_a_form_may_have_one_parameter_a_line(body: str) -> None:
    assert request_message(f"POST\n\n{body}").form == [("Action", "Put"), ("Key", "a&b")]


def test_a_parameter_with_text_that_no_form_holds_is_taken_as_it_is() -> None:
    found = request_message("POST /\n\nName=a b&c+d\nXML=<a>\n  <b/>\n</a>\nZ=1")
    assert found.form == [("Name", "a b&c+d"), ("XML", "<a>\n  <b/>\n</a>"), ("Z", "1")]


@pytest.mark.parametrize(
    ("start", "status"), [("HTTP/1.1 404 Not Found", 404), ("204", 204), ("422 Unprocessable", 422)]
)
def test_the_status_of_a_response(start: str, status: int) -> None:
    found = response_message(f"{start}\nLink: <x>; rel=next\nlink: <y>\n\nbody")
    assert (found.status, found.body) == (status, "body")
    assert found.headers == {"link": "<x>; rel=next, <y>"} or found.headers == {"link": "<y>"}
    assert found.http is not None
    assert found.http.body == b"body"


@pytest.mark.parametrize(
    ("text", "line"), [("task.get", 1), ("FETCH /tasks", 1), ("GET /tasks\nAccept: a\n<a/>", 3)]
)
def test_what_is_no_request_is_reported_with_its_line(text: str, line: int) -> None:
    with pytest.raises(MessageError) as caught:
        request_message(text)
    assert caught.value.line == line


def test_text_without_a_status_is_a_body() -> None:
    assert response_message("%PDF-1.4\nx").body == "%PDF-1.4\nx"
