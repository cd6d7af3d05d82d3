"""Element declarations and types of XML Schema for the fields and records of a description."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from typing import Final

from lxml import etree

from ..cases.tables import Tables
from ..ir import Api, Envelope, Field, Method, Ref
from ..runtime.places import Place

XS: Final = "http://www.w3.org/2001/XMLSchema"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"

# The lexical forms that the codecs of the run time read, an empty tag included.
_PATTERNS: Final = {
    "id": r"\s*[+\-]?[0-9]{0,18}\s*",
    "int": r"\s*[+\-]?[0-9]{0,18}\s*",
    "decimal": r"\s*([+\-]?([0-9]+(\.[0-9]*)?|\.[0-9]+))?\s*",
    "date": r"\s*([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})?\s*",
    "datetime": r"\s*([0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T][0-9]{1,2}:[0-9]{2}:[0-9]{2})?)?\s*",
}


def tag(name: str) -> str:
    """Return the qualified name of an element of XML Schema."""
    return f"{{{XS}}}{name}"


class ElementNode:
    """An element of documents while its schema is built."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.children: dict[str, ElementNode] = {}
        self.many = False
        self.required = False
        self.fields: list[Field] = []
        """Scalar fields of the element."""
        self.records: list[Ref] = []
        self.attributes: list[Field] = []
        self.choices: tuple[frozenset[str], ...] = ()
        """Names of children of which a document has exactly one."""
        self.others = False
        """Any other elements may be inside."""
        self.mixed = False
        self.scalar: str | None = None
        """Type of a scalar that no field describes, such as the ID that a method returns."""


