"""Calls copied from the inspector as programs: each of those that the description shows is run, and asks for the same again."""

from __future__ import annotations

import ast
import contextlib
import io
import re

import pytest
import requests
from lxml import etree

from freshbooks_classic import Error
from xmlwright.runtime.redact import HIDDEN
from xmlwright.sandbox import Sandbox
from xmlwright.sandbox.inspector.snippets import as_python

from .case_setup import RESOURCES, cases


def canonical(document: str | bytes) -> str:
    text = document.decode() if isinstance(document, bytes) else document
    return str(etree.canonicalize(text, strip_text=True))


def test_every_call_can_be_copied_as_a_program(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlike, run, hidden = [], 0, 0
    with Sandbox(box.described, load="cases", keep=5000) as own, requests.Session() as session:
        session.trust_env, session.verify, session.auth = False, own.ca, (own.token, "X")
        for name, value in re.findall(r"export (\w+)=(\S+)", own.parts.control.exports()):
            monkeypatch.setenv(name, value)
        for resource in RESOURCES:
            for case in cases(resource):
                if "request" not in case:
                    continue
                session.post(own.url, data=case["request"].strip().encode(), timeout=60)
                *_, entry = own.parts.journal
                program = as_python(own.parts.control.documents, entry)
                assert program is not None, case["name"]
                assert max(map(len, program.splitlines())) < 150
                code = compile(ast.parse(program), case["name"], "exec")
                if HIDDEN in program or "Path(" in program:  # something has to be put in first
                    hidden += 1
                    continue
                with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Error):
                    exec(code, {})
                run += 1
                again = own.parts.journal.get(entry.id + 1)  # a list may go on to further pages
                if again is None or canonical(again.document) != canonical(entry.document):
                    unlike.append((resource, case["name"], program))
    assert unlike == []
    assert run > 20 * hidden > 0


def test_what_is_too_long_for_a_line_is_broken(box: Sandbox) -> None:
    lines = "".join(
        f"<line><name>Item {number}</name><unit_cost>{number}.50</unit_cost></line>"
        for number in range(3)
    )
    document = (
        '<request method="invoice.create"><invoice><client_id>7</client_id><date>2026-02-03</date>'
        f"<lines>{lines}</lines></invoice></request>"
    )
    requests.post(box.url, document, auth=(box.token, "X"), verify=box.ca, timeout=60)
    *_, entry = box.parts.journal
    assert as_python(box.parts.control.documents, entry) == (
        "from datetime import date\n\nfrom freshbooks_classic import FreshBooks\n\n"
        "with FreshBooks.from_env() as fb:\n"
        "    result = fb.invoice.create(\n"
        "        client_id=7,\n"
        "        date=date(2026, 2, 3),\n"
        "        lines=[\n"
        "            {'name': 'Item 0', 'unit_cost': '0.50'},\n"
        "            {'name': 'Item 1', 'unit_cost': '1.50'},\n"
        "            {'name': 'Item 2', 'unit_cost': '2.50'},\n"
        "        ],\n"
        "    )\n"
        "    print(result)\n"
    )
