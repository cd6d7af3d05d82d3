"""``xmlwright infer --new`` on documents that this project did not write."""

from __future__ import annotations

from pathlib import Path

import pytest
from api_documents import authorize_net, namecheap, recurly, route53, tableau
from api_documents.described import DescribedApi
from api_documents.documents import FOLDER
from api_documents.drafts import agreement, draft_of, share

from xmlwright.runtime.errors import ApiError

APIS = [authorize_net.API, namecheap.API, recurly.API, route53.API, tableau.API]

documents_of_others = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason=f"there are no documents in {FOLDER}; XMLWRIGHT_APIS can name another folder",
)


@documents_of_others
@pytest.mark.parametrize("api", APIS, ids=lambda api: api.example)
def test_every_document_is_read_by_the_draft(api: DescribedApi) -> None:
    draft = draft_of(api)
    described = draft.described
    unread = {Path(message.partition(": ")[0]).name for message in draft.unread}
    assert all("neither a document nor a form" in message for message in draft.unread)
    wrong: dict[str, str] = {}
    read = 0
    for document in described.requests():
        if document.path.name in unread or document.path.suffix != ".http":
            continue  # JSON, or no address
        try:
            described.arguments_of(document)
            read += 1
        except Exception as error:
            wrong[str(document)] = f"{type(error).__name__}: {error}"
    for document in described.responses():
        try:
            value = described.read(document)
            assert not (
                isinstance(value, ApiError)
                and document.status is not None
                and document.status < 300
                and not value.message
            ), f"a failure: {value!r}"
            read += 1
        except Exception as error:
            wrong[str(document)] = f"{type(error).__name__}: {error}"
    print(f"{api.example}: {read} documents read, {len(wrong)} not")
    assert not wrong, "\n".join(f"{name}: {reason}" for name, reason in wrong.items())


@documents_of_others
@pytest.mark.parametrize("api", APIS, ids=lambda api: api.example)
def test_the_draft_agrees_with_the_description_written_by_hand(
    api: DescribedApi, capsys: pytest.CaptureFixture[str]
) -> None:
    found = agreement(api, draft_of(api))
    with capsys.disabled():
        print(f"\n{api.example}: {found}")
    assert share(found.operations) >= 0.9
    assert share(found.elements) >= 0.9
    assert share(found.types) >= 0.8
