"""Every case of the description holds against the running sandbox, over HTTP.

A case is tried in an account as it was at first. What it takes for granted is put there first: the records of all cases, and for a case that
reads, the records that it reads. A case that shows only a failure is provoked by what its code says. Every answer is read strictly
and may hold nothing that is not described.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

import pytest
import requests
from lxml import etree

from freshbooks_classic import ApiError, wire
from freshbooks_classic.runtime.record import Raw
from freshbooks_classic.runtime.request import Page
from xmlwright.sandbox.server_thread import Sandbox
from xmlwright.sandbox.storage.replay import plain

from .case_setup import (
    ABSENT,
    RESOURCES,
    Account,
    api,
    cases,
    differences,
    identity,
    method,
    module,
    references,
)

Case = dict[str, Any]


class Trial:
    """One case in one account."""

    def __init__(self, account: Account, resource: str, case: Case) -> None:
        self.account = account
        self.resource = resource
        self.case = case
        self.method = method(f"{resource}.{case['call']}")
        self.request: str | None = case.get("request")
        self.identity = identity(resource)

    def run(self) -> Iterator[str]:
        """What does not hold."""
        self.premises()
        fails = self.case.get("fails")
        if fails is not None:
            yield from self.refused(fails)
            return
        document = self.request or self.asking()
        try:
            value = self.account.send(self.method.name, document)
        except ApiError as failure:
            yield f"refused: {failure.code} {failure.message}"
            return
        if self.case.get("response") is not None:
            yield from self.compared(value)
        yield from self.kept(value)

    # ---- what the case takes for granted

    def premises(self) -> None:
        arguments = self.arguments()
        result, fails = self.case.get("result"), self.case.get("fails")
        if self.method.kind == "create" and not fails and self.resource != "staff":
            self.account.seed({self.resource: []}, replace=True)
        for resource, number in self.referred(arguments):
            told = fails["message"] if fails else ""
            if not _about(resource, told):
                self.account.there(resource, number)
            elif "deleted" in told:
                self.account.gone(resource, number)
        if self.identity is None:
            return
        if self.reads_record() and isinstance(result, dict):
            self.account.seed({self.resource: [result]})
        elif self.method.response.value in ("page", "list") and result is not None:
            items = result if isinstance(result, list) else result["items"]
            total = len(items) if isinstance(result, list) else result["total"]
            if all(isinstance(item, dict) for item in items):
                items = [{**self.found_by(arguments), **item} for item in items]
                rows = [*items, *self.more(items, total)]
                self.account.seed({self.resource: rows}, replace=True)
        if arguments.get("autobill") and "base currency" not in (fails or {}).get("message", ""):
            self.account.bills_automatically(arguments)
        if (self.resource, self.case["name"]) in PREMISES:
            PREMISES[self.resource, self.case["name"]](self)

    def reads_record(self) -> bool:
        """Whether the answer is the record of the resource, and nothing is written."""
        main, ref = module(self.resource).records[0], self.method.response.record
        written = self.method.kind in ("create", "update")
        one = self.method.response.value == "record"
        return one and ref is not None and ref.name == main.name and not written

    def referred(self, arguments: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """Every (resource, id) that has to be there, or not, for the call to mean something."""
        for resource, number in references(self.method.arguments, arguments):
            if self.method.kind != "create" or (resource, number) != (
                self.resource,
                arguments.get(self.identity or ""),
            ):
                yield resource, number
        if self.identity in arguments and self.method.kind != "create":
            yield self.resource, arguments[self.identity]

    def found_by(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """What a record must have for a list to find it."""
        fields = {
            item.python for item in module(self.resource).records[0].fields if not item.record
        }
        found: dict[str, Any] = {}
        for name, value in arguments.items():
            base = name.removesuffix("_from").removesuffix("_to")
            if base in fields and not isinstance(value, (list, Raw)):
                found.setdefault(base, plain(value))
        return found

    def more(self, items: list[dict[str, Any]], total: int) -> list[dict[str, Any]]:
        """As many further records as the case counts beyond those that it shows; a list counts active ones."""
        assert self.identity is not None
        held = module(self.resource).records[0].field(self.identity)
        assert held is not None
        asked = self.request is not None
        there = sum(asked or item.get("folder", "active") == "active" for item in items)
        like = items[0] if items else {}
        return [
            {**like, self.identity: f"x{number}" if held.read == "text" else number}
            for number in range(500_000, 500_000 + total - there)
        ]

    def arguments(self) -> dict[str, Any]:
        if self.request is None:
            return {}
        return dict(wire.parse_request(self.request)[1])

    # ---- requests that the case does not show

    def asking(self) -> str:
        """A request whose answer the case could be."""
        result = self.case.get("result")
        given: dict[str, Any] = {}
        if isinstance(result, dict) and "items" in result:
            paging = api().paging
            assert paging is not None
            given = {paging.position[0]: result["position"], paging.size: result["size"]}
        elif isinstance(result, dict):
            for item in self.method.arguments:
                if item.python in result:
                    given[item.python] = result[item.python]
        return wire.METHODS[self.method.name].request(given).xml.decode()

    def example(self) -> str:
        """A request of this method that works, from another case."""
        for case in cases(self.resource):
            if case["call"] == self.case["call"] and case.get("request") and not case.get("fails"):
                return str(case["request"])
        return wire.METHODS[self.method.name].request({}).xml.decode()

    # ---- failures

    def refused(self, fails: dict[str, str]) -> Iterator[str]:
        try:
            self.provoke(fails)
        except ApiError as failure:
            told = {"code": failure.code, "message": failure.message, "field": failure.field}
            wanted = {"code": None, **fails}
            for name, text in wanted.items():
                if told[name] != text:
                    yield f"the {name} is {told[name]!r}, not {text!r}"
        else:
            yield f"accepted, and should be refused with {fails}"

    def provoke(self, fails: dict[str, str]) -> None:
        name, code = self.method.name, fails.get("code")
        kind = next((item.kind for item in api().errors if item.code == code), None)
        document = self.request or self.example()
        send = self.account.send
        quoted = re.search(r"'(\w+)'", fails["message"])
        where = quoted[1] if quoted else ""
        special = SPECIAL.get((self.resource, self.case["name"]))
        if special is not None:
            document = special(self, document)
            if self.request is None:
                self.grant(document)
            send(name, document)
        elif self.request is not None and kind != "permission":
            send(name, document)
        elif kind == "authentication":
            send(name, document, token="0123456789abcdef0123456789abcdef")
        elif kind == "account":
            send(name, document, address=self.account.box.address("nobody-is-called-so"))
        elif kind == "permission":
            send(name, document, token=self.outsider())
        elif "XML" in fails["message"]:
            read_failure(name, self.account.post(document[: len(document) // 2]))
        elif kind == "not_found":
            send(name, with_text(document, where, str(ABSENT)))
        elif "Missing" in fails["message"]:
            self.grant(document)
            send(name, without(document, where))
        else:
            self.grant(document)
            send(name, with_text(document, where, "not-a-word"))

    def grant(self, document: str) -> None:
        """Have everything there that a request names."""
        arguments = dict(wire.parse_request(document)[1])
        for resource, number in self.referred(arguments):
            self.account.there(resource, number)
        if arguments.get("autobill"):
            self.account.bills_automatically(arguments)

    def outsider(self) -> str:
        """The token of somebody who may see nothing but themselves."""
        self.account.seed({"staff": [{"staff_id": 77, "username": "out", "tabs": []}]})
        return str(self.account.box.tokens(self.account.name)["staff/77"])

    # ---- success

    def compared(self, value: Any) -> Iterator[str]:
        """Whether the answer is that of the case."""
        expected = wire.parse_response(self.method.name, self.case["response"].strip())
        if self.method.response.value in ("none", "binary", "id"):
            if self.method.response.value == "id" and not isinstance(value, int):
                yield f"the id is {value!r}"
            return
        if self.identity is None or (self.resource, self.case["name"]) in COMPUTED:
            return
        if isinstance(expected, Page) and expected.pages is not None and expected.pages > 1:
            for name in ("position", "size", "pages", "total"):
                if getattr(value, name) != getattr(expected, name):
                    yield f"{name} is {getattr(value, name)}, not {getattr(expected, name)}"
            return
        if isinstance(expected, (list, Page)):
            # In which order a list comes where nobody asked for one, the cases do not say.
            key = attrgetter(self.identity)
            expected, value = sorted(expected, key=key), sorted(value, key=key)
        yield from differences(expected, value, self.method.response.value)

    def kept(self, value: Any) -> Iterator[str]:
        """After a write: what was sent is what is read."""
        kind = self.method.kind
        name = f"{self.resource}.get"
        if (
            kind not in ("create", "update", "delete")
            or name not in wire.METHODS
            or self.identity is None
        ):
            return
        arguments = self.arguments()
        number = value if kind == "create" else arguments.get(self.identity)
        key = next(iter(item.python for item in method(name).arguments))
        if kind == "create" and isinstance(value, type(None)):
            number = arguments.get(key)
        try:
            found = self.account.call(name, {key: number})
        except ApiError as failure:
            if kind != "delete":
                yield f"what was written is not found: {failure.message}"
            return
        if kind == "delete":
            yield "deleted, and there all the same"
            return
        if isinstance(found, bytes):
            return
        for item in self.method.arguments:
            if item.python in arguments and item.readable and not item.discarded:
                there = getattr(found, item.python, None)
                yield from differences(arguments[item.python], there, item.python)


def _about(resource: str, message: str) -> bool:
    """Whether a refusal is about a record of a resource."""
    return f"'{identity(resource)}'" in message or message.startswith(f"{resource.capitalize()} ")


def read_failure(name: str, answer: requests.Response) -> None:
    wire.parse_response(name, answer.content)


def with_text(document: str, name: str, text: str) -> str:
    """A document with another text in an element, which is added where there is none."""
    root = etree.fromstring(document)
    found = next(root.iter(name), None)
    if found is None:
        found = etree.SubElement(root, name)
    for child in list(found):
        found.remove(child)
    found.text = text
    return etree.tostring(root, encoding="unicode")


def without(document: str, name: str) -> str:
    """A document without an element."""
    root = etree.fromstring(document)
    for found in list(root.iter(name)):
        parent = found.getparent()
        assert parent is not None
        parent.remove(found)
    return etree.tostring(root, encoding="unicode")


def _masked(trial: Trial, document: str) -> str:
    root = etree.fromstring(document)
    number = next(root.iter("card")).find("number")
    assert number is not None
    number.text = "************1111"
    return etree.tostring(root, encoding="unicode")


def _taken(trial: Trial, document: str) -> str:
    trial.account.seed({"invoice": [{"invoice_id": 88, "number": "HC-0107"}]})
    return document


def _accepted(trial: Trial, document: str) -> str:
    number = wire.parse_request(document)[1]["estimate_id"]
    trial.account.seed({"estimate": [{"estimate_id": number, "status": "accepted"}]})
    return document


SPECIAL: dict[tuple[str, str], Callable[[Trial, str], str]] = {
    ("recurring", "a masked card number"): _masked,
    ("invoice", "a number that is taken"): _taken,
    ("invoice", "an empty currency"): lambda trial, document: with_text(
        document, "currency_code", ""
    ),
    ("estimate", "accepted twice"): _accepted,
}
"""Failures that need more than their code says."""


def _credit(trial: Trial) -> None:
    trial.account.seed(
        {
            "payment": [
                {"payment_id": 1, "client_id": trial.arguments()["client_id"], "amount": "99"}
            ]
        }
    )


def _tasks(trial: Trial) -> None:
    tasks = trial.account.box.control.state(trial.account.name)["task"]
    rows = [{"task_id": task["task_id"]} for task in tasks]
    trial.account.seed({"project": [{"project_id": 58, "tasks": rows}]})


def _projects(trial: Trial) -> None:
    for item in trial.case["result"]["items"]:
        row = {"client_id": 317, **item, "tasks": [{"task_id": 211}]}
        trial.account.seed({"project": [row]})


def _verifier(trial: Trial) -> None:
    trial.account.seed({"callback": [{**trial.arguments(), "verified": False}]})


def _tree(trial: Trial) -> None:
    waiting = list(trial.case["result"]["items"])
    rows: list[dict[str, Any]] = []
    while waiting:
        row = dict(waiting.pop())
        waiting += row.pop("subcategories", [])
        rows.append(row)
    trial.account.seed({"category": rows}, replace=True)


def _member(trial: Trial) -> None:
    given = trial.arguments()
    staff, project = {"staff_id": given["staff_id"]}, given["project_id"]
    trial.account.seed({"project": [{"project_id": project, "staff": [staff]}]})


PREMISES: dict[tuple[str, str], Callable[[Trial], None]] = {
    ("payment", "pay an invoice from credit"): _credit,
    ("task", "tasks of a project"): _tasks,
    ("project", "projects of a client that use a task"): _projects,
    ("time_entry", "every field of an update"): _member,
    ("category", "all of them as a tree"): _tree,
    ("callback", "a verified callback"): _verifier,
}
"""What a case takes for granted beyond what it names."""

COMPUTED = {
    ("session", "a session"),
    ("invoice", "two more lines"),
    ("recurring", "two more lines"),
}
"""Answers that no case can foretell, as those of resources that keep no records."""


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_case_of_the_description_holds(
    resource: str, box: Sandbox, http: requests.Session
) -> None:
    name = f"case-{resource.replace('_', '-')}"
    account = Account(box, name, box.open(name, load="cases"), http)
    fresh = box.control.snapshot(account=name)
    wrong: list[str] = []
    for case in cases(resource):
        box.control.restore(fresh)
        trial = Trial(account, resource, case)
        wrong += [f"{resource}.{case['call']}, {case['name']}: {told}" for told in trial.run()]
    assert cases(resource)
    assert not wrong, "\n".join(wrong)
