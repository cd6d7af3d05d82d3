"""The descriptions in ``examples/`` hold for documents that this project did not write.

Every request is rebuilt from the typed arguments that are read from it, and every response is read. Documents that cannot
be are named one by one, with the reason, beside the API in ``tests/support/api_documents``.
"""

from __future__ import annotations

import pytest
from api_documents import authorize_net, namecheap, recurly, route53, tableau
from api_documents.described import DescribedApi
from api_documents.documents import FOLDER

from xmlwright.runtime.errors import ApiError

APIS = [authorize_net.API, namecheap.API, recurly.API, route53.API, tableau.API]

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason=f"there are no documents in {FOLDER}; XMLWRIGHT_APIS can name another folder",
)


@pytest.fixture(params=APIS, ids=lambda api: api.example)
def described(request: pytest.FixtureRequest) -> DescribedApi:
    api: DescribedApi = request.param
    if not (FOLDER / api.folder).is_dir():
        pytest.skip(f"there are no documents of {api.folder}")
    return api


def test_every_request_is_rebuilt_from_its_arguments(described: DescribedApi) -> None:
    wrong: dict[str, str] = {}
    rebuilt = others = 0
    for document in described.requests():
        if document.path.name in described.unreadable:
            continue
        if described.method_of(document) is None:
            others += 1
            continue
        try:
            built = described.rebuilt(document)
            wanted = described.recorded(document, built)
        except Exception as error:
            wrong[str(document)] = f"{type(error).__name__}: {error}"
            continue
        differences = [
            f"{name} is {built[name]!r}, not {wanted[name]!r}"
            for name in wanted
            if built[name] != wanted[name]
        ]
        if differences:
            wrong[str(document)] = "; ".join(differences)
        else:
            rebuilt += 1
    print(f"{described.example}: {rebuilt} requests rebuilt, {others} of methods not described")
    assert not wrong, "\n".join(f"{name}: {reason}" for name, reason in wrong.items())
    assert rebuilt


def test_every_response_is_read(described: DescribedApi) -> None:
    wrong: dict[str, str] = {}
    values = failures = others = 0
    for document in described.responses():
        if document.path.name in described.unreadable:
            continue
        if described.method_of_response(document) is None:
            others += 1
            continue
        try:
            value = described.read(document)
        except Exception as error:
            wrong[str(document)] = f"{type(error).__name__}: {error}"
            continue
        if not isinstance(value, ApiError):
            values += 1
        elif type(value) is not ApiError and value.message and (value.code or not value.errors):
            failures += 1
        else:
            wrong[str(document)] = f"the failure has no kind, code or message: {value!r}"
    print(
        f"{described.example}: {values} responses and {failures} failures read,"
        f" {others} of methods not described"
    )
    assert not wrong, "\n".join(f"{name}: {reason}" for name, reason in wrong.items())
    assert values


def test_exceptions_are_still_needed(described: DescribedApi) -> None:
    found = {str(document) for document in (*described.requests(), *described.responses())}
    assert set(described.unreadable) <= found
