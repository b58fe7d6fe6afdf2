"""Dead letters: what was given up, and another try of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from agente_hotelero._db import repository
from agente_hotelero._db.models import InboxRaw, Outbox
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.engine import Engine

SEND, BODY = "send", "body"


def of_send(row: Outbox) -> dict[str, Any]:
    """A message that could not be sent, without its words."""
    return {
        "kind": SEND,
        "number": row.id,
        "tenant": row.tenant,
        "channel": row.channel,
        "conversation": row.conversation_id,
        "state": row.state,
        "reason": row.error,
        "at": row.updated_at.isoformat(),
        "trace": row.trace,
    }


def of_body(row: InboxRaw) -> dict[str, Any]:
    """A webhook body nobody could read; its hotel is not known."""
    return {
        "kind": BODY,
        "number": row.id,
        "tenant": "",
        "channel": row.channel,
        "state": row.state,
        "reason": row.error,
        "at": row.received_at.isoformat(),
        "trace": row.trace,
    }


async def replay(
    database: Database, engine: Engine, kind: str, number: int, tenant: str, now: datetime
) -> bool:
    """Send a message, or read a body, again; False when there is no such dead letter.

    A message whose outcome is unknown may reach the guest a second time: that is for people to
    decide.
    """
    async with database.sessions() as session, session.begin():
        if kind == BODY:
            return await repository.revive_body(session, number)
        row = await repository.revive_send(session, tenant, number, now)
        if row is None:
            return False
        recipient = f"{row.channel}:{row.account}:{row.conversation_id}"
        again = f":{now.timestamp():.3f}"
        await engine.enqueue_send(session, number, recipient, again=again)
        return True
