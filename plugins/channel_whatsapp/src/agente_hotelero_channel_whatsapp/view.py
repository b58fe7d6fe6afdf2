"""What a channel remembers of its templates, for those who cannot wait for the database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from agente_hotelero import Services
from agente_hotelero.errors import HoteleroError
from sqlalchemy.exc import SQLAlchemyError

from agente_hotelero_channel_whatsapp import tables, templates
from agente_hotelero_channel_whatsapp.graph import Graph
from agente_hotelero_channel_whatsapp.tables import Template

EVERY_SECONDS = 60.0


class View:
    """The table of one business account as it was a minute ago at most: another process may have
    heard what changed. Where the table is empty Meta is asked, once."""

    def __init__(self, services: Services, graph: Graph, business: str) -> None:
        self._services = services
        self._graph = graph
        self._business = business
        self._rows: Sequence[Template] = ()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="whatsapp templates")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def sendable(self, name: str) -> Sequence[str]:
        """The languages in which Meta sends a template."""
        return templates.sendable(self._rows, name)

    async def reload(self) -> None:
        self._rows = await tables.known(self._services, self._business)

    async def learn(self) -> None:
        """Before the first hourly reading. Raises as `templates.refresh`."""
        await self.reload()
        if not self._rows:
            await templates.refresh(self._services, self._graph, self._business)
            await self.reload()

    async def _run(self) -> None:
        step = self.learn
        while True:
            try:
                await step()
            except (HoteleroError, SQLAlchemyError, OSError) as error:
                self._services.log.warning("templates_not_read", error=type(error).__name__)
            step = self.reload
            await asyncio.sleep(EVERY_SECONDS)
