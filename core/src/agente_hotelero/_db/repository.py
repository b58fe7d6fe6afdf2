"""Queries of the core. Each takes the tenant and uses it; rows of another hotel are never seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import case, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db.guest_models import JOURNEY, journey_
from agente_hotelero._db.models import (
    CONVERSATION,
    EVENT,
    MESSAGE,
    OUTBOX,
    RAW,
    Conversation,
    EventState,
    InboxRaw,
    Message,
    Mode,
    Outbox,
    OutboxState,
    RawState,
    conversation_,
    event_,
    message_,
    outbox_,
    raw_,
)
from agente_hotelero.messages import (
    DeliveryStatus,
    Happening,
    Ignored,
    InboundEvent,
    InboundMessage,
)

_EVENT: TypeAdapter[Happening] = TypeAdapter(Happening)
_MESSAGE = TypeAdapter(InboundMessage)
RANKS = {
    state: rank
    for rank, state in enumerate(
        (
            OutboxState.QUEUED,
            OutboxState.WITHHELD,
            OutboxState.SENDING,
            OutboxState.HELD,
            OutboxState.UNKNOWN,
            OutboxState.ACCEPTED,
            OutboxState.SENT,
            OutboxState.FAILED,
            OutboxState.DELIVERED,
            OutboxState.READ,
        )
    )
}
GONE_OUT = [state for state in RANKS if RANKS[state] >= RANKS[OutboxState.SENDING]]


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
    stamp = None
    if not isinstance(inner, Ignored):
        stamp = inner.sent_at if isinstance(inner, InboundMessage) else inner.at
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
        "trace": raw.trace,
    }
    # Values beside the statement, not in it: it is compiled once, and that is half of its cost.
    statement = upsert(session, EVENT).on_conflict_do_nothing().returning(event_.id)
    found = await session.execute(statement, values)
    row = found.first()
    return None if row is None else int(row[0])


async def attach(
    session: AsyncSession, tenant: str, event_id: int, conversation_id: int, message: InboundMessage
) -> None:
    """Bind a new event to its conversation and write its line of history."""
    rows = update(EVENT).where(event_.tenant == tenant, event_.id == event_id)
    await session.execute(rows.values(conversation_id=conversation_id))
    content = _MESSAGE.dump_python(message, mode="json")["content"]
    values = {
        "tenant": tenant,
        "conversation_id": conversation_id,
        "direction": "in",
        "text": message.content.text,
        "content": content,
        "at": message.sent_at,
        "event_id": event_id,
    }
    await session.execute(insert(MESSAGE), values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A message that nobody has answered yet; `received_at` is when its webhook came."""

    id: int
    message: InboundMessage
    received_at: datetime
    trace: str = ""


async def waiting_events(
    session: AsyncSession, tenant: str, conversation_id: int
) -> Sequence[Waiting]:
    """What waits in a conversation, in the provider's order, then in that of arrival."""
    query = (
        select(event_.id, event_.content, event_.received_at, event_.trace)
        .where(
            event_.tenant == tenant,
            event_.conversation_id == conversation_id,
            event_.state == EventState.WAITING,
        )
        .order_by(event_.sent_at, event_.id)
    )
    return [
        Waiting(id=int(key), message=_MESSAGE.validate_python(content), received_at=at, trace=trace)
        for key, content, at, trace in await session.execute(query)
    ]


async def oldest_new_body(session: AsyncSession) -> datetime | None:
    """For the engine: when the first body came that the relay has not read yet."""
    query = select(raw_.received_at).where(raw_.state == RawState.NEW).order_by(raw_.id).limit(1)
    found: datetime | None = (await session.execute(query)).scalar()
    return found


async def settle_events(
    session: AsyncSession,
    tenant: str,
    event_ids: Sequence[int],
    state: EventState,
    reason: str = "",
) -> bool:
    """Take events out of waiting; False when another turn already did."""
    statement = update(EVENT).where(
        event_.tenant == tenant,
        event_.id.in_(event_ids),
        event_.state == EventState.WAITING,
    )
    result = await session.execute(statement.values(state=state, reason=reason))
    return _count(result) == len(event_ids)


async def leave_waiting(session: AsyncSession, tenant: str, conversation_id: int) -> None:
    """Leave all that waits in a conversation to people."""
    statement = update(EVENT).where(
        event_.tenant == tenant,
        event_.conversation_id == conversation_id,
        event_.state == EventState.WAITING,
    )
    await session.execute(statement.values(state=EventState.HUMAN, reason="our own failure"))


# ── conversations ────────────────────────────────────────────────────────────────────────────────


async def conversation_by_id(session: AsyncSession, conversation_id: int) -> Conversation | None:
    """For the engine, which knows ids only: the row names its tenant."""
    return await session.get(Conversation, conversation_id)


