"""Documents come in many shapes. The same content must be read the same in all of them.

The documents are the cases of the description, each turned into other shapes that servers, proxies and editions of the
documentation are known to give it.
"""

from __future__ import annotations

import copy
import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import etree

from freshbooks_classic import wire
from freshbooks_classic.client import Client, ClientContact
from freshbooks_classic.invoice import Invoice
from freshbooks_classic.project import Project, ProjectStaff
from freshbooks_classic.runtime.errors import ArgumentError, InvalidDocumentError
from freshbooks_classic.runtime.record import Raw, Record, children
from freshbooks_classic.runtime.request import Page
from freshbooks_classic.runtime.testing import same_xml, tree

SCHEMA = Path(__file__).resolve().parents[2] / "schema" / "resources"
HTTP = "http://www.freshbooks.com/api/"


def _cases() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(SCHEMA.glob("*.yaml")):
        for case in yaml.safe_load(file.read_text("utf-8")).get("cases", ()):
            yield f"{file.name.partition('.')[0]}.{case['call']}", case


CASES = list(_cases())
ANSWERS = [
    (method, case["response"])
    for method, case in CASES
    if "response" in case and "fails" not in case and not wire.METHODS[method].response.binary
]
REQUESTS = [(method, case["request"]) for method, case in CASES if "request" in case]


def _elements(root: etree._Element) -> list[etree._Element]:
    return [element for element in root.iter() if element is not root]


def _leaves(root: etree._Element) -> list[etree._Element]:
    return [element for element in _elements(root) if not len(element)]


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _as_bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def test_there_are_enough_cases() -> None:
    answered, asked = {method for method, _ in ANSWERS}, {method for method, _ in REQUESTS}
    print(
        f"{len(ANSWERS)} answers of {len(answered)} methods, {len(REQUESTS)} requests of {len(asked)}"
    )
    assert asked == set(wire.METHODS)
    assert set(wire.METHODS) - answered == {"invoice.getPDF", "estimate.getPDF", "receipt.get"}


# ---- the same content in another shape


def _other_namespace(text: str) -> bytes:
    return text.replace(HTTP, "https://www.freshbooks.com/api/").encode()


def _no_namespace(text: str) -> bytes:
    return re.sub(r'\sxmlns="[^"]*"', "", text).encode()


def _misspelt_namespace(text: str) -> bytes:
    return text.replace(HTTP, "http://www.freshboos.com/api/").encode()


def _prefixed(text: str) -> bytes:
    text = re.sub(r"<(/?)([a-z_])", r"<\1fb:\2", _no_namespace(text).decode())
    return re.sub("^(<[a-z:]+)", rf'\1 xmlns:fb="{HTTP}"', text).encode()


def _compact(text: str) -> bytes:
    parser = etree.XMLParser(remove_blank_text=True)
    return etree.tostring(etree.fromstring(text, parser))


def _indented(text: str) -> bytes:
    root = etree.fromstring(text, etree.XMLParser(remove_blank_text=True))
    etree.indent(root, "\t")
    return _as_bytes(root).replace(b"\n", b"\r\n")


def _commented(text: str) -> bytes:
    root = etree.fromstring(text)
    for element in _elements(root):
        if element.text and not len(element):
            element.insert(0, etree.Comment(" Read-only "))
            element[0].tail, element.text = element.text[1:], element.text[:1]
        element.addprevious(etree.Comment("a remark"))
        element.addprevious(etree.ProcessingInstruction("php", "echo 1"))
    return _as_bytes(root)


def _in_cdata(text: str) -> bytes:
    root = etree.fromstring(text)
    for element in _leaves(root):
        if element.text:
            element.text = etree.CDATA(element.text)
    return _as_bytes(root)


def _with_attributes(text: str) -> bytes:
    root = etree.fromstring(text)
    for element in _elements(root):
        element.set("deprecated", "true")
        element.set("{urn:example}kind", "text")
    return _as_bytes(root)


def _padded(text: str) -> bytes:
    """Ids filled with zeros to eleven digits, as some answers have them."""
    root = etree.fromstring(text)
    for element in _leaves(root):
        if _name(element) != "reference_id" and re.fullmatch("(.*_)?id", _name(element)):
            element.text = (element.text or "").zfill(11 if (element.text or "").strip("0") else 0)
    return _as_bytes(root)


