"""What the simulated hotel holds of a guest. A real one keeps its books, as the law has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agente_hotelero import Services
from agente_hotelero.matching import reach
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero_pms_mock.tables import Booked
from agente_hotelero_pms_mock.values import same_case

_booked: Any = Booked.__table__.c  # type: ignore[attr-defined]
NOBODY = {"name": "", "email": None, "phone": None, "language": None}


async def export(services: Services, address: str) -> Mapping[str, object]:
    """The reservations of whoever has this e-mail address or telephone number."""
    async with services.sessions() as session:
        rows = await _of(session, services.tenant, address)
    return {"reservations": [row.content for row in rows]} if rows else {}


async def erase(services: Services, address: str) -> int:
    """Leave the reservations, for the stock's sake, and nobody in them."""
    async with services.sessions() as session, session.begin():
        rows = await _of(session, services.tenant, address)
        for row in rows:
            row.email = row.phone = row.guest_name = ""
            row.content = {**row.content, "guest": NOBODY}
    return len(rows)


async def _of(session: AsyncSession, tenant: str, address: str) -> Sequence[Booked]:
    """Telephone numbers are compared as the core compares them."""
    query = select(Booked).where(_booked.tenant == tenant)
    known = (_booked.email == same_case(address), _booked.phone != "")
    key = reach(address)
    return [
        row
        for row in (await session.scalars(query.where(or_(*known)))).all()
        if key and key in (reach(row.email), reach(row.phone))
    ]
