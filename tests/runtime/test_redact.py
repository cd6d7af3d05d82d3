"""What is sensitive is blanked wherever a description may put it, and nothing else is: kinds of fields that the generated tests,
which go over one described API, may not meet."""

from __future__ import annotations

import base64
import datetime as dt
import html
import json
import pickle
import traceback
from decimal import Decimal
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from xmlwright.runtime.engine import Setup, run_call
from xmlwright.runtime.errors import (
    ApiError,
    ArgumentError,
    Error,
    InvalidDocumentError,
    NetworkError,
    NotFoundError,
    OutcomeUnknownError,
)
from xmlwright.runtime.hooks import CallInfo
from xmlwright.runtime.options import Options
from xmlwright.runtime.protocol import Protocol
from xmlwright.runtime.record import Record
from xmlwright.runtime.redact import (
    HIDDEN,
    hidden_values,
    redact_request,
    redact_response,
    scrub_error,
    secrets_in_response,
    secrets_of,
)
from xmlwright.runtime.request import (
    BinaryResponse,
    EmptyResponse,
    ListResponse,
    Method,
    PageResponse,
    RecordResponse,
)
from xmlwright.runtime.retry import NEVER
from xmlwright.runtime.scalars import Binary, Date, Flag, Integer, Number, Text
from xmlwright.runtime.schema import RecordSchema, field_spec
from xmlwright.runtime.scrub import blank, scrub
from xmlwright.runtime.transport import HttpRequest
from xmlwright.runtime.validation import problems
from xmlwright.runtime.writing import Upload, Writer

PROTOCOL = Protocol("Sample", "https://example.com/", "sample", "1", "SAMPLE")
TEXT = Text()

PIN: RecordSchema[Any] = RecordSchema(
    "Pin",
    None,
    [field_spec("digits", Integer(), sensitive=True), field_spec("hint", TEXT)],
)
VAULT: RecordSchema[Any] = RecordSchema(
    "Vault",
    None,
    [field_spec("name", TEXT), field_spec("code", TEXT), field_spec("born", Date())],
)
ACCOUNT: RecordSchema[Any] = RecordSchema(
    "Account",
    None,
    [
        field_spec("owner", TEXT),
        field_spec("key", TEXT, attribute="key", sensitive=True),
        field_spec("salary", Number(), sensitive=True),
        field_spec("born", Date(), sensitive=True),
        field_spec("active", Flag(), sensitive=True),
        field_spec("words", TEXT, "words/word", many=True, sensitive=True),
        field_spec("pins", lambda: PIN, "pins/pin", many=True, bare=True),
        field_spec("vault", lambda: VAULT, sensitive=True),
        field_spec("note", TEXT, "extra/note"),
        field_spec("token", TEXT, "extra/token", sensitive=True),
        field_spec("scan", Binary(), sensitive=True),
    ],
)
MEMO: RecordSchema[Any] = RecordSchema(
    "Memo",
    None,
    [field_spec("body", TEXT, content=True, sensitive=True), field_spec("title", TEXT)],
)
LETTER: RecordSchema[Any] = RecordSchema(
    "Letter",
    None,
    [field_spec("body", TEXT, "body", content=True, sensitive=True), field_spec("title", TEXT)],
)


def method(
    response: Any = None, arguments: RecordSchema[Any] = ACCOUNT, **facts: Any
) -> Method[Any]:
    return Method(
        PROTOCOL,
        "account.create",
        arguments,
        response if response is not None else EmptyResponse(),
        retry="ambiguous",
        **facts,
    )


VALUES: dict[str, Any] = {
    "owner": "Ann",
    "key": "k-4711-k",
    "salary": Decimal("98765.43"),
    "born": dt.date(1971, 2, 3),
    "active": True,
    "words": ["horse", "battery"],
    "pins": [{"digits": 48151623, "hint": "numbers"}],
    "vault": {"name": "under the bed", "code": "left-right", "born": dt.date(1801, 4, 5)},
    "note": "call first",
    "token": "tok&<en>",
}
SECRETS = {
    "k-4711-k", "98765.43", "1971-02-03", "horse", "battery", "48151623", "under the bed", "left-right",
    "1801-04-05", "tok&<en>",
}  # fmt: skip


def test_sensitive_arguments_of_every_kind_are_known() -> None:
    assert secrets_of(ACCOUNT, {**VALUES, "scan": Upload(b"x" * 9), "owner": "k"}) == SECRETS


