"""Tasks, dead letters, and who changed what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from fastapi import APIRouter

from agente_hotelero._db import desk as rows
from agente_hotelero._runtime.agent import Agent
from agente_hotelero._web.admin.access import Before, Hotel, Json, Known, Number, in_http, needs
from agente_hotelero.desk import StaffTask


def router(agent: Agent) -> APIRouter:
    """Reading needs any role, the audit log ``owner``, everything else ``staff``."""
    routes = APIRouter(prefix="/tenants/{tenant}", tags=["work"])
    _tasks(routes, agent)
    _dead_letters(routes, agent)

    @routes.get("/audit")
    async def audit(tenant: Hotel, caller: Known, before: Before = None) -> Sequence[Json]:
        """Changes by people, the latest first."""
        needs(caller, "owner")
        async with agent.database.sessions() as session:
            found = await rows.audited(session, tenant, before)
        return [one.model_dump(exclude={"tenant"}) for one in found]

    return routes


def _tasks(routes: APIRouter, agent: Agent) -> None:
    @routes.get("/tasks")
    async def tasks(tenant: Hotel) -> Sequence[StaffTask]:
        """What a person must do, the oldest first."""
        return await agent.desks[tenant].tasks()

    @routes.post("/tasks/{number}/finish", status_code=204)
    async def finish(tenant: Hotel, number: Number, caller: Known) -> None:
        """It is done."""
        with in_http():
            await agent.desks[tenant].finish(caller, number)


def _dead_letters(routes: APIRouter, agent: Agent) -> None:
    @routes.get("/dead-letters")
    async def dead_letters(tenant: Hotel, caller: Known) -> Sequence[Mapping[str, object]]:
        """Messages of this hotel that were given up, and for owners bodies nobody could read."""
        return await agent.desks[tenant].dead_letters(caller)

    @routes.post("/dead-letters/{kind}/{number}/replay", status_code=202)
    async def replay(
        tenant: Hotel, kind: Literal["send", "body"], number: Number, caller: Known
    ) -> dict[str, str]:
        """Try a dead letter again. A message whose outcome is unknown may then arrive twice."""
        with in_http():
            await agent.desks[tenant].replay(caller, kind, number)
        return {"status": "tried again"}
