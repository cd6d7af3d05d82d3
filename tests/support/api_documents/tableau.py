"""Documents of Tableau: exchanges of the tests of its Python client, against servers of many versions."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping
from typing import Final

from api_documents.described import DescribedApi, Pairs
from api_documents.documents import Document

SITE: Final = "dad65087-b08b-4603-af4e-2887b8aafc67"
VERSION: Final = "3.21"
METHODS: Final[Mapping[str, str]] = {
    "favorites.update": "favorite.add",
    "schedules.flows.update": "schedule.add_flow",
}
"""Operation of the index -> method, for responses without a request."""
MULTIPART: Final = (
    "customviews.create__large_publish",
    "customviews.create__publish_file_str",
    "customviews.create__publish_filepath",
    "datasources.connections.data.patch__update_hyper_data_connection_object",
    "datasources.create__publish",
    "datasources.create__publish_a_non_packaged_file_object",
    "datasources.create__publish_async",
    "datasources.create__publish_description",
    "datasources.data.patch__update_hyper_data_datasource_object",
    "fileUploads.update__large_publish-2",
    "fileUploads.update__upload_chunks_file_object",
    "fileUploads.update__upload_chunks_file_path",
    "flows.create__publish_file_object",
    "users.import__bulk_add",
    "workbooks.create__publish",
    "workbooks.create__publish_async",
    "workbooks.create__publish_non_packeged_file_object",
    "workbooks.create__publish_path_object",
    "workbooks.create__publish_with_hidden_views_on_workbook",
    "workbooks.create__publish_with_thumbnails_group_id",
    "workbooks.create__publish_with_thumbnails_user_id",
)
"""Exchanges of which the request is multipart/mixed: a part for the document, and one for a file."""


def _completed(document: Document) -> Document:
    """Return a request as one of the same version for the same site."""
    if not document.verb:  # the body alone, of the one operation of which there is no exchange
        start = f"POST http://test/api/{VERSION}/sites/{SITE}/webhooks HTTP/1.1"
        return dataclasses.replace(document, start=start, added={"x-tableau-auth": "a"})
    url = re.sub(r"/api/[^/]+/", f"/api/{VERSION}/", document.url)
    url = re.sub(r"/sites/[0-9a-f-]{36}/", f"/sites/{SITE}/", url)
    return dataclasses.replace(document, start=f"{document.verb} {url} HTTP/1.1")


def _same(pairs: Pairs) -> Pairs:
    """Spell words for true and false as the description does."""
    return [(name, {"True": "true", "False": "false"}.get(text, text)) for name, text in pairs]


@functools.cache
def _requests() -> dict[str, Document]:
    return {item.exchange: item for item in API.requests()}


def _operation_of(described: DescribedApi, document: Document) -> str:
    request = _requests().get(document.exchange)
    method = described.method_of(request) if request is not None else None
    return method.name if method is not None else METHODS.get(document.operation, "")


API = DescribedApi(
    example="tableau",
    folder="tableau",
    base=f"/api/{VERSION}",
    variables={"server": "test", "version": VERSION, "site_id": SITE},
    completed=_completed,
    operation_of=_operation_of,
    same=_same,
    unreadable={
        **{
            f"{name}.{direction}.http": "its request is multipart/mixed"
            for name in MULTIPART
            for direction in ("request", "response")
        },
        "sites.update__update.request.http": "True in place of true, which the client writes",
        "groups.create__create_group_async.response.http": "a word in place of a time",
        "groups.update__update_ad_async.response.http": "a word in place of a time",
    },
)