def _spaced(text: str) -> bytes:
    """Line breaks around whatever is not text: numbers, dates, ids."""
    root = etree.fromstring(text)
    texts = ("number", "po_number", "vat_number", "name", "notes")
    for element in _leaves(root):
        exact = re.fullmatch(r"-?[0-9]+\.[0-9]+|[0-9]{4}-[0-9:\- ]+", element.text or "")
        if exact and _name(element) not in texts:
            element.text = f"\n    {element.text}\n  "
    return _as_bytes(root)


def _sorted(text: str) -> bytes:
    """Siblings in the order of their names; what repeats keeps its order."""
    root = etree.fromstring(text)
    for element in [root, *_elements(root)]:
        bare = _name(element) == "contacts" and any(_name(child) != "contact" for child in element)
        if len(element) and not bare and not (element.text or "").strip():
            element[:] = sorted(element, key=_name, reverse=True)
    return _as_bytes(root)


def _abbreviated(text: str) -> bytes:
    """With the dots that documentation puts for what it leaves out."""
    root = etree.fromstring(text)
    for element in _elements(root):
        if len(element) and _name(element) != "email_template":
            element[-1].tail = "...\n"
    return _as_bytes(root)


SHAPES: dict[str, Callable[[str], bytes | str]] = {
    "as it is": lambda text: text,
    "https namespace": _other_namespace,
    "no namespace": _no_namespace,
    "misspelt namespace": _misspelt_namespace,
    "prefixed": _prefixed,
    "on one line": _compact,
    "indented with CRLF": _indented,
    "comments and processing instructions": _commented,
    "CDATA": _in_cdata,
    "attributes on everything": _with_attributes,
    "padded ids": _padded,
    "blanks around numbers": _spaced,
    "another order of siblings": _sorted,
    "dots between elements": _abbreviated,
    "UTF-8 with BOM": lambda text: b"\xef\xbb\xbf" + _as_bytes(etree.fromstring(text)),
    "UTF-16": lambda text: etree.tostring(etree.fromstring(text), encoding="utf-16"),
    "UTF-16 without BOM": lambda text: text.encode("utf-16-be"),
    "UTF-32": lambda text: text.encode("utf-32"),
    "ISO-8859-1": lambda text: etree.tostring(etree.fromstring(text), encoding="iso-8859-1"),
    "ASCII": lambda text: etree.tostring(etree.fromstring(text), encoding="ascii"),
    "a blank line before the declaration": lambda text: b"\r\n" + _as_bytes(etree.fromstring(text)),
    "str with a declaration": lambda text: f'<?xml version="1.0" encoding="utf-16"?>\n{text}',
    "str with a BOM": lambda text: f"\ufeff{text}",
    "a declaration that was commented out": lambda text: f"<!--?xml version='1.0'?-->\n{text}",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shape_does_not_matter(shape: str) -> None:
    for method, text in ANSWERS:
        document = SHAPES[shape](text)
        value = wire.parse_response(method, document, strict=True)
        assert value == wire.parse_response(method, text, strict=True), (method, document)
        before, now = wire.REGISTRY.unknown_in(method, text), wire.REGISTRY.unknown_in(
            method, document
        )
        assert sorted(now) == sorted(before), (method, document)


@pytest.mark.parametrize(
    "shape", sorted(set(SHAPES) - {"attributes on everything", "dots between elements"})
)
def test_shape_of_a_request_does_not_matter(shape: str) -> None:
    for method, text in REQUESTS:
        document = SHAPES[shape](text)
        assert wire.parse_request(document) == wire.parse_request(text), document
        assert wire.parse_request(document)[0] == method


# ---- content that is missing or odd


def _refusal(method: str, document: bytes) -> InvalidDocumentError | None:
    """The error of a strict reader, if it has one."""
    try:
        wire.parse_response(method, document, strict=True)
    except InvalidDocumentError as error:
        return error
    return None


def _place(element: etree._Element) -> str:
    """Local names from the root down to an element."""
    above = [_name(item) for item in reversed([element, *element.iterancestors()])]
    return "/" + "/".join(above)


def _is_empty(value: object) -> bool:
    """Nothing but none, empty texts and empty lists is left; counters of a page do not count."""
    if isinstance(value, (Record, list, Page)):
        return all(_is_empty(inner) for _, inner in children(value))
    return value in (None, "")


def test_empty_tags_everywhere() -> None:
    """What has no content is none, an empty text or an empty list, and nothing becomes unknown."""
    seen = 0
    for method, text in ANSWERS:
        root = etree.fromstring(text)
        if not len(root):
            continue
        for element in _leaves(root):
            element.text = None
        if len(root) == 1 and not len(root[0]) and not root[0].attrib:  # a new id must be there
            with pytest.raises(InvalidDocumentError, match=f"{_name(root[0])} should be an id"):
                wire.parse_response(method, _as_bytes(root), strict=True)
            assert wire.parse_response(method, _as_bytes(root)) == Raw("")
            continue
        for element in root.iter():
            for name in element.attrib:
                if name not in ("status", "page", "per_page", "pages", "total"):
                    del element.attrib[name]
        document = _as_bytes(root)
        value = wire.parse_response(method, document, strict=True)
        body_between_elements = method.startswith("email_template.")
        assert body_between_elements or _is_empty(value), (method, value)
        assert wire.REGISTRY.unknown_in(method, document) == wire.REGISTRY.unknown_in(method, text)
        seen += 1
    print(f"{seen} answers with nothing but empty tags")
    assert seen > 80


def test_every_element_may_be_missing() -> None:
    """Without an element the rest is read as before; a strict reader names what it cannot do without."""
    removed = refused = 0
    for method, text in ANSWERS:
        whole = etree.fromstring(text)
        for index in range(len(_elements(whole))):
            root = copy.deepcopy(whole)
            element = _elements(root)[index]
            name = _name(element)
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)
            document = _as_bytes(root)
            wire.parse_response(method, document)
            removed += 1
            error = _refusal(method, document)
            if error is not None:
                refused += 1
                assert re.search(rf"has no <([a-z_]+/)*{name}>", str(error)), error
                assert error.method == method
    print(f"{removed} elements removed, {refused} of them missed")
    assert 0 < refused < removed


