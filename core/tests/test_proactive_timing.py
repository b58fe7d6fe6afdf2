"""When a message is due, by the hotel's clock on the wall, whatever a night does to the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from agente_hotelero._db.guest_models import KnownStay
from agente_hotelero._runtime.proactive import timing
from agente_hotelero._runtime.proactive.timing import Hours
from agente_hotelero.proactive import Journey, Reminder, Trigger
from agente_hotelero.stays import ReservationStatus as Status

SANTIAGO = ZoneInfo("America/Santiago")
SOL = Hours(zone=SANTIAGO, check_in=time(15), check_out=time(11))
SEEN = datetime(2026, 8, 1, tzinfo=UTC)


def stay(arrival: str, departure: str, status: Status = Status.CONFIRMED, **more: Any) -> KnownStay:
    return KnownStay(
        tenant="sol",
        reference="R1",
        status=status.value,
        version="1",
        arrival=date.fromisoformat(arrival),
        departure=date.fromisoformat(departure),
        seen_at=SEEN,
        **more,
    )


def journey(trigger: Trigger, hours: float, **more: Any) -> Journey:
    return Journey(
        name="j", trigger=trigger, offset=timedelta(hours=hours), template="core/x", **more
    )


REVIEW = journey(Trigger.DEPARTURE, 24)


def due(one: Journey, of: KnownStay, hours: Hours = SOL) -> str:
    """On the wall of the hotel."""
    span = timing.span(one, of, hours)
    assert span is not None
    return f"{span.due.astimezone(hours.zone):%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        pytest.param(REVIEW, "09-04 11:00", id="a day after check-out"),
        pytest.param(journey(Trigger.DEPARTURE, 72), "09-06 11:00", id="three days after"),
        pytest.param(journey(Trigger.DEPARTURE, 3), "09-03 14:00", id="three hours after"),
        pytest.param(journey(Trigger.DEPARTURE, 12), "09-04 10:00", id="too late in the day"),
        pytest.param(journey(Trigger.DEPARTURE, 20), "09-04 10:00", id="too early in the day"),
        pytest.param(journey(Trigger.ARRIVAL, -48), "08-30 15:00", id="two days before"),
        pytest.param(journey(Trigger.ARRIVAL, 20), "09-02 11:00", id="on the first day"),
        pytest.param(journey(Trigger.DEPARTURE, -14), "09-03 10:00", id="the evening before"),
    ],
)
def test_a_message_is_due_at_its_hour_on_the_wall(one: Journey, expected: str) -> None:
    assert due(one, stay("2026-09-01", "2026-09-03")) == expected


@pytest.mark.parametrize(
    ("zone", "departure"),
    [
        # Chile sets its clocks forward in the night to 2026-09-06, and back in that to 2027-04-04.
        ("America/Santiago", "2026-09-05"),
        ("America/Santiago", "2027-04-03"),
        ("Europe/Madrid", "2026-10-24"),
        ("Europe/Madrid", "2027-03-27"),
    ],
)
def test_a_night_that_changes_the_clock_changes_no_hour_on_the_wall(
    zone: str, departure: str
) -> None:
    hours = Hours(zone=ZoneInfo(zone), check_in=time(15), check_out=time(11))
    day = date.fromisoformat(departure)
    left = stay((day - timedelta(days=2)).isoformat(), departure)
    span = timing.span(REVIEW, left, hours)
    assert span is not None
    local = span.due.astimezone(hours.zone)
    assert (local.date(), local.time()) == (day + timedelta(days=1), time(11))
    passed = span.due - datetime.combine(day, time(11)).replace(tzinfo=hours.zone)
    assert passed in (timedelta(hours=23), timedelta(hours=25))


def test_an_hour_that_a_night_skips_is_as_much_later() -> None:
    nightly = journey(Trigger.DEPARTURE, 13.5, opens=time(0), closes=time(23, 59))
    assert due(nightly, stay("2026-09-03", "2026-09-05")) == "09-06 01:30"


def test_the_real_departure_counts_where_the_pms_tells_it() -> None:
    early = datetime(2026, 9, 2, 12, tzinfo=UTC)
    left = stay("2026-09-01", "2026-09-03", Status.DEPARTED, departed_at=early)
    assert due(REVIEW, left) == "09-03 10:00"
    late = datetime(2026, 9, 3, 21, tzinfo=UTC)
    left = stay("2026-09-01", "2026-09-03", Status.DEPARTED, departed_at=late)
    assert due(REVIEW, left) == "09-04 17:00"


def test_a_booking_is_confirmed_when_we_hear_of_it_and_not_before() -> None:
    confirmation = journey(Trigger.BOOKED, 0, opens=time(0), closes=time(23, 59))
    assert timing.span(confirmation, stay("2026-09-01", "2026-09-03"), SOL) is None
    heard = datetime(2026, 8, 20, 15, tzinfo=UTC)
    assert due(confirmation, stay("2026-09-01", "2026-09-03", booked_at=heard)) == "08-20 11:00"


@pytest.mark.parametrize(
    ("one", "end"),
    [
        pytest.param(REVIEW, "09-11 11:00", id="a week after it was due"),
        pytest.param(journey(Trigger.ARRIVAL, -48), "09-01 15:00", id="until the guest is there"),
        pytest.param(journey(Trigger.ARRIVAL, 20), "09-03 11:00", id="until the guest leaves"),
        pytest.param(journey(Trigger.DEPARTURE, -14), "09-03 11:00", id="until check-out"),
    ],
)
def test_a_message_makes_sense_until(one: Journey, end: str) -> None:
    span = timing.span(one, stay("2026-09-01", "2026-09-03"), SOL)
    assert span is not None
    assert f"{span.end.astimezone(SANTIAGO):%m-%d %H:%M}" == end


@pytest.mark.parametrize(
    ("at", "expected"),
    [("09:59", False), ("10:00", True), ("19:59", True), ("20:00", False), ("03:00", False)],
)
def test_the_hours_are_the_hotels(at: str, expected: bool) -> None:
    now = datetime.fromisoformat(f"2026-09-04T{at}").replace(tzinfo=SANTIAGO)
    assert timing.is_open(REVIEW, now.astimezone(UTC), SOL) is expected


@pytest.mark.parametrize(
    ("phone", "at", "sleeps"),
    [
        pytest.param("+4915112345678", "18:00", True, id="midnight in Berlin"),
        pytest.param("+4915112345678", "13:00", False, id="seven in the evening in Berlin"),
        pytest.param("+5491155550001", "10:00", False, id="ten in Buenos Aires"),
        pytest.param("+12125550123", "21:30", True, id="night in New York, by its area"),
        pytest.param("+15550001111", "21:30", False, id="an area that nobody knows"),
        pytest.param("+1", "21:30", False, id="no number"),
        pytest.param("", "10:00", False, id="no telephone"),
        pytest.param("+34600111222", "17:00", True, id="night in Madrid and on the Canaries"),
        pytest.param("+34600111222", "15:30", False, id="evening on the Canaries"),
    ],
)
def test_nobody_is_woken_at_home_where_that_is_known(phone: str, at: str, sleeps: bool) -> None:
    now = datetime.fromisoformat(f"2026-07-01T{at}").replace(tzinfo=SANTIAGO)
    assert timing.guest_sleeps(REVIEW, [phone], now.astimezone(UTC), SOL) is sleeps


def test_a_guest_whose_night_is_all_of_the_hotels_day_is_not_left_out() -> None:
    short = journey(Trigger.DEPARTURE, 24, opens=time(11), closes=time(16))
    noon = datetime(2026, 7, 1, 12, tzinfo=SANTIAGO).astimezone(UTC)
    assert not timing.guest_sleeps(short, ["+819012345678"], noon, SOL)


@pytest.mark.parametrize(
    ("one", "fitting"),
    [
        (journey(Trigger.BOOKED, 0), {Status.CONFIRMED}),
        (journey(Trigger.ARRIVAL, -48), {Status.CONFIRMED}),
        (journey(Trigger.ARRIVAL, 20), {Status.CONFIRMED, Status.IN_HOUSE}),
        (journey(Trigger.DEPARTURE, -14), {Status.CONFIRMED, Status.IN_HOUSE}),
        (REVIEW, {Status.CONFIRMED, Status.IN_HOUSE, Status.DEPARTED}),
    ],
)
def test_what_has_become_of_a_stay_decides_what_fits_it(one: Journey, fitting: set[Status]) -> None:
    found = {
        status for status in Status if timing.fits(one, stay("2026-09-01", "2026-09-03", status))
    }
    assert found == fitting


def test_only_a_guest_who_has_left_is_asked_how_it_was() -> None:
    inside = stay("2026-09-01", "2026-09-03", Status.IN_HOUSE)
    assert timing.is_still_there(REVIEW, inside)
    assert not timing.is_still_there(journey(Trigger.ARRIVAL, 20), inside)
    assert not timing.is_still_there(REVIEW, stay("2026-09-01", "2026-09-03"))


def test_a_reminder_comes_so_long_after_the_message_itself() -> None:
    reminder = Reminder(after=timedelta(hours=72), template="core/x")
    sent = datetime(2026, 9, 4, 22, 30, tzinfo=UTC)
    one = journey(Trigger.DEPARTURE, 24, reminder=reminder)
    span = timing.reminder_span(one, sent, SOL)
    assert span is not None
    # The clock is one hour farther by then, and the hour on the wall the same.
    assert f"{span.due.astimezone(SANTIAGO):%m-%d %H:%M}" == "09-07 18:30"
    assert timing.reminder_span(REVIEW, sent, SOL) is None


@pytest.mark.parametrize(
    ("since", "now", "expected"),
    [
        pytest.param("13:55", "14:00", "14:00", id="seen a moment after"),
        pytest.param("08:00", "18:00", "11:00", id="after an outage, check-out time"),
        pytest.param("12:00", "18:00", "18:00", id="still there after check-out time"),
        pytest.param("05:00", "08:30", "08:30", id="left before check-out time"),
    ],
)
def test_when_a_guest_left_is_known_as_well_as_it_can_be(
    since: str, now: str, expected: str
) -> None:
    def at(hour: str) -> datetime:
        local = datetime.fromisoformat(f"2026-09-03T{hour}").replace(tzinfo=SANTIAGO)
        return local.astimezone(UTC)

    assert timing.departed_at(date(2026, 9, 3), at(since), at(now), SOL) == at(expected)


@pytest.mark.parametrize(
    ("phone", "possible"),
    [
        ("+34612345678", True),
        ("+56 9 1111-0001", True),
        ("+34000000000", False),
        ("+34900000000", False),
        ("+999999999999", False),
        ("+560000000", False),
        ("+3461", False),
        ("", False),
    ],
)
def test_a_telephone_that_stands_for_none_is_known(phone: str, possible: bool) -> None:
    assert timing.is_possible(phone) is possible
