"""``/admin/api/v1``: what staff and operators may see and do, by token, hotel by hotel."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from agente_hotelero._db import repository
from agente_hotelero._runtime import letters
from agente_hotelero._runtime.agent import Agent
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._web import tokens
from agente_hotelero._web.tokens import Caller
from agente_hotelero.config import Settings
from agente_hotelero.errors import AuthFailed

PREFIX = "/admin/api/v1"
BEARER = HTTPBearer(auto_error=False)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
LARGEST_ID = 2**31 - 1


def _caller(request: Request, credentials: Credentials) -> Caller:
    settings: Settings = request.app.state.agent.settings
    try:
        return tokens.read(settings, credentials.credentials if credentials else "")
    except AuthFailed as error:
        challenge = {"WWW-Authenticate": "Bearer"}
        raise HTTPException(401, "a valid token is needed", challenge) from error


Known = Annotated[Caller, Depends(_caller)]


def router(agent: Agent) -> APIRouter:
    """The admin API."""
    routes = APIRouter(prefix=PREFIX, tags=["admin"])

    @routes.get("/tenants/{tenant}/dead-letters")
    async def dead_letters(tenant: str, known: Known) -> list[dict[str, Any]]:
        """Messages of this hotel that were given up, and for owners bodies nobody could read."""
        _check(known, tenant, "read-only")
        async with agent.database.sessions() as session:
            found = [letters.of_send(row) for row in await repository.dead_sends(session, tenant)]
            if known.may("owner"):
                found += [letters.of_body(row) for row in await repository.dead_bodies(session)]
            return found

    @routes.post("/tenants/{tenant}/dead-letters/{kind}/{number}/replay", status_code=202)
    async def replay(
        tenant: str, kind: Literal["send", "body"], number: int, known: Known
    ) -> dict[str, str]:
        """Try a dead letter again. A message whose outcome is unknown may then arrive twice."""
        _check(known, tenant, "owner" if kind == letters.BODY else "staff")
        now, engine = agent.clock.now(), Engine(agent.database)
        known_id = 0 < number <= LARGEST_ID
        if not known_id or not await letters.replay(
            agent.database, engine, kind, number, tenant, now
        ):
            raise HTTPException(404, "no such dead letter")
        return {"status": "tried again"}

    return routes


def _check(known: Caller, tenant: str, role: str) -> None:
    """404 for a hotel that is not the caller's: its existence is nobody else's business."""
    if tenant not in known.tenants:
        raise HTTPException(404, "no such hotel")
    if not known.may(role):
        raise HTTPException(403, f"this needs the role {role}")
