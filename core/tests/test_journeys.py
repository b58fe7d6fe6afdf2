"""One hotel's journeys, round by round: what is sent, when, by which way, once; and what is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from agente_hotelero._db import consent, desk, guests, journeys, repository, rights
from agente_hotelero._db.guests import At
from agente_hotelero._db.models import Mode
from agente_hotelero._db.session import Database
from agente_hotelero._db.staff_models import AuditEntry
from agente_hotelero._runtime import failpoints, state
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.ingest import RawWriter
from agente_hotelero._runtime.proactive import plans, sending, wording
from agente_hotelero.errors import (
    AuthFailed,
    NotFound,
    OutcomeUnknown,
    PluginBug,
    RecipientRefused,
    Rejected,
    TemplateRefused,
    Unavailable,
    WindowClosed,
)
from agente_hotelero.messages import DeliveryState, DeliveryStatus
from agente_hotelero.proactive import Journey
from agente_hotelero.stays import Guest, Page, Reservation, ReservationQuery, Stay
from agente_hotelero.testing import SettableClock
from sqlalchemy import select

from core.tests.inns import ANA, BEN, REVIEW, ZONE, Inn, inn_of

pytestmark = pytest.mark.anyio
ASKED = "Ana, how was Hotel Sol?"
MAIL = ("mail", "ana@example.com", ASKED)
PHONE = ("phone", "56911110001", ASKED)
TEMPLATE = ("phone", "56911110001", "review_1")
EVER = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(datetime(2026, 9, 1, 9, tzinfo=ZONE))


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One kind of database: the small months of `tests/test_month.py` run on both."""
    return f"sqlite:///{tmp_path}/agent.db"


@pytest.fixture
def inn(database: Database, clock: SettableClock, writer: RawWriter) -> Inn:
    """Ana stays from the first to the third of September."""
    made = inn_of(database, clock, REVIEW, writer=writer)
    made.office.book("R1", ANA, date(2026, 9, 1))
    return made


# ── when ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_guest_is_asked_once_a_day_after_check_out(inn: Inn) -> None:
    await inn.until("2026-09-03T11:00")
    inn.office.leave("R1")
    await inn.until("2026-09-04T10:30")
    assert inn.heard() == []
    await inn.until("2026-09-06T12:00")
    assert inn.heard() == [MAIL]
    assert await inn.decided() == [("test.review", "R1", 0, "sent", "")]


async def test_the_words_end_with_how_to_stop_them(inn: Inn) -> None:
    await inn.until("2026-09-04T12:00")
    (sent,) = inn.mail.sent
    (message,) = await inn.messages()
    assert sent.text.split("\n") == [
        f"Ana, how was Hotel Sol? https://go.example/{message.mark}",
        "",
        "Para no recibir más mensajes como este, responde BAJA.",
    ]


@pytest.mark.parametrize(
    ("own", "end"),
    [
        ("¡Hasta pronto!", "Para no recibir más mensajes como este, responde BAJA."),
        ("¿Basta? Escribe «Baja».", "¿Basta? Escribe «Baja»."),
    ],
)
async def test_a_hotels_own_words_for_it_are_said_if_they_tell_it(
    inn: Inn, own: str, end: str
) -> None:
    dispatcher = inn.runner.dispatcher
    renderer = dispatcher.plain.with_words({"core/es/how_to_stop": own})
    inn.runner = replace(inn.runner, dispatcher=replace(dispatcher, renderer=lambda: renderer))
    await inn.until("2026-09-04T12:00")
    assert inn.mail.sent[-1].text.split("\n")[-1] == end


async def test_without_the_pmss_word_the_last_day_counts(inn: Inn) -> None:
    """Many hotels never mark who has left."""
    await inn.until("2026-09-04T11:30")
    assert inn.heard() == [MAIL]


@pytest.mark.parametrize("status", ["cancelled", "no_show"])
async def test_who_never_came_is_not_asked(inn: Inn, status: str) -> None:
    await inn.until("2026-09-02T12:00")
    inn.office.leave("R1", status)
    await inn.until("2026-09-06T12:00")
    assert (inn.heard(), await inn.decided()) == ([], [])


async def test_a_reservation_that_is_gone_is_dropped(inn: Inn) -> None:
    await inn.until("2026-09-02T12:00")
    inn.office.hidden.add("R1")
    await inn.until("2026-09-06T12:00")
    assert await inn.decided() == [("test.review", "R1", 0, "dropped", "not in the PMS")]


async def test_a_stay_that_was_prolonged_moves_the_message(inn: Inn) -> None:
    await inn.until("2026-09-02T12:00")
    inn.office.change("R1", stay=Stay(arrival=date(2026, 9, 1), departure=date(2026, 9, 8)))
    await inn.until("2026-09-09T10:30")
    assert inn.heard() == []
    await inn.until("2026-09-09T12:00")
    assert inn.heard() == [MAIL]


async def test_a_change_just_before_the_message_counts(inn: Inn) -> None:
    """The mirror is older than the PMS: the reservation is read again before anything is sent."""
    await inn.until("2026-09-04T10:59")
    inn.runner.looked_at = inn.clock.now()
    inn.office.change("R1", stay=Stay(arrival=date(2026, 9, 1), departure=date(2026, 9, 8)))
    await inn.until("2026-09-05T12:00")
    assert inn.heard() == []


async def test_who_left_early_is_asked_early(inn: Inn) -> None:
    await inn.until("2026-09-02T12:00", minutes=10)
    inn.office.leave("R1")
    await inn.until("2026-09-03T12:30", minutes=10)
    assert inn.heard() == [MAIL]