def test_a_request_shows_all_but_what_is_sensitive() -> None:
    request = method(wrapper="account").request(VALUES)
    shown = redact_request(request.endpoint, request.xml)
    assert not [secret for secret in SECRETS if secret in shown]
    assert "tok&amp;" not in shown
    for text in ("Ann", "numbers", "call first", "<active>[redacted]</active>"):
        assert text in shown
    assert shown.count(HIDDEN) == 9


def test_values_that_are_shown_hold_nothing_sensitive_and_pickle() -> None:
    values = {**VALUES, "scan": open, "unheard_of": "horse"}
    shown = hidden_values(values, ACCOUNT)
    assert shown == {"owner": "Ann", "pins": [{"hint": "numbers"}], "note": "call first"}
    assert pickle.loads(pickle.dumps(shown)) == shown


DOCUMENT = (
    '<response><account key="k-4711-k"><owner>Ann</owner><salary>98765.43</salary><born>1971-02-03</born>'
    "<words><word>horse</word><word>battery</word></words><pins><pin><digits>48151623</digits><hint>numbers</hint></pin>"
    '</pins><vault kind="left-right"><name>under the bed</name><code/><born>1801-04-05</born>with horse</vault>'
    "<extra><note>call first</note><token>tok&amp;&lt;en></token></extra></account></response>"
)


@pytest.mark.parametrize(
    ("response", "document"),
    [
        (RecordResponse("account", ACCOUNT), DOCUMENT),
        (ListResponse("", "account", ACCOUNT), DOCUMENT),
        (
            PageResponse("accounts", "account", ACCOUNT),
            DOCUMENT.replace("<response>", "<response><accounts>").replace(
                "</response>", "</accounts></response>"
            ),
        ),
        (
            RecordResponse("", ACCOUNT),
            DOCUMENT.replace("<response><account", "<response").replace("</account>", ""),
        ),
        (
            RecordResponse("account", ACCOUNT),
            DOCUMENT.replace("<response>", '<response xmlns="urn:a" xmlns:b="urn:b">').replace(
                " key=", " b:key="
            ),
        ),
        (RecordResponse("account", ACCOUNT), DOCUMENT.replace("<pin>", "").replace("</pin>", "")),
    ],
    ids=["one", "rows", "page", "root", "namespaces", "bare"],
)
def test_an_answer_shows_all_but_what_is_sensitive(response: Any, document: str) -> None:
    shown = redact_response(method(response), document)
    assert not [secret for secret in SECRETS if secret in shown]
    for text in ("Ann", "numbers", "call first", "<hint>"):
        assert text in shown
    assert secrets_in_response(method(response), document) >= SECRETS


@pytest.mark.parametrize("shape", [MEMO, LETTER])
def test_text_of_the_record_itself_is_blanked(shape: RecordSchema[Any]) -> None:
    document = "<response><memo>open sesame<title>Doors</title> and close</memo></response>"
    shown = redact_response(method(RecordResponse("memo", shape)), document)
    assert shown == ("<response><memo>[redacted]<title>Doors</title>[redacted]</memo></response>")


def test_empty_tags_stay_empty() -> None:
    document = "<response><account><salary/><words/><vault/><extra><token></token></extra></account></response>"
    assert HIDDEN not in redact_response(method(RecordResponse("account", ACCOUNT)), document)


def test_a_sensitive_value_of_an_answer_is_blanked_where_nobody_described_it_too() -> None:
    document = (
        "<response><account><extra><token>open-sesame</token></extra><owner>Ann</owner><strange to='/open-sesame'>"
        "https://example.com/?t=open%2Dsesame</strange></account><echo>open-sesame!</echo></response>"
    )
    shown = redact_response(method(RecordResponse("account", ACCOUNT)), document)
    assert "sesame" not in shown
    assert "Ann" in shown
    assert "<echo>[redacted]!</echo>" in shown


def test_a_secret_that_is_the_name_of_an_element_leaves_a_document() -> None:
    document = "<response><account><owner>account owner</owner></account></response>"
    shown = redact_response(
        method(RecordResponse("account", ACCOUNT)), document, {"account", "owner"}
    )
    assert shown == ("<response><account><owner>[redacted] [redacted]</owner></account></response>")


@pytest.mark.parametrize(
    "document",
    [
        "",
        "%PDF-1.4 secret",
        "<response><token>secret",
        "<!DOCTYPE a [<!ENTITY b 'secret'>]><a>&b;</a>",
    ],
)
def test_what_is_no_document_is_not_shown_at_all(document: str) -> None:
    assert redact_response(method(), document) == f"[{len(document)} characters, not XML]"
    assert redact_request(method(), document.encode()) == f"[{len(document)} bytes, not XML]"


