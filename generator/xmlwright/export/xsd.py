"""XML Schema 1.0: a schema of the request and of the response of each method.

Siblings may come in any order, as the API takes and gives them. A schema says what the description says and no more: words of
responses are open, IDs may be zero-padded, and an empty tag means no value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lxml import etree

from ..ir import Api, Field, Method, Ref
from ..runtime.protocol import Place

XS: Final = "http://www.w3.org/2001/XMLSchema"

# The lexical forms that the codecs of the run time read, an empty tag included.
_PATTERNS: Final = {
    "id": r"\s*[+\-]?[0-9]{0,18}\s*",
    "int": r"\s*[+\-]?[0-9]{0,18}\s*",
    "decimal": r"\s*([+\-]?([0-9]+(\.[0-9]*)?|\.[0-9]+))?\s*",
    "date": r"\s*([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})?\s*",
    "datetime": r"\s*([0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T][0-9]{1,2}:[0-9]{2}:[0-9]{2})?)?\s*",
}


def export(api: Api, *, namespace: str | None = None) -> dict[str, str]:
    """Return file name -> schema: ``METHOD.request.xsd`` and, except for files, ``METHOD.response.xsd``.

    ``namespace`` is that of the responses; None for responses without one.
    """
    files: dict[str, str] = {}
    for method in api.methods:
        files[f"{method.name}.request.xsd"] = _text(_Request(api, method).schema())
        if method.response.value != "binary":
            files[f"{method.name}.response.xsd"] = _text(_Answer(api, method, namespace).schema())
    return files


def _text(root: etree._Element) -> str:
    etree.indent(root)
    return etree.tostring(root, encoding="unicode") + "\n"


def _tag(name: str) -> str:
    return f"{{{XS}}}{name}"


class _Node:
    """An element of documents while its schema is built."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.children: dict[str, _Node] = {}
        self.many = False
        self.required = False
        self.fields: list[Field] = []
        """Scalar fields of the element."""
        self.records: list[Ref] = []
        self.attributes: list[Field] = []
        self.mixed = False
        self.scalar: str | None = None
        """Type of a scalar that no field describes, such as the ID that a method returns."""


