"""The tutorial's adapter: Seaside's REST API as a PMS of Agente Hotelero."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from agente_hotelero import PluginConfig, PmsAdapter, hookimpl, rest
from agente_hotelero.errors import NotFound, Rejected, SoldOut
from agente_hotelero.matching import is_meant
from agente_hotelero.pms import AdapterInfo, Capability, Idempotency
from agente_hotelero.stays import (
    Cancellation,
    CancellationTerms,
    Guest,
    Money,
    Occupancy,
    Offer,
    OfferQuery,
    Page,
    Property,
    RatePlan,
    Reservation,
    ReservationDraft,
    ReservationQuery,
    ReservationStatus,
    RoomType,
    Stay,
)
from pydantic import Field, SecretStr

PROPERTY, CURRENCY = "1", "EUR"
STANDARD = RatePlan(id="standard", name="Standard")
OFFER_LIFE = timedelta(minutes=15)
NUMBER = re.compile(r"SEA-\d+")
FREE = Money(currency=CURRENCY, amount=Decimal(0))


class SeasideConfig(PluginConfig):
    """``[tenants.<hotel>.plugins.pms_seaside]``."""

    base_url: str = Field(pattern=r"^https?://")
    api_key: SecretStr


class SeasidePms(PmsAdapter[SeasideConfig]):
    """Seaside has no idempotency key, but keeps our reference and finds it again."""

    config_class = SeasideConfig

    def info(self) -> AdapterInfo:
        return AdapterInfo(
            name="pms_seaside",
            interface_version=1,
            capabilities=Capability.CREATE | Capability.CANCEL,
            idempotency=Idempotency.EXTERNAL_REF,
        )

    async def properties(self) -> Sequence[Property]:
        """Seaside is one hotel and says nothing of itself."""
        name, zone = self.services.hotel_name, self.services.time_zone.key
        return [Property(id=PROPERTY, name=name, time_zone=zone, currency=CURRENCY)]

    async def room_types(self, property_id: str, locale: str) -> Sequence[RoomType]:
        _check(property_id)
        return [_room(found) for found in await self._call("GET", "/rooms")]

    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        _check(query.property_id)
        if len(query.occupancies) != 1:
            raise Rejected("Seaside sells one room at a time")
        if query.stay.arrival < self._now().date():
            raise Rejected("arrival is in the past")
        rooms = {room.id: room for room in await self.room_types(query.property_id, query.locale)}
        asked = {**_days(query.stay), "guests": query.occupancies[0].guests}
        offers = [
            self._offer(query, rooms[rate["room"]], rate)
            for rate in await self._call("GET", "/rates", params=asked)
            if query.room_type_id in (None, rate["room"])
        ]
        return sorted(offers, key=lambda offer: offer.total.amount)

    async def create_reservation(self, draft: ReservationDraft, key: str) -> Reservation:
        offer, (party,) = draft.offer, draft.offer.occupancies
        order = {
            "ref": draft.external_ref,
            "room": offer.room_type.id,
            **_days(offer.stay),
            "adults": party.adults,
            "child_ages": party.child_ages,
            "guest": draft.guest.name,
            "email": draft.guest.email or "",
            "phone": draft.guest.phone or "",
        }
        try:
            made = await self._call("POST", "/bookings", writes=True, json=order)
        except Rejected as error:
            if str(error) == "HTTP 409":
                raise SoldOut("the last room went to somebody else") from error
            raise
        return self._reservation(made)

    async def reservation(self, reference: str) -> Reservation:
        return self._reservation(await self._call("GET", f"/bookings/{_number(reference)}"))

    async def find_reservations(
        self, query: ReservationQuery, cursor: str | None = None
    ) -> Page[Reservation]:
        """Seaside does not search by telephone, and minds accents: that is done here."""
        _check(query.property_id)
        asked = {
            "ref": query.external_ref,
            "email": query.email,
            "arrival": query.arrival and query.arrival.isoformat(),
            "departure": query.departure and query.departure.isoformat(),
            "page": cursor,
        }
        params = {name: value for name, value in asked.items() if value}
        answer = await self._call("GET", "/bookings", params=params)
        found = [self._reservation(one) for one in answer["bookings"]]
        following = answer["next"]
        return Page(
            items=[one for one in found if is_meant(one.guest, query)],
            next_cursor=str(following) if following else None,
        )

    async def preview_cancellation(self, reference: str) -> Cancellation:
        """Free, as long as the stay has not begun."""
        held = await self.reservation(reference)
        if held.status is not ReservationStatus.CONFIRMED:
            raise Rejected(f"the booking is {held.status}")
        if held.stay.arrival <= self._now().date():
            raise Rejected("the stay has begun")
        return Cancellation(
            id=held.reference,
            reference=held.reference,
            version=held.version,
            fee=FREE,
            expires_at=self._now() + OFFER_LIFE,
        )

    async def cancel_reservation(self, cancellation: Cancellation, key: str) -> Reservation:
        path = f"/bookings/{cancellation.reference}/cancel"
        return self._reservation(await self._call("POST", path, writes=True))

    async def _call(self, method: str, path: str, **options: Any) -> Any:
        headers = {"X-Key": self.config.api_key.get_secret_value()}
        url = f"{self.config.base_url}{path}"
        return await rest.call(self.services.http, method, url, headers=headers, **options)

    def _now(self) -> datetime:
        return self.services.clock.now().astimezone(self.services.time_zone)

    def _terms(self, stay: Stay) -> CancellationTerms:
        midnight = datetime.combine(stay.arrival, time(), self.services.time_zone)
        return CancellationTerms(free_until=midnight)

    def _offer(self, query: OfferQuery, room: RoomType, rate: dict[str, Any]) -> Offer:
        return Offer(
            id=f"{room.id}:{query.stay.arrival}:{query.stay.departure}",
            property_id=query.property_id,
            room_type=room,
            rate_plan=STANDARD,
            stay=query.stay,
            occupancies=query.occupancies,
            total=Money(currency=CURRENCY, amount=Decimal(rate["total"])),
            cancellation=self._terms(query.stay),
            units_left=rate["left"],
            expires_at=self._now() + OFFER_LIFE,
        )

    def _reservation(self, made: dict[str, Any]) -> Reservation:
        stay = Stay(
            arrival=date.fromisoformat(made["arrival"]),
            departure=date.fromisoformat(made["departure"]),
        )
        party = Occupancy(adults=made["adults"], child_ages=tuple(made["child_ages"]))
        guest = Guest(name=made["guest"], email=made["email"] or None, phone=made["phone"] or None)
        return Reservation(
            reference=made["number"],
            property_id=PROPERTY,
            status=ReservationStatus(made["state"]),
            version=made["state"],
            external_ref=made["ref"],
            room_type_id=made["room"],
            room_type_name=made["room_name"],
            rate_plan_id=STANDARD.id,
            stay=stay,
            occupancies=(party,),
            guest=guest,
            total=Money(currency=CURRENCY, amount=Decimal(made["total"])),
            cancellation=self._terms(stay),
        )


def _number(reference: str) -> str:
    """A guest typed it: nothing else may become part of the address."""
    number = reference.upper()
    if not NUMBER.fullmatch(number):
        raise NotFound("not a number of Seaside's")
    return number


def _check(property_id: str) -> None:
    if property_id != PROPERTY:
        raise NotFound("Seaside is one hotel")


def _room(found: dict[str, Any]) -> RoomType:
    guests = found["guests"]
    return RoomType(id=found["id"], name=found["name"], max_adults=guests, max_guests=guests)


def _days(stay: Stay) -> dict[str, str]:
    return {"arrival": stay.arrival.isoformat(), "departure": stay.departure.isoformat()}


@hookimpl
def register_pms_adapters() -> list[type[PmsAdapter[Any]]]:
    return [SeasidePms]
