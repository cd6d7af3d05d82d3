"""Read the suites: operations with the cases that exercise them, and the table of what is out of scope."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

Protocol = Literal["rest-xml", "query", "ec2"]
Direction = Literal["input", "output"]

PROTOCOLS: Final[tuple[Protocol, ...]] = ("rest-xml", "query", "ec2")
DIRECTIONS: Final[tuple[Direction, ...]] = ("input", "output")
DOCUMENTS: Final = Path(
    os.environ.get("AWS_PROTOCOL_SUITES")
    or Path(__file__).resolve().parents[4] / "shared" / "apis" / "aws-protocols" / "documents"
)

COMPRESSION: Final = "request compression is not part of the wire language"
FILLED_IN: Final = "idempotency tokens that the client makes up are not part of the wire language"
MAP_OF_LISTS: Final = "further query parameters are a map of texts, not of lists"
BODY_OF_GET: Final = "a GET with a document in its body, to which HTTP gives no meaning"
EVENT_STREAM: Final = "event streams are a binary framing, not XML"

OUT_OF_SCOPE: Final[Mapping[str, str]] = {
    "input-ec2/6/SDKAppliedContentEncoding_ec2Query": COMPRESSION,
    "input-query/7/SDKAppliedContentEncoding_awsQuery": COMPRESSION,
    "input-rest-xml/31/SDKAppendedGzipAfterProvidedEncoding_restXml": COMPRESSION,
    "input-rest-xml/32/QueryIdempotencyTokenAutoFill": FILLED_IN,
    "input-rest-xml/33/RestXmlQueryParamsStringListMap": MAP_OF_LISTS,
    "legacy-input-ec2/5/1": FILLED_IN,
    "legacy-input-rest-xml/19/1": FILLED_IN,
    "legacy-input-rest-xml/21/1": BODY_OF_GET,
    "legacy-output-rest-xml/9/0": EVENT_STREAM,
    "legacy-output-rest-xml/9/1": EVENT_STREAM,
}
"""Name of a case -> why it is not tried. Every case that is not here has to pass."""


@dataclass(frozen=True)
class Case:
    """One test case of a suite."""

    name: str
    """File, index of the suite, and the ID or index of the case."""
    data: Mapping[str, Any]

    @property
    def out_of_scope(self) -> str | None:
        """Why the case is not tried, if it is not."""
        return OUT_OF_SCOPE.get(self.name)


@dataclass(frozen=True)
class Operation:
    """An operation of a suite with its cases, which share the operation's name, binding and shapes."""

    protocol: Protocol
    direction: Direction
    suite: str
    """File and index, as in ``input-query/3``."""
    given: Mapping[str, Any]
    shapes: Mapping[str, Any]
    metadata: Mapping[str, Any]
    endpoint: str
    number: int
    """From 0, within the suite."""
    cases: list[Case] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name on the wire."""
        return str(self.given["name"])

    @property
    def resource(self) -> str:
        """The resource that describes the suite: a name that is unique in a description."""
        file, _, index = self.suite.partition("/")
        kind = "legacy_" if file.startswith("legacy") else ""
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name).lower()
        return f"{kind}{self.direction}_{index}_{words}"

    @property
    def method(self) -> str:
        """The method of the resource."""
        verb = "send" if self.direction == "input" else "receive"
        return verb if self.number == 0 else f"{verb}_{self.number + 1}"

    @property
    def uri(self) -> str:
        """The path template with its constant query."""
        path = str(self.given.get("http", {}).get("requestUri", "/"))
        prefix = re.sub(r"^https?://[^/]+", "", self.endpoint).rstrip("/")
        return prefix + path

    @property
    def verb(self) -> str:
        """The HTTP method."""
        return str(self.given.get("http", {}).get("method", "POST"))


def available() -> bool:
    """Return whether the documents are there."""
    return DOCUMENTS.is_dir()


def operations(protocol: Protocol) -> Iterator[Operation]:
    """Return the operations of a protocol, both directions, new suites before legacy ones."""
    for direction in DIRECTIONS:
        for file in (f"{direction}-{protocol}", f"legacy-{direction}-{protocol}"):
            text = (DOCUMENTS / f"{file}.json").read_text(encoding="utf-8")
            for index, suite in enumerate(json.loads(text)):
                yield from _operations_of(protocol, direction, f"{file}/{index}", suite)


def _operations_of(
    protocol: Protocol, direction: Direction, name: str, suite: Mapping[str, Any]
) -> Iterator[Operation]:
    by_binding: dict[str, Operation] = {}
    for index, data in enumerate(suite["cases"]):
        given = {key: value for key, value in data["given"].items() if key != "documentation"}
        operation = by_binding.setdefault(
            json.dumps(given, sort_keys=True),
            Operation(
                protocol=protocol,
                direction=direction,
                suite=name,
                given=given,
                shapes=suite["shapes"],
                metadata=suite["metadata"],
                endpoint=suite.get("clientEndpoint", "https://example.com"),
                number=len(by_binding),
            ),
        )
        operation.cases.append(Case(f"{name}/{data.get('id', index)}", data))
    yield from by_binding.values()
