"""Guests' files: which are wanted, where they are. Each query takes the tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import lines
from agente_hotelero._db.models import (
    EVENT,
    MEDIA,
    InboundEventRow,
    MediaFile,
    MediaState,
    Message,
    event_,
    media_,
    message_,
)
from agente_hotelero._db.repository import upsert
from agente_hotelero.messages import InboundMessage

AT_ONCE = 500
_MESSAGE = TypeAdapter(InboundMessage)


async def want(
    session: AsyncSession,
    tenant: str,
    event_id: int,
    conversation_id: int,
    name: str,
    now: datetime,
) -> None:
    """Note that a message came with a file, and what it shall be called."""
    values = {
        "event_id": event_id,
        "tenant": tenant,
        "conversation_id": conversation_id,
        "name": name,
        "mime_type": "",
        "size": 0,
        "state": MediaState.WANTED,
        "attempts": 0,
        "error": "",
        "at": now,
    }
    await session.execute(upsert(session, MEDIA).on_conflict_do_nothing(), values)


async def wanted(
    session: AsyncSession, event_id: int
) -> tuple[MediaFile, InboundEventRow, InboundMessage] | None:
    """For the engine, which knows ids only: a file that is still to be fetched, and its message."""
    file = await session.get(MediaFile, event_id, populate_existing=True)
    event = await session.get(InboundEventRow, event_id)
    if file is None or event is None or file.state != MediaState.WANTED:
        return None
    return file, event, _MESSAGE.validate_python(event.content)


async def settle(
    session: AsyncSession, file: MediaFile, state: MediaState, **changes: object
) -> None:
    """What became of a file; where it is now is written into its message too."""
    mine = update(MEDIA).where(media_.tenant == file.tenant, media_.event_id == file.event_id)
    await session.execute(mine.values(state=state, **changes))
    if state is MediaState.WANTED:
        return
    event = await session.get(InboundEventRow, file.event_id)
    line = await lines.line_of_event(session, file.tenant, file.event_id)
    stored = {"stored": changes.get("name", ""), "state": str(state)}
    if event is not None:
        content = {**event.content, "content": _with(event.content["content"], stored)}
        statement = update(EVENT).where(event_.tenant == file.tenant, event_.id == event.id)
        await session.execute(statement.values(content=content))
    if line is not None:
        said = _with(line.content, stored)
        await lines.set_line(session, file.tenant, int(line.id or 0), line.text, said)


async def of_event(session: AsyncSession, tenant: str, event_id: int) -> MediaFile | None:
    """The file of a message, if it is kept."""
    query = select(MediaFile).where(
        media_.tenant == tenant, media_.event_id == event_id, media_.state == MediaState.STORED
    )
    return (await session.scalars(query)).first()


async def of_line(
    session: AsyncSession, tenant: str, conversation_id: int, line_id: int
) -> MediaFile | None:
    """The file that came with a line of a conversation, if it is kept."""
    query = (
        select(MediaFile)
        .join(Message, message_.event_id == media_.event_id)
        .where(
            media_.tenant == tenant,
            media_.conversation_id == conversation_id,
            media_.state == MediaState.STORED,
            message_.tenant == tenant,
            message_.id == line_id,
        )
    )
    return (await session.scalars(query)).first()


async def older(session: AsyncSession, before: datetime) -> Sequence[MediaFile]:
    """For the core's job: files of all hotels that are kept since before an instant."""
    query = select(MediaFile).where(media_.state == MediaState.STORED, media_.at < before)
    return (await session.scalars(query.order_by(media_.at).limit(AT_ONCE))).all()


async def stored_names(session: AsyncSession) -> Sequence[str]:
    """For backups: what should be in the media store, of all hotels."""
    query = select(media_.name).where(media_.state == MediaState.STORED)
    return (await session.scalars(query.order_by(media_.name))).all()


async def all_names(session: AsyncSession) -> Sequence[str]:
    """For backups: whatever is, was or will be in the media store for a message, of all hotels."""
    return (await session.scalars(select(media_.name))).all()


async def written_down(session: AsyncSession, tenants: Sequence[str]) -> Sequence[MediaFile]:
    """For the core's job: files of these hotels' notes that are kept although they were heard."""
    said = event_.content["content"]["heard"]["status"].as_string()
    query = (
        select(MediaFile)
        .join(InboundEventRow, event_.id == media_.event_id)
        .where(
            media_.tenant.in_(tenants),
            event_.tenant == media_.tenant,
            media_.state == MediaState.STORED,
            said.in_(("ok", "no_speech")),
        )
    )
    return (await session.scalars(query.order_by(media_.event_id).limit(AT_ONCE))).all()


def _with(content: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A message's content with something said of its file."""
    media = content.get("media")
    return {**content, "media": {**media, **changes}} if media else content
