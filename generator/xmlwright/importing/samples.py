"""Cases made from a model: one call and one response of each operation, with plain values."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from ..naming import snake
from .model import Json, Model
from .names import python_names
from .operations import Bound, Operation
from .shapes import Shapes, Spec

_TIME: Final = datetime(2030, 1, 31, 10, tzinfo=timezone.utc)
_LONGEST: Final = 1000
_DEEPEST: Final = 24


class Samples:
    """Makes the cases of one resource.

    A structure has all its members in the first case of a resource that has one, and few in the others: cases show every field
    and stay short.
    """

    def __init__(self, model: Model, shapes: Shapes) -> None:
        self.model = model
        self.shapes = shapes
        self._shown: set[tuple[bool, str]] = set()
        self._stack: list[str] = []
        self._sending = True

    def cases(self, operation: Operation) -> Iterator[Spec]:
        """Yield the cases of an operation."""
        values, request = self.call(operation)
        case: Spec = {
            "name": f"calls {operation.name}",
            "call": operation.name,
            "arguments": self._given(operation.arguments, values),
            "request": request,
        }
        values, case["response"] = self.reply(operation)
        result = self._result(operation, values)
        if result is not None:
            case["result"] = result
        yield case

    def call(self, operation: Operation) -> tuple[dict[str, Any], str]:
        """Return values of the members of a request, and the request."""
        self._sending = True
        values = self._values(operation.arguments, operation, request=True)
        return values, self._request(operation, values)

    def reply(self, operation: Operation) -> tuple[dict[str, Any], str]:
        """Return values of the members of a response, and the response."""
        self._sending = False
        values = self._values(operation.results, operation, request=False)
        return values, self._response(operation, values)

    # values

    def _values(
        self, bounds: list[Bound], operation: Operation, *, request: bool
    ) -> dict[str, Any]:
        found = {}
        ref = operation.given.get("input" if request else "output")
        self._stack = [] if ref is None else [ref["shape"]]
        shape = {} if ref is None else self.shapes.shape(ref)
        union = shape.get("union")
        others = {key for group in shape.get("choices", ()) for key in group[1:]}
        for bound in bounds:
            if request and self._is_size(operation, bound):
                value: Any = self._number(bound.member.spec)
            else:
                value = self._value(bound.member.ref, bound.member.name, bound.where)
            if bound.member.name in others:
                continue
            if value is not None:
                found[bound.member.name] = value
                if union:
                    break
        return found

    def _is_size(self, operation: Operation, bound: Bound) -> bool:
        size = operation.spec.get("paging", {}).get("size")
        return size is not None and size == bound.member.spec.get("at")

    def _number(self, spec: Spec) -> int:
        return max(1, int(spec.get("minimum", 1)))

    def _value(self, ref: Json, name: str, where: str = "body") -> Any:
        """Return a value of a shape, with structures as mappings of members; None where it would not end."""
        shape = self.shapes.shape(ref)
        kind = shape["type"]
        if len(self._stack) > _DEEPEST:
            return None
        if kind == "structure":
            return self._structure(ref["shape"])
        if kind == "list":
            item = self._value(shape["member"], name)
            return None if item is None else [item]
        if kind == "map":
            key = self._value(shape["key"], "key")
            value = self._value(shape["value"], "value")
            return None if value is None else {key: value}
        return self._scalar(ref, shape, name, where)

    def _structure(self, name: str) -> dict[str, Any] | None:
        if name in self._stack:
            return None
        shape = self.shapes.shapes[name]
        members = shape.get("members", {})
        if not members:
            return {}
        known = (self._sending, name) in self._shown
        self._shown.add((self._sending, name))
        self._stack.append(name)
        wanted = set(shape.get("required", ())) if known else set(members)
        if known and not wanted:
            plain = (key for key, ref in members.items() if "members" not in self.shapes.shape(ref) and "member" not in self.shapes.shape(ref))  # fmt: skip
            wanted = {next(plain, next(iter(members)))}
        others = {key for group in shape.get("choices", ()) for key in group[1:]}
        found: dict[str, Any] = {}
        for key in self.shapes.described_members(name):
            if key not in wanted or key in others:
                continue
            ref = members[key]
            value = self._value(ref, key)
            if value is not None:
                found[key] = value
                if shape.get("union"):
                    break
        self._stack.pop()
        return found or None

    def _scalar(self, ref: Json, shape: Json, name: str, where: str) -> Any:
        kind = shape["type"]
        low, high = shape.get("min"), shape.get("max")
        if kind == "boolean":
            return True
        if kind == "timestamp":
            return _TIME
        if kind == "date":
            return "2030-01-31"
        if kind in ("float", "double", "bigdecimal"):
            return float(low) if low is not None and low > 1.5 else float(high) if high is not None and high < 1.5 else 1.5  # fmt: skip
        if kind in ("integer", "long", "short", "byte", "biginteger"):
            return int(low) if low is not None and low > 1 else int(high) if high is not None and high < 1 else 1  # fmt: skip
        if kind == "blob":
            return b"bytes"
        if shape.get("jsonvalue") or ref.get("jsonvalue"):
            return b"{}"
        words = [word for word in shape.get("enum", ()) if str(word).strip()]
        if words:
            return str(words[0])
        text = snake(name).strip("_").replace("_", "-") or "text"
        if low is not None:
            text = text.ljust(min(int(low), _LONGEST), "x")
        return text if high is None or high < 1 else text[: int(high)]

    # as a case of the description has them

    def _given(self, bounds: list[Bound], values: dict[str, Any]) -> Spec:
        return {
            bound.member.python: self._shown_value(
                bound.member.ref, values[bound.member.name], bound.where
            )
            for bound in bounds
            if bound.member.name in values
        }

    def _shown_value(self, ref: Json, value: Any, where: str = "body", nested: bool = False) -> Any:
        """Return a value as arguments and results of cases are written."""
        shape = self.shapes.shape(ref)
        if shape["type"] == "structure":
            if not shape.get("members"):
                return ""
            python = python_names(shape["members"])
            return {
                python[key]: self._shown_value(shape["members"][key], part)
                for key, part in value.items()
            }
        if shape["type"] == "list":
            items = [self._shown_value(shape["member"], part, nested=True) for part in value]
            return {"items": items} if nested else items
        if shape["type"] == "map":
            pairs = {
                key: self._shown_value(shape["value"], part, nested=True)
                for key, part in value.items()
            }
            return {"items": pairs} if nested else pairs
        if isinstance(value, datetime):
            return "2030-01-31T10:00:00Z"
        if isinstance(value, bytes):
            return value.decode() if where == "raw" else base64.b64encode(value).decode()
        if shape["type"] == "bigdecimal":
            return str(value)
        return value

    # requests

    def _request(self, operation: Operation, values: dict[str, Any]) -> str:
        if self.model.is_form:
            pairs = [
                ("Action", operation.name),
                ("Version", str(self.model.metadata.get("apiVersion", ""))),
            ]
            for bound in operation.arguments:
                if bound.member.name in values:
                    pairs += self._parameters(
                        bound.key, bound.member.ref, values[bound.member.name]
                    )
            lines = [f"{quote(name, safe='.')}={quote(text, safe='')}" for name, text in pairs]
            return "\n".join(
                ["POST /", "Content-Type: application/x-www-form-urlencoded", "", *lines]
            )
        return self._message(operation, values)

    def _parameters(self, name: str, ref: Json, value: Any) -> Iterator[tuple[str, str]]:
        shape = self.shapes.shape(ref)
        ec2 = self.model.protocol == "ec2"
        if shape["type"] == "structure":
            for key, part in value.items():
                inner = shape["members"][key]
                yield from self._parameters(
                    f"{name}.{self.shapes.sent_name(key, inner)}", inner, part
                )
        elif shape["type"] == "list":
            flat = ec2 or self.shapes.is_flat(ref)
            outer = name if flat else f"{name}.{self.shapes.item_name(shape)}"
            for number, part in enumerate(value, 1):
                yield from self._parameters(f"{outer}.{number}", shape["member"], part)
        elif shape["type"] == "map":
            outer = name if ec2 or self.shapes.is_flat(ref) else f"{name}.entry"
            for number, (key, part) in enumerate(value.items(), 1):
                for kind, inner in (("key", key), ("value", part)):
                    last = shape[kind].get("locationName", kind)
                    yield from self._parameters(f"{outer}.{number}.{last}", shape[kind], inner)
        else:
            yield name, self._text(ref, value)

    def _message(self, operation: Operation, values: dict[str, Any]) -> str:
        http = operation.given.get("http", {})
        uri = str(http.get("requestUri", "/"))
        path, _, constants = uri.partition("?")
        query = [constants] if constants else []
        headers: list[str] = []
        body = ""
        for bound in operation.arguments:
            if bound.member.name not in values:
                continue
            ref, value = bound.member.ref, values[bound.member.name]
            if bound.where == "path":
                text = quote(self._text(ref, value), safe="")
                path = path.replace(f"{{{bound.key}}}", text).replace(f"{{{bound.key}+}}", text)
            elif bound.where == "query":
                for text in self._texts(ref, value):
                    query.append(f"{quote(bound.key, safe='')}={quote(text, safe='')}")
            elif bound.where == "queries":
                query += [
                    f"{quote(key, safe='')}={quote(str(text), safe='')}"
                    for key, text in value.items()
                ]
            elif bound.where == "header":
                headers.append(f"{bound.key}: {', '.join(self._texts(ref, value, 'rfc822'))}")
            elif bound.where == "headers":
                headers += [f"{bound.key}{key}: {text}" for key, text in value.items()]
            elif bound.where == "payload":
                body = self._element(bound.key, ref, value)
            elif bound.where == "raw":
                body = value.decode() if isinstance(value, bytes) else str(value)
            else:
                body += self._element(bound.key, ref, value)
        if operation.wrapper is not None:
            uri = "" if operation.namespace is None else f" xmlns={quoteattr(operation.namespace)}"
            prefixes = "".join(
                f" xmlns:{key}={quoteattr(text)}" for key, text in self.shapes.namespaces.items()
            )
            body = f"<{operation.wrapper}{uri}{prefixes}>{body}</{operation.wrapper}>"
        target = path + (f"?{'&'.join(query)}" if query else "")
        return "\n".join([f"{http.get('method', 'POST')} {target}", *headers, "", body]).rstrip(
            "\n"
        )

    def _texts(self, ref: Json, value: Any, stamp: str = "iso8601") -> list[str]:
        shape = self.shapes.shape(ref)
        if shape["type"] == "list":
            return [self._text(shape["member"], part, stamp) for part in value]
        return [self._text(ref, value, stamp)]

    def _text(self, ref: Json, value: Any, stamp: str = "iso8601") -> str:
        """Return a scalar as it is on the wire."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, bytes):
            return base64.b64encode(value).decode()
        if isinstance(value, datetime):
            shape = self.shapes.shape(ref)
            given = ref.get("timestampFormat", shape.get("timestampFormat", stamp))
            if given == "unixTimestamp":
                return str(int(value.timestamp()))
            if given == "rfc822":
                return format_datetime(value, usegmt=True)
            return "2030-01-31T10:00:00Z"
        return str(value)

    # documents

    def _element(self, name: str, ref: Json, value: Any, more: str = "") -> str:
        """Return the element, or the elements of a flat list, of a value."""
        shape = self.shapes.shape(ref)
        own = self._namespace(ref, shape) + more
        if shape["type"] == "structure":
            inner = ""
            for key, part in value.items():
                member = shape["members"][key]
                if member.get("xmlText"):
                    inner += escape(self._text(member, part))
                elif member.get("xmlAttribute"):
                    own += (
                        f" {member.get('locationName', key)}={quoteattr(self._text(member, part))}"
                    )
                else:
                    inner += self._element(self.shapes.read_name(key, member), member, part)
            if any(member.get("xmlAttribute") for member in shape.get("members", {}).values()):
                prefixes = self.shapes.namespaces.items()
                own += "".join(f" xmlns:{key}={quoteattr(uri)}" for key, uri in prefixes)
        elif shape["type"] == "list":
            if self.shapes.is_flat(ref):
                return "".join(self._element(name, shape["member"], part, own) for part in value)
            item = self.shapes.item_name(shape)
            inner = "".join(self._element(item, shape["member"], part) for part in value)
        elif shape["type"] == "map":
            names = [shape[kind].get("locationName", kind) for kind in ("key", "value")]
            entries = [
                self._element(names[0], shape["key"], key)
                + self._element(names[1], shape["value"], part)
                for key, part in value.items()
            ]
            if self.shapes.is_flat(ref):
                return "".join(f"<{name}>{entry}</{name}>" for entry in entries)
            inner = "".join(f"<entry>{entry}</entry>" for entry in entries)
        else:
            inner = escape(self._text(ref, value))
        return f"<{name}{own}>{inner}</{name}>"

    def _namespace(self, ref: Json, shape: Json) -> str:
        if not self._sending:
            return ""
        found = self.shapes.namespace(ref, shape).get("namespace")
        uri = found[0] if isinstance(found, list) else found
        return "" if uri is None else f" xmlns={quoteattr(uri)}"

    # responses

    def _response(self, operation: Operation, values: dict[str, Any]) -> str:
        given = operation.given
        lines: list[str] = []
        status = int(given.get("http", {}).get("responseCode") or 200)
        root, body = f"{operation.name}Response", ""
        for bound in operation.results:
            if bound.member.name not in values:
                continue
            ref, value = bound.member.ref, values[bound.member.name]
            if bound.where == "status":
                values[bound.member.name] = status
            elif bound.where == "header":
                lines.append(f"{bound.key}: {', '.join(self._texts(ref, value, 'rfc822'))}")
            elif bound.where == "headers":
                lines += [f"{bound.key}{key}: {text}" for key, text in value.items()]
            elif bound.where == "raw":
                body = value.decode() if isinstance(value, bytes) else str(value)
            elif bound.where == "payload":
                body = self._element(bound.key, ref, value)
            else:
                body += self._element(bound.key, ref, value)
        if self.model.is_form:
            namespace = self.model.metadata.get("xmlNamespace")
            own = f" xmlns={quoteattr(namespace)}" if namespace else ""
            wrapper = (given.get("output") or {}).get("resultWrapper")
            if self.model.protocol == "query":
                body = f"<{wrapper}>{body}</{wrapper}>" if wrapper else body
                body += "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
            elif not any(bound.key == "requestId" for bound in operation.results):
                body += "<requestId>1</requestId>"
            body = f"<{root}{own}>{body}</{root}>"
        elif any(bound.where == "body" for bound in operation.results):
            output = given["output"]
            name = str(
                output.get("locationName")
                or self.shapes.shape(output).get("locationName")
                or output["shape"]
            )
            body = f"<{name}>{body}</{name}>"
        if not lines and status == 200 and body.startswith("<"):
            return body
        return "\n".join([f"HTTP/1.1 {status}", *lines, "", body]).rstrip("\n")

    def _result(self, operation: Operation, values: dict[str, Any]) -> Any:
        if operation.page is not None:
            result: Spec = {}
            marks = [self._text(_ref(operation, name), values[name]) for name in operation.marks]
            result["cursor"] = marks[0] if len(marks) == 1 else marks
            if operation.more is not None:
                result["more"] = True
            page = operation.page.member
            result["items"] = self._shown_value(page.ref, values[page.name])
            return result
        if not operation.results:
            return None
        if operation.single is not None:
            bound = operation.single
            return self._shown_value(bound.member.ref, values[bound.member.name])
        result = {}
        for bound in operation.results:
            if bound.member.name not in values:
                continue
            shown = self._shown_value(bound.member.ref, values[bound.member.name], bound.where)
            if bound.where == "payload" and isinstance(shown, dict):
                taken = {other.member.python for other in operation.results if other is not bound}
                for key, part in shown.items():
                    result[f"{bound.member.python}_{key}" if key in taken else key] = part
            else:
                result[bound.member.python] = shown
        return result


def _ref(operation: Operation, name: str) -> Json:
    found = next(bound for bound in operation.results if bound.member.name == name)
    return found.member.ref
