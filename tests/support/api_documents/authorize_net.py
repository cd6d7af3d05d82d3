"""Documents of Authorize.Net."""

from __future__ import annotations

from api_documents.described import DescribedApi
from api_documents.documents import Document


def _operation_of(described: DescribedApi, document: Document) -> str:
    return next(
        (name for name in described.methods if name.partition(".")[2] == document.operation), ""
    )


API = DescribedApi(
    example="authorize-net",
    folder="authorizenet",
    base="/xml/v1/request.api",
    variables={"host": "apitest.authorize.net"},
    operation_of=_operation_of,
)
