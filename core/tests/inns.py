"""A hotel whose guests come and go by hand, with its journeys, its relay and its sender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from agente_hotelero._db import journeys, repository
from agente_hotelero._db.guest_models import JourneyMessage, journey_
from agente_hotelero._db.models import Conversation, Outbox, outbox_
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.ingest import RawWriter
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.opting import Opting
from agente_hotelero._runtime.proactive import making, plans
from agente_hotelero._runtime.proactive.runner import Runner
from agente_hotelero._runtime.relay import Directory, Relay
from agente_hotelero._runtime.sender import Sender
from agente_hotelero._runtime.templates import Renderer, collect
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import PluginConfig, Templates
from agente_hotelero.config import TenantSettings
from agente_hotelero.dialogue import Hotel
from agente_hotelero.errors import NotFound, Unavailable
from agente_hotelero.matching import digits
from agente_hotelero.pms import Capability
from agente_hotelero.proactive import (
    Approved,
    Journey,
    JourneySource,
    Occasion,
    Reminder,
    Trigger,
)
from agente_hotelero.stays import (
    Guest,
    Money,
    Occupancy,
    Page,
    Property,
    Reservation,
    ReservationQuery,
    ReservationStatus,
    Stay,
)
from agente_hotelero.testing import SettableClock, lend
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.tests.fakes import FakeChannel, FakeIngress, body, event, guarded
from core.tests.parts import relay_of, sender_of

ZONE = ZoneInfo("America/Santiago")
ANA = Guest(name="Ana Paz", email="ana@example.com", phone="+56911110001", language="es")
BEN = Guest(name="Ben Lee", email="ben@example.com", phone="+56911110002", language="en")
HOUSE = Property(
    id="1",
    name="Hotel Sol",
    time_zone="America/Santiago",
    currency="USD",
    check_in=time(15),
    check_out=time(11),
    address="Calle 1",
)
WORDS = {
    **collect([("core", Templates(package="agente_hotelero", folder="words"))]),
    **{
        f"test/{language}/{name}": text
        for language in ("es", "pt", "en")
        for name, text in {
            "review": "{{ name }}, how was {{ hotel }}? https://go.example/{{ mark }}",
            "again": "{{ name }}, still time to tell us.",
        }.items()
    },
}
APPROVED = Approved(
    name="review_1",
    languages=("en_US", "es", "pt_BR"),
    values={"1": "{{ name }}", "2": "{{ departure | day }}"},
)
REMINDED = Approved(name="review_2", languages=("es",))
REVIEW = Journey(
    name="test.review",
    trigger=Trigger.DEPARTURE,
    offset=timedelta(hours=24),
    template="test/review",
    purpose="review",
    leads_away=True,
    spacing=timedelta(days=90),
    waits_for_staff=timedelta(hours=72),
    approved={"phone": APPROVED},
    reminder=Reminder(
        after=timedelta(hours=72), template="test/again", approved={"phone": REMINDED}
    ),
)


class PhoneChannel(FakeChannel):
    """Like WhatsApp."""

    window = timedelta(hours=24)
    unasked = True

    def reach(self, guest: Guest) -> str | None:
        return digits(guest.phone or "") or None


class MailChannel(FakeChannel):
    """Like e-mail."""

    unasked = True

    def reach(self, guest: Guest) -> str | None:
        return guest.email


@dataclass
class FrontOffice:
    """The PMS: `away` it does not answer, and `hidden` references it shows to nobody; it `tells`
    changes, or does not."""

    clock: SettableClock
    held: dict[str, Reservation] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    away: bool = False
    reads: int = 0
    property_id: str = "1"
    plugin: str = "office"
    tells: bool = False

    def can(self, capability: Capability) -> bool:
        return self.tells and capability is Capability.POLL

    async def property(self) -> Property:
        self._answer()
        return HOUSE

    async def reservation(self, reference: str) -> Reservation:
        self._answer()
        self.reads += 1
        if reference not in self.held or reference in self.hidden:
            raise NotFound("no such reservation")
        return self.held[reference]

    async def find_reservations(
        self, query: ReservationQuery, cursor: str | None = None
    ) -> Page[Reservation]:
        self._answer()
        found = [
            one
            for one in self.held.values()
            if query.arrival in (None, one.stay.arrival)
            and query.departure in (None, one.stay.departure)
        ]
        return Page(items=found)

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("the PMS does not answer")

    def book(self, reference: str, guest: Guest, arrival: date, nights: int = 2) -> None:
        self.held[reference] = Reservation(
            reference=reference,
            property_id="1",
            status=ReservationStatus.CONFIRMED,
            version="1",
            external_ref=None,
            room_type_id="double",
            room_type_name="Doble",
            rate_plan_id="flexible",
            stay=Stay(arrival=arrival, departure=arrival + timedelta(days=nights)),
            occupancies=(Occupancy(adults=2),),
            guest=guest,
            total=Money(currency="USD", amount=Decimal(100)),
        )

    def change(self, reference: str, **changes: Any) -> None:
        before = self.held[reference]
        version = str(int(before.version) + 1)
        self.held[reference] = replace(before, version=version, **changes)

    def leave(self, reference: str, status: str = "departed") -> None:
        self.change(reference, status=ReservationStatus(status))


@dataclass
class Queue:
    """Stands for the engine."""

    sends: list[int] = field(default_factory=list)

    async def enqueue_send(self, session: AsyncSession, outbox_id: int, *_: object) -> None:
        self.sends.append(outbox_id)

    async def enqueue_turn(self, session: AsyncSession, *_: object) -> None:
        """Nobody answers here."""

    async def schedule(self, session: AsyncSession, *_: object) -> None:
        """Files are of no matter here."""


@dataclass(kw_only=True)
class Inn:
    """All of it; `off` are switches that were thrown."""

    database: Database
    clock: SettableClock
    office: FrontOffice
    tenant: Tenant
    runner: Runner
    sender: Sender
    relay: Relay
    writer: RawWriter
    queue: Queue
    phone: PhoneChannel
    mail: MailChannel
    off: set[str]
    count: int = 0

    async def tick(self) -> int:
        """A round, and all that it sends."""
        sent = await self.runner.tick()
        await self.send()
        return sent

    async def send(self) -> None:
        while self.queue.sends:
            await self.sender.run(self.queue.sends.pop(0))

    async def until(self, local: str, *, minutes: int = 120) -> None:
        """Rounds until a time on the hotel's wall, and one then."""
        end = datetime.fromisoformat(local).replace(tzinfo=ZONE)
        while self.clock.now() < end:
            await self.tick()
            self.clock.set(min(self.clock.now() + timedelta(minutes=minutes), end))
        await self.tick()

    async def hear(self, text: str, guest: Guest = ANA, *, channel: str = "phone") -> None:
        """A message of a guest, now."""
        self.count += 1
        address = digits(guest.phone or "") if channel == "phone" else guest.email
        at = self.clock.now().isoformat()
        said = event(f"{channel}{self.count}", text, account="a", at=at)
        await self.writer.put(channel, ("a",), body({**said, "guest": address}))
        await self.relay.run_once()

    def heard(self) -> list[tuple[str, str, str]]:
        """All that guests got unasked: channel, address, and the first line or the template."""
        sent = [("phone", one) for one in self.phone.sent] + [
            ("mail", one) for one in self.mail.sent
        ]
        ordered = sorted(sent, key=lambda pair: pair[1].id)
        return [
            (
                channel,
                one.address,
                one.template.name if one.template else one.text.split("\n")[0].split(" https")[0],
            )
            for channel, one in ordered
        ]

    async def decided(self) -> list[tuple[str, str, int, str, str]]:
        """Journey, reference, part, state and reason of all that was decided."""
        async with self.database.sessions() as session:
            rows = await session.scalars(select(JourneyMessage).order_by(journey_.id))
            return [(r.journey, r.reference, r.part, r.state, r.reason) for r in rows]

    async def messages(self) -> Sequence[JourneyMessage]:
        async with self.database.sessions() as session:
            return (await session.scalars(select(JourneyMessage).order_by(journey_.id))).all()

    async def outbox(self) -> Sequence[Outbox]:
        async with self.database.sessions() as session:
            return (await session.scalars(select(Outbox).order_by(outbox_.id))).all()

    async def conversation(self, address: str) -> Conversation:
        async with self.database.sessions() as session:
            for channel in ("phone", "mail"):
                found = await repository.conversation_of(session, "sol", channel, address)
                if found is not None:
                    return found
        raise LookupError(address)

    async def clicked(self, message: JourneyMessage) -> bool:
        async with self.database.sessions() as session, session.begin():
            return await journeys.clicked(session, "sol", message.mark, "google", self.clock.now())


