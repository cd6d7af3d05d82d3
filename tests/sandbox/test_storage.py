"""State in a file: what was acknowledged is there after the next start, whole, and no other file is touched."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from freshbooks_classic import FreshBooks
from xmlwright.sandbox import Sandbox, SandboxError
from xmlwright.sandbox.options import StorageError


def client_of(box: Sandbox, account: str = "sample") -> FreshBooks:
    return FreshBooks(account, token=box.owner_token(account), url=box.address(account), ca=box.ca)


def test_everything_is_there_after_the_next_start(box: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Sandbox(box.described, database=path) as first, client_of(first) as client:
        person = client.client.create(email="ann@yard.example")
        number = client.invoice.create(
            client_id=person, lines=[{"name": "Yard", "unit_cost": "10.05", "quantity": 3}]
        )
        staff = client.staff.create(
            first_name="Bo", email="bo@yard.example", username="bo", password="hedge-and-lawn"
        )
        client.task.create(name="gone")
        client.task.delete(1)
        first.open("third", {"task": [{"task_id": 9, "name": "Hedges"}]})
        first.control.renew("sample", "admin")
        tokens, state = first.tokens("sample"), first.control.state("sample")
        before = client_of(first).invoice.get(number)
    with Sandbox(box.described, database=path) as second, client_of(second) as client:
        assert second.tokens("sample") == tokens
        assert f"staff/{staff}" in tokens
        assert second.control.state("sample") == state
        assert client.invoice.get(number) == before
        assert client.task.create(name="next") > 1  # ids and numbers go on
        assert client.invoice.get(client.invoice.create(client_id=person)).number == "0000002"
        with client_of(second, "third") as third:
            assert third.task.get(9).name == "Hedges"
        second.control.reset("third")
        second.close("third")
    with Sandbox(box.described, database=path) as third:
        assert "third" not in third.control.info()["accounts"]


def test_what_was_restored_and_reset_is_what_is_kept(box: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Sandbox(box.described, database=path, accounts=("one", "two")) as first:
        with client_of(first, "one") as one, client_of(first, "two") as two:
            one.task.create(name="before")
            name = first.control.snapshot()
            one.task.create(name="after")
            two.task.create(name="after")
            first.control.restore(name)
            two.task.create(name="last")
            first.control.reset("two")
    with Sandbox(box.described, database=path, accounts=("one", "two")) as second:
        assert [task["name"] for task in second.control.state("one")["task"]] == ["before"]
        assert second.control.state("two")["task"] == []


def test_granted_tokens_are_kept(box: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Sandbox(box.described, database=path) as first:
        oauth = first.parts.oauth
        assert oauth is not None

        def grant() -> tuple[str, str]:
            made = oauth._new("sample", "sandbox", "access")
            made.kind, made.id = "admin", 1
            oauth.changed()
            return made.token, made.secret

        token, _ = first.run(grant)
    with Sandbox(box.described, database=path) as second:
        assert second.parts.oauth is not None
        assert second.parts.oauth.grants[token].stage == "access"


def test_two_sandboxes_do_not_write_into_one_file(box: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Sandbox(box.described, database=path):
        with pytest.raises(SandboxError, match="another sandbox uses it"):
            Sandbox(box.described, database=path).start()


def test_a_file_of_something_else_is_left_as_it_is(box: Sandbox, tmp_path: Path) -> None:
    text, other, newer = tmp_path / "text.db", tmp_path / "other.db", tmp_path / "newer.db"
    text.write_text("not a database, however long it is and however hard one looks at it\n" * 40)
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with Sandbox(box.described, database=newer):
        pass
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    for path, told in (
        (text, "not a database"),
        (other, "no file of a sandbox"),
        (newer, "another version"),
    ):
        content = path.read_bytes()
        with pytest.raises(SandboxError, match=told):
            Sandbox(box.described, database=path).start()
        assert path.read_bytes() == content
    with pytest.raises(SandboxError, match="cannot be opened"):
        Sandbox(box.described, database=tmp_path / "nowhere" / "x.db").start()


def health(database: Any) -> object:
    """Return what is wrong with a database, if anything is."""
    return database.problem


def test_a_full_disk_is_an_error_that_passes(box: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Sandbox(box.described, database=path) as own, client_of(own) as client:
        database = own.parts.database
        assert database is not None
        made = [client.task.create(name="stored")]
        own.run(lambda: database._connection.execute("PRAGMA max_page_count = 1"))

        def fill() -> None:
            while len(made) < 200:
                made.append(client.task.create(name="more", description="long " * 400))

        with pytest.raises(Exception, match="503"):
            fill()
        assert [task.task_id for task in client.task.list()][::-1] == made
        assert health(database) is not None
        with pytest.raises(Exception, match="503"):
            client.task.create(name="large", description="long " * 4000)
        own.run(lambda: database._connection.execute("PRAGMA max_page_count = 100000"))
        made.append(client.task.create(name="large", description="long " * 4000))
        assert health(database) is None
    with Sandbox(box.described, database=path) as again, client_of(again) as client:
        assert sorted(task.task_id for task in client.task.list()) == made


def test_an_unexpected_error_of_the_writer_fails_the_call_and_no_other(
    box: Sandbox, tmp_path: Path
) -> None:
    with Sandbox(box.described, database=tmp_path / "state.db") as own, client_of(own) as client:
        database = own.parts.database
        assert database is not None

        async def write() -> None:
            await database.keep_fact("name", "\ud800")

        with pytest.raises(StorageError, match="cannot write"):
            own.wait_for(write())
        client.task.create(name="next")
        assert client.task.list().total == 1


def test_a_renewed_token_is_stored_before_it_is_returned(box: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Sandbox(box.described, database=path) as own:
        token = own.control.renew("sample", "admin")
        rows = own.run(lambda: own.parts.database.fact("renewed"))  # type: ignore[union-attr]
        assert "sample/admin" in (rows or "")
        own.control.reset("sample")
        original = own.token
        assert original != token
    with Sandbox(box.described, database=path) as again:
        assert again.token == original


def test_tokens_of_a_database_stay_valid_without_a_seed(box: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    tokens = set()
    for _ in range(2):
        with Sandbox(box.described, database=path, seed=None) as own:
            tokens.add(own.token)
    assert len(tokens) == 1
    with Sandbox(box.described, seed=None) as other:
        assert other.token not in tokens


@pytest.mark.parametrize(
    "statement",
    ["UPDATE records SET record = '[1'", "UPDATE facts SET value = '{' WHERE name = 'oauth'"],
)
def test_a_damaged_database_is_an_error_with_a_remedy(
    box: Sandbox, tmp_path: Path, statement: str
) -> None:
    path = tmp_path / "state.db"
    with Sandbox(box.described, database=path) as own:
        own.parts.oauth.changed()  # type: ignore[union-attr]
        own.control.renew("sample", "admin")
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()
    with pytest.raises(SandboxError, match="is damaged"), Sandbox(box.described, database=path):
        pass


def test_only_the_database_is_written(box: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    with (
        Sandbox(box.described, database=tmp_path / "state.db", folder=folder) as own,
        client_of(own) as client,
    ):
        client.task.create(name="Hedges")
    assert {path.name for path in tmp_path.iterdir()} == {"state.db", "certificates"}
    assert {path.name for path in folder.iterdir()} == {"ca.pem", "authority.pem"}
    assert (folder / "authority.pem").stat().st_mode & 0o777 == 0o600
    with Sandbox(
        box.described, folder=folder
    ) as again:  # clients that trust the first go on doing so
        assert again.ca == str(folder / "ca.pem")
        with client_of(again) as client:
            assert client.task.list().total == 0
