"""All pages of the inspector, of three APIs: every link leads to a page, and every anchor to a place on it."""

from __future__ import annotations

import html
import re
from collections import Counter

import pytest
import requests

from xmlwright.sandbox import Sandbox

from .case_setup import RESOURCES, ROOT, cases

PREFIX = "/__sandbox__"
SECOND = ROOT / "tests" / "support" / "second_api"
MOST_RECORDS = 3
"""Of one collection that are looked at."""


def walk(box: Sandbox) -> dict[str, str]:
    """The text of every page that can be reached from the first one, by path; a link that leads nowhere fails."""
    pages: dict[str, str] = {}
    anchors: set[tuple[str, str, str]] = set()
    waiting = [f"{PREFIX}/"]
    with requests.Session() as session:
        session.trust_env = False
        session.headers["X-Sandbox-Key"] = box.key
        while waiting:
            path = waiting.pop()
            if path in pages:
                continue
            # Of a call alone, without the list beside it, which is the same on all of these pages.
            query = "?part=1" if path.startswith(f"{PREFIX}/ui/calls/") else ""
            answer = session.get(f"http://127.0.0.1:{box.port}{path}{query}", timeout=60)
            assert answer.status_code == 200, path
            pages[path] = answer.text
            if "html" not in answer.headers["Content-Type"]:
                continue
            records: Counter[str] = Counter()
            for found in re.findall(r'(?:href|src)="([^"]+)"', answer.text):
                link = html.unescape(found)
                target, _, anchor = link.partition("#")
                if link.startswith("data:"):
                    continue
                if anchor:
                    anchors.add((path, target or path, anchor))
                collection = target.rpartition("/")[0]
                records[collection] += collection.startswith(f"{PREFIX}/ui/state/")
                if target and records[collection] <= MOST_RECORDS + len(RESOURCES) * (
                    collection.count("/") < 5
                ):
                    waiting.append(target)
    lost = [one for one in anchors if one[1] in pages and f'id="{one[2]}"' not in pages[one[1]]]
    assert lost == []
    return pages


def test_every_page_of_every_call_that_the_description_shows(box: Sandbox) -> None:
    with Sandbox(box.described, load="cases", keep=5000) as own:
        with requests.Session() as session:
            session.trust_env, session.verify, session.auth = False, own.ca, (own.token, "X")
            for resource in RESOURCES:
                for case in cases(resource):
                    if "request" in case:
                        session.post(own.url, case["request"].strip().encode(), timeout=60)
        pages = walk(own)
        calls = [path for path in pages if path.startswith(f"{PREFIX}/ui/calls/")]
        assert len(calls) == own.parts.journal.total > 200
        # What the sandbox answers is never against its own description.
        assert [path for path in calls if "not as described" in pages[path]] == []
        secrets = [*own.tokens().values(), "4111111111111111"]
        assert [path for path in calls for secret in secrets if secret in pages[path]] == []


@pytest.mark.parametrize("name", ["depot", "tiny"])
def test_pages_of_other_apis(name: str) -> None:
    with Sandbox(SECOND / name, load="cases") as own, requests.Session() as session:
        session.trust_env = False
        document = b'<?xml version="1.0"?><nothing/>'
        session.post(own.url, document, auth=(own.token, "X"), verify=own.ca, timeout=60)
        pages = walk(own)
        assert f"{PREFIX}/ui/calls/1" in pages
        assert "invoice" not in "".join(pages.values()).lower()
