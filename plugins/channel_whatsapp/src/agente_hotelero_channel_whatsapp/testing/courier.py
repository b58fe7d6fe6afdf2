"""The way of webhooks: tried until they are taken, for seven days, by the simulator's clock.

Meta says that it tries again "with decreasing frequency" for up to seven days and gives no
figures: here the next try comes after a quarter of the webhook's age, after 0.2 seconds at least
and six hours at most. Whatever was not answered 200 may come again in other company.
"""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agente_hotelero_channel_whatsapp.testing.accounts import Clock
from agente_hotelero_channel_whatsapp.testing.webhooks import MOST_EVENTS, Change, merged

GIVES_UP_AFTER = timedelta(days=7)
SOONEST, LATEST = timedelta(seconds=0.2), timedelta(hours=6)
LOOK_SECONDS = 0.05
WORKERS = 8


@dataclass(kw_only=True)
class Disorder:
    """How badly webhooks travel; nothing of it by default.

    `repeated`: how likely one that was taken comes again. `late`: how likely it sets out only
    within `late_by`, and so after others. `regrouped`: those that are due together come together,
    in any order, up to a thousand events a POST.
    """

    repeated: float = 0.0
    late: float = 0.0
    late_by: timedelta = timedelta(minutes=1)
    regrouped: bool = False
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311


@dataclass(kw_only=True)
class Webhook:
    """One change on its way; `then` is called when it was taken."""

    change: Change
    began: datetime
    then: Callable[[], None] | None = None
    tries: int = 0


class Courier:
    """Carries webhooks: `carry` posts changes of one app and tells whether they were taken."""

    def __init__(
        self, clock: Clock, disorder: Disorder, carry: Callable[[Sequence[Change]], bool]
    ) -> None:
        self.clock = clock
        self.disorder = disorder
        self.given_up: list[Webhook] = []
        self._carry = carry
        self._due: list[tuple[datetime, int, Webhook]] = []
        self._order = itertools.count()
        self._lock = threading.RLock()
        self._stepping = threading.Lock()
        self._busy = 0
        self._stop = threading.Event()

    def start(self) -> None:
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="courier")
        self._thread = threading.Thread(target=self._run, daemon=True, name="courier")
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def waiting(self) -> int:
        """How many webhooks are not taken yet."""
        with self._lock:
            return len(self._due) + self._busy

    def send(self, webhook: Webhook) -> None:
        """Try at once, in the caller's thread, unless it is to be late."""
        if self._strikes(self.disorder.late):
            self.put(webhook)
        else:
            self._attempt([webhook])

    def put(self, webhook: Webhook) -> None:
        """Try soon, from the courier's own thread."""
        late = self._strikes(self.disorder.late)
        delay = self.disorder.late_by * self.disorder.chance.random() if late else timedelta(0)
        self._queue(webhook, self.clock.now() + delay)

    def advance(self, by: timedelta) -> None:
        """Let time pass, and all that is due in it happen in its order."""
        with self._stepping:
            target = self.clock.now() + by
            while (due := self._next()) is not None and due <= target:
                self.clock.ahead += max(due - self.clock.now(), timedelta(0))
                for group in self._take():
                    self._attempt(group)
            self.clock.ahead += max(target - self.clock.now(), timedelta(0))

    def settle(self, seconds: float = 30) -> None:
        """Wait for what is due by now. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while self._busy or self._is_due():
            if time.monotonic() > deadline:
                raise TimeoutError("webhooks are still on their way")
            time.sleep(0.01)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            with self._stepping, self._lock:
                groups = list(self._take())
                self._busy += len(groups)
            for group in groups:
                self._pool.submit(self._work, group)

    def _work(self, group: list[Webhook]) -> None:
        try:
            self._attempt(group)
        finally:
            with self._lock:
                self._busy -= 1

    def _attempt(self, group: list[Webhook]) -> None:
        changes = [one.change for one in group]
        if self.disorder.regrouped:
            changes = merged(changes, self.disorder.chance)
        taken = self._carry(changes)
        for one in group:
            one.tries += 1
            if not taken:
                self._retry(one)
                continue
            if one.then is not None:
                one.then()
            if self._strikes(self.disorder.repeated):
                again = Webhook(change=one.change, began=one.began)
                self._queue(again, self.clock.now() + SOONEST)

    def _retry(self, webhook: Webhook) -> None:
        now = self.clock.now()
        age = now - webhook.began
        if age >= GIVES_UP_AFTER:
            self.given_up.append(webhook)
        else:
            self._queue(webhook, now + min(max(age / 4, SOONEST), LATEST))

    def _queue(self, webhook: Webhook, due: datetime) -> None:
        with self._lock:
            heapq.heappush(self._due, (due, next(self._order), webhook))

    def _next(self) -> datetime | None:
        with self._lock:
            return self._due[0][0] if self._due else None

    def _is_due(self) -> bool:
        due = self._next()
        return due is not None and due <= self.clock.now()

    def _take(self) -> Iterator[list[Webhook]]:
        """What is due now: each alone, or in groups of one app."""
        found = []
        with self._lock:
            while self._is_due():
                found.append(heapq.heappop(self._due)[2])
        if not self.disorder.regrouped:
            return iter([one] for one in found)
        self.disorder.chance.shuffle(found)
        return _grouped(found)

    def _strikes(self, likely: float) -> bool:
        return likely > 0 and self.disorder.chance.random() < likely


def _grouped(webhooks: Sequence[Webhook]) -> Iterator[list[Webhook]]:
    apps: dict[str, list[Webhook]] = {}
    for one in webhooks:
        apps.setdefault(one.change.account.app_secret, []).append(one)
    for mine in apps.values():
        group: list[Webhook] = []
        for one in mine:
            if sum(other.change.events for other in group) + one.change.events > MOST_EVENTS:
                yield group
                group = []
            group.append(one)
        yield group
