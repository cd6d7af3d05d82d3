"""boto3 runs a story against ``xmlwright sandbox``, unmodified but for ``endpoint_url``: the descriptions suffice for a server."""

from __future__ import annotations

from pathlib import Path

import foreign_programs
import pytest

_ROLE = {"RoleName": "reader", "AssumeRolePolicyDocument": "{}"}


def test_roles(tmp_path: Path) -> None:
    with foreign_programs.sandbox("iam", tmp_path / "iam") as url:
        client = foreign_programs.boto3_client("iam", url)
        created = client.create_role(
            RoleName="reader",
            AssumeRolePolicyDocument='{"Version": "2012-10-17"}',
            Path="/people/",
            Description="Reads & writes.",
            MaxSessionDuration=3600,
            Tags=[{"Key": "team", "Value": "größe"}],
        )
        assert created["Role"]["RoleName"] == "reader"
        assert created["ResponseMetadata"]["HTTPStatusCode"] == 200
        role = client.get_role(RoleName="reader")["Role"]
        assert (role["Description"], role["Path"]) == ("Reads & writes.", "/people/")
        assert role["MaxSessionDuration"] == 3600
        assert role["Tags"] == [{"Key": "team", "Value": "größe"}]

        for number in range(6):
            client.create_role(RoleName=f"role-{number}", AssumeRolePolicyDocument="{}")
        first = client.list_roles(MaxItems=2)
        assert first["IsTruncated"] is True
        assert len(first["Roles"]) == 2
        pages = list(client.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2}))
        assert [len(page["Roles"]) for page in pages] == [2, 2, 2, 1]
        names = [role["RoleName"] for page in pages for role in page["Roles"]]
        assert sorted(names) == ["reader", *(f"role-{number}" for number in range(6))]

        client.update_role(RoleName="reader", Description="Reads.")
        assert client.get_role(RoleName="reader")["Role"]["Description"] == "Reads."
        with pytest.raises(client.exceptions.EntityAlreadyExistsException) as taken:
            client.create_role(RoleName="reader", AssumeRolePolicyDocument="{}")
        assert taken.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409

        client.delete_role(RoleName="reader")
        with pytest.raises(client.exceptions.NoSuchEntityException) as absent:
            client.get_role(RoleName="reader")
        assert absent.value.response["Error"]["Code"] == "NoSuchEntity"
        assert absent.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_refusals(tmp_path: Path) -> None:
    """boto3 raises the code and the status of the response, and fails to read one in another form."""
    with foreign_programs.sandbox("iam", tmp_path / "iam") as url:
        client = foreign_programs.boto3_client("iam", url)
        unsigned = foreign_programs.boto3_client("iam", url, signed=False)
        careless = foreign_programs.boto3_client("iam", url, parameter_validation=False)
        for call, arguments, code, status in [
            (unsigned.list_roles, {}, "AuthenticationFailed", 401),
            (careless.create_role, {"RoleName": "reader"}, "ValidationError", 400),
            (
                client.create_role,
                {**_ROLE, "PermissionsBoundary": "a" * 20},
                "ValidationError",
                400,
            ),
            (client.list_users, {}, "ValidationError", 404),  # not described
        ]:
            with pytest.raises(client.exceptions.ClientError) as refused:
                call(**arguments)
            assert refused.value.response["Error"]["Code"] == code
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_topics(tmp_path: Path) -> None:
    with foreign_programs.sandbox("sns", tmp_path / "sns") as url:
        client = foreign_programs.boto3_client("sns", url)
        arn = client.create_topic(Name="news", Attributes={"DisplayName": "The news"})["TopicArn"]
        assert arn.endswith(":news")
        attributes = client.get_topic_attributes(TopicArn=arn)["Attributes"]
        assert attributes["DisplayName"] == "The news"
        client.set_topic_attributes(
            TopicArn=arn, AttributeName="DisplayName", AttributeValue="News"
        )
        assert client.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "News"

        arns = {client.create_topic(Name=f"topic-{number}")["TopicArn"] for number in range(200)}
        pages = list(client.get_paginator("list_topics").paginate())
        assert len(pages) == 3
        assert {topic["TopicArn"] for page in pages for topic in page["Topics"]} == arns | {arn}

        client.delete_topic(TopicArn=arn)
        with pytest.raises(client.exceptions.NotFoundException):
            client.get_topic_attributes(TopicArn=arn)


