"""The inspector in a real browser: calls as they come, what is wrong with them, the state, the outbox, and the controls."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import browser_page
import pytest
import requests
from browser_page import browser
from lxml import etree
from playwright.sync_api import Browser, BrowserContext, Page, expect

from freshbooks_classic import ApiError, FreshBooks, InvalidDocumentError
from xmlwright.sandbox import Sandbox

__all__ = ["browser"]
pytestmark = browser_page.MARKS
HOSTILE = "<img src=x onerror=document.title='taken'>"
"""What a page that shows it as markup would run."""

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
"""What a browser says of a request that a page of the sandbox makes."""


@pytest.fixture(scope="module")
def server(box: Sandbox) -> Iterator[Sandbox]:
    with Sandbox(box.described, load="cases") as own:
        yield own


@pytest.fixture
def own(server: Sandbox) -> Sandbox:
    """A sandbox as at its start."""
    server.control.reset()
    return server


@pytest.fixture
def base(own: Sandbox) -> str:
    return f"http://127.0.0.1:{own.port}/__sandbox__"


@pytest.fixture
def fb(own: Sandbox) -> Iterator[FreshBooks]:
    with FreshBooks("sample", token=own.token, url=own.url, ca=own.ca) as client:
        yield client


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    size = {"width": 1280, "height": 900}
    with browser_page.context(browser, viewport=size, color_scheme="light") as made:
        yield made


@pytest.fixture
def page(context: BrowserContext, base: str) -> Iterator[Page]:
    """The list of calls. What the browser complains about, or asks of another machine, fails the test."""
    made = context.new_page()
    complaints: list[str] = []
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    made.on(
        "request",
        lambda asked: (
            None
            if urlsplit(asked.url).hostname in ("127.0.0.1", None)
            else complaints.append(asked.url)
        ),
    )
    made.goto(f"{base}/")
    yield made
    assert complaints == []


def rows(page: Page) -> list[str]:
    """The methods in the list, the newest first."""
    return page.locator("#calls li:visible .method").all_inner_texts()


def open_call(page: Page, method: str) -> None:
    """Click on the newest call of a method, and wait for it."""
    page.locator("#calls a.call", has_text=method).first.click()
    expect(page.locator(".one-call h1")).to_contain_text(method)


def live(page: Page) -> None:
    """Wait until the page hears of calls."""
    expect(page.locator("#live")).to_have_class(re.compile(r"\bon\b"))


def refused(own: Sandbox) -> None:
    """A call with two mistakes in it, which no generated client would send."""
    document = (
        '<request method="invoice.create"><invoice><client_id>1</client_id><datte>2026-01-01</datte><lines><line>'
        "<name>Rake</name><unit_cost>ten</unit_cost></line></lines></invoice></request>"
    )
    send(own, document)


def send(own: Sandbox, document: str) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.post(own.url, document, auth=(own.token, "X"), verify=own.ca, timeout=60)


# calls


def test_calls_come_into_the_list_as_they_are_made(
    own: Sandbox, page: Page, fb: FreshBooks
) -> None:
    expect(page.locator("#no-calls")).to_be_visible()
    assert own.token in page.locator("#exports").inner_text()
    live(page)
    fb.task.create(name="Hedges")
    expect(page.locator("#calls li")).to_have_count(1)
    with pytest.raises(ApiError):
        fb.client.get(987_654)
    expect(page.locator("#calls li")).to_have_count(2)
    assert rows(page) == ["client.get", "task.create"]
    newest = page.locator("#calls li").first
    expect(newest.locator(".outcome")).to_have_text("50010")
    expect(newest).to_contain_text("sample · admin/1")
    page.get_by_label("failed only").check()
    assert rows(page) == ["client.get"]
    page.get_by_label("failed only").uncheck()
    page.get_by_label("Filter the calls").fill("task")
    assert rows(page) == ["task.create"]
    page.get_by_label("Filter the calls").fill("")
    page.get_by_role("button", name="Forget them").click()
    expect(page.locator("#no-calls")).to_be_visible()


def test_request_and_answer_stand_side_by_side_and_below_each_other_on_a_telephone(
    page: Page, fb: FreshBooks
) -> None:
    live(page)
    fb.task.create(name="Hedges", rate="12.50")
    open_call(page, "task.create")
    request, answer = page.get_by_role("region", name="Request"), page.get_by_role(
        "region", name="Answer"
    )
    expect(request).to_contain_text("<rate>12.50</rate>")
    expect(answer).to_contain_text("<task_id>")
    left, right = request.bounding_box(), answer.bounding_box()
    assert left
    assert right
    assert (left["x"] + left["width"] <= right["x"], left["y"]) == (True, right["y"])
    page.set_viewport_size({"width": 390, "height": 844})
    above, below = request.bounding_box(), answer.bounding_box()
    assert above
    assert below
    assert (above["y"] + above["height"] <= below["y"], above["x"]) == (True, below["x"])
    page.get_by_role("link", name="All calls").click()
    expect(page.locator("#calls li")).to_have_count(1)


def test_every_element_leads_to_what_the_description_says_of_it(
    page: Page, fb: FreshBooks, base: str
) -> None:
    live(page)
    client = fb.client.create(email="ada@example.com")
    number = fb.invoice.create(client_id=client, lines=[{"name": "Rake", "unit_cost": 5}])
    fb.invoice.get(number)
    fb.payment.create(invoice_id=number, amount="0.50", type="Cash")
    links = set()
    for method in ("invoice.get", "payment.create"):
        open_call(page, method)
        elements = page.locator(".xml .start")
        assert elements.locator("a").count() >= elements.count() - 3  # the envelope is nobody's
        links |= set(page.locator(".xml .tag a").evaluate_all("all => all.map(a => a.href)"))
    assert len(links) > 30
    texts: dict[str, str] = {}
    for link in sorted(links):
        address, _, anchor = link.partition("#")
        if address not in texts:
            answer = page.request.get(address, headers=SAME_ORIGIN)
            assert answer.ok, address
            texts[address] = answer.text()
        assert f'id="{anchor}"' in texts[address], link
    page.locator(".xml .tag a", has_text="type").first.click()
    expect(page.locator("tr:target")).to_contain_text("type")
    expect(page.locator("tr:target")).to_contain_text("schema/resources/payment.yaml")


def test_invalid_nodes_are_marked_where_they_are(own: Sandbox, page: Page, fb: FreshBooks) -> None:
    live(page)
    refused(own)
    open_call(page, "invoice.create")
    wrong = page.get_by_role("region", name="Request").locator("li.bad:not(:has(li.bad))")
    expect(wrong).to_have_count(2)
    expect(wrong.first).to_contain_text("<datte>2026-01-01</datte>")
    expect(wrong.first).to_contain_text("not described here")
    expect(wrong.last).to_contain_text("should be a decimal number")
    expect(page.locator(".message")).to_contain_text("Invalid value for field")

    own.control.add_fault("retyped=rate; method=task.get; count=1")
    task = fb.task.create(name="Hedges", rate=7)
    with pytest.raises(InvalidDocumentError):
        fb.task.get(task)
    open_call(page, "task.get")
    wrong = page.get_by_role("region", name="Answer").locator("li.bad:not(:has(li.bad))")
    expect(wrong).to_have_count(1)
    expect(wrong).to_contain_text("<rate>not-a-number</rate>")
    expect(page.locator(".facts")).to_contain_text("retyped=rate")
    expect(page.get_by_role("region", name="Request").locator(".bad")).to_have_count(0)

    send(own, '<request method="task.list"><page>')
    expect(page.locator("#calls li")).to_have_count(4)
    open_call(page, "task.list")
    expect(page.get_by_role("region", name="Request")).to_contain_text("not XML")


def test_a_call_can_be_sent_again_with_something_else_in_it(page: Page, fb: FreshBooks) -> None:
    live(page)
    fb.task.create(name="Hedges")
    open_call(page, "task.create")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("#calls li")).to_have_count(2)
    page.get_by_text("Edit and send").click()
    text = page.locator("#document").input_value()
    page.locator("#document").fill(text.replace("Hedges", "Lawn"))
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("region", name="Request")).to_contain_text("<name>Lawn</name>")
    expect(page.locator("#calls li")).to_have_count(3)
    names = [task.name for task in fb.task.list()]
    assert (names.count("Hedges"), names.count("Lawn")) == (2, 1)


def test_the_keys_j_and_k_and_the_back_button_go_from_call_to_call(
    page: Page, fb: FreshBooks
) -> None:
    live(page)
    for name in ("task", "project", "client"):
        fb.call(f"{name}.list")
    expect(page.locator("#calls li")).to_have_count(3)
    heading = page.locator(".one-call h1")
    for key, method in (("j", "client.list"), ("j", "project.list"), ("k", "client.list")):
        page.keyboard.press(key)
        expect(heading).to_contain_text(method)
        expect(page.locator("#calls [aria-current] .method")).to_have_text(method)
    page.go_back()
    expect(heading).to_contain_text("project.list")


def test_without_scripts_everything_is_there(
    browser: Browser, own: Sandbox, base: str, fb: FreshBooks
) -> None:
    fb.task.create(name="Hedges")
    with browser_page.context(browser, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{base}/")
        page.locator("a.call").click()
        assert "<name>Hedges</name>" in page.get_by_role("region", name="Request").inner_text()
        page.goto(f"{base}/ui/controls")
        page.get_by_role("button", name="+1 day").click()
        assert "2026-01-06" in page.locator(".notice").inner_text()


# copying


def environment(own: Sandbox) -> dict[str, str]:
    said = dict(re.findall(r"export (\w+)=(\S+)", own.parts.control.exports()))
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    return {**kept, **said}


def copied(page: Page, button: str) -> str:
    pressed = page.locator(f"[data-copy={button}]")
    pressed.click()
    expect(pressed).to_have_text("Copied")
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_what_is_copied_runs(
    own: Sandbox, page: Page, fb: FreshBooks, base: str, tmp_path: Path
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=base[:-12])
    live(page)
    client = fb.client.create(email="ada@example.com", organization="Ada's & <Sons>")
    fb.invoice.create(
        client_id=client, date=date(2026, 2, 3), lines=[{"name": "It's", "unit_cost": "1.50"}]
    )
    open_call(page, "invoice.create")
    program, command = copied(page, "as-python"), copied(page, "as-curl")
    assert own.token not in program + command
    shell = shutil.which("curl") and ["bash", "-c", command]
    for done in filter(None, (shell, [sys.executable, "-W", "error", "-c", program])):
        ran = subprocess.run(
            done, env=environment(own), cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        assert ran.returncode == 0, ran.stderr
        assert re.search(r"\d+", ran.stdout)
        sent = [one["request"] for one in own.control.requests(method="invoice.create")]
        first, *_, last = (etree.canonicalize(text, strip_text=True) for text in sent)
        assert last == first


# the state and what was sent


def test_the_state_can_be_walked_through(page: Page, fb: FreshBooks) -> None:
    client = fb.client.create(
        email="ada@example.com", organization=HOSTILE, password="hedge-and-lawn"
    )
    invoice = fb.invoice.create(client_id=client, notes=HOSTILE)
    page.get_by_role("link", name="State").click()
    page.locator(".cards a", has_text="sample").click()
    page.locator(".cards a", has_text=re.compile(r"^\s*\d+ invoice$")).click()
    page.get_by_role("link", name=str(invoice), exact=True).click()
    expect(page.locator(".fields")).to_contain_text(HOSTILE)
    page.locator(".fields td").get_by_role("link", name=str(client), exact=True).first.click()
    expect(page.locator("h1")).to_have_text(f"client {client}")
    expect(page.locator(".fields")).to_contain_text(HOSTILE)
    expect(page.locator(".fields")).not_to_contain_text("hedge-and-lawn")
    assert page.title() != "taken"
    page.locator(".fields th").get_by_role("link", name="organization").click()
    expect(page.locator("tr:target")).to_contain_text("organization")


def test_the_outbox_has_what_would_have_been_sent(page: Page, fb: FreshBooks) -> None:
    client = fb.client.create(email="ada@example.com")
    invoice = fb.invoice.create(client_id=client, lines=[{"name": "Rake", "unit_cost": 5}])
    fb.invoice.send_by_email(invoice, subject=f"For you {HOSTILE}", message="Hello")
    page.get_by_role("link", name="Outbox").click()
    letter = page.locator(".letter").first
    expect(letter).to_contain_text(f"For you {HOSTILE}")
    expect(letter).to_contain_text("ada@example.com")
    address = letter.locator("a.button").get_attribute("href")
    assert address is not None
    file = page.request.get(f"http://{urlsplit(page.url).netloc}{address}", headers=SAME_ORIGIN)
    assert file.headers["content-type"] == "application/pdf"
    assert file.body().startswith(b"%PDF-")
    letter.get_by_role("link", name=str(invoice), exact=True).click()
    expect(page.locator("h1")).to_have_text(f"invoice {invoice}")
    page.get_by_role("link", name="Outbox").click()
    page.get_by_role("button", name="Empty the outbox").click()
    expect(page.get_by_text("Nothing was sent yet.")).to_be_visible()


def test_callbacks_show_what_was_delivered_where(own: Sandbox, page: Page, fb: FreshBooks) -> None:
    fb.callback.create(event="task.create", uri="http://127.0.0.1:9/hook")
    fb.task.create(name="Hedges")
    page.get_by_role("link", name="Callbacks").click()
    expect(page.locator("main")).to_contain_text("http://127.0.0.1:9/hook")
    page.get_by_text("Settings: deliver").click()
    page.get_by_label("mode").select_option("collect")
    page.get_by_role("button", name="Set").click()
    expect(page.locator(".notice")).to_have_text("The settings stand.")
    fb.task.create(name="Lawn")
    page.reload()
    expect(page.locator(".letter", has_text="task.create").first).to_contain_text("collected")


# the controls


def test_the_clock_is_moved_and_what_is_due_happens(page: Page, fb: FreshBooks) -> None:
    client = fb.client.create(email="ada@example.com")
    fb.recurring.create(
        client_id=client, frequency="monthly", date=date(2026, 1, 20), lines=[{"name": "Rent"}]
    )
    page.locator("a.clock").click()
    page.get_by_role("button", name="+30 days").click()
    expect(page.locator(".notice")).to_have_text("It is 2026-02-04 12:00:00 now.")
    expect(page.locator("time#clock")).to_have_text("2026-02-04 12:00:00")
    assert fb.invoice.list(client_id=client).total == 1
    page.get_by_label("set to").fill("2026-03-01T00:00:05")
    page.locator("[name=pace]").select_option("step")
    page.locator("#clock-panel").get_by_role("button", name="Set").click()
    expect(page.locator("time#clock")).to_have_text("2026-03-01 00:00:05")
    live(page)
    fb.call("task.list")
    expect(page.locator("time#clock")).to_have_text("2026-03-01 00:00:06")


def test_a_fault_is_made_and_taken_back(page: Page, fb: FreshBooks) -> None:
    page.get_by_role("link", name="Controls").click()
    panel = page.locator("#faults")
    panel.locator("[name=kind]").select_option("code")
    panel.locator("[name=value]").fill("40010")
    panel.locator("[name=method]").fill("task.*")
    panel.locator("[name=count]").fill("2")
    panel.get_by_role("button", name="Add").click()
    expect(panel.locator("tbody")).to_contain_text("task.*, 2 times")
    with pytest.raises(ApiError, match="40010"):
        fb.task.create(name="Hedges")
    page.reload()
    expect(panel.locator("tbody")).to_contain_text("1 of 1")
    expect(page.locator("nav .count.warn")).to_have_text("1")
    panel.get_by_role("button", name="Remove").click()
    expect(panel).to_contain_text("Nothing goes wrong on purpose.")
    fb.task.create(name="Hedges")
    panel.locator("[name=kind]").select_option("status")
    panel.locator("[name=value]").fill("99")
    panel.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_have_text(
        "the value of status is a number from 200 to 599, with a page to it, not '99'"
    )


def test_snapshots_accounts_and_the_reset(own: Sandbox, page: Page, fb: FreshBooks) -> None:
    before = fb.task.list().total
    page.get_by_role("link", name="Controls").click()
    panel = page.locator("#snapshots")
    panel.get_by_label("name").first.fill("before")
    panel.get_by_role("button", name="Take a snapshot").click()
    fb.task.create(name="Hedges")
    panel.get_by_role("button", name="Restore").click()
    expect(page.locator(".notice")).to_have_text("The state is that of before again.")
    assert fb.task.list().total == before
    panel.get_by_label("new account").fill("second")
    panel.get_by_label("with the examples").uncheck()
    panel.get_by_role("button", name="Open it").click()
    expect(page.locator("h1")).to_have_text("second")
    assert own.owner_token("second") in page.locator("main").inner_text()
    page.get_by_role("link", name="Controls").click()
    panel.get_by_role("button", name="Reset everything").click()
    expect(page.locator(".notice")).to_have_text("Everything is as at the start.")
    assert "second" not in own.control.info()["accounts"]


def test_pages_of_others_cannot_use_the_forms(
    own: Sandbox, base: str, http: requests.Session
) -> None:
    own.open("kept")
    for headers in (
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "elsewhere.example"},
    ):
        answer = http.post(f"{base}/ui/do/reset", headers=headers, timeout=60)
        assert answer.status_code in (401, 403, 421), headers
    assert "kept" in own.control.info()["accounts"]


# everybody can read it


def test_all_pages_in_both_colors_and_widths(
    browser: Browser, own: Sandbox, base: str, fb: FreshBooks
) -> None:
    client = fb.client.create(email="ada@example.com")
    invoice = fb.invoice.create(client_id=client, lines=[{"name": "Rake", "unit_cost": 5}])
    fb.invoice.send_by_email(invoice)
    refused(own)
    own.control.add_fault("status=503; method=*.list; probability=0.1; count=3")
    own.control.snapshot("before")
    last = own.parts.journal.total
    calls = [f"ui/calls/{number}" for number in (last, last - 2)]
    state = [
        "ui/state",
        "ui/state/sample",
        "ui/state/sample/invoice",
        f"ui/state/sample/invoice/{invoice}",
    ]
    others = ["ui/outbox", "ui/callbacks", "ui/controls", "ui/docs", "ui/docs/invoice", "ui/docs/errors"]  # fmt: skip
    wrong: list[tuple[object, ...]] = []
    for scheme in ("light", "dark"):
        with browser_page.context(browser, color_scheme=scheme, bypass_csp=True) as context:
            page = context.new_page()
            for path in ("", *calls, *state, *others):
                page.set_viewport_size({"width": 1280, "height": 900})
                page.goto(f"{base}/{path}")
                for width in (1280, 390):
                    page.set_viewport_size({"width": width, "height": 900})
                    taken = page.evaluate("document.documentElement.scrollWidth")
                    if taken > width:
                        wrong.append((path, scheme, width, "as wide as", taken))
                    # Of colors and widths, each is looked at once by the slow checker.
                    if browser_page.AXE.is_file() and (scheme == "dark") is (width == 390):
                        wrong += [
                            (path, scheme, width, *each) for each in browser_page.serious(page)
                        ]
    assert wrong == []
