"""Booking once per key: what an order did before, and writing a new one."""

from __future__ import annotations

from agente_hotelero import Services
from agente_hotelero.errors import Rejected, Unavailable
from agente_hotelero.stays import Offer, Reservation, ReservationDraft
from sqlalchemy.exc import IntegrityError

from agente_hotelero_pms_mock import bookings, rules, tables, values
from agente_hotelero_pms_mock.bookings import Place, reading, writing
from agente_hotelero_pms_mock.config import MockConfig

REFERENCES_TRIED = 5


async def earlier(
    services: Services, place: Place, draft: ReservationDraft, key: str
) -> Reservation | None:
    """What this key booked before. Raises Rejected if it was something else."""
    async with reading(services.sessions) as session:
        row = await bookings.by_key(session, place, key)
    if row is None:
        return None
    if row.fingerprint != values.fingerprint(draft):
        raise Rejected("this key booked something else")
    return values.reservation_of(row)


async def book(
    services: Services,
    config: MockConfig,
    place: Place,
    draft: ReservationDraft,
    offer: Offer,
    key: str,
) -> Reservation:
    """Sell the offer as it stands, under a reference that is free. Raises SoldOut, Rejected."""
    for _ in range(REFERENCES_TRIED):
        made = values.reserved(draft, offer, values.new_reference(config.reference_prefix))
        row = values.row_of(draft, made, key, tenant=place.tenant, at=services.clock.now())
        try:
            claimed = await _write(services, config, place, row, made)
        except IntegrityError:
            continue
        known = made if claimed else await earlier(services, place, draft, key)
        if known is None:
            raise Rejected("this key was used for another property")
        return known
    raise Unavailable("no reference is free")


async def _write(
    services: Services, config: MockConfig, place: Place, row: tables.Booked, made: Reservation
) -> bool:
    """Write the row and take the rooms, or do neither; False when the key has a row.

    The key is claimed first: whoever repeats it waits there, instead of losing the last room to
    himself.
    """
    async with writing(services.sessions) as session:
        if not await bookings.claim(session, row):
            return False
        units = rules.units(config, made)
        await tables.move_units(session, place.tenant, place.property_id, units, config.limit)
        await bookings.number(session, place, row.key)
    return True
