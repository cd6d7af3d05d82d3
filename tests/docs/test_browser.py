"""The documentation in a real browser, from disk and over HTTP: searching, tabs, colors, copying, trying, accessibility."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import doc_sites
import pytest
from browser_page import AXE, MARKS, browser, serious
from lxml import etree
from playwright.sync_api import Browser, BrowserContext, Page

from xmlwright.docs.serve import server
from xmlwright.sandbox import Sandbox

from .test_site import HOSTILE, hostile

__all__ = ["browser"]
pytestmark = MARKS


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doc_sites.made(doc_sites.CHECKOUT, tmp_path_factory.mktemp("browsed") / "site")


@pytest.fixture(scope="module")
def http(site: Path) -> Iterator[str]:
    serving = server(site)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{serving.server_address[1]}/"
    serving.shutdown()
    serving.server_close()


@pytest.fixture(params=["disk", "http", "one file"])
def base(request: pytest.FixtureRequest, site: Path) -> str:
    """Where pages are opened from."""
    if request.param == "http":
        return str(request.getfixturevalue("http"))
    return site.as_uri() + "/" if request.param == "disk" else (site / "all.html").as_uri()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    made.set_default_timeout(20_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page; whatever the browser complains about fails the test."""
    made = context.new_page()
    complaints: list[str] = []
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on(
        "console",
        lambda message: (
            complaints.append(f"{message.text} {message.location['url']}")
            if message.type == "error"
            else None
        ),
    )
    yield made
    meant = (
        "127.0.0.1:9/",
        "example.com",
        "401 (Unauthorized)",
    )  # what tests bring about on purpose
    told = [each for each in complaints if not any(part in each for part in meant)]
    assert told == []


def address(base: str, url: str) -> str:
    """The address of a page of the site: one file has them all."""
    if not base.endswith("all.html"):
        return base + url
    name, _, mark = url.partition("#")
    return f"{base}#{name.removesuffix('.html')}" + (f":{mark}" if mark else "")


def arrived(page: Page, base: str, url: str) -> bool:
    return page.url == address(base, url)


# searching


@pytest.mark.parametrize(
    ("query", "kind", "name", "url"),
    [
        ("invoice.create", "method", "invoice.create", "methods/invoice.create.html"),
        ("task rate", "field", "Task.rate", "resources/task.html#Task.rate"),
        ("authentication failed", "error", "20010", "errors.html#20010"),
        ("ProjectTaskInput", "name", "ProjectTaskInput", "resources/project.html#ProjectTask"),
    ],
)
def test_search_finds_it_and_leads_there(
    page: Page, base: str, query: str, kind: str, name: str, url: str
) -> None:
    page.goto(address(base, "index.html"))
    told = page.evaluate("query => xmlwrightFind(query)", query)
    print(f"{query!r}: {told['milliseconds']:.1f} ms, {len(told['found'])} found")
    best = [found for found in told["found"] if (found["kind"], found["name"]) == (kind, name)]
    assert told["found"].index(best[0]) < 3
    if best[0] is not told["found"][0]:
        return
    page.keyboard.press("/")
    page.keyboard.type(query)
    page.locator(".search li").first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(address(base, url))
    assert page.locator("dialog.search").is_hidden()


def test_search_is_used_with_the_keyboard_alone(page: Page, base: str) -> None:
    page.goto(address(base, "index.html"))
    page.keyboard.press("Control+k")
    page.keyboard.type("client.")
    page.locator(".search li").nth(2).wait_for()
    page.keyboard.press("ArrowDown")
    chosen = page.locator('.search li[aria-selected="true"]')
    assert chosen.count() == 1
    assert page.locator(".search input").get_attribute(
        "aria-activedescendant"
    ) == chosen.get_attribute("id")
    assert chosen.get_attribute("id") == "search-1"
    page.keyboard.press("Escape")
    assert page.locator("dialog.search").is_hidden()
    page.keyboard.press("/")
    page.keyboard.type("zzzqqq")
    page.get_by_text("No results").wait_for()


