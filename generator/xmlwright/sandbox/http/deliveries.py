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

from ...runtime.callbacks import Event as Told
from ...runtime.callbacks import Verification, compose
from ...runtime.protocol import CallbackForm
from ..engine.exchange import Event, Registration
from .webhook_client import NotDeliverable, post

REMEMBERED: Final = 2000
"""Deliveries that the log of one account keeps."""
_ALL: Final = "all"
_MODES: Final = ("deliver", "sync", "collect")


class Clock(Protocol):
    """What is needed of the sandbox's clock."""

    @property
    def frozen(self) -> bool: ...

    def now(self) -> datetime: ...

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` whenever somebody sets, moves, stops or starts the clock."""
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """How an account's events travel.

    The service never told its constants: how often and after what time it tries again is a guess.
    """

    mode: str = "deliver"
    """``deliver``: soon after the call. ``sync``: the first attempt is made before the call is answered. ``collect``: nothing is
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

    def changed(self, given: Mapping[str, Any]) -> Settings:
        """With some of them replaced. Raises ValueError for a name or value that there is not."""
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
    """Of each attempt: ``at``, and ``status`` of the answer or the ``error``."""

    def shown(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {**asdict(self), "due": self.due.isoformat() if self.due else None}


class _Account:
    """What is on its way, and what was."""

    def __init__(self, name: str, settings: Settings, seed: int) -> None:
        self.name = name
        self.settings = settings
        self.dice = random.Random(f"{seed} {name}")
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
        settings: Settings | None = None,
        agent: str = "xmlwright-sandbox",
    ) -> None:
        """
        Args:
            form: names of the form's fields; None for an API without callbacks, of which nothing is ever sent.
            system: account -> the address that deliveries say they are from.
            registrations: account -> the addresses that asked for events, at this moment.
            clock: repetitions wait by it.
            seed: of duplicates and order.
            settings: of accounts that nobody has set otherwise.
        """
        self._form = form
        self._system = system
        self._registrations = registrations
        self._clock = clock
        self._seed = seed
        self._settings = settings or Settings()
        self._agent = agent
        self._accounts: dict[str, _Account] = {}
        self._numbers = itertools.count(1)
        self._running: set[asyncio.Task[None]] = set()
        clock.watch(self._clock_changed)

    async def fire(self, account: str, events: Iterable[Event]) -> None:
        """Send events on their way; call it once what they tell of is kept."""
        if self._form is None:
            return
        there = self._account(account)
        made = [delivery for event in events for delivery in self._made(there, event)]
        if there.settings.mode == "sync":
            for delivery in made:
                await self._attempt(there, delivery)
        else:
            for delivery in made:
                self._wait(there, delivery)
        self._arm(there)

    async def settle(self, account: str) -> None:
        """Make every attempt that is due, and wait for those that are being made. Nothing is held back to be overtaken."""
        there = self._accounts.get(account)
        while there is not None and await self._next(there, held=True):
            pass

    async def settle_all(self) -> None:
        """As :meth:`settle`, for every account."""
        for name in list(self._accounts):
            await self.settle(name)

    def reset(self, account: str) -> None:
        """Forget all of an account: log, what is on its way, settings."""
        there = self._accounts.pop(account, None)
        if there is not None:
            there.waiting.clear()
            if there.timer is not None:
                there.timer.cancel()

    async def stop(self) -> None:
        """Send nothing more."""
        for name in list(self._accounts):
            self.reset(name)
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def control(self, account: str, action: str, arguments: Mapping[str, Any]) -> Any:
        """What the control prefix offers; a value that JSON can hold.

        ``show`` the settings and the log, ``set`` some settings, ``settle``, ``resend`` the delivery ``id``, ``clear`` the log and
        what is on its way.

        Raises:
            ValueError: there is no such action, setting or delivery.
        """
        there = self._account(account)
        if action == "set":
            there.settings = there.settings.changed(arguments)
        elif action == "settle":
            await self.settle(account)
        elif action == "resend":
            self._resend(there, arguments.get("id"))
        elif action == "clear":
            there.log.clear()
            there.waiting.clear()
        elif action != "show":
            raise ValueError(
                f"there is no action {action!r}; there are show, set, settle, resend, clear"
            )
        deliveries = [delivery.shown() for delivery in there.log]
        return {"settings": asdict(there.settings), "deliveries": deliveries}

    # ---- what is sent

    def _made(self, there: _Account, event: Event) -> list[Delivery]:
        """The deliveries that an event gives, in the order of the registrations."""
        assert self._form is not None
        collected = there.settings.mode == "collect"
        if event.name == self._form.verification:
            return [
                self._delivery(there, event, found)
                for found in self._registrations(there.name)
                if found.id == event.object_id and not found.verified
            ]
        wanted = [
            found
            for found in self._registrations(there.name)
            if found.verified and _matches(found.event, event.name)
        ]
        made = [self._delivery(there, event, found) for found in wanted]
        if collected and not made:
            made = [self._delivery(there, event, None)]
        for delivery in list(made):
            if there.settings.duplicate > there.dice.random():
                made.append(self._copy(there, delivery))
        return made

    def _delivery(self, there: _Account, event: Event, to: Registration | None) -> Delivery:
        assert self._form is not None
        system = self._system(there.name)
        told: Told | Verification
        # A form tells of objects by number; what goes by a word, such as a currency, has none.
        number = event.object_id if isinstance(event.object_id, int) else 0
        if to is not None and event.name == self._form.verification:
            told = Verification(number, to.verifier, system, event.user_id)
        else:
            told = Told(event.name, number, system, event.user_id)
        delivery = Delivery(
            id=next(self._numbers),
            callback_id=None if to is None else to.id,
            uri="" if to is None else to.uri,
            event=event.name,
            object_id=event.object_id,
            body=compose(told, self._form),
            state="collected" if there.settings.mode == "collect" else "waiting",
            due=None if there.settings.mode == "collect" else self._clock.now(),
        )
        there.log.append(delivery)
        return delivery

    def _copy(self, there: _Account, delivery: Delivery) -> Delivery:
        again = replace(delivery, id=next(self._numbers), attempts=[])
        there.log.append(again)
        return again

    def _resend(self, there: _Account, number: object) -> None:
        found = next((item for item in there.log if item.id == number), None)
        if found is None:
            raise ValueError(f"there is no delivery {number!r}")
        again = self._copy(there, found)
        again.state, again.due = "waiting", self._clock.now()
        self._wait(there, again, fresh=False)
        self._arm(there)

    # ---- when it is sent

    def _wait(self, there: _Account, delivery: Delivery, *, fresh: bool = True) -> None:
        if delivery.due is None:
            return
        if fresh and there.settings.reorder > there.dice.random():
            delivery.due += timedelta(seconds=there.dice.uniform(0.1, 3.0))
            there.held.add(delivery.id)
        heapq.heappush(there.waiting, (delivery.due, delivery.id, delivery))

    def _arm(self, there: _Account) -> None:
        """See to it that the next attempt is made in its time, as long as the clock runs."""
        if there.timer is not None:
            there.timer.cancel()
            there.timer = None
        if not there.waiting:
            return
        wait = (there.waiting[0][0] - self._clock.now()).total_seconds()
        if wait > 0 and self._clock.frozen:
            return
        loop = asyncio.get_running_loop()
        there.timer = loop.call_later(max(wait, 0.0), self._begin, there)

    def _begin(self, there: _Account) -> None:
        task = asyncio.get_running_loop().create_task(self._work(there))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _work(self, there: _Account) -> None:
        while await self._next(there):
            pass
        self._arm(there)

    def _clock_changed(self) -> None:
        for there in self._accounts.values():
            self._arm(there)

    async def _next(self, there: _Account, *, held: bool = False) -> bool:
        """Make the next attempt, if one is due; with ``held`` also one that waits to be overtaken."""
        async with there.turn:
            if not there.waiting:
                return False
            due, number, delivery = there.waiting[0]
            if due > self._clock.now() and not (held and number in there.held):
                return False
            heapq.heappop(there.waiting)
            there.held.discard(number)
            await self._attempt(there, delivery)
            return True

    async def _attempt(self, there: _Account, delivery: Delivery) -> None:
        if delivery.state != "waiting":
            return
        settings = there.settings
        noted: dict[str, Any] = {"at": self._clock.now().isoformat()}
        delivery.attempts.append(noted)
        delivery.due = None
        try:
            status = await post(
                delivery.uri, delivery.body, agent=self._agent, timeout=settings.timeout
            )
        except NotDeliverable as error:
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
        wait = settings.first_wait * settings.factor ** (done - 1)
        delivery.due = self._clock.now() + timedelta(seconds=min(wait, 1e8))
        if self._accounts.get(there.name) is there:
            self._wait(there, delivery, fresh=False)
            self._arm(there)

    def _account(self, name: str) -> _Account:
        there = self._accounts.get(name)
        if there is None:
            there = self._accounts[name] = _Account(name, self._settings, self._seed)
        return there


def _matches(wanted: str, name: str) -> bool:
    """Whether a registration for ``wanted`` is told of an event: by its name, by its resource, or of all."""
    return wanted in (_ALL, name) or name.startswith(f"{wanted}.")
