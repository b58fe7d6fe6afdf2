"""Who wants to hear of events, told after the commit that made them true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from agente_hotelero._runtime.guard import Guard
from agente_hotelero.components import Log
from agente_hotelero.errors import HoteleroError
from agente_hotelero.events import DomainEvent, Subscription


@dataclass(frozen=True, kw_only=True)
class Subscribers:
    """All subscriptions of all plugins, each with its plugin's guard."""

    subscriptions: Sequence[tuple[Subscription[Any], Guard]]
    log: Log

    async def tell(self, event: DomainEvent) -> None:
        """Tell each in turn; one that fails is logged and does not keep the others from hearing."""
        subject = type(event).__name__
        for subscription, guard in self.subscriptions:
            if isinstance(event, subscription.event):
                try:
                    await guard.call(f"receive {subject}", partial(subscription.receive, event))
                except HoteleroError:
                    self.log.exception("subscriber_failed", subject=subject)
