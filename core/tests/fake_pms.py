"""A small PMS for tests of the core, which imports no plugin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from agente_hotelero.components import PluginConfig, WebhookRequest
from agente_hotelero.errors import NotFound
from agente_hotelero.pms import (
    AdapterInfo,
    Capability,
    Idempotency,
    PmsAdapter,
    RateLimitPolicy,
)
from agente_hotelero.stays import (
    Amendment,
    Cancellation,
    Changes,
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
    Service,
    ServiceKind,
    Stay,
    StayChange,
)

STAY = Stay(arrival=date(2026, 12, 24), departure=date(2026, 12, 27))
ROOM = RoomType(id="double", name="Doble", max_adults=2, max_guests=3)
OFFER = Offer(
    id="offer-1",
    property_id="1",
    room_type=ROOM,
    rate_plan=RatePlan(id="flex", name="Flexible"),
    stay=STAY,
    occupancies=(Occupancy(adults=2),),
    total=Money(amount=Decimal("300.00"), currency="USD"),
    expires_at=datetime(2027, 1, 1, tzinfo=UTC),
)
DRAFT = ReservationDraft(offer=OFFER, guest=Guest(name="Ana García"), external_ref="AH-1")
NOTHING = Money(amount=Decimal(0), currency="USD")
LATE = Service(
    id="late",
    kind=ServiceKind.LATE_CHECK_OUT,
    name="Late check-out",
    price=Money(amount=Decimal(30), currency="USD"),
)
QUERY = OfferQuery(property_id="1", stay=STAY, occupancies=(Occupancy(adults=2),))


@dataclass
class FakeHotel:
    """The state of a fake PMS; `errors` are raised by the next calls of an operation."""

    idempotency: Idempotency = Idempotency.NATIVE_KEY
    capabilities: Capability = Capability.CREATE
    errors: dict[str, list[Exception]] = field(default_factory=dict)
    after: dict[str, list[Exception]] = field(default_factory=dict)
    booked: dict[str, Reservation] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    offer: Offer = OFFER
    fee: Money = NOTHING
    resumes: bool = False
    serialise: bool = False
    limits: RateLimitPolicy = RateLimitPolicy()  # noqa: RUF009 - frozen
    books_wrong: dict[str, Any] = field(default_factory=dict)
    told: list[Reservation] = field(default_factory=list)
    slow: float = 0.0
    at_work: int = 0
    most_at_work: int = 0

    @asynccontextmanager
    async def writing(self, operation: str) -> AsyncIterator[None]:
        """One write; how many there were at once is kept."""
        self.enter(operation)
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        await asyncio.sleep(0.01)
        self.at_work -= 1
        yield
        if self.after.get(operation):
            raise self.after[operation].pop(0)

    def change(self, reference: str, **changes: Any) -> Reservation:
        """A reservation as it is from now on."""
        key = next(key for key, one in self.booked.items() if one.reference == reference)
        was = self.booked[key]
        self.booked[key] = replace(was, version=f"{int(was.version) + 1}", **changes)
        return self.booked[key]

    def enter(self, operation: str) -> None:
        self.calls.append(operation)
        if self.errors.get(operation):
            raise self.errors[operation].pop(0)


class FakePms(PmsAdapter[PluginConfig]):
    """Books into its `hotel`; the same key books once where it says so."""

    hotel: FakeHotel

    def info(self) -> AdapterInfo:
        return AdapterInfo(
            name="fake",
            interface_version=1,
            capabilities=self.hotel.capabilities,
            idempotency=self.hotel.idempotency,
            resumes=self.hotel.resumes,
            serialise=self.hotel.serialise,
            limits=self.hotel.limits,
        )

    async def properties(self) -> Sequence[Property]:
        self.hotel.enter("properties")
        return [Property(id="1", name="Sol", time_zone="UTC", currency="USD")]

    async def room_types(self, property_id: str, locale: str) -> Sequence[RoomType]:
        self.hotel.enter("room_types")
        return [ROOM]

    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        self.hotel.enter("search_offers")
        await asyncio.sleep(self.hotel.slow)
        return [self.hotel.offer]

    async def reservation(self, reference: str) -> Reservation:
        self.hotel.enter("reservation")
        for made in self.hotel.booked.values():
            if made.reference == reference:
                return made
        raise NotFound(reference)

    async def find_reservations(
        self, query: ReservationQuery, cursor: str | None = None
    ) -> Page[Reservation]:
        self.hotel.enter("find_reservations")
        found = [m for m in self.hotel.booked.values() if m.external_ref == query.external_ref]
        return Page(items=found)

    async def create_reservation(self, draft: ReservationDraft, key: str) -> Reservation:
        native = self.hotel.idempotency is Idempotency.NATIVE_KEY
        async with self.hotel.writing("create_reservation"):
            slot = key if native else str(len(self.hotel.booked))
            if self.hotel.resumes:
                slot = draft.external_ref
            new = reservation(draft, f"R{len(self.hotel.booked)}")
            new = replace(new, **self.hotel.books_wrong)
            return self.hotel.booked.setdefault(slot, new)

    async def preview_amendment(self, reference: str, change: StayChange) -> Amendment:
        self.hotel.enter("preview_amendment")
        now = self._of(reference)
        nights = Decimal(change.stay.nights)
        return Amendment(
            id="a",
            reference=reference,
            version=now.version,
            change=change,
            before=now.total,
            total=Money(amount=100 * nights, currency="USD"),
            fee=self.hotel.fee,
            expires_at=datetime(2027, 1, 1, tzinfo=UTC),
        )

    async def amend_reservation(self, amendment: Amendment, key: str) -> Reservation:
        async with self.hotel.writing("amend_reservation"):
            change = amendment.change
            return self.hotel.change(
                amendment.reference,
                stay=change.stay,
                occupancies=change.occupancies,
                total=amendment.total,
            )

    async def preview_cancellation(self, reference: str) -> Cancellation:
        self.hotel.enter("preview_cancellation")
        now = self._of(reference)
        return Cancellation(
            id="c",
            reference=reference,
            version=now.version,
            fee=self.hotel.fee,
            expires_at=datetime(2027, 1, 1, tzinfo=UTC),
        )

    async def cancel_reservation(self, cancellation: Cancellation, key: str) -> Reservation:
        async with self.hotel.writing("cancel_reservation"):
            return self.hotel.change(cancellation.reference, status=ReservationStatus.CANCELLED)

    async def list_services(self, reference: str, locale: str) -> Sequence[Service]:
        self.hotel.enter("list_services")
        return [LATE]

    async def book_service(self, reference: str, service: Service, key: str) -> Reservation:
        async with self.hotel.writing("book_service"):
            services = (*self._of(reference).services, service.id)
            return self.hotel.change(reference, services=services)

    async def poll_changes(self, property_id: str, cursor: str | None) -> Changes:
        self.hotel.enter("poll_changes")
        told = self.hotel.told if cursor is None else self.hotel.told[int(cursor) :]
        new = [] if cursor is None else told[:2]
        at = len(self.hotel.told) if cursor is None else int(cursor) + len(new)
        return Changes(reservations=new, cursor=str(at))

    def verify_webhook(self, request: WebhookRequest) -> bool:
        if request.body == b"bug":
            raise KeyError("a bug of the plugin")
        return request.headers.get("x-secret") == "right"

    def _of(self, reference: str) -> Reservation:
        return next(one for one in self.hotel.booked.values() if one.reference == reference)


def reservation(draft: ReservationDraft, reference: str) -> Reservation:
    return Reservation(
        reference=reference,
        property_id="1",
        status=ReservationStatus.CONFIRMED,
        version="1",
        external_ref=draft.external_ref,
        room_type_id=draft.offer.room_type.id,
        room_type_name=draft.offer.room_type.name,
        rate_plan_id=draft.offer.rate_plan.id,
        stay=draft.offer.stay,
        occupancies=draft.offer.occupancies,
        guest=draft.guest,
        total=draft.offer.total,
    )
