"""What the pages of plugins tell of a hotel's unasked messages."""

from __future__ import annotations

from dataclasses import dataclass

from agente_hotelero._db import journeys
from agente_hotelero._db.session import Database
from agente_hotelero.components import Clock

LONGEST = 64


@dataclass(frozen=True, kw_only=True)
class HotelJourneys:
    """See `Journeys`."""

    tenant: str
    database: Database
    clock: Clock

    async def clicked(self, mark: str, link: str) -> bool:
        if not 0 < len(mark) <= LONGEST or len(link) > LONGEST:
            return False
        async with self.database.sessions() as session, session.begin():
            return await journeys.clicked(session, self.tenant, mark, link, self.clock.now())