# what is chosen stays


def test_tabs_stay_chosen_on_the_next_page(page: Page, base: str) -> None:
    page.goto(address(base, "methods/task.create.html"))
    page.locator('[data-tabs="request"] [role="tab"]:visible', has_text="curl").first.click()
    curl = page.locator('.side .example:visible [data-tab="curl"]:visible')
    for _ in range(50):  # as with colors
        page.goto(address(base, "methods/invoice.get.html"))
        page.locator("h1:visible", has_text="invoice.get").wait_for()
        if curl.count():
            break
        page.wait_for_timeout(200)
    shown = page.locator(
        '.side .example:visible [data-tabs="request"] [role="tabpanel"]:visible'
    ).first
    assert shown.get_attribute("data-tab") == "curl"
    assert '--user "${FRESHBOOKS_TOKEN}:X"' in shown.inner_text()
    tab = page.locator('[role="tab"][aria-selected="true"]:visible').first
    tab.focus()
    page.keyboard.press("ArrowRight")
    focused = page.evaluate(
        "document.activeElement.textContent + document.activeElement.ariaSelected"
    )
    assert focused == "XMLtrue"


def test_colors_follow_the_system_or_what_was_chosen(browser: Browser, base: str) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(address(base, "errors.html"))
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.locator(".theme").click()
    light = page.evaluate(paper)
    assert (dark, light) == ("rgb(20, 23, 26)", "rgb(255, 255, 255)")
    page.goto(address(base, "types.html"))
    for _ in range(
        50
    ):  # the browser writes what is kept a moment later, and a page from disk may be in a new process
        page.reload()
        if page.evaluate(paper) == light:
            break
        page.wait_for_timeout(200)
    assert page.evaluate(paper) == light
    context.close()


def test_a_choice_of_example_shows_it_alone_and_a_link_chooses_it(page: Page, base: str) -> None:
    page.goto(address(base, "methods/invoice.create.html"))
    picking = page.locator(".pick select:visible")
    picking.select_option(index=1)
    assert page.locator(".side > .example:visible").count() == 1
    wanted = picking.locator("option").nth(2).get_attribute("value")
    assert wanted is not None
    page.goto(address(base, "index.html"))
    mark = wanted.partition(":")[2] or wanted
    page.goto(address(base, f"methods/invoice.create.html#{mark}"))
    page.locator(f'[id="{wanted}"]').wait_for(state="visible")


def test_a_link_opens_what_is_folded_around_its_target(page: Page, base: str) -> None:
    page.goto(address(base, "methods/invoice.create.html#lines.unit_cost"))
    page.locator('[id$="lines.unit_cost"]:visible').wait_for()


def test_links_of_pages_are_followed(page: Page, base: str) -> None:
    page.goto(address(base, "methods/task.get.html"))
    page.locator(".body:visible a", has_text="NotFoundError").first.click()
    page.wait_for_url(address(base, "python.html#NotFoundError"))
    page.locator(".nav a", has_text="Errors").click()
    page.wait_for_url(address(base, "errors.html"))
    assert page.locator("h1:visible").inner_text() == "Errors"
    page.go_back()
    page.wait_for_url(address(base, "python.html#NotFoundError"))


def test_code_is_copied_as_it_is(context: BrowserContext, page: Page, base: str) -> None:
    if base.startswith("http"):
        context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address(base, "methods/task.delete.html"))
    block = page.locator(".holder:visible").first
    block.hover()
    block.locator(".copy").click()
    block.get_by_text("Copied").wait_for()
    if base.startswith("http"):
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == block.locator("pre").text_content()


# trying


