"""A program full of deliberate mistakes against the generated client, one a function, and what is said of each.

``# mypy says RULE; pyright says RULE`` above a line records what each of them complains about there, read
and found right by a person; they say nothing about any other line. Nothing here is run.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal

from freshbooks_classic import AsyncFreshBooks, FreshBooks, NotFoundError, Page, Request, Upload
from freshbooks_classic.client import ClientContactInput
from freshbooks_classic.estimate import EstimateLineInput
from freshbooks_classic.invoice import Invoice, InvoiceLine, InvoiceLineInput, Invoices
from freshbooks_classic.project import ProjectTaskInput
from freshbooks_classic.recurring import CardInput
from freshbooks_classic.runtime.paging import Pager
from freshbooks_classic.shared import LineChangeInput
from freshbooks_classic.task import Task, Tasks

# Arguments: names, presence, position


def misspelt_keyword(fb: FreshBooks) -> None:
    # mypy says call-arg; pyright says reportCallIssue
    fb.task.create(name="Yard work", desciption="Weeds")


def keyword_of_another_method(fb: FreshBooks) -> None:
    # mypy says misc; pyright says reportCallIssue
    fb.client.update(13, client_id=14)


def filter_that_the_list_lacks(fb: FreshBooks) -> None:
    # mypy says call-arg; pyright says reportCallIssue
    fb.task.list(name="Yard work")


def missing_required_keyword(fb: FreshBooks) -> None:
    # mypy says call-arg; pyright says reportCallIssue
    fb.client.create(first_name="Ann")


def missing_identity(fb: FreshBooks) -> None:
    # mypy says call-arg; pyright says reportCallIssue
    fb.invoice.update(notes="Thanks")


def two_of_three_required(fb: FreshBooks) -> None:
    # mypy says call-arg; pyright says reportCallIssue
    fb.expense.create(staff_id=1, category_id=2)


def keyword_given_by_position(fb: FreshBooks) -> None:
    # mypy says call-arg; pyright says reportCallIssue
    fb.task.create("Yard work")


def one_position_too_many(fb: FreshBooks) -> None:
    # mypy says call-arg; pyright says reportCallIssue
    fb.estimate.get(1, 2)


def argument_to_a_method_without_any(fb: FreshBooks) -> None:
    # mypy says call-arg; pyright says reportCallIssue
    fb.staff.current(7)


# Arguments: scalars


def text_for_an_id(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.invoice.get("344")


def printed_number_for_an_id(fb: FreshBooks, invoice: Invoice) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.invoice.get_pdf(invoice.number)


def id_for_a_text(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.project.create(name=7, bill_method="flat-rate")


def float_for_a_decimal(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.task.create(name="Yard work", rate=15.5)


def float_for_a_required_decimal(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.expense.create(staff_id=1, category_id=2, amount=9.99)


def decimal_for_an_integer(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.recurring.create(client_id=13, occurrences=Decimal(3))


def number_for_a_date(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.payment.create(invoice_id=344, date=20120131)


def time_for_a_date(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.time_entry.create(project_id=1, task_id=2, date=dt.time(12))


def date_for_a_moment(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.client.list(updated_from=dt.date(2012, 1, 31))


def text_for_a_flag(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.tax.create(name="GST", compound="yes")


def number_on_the_wire_for_a_flag(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.task.update(211, billable=1)


def integer_for_a_printed_number(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.invoice.create(client_id=13, number=42)


def path_as_text_for_a_file(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.receipt.create(7, image="receipt.png")


def text_as_content_of_a_file(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.receipt.update(7, image=Upload("text", "a.txt", "text/plain"))


# Arguments: words


def word_that_is_not_in_the_enum(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.project.update(3, bill_method="hourly-rate")


def word_that_only_answers_have(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.invoice.create(client_id=13, status="paid")


def word_as_the_answer_spells_it(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.recurring.create(client_id=13, frequency="m")


def word_of_another_enum(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.default_terms.get("new_invoice")


def word_in_the_wrong_case(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.payment.create(invoice_id=344, type="check")


def event_that_is_never_fired(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.callback.create(event="invoice.paid", uri="https://example.com/hook")


def any_text_for_a_word(fb: FreshBooks, folder: str) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.item.list(folder=folder)


def status_of_an_answer_sent_back(fb: FreshBooks, invoice: Invoice) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.invoice.update(invoice.invoice_id, status=invoice.status)


# Arguments: nothing, and left out


def clearing_where_it_is_refused(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.invoice.update(344, currency_code=None)


def clearing_what_is_required(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.task.update(211, name=None)


def nothing_for_an_identity(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.category.delete(None)


def nothing_for_a_required_list(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.invoice.lines.add(344, lines=None)


def false_for_left_out(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.estimate.update(1, notes=False)


# Dictionaries


def misspelt_key(fb: FreshBooks) -> None:
    # mypy says list-item; pyright says reportArgumentType
    fb.invoice.create(client_id=13, lines=[{"name": "Seeds", "unitcost": 10}])


def misspelt_key_of_a_variable() -> InvoiceLineInput:
    # mypy says typeddict-unknown-key; pyright says reportAssignmentType
    line: InvoiceLineInput = {"nmae": "Seeds"}
    return line


def key_of_another_dictionary() -> EstimateLineInput:
    # mypy says typeddict-unknown-key; pyright says reportReturnType
    return {"name": "Seeds", "line_id": 7}


def missing_key(fb: FreshBooks) -> None:
    # mypy says list-item; pyright says reportArgumentType
    fb.client.create(email="bob@example.com", contacts=[{"first_name": "Ann"}])


def missing_key_of_a_variable() -> LineChangeInput:
    # mypy says typeddict-item; pyright says reportAssignmentType
    change: LineChangeInput = {"quantity": 2}
    return change


def missing_key_two_levels_down() -> CardInput:
    # mypy says typeddict-item; pyright says reportReturnType
    return {"number": "4111", "name": "Ann", "expiration": {"month": 12}}


def wrong_value_of_a_key(fb: FreshBooks) -> None:
    # mypy says list-item; pyright says reportArgumentType
    fb.project.create(name="Garden", bill_method="task-rate", tasks=[{"task_id": "7"}])


def float_two_levels_down(fb: FreshBooks) -> None:
    # mypy says list-item; pyright says reportArgumentType
    fb.recurring.lines.add(3, lines=[{"name": "Rent", "unit_cost": 99.5}])


def wrong_word_two_levels_down() -> InvoiceLineInput:
    # mypy says typeddict-item; pyright says reportReturnType
    return {"name": "Seeds", "type": "item"}


def nothing_for_a_required_key() -> ClientContactInput:
    # mypy says typeddict-item; pyright says reportReturnType
    return {"email": None}


def reading_a_key_that_is_not_there(task: ProjectTaskInput) -> None:
    # mypy says typeddict-item; pyright says reportGeneralTypeIssues reportUnknownArgumentType
    print(task["tasks"])


def one_dictionary_for_a_list(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.invoice.create(client_id=13, lines={"name": "Seeds"})


def ids_where_records_go(fb: FreshBooks) -> None:
    # mypy says list-item; pyright says reportArgumentType
    fb.project.create(name="Garden", bill_method="task-rate", tasks=[7, 8])


def records_where_ids_go(fb: FreshBooks) -> None:
    # mypy says list-item; pyright says reportArgumentType
    fb.project.create(name="Garden", bill_method="task-rate", task_ids=[{"task_id": 7}])


def answer_of_another_resource_as_a_line(fb: FreshBooks, line: InvoiceLine) -> None:
    # mypy says list-item; pyright says reportArgumentType
    fb.estimate.update(1, lines=[line])


def answer_where_only_a_dictionary_goes(fb: FreshBooks, line: InvoiceLine) -> None:
    # mypy says list-item; pyright says reportArgumentType
    fb.invoice.lines.update(344, lines=[line])


# Answers


def optional_used_without_a_check(fb: FreshBooks) -> Decimal:
    # mypy says operator return-value; pyright says reportOptionalOperand reportUnknownVariableType
    return fb.invoice.get(344).amount * 2


def optional_text_used_without_a_check(fb: FreshBooks) -> str:
    # mypy says union-attr; pyright says reportOptionalMemberAccess
    return fb.client.get(13).organization.upper()


def optional_record_used_without_a_check(fb: FreshBooks) -> None:
    # mypy says union-attr; pyright says reportOptionalMemberAccess
    print(fb.invoice.get(344).links.client_view)


def optional_returned_without_a_check(fb: FreshBooks) -> str:
    # mypy says return-value; pyright says reportReturnType
    return fb.project.get(3).name


def first_row_used_without_a_check(fb: FreshBooks) -> None:
    # mypy says union-attr; pyright says reportOptionalMemberAccess
    print(fb.expense.list().first().amount)


def field_that_does_not_exist(fb: FreshBooks) -> None:
    # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownArgumentType reportUnknownMemberType
    print(fb.payment.get(5).ammount)


def field_that_is_only_sent(fb: FreshBooks) -> None:
    # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownArgumentType reportUnknownMemberType
    print(fb.client.get(13).password)


def decimal_mixed_with_a_float(fb: FreshBooks) -> None:
    rate = fb.task.get(211).rate
    if rate is not None:
        # mypy says operator; pyright says reportOperatorIssue reportUnknownArgumentType
        print(rate * 1.19)


def date_compared_with_a_text(invoice: Invoice) -> bool:
    # mypy says operator; pyright says reportOperatorIssue reportUnknownVariableType
    return invoice.date is not None and invoice.date < "2012-01-31"


def text_assigned_to_a_decimal(task: Task) -> None:
    # mypy says assignment; pyright says reportAttributeAccessIssue
    task.rate = "15.00"


def record_without_its_identity() -> Task:
    # mypy says call-arg; pyright says reportCallIssue
    return Task(name="Yard work")


def record_by_position() -> Task:
    # mypy says arg-type call-arg; pyright says reportCallIssue
    return Task(211, "Yard work")


def field_that_no_record_has(task: Task) -> None:
    # mypy says attr-defined; pyright says reportAttributeAccessIssue
    task.color = "red"


def answer_of_create_is_an_id(fb: FreshBooks) -> None:
    # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownArgumentType reportUnknownMemberType
    print(fb.task.create(name="Yard work").task_id)


def answer_of_update_is_nothing(fb: FreshBooks) -> None:
    # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownArgumentType reportUnknownMemberType
    print(fb.task.update(211, name="Yard work").name)


def answer_of_a_deletion_as_a_flag(fb: FreshBooks) -> bool:
    # mypy says return-value; pyright says reportReturnType
    return fb.estimate.delete(1)


def file_is_no_bytes(fb: FreshBooks) -> bytes:
    # mypy says return-value; pyright says reportReturnType
    return fb.invoice.get_pdf(344)


# Lists


def rows_of_another_resource(fb: FreshBooks) -> list[Task]:
    # mypy says arg-type; pyright says reportReturnType
    return list(fb.invoice.list())


def wrong_element_of_a_page(fb: FreshBooks) -> Page[Task]:
    # mypy says return-value; pyright says reportReturnType
    return fb.invoice.list().page()


def wrong_element_of_a_pager(fb: FreshBooks) -> Pager[Task]:
    # mypy says return-value; pyright says reportReturnType
    return fb.client.list()


def pager_is_no_list(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    print(len(fb.task.list()))


def pager_has_no_index(fb: FreshBooks) -> None:
    # mypy says index; pyright says reportIndexIssue reportUnknownArgumentType
    print(fb.task.list()[0])


def page_is_not_changed(fb: FreshBooks) -> None:
    # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownMemberType
    fb.task.list().page().items.append(Task(task_id=1))


def field_of_a_row_of_another_list(fb: FreshBooks) -> Iterator[str]:
    for tax in fb.tax.list():
        # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownMemberType
        yield tax.organization


def pages_of_a_list_that_has_none(fb: FreshBooks) -> None:
    # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownMemberType
    fb.default_terms.list().pages()


# Requests and clients


def request_taken_for_an_answer() -> int:
    # mypy says return-value; pyright says reportReturnType
    return Tasks.create(name="Yard work")


def method_of_the_class_with_an_instance(fb: FreshBooks) -> None:
    # mypy says arg-type misc; pyright says reportCallIssue
    Tasks.create(fb, name="Yard work")


def mistake_in_a_request_of_its_own() -> Request[Page[Invoice]]:
    # mypy says arg-type; pyright says reportArgumentType
    return Invoices.list(status="unpayed")


def request_of_another_answer() -> Request[str]:
    # mypy says return-value; pyright says reportReturnType
    return Tasks.get(211)


def request_is_not_changed() -> None:
    request = Tasks.get(211)
    # mypy says misc; pyright says reportAttributeAccessIssue
    request.xml = b""


def something_else_is_sent(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.send(b"<request method='task.list'/>")


def method_that_does_not_exist(fb: FreshBooks) -> None:
    # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownMemberType
    fb.category.undelete(7)


def name_as_on_the_wire(fb: FreshBooks) -> None:
    # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownMemberType
    fb.invoice.sendByEmail(344)


def sub_resource_called(fb: FreshBooks) -> None:
    # mypy says operator; pyright says reportCallIssue
    fb.invoice.lines(344, lines=[])


def resource_that_does_not_exist(fb: FreshBooks) -> None:
    # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownMemberType
    fb.invoices.get(344)


def client_without_a_name_for_the_token() -> None:
    # mypy says call-arg; pyright says reportCallIssue
    FreshBooks("sample", "secret")


def client_with_an_option_that_does_not_exist() -> None:
    # mypy says call-arg; pyright says reportCallIssue
    FreshBooks("sample", token="secret", retries=3)


def signature_that_a_callback_does_not_fit(fb: FreshBooks) -> Callable[[str], Task]:
    # mypy says return-value; pyright says reportReturnType
    return fb.task.get


def attribute_that_errors_do_not_have(fb: FreshBooks) -> None:
    try:
        fb.task.get(211)
    except NotFoundError as failure:
        # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownArgumentType reportUnknownMemberType
        print(failure.status_code)


# The asynchronous client


async def answer_that_is_not_awaited(afb: AsyncFreshBooks) -> int:
    # mypy says return-value; pyright says reportReturnType
    return afb.task.create(name="Yard work")


async def call_that_is_forgotten(afb: AsyncFreshBooks) -> None:
    # mypy says unused-coroutine; pyright says reportUnusedCoroutine
    afb.task.delete(211)


async def field_of_what_is_not_awaited(afb: AsyncFreshBooks) -> None:
    # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownArgumentType reportUnknownMemberType
    print(afb.task.get(211).name)


async def loop_that_is_not_asynchronous(afb: AsyncFreshBooks) -> None:
    # mypy says attr-defined; pyright says reportGeneralTypeIssues reportUnknownVariableType
    for task in afb.task.list():
        # mypy says nothing; pyright says reportUnknownArgumentType
        print(task)


async def list_that_is_awaited(afb: AsyncFreshBooks) -> None:
    # mypy says misc; pyright says reportGeneralTypeIssues
    await afb.task.list()


async def mistake_in_an_awaited_call(afb: AsyncFreshBooks) -> None:
    # mypy says arg-type call-arg; pyright says reportCallIssue
    await afb.task.create(rate=15.5)


def asynchronous_client_as_a_synchronous_one(afb: AsyncFreshBooks) -> None:
    # mypy says attr-defined; pyright says reportGeneralTypeIssues
    with afb:
        pass


async def synchronous_call_that_is_awaited(fb: FreshBooks) -> None:
    # mypy says misc; pyright says reportGeneralTypeIssues
    await fb.task.delete(211)


def clients_mixed_up(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    only_asynchronous(fb)


def only_asynchronous(afb: AsyncFreshBooks) -> None:
    print(afb.account)


# Names


def record_that_the_module_lacks() -> None:
    # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownVariableType
    from freshbooks_classic.task import TaskInput

    # mypy says nothing; pyright says reportUnknownArgumentType
    print(TaskInput)


def name_that_only_younger_pythons_have() -> None:
    # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownVariableType
    from typing import Self

    # mypy says nothing; pyright says reportUnknownArgumentType
    print(Self)
