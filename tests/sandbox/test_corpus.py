"""Requests that the documentation prints, and those of other people's clients, are accepted or refused as their source says.

They are read from the corpus beside the checkout (see tests/e2e/test_corpus.py). A sample names records that its account held: what it refers
to is put there first. Samples whose elements the API does not have are refused; so is what is no XML.
"""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest
import requests
from lxml import etree

from freshbooks_classic import ApiError, wire
from xmlwright.sandbox.server_thread import Sandbox

from ..e2e.test_corpus import FOLDER, HERE, INDEX, OTHERS, REQUESTS, STRAY, WRONG_REQUESTS, Document
from .case_setup import Account, api, identity, method, references

pytestmark = pytest.mark.skipif(
    not HERE, reason=f"there is no corpus in {FOLDER}; XMLWRIGHT_CORPUS can name another folder"
)
NUMBERS = itertools.count(1)

REFUSED = {
    f"docs-examples/report.get{name}Details.request.xml": "Invalid value for field 'date_from'"
    for name in ("Estimate", "Expense", "Invoice", "Profit")
}  # whose sample shows the format, YYYY-MM-DD, in place of a date
"""Samples that are refused for another reason than an element that the API does not have -> what the refusal says."""


@pytest.fixture
def account(box: Sandbox, http: requests.Session) -> Account:
    name = f"doc-{next(NUMBERS)}"
    return Account(box, name, box.open(name), http)


def prepare(account: Account, document: Document) -> None:
    """Have everything there that a request refers to."""
    found = method(document.method)
    arguments = wire.parse_request(document.content)[1]
    records: dict[str, dict[Any, dict[str, Any]]] = {}
    named = list(references(found.arguments, arguments))
    own = identity(found.resource)
    if own is not None and own in arguments and found.kind != "create":
        named.append((found.resource, arguments[own]))
    for resource, number in named:
        name = identity(resource)
        if name is not None and resource != "receipt" and str(number).isdigit():
            records.setdefault(resource, {}).setdefault(number, {name: number})
    for resource, fields in NEEDED.get(document.method, {}).items():
        for record in records.get(resource, {}).values():
            record.update(fields(arguments))
    if arguments.get("staff_id") == 0:  # who the administrator was where the sample comes from
        records["staff"] = {0: {"staff_id": 0}}
    if found.name == "payment.create" and {"client_id", "invoice_id"} <= set(arguments):
        credit = {"payment_id": 1, "client_id": arguments["client_id"], "amount": "10000"}
        records.setdefault("payment", {})[1] = credit
    account.seed({resource: list(held.values()) for resource, held in records.items()})
    if arguments.get("autobill"):
        account.bills_automatically(arguments)
    if found.verb == "undelete":
        assert own is not None
        account.call(f"{found.resource}.delete", {own: arguments[own]})
    if found.resource == "receipt" and found.kind != "create" and "expense" in records:
        made = etree.fromstring(
            f"<request method='receipt.create'><receipt><expense_id>{arguments['expense_id']}</expense_id>"
            "<image>cid:a</image></receipt></request>"
        )
        account.send("receipt.create", etree.tostring(made))


def _lines(arguments: Any) -> dict[str, Any]:
    numbers = [line["line_id"] for line in arguments.get("lines") or ()] or [
        arguments.get("line_id")
    ]
    return {
        "lines": [
            {"line_id": number, "name": "There", "unit_cost": "1", "quantity": "1"}
            for number in numbers
        ]
    }


NEEDED: dict[str, dict[str, Any]] = {
    "invoice.lines.update": {"invoice": _lines},
    "invoice.lines.delete": {"invoice": _lines},
    "recurring.lines.update": {"recurring": _lines},
    "recurring.lines.delete": {"recurring": _lines},
    "callback.verify": {
        "callback": lambda arguments: {
            "event": "invoice.create", "uri": "http://localhost:9/", "verified": False, "verifier": arguments["verifier"],
        }
    },
    "callback.resendToken": {
        "callback": lambda arguments: {"event": "invoice.create", "uri": "http://localhost:9/", "verified": False, "verifier": "v"}
    },
}  # fmt: skip
"""What records have to hold for a method, beside their ids."""


