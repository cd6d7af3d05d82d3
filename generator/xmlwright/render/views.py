"""What templates see of a module: the resolved description, in the words of Python.

Templates lay out; whatever needs thought about types, imports or documentation is said here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ..ir import Api, Enum, Field, Method, Module, Record, Ref
from ..naming import constant, test_module_name
from ..runtime.errors import FAILURES
from .literals import literal
from .views_api import ApiView

_READ = {
    "id": "int", "int": "int", "text": "str", "uri": "str", "decimal": "Decimal", "flag": "bool",
    "date": "dt.date", "datetime": "dt.datetime", "binary": "str", "float": "float", "base64": "bytes",
    "xml": "str",
}  # fmt: skip
_WRITE = {
    **_READ,
    "date": "dt.date | str",
    "datetime": "dt.datetime | str",
    "decimal": "Decimal | int | str",
    "binary": "Upload | bytes | PathLike[str] | BinaryIO",
    "float": "float | int",
    "base64": "bytes | str",
}
_RUNTIME_NAMES = {
    "files": {"File"},
    "request": {
        "BinaryResponse", "EmptyResponse", "ListResponse", "Page", "PageResponse", "RecordResponse", "ScalarResponse",
    },
    "scalars": {"EMPTY_REFUSED", "EnumCodec"},
    "schema": {"entry_schema", "field_spec", "schema_of"},
    "unset": {"UNSET", "Unset"},
    "writing": {"Upload"},
}  # fmt: skip
"""Module of the runtime -> names that generated modules import from it where they use them."""
_WIRE = {
    "id": "id", "text": "text", "int": "integer", "decimal": "decimal number", "flag": "flag", "date": "date",
    "datetime": "date and time", "uri": "URI", "binary": "file", "float": "floating-point number", "base64": "bytes",
    "xml": "XML",
}  # fmt: skip

RETRIES = {
    "safe": "Safe to retry: the call changes nothing",
    "idempotent": "Safe to retry: a repeated call changes nothing more",
    "ambiguous": "Not safe to retry: a repeated call can be carried out twice",
}
"""Retry class -> what it means."""


class ModuleView:
    """One module as its template writes it; notes which names the text uses, for the imports at its head."""

    def __init__(self, api: Api, module: Module, tables: ApiView | None = None) -> None:
        self.api = api
        self.module = module
        self._tables_of_api = tables
        self.runtime_names: dict[str, set[str]] = {}
        """Module of the runtime -> names that the expressions of tables use."""
        self.name = module.name
        self.uses: set[str] = set()
        self.own: set[str] = set()
        """Classes of the module itself that the text of its tests names."""
        self.foreign: dict[str, set[str]] = {}
        self.typing_only: dict[str, set[str]] = {}

    @property
    def tables_of_api(self) -> ApiView:
        """The tables that all methods share."""
        if self._tables_of_api is None:
            self._tables_of_api = ApiView(self.api)
        return self._tables_of_api

    @property
    def tested(self) -> str:
        """What its tests call the module."""
        return test_module_name(self.module.python)

    # names

    def use(self, *names: str) -> str:
        """Note that the text uses names of the runtime or the standard library."""
        self.uses.update(names)
        return ""

    def used(self, *names: str) -> bool:
        """Whether the text uses one of these names."""
        return not self.uses.isdisjoint(names)

    def refer(self, ref: Ref, name: str, *, typing: bool = False) -> str:
        """Return a name of another module, and note that it must be imported, perhaps for annotations only."""
        if ref.module != self.name:
            (self.typing_only if typing else self.foreign).setdefault(ref.module, set()).add(name)
        return name

    def shape(self, ref: Ref) -> str:
        """Name of a record's table."""
        return self.refer(ref, constant(ref.name))

    def words(self, ref: Ref) -> str:
        """Name of an enum's codec."""
        return self.refer(ref, constant(ref.name))

    # imports

    @staticmethod
    def ordered(names: Iterable[str]) -> list[str]:
        """Names in the order that isort gives the members of an import: constants, classes, functions."""
        return sorted(
            names, key=lambda name: (not name.isupper(), not name[0].isupper(), name.lower(), name)
        )

    def imports(self) -> list[str]:
        """The imports of a module of the package from its other modules, in the order of isort."""
        methods = self.module.methods
        paged = {method.response.value == "page" for method in methods}
        names: dict[str, set[str]] = {module: set(found) for module, found in self.foreign.items()}
        for module, wanted in _RUNTIME_NAMES.items():
            names[f"runtime.{module}"] = wanted & self.uses
        for module, found in self.runtime_names.items():
            names.setdefault(module, set()).update(found)
        if methods:
            names["runtime.binding"] = {"AsyncResource", "Resource"}
            names["runtime.binding"] |= {"pages" if one else "call" for one in paged}
            names["runtime.request"] |= {"Method", "Request"}
        if self.response_records():
            names["runtime.record"] = {"Record"}
        if methods or self.shapes():
            names["runtime.schema"].add("RecordSchema")
        lines = ["from . import _api as api"] if methods or self.used("api") else []
        lines += [
            f"from .{module} import {', '.join(self.ordered(found))}"
            for module, found in sorted(names.items())
            if found
        ]
        return lines

    # types

    def read_type(self, item: Field) -> str:
        """Annotation of a field of a response, without None."""
        if item.record is not None:
            inner = self.refer(item.record, item.record.name, typing=True)
        elif item.enum is not None:
            inner = f"{self.refer(item.enum, item.enum.name, typing=True)} | str"
        else:
            inner = self._typed(_READ[item.read or "text"])
        if item.map:
            return f"dict[str, {inner}]"
        return f"list[{inner}]" if item.many else inner

    def attribute(self, record: Record, item: Field) -> str:
        """A field of a record: annotation and default."""
        kind = self.read_type(item)
        hidden = "repr=False" if item.sensitive else ""
        if item.map:
            self.use("field")
            extra = f", {hidden}" if hidden else ""
            return f"{kind} = field(default_factory=lambda: {{}}{extra})"
        if item.many:
            self.use("field")
            extra = f", {hidden}" if hidden else ""
            return f"{kind} = field(default_factory=lambda: []{extra})"
        if item.python == record.identity:
            if hidden:
                self.use("field")
            return f"{kind} = field({hidden})" if hidden else kind
        if hidden:
            self.use("field")
            return f"{kind} | None = field(default=None, {hidden})"
        return f"{kind} | None = None"

    def _defines(self, name: str) -> bool:
        """Whether the module has a class or a type of this name."""
        records = any(record.name == name for record in self.module.records)
        return records or any(enum.name == name for enum in self.module.enums)

    def write_type(self, item: Field, *, argument: bool = False) -> str:
        """Annotation of an argument, or of a key of an input dictionary, that has a value."""
        if item.record is not None:
            record = self.api.records[item.record]
            inner = self.refer(item.record, f"{record.name}Input", typing=True)
            if record.in_responses:
                inner += f" | {self.refer(item.record, record.name, typing=True)}"
        elif item.enum is not None:
            enum = self.api.enums[item.enum]
            name = f"{enum.name}Input" if enum.partly_read_only else enum.name
            inner = self.refer(item.enum, name, typing=True)
        else:
            inner = self._typed(_WRITE[item.write or "text"])
            for module, name, _ in self.accepted_records(item, argument=argument):
                if module == self.name or not self._defines(name):
                    inner += f" | {self.refer(Ref(module, name), name, typing=True)}"
        if item.map:
            self.use("Mapping")
            return f"Mapping[str, {inner}]"
        if item.many:
            self.use("Sequence")
            return f"Sequence[{inner}]"
        return inner

    def _typed(self, annotation: str) -> str:
        for name in ("Decimal", "Upload", "PathLike", "BinaryIO"):
            if name in annotation:
                self.use(name)
        if "dt." in annotation:
            self.use("dt")
        return annotation

    def parameter(self, item: Field) -> str:
        """A parameter of a builder: annotation and default."""
        kind = self.write_type(item, argument=True)
        if item.required:
            return f"{item.python}: {kind}"
        self.use("UNSET", "Unset")
        none = "" if item.clear == "refused" else " | None"
        return f"{item.python}: {kind}{none} | Unset = UNSET"

    def key_type(self, item: Field) -> str:
        """Annotation of a key of an input dictionary."""
        kind = self.write_type(item)
        none = "" if item.clear == "refused" else " | None"
        if item.required and set("cu") <= set(item.required):
            self.use("Required")
            return f"Required[{kind}{none}]"
        return kind + none

    def response_type(self, method: Method) -> str:
        """What a call returns, as a type."""
        response = method.response
        if response.value == "none":
            return "None"
        if response.value == "binary":
            self.use("File")
            return "File"
        if response.record is not None:
            inner = self.refer(response.record, response.record.name)
        else:
            inner = self._typed(_READ[self.base(response.scalar or "id")])
        if response.value == "page":
            self.use("Page")
            return f"Page[{inner}]"
        return f"list[{inner}]" if response.value == "list" else inner

    # tables

    def table(self, item: Field, *, argument: bool = False) -> str:
        """The entry of a field in a run-time table."""
        facts: list[str] = []
        self.use("field_spec")
        path = "/".join(item.path)
        elsewhere = item.content or item.attribute or item.location
        if item.path and (path != item.python or elsewhere):
            facts.append(literal(path))
        if item.many or item.map:
            facts.append("many=True")
        if item.map:
            facts.append("map=True")
        for name in ("location", "indexed", "join"):
            if getattr(item, name) is not None:
                facts.append(f"{name}={literal(getattr(item, name))}")
        for name in ("fallbacks", "namespaces"):
            if getattr(item, name):
                facts.append(f"{name}={literal(getattr(item, name))}")
        for name in ("attribute",):
            if getattr(item, name) is not None:
                facts.append(f"{name}={literal(getattr(item, name))}")
        for name in ("content", "bare", "sensitive", "discarded"):
            if getattr(item, name):
                facts.append(f"{name}=True")
        access = "cu" if argument else item.access
        if access != "rcu":
            facts.append(f"access={literal(access)}")
        if item.required:
            facts.append(f"required={literal(item.required)}")
        if item.clear == "refused":
            facts.append("clear=False")
        for name in ("max_length", "minimum", "maximum", "places", "media", "max_bytes"):
            if item.writable and getattr(item, name) not in (None, ()):
                facts.append(f"{name}={literal(getattr(item, name))}")
        rest = "".join(f", {fact}" for fact in facts)
        accepted = self.accepted_records(item, argument=argument)
        if accepted:
            rest += f", of={literal({name: identity for _, name, identity in accepted})}"
        return f"field_spec({literal(item.python)}, {self._kind(item, argument)}{rest})"

    def accepted_records(self, item: Field, *, argument: bool) -> list[tuple[str, str, str]]:
        """Return the records that are accepted in place of an ID: module, class, and field of the ID."""
        own = argument and any(record.identity == item.python for record in self.module.records)
        resource = item.ref or (self.name if own else None)
        if resource is None or item.record is not None or not item.writable or item.map:
            return []
        return [
            (module.name, record.name, record.identity)
            for module in self.api.modules
            if module.name == resource
            for record in module.records
            if record.in_responses
            and record.identity is not None
            and (item.ref is not None or record.identity == item.python)
        ]

    def tables(self, record: Record) -> list[str]:
        """Entries of a record; a field whose type differs by direction has one for each."""
        found: list[str] = []
        for item in record.fields:
            found.extend(self.table(one) for one in item.by_direction)
        return found

    def _kind(self, item: Field, argument: bool) -> str:
        kind = self._one_kind(item, argument)
        if not item.map or item.path[-1:] == ("*",):
            return kind
        self.use("entry_schema")
        names = (item.key_element, item.value_element)
        rest = "" if names == ("key", "value") else f", {', '.join(map(literal, names))}"
        return f"entry_schema({kind}{rest})"

    def base(self, scalar: str) -> str:
        """Return the built-in type that a scalar is, or is a format of."""
        found = self.api.scalars.get(scalar)
        return (found.base if found is not None else "") or scalar

    def _one_kind(self, item: Field, argument: bool) -> str:
        if item.record is not None:
            return f"lambda: {self.shape(item.record)}"
        if item.enum is not None:
            kind = self.words(item.enum)
        else:
            writes = argument or not item.readable
            name = (item.write if writes else item.read) or "text"
            if item.scalar is not None and self.base(item.scalar) == name:
                name = item.scalar
            kind = f"api.{name.upper()}"
            self.use("api")
        if item.read_empty is None and not item.none:
            return kind
        facts: list[str] = []
        if item.read_empty is not None:
            empty = {"none": "None", "text": '""', "zero": "0", "error": "EMPTY_REFUSED"}[
                item.read_empty
            ]
            if empty == "EMPTY_REFUSED":
                self.use("EMPTY_REFUSED")
            facts.append(f"empty={empty}")
        if item.none:
            facts.append(f"none={literal(item.none)}")
        return f"{kind}.with_({', '.join(facts)})"

    def response(self, method: Method) -> str:
        """How the response of a method is read."""
        response = method.response
        if response.value == "none":
            self.use("EmptyResponse")
            return "EmptyResponse()"
        if response.value == "binary":
            self.use("BinaryResponse")
            return f"BinaryResponse({', '.join(map(literal, response.media))})"
        element = literal(response.element)
        if response.record is not None:
            kind = self.shape(response.record)
        else:
            self.use("api")
            kind = f"api.{(response.scalar or 'id').upper()}"
        if response.value == "id":
            self.use("ScalarResponse")
            return f"ScalarResponse[{_READ[self.base(response.scalar or 'id')]}]({element}, {kind})"
        if response.value == "record":
            self.use("RecordResponse")
            return f"RecordResponse({element}, {kind})"
        name = "PageResponse" if response.value == "page" else "ListResponse"
        self.use(name)
        inner = (
            "" if response.record is not None else f"[{_READ[self.base(response.scalar or 'id')]}]"
        )
        return f"{name}{inner}({element}, {literal(response.item)}, {kind})"

    def protocol(self, method: Method) -> str:
        """Return the expression of a method's protocol."""
        return self._imported(*self.tables_of_api.protocol_of(method))

    def http(self, method: Method) -> str:
        """Return the expression of a method's HTTP binding; empty where it has none."""
        return self._imported(*self.tables_of_api.http_of(method))

    def _imported(self, text: str, imports: dict[str, set[str]]) -> str:
        for module, names in imports.items():
            self.runtime_names.setdefault(module, set()).update(names)
        return text

    # documentation

    def field_doc(self, item: Field, *, writing: bool = False) -> str:
        """What a person reads about a field: its meaning, its form on the wire, its limits."""
        doc = " ".join(filter(None, [sentence(item.doc), self.limits(item, writing=writing)]))
        if item.deprecated is not None:
            doc = f"Deprecated. {sentence(item.deprecated)} {doc}".replace("  ", " ")
        return doc

    def limits(self, item: Field, *, writing: bool = False) -> str:
        """A field's default and limits as a sentence; empty where it has none."""
        facts: list[str] = []
        if item.default is not None:
            facts.append(f"default {item.default}")
        for name, words in (
            ("max_length", "at most {} characters"),
            ("minimum", "from {}"),
            ("maximum", "up to {}"),
            ("places", "at most {} decimal places"),
            ("max_bytes", "at most {:,} bytes"),
        ):
            if getattr(item, name) is not None:
                facts.append(words.format(getattr(item, name)))
        if item.media:
            facts.append(" or ".join(item.media))
        if writing and item.discarded:
            facts.append("accepted but not saved")
        text = "; ".join(facts)
        return f"{text[0].upper()}{text[1:]}." if text else ""

    def field_facts(self, item: Field, *, writing: bool = False) -> list[str]:
        """A field's form on the wire and its limits, each in a few words."""
        facts = [self._wire(item, writing)]
        if item.default is not None:
            facts.append(f"default {item.default}")
        for name, words in (
            ("max_length", "at most {} characters"),
            ("minimum", "from {}"),
            ("maximum", "up to {}"),
            ("places", "{} decimal places"),
            ("max_bytes", "at most {:,} bytes"),
        ):
            if getattr(item, name) is not None:
                facts.append(words.format(getattr(item, name)))
        if item.media:
            facts.append(" or ".join(item.media))
        if writing and item.discarded:
            facts.append("accepted but not saved")
        if writing and not item.required and item.clear == "action":
            facts.append("None has an effect of its own")
        if not writing and item.none:
            facts.append(f"{', '.join(item.none)} on the wire is none")
        if item.ref is not None:
            facts.append(f"ID of {'an' if item.ref[0] in 'aeiou' else 'a'} {item.ref}")
        if item.since is not None:
            facts.append(f"since {item.since}")
        if item.provenance.kind != "documented":
            facts.append(item.provenance.kind)
        return facts

    def _wire(self, item: Field, writing: bool) -> str:
        if item.record is not None:
            return "list" if item.many else "record"
        if item.enum is not None:
            return "word"
        wire = _WIRE[(item.write if writing else item.read) or "text"]
        return f"list of {wire}" if item.many else wire

    def method_doc(self, method: Method) -> str:
        """The docstring of a builder."""
        lines = [method.doc or f"Calls {method.name}."]
        if method.deprecated is not None:
            lines += ["", f"Deprecated. {sentence(method.deprecated)}"]
        callers = self.callers(method)
        about = f"API method ``{method.name}``. {RETRIES[method.retry]}."
        lines += ["", f"{about} Available to {callers}." if callers else about]
        if method.arguments:
            lines += ["", "Args:"]
            lines += [
                f"    {item.python}: {self.field_doc(item, writing=True)}"
                for item in method.arguments
            ]
        returned = self.returns(method)
        if returned:
            lines += ["", "Returns:", f"    {returned}"]
        raises = self.raises(method)
        if raises:
            lines += ["", "Raises:"]
            lines += [f"    {name}: {text}" for name, text in raises]
        return "\n".join(lines)

    def source(self, provenance: Any) -> str:
        """How a fact is known."""
        kind = {
            "documented": "Documented",
            "observed": "Observed, not documented",
            "inferred": "Inferred, not documented",
        }[provenance.kind]
        return f"{kind}{': ' + ', '.join(provenance.sources) if provenance.sources else ''}."

    def callers(self, method: Method) -> str:
        """Who may call a method, in words."""
        parts = [
            person if condition == "always" else f"{person} {condition}"
            for person, condition in method.callers.items()
        ]
        return ", ".join(parts)

    def returns(self, method: Method) -> str:
        """What a call returns, in words."""
        response = method.response
        if response.value == "none":
            return ""
        if response.value == "binary":
            return f"The file ({', '.join(response.media) or 'bytes'})."
        if response.value == "id":
            return f"The {response.element.rpartition('/')[2].replace('_', ' ')}."
        if response.value == "page":
            order = f", ordered by {method.order.lstrip('-')}" if method.order else ""
            descending = ", descending" if method.order and method.order.startswith("-") else ""
            ignored = (
                " The server returns the same page for every page number."
                if method.paging == "ignored"
                else ""
            )
            return f"The records{order}{descending}.{ignored}"
        return "All records." if response.value == "list" else "The record."

    def raises(self, method: Method) -> list[tuple[str, str]]:
        """Errors that a call can end in: class and codes."""
        by_kind: dict[str, list[str]] = {}
        for code in self.api.errors:
            if code.code in method.errors:
                by_kind.setdefault(code.kind, []).append(code.code)
        return [
            (FAILURES[kind].__name__, f"code {', '.join(codes)}.")
            for kind, codes in by_kind.items()
        ]

    # what stands in the module

    def response_records(self) -> list[Record]:
        """Records that responses hold, each after the records of this module that it needs no quotes for."""
        return [record for record in self.module.records if record.in_responses]

    def inputs(self) -> list[Record]:
        """Records that requests hold."""
        return [record for record in self.module.records if record.in_requests]

    def shapes(self) -> list[Record]:
        """Records that need a table."""
        return [item for item in self.module.records if item.in_responses or item.in_requests]

    def exports(self) -> list[str]:
        """Public names of the module."""
        names = [record.name for record in self.response_records()]
        names += [f"{record.name}Input" for record in self.inputs()]
        for enum in self.module.enums:
            names.append(enum.name)
            if enum.partly_read_only:
                names.append(f"{enum.name}Input")
        for _, name in self.module.classes:
            names += [name, f"Async{name}"]
        names += [method.function for method in self.module.methods]
        return sorted(names)

    def bound(self, path: tuple[str, ...]) -> list[Method]:
        """Methods bound on one resource class."""
        return [method for method in self.module.methods if method.python[:-1] == path]

    def subs(self, path: tuple[str, ...]) -> list[tuple[str, str]]:
        """Sub-resources of one resource class: attribute and class."""
        return [
            (sub[-1], name)
            for sub, name in self.module.classes
            if len(sub) == len(path) + 1 and sub[:-1] == path
        ]

    def enum_codec(self, enum: Enum) -> str:
        """The words of an enum, as its codec takes them."""
        self.use("EnumCodec")
        words = literal({word.word: (word.request, word.response) for word in enum.words})
        read_only_words = [word.word for word in enum.words if not word.writable]
        return f"{words}, read_only={literal(tuple(read_only_words))}" if read_only_words else words


def example(api: Api) -> Method | None:
    """The call that a read-me shows: of the resource with most methods, rather a list in pages than another."""
    simple = [method for method in api.methods if not method.needs_arguments]
    paged = [method for method in simple if method.response.value == "page"]
    many = Counter(method.resource for method in api.methods)
    return max(paged or simple, key=lambda method: many[method.resource], default=None)


def sentence(text: str) -> str:
    """A text as a whole sentence."""
    text = text.strip()
    return text if not text or text[-1] in ".!?" else f"{text}."
