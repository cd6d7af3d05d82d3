"""`xmlwright import xsd`: projects from XML Schemas, and refusals of what is none or needs the network."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import xmlschema
import yaml
from second_api import project

SHOP = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:shop" targetNamespace="urn:shop" elementFormDefault="qualified">
  <xs:include schemaLocation="types.xsd"/>
  <xs:element name="OrderRequest">
    <xs:complexType><xs:sequence>
      <xs:element name="customer" type="Customer"/>
      <xs:element name="line" type="Line" maxOccurs="unbounded"><xs:annotation><xs:documentation>What is bought &amp; sold.</xs:documentation></xs:annotation></xs:element>
      <xs:choice><xs:element name="cash" type="xs:boolean"/><xs:element name="card" type="xs:string"/></xs:choice>
      <xs:element name="due" type="xs:date" minOccurs="0"/>
      <xs:any namespace="##other" minOccurs="0"/>
    </xs:sequence></xs:complexType>
  </xs:element>
  <xs:element name="OrderResponse">
    <xs:complexType><xs:sequence><xs:element name="number" type="xs:int"/><xs:element name="total" type="Money"/></xs:sequence></xs:complexType>
  </xs:element>
  <xs:element name="Lonely" type="Customer"/>
</xs:schema>
"""  # fmt: skip
TYPES = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:shop" targetNamespace="urn:shop" elementFormDefault="qualified">
  <xs:simpleType name="Kind"><xs:restriction base="xs:string"><xs:enumeration value="new"/><xs:enumeration value="no"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="Code"><xs:restriction base="xs:string"><xs:maxLength value="9"/><xs:pattern value="[a-z]+"/></xs:restriction></xs:simpleType>
  <xs:complexType name="Money"><xs:simpleContent><xs:extension base="xs:decimal"><xs:attribute name="currency" type="xs:string" use="required"/></xs:extension></xs:simpleContent></xs:complexType>
  <xs:complexType name="Person"><xs:sequence><xs:element name="name" type="xs:string"/><xs:element name="friend" type="Person" minOccurs="0"/></xs:sequence></xs:complexType>
  <xs:complexType name="Customer"><xs:complexContent><xs:extension base="Person"><xs:sequence><xs:element name="kind" type="Kind" minOccurs="0"/></xs:sequence><xs:attribute name="id" type="xs:int"/></xs:extension></xs:complexContent></xs:complexType>
  <xs:complexType name="Line"><xs:sequence><xs:element name="code" type="Code"/><xs:element name="price" type="Money"/></xs:sequence></xs:complexType>
