"""After a call whose outcome is unknown: finding what it may have made, by the fields that were sent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .errors import ConfigurationError, OutcomeUnknown
from .request import Page, Paged, Request
from .unset import UNSET

if TYPE_CHECKING:
    from .wire import Door


def candidates(door: Door, error: OutcomeUnknown) -> Callable[[int | None], Request[Page[Any]]]:
    """Requests for the pages of the list where the record would be, narrowed by what was sent.

    Raises:
        ConfigurationError: the resource has no list in pages.
    """
    resource = (error.method or "").partition(".")[0]
    name = f"{resource}.list"
    if name not in door.methods or not isinstance(door.methods[name].answer, Paged):
        raise ConfigurationError(f"there is no list to look {error.method} up in: {error.look_up}")
    method = door.methods[name]
    filters = {
        item.name: error.values[item.name]
        for item in method.arguments.fields
        if item.shape is None
        and not item.many
        and error.values.get(item.name, UNSET) not in (None, UNSET)
    }

    def request(position: int | None) -> Request[Page[Any]]:
        paging = method.protocol.paging
        moved = {} if position is None else {paging.position: position}
        return method.request({**filters, **moved})

    return request


def matching(door: Door, error: OutcomeUnknown, row: Any) -> bool:
    """Whether a record has all that was sent. Fields that answers do not show, and nested ones, are not compared."""
    shape = door.methods[f"{(error.method or '').partition('.')[0]}.list"].answer.record
    assert shape is not None
    known = {item.name: item for item in shape.fields if "r" in item.access}
    compared = 0
    for name, sent in error.values.items():
        item = known.get(name)
        if item is None or item.shape is not None or item.many or sent is None or sent is UNSET:
            continue
        if not _same(sent, getattr(row, name, None)):
            return False
        compared += 1
    return compared > 0


def _same(sent: Any, found: Any) -> bool:
    if sent == found:
        return True
    if isinstance(found, Decimal) and isinstance(sent, (str, int)) and not isinstance(sent, bool):
        return Decimal(sent) == found
    date = getattr(found, "date", None)  # sent as a day, read with a time
    return callable(date) and date() == sent
