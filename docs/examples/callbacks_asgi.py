"""Take callbacks with any ASGI server.

Set FRESHBOOKS_ACCOUNT and FRESHBOOKS_TOKEN, then ``uvicorn callbacks_asgi:application``, and register the address once, as
``callbacks_wsgi.py`` says. Handlers may be plain functions, which run in a thread, or asynchronous ones, which are awaited.
"""

from __future__ import annotations

from freshbooks_classic import AsyncFreshBooks
from freshbooks_classic.events import Callbacks, Event, Verification, asgi

fb = AsyncFreshBooks.from_env()


async def verify(asked: Verification) -> None:
    """Prove that this address wants the events."""
    await fb.callback.verify(asked.callback_id, verifier=asked.verifier)


callbacks = Callbacks(verify=verify, systems=[f"https://{fb.account}.freshbooks.com"])


@callbacks.on("invoice.create")
async def created(event: Event) -> None:
    """A delivery says which object it is about and no more: fetch it."""
    invoice = await fb.invoice.get(event.object_id)
    print(f"invoice {invoice.number}: {invoice.amount} {invoice.currency_code}")


@callbacks.on("payment", "invoice.dispute")
def noted(event: Event) -> None:
    """All events of payments, and disputes."""
    print(f"{event.name} {event.object_id}")


application = asgi(callbacks)
