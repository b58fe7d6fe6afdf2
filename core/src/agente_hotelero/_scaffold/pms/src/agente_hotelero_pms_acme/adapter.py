"""The adapter: operations of the PMS interface, version 1, in terms of the PMS's API."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from agente_hotelero import Health, PmsAdapter, Services
from agente_hotelero.errors import HoteleroError, NotFound, PriceChanged, Rejected, SoldOut
from agente_hotelero.matching import is_meant
from agente_hotelero.pms import AdapterInfo, Capability, Idempotency, RateLimit, RateLimitPolicy
from agente_hotelero.stays import (
    Cancellation,
    Offer,
    OfferQuery,
    Page,
    Property,
    Reservation,
    ReservationDraft,
    ReservationQuery,
    RoomType,
)

from agente_hotelero_pms_acme import values, wire
from agente_hotelero_pms_acme.client import AcmeClient
from agente_hotelero_pms_acme.config import AcmeConfig

REFERENCE = re.compile(r"R\d+")


class AcmePms(PmsAdapter[AcmeConfig]):
    """Keeps our reference and finds it again, has no idempotency key, and never sells a room
    twice."""

    config_class = AcmeConfig

    def __init__(self, config: AcmeConfig, services: Services) -> None:
        super().__init__(config, services)
        self._client = AcmeClient(config, services.http)

    def info(self) -> AdapterInfo:
        return AdapterInfo(
            name="pms_acme",
            interface_version=1,
            capabilities=Capability.CREATE | Capability.CANCEL,
            idempotency=Idempotency.EXTERNAL_REF,
            limits=RateLimitPolicy(windows=(RateLimit(units=10, seconds=1),)),
        )

    async def health(self) -> Health:
        """Whether the PMS answers to our key."""
        try:
            await self.properties()
        except HoteleroError as error:
            return Health(ok=False, detail=f"the PMS does not answer: {type(error).__name__}")
        return Health(ok=True, detail="the PMS answers")

    async def properties(self) -> Sequence[Property]:
        houses = await self._client.read(list[wire.House], "GET", "/properties")
        return [values.property_of(house) for house in houses]

    async def room_types(self, property_id: str, locale: str) -> Sequence[RoomType]:
        path = f"{_at(property_id)}/room-types"
        rooms = await self._client.read(list[wire.Room], "GET", path, params={"locale": locale})
        return [values.room_type_of(room) for room in rooms]

    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        path = f"{_at(query.property_id)}/availability"
        asked = {**values.asked(query.stay, query.occupancies), "locale": query.locale}
        found = await self._client.read(list[wire.Available], "POST", path, json=asked)
        offers = [
            values.offer_of(one, query, self._soon())
            for one in found
            if query.room_type_id in (None, one.room_type.id)
        ]
        return sorted(offers, key=lambda offer: offer.total.amount)

    async def create_reservation(self, draft: ReservationDraft, key: str) -> Reservation:
        order = values.order_of(draft)
        try:
            made = await self._client.write(wire.Booking, "POST", "/bookings", json=order)
        except Rejected as refusal:
            raise await self._why_refused(draft.offer, refusal) from refusal
        return values.reservation_of(made)

    async def _why_refused(self, offer: Offer, refusal: Rejected) -> HoteleroError:
        """A refused order changed nothing, so the PMS can be asked what is for sale now."""
        query = OfferQuery(
            property_id=offer.property_id,
            stay=offer.stay,
            occupancies=offer.occupancies,
            room_type_id=offer.room_type.id,
        )
        present = await self.search_offers(query)
        if not present:
            return SoldOut("no room is left")
        return refusal if present[0].total == offer.total else PriceChanged(present[0])

    async def reservation(self, reference: str) -> Reservation:
        booking = await self._client.read(wire.Booking, "GET", _of(reference))
        return values.reservation_of(booking)

    async def find_reservations(
        self, query: ReservationQuery, cursor: str | None = None
    ) -> Page[Reservation]:
        """The PMS knows neither telephones nor parts of names: that is done here, page by page."""
        asked = values.filters_of(query, cursor)
        page = await self._client.read(wire.Found, "GET", "/bookings", params=asked)
        found = [values.reservation_of(one) for one in page.items]
        kept = [one for one in found if is_meant(one.guest, query)]
        return Page(items=kept, next_cursor=page.next)

    async def preview_cancellation(self, reference: str) -> Cancellation:
        told = await self._client.read(wire.Fee, "GET", f"{_of(reference)}/cancellation")
        return values.cancellation_of(told, _number(reference), self._soon())

    async def cancel_reservation(self, cancellation: Cancellation, key: str) -> Reservation:
        path = f"{_of(cancellation.reference)}/cancel"
        order = {
            "version": int(cancellation.version),
            "fee": str(cancellation.fee.amount) if cancellation.fee else None,
        }
        try:
            booking = await self._client.write(wire.Booking, "POST", path, json=order)
        except Rejected as refusal:
            present = await self.preview_cancellation(cancellation.reference)
            if present.version == cancellation.version and present.fee != cancellation.fee:
                raise PriceChanged(present) from refusal
            raise
        return values.reservation_of(booking)

    def _soon(self) -> datetime:
        return self.services.clock.now() + timedelta(minutes=self.config.offer_minutes)


def _at(property_id: str) -> str:
    """Where a property is. Raises NotFound for what cannot be one."""
    if not property_id.isalnum():
        raise NotFound("no such property")
    return f"/properties/{property_id}"


def _of(reference: str) -> str:
    """Where a booking is."""
    return f"/bookings/{_number(reference)}"


def _number(reference: str) -> str:
    """A booking's number. Raises NotFound for what cannot be one: a guest's words make no path."""
    number = reference.strip().upper()
    if not REFERENCE.fullmatch(number):
        raise NotFound("no such reservation")
    return number
