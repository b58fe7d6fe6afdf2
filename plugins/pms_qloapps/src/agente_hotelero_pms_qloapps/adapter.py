"""The adapter: QloApps, 1.6.1 or 1.7, as the PMS of one hotel."""

from __future__ import annotations

from collections.abc import Sequence

from agente_hotelero import Finding, Health, PmsAdapter, Services
from agente_hotelero.errors import HoteleroError
from agente_hotelero.pms import AdapterInfo, Capability, Idempotency
from agente_hotelero.stays import (
    Amendment,
    Cancellation,
    Changes,
    Offer,
    OfferQuery,
    Page,
    Property,
    Reservation,
    ReservationDraft,
    ReservationQuery,
    RoomType,
    StayChange,
)

from agente_hotelero_pms_qloapps import (
    amending,
    booking,
    cancelling,
    changes,
    doctor,
    finding,
    hotel,
    offers,
    reading,
)
from agente_hotelero_pms_qloapps.client import Client
from agente_hotelero_pms_qloapps.config import QloAppsConfig
from agente_hotelero_pms_qloapps.shop import Shop

INFO = AdapterInfo(
    name="pms_qloapps",
    interface_version=1,
    capabilities=Capability.CREATE
    | Capability.AMEND_STAY
    | Capability.AMEND_GUESTS
    | Capability.CANCEL
    | Capability.IMAGES
    | Capability.POLL,
    idempotency=Idempotency.EXTERNAL_REF,
    resumes=True,
    serialise=True,
)


class QloAppsPms(PmsAdapter[QloAppsConfig]):
    """A QloApps shop over its webservice.

    QloApps has no idempotency key and lets two bookings at the same time into one room. The
    draft's reference is the booking's source, by which it is found again; the core makes one write
    at a time; and each booking is looked at when it is made (`booking`).

    Not SERVICES: a service can be added only by sending the whole booking again, which reckons all
    services of the room anew, some without their tax, and drops what was agreed by hand; and a
    service has no stock and no hour. What it costs cannot be told beforehand, so it is not sold.
    """

    config_class = QloAppsConfig

    def __init__(self, config: QloAppsConfig, services: Services) -> None:
        super().__init__(config, services)
        self._shop = Shop(client=Client(services.http, config), config=config, services=services)

    def info(self) -> AdapterInfo:
        return INFO

    async def health(self) -> Health:
        try:
            await self._shop.client.rows("hotels", {"display": "[id]", "limit": 1})
        except HoteleroError as error:
            return Health(ok=False, detail=str(error))
        return Health(ok=True, detail="QloApps answers")

    async def diagnose(self) -> Sequence[Finding]:
        return await doctor.diagnose(self._shop)

    async def properties(self) -> Sequence[Property]:
        return await hotel.properties(self._shop)

    async def room_types(self, property_id: str, locale: str) -> Sequence[RoomType]:
        return await hotel.room_types(self._shop, property_id, locale)

    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        return await offers.search(self._shop, query)

    async def create_reservation(self, draft: ReservationDraft, key: str) -> Reservation:
        return await booking.create(self._shop, draft)

    async def reservation(self, reference: str) -> Reservation:
        return await reading.reservation(self._shop, reference)

    async def find_reservations(
        self, query: ReservationQuery, cursor: str | None = None
    ) -> Page[Reservation]:
        return await finding.find(self._shop, query, cursor)

    async def preview_amendment(self, reference: str, change: StayChange) -> Amendment:
        return await amending.preview(self._shop, reference, change)

    async def amend_reservation(self, amendment: Amendment, key: str) -> Reservation:
        return await amending.amend(self._shop, amendment)

    async def preview_cancellation(self, reference: str) -> Cancellation:
        return await cancelling.preview(self._shop, reference)

    async def cancel_reservation(self, cancellation: Cancellation, key: str) -> Reservation:
        return await cancelling.cancel(self._shop, cancellation)

    async def poll_changes(self, property_id: str, cursor: str | None) -> Changes:
        return await changes.poll(self._shop, property_id, cursor)
