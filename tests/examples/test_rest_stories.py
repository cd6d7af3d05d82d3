"""Stories of the examples with verbs and paths, told by their generated clients to the sandboxes of their descriptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from example_clients import ExampleClient

from xmlwright.sandbox.server_thread import Sandbox

Clients = Callable[[str], ExampleClient]
Connect = Callable[..., Any]


@pytest.fixture
def billing(
    example_client: Clients, sandbox_of: Callable[[str], Sandbox]
) -> tuple[Connect, Any, Sandbox]:
    generated, box = example_client("recurly"), sandbox_of("recurly")
    return lambda **options: generated.connected(box, "Recurly", **options), generated.package, box


def test_accounts_over_pages(billing: tuple[Connect, Any, Sandbox]) -> None:
    connect, package, _ = billing
    with pytest.raises(package.AuthenticationError) as refused:
        connect(api_key="wrong").account.list().first()
    assert refused.value.status == 401

    client = connect()
    codes = [f"account-{number}" for number in range(7)]
    for code in codes:
        assert client.account.create(account_code=code, email=None).account_code == code
    listed = client.account.list(per_page=2)
    assert [len(page) for page in listed.pages()] == [2, 2, 2, 1]
    assert sorted(account.account_code for account in listed) == codes
    assert client.account.count().total == 7

    assert client.account.update(codes[0], company_name="Moor & Söhne").company_name
    assert client.account.get(codes[0]).company_name == "Moor & Söhne"
    with pytest.raises(package.ConflictError):
        client.account.create(account_code=codes[0])
    with pytest.raises(package.NotFoundError) as absent:
        client.account.get("nowhere")
    assert (absent.value.code, absent.value.status) == ("not_found", 404)


def test_prices_by_currency(billing: tuple[Connect, Any, Sandbox]) -> None:
    connect, package, _ = billing
    client = connect()
    prices = {"EUR": 900, "USD": 1000}
    client.plan.create(plan_code="gold", name="Gold", unit_amount_in_cents=prices)
    assert client.plan.get("gold").unit_amount_in_cents == prices
    with pytest.raises(package.ValidationError) as refused:
        client.plan.create(plan_code="silver", name="")
    assert refused.value.field == "name"


def test_verbs_decide_what_is_repeated(billing: tuple[Connect, Any, Sandbox]) -> None:
    connect, package, box = billing
    client = connect()
    box.control.add_fault("lost; method=account.create; count=1")
    with pytest.raises(package.OutcomeUnknownError):
        client.account.create(account_code="moor")
    assert [account.account_code for account in client.account.list()] == ["moor"]
    calls: dict[str, Callable[[], Any]] = {
        "account.get": lambda: client.account.get("moor"),
        "account.update": lambda: client.account.update("moor", first_name="Ada"),
        "account.delete": lambda: client.account.delete("moor"),
    }
    for method, call in calls.items():
        box.control.clear_faults()
        box.control.add_fault(f"status=503; method={method}; count=1")
        call()


@pytest.fixture
def workspace(
    example_client: Clients, sandbox_of: Callable[[str], Sandbox]
) -> tuple[Connect, Any, Sandbox]:
    generated, box = example_client("tableau"), sandbox_of("tableau")
    given = {"server": "localhost", "token": "", "site_id": ""}
    return (
        lambda **options: generated.connected(box, "Tableau", **{**given, **options}),
        generated.package,
        box,
    )


def test_a_site_from_its_session_on(workspace: tuple[Connect, Any, Sandbox]) -> None:
    connect, package, _ = workspace
    with pytest.raises(package.AuthenticationError) as refused:
        connect(token_secret="wrong").project.list().first()
    assert refused.value.status == 401
    with pytest.raises(package.AuthenticationError):
        connect(token="wrong", site_id="north").project.list().first()

    client = connect()
    names = [f"project {number}" for number in range(7)]
    for name in names:
        assert client.project.create(name=name).name == name
    listed = client.project.list(page_size=3)
    assert [len(page) for page in listed.pages()] == [3, 3, 1]
    assert sorted(project.name for project in listed) == names

    project = next(iter(listed))
    assert client.project.update(project.id, description="a < b").description == "a < b"
    client.project.delete(project.id)
    assert len(list(client.project.list())) == 6
    with pytest.raises(package.NotFoundError) as absent:
        client.workbook.get("nowhere")
    assert absent.value.status == 404
    with pytest.raises(package.ArgumentError, match="site_role"):
        client.user.create(name="ada", site_role=None)
    with pytest.raises(package.ValidationError) as invalid:
        client.with_options(validate=False).project.create(name="")
    assert invalid.value.status == 400


def test_only_what_can_be_repeated_is_repeated_on_a_site(
    workspace: tuple[Connect, Any, Sandbox],
) -> None:
    connect, package, box = workspace
    client = connect()
    box.control.add_fault("lost; method=project.create; count=1")
    with pytest.raises(package.OutcomeUnknownError):
        client.project.create(name="moor")
    (project,) = client.project.list()
    calls: dict[str, Callable[[], Any]] = {
        "workbook.list": lambda: list(client.workbook.list()),
        "project.update": lambda: client.project.update(project.id, description="wet"),
        "project.delete": lambda: client.project.delete(project.id),
    }
    for method, call in calls.items():
        box.control.clear_faults()
        box.control.add_fault(f"status=503; method={method}; count=1")
        call()
    made = [call["method"] for call in box.control.requests()]
    assert [made.count(method) for method in ("project.create", *calls)] == [1, 2, 2, 2]
    assert list(client.project.list()) == []
