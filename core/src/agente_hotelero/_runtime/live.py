"""What may change while the agent runs: switches, hotels' own words, who wants to hear of events.

Every process looks once a second whether the version has risen, and then reads all of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from sqlalchemy.exc import SQLAlchemyError

from agente_hotelero._db import desk as rows
from agente_hotelero._db import subscriptions
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.templates import Renderer
from agente_hotelero.components import Log
from agente_hotelero.config import Settings

LOOK_SECONDS = 1.0


def word_key(template: str, language: str) -> str:
    """``front_desk/offers`` in ``es`` as the renderer's sources name it."""
    plugin, _, name = template.partition("/")
    return f"{plugin}/{language}/{name}"


class Live:
    """The present switches and words of every tenant. Until the first look: those of the file."""

    def __init__(
        self, settings: Settings, database: Database, renderer: Renderer, log: Log
    ) -> None:
        self.renderer = renderer
        self._settings = settings
        self._database = database
        self._log = log
        self._flags: Mapping[str, Mapping[str, bool]] = {}
        self._renderers: Mapping[str, Renderer] = {}
        self._wanted: Mapping[str, frozenset[str]] = {}
        self._version = -1
        self._task: asyncio.Task[None] | None = None

    def on(self, tenant: str, name: str) -> bool:
        """Whether a hotel has a plugin or feature switched on."""
        thrown = self._flags.get(tenant, {}).get(name)
        return self._settings.flag(tenant, name) if thrown is None else thrown

    def renderer_of(self, tenant: str) -> Renderer:
        """The templates with this hotel's words."""
        return self._renderers.get(tenant, self.renderer)

    def wanted(self, tenant: str) -> frozenset[str]:
        """The events to which somebody of a hotel has subscribed."""
        return self._wanted.get(tenant, frozenset())

    async def start(self) -> None:
        """Returns after the first look. Raises what the database raises."""
        await self.look()
        self._task = asyncio.create_task(self._run(), name="live")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Read what has changed since the last time."""
        async with self._database.sessions() as session:
            version = await rows.config_version(session)
            if version == self._version:
                return
            tenants = self._settings.tenants
            self._flags = {name: await rows.flags(session, name) for name in tenants}
            heard = {name: await subscriptions.of_tenant(session, name) for name in tenants}
            own = {name: await rows.overrides(session, name) for name in tenants}
        self._renderers = {
            name: self.renderer.with_words(
                {word_key(one.template, one.language): one.text for one in found}
            )
            for name, found in own.items()
            if found
        }
        self._wanted = {
            name: frozenset(event for one in found for event in one.events)
            for name, found in heard.items()
        }
        self._version = version

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except (SQLAlchemyError, OSError) as error:
                self._log.warning("live_settings_away", error=type(error).__name__)
