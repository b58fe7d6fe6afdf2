"""Every guest is asked for a review: once, at the right time, with the same links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agente_hotelero import JourneySource, Mount, Templates, hookimpl


@hookimpl
def register_journeys() -> Sequence[type[JourneySource[Any]]]:
    from agente_hotelero_review_requests.source import Reviews

    return [Reviews]


@hookimpl
def register_templates() -> Templates:
    return Templates(package="agente_hotelero_review_requests")


@hookimpl
def register_router() -> Mount:
    from agente_hotelero_review_requests.pages import make_router

    return Mount(make=make_router, prefix="/r")
