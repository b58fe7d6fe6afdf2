"""The agent as a whole: plugins, tenants, engine and relay, opened and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import structlog

from agente_hotelero._db.migrate import migrate, owners
from agente_hotelero._db.session import Database, connect
from agente_hotelero._runtime import (
    console,
    rights,
    templates,
    tenants,
)
from agente_hotelero._runtime.announcing import Announcer
from agente_hotelero._runtime.desk import HotelDesk
from agente_hotelero._runtime.door import StaffDoor
from agente_hotelero._runtime.engine import Engine, SoleProcess
from agente_hotelero._runtime.failures import Failures
from agente_hotelero._runtime.guard import Guard, Walls
from agente_hotelero._runtime.ingest import RawWriter
from agente_hotelero._runtime.limiter import Limiter
from agente_hotelero._runtime.live import Live
from agente_hotelero._runtime.media_store import open_store
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.plugins import Plugins
from agente_hotelero._runtime.pms_cache import SharedStore, StaticCache
from agente_hotelero._runtime.proactive import checking, making
from agente_hotelero._runtime.proactive.runner import Runner
from agente_hotelero._runtime.rendering import Abilities
from agente_hotelero._runtime.rights import Rights
from agente_hotelero._runtime.rotation import Rotated, Rotation, Source
from agente_hotelero._runtime.templates import Renderer
from agente_hotelero._runtime.tenants import Assembly, Lender, Registry, Tenant
from agente_hotelero._runtime.watchdog import Limits, Watchdog
from agente_hotelero._runtime.work import guard_of, start_work
from agente_hotelero.components import Clock, Ingress, MediaStore, PluginSchema, Templates
from agente_hotelero.config import Settings
from agente_hotelero.errors import ConfigError, PluginBug


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Agent:
    """A running agent."""

    settings: Settings
    plugins: Plugins
    database: Database
    metrics: Metrics
    clock: Clock
    writer: RawWriter
    tenants: dict[str, Tenant]
    ingresses: dict[str, Ingress[Any]]
    shared: dict[str, Any]
    limiter: Limiter
    door: StaffDoor
    desks: Mapping[str, HotelDesk]
    live: Live
    queue: Engine
    media: MediaStore
    announcer: Announcer
    walls: Walls
    journeys: Mapping[str, Runner]
    rights: Rights
    strangers: httpx.AsyncClient
    assembly: Assembly
    parts: dict[str, Callable[[], bool]]

    def working(self) -> dict[str, bool]:
        """The parts that must run for guests to be answered, and whether they do."""
        return {name: alive() for name, alive in self.parts.items()}


def load_plugins(settings: Settings) -> tuple[Plugins, Registry]:
    """Import what is enabled, and ask it what it offers."""
    plugins = Plugins.load(settings.plugins)
    return plugins, Registry.of(plugins)


def _warn_of_slow_imports(plugins: Plugins) -> None:
    log = structlog.get_logger("agent")
    for record in plugins.records.values():
        if record.slow:
            log.warning("slow_import", plugin=record.name, milliseconds=record.load_ms)


def check(settings: Settings) -> None:
    """Raises ConfigError with every problem that starting would meet in plugins' settings."""
    _refuse(settings, *load_plugins(settings))


def _refuse(settings: Settings, plugins: Plugins, registry: Registry) -> None:
    problems = tenants.problems(settings, plugins, registry)
    for name, one in settings.tenants.items():
        problems += checking.problems(name, one, registry.channels)
    if problems:
        raise ConfigError(problems)


async def migrate_all(plugins: Plugins, database: Database) -> None:
    """Bring the tables of the core and of every active plugin to their newest revision.

    A plugin whose tables cannot be brought there is out of service.
    """
    found = plugins.registered("register_schema")
    schemas = {name: schema for name, schema in found if isinstance(schema, PluginSchema)}
    for owner in owners(schemas):
        try:
            await migrate(database.engine, [owner])
        except Exception as error:
            if not owner.name:
                raise
            structlog.get_logger("agent").exception("migration_failed", plugin=owner.name)
            plugins.fail(owner.name, f"its tables cannot be migrated: {type(error).__name__}")


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    clock: Clock | None = None,
    metrics: Metrics | None = None,
    work: bool = True,
    source: Source | None = None,
) -> AsyncIterator[Agent]:
    """Open everything; with `work` false only the way in is open (another process answers), with
    a `source` secrets may change while it runs.

    Raises ConfigError before anything is opened if any plugin's settings are wrong.
    """
    clock = clock or SystemClock()
    plugins, registry = load_plugins(settings)
    _warn_of_slow_imports(plugins)
    database = connect(settings.database_url.get_secret_value())
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        if work and database.path is not None:
            lock = SoleProcess(database.path)
            lock.acquire()
            stack.callback(lock.release)
        _refuse(settings, plugins, registry)
        await migrate_all(plugins, database)
        agent = await _open(
            settings, plugins, registry, database, clock, metrics or Metrics(), stack
        )
        agent.writer.start()
        stack.push_async_callback(agent.writer.stop)
        rotated = await start_work(agent, stack) if work else None
        if source is not None:
            _start_rotation(agent, source, rotated, stack)
        yield agent


def _start_rotation(
    agent: Agent, source: Source, rotated: Rotated | None, stack: AsyncExitStack
) -> None:
    rotation = Rotation(
        source=source,
        assembly=agent.assembly,
        tenants=agent.tenants,
        ingresses=agent.ingresses,
        door=agent.door,
        stack=stack,
        log=structlog.get_logger("agent"),
        rotated=rotated,
    )
    rotation.start()
    stack.push_async_callback(rotation.stop)


