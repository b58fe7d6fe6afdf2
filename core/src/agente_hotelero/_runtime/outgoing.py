"""Something to say, put into the outbox with its line of history and its entry in the engine."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import repository
from agente_hotelero._db.models import OUTBOX, Conversation, OutboxState, outbox_
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
) -> int:
    """Its number in the outbox; sent once this transaction has committed. `by` says who speaks."""
    content: dict[str, Any] = _BUBBLE.dump_python(bubble, mode="json")
    acts, amounts = content.pop("acts"), content.pop("amounts")
    values = {
        "tenant": conversation.tenant,
        "conversation_id": conversation.id,
        "channel": conversation.channel,
        "account": conversation.account,
        "address": conversation.address,
        "content": content,
        "acts": acts,
        "amounts": amounts,
        "state": OutboxState.QUEUED,
        "attempts": 0,
        "error": "",
        "trace": trace,
        "created_at": now,
        "updated_at": now,
    }
    inserted = await session.execute(insert(OUTBOX).returning(outbox_.id), values)
    outbox_id = int(inserted.scalar_one())
    said = content if by == AGENT else {**content, "by": by}
    conversation_id = int(conversation.id or 0)
    await repository.add_line(
        session, conversation.tenant, conversation_id, "out", bubble.text, said, now, outbox_id
    )
    recipient = f"{conversation.channel}:{conversation.account}:{conversation_id}"
    await engine.enqueue_send(session, outbox_id, recipient)
    return outbox_id
