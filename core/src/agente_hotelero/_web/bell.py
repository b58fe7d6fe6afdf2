"""``POST /bell/{tenant}``: a hotel's PMS says that something changed there.

It is checked by the adapter, and then the changes are read. 204 rung, 401 not from that PMS, 404 no
such hotel or no bell, 413 too large.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from agente_hotelero._runtime import pms_changes
from agente_hotelero._runtime.agent import Agent
from agente_hotelero._runtime.guarded_pms import GuardedPms
from agente_hotelero.components import WebhookRequest
from agente_hotelero.errors import HoteleroError
from agente_hotelero.pms import Capability

LARGEST = 256 * 1024
BELL = Capability.POLL | Capability.WEBHOOK


def router(agent: Agent) -> APIRouter:
    """The bells of all hotels."""
    routes = APIRouter(include_in_schema=False)

    @routes.post("/bell/{tenant}")
    async def bell(tenant: str, request: Request) -> Response:
        hotel = agent.tenants.get(tenant)
        if hotel is None or hotel.pms is None or not hotel.pms.can(BELL):
            return Response(status_code=404)
        body = await _read(request)
        if body is None:
            return Response(status_code=413)
        if not _is_from(hotel.pms, request, body):
            return Response(status_code=401)
        await pms_changes.ring(tenant, agent.database, agent.queue, agent.clock)
        return Response(status_code=204)

    return routes


async def _read(request: Request) -> bytes | None:
    """The body; None when it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)


def _is_from(pms: GuardedPms, request: Request, body: bytes) -> bool:
    told = WebhookRequest(
        query=dict(request.query_params), headers=dict(request.headers), body=body
    )
    try:
        return pms.guard.run("verify_webhook", lambda: pms.adapter.verify_webhook(told)) is True
    except HoteleroError:
        return False
