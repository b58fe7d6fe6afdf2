"""Pictures of rooms, fetched with the key and given out without it.

Only pictures that QloApps links to a room type of the hotel are fetched, so that this is no way to
anything else there; what was fetched stays in memory for a while, a small number of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from agente_hotelero import Services
from agente_hotelero.errors import HoteleroError, NotFound
from fastapi import APIRouter, HTTPException, Response

from agente_hotelero_pms_qloapps import wire
from agente_hotelero_pms_qloapps.client import Client
from agente_hotelero_pms_qloapps.config import QloAppsConfig
from agente_hotelero_pms_qloapps.hotel import images_of

_KINDS = ("image/jpeg", "image/png", "image/gif", "image/webp")
_KEPT, _FRESH = 64, timedelta(hours=6)
_HEADERS = {
    "Cache-Control": "public, max-age=86400",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'",
}
_LONGEST_ID = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """`content` is None where there is no such picture, which is kept too."""

    content: bytes | None
    kind: str
    until: datetime


@dataclass(kw_only=True)
class Pictures:
    """The last few of one tenant."""

    client: Client
    config: QloAppsConfig
    services: Services
    held: OrderedDict[tuple[str, str], Picture] = field(default_factory=OrderedDict)

    async def get(self, room_type: str, image: str) -> Picture:
        """Raises an error of the tree where QloApps cannot be asked."""
        now, name = self.services.clock.now(), (room_type, image)
        found = self.held.get(name)
        if found is None or found.until < now:
            found = await self._fetch(room_type, image, now + _FRESH)
            self.held[name] = found
        self.held.move_to_end(name)
        while len(self.held) > _KEPT:
            self.held.popitem(last=False)
        return found

    async def _fetch(self, room_type: str, image: str, until: datetime) -> Picture:
        nothing = Picture(content=None, kind="", until=until)
        if not await self._is_shown(room_type, image):
            return nothing
        path = f"room_types/{room_type}/{image}/{self.config.image_size}"
        try:
            content, kind = await self.client.image(path, self.config.max_image_bytes)
        except NotFound:
            return nothing
        return Picture(content=content, kind=kind, until=until) if kind in _KINDS else nothing

    async def _is_shown(self, room_type: str, image: str) -> bool:
        """Whether it is a picture of a room that is sold in a hotel of this tenant."""
        rows = await self.client.rows("room_types", {"filter[id]": room_type})
        return any(
            int(image) in images_of(row)
            and wire.number(row.get("active", 1))
            and wire.text(row.get("id_hotel")) == self.services.property_id
            for row in rows
        )


def make_router(sections: Mapping[str, tuple[QloAppsConfig, Services]]) -> APIRouter:
    router = APIRouter()
    pictures = {
        tenant: Pictures(client=Client(services.http, config), config=config, services=services)
        for tenant, (config, services) in sections.items()
    }

    @router.get("/images/{tenant}/{room_type}/{image}", include_in_schema=False)
    async def image(tenant: str, room_type: str, image: str) -> Response:
        known: Any = pictures.get(tenant)
        if known is None or not (_is_id(room_type) and _is_id(image)):
            raise HTTPException(404)
        try:
            found = await known.get(room_type, image)
        except HoteleroError as error:
            raise HTTPException(502) from error
        if found.content is None:
            raise HTTPException(404)
        return Response(found.content, media_type=found.kind, headers=_HEADERS)

    return router


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID
