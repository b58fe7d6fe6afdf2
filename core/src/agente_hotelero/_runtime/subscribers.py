"""Who wants to hear of events, told after the commit that made them true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agente_hotelero.components import Log
from agente_hotelero.events import DomainEvent, Subscription


@dataclass(frozen=True, kw_only=True)
class Subscribers:
    """All subscriptions of all plugins."""

    subscriptions: Sequence[Subscription[Any]]
    log: Log

    async def tell(self, event: DomainEvent) -> None:
        """Tell each in turn; one that fails is logged and does not keep the others from hearing."""
        for subscription in self.subscriptions:
            if isinstance(event, subscription.event):
                try:
                    await subscription.receive(event)
                except Exception:
                    self.log.exception("subscriber_failed", subject=type(event).__name__)
