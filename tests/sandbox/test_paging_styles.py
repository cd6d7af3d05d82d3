"""Lists of the sandbox in every style of paging: a walk meets each row once, whatever the size of its pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from xmlwright.sandbox.server_thread import Sandbox

from .described import Caller, described

API = """
endpoint: {{url: "https://rows.library.example/v1"}}
authentication: none
envelope:
  request: {{root: none}}
  response: {{root: none}}
  failures: [{{root: error, message: message}}]
paging:
{paging}
"""
ROW = """
resource: row
title: Rows
doc: Rows of a list.
path: /rows
records:
  Row:
    identity: code
    fields:
      code: {type: text, required: create, access: [read, create]}
      kind: {type: text, required: create}
methods:
  create: {}
  list: {filters: {kind: same}}
"""
STYLES = {
    "page": "style: page\nposition: query:page\nsize: query:size\ncounters: {position: '@page', pages: '@pages', total: '@total'}",
    "page without counters": "style: page\nposition: query:page\nsize: query:size\ndefault_size: 3",
    "page with a flag": "style: page\nposition: query:page\nsize: query:size\ndefault_size: 3\ncounters: {more: 'header:X-More'}",
    "page with a header": "style: page\nposition: query:page\nsize: query:size\ncounters: {total: 'header:X-Total'}",
    "offset": "style: offset\nposition: query:start\nsize: query:size\nfirst: 0\ncounters: {total: total}",
    "offset from one": "style: offset\nposition: query:start\nsize: query:size\nfirst: 1\ncounters: {total: '/@total'}",
    "cursor": "style: cursor\nposition: query:marker\nsize: query:size\ndefault_size: 3\ncounters: {next: next}",
    "cursor of two parts": "style: cursor\nposition: [query:start_code, query:start_kind]\nsize: query:size\ndefault_size: 3\n"
    "counters: {next: ['@next_code', '@next_kind'], more: '@more'}",
    "link in a header": "style: link\nsize: query:size\ndefault_size: 3\ncounters: {next: 'header:Link#next'}",
    "link in an element": "style: link\nsize: query:size\ndefault_size: 3\ncounters: {next: pages/next/@href, total: '@count'}",
}


@pytest.mark.parametrize("style", STYLES)
def test_a_walk_meets_each_row_once(style: str, tmp_path: Path) -> None:
    paging = "\n".join(f"  {line}" for line in STYLES[style].splitlines())
    folder = described(tmp_path / "rows", API.format(paging=paging), row=ROW)
    with Sandbox(folder) as box, Caller(box) as call:
        assert call.walk("row.list") == []
        for number in range(7):
            call("row.create", code=f"r{number}", kind="even" if number % 2 == 0 else "odd")
        for size in (1, 2, 3, 6, 7, 8):
            rows = call.walk("row.list", size=size)
            assert [row.code for row in rows] == [f"r{number}" for number in range(7)], size
        assert [row.code for row in call.walk("row.list")] == [f"r{number}" for number in range(7)]
        assert [row.code for row in call.walk("row.list", size=2, kind="odd")] == ["r1", "r3", "r5"]
