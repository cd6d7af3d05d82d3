"""Services imported from botocore's own models: botocore sends and reads what the cases of each operation say.

The cases are tests of the generated client, so that the client sends and reads the same, too.
"""

from __future__ import annotations

import datetime as dt
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import foreign_programs
import pytest
from lxml import etree

SERVICES = ("sts", "sns", "iam", "rds", "route53", "s3", "ec2")


@pytest.fixture(scope="module")
def importing() -> Iterator[Any]:
    """The modules of the importer, from this checkout."""
    folder = str(foreign_programs.CHECKOUT / "generator")
    sys.path.insert(0, folder)
    try:
        names = ("model", "project", "samples")
        yield [importlib.import_module(f"xmlwright.importing.{name}") for name in names]
    finally:
        sys.path.remove(folder)


@pytest.mark.parametrize("service", SERVICES)
def test_botocore_sends_and_reads_every_case(importing: Any, service: str) -> None:
    model, project, samples = importing
    loaded = model.read(service)
    shapes, described, left_out = project.operations_of(loaded)
    # Without what the SDK adds to the model, which is not imported.
    whole = {"metadata": loaded.metadata, "operations": loaded.operations, "shapes": loaded.shapes}
    own: Any = importlib.import_module("botocore.model").ServiceModel(whole, service)
    serializer: Any = importlib.import_module("botocore.serialize").create_serializer(
        loaded.protocol, include_validation=False
    )
    parser: Any = importlib.import_module("botocore.parsers").create_parser(loaded.protocol)
    wrong: list[str] = []
    for group in described.values():
        sample = samples.Samples(loaded, shapes)
        for operation in group:
            theirs = own.operation_model(operation.name)
            values, text = sample.call(operation)
            sent = serializer.serialize_to_request(values, theirs)
            if (ours := request_of(text)) != (wanted := request_as_sent(sent)):
                wrong.append(f"{operation.name} sends {ours}, not {wanted}")
            values, text = sample.reply(operation)
            if theirs.output_shape is None:
                continue
            read = parser.parse(response_of(text), theirs.output_shape)
            del read["ResponseMetadata"]
            read = plain(described_part(shapes, operation.given["output"], read))
            if read != plain(values):
                wrong.append(f"{operation.name} reads {read}, not {plain(values)}")
    print(
        f"{service}: {sum(map(len, described.values()))} operations, {len(left_out)} out of scope"
    )
    assert not wrong, "\n".join(wrong[:5]) + f"\n{len(wrong)} in all"


Message = tuple[str, str, list[tuple[str, str]], dict[str, str], Any]


def request_of(text: str) -> Message:
    """Return verb, path, parameters, headers and body of the request of a case."""
    head, _, body = text.partition("\n\n")
    first, *lines = head.split("\n")
    verb, target = first.split(" ", 1)
    headers = dict(line.split(": ", 1) for line in lines)
    media = headers.pop("Content-Type", "")
    url = urlsplit(target)
    pairs = parse_qsl(url.query, keep_blank_values=True)
    inside = sorted(parse_qsl(body.replace("\n", "&"), True)) if "form" in media else document(body)
    return verb, unquote(url.path), sorted(pairs), lower(headers), inside


def request_as_sent(sent: dict[str, Any]) -> Message:
    """Return the same of a request that botocore has made."""
    path, _, query = sent["url_path"].partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    given = sent["query_string"]
    for key, value in given.items() if isinstance(given, dict) else []:
        pairs += [(key, str(one)) for one in (value if isinstance(value, list) else [value])]
    headers = {key: value for key, value in sent["headers"].items() if key != "Content-Type"}
    body = sent["body"]
    inside = sorted((key, str(value)) for key, value in body.items()) if isinstance(body, dict) else document(body)  # fmt: skip
    return sent["method"], unquote(path), sorted(pairs), lower(headers), inside


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {key.lower(): str(value) for key, value in headers.items()}


def document(body: bytes | str) -> Any:
    text = body.encode() if isinstance(body, str) else body
    if text.lstrip().startswith(b"<"):
        return etree.canonicalize(text.decode(), strip_text=True)
    return text


def response_of(text: str) -> dict[str, Any]:
    status, headers, body = 200, {}, text
    if text.startswith("HTTP/"):
        head, _, body = text.partition("\n\n")
        first, *lines = head.split("\n")
        status, headers = int(first.split()[1]), dict(line.split(": ", 1) for line in lines)
    fields: Any = importlib.import_module("botocore.awsrequest").HeadersDict(headers)
    return {"status_code": status, "headers": fields, "body": body.encode()}


def described_part(shapes: Any, ref: Any, value: Any) -> Any:
    """Return a value without the members that the import lists as those whose element another member has."""
    shape = shapes.shape(ref)
    if isinstance(value, list):
        return [described_part(shapes, shape["member"], part) for part in value]
    if isinstance(value, dict) and shape["type"] == "structure":
        return {
            key: described_part(shapes, shape["members"][key], value[key])
            for key in shapes.described_members(ref["shape"])
            if key in value
        }
    return value


def plain(value: Any) -> Any:
    """Return a value with times and bytes of one form: botocore reads a body as bytes or as text."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, bytes):
        return value.decode()
    return value.astimezone(dt.timezone.utc) if isinstance(value, dt.datetime) else value


def test_an_imported_client_works_against_moto(moto: str, tmp_path: Path) -> None:
    foreign_programs.run_xmlwright(tmp_path, "import", "botocore", "s3", "--data", str(data()), "--output", str(tmp_path / "s3"), *only("CreateBucket", "PutObject", "GetObject", "ListObjectsV2", "ListBuckets", "DeleteObject", "DeleteBucket"))  # fmt: skip
    package = foreign_programs.built(tmp_path / "s3")
    client = package.S3Client(auth=foreign_programs.Signer("s3"), url=moto)
    client.bucket.create(bucket="garden")
    for name in ("a.txt", "b/c.txt"):
        client.object_resource.put(bucket="garden", key=name, body=b"some bytes")
    found = client.object_resource.get(bucket="garden", key="b/c.txt")
    assert (found.body, found.content_length) == (b"some bytes", 10)
    listed = client.object_resource.list_v2(bucket="garden")
    assert [one.key for one in listed.contents] == ["a.txt", "b/c.txt"]
    assert [one.name for one in client.bucket.list().buckets] == ["garden"]
    for name in ("a.txt", "b/c.txt"):
        client.object_resource.delete(bucket="garden", key=name)
    client.bucket.delete(bucket="garden")
    with pytest.raises(package.NotFoundError) as absent:
        client.object_resource.get(bucket="garden", key="a.txt")
    assert absent.value.code == "NoSuchBucket"


def data() -> Path:
    """Return the folder of botocore's models."""
    file = importlib.import_module("botocore").__file__
    assert file is not None
    return Path(file).parent / "data"


def only(*names: str) -> list[str]:
    return [word for name in names for word in ("--only", name)]
