"""What the agent did by itself, in the audit log beside what people do."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import desk, journeys
from agente_hotelero._db.models import Outbox


async def unasked(
    session: AsyncSession, row: Outbox, outcome: str, provider_id: str, now: datetime
) -> None:
    """What came of a message that nobody had asked for: why it went out, on what ground, in which
    words, and the provider's name for it. Nothing for an answer."""
    if not row.purpose:
        return
    found = await journeys.by_outbox(session, row.tenant, int(row.id or 0))
    after = {
        "purpose": row.purpose,
        "channel": row.channel,
        "outcome": outcome,
        "provider_id": provider_id,
    }
    if found is not None:
        after |= {
            "journey": found.journey,
            "reference": found.reference,
            "part": str(found.part),
            "consent": found.basis,
            "template": found.template,
            "version": found.version,
            "language": found.language,
        }
    target = f"outbox {row.id}"
    await desk.audit(session, row.tenant, "agent", "unasked", target, now, after=after)
