"""The converter of the protocol suites: what it makes of shapes, so that a case cannot pass by being described wrongly."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from aws_protocols import comparison, description, suites
from aws_protocols.description import Described
from aws_protocols.suites import Protocol
from aws_protocols.values import Scalar

pytestmark = pytest.mark.skipif(
    not suites.available(), reason=f"the suites are not in {suites.DOCUMENTS}"
)


def _one(protocol: Protocol, suite: str) -> Described:
    return next(one for one in description.described(protocol) if one.operation.suite == suite)


def _resource(protocol: Protocol, one: Described) -> dict[str, Any]:
    found: dict[str, Any] = description.files(protocol)[f"resources/{one.operation.resource}.yaml"]
    return found


def test_every_case_is_in_scope_or_has_a_reason() -> None:
    names = [
        case.name for protocol in suites.PROTOCOLS for _, case in description.all_cases(protocol)
    ]
    assert len(names) == len(set(names)) == 336
    assert set(suites.OUT_OF_SCOPE) <= set(names)


def test_every_case_in_scope_is_a_case_of_the_description() -> None:
    for protocol in suites.PROTOCOLS:
        named = [
            case["name"]
            for content in description.files(protocol).values()
            for case in content.get("cases", ())
        ]
        for _, case in description.all_cases(protocol):
            described = description.is_described(case)
            assert (case.name.replace("/", " ") in named) == described, case.name


def test_bindings_of_http_become_places() -> None:
    method = _resource("rest-xml", _one("rest-xml", "input-rest-xml/24"))["methods"]["send"]
    assert method["arguments"]["headerStringList"] == {
        "repeated": True,
        "type": "text",
        "at": "header:X-StringList",
        "join": ", ",
    }
    assert method["arguments"]["headerTimestampList"]["type"] == "stamp_http"
    method = _resource("rest-xml", _one("rest-xml", "input-rest-xml/18"))["methods"]["send"]
    assert method["arguments"]["fooMap"] == {"map": "*", "type": "text", "at": "header:x-foo-*"}
    method = _resource("rest-xml", _one("rest-xml", "input-rest-xml/3"))["methods"]["send"]
    assert method["http"]["path"] == "/ConstantQueryString/{hello}"
    assert method["http"]["constants"] == {"query:foo": "bar", "query:hello": ""}
    assert method["arguments"]["hello"] == {
        "type": "text",
        "at": "path:hello",
        "required": "always",
    }


def test_lists_and_maps_without_counterpart_become_records() -> None:
    one = _one("query", "input-query/10")
    assert one.arguments.argument({"MapOfLists": {"bar": ["C", "D"]}}) == {
        "map_of_lists": {"bar": {"items": ["C", "D"]}}
    }
    member = next(member for member in one.arguments.members if member.name == "MapOfLists")
    read = {"bar": SimpleNamespace(items=["C"])}
    assert list(member.value.differences(read, {"bar": ["C"]}, "it")) == []
    assert list(member.value.differences(read, {"bar": ["C", "D"]}, "it"))


def test_namespaces_of_items_are_described_and_those_of_keys_need_a_record() -> None:
    resource = _resource("rest-xml", _one("rest-xml", "input-rest-xml/50"))
    assert resource["records"]["Input50XmlNamespacesXmlNamespaceNested"]["fields"]["values"] == {
        "list": "member",
        "type": "text",
        "at": "values",
        "namespace": ["http://qux.com", "http://bux.com"],
        "access": "write",
    }
    one = _one("rest-xml", "input-rest-xml/49")
    assert one.arguments.argument({"myMap": {"a": "A"}}) == {"my_map": [{"key": "a", "value": "A"}]}


def test_parameters_are_named_by_the_protocol() -> None:
    ec2 = _resource("ec2", _one("ec2", "legacy-input-ec2/0"))["methods"]["send"]["arguments"]
    assert [one["at"] for one in ec2.values()] == [
        "form:Foo",
        "form:BarLocationName",
        "form:yuckQueryName",
    ]
    query = _resource("query", _one("query", "input-query/9"))["methods"]["send"]["arguments"]
    assert query["FlattenedListArgWithXmlName"] == {
        "list": "item",
        "indexed": "{name}.{n}",
        "type": "text",
        "at": "form:Hi",
    }


def test_the_fields_of_a_payload_are_those_of_the_result() -> None:
    one = _one("rest-xml", "legacy-output-rest-xml/4")
    (record,) = _resource("rest-xml", one)["records"].values()
    assert record["fields"]["Header"]["at"] == "header:X-Foo"
    read = SimpleNamespace(header="baz", foo="abc")
    assert one.differences(read, {"Header": "baz", "Data": {"Foo": "abc"}}) == []
    assert one.differences(read, {"Header": "baz", "Data": {"Foo": "x"}})


def test_what_is_absent_must_not_be_read() -> None:
    one = _one("query", "output-query/4")
    assert one.result is not None
    assert list(one.result.differences(SimpleNamespace(my_map={}), {}, "it")) == []
    assert list(one.result.differences(SimpleNamespace(my_map={"a": "b"}), {}, "it"))


def test_times_compare_as_instants_and_flags_as_flags() -> None:
    moment = dt.datetime(2014, 4, 29, 18, 30, 38, tzinfo=dt.timezone.utc)
    assert Scalar("stamp_iso").argument(1398796238) == moment
    assert list(Scalar("stamp_iso").differences(moment, 1398796238, "it")) == []
    assert list(Scalar("flag").differences(1, True, "it"))
    assert list(Scalar("float").differences(float("nan"), "NaN", "it")) == []


def test_requests_compare_by_value() -> None:
    expected = {
        "method": "PUT",
        "uri": "/a%20b?x=1&y",
        "headers": {"X-A": "1"},
        "forbidHeaders": ["X-B"],
        "body": '<r xmlns="urn:a">\n  <b c="1" d="2">t</b>\n</r>\n',
    }
    same = b'<p:r xmlns:p="urn:a"><p:b d="2" c="1">t</p:b></p:r>'
    url = "https://example.com/a%20b?y=&x=1"
    assert list(comparison.differences(expected, "PUT", url, {"x-a": "1"}, same)) == []
    for verb, address, headers, body in [
        ("POST", url, {"X-A": "1"}, same),
        ("PUT", "https://example.com/a?y=&x=1", {"X-A": "1"}, same),
        ("PUT", "https://example.com/a%20b?x=1", {"X-A": "1"}, same),
        ("PUT", url, {}, same),
        ("PUT", url, {"X-A": "1", "X-B": "2"}, same),
        ("PUT", url, {"X-A": "1"}, b'<r><b c="1" d="2">t</b></r>'),
        ("PUT", url, {"X-A": "1"}, b'<r xmlns="urn:a"><b c="1" d="2"> t</b></r>'),
        ("PUT", url, {"X-A": "1"}, b""),
    ]:
        assert list(comparison.differences(expected, verb, address, headers, body))