async def test_who_is_still_in_the_house_is_not_asked_how_it_was(inn: Inn) -> None:
    inn.office.leave("R1", "in_house")
    await inn.until("2026-09-05T12:00")
    assert inn.heard() == []
    inn.office.leave("R1")
    await inn.until("2026-09-07T12:00")
    assert inn.heard() == [MAIL]


async def test_who_never_leaves_by_the_pmss_word_is_let_go(inn: Inn) -> None:
    inn.office.leave("R1", "in_house")
    await inn.until("2026-09-12T12:00")
    assert await inn.decided() == [("test.review", "R1", 0, "expired", "still in the house")]


async def test_a_message_that_was_missed_is_sent_the_next_day(inn: Inn) -> None:
    await inn.until("2026-09-04T09:00")
    inn.clock.set(datetime(2026, 9, 4, 22, tzinfo=ZONE))
    await inn.until("2026-09-05T09:50", minutes=10)
    assert inn.heard() == []
    await inn.until("2026-09-05T10:00", minutes=10)
    assert inn.heard() == [MAIL]


async def test_a_message_that_was_missed_for_a_week_expires(inn: Inn) -> None:
    await inn.until("2026-09-04T09:00")
    inn.clock.set(datetime(2026, 9, 11, 11, 1, tzinfo=ZONE))
    await inn.tick()
    assert inn.heard() == []
    assert await inn.decided() == [("test.review", "R1", 0, "expired", "missed")]


async def test_a_pms_that_is_away_costs_nothing_but_time(inn: Inn) -> None:
    await inn.until("2026-09-04T09:00")
    inn.office.away = True
    inn.clock.set(datetime(2026, 9, 4, 12, tzinfo=ZONE))
    with pytest.raises(Unavailable):
        await inn.tick()
    assert await inn.decided() == []
    inn.office.away = False
    await inn.tick()
    assert inn.heard() == [MAIL]


async def test_events_missed_in_an_outage_of_days_are_caught_up(
    inn: Inn, database: Database, clock: SettableClock, writer: RawWriter
) -> None:
    """Booked, stayed and left while nobody looked."""
    await inn.until("2026-09-01T10:00")
    inn.office.book("R2", BEN, date(2026, 9, 1), nights=1)
    inn.office.leave("R2")
    clock.set(datetime(2026, 9, 4, 12, tzinfo=ZONE))
    again = inn_of(database, clock, REVIEW, writer=writer)
    again.office.held = inn.office.held
    await again.tick()
    assert sorted(again.heard()) == [MAIL, ("mail", "ben@example.com", "Ben, how was Hotel Sol?")]


async def test_a_switch_stops_it_and_lets_it_go_on(inn: Inn) -> None:
    inn.off.add("test")
    await inn.until("2026-09-05T12:00")
    assert inn.heard() == []
    inn.off.clear()
    await inn.tick()
    assert inn.heard() == [MAIL]


# ── by which way ─────────────────────────────────────────────────────────────────────────────────


async def test_inside_the_window_the_phone_gets_free_words(inn: Inn) -> None:
    await inn.until("2026-09-04T08:00")
    await inn.hear("gracias por todo")
    await inn.until("2026-09-04T12:00")
    assert inn.heard() == [PHONE]


async def test_outside_the_window_the_phone_gets_the_approved_template(inn: Inn) -> None:
    await inn.hear("hola")
    await inn.until("2026-09-04T12:00")
    assert inn.heard() == [TEMPLATE]
    template = inn.phone.sent[0].template
    assert template is not None
    assert template.languages == ("es", "en_US", "pt_BR")
    assert template.values == {"1": "Ana", "2": "jue 3 de sep de 2026"}


async def test_one_message_goes_one_way(inn: Inn) -> None:
    await inn.hear("hola")
    await inn.hear("hola", channel="mail")
    await inn.until("2026-09-04T12:00")
    assert inn.heard() == [MAIL]


@pytest.mark.parametrize(
    "error",
    [
        RecipientRefused("131026"),
        WindowClosed("131047"),
        RecipientRefused("131050", purpose="marketing"),
        TemplateRefused("132015"),
        Rejected("100"),
    ],
)
async def test_what_the_phone_refuses_goes_by_mail(inn: Inn, error: Exception) -> None:
    await inn.hear("hola")
    inn.phone.errors = [error]
    await inn.until("2026-09-06T12:00")
    assert inn.heard() == [MAIL]
    (message,) = await inn.messages()
    assert (message.channel, message.tried) == ("mail", ["phone"])


async def test_what_was_accepted_and_then_not_delivered_goes_by_mail(inn: Inn) -> None:
    await inn.hear("hola")
    await inn.until("2026-09-04T11:00")
    assert inn.heard() == [TEMPLATE]
    await failed(inn, "recipient")
    await inn.until("2026-09-04T13:00")
    assert inn.heard() == [TEMPLATE, MAIL]
    async with inn.database.sessions() as session:
        told = [one.after["outcome"] for one in (await session.scalars(select(AuditEntry))).all()]
    assert told == ["accepted", "not delivered", "accepted"]


async def failed(inn: Inn, failure: Any) -> None:
    await told(inn, DeliveryState.FAILED, failure=failure, error="131049")


async def told(inn: Inn, state: DeliveryState, **more: Any) -> None:
    """The provider's late word on the last message."""
    row = (await inn.outbox())[-1]
    status = DeliveryStatus(
        provider_id=row.provider_id or "", state=state, at=inn.clock.now(), **more
    )
    at = At(tenant="sol", channel=row.channel, account=row.account)
    async with inn.database.sessions() as session, session.begin():
        await inn.relay._receipts.take(session, at, status)


