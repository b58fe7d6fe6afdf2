"""What was heard in guests' notes, and the recordings of answers. Each query takes the tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import lines
from agente_hotelero._db.models import EVENT, InboundEventRow, Message, event_, message_
from agente_hotelero._db.repository import upsert
from agente_hotelero._db.voice_models import RECORDING, Recording, recording_
from agente_hotelero.speech import Transcript

_TRANSCRIPT = TypeAdapter(Transcript)


async def note(session: AsyncSession, tenant: str, event_id: int, heard: Transcript) -> None:
    """Write what was heard into a guest's message and its line of history."""
    query = select(InboundEventRow).where(event_.tenant == tenant, event_.id == event_id)
    event = (await session.scalars(query)).first()
    if event is None:
        return
    told = {"text": heard.text, "heard": _TRANSCRIPT.dump_python(heard, mode="json")}
    content = {**event.content, "content": {**event.content["content"], **told}}
    mine = update(EVENT).where(event_.tenant == tenant, event_.id == event_id)
    await session.execute(mine.values(content=content))
    line = await lines.line_of_event(session, tenant, event_id)
    if line is not None:
        said: dict[str, Any] = {**line.content, **told}
        await lines.set_line(session, tenant, int(line.id or 0), heard.text, said)


async def recording(session: AsyncSession, tenant: str, key: str) -> str | None:
    """Where the recording with a key is kept."""
    query = select(recording_.name).where(recording_.tenant == tenant, recording_.key == key)
    return (await session.scalars(query)).first()


async def place_of(
    session: AsyncSession, tenant: str, key: str, offered: str, now: datetime
) -> str:
    """Where the recording with a key is kept, used now; `offered` is taken if there is none yet."""
    values = {"tenant": tenant, "key": key, "name": offered, "at": now}
    statement = upsert(session, RECORDING).values(values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["tenant", "key"], set_={"at": now})
    )
    return await recording(session, tenant, key) or offered


async def last_spoken(session: AsyncSession, tenant: str, conversation_id: int) -> str:
    """The words of our last message to a guest, if it was a recording; else empty."""
    query = (
        select(Message)
        .where(
            message_.tenant == tenant,
            message_.conversation_id == conversation_id,
            message_.direction == "out",
        )
        .order_by(message_.id.desc())
        .limit(1)
    )
    line = (await session.scalars(query)).first()
    return str(line.content.get("spoken") or "") if line is not None else ""


async def old_recordings(session: AsyncSession, before: datetime) -> Sequence[Recording]:
    """For the core's job: all recordings of all hotels that nobody has used since an instant."""
    query = select(Recording).where(recording_.at < before).order_by(recording_.at)
    return (await session.scalars(query)).all()


async def all_names(session: AsyncSession) -> Sequence[str]:
    """For backups: where all recordings of all hotels are kept."""
    return (await session.scalars(select(recording_.name))).all()


async def forget_recording(session: AsyncSession, tenant: str, key: str, before: datetime) -> None:
    """Unless it was used again since."""
    mine = (recording_.tenant == tenant, recording_.key == key, recording_.at < before)
    await session.execute(delete(RECORDING).where(*mine))
