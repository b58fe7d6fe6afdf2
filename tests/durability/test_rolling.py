"""Deploys and deaths: old and new processes side by side, and a dead one's work taken over."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from pathlib import Path

import httpx
from agente_hotelero._db.migrate import migrate, owners
from agente_hotelero._db.session import connect
from agente_hotelero_channel_whatsapp.testing import Simulator
from sqlalchemy import create_engine, inspect

from tests.durability.test_upgrade import DUMP
from tests.support.cluster import ACCOUNT, Cluster, Walker, repeated

TAKEN_OVER_SECONDS = 10
# What was being sent when it died waits for a receipt that proves it, before it is sent again.
UNKNOWN_SECONDS = 8


def test_a_rolling_restart_loses_nothing_and_repeats_nothing(
    postgres_url: str, tmp_path: Path
) -> None:
    with Simulator([ACCOUNT]) as simulator:
        cluster = Cluster(simulator, postgres_url, tmp_path, size=2)
        guests = [Walker(cluster, f"54911557{n:05}", random.Random(n)) for n in range(6)]

        async def roll() -> None:
            for _ in range(2):
                await asyncio.sleep(1.5)
                await asyncio.to_thread(cluster.start_one)
                oldest = cluster.agents.pop(0)
                await asyncio.to_thread(oldest.stop)
                assert "Application shutdown complete" in oldest.log.read_text()
                oldest.__exit__()

        async def run() -> None:
            async with httpx.AsyncClient(timeout=15) as client:
                await asyncio.gather(roll(), *(guest.walk(client, 8) for guest in guests))

        with cluster.running():
            asyncio.run(run())
            for guest in guests:
                assert guest.heard() == guest.asked
        assert repeated(simulator) == 0


def test_the_work_of_a_dead_process_is_taken_over_soon(postgres_url: str, tmp_path: Path) -> None:
    with Simulator([ACCOUNT]) as simulator:
        cluster = Cluster(simulator, postgres_url, tmp_path, size=2)
        guests = [Walker(cluster, f"54911558{n:05}", random.Random(n)) for n in range(8)]
        death: list[float] = []
        waits: list[float] = []

        async def kill() -> None:
            await asyncio.sleep(1.5)
            victim = cluster.agents.pop(0)
            victim.kill()
            death.append(time.monotonic())
            victim.__exit__()

        async def ask(client: httpx.AsyncClient, guest: Walker) -> None:
            """Until one question was asked after the death."""
            while not death:
                await guest.walk(client, len(guest.asked) + 1)
                waits.append(time.monotonic() - death[0] if death else 0.0)

        async def run() -> None:
            async with httpx.AsyncClient(timeout=15) as client:
                await asyncio.gather(kill(), *(ask(client, guest) for guest in guests))

        with cluster.running():
            asyncio.run(run())
            for guest in guests:
                assert guest.heard() == guest.asked
        assert 0 < max(waits) < TAKEN_OVER_SECONDS + UNKNOWN_SECONDS
        assert repeated(simulator) <= len(guests)


def test_the_release_before_can_work_on_the_tables_of_this_one(tmp_path: Path) -> None:
    """While a deploy rolls, old processes write rows that know nothing of new columns."""
    with sqlite3.connect(tmp_path / "old.db") as database:
        database.executescript(DUMP.read_text(encoding="utf-8"))
    held = connect(f"sqlite:///{tmp_path}/new.db")

    async def make() -> None:
        await migrate(held.engine, owners({}))
        await held.close()

    asyncio.run(make())
    old = inspect(create_engine(f"sqlite:///{tmp_path}/old.db"))
    new = inspect(create_engine(f"sqlite:///{tmp_path}/new.db"))
    ours = [name for name in old.get_table_names() if name in new.get_table_names()]
    assert {"inbox_raw", "inbound_event", "outbox", "conversation"} <= set(ours)
    for table in ours:
        before = {column["name"] for column in old.get_columns(table)}
        now = {column["name"]: column for column in new.get_columns(table)}
        assert before <= set(now), table
        for name in set(now) - before:
            optional = now[name]["nullable"] or now[name]["default"] is not None
            assert optional, f"{table}.{name}"