async def test_a_window_that_meta_calls_closed_holds_nothing(inn: Inn) -> None:
    """An answer would wait for the guest; this goes another way."""
    await inn.until("2026-09-04T08:00")
    await inn.hear("gracias")
    inn.phone.errors = [WindowClosed("131047")]
    await inn.until("2026-09-04T13:00")
    assert [row.state for row in await inn.outbox()] == ["failed", "accepted"]
    assert inn.heard() == [MAIL]


async def test_a_refusal_that_the_provider_tells_late_is_the_guests_word(inn: Inn) -> None:
    await inn.hear("hola")
    await inn.until("2026-09-04T11:00")
    await failed(inn, "opted_out")
    async with inn.database.sessions() as session:
        assert await consent.refusal(session, "sol", ["56911110001"], "marketing")


async def test_nothing_is_sent_from_an_account_that_is_stopped(inn: Inn) -> None:
    inn.office.book("R2", BEN, date(2026, 9, 1))
    await inn.hear("hola")
    await inn.hear("hello", BEN)
    inn.phone.errors = [AuthFailed("131031")]
    await inn.until("2026-09-04T13:00")
    assert [channel for channel, _, _ in inn.heard()] == ["mail", "mail"]
    assert "the account is stopped" in (await inn.outbox())[1].error


async def test_a_template_that_was_refused_is_not_tried_on_everybody(
    database: Database, clock: SettableClock, writer: RawWriter
) -> None:
    inn = inn_of(database, clock, REVIEW, writer=writer, proactive={"per_round": 1})
    for number in range(2, 6):
        guest = replace(ANA, email=f"g{number}@x.com", phone=f"+5691111000{number}")
        inn.office.book(f"R{number}", guest, date(2026, 9, 1))
        await inn.hear("hola", guest)
    await inn.until("2026-09-04T10:50")
    inn.phone.errors = [TemplateRefused("132015", template="review_1")]
    await inn.until("2026-09-04T11:30", minutes=5)
    assert {channel for channel, _, _ in inn.heard()} == {"mail"}
    assert [row.channel for row in await inn.outbox()].count("phone") == 1


async def test_an_unknown_outcome_is_not_sent_again_by_any_way(inn: Inn) -> None:
    await inn.hear("hola")
    inn.phone.errors = [OutcomeUnknown(), OutcomeUnknown()]
    await inn.until("2026-09-06T12:00")
    assert (inn.heard(), [row.state for row in await inn.outbox()]) == ([], ["unknown"])


async def test_a_crash_while_it_was_sent_does_not_send_it_again(inn: Inn) -> None:
    await inn.hear("hola")
    await inn.until("2026-09-04T10:30")
    inn.clock.set(datetime(2026, 9, 4, 11, tzinfo=ZONE))
    await inn.runner.tick()
    (number,) = inn.queue.sends
    async with inn.database.sessions() as session, session.begin():
        row = await repository.outbox_row(session, number)
        assert row is not None
        await repository.set_outbox(session, row, "sending", inn.clock.now(), attempts=1)  # type: ignore[arg-type]
    await inn.send()
    await inn.until("2026-09-06T12:00")
    assert (inn.heard(), [row.state for row in await inn.outbox()]) == ([], ["unknown"])


async def test_nobody_is_called_for_a_message_that_nobody_had_asked_for(inn: Inn) -> None:
    await inn.hear("hola")
    inn.phone.errors = [Rejected("no")]
    inn.mail.errors = [Rejected("no")]
    await inn.until("2026-09-06T12:00")
    assert inn.heard() == []
    assert (await inn.conversation("56911110001")).attention == ""
    async with inn.database.sessions() as session:
        assert await repository.dead_sends(session, "sol") == []


async def test_a_day_carries_no_more_than_it_may(
    database: Database, clock: SettableClock, writer: RawWriter
) -> None:
    inn = inn_of(database, clock, REVIEW, writer=writer, proactive={"per_day": 2, "per_round": 1})
    for number in range(5):
        guest = replace(ANA, email=f"g{number}@x.com", phone=f"+5691111000{number}")
        inn.office.book(f"R{number}", guest, date(2026, 9, 1))
    sent = [await _sent_by(inn, f"2026-09-0{day}T19:30") for day in (4, 5, 6)]
    assert sent == [2, 4, 5]


async def _sent_by(inn: Inn, local: str) -> int:
    await inn.until(local)
    return len(inn.heard())


async def test_an_account_that_only_fails_rests_for_a_day(
    database: Database, clock: SettableClock, writer: RawWriter
) -> None:
    only = replace(REVIEW, channels=("mail",))
    inn = inn_of(database, clock, only, writer=writer, proactive={"per_round": 1})
    for number in range(9):
        guest = replace(ANA, email=f"g{number}@x.com", phone=f"+5691111000{number}")
        inn.office.book(f"R{number}", guest, date(2026, 9, 1))
    await inn.until("2026-09-04T10:50")
    inn.mail.errors = [Rejected("no") for _ in range(5)]
    await inn.until("2026-09-04T13:00", minutes=5)
    assert [row.state for row in await inn.outbox()] == ["failed"] * 5
    await inn.until("2026-09-05T10:30")
    assert inn.heard() == []
    await inn.until("2026-09-05T13:00", minutes=10)
    assert len(inn.heard()) == 4


# ── to whom, and how often ───────────────────────────────────────────────────────────────────────


async def test_who_left_is_not_asked(inn: Inn) -> None:
    await inn.hear("STOP")
    await inn.until("2026-09-06T12:00")
    assert [row.purpose for row in await inn.outbox()] == [""]
    assert await inn.decided() == [("test.review", "R1", 0, "dropped", "refused proactive")]


