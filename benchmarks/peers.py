"""The same document read by others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, make_dataclass
from decimal import Decimal
from typing import Any

import xmltodict
from refreshbooks import api as refreshbooks
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.handlers import LxmlEventHandler, XmlEventHandler
from xsdata.models.datatype import XmlDate

from freshbooks_classic.invoice import INVOICE
from freshbooks_classic.runtime.scalars import Date, Integer, Number
from freshbooks_classic.runtime.schema import FieldSpec, RecordSchema

DEPRECATED = ("url", "auth_url")
"""Elements with an attribute that says so."""
NAMESPACE = "http://www.freshbooks.com/api/"


def xsdata_reader(handler: str) -> Callable[[bytes], Any]:
    """A parser of xsdata for answers of invoice.list, with its handler over ``lxml`` (its default where that is
    installed) or over ``expat``.

    Its dataclasses are written here from our tables, in the form that ``xsdata generate`` gives: a class for every
    element that holds elements, wrappers of lists included, or that has attributes. The generator itself, given the
    document, guesses other types than the API has (``Decimal | float`` for amounts, which takes twice as long to read,
    and ``str`` for padded ids). A moment without a zone is none of XML Schema's types, so it stays ``str`` either way.
    """
    kind = {"lxml": LxmlEventHandler, "expat": XmlEventHandler}[handler]
    response = _response()
    parser = XmlParser(handler=kind)
    return lambda document: parser.from_bytes(document, response)


def _class(name: str, fields: list[tuple[str, Any, Any]], element: str | None = None) -> type:
    meta = type("Meta", (), {"name": element or name, "namespace": NAMESPACE})
    return make_dataclass(name, fields, kw_only=True, namespace={"Meta": meta})


def _response() -> type:
    rows = [
        (name, int, field(metadata={"type": "Attribute"}))
        for name in ("page", "per_page", "pages", "total")
    ]
    invoices = _class("Invoices", [*rows, _list("invoice", _record(INVOICE))], "invoices")
    status = ("status", str, field(metadata={"type": "Attribute"}))
    return _class("Response", [status, _one("invoices", "invoices", invoices)], "response")


def _record(shape: RecordSchema[Any]) -> type:
    return _class(shape.name, [_field(item) for item in shape.fields if "r" in item.access])


def _field(item: FieldSpec) -> tuple[str, Any, Any]:
    kind = _record(item.shape()) if item.shape is not None else _scalar(item)
    if item.many:
        wrapper, name = item.path
        return _one(item.name, wrapper, _class(wrapper.title(), [_list(name, kind)]))
    if item.name in DEPRECATED:
        attribute = ("deprecated", bool, field(metadata={"type": "Attribute"}))
        kind = _class(item.name.title(), [attribute, ("value", kind, field(default=""))])
    return _one(item.name, item.path[0], kind)


def _one(name: str, element: str, kind: Any) -> tuple[str, Any, Any]:
    metadata = {"type": "Element", "name": element, "namespace": NAMESPACE}
    return name, kind | None, field(default=None, metadata=metadata)


def _list(element: str, kind: Any) -> tuple[str, Any, Any]:
    metadata = {"type": "Element", "name": element, "namespace": NAMESPACE}
    return element, list[kind], field(default_factory=list, metadata=metadata)


def _scalar(item: FieldSpec) -> type:
    for ours, theirs in ((Integer, int), (Number, Decimal), (Date, XmlDate)):
        if isinstance(item.codec, ours):
            return theirs
    return str


def xmltodict_reader(document: bytes) -> Any:
    """Dictionaries of ``str``."""
    return xmltodict.parse(document)["response"]["invoices"]


def refreshbooks_reader(document: bytes) -> Any:
    """The answer as refreshbooks hands it over: a tree whose values are converted when they are asked for."""
    return refreshbooks.default_response_decoder(document).invoices


def refreshbooks_values(document: bytes) -> int:
    """As :func:`refreshbooks_reader`, and every value asked for once."""
    asked = 0
    for element in refreshbooks_reader(document).iter():
        if not element.countchildren():
            element.pyval  # noqa: B018 - a property that converts
            asked += 1
    return asked
