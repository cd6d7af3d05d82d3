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
            f"customviews.create__{name}.response.http": "a list in place of the custom view"
            for name in ("large_publish", "publish_file_str", "publish_filepath")
        },
        "sites.update__update.request.http": "True in place of true, which the client writes",
        "groups.create__create_group_async.response.http": "a word in place of a time",
        "groups.update__update_ad_async.response.http": "a word in place of a time",
    },
)
