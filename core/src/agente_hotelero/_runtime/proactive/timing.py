"""When a message is due, until when it makes sense, and whether now is a good hour. Pure.

All reckoning is on the hotel's clock on the wall: a day after eleven is eleven, whatever the night
between did to the clock.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone
from phonenumbers.timezone import UNKNOWN_TIMEZONE

from agente_hotelero._db.guest_models import KnownStay
from agente_hotelero.matching import digits
from agente_hotelero.proactive import Journey, Trigger
from agente_hotelero.stays import ReservationStatus as Status

QUIET_FROM, QUIET_UNTIL = time(21), time(9)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hours:
    """The hotel's clock: its zone, and when guests come and go by its rules."""

    zone: ZoneInfo
    check_in: time
    check_out: time


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """From when a message is due until when it makes sense; aware, in UTC."""

    due: datetime
    end: datetime


def span(journey: Journey, stay: KnownStay, hours: Hours) -> Span | None:
    """None where the stay has no such moment: not booked as far as we heard."""
    base = _base(journey.trigger, stay, hours)
    if base is None:
        return None
    due = into_window(base + journey.offset, journey)
    end = due + journey.expires
    limit = _limit(journey, stay, hours)
    return Span(due=_utc(due, hours.zone), end=_utc(min(end, limit) if limit else end, hours.zone))


def reminder_span(journey: Journey, sent_at: datetime, hours: Hours) -> Span | None:
    """Of the reminder to a message that was sent at an instant; None where there is none."""
    if journey.reminder is None:
        return None
    local = sent_at.astimezone(hours.zone).replace(tzinfo=None) + journey.reminder.after
    due = into_window(local, journey)
    return Span(due=_utc(due, hours.zone), end=_utc(due + journey.expires, hours.zone))


def into_window(local: datetime, journey: Journey) -> datetime:
    """The first moment from a local one on that lies in the journey's hours."""
    if local.time() < journey.opens:
        return datetime.combine(local.date(), journey.opens)
    if local.time() >= journey.closes:
        return datetime.combine(local.date() + timedelta(days=1), journey.opens)
    return local


def is_open(journey: Journey, now: datetime, hours: Hours) -> bool:
    """Whether now lies in the journey's hours, by the hotel's clock."""
    return journey.opens <= now.astimezone(hours.zone).time() < journey.closes


def guest_sleeps(journey: Journey, phones: Collection[str], now: datetime, hours: Hours) -> bool:
    """Whether it is night where one of the guest's telephones is at home, in all of that country.

    Where the hotel's hours fall into those nights altogether, the hotel's count alone: a message
    that could never be sent would be no rule but a gate.
    """
    homes = [zones for phone in phones if (zones := home(phone))]
    if not _is_asleep(homes, now):
        return False
    day = now.astimezone(hours.zone).date()
    return any(not _is_asleep(homes, one) for one in _hours_of(journey, day, hours))


def sendable_until(
    journey: Journey, due: Span, phones: Collection[str], now: datetime, hours: Hours
) -> datetime:
    """Until when a message may go out that is decided now: the end of today's hours, or before it
    of its sense, or of the guest's day."""
    day = now.astimezone(hours.zone).date()
    closes = _utc(datetime.combine(day, journey.closes), hours.zone)
    nights = (
        one
        for one in _hours_of(journey, day, hours)
        if one > now and guest_sleeps(journey, phones, one, hours)
    )
    return min([due.end, closes, *nights])


def home(phone: str) -> tuple[ZoneInfo, ...]:
    """The zones in which a telephone may be at home, by its country and area: several where it does
    not tell (a mobile one of Spain), none where nothing is known of it."""
    number = _number(phone)
    if number is None:
        return ()
    names = timezone.time_zones_for_number(number)
    if UNKNOWN_TIMEZONE in names:
        # Of a number that nobody can have, as some are written in a PMS, the country is still told.
        names = timezone.time_zones_for_geographical_number(number)
    return tuple(ZoneInfo(name) for name in names if name != UNKNOWN_TIMEZONE)


