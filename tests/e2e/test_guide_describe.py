"""The guide "Describe another API": its description gives a client that keeps books in the sandbox."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest
from second_api import project

from xmlwright.sandbox.server_thread import Sandbox

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide-describe.md"
MORE_CASES = """\
  - name: one book
    call: get
    arguments: {isbn: "978-1"}
    request: GET /books/978-1
    response: <book><isbn>978-1</isbn><title>Gardens</title></book>
    result: {isbn: "978-1", title: Gardens}
  - name: a book without a title
    call: create
    response: |
      HTTP/1.1 422 Unprocessable Entity

      <errors><error field="title" symbol="blank">is blank</error></errors>
    fails: {code: blank, field: title, message: is blank, kind: validation, status: 422}
  - name: delete
    call: delete
    arguments: {isbn: "978-1"}
    request: DELETE /books/978-1
  - name: the second page
    call: list
    arguments: {title: Gar, page: 2, per_page: 1}
    request: GET /books?title=Gar&page=2&per_page=1
    response: |
      HTTP/1.1 200 OK
      X-Total: 2

      <books><book><isbn>978-1</isbn><title>Gardens</title></book></books>
    result: {total: 2, items: [{isbn: "978-1", title: Gardens}]}
  - name: lend
    call: lend
    arguments: {isbn: "978-1", reader: ann}
    request: PUT /books/978-1/lend?reader=ann
"""


def test_the_description_of_the_guide_gives_a_client_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "schema" / "resources").mkdir(parents=True)
    text = GUIDE.read_text(encoding="utf-8")
    (settings,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    files = re.findall(r"```yaml\n# (schema/\S+)\n(.*?)```", text, re.DOTALL)
    assert len(files) == 3
    for name, content in files:
        more = MORE_CASES if name.endswith(".cases.yaml") else ""
        (tmp_path / name).write_text(content + more, encoding="utf-8")
    monkeypatch.syspath_prepend(str(project.built(tmp_path)))
    package = importlib.import_module("library_client")
    try:
        with Sandbox(tmp_path / "schema") as box:
            given = {**box.credentials(box.account), "url": box.address(box.account), "ca": box.ca}
            with package.Library(**given) as library:
                for number in range(7):
                    library.book.create(isbn=f"i{number}", title=f"Part {number}")
                found = [book.isbn for book in library.book.list(per_page=2)]
                assert found == [f"i{number}" for number in range(7)]
                library.book.lend("i3", reader="ann")
                library.book.delete("i3")
                with pytest.raises(package.NotFoundError):
                    library.book.get("i3")
            with (
                package.Library(**{**given, "api_key": "wrong"}) as stranger,
                pytest.raises(package.AuthenticationError),
            ):
                stranger.book.get("i1")
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "library_client"]:
            del sys.modules[name]
