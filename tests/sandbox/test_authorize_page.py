"""The page on which somebody lets a program in, in a real browser: from the request token to the first call."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

import browser_page
import pytest
from browser_page import browser
from playwright.sync_api import Browser, Page, expect

from freshbooks_classic import FreshBooks, OAuthFlow, PermissionDeniedError
from xmlwright.sandbox import Sandbox

__all__ = ["browser"]
pytestmark = browser_page.MARKS
ACCOUNT = "authorize"


@pytest.fixture(scope="module")
def staff(box: Sandbox) -> int:
    """The id of somebody in the account beside its owner."""
    token = box.open(ACCOUNT)
    with FreshBooks(ACCOUNT, token=token, url=box.address(ACCOUNT), ca=box.ca) as owner:
        return owner.staff.create(
            first_name="Bo <b>", email="bo@yard.example", username="bo", password="hedge-and-lawn"
        )


@pytest.fixture
def steps(box: Sandbox, staff: int) -> Iterator[OAuthFlow]:
    key, secret = next(iter(box.control.info()["oauth"]["consumers"].items()))
    url = f"{box.base_url}/{ACCOUNT}"
    with FreshBooks.oauth(ACCOUNT, key, secret, url=url, ca=box.ca) as flow:
        yield flow


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page; browsers do not trust the certificate, and the checker is a script that the page would not let in."""
    with browser_page.context(browser, ignore_https_errors=True, bypass_csp=True) as context:
        yield context.new_page()


@pytest.fixture
def program() -> Iterator[tuple[str, list[str]]]:
    """The page of a program that people come back to: its address, and the queries that it was called with."""
    heard: list[str] = []

    class Back(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/back"):
                heard.append(urlsplit(self.path).query)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<h1>Welcome back</h1>")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Back) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_address[1]}/back?session=7", heard
        serving.shutdown()
        thread.join()


def test_who_agrees_reads_a_code_off_the_page(
    box: Sandbox, page: Page, steps: OAuthFlow, staff: int
) -> None:
    asked = steps.request_token()
    page.goto(asked.authorization_url)
    expect(page.locator("main")).to_contain_text(ACCOUNT)
    page.get_by_label(f"staff/{staff}").check()
    page.get_by_role("button", name="Allow").click()
    code = page.locator("#verifier").inner_text()
    auth = steps.access_token(asked, code)
    with FreshBooks(ACCOUNT, auth=auth, url=box.address(ACCOUNT), ca=box.ca) as fb:
        assert fb.staff.current().staff_id == staff  # the program acts as who agreed
        with pytest.raises(PermissionDeniedError):
            fb.system.current()
    page.goto(asked.authorization_url)
    expect(page.locator("h1")).to_have_text("Nothing to agree to")


def test_the_browser_comes_back_to_the_program(
    box: Sandbox, page: Page, steps: OAuthFlow, program: tuple[str, list[str]]
) -> None:
    address, heard = program
    asked = steps.request_token(address)
    page.goto(asked.authorization_url)
    page.get_by_role("button", name="Allow").click()
    expect(page.locator("h1")).to_have_text("Welcome back")
    told = dict(parse_qsl(heard[0]))
    assert (told["session"], told["oauth_token"]) == ("7", asked.token)
    auth = steps.access_token(asked, told["oauth_verifier"])
    with FreshBooks(ACCOUNT, auth=auth, url=box.address(ACCOUNT), ca=box.ca) as fb:
        assert fb.task.create(name="Hedges")


def test_who_denies_comes_back_too_and_the_program_gets_nothing(
    page: Page, steps: OAuthFlow, program: tuple[str, list[str]]
) -> None:
    address, heard = program
    asked = steps.request_token(address)
    page.goto(asked.authorization_url)
    page.get_by_role("button", name="Deny").click()
    expect(page.locator("h1")).to_have_text("Welcome back")
    assert dict(parse_qsl(heard[0]))["oauth_problem"] == "user_refused"
    with pytest.raises(PermissionDeniedError):
        steps.access_token(asked, "guessed")


def test_everybody_can_read_the_page(page: Page, steps: OAuthFlow) -> None:
    asked = steps.request_token()
    looks: list[tuple[Literal["light", "dark"], int]] = [("light", 1280), ("dark", 390)]
    for scheme, width in looks:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(asked.authorization_url)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if browser_page.AXE.is_file():
            assert browser_page.serious(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Allow")).to_be_focused()