def test_a_file_is_shown_by_its_size() -> None:
    assert redact_response(method(BinaryResponse()), b"%PDF-1.4 secret") == "[15 bytes]"
    refused = b"<response><error>no open-sesame</error></response>"
    assert "no [redacted]" in redact_response(method(BinaryResponse()), refused, {"open-sesame"})


def test_sensitive_values_of_a_broken_answer_are_known() -> None:
    """An error quotes the beginning of a document that cannot be read."""
    document = b"<response><account><extra><token>open-sesame"
    answering = method(RecordResponse("account", ACCOUNT))
    assert "open-sesame" in secrets_in_response(answering, document)
    with pytest.raises(InvalidDocumentError) as caught:
        answering.parse_response(document)
    info = CallInfo(answering.request({"owner": "Ann"}), set())
    info.came(200, {}, document)
    info.ended_in(caught.value)
    assert "open" not in str(caught.value)


# Texts


AWKWARD = "p&<\"'ä é/+\\%=~€😀 z"
PLAIN = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("secret", [AWKWARD, PLAIN])
@pytest.mark.parametrize(
    "form",
    [
        str,
        html.escape,
        lambda text: html.escape(html.escape(text)),
        lambda text: text.encode("ascii", "xmlcharrefreplace").decode(),
        lambda text: "".join(f"&#x{ord(char):X};" if not char.isalnum() else char for char in text),
        lambda text: quote(text, safe=""),
        lambda text: quote(quote(text, safe=""), safe=""),
        quote_plus,
        lambda text: quote(text, safe="").replace("%C3", "%c3").replace("%2F", "%2f"),
        json.dumps,
        lambda text: json.dumps(json.dumps(text)),
        repr,
        ascii,
        lambda text: repr(text.encode()),
        str.upper,
    ],
    ids=[
        "plain", "html", "html twice", "references", "hexadecimal", "percent", "percent twice", "form", "lower case",
        "json", "json twice", "repr", "ascii", "bytes", "upper case",
    ],
)  # fmt: skip
def test_every_form_of_a_secret_is_blanked(secret: str, form: Any) -> None:
    shown = scrub(f"before {form(secret)} after", {secret})
    assert shown.replace('"', "").replace("'", "").replace("\\", "").replace("b[", "[") == (
        "before [redacted] after"
    )


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
@pytest.mark.parametrize("after", ["", ":X", "::", "xyz"])
def test_base64_of_a_secret_is_blanked_wherever_it_begins(
    encode: Any, before: str, after: str
) -> None:
    for secret in (AWKWARD, PLAIN):
        code = encode((before + secret + after).encode()).decode()
        shown = scrub(f"Basic {code}", {secret})
        assert HIDDEN in shown
        left = shown.removeprefix("Basic ").replace(HIDDEN, "")
        # What is left of the code stands for the neighbors, with a few bits of the secret's ends.
        assert len(left) <= len(encode((before + after).encode())) + 6
        assert not any(
            left[at : at + 8] in code for at in range(len(left) - 7) if before == after == ""
        )


@pytest.mark.parametrize("cut", range(4, 32))
@pytest.mark.parametrize("end", ["'", '"', "", "...", "\u2026", "\ufffd'"])
def test_a_secret_that_a_quotation_cuts_off_is_blanked(cut: int, end: str) -> None:
    assert scrub(f"it begins '{PLAIN[:cut]}{end}", {PLAIN}) == f"it begins '{HIDDEN}{end}"


def test_other_texts_stay_as_they_are() -> None:
    for text in (
        "0123 Main Street",
        "it is 01234567890 long",
        "https://example.com/account",
        "'abc' & <def>",
        "",
    ):
        assert scrub(text, {PLAIN, AWKWARD, "ab", "", "https://example.com/secret"}) == text


def test_a_short_secret_is_blanked_as_a_word_only() -> None:
    assert scrub("card code 123 is not 1234 or a123", {"123"}) == (
        f"card code {HIDDEN} is not 1234 or a123"
    )
    assert scrub("1 of 12", {"1", "12"}) == "1 of 12"


def test_the_longer_of_two_secrets_is_blanked_whole() -> None:
    assert blank("open sesame now", {"open", "open sesame"}) == f"{HIDDEN} now"


# Errors


def chained(kind: type[Exception], text: str) -> Error:
    try:
        try:
            raise kind(text)
        except kind as cause:
            raise NetworkError(f"it broke: {text}", code=text, field=text) from cause
    except NetworkError as error:
        return error


def test_what_is_chained_to_an_error_is_clean_too() -> None:
    error = chained(OSError, "at open-sesame")
    scrub_error(error, ["open-sesame"])
    assert str(error) == "it broke: at [redacted] [at [redacted]]"
    assert error.field == "at [redacted]"
    assert str(error.__cause__) == "OSError: at [redacted]"
    assert error.__context__ is None