class _Writer:
    """Base of the writers of requests and responses."""

    mode = ""

    def __init__(self, api: Api, method: Method, namespace: str | None) -> None:
        self._api = api
        self._method = method
        self._namespace = namespace
        self._types: dict[Ref, etree._Element] = {}
        attributes = {"elementFormDefault": "qualified"}
        names: dict[str | None, str] = {"xs": XS}
        if namespace is not None:
            attributes["targetNamespace"] = namespace
            names["t"] = namespace
        self._root = etree.Element(_tag("schema"), attributes, nsmap=names)  # type: ignore[arg-type]

    def _takes(self, item: Field) -> bool:
        raise NotImplementedError  # pragma: no cover

    def _scalar(self, item: Field) -> str | None:
        raise NotImplementedError  # pragma: no cover

    def tree(self, fields: Iterable[Field], root: _Node, *, nested: bool = False) -> _Node:
        """Add fields at their paths below an element. A ``nested`` record needs what every method requires."""
        for item in fields:
            if not self._takes(item):
                continue
            if item.attribute is not None:
                root.attributes.append(item)
                continue
            if item.content:
                root.mixed = True
            if not item.path:
                continue
            node = root
            for depth, name in enumerate(item.path):
                parent = node
                node = node.children.setdefault(name, _Node(name))
                if item.bare and depth == len(item.path) - 1 and item.record is not None:
                    self._bare(parent, item.record)
            node.many = node.many or item.many
            if item.record is not None:
                node.records.append(item.record)
            else:
                node.fields.append(item)
            must = self._must(item, nested=nested) and len(item.path) == 1
            node.required = node.required or must
        return root

    def _must(self, item: Field, *, nested: bool) -> bool:
        return False

    def _bare(self, wrapper: _Node, ref: Ref) -> None:
        """Allow the fields of an item in the wrapper, without the item's element."""
        for item in self._api.records[ref].fields:
            if self._takes(item) and item.path:
                node = wrapper.children.setdefault(item.path[0], _Node(item.path[0]))
                node.many = True
                node.fields.append(item)

    def element(self, node: _Node) -> etree._Element:
        """Return the declaration of an element."""
        made = etree.Element(_tag("element"), name=node.name)
        if node.records:
            made.set("type", self._named(node.records[0]))
        elif node.children or node.attributes or node.mixed:
            made.append(self.complex(node))
        else:
            made.append(self.simple(node.fields, node.scalar))
        return made

    def complex(self, node: _Node) -> etree._Element:
        """Return the type of an element with child elements or attributes."""
        kind = etree.Element(_tag("complexType"))
        if node.mixed:
            kind.set("mixed", "true")
        repeated = any(child.many for child in node.children.values())
        group = etree.SubElement(kind, _tag("choice" if repeated or not node.children else "all"))
        if repeated or not node.children:
            group.set("minOccurs", "0")
            group.set("maxOccurs", "unbounded")
        for child in node.children.values():
            made = self.element(child)
            if not repeated:
                made.set("minOccurs", "1" if child.required else "0")
            group.append(made)
        if not node.children and not node.mixed:
            # Empty content would refuse the white space that documents have.
            etree.SubElement(
                group, _tag("any"), namespace="urn:xmlwright:none", processContents="skip"
            )
        for item in node.attributes:
            attribute = etree.SubElement(kind, _tag("attribute"), name=str(item.attribute))
            attribute.append(self.simple([item]))
        wild = etree.SubElement(kind, _tag("anyAttribute"), processContents="lax")
        wild.set("namespace", "##any")
        return kind

    def simple(self, fields: list[Field], scalar: str | None = None) -> etree._Element:
        """Return the type of a scalar. It allows attributes that are not described."""
        kind = etree.Element(_tag("simpleType"))
        restriction = etree.SubElement(kind, _tag("restriction"), base="xs:string")
        patterns = sorted(
            {pattern for item in fields if (pattern := self._pattern(item)) is not None}
        )
        if scalar in _PATTERNS:
            etree.SubElement(restriction, _tag("pattern"), value=_PATTERNS[scalar])
        elif fields and len(patterns) == len({self._scalar(item) or item.name for item in fields}):
            for pattern in patterns:
                etree.SubElement(restriction, _tag("pattern"), value=pattern)
        return kind

    def _pattern(self, item: Field) -> str | None:
        scalar = self._scalar(item)
        if scalar == "flag":
            known = self._api.scalars.get("flag")
            words = known.words if known is not None else ("1", "0")
            return rf"\s*({'|'.join(map(_escaped, words))})?\s*"
        pattern = _PATTERNS.get(scalar or "")
        if pattern is None:
            return None
        known = self._api.scalars.get(scalar or "")
        none = [*item.none, *(known.none if known is not None else ())]
        return "|".join([pattern, *map(_escaped, none)])

    def _named(self, ref: Ref) -> str:
        """Return the name of a record's type; declare it when first used."""
        name = f"{ref.module}.{ref.name}"
        if ref not in self._types:
            self._types[ref] = etree.Element(
                _tag("complexType")
            )  # a record may hold records of its own kind
            kind = self.complex(self.tree(self._api.records[ref].fields, _Node(name), nested=True))
            kind.set("name", name)
            self._types[ref] = kind
        return f"t:{name}" if self._namespace is not None else name

    def _finished(self, root: etree._Element) -> etree._Element:
        self._root.append(root)
        for kind in self._types.values():
            self._root.append(kind)
        # A scalar may have an attribute such as deprecated="true".
        for simple in list(self._root.iter(_tag("simpleType"))):
            parent = simple.getparent()
            if parent is not None and parent.tag == _tag("element"):
                _open(parent, simple)
        return self._root


def _open(element: etree._Element, simple: etree._Element) -> None:
    """Allow any attribute on an element of simple content."""
    restriction = simple[0]
    kind = etree.SubElement(element, _tag("complexType"))
    content = etree.SubElement(kind, _tag("simpleContent"))
    if not len(restriction):
        extension = etree.SubElement(content, _tag("extension"), base="xs:string")
        etree.SubElement(extension, _tag("anyAttribute"), namespace="##any", processContents="lax")
        element.remove(simple)
        return
    root = element.getroottree().getroot()
    patterns = "|".join(str(item.get("value")) for item in restriction)
    name = f"scalar-{_number(root, patterns)}"
    namespaced = "t:" if root.get("targetNamespace") else ""
    element.remove(simple)
    if root.find(f"{_tag('simpleType')}[@name='{name}']") is None:
        simple.set("name", name)
        root.append(simple)
    extension = etree.SubElement(content, _tag("extension"), base=f"{namespaced}{name}")
    etree.SubElement(extension, _tag("anyAttribute"), namespace="##any", processContents="lax")


