"""Chromium for tests, and the findings of an accessibility checker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
PATIENCE = 60_000
"""Milliseconds: other tests may keep the machine busy."""
AXE = Path(__file__).resolve().parents[1] / "node/node_modules/axe-core/axe.min.js"
MARKS = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM} on this machine"),
    pytest.mark.xdist_group("browser"),
]
"""Of a module whose tests need the browser."""


@pytest.fixture(scope="module")  # not longer: while it runs, asyncio.run() cannot in this thread
def browser() -> Iterator[Browser]:
    """Start the browser of this machine, headless."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield found
        found.close()


@contextmanager
def context(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """Return a new context: no cookies, and nothing cached."""
    made = browser.new_context(**options)
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


def serious(page: Page) -> list[tuple[str, str, str]]:
    """Return serious accessibility findings: rule, element, remedy. The context needs ``bypass_csp``."""
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        (each["id"], each["nodes"][0]["html"][:200], each["nodes"][0]["failureSummary"])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]
