"""XML Schema 1.0: a schema of the request and of the response of each method.

Siblings may come in any order, except in requests to an API whose order is strict. A schema says what the description
says and no more: words of responses are open, IDs may be zero-padded, and an empty tag means no value. What is not in the
document (headers, parameters, parts of the path) is not in a schema. Elements of a namespace other than that of the document
are allowed, and not checked.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from ..cases.tables import Tables
from ..ir import Api, Field, Method, Ref
from ..runtime.places import Place
from .xsd_elements import ElementNode, SchemaWriter, tag


def export(api: Api, *, namespace: str | None = None) -> dict[str, str]:
    """Return file name -> schema.

    Methods that send a document have a ``METHOD.request.xsd``, and those that return one a
    ``METHOD.response.xsd``.

    Args:
        api: The description.
        namespace: The namespace of the responses; None for responses without one.
    """
    files: dict[str, str] = {}
    tables = Tables(api)
    for method in api.methods:
        if _sends_document(method):
            files[f"{method.name}.request.xsd"] = _text(_Request(api, method, tables).schema())
        response = method.response.value
        if response != "binary" and not (response == "none" and method.http is not None):
            answer = _Response(api, method, tables, namespace)
            files[f"{method.name}.response.xsd"] = _text(answer.schema())
    return files


def _sends_document(method: Method) -> bool:
    if method.http is None or method.http.always_document:
        return True
    return any(item.location is None for item in method.arguments)


def _text(root: etree._Element) -> str:
    etree.indent(root)
    return etree.tostring(root, encoding="unicode") + "\n"


class _Request(SchemaWriter):
    def __init__(self, api: Api, method: Method, tables: Tables) -> None:
        envelope = method.envelope or api.envelope
        root = tables.protocol_for(method).for_method(method.name).request_root
        self._wrapper = method.wrapper
        if not root:
            root, self._wrapper = method.wrapper or method.resource, None
        super().__init__(api, method, tables, [root], envelope.request_namespace)
        self.strict = envelope.strict_order
        self._letters = {"create": "c", "update": "u"}.get(method.mode, "cu")

    def _takes(self, item: Field) -> bool:
        return any(letter in item.access for letter in self._letters)

    def _must(self, item: Field, *, nested: bool) -> bool:
        test = all if nested else any
        return test(letter in item.required for letter in ("cu" if nested else self._letters))

    def _scalar(self, item: Field) -> str | None:
        return item.write

    def _may_be_empty(self, ref: Ref) -> bool:
        fields = [
            *self._method.arguments,
            *(f for r in self._types for f in self._api.records[r].fields),
        ]
        return any(
            item.record == ref and not item.many and item.clear != "refused" for item in fields
        )

    def _choices(self, ref: Ref) -> tuple[frozenset[str], ...]:
        record = self._api.records[ref]
        fields = {item.python: item for item in record.fields if item.location is None}
        groups = (
            [fields[name].path[0] for name in group if name in fields and fields[name].path]
            for group in record.one_of
        )
        return tuple(frozenset(group) for group in groups if group)

    def schema(self) -> etree._Element:
        root = ElementNode(self._roots[0])
        holder = root
        for name in self._protocol.request_payload:
            holder = holder.children.setdefault(name, ElementNode(name))
            holder.required = True
        if self._wrapper is not None:
            holder = holder.children.setdefault(self._wrapper, ElementNode(self._wrapper))
            holder.required = True
        for item in self._api.authentication if self._method.authenticated else ():
            self._beside(root, Place.of(item.place or "header:Authorization"))
        self.tree(self._method.arguments, holder)
        place = self._protocol.request_method
        inner = root
        for name in place.path if place is not None else ():
            inner = inner.children.setdefault(name, ElementNode(name))
            inner.required = True
        made = etree.Element(tag("element"), name=root.name)
        kind = self.complex(root)
        if place is not None and not place.path and place.attribute is not None:
            named = self._protocol.method_text(self._method.name)
            attribute = etree.Element(
                tag("attribute"), name=place.attribute, use="required", fixed=named
            )
            kind.insert(len(kind) - 1, attribute)
        made.append(kind)
        return self._finished(made)


class _Response(SchemaWriter):
    def __init__(self, api: Api, method: Method, tables: Tables, namespace: str | None) -> None:
        protocol = tables.protocol_for(method).for_method(method.name)
        roots = [protocol.response_root, *protocol.other_roots]
        if not roots[0]:
            roots = [_root_in_cases(api, method) or _usual_root(method)]
        super().__init__(api, method, tables, roots, namespace)

    def _takes(self, item: Field) -> bool:
        return item.readable

    def _scalar(self, item: Field) -> str | None:
        return item.read

    def schema(self) -> etree._Element:
        response = self._method.response
        root = ElementNode(self._roots[0])
        holder = root
        for name in self._protocol.response_payload:
            holder = holder.children.setdefault(name, ElementNode(name))
            holder.required = True
        where = Place.of(response.element)
        if response.value != "none" and not where.source:
            for name in where.path:
                holder = holder.children.setdefault(name, ElementNode(name))
                holder.required = True
        if response.value in ("page", "list"):
            self._counters(root, holder)
            holder = holder.children.setdefault(response.item, ElementNode(response.item))
            holder.many = True
        if response.value in ("id", "list") and response.record is None:
            holder.scalar = response.scalar or "id"
        if response.record is not None:
            if holder is root:
                self.tree(self._api.records[response.record].fields, root)
            else:
                holder.records.append(response.record)
        places = [metadata.place for metadata in self._envelope.metadata]
        for text in (*places, *filter(None, [self._envelope.status])):
            self._beside(root, Place.of(text))
        self._errors(root)
        made = etree.Element(tag("element"), name=root.name)
        kind = self.complex(root)
        for attribute in self._status():
            kind.insert(len(kind) - 1, attribute)
        made.append(kind)
        return self._finished(made)

    def _errors(self, root: ElementNode) -> None:
        """Allow the elements of warnings and failures, which a response that succeeded may have."""
        rules = (*filter(None, [self._envelope.warnings]), *self._envelope.failures)
        for rule in rules:
            node = root
            for name in Place.of(rule.at).path:
                node = node.children.setdefault(name, ElementNode(name))
            if node is not root and not node.fields and not node.records:
                node.many = node.others = node.mixed = True

    def _counters(self, root: ElementNode, holder: ElementNode) -> None:
        pages = self._method.pages
        if pages is None:
            return
        places = (*pages.counters.values(), *pages.next, *filter(None, [pages.more]))
        for place in map(Place.of, places):
            self._beside(root if place.absolute else holder, place)

    def _status(self) -> Iterator[etree._Element]:
        place = self._protocol.status
        if place is None or place.source or place.attribute is None or place.path:
            return
        attribute = etree.Element(tag("attribute"), name=place.attribute, use="required")
        kind = etree.SubElement(attribute, tag("simpleType"))
        restriction = etree.SubElement(kind, tag("restriction"), base="xs:string")
        for word in self._envelope.ok:
            etree.SubElement(restriction, tag("enumeration"), value=word)
        yield attribute


def _root_in_cases(api: Api, method: Method) -> str:
    """Return the root of a response in the cases of a method; empty if they have none."""
    module = next(module for module in api.modules if method in module.methods)
    for case in module.cases:
        document = (case.response or "").partition("<")
        if case.call == method.verb and case.fails is None and document[1]:
            try:
                root = etree.fromstring(f"<{document[2]}".encode())
            except etree.XMLSyntaxError:
                continue
            return etree.QName(root).localname
    return ""


def _usual_root(method: Method) -> str:
    """Return the root that responses usually have: the name of a record, or of several."""
    item = method.response.item or method.resource
    return f"{item}s" if method.response.value in ("page", "list") else item
