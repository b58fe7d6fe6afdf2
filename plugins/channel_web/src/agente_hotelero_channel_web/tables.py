"""The lines of each chat, as the browser shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from agente_hotelero import Services
from agente_hotelero.schema import UtcDateTime, new_metadata
from sqlalchemy import JSON, Column, Index, Text, delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Field, SQLModel


class _Table(SQLModel):
    metadata = new_metadata()


class ChatLine(_Table, table=True):
    """One line; `key` is unique per chat, so that a repeated write changes nothing."""

    __tablename__ = "channel_web_line"
    __table_args__ = (Index("uq_channel_web_line_key", "tenant", "chat", "key", unique=True),)

    id: int | None = Field(default=None, primary_key=True)
    tenant: str
    chat: str
    key: str
    direction: str
    text: str = Field(sa_type=Text)
    content: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    at: datetime = Field(sa_type=UtcDateTime)


METADATA = _Table.metadata
_columns: Any = ChatLine.__table__.c  # type: ignore[attr-defined]


async def add_line(
    services: Services, chat: str, key: str, direction: str, text: str, content: dict[str, Any]
) -> None:
    """Write a line once."""
    async with services.sessions() as session, session.begin():
        postgresql = session.get_bind().dialect.name == "postgresql"
        insert = (postgresql_insert if postgresql else sqlite_insert)(ChatLine)
        statement = insert.values(
            tenant=services.tenant,
            chat=chat,
            key=key,
            direction=direction,
            text=text,
            content=content,
            at=services.clock.now(),
        )
        await session.execute(statement.on_conflict_do_nothing())


async def lines(services: Services, chat: str, after: int = 0) -> Sequence[ChatLine]:
    """The lines of a chat after an id, oldest first, 200 at most."""
    query = (
        select(ChatLine)
        .where(_columns.tenant == services.tenant, _columns.chat == chat, _columns.id > after)
        .order_by(_columns.id)
        .limit(200)
    )
    async with services.sessions() as session:
        return (await session.scalars(query)).all()


async def export(services: Services, chat: str) -> Mapping[str, object]:
    """All lines of a chat."""
    query = select(ChatLine).where(_columns.tenant == services.tenant, _columns.chat == chat)
    async with services.sessions() as session:
        found = (await session.scalars(query.order_by(_columns.id))).all()
    lines = [
        one.model_dump(mode="json", include={"direction", "text", "content", "at"}) for one in found
    ]
    return {"chat": chat, "lines": lines} if lines else {}


async def erase(services: Services, chat: str) -> int:
    """Take a chat away; returns how many lines it had."""
    mine = (_columns.tenant == services.tenant, _columns.chat == chat)
    async with services.sessions() as session, session.begin():
        done: Any = await session.execute(delete(ChatLine).where(*mine))
        return int(done.rowcount)