async def locked_conversation(
    session: AsyncSession, tenant: str, conversation_id: int
) -> Conversation | None:
    """As it is now, and as it stays until this transaction ends."""
    query = select(Conversation).where(
        conversation_.tenant == tenant, conversation_.id == conversation_id
    )
    fresh = {"populate_existing": True}
    return (await session.scalars(query.with_for_update(), execution_options=fresh)).first()


async def conversation_of(
    session: AsyncSession, tenant: str, channel: str, address: str
) -> Conversation | None:
    """A guest's conversation on a channel that has one account a hotel."""
    query = select(Conversation).where(
        conversation_.tenant == tenant,
        conversation_.channel == channel,
        conversation_.address == address,
    )
    return (await session.scalars(query)).first()


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
    statement = update(CONVERSATION).where(
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


async def touch(session: AsyncSession, conversation: Conversation) -> bool:
    """Note that something was decided on what was read; False when it is not so any more."""
    statement = update(CONVERSATION).where(
        conversation_.tenant == conversation.tenant,
        conversation_.id == conversation.id,
        conversation_.version == conversation.version,
    )
    result = await session.execute(statement.values(version=conversation.version + 1))
    return _count(result) == 1


async def set_mode(
    session: AsyncSession, tenant: str, conversation_id: int, mode: Mode, reason: str
) -> bool:
    """Hand a conversation to staff or back to the agent; False when there is no such one."""
    statement = update(CONVERSATION).where(
        conversation_.tenant == tenant, conversation_.id == conversation_id
    )
    result = await session.execute(
        statement.values(
            mode=mode,
            mode_reason=reason,
            attention="",
            assigned_to="",
            version=conversation_.version + 1,
        )
    )
    return _count(result) == 1


async def call_attention(
    session: AsyncSession, tenant: str, conversation_id: int, why: str
) -> None:
    """Show a conversation to staff although the agent goes on with it."""
    statement = update(CONVERSATION).where(
        conversation_.tenant == tenant, conversation_.id == conversation_id
    )
    await session.execute(statement.values(attention=why))


async def conversations(
    session: AsyncSession, tenant: str, *, waiting: bool = False, limit: int = 100
) -> Sequence[Conversation]:
    """The latest conversations of a hotel, those with a person or for staff's attention first."""
    query = select(Conversation).where(conversation_.tenant == tenant)
    calls = or_(conversation_.mode == Mode.HUMAN, conversation_.attention != "")
    if waiting:
        query = query.where(calls)
    query = query.order_by(case((calls, 0), else_=1), conversation_.last_guest_at.desc())
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
    values = {
        "tenant": tenant,
        "conversation_id": conversation_id,
        "direction": direction,
        "text": text,
        "content": content,
        "at": at,
        "outbox_id": outbox_id,
    }
    await session.execute(insert(MESSAGE), values)


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


async def last_line(session: AsyncSession, tenant: str, conversation_id: int) -> int:
    """The id of the last line of a conversation; 0 when nothing was said."""
    query = select(func.max(message_.id)).where(
        message_.tenant == tenant, message_.conversation_id == conversation_id
    )
    return int(await session.scalar(query) or 0)


async def outbox_row(session: AsyncSession, outbox_id: int) -> Outbox | None:
    """For the engine, which knows ids only: the row names its tenant."""
    return await session.get(Outbox, outbox_id, populate_existing=True)


async def outbox_state(session: AsyncSession, row: Outbox) -> OutboxState | None:
    """How far a row has come meanwhile; None when it is gone."""
    query = select(outbox_.state).where(outbox_.tenant == row.tenant, outbox_.id == row.id)
    found = (await session.execute(query)).scalar()
    return None if found is None else OutboxState(found)


async def set_outbox(
    session: AsyncSession, row: Outbox, state: OutboxState, now: datetime, **changes: object
) -> None:
    """Move an outbox row on."""
    statement = update(OUTBOX).where(outbox_.tenant == row.tenant, outbox_.id == row.id)
    await session.execute(statement.values(state=state, updated_at=now, **changes))
    if row.purpose:
        # Reports are asked for longer than the row is kept.
        mine = (journey_.tenant == row.tenant, journey_.outbox_id == row.id)
        await session.execute(update(JOURNEY).where(*mine).values(outcome=state))


async def was_unasked(
    session: AsyncSession, tenant: str, conversation_id: int, quoted: str = ""
) -> bool:
    """Whether the message that a guest quotes, or else the last one that went out to him, is one
    that he had not asked for."""
    query = select(outbox_.purpose).where(
        outbox_.tenant == tenant,
        outbox_.conversation_id == conversation_id,
        outbox_.state.in_(GONE_OUT),
    )
    last = query.order_by(outbox_.id.desc()).limit(1)
    found = (await session.execute(query.where(outbox_.provider_id == quoted))).first()
    found = found or (await session.execute(last)).first()
    return found is not None and bool(found[0])


async def apply_status(
    session: AsyncSession,
    tenant: str,
    channel: str,
    account: str,
    status: DeliveryStatus,
    now: datetime,
) -> Outbox | None:
    """Take over a provider's word on one of our messages; ranks only ever rise.

    Returns the message, or None when there is no such one or nothing new was said.
    """
    same = (outbox_.tenant == tenant, outbox_.channel == channel, outbox_.account == account)
    ours = outbox_.provider_id == status.provider_id
    if status.outbox_id is not None:
        ours = outbox_.id == status.outbox_id
    row = (await session.scalars(select(Outbox).where(*same, ours))).first()
    new = OutboxState(status.state.value)
    if row is None or RANKS[new] <= RANKS[OutboxState(row.state)]:
        return None
    await set_outbox(session, row, new, now, provider_id=status.provider_id, error=status.error)
    return row


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


async def ignored_by_reason(session: AsyncSession, tenant: str) -> dict[str, dict[str, int]]:
    """Events that needed no action, by channel and reason."""
    found: dict[str, dict[str, int]] = {}
    query = select(event_.channel, event_.reason, func.count()).where(
        event_.tenant == tenant, event_.state == EventState.IGNORED
    )
    for channel, reason, number in await session.execute(
        query.group_by(event_.channel, event_.reason)
    ):
        found.setdefault(channel, {})[reason] = number
    return found


async def raw_counts(session: AsyncSession) -> dict[str, dict[str, int]]:
    """Bodies of the installation by channel and state; they belong to no hotel yet."""
    found: dict[str, dict[str, int]] = {}
    query = select(raw_.channel, raw_.state, func.count()).group_by(raw_.channel, raw_.state)
    for channel, state, number in await session.execute(query):
        found.setdefault(channel, {})[f"bodies_{state}"] = number
    return found


async def queues(session: AsyncSession) -> dict[str, tuple[int, datetime | None]]:
    """For the installation's gauges: how much waits in each queue, and since when."""
    asked = {
        "raw": select(func.count(), func.min(raw_.received_at)).where(raw_.state == RawState.NEW),
        "turns": select(func.count(), func.min(event_.received_at)).where(
            event_.state == EventState.WAITING
        ),
        "sends": select(func.count(), func.min(outbox_.created_at)).where(
            outbox_.state.in_((OutboxState.QUEUED, OutboxState.SENDING))
        ),
    }
    found: dict[str, tuple[int, datetime | None]] = {}
    for name, query in asked.items():
        number, oldest = (await session.execute(query)).one()
        found[name] = (int(number), oldest)
    return found


# ── dead letters ─────────────────────────────────────────────────────────────────────────────────

UNSENT = (OutboxState.FAILED, OutboxState.UNKNOWN)


async def dead_counts(session: AsyncSession) -> dict[str, int]:
    """For the installation's gauges: what was given up."""
    raw = select(func.count()).where(raw_.state == RawState.DEAD)
    sends = select(func.count()).where(outbox_.state.in_(UNSENT), outbox_.purpose == "")
    return {
        "raw": int((await session.execute(raw)).scalar_one()),
        "sends": int((await session.execute(sends)).scalar_one()),
    }


async def dead_sends(session: AsyncSession, tenant: str, limit: int = 100) -> Sequence[Outbox]:
    """Answers of a hotel that could not be sent, or of which nobody knows, the latest first. What
    was not asked for finds another way, or none: nobody shall send it twice."""
    query = select(Outbox).where(
        outbox_.tenant == tenant, outbox_.state.in_(UNSENT), outbox_.purpose == ""
    )
    return (await session.scalars(query.order_by(outbox_.id.desc()).limit(limit))).all()


async def dead_bodies(session: AsyncSession, limit: int = 100) -> Sequence[InboxRaw]:
    """Bodies nobody could read; they belong to no hotel yet. The latest first."""
    query = select(InboxRaw).where(raw_.state == RawState.DEAD)
    return (await session.scalars(query.order_by(raw_.id.desc()).limit(limit))).all()


async def revive_send(
    session: AsyncSession, tenant: str, outbox_id: int, now: datetime
) -> Outbox | None:
    """Make a message that was given up ready to be sent again; None when it is none."""
    query = select(Outbox).where(
        outbox_.tenant == tenant,
        outbox_.id == outbox_id,
        outbox_.state.in_(UNSENT),
        outbox_.purpose == "",
    )
    row = (await session.scalars(query)).first()
    if row is not None:
        await set_outbox(session, row, OutboxState.QUEUED, now, attempts=0, error="")
    return row


async def revive_body(session: AsyncSession, raw_id: int) -> bool:
    """Let the relay read a dead body again; False when it is none."""
    statement = update(RAW).where(raw_.id == raw_id, raw_.state == RawState.DEAD)
    result = await session.execute(statement.values(state=RawState.NEW, error=""))
    return _count(result) == 1


def _count(result: Any) -> int:
    return int(result.rowcount)
