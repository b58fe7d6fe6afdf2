"""Queries of outgoing webhooks. Each takes the tenant and uses it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db.desk import changed
from agente_hotelero._db.staff_models import (
    DELIVERY,
    SUBSCRIPTION,
    DeliveryProgress,
    WebhookDelivery,
    WebhookSubscription,
)

MOST = 100


async def of_tenant(session: AsyncSession, tenant: str) -> Sequence[WebhookSubscription]:
    """The active ones."""
    query = select(WebhookSubscription).where(
        SUBSCRIPTION.c.tenant == tenant, SUBSCRIPTION.c.active.is_(True)
    )
    return (await session.scalars(query.order_by(SUBSCRIPTION.c.id).limit(MOST))).all()


async def add(
    session: AsyncSession, tenant: str, url: str, secret: str, events: Sequence[str]
) -> int:
    values = {"tenant": tenant, "url": url, "secret": secret, "events": list(events)}
    made = insert(SUBSCRIPTION).values(**values, active=True).returning(SUBSCRIPTION.c.id)
    number = int((await session.execute(made)).scalar_one())
    await changed(session)
    return number


async def rotate(
    session: AsyncSession, tenant: str, number: int, secret: str, now: datetime
) -> bool:
    """Sign with another secret from now on; False when there is no such subscription."""
    statement = update(SUBSCRIPTION).where(
        SUBSCRIPTION.c.tenant == tenant,
        SUBSCRIPTION.c.id == number,
        SUBSCRIPTION.c.active.is_(True),
    )
    values = {"secret": secret, "previous_secret": SUBSCRIPTION.c.secret, "rotated_at": now}
    result: Any = await session.execute(statement.values(**values))
    return bool(result.rowcount)


async def end(session: AsyncSession, tenant: str, number: int) -> bool:
    """False when there is no such one. What is on its way is dropped when its time comes."""
    statement = update(SUBSCRIPTION).where(
        SUBSCRIPTION.c.tenant == tenant,
        SUBSCRIPTION.c.id == number,
        SUBSCRIPTION.c.active.is_(True),
    )
    result: Any = await session.execute(statement.values(active=False))
    await changed(session)
    return int(result.rowcount) == 1


async def queue(session: AsyncSession, tenant: str, **values: object) -> int:
    """A delivery that is still to be made."""
    made = insert(DELIVERY).values(
        tenant=tenant, state=DeliveryProgress.QUEUED, attempts=0, error="", **values
    )
    return int((await session.execute(made.returning(DELIVERY.c.id))).scalar_one())


async def delivery(
    session: AsyncSession, number: int
) -> tuple[WebhookDelivery, WebhookSubscription] | None:
    """For the engine, which knows ids only: the row names its tenant. None once it ended."""
    found = await session.get(WebhookDelivery, number, populate_existing=True)
    if found is None or found.state != DeliveryProgress.QUEUED:
        return None
    to = await session.get(WebhookSubscription, found.subscription_id, populate_existing=True)
    return (found, to) if to is not None and to.tenant == found.tenant else None


async def set_delivery(
    session: AsyncSession, tenant: str, number: int, state: DeliveryProgress, **changes: object
) -> None:
    statement = update(DELIVERY).where(DELIVERY.c.tenant == tenant, DELIVERY.c.id == number)
    await session.execute(statement.values(state=state, **changes))


async def latest(session: AsyncSession, tenant: str) -> Sequence[WebhookDelivery]:
    """The latest deliveries first."""
    query = select(WebhookDelivery).where(DELIVERY.c.tenant == tenant)
    return (await session.scalars(query.order_by(DELIVERY.c.id.desc()).limit(MOST))).all()


async def forget(session: AsyncSession, made: datetime, given_up: datetime) -> None:
    """For all hotels: deliveries, which quote guests, that were made, or given up, and are older
    than an instant each."""
    for state, before in (
        (DeliveryProgress.DELIVERED, made),
        (DeliveryProgress.DEAD, given_up),
    ):
        old = (DELIVERY.c.state == state, DELIVERY.c.created_at < before)
        await session.execute(delete(DELIVERY).where(*old))


async def revive(session: AsyncSession, tenant: str, number: int) -> int | None:
    """Make one that was given up ready to be tried again, and return how often it was tried; None
    when there is no such one."""
    statement = update(DELIVERY).where(
        DELIVERY.c.tenant == tenant,
        DELIVERY.c.id == number,
        DELIVERY.c.state == DeliveryProgress.DEAD,
    )
    revived = statement.values(state=DeliveryProgress.QUEUED, error="")
    tries: int | None = (await session.execute(revived.returning(DELIVERY.c.attempts))).scalar()
    return tries
