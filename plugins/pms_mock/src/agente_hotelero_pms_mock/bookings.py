"""Reservations in the database: claimed by key, read and searched; scoped by `Place`, always."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from agente_hotelero.errors import NotFound, OutcomeUnknown, Rejected, Unavailable
from agente_hotelero.matching import digits, folded
from agente_hotelero.stays import Reservation, ReservationQuery
from sqlalchemy import exc, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from agente_hotelero_pms_mock import tables, values
from agente_hotelero_pms_mock.tables import Booked, Done, insert
from agente_hotelero_pms_mock.values import same_case

_booked: Any = Booked.__table__.c  # type: ignore[attr-defined]
_done: Any = Done.__table__.c  # type: ignore[attr-defined]
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


async def by_reference(
    session: AsyncSession, place: Place, reference: str, *, to_change: bool = False
) -> Booked:
    """Whatever the reference's case; `to_change` keeps others away until the transaction ends.

    Raises NotFound.
    """
    query = select(Booked).where(*place.where(), _booked.reference == reference.strip().upper())
    row = (await session.scalars(query.with_for_update() if to_change else query)).first()
    if row is None:
        raise NotFound("no such reservation")
    return row


async def begin_change(
    session: AsyncSession, place: Place, reference: str, key: str, fingerprint: str
) -> tuple[Booked, bool]:
    """The row, kept from others, and whether `key` has made this very change before.

    Raises NotFound, and Rejected when the key made another one. The key is written first: on SQLite
    a transaction takes the lock only when it writes.
    """
    new = insert(session, Done).values(tenant=place.tenant, key=key, fingerprint=fingerprint)
    claimed = (await session.execute(new.on_conflict_do_nothing().returning(_done.key))).first()
    row = await by_reference(session, place, reference, to_change=True)
    if claimed is None:
        query = select(_done.fingerprint).where(_done.tenant == place.tenant, _done.key == key)
        if (await session.execute(query)).scalar_one() != fingerprint:
            raise Rejected("this key did something else")
    return row, claimed is None


async def change(
    session: AsyncSession, place: Place, row: Booked, made: Reservation, due: str
) -> Reservation:
    """Write the reservation as it is now, under its next version."""
    row.version += 1
    row.status = made.status.value
    row.arrival, row.departure = made.stay.arrival, made.stay.departure
    row.content = values.content_of(made, due)
    row.changed = await tables.next_number(session, place.tenant, place.property_id)
    return values.reservation_of(row)


async def number(session: AsyncSession, place: Place, key: str) -> None:
    """Give the reservation that `key` has just booked its place in the order of changes."""
    changed = await tables.next_number(session, place.tenant, place.property_id)
    statement = update(Booked).where(*place.where(), _booked.key == key)
    await session.execute(statement.values(changed=changed))


async def changed_after(
    session: AsyncSession, place: Place, after: int, limit: int
) -> Sequence[Booked]:
    """Reservations by their last change, the earliest first."""
    query = select(Booked).where(*place.where(), _booked.changed > after)
    return (await session.scalars(query.order_by(_booked.changed).limit(limit))).all()


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
            ("guest_name", query.guest_name, folded),
        )
        if value is not None
    }
    if not all(wanted.values()):
        return []
    days = {"arrival": query.arrival, "departure": query.departure}
    matching = [_matches(*item) for item in wanted.items()]
    matching += [_booked[name] == day for name, day in days.items() if day is not None]
    statement = select(Booked).where(*place.where(), _booked.id > after, *matching)
    return (await session.scalars(statement.order_by(_booked.id).limit(limit))).all()


def _matches(column: str, value: str) -> Any:
    if column == "guest_name":
        return _booked.guest_name.contains(value, autoescape=True)
    return _booked[column] == value
