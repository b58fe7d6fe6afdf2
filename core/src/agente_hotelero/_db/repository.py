"""Queries of the core. Each takes the tenant and uses it; rows of another hotel are never seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db.models import (
    Conversation,
    EventState,
    InboundEventRow,
    InboxRaw,
    Message,
    Mode,
    Outbox,
    OutboxState,
    conversation_,
    event_,
    message_,
    outbox_,
)
from agente_hotelero.messages import DeliveryStatus, Ignored, InboundEvent, InboundMessage

_EVENT = TypeAdapter(InboundMessage | DeliveryStatus | Ignored)
_MESSAGE = TypeAdapter(InboundMessage)
RANKS = {
    state: rank
    for rank, state in enumerate(
        (
            OutboxState.QUEUED,
            OutboxState.SENDING,
            OutboxState.UNKNOWN,
            OutboxState.ACCEPTED,
            OutboxState.SENT,
            OutboxState.FAILED,
            OutboxState.DELIVERED,
            OutboxState.READ,
        )
    )
}


def upsert(session: AsyncSession, table: Any) -> Any:
    """An INSERT of the session's dialect that knows ON CONFLICT."""
    dialect = session.get_bind().dialect.name
    return (postgresql_insert if dialect == "postgresql" else sqlite_insert)(table)


# ── events ───────────────────────────────────────────────────────────────────────────────────────


async def add_event(
    session: AsyncSession,
    raw: InboxRaw,
    event: InboundEvent,
    *,
    tenant: str,
    state: EventState,
    reason: str,
) -> int | None:
    """Store an event and return its id; None when its key has been seen before."""
    inner = event.event
    stamp = inner.sent_at if isinstance(inner, InboundMessage) else None
    stamp = inner.at if isinstance(inner, DeliveryStatus) else stamp
    values = {
        "channel": raw.channel,
        "account": event.account,
        "event_key": event.key,
        "tenant": tenant,
        "kind": type(inner).__name__,
        "content": _EVENT.dump_python(inner, mode="json"),
        "sent_at": stamp or raw.received_at,
        "received_at": raw.received_at,
        "raw_id": raw.id,
        "state": state,
        "reason": reason,
    }
    statement = upsert(session, InboundEventRow).values(**values).on_conflict_do_nothing()
    found = await session.execute(statement.returning(event_.id))
    row = found.first()
    return None if row is None else int(row[0])


async def attach(
    session: AsyncSession, tenant: str, event_id: int, conversation_id: int, message: InboundMessage
) -> None:
    """Bind a new event to its conversation and write its line of history."""
    rows = update(InboundEventRow).where(event_.tenant == tenant, event_.id == event_id)
    await session.execute(rows.values(conversation_id=conversation_id))
    content = _MESSAGE.dump_python(message, mode="json")["content"]
    await add_line(
        session, tenant, conversation_id, "in", message.content.text, content, message.sent_at
    )


async def waiting_events(
    session: AsyncSession, tenant: str, conversation_id: int
) -> Sequence[tuple[int, InboundMessage]]:
    """Messages that nobody has answered yet, in the order they were stored."""
    query = (
        select(event_.id, event_.content)
        .where(
            event_.tenant == tenant,
            event_.conversation_id == conversation_id,
            event_.state == EventState.WAITING,
        )
        .order_by(event_.id)
    )
    rows = (await session.execute(query)).all()
    return [(int(row[0]), _MESSAGE.validate_python(row[1])) for row in rows]


async def settle_events(
    session: AsyncSession,
    tenant: str,
    event_ids: Sequence[int],
    state: EventState,
    reason: str = "",
) -> bool:
    """Take events out of waiting; False when another turn already did."""
    statement = update(InboundEventRow).where(
        event_.tenant == tenant,
        event_.id.in_(event_ids),
        event_.state == EventState.WAITING,
    )
    result = await session.execute(statement.values(state=state, reason=reason))
    return _count(result) == len(event_ids)


# ── conversations ────────────────────────────────────────────────────────────────────────────────


async def conversation_for(
    session: AsyncSession,
    tenant: str,
    channel: str,
    account: str,
    message: InboundMessage,
    now: datetime,
) -> int:
    """The id of the guest's conversation, begun if this is their first message."""
    values: dict[str, object] = {
        "tenant": tenant,
        "channel": channel,
        "account": account,
        "address": message.address,
        "profile_name": message.profile_name,
        "phone": message.phone,
        "mode": Mode.AGENT,
        "mode_reason": "",
        "state": {},
        "version": 0,
        "created_at": now,
        "last_guest_at": message.sent_at,
    }
    statement = upsert(session, Conversation).values(**values)
    statement = statement.on_conflict_do_update(
        index_elements=["tenant", "channel", "account", "address"],
        set_={"last_guest_at": message.sent_at, "profile_name": message.profile_name},
    )
    found = await session.execute(statement.returning(conversation_.id))
    return int(found.scalar_one())


