"""How much Meta takes: per pair of number and guest, per number and second, and for how long.

Meta's pages "Messaging limits" and "Throughput": one message every six seconds to the same guest,
up to 45 at once borrowed from the time to come; 80 messages a second and number, in and out;
anything but a template only within 24 hours of the guest's last message to that number.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agente_hotelero_channel_whatsapp.testing import refusals

BURST, PAIR_EVERY = 45, timedelta(seconds=6)
WINDOW = timedelta(hours=24)
SECOND = timedelta(seconds=1)
Pair = tuple[str, str]


@dataclass
class Pacing:
    """What was sent and said so far. `per_second` None: no such limit."""

    pair_limit: bool = False
    per_second: int | None = None
    said: dict[Pair, datetime] = field(default_factory=dict)
    _left: dict[Pair, tuple[float, datetime]] = field(default_factory=dict)
    _lately: dict[str, deque[datetime]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def heard(self, number: str, guests: tuple[str, ...], at: datetime) -> None:
        """A guest wrote: the window is open from the message's own stamp."""
        with self._lock:
            self._lately.setdefault(number, deque()).append(at)
            for guest in guests:
                self.said[number, guest] = max(at, self.said.get((number, guest), at))

    def open(self, number: str, guest: str, now: datetime) -> bool:
        """Whether something else than a template may be sent."""
        at = self.said.get((number, guest))
        return at is not None and now - at < WINDOW

    def too_much(self, number: str, guest: str, now: datetime) -> int | None:
        """The code of the limit that a message to this guest breaks; else it is counted."""
        with self._lock:
            lately = self._lately.setdefault(number, deque())
            while lately and now - lately[0] >= SECOND:
                lately.popleft()
            if self.per_second is not None and len(lately) >= self.per_second:
                return refusals.THROUGHPUT
            if self.pair_limit and not self._borrow((number, guest), now):
                return refusals.PAIR_LIMIT
            lately.append(now)
        return None

    def _borrow(self, pair: Pair, now: datetime) -> bool:
        left, at = self._left.get(pair, (float(BURST), now))
        left = min(BURST, left + max(now - at, timedelta(0)) / PAIR_EVERY)
        self._left[pair] = (left - 1 if left >= 1 else left, now)
        return left >= 1
