"""Who calls, and what our errors are in HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Path, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from agente_hotelero._runtime.agent import Agent
from agente_hotelero.desk import Caller
from agente_hotelero.errors import AuthFailed, NotFound, Rejected, Throttled
from agente_hotelero.pages import Plain

LARGEST_ID = 2**31 - 1
BEARER = HTTPBearer(auto_error=False)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]


Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Before = Annotated[int | None, Query(ge=1, le=LARGEST_ID)]


async def _caller(request: Request, credentials: Credentials) -> Caller:
    agent: Agent = request.app.state.agent
    try:
        return await agent.door.caller(credentials.credentials if credentials else "")
    except AuthFailed as error:
        challenge = {"WWW-Authenticate": "Bearer"}
        raise HTTPException(401, "a valid token is needed", challenge) from error


Known = Annotated[Caller, Depends(_caller)]


def of_hotel(request: Request, tenant: Annotated[Plain, Path()], caller: Known) -> str:
    """404 for a hotel that is not the caller's: its existence is nobody else's business."""
    agent: Agent = request.app.state.agent
    if tenant not in caller.tenants or tenant not in agent.settings.tenants:
        raise HTTPException(404, "no such hotel")
    return tenant


Hotel = Annotated[str, Depends(of_hotel)]


def needs(caller: Caller, role: str) -> None:
    if not caller.may(role):
        raise HTTPException(403, f"this needs the role {role}")


@contextmanager
def in_http() -> Iterator[None]:
    """Our errors as answers."""
    try:
        yield
    except NotFound as error:
        raise HTTPException(404, f"no such {error}") from error
    except AuthFailed as error:
        raise HTTPException(403, str(error)) from error
    except Rejected as error:
        raise HTTPException(422, str(error)) from error
    except Throttled as error:
        wait = {"Retry-After": str(int(error.retry_after or 60))}
        raise HTTPException(429, str(error), wait) from error


Json = dict[str, Any]