async def conversation_by_id(session: AsyncSession, conversation_id: int) -> Conversation | None:
    """For the engine, which knows ids only: the row names its tenant."""
    return await session.get(Conversation, conversation_id)


async def save_dialogue(
    session: AsyncSession,
    conversation: Conversation,
    *,
    state: dict[str, Any],
    language: str,
    mode: Mode,
    reason: str,
) -> bool:
    """Write where the dialogue stands; False when another process changed it meanwhile."""
    statement = update(Conversation).where(
        conversation_.tenant == conversation.tenant,
        conversation_.id == conversation.id,
        conversation_.version == conversation.version,
    )
    result = await session.execute(
        statement.values(
            state=state,
            language=language,
            mode=mode,
            mode_reason=reason,
            version=conversation.version + 1,
        )
    )
    return _count(result) == 1


async def set_mode(
    session: AsyncSession, tenant: str, conversation_id: int, mode: Mode, reason: str
) -> bool:
    """Hand a conversation to staff or back to the agent; False when there is no such one."""
    statement = update(Conversation).where(
        conversation_.tenant == tenant, conversation_.id == conversation_id
    )
    result = await session.execute(
        statement.values(mode=mode, mode_reason=reason, version=conversation_.version + 1)
    )
    return _count(result) == 1


async def conversations(
    session: AsyncSession, tenant: str, *, mode: Mode | None = None, limit: int = 100
) -> Sequence[Conversation]:
    """The latest conversations of a hotel, those with a person first."""
    query = select(Conversation).where(conversation_.tenant == tenant)
    if mode is not None:
        query = query.where(conversation_.mode == mode)
    query = query.order_by(conversation_.mode.desc(), conversation_.last_guest_at.desc())
    return (await session.scalars(query.limit(limit))).all()


# ── history and outbox ───────────────────────────────────────────────────────────────────────────


async def add_line(
    session: AsyncSession,
    tenant: str,
    conversation_id: int,
    direction: str,
    text: str,
    content: dict[str, Any],
    at: datetime,
    outbox_id: int | None = None,
) -> None:
    """One line of history, either way."""
    await session.execute(
        insert(Message).values(
            tenant=tenant,
            conversation_id=conversation_id,
            direction=direction,
            text=text,
            content=content,
            at=at,
            outbox_id=outbox_id,
        )
    )


async def history(
    session: AsyncSession, tenant: str, conversation_id: int, *, after: int = 0, limit: int = 200
) -> Sequence[Message]:
    """Lines after an id, oldest first."""
    query = (
        select(Message)
        .where(
            message_.tenant == tenant,
            message_.conversation_id == conversation_id,
            message_.id > after,
        )
        .order_by(message_.id)
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def outbox_row(session: AsyncSession, outbox_id: int) -> Outbox | None:
    """For the engine, which knows ids only: the row names its tenant."""
    return await session.get(Outbox, outbox_id, populate_existing=True)


async def set_outbox(
    session: AsyncSession, row: Outbox, state: OutboxState, now: datetime, **changes: object
) -> None:
    """Move an outbox row on."""
    statement = update(Outbox).where(outbox_.tenant == row.tenant, outbox_.id == row.id)
    await session.execute(statement.values(state=state, updated_at=now, **changes))


async def apply_status(
    session: AsyncSession,
    tenant: str,
    channel: str,
    account: str,
    status: DeliveryStatus,
    now: datetime,
) -> None:
    """Take over a provider's word on one of our messages; ranks only ever rise."""
    same = (outbox_.tenant == tenant, outbox_.channel == channel, outbox_.account == account)
    ours = outbox_.provider_id == status.provider_id
    if status.outbox_id is not None:
        ours = outbox_.id == status.outbox_id
    row = (await session.scalars(select(Outbox).where(*same, ours))).first()
    new = OutboxState(status.state.value)
    if row is None or RANKS[new] <= RANKS[OutboxState(row.state)]:
        return
    await set_outbox(session, row, new, now, provider_id=status.provider_id, error=status.error)


async def counts(session: AsyncSession, tenant: str) -> dict[str, dict[str, int]]:
    """Events by state and outbox rows by state, per channel."""
    found: dict[str, dict[str, int]] = {}
    for table, prefix in ((event_, "in"), (outbox_, "out")):
        query = select(table.channel, table.state, func.count()).where(table.tenant == tenant)
        for channel, state, number in await session.execute(
            query.group_by(table.channel, table.state)
        ):
            found.setdefault(channel, {})[f"{prefix}_{state}"] = number
    return found


def _count(result: Any) -> int:
    return int(result.rowcount)
