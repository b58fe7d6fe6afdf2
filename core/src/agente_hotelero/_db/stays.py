"""The stays that we know of. Each query takes the tenant and uses it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db.guest_models import STAY, KnownStay, stay_
from agente_hotelero._db.repository import upsert
from agente_hotelero.matching import reach
from agente_hotelero.stays import Reservation

ERASED = "erased"


async def get(session: AsyncSession, tenant: str, reference: str) -> KnownStay | None:
    return await session.get(
        KnownStay, {"tenant": tenant, "reference": reference}, populate_existing=True
    )


async def put(
    session: AsyncSession,
    tenant: str,
    seen: Reservation,
    now: datetime,
    *,
    departed_at: datetime | None,
    booked_at: datetime | None = None,
    conversation_id: int | None = None,
) -> None:
    """What the PMS says now. When it was booked, and where, is kept from the first time on. Nothing
    where its guest was erased, if only while this waited for it."""
    values = {
        "tenant": tenant,
        "reference": seen.reference,
        "status": seen.status.value,
        "version": seen.version,
        "arrival": seen.stay.arrival,
        "departure": seen.stay.departure,
        "email": reach(seen.guest.email or ""),
        "phone": reach(seen.guest.phone or ""),
        "departed_at": departed_at,
        "seen_at": now,
        "booked_at": booked_at,
        "conversation_id": conversation_id,
    }
    statement = upsert(session, STAY)
    first = {"booked_at", "conversation_id"}
    changes = {
        name: func.coalesce(stay_[name], statement.excluded[name])
        if name in first
        else statement.excluded[name]
        for name in values
        if name not in ("tenant", "reference")
    }
    await session.execute(
        statement.on_conflict_do_update(index_elements=["tenant", "reference"], set_=changes),
        values,
    )
    if await was_erased(session, tenant, seen.reference):
        mine = (stay_.tenant == tenant, stay_.reference == seen.reference)
        await session.execute(delete(STAY).where(*mine))


async def hold(
    session: AsyncSession,
    tenant: str,
    references: Collection[str],
    conversations: Collection[int] = (),
) -> int:
    """Let these stays, and those booked in these conversations, be as they are until this
    transaction ends; returns how many there are. A write, since SQLite knows no other lock."""
    mine = or_(stay_.reference.in_(references), stay_.conversation_id.in_(conversations))
    locked = update(STAY).where(stay_.tenant == tenant, mine).values(seen_at=stay_.seen_at)
    result: Any = await session.execute(locked)
    return int(result.rowcount)


async def leave_conversations(
    session: AsyncSession, tenant: str, conversations: Collection[int]
) -> None:
    """Stays of others that were booked in conversations that go: their numbers may come again."""
    mine = (stay_.tenant == tenant, stay_.conversation_id.in_(conversations))
    await session.execute(update(STAY).where(*mine).values(conversation_id=None))


async def bury(session: AsyncSession, tenant: str, known: Collection[KnownStay]) -> int:
    """Forget the stays of a guest who is erased, but for a mark that only the same reference gives
    again: the PMS still has them, and whoever is seen there once more would be written to anew."""
    for stay in known:
        mine = (stay_.tenant == tenant, stay_.reference == stay.reference)
        await session.execute(delete(STAY).where(*mine))
        grave = KnownStay(
            tenant=tenant,
            reference=_mark_of(tenant, stay.reference),
            status=ERASED,
            version="",
            arrival=stay.departure,
            departure=stay.departure,
            seen_at=stay.seen_at,
        )
        session.add(grave)
    return len(known)


async def was_erased(session: AsyncSession, tenant: str, reference: str) -> bool:
    return await get(session, tenant, _mark_of(tenant, reference)) is not None


def _mark_of(tenant: str, reference: str) -> str:
    return f"{ERASED}:{sha256(f'{tenant}|{reference}'.encode()).hexdigest()[:32]}"


async def between(
    session: AsyncSession, tenant: str, column: str, first: date, last: date
) -> Sequence[KnownStay]:
    """Stays that arrive or depart within some days, both included."""
    day = stay_[column]
    query = select(KnownStay).where(stay_.tenant == tenant, day >= first, day <= last)
    return (await session.scalars(query.order_by(day, stay_.reference))).all()


async def booked_since(session: AsyncSession, tenant: str, since: datetime) -> Sequence[KnownStay]:
    """Stays that we heard of as new since an instant."""
    query = select(KnownStay).where(stay_.tenant == tenant, stay_.booked_at >= since)
    return (await session.scalars(query.order_by(stay_.booked_at, stay_.reference))).all()


async def of_guest(
    session: AsyncSession, tenant: str, addresses: Collection[str]
) -> Sequence[KnownStay]:
    """Stays of whoever has one of these addresses."""
    known = {reach(one) for one in addresses} - {""}
    query = select(KnownStay).where(
        stay_.tenant == tenant, or_(stay_.email.in_(known), stay_.phone.in_(known))
    )
    return (await session.scalars(query.order_by(stay_.arrival))).all()
