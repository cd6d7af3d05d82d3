"""Documents of Recurly: exchanges that tests of its Python client replay, and responses from those of Ruby and PHP."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Final

from lxml import etree

from api_documents.described import DescribedApi
from api_documents.documents import Document

TYPES: Final = frozenset(["integer", "boolean", "datetime", "date", "float", "array"])
"""Words of the attribute ``type`` that only repeat what the description says."""
METHODS: Final[Mapping[str, str]] = {
    "accounts.acquisition.delete": "account_acquisition.delete",
    "accounts.billing_info.list": "billing_info.all.list",
    "accounts.billing_infos.create": "billing_info.all.create",
    "accounts.billing_infos.list": "billing_info.all.list",
    "any.deprecated": "account.list",
    "any.unauthorized": "account.list",
    "adjustments.delete": "adjustment.delete",
    "business_entities.list": "business_entity.list",
    "coupons.generate": "coupon.generate",
    "coupons.unique_coupon_codes.list": "coupon.unique_codes",
    "accounts.subscriptions.list": "subscription.of_account.list",
    "accounts.external_invoices.list": "external_invoice.of_account",
    "accounts.external_subscriptions.list": "external_subscription.of_account",
    "external_subscriptions.external_invoices.list": "external_invoice.of_subscription",
    "export_dates.export_files.list": "export_file.list",
    "credit_payments.get": "credit_payment.get",
    "credit_payments.list": "credit_payment.list",
    "invoices.list": "invoice.list",
    "transactions.list": "transaction.list",
    "coupons.redeem": "redemption.put",
}
"""Operation of the index -> method, where no request tells it and the names differ by more than an ``s``."""


@functools.cache
def _requests() -> dict[str, Document]:
    return {item.operation: item for item in API.requests()}


def _operation_of(described: DescribedApi, document: Document) -> str:
    if "verify-cvv-200" in document.path.name:
        return "billing_info.verify_cvv"
    if document.operation in METHODS:
        return METHODS[document.operation]
    request = _requests().get(document.operation)
    if request is not None:
        method = described.method_of(request)
        return method.name if method is not None else ""
    resource, _, verb = document.operation.rpartition(".")
    one = resource.rpartition(".")[2]
    found = (f"{one.removesuffix(ending)}.{verb}" for ending in ("", "s", "es"))
    return next((name for name in found if name in described.methods), "")


def _completed(document: Document) -> Document:
    """Return a request of which the Ruby client's tests have the body alone, as that of a new subscription."""
    if document.verb:
        return document
    start = "POST https://api.recurly.com/v2/subscriptions HTTP/1.1"
    key = {"authorization": "Basic YWJjOg==", "accept": "application/xml", "x-api-version": "2.29"}
    return dataclasses.replace(document, start=start, added=key)


def _same_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {name: text.replace("{api-version}", "2.29") for name, text in headers.items()}


def _same_document(element: etree._Element) -> object:
    """Return an element as a value: children in the order of their names, types that say nothing left out."""
    attributes = {
        str(name): str(text)
        for name, text in element.attrib.items()
        if not (name == "type" and text in TYPES)
    }
    children = sorted(element.iterchildren(etree.Element), key=lambda child: str(child.tag))
    return (
        str(element.tag),
        tuple(sorted(attributes.items())),
        (element.text or "").strip(),
        tuple(map(_same_document, children)),
    )


API = DescribedApi(
    example="recurly",
    folder="recurly",
    base="/v2",
    variables={"subdomain": "api"},
    operation_of=_operation_of,
    completed=_completed,
    same_headers=_same_headers,
    same_document=_same_document,
    unreadable={
        "accounts.get__authentication_unauthenticated.request.http": "it has no key, which a client always sends",
        "accounts.subscriptions.create__subscription_subscribed-with-custom-ramps.request.http": (
            "prices by currency in a ramp of a subscription, which has one currency"
        ),
        "accounts.adjustments.create__invoice_charged.response.http": "the price of a charge by currency",
        "accounts.invoices.create__php_invoices_create-201.response.http": "the invoice alone, as before version 2.10",
        "accounts.invoices.preview__php_invoices_preview-200.response.http": "the invoice alone, as before version 2.10",
        "accounts.list__php_pager_index-1-200.response.http": "rows of a test of the PHP client",
        "accounts.list__php_pager_index-2-200.response.http": "rows of a test of the PHP client",
        "accounts.list__php_pager_show-empty-200.response.http": "a record of a test of the PHP client",
        "subscriptions.postpone__ruby_subscriptions_postpone-200.response.http": "a day in place of a time",
        "transactions.create__transaction_error-server.response.http": "an error without a symbol",
        "transactions.create__transaction_error-teapot.response.http": "an error without a symbol and of no kind",
    },
)