async def _open(
    settings: Settings,
    plugins: Plugins,
    registry: Registry,
    database: Database,
    clock: Clock,
    metrics: Metrics,
    stack: AsyncExitStack,
) -> Agent:
    """All parts, open, though nothing runs yet; the stack closes them."""
    walls = _walls(settings, metrics, stack)
    writer = RawWriter(database.sync_engine, clock)
    limiter = _limiter(settings, metrics)
    stack.push_async_callback(limiter.close)
    door = StaffDoor(settings=settings, database=database, limiter=limiter, clock=clock)
    queue = Engine(database)
    store = open_store(settings.media_store)
    desks = _desks(settings, registry, database, clock, queue, store)
    desk_of = desks.__getitem__
    lender = Lender(settings, database, clock, writer, media=store, door=door, desks=desk_of)
    stack.push_async_callback(lender.close)
    assembly = Assembly(
        settings=console.on_every_tenant(settings),
        plugins=plugins,
        registry=console.with_console(registry),
        lender=lender,
        metrics=metrics,
        cache=_cache(settings, stack),
        limiter=limiter,
        walls=walls,
    )
    live = await _live(settings, database, _renderer(settings, plugins, walls), stack)
    built = await assembly.build(stack)
    runners = making.runners(built, live, database, queue, clock, metrics)
    metrics.sends_on({name for one in settings.tenants.values() for name in one.channels})
    return Agent(
        settings=settings,
        plugins=plugins,
        database=database,
        metrics=metrics,
        clock=clock,
        writer=writer,
        tenants=built,
        ingresses=assembly.ingresses(built),
        shared=lender.held,
        limiter=limiter,
        door=door,
        desks=desks,
        live=live,
        queue=queue,
        media=store,
        announcer=Announcer(engine=queue, clock=clock, wanted=live.wanted),
        walls=walls,
        journeys=runners,
        rights=_rights(settings, plugins, database, built, store, clock, walls),
        strangers=lender.strangers,
        assembly=assembly,
        parts={"writer": lambda: writer.alive},
    )


def _rights(
    settings: Settings,
    plugins: Plugins,
    database: Database,
    built: Mapping[str, Tenant],
    store: MediaStore,
    clock: Clock,
    walls: Walls,
) -> Rights:
    return Rights(
        database=database,
        tenants=built,
        holders=rights.holders(plugins, partial(guard_of, settings, walls)),
        media=store,
        clock=clock,
        log=structlog.get_logger("agent"),
    )


async def _live(
    settings: Settings, database: Database, renderer: Renderer, stack: AsyncExitStack
) -> Live:
    live = Live(settings, database, renderer, structlog.get_logger("agent"))
    await live.start()
    stack.push_async_callback(live.stop)
    return live


def _limiter(settings: Settings, metrics: Metrics) -> Limiter:
    url = settings.redis_url.get_secret_value() if settings.redis_url else None
    return Limiter(url, log=structlog.get_logger("agent"), metrics=metrics)


def _cache(settings: Settings, stack: AsyncExitStack) -> StaticCache:
    if settings.redis_url is None:
        return StaticCache(settings.pms_cache_seconds)
    store = SharedStore(settings.redis_url.get_secret_value(), structlog.get_logger("agent"))
    stack.push_async_callback(store.close)
    return StaticCache(settings.pms_cache_seconds, store)


def _desks(
    settings: Settings,
    registry: Registry,
    database: Database,
    clock: Clock,
    queue: Engine,
    store: MediaStore,
) -> dict[str, HotelDesk]:
    kinds = console.with_console(registry).channels
    abilities = {name: Abilities.of(kind.channel) for name, kind in kinds.items()}
    return {
        name: HotelDesk(
            tenant=name,
            house=tenant.answers(),
            database=database,
            engine=queue,
            clock=clock,
            abilities=abilities,
            media=store,
        )
        for name, tenant in settings.tenants.items()
    }


def _walls(settings: Settings, metrics: Metrics, stack: AsyncExitStack) -> Walls:
    """What all guards share, and the watchdog that enforces it until the stack ends it."""
    limits = Limits(
        block_seconds=settings.plugin_block_seconds, memory_mb=settings.plugin_memory_mb
    )
    walls = Walls(failures=Failures(metrics.plugin_failures), limits=limits)
    watchdog = Watchdog(limits, structlog.get_logger("agent"), walls.failures)
    if watchdog.start():
        stack.callback(watchdog.stop)
    return walls


def _renderer(settings: Settings, plugins: Plugins, walls: Walls) -> Renderer:
    """All templates; a plugin whose folder cannot be read is out of service."""
    sources = templates.collect([("core", Templates(package="agente_hotelero", folder="words"))])
    guards: dict[str, Guard] = {}
    for name, folder in plugins.registered("register_templates"):
        if isinstance(folder, Templates):
            guards[name] = guard_of(settings, walls, name)
            try:
                read = partial(templates.collect, [(name, folder)])
                sources |= guards[name].run("templates", read)
            except PluginBug as bug:
                plugins.fail(name, str(bug))
    renderer = Renderer(sources, guards)
    for broken in renderer.broken:
        structlog.get_logger("agent").error("broken_template", template=broken)
        walls.failures.note(broken.partition("/")[0], "templates", "TemplateError")
    return renderer