def test_an_unknown_element_is_kept_wherever_it_is() -> None:
    added = 0
    for method, text in ANSWERS:
        whole = etree.fromstring(text)
        if not len(whole):
            continue
        known = wire.REGISTRY.unknown_in(method, text)
        value = wire.parse_response(method, text)
        for index in range(len(list(whole.iter()))):
            root = copy.deepcopy(whole)
            holder = list(root.iter())[index]
            color = etree.SubElement(holder, etree.QName(etree.QName(holder).namespace, "color"))
            color.text = "red"
            document = _as_bytes(root)
            found = wire.REGISTRY.unknown_in(method, document)
            inside_unknown = any(
                holder is inner
                for path in known
                for inner in root.iter()
                if path.endswith(_name(inner))
            )
            if inside_unknown:
                assert found == known
                continue
            added += 1
            new = [path for path in found if path not in known]
            assert len(new) == 1, (method, document, found)
            assert re.search(r"(^|[./])color$", new[0]), new
            if len(holder) > 1 or method.startswith("email_template"):
                assert wire.parse_response(method, document) == value, (method, document)
    print(f"an unknown element at {added} places")
    assert added > 1000


def test_an_unknown_element_says_what_it_was() -> None:
    document = f"""<response xmlns="{HTTP}" xmlns:x="urn:x" xmlns:y="urn:y" status="ok"><invoice>
        <invoice_id>1</invoice_id><client_id>2</client_id>
        <x:late_fee kind="percent">3<since>2018</since></x:late_fee>
        <lines><line><name>a</name></line><line><color>red &amp; blue</color></line><note>n</note></lines>
        </invoice></response>"""
    value = wire.parse_response("invoice.get", document, strict=True)
    assert isinstance(value, Invoice)
    assert wire.unknown_elements(value) == ["late_fee", "lines/note", "lines[1].color"]
    fee, note = value.unknown
    assert (fee.path, fee.text) == ("late_fee", "32018")
    kept = etree.fromstring(fee.xml)
    assert (kept.tag, kept.get("kind"), kept.findtext("{*}since")) == (
        "{urn:x}late_fee",
        "percent",
        "2018",
    )
    assert (
        "urn:y" not in fee.xml
    ), "namespaces of the document that the element does not use stay behind"
    assert note.text == "n"
    assert value.lines[1].unknown[0].text == "red & blue"


