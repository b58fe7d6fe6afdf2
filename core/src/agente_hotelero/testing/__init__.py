"""For authors of plugins: a settable clock and lent services without a running agent."""

from agente_hotelero.testing.lent import RecordingInbox, SettableClock, lend

__all__ = ["RecordingInbox", "SettableClock", "lend"]
