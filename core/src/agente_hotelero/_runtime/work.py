"""What an agent does: its parts that run, started in order and stopped in the opposite one."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from agente_hotelero._runtime import (
    announcing,
    jobs,
    media,
    pms_changes,
    retention,
)
from agente_hotelero._runtime.accounts import JOB as ACCOUNTS
from agente_hotelero._runtime.accounts import Accounts
from agente_hotelero._runtime.announcing import Deliverer
from agente_hotelero._runtime.engine import Due, Engine
from agente_hotelero._runtime.guard import Guard, Walls
from agente_hotelero._runtime.happenings import Happenings
from agente_hotelero._runtime.holding import Holding
from agente_hotelero._runtime.jobs import Jobs
from agente_hotelero._runtime.leases import Leases
from agente_hotelero._runtime.listening import Ears
from agente_hotelero._runtime.media import MediaKeeper, waits_for_file
from agente_hotelero._runtime.opting import Opting
from agente_hotelero._runtime.proactive import making
from agente_hotelero._runtime.pulling import Pulling
from agente_hotelero._runtime.receipts import Receipts
from agente_hotelero._runtime.relay import Directory, Relay
from agente_hotelero._runtime.rotation import Rotated
from agente_hotelero._runtime.sender import Sender
from agente_hotelero._runtime.speaking import JOB as RECORDINGS
from agente_hotelero._runtime.speaking import Mouth
from agente_hotelero._runtime.subscribers import Subscribers
from agente_hotelero._runtime.turn import TurnRunner
from agente_hotelero._runtime.watch import Watch
from agente_hotelero.audio import Sounds
from agente_hotelero.config import Settings
from agente_hotelero.events import Subscription

if TYPE_CHECKING:
    from agente_hotelero._runtime.agent import Agent


async def start_work(agent: Agent, stack: AsyncExitStack) -> Rotated:
    """Start everything that answers guests; what a rotation of secrets must renew."""
    log, subscribers = structlog.get_logger("agent"), _subscribers(agent)
    accounts = Accounts(
        database=agent.database,
        engine=agent.queue,
        announcer=agent.announcer,
        clock=agent.clock,
        log=log,
        tenants=agent.tenants,
    )
    receipts = Receipts(
        clock=agent.clock,
        log=log,
        engine=agent.queue,
        accounts=accounts,
        attempts=agent.settings.send_attempts,
    )
    ears, mouth = _voices(agent, stack)
    turns = _turns(agent, subscribers, ears, mouth)
    sender = _sender(agent, subscribers, accounts, receipts)
    poll_seconds = agent.settings.poll_seconds
    engine = Engine(agent.database, turn=turns.run, send=sender.run, poll_seconds=poll_seconds)
    turns.engine, keeper = engine, _keeper(agent)
    planned = _jobs(agent, engine, subscribers, accounts, keeper, mouth)
    engine.due = _due(planned, _deliverer(agent, engine), keeper)
    # Once the engine's grace time is over: whoever dies without it leaves a job's process behind.
    stack.push_async_callback(planned.stop)
    await engine.start()
    stack.push_async_callback(engine.stop)
    await planned.plan()
    _start_watch(agent, stack)
    _start_relay(agent, engine, subscribers, accounts, receipts, stack)
    agent.parts["engine"] = lambda: engine.alive
    pulling = _pulling(agent, accounts)
    pulling.start(agent.tenants, agent.walls)
    agent.parts["pulling"] = lambda: pulling.alive
    stack.push_async_callback(pulling.stop)
    renew = partial(pulling.renew, agent.tenants, agent.walls)
    return Rotated(once=renew, afterwards=accounts.probe)


def _turns(agent: Agent, subscribers: Subscribers, ears: Ears, mouth: Mouth) -> TurnRunner:
    settings = agent.settings
    return TurnRunner(
        database=agent.database,
        live=agent.live,
        clock=agent.clock,
        log=structlog.get_logger("agent"),
        metrics=agent.metrics,
        stale_after=timedelta(minutes=settings.stale_after_minutes),
        debounce=timedelta(seconds=settings.debounce()),
        tenants=agent.tenants,
        subscribers=subscribers,
        announcer=agent.announcer,
        mirrors={name: one.mirror for name, one in agent.journeys.items()},
        ears=ears,
        mouth=mouth,
    )


def _start_watch(agent: Agent, stack: AsyncExitStack) -> None:
    log = structlog.get_logger("agent")
    named = [(one.id, *key) for one in agent.tenants.values() for key in one.channels]
    watch = Watch(
        agent.database, agent.metrics, agent.clock, log, named, agent.settings, agent.limiter
    )
    watch.start()
    stack.push_async_callback(watch.stop)


def _start_relay(
    agent: Agent,
    engine: Engine,
    subscribers: Subscribers,
    accounts: Accounts,
    receipts: Receipts,
    stack: AsyncExitStack,
) -> None:
    log = structlog.get_logger("agent")
    relay = Relay(
        agent.database,
        engine,
        _directory(agent),
        clock=agent.clock,
        log=log,
        metrics=agent.metrics,
        debounce=agent.settings.debounce(),
        limiter=agent.limiter,
        guest_per_minute=agent.settings.guest_messages_per_minute,
        announcer=agent.announcer,
        happenings=Happenings(clock=agent.clock, log=log, accounts=accounts),
        receipts=receipts,
        subscribers=subscribers,
        opting=Opting(
            engine=engine,
            clock=agent.clock,
            tenants=agent.tenants,
            renderer_of=agent.live.renderer_of,
        ),
    )
    relay.start(agent.writer.stored)
    agent.parts["relay"] = lambda: relay.alive
    stack.push_async_callback(relay.stop)


def _pulling(agent: Agent, accounts: Accounts) -> Pulling:
    return Pulling(
        database=agent.database,
        leases=Leases(agent.database),
        accounts=accounts,
        metrics=agent.metrics,
        log=structlog.get_logger("agent"),
        on=agent.live.on,
    )


def _voices(agent: Agent, stack: AsyncExitStack) -> tuple[Ears, Mouth]:
    """Who listens and speaks for all hotels; the process that decodes starts when it is needed."""
    settings, sounds = agent.settings, Sounds()
    stack.push_async_callback(sounds.aclose)
    log = structlog.get_logger("agent")
    ears = Ears(
        database=agent.database,
        store=agent.media,
        sounds=sounds,
        log=log,
        metrics=agent.metrics,
        seconds=settings.listen_timeout_seconds,
    )
    mouth = Mouth(
        database=agent.database,
        store=agent.media,
        sounds=sounds,
        clock=agent.clock,
        log=log,
        metrics=agent.metrics,
        seconds=settings.speak_timeout_seconds,
        days=settings.media_days,
    )
    return ears, mouth


def _deliverer(agent: Agent, engine: Engine) -> Deliverer:
    return Deliverer(
        database=agent.database,
        engine=engine,
        http=agent.strangers,
        clock=agent.clock,
        log=structlog.get_logger("agent"),
        metrics=agent.metrics,
    )


def _keeper(agent: Agent) -> MediaKeeper:
    return MediaKeeper(
        database=agent.database,
        engine=agent.queue,
        store=agent.media,
        clock=agent.clock,
        log=structlog.get_logger("agent"),
        metrics=agent.metrics,
        tenants=agent.tenants,
        max_mb=agent.settings.media_max_mb,
        days=agent.settings.media_days,
    )


def _due(planned: Jobs, deliverer: Deliverer, keeper: MediaKeeper) -> Due:
    """Who does what has its time, by kind."""

    async def due(key: str, at: datetime) -> None:
        if key.startswith(f"{announcing.KIND}:"):
            await deliverer.due(key, at)
        elif key.startswith(f"{media.KIND}:"):
            await keeper.due(key, at)
        else:
            await planned.due(key, at)

    return due


def _subscribers(agent: Agent) -> Subscribers:
    found = agent.plugins.listed(
        "register_subscriptions", lambda one: isinstance(one, Subscription)
    )
    guards = {name: guard_of(agent.settings, agent.walls, name) for name in found}
    return Subscribers(
        subscriptions=[(one, guards[name]) for name, many in found.items() for one in many],
        log=structlog.get_logger("agent"),
    )


def guard_of(settings: Settings, walls: Walls, plugin: str) -> Guard:
    """Around what a plugin does for all hotels alike."""
    timeout = settings.turn_timeout_seconds
    log = structlog.get_logger("plugin").bind(plugin=plugin)
    return walls.guard(plugin, log, timeout=timeout, concurrency=64)


def _sender(
    agent: Agent, subscribers: Subscribers, accounts: Accounts, receipts: Receipts
) -> Sender:
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
        holding=Holding(
            database=agent.database,
            engine=agent.queue,
            accounts=accounts,
            clock=agent.clock,
            log=subscribers.log,
            metrics=agent.metrics,
            tenants=agent.tenants,
        ),
        receipts=receipts,
    )


def _jobs(
    agent: Agent,
    engine: Engine,
    subscribers: Subscribers,
    accounts: Accounts,
    keeper: MediaKeeper,
    mouth: Mouth,
) -> Jobs:
    settings = agent.settings
    ours = jobs.retention(
        agent.database,
        engine,
        agent.clock,
        raw_days=settings.raw_days,
        dead_days=settings.dead_days,
        held_days=settings.held_days,
        engine_days=settings.engine_days,
    )
    changes = pms_changes.planned(
        agent.tenants,
        agent.database,
        agent.announcer,
        subscribers,
        agent.clock,
        minutes=settings.pms_poll_minutes,
        mirrors={name: one.mirror for name, one in agent.journeys.items()},
    )
    return Jobs(
        planned={
            jobs.RETENTION: ours,
            ACCOUNTS: accounts.planned(),
            media.JOB: keeper.planned(),
            RECORDINGS: mouth.planned(),
            **({jobs.BACKUP: jobs.backup(settings)} if settings.backup_folder else {}),
            **changes,
            **making.planned(agent.journeys),
            **retention.planned(agent.tenants, agent.rights),
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
    return Directory(
        ingresses=agent.ingresses,
        tenants=accounts,
        on=agent.live.on,
        waits=lambda tenant, message: waits_for_file(agent.tenants.get(tenant), message),
        journeying=frozenset(agent.journeys),
    )
