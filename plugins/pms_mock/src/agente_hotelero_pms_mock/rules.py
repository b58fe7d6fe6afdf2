"""Which stays are sold at all and until when they can be changed, who fits, and what stock a
reservation takes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from agente_hotelero.errors import Rejected
from agente_hotelero.stays import (
    Occupancy,
    Reservation,
    ReservationStatus,
    ServiceKind,
    Stay,
)

from agente_hotelero_pms_mock.catalogue import Extra, Room, Season
from agente_hotelero_pms_mock.config import MockConfig


def season_of(config: MockConfig, night: date) -> Season | None:
    """The first season of the settings that holds the night."""
    return next((season for season in config.seasons if season.holds(night)), None)


def check_stay(config: MockConfig, stay: Stay, today: date) -> None:
    """Raises Rejected for a stay that is not sold; `today` is the property's date.

    The minimum stay is that of the season in which the arrival falls.
    """
    if stay.arrival < today:
        raise Rejected("arrival is in the past")
    if stay.arrival > today + timedelta(days=config.booking_window_days):
        raise Rejected(f"arrival is more than {config.booking_window_days} days ahead")
    if stay.nights > config.maximum_nights:
        raise Rejected(f"maximum stay {config.maximum_nights} nights")
    season = season_of(config, stay.arrival)
    if season is not None and stay.nights < season.minimum_nights:
        raise Rejected(f"minimum stay {season.minimum_nights} nights")


def check_parties(parties: Sequence[Occupancy]) -> None:
    """Raises Rejected when no room is asked for, or a child's age makes no sense."""
    if not parties:
        raise Rejected("no room was asked for")
    if any(age < 0 for party in parties for age in party.child_ages):
        raise Rejected("a child's age is negative")


def fits(room: Room, parties: Sequence[Occupancy]) -> bool:
    """Whether each party fits one room of this type."""
    return all(
        party.adults <= room.max_adults and party.guests <= room.max_guests for party in parties
    )


def begun(config: MockConfig, stay: Stay, now: datetime, zone: ZoneInfo) -> bool:
    """Whether the room is the guest's: from check-in time on the day of arrival."""
    return now >= datetime.combine(stay.arrival, config.check_in, zone)


def over(config: MockConfig, stay: Stay, now: datetime, zone: ZoneInfo) -> bool:
    return now >= datetime.combine(stay.departure, config.check_out, zone)


def check_open(config: MockConfig, held: Reservation, now: datetime, zone: ZoneInfo) -> None:
    """Raises Rejected for a reservation that cannot be changed through us any more."""
    if held.status is not ReservationStatus.CONFIRMED:
        raise Rejected(f"the reservation is {held.status}")
    if begun(config, held.stay, now, zone):
        raise Rejected("the stay has begun")


def service_is_open(
    config: MockConfig, extra: Extra, held: Reservation, now: datetime, zone: ZoneInfo
) -> bool:
    """Whether there is still time for it."""
    if held.status not in (ReservationStatus.CONFIRMED, ReservationStatus.IN_HOUSE):
        return False
    if extra.kind is ServiceKind.EARLY_CHECK_IN:
        return not begun(config, held.stay, now, zone)
    return not over(config, held.stay, now, zone)


def service_item(service_id: str) -> str:
    """A service's name in the stock; no room type can have it."""
    return f"service:{service_id}"


def service_day(extra: Extra, stay: Stay) -> date:
    return stay.departure if extra.kind is ServiceKind.LATE_CHECK_OUT else stay.arrival


def units(config: MockConfig, held: Reservation) -> Counter[tuple[date, str]]:
    """What the reservation takes of the stock, unless it is cancelled."""
    taken: Counter[tuple[date, str]] = Counter()
    if held.status is ReservationStatus.CANCELLED:
        return taken
    for night in held.stay.dates():
        taken[night, held.room_type_id] += len(held.occupancies)
    for service_id in held.services:
        extra = config.service(service_id)
        if extra is not None:
            taken[service_day(extra, held.stay), service_item(service_id)] += 1
    return taken


def difference(
    config: MockConfig, before: Reservation, after: Reservation
) -> dict[tuple[date, str], int]:
    """Units to be taken, or given back where below zero: in a full house nothing else will do."""
    moved = units(config, after)
    moved.subtract(units(config, before))
    return {place: number for place, number in moved.items() if number}
