"""Where a hotel's own systems want to hear of events."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Annotated, Literal

import httpx
from fastapi import APIRouter, HTTPException
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from agente_hotelero._db import desk
from agente_hotelero._db import subscriptions as rows
from agente_hotelero._runtime import announcing
from agente_hotelero._runtime.agent import Agent
from agente_hotelero._web.admin.access import Hotel, Json, Known, Number, needs
from agente_hotelero.pages import Plain

Event = Literal[
    "message.received",
    "reply.sent",
    "handover.requested",
    "channel.stopped",
    "channel.resumed",
    "reservation.made",
    "reservation.changed",
    "reservation.cancelled",
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _address(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError("is not an address") from error
    if not parsed.host or (parsed.port or 1) > 65535 or parsed.userinfo:
        raise ValueError("is not an address")
    return url


class Wanted(_Body):
    """An address and the events it wants; `https` in production."""

    url: Annotated[Plain, AfterValidator(_address)] = Field(
        pattern=r"^https?://[^\s/]", max_length=1000
    )
    events: Sequence[Event] = Field(min_length=1, max_length=len(announcing.EVENTS))


class Made(_Body):
    """The secret that signs each body. It is shown once."""

    number: int
    secret: str


class Shown(_Body):
    number: int
    url: str
    events: Sequence[str]


def router(agent: Agent) -> APIRouter:
    """All of it needs ``owner``."""
    routes = APIRouter(prefix="/tenants/{tenant}/webhooks", tags=["webhooks"])
    _subscriptions(routes, agent)
    _deliveries(routes, agent)
    return routes


def _subscriptions(routes: APIRouter, agent: Agent) -> None:
    @routes.get("")
    async def subscriptions(tenant: Hotel, caller: Known) -> Sequence[Shown]:
        needs(caller, "owner")
        async with agent.database.sessions() as session:
            found = await rows.of_tenant(session, tenant)
        return [Shown(number=int(one.id or 0), url=one.url, events=one.events) for one in found]

    @routes.post("", status_code=201)
    async def subscribe(tenant: Hotel, wanted: Wanted, caller: Known) -> Made:
        needs(caller, "owner")
        if agent.settings.environment == "production" and not wanted.url.startswith("https://"):
            raise HTTPException(422, "an https address is needed")
        secret, now = secrets.token_urlsafe(32), agent.clock.now()
        after = {"url": wanted.url, "events": list(wanted.events)}
        async with agent.database.sessions() as session, session.begin():
            number = await rows.add(session, tenant, wanted.url, secret, wanted.events)
            target = f"webhook {number}"
            await desk.audit(session, tenant, caller.name, "subscribe", target, now, after=after)
        await agent.live.look()
        return Made(number=number, secret=secret)

    @routes.post("/{number}/rotate")
    async def rotate(tenant: Hotel, number: Number, caller: Known) -> Made:
        """Another secret, shown once. For a day bodies are signed with both."""
        needs(caller, "owner")
        secret, now = secrets.token_urlsafe(32), agent.clock.now()
        async with agent.database.sessions() as session, session.begin():
            if not await rows.rotate(session, tenant, number, secret, now):
                raise HTTPException(404, "no such subscription")
            await desk.audit(session, tenant, caller.name, "rotate", f"webhook {number}", now)
        return Made(number=number, secret=secret)

    @routes.delete("/{number}", status_code=204)
    async def end(tenant: Hotel, number: Number, caller: Known) -> None:
        needs(caller, "owner")
        now = agent.clock.now()
        async with agent.database.sessions() as session, session.begin():
            if not await rows.end(session, tenant, number):
                raise HTTPException(404, "no such subscription")
            await desk.audit(session, tenant, caller.name, "unsubscribe", f"webhook {number}", now)
        await agent.live.look()


def _deliveries(routes: APIRouter, agent: Agent) -> None:
    @routes.get("/deliveries")
    async def deliveries(tenant: Hotel, caller: Known) -> Sequence[Json]:
        """The latest hundred, without what they say."""
        needs(caller, "owner")
        async with agent.database.sessions() as session:
            found = await rows.latest(session, tenant)
        return [one.model_dump(exclude={"tenant", "body"}) for one in found]

    @routes.post("/deliveries/{number}/replay", status_code=202)
    async def replay(tenant: Hotel, number: Number, caller: Known) -> Json:
        """Try one again that was given up."""
        needs(caller, "owner")
        now = agent.clock.now()
        async with agent.database.sessions() as session, session.begin():
            tries = await rows.revive(session, tenant, number)
            if tries is None:
                raise HTTPException(404, "no such delivery")
            again = f"again:{tries}"
            await announcing.schedule(agent.queue, session, number, again, now, now)
        return {"status": "tried again"}
