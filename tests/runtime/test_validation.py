"""Arguments are checked before anything is sent: all problems of a call at once, each with its place and what is allowed."""

from __future__ import annotations

import asyncio
import datetime as dt
import pickle
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from clean_environment import quiet_environment
from http_servers import OK, Server, serving
from lxml import etree

from freshbooks_classic import (
    NEVER,
    UNSET,
    ArgumentError,
    AsyncFreshBooks,
    Error,
    FreshBooks,
    Upload,
    invoice,
    task,
    wire,
)
from freshbooks_classic.runtime.request import EmptyResponse, Method
from freshbooks_classic.runtime.scalars import Codec, EnumCodec, Number, Text
from freshbooks_classic.runtime.schema import FieldSpec, RecordSchema, field_spec

__all__ = ["quiet_environment"]

TOKEN = "5ae1b3c0d9f8472e96c3b7a4f0d21e88"
NEW_YORK = ZoneInfo("America/New_York")
pytestmark = pytest.mark.usefixtures("quiet_environment")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(OK) as running:
        yield running


@pytest.fixture
def fb(server: Server) -> Iterator[FreshBooks]:
    with FreshBooks("sample", token=TOKEN, url=server.url, retry=NEVER) as client:
        yield client


def problems(call: Callable[[], object]) -> dict[str, str]:
    """Path -> message of everything that is wrong with a call."""
    with pytest.raises(ArgumentError) as caught:
        call()
    error = caught.value
    assert isinstance(error, Error)
    assert isinstance(error, ValueError)
    assert isinstance(error, TypeError)
    found = {problem.path: problem.message for problem in error.problems}
    assert len(found) == len(error.problems), "a problem is told twice"
    assert error.path == error.problems[0].path
    assert all(problem.path in str(error) for problem in error.problems)
    assert pickle.loads(pickle.dumps(error)).problems == error.problems
    return found


# All at once


def test_everything_wrong_with_a_call_is_told_at_once_with_its_place(
    fb: FreshBooks, server: Server
) -> None:
    create: Any = fb.invoice.create
    found = problems(
        lambda: create(
            client_id="13",
            statsu="draft",
            status="pad",
            date="2010-02-30",
            discount=0.1,
            terms="before\x00after",
            currency_code=None,
            lines=[
                {"name": "Yard work", "unit_cost": 10, "quantity": "4"},
                {"nmae": "Mulch", "unit_cost": "ten", "type": "Itme"},
                "not a line",
            ],
        )
    )
    assert found == {
        "statsu": "is not known here; did you mean 'status'?",
        "client_id": "should be an id (int), not str '13'",
        "status": "should be one of 'draft', 'sent', 'viewed', not 'pad'",
        "date": "should be a date or its text YYYY-MM-DD, not str '2010-02-30'",
        "discount": "should be Decimal, int or numeric str, not float 0.1; a float is not exact, use Decimal or str",
        "terms": "should be text without the character U+0000, which XML cannot hold",
        "currency_code": "cannot be cleared: give a value, or leave it out",
        "lines[1].nmae": "is not known here; did you mean 'name'?",
        "lines[1].unit_cost": "should be a decimal number, not 'ten'",
        "lines[1].type": "should be one of 'Item', 'Time', not 'Itme'; did you mean 'Item'?",
        "lines[2]": "should be a mapping of its fields, not str",
    }
    assert server.got == []


def test_a_missing_argument_is_told_among_the_others(fb: FreshBooks, server: Server) -> None:
    task_create, entry_create = cast(Any, fb.task.create), cast(Any, fb.time_entry.create)
    assert list(problems(task_create)) == ["name"]
    assert list(problems(lambda: task_create(rate=1.5, nmae="x"))) == ["nmae", "rate", "name"]
    assert set(problems(lambda: entry_create(hours="x"))) == {"project_id", "task_id", "hours"}
    get: Any = fb.invoice.get
    assert problems(get) == {"invoice_id": "is required"}
    assert problems(lambda: get(invoic_id=5)) == {
        "invoic_id": "is not known here; did you mean 'invoice_id'?",
        "invoice_id": "is required",
    }
    assert problems(lambda: get(None)) == {"invoice_id": "is required"}
    assert server.got == []


