"""When the endpoint is left alone, so that one that is dead does not slow every message.

pybreaker counts the failures in a row; its own decorator does nothing on coroutines, so that the
outcome is told to it after the await. One event loop, one process: state is in memory.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pybreaker
from agente_hotelero.errors import AuthFailed, NotFound, Throttled, Unavailable

LONGEST_REST = 600.0


class Circuit:
    """Rests after `failures` in a row for `seconds`, then lets one call try."""

    def __init__(self, *, failures: int, seconds: float) -> None:
        self._seconds = seconds
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=failures, reset_timeout=seconds, throw_new_error_on_trip=False
        )
        self._until = 0.0
        self._trying = False

    @property
    def left(self) -> float:
        """How many seconds of rest are left; not above zero if there is none."""
        return self._until - time.monotonic()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Around one call, whose outcome counts. Raises Unavailable at once while at rest.

        A refusal of one request says nothing about the endpoint; nor does a cancelled call.
        """
        trial = self._admit()
        self._trying = self._trying or trial
        try:
            yield
        except Throttled as error:
            self._rest(error.retry_after or self._seconds)
            raise
        except (Unavailable, AuthFailed, NotFound):
            self._vote(failed=True)
            raise
        else:
            self._vote(failed=False)
        finally:
            self._trying = self._trying and not trial

    def _admit(self) -> bool:
        """Whether this call is the trial after a rest."""
        if self.left > 0:
            raise Unavailable("the endpoint is left alone for a while", retry_after=self.left)
        trial: bool = self._breaker.current_state == pybreaker.STATE_OPEN
        if trial and self._trying:
            raise Unavailable("the endpoint is just being tried")
        return trial

    def _vote(self, *, failed: bool) -> None:
        """Told late, about the time before a rest, it is not heard."""
        with suppress(_Failure, pybreaker.CircuitBreakerError):
            self._breaker.call(_outcome, failed)
        if failed and self._breaker.current_state == pybreaker.STATE_OPEN and self.left <= 0:
            self._rest(self._seconds)

    def _rest(self, seconds: float) -> None:
        self._until = time.monotonic() + min(seconds, LONGEST_REST)


class _Failure(Exception):
    """The vote of a failed call."""


def _outcome(failed: bool) -> None:
    if failed:
        raise _Failure
