"""Small components for tests of the core, which imports no plugin."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import structlog
from agente_hotelero import Channel, Decision, Frame, Handler, HandlerRequest, Ingress, NlpEngine
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.ingress import GuardedIngress
from agente_hotelero.components import PluginConfig
from agente_hotelero.dialogue import Focus
from agente_hotelero.errors import NotFound
from agente_hotelero.messages import (
    Content,
    DeliveryState,
    DeliveryStatus,
    Entity,
    Ignored,
    InboundEvent,
    InboundMessage,
    Intent,
    Option,
    OutboundMessage,
    Reply,
    Understanding,
    UnderstandRequest,
)
from agente_hotelero.pms import AdapterInfo, Capability, Idempotency, PmsAdapter
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
QUERY = OfferQuery(property_id="1", stay=STAY, occupancies=(Occupancy(adults=2),))


def event(key: str, text: str = "hola", *, account: str = "sol", **content: Any) -> dict[str, Any]:
    """One message as the fake provider writes it."""
    return {"key": key, "account": account, "guest": "ana", "text": text, **content}


def body(*events: dict[str, Any]) -> bytes:
    return orjson.dumps(list(events))


class FakeIngress(Ingress[PluginConfig]):
    """Bodies are lists of dicts; see `event`."""

    path = "fake"

    def parse(self, raw: bytes) -> Sequence[InboundEvent]:
        found = json.loads(raw)
        if found == "bug":
            raise KeyError("a bug of the plugin")
        return [
            InboundEvent(account=one["account"], key=one["key"], event=_inner(one)) for one in found
        ]


def guarded(kind: type[Ingress[Any]]) -> Ingress[Any]:
    """An ingress as the core holds it."""
    guard = Guard("fake", structlog.get_logger(), timeout=1, concurrency=1)
    return GuardedIngress(kind([]), guard)


def _inner(one: dict[str, Any]) -> InboundMessage | DeliveryStatus | Ignored:
    at = datetime.fromisoformat(one.get("at", "2026-11-18T12:00:00+00:00"))
    if "ignored" in one:
        return Ignored(reason=one["ignored"])
    if "status" in one:
        state = DeliveryState(one["status"])
        return DeliveryStatus(
            provider_id=one["provider_id"], state=state, at=at, outbox_id=one.get("outbox_id")
        )
    content = Content(text=one["text"], choice=one.get("choice"))
    return InboundMessage(id=one["key"], address=one["guest"], sent_at=at, content=content)


class FakeChannel(Channel[PluginConfig]):
    """Keeps what was sent; `errors` are raised first, one per call."""

    max_options = 3

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.sent: list[OutboundMessage] = []
        self.errors: list[Exception] = []

    @classmethod
    def account_ids(cls, config: PluginConfig, tenant: str) -> Sequence[str]:
        return [tenant]

    async def send(self, message: OutboundMessage) -> str:
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append(message)
        return f"provider-{message.id}"


@dataclass
class FakeHotel:
    """The state of a fake PMS; `errors` are raised by the next calls of an operation."""

    idempotency: Idempotency = Idempotency.NATIVE_KEY
    capabilities: Capability = Capability.CREATE
    errors: dict[str, list[Exception]] = field(default_factory=dict)
    after: dict[str, list[Exception]] = field(default_factory=dict)
    booked: dict[str, Reservation] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

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
        )

    async def properties(self) -> Sequence[Property]:
        self.hotel.enter("properties")
        return [Property(id="1", name="Sol", time_zone="UTC", currency="USD")]

    async def room_types(self, property_id: str, locale: str) -> Sequence[RoomType]:
        self.hotel.enter("room_types")
        return [ROOM]

    async def search_offers(self, query: OfferQuery) -> Sequence[Offer]:
        self.hotel.enter("search_offers")
        return [OFFER]

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
        self.hotel.enter("create_reservation")
        slot = (
            key if self.hotel.idempotency is Idempotency.NATIVE_KEY else str(len(self.hotel.booked))
        )
        made = self.hotel.booked.setdefault(slot, _reservation(draft, f"R{len(self.hotel.booked)}"))
        if self.hotel.after.get("create_reservation"):
            raise self.hotel.after["create_reservation"].pop(0)
        return made


def _reservation(draft: ReservationDraft, reference: str) -> Reservation:
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


class FakeNlp(NlpEngine[PluginConfig]):
    """Each word that is an intent's name is that intent; "yes" and "no" are answers."""

    async def understand(self, request: UnderstandRequest) -> Understanding:
        words = request.text.split()
        intents = tuple(Intent(name=word, confidence=1.0, at=at) for at, word in enumerate(words))
        answers = {"yes": True, "no": False}
        entities = tuple(
            Entity(type="yes_no", text=word, span=(0, 0), value=answers[word])
            for word in words
            if word in answers
        )
        return Understanding(language="en", intents=intents, entities=entities, verdict="act")


class Asker(Handler[PluginConfig]):
    """Asks a question to "ask", and counts its answers; "boom" is a bug."""

    name = "fake.asker"
    intents = frozenset({"ask", "boom", "not_understood", "human_handoff"})

    async def handle(self, request: HandlerRequest) -> Decision:
        if request.wants("boom"):
            raise KeyError("boom")
        if request.wants("ask"):
            frame = Frame(
                handler=self.name,
                step="q",
                expects=("yes_no",),
                expires_at=request.now.replace(year=2030),
            )
            return Decision(frame=frame)
        said = request.first("yes_no")
        template = "fake/unclear" if said is None else "fake/answered"
        keep = request.frame if said is None else None
        return Decision(replies=(Reply(template=template),), frame=keep)

    def question(self, frame: Frame, focus: Focus, hotel_now: datetime) -> Reply | None:
        options = (Option(id="y", label="yes"), Option(id="n", label="no"))
        return Reply(template="fake/question", options=options)
