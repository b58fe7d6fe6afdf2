"""The port over the durable engine, on the engine itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from agente_hotelero._db.migrate import migrate, owners
from agente_hotelero._db.session import Database, connect
from agente_hotelero._runtime.engine import Engine
from sqlalchemy import event, text
from sqlalchemy.exc import SQLAlchemyError

pytestmark = pytest.mark.anyio
DEAD_RECIPIENTS = 150
SOON, LATE = timedelta(seconds=0.5), timedelta(hours=1)


@pytest.fixture
async def ran() -> list[str]:
    return []


@pytest.fixture
async def engine(tmp_path: Path, ran: list[str]) -> AsyncIterator[Engine]:
    database = connect(f"sqlite:///{tmp_path}/agent.db")
    await migrate(database.engine, owners({}))

    async def due(key: str, at: datetime) -> None:
        ran.append(key)

    async def work(*ids: int) -> None:
        ran.append(str(ids))

    engine = Engine(database, turn=work, send=work, due=due, poll_seconds=0.05)
    await engine.start()
    yield engine
    await engine.stop()
    await database.close()


async def schedule(engine: Engine, key: str, after: timedelta) -> None:
    now = datetime.now(UTC)
    database: Database = engine._database
    async with database.sessions() as session, session.begin():
        await engine.schedule(session, "test", key, now + after, now)


async def until(ran: list[str], number: int) -> None:
    async with asyncio.timeout(20):
        while len(ran) < number:  # noqa: ASYNC110 - the engine tells nobody
            await asyncio.sleep(0.05)


async def test_what_is_scheduled_is_done_once_and_what_is_cancelled_never(
    engine: Engine, ran: list[str]
) -> None:
    for _ in range(2):
        await schedule(engine, "a", SOON)
    await schedule(engine, "b", SOON)
    await engine.cancel("test", "b")
    await schedule(engine, "c", LATE)
    await engine.reschedule("test", "c", datetime.now(UTC) + SOON, datetime.now(UTC))
    await schedule(engine, "d", LATE)
    await until(ran, 2)
    await asyncio.sleep(2)
    assert sorted(ran) == ["test:a", "test:c"]


async def test_the_engine_starts_though_a_part_of_the_agent_is_writing(tmp_path: Path) -> None:
    """A channel may store what it reads at its start; on SQLite the launch waits for it, and it for
    the loop."""
    database = connect(f"sqlite:///{tmp_path}/agent.db")
    await migrate(database.engine, owners({}))
    writing, ran = asyncio.Event(), list[str]()

    async def write() -> None:
        async with database.sessions() as session, session.begin():
            await session.execute(text("DELETE FROM message"))
            writing.set()
            await asyncio.sleep(0.3)

    async def due(key: str, at: datetime) -> None:
        assert asyncio.get_running_loop() is loop
        ran.append(key)

    loop = asyncio.get_running_loop()
    engine = Engine(database, due=due, poll_seconds=0.05)
    task = asyncio.create_task(write())
    await writing.wait()
    await engine.start()
    try:
        await task
        await schedule(engine, "a", timedelta())
        await until(ran, 1)
    finally:
        await engine.stop()
        await database.close()


async def test_an_engine_that_could_not_start_leaves_nothing_behind(tmp_path: Path) -> None:
    nowhere = connect(f"sqlite:///{tmp_path}/agent.db")
    (tmp_path / "agent.db").mkdir()
    with pytest.raises(SQLAlchemyError):
        await Engine(nowhere).start()
    database = connect(f"sqlite:///{tmp_path}/other.db")
    await migrate(database.engine, owners({}))
    engine = Engine(database)
    await engine.start()
    assert engine.alive
    await engine.stop()
    for one in (nowhere, database):
        await one.close()


async def test_records_of_finished_work_can_be_forgotten(engine: Engine, ran: list[str]) -> None:
    await schedule(engine, "a", timedelta())
    await until(ran, 1)
    await asyncio.sleep(0.5)
    assert await engine.forget(datetime.now(UTC) - timedelta(days=1)) == 0
    assert await engine.forget(datetime.now(UTC) + timedelta(days=1)) == 1


async def test_a_turn_is_told_its_conversation_and_message(engine: Engine, ran: list[str]) -> None:
    async with engine._database.sessions() as session, session.begin():
        await engine.enqueue_turn(session, 7, 9, 0)
        await engine.enqueue_send(session, 3, "guest")
    await until(ran, 2)
    assert sorted(ran) == ["(3,)", "(7, 9)"]


async def test_recipients_that_hang_do_not_keep_others_waiting(tmp_path: Path) -> None:
    database = connect(f"sqlite:///{tmp_path}/agent.db")
    await migrate(database.engine, owners({}))
    sent: list[int] = []
    away = asyncio.Event()

    async def send(outbox_id: int) -> None:
        if outbox_id <= DEAD_RECIPIENTS:
            await away.wait()
        sent.append(outbox_id)

    engine = Engine(database, send=send, poll_seconds=0.05)
    await engine.start()
    async with database.sessions() as session, session.begin():
        for number in range(1, DEAD_RECIPIENTS + 2):
            await engine.enqueue_send(session, number, f"recipient {number}")
    async with asyncio.timeout(20):
        while not sent:  # noqa: ASYNC110 - the engine tells nobody
            await asyncio.sleep(0.05)
    assert sent == [DEAD_RECIPIENTS + 1]
    away.set()
    await engine.stop()
    await database.close()


async def test_an_idle_engine_asks_its_database_for_work_and_for_little_else(
    engine: Engine,
) -> None:
    """Queues and the version of the application do not change while it runs."""
    asked: list[str] = []

    @event.listens_for(engine._database.sync_engine, "before_cursor_execute")
    def note(_: object, __: object, statement: str, *___: object) -> None:
        asked.append(statement)

    polls: list[str] = []
    async with asyncio.timeout(60):
        while len(polls) < 40:
            await asyncio.sleep(0.05)
            polls = [one for one in asked if "queue_partition_key" in one]
    others = [one for one in asked if "application_versions" in one or "FROM queues" in one]
    assert len(others) < len(polls) / 4
