"""Outgoing webhooks: what happened at a hotel, told to whoever subscribed, until it is taken.

A delivery is queued in the transaction that makes its event true, so none is lost and none is
told that did not happen. It may come more than once: its number tells.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import subscriptions as rows
from agente_hotelero._db.session import Database
from agente_hotelero._db.staff_models import DeliveryProgress, WebhookDelivery, WebhookSubscription
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.public_net import NotPublic
from agente_hotelero.components import Clock, Log
from agente_hotelero.events import (
    DomainEvent,
    ReservationCancelled,
    ReservationChanged,
    ReservationMade,
)
from agente_hotelero.stays import Reservation

KIND = "webhook"
MESSAGE, REPLY, HANDOVER = "message.received", "reply.sent", "handover.requested"
STOPPED, RESUMED = "channel.stopped", "channel.resumed"
OF_RESERVATIONS: Mapping[type[DomainEvent], str] = {
    ReservationMade: "reservation.made",
    ReservationChanged: "reservation.changed",
    ReservationCancelled: "reservation.cancelled",
}
EVENTS = (MESSAGE, REPLY, HANDOVER, STOPPED, RESUMED, *OF_RESERVATIONS.values())
# Some nine hours in all.
DELAYS = (5, 30, 120, 600, 1800, 7200, 21600)
SECONDS = 10.0
SIGNATURE = "X-Hotelero-Signature"
BOTH_ALIVE = timedelta(days=1)
# An address may be anything: each of these is a failure of this delivery, and of no other.
NOT_REACHED = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, ExceptionGroup)


@dataclass(frozen=True, kw_only=True)
class Announcer:
    """`wanted` says which events somebody at a hotel has subscribed to: asked for each event."""

    engine: Engine
    clock: Clock
    wanted: Callable[[str], frozenset[str]]

    async def tell(
        self, session: AsyncSession, tenant: str, event: str, body: Mapping[str, Any]
    ) -> None:
        """Queue an event for its subscribers, with this transaction."""
        if event not in self.wanted(tenant):
            return
        now = self.clock.now()
        for to in await rows.of_tenant(session, tenant):
            if event in to.events:
                number = await rows.queue(
                    session,
                    tenant,
                    subscription_id=to.id,
                    event=event,
                    body=dict(body),
                    created_at=now,
                )
                await schedule(self.engine, session, number, "0", now, now)


async def schedule(
    engine: Engine, session: AsyncSession, number: int, attempt: str, at: datetime, now: datetime
) -> None:
    """Try a delivery at an instant."""
    await engine.schedule(session, KIND, f"{number}:{attempt}", at, now)


@dataclass(frozen=True, kw_only=True)
class Deliverer:
    """Makes the deliveries that are due; `http` reaches what a stranger's address may reach."""

    database: Database
    engine: Engine
    http: httpx.AsyncClient
    clock: Clock
    log: Log
    metrics: Metrics

    async def due(self, key: str, at: datetime) -> None:
        """Try one; what fails is tried again later, a few times."""
        number = int(key.split(":")[1])
        async with self.database.sessions() as session:
            found = await rows.delivery(session, number)
        if found is None:
            return
        delivery, to = found
        why = "the subscription ended" if not to.active else await self._post(delivery, to)
        await self._note(delivery, why, over=not to.active)

    async def _post(self, delivery: WebhookDelivery, to: WebhookSubscription) -> str:
        """Why it was not taken; empty when it was."""
        body = orjson.dumps(
            {
                "id": delivery.id,
                "event": delivery.event,
                "hotel": delivery.tenant,
                "at": delivery.created_at.isoformat(),
                "data": delivery.body,
            }
        )
        headers = headers_for(to, body, self.clock.now())
        headers["Content-Type"] = "application/json"
        sent: dict[str, Any] = {"content": body, "headers": headers}
        try:
            async with asyncio.timeout(SECONDS):
                # Only the status is read: what else a stranger sends is not waited for.
                async with self.http.stream("POST", to.url, **sent) as answer:
                    return "" if answer.is_success else f"HTTP {answer.status_code}"
        except TimeoutError:
            return "TimeoutError"
        except NotPublic:
            return "not a public address"
        except NOT_REACHED as error:
            return type(error).__name__

    async def _note(self, delivery: WebhookDelivery, why: str, *, over: bool) -> None:
        number, attempts, now = int(delivery.id or 0), delivery.attempts + 1, self.clock.now()
        # A replay goes on counting, so that no two tries have one name in the engine.
        tried = attempts % (len(DELAYS) + 1)
        last = over or tried == 0
        state = DeliveryProgress.DEAD if last else DeliveryProgress.QUEUED
        if not why:
            state = DeliveryProgress.DELIVERED
        self.metrics.webhooks.labels(str(state)).inc()
        if why:
            self.log.warning("webhook_not_taken", delivery=number, reason=why, last=last)
        async with self.database.sessions() as session, session.begin():
            await rows.set_delivery(
                session, delivery.tenant, number, state, attempts=attempts, error=why
            )
            if state is DeliveryProgress.QUEUED:
                later = now + timedelta(seconds=DELAYS[tried - 1])
                await schedule(self.engine, session, number, str(attempts), later, now)


def headers_for(to: WebhookSubscription, body: bytes, now: datetime) -> dict[str, str]:
    """The signature, and for a day after a rotation the one by the previous secret beside it."""
    headers = signed(to.secret, body, now)
    if to.previous_secret and to.rotated_at and now < to.rotated_at + BOTH_ALIVE:
        previous = signed(to.previous_secret, body, now)[SIGNATURE]
        headers[f"{SIGNATURE}-Previous"] = previous
    return headers


def signed(secret: str, body: bytes, now: datetime) -> dict[str, str]:
    """Headers by which a receiver knows that a body is ours, and not an old one sent again."""
    stamp = str(int(now.timestamp()))
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Hotelero-Timestamp": stamp, SIGNATURE: f"sha256={digest}"}


def of_reservation(conversation_id: int, made: Reservation) -> dict[str, Any]:
    """What a subscriber hears of a reservation."""
    return {
        "conversation": conversation_id,
        "reference": made.reference,
        "status": str(made.status),
        "room": made.room_type_name,
        "arrival": made.stay.arrival.isoformat(),
        "departure": made.stay.departure.isoformat(),
        "guest": made.guest.name,
        "total": {"amount": str(made.total.amount), "currency": made.total.currency},
    }