def inn_of(
    database: Database,
    clock: SettableClock,
    *own: Journey,
    writer: RawWriter,
    pms: Any = None,
    **settings: Any,
) -> Inn:
    """A hotel with these journeys, and those of its settings."""
    services = replace(lend(clock=clock), sessions=database.sessions)
    wall = Guard("test", structlog.get_logger(), timeout=5, concurrency=8)
    found = TenantSettings(
        name="Hotel Sol",
        time_zone="America/Santiago",
        channels=("phone", "mail"),
        **settings,
    )
    hotel = Hotel(tenant="sol", name="Hotel Sol", languages=found.languages, property_id="1")
    office = FrontOffice(clock)
    served: Any = pms or office
    tenant = Tenant(id="sol", settings=found, hotel=hotel, pms=served)
    phone = PhoneChannel(PluginConfig(), services, "a")
    mail = MailChannel(PluginConfig(), services, "a")
    tenant.channels["phone", "a"], tenant.channels["mail", "a"] = (phone, wall), (mail, wall)
    queue, off, renderer = Queue(), set[str](), Renderer(WORDS)
    engine: Any = queue
    live: Any = Switches(off, renderer)
    source = Asking(PluginConfig(), services)
    source.own = own
    made = [*plans.of_file(found), *plans.of_plugin("test", source, wall)]
    runner = making.runner(tenant, made, live, database, engine, clock, Metrics())
    directory = Directory(
        ingresses={"phone": guarded(FakeIngress), "mail": guarded(FakeIngress)},
        tenants={("phone", "a"): "sol", ("mail", "a"): "sol"},
        journeying={"sol"},
    )
    opting = Opting(
        engine=engine, clock=clock, tenants={"sol": tenant}, renderer_of=lambda _: renderer
    )
    return Inn(
        database=database,
        clock=clock,
        office=office,
        tenant=tenant,
        runner=runner,
        sender=sender_of(database, engine, {"sol": tenant}, clock),
        relay=relay_of(database, engine, directory, clock, opting),
        writer=writer,
        queue=queue,
        phone=phone,
        mail=mail,
        off=off,
    )


class Asking(JourneySource[PluginConfig]):
    """A plugin's source; its values are the marks of its messages."""

    own: Sequence[Journey] = ()

    def journeys(self) -> Sequence[Journey]:
        return self.own

    async def values(self, occasion: Occasion) -> Mapping[str, object]:
        return {"mark": occasion.mark}


@dataclass
class Switches:
    """Stands for what may change while the agent runs."""

    off: set[str]
    renderer: Renderer

    def on(self, tenant: str, name: str) -> bool:
        return name not in self.off

    def renderer_of(self, tenant: str) -> Renderer:
        return self.renderer