def test_a_text_of_a_wrong_type_is_told_or_kept() -> None:
    """Strictly read, it is an error that says where; else the text stays readable."""
    told = kept = 0
    odd = "?!"
    for method, text in ANSWERS:
        whole = etree.fromstring(text)
        for index, leaf in enumerate(_leaves(whole)):
            if not leaf.text:
                continue
            root = copy.deepcopy(whole)
            element = _leaves(root)[index]
            element.text = odd
            document = _as_bytes(root)
            if not wire.REGISTRY.unknown_in(method, document):
                assert odd in _texts(wire.parse_response(method, document)), (method, document)
                kept += 1
            error = _refusal(method, document)
            if error is not None:
                told += 1
                assert repr(odd) in str(error)
                assert error.path == _place(element)
                assert error.line is not None
    print(f"{kept} texts replaced: kept by a tolerant reader; {told} told by a strict one")
    assert 200 < told < kept


def _texts(value: object) -> list[str]:
    inner = [item for _, item in children(value)]
    if inner:
        return [text for item in inner for text in _texts(item)]
    return [str(value)] if isinstance(value, str) else []


@pytest.mark.parametrize(
    ("counters", "expected"),
    [
        ('page="2" per_page="25" pages="3" total="60"', (2, 25, 3, 60)),
        ('page="1" per_page="25" pages="0" total="0"', (1, 25, 0, 0)),
        ('page="01" total="00000000007"', (1, None, None, 7)),
        ("", (None, None, None, None)),
        ('page="" per_page=" 5 " pages="-1" total="many"', (None, 5, None, None)),
        (
            f'page="1.5" per_page="{"9" * 5000}" pages="\u0663" total="1e3"',
            (None, None, None, None),
        ),
    ],
)
def test_counters_of_a_page(counters: str, expected: tuple[int | None, ...]) -> None:
    page = wire.parse_response(
        "tax.list", f'<response status="ok"><taxes {counters}/></response>', strict=True
    )
    assert (page.position, page.size, page.pages, page.total) == expected
    assert page.items == ()


@pytest.mark.parametrize("zeros", ["0000-00-00", "0000-00-00 00:00:00", " 0000-00-00\n"])
def test_zeros_are_no_date_and_no_time(zeros: str) -> None:
    document = f"""<response status="ok"><invoice><invoice_id>1</invoice_id><client_id>2</client_id>
        <date>{zeros}</date><updated>{zeros}</updated></invoice></response>"""
    value = wire.parse_response("invoice.get", document, strict=True)
    assert (value.date, value.updated) == (None, None)


# ---- lists with and without the elements around their items

ANN = ClientContact(email="ann@example.com", contact_id=1)
BOB = ClientContact(email="bob@example.com", contact_id=2, phone1="")
ANN_XML = "<contact_id>1</contact_id><email>ann@example.com</email>"
BOB_XML = "<contact_id>00000000002</contact_id><email>bob@example.com</email><phone1/>"


@pytest.mark.parametrize(
    ("contacts", "expected", "unknown"),
    [
        ("", [], []),
        ("<contacts/>", [], []),
        ("<contacts>\n  </contacts>", [], []),
        (f"<contacts><contact>{ANN_XML}</contact><contact>{BOB_XML}</contact></contacts>", [ANN, BOB], []),
        (f"<contacts><contact>{ANN_XML}</contact></contacts>", [ANN], []),
        (f"<contacts>{ANN_XML}</contacts>", [ANN], []),
        (f"<contacts>{ANN_XML}{BOB_XML}</contacts>", [ANN, BOB], []),
        (f"<contacts><color/>{ANN_XML}</contacts>", [ANN], ["contacts[0].color"]),
        (f"<contacts>{ANN_XML}<color/></contacts>", [ANN], ["contacts[0].color"]),
        (f"<contacts><contact>{ANN_XML}<color/></contact></contacts>", [ANN], ["contacts[0].color"]),
        (f"<contacts><color/><contact>{ANN_XML}</contact></contacts>", [ANN], ["contacts/color"]),
        ("<contacts><color/></contacts>", [], ["contacts/color"]),
        (f"<contacts>{ANN_XML}</contacts><contacts>{BOB_XML}</contacts>", [BOB], []),
    ],
)  # fmt: skip
def test_contacts_with_and_without_wrapper(
    contacts: str, expected: list[ClientContact], unknown: list[str]
) -> None:
    document = (
        f'<response status="ok"><client><client_id>5</client_id>{contacts}</client></response>'
    )
    value = wire.parse_response("client.get", document, strict=True)
    assert isinstance(value, Client)
    assert value.contacts == expected
    assert wire.REGISTRY.unknown_in("client.get", document) == unknown