def test_too_many_or_doubled_positional_arguments_stay_pythons_own_errors(fb: FreshBooks) -> None:
    get: Any = fb.invoice.get
    calls: list[Callable[[], object]] = [lambda: get(1, 2), lambda: get(1, invoice_id=1)]
    for call in calls:
        with pytest.raises(TypeError, match="argument") as caught:
            call()
        assert not isinstance(caught.value, ArgumentError)


def test_a_name_like_nothing_known_gets_the_list_of_what_is(fb: FreshBooks) -> None:
    create: Any = fb.task.create
    found = problems(lambda: create(name="x", zzz=1))["zzz"]
    assert found.startswith("is not known here; known are ")
    assert "billable" in found


def test_the_asynchronous_client_says_the_same(fb: FreshBooks) -> None:
    wrong: dict[str, Any] = {"nmae": "x", "rate": 0.5}

    async def call() -> dict[str, str]:
        async with AsyncFreshBooks("sample", token=TOKEN, url="http://127.0.0.1:1") as afb:
            create: Any = afb.task.create
            with pytest.raises(ArgumentError) as caught:
                await create(**wrong)
            return {problem.path: problem.message for problem in caught.value.problems}

    create: Any = fb.task.create
    assert asyncio.run(call()) == problems(lambda: create(**wrong))


def test_a_wrong_list_is_told_when_it_is_asked_for_not_at_its_first_row(
    fb: FreshBooks, server: Server
) -> None:
    listed: Any = fb.invoice.list
    assert set(problems(lambda: listed(statsu="paid", per_page=500))) == {"statsu", "per_page"}
    assert server.got == []


# Scalars. Each row: a field of a real method, and values that it does not take.

