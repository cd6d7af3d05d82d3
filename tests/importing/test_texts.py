"""Documentation in HTML as Markdown, and names of resources and methods."""

from __future__ import annotations

import pytest

from xmlwright.importing.names import argument_name, group, singular
from xmlwright.importing.texts import markdown


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain  text\n here", "plain text here"),
        ("<p>One.</p><p>Two &amp; <i>three</i>.</p>", "One.\n\nTwo & *three*."),
        ("<p>See:</p> <ul> <li> <p> <code>a</code> </p> </li> <li>b</li> </ul> <p>Then.</p>", "See:\n\n* `a`\n* b\n\nThen."),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "* a\n  * b"),
        ('<a href="https://example.com/x">here</a> and <a href="javascript:x">there</a>', "[here](https://example.com/x) and there"),
        ("<fullname>Shop</fullname> <p>Sells.</p>", "Sells."),
        ("<p>unclosed <b>bold", "unclosed **bold**"),
        ("a \x00\x08 control", "a control"),
        (None, ""),
        ("<p></p>", ""),
    ],
)  # fmt: skip
def test_markdown(html: str | None, text: str) -> None:
    assert markdown(html) == text


def test_deep_html_ends() -> None:
    assert isinstance(markdown("<div>" * 5000 + "deep"), str)


def test_operations_about_one_thing_are_one_resource() -> None:
    names = ["CreateVpc", "DescribeVpcs", "ModifyVpcAttribute", "DescribeVpcEndpoints", "CreateVpcEndpoint", "AssumeRole",
             "AssumeRoleWithSAML", "ListObjects", "ListObjectsV2", "Publish", "ImportKey", "DescribeEvents"]  # fmt: skip
    found = {name: (at.resource, at.method) for name, at in group(names, "Pub Sub").items()}
    assert found == {
        "CreateVpc": ("vpc", "create"),
        "DescribeVpcs": ("vpc", "describe"),
        "ModifyVpcAttribute": ("vpc", "modify_attribute"),
        "DescribeVpcEndpoints": ("vpc_endpoint", "describe"),
        "CreateVpcEndpoint": ("vpc_endpoint", "create"),
        "AssumeRole": ("role", "assume"),
        "AssumeRoleWithSAML": ("role", "assume_with_saml"),
        "ListObjects": ("object_resource", "list"),
        "ListObjectsV2": ("object_resource", "list_v2"),
        "Publish": ("pub_sub", "publish"),
        "ImportKey": ("key", "import_"),
        "DescribeEvents": ("event", "describe"),
    }


def test_equal_methods_get_other_names() -> None:
    found = group(["GetKey", "GetKeys", "CreateKey"], "x")
    assert {(at.resource, at.method) for at in found.values()} == {
        ("key", "get"), ("key", "get_keys"), ("key", "create"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("many", "one"),
    [("policies", "policy"), ("addresses", "address"), ("statuses", "status"), ("vpcs", "vpc"), ("access", "access"),
     ("boxes", "box"), ("analysis", "analysis")],
)  # fmt: skip
def test_singular(many: str, one: str) -> None:
    assert singular(many) == one


@pytest.mark.parametrize(
    ("member", "name"),
    [("VpcIDs", "vpc_ids"), ("DBInstanceARN", "db_instance_arn"), ("class", "class_"), ("SecurityGroupIds", "security_group_ids")],
)  # fmt: skip
def test_argument_name(member: str, name: str) -> None:
    assert argument_name(member) == name