@pytest.mark.parametrize(
    ("staff", "people", "ids"),
    [
        ("<staff/>", [], []),
        ("<staff><staff><staff_id>1</staff_id></staff></staff>", [1], []),
        ("<staff><staff_id>1</staff_id><staff_id>2</staff_id></staff>", [], [1, 2]),
        (
            "<staff><staff_id>1</staff_id><staff><staff_id>1</staff_id></staff>"
            "<staff_id>2</staff_id><staff><staff_id>2</staff_id></staff></staff>",
            [1, 2],
            [1, 2],
        ),
    ],
)
def test_staff_of_a_project_in_old_and_new_form(
    staff: str, people: list[int], ids: list[int]
) -> None:
    document = f"""<response status="ok"><project><project_id>7</project_id><name>Shed</name>
        <bill_method>flat-rate</bill_method>{staff}</project></response>"""
    value = wire.parse_response("project.get", document, strict=True)
    assert isinstance(value, Project)
    assert value.staff == [ProjectStaff(staff_id=number) for number in people]
    assert value.staff_ids == ids
    assert wire.unknown_elements(value) == []


def test_a_padded_zero_is_none_as_well() -> None:
    document = """<response status="ok"><category><category_id>00000000004</category_id><name>Fuel</name>
        <parent_id>00000000000</parent_id></category></response>"""
    value = wire.parse_response("category.get", document, strict=True)
    assert (value.category_id, value.parent_id) == (4, None)


@pytest.mark.parametrize("time", ["", " 00:00:00", "T00:00:00", " 00:00", " 00:00:00\n"])
def test_a_date_may_come_with_midnight(time: str) -> None:
    document = f"""<response status="ok"><invoice><invoice_id>1</invoice_id><client_id>2</client_id>
        <date>2009-01-02{time}</date></invoice></response>"""
    assert wire.parse_response("invoice.get", document, strict=True).date == dt.date(2009, 1, 2)


def test_a_recorded_request_may_lack_what_is_required_inside() -> None:
    recorded = """<request method="client.create"><client><email>a@example.com</email><contacts><contact>
        <first_name>Ann</first_name></contact></contacts></client></request>"""
    same_xml(wire.build(*wire.parse_request(recorded)).xml, recorded)
    with pytest.raises(ArgumentError, match=r"contacts\[0\]\.email: is required"):
        wire.build("client.create", {"email": "a@example.com", "contacts": [{"first_name": "Ann"}]})


# ---- requests


def test_empty_tags_in_requests_are_built_as_they_were() -> None:
    """A recorded request is built again with every empty tag, even where the client would refuse to clear a field."""
    tags = 0
    for method, text in REQUESTS:
        whole = etree.fromstring(text)
        for index in [None, *range(len(_leaves(whole)))]:
            root = copy.deepcopy(whole)
            for element in _leaves(root) if index is None else [_leaves(root)[index]]:
                element.text = None
                tags += 1
            name, arguments = wire.parse_request(_as_bytes(root))
            assert name == method
            same_xml(wire.build(name, arguments).xml, _as_bytes(root))
    print(f"{tags} empty tags in {len(REQUESTS)} requests")


def test_odd_texts_in_requests_are_built_as_they_were() -> None:
    for method, text in REQUESTS:
        root = etree.fromstring(text)
        for element in _leaves(root):
            if element.text and element.text.strip():
                element.text = "00?<&>\u00e9"
        name, arguments = wire.parse_request(_as_bytes(root))
        same_xml(wire.build(name, arguments).xml, _as_bytes(root))
        assert name == method


def test_what_a_request_has_too_much_is_told() -> None:
    for method, text in REQUESTS:
        root = etree.fromstring(text)
        before = wire.unknown_elements(wire.parse_request(text)[1])
        for element in [root, *root.iterchildren()]:
            if element is root or len(element):
                color = etree.SubElement(element, "color")
                unknown = wire.unknown_elements(wire.parse_request(_as_bytes(root))[1])
                assert len(unknown) == len(before) + 1, (method, unknown)
                assert any(
                    path.rpartition(".")[2].rpartition("/")[2] == "color" for path in unknown
                )
                element.remove(color)


def test_attributes_of_a_request_that_nobody_described_are_told() -> None:
    document = "<request method='task.get' source-token='abc'><task_id>7</task_id></request>"
    method, arguments = wire.parse_request(document)
    assert (method, arguments) == ("task.get", {"task_id": 7})
    assert wire.unknown_elements(arguments) == ["@source-token"]
    assert arguments.unknown[0].text == "abc"


