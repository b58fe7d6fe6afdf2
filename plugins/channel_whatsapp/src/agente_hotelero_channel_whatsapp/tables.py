"""What is known of each template at Meta; nothing but its newest state is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from agente_hotelero import Services
from agente_hotelero.schema import UtcDateTime, new_metadata
from sqlalchemy import Index, delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

UNIQUE = ("tenant", "business_account", "name", "language")
BLANK = {"status": "", "category": "", "quality": ""}


class _Table(SQLModel):
    metadata = new_metadata()


class Template(_Table, table=True):
    """A template in one language, in Meta's words: APPROVED, PAUSED …; UTILITY, MARKETING …;
    GREEN, YELLOW, RED. Empty is not known."""

    __tablename__ = "channel_whatsapp_template"
    __table_args__ = (Index("uq_channel_whatsapp_template_name", *UNIQUE, unique=True),)

    id: int | None = Field(default=None, primary_key=True)
    tenant: str
    business_account: str
    name: str
    language: str
    status: str = ""
    category: str = ""
    quality: str = ""
    updated_at: datetime = Field(sa_type=UtcDateTime)


METADATA = _Table.metadata
Key = tuple[str, str]
Values = Mapping[str, str]
_columns: Any = Template.__table__.c  # type: ignore[attr-defined]


async def known(services: Services, business: str, name: str = "") -> Sequence[Template]:
    """The templates of a business account, or those of one name."""
    async with services.sessions() as session:
        return await _rows(session, services.tenant, business, name)


async def change(services: Services, business: str, key: Key, changes: Values) -> str:
    """Note a change of (name, language), and return the category that it had."""
    async with services.sessions() as session, session.begin():
        found = await _rows(session, services.tenant, business, key[0])
        await _write(session, services, business, {key: changes})
        return next((one.category for one in found if one.language == key[1]), "")


async def replace_all(
    services: Services, business: str, listed: Mapping[Key, Values]
) -> Mapping[Key, str]:
    """Make the table as Meta's list is, and return the categories that there were."""
    async with services.sessions() as session, session.begin():
        found = await _rows(session, services.tenant, business, "")
        before = {(row.name, row.language): row.category for row in found}
        gone = [row.id for row in found if (row.name, row.language) not in listed]
        own = (_columns.tenant == services.tenant, _columns.id.in_(gone))
        await session.execute(delete(Template).where(*own))
        await _write(session, services, business, listed)
        return before


async def _write(
    session: AsyncSession, services: Services, business: str, listed: Mapping[Key, Values]
) -> None:
    postgresql = session.get_bind().dialect.name == "postgresql"
    insert = (postgresql_insert if postgresql else sqlite_insert)(Template)
    for (name, language), changes in listed.items():
        new = {**changes, "updated_at": services.clock.now()}
        values = {**BLANK, **new, "name": name, "language": language}
        statement = insert.values(
            tenant=services.tenant, business_account=business, **values
        ).on_conflict_do_update(index_elements=UNIQUE, set_=new)
        await session.execute(statement)


async def _rows(session: AsyncSession, tenant: str, business: str, name: str) -> Sequence[Template]:
    query = select(Template).where(_columns.tenant == tenant, _columns.business_account == business)
    if name:
        query = query.where(_columns.name == name)
    return (await session.scalars(query.order_by(_columns.id))).all()
