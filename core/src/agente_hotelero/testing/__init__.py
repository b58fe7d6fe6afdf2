"""For authors of plugins: a settable clock and lent services without a running agent."""

from agente_hotelero.testing.lent import RecordingInbox, RecordingJourneys, SettableClock, lend

__all__ = ["RecordingInbox", "RecordingJourneys", "SettableClock", "lend"]