def is_possible(phone: str) -> bool:
    """Whether somebody may have a telephone: not ``+34 000 000 000`` or ``+34 900 000 000``, which
    are typed where none is known, nor one of too few digits."""
    number = _number(phone)
    if number is None or not phonenumbers.is_possible_number(number):
        return False
    return len(set(str(number.national_number))) > 2


def _number(phone: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(f"+{digits(phone)}")
    except phonenumbers.NumberParseException:
        return None


def _is_asleep(homes: Collection[tuple[ZoneInfo, ...]], at: datetime) -> bool:
    return any(all(_is_night(at.astimezone(zone).time()) for zone in zones) for zones in homes)


def departed_at(departure: date, since: datetime, now: datetime, hours: Hours) -> datetime:
    """When a guest left who has left by now, and had not yet when we looked last, at `since`: now,
    if we looked within the hour; else, if that lies between, at check-out time."""
    planned = _utc(datetime.combine(departure, hours.check_out), hours.zone)
    looked_often = now - since <= timedelta(hours=1)
    return now if looked_often or not since < planned < now else planned


def _base(trigger: Trigger, stay: KnownStay, hours: Hours) -> datetime | None:
    """The trigger's moment, on the wall."""
    if trigger is Trigger.BOOKED:
        return _wall(stay.booked_at, hours) if stay.booked_at else None
    if trigger is Trigger.ARRIVAL:
        return datetime.combine(stay.arrival, hours.check_in)
    if stay.departed_at is not None:
        return _wall(stay.departed_at, hours)
    return datetime.combine(stay.departure, hours.check_out)


def _limit(journey: Journey, stay: KnownStay, hours: Hours) -> datetime | None:
    """When a message about what is to come makes no sense any more, on the wall."""
    arrival = datetime.combine(stay.arrival, hours.check_in)
    departure = datetime.combine(stay.departure, hours.check_out)
    if journey.trigger is Trigger.BOOKED:
        return arrival
    if journey.trigger is Trigger.ARRIVAL:
        return arrival if journey.offset < timedelta() else departure
    return departure if journey.offset < timedelta() else None


def fits(journey: Journey, stay: KnownStay) -> bool:
    """Whether a stay that is as it is may have this message at all, now or later."""
    coming = journey.trigger is Trigger.BOOKED or (
        journey.trigger is Trigger.ARRIVAL and journey.offset < timedelta()
    )
    if coming:
        return stay.status == Status.CONFIRMED
    if journey.trigger is Trigger.DEPARTURE and journey.offset >= timedelta():
        return stay.status in (Status.CONFIRMED, Status.IN_HOUSE, Status.DEPARTED)
    return stay.status in (Status.CONFIRMED, Status.IN_HOUSE)


def is_still_there(journey: Journey, stay: KnownStay) -> bool:
    """Whether the PMS has the guest in the house although the stay should be over: not yet."""
    after = journey.trigger is Trigger.DEPARTURE and journey.offset >= timedelta()
    return after and stay.status == Status.IN_HOUSE


def _hours_of(journey: Journey, day: date, hours: Hours) -> list[datetime]:
    """Each half hour of the journey's hours on a day."""
    local, closes = datetime.combine(day, journey.opens), datetime.combine(day, journey.closes)
    found = []
    while local < closes:
        found.append(_utc(local, hours.zone))
        local += timedelta(minutes=30)
    return found


def _is_night(at: time) -> bool:
    return at >= QUIET_FROM or at < QUIET_UNTIL


def _wall(instant: datetime, hours: Hours) -> datetime:
    return instant.astimezone(hours.zone).replace(tzinfo=None)


def _utc(local: datetime, zone: ZoneInfo) -> datetime:
    """A time on the wall as an instant; one that a night skipped is as much later, and of one that
    came twice it is the first."""
    return local.replace(tzinfo=zone).astimezone(UTC)
