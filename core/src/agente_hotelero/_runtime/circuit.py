"""pybreaker behind a small façade that is right for asyncio.

pybreaker's own decorator does nothing on coroutines, `calling()` counts a cancellation as a failure
and half-open admits everyone. Here the outcome is recorded after the await, one trial is admitted,
and votes about a past period are ignored. One event loop, one process: state is in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pybreaker

from agente_hotelero.errors import Unavailable

OPEN = 2
STATES = {pybreaker.STATE_CLOSED: 0, pybreaker.STATE_HALF_OPEN: 1, pybreaker.STATE_OPEN: OPEN}


@dataclass(frozen=True, slots=True)
class Ticket:
    """Permission to make one call, good for the period in which it was given."""

    period: int
    trial: bool


class Circuit:
    """Opens after `failures` in a row, tries once after `reset_seconds`; tells `on_change`."""

    def __init__(
        self,
        name: str,
        *,
        failures: int,
        reset_seconds: float,
        on_change: Callable[[int], None] = lambda state: None,
    ) -> None:
        self.name = name
        self._reset = timedelta(seconds=reset_seconds)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=failures, reset_timeout=reset_seconds, throw_new_error_on_trip=False
        )
        self._breaker.add_listener(_Listener(self._changed))
        self._on_change = on_change
        self._period = 0
        self._opened_at = datetime.now(UTC)
        self._trying = False
        on_change(0)

    @property
    def state(self) -> int:
        """0 closed, 1 half open, 2 open."""
        return STATES[self._breaker.current_state]

    def admit(self) -> Ticket:
        """Raises Unavailable while open, and for all but one caller when a trial is due."""
        if self._breaker.current_state != pybreaker.STATE_OPEN:
            return Ticket(self._period, trial=False)
        left = (self._opened_at + self._reset - datetime.now(UTC)).total_seconds()
        if left > 0 or self._trying:
            raise Unavailable(f"{self.name}: circuit open", retry_after=max(left, 0.1))
        self._trying = True
        return Ticket(self._period, trial=True)

    def settle(self, ticket: Ticket, *, failed: bool | None) -> None:
        """Record the outcome; None (cancelled, or not the dependency's doing) casts no vote."""
        if ticket.trial:
            self._trying = False
        if failed is None or ticket.period != self._period:
            return
        try:
            self._breaker.call(_outcome, failed)
        except _Failure:
            return

    def _changed(self, state: str) -> None:
        if state == pybreaker.STATE_OPEN:
            self._opened_at = datetime.now(UTC)
        if state != pybreaker.STATE_HALF_OPEN:
            self._period += 1
        self._on_change(STATES[state])


class _Failure(Exception):
    """The vote of a failed call."""


def _outcome(failed: bool) -> None:
    if failed:
        raise _Failure


class _Listener(pybreaker.CircuitBreakerListener):
    def __init__(self, changed: Callable[[str], None]) -> None:
        self._changed = changed

    def state_change(
        self, cb: object, old_state: object, new_state: pybreaker.CircuitBreakerState
    ) -> None:
        self._changed(new_state.name)
