"""The tutorial's adapter: Seaside's REST API as a PMS of Agente Hotelero."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from agente_hotelero import PluginConfig, PmsAdapter, hookimpl, rest
from agente_hotelero.errors import Rejected, SoldOut
from agente_hotelero.pms import AdapterInfo, Capability, Idempotency
from agente_hotelero.stays import (
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

CURRENCY = "EUR"
STANDARD = RatePlan(id="standard", name="Standard")
OFFER_LIFE = timedelta(minutes=15)


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
            capabilities=Capability.CREATE,
            idempotency=Idempotency.EXTERNAL_REF,
        )

    async def properties(self) -> Sequence[Property]:
        """Seaside is one hotel and says nothing of itself."""
        name, zone = self.services.hotel_name, self.services.time_zone.key
        return [Property(id="1", name=name, time_zone=zone, currency=CURRENCY)]

    async def room_types(self, property_id: str, locale: str) -> Sequence[RoomType]:
        return [_room(found) for found in await self._call("GET", "/rooms")]

    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        rooms = {room.id: room for room in await self.room_types(query.property_id, query.locale)}
        (party,) = query.occupancies
        asked = {
            "arrival": query.stay.arrival.isoformat(),
            "departure": query.stay.departure.isoformat(),
            "adults": party.adults + len(party.child_ages),
        }
        offers = [
            self._offer(query, rooms[rate["room"]], rate)
            for rate in await self._call("GET", "/rates", params=asked)
            if query.room_type_id in (None, rate["room"])
        ]
        return sorted(offers, key=lambda offer: offer.total.amount)

    async def create_reservation(self, draft: ReservationDraft, key: str) -> Reservation:
        offer = draft.offer
        order = {
            "ref": draft.external_ref,
            "room": offer.room_type.id,
            "arrival": offer.stay.arrival.isoformat(),
            "departure": offer.stay.departure.isoformat(),
            "adults": offer.occupancies[0].adults,
            "guest": draft.guest.name,
            "email": draft.guest.email or "",
        }
        try:
            made = await self._call("POST", "/bookings", writes=True, json=order)
        except Rejected as error:  # 409: the last room went to somebody else
            raise SoldOut("Seaside is full") from error
        return await self._reservation(made)

    async def reservation(self, reference: str) -> Reservation:
        return await self._reservation(await self._call("GET", f"/bookings/{reference}"))

    async def find_reservations(
        self, query: ReservationQuery, cursor: str | None = None
    ) -> Page[Reservation]:
        if query.external_ref is None:
            return Page(items=())
        found = await self._call("GET", "/bookings", params={"ref": query.external_ref})
        return Page(items=[await self._reservation(one) for one in found])

    async def _call(self, method: str, path: str, **options: Any) -> Any:
        headers = {"X-Key": self.config.api_key.get_secret_value()}
        url = f"{self.config.base_url}{path}"
        return await rest.call(self.services.http, method, url, headers=headers, **options)

    def _offer(self, query: OfferQuery, room: RoomType, rate: dict[str, Any]) -> Offer:
        return Offer(
            id=f"{room.id}:{query.stay.arrival}:{query.stay.departure}",
            property_id=query.property_id,
            room_type=room,
            rate_plan=STANDARD,
            stay=query.stay,
            occupancies=query.occupancies,
            total=Money(currency=CURRENCY, amount=Decimal(rate["total"])),
            units_left=rate["left"],
            expires_at=self.services.clock.now() + OFFER_LIFE,
        )

    async def _reservation(self, made: dict[str, Any]) -> Reservation:
        names = {room.id: room.name for room in await self.room_types("1", "en")}
        return Reservation(
            reference=made["number"],
            property_id="1",
            status=ReservationStatus(made["state"]),
            version=made["state"],
            external_ref=made["ref"],
            room_type_id=made["room"],
            room_type_name=names[made["room"]],
            rate_plan_id=STANDARD.id,
            stay=Stay(
                arrival=date.fromisoformat(made["arrival"]),
                departure=date.fromisoformat(made["departure"]),
            ),
            occupancies=(Occupancy(adults=made["adults"]),),
            guest=Guest(name=made["guest"], email=made["email"] or None),
            total=Money(currency=CURRENCY, amount=Decimal(made["total"])),
        )


def _room(found: dict[str, Any]) -> RoomType:
    adults = found["adults"]
    return RoomType(id=found["id"], name=found["name"], max_adults=adults, max_guests=adults)


@hookimpl
def register_pms_adapters() -> list[type[PmsAdapter[Any]]]:
    return [SeasidePms]