class _Api(BaseHTTPRequestHandler):
    """ResponseServer as the sandbox does, and keeps what it was sent."""

    seen: list[tuple[dict[str, str], str]]
    allow = True

    def _head(self) -> None:
        if self.allow:
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Allow-Headers", "authorization, content-type")

    def do_OPTIONS(self) -> None:
        self.send_response(204)
        self._head()
        self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.seen.append((dict(self.headers), body))
        answer = b'<response status="ok"><made>&lt;script&gt;</made></response>'
        self.send_response(200)
        self._head()
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def loopback() -> Iterator[tuple[str, list[tuple[dict[str, str], str]]]]:
    seen: list[tuple[dict[str, str], str]] = []
    serving = ThreadingHTTPServer(("127.0.0.1", 0), type("Api", (_Api,), {"seen": seen}))
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{serving.server_address[1]}", seen
    serving.shutdown()
    serving.server_close()


def test_a_call_is_tried_on_a_server_of_this_machine(page: Page, base: str, loopback: Any) -> None:
    host, seen = loopback
    page.goto(address(base, "methods/task.create.html"))
    form = page.locator(".try:visible")
    form.locator("summary").click()
    form.get_by_label("Address").fill(f"http://{host}/api/2.1/xml-in")
    form.get_by_label("Token").fill("tökén")
    form.locator(".send").click()
    form.get_by_text("200 OK in").wait_for()
    assert (
        form.locator("pre").text_content()
        == '<response status="ok"><made>&lt;script&gt;</made></response>'
    )
    [(headers, body)] = seen
    import base64

    kind, _, pair = headers["Authorization"].partition(" ")
    assert (kind, base64.b64decode(pair).decode()) == ("Basic", "tökén:X")
    assert headers["Content-Type"] == "application/xml"
    assert '<request method="task.create">' in body


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(doc_sites.CHECKOUT, http=True, load="cases") as running:
        yield running


def test_the_sandbox_answers_a_page(page: Page, base: str, box: Sandbox) -> None:
    page.goto(address(base, "methods/task.get.html"))
    form = page.locator(".try:visible")
    form.locator("summary").click()
    form.get_by_label("Address").fill(f"{box.base_url}/api/2.1/xml-in")
    if base.startswith("file:"):
        form.get_by_label("Sandbox key").fill(box.key)
    form.get_by_label("Token").fill("nobody's")
    form.locator(".send").click()
    form.get_by_text("401 Unauthorized in").wait_for()
    form.get_by_label("Token").fill(box.token)
    form.locator(".send").click()
    form.get_by_text("200 OK in").wait_for()
    answer = etree.fromstring((form.locator("pre").text_content() or "").encode())
    assert (answer.get("status"), answer.findtext("{*}task/{*}task_id")) == ("ok", "211")


