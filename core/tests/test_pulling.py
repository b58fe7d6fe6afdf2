"""Channels that fetch: by one process at a time, again when they fail, not when refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from agente_hotelero._db import held
from agente_hotelero._db.guests import At
from agente_hotelero._db.models import StoppedAccount
from agente_hotelero._db.session import Database
from agente_hotelero._runtime import pulling as module
from agente_hotelero._runtime.guard import Walls
from agente_hotelero._runtime.leases import Leases
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.pulling import Pulling
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import PluginConfig
from agente_hotelero.config import TenantSettings
from agente_hotelero.dialogue import Hotel
from agente_hotelero.errors import AuthFailed, Unavailable
from agente_hotelero.testing import SettableClock, lend
from sqlalchemy import select, text

from core.tests.fakes import FakeChannel
from core.tests.parts import LOG, accounts_of
from core.tests.relays import Queue

pytestmark = pytest.mark.anyio
SOL = At(tenant="sol", channel="fake", account="sol")
PATIENCE = 20.0
# Of this test's own database: others on the server have locks too.
KILL = text(
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = "
    "(SELECT oid FROM pg_database WHERE datname = current_database())"
)


class Fetching(FakeChannel):
    """Fetches until told otherwise; `wrong` is raised instead, one per try."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.begun = 0
        self.now = 0
        self.wrong: list[BaseException] = []
        self.ended = asyncio.Event()

    async def receive(self) -> None:
        self.begun += 1
        if self.wrong:
            raise self.wrong.pop(0)
        self.now += 1
        try:
            await self.ended.wait()
        finally:
            self.now -= 1


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(module, "FIRST_DELAY", 0.01)


class Process:
    """One of several on a database."""

    def __init__(self, database: Database, clock: SettableClock) -> None:
        services = replace(lend(clock=clock), sessions=database.sessions)
        config = PluginConfig()
        self.channel = Fetching(config, services, "sol")
        hotel = Hotel(tenant="sol", name="Hotel Sol", languages=("en",), property_id="1")
        tenant = Tenant(id="sol", settings=TenantSettings(name="Hotel Sol"), hotel=hotel)
        tenant.channels["fake", "sol"] = (
            self.channel,
            Walls().guard("fake", LOG, timeout=1, concurrency=1),
        )
        tenant.channels["fake", "told"] = (
            FakeChannel(config, services, "told"),
            Walls().guard("fake", LOG, timeout=1, concurrency=1),
        )
        tenant.sections["fake"] = (config, services)
        self.tenants = {"sol": tenant}
        self.on = True
        self.metrics = Metrics()
        self.leases = Leases(database)
        queue: Any = Queue()
        self.accounts = accounts_of(database, queue, clock, self.tenants)
        self.pulling = Pulling(
            database=database,
            leases=self.leases,
            accounts=self.accounts,
            metrics=self.metrics,
            log=LOG,
            on=lambda tenant, channel: self.on,
        )

    def start(self) -> None:
        self.pulling.start(self.tenants, Walls())

    def shown(self) -> float | None:
        labels = {"tenant": "sol", "channel": "fake", "account": "sol"}
        return self.metrics.registry.get_sample_value("channel_receiving", labels)


@pytest.fixture
async def one(database: Database, clock: SettableClock) -> AsyncIterator[Process]:
    made = Process(database, clock)
    yield made
    await made.pulling.stop()


@pytest.fixture
async def other(database: Database, clock: SettableClock) -> AsyncIterator[Process]:
    made = Process(database, clock)
    yield made
    await made.pulling.stop()


async def until(done: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_it_runs_until_it_is_stopped(one: Process) -> None:
    one.start()
    await until(lambda: one.channel.now)
    assert one.pulling.alive
    assert one.shown() == 1
    await one.pulling.stop()
    assert one.channel.now == 0


async def test_a_failure_is_followed_by_another_try(one: Process) -> None:
    one.channel.wrong = [Unavailable("away"), ValueError("a bug"), SystemExit()]
    one.start()
    await until(lambda: one.channel.now)
    assert one.channel.begun == 4


async def test_what_ends_by_itself_is_begun_again(one: Process) -> None:
    one.start()
    one.channel.ended.set()
    await until(lambda: one.channel.begun >= 3)


async def test_a_refused_password_stops_the_account_once_and_is_not_tried_again(
    one: Process, database: Database
) -> None:
    one.channel.wrong = [AuthFailed("refused")]
    one.start()

    async def stopped() -> list[StoppedAccount]:
        async with database.sessions() as session:
            return list((await session.scalars(select(StoppedAccount))).all())

    deadline = time.monotonic() + PATIENCE
    while not (found := await stopped()):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    assert [(row.account, row.reason) for row in found] == [("sol", "refused")]
    await asyncio.sleep(0.3)
    assert one.channel.begun == 1
    one.channel.well = True
    await one.accounts.probe()
    await until(lambda: one.channel.now)
    assert one.channel.begun == 2


async def test_an_account_that_may_send_nothing_is_still_read(
    one: Process, database: Database, clock: SettableClock
) -> None:
    async with database.sessions() as session, session.begin():
        await held.stop(session, "sol", "fake", "sol", "the daily limit", clock.now())
    one.start()
    await until(lambda: one.channel.now)


async def test_a_channel_that_is_switched_off_is_not_read(one: Process) -> None:
    one.on = False
    one.start()
    await asyncio.sleep(0.2)
    assert one.channel.begun == 0
    one.on = True
    await until(lambda: one.channel.now)
    one.on = False
    await until(lambda: not one.channel.now)


async def test_only_one_of_several_processes_reads_and_another_takes_over(
    one: Process, other: Process, database: Database
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite serves one process")
    one.start()
    await until(lambda: one.channel.now)
    other.start()
    await asyncio.sleep(0.3)
    assert other.channel.begun == 0
    await one.pulling.stop()
    await until(lambda: other.channel.now)


async def test_who_loses_the_database_stops_reading(
    one: Process, other: Process, database: Database
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no connection to lose")
    one.start()
    await until(lambda: one.channel.now)
    other.start()
    async with database.engine.connect() as connection:
        await connection.execute(KILL)
    await until(lambda: one.channel.begun + other.channel.begun >= 2)
    await until(lambda: one.channel.now + other.channel.now == 1)


async def test_leases_are_given_back(database: Database) -> None:
    mine, theirs = Leases(database), Leases(database)
    assert await mine.take("a")
    assert await mine.keeps("a")
    if not database.is_sqlite:
        assert not await theirs.take("a")
    await mine.free("a")
    assert not await mine.keeps("a")
    assert await theirs.take("a")
    await mine.close()
    await theirs.close()
