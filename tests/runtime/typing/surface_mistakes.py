"""Deliberate mistakes with both clients as people run them in production, one a function, and what is said of each.

As in ``mistakes.py``: ``# mypy says RULE; pyright says RULE`` above a line records what each complains about there, read and
found right by a person; they say nothing about any other line. Nothing here is run.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from freshbooks_classic import (
    AsyncFreshBooks,
    Backoff,
    File,
    FreshBooks,
    OAuth,
    OutcomeUnknownError,
    Page,
    Record,
    Recorder,
    Request,
    events,
)
from freshbooks_classic.events import Callbacks, Event, Verification
from freshbooks_classic.invoice import Invoice, Invoices
from freshbooks_classic.runtime.async_paging import AsyncPager
from freshbooks_classic.runtime.hooks import CallInfo
from freshbooks_classic.runtime.paging import Pager
from freshbooks_classic.runtime.retry import RetryPolicy
from freshbooks_classic.task import Task, Tasks

# Setting up


def misspelt_import() -> object:
    # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownVariableType
    from freshbooks_classic import FreshBoks

    return FreshBoks  # pyright: ignore[reportUnknownVariableType]


def misspelt_module_attribute() -> object:
    import freshbooks_classic

    # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownMemberType reportUnknownVariableType
    return freshbooks_classic.FreshBoks


def timeout_as_text() -> None:
    # mypy says arg-type; pyright says reportArgumentType
    FreshBooks("sample", token="secret", timeout="5")


def three_timeouts() -> None:
    # mypy says arg-type; pyright says reportArgumentType
    FreshBooks("sample", token="secret", timeout=(1, 2, 3))


def retry_as_a_number() -> None:
    # mypy says arg-type; pyright says reportArgumentType
    FreshBooks("sample", token="secret", retry=3)


def retry_as_a_class() -> None:
    # mypy says arg-type; pyright says reportArgumentType
    FreshBooks("sample", token="secret", retry=Backoff)


def one_hook_for_a_list(recorder: Recorder) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    FreshBooks("sample", token="secret", hooks=recorder)


def hook_without_its_methods() -> None:
    # mypy says list-item; pyright says reportArgumentType
    FreshBooks("sample", token="secret", hooks=[print])


def token_as_bytes() -> None:
    # mypy says arg-type; pyright says reportArgumentType
    FreshBooks("sample", token=b"secret")


def token_for_auth() -> None:
    # mypy says arg-type; pyright says reportArgumentType
    FreshBooks("sample", auth="secret")


def certificate_of_three_paths() -> None:
    # mypy says arg-type; pyright says reportArgumentType
    FreshBooks("sample", token="secret", certificate=("a.pem", "a.key", "ca.pem"))


def account_as_a_number() -> None:
    # mypy says arg-type; pyright says reportArgumentType
    AsyncFreshBooks(7, token="secret")


def account_left_out() -> None:
    # mypy says call-arg; pyright says reportCallIssue
    FreshBooks(token="secret")


def keyword_that_no_client_has() -> None:
    # mypy says call-arg; pyright says reportCallIssue
    AsyncFreshBooks("sample", token="secret", time_out=5)


def keyword_that_the_environment_has_not() -> None:
    # mypy says call-arg; pyright says reportCallIssue
    FreshBooks.from_env(time_out=5)


def profile_as_a_number() -> None:
    # mypy says arg-type; pyright says reportArgumentType
    FreshBooks.from_env(7)


def timeout_of_the_environment_as_text() -> None:
    # mypy says arg-type; pyright says reportArgumentType
    AsyncFreshBooks.from_env(timeout="5")


def policy_without_its_method() -> RetryPolicy:
    # mypy says return-value; pyright says reportReturnType
    return Recorder("traffic.jsonl")


# Options of a copy


def option_that_does_not_exist(fb: FreshBooks) -> None:
    # mypy says call-arg; pyright says reportCallIssue
    fb.with_options(retries=3)


def option_that_only_a_client_has(fb: FreshBooks) -> None:
    # mypy says call-arg; pyright says reportCallIssue
    fb.with_options(token="secret")


def option_by_position(fb: FreshBooks) -> None:
    # mypy says call-arg; pyright says reportCallIssue
    fb.with_options(5)


def option_as_text(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.with_options(deadline="5")


def option_that_cannot_be_nothing(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.with_options(retry=None)


def option_of_the_other_client(afb: AsyncFreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    afb.with_options(validate="no")


def copy_taken_for_the_other_client(fb: FreshBooks) -> AsyncFreshBooks:
    # mypy says return-value; pyright says reportReturnType
    return fb.with_options(timeout=5)


# What is not awaited


async def call_that_nobody_awaits(afb: AsyncFreshBooks) -> None:
    # mypy says unused-coroutine; pyright says reportUnusedCoroutine
    afb.task.delete(211)


async def sending_that_nobody_awaits(afb: AsyncFreshBooks) -> None:
    # mypy says unused-coroutine; pyright says reportUnusedCoroutine
    afb.send(Tasks.delete(211))


async def value_of_what_is_not_awaited(afb: AsyncFreshBooks) -> Task:
    # mypy says return-value; pyright says reportReturnType
    return afb.task.get(211)


async def argument_that_is_not_awaited(afb: AsyncFreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    await afb.invoice.get(afb.invoice.create(client_id=13))


async def first_row_that_is_not_awaited(afb: AsyncFreshBooks) -> Task | None:
    # mypy says return-value; pyright says reportReturnType
    return afb.task.list().first()


async def total_that_is_not_called(afb: AsyncFreshBooks) -> int:
    # mypy says return-value; pyright says reportReturnType
    return afb.task.list().total


async def asynchronous_list_as_a_list(afb: AsyncFreshBooks) -> list[Task]:
    # mypy says call-overload no-any-return; pyright says reportArgumentType reportUnknownVariableType
    return list(afb.task.list())


async def pages_in_a_plain_loop(afb: AsyncFreshBooks) -> None:
    # mypy says attr-defined; pyright says reportGeneralTypeIssues reportUnknownVariableType
    for page in afb.task.list().pages():
        # mypy says nothing; pyright says reportUnknownArgumentType
        print(page)


async def plain_list_in_an_asynchronous_loop(fb: FreshBooks) -> None:
    # mypy says attr-defined; pyright says reportGeneralTypeIssues reportUnknownVariableType
    async for task in fb.task.list():
        # mypy says nothing; pyright says reportUnknownArgumentType
        print(task)


async def field_of_a_variable_that_is_not_awaited(afb: AsyncFreshBooks) -> str:
    system = afb.system.current()
    # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownMemberType reportUnknownVariableType
    return system.company_name or "none"


async def explanation_that_is_awaited(afb: AsyncFreshBooks) -> None:
    # mypy says misc; pyright says reportGeneralTypeIssues
    await afb.explain(Tasks.get(211))


def reconciled_without_waiting(afb: AsyncFreshBooks, error: OutcomeUnknownError) -> list[Record]:
    # mypy says return-value; pyright says reportReturnType
    return afb.reconcile(error)


async def closed_without_waiting(afb: AsyncFreshBooks) -> None:
    # mypy says unused-coroutine; pyright says reportUnusedCoroutine
    afb.close()


async def plain_client_in_an_asynchronous_with() -> None:
    # mypy says attr-defined; pyright says reportGeneralTypeIssues
    async with FreshBooks("sample", token="secret"):
        pass


# Sending and explaining


def document_that_is_explained(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.explain("<request/>")


def answer_that_is_sent(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.send(fb.task.get(211))


def value_of_another_request(fb: FreshBooks) -> Invoice:
    # mypy says return-value; pyright says reportReturnType
    return fb.send(Tasks.get(211))


def page_taken_for_rows(fb: FreshBooks) -> list[Invoice]:
    # mypy says arg-type; pyright says reportReturnType
    return fb.send(Invoices.list())


def explanation_of_a_call(fb: FreshBooks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.explain(fb.task.delete(211))


def arguments_of_a_raw_call_by_keyword(fb: FreshBooks) -> None:
    # mypy says call-arg; pyright says reportCallIssue
    fb.call("task.get", task_id=211)


def request_of_a_sub_resource() -> Request[Invoice]:
    # mypy says attr-defined no-any-return; pyright says reportAttributeAccessIssue reportUnknownMemberType reportUnknownVariableType
    return Invoices.lines.delete(344, line_id=1)


# Pages and files


def resumed_from_a_page(fb: FreshBooks, page: Page[Task]) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    fb.task.list().pages(resume=page)


def total_called(fb: FreshBooks) -> int:
    # mypy says no-any-return operator; pyright says reportCallIssue reportUnknownVariableType
    return fb.task.list().total()


def taken_without_a_number(fb: FreshBooks) -> None:
    # mypy says call-arg; pyright says reportCallIssue
    fb.task.list().take()


def pager_of_the_other_client(fb: FreshBooks) -> AsyncPager[Task]:
    # mypy says return-value; pyright says reportReturnType
    return fb.task.list()


def page_for_a_pager(fb: FreshBooks) -> Pager[Task]:
    # mypy says return-value; pyright says reportReturnType
    return fb.task.list().page()


def file_saved_as_a_number(file: File) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    file.save(7)


def content_called(file: File) -> bytes:
    # mypy says no-any-return operator; pyright says reportCallIssue reportUnknownVariableType
    return file.content()


def file_taken_for_its_bytes(file: File) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    io.BytesIO(file)


# Errors


def error_reconciled_that_is_none(fb: FreshBooks) -> None:
    try:
        fb.task.create(name="Yard work")
    except ValueError as error:
        # mypy says arg-type; pyright says reportArgumentType
        fb.reconcile(error)


def record_of_a_kind_that_is_not_known(fb: FreshBooks, error: OutcomeUnknownError) -> list[Task]:
    # mypy says return-value; pyright says reportReturnType
    return fb.reconcile(error)


def answer_of_an_error_without_a_check(error: OutcomeUnknownError) -> int:
    # mypy says arg-type; pyright says reportArgumentType
    return len(error.response)


# OAuth


def flow_without_its_secret() -> None:
    # mypy says call-arg; pyright says reportCallIssue
    FreshBooks.oauth("sample", "key")


def token_in_place_of_what_was_asked(secret: str) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    FreshBooks.oauth("sample", "key", secret).access_token("token", "code")


def verifier_left_out(secret: str) -> None:
    flow = FreshBooks.oauth("sample", "key", secret)
    # mypy says call-arg; pyright says reportCallIssue
    flow.access_token(flow.request_token())


def flow_taken_for_its_end(secret: str) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    FreshBooks("sample", auth=FreshBooks.oauth("sample", "key", secret))


def request_token_as_auth(secret: str) -> OAuth:
    # mypy says return-value; pyright says reportReturnType
    return FreshBooks.oauth("sample", "key", secret).request_token()


# Callbacks


def event_that_does_not_exist(callbacks: Callbacks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    @callbacks.on("invoice.paid")
    def paid(event: Event) -> None:
        print(event)


def event_as_python_writes_it(callbacks: Callbacks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    callbacks.on("invoice.create", "time_entry_create")(print)


def event_as_any_text(callbacks: Callbacks, name: str) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    callbacks.on(name)(print)


def handler_of_something_else(callbacks: Callbacks) -> None:
    # mypy says type-var; pyright says reportArgumentType reportUntypedFunctionDecorator
    @callbacks.on("invoice.create")
    def created(invoice: Invoice) -> None:
        print(invoice)


def handler_without_its_event(callbacks: Callbacks) -> None:
    # mypy says type-var; pyright says reportArgumentType reportUntypedFunctionDecorator
    @callbacks.on("invoice.create")
    def created() -> None:
        print("created")


def handler_in_place_of_a_name(callbacks: Callbacks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    @callbacks.on
    def created(event: Event) -> None:
        print(event)


def verifier_of_an_event(event: Event) -> None:
    # mypy says attr-defined; pyright says reportAttributeAccessIssue reportUnknownArgumentType reportUnknownMemberType
    print(event.verifier)


def verification_taken_for_an_event(callbacks: Callbacks) -> Event:
    # mypy says return-value; pyright says reportReturnType
    return callbacks.deliver(b"")


def number_as_a_delivery(callbacks: Callbacks) -> None:
    # mypy says arg-type; pyright says reportArgumentType
    callbacks.deliver(7)


def verify_that_takes_an_event() -> None:
    def seen(event: Event) -> None:
        print(event)

    # mypy says arg-type; pyright says reportArgumentType
    Callbacks(verify=seen)


def callbacks_with_an_unknown_keyword() -> None:
    # mypy says call-arg; pyright says reportCallIssue
    Callbacks(accounts=["sample"])


def delivery_made_of_a_text() -> str:
    # mypy says arg-type; pyright says reportArgumentType
    return events.compose("invoice.create")


def event_that_is_changed(event: Event, asked: Verification) -> None:
    # mypy says misc; pyright says reportAttributeAccessIssue
    event.object_id = asked.callback_id


# Hooks and recordings


def hook_that_changes_what_it_sees(call: CallInfo) -> None:
    # mypy says misc; pyright says reportAttributeAccessIssue
    call.method = "task.get"


def answer_of_a_call_without_a_check(call: CallInfo) -> int:
    # mypy says arg-type; pyright says reportArgumentType
    return len(call.response)


def recorder_without_a_file() -> None:
    # mypy says call-arg; pyright says reportCallIssue
    Recorder()


def recorder_as_an_option_of_a_call(fb: FreshBooks, recorder: Recorder) -> Iterator[Task]:
    # mypy says call-arg; pyright says reportCallIssue
    yield fb.task.get(211, hooks=(recorder,))
