"""The agent as a whole: plugins, tenants, engine and relay, opened and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import structlog

from agente_hotelero._db.migrate import migrate, owners
from agente_hotelero._db.session import Database, connect
from agente_hotelero._runtime import announcing, console, jobs, pms_changes, templates, tenants
from agente_hotelero._runtime.announcing import Announcer, Deliverer
from agente_hotelero._runtime.desk import HotelDesk
from agente_hotelero._runtime.door import StaffDoor
from agente_hotelero._runtime.engine import Due, Engine, SoleProcess
from agente_hotelero._runtime.failures import Failures
from agente_hotelero._runtime.guard import Guard, Walls
from agente_hotelero._runtime.ingest import RawWriter
from agente_hotelero._runtime.jobs import Jobs
from agente_hotelero._runtime.limiter import Limiter
from agente_hotelero._runtime.live import Live
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.plugins import Plugins
from agente_hotelero._runtime.pms_cache import SharedStore, StaticCache
from agente_hotelero._runtime.relay import Directory, Relay
from agente_hotelero._runtime.rendering import Abilities
from agente_hotelero._runtime.sender import Sender
from agente_hotelero._runtime.subscribers import Subscribers
from agente_hotelero._runtime.templates import Renderer
from agente_hotelero._runtime.tenants import Assembly, Lender, Registry, Tenant
from agente_hotelero._runtime.turn import TurnRunner
from agente_hotelero._runtime.watch import Watch
from agente_hotelero._runtime.watchdog import Limits, Watchdog
from agente_hotelero.components import Clock, Ingress, PluginSchema, Templates
from agente_hotelero.config import Settings
from agente_hotelero.errors import ConfigError, PluginBug
from agente_hotelero.events import Subscription


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
    announcer: Announcer
    walls: Walls
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
) -> AsyncIterator[Agent]:
    """Open everything; with `work` false only the way in is open (another process answers).

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
        if work:
            await _start_work(agent, stack)
        yield agent


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
    desks = _desks(settings, registry, database, clock, queue)
    lender = Lender(settings, database, clock, writer, door=door, desks=desks.__getitem__)
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
        announcer=Announcer(engine=queue, clock=clock, wanted=live.wanted),
        walls=walls,
        parts={"writer": lambda: writer.alive},
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
    settings: Settings, registry: Registry, database: Database, clock: Clock, queue: Engine
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


async def _start_work(agent: Agent, stack: AsyncExitStack) -> None:
    settings = agent.settings
    log = structlog.get_logger("agent")
    subscribers = _subscribers(agent)
    turns = TurnRunner(
        database=agent.database,
        live=agent.live,
        clock=agent.clock,
        log=log,
        metrics=agent.metrics,
        stale_after=timedelta(minutes=settings.stale_after_minutes),
        debounce=timedelta(seconds=settings.debounce()),
        tenants=agent.tenants,
        subscribers=subscribers,
        announcer=agent.announcer,
    )
    sender = _sender(agent, subscribers)
    engine = Engine(
        agent.database, turn=turns.run, send=sender.run, poll_seconds=settings.poll_seconds
    )
    turns.engine = engine
    planned = _jobs(agent, engine, subscribers)
    http = await stack.enter_async_context(announcing.client())
    engine.due = _due(planned, _deliverer(agent, engine, http))
    await engine.start()
    stack.push_async_callback(engine.stop)
    await planned.plan()
    watch = Watch(agent.database, agent.metrics, agent.clock, log)
    watch.start()
    stack.push_async_callback(watch.stop)
    relay = Relay(
        agent.database,
        engine,
        _directory(agent),
        clock=agent.clock,
        log=log,
        metrics=agent.metrics,
        debounce=settings.debounce(),
        limiter=agent.limiter,
        guest_per_minute=settings.guest_messages_per_minute,
        announcer=agent.announcer,
    )
    relay.start(agent.writer.stored)
    agent.parts.update({"relay": lambda: relay.alive, "engine": lambda: engine.alive})
    stack.push_async_callback(relay.stop)


def _deliverer(agent: Agent, engine: Engine, http: httpx.AsyncClient) -> Deliverer:
    return Deliverer(
        database=agent.database,
        engine=engine,
        http=http,
        private_too=agent.settings.may_call_private_networks(),
        clock=agent.clock,
        log=structlog.get_logger("agent"),
        metrics=agent.metrics,
    )


def _due(planned: Jobs, deliverer: Deliverer) -> Due:
    """Who does what has its time, by kind."""

    async def due(key: str, at: datetime) -> None:
        if key.startswith(f"{announcing.KIND}:"):
            await deliverer.due(key, at)
        else:
            await planned.due(key, at)

    return due


def _subscribers(agent: Agent) -> Subscribers:
    found = agent.plugins.listed(
        "register_subscriptions", lambda one: isinstance(one, Subscription)
    )
    guards = {name: _guard(agent.settings, agent.walls, name) for name in found}
    return Subscribers(
        subscriptions=[(one, guards[name]) for name, many in found.items() for one in many],
        log=structlog.get_logger("agent"),
    )


def _guard(settings: Settings, walls: Walls, plugin: str) -> Guard:
    """Around what a plugin does for all hotels alike."""
    timeout = settings.turn_timeout_seconds
    log = structlog.get_logger("plugin").bind(plugin=plugin)
    return walls.guard(plugin, log, timeout=timeout, concurrency=64)


def _sender(agent: Agent, subscribers: Subscribers) -> Sender:
    return Sender(
        database=agent.database,
        clock=agent.clock,
        log=subscribers.log,
        metrics=agent.metrics,
        attempts=agent.settings.send_attempts,
        unknown_wait=agent.settings.unknown_send_wait_seconds,
        tenants=agent.tenants,
        limiter=agent.limiter,
        subscribers=subscribers,
        announcer=agent.announcer,
    )


def _jobs(agent: Agent, engine: Engine, subscribers: Subscribers) -> Jobs:
    settings = agent.settings
    ours = jobs.retention(
        agent.database,
        engine,
        agent.clock,
        raw_days=settings.raw_days,
        engine_days=settings.engine_days,
    )
    changes = pms_changes.planned(
        agent.tenants,
        agent.database,
        agent.announcer,
        subscribers,
        agent.clock,
        minutes=settings.pms_poll_minutes,
    )
    return Jobs(
        planned={
            jobs.RETENTION: ours,
            **changes,
            **jobs.of_plugins(agent.plugins, agent.tenants, agent.walls),
        },
        engine=engine,
        database=agent.database,
        clock=agent.clock,
        log=structlog.get_logger("agent"),
        metrics=agent.metrics,
    )


def _directory(agent: Agent) -> Directory:
    accounts = {key: tenant.id for tenant in agent.tenants.values() for key in tenant.channels}
    return Directory(ingresses=agent.ingresses, tenants=accounts, on=agent.live.on)


def _renderer(settings: Settings, plugins: Plugins, walls: Walls) -> Renderer:
    """All templates; a plugin whose folder cannot be read is out of service."""
    sources = templates.collect([("core", Templates(package="agente_hotelero", folder="words"))])
    guards: dict[str, Guard] = {}
    for name, folder in plugins.registered("register_templates"):
        if isinstance(folder, Templates):
            guards[name] = _guard(settings, walls, name)
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
