"""A marked guest who writes to a hotel and waits for the answer: for `hotelero probe`.

He writes on the terminal's channel, which reaches nobody outside, always in one conversation.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from agente_hotelero._db import repository
from agente_hotelero._db.models import Message, Mode, Outbox, OutboxState
from agente_hotelero._runtime import console
from agente_hotelero._runtime.agent import Agent
from agente_hotelero._web.admin.access import Hotel, Known, needs
from agente_hotelero.errors import Unavailable
from agente_hotelero.pages import Plain

GUEST = "probe"
POLL_SECONDS = 0.05


class Line(BaseModel):
    """What the guest writes, and how many seconds he waits."""

    model_config = ConfigDict(extra="forbid")

    text: Plain = Field(min_length=1, max_length=500)
    seconds: float = Field(default=20.0, gt=0, le=60)


class Heard(BaseModel):
    """What he heard, in how many seconds; by which templates, with sums from where."""

    answers: Sequence[str]
    seconds: float
    acts: Sequence[str]
    sources: Sequence[str]


def router(agent: Agent) -> APIRouter:
    """``staff``. 503 when the line was not stored, 504 when no answer came."""
    routes = APIRouter(prefix="/tenants/{tenant}", tags=["operations"])

    @routes.post("/probe")
    async def probe(tenant: Hotel, line: Line, caller: Known) -> Heard:
        """Write as the probe's guest."""
        needs(caller, "staff")
        begun, seen = time.monotonic(), await _ready(agent, tenant)
        now = agent.clock.now()
        body = console.line(tenant, GUEST, uuid.uuid4().hex, line.text, now)
        try:
            await agent.writer.put(console.NAME, [tenant], body)
            async with asyncio.timeout(line.seconds):
                while not (answers := await _answers(agent, tenant, seen)):  # noqa: ASYNC110
                    await asyncio.sleep(POLL_SECONDS)
        except Unavailable as error:
            raise HTTPException(503, "the line was not stored") from error
        except TimeoutError:
            raise HTTPException(504, "no answer came in time") from None
        return Heard(
            answers=[line.text for line, _ in answers],
            seconds=round(time.monotonic() - begun, 3),
            acts=[act for _, sent in answers for act in sent.acts],
            sources=[one["source"] for _, sent in answers for one in sent.amounts],
        )

    return routes


async def _ready(agent: Agent, tenant: str) -> int:
    """The last line so far. A person who took the conversation gives it back: it is nobody's."""
    async with agent.database.sessions() as session, session.begin():
        found = await repository.conversation_of(session, tenant, console.NAME, GUEST)
        if found is None:
            return 0
        number = int(found.id or 0)
        if found.mode == Mode.HUMAN:
            await repository.set_mode(session, tenant, number, Mode.AGENT, "")
        return await repository.last_line(session, tenant, number)


async def _answers(agent: Agent, tenant: str, seen: int) -> list[tuple[Message, Outbox]]:
    """What was said since, once all of it is sent."""
    async with agent.database.sessions() as session:
        found = await repository.conversation_of(session, tenant, console.NAME, GUEST)
        if found is None:
            return []
        lines = await repository.history(session, tenant, int(found.id or 0), after=seen)
        said = [line for line in lines if line.direction == "out"]
        sent = []
        for line in said:
            row = await repository.outbox_row(session, line.outbox_id or 0)
            if row is None or row.state != OutboxState.ACCEPTED:
                return []
            sent.append((line, row))
    return sent