def _number(root: etree._Element, patterns: str) -> str:
    """Return a name that depends only on the patterns."""
    import hashlib

    return hashlib.sha256(patterns.encode()).hexdigest()[:8]


class _Request(_Writer):
    def __init__(self, api: Api, method: Method) -> None:
        super().__init__(api, method, api.envelope.request_namespace)
        self._letters = {"create": "c", "update": "u"}.get(method.mode, "cu")

    def _takes(self, item: Field) -> bool:
        return any(letter in item.access for letter in self._letters)

    def _must(self, item: Field, *, nested: bool) -> bool:
        test = all if nested else any
        return test(letter in item.required for letter in ("cu" if nested else self._letters))

    def _scalar(self, item: Field) -> str | None:
        return item.write

    def schema(self) -> etree._Element:
        envelope = self._api.envelope
        root = _Node(envelope.request_root)
        holder = root
        for name in Place.of(envelope.request_payload).path:
            holder = holder.children.setdefault(name, _Node(name))
            holder.required = True
        if self._method.wrapper is not None:
            holder = holder.children.setdefault(self._method.wrapper, _Node(self._method.wrapper))
            holder.required = True
        self.tree(self._method.arguments, holder)
        place = Place.of(envelope.request_method)
        if place.attribute is None:
            inner = root
            for name in place.path:
                inner = inner.children.setdefault(name, _Node(name))
                inner.required = True
        made = etree.Element(_tag("element"), name=root.name)
        kind = self.complex(root)
        if place.attribute is not None:
            attribute = etree.Element(
                _tag("attribute"), name=place.attribute, use="required", fixed=self._method.name
            )
            kind.insert(len(kind) - 1, attribute)
        made.append(kind)
        return self._finished(made)


class _Answer(_Writer):
    def __init__(self, api: Api, method: Method, namespace: str | None) -> None:
        super().__init__(api, method, namespace)

    def _takes(self, item: Field) -> bool:
        return item.readable

    def _scalar(self, item: Field) -> str | None:
        return item.read

    def schema(self) -> etree._Element:
        envelope = self._api.envelope
        answer = self._method.response
        root = _Node(envelope.response_root)
        holder = root
        for name in Place.of(envelope.response_payload).path:
            holder = holder.children.setdefault(name, _Node(name))
            holder.required = True
        path = [part for part in answer.element.split("/") if part not in ("", ".")]
        for name in path if answer.value != "none" else []:
            holder = holder.children.setdefault(name, _Node(name))
            holder.required = True
        if answer.value in ("page", "list"):
            for counter in self._api.paging.counters.values() if answer.value == "page" else ():
                inner = holder
                for name in Place.of(counter).path:
                    inner = inner.children.setdefault(name, _Node(name))
            holder = holder.children.setdefault(answer.item, _Node(answer.item))
            holder.many = True
        if answer.value in ("id", "list") and answer.record is None:
            holder.scalar = answer.scalar or "id"
        if answer.record is not None:
            if holder is root:
                self.tree(self._api.records[answer.record].fields, root)
            else:
                holder.records.append(answer.record)
        made = etree.Element(_tag("element"), name=root.name)
        kind = self.complex(root)
        for attribute in self._status():
            kind.insert(len(kind) - 1, attribute)
        made.append(kind)
        return self._finished(made)

    def _status(self) -> Iterator[etree._Element]:
        place = self._api.envelope.status
        if place is None or Place.of(place).attribute is None or Place.of(place).path:
            return
        attribute = etree.Element(
            _tag("attribute"), name=str(Place.of(place).attribute), use="required"
        )
        kind = etree.SubElement(attribute, _tag("simpleType"))
        restriction = etree.SubElement(kind, _tag("restriction"), base="xs:string")
        for word in self._api.envelope.ok:
            etree.SubElement(restriction, _tag("enumeration"), value=word)
        yield attribute


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in r"\|.?*+(){}[]^-" else char for char in text)
