"""``/admin/api/v1``: what staff and operators may see and do, by token, hotel by hotel.

401 no valid token, 403 not with this role, 404 not there or not yours, 422 cannot be taken so.
"""

from __future__ import annotations

from fastapi import APIRouter

from agente_hotelero._runtime.agent import Agent
from agente_hotelero._web.admin import (
    conversations,
    guests,
    journeys,
    people,
    probe,
    settings,
    webhooks,
    work,
)

PREFIX = "/admin/api/v1"


def router(agent: Agent) -> APIRouter:
    """The admin API."""
    routes = APIRouter(prefix=PREFIX)
    for part in (people, conversations, guests, journeys, work, settings, webhooks, probe):
        routes.include_router(part.router(agent))
    return routes
