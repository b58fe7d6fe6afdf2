"""Drawings of the demo's rooms: its offers have a picture without an account or a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agente_hotelero import Services
from fastapi import APIRouter, HTTPException, Response

PATH = "/plugins/pms_mock/images"
_WALLS = {"double": "#cfe3dc", "family": "#f3dfc1", "suite": "#d8d3ea"}
_BEDS = {"double": (1, 0), "family": (1, 2), "suite": (1, 0)}
_BED = (
    '<g transform="translate({x},250) scale({scale})"><rect x="-110" y="-70" width="220" '
    'height="90" rx="14" fill="#7a5c3e"/><rect x="-100" y="-20" width="200" height="90" rx="12" '
    'fill="#fff"/><rect x="-90" y="-12" width="80" height="32" rx="10" fill="#e8ecef"/>'
    '<rect x="10" y="-12" width="80" height="32" rx="10" fill="#e8ecef"/><rect x="-100" y="26" '
    'width="200" height="48" rx="10" fill="#0b6b50"/></g>'
)
_ROOM = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 400" role="img">'
    '<rect width="640" height="300" fill="{wall}"/><rect y="300" width="640" height="100" '
    'fill="#b98f63"/><rect x="430" y="50" width="140" height="120" fill="#9fd3ef" stroke="#fff" '
    'stroke-width="10"/><path d="M500 50v120M430 110h140" stroke="#fff" stroke-width="6"/>'
    "{beds}</svg>"
)


def make_router(sections: Mapping[str, tuple[Any, Services]]) -> APIRouter:
    router = APIRouter()

    @router.get("/images/{name}.svg", include_in_schema=False)
    async def image(name: str) -> Response:
        if name not in _WALLS:
            raise HTTPException(404)
        headers = {"Cache-Control": "max-age=86400", "X-Content-Type-Options": "nosniff"}
        return Response(drawing(name), media_type="image/svg+xml", headers=headers)

    return router


def drawing(room: str) -> str:
    """The room as SVG."""
    large, small = _BEDS[room]
    beds = [_BED.format(x=220, scale=1.2)] * large
    beds += [_BED.format(x=430 + 120 * n, scale=0.5) for n in range(small)]
    return _ROOM.format(wall=_WALLS[room], beds="".join(beds))
