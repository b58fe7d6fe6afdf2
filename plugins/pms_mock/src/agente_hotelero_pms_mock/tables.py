"""The mock's own tables, and its stock of rooms; every query takes tenant and property."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from agente_hotelero.errors import SoldOut
from agente_hotelero.schema import UtcDateTime, new_metadata
from sqlalchemy import JSON, Column, Index, UniqueConstraint, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel


class _Table(SQLModel):
    metadata = new_metadata()


class Night(_Table, table=True):
    """Units sold of a room type in the night that begins on a date, or of a service on a day."""

    __tablename__ = "pms_mock_night"

    tenant: str = Field(primary_key=True)
    property_id: str = Field(primary_key=True)
    room_type_id: str = Field(primary_key=True)
    night: date = Field(primary_key=True)
    sold: int = 0


class Booked(_Table, table=True):
    """A reservation; `content` holds all of it but status and version, and what is due on site;
    the rest is for searching.

    `fingerprint` is a hash of what was ordered, to tell a repeated order from another; `changed`
    is the number of its last change, in the order of their commits.
    """

    __tablename__ = "pms_mock_reservation"
    __table_args__ = (
        UniqueConstraint("tenant", "reference"),
        UniqueConstraint("tenant", "key"),
        Index("ix_pms_mock_reservation_external_ref", "tenant", "property_id", "external_ref"),
        Index("ix_pms_mock_reservation_changed", "tenant", "property_id", "changed"),
    )

    id: int | None = Field(default=None, primary_key=True)
    tenant: str
    property_id: str
    reference: str
    key: str
    fingerprint: str
    external_ref: str
    status: str
    version: int = 1
    email: str = ""
    phone: str = ""
    guest_name: str = ""
    arrival: date
    departure: date
    changed: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    content: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class Done(_Table, table=True):
    """A change to a reservation that was made under a key."""

    __tablename__ = "pms_mock_done"

    tenant: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str


class Numbered(_Table, table=True):
    """How many changes a property's reservations have seen.

    Taken last in a transaction: numbers are given in the order of commits, so that whoever has read
    up to one has missed nothing.
    """

    __tablename__ = "pms_mock_change"

    tenant: str = Field(primary_key=True)
    property_id: str = Field(primary_key=True)
    number: int = 0


METADATA = _Table.metadata
_night: Any = Night.__table__.c  # type: ignore[attr-defined]
_numbered: Any = Numbered.__table__.c  # type: ignore[attr-defined]
Units = Mapping[tuple[date, str], int]


def insert(session: AsyncSession, table: type[SQLModel]) -> Any:
    """An insert that knows ON CONFLICT, in the dialect of the session's database."""
    postgresql = session.get_bind().dialect.name == "postgresql"
    return (postgresql_insert if postgresql else sqlite_insert)(table)


async def sold(
    session: AsyncSession, tenant: str, property_id: str, days: Sequence[date]
) -> dict[tuple[date, str], int]:
    """Units sold on each of these days, by day and by id of room type or service."""
    query = select(_night.night, _night.room_type_id, _night.sold).where(
        _night.tenant == tenant, _night.property_id == property_id, _night.night.in_(days)
    )
    return {(day, item): int(number) for day, item, number in await session.execute(query)}


async def move_units(
    session: AsyncSession,
    tenant: str,
    property_id: str,
    units: Units,
    limit: Callable[[str], int | None],
) -> None:
    """Sell these units, or give back those below zero, or raise SoldOut; the caller's transaction
    undoes a part.

    Days are taken in order, so that two buyers wait for one another instead of locking up.
    """
    for (day, item), number in sorted(units.items()):
        place = {
            "tenant": tenant,
            "property_id": property_id,
            "room_type_id": item,
            "night": day,
        }
        await session.execute(
            insert(session, Night).values(**place, sold=0).on_conflict_do_nothing()
        )
        wanted = [_night[name] == value for name, value in place.items()]
        most = limit(item) if number > 0 else None
        if most is not None:
            wanted.append(_night.sold + number <= most)
        statement = update(Night).where(*wanted).values(sold=_night.sold + number)
        result: Any = await session.execute(statement)
        if result.rowcount != 1:
            raise SoldOut(f"{item} on {day}")


async def next_number(session: AsyncSession, tenant: str, property_id: str) -> int:
    """The number of a change that is about to be committed; later ones wait until it is."""
    place = {"tenant": tenant, "property_id": property_id}
    await session.execute(
        insert(session, Numbered).values(**place, number=0).on_conflict_do_nothing()
    )
    statement = update(Numbered).where(*(_numbered[name] == value for name, value in place.items()))
    statement = statement.values(number=_numbered.number + 1).returning(_numbered.number)
    return int((await session.execute(statement)).scalar_one())


async def last_number(session: AsyncSession, tenant: str, property_id: str) -> int:
    """The number of the last change."""
    query = select(_numbered.number).where(
        _numbered.tenant == tenant, _numbered.property_id == property_id
    )
    return (await session.execute(query)).scalar_one_or_none() or 0
