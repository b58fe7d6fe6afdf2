"""The mock's own tables, and its stock of rooms; every query takes tenant and property."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from agente_hotelero.errors import SoldOut
from agente_hotelero.schema import UtcDateTime, new_metadata
from sqlalchemy import JSON, Column, Index, UniqueConstraint, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel


class _Table(SQLModel):
    metadata = new_metadata()


class Night(_Table, table=True):
    """Units sold of a room type in the night that begins on a date."""

    __tablename__ = "pms_mock_night"

    tenant: str = Field(primary_key=True)
    property_id: str = Field(primary_key=True)
    room_type_id: str = Field(primary_key=True)
    night: date = Field(primary_key=True)
    sold: int = 0


class Booked(_Table, table=True):
    """A reservation; `content` holds all of it but status and version, the rest is for searching.

    `fingerprint` is a hash of what was ordered, to tell a repeated order from another one.
    """

    __tablename__ = "pms_mock_reservation"
    __table_args__ = (
        UniqueConstraint("tenant", "reference"),
        UniqueConstraint("tenant", "key"),
        Index("ix_pms_mock_reservation_external_ref", "tenant", "property_id", "external_ref"),
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
    created_at: datetime = Field(sa_type=UtcDateTime)
    content: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


METADATA = _Table.metadata
_night: Any = Night.__table__.c  # type: ignore[attr-defined]


def insert(session: AsyncSession, table: type[SQLModel]) -> Any:
    """An insert that knows ON CONFLICT, in the dialect of the session's database."""
    postgresql = session.get_bind().dialect.name == "postgresql"
    return (postgresql_insert if postgresql else sqlite_insert)(table)


async def sold(
    session: AsyncSession, tenant: str, property_id: str, nights: Sequence[date]
) -> dict[str, int]:
    """The most units sold in any of these nights, by room type."""
    query = (
        select(_night.room_type_id, func.max(_night.sold))
        .where(_night.tenant == tenant, _night.property_id == property_id, _night.night.in_(nights))
        .group_by(_night.room_type_id)
    )
    return {room: int(number) for room, number in await session.execute(query)}


async def take_units(
    session: AsyncSession,
    tenant: str,
    property_id: str,
    room_type_id: str,
    nights: Sequence[date],
    *,
    units: int,
    of: int,
) -> None:
    """Sell `units` in every night, or raise SoldOut; the caller's transaction undoes a part.

    Nights are taken in order, so that two buyers wait for one another instead of locking up.
    """
    for night in sorted(nights):
        place = {
            "tenant": tenant,
            "property_id": property_id,
            "room_type_id": room_type_id,
            "night": night,
        }
        await session.execute(
            insert(session, Night).values(**place, sold=0).on_conflict_do_nothing()
        )
        statement = update(Night).where(
            *(_night[name] == value for name, value in place.items()), _night.sold + units <= of
        )
        result: Any = await session.execute(statement.values(sold=_night.sold + units))
        if result.rowcount != 1:
            raise SoldOut(f"{room_type_id} on {night}")