def test_networks(tmp_path: Path) -> None:
    with foreign_programs.sandbox("ec2", tmp_path / "ec2") as url:
        client = foreign_programs.boto3_client("ec2", url)
        label = {"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "one"}]}
        created = client.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[label])["Vpc"]
        assert created["CidrBlock"] == "10.0.0.0/16"
        assert created["Tags"] == [{"Key": "Name", "Value": "one"}]
        (found,) = client.describe_vpcs(VpcIds=[created["VpcId"]])["Vpcs"]
        assert found == created

        client.modify_vpc_attribute(VpcId=created["VpcId"], EnableDnsHostnames={"Value": True})
        attribute = client.describe_vpc_attribute(
            VpcId=created["VpcId"], Attribute="enableDnsHostnames"
        )
        assert attribute["EnableDnsHostnames"] == {"Value": True}

        for number in range(1, 13):
            client.create_vpc(CidrBlock=f"10.{number}.0.0/16")
        pages = list(
            client.get_paginator("describe_vpcs").paginate(PaginationConfig={"PageSize": 5})
        )
        assert [len(page["Vpcs"]) for page in pages] == [5, 5, 3]

        client.delete_vpc(VpcId=created["VpcId"])
        with pytest.raises(client.exceptions.ClientError) as absent:
            client.describe_vpcs(VpcIds=[created["VpcId"]])
        assert absent.value.response["Error"]["Code"] == "InvalidVpcID.NotFound"
        assert absent.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.skipif(not foreign_programs.ROUTE53.is_dir(), reason="examples/route53 is not there")
def test_zones(tmp_path: Path) -> None:
    with foreign_programs.sandbox("route53", tmp_path / "route53") as url:
        client = foreign_programs.boto3_client("route53", url)
        created = client.create_hosted_zone(
            Name="example.com",
            CallerReference="first",
            HostedZoneConfig={"Comment": "größer & besser", "PrivateZone": False},
        )
        assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
        assert created["Location"].startswith("https://")
        identity = created["HostedZone"]["Id"]
        zone = client.get_hosted_zone(Id=identity)["HostedZone"]
        assert (zone["Name"], zone["Config"]["Comment"]) == ("example.com.", "größer & besser")

        for number in range(6):
            client.create_hosted_zone(Name=f"zone-{number}.example", CallerReference=f"{number}")
        pages = list(
            client.get_paginator("list_hosted_zones").paginate(PaginationConfig={"PageSize": 2})
        )
        assert [len(page["HostedZones"]) for page in pages] == [2, 2, 2, 1]
        names = {zone["Name"] for page in pages for zone in page["HostedZones"]}
        assert names == {"example.com.", *(f"zone-{number}.example." for number in range(6))}

        # The path of this operation ends with a slash, and the ID in paths has no prefix.
        record = {
            "Name": "a.example.com",
            "Type": "A",
            "TTL": 60,
            "ResourceRecords": [{"Value": "192.0.2.1"}],
        }
        batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        for zone_id in (identity, f"/hostedzone/{identity}"):
            changed = client.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=batch)
            assert changed["ChangeInfo"]["Status"] in ("PENDING", "INSYNC")

        client.update_hosted_zone_comment(Id=identity, Comment="changed")
        assert client.get_hosted_zone(Id=identity)["HostedZone"]["Config"]["Comment"] == "changed"
        client.delete_hosted_zone(Id=identity)
        with pytest.raises(client.exceptions.NoSuchHostedZone) as absent:
            client.get_hosted_zone(Id=identity)
        assert absent.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