def test_a_cause_that_shows_no_secret_stays_what_it_is() -> None:
    error = chained(TimeoutError, "at noon")
    cause = error.__cause__
    scrub_error(error, ["open-sesame"])
    assert error.__cause__ is cause
    assert isinstance(cause, TimeoutError)


@pytest.mark.parametrize(
    ("secret", "undescribed"),
    [("0010 and more", f"5{HIDDEN}"), ("50010", HIDDEN), ("5001", f"{HIDDEN}0")],
)
def test_a_described_code_is_no_secret_whatever_a_secret_begins_with(
    secret: str, undescribed: str
) -> None:
    error = NotFoundError("there is no such thing", code="50010")
    scrub_error(error, [secret], {"50010"})
    assert error.code == "50010"
    assert str(error) == "there is no such thing [50010]"
    scrub_error(error, [secret])
    assert error.code == undescribed


def test_an_unknown_outcome_is_clean_down_to_its_cause() -> None:
    cause = chained(ApiError, "open-sesame")
    error = OutcomeUnknownError(
        "open-sesame?", look_up="look for open-sesame", values={"owner": "Ann"}
    )
    error.__cause__ = cause
    scrub_error(error, ["open-sesame"])
    told = [str(error), error.look_up, str(cause), str(cause.__cause__), repr(error.args)]
    assert "sesame" not in " ".join(told)
    assert error.values == {"owner": "Ann"}


def test_records_among_arguments_are_searched_as_mappings_are() -> None:
    class Pins(Record):
        __slots__ = ("digits", "hint")

    pins = Pins()
    pins.digits, pins.hint = 48151623, "numbers"  # type: ignore[attr-defined]
    assert secrets_of(ACCOUNT, {"pins": [pins]}) == {"48151623"}
    assert hidden_values({"pins": [pins]}, ACCOUNT) == {"pins": [{"hint": "numbers"}]}


def test_what_is_inside_a_sensitive_record_is_not_shown_when_it_is_wrong() -> None:
    """Neither by the check of all arguments nor by the writer, which meets what the check could not look into."""
    arguments = {"owner": "Ann", "vault": {"name": "v", "born": "sesame"}}
    told = problems(ACCOUNT, arguments, "create")
    assert [str(item) for item in told] == ["vault.born: is no value that can be sent"]
    with pytest.raises(ArgumentError) as caught:
        Writer().element("account", ACCOUNT.writer("create"), arguments)
    assert "sesame" not in str(caught.value)
    assert caught.value.path == "vault.born"
    assert "mapping" in str(problems(ACCOUNT, {"vault": 7}, "create")[0])


def test_an_attribute_beside_a_sensitive_value_is_no_secret() -> None:
    document = "<response><account><salary deprecated='true'>98765.43</salary><note>true</note></account></response>"
    plain = method(RecordResponse("account", ACCOUNT))
    assert secrets_in_response(plain, document) == {"98765.43"}
    assert 'deprecated="true"' in redact_response(plain, document)


class Signer:
    def __call__(self, request: HttpRequest) -> dict[str, str]:
        return {"Authorization": "open-sesame"}

    def secrets(self) -> set[str]:
        return {"open-sesame"}


def test_local_variables_of_a_traceback_show_no_token() -> None:
    options = Options(retry=NEVER)
    setup = Setup(PROTOCOL, {}, "https://x.example/", None, Signer(), "test", options)
    request = method(arguments=RecordSchema("none", None, [])).request({})
    steps = run_call(request, setup)
    next(steps)
    with pytest.raises(OutcomeUnknownError) as caught:
        steps.throw(NetworkError("lost"))
    shown = "".join(
        traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    )
    assert "open-sesame" not in shown


def test_frames_outside_of_a_call_keep_their_local_variables() -> None:
    """What the caller was handling when a call failed is the caller's to debug."""

    def fail() -> None:
        kept = "to be seen"
        raise ValueError(len(kept))

    setup = Setup(PROTOCOL, {}, "https://x.example/", None, Signer(), "test", Options(retry=NEVER))
    request = method(arguments=RecordSchema("none", None, [])).request({})
    shown = ""
    try:
        fail()
    except ValueError as outer:
        steps = run_call(request, setup)
        next(steps)
        with pytest.raises(OutcomeUnknownError):
            steps.throw(NetworkError("lost"))
        shown = "".join(
            traceback.TracebackException.from_exception(outer, capture_locals=True).format()
        )
    assert "to be seen" in shown