async def test_who_left_by_phone_gets_no_mail_either(inn: Inn) -> None:
    """The telephone of the reservation is that of the chat, whatever is between its digits."""
    await inn.hear("BAJA")
    inn.office.change("R1", guest=replace(ANA, phone="+56 9 1111-0001"))
    await inn.until("2026-09-06T12:00")
    assert inn.mail.sent == []


async def test_two_reservations_of_one_guest_are_asked_about_once(inn: Inn) -> None:
    """A group that one person booked, and who comes again within ninety days."""
    inn.office.book("R2", replace(ANA, name="Ana Paz (2)"), date(2026, 9, 1))
    inn.office.book("R3", replace(ANA, email="ANA@example.com", phone=None), date(2026, 9, 20))
    await inn.until("2026-09-25T12:00")
    assert inn.heard() == [MAIL, REMINDED]
    assert [(row[1], row[2], row[4]) for row in await inn.decided()] == [
        ("R1", 0, ""),
        ("R2", 0, "had one lately"),
        ("R1", 1, ""),
        ("R3", 0, "had one lately"),
    ]


async def test_who_comes_again_after_ninety_days_is_asked_again(inn: Inn) -> None:
    inn.office.book("R3", ANA, date(2026, 12, 5))
    await inn.until("2026-09-05T12:00")
    inn.clock.set(datetime(2026, 12, 8, 11, 30, tzinfo=ZONE))
    await inn.tick()
    assert len(inn.heard()) == 2


async def test_the_hotels_own_people_are_not_asked(
    database: Database, clock: SettableClock, writer: RawWriter
) -> None:
    inn = inn_of(database, clock, REVIEW, writer=writer, proactive={"skip": ["@example.com"]})
    inn.office.book("R1", ANA, date(2026, 9, 1))
    await inn.until("2026-09-05T12:00")
    assert await inn.decided() == [("test.review", "R1", 0, "dropped", "on the hotel's list")]


async def test_an_agencys_guest_without_a_chat_is_not_asked(inn: Inn) -> None:
    hidden = Guest(name="Ana Paz", email="x1@guest.booking.com")
    inn.office.change("R1", guest=hidden)
    await inn.until("2026-09-12T12:00")
    assert await inn.decided() == [("test.review", "R1", 0, "expired", "an agency's alias")]


# ── reminders ────────────────────────────────────────────────────────────────────────────────────

REMINDED = ("mail", "ana@example.com", "Ana, still time to tell us.")


async def test_there_is_one_reminder_after_three_days(inn: Inn) -> None:
    await inn.until("2026-09-07T10:30")
    assert inn.heard() == [MAIL]
    await inn.until("2026-09-30T12:00")
    assert inn.heard() == [MAIL, REMINDED]


async def test_who_answered_is_not_reminded(inn: Inn) -> None:
    await inn.until("2026-09-05T12:00")
    await inn.hear("todo bien", channel="mail")
    await inn.until("2026-09-12T12:00")
    assert inn.heard() == [MAIL]
    assert (await inn.messages())[0].answered_at is not None


async def test_who_answered_on_another_channel_is_not_reminded(inn: Inn) -> None:
    await inn.until("2026-09-05T12:00")
    await inn.hear("todo bien")
    await inn.until("2026-09-12T12:00")
    assert inn.heard() == [MAIL]
    assert (await inn.decided())[1] == ("test.review", "R1", 1, "dropped", "no reminder is wanted")


async def test_who_clicked_is_not_reminded(inn: Inn) -> None:
    await inn.until("2026-09-05T12:00")
    (message,) = await inn.messages()
    assert await inn.clicked(message)
    await inn.until("2026-09-12T12:00")
    assert inn.heard() == [MAIL]


async def test_who_complained_is_not_reminded(inn: Inn) -> None:
    """Somebody of the hotel is at work for this guest."""
    await inn.until("2026-09-05T12:00")
    talk = await inn.conversation("ana@example.com")
    async with inn.database.sessions() as session, session.begin():
        await desk.add_task(session, "sol", int(talk.id or 0), "guest_complaint", inn.clock.now())
    await inn.until("2026-09-12T12:00")
    assert inn.heard() == [MAIL]


async def test_who_left_after_the_first_is_not_reminded(inn: Inn) -> None:
    await inn.hear("hola")
    await inn.until("2026-09-05T12:00")
    await inn.hear("cancelar")
    await inn.until("2026-09-12T12:00")
    assert [one for one in inn.heard() if one[2] != "Hecho: Hotel Sol no te enviará más"] == [
        TEMPLATE,
        inn.heard()[-1],
    ]
    assert (await inn.messages())[0].opted_out_at is not None


async def test_what_did_not_arrive_is_not_reminded_of(inn: Inn) -> None:
    inn.mail.errors = [OutcomeUnknown()]
    await inn.until("2026-09-12T12:00")
    assert [row[2] for row in await inn.decided()] == [0]


# ── no gate ──────────────────────────────────────────────────────────────────────────────────────


async def test_staff_at_work_put_it_off_and_no_longer_than_three_days(inn: Inn) -> None:
    await inn.hear("hola")
    talk = await inn.conversation("56911110001")
    async with inn.database.sessions() as session, session.begin():
        await repository.set_mode(session, "sol", int(talk.id or 0), Mode.HUMAN, "complaint")
    await inn.until("2026-09-07T10:30")
    assert inn.heard() == []
    await inn.until("2026-09-07T12:30", minutes=30)
    assert inn.heard() == [TEMPLATE]


async def test_once_staff_are_done_it_goes_on(inn: Inn) -> None:
    await inn.hear("hola")
    talk = await inn.conversation("56911110001")
    async with inn.database.sessions() as session, session.begin():
        await desk.add_task(session, "sol", int(talk.id or 0), "guest_complaint", inn.clock.now())
    await inn.until("2026-09-04T14:00")
    assert inn.heard() == []
    async with inn.database.sessions() as session, session.begin():
        (task,) = await desk.tasks(session, "sol")
        await desk.finish_task(session, "sol", int(task.id or 0), "marta", inn.clock.now())
    await inn.until("2026-09-04T15:30")
    assert inn.heard() == [TEMPLATE]


