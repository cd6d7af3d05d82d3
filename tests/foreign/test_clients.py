"""Generated clients run a story against moto's server, with requests signed by botocore: create, read, list, update, delete."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import foreign_programs
import pytest


def _client(service: str, name: str, url: str, folder: Path) -> tuple[Any, Any]:
    package = foreign_programs.generated(service, folder / service)
    client = getattr(package, name)(auth=foreign_programs.Signer(service), url=url)
    return package, client


def test_roles(moto: str, tmp_path: Path) -> None:
    package, client = _client("iam", "Iam", moto, tmp_path)
    created = client.role.create(
        role_name="reader",
        assume_role_policy_document='{"Version": "2012-10-17"}',
        path="/people/",
        description="Reads & writes.",
        max_session_duration=3600,
        tags=[{"key": "team", "value": "größe"}],
    )
    assert created.role_name == "reader"
    assert created.create_date.tzinfo is not None
    found = client.role.get(role_name="reader")
    assert (found.description, found.path) == ("Reads & writes.", "/people/")
    assert [(tag.key, tag.value) for tag in found.tags] == [("team", "größe")]

    for number in range(6):
        client.role.create(role_name=f"role-{number}", assume_role_policy_document="{}")
    roles = client.role.list(max_items=2)
    assert [len(page) for page in roles.pages()] == [2, 2, 2, 1]
    names = [role.role_name for role in roles]
    assert sorted(names) == ["reader", *(f"role-{number}" for number in range(6))]

    client.role.update(role_name="reader", description="Reads.", max_session_duration=7200)
    changed = client.role.get(role_name="reader")
    assert (changed.description, changed.max_session_duration) == ("Reads.", 7200)
    with pytest.raises(package.ConflictError) as taken:
        client.role.create(role_name="reader", assume_role_policy_document="{}")
    assert (taken.value.code, taken.value.status) == ("EntityAlreadyExists", 409)

    client.role.delete(role_name="reader")
    with pytest.raises(package.NotFoundError) as absent:
        client.role.get(role_name="reader")
    assert absent.value.code == "NoSuchEntity"


def test_topics(moto: str, tmp_path: Path) -> None:
    package, client = _client("sns", "Sns", moto, tmp_path)
    arn = client.topic.create(
        name="news", attributes={"DisplayName": "The news"}, tags=[{"key": "team", "value": "a"}]
    )
    assert arn.endswith(":news")
    assert client.topic.get(topic_arn=arn).attributes["DisplayName"] == "The news"
    client.topic.set_attribute(topic_arn=arn, attribute_name="DisplayName", attribute_value="News")
    assert client.topic.get(topic_arn=arn).attributes["DisplayName"] == "News"

    # The service has pages of 100 and no argument for their size.
    arns = {client.topic.create(name=f"topic-{number}") for number in range(200)} | {arn}
    assert {topic.topic_arn for topic in client.topic.list()} == arns

    client.topic.delete(topic_arn=arn)
    with pytest.raises(package.NotFoundError) as absent:
        client.topic.get(topic_arn=arn)
    assert absent.value.code == "NotFound"


def test_networks(moto: str, tmp_path: Path) -> None:
    package, client = _client("ec2", "Ec2", moto, tmp_path)
    label = {"resource_type": "vpc", "tags": [{"key": "Name", "value": "one"}]}
    created = client.vpc.create(cidr_block="10.0.0.0/16", tag_specifications=[label])
    assert (created.cidr_block, created.is_default) == ("10.0.0.0/16", False)
    assert [(tag.key, tag.value) for tag in created.tags] == [("Name", "one")]
    (found,) = client.vpc.list(vpc_ids=[created.vpc_id])
    assert found.vpc_id == created.vpc_id

    client.vpc.modify(vpc_id=created.vpc_id, enable_dns_hostnames=True)
    attribute = client.vpc.attribute(vpc_id=created.vpc_id, attribute="enableDnsHostnames")
    assert attribute.enable_dns_hostnames is True

    client.vpc.delete(vpc_id=created.vpc_id)
    with pytest.raises(package.NotFoundError) as absent:
        client.vpc.list(vpc_ids=[created.vpc_id]).first()
    assert (absent.value.code, absent.value.status) == ("InvalidVpcID.NotFound", 400)

    # Networks come in one page from moto; reservations in pages of the size asked for.
    started = [
        client.reservation.run(
            image_id="ami-12c6146b", min_count=1, max_count=1, instance_type="t2.micro"
        )
        for _ in range(7)
    ]
    walked = [one.reservation_id for one in client.reservation.list(max_results=2)]
    assert sorted(walked) == sorted(one.reservation_id for one in started)
    (change,) = client.reservation.terminate(instance_ids=[started[0].instances[0].instance_id])
    assert change.current_state == "shutting-down"


@pytest.mark.skipif(not foreign_programs.ROUTE53.is_dir(), reason="examples/route53 is not there")
def test_zones(moto: str, tmp_path: Path) -> None:
    package, client = _client("route53", "Route53", f"{moto}/2013-04-01", tmp_path)
    created = client.hosted_zone.create(
        name="example.com",
        caller_reference="first",
        hosted_zone_config={"comment": "größer & besser", "private_zone": False},
    )
    # The service puts a prefix before the ID, which paths are without.
    identity = created.hosted_zone.id.removeprefix("/hostedzone/")
    assert created.hosted_zone.name == "example.com."
    assert len(created.delegation_set.name_servers) == 4
    found = client.hosted_zone.get(identity).hosted_zone
    assert found.config.comment == "größer & besser"

    for number in range(6):
        client.hosted_zone.create(name=f"zone-{number}.example", caller_reference=f"zone-{number}")
    zones = client.hosted_zone.list(maxitems=2)
    assert [len(page) for page in zones.pages()] == [2, 2, 2, 1]
    assert {zone.name for zone in zones} == {
        "example.com.",
        *(f"zone-{number}.example." for number in range(6)),
    }

    assert (
        client.hosted_zone.update_comment(identity, comment="changed").config.comment == "changed"
    )
    record = {
        "name": "a.example.com",
        "type": "A",
        "ttl": 60,
        "resource_records": [{"value": "192.0.2.1"}],
    }
    change = {"changes": [{"action": "CREATE", "resource_record_set": record}]}
    client.record_set.change(identity, change_batch=change)
    names = [one.name for one in client.record_set.list(identity, maxitems=1)]
    assert names.count("a.example.com.") == 1
    assert len(names) == 3
    with pytest.raises(package.ConflictError) as full:
        client.hosted_zone.delete(identity)
    assert full.value.code == "HostedZoneNotEmpty"

    change = {"changes": [{"action": "DELETE", "resource_record_set": record}]}
    client.record_set.change(identity, change_batch=change)
    client.hosted_zone.delete(identity)
    with pytest.raises(package.NotFoundError) as absent:
        client.hosted_zone.get(identity)
    assert (absent.value.code, absent.value.status) == ("NoSuchHostedZone", 404)
