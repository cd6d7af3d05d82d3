"""The client of a strict API: elements in the order of its XSD, credentials in the document, two levels of errors."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest
from api_documents.authorize_net import API
from api_documents.described import in_order
from api_documents.documents import FOLDER
from lxml import etree

from xmlwright.cases.values import as_arguments
from xmlwright.ir import Case
from xmlwright.runtime.credentials import Credentials
from xmlwright.runtime.errors import ApiError, ArgumentError, AuthenticationError
from xmlwright.runtime.outgoing import Outgoing

XSD = FOLDER / API.folder / "schema" / "AnetApiSchema.xsd"
NAMESPACE = "AnetApi/xml/v1/schema/AnetApiSchema.xsd"
ORDERS = 5
"""How often the keys of each call are shuffled."""


def _cases() -> list[tuple[str, Case]]:
    return [
        (f"{module.name}.{case.call}", case)
        for module in API.api.resources
        for case in module.cases
        if case.arguments is not None
    ]


def _shuffled(value: Any, chance: random.Random) -> Any:
    """Return arguments with the keys of every mapping in another order."""
    if isinstance(value, Mapping):
        items = [(name, _shuffled(inner, chance)) for name, inner in value.items()]
        chance.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        return [_shuffled(inner, chance) for inner in value]
    return value


def _sent(method: str, arguments: Mapping[str, Any]) -> bytes:
    """Return the document that the client sends, credentials included."""
    runtime = API.tables.method(API.methods[method])
    outgoing = Outgoing.of(runtime.build(arguments), "https://localhost/", API.variables)
    given = {"login": "ada", "transaction_key": "key-of-ada"}
    Credentials(runtime.protocol, given).add_to(outgoing)
    return outgoing.xml


@pytest.mark.skipif(not XSD.is_file(), reason=f"there is no {XSD.name}")
def test_requests_fit_the_published_xsd_whatever_the_order_of_the_keys() -> None:
    schema = etree.XMLSchema(etree.parse(XSD))
    chance = random.Random(7)
    cases = _cases()
    wrong = []
    for method, case in cases:
        assert case.arguments is not None
        arguments = as_arguments(case.arguments)
        first = _sent(method, arguments)
        for _ in range(ORDERS):
            sent = _sent(method, _shuffled(arguments, chance))
            assert in_order(etree.fromstring(sent)) == in_order(etree.fromstring(first))
        if not schema.validate(etree.fromstring(first)):
            wrong.append(f"{method}, {case.name}: {str(schema.error_log)[:300]}")
    print(f"{len(cases)} calls in {ORDERS + 1} orders, {len({name for name, _ in cases})} methods")
    assert not wrong, "\n".join(wrong)


def test_a_payment_has_exactly_one_of_its_alternatives() -> None:
    card = {"card_number": "4111111111111111", "expiration_date": "2031-10"}
    account = {"routing_number": "011000015", "account_number": "123", "name_on_account": "Ada"}
    for payment in ({"credit_card": card, "bank_account": account}, {}):
        with pytest.raises(ArgumentError, match="one"):
            _sent(
                "transaction.createTransaction",
                {
                    "transaction_request": {
                        "transaction_type": "authCaptureTransaction",
                        "payment": payment,
                    }
                },
            )


def _response(root: str, inside: str) -> bytes:
    return f'\ufeff<?xml version="1.0" encoding="utf-8"?><{root} xmlns="{NAMESPACE}">{inside}</{root}>'.encode()


DECLINED = (
    "<transactionResponse><responseCode>2</responseCode><errors><error><errorCode>2</errorCode>"
    "<errorText>Declined by the bank.</errorText></error></errors></transactionResponse>"
)


def test_a_declined_charge_says_why_at_both_levels() -> None:
    endpoint = API.tables.method(API.methods["transaction.createTransaction"])
    failed = "<messages><resultCode>Error</resultCode><message><code>E00027</code><text>Unsuccessful.</text></message></messages>"
    with pytest.raises(ApiError) as caught:
        endpoint.parse_response(_response("createTransactionResponse", failed + DECLINED))
    assert (caught.value.code, caught.value.message) == ("E00027", "Unsuccessful.")
    assert caught.value.payload.errors[0].error_text == "Declined by the bank."

    passed = failed.replace("Error", "Ok").replace("E00027", "I00001")
    value = endpoint.parse_response(_response("createTransactionResponse", passed + DECLINED))
    assert value.transaction_response.response_code == "2"
    assert value.transaction_response.errors[0].error_text == "Declined by the bank."


def test_a_failure_may_have_another_root() -> None:
    endpoint = API.tables.method(API.methods["customer_profile.getCustomerProfile"])
    messages = (
        "<messages><resultCode>Error</resultCode><message><code>E00007</code><text>Wrong key.</text></message>"
        "<message><code>E00003</code><text>Wrong document.</text></message></messages>"
    )
    with pytest.raises(AuthenticationError) as caught:
        endpoint.parse_response(_response("ErrorResponse", messages))
    assert [detail.code for detail in caught.value.errors] == ["E00007", "E00003"]