# ── the hotel's own journeys ─────────────────────────────────────────────────────────────────────

OWN: dict[str, Any] = {
    "journeys": {
        "confirmed": {
            "trigger": "booked",
            "template": "core/booking_confirmation",
            "opens": time(0),
            "closes": time(23, 59),
        },
        "pre_arrival": {
            "trigger": "arrival",
            "offset_hours": -48,
            "template": "core/pre_arrival",
            "asks": "arrival_time",
        },
        "in_stay": {
            "trigger": "arrival",
            "offset_hours": 20,
            "expires_hours": 10,
            "template": "core/in_stay",
        },
        "check_out": {
            "trigger": "departure",
            "offset_hours": -14,
            "template": "core/check_out",
            "channels": ["mail"],
        },
        "offer": {
            "trigger": "departure",
            "offset_hours": 24 * 20,
            "purpose": "marketing",
            "text": {
                "es": "{{ name }}, vuelve",
                "pt": "{{ name }}, volte",
                "en": "{{ name }}, come back",
            },
        },
    }
}


async def test_a_hotel_writes_its_own_journeys_into_its_file(
    database: Database, clock: SettableClock, writer: RawWriter
) -> None:
    inn = inn_of(database, clock, writer=writer, **OWN)
    await inn.tick()
    inn.office.book("R1", BEN, date(2026, 9, 10), nights=3)
    await inn.until("2026-09-20T12:00")
    told = [(one.text.split("\n")[0], one.text.split("\n")[-1]) for one in inn.mail.sent]
    assert [first for first, _ in told] == [
        "Hello, Ben. We expect you at Hotel Sol on Thu, Sep 10, 2026, from 3:00 PM on.",
        "Hello, Ben. How is everything at Hotel Sol? If something is not right, reply here and we "
        "will see to it at once.",
        "Hello, Ben. Your check-out at Hotel Sol is on Sun, Sep 13, 2026, until 11:00 AM. If you "
        "need more time or help with your luggage, reply here.",
    ]
    assert {last for _, last in told} == {"To get no more messages like this one, reply STOP."}


async def test_a_new_booking_that_the_pms_tells_is_confirmed(
    database: Database, clock: SettableClock, writer: RawWriter
) -> None:
    inn = inn_of(database, clock, writer=writer, **OWN)
    inn.office.book("OLD", BEN, date(2026, 9, 25))
    await inn.tick()
    hours = await inn.runner.mirror.hours()
    inn.office.book("R1", ANA, date(2026, 9, 20))
    inn.office.change("OLD", room_type_name="Suite")
    async with database.sessions() as session, session.begin():
        for one in inn.office.held.values():
            await inn.runner.mirror.note(session, one, hours, fresh=True)
    await inn.until("2026-09-02T12:00")
    assert [one.text[:45] for one in inn.mail.sent] == [
        "Hola, Ana. Tu reserva R1 en Hotel Sol está co"
    ]


async def changed(inn: Inn, *references: str) -> None:
    """The PMS tells these changes."""
    hours = await inn.runner.mirror.hours()
    async with inn.database.sessions() as session, session.begin():
        for one in references:
            await inn.runner.mirror.note(session, inn.office.held[one], hours, fresh=True)


@pytest.mark.parametrize("rounds", [1, 5, 25])
async def test_an_old_booking_for_a_far_day_is_not_new_when_it_is_changed(
    database: Database, clock: SettableClock, writer: RawWriter, rounds: int
) -> None:
    """However early after the journeys were switched on it is changed."""
    inn = inn_of(database, clock, writer=writer, **OWN)
    inn.office.tells = True
    for reference, day in (("NEAR", date(2026, 10, 20)), ("FAR", date(2027, 3, 1))):
        inn.office.book(reference, BEN, day)
    for _ in range(rounds):
        await inn.tick()
    for reference in ("NEAR", "FAR"):
        inn.office.change(reference, room_type_name="Suite")
    await changed(inn, "NEAR", "FAR")
    await inn.until("2026-09-02T12:00")
    assert inn.heard() == []


async def test_once_all_days_were_looked_at_a_booking_for_a_far_day_is_new(
    database: Database, clock: SettableClock, writer: RawWriter
) -> None:
    inn = inn_of(database, clock, writer=writer, **OWN)
    inn.office.tells = True
    for _ in range(25):
        await inn.tick()
    inn.office.book("R1", ANA, date(2027, 3, 1))
    await changed(inn, "R1")
    again = inn_of(database, clock, writer=writer, **OWN)
    again.office.held, again.office.tells = inn.office.held, True
    await again.until("2026-09-02T12:00")
    assert [one.text[:45] for one in again.mail.sent] == [
        "Hola, Ana. Tu reserva R1 en Hotel Sol está co"
    ]


async def test_a_new_booking_is_as_new_where_it_is_found_by_looking(
    database: Database, clock: SettableClock, writer: RawWriter
) -> None:
    """After an outage the days may be looked up before the PMS's changes are read."""
    inn = inn_of(database, clock, writer=writer, **OWN)
    inn.office.tells = True
    await inn.tick()
    inn.office.book("R1", ANA, date(2026, 9, 3))
    inn.runner.looked_at = None
    await inn.tick()
    await changed(inn, "R1")
    await inn.tick()
    (told,) = [one.text for one in inn.mail.sent if "R1" in one.text]
    assert told.startswith("Hola, Ana. Tu reserva R1 en Hotel Sol está confirmada")


