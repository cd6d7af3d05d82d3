"""Small service models of each protocol, in the form of botocore's, with what models of services have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_ERRORS = {
    "NoSuchTask": {
        "type": "structure",
        "members": {"Message": {"shape": "Text"}, "TaskId": {"shape": "Text"}},
        "error": {"code": "NoSuchTask", "httpStatusCode": 404, "senderFault": True},
        "exception": True,
        "documentation": "<p>There is no such task.</p>",
    },
}
_SHAPES: dict[str, Any] = {
    "Text": {"type": "string", "max": 60, "min": 3, "pattern": "[a-z]+"},
    "Secret": {"type": "string", "sensitive": True},
    "Number": {"type": "integer", "min": 5, "max": 100},
    "Flag": {"type": "boolean"},
    "Time": {"type": "timestamp"},
    "Bytes": {"type": "blob"},
    "Rate": {"type": "double"},
    "State": {"type": "string", "enum": ["open", "closed", "no"], "documentation": "<p>How far it is.</p>"},
    "Names": {"type": "list", "member": {"shape": "Text"}},
    "Grid": {"type": "list", "member": {"shape": "Names"}},
    "Labels": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
    "Tasks": {"type": "list", "member": {"shape": "Task"}},
    "Task": {
        "type": "structure",
        "required": ["Name"],
        "members": {
            "Name": {"shape": "Text", "documentation": "<p>Its <b>name</b>.</p><ul><li>one</li><li>two</li></ul>"},
            "class": {"shape": "Text"},
            "State": {"shape": "State"},
            "Due": {"shape": "Time"},
            "Rate": {"shape": "Rate"},
            "Picture": {"shape": "Bytes"},
            "OwnerIDs": {"shape": "Names"},
            "Labels": {"shape": "Labels"},
            "Parts": {"shape": "Tasks"},
            "Grid": {"shape": "Grid"},
            "Token": {"shape": "Secret"},
            "Old": {"shape": "Flag", "deprecated": True, "deprecatedMessage": "Use State."},
        },
    },
    "CreateTaskRequest": {
        "type": "structure",
        "required": ["Task"],
        "members": {"Task": {"shape": "Task"}, "ClientToken": {"shape": "Text", "idempotencyToken": True}},
    },
    "CreateTaskResponse": {"type": "structure", "members": {"Task": {"shape": "Task"}}},
    "ListTasksRequest": {
        "type": "structure",
        "members": {"Marker": {"shape": "Text"}, "MaxItems": {"shape": "Number"}, "Names": {"shape": "Names"}},
    },
    "ListTasksResponse": {
        "type": "structure",
        "members": {"Tasks": {"shape": "Tasks"}, "Marker": {"shape": "Text"}, "IsTruncated": {"shape": "Flag"}, "Total": {"shape": "Number"}},
    },
    "DeleteTaskRequest": {"type": "structure", "required": ["Name"], "members": {"Name": {"shape": "Text"}}},
    **_ERRORS,
}  # fmt: skip
_PAGES = {
    "ListTasks": {
        "input_token": "Marker", "output_token": "Marker", "more_results": "IsTruncated", "limit_key": "MaxItems", "result_key": "Tasks",
    }
}  # fmt: skip


def model(protocol: str) -> dict[str, Any]:
    """Return a model with three operations."""
    shapes: dict[str, Any] = json.loads(json.dumps(_SHAPES))
    operations: dict[str, Any] = {}
    for name, reply in (("CreateTask", True), ("ListTasks", True), ("DeleteTask", False)):
        operation: dict[str, Any] = {
            "name": name,
            "http": {"method": "POST", "requestUri": "/"},
            "input": {"shape": f"{name}Request"},
            "errors": [{"shape": "NoSuchTask"}],
            "documentation": f"<p>Does <code>{name}</code>.</p>",
        }
        if reply:
            operation["output"] = {"shape": f"{name}Response"}
            if protocol == "query":
                operation["output"]["resultWrapper"] = f"{name}Result"
        operations[name] = operation
    if protocol == "rest-xml":
        _bind(operations, shapes)
    if protocol == "ec2":
        shapes["Names"]["member"]["locationName"] = "item"
        shapes["Tasks"]["member"]["locationName"] = "item"
        for member, facts in shapes["Task"]["members"].items():
            facts["locationName"] = member[:1].lower() + member[1:]
        # Maps and lists of lists are not part of this protocol.
        del shapes["Task"]["members"]["Grid"], shapes["Task"]["members"]["Labels"]
    return {
        "metadata": {
            "apiVersion": "2030-01-31", "endpointPrefix": "shop", "protocol": protocol, "serviceFullName": "Task Shop",
            "serviceId": "Shop", "signatureVersion": "v4", "globalEndpoint": "shop.example", "xmlNamespace": "urn:shop",
        },
        "operations": operations,
        "shapes": shapes,
        "documentation": "<p>Tasks &amp; their parts.</p>",
    }  # fmt: skip


def _bind(operations: dict[str, Any], shapes: dict[str, Any]) -> None:
    operations["CreateTask"]["http"] = {
        "method": "PUT",
        "requestUri": "/tasks?new",
        "responseCode": 201,
    }
    operations["CreateTask"]["input"].update(
        locationName="CreateTask", xmlNamespace={"uri": "urn:shop"}
    )
    operations["ListTasks"]["http"] = {"method": "GET", "requestUri": "/tasks"}
    operations["DeleteTask"]["http"] = {"method": "DELETE", "requestUri": "/tasks/{Name}"}
    shapes["DeleteTaskRequest"]["members"]["Name"].update(location="uri", locationName="Name")
    for name, key in (("Marker", "marker"), ("MaxItems", "max-items"), ("Names", "name")):
        shapes["ListTasksRequest"]["members"][name].update(location="querystring", locationName=key)
    place = {"shape": "Text", "location": "header", "locationName": "Location"}
    shapes["CreateTaskResponse"]["members"]["Location"] = place


def write(folder: Path, content: dict[str, Any], pages: dict[str, Any] | None = None) -> Path:
    """Write a model with its pages; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "service-2.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    pagination = json.dumps({"pagination": _PAGES if pages is None else pages})
    (folder / "paginators-1.json").write_text(pagination, encoding="utf-8")
    return path
