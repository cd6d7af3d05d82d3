"""Documents of Namecheap: recordings have lost three credentials, and spell parameters as their clients do."""

from __future__ import annotations

from api_documents.described import DescribedApi, Pairs
from api_documents.documents import Document


def _same(pairs: Pairs) -> Pairs:
    """Spell the one parameter that clients spell differently; names of parameters are accepted in any case."""
    return [("ClientIp" if name == "ClientIP" else name, text) for name, text in pairs]


def _operation_of(described: DescribedApi, document: Document) -> str:
    wanted = document.operation.removeprefix("namecheap.").lower()
    return next((name for name in described.methods if name.lower() == wanted), "")


API = DescribedApi(
    example="namecheap",
    folder="namecheap",
    base="/xml.response",
    variables={"host": "api.sandbox.namecheap.com"},
    operation_of=_operation_of,
    same=_same,
    left_out=frozenset({"ApiUser", "ApiKey", "UserName"}),
)
