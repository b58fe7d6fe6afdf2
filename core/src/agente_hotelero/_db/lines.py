"""What happens to lines of history after they were written. Each query takes the tenant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db.guests import At
from agente_hotelero._db.models import (
    EVENT,
    MESSAGE,
    EventState,
    InboundEventRow,
    Message,
    Outbox,
    event_,
    message_,
    outbox_,
)
from agente_hotelero.messages import Content, DeliveryStatus

_CONTENT = TypeAdapter(Content)
_STATUS = TypeAdapter(DeliveryStatus)


@dataclass(frozen=True, kw_only=True, slots=True)
class Touched:
    """The conversation of a line that was changed, and whether it had been answered already."""

    conversation_id: int
    answered: bool


async def edit(session: AsyncSession, at: At, key: str, content: Content) -> Touched | None:
    """A guest's message says something else now; None when there is no such one."""
    event = await _event(session, at, key)
    if event is None:
        return None
    new = _CONTENT.dump_python(content, mode="json")
    line = await line_of_event(session, at.tenant, int(event.id or 0))
    was = line.text if line else ""
    await _set_event(session, at.tenant, event, {"content": {**event.content, "content": new}})
    if line is not None:
        kept = {**new, "edited_from": line.content.get("edited_from", was)}
        await set_line(session, at.tenant, int(line.id or 0), content.text, kept)
    return _touched(event)


async def revoke(session: AsyncSession, at: At, key: str) -> Touched | None:
    """A guest took a message back: its words are forgotten, and nobody answers it."""
    event = await _event(session, at, key)
    if event is None:
        return None
    empty = _CONTENT.dump_python(Content(), mode="json")
    changes: dict[str, Any] = {"content": {**event.content, "content": empty}}
    if event.state == EventState.WAITING:
        changes |= {"state": EventState.IGNORED, "reason": "taken back"}
    await _set_event(session, at.tenant, event, changes)
    line = await line_of_event(session, at.tenant, int(event.id or 0))
    if line is not None:
        await set_line(session, at.tenant, int(line.id or 0), "", {**empty, "revoked": True})
    return _touched(event)


async def react(session: AsyncSession, at: At, provider_id: str, emoji: str) -> None:
    """A guest's mark on a message of his, or of ours; empty takes it away."""
    event = await _event(session, at, provider_id)
    if event is not None:
        line = await line_of_event(session, at.tenant, int(event.id or 0))
    else:
        line = await _line_sent(session, at, provider_id)
    if line is not None:
        marked = {**line.content, "reaction": emoji}
        await set_line(session, at.tenant, int(line.id or 0), line.text, marked)


async def early_statuses(session: AsyncSession, at: At, provider_id: str) -> list[DeliveryStatus]:
    """What a provider said of a message before we knew its id for it, by the event's key."""
    query = select(event_.content).where(
        event_.tenant == at.tenant,
        event_.channel == at.channel,
        event_.account == at.account,
        event_.event_key > f"{provider_id}:",
        event_.event_key < f"{provider_id};",
        event_.kind == DeliveryStatus.__name__,
    )
    return [_STATUS.validate_python(one) for one in (await session.scalars(query)).all()]


async def line_of_event(session: AsyncSession, tenant: str, event_id: int) -> Message | None:
    """The line of a guest's message."""
    query = select(Message).where(message_.tenant == tenant, message_.event_id == event_id)
    return (await session.scalars(query)).first()


async def set_line(
    session: AsyncSession, tenant: str, line_id: int, text: str, content: Mapping[str, Any]
) -> None:
    mine = update(MESSAGE).where(message_.tenant == tenant, message_.id == line_id)
    await session.execute(mine.values(text=text, content=dict(content)))


async def _line_sent(session: AsyncSession, at: At, provider_id: str) -> Message | None:
    query = (
        select(Message)
        .join(Outbox, outbox_.id == message_.outbox_id)
        .where(
            message_.tenant == at.tenant,
            outbox_.tenant == at.tenant,
            outbox_.channel == at.channel,
            outbox_.account == at.account,
            outbox_.provider_id == provider_id,
        )
    )
    return (await session.scalars(query)).first()


async def _event(session: AsyncSession, at: At, key: str) -> InboundEventRow | None:
    query = select(InboundEventRow).where(
        event_.tenant == at.tenant,
        event_.channel == at.channel,
        event_.account == at.account,
        event_.event_key == key,
        event_.conversation_id.is_not(None),
    )
    return (await session.scalars(query)).first()


async def _set_event(
    session: AsyncSession, tenant: str, event: InboundEventRow, changes: dict[str, Any]
) -> None:
    mine = update(EVENT).where(event_.tenant == tenant, event_.id == event.id)
    await session.execute(mine.values(**changes))


def _touched(event: InboundEventRow) -> Touched:
    return Touched(
        conversation_id=int(event.conversation_id or 0),
        answered=event.state != EventState.WAITING,
    )
