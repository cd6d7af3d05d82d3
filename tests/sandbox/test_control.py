"""The control prefix: what a test or a person can do to a sandbox, over HTTP and from the same process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests

from freshbooks_classic import FreshBooks
from xmlwright.sandbox import Sandbox, SandboxError
from xmlwright.sandbox.calls.expectations import RequestAssertionError


@pytest.fixture(scope="module")
def server(box: Sandbox) -> Iterator[Sandbox]:
    with Sandbox(box.described, accounts=("sample", "other"), pace="frozen") as own:
        yield own


@pytest.fixture
def own(server: Sandbox) -> Sandbox:
    server.control.reset()
    return server


@pytest.fixture
def client(own: Sandbox) -> Iterator[FreshBooks]:
    with client_of(own) as made:
        yield made


def client_of(box: Sandbox, account: str = "sample") -> FreshBooks:
    return FreshBooks(account, token=box.owner_token(account), url=box.address(account), ca=box.ca)


class Prefix:
    """The control prefix over HTTP."""

    def __init__(self, box: Sandbox) -> None:
        self.base = f"{box.base_url}/__sandbox__"
        self.session = requests.Session()
        self.session.verify = box.ca
        self.session.trust_env = False
        self.session.headers["X-Sandbox-Key"] = box.key

    def __call__(self, verb: str, path: str, status: int = 200, **values: Any) -> Any:
        answer = self.session.request(verb, self.base + path, json=values or None, timeout=60)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def control(own: Sandbox) -> Iterator[Prefix]:
    made = Prefix(own)
    yield made
    made.session.close()


def test_health_and_info_tell_what_there_is(own: Sandbox, control: Prefix) -> None:
    assert control("GET", "/health")["status"] == "ok"
    info = control("GET", "/info")
    assert info["accounts"]["sample"]["url"] == own.address("sample")
    assert info["accounts"]["sample"]["tokens"] == own.tokens("sample")
    assert info["seed"] == 0


def test_every_action_that_help_names_is_there(control: Prefix) -> None:
    actions = control("GET", "/help")["actions"]
    assert len(actions) > 25
    assert all(one["does"] for one in actions)


def test_a_path_or_argument_that_there_is_not_gets_the_nearest(control: Prefix) -> None:
    assert "did you mean /__sandbox__/clock?" in control("GET", "/clok", 404)["error"]
    assert "did you mean 'account'?" in control("POST", "/reset", 400, acount="sample")["error"]
    assert control("PUT", "/health", 405)["error"]
    answer = control.session.post(f"{control.base}/reset", data="{nonsense", timeout=60)
    assert answer.status_code == 400
    assert answer.json() == {"error": "the body is no JSON"}


def test_reset_of_one_account_leaves_the_others(
    own: Sandbox, client: FreshBooks, control: Prefix
) -> None:
    client.task.create(name="Hedges")
    with client_of(own, "other") as other:
        other.task.create(name="Lawns")
        control("POST", "/reset", account="sample")
        assert (client.task.list().total, other.task.list().total) == (0, 1)
    control("POST", "/reset")
    assert own.control.state("other")["task"] == []


def test_ids_begin_again_after_a_reset(own: Sandbox, client: FreshBooks) -> None:
    first = [client.task.create(name=name) for name in ("a", "b")]
    own.control.reset()
    assert [client.task.create(name=name) for name in ("a", "b")] == first


def test_a_snapshot_is_gone_back_to_as_often_as_wanted(
    own: Sandbox, client: FreshBooks, control: Prefix
) -> None:
    client.task.create(name="Hedges")
    name = control("POST", "/snapshot", account="sample")["snapshot"]
    for _ in range(2):
        client.task.create(name="Lawns")
        control("POST", "/restore", snapshot=name)
        assert [task.name for task in client.task.list()] == ["Hedges"]
    assert [one["name"] for one in control("GET", "/snapshots")["snapshots"]] == [name]
    assert (
        "there is no snapshot 'nope'" in control("POST", "/restore", 400, snapshot="nope")["error"]
    )


def test_accounts_are_made_and_removed(own: Sandbox, control: Prefix) -> None:
    made = control(
        "POST", "/accounts", name="third", load={"task": [{"task_id": 7, "name": "Hedges"}]}
    )
    with FreshBooks("third", token=made["token"], url=made["url"], ca=own.ca) as client:
        assert client.task.get(7).name == "Hedges"
    assert (
        "is an account 'third' already" in control("POST", "/accounts", 400, name="third")["error"]
    )
    assert "cannot be an account" in control("POST", "/accounts", 400, name="Not One")["error"]
    control("DELETE", "/accounts/third")
    assert "there is no account 'third'" in control("GET", "/accounts/third", 400)["error"]
    answer = requests.post(
        made["url"], data="<request/>", auth=(made["token"], "X"), verify=own.ca, timeout=60
    )
    assert "10030" in answer.text


def test_records_are_seeded_and_seen(own: Sandbox, client: FreshBooks, control: Prefix) -> None:
    control("POST", "/seed", records={"task": [{"task_id": 70, "name": "Hedges", "rate": "12.50"}]})
    assert client.task.get(70).rate is not None
    (seen,) = control("GET", "/state/sample/task")["records"]
    assert (seen["task_id"], seen["name"], seen["rate"]) == (70, "Hedges", "12.50")
    assert control("GET", "/state/sample")["task"] == 1
    assert "did you mean 'task'" in control("GET", "/state/sample/tusk", 404)["error"]
    assert control("POST", "/seed", 400, records={"tusk": []})["error"]
    assert control("POST", "/seed", 400, records=[1])["error"]


def test_the_state_shows_nothing_sensitive(own: Sandbox, client: FreshBooks) -> None:
    client.client.create(email="ann@yard.example", password="hunter22secret")
    client.staff.create(
        first_name="Bo", email="bo@yard.example", username="bo", password="hunter33secret"
    )
    assert "hunter" not in repr(own.control.state("sample"))
    (shown,) = own.control.requests(method="client.create")
    assert "hunter" not in repr(shown)
    assert shown["arguments"] == {"email": "ann@yard.example", "password": "[redacted]"}
    assert own.token not in repr(shown)


def test_the_clock_is_set_and_advanced(own: Sandbox, client: FreshBooks, control: Prefix) -> None:
    assert control("PUT", "/clock", now="2026-02-28T23:59:00")["now"] == "2026-02-28T23:59:00-05:00"
    number = client.task.create(name="Hedges")
    assert client.task.get(number).name == "Hedges"
    assert control("POST", "/clock/advance", minutes=2)["now"] == "2026-03-01T00:01:00-05:00"
    assert control("POST", "/clock/advance", days=7, hours=1)["now"].startswith("2026-03-08T01:01")
    assert own.clock.now() == datetime(2026, 3, 8, 6, 1, tzinfo=timezone.utc)
    control("PUT", "/clock", pace="step")
    client.task.list().total  # noqa: B018 - a call
    assert own.clock.now() - datetime(2026, 3, 8, 6, 1, tzinfo=timezone.utc) == timedelta(seconds=1)


@pytest.mark.parametrize(
    ("verb", "path", "values", "told"),
    [
        ("PUT", "/clock", {"now": "yesterday"}, "is no time"),
        ("PUT", "/clock", {"now": "0001-01-01"}, "from 1971 to 9000"),
        ("PUT", "/clock", {"pace": "fast"}, "not one of real, frozen, step"),
        ("POST", "/clock/advance", {"days": -1}, "forward"),
        ("POST", "/clock/advance", {"days": 1e12}, "beyond the calendar"),
        ("POST", "/clock/advance", {"days": 10**400}, "days is a number"),
        ("POST", "/clock/advance", {"days": "many"}, "is a number"),
        ("POST", "/clock/advance", {"moons": 1}, "no argument 'moons'"),
    ],
)
def test_times_that_make_no_sense_are_told(
    control: Prefix, verb: str, path: str, values: dict[str, Any], told: str
) -> None:
    assert told in control(verb, path, 400, **values)["error"]


def test_requests_are_looked_up(own: Sandbox, client: FreshBooks, control: Prefix) -> None:
    client.task.create(name="Hedges")
    client.task.list().total  # noqa: B018 - a call
    with pytest.raises(Exception, match="not found"):
        client.task.get(99)
    seen = control("GET", "/requests?method=task.*")["requests"]
    assert [one["method"] for one in seen] == ["task.create", "task.list", "task.get"]
    assert [one["outcome"] for one in seen] == ["ok", "ok", "50010"]
    assert [one["id"] for one in control("GET", "/requests?ok=false")["requests"]] == [
        seen[2]["id"]
    ]
    assert len(control("GET", f"/requests?since={seen[0]['id']}")["requests"]) == 2
    assert control("GET", f"/requests/{seen[0]['id']}")["arguments"] == {"name": "Hedges"}
    assert control("GET", "/requests/123456", 404)["error"]
    assert "cannot be looked up by 'color'" in control("GET", "/requests?color=red", 400)["error"]
    assert control("GET", "/coverage")["called"] == 3
    control("DELETE", "/requests")
    assert control("GET", "/requests")["requests"] == []


def test_calls_are_asserted_and_the_nearest_is_shown(
    own: Sandbox, client: FreshBooks, control: Prefix
) -> None:
    client.invoice.create(
        client_id=client.client.create(email="a@b.example"),
        lines=[{"name": "Yard", "unit_cost": "10.00", "quantity": 4}],
    )
    wanted = {"lines": [{"unit_cost": 10, "quantity": "4"}]}
    assert len(own.control.assert_requests("invoice.create", wanted)) == 1
    assert (
        control("POST", "/requests/assert", method="invoice.*", arguments=wanted, count=1)[
            "matched"
        ]
        == 1
    )
    own.control.assert_requests("invoice.delete", count=0)
    told = control(
        "POST",
        "/requests/assert",
        409,
        method="invoice.create",
        arguments={"lines": [{"quantity": 5}]},
    )["error"]
    assert "lines[0].quantity: '4', not 5" in told
    with pytest.raises(
        RequestAssertionError, match=r"2 calls of client\.create were wanted, and 1 were made"
    ):
        own.control.assert_requests("client.create", count=2)
    with pytest.raises(
        RequestAssertionError, match=r"what was called is: client\.create, invoice\.create"
    ):
        own.control.assert_requests("estimate.create")


def test_what_would_be_sent_is_in_the_outbox(
    own: Sandbox, client: FreshBooks, control: Prefix
) -> None:
    number = client.invoice.create(client_id=client.client.create(email="ann@yard.example"))
    client.invoice.send_by_email(number)
    (letter,) = control("GET", "/outbox?kind=email")["outbox"]
    assert letter["to"] == ["ann@yard.example"]
    assert letter["method"] == "invoice.sendByEmail"
    if letter["attachments"]:
        file = control.session.get(
            f"{control.base}/outbox/{letter['id']}/attachments/0", timeout=60
        )
        assert file.content == own.control.attachment(letter["id"])
    assert control("GET", f"/outbox/{letter['id']}/attachments/9", 404)["error"]
    control("DELETE", "/outbox")
    assert own.control.outbox() == []


def test_a_token_is_replaced_by_hand(own: Sandbox, control: Prefix) -> None:
    old = own.token
    new = control("POST", "/accounts/sample/tokens", person="admin")["token"]
    assert new != old
    assert own.token == new
    for token, status in ((old, 401), (new, 200)):
        answer = requests.post(
            own.url,
            data='<request method="task.list"/>',
            auth=(token, "X"),
            verify=own.ca,
            timeout=60,
        )
        assert answer.status_code == status
    assert (
        "no 'nobody' in sample"
        in control("POST", "/accounts/sample/tokens", 400, person="nobody")["error"]
    )


def test_one_seed_makes_everything_repeatable(own: Sandbox) -> None:
    def story(seed: int) -> list[str]:
        with Sandbox(own.described, seed=seed, pace="step") as box, client_of(box) as client:
            box.control.add_fault("extra; probability=50%")
            client.client.create(email="a@b.example", password="secret-word")
            client.client.list().total  # noqa: B018 - a call
            return [
                box.token,
                *(f"{one['at']} {one['fault']} {one['answer']}" for one in box.control.requests()),
            ]

    assert story(3) == story(3)
    assert story(3)[0] != story(4)[0]


def test_a_sandbox_that_is_not_running_says_so(own: Sandbox) -> None:
    stopped = Sandbox(own.described)
    with pytest.raises(SandboxError, match="not running"):
        stopped.tokens()
    with stopped:
        assert stopped.token
    stopped.stop()