async def test_marketing_goes_to_nobody_who_did_not_ask_for_it(
    database: Database, clock: SettableClock, writer: RawWriter
) -> None:
    inn = inn_of(database, clock, writer=writer, journeys={"offer": OWN["journeys"]["offer"]})
    inn.office.book("R1", ANA, date(2026, 9, 1))
    inn.office.book("R2", BEN, date(2026, 9, 1))
    async with database.sessions() as session, session.begin():
        await consent.record(
            session,
            "sol",
            channel="mail",
            addresses=["ben@example.com"],
            purpose="marketing",
            granted=True,
            source="booking form",
            at=clock.now(),
        )
    await inn.until("2026-09-28T12:00")
    assert inn.heard() == [("mail", "ben@example.com", "Ben, come back")]


async def test_a_message_that_asks_has_its_answer_read(
    database: Database, clock: SettableClock, writer: RawWriter
) -> None:
    inn = inn_of(database, clock, writer=writer, **OWN)
    inn.tenant.owners["arrival_time"] = "front_desk.arrivals"
    inn.office.book("R1", ANA, date(2026, 9, 4))
    await inn.until("2026-09-02T14:00")
    await inn.hear("hola")
    await inn.until("2026-09-02T16:00")
    talk = await inn.conversation("56911110001")
    (frame,) = state.parse(talk.state).frames
    assert (frame.handler, frame.expects, frame.unasked) == (
        "front_desk.arrivals",
        ("time",),
        True,
    )
    assert frame.data == {"journey": "pre_arrival", "reference": "R1"}
    assert talk.language == "es"


# ── once, whatever happens ───────────────────────────────────────────────────────────────────────


async def test_two_processes_send_it_once(
    inn: Inn, database: Database, clock: SettableClock, writer: RawWriter
) -> None:
    other = inn_of(database, clock, REVIEW, writer=writer)
    other.office.held = inn.office.held
    await inn.until("2026-09-04T10:30")
    clock.set(datetime(2026, 9, 4, 11, tzinfo=ZONE))
    hours = await inn.runner.mirror.hours()
    due = [await one.runner.calendar.due(one.runner.plans, hours) for one in (inn, other)]
    assert [len(one) for one in due] == [1, 1]
    sent = [
        await one.runner._decide(found[0], hours)
        for one, found in zip((inn, other), due, strict=True)
    ]
    assert sent == [1, 0]
    assert len(await inn.outbox()) == 1


