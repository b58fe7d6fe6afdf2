"""Secrets exchanged while the agent runs: files that hold them are looked at every few seconds.

A hotel whose plugins' settings changed is opened anew beside the old one, and takes its place when
all of it opened; else the old one stays. What it replaced is closed when the agent ends: turns may
be under way in it. Everything else that changed needs a restart, and that is said.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from agente_hotelero._runtime import console
from agente_hotelero._runtime.door import StaffDoor
from agente_hotelero._runtime.tenants import Assembly, Tenant, section
from agente_hotelero.components import Ingress, Log
from agente_hotelero.config import Settings
from agente_hotelero.errors import ConfigError, HoteleroError

LOOK_SECONDS = 2.0
# What could not be taken is tried again: rights to a file, or a neighbour, may come back unseen.
AGAIN_SECONDS = 30.0
# A call that began with the old secret may fail, and stop its account, a while after the new one
# was taken: for so long it is asked again whether all is well.
AFTERWARDS_SECONDS = 60.0
KEYS = ("secret_key", "secret_key_previous")
TAKEN_OVER = {*KEYS, "plugins", "tenants"}
# What a hotel is opened to; its name, zone and texts stay as they were.
OPENED = ("pms", "nlp", "handlers", "owners", "channels", "sections", "failed", "unserved")
Mark = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the settings come from: their files, and how to read them again."""

    files: Callable[[], Sequence[Path]]
    read: Callable[[], Settings]


@dataclass(frozen=True, kw_only=True)
class Rotated:
    """What follows when hotels were opened anew: at once, and again and again for a while."""

    once: Callable[[], Awaitable[None]]
    afterwards: Callable[[], Awaitable[None]]


@dataclass(kw_only=True)
class Rotation:
    """Runs until stopped."""

    source: Source
    assembly: Assembly
    tenants: Mapping[str, Tenant]
    ingresses: dict[str, Ingress[Any]]
    door: StaffDoor
    stack: AsyncExitStack
    log: Log
    rotated: Rotated | None = None
    _mark: Mark = ()
    _again: float = field(default=math.inf, init=False)
    _told: set[str] = field(default_factory=set, init=False)
    _until: float = field(default=0.0, init=False)
    _task: asyncio.Task[None] | None = field(default=None, init=False)

    def start(self) -> None:
        self._mark = _mark(self.source)
        self._task = asyncio.create_task(self._run(), name="rotation")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
                await self._look_after()
            except Exception:
                # Whatever it is, the next secret must not wait for a restart.
                self.log.exception("rotation_failed")
                self._again = time.monotonic() + AGAIN_SECONDS

    async def look(self) -> None:
        """Take over what changed since the last time, or could not be taken then."""
        mark = await asyncio.to_thread(_mark, self.source)
        if mark == self._mark and time.monotonic() < self._again:
            return
        if mark != self._mark:
            self._told.clear()
        self._mark, self._again = mark, math.inf
        try:
            settings = await asyncio.to_thread(self.source.read)
            whole = await self._take(settings)
        except ConfigError as error:
            places = [one.path for one in error.problems]
            self._tell(self.log.error, "settings_not_taken", places=places)
            whole = False
        if not whole:
            self._again = time.monotonic() + AGAIN_SECONDS

    def _tell(self, say: Callable[..., object], event: str, **what: object) -> None:
        """Once, however often it is tried with the same files."""
        said = f"{event} {what}"
        if said not in self._told:
            self._told.add(said)
            say(event, **what)

    async def _look_after(self) -> None:
        if self.rotated is None or time.monotonic() > self._until:
            return
        try:
            await self.rotated.afterwards()
        except (SQLAlchemyError, OSError) as error:
            self.log.warning("storage_away", error=type(error).__name__)

    async def _take(self, settings: Settings) -> bool:
        """Whether all of it was taken that needs no restart. Raises ConfigError."""
        old = self.door.settings
        self.door.settings = old.model_copy(update={key: getattr(settings, key) for key in KEYS})
        for key in KEYS:
            if getattr(old, key) != getattr(settings, key):
                self.log.warning("secret_rotated", setting=key)
        assembly = replace(self.assembly, settings=console.on_every_tenant(settings))
        changed = [
            tenant
            for name, tenant in self.tenants.items()
            if name in settings.tenants and _changed(settings, assembly, tenant)
        ]
        opened = [await self._reopen(assembly, tenant) for tenant in changed]
        self.ingresses.update(assembly.ingresses(self.tenants))
        if changed and self.rotated is not None:
            await self.rotated.once()
            self._until = time.monotonic() + AFTERWARDS_SECONDS
        other = [one for one in _different(old, settings) if one not in TAKEN_OVER]
        if other or set(settings.tenants) != set(self.tenants):
            self._tell(self.log.warning, "restart_needed", settings=other or ["tenants"])
        return all(opened)

    async def _reopen(self, assembly: Assembly, tenant: Tenant) -> bool:
        """All of it or nothing of it; whether it was."""
        async with AsyncExitStack() as stack:
            try:
                fresh = await assembly.open_tenant(tenant.id, stack)
            except HoteleroError as error:
                reason = type(error).__name__
                self._tell(self.log.error, "hotel_not_reopened", tenant=tenant.id, reason=reason)
                return False
            lost = set(fresh.failed) - set(tenant.failed)
            if lost or fresh.channels.keys() != tenant.channels.keys():
                self._tell(
                    self.log.error, "hotel_not_reopened", tenant=tenant.id, plugins=sorted(lost)
                )
                return False
            for name in OPENED:
                setattr(tenant, name, getattr(fresh, name))
            self.stack.push_async_callback(stack.pop_all().aclose)
        self.log.warning("hotel_reopened", tenant=tenant.id)
        return True


def _changed(settings: Settings, assembly: Assembly, tenant: Tenant) -> bool:
    """Whether any plugin of a hotel has other settings now. Raises ConfigError for wrong ones."""
    classes = assembly.registry.config_class
    return any(
        section(settings, tenant.id, plugin, classes(plugin)) != config
        for plugin, (config, _) in tenant.sections.items()
    )


def _different(old: Settings, new: Settings) -> list[str]:
    return [name for name in Settings.model_fields if getattr(old, name) != getattr(new, name)]


def _mark(source: Source) -> Mark:
    """When each file was written, and how long it is; a file that is away has no mark."""
    try:
        files = source.files()
    except ConfigError:
        return ()
    return tuple(found for file in files if (found := _mark_of(file)) is not None)


def _mark_of(file: Path) -> tuple[str, int, int] | None:
    try:
        about = file.stat()
    except OSError:
        return None
    return str(file), about.st_mtime_ns, about.st_size
