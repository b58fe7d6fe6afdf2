"""What guests got unasked, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from agente_hotelero._db import journeys as rows
from agente_hotelero._runtime.agent import Agent
from agente_hotelero._web.admin.access import Before, Hotel, Json, Known, needs

Day = Annotated[date | None, Query()]
MONTH = timedelta(days=30)


def router(agent: Agent) -> APIRouter:
    """Reading the report needs any role, single messages ``staff``."""
    routes = APIRouter(prefix="/tenants/{tenant}/journeys", tags=["journeys"])

    @routes.get("")
    async def journeys(tenant: Hotel) -> Sequence[Json]:
        """The hotel's journeys, and whether they are switched on."""
        found = agent.journeys.get(tenant)
        return [
            {
                "name": plan.journey.name,
                "purpose": plan.journey.purpose,
                "trigger": str(plan.journey.trigger),
                "offset_hours": plan.journey.offset.total_seconds() / 3600,
                "flag": plan.flag,
                "on": agent.live.on(tenant, plan.flag),
            }
            for plan in (found.plans if found else ())
        ]

    @routes.get("/report")
    async def report(tenant: Hotel, first: Day = None, last: Day = None) -> Sequence[Json]:
        """By journey, template and channel, of the days given (the last thirty, if none are):
        sent, delivered, read, clicked, answered, opted out; failed, withheld, not sent."""
        zone = agent.settings.tenants[tenant].zone
        until = last or agent.clock.now().astimezone(zone).date()
        since = first or until - MONTH
        begin = datetime.combine(since, time()).replace(tzinfo=zone).astimezone(UTC)
        end = datetime.combine(until + timedelta(days=1), time()).replace(tzinfo=zone)
        async with agent.database.sessions() as session:
            return await rows.report(session, tenant, begin, end.astimezone(UTC))

    @routes.get("/messages")
    async def messages(tenant: Hotel, caller: Known, before: Before = None) -> Sequence[Json]:
        """The latest hundred, each with its ground, its words and what became of it."""
        needs(caller, "staff")
        async with agent.database.sessions() as session:
            found = await rows.latest(session, tenant, before)
        return [
            {
                **message.model_dump(mode="json", exclude={"tenant", "mark", "outcome"}),
                "outbox_state": message.outcome or None,
                "provider_id": provider,
            }
            for message, provider in found
        ]

    return routes
