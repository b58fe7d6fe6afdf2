"""Reservations in the database: claimed by key, read and searched; scoped by `Place`, always."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from agente_hotelero.errors import OutcomeUnknown, Unavailable
from agente_hotelero.stays import ReservationQuery
from sqlalchemy import exc, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from agente_hotelero_pms_mock.tables import Booked, insert
from agente_hotelero_pms_mock.values import digits, plain, same_case

_booked: Any = Booked.__table__.c  # type: ignore[attr-defined]
_NO_ANSWER = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Whose rows: one property of one tenant."""

    tenant: str
    property_id: str

    def where(self) -> list[Any]:
        return [_booked.tenant == self.tenant, _booked.property_id == self.property_id]


@asynccontextmanager
async def reading(sessions: async_sessionmaker[AsyncSession]) -> AsyncIterator[AsyncSession]:
    """A session to read with. Raises Unavailable when the database does not answer."""
    try:
        async with sessions() as session:
            yield session
    except _NO_ANSWER as error:
        raise Unavailable("the database does not answer") from error


@asynccontextmanager
async def writing(sessions: async_sessionmaker[AsyncSession]) -> AsyncIterator[AsyncSession]:
    """A transaction, undone when the block raises.

    Raises Unavailable when nothing was written, OutcomeUnknown when the commit got no answer.
    """
    async with reading(sessions) as session:
        yield session
        try:
            await session.commit()
        except _NO_ANSWER as error:
            raise OutcomeUnknown("the commit got no answer") from error


async def claim(session: AsyncSession, row: Booked) -> bool:
    """Write the row unless its key has one; waits for a transaction that is writing it now."""
    new = insert(session, Booked).values(**row.model_dump(exclude={"id"}))
    unless_known = new.on_conflict_do_nothing(index_elements=["tenant", "key"])
    written = await session.execute(unless_known.returning(_booked.id))
    return written.first() is not None


async def by_key(session: AsyncSession, place: Place, key: str) -> Booked | None:
    query = select(Booked).where(*place.where(), _booked.key == key)
    return (await session.scalars(query)).first()


async def by_reference(session: AsyncSession, place: Place, reference: str) -> Booked | None:
    query = select(Booked).where(*place.where(), _booked.reference == reference)
    return (await session.scalars(query)).first()


async def search(
    session: AsyncSession, place: Place, query: ReservationQuery, *, after: int, limit: int
) -> Sequence[Booked]:
    """Reservations that match everything in the query, in the order in which they were made.

    A criterion that is set but empty once cleaned, such as a phone without digits, matches none.
    """
    wanted = {
        name: cleaned(value)
        for name, value, cleaned in (
            ("external_ref", query.external_ref, str),
            ("email", query.email, same_case),
            ("phone", query.phone, digits),
            ("guest_name", query.guest_name, plain),
        )
        if value is not None
    }
    if not all(wanted.values()):
        return []
    statement = (
        select(Booked)
        .where(*place.where(), _booked.id > after, *(_matches(*item) for item in wanted.items()))
        .order_by(_booked.id)
        .limit(limit)
    )
    return (await session.scalars(statement)).all()


def _matches(column: str, value: str) -> Any:
    if column == "guest_name":
        return _booked.guest_name.contains(value, autoescape=True)
    return _booked[column] == value
