from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import structlog
from agente_hotelero._db import subscriptions
from agente_hotelero._db.models import InboxRaw, RawState, raw_
from agente_hotelero._db.session import Database
from agente_hotelero._db.staff_models import DeliveryProgress
from agente_hotelero._runtime import jobs
from agente_hotelero._runtime.jobs import Jobs, Planned, retention
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero.errors import Unavailable
from agente_hotelero.testing import SettableClock
from sqlalchemy import select

pytestmark = pytest.mark.anyio


class Diary:
    """Stands for the engine: keeps what is scheduled."""

    def __init__(self) -> None:
        self.entries: dict[str, datetime] = {}
        self.forgotten: list[datetime] = []

    async def schedule(
        self, session: Any, kind: str, key: str, at: datetime, now: datetime
    ) -> None:
        self.entries[f"{kind}:{key}"] = at

    async def forget(self, before: datetime) -> int:
        self.forgotten.append(before)
        return 0


async def nothing() -> None:
    return None


@pytest.mark.parametrize(
    ("zone", "after", "expected"),
    [
        pytest.param("UTC", "2026-11-18T12:00+00:00", "2026-11-19T00:30+00:00", id="plain"),
        pytest.param(
            "America/Santiago", "2026-09-06T03:00+00:00", "2026-09-06T04:00+00:00", id="skipped"
        ),
        pytest.param(
            "America/Santiago", "2026-09-06T05:00+00:00", "2026-09-07T03:30+00:00", id="day after"
        ),
    ],
)
def test_due_times_hang_on_the_hotels_clock(zone: str, after: str, expected: str) -> None:
    job = Planned(cron="30 0 * * *", zone=ZoneInfo(zone), run=nothing)
    assert job.next_after(datetime.fromisoformat(after)) == datetime.fromisoformat(expected)


def test_an_hour_that_comes_twice_is_one_due_time() -> None:
    job = Planned(cron="30 1 * * *", zone=ZoneInfo("Europe/Madrid"), run=nothing)
    first = job.next_after(datetime(2026, 10, 24, 23, 0, tzinfo=UTC))
    assert job.next_after(first) - first >= timedelta(hours=23)


def jobs_with(run: Any, database: Database, clock: SettableClock, diary: Any) -> Jobs:
    return Jobs(
        planned={"p/j/sol": Planned(cron="0 * * * *", zone=ZoneInfo("UTC"), run=run)},
        engine=diary,
        database=database,
        clock=clock,
        log=structlog.get_logger(),
        metrics=Metrics(),
    )


async def test_whoever_runs_a_job_plans_its_next_time(
    database: Database, clock: SettableClock
) -> None:
    diary, ran = Diary(), []

    async def run() -> None:
        ran.append(clock.now())

    jobs = jobs_with(run, database, clock, diary)
    await jobs.plan()
    ((key, at),) = diary.entries.items()
    assert at == clock.now() + timedelta(hours=1)
    clock.set(at)
    await jobs.due(key, at)
    assert (len(ran), max(diary.entries.values())) == (1, at + timedelta(hours=1))


async def test_planning_again_changes_nothing(database: Database, clock: SettableClock) -> None:
    diary = Diary()
    jobs = jobs_with(nothing, database, clock, diary)
    await jobs.plan()
    before = dict(diary.entries)
    clock.advance(minutes=5)
    await jobs.plan()
    assert diary.entries == before


async def test_a_job_that_fails_keeps_its_next_time(
    database: Database, clock: SettableClock
) -> None:
    diary = Diary()

    async def fail() -> None:
        raise Unavailable("away")

    jobs = jobs_with(fail, database, clock, diary)
    await jobs.due(f"job:p/j/sol@{clock.now().isoformat()}", clock.now())
    assert len(diary.entries) == 1


async def test_after_an_outage_missed_times_are_not_run_one_by_one(
    database: Database, clock: SettableClock
) -> None:
    diary = Diary()
    due = clock.now()
    clock.advance(hours=30)
    await jobs_with(nothing, database, clock, diary).due(f"job:p/j/sol@{due.isoformat()}", due)
    assert list(diary.entries.values()) == [clock.now() + timedelta(hours=1)]


async def test_retention_forgets_bodies_that_served_and_later_those_that_were_given_up(
    database: Database, clock: SettableClock
) -> None:
    ages = {RawState.DONE: 31, RawState.DEAD: 89, RawState.NEW: 99}
    async with database.sessions() as session, session.begin():
        for state, days in [*ages.items(), (RawState.DONE, 5), (RawState.DEAD, 91)]:
            at = clock.now() - timedelta(days=days)
            session.add(
                InboxRaw(channel="fake", accounts=[], body=b"", received_at=at, state=state)
            )
    diary: Any = Diary()
    await retention(
        database, diary, clock, raw_days=30, dead_days=90, held_days=7, engine_days=7
    ).run()
    async with database.sessions() as session:
        kept = (await session.scalars(select(raw_.state))).all()
    assert sorted(kept) == ["dead", "done", "new"]
    assert diary.forgotten == [clock.now() - timedelta(days=7)]


async def test_retention_forgets_what_subscribers_took_and_later_what_they_did_not(
    database: Database, clock: SettableClock
) -> None:
    ages = {"delivered": 31, "dead": 89, "queued": 99}
    async with database.sessions() as session, session.begin():
        for state, days in [*ages.items(), ("delivered", 5), ("dead", 91)]:
            at = clock.now() - timedelta(days=days)
            await subscriptions.queue(
                session, "sol", subscription_id=1, event="reply.sent", body={}, created_at=at
            )
            (newest, *_) = await subscriptions.latest(session, "sol")
            number, progress = int(newest.id or 0), DeliveryProgress(state)
            await subscriptions.set_delivery(session, "sol", number, progress)
    diary: Any = Diary()
    await retention(
        database, diary, clock, raw_days=30, dead_days=90, held_days=7, engine_days=7
    ).run()
    async with database.sessions() as session:
        kept = [one.state for one in await subscriptions.latest(session, "sol")]
    assert sorted(kept) == ["dead", "delivered", "queued"]


@pytest.mark.parametrize("heeds", [True, False], ids=["ends", "does not end"])
async def test_a_child_is_told_to_end_with_its_programs_and_killed_if_it_does_not(
    monkeypatch: pytest.MonkeyPatch, heeds: bool
) -> None:
    monkeypatch.setattr(jobs, "ENDING_SECONDS", 60.0 if heeds else 0.1)
    ignore = "" if heeds else "trap '' TERM; "
    child = await asyncio.create_subprocess_exec(
        *("sh", "-c", f"{ignore}sleep 600 & echo begun; wait"),
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert child.stdout
    assert await child.stdout.readline() == b"begun\n"
    await jobs._end(child)
    assert child.returncode == -(signal.SIGTERM if heeds else signal.SIGKILL)
    # Its program held the pipe open as long as it ran.
    assert await child.stdout.read() == b""
    await jobs._end(child)


async def test_what_runs_when_the_agent_stops_is_cancelled_and_left_to_others(
    database: Database, clock: SettableClock
) -> None:
    diary, begun, tidied = Diary(), asyncio.Event(), []

    async def run() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            tidied.append(True)

    planned = jobs_with(run, database, clock, diary)
    due = asyncio.create_task(planned.due(f"job:p/j/sol@{clock.now().isoformat()}", clock.now()))
    await begun.wait()
    await planned.stop()
    assert tidied == [True]
    with pytest.raises(asyncio.CancelledError):
        await due
    assert not diary.entries
    await planned.stop()
