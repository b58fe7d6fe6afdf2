"""What happens between a decision and its message, or beside another round, counts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime

import pytest
from agente_hotelero._db import consent, rights, stays
from agente_hotelero._db.guest_models import KnownStay
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.ingest import RawWriter
from agente_hotelero.errors import RecipientRefused, Throttled, Unavailable
from agente_hotelero.stays import Guest, Reservation, Stay
from agente_hotelero.testing import SettableClock
from sqlalchemy import select

from core.tests.inns import ANA, REVIEW, ZONE, Inn, inn_of

pytestmark = pytest.mark.anyio
KNOWN = ("ana@example.com", "+56911110001")


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(datetime(2026, 9, 1, 9, tzinfo=ZONE))


@pytest.fixture
def inn(database: Database, clock: SettableClock, writer: RawWriter) -> Inn:
    """Ana stays from the first to the third of September."""
    made = inn_of(database, clock, REVIEW, writer=writer)
    made.office.book("R1", ANA, date(2026, 9, 1))
    return made


def at(inn: Inn, local: str) -> None:
    inn.clock.set(datetime.fromisoformat(local).replace(tzinfo=ZONE))


async def decided(inn: Inn) -> list[int]:
    """The message is in the outbox, and nobody sends it yet."""
    await inn.until("2026-09-04T10:30")
    at(inn, "2026-09-04T11:00")
    assert await inn.runner.tick() == 1
    waiting, inn.queue.sends = inn.queue.sends, []
    return waiting


# ── refused before it is sent ────────────────────────────────────────────────────────────────────


async def test_who_leaves_by_phone_while_a_mail_waits_does_not_get_it(inn: Inn) -> None:
    await inn.hear("hola")
    await inn.hear("hola", channel="mail")
    waiting = await decided(inn)
    await inn.hear("STOP")
    inn.queue.sends += waiting
    await inn.send()
    assert [(one.channel, one.state) for one in await inn.outbox()] == [
        ("mail", "withheld"),
        ("phone", "accepted"),
    ]
    assert inn.mail.sent == []


async def test_what_staff_note_for_a_guests_telephone_stops_a_mail_that_waits(inn: Inn) -> None:
    inn.queue.sends += await decided(inn)
    async with inn.database.sessions() as session, session.begin():
        await consent.record(
            session,
            "sol",
            channel=consent.EVERYWHERE,
            addresses=["+56911110001"],
            purpose="review",
            granted=False,
            source="at the desk",
            at=inn.clock.now(),
        )
    await inn.send()
    assert inn.heard() == []


@pytest.mark.parametrize(("said", "state"), [("STOP", "withheld"), ("hola", "failed")])
async def test_what_comes_between_two_attempts_counts(
    inn: Inn, monkeypatch: pytest.MonkeyPatch, said: str, state: str
) -> None:
    """The second attempt would fall into the evening."""
    at(inn, "2026-09-04T10:00")
    await inn.hear("hola")
    at(inn, "2026-09-04T19:58")
    assert await inn.runner.tick() == 1
    (message,) = inn.queue.sends
    inn.queue.sends, inn.phone.errors = [], [Throttled("busy", retry_after=240)]
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        if seconds > 60:
            inn.clock.advance(seconds=seconds)
            await inn.hear(said)
        await real(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    await inn.sender.run(message)
    monkeypatch.undo()
    first = (await inn.outbox())[0]
    assert (first.purpose, first.state) == ("review", state)
    assert [one for one in inn.phone.sent if one.purpose] == []


# ── erased, moved ────────────────────────────────────────────────────────────────────────────────


async def test_a_stay_that_is_seen_while_its_guest_is_erased_is_not_kept(inn: Inn) -> None:
    await inn.until("2026-09-01T12:00")
    mirror = inn.runner.mirror
    hours = await mirror.hours()

    async def noted() -> KnownStay | None:
        async with inn.database.sessions() as session, session.begin():
            return await mirror.note(session, inn.office.held["R1"], hours, fresh=True)

    async with inn.database.sessions() as session, session.begin():
        traces = await rights.find(session, "sol", KNOWN)
        await stays.hold(session, "sol", traces.references, traces.ids)
        await rights.erase(session, "sol", ["a"], traces)
        seen = asyncio.create_task(noted())
        await asyncio.sleep(0.5)
    assert await seen is None
    async with inn.database.sessions() as session:
        (grave,) = (await session.scalars(select(KnownStay))).all()
    assert (grave.status, grave.email, grave.phone) == ("erased", "", "")


async def test_a_stay_that_was_prolonged_while_nobody_looked_is_asked_about_at_its_end(
    inn: Inn,
) -> None:
    await inn.until("2026-09-02T12:00")
    inn.off.add("test")
    inn.office.change("R1", stay=Stay(arrival=date(2026, 9, 1), departure=date(2026, 9, 20)))
    await inn.until("2026-09-12T12:00", minutes=600)
    inn.off.clear()
    await inn.until("2026-09-20T20:00", minutes=120)
    assert (inn.heard(), await inn.decided()) == ([], [])
    await inn.until("2026-09-21T14:00")
    assert inn.heard() == [("mail", "ana@example.com", "Ana, how was Hotel Sol?")]


@pytest.mark.parametrize("until", ["2026-09-04T14:00", "2026-09-13T14:00"])
async def test_a_stay_that_cannot_be_shown_holds_up_no_other(
    inn: Inn, monkeypatch: pytest.MonkeyPatch, until: str
) -> None:
    """Neither while its message is due, nor when it would be too late for it."""
    late = Guest(name="Eva Roa", email="eva@example.com")
    inn.office.book("Z9", late, date(2026, 9, 10 if until > "2026-09-10" else 1))
    real = inn.office.reservation

    async def shown(reference: str) -> Reservation:
        if reference == "R1":
            raise Unavailable("this one only")
        return await real(reference)

    monkeypatch.setattr(inn.office, "reservation", shown)
    await inn.until(until, minutes=60)
    assert inn.heard() == [("mail", "eva@example.com", "Eva, how was Hotel Sol?")]
    assert [one for one in await inn.decided() if one[1] == "R1"] == []


# ── one per guest ────────────────────────────────────────────────────────────────────────────────


async def test_two_rounds_at_once_ask_a_guest_of_two_stays_once(
    inn: Inn, clock: SettableClock, database: Database, writer: RawWriter
) -> None:
    inn.office.book("R2", replace(ANA, name="Ana Paz (2)"), date(2026, 9, 1))
    other = inn_of(database, clock, REVIEW, writer=writer)
    other.office.held = inn.office.held
    await inn.until("2026-09-04T10:30")
    at(inn, "2026-09-04T11:00")
    hours = await inn.runner.mirror.hours()
    one, two = await inn.runner.calendar.due(inn.runner.plans, hours)
    together = inn.runner._decide(one, hours), other.runner._decide(two, hours)
    assert sorted(await asyncio.gather(*together)) == [0, 1]
    at(inn, "2026-09-04T14:00")
    assert await inn.runner.tick() == 0
    states = sorted((row.state, row.reason) for row in await inn.messages())
    assert states == [("dropped", "had one lately"), ("sent", "")]


async def test_a_request_that_never_arrived_does_not_count(inn: Inn) -> None:
    inn.office.book("R3", replace(ANA, email="good@example.com"), date(2026, 9, 10))
    inn.mail.errors = [RecipientRefused("no such mailbox")]
    await inn.until("2026-09-13T14:00", minutes=120)
    assert inn.heard() == [("mail", "good@example.com", "Ana, how was Hotel Sol?")]


async def test_a_telephone_that_nobody_has_makes_no_two_guests_one(inn: Inn) -> None:
    for number in range(3):
        guest = Guest(name="Eva Roa", email=f"p{number}@example.com", phone="+560000000")
        inn.office.book(f"P{number}", guest, date(2026, 9, 1))
    await inn.until("2026-09-04T14:00", minutes=60)
    assert len(inn.mail.sent) == 4


# ── no more than so many ─────────────────────────────────────────────────────────────────────────


async def test_what_was_too_late_goes_out_in_rounds_too_and_is_not_counted_as_sent(
    clock: SettableClock, database: Database, writer: RawWriter
) -> None:
    limits = {"per_round": 3, "per_day": 8}
    inn = inn_of(database, clock, REVIEW, writer=writer, proactive=limits)
    for number in range(6):
        guest = Guest(name="G X", email=f"g{number}@example.com", language="es")
        inn.office.book(f"R{number}", guest, date(2026, 9, 1))
    await inn.until("2026-09-04T10:30")
    at(inn, "2026-09-04T11:00")
    assert [await inn.runner.tick() for _ in range(2)] == [3, 3]
    at(inn, "2026-09-04T20:30")
    await inn.send()
    assert inn.heard() == []
    at(inn, "2026-09-05T10:00")
    assert [await inn.runner.tick() for _ in range(3)] == [3, 3, 0]
    await inn.send()
    assert len(inn.heard()) == 6
