"""What guests allowed and refused: only ever added to, until the guest is erased; of each purpose
the latest word counts.

A refusal holds for the whole hotel, on whatever channel it was said: ask with every address that
is known of a guest.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db.guest_models import CONSENT, Consent
from agente_hotelero.matching import reach

PROACTIVE = "proactive"
"""The purpose that stands for all others: everything a guest did not ask for."""
EVERYWHERE = "staff"
"""In place of a channel: what a guest told a person holds for every channel."""
MARKETING = "marketing"
"""What sells: for this the guest must have said yes."""


async def record(
    session: AsyncSession,
    tenant: str,
    *,
    channel: str,
    addresses: Iterable[str],
    purpose: str,
    granted: bool,
    source: str,
    at: datetime,
) -> None:
    """Note what one guest, known by these addresses, allowed or refused."""
    common = {"channel": channel, "purpose": purpose, "granted": granted, "source": source}
    for address in sorted({reach(one) for one in addresses}):
        values = {"tenant": tenant, "address": address, "at": at, **common}
        await session.execute(insert(CONSENT), values)


async def history(
    session: AsyncSession, tenant: str, addresses: Iterable[str]
) -> Sequence[Consent]:
    """All that was said by the guest with these addresses, the latest first; of a guest who was
    erased and comes again, what he refused before."""
    known = sorted({reach(one) for one in addresses})
    if await _any_buried(session, tenant):
        known += await _marks(tenant, known)
    query = select(Consent).where(CONSENT.c.tenant == tenant, CONSENT.c.address.in_(known))
    return (await session.scalars(query.order_by(CONSENT.c.at.desc(), CONSENT.c.id.desc()))).all()


async def latest(
    session: AsyncSession, tenant: str, addresses: Iterable[str], purpose: str
) -> Consent | None:
    """The last word on a purpose; None where nothing was ever said."""
    said = await history(session, tenant, addresses)
    return next((one for one in said if one.purpose == purpose), None)


async def refusal(
    session: AsyncSession, tenant: str, addresses: Iterable[str], purpose: str
) -> Consent | None:
    """What forbids messages of a purpose to a guest: that it was refused, or everything was."""
    said = await history(session, tenant, addresses)
    for asked in (PROACTIVE, purpose):
        last = next((one for one in said if one.purpose == asked), None)
        if last is not None and not last.granted:
            return last
    return None


# ── what outlives a guest ────────────────────────────────────────────────────────────────────────

BURIED = "erased:"
BEFORE = "before the guest was erased"
# A telephone number is guessed by trying all there are: each try shall take a while.
COST = {"n": 2**14, "r": 8, "p": 1, "dklen": 24}


async def bury(session: AsyncSession, tenant: str, addresses: Iterable[str]) -> int:
    """Take a guest's addresses out of what he said: only what he refuses stays, under a mark that
    only the same address gives again, and without how it was said."""
    known = sorted({reach(one) for one in addresses})
    marks = dict(zip(known, await _marks(tenant, known), strict=True))
    said = await history(session, tenant, known)
    last: dict[tuple[str, str], Consent] = {}
    for one in said:
        last.setdefault((one.address, one.purpose), one)
    kept = {one.id for one in last.values() if not one.granted and one.address in marks}
    mine = CONSENT.c.tenant == tenant
    for one in said:
        if one.id in kept:
            change = update(CONSENT).where(mine, CONSENT.c.id == one.id)
            await session.execute(change.values(address=marks[one.address], source=BEFORE))
        elif one.address in marks:
            await session.execute(delete(CONSENT).where(mine, CONSENT.c.id == one.id))
    return sum(one.address in marks for one in said)


def mark_of(tenant: str, address: str) -> str:
    """The mark of an address at a hotel; takes some 50 ms on purpose."""
    salt = f"agente-hotelero:{tenant}".encode()
    return BURIED + hashlib.scrypt(reach(address).encode(), salt=salt, **COST).hex()


async def _marks(tenant: str, addresses: Sequence[str]) -> list[str]:
    return [await asyncio.to_thread(mark_of, tenant, one) for one in addresses]


async def _any_buried(session: AsyncSession, tenant: str) -> bool:
    query = select(CONSENT.c.id).where(
        CONSENT.c.tenant == tenant, CONSENT.c.address.startswith(BURIED)
    )
    return (await session.execute(query.limit(1))).first() is not None
