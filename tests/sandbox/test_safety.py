"""What requests and settings must not be able to do: reach the control interface, stall the server, or cause an error 500."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import Any

import pytest
import requests

from freshbooks_classic import FreshBooks
from xmlwright.sandbox import Sandbox, SandboxError
from xmlwright.sandbox.control import Control

INFO = "/__sandbox__/info"


@pytest.fixture
def own(box: Sandbox) -> Iterator[Sandbox]:
    with Sandbox(box.described, http=True, clock=datetime(2010, 1, 5, 12)) as running:
        yield running


@pytest.fixture
def client(own: Sandbox) -> Iterator[FreshBooks]:
    with FreshBooks("sample", token=own.token, url=own.url) as made:
        yield made


def get(box: Sandbox, path: str = INFO, **headers: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return session.get(box.base_url + path, headers=named, timeout=60)


def call(box: Sandbox, body: str, **headers: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        content = body.encode("utf-8", "surrogatepass")
        return session.post(
            box.url, data=content, auth=(box.token, "X"), headers=headers, timeout=60
        )


# The control interface


def test_control_needs_the_key_or_a_page_of_the_sandbox(own: Sandbox) -> None:
    assert get(own).status_code == 401
    assert get(own, X_Sandbox_Key="wrong").status_code == 401
    assert get(own, X_Sandbox_Key=own.key).json()["accounts"]["sample"]
    assert get(own, Sec_Fetch_Site="same-origin").status_code == 200
    assert get(own, Origin=own.base_url).status_code == 200
    assert get(own, "/__sandbox__/health").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:9"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Host": "[::1].evil"},
        {"Host": "localhost:80@evil"},
        {"Host": "sample.evil.com", "Origin": "http://sample.evil.com"},
    ],
)
def test_foreign_pages_cannot_read_the_control_interface(
    own: Sandbox, headers: dict[str, str]
) -> None:
    response = get(own, **headers)
    assert response.status_code in (401, 403)
    assert own.token not in response.text


def test_a_page_from_disk_can_use_the_key(own: Sandbox) -> None:
    assert get(own, Origin="null", X_Sandbox_Key=own.key).status_code == 200


def test_a_rebound_host_name_cannot_call_the_api(own: Sandbox) -> None:
    assert call(own, "<request/>", Host="sample.evil.com").status_code == 421


def test_tokens_are_random_without_a_seed(box: Sandbox) -> None:
    tokens = set()
    for _ in range(2):
        with Sandbox(box.described, seed=None) as running:
            tokens.add(running.token)
    assert len(tokens) == 2


def test_a_missing_token_gets_a_challenge(own: Sandbox) -> None:
    with requests.Session() as session:
        session.trust_env = False
        response = session.post(own.url, data="<request method='task.list'/>", timeout=60)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == f'Basic realm="{own.api.title}"'


# Odd requests


@pytest.mark.parametrize(
    "path",
    ["/__sandbox__/ui/", "/__sandbox__/ui/calls/\u00b2", "/__sandbox__/ui/calls/" + "9" * 5000],
)
def test_odd_addresses_of_the_inspector_are_not_found(own: Sandbox, path: str) -> None:
    assert get(own, path, X_Sandbox_Key=own.key).status_code == 404


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/related; boundary*=x; boundary*0=y",
        "multipart/related; boundary=x",
    ],
)
def test_odd_multipart_bodies_are_refused(own: Sandbox, kind: str) -> None:
    part = "Content-ID: <a>\r\nContent-Disposition: x; filename*=utf-7''%2B2AA-\r\n\r\nx"
    response = call(own, f"--x\r\n{part}\r\n--x--\r\n", **{"Content-Type": kind})
    assert response.status_code < 500
    assert "fail" in response.text


def test_names_of_snapshots_are_text(own: Sandbox) -> None:
    response = requests.post(
        f"{own.base_url}/__sandbox__/snapshot",
        data='{"name": "\\ud800"}',
        headers={"X-Sandbox-Key": own.key},
        timeout=60,
    )
    assert response.status_code == 400
    assert "lone surrogate" in response.json()["error"]


@pytest.mark.parametrize("digits", [26, 27, 28, 29, 30])
def test_long_amounts_are_computed_exactly(client: FreshBooks, digits: int) -> None:
    person = client.client.create(email="ann@yard.example")
    number = client.invoice.create(
        client_id=person,
        lines=[{"name": "Yard", "unit_cost": "1" * digits, "quantity": "1" * 3}],
    )
    assert client.invoice.get(number).amount == int("1" * digits) * 111


def test_lists_of_a_request_have_a_limit(client: FreshBooks) -> None:
    person = client.client.create(email="ann@yard.example")
    with pytest.raises(Exception, match="line"):
        client.invoice.create(client_id=person, lines=[{"name": "Yard"} for _ in range(1001)])


def test_a_text_of_many_lines_fits_into_a_pdf(client: FreshBooks) -> None:
    person = client.client.create(email="ann@yard.example")
    number = client.invoice.create(
        client_id=person, lines=[{"name": "Yard", "description": "\n".join("ab" * 100)}]
    )
    assert client.invoice.get_pdf(number).content.startswith(b"%PDF")


def test_a_fault_that_no_method_matches_is_an_error(own: Sandbox) -> None:
    with pytest.raises(
        SandboxError, match=r"no method matches 'tsk.list'; did you mean 'task.list'"
    ):
        own.control.add_fault("status=503; method=tsk.list")


def test_the_journal_is_redacted_while_other_calls_are_handled(
    own: Sandbox, client: FreshBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.task.create(name="Hedges")
    show, began, finish = Control.shown_call, threading.Event(), threading.Event()

    def wait(control: Control, entry: Any) -> dict[str, Any]:
        began.set()
        assert finish.wait(30), "no other call was handled"
        return show(control, entry)

    monkeypatch.setattr(Control, "shown_call", wait)
    with ThreadPoolExecutor() as pool:
        journal = pool.submit(get, own, "/__sandbox__/requests", X_Sandbox_Key=own.key)
        assert began.wait(30)
        try:
            assert client.task.list().total == 1
        finally:
            finish.set()
        assert journal.result(30).json()["requests"][0]["method"] == "task.create"


# The clock


def recurring(client: FreshBooks, frequency: Any) -> None:
    person = client.client.create(email="ann@yard.example")
    client.recurring.create(
        client_id=person, frequency=frequency, date=date(2010, 1, 6), lines=[{"name": "Yard"}]
    )


def test_everything_due_in_a_clock_step_happens_at_its_own_time(
    own: Sandbox, client: FreshBooks
) -> None:
    recurring(client, "weekly")
    own.control.advance(days=15)
    dates = sorted(str(invoice.date)[:10] for invoice in client.invoice.list())
    assert dates == ["2010-01-06", "2010-01-13", "2010-01-20"]


def test_repeated_deliveries_are_attempted_at_their_own_times(
    own: Sandbox, client: FreshBooks
) -> None:
    client.callback.create(event="task.create", uri="http://127.0.0.1:9/")
    own.control.settle()
    callbacks: Any = own.control.callbacks("sample")["deliveries"]
    assert [len(one["attempts"]) for one in callbacks] == [1]
    own.control.advance(hours=3)
    attempts = own.control.callbacks("sample")["deliveries"][0]["attempts"]
    assert [one["at"][11:19] for one in attempts] == [
        "12:00:00", "12:01:00", "12:03:00", "12:07:00", "12:15:00", "12:31:00",
    ]  # fmt: skip


def test_a_step_of_centuries_ends_and_other_calls_are_handled(
    own: Sandbox, client: FreshBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xmlwright.sandbox.control._LONGEST_STEP", 2.0)
    recurring(client, "monthly")
    with pytest.raises(SandboxError, match=r"the clock stopped at .* set the clock again"):
        own.control.set_clock("8999-12-30")
    assert client.task.list().total == 0