class SchemaWriter:
    """Base of the writers of requests and responses."""

    strict = False

    def __init__(
        self, api: Api, method: Method, tables: Tables, roots: Sequence[str], namespace: str | None
    ) -> None:
        self._api = api
        self._method = method
        self._protocol = tables.protocol_for(method).for_method(method.name)
        prefix, colon, _ = roots[0].partition(":")
        if colon:
            namespace = api.namespaces.get(prefix, namespace)
        self._roots = list(dict.fromkeys(root.rpartition(":")[2] for root in roots))
        self._namespace = namespace
        self._types: dict[Ref, etree._Element] = {}
        self._scalars: dict[str, etree._Element] = {}
        self._nillable = False
        if self._envelope.nil is not None:
            prefix, _, local = self._envelope.nil[0].rpartition(":")
            self._nillable = local == "nil" and api.namespaces.get(prefix) == _XSI
        attributes = {"elementFormDefault": "qualified"}
        names: dict[str | None, str] = {"xs": XS}
        if namespace is not None:
            attributes["targetNamespace"] = namespace
            names["t"] = namespace
        self._root = etree.Element(tag("schema"), attributes, nsmap=names)  # type: ignore[arg-type]

    @property
    def _envelope(self) -> Envelope:
        return self._method.envelope or self._api.envelope

    def _takes(self, item: Field) -> bool:
        raise NotImplementedError  # pragma: no cover

    def _scalar(self, item: Field) -> str | None:
        raise NotImplementedError  # pragma: no cover

    def tree(
        self, fields: Iterable[Field], root: ElementNode, *, nested: bool = False
    ) -> ElementNode:
        """Add fields at their paths below an element. A ``nested`` record needs what every method requires."""
        for item in fields:
            if self._takes(item) and item.location is None:
                self._add(root, item, item.path, item.attribute, nested=nested)
                for text in item.fallbacks if item.readable else ():
                    place = Place.of(text)
                    root.mixed = root.mixed or text == "."
                    if not place.source:
                        self._add(root, item, place.path, place.attribute, nested=nested)
        return root

    def _add(
        self,
        root: ElementNode,
        item: Field,
        path: tuple[str, ...],
        attribute: str | None,
        *,
        nested: bool,
    ) -> None:
        """Add a field at its path."""
        if item.content:
            root.mixed = True
        node = root
        for depth, name in enumerate(path):
            if name == "*" or self._foreign(name, item, len(path) - depth):
                node.others = True
                return
            parent = node
            node = node.children.setdefault(name, ElementNode(name))
            if item.bare and depth == len(path) - 1 and item.record is not None:
                self._bare(parent, item.record)
        if attribute is not None:
            node.attributes.append(item)
            return
        if not path:
            return
        node.many = node.many or item.many or item.map
        if len(path) == 1 and self._must(item, nested=nested):
            node.required = True
        if item.map:
            node.children.setdefault(item.key_element, ElementNode(item.key_element)).scalar = (
                "text"
            )
            node = node.children.setdefault(item.value_element, ElementNode(item.value_element))
        if item.record is not None:
            node.records.append(item.record)
        else:
            node.fields.append(item)

    def _foreign(self, name: str, item: Field, left: int) -> bool:
        """Return whether an element is of another namespace than the document."""
        prefix, colon, _ = name.partition(":")
        namespaces = item.namespaces[::-1]
        own = namespaces[left - 1] if 0 < left <= len(namespaces) else None
        if colon:
            own = self._api.namespaces.get(prefix)
        return own is not None and own != self._namespace

    def _must(self, item: Field, *, nested: bool) -> bool:
        return False

    def _bare(self, wrapper: ElementNode, ref: Ref) -> None:
        """Allow the fields of an item in the wrapper, without the item's element."""
        for item in self._api.records[ref].fields:
            if self._takes(item) and item.path:
                node = wrapper.children.setdefault(item.path[0], ElementNode(item.path[0]))
                node.many = True
                node.fields.append(item)

    def element(self, node: ElementNode) -> etree._Element:
        """Return the declaration of an element."""
        made = etree.Element(tag("element"), name=node.name.rpartition(":")[2])
        if self._nillable:
            made.set("nillable", "true")
        if node.records:
            made.set("type", self._named(node.records[0]))
        elif node.children or node.others or node.mixed:
            made.append(self.complex(node))
        elif any(self._scalar(item) == "xml" for item in node.fields):
            node.others = node.mixed = True
            made.append(self.complex(node))
        elif node.attributes and not node.fields and node.scalar is None:
            made.append(self.complex(node))
        else:
            made.append(self._open(self.simple(node.fields, node.scalar), node.attributes))
        return made

    def complex(self, node: ElementNode) -> etree._Element:
        """Return the type of an element with child elements or attributes."""
        kind = etree.Element(tag("complexType"))
        if node.mixed:
            kind.set("mixed", "true")
        kind.append(self._group(node))
        for attribute in self._attributes(node.attributes):
            kind.append(attribute)
        _any_attribute(kind)
        return kind

    def _group(self, node: ElementNode) -> etree._Element:
        """Return the group of the children of an element."""
        ordered = self.strict and bool(node.children) and not node.others
        repeated = node.others or any(child.many for child in node.children.values())
        children = set(node.children)
        if ordered:
            return self._sequence(node)
        if any(children == choice for choice in node.choices) and not repeated:
            group = etree.Element(tag("choice"))
            group.extend(self.element(child) for child in node.children.values())
            return group
        loose = repeated or not children
        group = etree.Element(tag("choice" if loose else "all"))
        if loose:
            group.set("minOccurs", "0")
            group.set("maxOccurs", "unbounded")
        if node.others:
            # An element that is described by name would be ambiguous beside any other.
            etree.SubElement(group, tag("any"), namespace="##any", processContents="skip")
            return group
        for child in node.children.values():
            made = self.element(child)
            if not loose:
                made.set("minOccurs", "1" if child.required else "0")
            group.append(made)
        if not children and not node.mixed:
            # Empty content would refuse the white space that documents have.
            etree.SubElement(
                group, tag("any"), namespace="urn:xmlwright:none", processContents="skip"
            )
        return group

    def _sequence(self, node: ElementNode) -> etree._Element:
        """Return the children of an element in their order."""
        group = etree.Element(tag("sequence"))
        choices: dict[frozenset[str], etree._Element] = {}
        for name, child in node.children.items():
            made = self.element(child)
            if child.many:
                made.set("maxOccurs", "unbounded")
            choice = next((names for names in node.choices if name in names), None)
            if choice is None:
                made.set("minOccurs", "1" if child.required else "0")
                group.append(made)
                continue
            if choice not in choices:
                choices[choice] = etree.SubElement(group, tag("choice"))
            choices[choice].append(made)
        return group

    def _attributes(self, items: Iterable[Field]) -> Iterator[etree._Element]:
        """Yield the declarations of attributes; those with a prefix are allowed without one."""
        known: set[str] = set()
        for item in items:
            name = str(item.attribute)
            if ":" not in name and name not in known:
                known.add(name)
                attribute = etree.Element(tag("attribute"), name=name)
                attribute.append(self.simple([item]))
                yield attribute

    def simple(self, fields: list[Field], scalar: str | None = None) -> etree._Element:
        """Return the type of a scalar. It allows attributes that are not described."""
        kind = etree.Element(tag("simpleType"))
        restriction = etree.SubElement(kind, tag("restriction"), base="xs:string")
        patterns = sorted(
            {pattern for item in fields if (pattern := self._pattern(item)) is not None}
        )
        if scalar in _PATTERNS:
            etree.SubElement(restriction, tag("pattern"), value=_PATTERNS[scalar])
        elif fields and len(patterns) == len({self._scalar(item) or item.name for item in fields}):
            for pattern in patterns:
                etree.SubElement(restriction, tag("pattern"), value=pattern)
        return kind

    def _pattern(self, item: Field) -> str | None:
        scalar = self._scalar(item)
        known = self._api.scalars.get(item.scalar or scalar or "")
        if scalar == "flag":
            words = known.words if known is not None else (("1",), ("0",))
            texts = [_escaped(text) for texts in words for text in texts]
            return rf"\s*({'|'.join(texts)})?\s*"
        pattern = _PATTERNS.get(scalar or "")
        if pattern is None or (known is not None and known.form is not None):
            return None
        none = [*item.none, *(known.none if known is not None else ())]
        return "|".join([pattern, *map(_escaped, none)])

    def _named(self, ref: Ref) -> str:
        """Return the name of a record's type; declare it when first used."""
        name = f"{ref.module}.{ref.name}"
        if ref not in self._types:
            self._types[ref] = etree.Element(
                tag("complexType")
            )  # a record may hold records of its own kind
            record = self._api.records[ref]
            node = ElementNode(name)
            node.choices = self._choices(ref)
            kind = self.complex(self.tree(record.fields, node, nested=True))
            if self._may_be_empty(ref):
                kind[0].set("minOccurs", "0")
            kind.set("name", name)
            self._types[ref] = kind
        return f"t:{name}" if self._namespace is not None else name

    def _may_be_empty(self, ref: Ref) -> bool:
        """Return whether an empty tag is allowed in place of a record with required fields."""
        return False

    def _choices(self, ref: Ref) -> tuple[frozenset[str], ...]:
        return ()

    def _beside(self, root: ElementNode, place: Place) -> None:
        """Allow a text beside the payload."""
        node = root
        for name in place.path if not place.source else ():
            node = node.children.setdefault(name, ElementNode(name))
        if node is not root and node.scalar is None:
            node.scalar = "text"

    def _finished(self, root: etree._Element) -> etree._Element:
        for name in self._roots:
            one = deepcopy(root)
            one.set("name", name)
            self._root.append(one)
        for kind in (*self._types.values(), *self._scalars.values()):
            self._root.append(kind)
        return self._root

    def _open(self, simple: etree._Element, attributes: Sequence[Field] = ()) -> etree._Element:
        """Return a type of simple content that allows any attribute, such as ``deprecated="true"``."""
        restriction = simple[0]
        kind = etree.Element(tag("complexType"))
        content = etree.SubElement(kind, tag("simpleContent"))
        base = "xs:string"
        if len(restriction):
            patterns = "|".join(str(item.get("value")) for item in restriction)
            name = f"scalar-{hashlib.sha256(patterns.encode()).hexdigest()[:8]}"
            if name not in self._scalars:
                simple.set("name", name)
                self._scalars[name] = simple
            base = f"t:{name}" if self._namespace is not None else name
        extension = etree.SubElement(content, tag("extension"), base=base)
        for attribute in self._attributes(attributes):
            extension.append(attribute)
        _any_attribute(extension)
        return kind


def _any_attribute(kind: etree._Element) -> None:
    etree.SubElement(kind, tag("anyAttribute"), namespace="##any", processContents="lax")


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in r"\|.?*+(){}[]^-" else char for char in text)
