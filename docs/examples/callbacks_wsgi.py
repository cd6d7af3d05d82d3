"""Take callbacks with any WSGI server.

Set FRESHBOOKS_ACCOUNT and FRESHBOOKS_TOKEN, then::

    python callbacks_wsgi.py                  # the server of the standard library, on port 8000
    gunicorn callbacks_wsgi:application       # or any other

and register the address once, for example with
``fb.callback.create(event="invoice", uri="https://shop.example.com/callbacks")``. The service then POSTs a verifier there, which
``verify`` sends back; from then on the events come.
"""

from __future__ import annotations

from wsgiref.simple_server import make_server

from freshbooks_classic import FreshBooks
from freshbooks_classic.events import Callbacks, Event, Verification, wsgi

fb = FreshBooks.from_env()


def verify(asked: Verification) -> None:
    """Prove that this address wants the events."""
    fb.callback.verify(asked.callback_id, verifier=asked.verifier)


callbacks = Callbacks(verify=verify, systems=[f"https://{fb.account}.freshbooks.com"])


@callbacks.on("invoice.create")
def created(event: Event) -> None:
    """A delivery says which object it is about and no more: fetch it."""
    invoice = fb.invoice.get(event.object_id)
    print(f"invoice {invoice.number}: {invoice.amount} {invoice.currency_code}")


@callbacks.on("payment", "invoice.dispute")
def noted(event: Event) -> None:
    """All events of payments, and disputes."""
    print(f"{event.name} {event.object_id}")


application = wsgi(callbacks)

if __name__ == "__main__":
    with make_server("", 8000, application) as server:
        server.serve_forever()
