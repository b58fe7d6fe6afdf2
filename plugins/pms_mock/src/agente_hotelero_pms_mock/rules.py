"""Which stays are sold at all, in which season they fall, and who fits. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from agente_hotelero.errors import Rejected
from agente_hotelero.stays import Occupancy, Stay

from agente_hotelero_pms_mock.catalogue import Room, Season
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
