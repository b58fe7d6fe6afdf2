"""Who looks at the page: a token in a cookie that scripts and other sites cannot use."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from agente_hotelero import PluginConfig, Services
from agente_hotelero.desk import Caller, Desk
from agente_hotelero.errors import AuthFailed
from fastapi import HTTPException, Request
from fastapi.responses import Response

COOKIE = "hotelero_desk"
PATH = "/desk"
SHIFT_SECONDS = 12 * 3600
Sections = Mapping[str, tuple[PluginConfig, Services]]


class ToLogin(Exception):
    """Nobody is logged in."""


def token_of(request: Request) -> str:
    return request.cookies.get(COOKIE, "")


async def caller_of(request: Request, sections: Sections) -> Caller:
    """Raises ToLogin when nobody is logged in, or somebody whose token has ended."""
    _, services = next(iter(sections.values()))
    try:
        return await services.door.caller(token_of(request))
    except AuthFailed as error:
        raise ToLogin from error


def desk_of(sections: Sections, tenant: str, caller: Caller) -> Desk:
    """404 for a hotel that is not the caller's."""
    if tenant not in sections or tenant not in caller.tenants:
        raise HTTPException(404, "no such hotel")
    return sections[tenant][1].desk


def csrf(request: Request) -> str:
    """What a form of ours carries and another site cannot know."""
    return hashlib.sha256(f"csrf:{token_of(request)}".encode()).hexdigest()


def check_csrf(request: Request, given: Any) -> None:
    if not hmac.compare_digest(csrf(request).encode(), str(given or "").encode()):
        raise HTTPException(403, "the form is not from this page")


def refuse_other_sites(request: Request) -> None:
    """Nobody is logged in by another site, into an account of its choice.

    Browsers say where a request comes from; older ones only by `Origin`, which our own pages, that
    send no referrer, leave at ``null``.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin", "null")
    ours = urlsplit(origin).netloc == request.headers.get("host", "")
    if site not in (None, "same-origin", "none") or (origin != "null" and not ours):
        raise HTTPException(403, "the form is not from this page")


def remember(response: Response, request: Request, token: str) -> None:
    """Secure wherever the page itself came by https."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=SHIFT_SECONDS,
        path=PATH,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def forget(response: Response) -> None:
    response.delete_cookie(COOKIE, path=PATH)