@pytest.mark.parametrize(
    "target",
    [
        "https://sample.example.com/api", "http://127.0.0.1.example.com/", "http://localhost.example.com/",
        "http://user@127.0.0.1/", "http://10.0.0.1/", "http://[::1]/", "https://127.0.0.1/", "file:///etc/passwd", "javascript:alert(1)", "http://127.1@example.com/",
    ],
)  # fmt: skip
def test_no_other_host_is_tried(page: Page, site: Path, target: str) -> None:
    page.goto(address(site.as_uri() + "/", "methods/task.create.html"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator(".try summary").click()
    page.locator(".try input").nth(0).fill(target)
    page.locator(".try .send").click()
    page.get_by_text("Not sent: only").wait_for()
    assert asked == []


def test_the_policy_of_a_page_forbids_to_reach_other_hosts_whatever_a_script_does(
    page: Page, base: str
) -> None:
    page.goto(address(base, "methods/task.create.html"))
    told = page.evaluate(
        "fetch('http://example.com/').then(() => 'sent', (error) => error.message)"
    )
    assert told == "Failed to fetch"
    blocked = page.evaluate("""() => new Promise((done) => {
          document.addEventListener('securitypolicyviolation', (event) => done(event.violatedDirective));
          fetch('http://example.com/').catch(() => 0);
        })""")
    assert blocked == "connect-src"


def test_a_server_that_is_not_there_is_told(page: Page, site: Path) -> None:
    page.goto(address(site.as_uri() + "/", "methods/task.create.html"))
    page.locator(".try summary").click()
    page.locator(".try input").nth(0).fill("http://127.0.0.1:9/")
    page.locator(".try .send").click()
    page.get_by_text("No response from http://127.0.0.1:9").wait_for()


# texts


def test_hostile_text_is_shown_found_and_harmless(page: Page, tmp_path: Path) -> None:
    folder = doc_sites.made(hostile(tmp_path / "project"), tmp_path / "site")
    for url in ("methods/book.create.html", "all.html#methods/book.create"):
        page.goto(f"{folder.as_uri()}/{url}")
        page.get_by_text("What stands").count()
        assert page.title() != "taken"
        shown = " ".join(page.locator("main").inner_text().split())
        assert " ".join(HOSTILE.split()) in shown
        told = page.evaluate("query => xmlwrightFind(query)", "onerror")
        assert {"argument", "field", "error"} <= {found["kind"] for found in told["found"]}
        page.keyboard.press("/")
        page.keyboard.type("onerror")
        page.locator(".search li").first.wait_for()
        assert page.title() != "taken"


# everybody can read it

KINDS = (
    "index.html", "methods/invoice.create.html", "methods/task.list.html", "resources/client.html", "resources/shared.html",
    "errors.html", "events.html", "types.html", "python.html", "guides/client.html",
)  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_accessibility_checker_finds_nothing_serious(
    browser: Browser, site: Path, scheme: Any, width: int
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: the npm registry was not there")
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True
    )
    page = context.new_page()
    wrong = []
    # The one file takes as long as all the others, and shows the same pages: once is enough.
    for url in (*KINDS, "all.html") if (width, scheme) == (1280, "light") else KINDS:
        page.goto(f"{site.as_uri()}/{url}")
        if url == "index.html":
            page.keyboard.press("/")
            page.keyboard.type("amount")
            page.locator(".search li").first.wait_for()
        wrong += [(url, *each) for each in serious(page)]
    context.close()
    assert wrong == []


@pytest.mark.parametrize("url", KINDS)
def test_nothing_is_wider_than_a_telephone(browser: Browser, site: Path, url: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{site.as_uri()}/{url}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Menu").click()
    assert page.locator(".nav").is_visible()
    page.keyboard.press("Escape")
    assert page.locator(".nav").is_hidden()
    context.close()


def test_without_scripts_all_of_a_page_is_there(browser: Browser, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.as_uri()}/methods/task.get.html")
    shown = page.locator("main").inner_text()
    for text in (
        "from freshbooks_classic import AsyncFreshBooks",
        '--user "${FRESHBOOKS_TOKEN}:X"',
        "except NotFoundError",
        "Arguments",
    ):
        assert text in shown
    context.close()


def test_print_leaves_out_what_only_a_screen_has(page: Page, site: Path) -> None:
    page.goto(f"{site.as_uri()}/methods/task.get.html")
    page.emulate_media(media="print")
    assert page.locator(".nav").is_hidden()
    assert page.locator(".bar").is_hidden()
    assert page.locator("h1").is_visible()


def test_the_first_page_asks_for_nothing_elsewhere(page: Page, http: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(http)
    page.wait_for_load_state("networkidle")
    ready = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    print(f"first page usable after {ready:.0f} ms")
    assert asked
    assert all(url.startswith(http) or url.endswith("favicon.ico") for url in asked)


@pytest.mark.parametrize("width", [390, 1280, 1680])
def test_identifiers_in_tables_stay_on_one_line(page: Page, site: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for name in ("errors.html", "python.html", "guides/client.html"):
        page.goto((site / name).as_uri())
        broken = page.evaluate(
            "[...document.querySelectorAll('td code')].filter(code => code.getClientRects().length > 1)"
            ".map(code => code.textContent)"
        )
        assert broken == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