</xs:schema>
"""  # fmt: skip
EMPTY = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{}</xs:schema>'


def run(folder: Path, *arguments: str | Path, ok: bool = True) -> subprocess.CompletedProcess[str]:
    done = project.run(project.XMLWRIGHT, *arguments, cwd=folder)
    assert (done.returncode == 0) is ok, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def write(folder: Path, text: str = SHOP) -> Path:
    (folder / "types.xsd").write_text(TYPES, encoding="utf-8")
    path = folder / "shop.xsd"
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def documents(folder: Path) -> list[str]:
    """Return the documents of all cases."""
    cases = [
        case
        for path in folder.glob("schema/resources/*.cases.yaml")
        for case in read(path)["cases"]
    ]
    texts = [case[key] for case in cases for key in ("request", "response")]
    return [text if text.startswith("<") else text.partition("\n\n")[2] for text in texts]


def test_types_become_records_and_pairs_methods(tmp_path: Path) -> None:
    done = run(tmp_path, "import", "xsd", write(tmp_path))
    run(tmp_path, "--project", "shop", "validate")
    order = read(tmp_path / "shop/schema/resources/shop.yaml")
    assert list(order["methods"]) == ["Order"]
    assert order["methods"]["Order"]["wrapper"] == "OrderRequest"
    arguments = order["methods"]["Order"]["arguments"]
    assert list(arguments) == ["customer", "line", "cash", "card", "due"], "the order of elements"
    assert arguments["line"] == {
        "repeated": True, "record": "Line", "required": "always", "doc": "What is bought & sold.",
    }  # fmt: skip
    assert arguments["due"] == {"type": "date"}
    records = {**order.get("records", {}), **read_shared(tmp_path / "shop").get("records", {})}
    assert records["Customer"]["fields"] == {
        "id": {"type": "int", "at": "@id"},
        "name": {"type": "text", "required": "always"},
        "friend": {"record": "Person"},
        "kind": {"enum": "Kind"},
    }
    assert records["Money"]["fields"] == {
        "currency": {"type": "text", "at": "@currency", "required": "always"},
        "value": {"type": "decimal", "at": "."},
    }
    assert records["Line"]["fields"]["code"]["max_length"] == 9
    assert order["enums"]["Kind"] == {"words": {"new": {}, "no": {}}}
    report = (tmp_path / "shop/IMPORT.md").read_text("utf-8")
    for line in (
        "* `element Lonely`",
        "* `type OrderRequest, element cash`",
        "* `type OrderRequest, element card`",
        "## Elements of any name (1)",
        "* `shapes.Code`: [a-z]+",
    ):
        assert line in report
    assert "global elements that are in no pair" in done.stdout


def read_shared(folder: Path) -> Any:
    path = folder / "schema/shared.yaml"
    return read(path) if path.exists() else {}


def test_documents_of_the_cases_are_valid(tmp_path: Path) -> None:
    path = write(tmp_path)
    run(tmp_path, "import", "xsd", path)
    schema = xmlschema.XMLSchema(str(path))
    found = documents(tmp_path / "shop")
    assert len(found) == 2
    for text in found:
        with_namespace = text if "xmlns" in text else text.replace(">", ' xmlns="urn:shop">', 1)
        assert [str(error.reason) for error in schema.iter_errors(with_namespace) if "pattern" not in str(error.reason)] == []  # fmt: skip


def test_pairs_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path)
    run(tmp_path, "import", "xsd", path, "--pair", "Lonely=OrderResponse")
    assert list(read(tmp_path / "shop/schema/resources/shop.yaml")["methods"]) == ["Lonely"]
    refused = run(tmp_path, "import", "xsd", path, "--pair", "Lonely", "--output", "x", ok=False)
    assert "write REQUEST=RESPONSE" in refused.stderr
    refused = run(tmp_path, "import", "xsd", path, "--pair", "A=B", "--output", "x", ok=False)
    assert "no global element A" in refused.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<xs:schema", "not a schema that can be read"),
        ("<html/>", "not a schema that can be read"),
        (EMPTY.format(""), "no pair of elements"),
        (EMPTY.format('<xs:import namespace="urn:x" schemaLocation="http://127.0.0.1:9/x.xsd"/>'), "the network is not used"),
        (EMPTY.format('<xs:include schemaLocation="https://127.0.0.1:9/x.xsd"/>'), "network"),
        (EMPTY.format('<xs:include schemaLocation="gone.xsd"/>'), "gone.xsd"),
        ('<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>' + EMPTY.format("<xs:annotation>&b;</xs:annotation>"), "not a schema that can be read"),
        (EMPTY.format('<xs:element name="ARequest" type="xs:string"/><xs:element name="AResponse" type="xs:string"/>'), "is not made of elements"),
    ],
)  # fmt: skip
def test_refuses_what_it_cannot_read(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    done = run(tmp_path, "import", "xsd", path, "--output", "out", ok=False)
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


APIS = project.HERE.parents[2].parent / "shared" / "apis"


@pytest.mark.parametrize(
    ("file", "operations"),
    [("authorizenet/schema/AnetApiSchema.xsd", 45), ("tableau/schema/ts-api_3_0.xsd", 1)],
)
def test_published_schemas_validate(tmp_path: Path, file: str, operations: int) -> None:
    if not (APIS / file).exists():
        pytest.skip(f"{APIS / file} is not there")
    run(tmp_path, "import", "xsd", APIS / file, "--output", "out")
    run(tmp_path, "--project", "out", "validate")
    methods = [
        name
        for path in (tmp_path / "out/schema/resources").glob("*.yaml")
        for name in read(path).get("methods", {})
    ]
    assert len(methods) == operations
