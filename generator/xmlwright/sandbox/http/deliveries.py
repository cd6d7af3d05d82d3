"""Deliver what happened to the addresses that asked for it: the handshake, events, repetitions by the sandbox's clock."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from ...runtime.callbacks import Event as RuntimeEvent
from ...runtime.callbacks import Verification, compose
from ...runtime.protocol import CallbackForm
from ..engine.exchange import Event, Registration
from .webhook_client import UndeliverableError, post

REMEMBERED: Final = 2000
"""Deliveries that the log of one account keeps."""
_LONGEST_WAIT: Final = 1e8
_ALL: Final = "all"
_MODES: Final = ("deliver", "sync", "collect")


class Clock(Protocol):
    """What is needed of the sandbox's clock."""

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        ...

    def now(self) -> datetime:
        """Return the time."""
        ...

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` whenever somebody sets, moves, stops or starts the clock."""
        ...


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """How an account's events travel.

    The service never published its constants: how often and after what time it tries again is a guess.
    """

    mode: str = "deliver"
    """``deliver``: soon after the call. ``sync``: the first attempt is made before the call has its response. ``collect``: nothing is
    sent, tests look at the log."""
    attempts: int = 6
    """How often a delivery is tried before it is dropped."""
    first_wait: float = 60.0
    """Seconds of the sandbox's clock between the first attempt and the second."""
    factor: float = 2.0
    """Each further wait is so many times the one before."""
    duplicate: float = 0.0
    """Chance that an event is delivered twice."""
    reorder: float = 0.0
    """Chance that an event waits up to three seconds, so that later ones overtake it."""
    timeout: float = 10.0
    """Real seconds that an attempt may take."""

    def changed(self, given: Mapping[str, Any]) -> DeliverySettings:
        """Return a copy with some settings replaced. Raises ValueError for an invalid one."""
        known = {item.name for item in fields(self)}
        for name, value in given.items():
            if name not in known:
                raise ValueError(f"there is no setting {name!r}; there are {', '.join(known)}")
            if name == "mode":
                if value not in _MODES:
                    raise ValueError(f"mode is one of {', '.join(_MODES)}, not {value!r}")
            elif isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(f"{name} is a number, not {value!r}")
            elif name in ("duplicate", "reorder") and not 0 <= value <= 1:
                raise ValueError(f"{name} is a chance between 0 and 1, not {value!r}")
            elif name == "attempts" and not (1 <= value <= 100 and value == int(value)):
                raise ValueError(f"attempts is a whole number from 1 to 100, not {value!r}")
            elif not 0 <= value <= 1e6:
                raise ValueError(f"{name} is a number from 0 to 1000000, not {value!r}")
        return replace(self, **given)


@dataclass(slots=True)
class Delivery:
    """One form on its way to one address."""

    id: int
    callback_id: int | str | None
    """The registration; None for an event that was collected without one."""
    uri: str
    event: str
    object_id: int | str
    body: str
    """The form as it is sent."""
    state: str
    """``waiting``, ``delivered``, ``collected``, ``dropped`` after the last attempt, or ``refused`` for an address that is
    not on this machine."""
    due: datetime | None
    """Time of the next attempt."""
    attempts: list[dict[str, Any]] = field(default_factory=list)
    """Of each attempt: ``at``, and ``status`` of the response or the ``error``."""

    def shown(self) -> dict[str, Any]:
        """Return the values for JSON."""
        return {**asdict(self), "due": self.due.isoformat() if self.due else None}


class _AccountQueue:
    """What is on its way, and what was."""

    def __init__(self, name: str, settings: DeliverySettings, seed: int) -> None:
        self.name = name
        self.settings = settings
        self.random_source = random.Random(f"{seed} {name}")
        self.log: deque[Delivery] = deque(maxlen=REMEMBERED)
        self.waiting: list[tuple[datetime, int, Delivery]] = []
        self.held: set[int] = set()
        """Deliveries that wait only to be overtaken."""
        self.turn = asyncio.Lock()
        """One attempt at a time, so that the order is repeatable."""
        self.timer: asyncio.TimerHandle | None = None


class Deliveries:
    """Everything that goes out, by account. Used on the event loop only."""

    def __init__(
        self,
        form: CallbackForm | None,
        system: Callable[[str], str],
        registrations: Callable[[str], Sequence[Registration]],
        clock: Clock,
        *,
        seed: int = 0,
        settings: DeliverySettings | None = None,
        agent: str = "xmlwright-sandbox",
    ) -> None:
        """Start without deliveries.

        Args:
        form: names of the form's fields; None for an API without callbacks, of which nothing is ever sent.
        system: account -> the address that deliveries say they are from.
        registrations: account -> the addresses that asked for events, at this moment.
        clock: repetitions wait by it.
        seed: of duplicates and order.
        agent: the User-Agent of deliveries.
        settings: of accounts without settings of their own.
        """
        self._form = form
        self._system = system
        self._registrations = registrations
        self._clock = clock
        self._seed = seed
        self._settings = settings or DeliverySettings()
        self._agent = agent
        self._accounts: dict[str, _AccountQueue] = {}
        self._numbers = itertools.count(1)
        self._running: set[asyncio.Task[None]] = set()
        clock.watch(self._clock_changed)

    async def fire(self, account: str, events: Iterable[Event]) -> None:
        """Send events on their way; call it once what they tell of is kept."""
        if self._form is None:
            return
        queue = self._account(account)
        made = [delivery for event in events for delivery in self._made(queue, event)]
        if queue.settings.mode == "sync":
            for delivery in made:
                await self._attempt(queue, delivery)
        else:
            for delivery in made:
                self._wait(queue, delivery)
        self._arm(queue)

    async def settle(self, account: str) -> None:
        """Make every attempt that is due, and wait for those that are being made. Nothing is held back to be overtaken."""
        queue = self._accounts.get(account)
        while queue is not None and await self._next(queue, held=True):
            pass

    async def settle_all(self) -> None:
        """Make the attempts that are due in every account."""
        for name in list(self._accounts):
            await self.settle(name)

    def next_due(self) -> datetime | None:
        """Return the earliest time at which an attempt is due."""
        return min(
            (one.waiting[0][0] for one in self._accounts.values() if one.waiting), default=None
        )

    def reset(self, account: str) -> None:
        """Forget all of an account: log, what is on its way, settings."""
        queue = self._accounts.pop(account, None)
        if queue is not None:
            queue.waiting.clear()
            if queue.timer is not None:
                queue.timer.cancel()

    async def stop(self) -> None:
        """Send nothing more."""
        for name in list(self._accounts):
            self.reset(name)
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def control(self, account: str, action: str, arguments: Mapping[str, Any]) -> Any:
        """Show or change deliveries, and return a value for JSON.

        ``show`` the settings and the log, ``set`` some settings, ``settle``, ``resend`` the delivery ``id``, ``clear`` the log and
        what is on its way.

        Raises:
            ValueError: there is no such action, setting or delivery.
        """
        queue = self._account(account)
        if action == "set":
            queue.settings = queue.settings.changed(arguments)
        elif action == "settle":
            await self.settle(account)
        elif action == "resend":
            self._resend(queue, arguments.get("id"))
        elif action == "clear":
            queue.log.clear()
            queue.waiting.clear()
        elif action != "show":
            raise ValueError(
                f"there is no action {action!r}; there are show, set, settle, resend, clear"
            )
        deliveries = [delivery.shown() for delivery in queue.log]
        return {"settings": asdict(queue.settings), "deliveries": deliveries}

    # ---- what is sent

    def _made(self, queue: _AccountQueue, event: Event) -> list[Delivery]:
        """Return the deliveries that an event gives, in the order of the registrations."""
        assert self._form is not None
        collected = queue.settings.mode == "collect"
        if event.name == self._form.verification:
            return [
                self._delivery(queue, event, found)
                for found in self._registrations(queue.name)
                if found.id == event.object_id and not found.verified
            ]
        wanted = [
            found
            for found in self._registrations(queue.name)
            if found.verified and _matches(found.event, event.name)
        ]
        made = [self._delivery(queue, event, found) for found in wanted]
        if collected and not made:
            made = [self._delivery(queue, event, None)]
        for delivery in list(made):
            if queue.settings.duplicate > queue.random_source.random():
                made.append(self._copy(queue, delivery))
        return made

    def _delivery(self, queue: _AccountQueue, event: Event, to: Registration | None) -> Delivery:
        assert self._form is not None
        system = self._system(queue.name)
        sent: RuntimeEvent | Verification
        # A form tells of objects by number; what goes by a word, such as a currency, has none.
        number = event.object_id if isinstance(event.object_id, int) else 0
        if to is not None and event.name == self._form.verification:
            sent = Verification(number, to.verifier, system, event.user_id)
        else:
            sent = RuntimeEvent(event.name, number, system, event.user_id)
        delivery = Delivery(
            id=next(self._numbers),
            callback_id=None if to is None else to.id,
            uri="" if to is None else to.uri,
            event=event.name,
            object_id=event.object_id,
            body=compose(sent, self._form),
            state="collected" if queue.settings.mode == "collect" else "waiting",
            due=None if queue.settings.mode == "collect" else self._clock.now(),
        )
        queue.log.append(delivery)
        return delivery

    def _copy(self, queue: _AccountQueue, delivery: Delivery) -> Delivery:
        again = replace(delivery, id=next(self._numbers), attempts=[])
        queue.log.append(again)
        return again

    def _resend(self, queue: _AccountQueue, number: object) -> None:
        found = next((item for item in queue.log if item.id == number), None)
        if found is None:
            raise ValueError(f"there is no delivery {number!r}")
        again = self._copy(queue, found)
        again.state, again.due = "waiting", self._clock.now()
        self._wait(queue, again, fresh=False)
        self._arm(queue)

    # ---- when it is sent

    def _wait(self, queue: _AccountQueue, delivery: Delivery, *, fresh: bool = True) -> None:
        if delivery.due is None:
            return
        if fresh and queue.settings.reorder > queue.random_source.random():
            delivery.due += timedelta(seconds=queue.random_source.uniform(0.1, 3.0))
            queue.held.add(delivery.id)
        heapq.heappush(queue.waiting, (delivery.due, delivery.id, delivery))

    def _arm(self, queue: _AccountQueue) -> None:
        """Schedule the next attempt while the clock runs."""
        if queue.timer is not None:
            queue.timer.cancel()
            queue.timer = None
        if not queue.waiting:
            return
        wait = (queue.waiting[0][0] - self._clock.now()).total_seconds()
        if wait > 0 and self._clock.frozen:
            return
        loop = asyncio.get_running_loop()
        queue.timer = loop.call_later(max(wait, 0.0), self._begin, queue)

    def _begin(self, queue: _AccountQueue) -> None:
        task = asyncio.get_running_loop().create_task(self._work(queue))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _work(self, queue: _AccountQueue) -> None:
        while await self._next(queue):
            pass
        self._arm(queue)

    def _clock_changed(self) -> None:
        for queue in self._accounts.values():
            self._arm(queue)

    async def _next(self, queue: _AccountQueue, *, held: bool = False) -> bool:
        """Make the next attempt, if one is due; with ``held`` also one that waits to be overtaken."""
        async with queue.turn:
            if not queue.waiting:
                return False
            due, number, delivery = queue.waiting[0]
            if due > self._clock.now() and not (held and number in queue.held):
                return False
            heapq.heappop(queue.waiting)
            queue.held.discard(number)
            await self._attempt(queue, delivery)
            return True

    async def _attempt(self, queue: _AccountQueue, delivery: Delivery) -> None:
        if delivery.state != "waiting":
            return
        settings = queue.settings
        noted: dict[str, Any] = {"at": self._clock.now().isoformat()}
        delivery.attempts.append(noted)
        delivery.due = None
        try:
            status = await post(
                delivery.uri, delivery.body, agent=self._agent, timeout=settings.timeout
            )
        except UndeliverableError as error:
            noted["error"] = str(error)
            delivery.state = "refused"
            return
        except OSError as error:
            noted["error"] = str(error) or type(error).__name__
        else:
            noted["status"] = status
            if 200 <= status <= 299:
                delivery.state = "delivered"
                return
        done = len(delivery.attempts)
        if done >= settings.attempts:
            delivery.state = "dropped"
            return
        try:
            wait = min(settings.first_wait * settings.factor ** (done - 1), _LONGEST_WAIT)
        except OverflowError:
            wait = _LONGEST_WAIT
        delivery.due = self._clock.now() + timedelta(seconds=wait)
        if self._accounts.get(queue.name) is queue:
            self._wait(queue, delivery, fresh=False)
            self._arm(queue)

    def _account(self, name: str) -> _AccountQueue:
        queue = self._accounts.get(name)
        if queue is None:
            queue = self._accounts[name] = _AccountQueue(name, self._settings, self._seed)
        return queue


def _matches(wanted: str, name: str) -> bool:
    """Return whether a registration for ``wanted`` receives an event: by its name, by its resource, or of all."""
    return wanted in (_ALL, name) or name.startswith(f"{wanted}.")