async def test_a_crash_before_the_commit_leaves_nothing_and_the_next_round_sends(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(point: str) -> None:
        if point == "journey.before_commit":
            raise KeyboardInterrupt

    await inn.until("2026-09-04T10:30")
    inn.clock.set(datetime(2026, 9, 4, 11, tzinfo=ZONE))
    with monkeypatch.context() as patch:
        patch.setattr(failpoints, "reached", crash)
        with pytest.raises(KeyboardInterrupt):
            await inn.runner.tick()
    assert (await inn.outbox(), await inn.decided()) == ([], [])
    await inn.tick()
    assert inn.heard() == [MAIL]


async def test_a_guest_who_is_being_answered_at_that_moment_gets_it_in_the_next_round(
    database: Database, clock: SettableClock, writer: RawWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    inn = inn_of(database, clock, replace(REVIEW, asks="opinion"), writer=writer)
    inn.tenant.owners["opinion"] = "front_desk.opinions"
    inn.office.book("R1", ANA, date(2026, 9, 1))
    await inn.hear("hola")
    await inn.until("2026-09-04T10:30")
    clock.set(datetime(2026, 9, 4, 11, tzinfo=ZONE))
    saved = repository.save_dialogue

    async def overtaken(*_: Any, **__: Any) -> bool:
        return False

    monkeypatch.setattr(repository, "save_dialogue", overtaken)
    await inn.tick()
    assert (inn.heard(), await inn.decided()) == ([], [])
    monkeypatch.setattr(repository, "save_dialogue", saved)
    await inn.tick()
    assert inn.heard() == [TEMPLATE]


async def test_stays_booked_in_one_conversation_get_one_message_whatever_their_addresses(
    inn: Inn,
) -> None:
    """A group whose PMS has no addresses, and one booked for under another address each time."""
    await inn.hear("hola")
    number = int((await inn.conversation("56911110001")).id or 0)
    inn.office.held.clear()
    inn.office.book("G1", Guest(name="Ana Paz"), date(2026, 9, 1))
    inn.office.book("G2", Guest(name="Ana Paz"), date(2026, 9, 1))
    inn.office.book("G3", replace(ANA, phone=None, email="ana@work.example"), date(2026, 9, 5))
    async with inn.database.sessions() as session, session.begin():
        for one in inn.office.held.values():
            await inn.runner.mirror.note_here(session, one, number, made=True)
    await inn.until("2026-09-06T12:00")
    assert inn.heard() == [TEMPLATE]
    await inn.until("2026-09-20T12:00")
    assert [address for _, address, _ in inn.heard()] == ["56911110001"] * 2
    reasons = {name: why for _, name, part, _, why in await inn.decided() if part == 0}
    assert reasons == {"G1": "", "G2": "had one lately", "G3": "had one lately"}


async def test_a_guest_known_by_another_address_of_his_channel_gets_one_message(inn: Inn) -> None:
    """The second reservation bears a number that only the channel knows to be the same guest's."""
    await inn.hear("hola")
    number = int((await inn.conversation("56911110001")).id or 0)
    inn.office.book(
        "R2", Guest(name="Ana Paz", phone="+56933330003", language="es"), date(2026, 9, 2)
    )
    at = At(tenant="sol", channel="phone", account="a")
    async with inn.database.sessions() as session, session.begin():
        await guests.add_alias(session, at, "56933330003", number)
    await inn.until("2026-09-06T12:00")
    assert inn.heard() == [TEMPLATE]


async def test_a_guest_who_got_two_messages_is_reminded_once(inn: Inn) -> None:
    """It came out only later that both are one guest."""
    inn.office.book(
        "R2", Guest(name="Ana Paz", email="paz@example.com", language="es"), date(2026, 9, 1)
    )
    await inn.until("2026-09-05T12:00")
    assert len(inn.heard()) == 2
    inn.office.change("R2", guest=ANA)
    inn.runner.looked_at = None
    await inn.until("2026-09-10T12:00")
    assert len(inn.heard()) == 3


@pytest.mark.parametrize("cancelled", [False, True])
async def test_what_waited_until_its_hours_were_over_is_decided_anew(
    inn: Inn, cancelled: bool
) -> None:
    await inn.hear("hola")
    await inn.until("2026-09-04T10:30")
    inn.clock.set(datetime(2026, 9, 4, 19, 55, tzinfo=ZONE))
    assert await inn.runner.tick() == 1
    if cancelled:
        inn.office.leave("R1", "cancelled")
    inn.clock.set(datetime(2026, 9, 5, 3, tzinfo=ZONE))
    await inn.send()
    (row,) = await inn.outbox()
    assert (row.state, row.error) == ("failed", "too late")
    await inn.until("2026-09-05T12:00")
    assert inn.heard() == ([] if cancelled else [TEMPLATE])


async def test_the_night_where_a_guest_writes_from_counts_too(inn: Inn) -> None:
    """The reservation has no telephone; in London it is ten at night."""
    inn.office.change("R1", guest=replace(ANA, phone=None))
    await inn.hear("hola", replace(ANA, phone="+447700900123"))
    number = int((await inn.conversation("447700900123")).id or 0)
    async with inn.database.sessions() as session, session.begin():
        await inn.runner.mirror.note_here(session, inn.office.held["R1"], number, made=True)
    inn.clock.set(datetime(2026, 9, 4, 17, 30, tzinfo=ZONE))
    await inn.until("2026-09-04T19:50", minutes=70)
    assert inn.heard() == []
    await inn.until("2026-09-05T12:00", minutes=70)
    assert inn.heard() == [("phone", "447700900123", "review_1")]


async def refused(message: object) -> str:
    raise RecipientRefused("131026")


async def test_a_reminder_that_failed_goes_by_no_other_way_once_the_guest_has_complained(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await inn.hear("hola")
    await inn.until("2026-09-07T10:30")
    before = inn.heard()
    monkeypatch.setattr(inn.phone, "send", refused)
    inn.clock.set(datetime(2026, 9, 7, 11, 1, tzinfo=ZONE))
    assert await inn.tick() == 1
    inn.clock.advance(minutes=2)
    await inn.hear("todo sucio, un desastre")
    number = int((await inn.conversation("56911110001")).id or 0)
    async with inn.database.sessions() as session, session.begin():
        await repository.set_mode(session, "sol", number, Mode.HUMAN, "not content")
    await inn.until("2026-09-12T12:00")
    assert inn.heard() == before != []


async def test_a_message_that_failed_goes_by_no_other_way_while_the_guest_is_in_the_house(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await inn.hear("hola")
    await inn.until("2026-09-04T10:30")
    monkeypatch.setattr(inn.phone, "send", refused)
    inn.clock.set(datetime(2026, 9, 4, 11, tzinfo=ZONE))
    assert await inn.tick() == 1
    inn.office.leave("R1", "in_house")
    await inn.until("2026-09-05T12:00")
    assert inn.heard() == []
    inn.office.leave("R1")
    await inn.until("2026-09-07T14:00")
    assert inn.heard() == [MAIL]


@pytest.mark.parametrize("error", [Rejected, Unavailable])
async def test_a_day_that_the_pms_cannot_show_stops_no_journey(
    inn: Inn, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    inn.office.book("R2", BEN, date(2026, 9, 1), nights=3)
    listed = inn.office.find_reservations

    async def broken(query: ReservationQuery, cursor: str | None = None) -> Page[Reservation]:
        if date(2026, 9, 2) in (query.arrival, query.departure) or query.departure == date(
            2026, 9, 4
        ):
            raise error("one of these cannot be shown")
        return await listed(query, cursor)

    monkeypatch.setattr(inn.office, "find_reservations", broken)
    await inn.until("2026-09-06T12:00")
    assert inn.heard() == [MAIL, ("mail", "ben@example.com", "Ben, how was Hotel Sol?")]


async def test_a_day_that_was_not_shown_is_asked_for_again_in_the_next_round(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, away = inn.office.find_reservations, [True]

    async def busy(query: ReservationQuery, cursor: str | None = None) -> Page[Reservation]:
        if away:
            raise Unavailable("busy")
        return await listed(query, cursor)

    inn.office.tells = True
    inn.clock.set(datetime(2026, 9, 4, 12, tzinfo=ZONE))
    monkeypatch.setattr(inn.office, "find_reservations", busy)
    assert await inn.tick() == 0
    away.clear()
    inn.clock.advance(minutes=5)
    assert await inn.tick() == 1
    assert inn.runner.open == []


async def test_pages_that_lead_to_themselves_are_read_once(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[ReservationQuery, str | None]] = []

    async def circle(query: ReservationQuery, cursor: str | None = None) -> Page[Reservation]:
        asked.append((query, cursor))
        return Page(items=[], next_cursor="again")

    monkeypatch.setattr(inn.office, "find_reservations", circle)
    await inn.tick()
    assert len(asked) == len(set(asked)) > 0


async def test_a_failed_message_whose_stay_is_shown_no_more_stops_no_other(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    inn.office.book("R2", BEN, date(2026, 9, 2))
    await inn.hear("hola")
    await inn.until("2026-09-04T10:30")
    shown = inn.office.reservation

    async def broken(reference: str) -> Any:
        if reference == "R1" and await inn.outbox():
            raise Rejected("not for you")
        return await shown(reference)

    monkeypatch.setattr(inn.phone, "send", refused)
    monkeypatch.setattr(inn.office, "reservation", broken)
    await inn.until("2026-09-06T12:00")
    assert inn.heard() == [("mail", "ben@example.com", "Ben, how was Hotel Sol?")]


@pytest.mark.parametrize("wrote", [False, True])
async def test_who_is_erased_while_the_message_is_put_into_words_does_not_get_it(
    inn: Inn, monkeypatch: pytest.MonkeyPatch, wrote: bool
) -> None:
    if wrote:
        await inn.hear("hola")
    await inn.until("2026-09-04T10:30")
    inn.clock.set(datetime(2026, 9, 4, 11, tzinfo=ZONE))

    async def erased(*args: Any) -> Any:
        async with inn.database.sessions() as session, session.begin():
            known = ["ana@example.com", "56911110001"]
            found = await rights.find(session, "sol", known)
            await rights.erase(session, "sol", ["a"], found)
        return await wording.word(*args)

    monkeypatch.setattr(sending, "word", erased)
    assert await inn.tick() == 0
    assert (inn.heard(), await inn.outbox(), await inn.decided()) == ([], [], [])
    with pytest.raises(LookupError):
        await inn.conversation("ana@example.com")


async def test_who_is_erased_while_a_message_is_dropped_leaves_no_row(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await inn.until("2026-09-04T10:30")
    inn.clock.set(datetime(2026, 9, 4, 11, tzinfo=ZONE))

    async def gone(reference: str) -> Any:
        async with inn.database.sessions() as session, session.begin():
            found = await rights.find(session, "sol", ["ana@example.com"])
            await rights.erase(session, "sol", ["a"], found)
        raise NotFound(reference)

    monkeypatch.setattr(inn.office, "reservation", gone)
    await inn.tick()
    assert await inn.decided() == []


# ── what is known of it later ────────────────────────────────────────────────────────────────────


async def test_figures_stay_when_messages_are_pruned_and_guests_erased(inn: Inn) -> None:
    await inn.hear("hola")
    await inn.until("2026-09-04T11:00")
    await told(inn, DeliveryState.DELIVERED)
    await inn.hear("muy bien")
    before = await figures(inn)
    assert before == {"sent": 1, "delivered": 1, "answered": 1}
    async with inn.database.sessions() as session, session.begin():
        await rights.forget_messages(session, "sol", inn.clock.now() + timedelta(days=1))
    assert (await inn.outbox(), await figures(inn)) == ([], before)
    async with inn.database.sessions() as session, session.begin():
        found = await rights.find(session, "sol", ["ana@example.com", "56911110001"])
        await rights.erase(session, "sol", ["a"], found)
    assert await figures(inn) == before


async def test_a_message_that_went_another_way_counts_there_alone(inn: Inn) -> None:
    await inn.hear("hola")
    await inn.until("2026-09-04T11:00")
    await failed(inn, "recipient")
    assert await figures(inn) == {"failed": 1}
    await inn.until("2026-09-04T13:00")
    assert await figures(inn) == {"sent": 1}


async def figures(inn: Inn) -> dict[str, int]:
    """What came of all messages, as the report has it and, the same, the watch."""
    async with inn.database.sessions() as session:
        (row,) = await journeys.report(session, "sol", *EVER)
        (seen,) = await journeys.outcomes(session, EVER[0])
    counts = {name: number for name, number in row.items() if isinstance(number, int) and number}
    assert counts == {name: n for name, n in seen.items() if isinstance(n, int) and n}
    return counts


async def test_every_message_has_its_row_in_the_audit_log(inn: Inn) -> None:
    await inn.hear("hola")
    await inn.until("2026-09-04T12:00")
    async with inn.database.sessions() as session:
        (entry,) = (await session.scalars(select(AuditEntry))).all()
    (row,) = await inn.outbox()
    assert (entry.who, entry.action, entry.target) == ("agent", "unasked", f"outbox {row.id}")
    assert entry.after == {
        "purpose": "review",
        "channel": "phone",
        "outcome": "accepted",
        "provider_id": row.provider_id,
        "journey": "test.review",
        "reference": "R1",
        "part": "0",
        "consent": "wrote to us, last on 2026-09-01",
        "template": "review_1",
        "version": "1",
        "language": "es",
    }


async def test_a_conversation_that_we_begin_has_the_guests_telephone_and_no_window(
    inn: Inn,
) -> None:
    inn.office.change("R1", guest=replace(ANA, email=None))
    async with inn.database.sessions() as session, session.begin():
        await consent.record(
            session,
            "sol",
            channel="phone",
            addresses=[ANA.phone or ""],
            purpose="proactive",
            granted=True,
            source="staff: marta",
            at=inn.clock.now(),
        )
    await inn.until("2026-09-04T12:00")
    assert inn.heard() == [TEMPLATE]
    talk = await inn.conversation("56911110001")
    assert talk.last_guest_at == guests.NEVER


def test_a_journey_of_a_plugin_bears_its_name() -> None:
    class Wrong:
        def journeys(self) -> list[Journey]:
            return [replace(REVIEW, name="other.x")]

    guard = Guard("test", structlog.get_logger(), timeout=1, concurrency=1)
    source: Any = Wrong()
    with pytest.raises(PluginBug):
        plans.of_plugin("test", source, guard)