@pytest.mark.parametrize("document", REQUESTS, ids=str)
def test_documented_request(document: Document, account: Account) -> None:
    prepare(account, document)
    wrong = WRONG_REQUESTS.get(document.file)
    told = REFUSED.get(document.file)
    if told is None and wrong in (
        None,
        STRAY,
    ):  # stray text is a remark of the page, and says nothing
        account.send(document.method, document.content)
    else:
        with pytest.raises(ApiError, match=told) as caught:
            account.send(document.method, document.content)
        assert (caught.value.code or "").startswith("400")


def test_malformed_documents_are_refused_as_such(account: Account) -> None:
    malformed = [item for item in INDEX if item.malformed]
    for document in malformed:
        with pytest.raises(ApiError) as caught:
            wire.parse_response("client.list", account.post(document.content).content)
        assert (caught.value.code, caught.value.message) == (
            "40010",
            "Your XML is not formatted correctly.",
        )
    assert malformed


def test_requests_of_other_clients_get_a_proper_answer(
    box: Sandbox, http: requests.Session
) -> None:
    """Nobody promised that they work; each gets an answer that the description knows, and none is misunderstood."""
    outcomes: Counter[str] = Counter()
    for document in OTHERS:
        if document.direction != "request" or document.malformed:
            continue
        name = f"other-{next(NUMBERS)}"
        account = Account(box, name, box.open(name), http)
        if not document.described:
            answer = account.post(document.content)
            assert answer.status_code == 200
            with pytest.raises(ApiError):
                wire.parse_response("client.list", answer.content)
            outcomes["no such method"] += 1
            continue
        prepare(account, document)
        unknown = _unknown(document)
        try:
            account.send(document.method, document.content)
            assert not unknown, f"{document}: {unknown} was accepted"
            outcomes["accepted"] += 1
        except ApiError as failure:
            outcomes[failure.code or failure.message] += 1
    print(dict(outcomes))
    assert outcomes["accepted"] > 20


def _unknown(document: Document) -> list[str]:
    return wire.unknown_elements(wire.parse_request(document.content)[1])


def test_answers_of_lists_are_paged_as_the_recorded_ones(account: Account) -> None:
    """The attributes of a list, to the letter, of an empty one and of a full one."""
    empty = account.post("<request method='tax.list'/>").content
    (wrapper,) = etree.fromstring(empty)
    assert dict(wrapper.items()) == {"page": "1", "per_page": "25", "pages": "0", "total": "0"}
    for at in range(26):
        account.call("tax.create", {"name": f"T{at}"})
    found = etree.fromstring(
        account.post("<request method='tax.list'><page>2</page></request>").content
    )
    assert dict(found[0].items()) == {"page": "2", "per_page": "25", "pages": "2", "total": "26"}
    most = etree.fromstring(
        account.post("<request method='tax.list'><per_page>1000</per_page></request>").content
    )
    assert most[0].get("per_page") == "100"


@pytest.mark.parametrize("code", [item.code for item in api().errors] if HERE else [])
def test_every_code_of_the_description_can_be_met(
    code: str, account: Account, http: requests.Session
) -> None:
    """Also by asking for it, with the header that makes a call fail."""
    answer = http.post(
        account.address, data="<request method='task.list'/>", auth=(account.token, "X"), timeout=10,
        headers={"X-Sandbox-Fault": f"code={code}"},
    )  # fmt: skip
    with pytest.raises(ApiError) as caught:
        wire.parse_response("task.list", answer.content)
    assert caught.value.code == code
    assert answer.status_code == next(item.status for item in api().errors if item.code == code)
