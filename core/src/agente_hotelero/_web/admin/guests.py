"""A guest's rights: what is held of him, what he allows, and that he is forgotten.

Addresses travel in bodies, never in paths: those end up in logs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import consent, desk, guests
from agente_hotelero._runtime.agent import Agent
from agente_hotelero._runtime.rights import LONGEST, MOST
from agente_hotelero._web.admin.access import Hotel, Json, Known, in_http, needs
from agente_hotelero.pages import Plain

Address = Annotated[Plain, StringConstraints(strip_whitespace=True, min_length=1)]
Purpose = Annotated[Plain, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Addresses(_Body):
    """All that are known of one guest: telephone numbers, e-mail addresses, ids of channels."""

    addresses: Sequence[Annotated[Address, Field(max_length=LONGEST)]] = Field(
        min_length=1, max_length=MOST
    )


class Word(Addresses):
    """What the guest said, and how: ``form at check-in``. `proactive` stands for all purposes; with
    a `channel` he allows it there alone. A refusal holds for all of them."""

    purpose: Purpose
    granted: bool
    channel: Plain | None = Field(default=None, max_length=60)
    how: Plain = Field(min_length=3, max_length=120)


class ConsentShown(_Body):
    channel: str
    purpose: str
    granted: bool
    source: str
    at: str


def router(agent: Agent) -> APIRouter:
    """Export and erasure need ``owner``, consent ``staff``."""
    routes = APIRouter(prefix="/tenants/{tenant}/guests", tags=["guests"])
    _rights(routes, agent)
    _consent(routes, agent)
    return routes


def _rights(routes: APIRouter, agent: Agent) -> None:
    @routes.post("/export")
    async def export(tenant: Hotel, asked: Addresses, caller: Known) -> Json:
        """Everything that core and plugins hold of a guest."""
        needs(caller, "owner")
        with in_http():
            return await agent.rights.export(tenant, asked.addresses, caller.name)

    @routes.post("/erase")
    async def erase(tenant: Hotel, asked: Addresses, caller: Known) -> Json:
        """Forget a guest, for good; that he wants no messages outlives him, without his address.
        The PMS keeps its own books."""
        needs(caller, "owner")
        with in_http():
            return await agent.rights.erase(tenant, asked.addresses, caller.name)


def _consent(routes: APIRouter, agent: Agent) -> None:
    @routes.post("/consent/history")
    async def history(tenant: Hotel, asked: Addresses, caller: Known) -> Sequence[ConsentShown]:
        """What a guest allowed and refused, the latest first."""
        needs(caller, "staff")
        async with agent.database.sessions() as session:
            said = await consent.history(session, tenant, await _known(session, tenant, asked))
        return [
            ConsentShown(
                channel=one.channel,
                purpose=one.purpose,
                granted=one.granted,
                source=one.source,
                at=one.at.isoformat(),
            )
            for one in said
        ]

    @routes.post("/consent", status_code=204)
    async def record(tenant: Hotel, word: Word, caller: Known) -> None:
        """Note what a guest said to a person, or on paper."""
        needs(caller, "staff")
        now, channel = agent.clock.now(), word.channel or consent.EVERYWHERE
        if word.channel and word.channel not in {
            name for name, _ in agent.tenants[tenant].channels
        }:
            raise HTTPException(422, "the hotel has no such channel")
        async with agent.database.sessions() as session, session.begin():
            await consent.record(
                session,
                tenant,
                channel=channel,
                addresses=await _known(session, tenant, word),
                purpose=word.purpose,
                granted=word.granted,
                source=f"{word.how} ({caller.name})",
                at=now,
            )
            # How it was said may name the guest: that is kept with his word, and goes with him.
            after = word.model_dump(include={"purpose", "granted", "channel"})
            await desk.audit(session, tenant, caller.name, "consent", "guest", now, after=after)


async def _known(session: AsyncSession, tenant: str, asked: Addresses) -> set[str]:
    """With what the channels know to be the same guest."""
    _, known = await guests.whole_guest(session, tenant, asked.addresses)
    return known
