"""Documents of Route 53: a recorded exchange each."""

from __future__ import annotations

from api_documents.described import DescribedApi

API = DescribedApi(
    example="route53",
    folder="route53",
    base="/2013-04-01",
    variables={"host": "route53.amazonaws.com"},
)