WRONG: list[tuple[str, Callable[[FreshBooks, Any], object], list[Any]]] = [
    ("id", lambda fb, value: fb.task.get(value), ["5", 5.0, True, Decimal(5), [5], b"5", UNSET]),
    ("text", lambda fb, value: fb.task.create(name=value), [5, b"x", True, ["x"], {"a": 1}, UNSET]),
    ("flag", lambda fb, value: fb.task.create(name="x", billable=value), [1, 0, "1", "true", "yes"]),
    (
        "decimal",
        lambda fb, value: fb.task.create(name="x", rate=value),
        [1.5, True, "1,5", "1e3", "", " ", "1.5.0", "NaN", "٣", Decimal("NaN"), Decimal("Infinity"), [1]],
    ),
    (
        "date",
        lambda fb, value: fb.invoice.create(client_id=1, date=value),
        ["2010-02-30", "28.2.2010", 20100228, dt.datetime(2010, 2, 28), dt.datetime(2010, 2, 28, tzinfo=NEW_YORK)],
    ),
    (
        "datetime",
        lambda fb, value: fb.client.list(updated_from=value),
        [
            dt.datetime(2010, 2, 28),
            dt.date(2010, 2, 28),
            "2010-02-28 00:00:00",
            1267315200,
            dt.datetime(2010, 2, 28, 0, 0, 0, 5, tzinfo=NEW_YORK),
            dt.datetime.min.replace(tzinfo=dt.timezone.utc),
            dt.datetime.max.replace(microsecond=0, tzinfo=dt.timezone(dt.timedelta(hours=-14))),
        ],
    ),
    ("word", lambda fb, value: fb.invoice.list(status=value), ["Paid", "unpiad", "", 5, True]),
    (
        "list",
        lambda fb, value: fb.invoice.create(client_id=1, lines=value),
        ["line", b"line", 5, {"name": "x"}, ({"name": "x"} for _ in range(1)), {1}, [None], [[]], [5]],
    ),
    (
        "record",
        lambda fb, value: fb.recurring.create(client_id=1, autobill=value),
        ["card", 5, [], [{"gateway_name": "x"}], {"gateway": "x"}, {5: "x"}],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "values"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
@pytest.mark.parametrize("validate", [True, False])
def test_a_wrong_value_is_refused_even_without_validation_because_it_cannot_be_written(
    call: Callable[[FreshBooks, Any], object],
    values: list[Any],
    validate: bool,
    fb: FreshBooks,
    server: Server,
) -> None:
    client = fb.with_options(validate=validate)
    for value in values:
        if not validate and (value is UNSET or value in ("Paid", "unpiad", "")):
            continue  # any text can be written as a word, and a request without its id, too
        with pytest.raises(ArgumentError) as caught:
            call(client, value)
        for problem in caught.value.problems:
            assert (
                "should be " in problem.message
                or "is required" in problem.message
                or "is not known" in problem.message
            )
    assert server.got == []


@pytest.mark.parametrize("bad", ["\x00", "\x08", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_a_character_that_xml_cannot_hold_is_named_wherever_it_stands(
    bad: str, fb: FreshBooks, server: Server
) -> None:
    calls: dict[str, Callable[[], object]] = {
        "name": lambda: fb.task.create(name=f"x{bad}"),
        "lines[0].description": lambda: fb.invoice.create(
            client_id=1, lines=[{"description": bad}]
        ),
        "contacts[1].email": lambda: fb.client.create(
            email="a@example.com", contacts=[{"email": "b@example.com"}, {"email": f"{bad}c"}]
        ),
        "status": lambda: fb.invoice.list(status=bad),  # type: ignore[arg-type]
        "uri": lambda: fb.callback.create(event="all", uri=f"https://example.com/{bad}"),
    }
    for path, call in calls.items():
        found = problems(call)
        assert list(found) == [path]
        assert path == "status" or f"U+{ord(bad):04X}" in found[path]
    assert server.got == []


def test_what_xml_can_hold_arrives_as_it_was(fb: FreshBooks, server: Server) -> None:
    text = "a\tb\nc\rd & <e> ]]> \"f\" 'g' é € 😀 \x7f\x85\u2028\ufdd0"
    fb.task.update(1, name=text)
    name, arguments = wire.parse_request(server.got[0].body)
    assert (name, arguments["name"]) == ("task.update", text)


def test_a_sensitive_value_is_not_shown_when_it_is_wrong(fb: FreshBooks) -> None:
    found = problems(lambda: fb.client.create(email="a@example.com", password="hunter2\x00"))
    assert found == {"password": "is no value that can be sent"}
    verify: Any = fb.callback.verify
    assert "4711" not in str(problems(lambda: verify(1, verifier=4711)))


# Times


@pytest.mark.parametrize(
    ("moment", "wire_text"),
    [
        (dt.datetime(2010, 2, 28, 9, 30, tzinfo=NEW_YORK), "2010-02-28 09:30:00"),
        (dt.datetime(2010, 2, 28, 14, 30, tzinfo=dt.timezone.utc), "2010-02-28 09:30:00"),
        (dt.datetime(2010, 7, 1, 14, 30, tzinfo=dt.timezone.utc), "2010-07-01 10:30:00"),
        (dt.datetime(2010, 3, 1, 3, 30, tzinfo=ZoneInfo("Asia/Tokyo")), "2010-02-28 13:30:00"),
        (
            dt.datetime(2010, 2, 28, 23, 59, 59, tzinfo=dt.timezone(dt.timedelta(hours=-12))),
            "2010-03-01 06:59:59",
        ),
    ],
)
def test_a_time_of_any_zone_is_sent_in_the_zone_of_the_api(
    moment: dt.datetime, wire_text: str, fb: FreshBooks, server: Server
) -> None:
    with pytest.raises(Error):
        fb.client.list(updated_from=moment).first()
    sent = etree.fromstring(server.got[0].body).findtext("updated_from")
    assert sent == wire_text
    _, arguments = wire.parse_request(server.got[0].body)
    assert arguments["updated_from"] == moment


# Limits


def test_limits_of_the_description_are_checked_at_their_edges(
    fb: FreshBooks, server: Server
) -> None:
    card: Any = {"number": "4111", "name": "A", "expiration": {"month": 13, "year": 2030}}
    found = problems(
        lambda: fb.recurring.create(
            client_id=1, occurrences=-1, autobill={"gateway_name": "x", "card": card}
        )
    )
    assert found == {
        "occurrences": "should be at least 0, not -1",
        "autobill.card.expiration.month": "should be at most 12, not 13",
    }
    for month, fine in ((0, False), (1, True), (12, True), (13, False)):
        card["expiration"]["month"] = month
        request = wire.build(
            "recurring.create", {"client_id": 1, "autobill": {"gateway_name": "x", "card": card}}
        )
        assert (request.endpoint.problems(request.values) == ()) is fine, month
    assert server.got == []


@pytest.mark.parametrize(
    ("hours", "fine"),
    [
        ("1.25", True), ("1.250", True), ("1.2500000000", True), (1, True), (Decimal("1.25"), True), (Decimal("1E+2"), True),
        (Decimal("100000000000000000000000000000.25"), True), ("1.251", False), (Decimal("1.251"), False), (".001", False),
        (Decimal("100000000000000000000000000000.251"), False), (Decimal("1E-3"), False),
    ],
)  # fmt: skip
def test_decimals_that_the_service_would_round_are_refused(
    hours: Any, fine: bool, fb: FreshBooks, server: Server
) -> None:
    with pytest.raises(Error) as caught:
        fb.time_entry.create(project_id=1, task_id=2, hours=hours)
    if fine:
        assert len(server.got) == 1
    else:
        assert isinstance(caught.value, ArgumentError)
        assert "at most 2 decimal places" in str(caught.value)
        assert server.got == []


def test_lengths_and_numbers_are_checked_at_their_edges() -> None:
    """The API described here has no such limits, so the method is one of the test's own."""
    method: Method[None] = Method(
        task.create(name="x").endpoint.protocol,
        "task.create",
        RecordSchema(
            "task.create",
            None,
            [
                field_spec("name", Text(), access="cu", max_length=5),
                field_spec("rate", Number(), access="cu", minimum="-0.5", maximum="99.5", places=1),
            ],
        ),
        EmptyResponse(),
        retry="safe",
    )
    fine: list[dict[str, Any]] = [
        {"name": "12345", "rate": "-0.5"},
        {"name": "ééééé", "rate": Decimal("99.50")},
        {"name": None, "rate": None},
    ]
    assert [method.problems(values) for values in fine] == [(), (), ()]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"name": "123456"}, "should have at most 5 characters, not 6"),
        ({"rate": "-0.6"}, "should be at least -0.5, not -0.6"),
        ({"rate": 100}, "should be at most 99.5, not 100"),
        ({"rate": "1.25"}, "should have at most 1 decimal places, not 1.25"),
    ]
    for values, said in wrong:
        assert [problem.message for problem in method.problems(values)] == [said]


@pytest.mark.parametrize(
    ("paging", "wrong"),
    [
        ({"per_page": 101}, {"per_page": "should be from 1 to 100, not 101"}),
        ({"per_page": 0}, {"per_page": "should be from 1 to 100, not 0"}),
        (
            {"per_page": -5, "page": 0},
            {"per_page": "should be from 1 to 100, not -5", "page": "should be at least 1, not 0"},
        ),
        ({"per_page": "25"}, {"per_page": "should be an integer (int), not str '25'"}),
        ({"page": 1.0}, {"page": "should be an integer (int), not float 1.0"}),
        ({"page": True}, {"page": "should be an integer (int), not bool True"}),
        ({"per_page": None}, {"per_page": "cannot be cleared: give a value, or leave it out"}),
    ],
)
def test_pages_that_the_service_does_not_have_are_refused_before_sending(
    paging: dict[str, Any], wrong: dict[str, str], fb: FreshBooks, server: Server
) -> None:
    assert problems(lambda: fb.client.list(**paging)) == wrong
    assert server.got == []


def test_the_edges_of_a_page_are_sent(fb: FreshBooks, server: Server) -> None:
    for size in (1, 100):
        with pytest.raises(Error):
            fb.client.list(per_page=size, page=1).first()
    sizes = [wire.parse_request(got.body)[1]["per_page"] for got in server.got]
    assert set(sizes) == {1, 100}


# Words


def test_words_that_only_answers_use_are_refused_in_requests(
    fb: FreshBooks, server: Server
) -> None:
    update: Any = fb.invoice.update
    found = problems(lambda: update(5, status="paid"))
    assert found == {"status": "should be one of 'draft', 'sent', 'viewed', not 'paid'"}
    assert server.got == []


def test_a_word_is_sent_as_the_service_spells_it(fb: FreshBooks, server: Server) -> None:
    fb.recurring.update(5, frequency="2 weeks")
    assert etree.fromstring(server.got[0].body).findtext("recurring/frequency") == "2 weeks"
    found = problems(lambda: fb.recurring.update(5, frequency="2w"))  # type: ignore[arg-type]
    assert list(found) == ["frequency"]


def test_every_word_that_a_request_takes_passes_and_its_misspelling_does_not() -> None:
    counted: Counter[str] = Counter()
    for name, method in wire.METHODS.items():
        for item in method.arguments.fields:
            if not isinstance(item.codec, EnumCodec):
                continue
            for word in item.codec.sendable:
                values = {**required_of(method), item.name: [word] if item.many else word}
                assert method.problems(values) == (), f"{name} {item.name} {word}"
                counted["words"] += 1
                wrong = [f"{word}x"] if item.many else f"{word}x"
                [problem] = method.problems({**values, item.name: wrong})
                assert "did you mean" in problem.message
            counted["arguments"] += 1
    assert counted["arguments"] > 20
    print(f"{counted['words']} words of {counted['arguments']} arguments")


# Turned off


def test_without_validation_only_what_cannot_be_written_is_refused(
    fb: FreshBooks, server: Server
) -> None:
    careless = fb.with_options(validate=False)
    update: Any = careless.invoice.update
    update(5, status="paid")
    careless.recurring.update(5, occurrences=-1, frequency="fortnightly")  # type: ignore[arg-type]
    with pytest.raises(Error):
        careless.time_entry.create(project_id=1, task_id=2, hours="1.2345")
    with pytest.raises(Error):
        careless.client.list(per_page=5000, page=-3).first()
    assert [wire.parse_request(got.body)[0] for got in server.got] == [
        "invoice.update", "recurring.update", "time_entry.create", "client.list",
    ]  # fmt: skip
    texts = {
        element.tag: element.text
        for got in server.got
        for element in etree.fromstring(got.body).iter()
    }
    assert (texts["status"], texts["frequency"], texts["hours"], texts["per_page"]) == (
        "paid", "fortnightly", "1.2345", "5000",
    )  # fmt: skip
    sent = len(server.got)
    calls: list[Callable[[], object]] = [
        lambda: update(5, statsu="paid"),
        lambda: update(5, notes="\x00"),
        lambda: update(5, currency_code=None),
        lambda: update(5, discount=0.5),
        lambda: update(),
    ]
    for call in calls:
        with pytest.raises(ArgumentError):
            call()
    assert len(server.got) == sent


def test_a_builder_of_a_module_refuses_what_cannot_be_written_and_leaves_limits_to_the_client() -> (
    None
):
    assert b"<status>paid</status>" in invoice.update(5, status="paid").xml  # type: ignore[arg-type]
    with pytest.raises(ArgumentError):
        invoice.update(5, notes="\x00")


# Three states, of every field of every method

DAY = dt.date(2010, 2, 28)
MOMENT = dt.datetime(2010, 2, 28, 9, 30, tzinfo=NEW_YORK)
SAMPLES: dict[str, Any] = {
    "id": 5,
    "int": 7,
    "text": "x & <y>",
    "uri": "https://example.com/?a=1&b=2",
    "decimal": Decimal("12.50"),
    "flag": False,
    "date": DAY,
    "datetime": MOMENT,
}


def sample(item: FieldSpec, mode: str) -> Any:
    """A value that the description allows."""
    if item.shape is not None:
        value: Any = required_fields(item.shape(), mode) or some_field(item.shape(), mode)
    else:
        value = scalar(item.codec, item)
    return [value] if item.many else value


def scalar(codec: Codec | None, item: FieldSpec) -> Any:
    assert codec is not None
    if isinstance(codec, EnumCodec):
        return (codec.sendable or tuple(codec.words))[0]
    if codec.name == "binary":
        return Upload(b"%PDF-1.4", "a.pdf")
    if codec.name == "int":
        return max(1, int(item.minimum or 1))
    return SAMPLES[codec.name]


def takes(item: FieldSpec, mode: str) -> bool:
    letters = {"create": "c", "update": "u", "write": "cu"}[mode]
    return any(letter in item.access for letter in letters)


def needed(item: FieldSpec, mode: str) -> bool:
    letters = {"create": "c", "update": "u", "write": "cu"}[mode]
    return any(letter in item.required for letter in letters)


def required_fields(shape: RecordSchema[Any], mode: str) -> dict[str, Any]:
    return {
        item.name: sample(item, mode)
        for item in shape.fields
        if takes(item, mode) and needed(item, mode)
    }


def some_field(shape: RecordSchema[Any], mode: str) -> dict[str, Any]:
    item = next(item for item in shape.fields if takes(item, mode) and item.shape is None)
    return {item.name: sample(item, mode)}


def required_of(method: Method[Any]) -> dict[str, Any]:
    return required_fields(method.arguments, method.mode)


@dataclass(frozen=True)
class Spot:
    """One optional field of one method, maybe deep inside its arguments."""

    method: Method[Any]
    outer: tuple[FieldSpec, ...]
    item: FieldSpec

    @property
    def name(self) -> str:
        return ".".join(field.name for field in (*self.outer, self.item))

    def arguments(self, state: Any) -> dict[str, Any]:
        """All required arguments, and the field in a state; ``Ellipsis`` for not even mentioned."""
        mode = self.method.mode
        shapes = [self.method.arguments, *(field.shape() for field in self.outer if field.shape)]
        inner = required_fields(shapes[-1], mode)
        if state is not ...:
            inner[self.item.name] = state
        for field, shape in zip(reversed(self.outer), reversed(shapes[:-1]), strict=True):
            wrapped = [inner] if field.many else inner
            inner = {**required_fields(shape, mode), field.name: wrapped}
        return inner

    def elements(self, xml: bytes) -> list[etree._Element]:
        """The elements where the field stands in a document."""
        places = [etree.fromstring(xml)]
        path = [self.method.wrapper] if self.method.wrapper else []
        for field in self.outer:
            path.extend(field.path)
        own = self.item.path[:1] if self.item.many else self.item.path
        for name in [*path, *own]:
            places = [child for place in places for child in place if child.tag == name]
        return places

    def value_in(self, arguments: Mapping[str, Any]) -> Any:
        value: Any = arguments
        for field in self.outer:
            value = value[field.name]
            value = value[0] if field.many else value
        return UNSET if value is None else value.get(self.item.name, UNSET)

    @property
    def twins(self) -> list[FieldSpec]:
        """Other fields that say the same element in another form, such as records in place of ids."""
        shape = self.outer[-1].shape if self.outer else None
        fields = shape().fields if shape is not None else self.method.arguments.fields
        return [
            item
            for item in fields
            if item is not self.item and item.path[:1] == self.item.path[:1] and item.many
        ]


def spots(method: Method[Any]) -> Iterator[Spot]:
    def walk(shape: RecordSchema[Any], outer: tuple[FieldSpec, ...]) -> Iterator[Spot]:
        for item in shape.fields:
            if not takes(item, method.mode):
                continue
            if not needed(item, method.mode):
                yield Spot(method, outer, item)
            if item.shape is not None and item not in outer:
                yield from walk(item.shape(), (*outer, item))

    yield from walk(method.arguments, ())


@pytest.mark.parametrize("name", wire.METHODS)
def test_left_out_none_and_a_value_are_three_things_for_every_optional_field(name: str) -> None:
    method = wire.METHODS[name]
    counted: Counter[str] = Counter()
    for spot in spots(method):
        where = f"{name} {spot.name}"
        alone = spot.arguments(...)
        without = wire.build(name, spot.arguments(UNSET))
        assert without.xml == wire.build(name, alone).xml, where
        if spot.item.path:
            assert spot.elements(without.xml) == [], f"{where}: UNSET is sent"
        assert spot.value_in(wire.parse_request(without.xml)[1]) is UNSET, where
        counted["left out"] += 1

        if spot.item.clear:
            cleared = wire.build(name, spot.arguments(None))
            [element] = spot.elements(cleared.xml)
            assert (len(element), element.text) == (0, None), f"{where}: None is no empty tag"
            _, read = wire.parse_request(cleared.xml)
            forms = [spot, *(replace(spot, item=twin) for twin in spot.twins)]
            assert any(form.value_in(read) in (None, []) for form in forms), where
            assert method.problems(spot.arguments(None)) == (), where
            counted["cleared"] += 1
        else:
            with pytest.raises(ArgumentError, match="cannot be cleared"):
                wire.build(name, spot.arguments(None))
            counted["not to be cleared"] += 1

        value = sample(spot.item, method.mode)
        given = wire.build(name, spot.arguments(value))
        assert given.xml != without.xml, where
        back = spot.value_in(wire.parse_request(given.xml)[1])
        assert back == (f"cid:{spot.item.name}" if isinstance(value, Upload) else value), where
        assert method.problems(spot.arguments(value)) == (), where
        counted["given"] += 1
    assert (
        counted["left out"] == counted["given"] == counted["cleared"] + counted["not to be cleared"]
    )
    print(f"{name}: {dict(counted)}")
