"""The first lines that the read-me shows, run as they are printed by a Python of their own, against a real HTTPS server.

Nothing in them is replaced. The account, the token, the address and whom to trust come from the environment or from a profile, as
the read-me says; one test leaves even the address alone, and brings its name to loopback by a proxy.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
from http_servers import CertificateAuthority, Got, Say, Server, serving
from loopback import Response, Seen
from loopback import serving as serving_loopback
from small_project import CHECKOUT

README = CHECKOUT / "README.md"
TOKEN = "c0ffee-t0ken-of-the-owner"
UNPAID = {1: [("0000012", "120.50"), ("INV-13", "0.99")], 2: [("14", "1000.00")]}
PRINTED = ["0000012 120.50", "INV-13 0.99", "14 1000.00"]


def blocks(path: Path) -> list[str]:
    """The Python blocks of a page, as they are printed."""
    return re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)


def page(body: bytes) -> bytes:
    """What the service answers to the request of the first lines."""
    root = ElementTree.fromstring(body)
    assert (root.tag, root.attrib) == ("request", {"method": "invoice.list"})
    assert root.findtext("status") == "unpaid"
    number = int(root.findtext("page") or 1)
    rows = "".join(
        f"<invoice><invoice_id>{number}{at}</invoice_id><number>{printed}</number><status>sent</status>"
        f"<amount_outstanding>{left}</amount_outstanding><lines/></invoice>"
        for at, (printed, left) in enumerate(UNPAID[number])
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<response xmlns="http://www.freshbooks.com/api/" status="ok">'
        f'<invoices page="{number}" per_page="2" pages="2" total="3">{rows}</invoices></response>'
    ).encode()


def service(got: Got) -> Say:
    """The service as far as the first lines go: it knows one token, and one list."""
    if got.headers.get("authorization") != basic(TOKEN):
        return Say(
            b'<response xmlns="http://www.freshbooks.com/api/" status="fail"><error>Authentication failed.</error>'
            b"<code>20010</code></response>",
            401,
        )
    return Say(page(got.body))


def basic(token: str) -> str:
    return "Basic " + base64.b64encode(f"{token}:X".encode()).decode()


@dataclass
class Start:
    """The first lines in a file of their own, and an environment that says nothing but what a test adds."""

    folder: Path
    lines: str

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "start.py").write_text(self.lines, encoding="utf-8")
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return subprocess.run(
            [sys.executable, "-W", "error", "start.py"],
            cwd=self.folder,
            env={
                **kept,
                "HOME": str(self.folder),
                "PYTHONPATH": str(CHECKOUT / "generated"),
                **environment,
            },
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )


@pytest.fixture
def start(tmp_path: Path) -> Start:
    if not README.exists():
        pytest.skip("there is no read-me beside the generator here")
    return Start(tmp_path, blocks(README)[0])


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority(tmp_path, "authority")


@pytest.fixture
def server(authority: CertificateAuthority) -> Iterator[Server]:
    with serving(service, context=authority.context()) as running:
        assert running.url.startswith("https://127.0.0.1:")
        yield running


def test_the_first_lines_are_five_and_the_whole_program(start: Start) -> None:
    lines = start.lines.strip("\n").splitlines()
    assert len([line for line in lines if line]) == 4
    assert len(lines) == 5
    assert lines[0] == "from freshbooks_classic import FreshBooks"
    assert TOKEN not in start.lines


def test_the_first_lines_print_all_unpaid_invoices(
    start: Start, server: Server, authority: CertificateAuthority
) -> None:
    done = start.run(
        FRESHBOOKS_ACCOUNT="sample",
        FRESHBOOKS_TOKEN=TOKEN,
        FRESHBOOKS_URL=server.url,
        FRESHBOOKS_CA=authority.bundle,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == PRINTED
    assert len(server.got) == 2
    assert len({got.port for got in server.got}) == 1, "one connection for all pages"


def test_the_first_lines_take_their_settings_from_a_profile(
    start: Start, server: Server, authority: CertificateAuthority
) -> None:
    folder = start.folder / ".config" / "freshbooks-classic"
    folder.mkdir(parents=True)
    (folder / "config.ini").write_text(
        f"[default]\naccount = sample\ntoken = {TOKEN}\nurl = {server.url}\nca = {authority.bundle}\n"
    )
    done = start.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == PRINTED


def test_the_first_lines_reach_the_account_by_its_own_name(
    start: Start, tmp_path: Path, authority: CertificateAuthority
) -> None:
    """Two settings are all that is needed: the name of the account leads to loopback by a proxy."""

    def answer(seen: Seen) -> Response:
        assert seen.headers["Authorization"] == basic(TOKEN)
        return Response(page(seen.body))

    tls = authority.context("sample.freshbooks.com")
    with serving_loopback(answer, tls, proxy=True) as server:
        done = start.run(
            FRESHBOOKS_ACCOUNT="sample",
            FRESHBOOKS_TOKEN=TOKEN,
            HTTPS_PROXY=f"http://127.0.0.1:{server.port}",
            REQUESTS_CA_BUNDLE=authority.bundle,
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == PRINTED
    assert {(seen.host, seen.line) for seen in server.seen} == {
        ("sample.freshbooks.com:443", "POST /api/2.1/xml-in")
    }


# What a beginner gets wrong: the last line says it, and never the token.


def test_the_first_lines_without_settings_say_what_to_set(start: Start) -> None:
    done = start.run()
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "ConfigurationError" in last
    assert "FRESHBOOKS_ACCOUNT" in last
    done = start.run(FRESHBOOKS_ACCOUNT="sample")
    assert "FRESHBOOKS_TOKEN" in done.stderr.splitlines()[-1]


def test_a_wrong_token_is_refused_without_being_shown(
    start: Start, server: Server, authority: CertificateAuthority
) -> None:
    wrong = "wr0ng-t0ken-of-somebody"
    done = start.run(
        FRESHBOOKS_ACCOUNT="sample",
        FRESHBOOKS_TOKEN=wrong,
        FRESHBOOKS_URL=server.url,
        FRESHBOOKS_CA=authority.bundle,
    )
    assert done.returncode == 1
    assert "AuthenticationError: invoice.list: Authentication failed." in done.stderr
    assert wrong not in done.stdout + done.stderr
    assert len(server.got) == 1, "a refusal is not repeated"


def test_a_server_that_nobody_vouches_for_gets_no_token(start: Start, server: Server) -> None:
    done = start.run(FRESHBOOKS_ACCOUNT="sample", FRESHBOOKS_TOKEN=TOKEN, FRESHBOOKS_URL=server.url)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "TlsError" in last
    assert "certificate" in last.lower()
    assert server.got == []
    assert TOKEN not in done.stderr


def test_plain_http_is_refused_away_from_this_machine(start: Start) -> None:
    done = start.run(
        FRESHBOOKS_ACCOUNT="sample",
        FRESHBOOKS_TOKEN=TOKEN,
        FRESHBOOKS_URL="http://sample.freshbooks.com/api/2.1/xml-in",
    )
    assert "HTTPS" in done.stderr.splitlines()[-1]
    assert TOKEN not in done.stderr
