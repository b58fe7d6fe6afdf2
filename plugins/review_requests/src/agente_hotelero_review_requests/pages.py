"""The page behind each link: it counts, and leads on. It shows nothing, and knows no guest."""

from __future__ import annotations

import re
from collections.abc import Mapping

from agente_hotelero import Services
from agente_hotelero.errors import AuthFailed
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse
from sqlalchemy.exc import SQLAlchemyError

from agente_hotelero_review_requests.config import ReviewConfig

LONGEST_TOKEN = 300
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
# What fetches a page to show what is on it, before any guest has seen the link.
# A CUBOT is a telephone.
PREVIEWS = re.compile(
    r"whatsapp|facebookexternalhit|googleimageproxy|(?<!cu)bot|crawl|spider|preview", re.IGNORECASE
)
Sections = Mapping[str, tuple[ReviewConfig, Services]]


def make_router(sections: Sections) -> APIRouter:
    """One page for the links of all hotels."""
    routes = APIRouter(include_in_schema=False)

    @routes.api_route("/{token}", methods=["GET", "HEAD"])
    async def follow(token: str, request: Request) -> RedirectResponse:
        tenant, mark, platform = _read(token, sections)
        config, services = sections[tenant]
        url = config.links.get(platform)
        if url is None:
            raise HTTPException(404, "no such page")
        if _is_a_guest(request):
            await _count(services, mark, platform)
        return RedirectResponse(url, 303, HEADERS)

    return routes


def _read(token: str, sections: Sections) -> tuple[str, str, str]:
    """Hotel, mark and platform. Raises a 404 for what we did not sign."""
    for tenant, (_, services) in sections.items():
        try:
            found = services.seals.open(token[:LONGEST_TOKEN]).split("|")
        except AuthFailed:
            break
        if len(found) == 3 and found[0] == tenant:
            return found[0], found[1], found[2]
    raise HTTPException(404, "no such page")


def _is_a_guest(request: Request) -> bool:
    agent = request.headers.get("user-agent", "")
    return request.method == "GET" and PREVIEWS.search(agent) is None


async def _count(services: Services, mark: str, platform: str) -> None:
    """A guest is led on even where nobody can count."""
    try:
        known = await services.journeys.clicked(mark, platform)
    except (SQLAlchemyError, OSError) as error:
        services.log.warning("click_not_counted", error=type(error).__name__)
    else:
        services.log.info("clicked", platform=platform, known=known)
