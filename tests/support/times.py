"""Moments at which tests take place."""

from __future__ import annotations

from datetime import UTC, datetime

from agente_hotelero.testing import SettableClock

NOVEMBER = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
JUNE = datetime(2027, 6, 10, 15, 0, tzinfo=UTC)


def clock_at(instant: datetime) -> SettableClock:
    return SettableClock(instant)
