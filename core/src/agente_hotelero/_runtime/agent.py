"""The agent as a whole: plugins, tenants, engine and relay, opened and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from agente_hotelero._db.migrate import migrate, owners
from agente_hotelero._db.session import Database, connect
from agente_hotelero._runtime import console, templates, tenants
from agente_hotelero._runtime.engine import Engine, SoleProcess
from agente_hotelero._runtime.guarded_pms import StaticCache
from agente_hotelero._runtime.ingest import RawWriter
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.plugins import Plugins
from agente_hotelero._runtime.relay import Directory, Relay
from agente_hotelero._runtime.sender import Sender
from agente_hotelero._runtime.templates import Renderer
from agente_hotelero._runtime.tenants import Assembly, Lender, Registry, Tenant
from agente_hotelero._runtime.turn import TurnRunner
from agente_hotelero.components import Clock, Ingress, Templates
from agente_hotelero.config import Settings
from agente_hotelero.errors import ConfigError


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


def load_plugins(settings: Settings) -> tuple[Plugins, Registry]:
    """Import what is enabled, and ask it what it offers."""
    plugins = Plugins.load(settings.plugins)
    return plugins, Registry.of(plugins)


def check(settings: Settings) -> None:
    """Raises ConfigError with every problem that starting would meet in plugins' settings."""
    _refuse(settings, *load_plugins(settings))


def _refuse(settings: Settings, plugins: Plugins, registry: Registry) -> None:
    problems = tenants.problems(settings, plugins, registry)
    if problems:
        raise ConfigError(problems)


async def migrate_all(plugins: Plugins, database: Database) -> None:
    """Bring the tables of the core and of every active plugin to their newest revision."""
    schemas = {name: schema for name, schema in plugins.registered("register_schema") if schema}
    await migrate(database.engine, owners(schemas))


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
    database = connect(settings.database_url.get_secret_value())
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        if work and database.path is not None:
            lock = SoleProcess(database.path)
            lock.acquire()
            stack.callback(lock.release)
        metrics = metrics or Metrics()
        writer = RawWriter(database.engine, clock)
        lender = Lender(settings, database, clock, writer)
        stack.push_async_callback(lender.close)
        _refuse(settings, plugins, registry)
        assembly = Assembly(
            settings=console.on_every_tenant(settings),
            plugins=plugins,
            registry=console.with_console(registry),
            lender=lender,
            metrics=metrics,
            cache=StaticCache(settings.pms_cache_seconds),
        )
        await migrate_all(plugins, database)
        built = await assembly.build(stack)
        agent = Agent(
            settings=settings,
            plugins=plugins,
            database=database,
            metrics=metrics,
            clock=clock,
            writer=writer,
            tenants=built,
            ingresses=assembly.ingresses(built),
            shared=lender.held,
        )
        writer.start()
        stack.push_async_callback(writer.stop)
        if work:
            await _start_work(agent, stack)
        yield agent


async def _start_work(agent: Agent, stack: AsyncExitStack) -> None:
    settings = agent.settings
    log = structlog.get_logger("agent")
    turns = TurnRunner(
        database=agent.database,
        renderer=_renderer(agent.plugins),
        clock=agent.clock,
        log=log,
        metrics=agent.metrics,
        stale_after=timedelta(minutes=settings.stale_after_minutes),
        tenants=agent.tenants,
        subscriptions=[
            one for _, found in agent.plugins.registered("register_subscriptions") for one in found
        ],
    )
    sender = Sender(
        database=agent.database,
        clock=agent.clock,
        log=log,
        metrics=agent.metrics,
        attempts=settings.send_attempts,
        unknown_wait=settings.unknown_send_wait_seconds,
        tenants=agent.tenants,
    )
    engine = Engine(
        agent.database, turn=turns.run, send=sender.run, poll_seconds=settings.poll_seconds
    )
    turns.engine = engine
    await engine.start()
    stack.push_async_callback(engine.stop)
    relay = Relay(
        agent.database,
        engine,
        _directory(agent),
        clock=agent.clock,
        log=log,
        metrics=agent.metrics,
        debounce=settings.debounce_seconds,
    )
    relay.start(agent.writer.stored)
    stack.push_async_callback(relay.stop)


def _directory(agent: Agent) -> Directory:
    accounts = {key: tenant.id for tenant in agent.tenants.values() for key in tenant.channels}
    return Directory(ingresses=agent.ingresses, tenants=accounts)


def _renderer(plugins: Plugins) -> Renderer:
    ours = ("core", Templates(package="agente_hotelero", folder="words"))
    theirs = [found for found in plugins.registered("register_templates") if found[1]]
    return Renderer(templates.collect([ours, *theirs]))