# ---- what says again what is said only once


def _twice(root: etree._Element, element: etree._Element) -> bytes:
    """The document with a second element of the same name and other content, behind the first."""
    again = copy.deepcopy(element)
    again.text, again.tail = "9", None
    element.addnext(again)
    document = _as_bytes(root)
    again.getparent().remove(again)  # type: ignore[union-attr]
    return document


def test_the_first_of_two_elements_is_the_value_and_the_other_is_kept() -> None:
    """Wherever one element is described, down to nested records; lists have as many as they like."""
    tried = 0
    for method, text in ANSWERS:
        root = etree.fromstring(text)
        strict = wire.parse_response(method, text, strict=True)
        before = wire.REGISTRY.unknown_in(method, text)
        for element in _leaves(root):
            if not element.text:  # maybe the wrapper of a list that is empty
                continue
            document = _twice(root, element)
            value = wire.parse_response(method, document)
            unknown = wire.REGISTRY.unknown_in(method, document)
            if value == strict and unknown != before:
                assert len(unknown) == len(before) + 1, (method, unknown)
                tried += 1
            else:  # an item of a list of texts or ids, or what begins another item
                assert len(list(_values(value))) > len(list(_values(strict))), (method, document)
    assert tried > 500, tried


def _values(value: object) -> Iterator[object]:
    inner = [item for _, item in children(value)]
    for item in inner:
        yield from _values(item)
    if not inner:
        yield value


@pytest.mark.parametrize(
    ("method", "inside", "unknown"),
    [
        ("task.get", "<task><task_id>7</task_id><name>a</name><name>b</name><name>c</name></task>", ["name", "name"]),
        ("client.get", "<client><client_id>7</client_id><links><view>a</view></links><links><view>b</view></links></client>", ["links"]),
        ("client.get", "<client><client_id>7</client_id><links><view>a</view><view>b</view></links></client>", ["links.view"]),
        ("project.get", "<project><project_id>7</project_id><budget><hours>1</hours><hours>2</hours></budget></project>", ["budget/hours"]),
        ("project.get", "<project><project_id>7</project_id><budget><hours>1</hours></budget><budget><hours>2</hours></budget></project>", ["budget"]),
    ],
)  # fmt: skip
def test_repeated_elements_are_unknown_where_one_is_described(
    method: str, inside: str, unknown: list[str]
) -> None:
    value = wire.parse_response(method, f'<response status="ok">{inside}</response>', strict=True)
    assert wire.unknown_elements(value) == unknown
    first = re.sub(
        r"<(name|links|budget|view|hours)>(b|c|2|<view>b</view>|<hours>2</hours>)</\1>", "", inside
    )
    assert value == wire.parse_response(method, f'<response status="ok">{first}</response>')


def test_a_list_in_two_wrappers_is_one_list() -> None:
    document = (
        '<response status="ok"><project><project_id>7</project_id><tasks><task><task_id>1</task_id></task></tasks>'
        "<tasks><task><task_id>2</task_id></task><task_id>3</task_id></tasks></project></response>"
    )
    project = wire.parse_response("project.get", document, strict=True)
    assert [task.task_id for task in project.tasks] == [1, 2]
    assert project.task_ids == [3]
    assert wire.unknown_elements(project) == []


def test_a_second_value_of_a_request_is_told() -> None:
    document = '<request method="task.create"><task><name>a</name><name>b</name></task></request>'
    _, arguments = wire.parse_request(document)
    assert (arguments, wire.unknown_elements(arguments)) == ({"name": "a"}, ["name"])


def test_arguments_of_a_tool_are_checked_but_a_recorded_request_is_not() -> None:
    with pytest.raises(ArgumentError, match=r"client\.get: argument client_id: is required"):
        wire.build("client.get", {})
    recorded = '<request method="client.get"/>'
    assert tree(wire.build(*wire.parse_request(recorded)).xml) == tree(recorded)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("<request/>", "the request is for '', which is not described"),
        ('<request method="client.gte"/>', "did you mean 'client.get'?"),
        ('<response status="ok"/>', "the document is <response>, not <request>"),
    ],
)
def test_what_is_no_request(document: str, message: str) -> None:
    with pytest.raises(InvalidDocumentError, match=re.escape(message)):
        wire.parse_request(document)
    assert wire.guess('<request method="client.gte"/>') == []
