"""Something to say, put into the outbox with its line of history and its entry in the engine."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import repository
from agente_hotelero._db.models import OUTBOX, Conversation, Outbox, OutboxState, outbox_
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.rendering import Bubble

_BUBBLE = TypeAdapter(Bubble)
AGENT = "agent"


async def put(
    session: AsyncSession,
    engine: Engine,
    conversation: Conversation,
    bubble: Bubble,
    *,
    trace: str,
    now: datetime,
    by: str = AGENT,
    purpose: str = "",
    until: datetime | None = None,
) -> int:
    """Its number in the outbox; sent once this transaction has committed. `by` says who speaks,
    `purpose` why, where it answers nothing, and `until` when that may be sent."""
    content: dict[str, Any] = _BUBBLE.dump_python(bubble, mode="json")
    acts, amounts = content.pop("acts"), content.pop("amounts")
    to = {"phone": conversation.phone, "thread": conversation.thread}
    last = {"until": until.isoformat()} if until is not None else {}
    values = {
        "tenant": conversation.tenant,
        "conversation_id": conversation.id,
        "channel": conversation.channel,
        "account": conversation.account,
        "address": conversation.reach,
        "content": {**content, **to, **last, "by": by},
        "acts": acts,
        "amounts": amounts,
        "state": OutboxState.QUEUED,
        "attempts": 0,
        "error": "",
        "trace": trace,
        "purpose": purpose,
        "created_at": now,
        "updated_at": now,
    }
    inserted = await session.execute(insert(OUTBOX).returning(outbox_.id), values)
    outbox_id = int(inserted.scalar_one())
    said = content if by == AGENT else {**content, "by": by}
    conversation_id, words = int(conversation.id or 0), bubble.text or bubble.spoken
    await repository.add_line(
        session, conversation.tenant, conversation_id, "out", words, said, now, outbox_id
    )
    await engine.enqueue_send(session, outbox_id, recipient_of(conversation, conversation_id))
    return outbox_id


def recipient_of(sent: Conversation | Outbox, conversation_id: int) -> str:
    """The queue's name for whom something goes to: one message at a time."""
    return f"{sent.channel}:{sent.account}:{conversation_id}"
