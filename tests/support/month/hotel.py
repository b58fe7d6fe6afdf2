"""A hotel's journeys in a process of their own, which may be killed at any time: pms_mock or
pms_qloapps, the runner, the relay and the sender on one database, and the channels' own code on the
wire."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from multiprocessing.connection import Connection
from typing import Any

import httpx
import structlog
from agente_hotelero._db import desk, guests, journeys, repository
from agente_hotelero._db.migrate import migrate, owners
from agente_hotelero._db.models import OutboxState, outbox_
from agente_hotelero._db.session import Database, connect
from agente_hotelero._guest_settings import ProactiveSettings
from agente_hotelero._runtime import failpoints
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.guarded_pms import GuardedPms
from agente_hotelero._runtime.ingest import RawWriter
from agente_hotelero._runtime.ingress import GuardedIngress
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.opting import Opting
from agente_hotelero._runtime.pms_changes import Reader
from agente_hotelero._runtime.proactive import making, plans
from agente_hotelero._runtime.proactive.runner import Runner
from agente_hotelero._runtime.relay import Directory, Relay
from agente_hotelero._runtime.sender import Sender
from agente_hotelero._runtime.templates import Renderer, collect
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Account, Channel, Services, Templates
from agente_hotelero.config import TenantSettings
from agente_hotelero.dialogue import Hotel as Identity
from agente_hotelero.pms import PmsAdapter
from agente_hotelero.proactive import Approved
from agente_hotelero.stays import (
    Guest,
    Occupancy,
    OfferQuery,
    ReservationDraft,
    ReservationStatus,
    Stay,
)
from agente_hotelero.testing import SettableClock, lend
from agente_hotelero_channel_gmail import register_schema as mail_schema
from agente_hotelero_channel_gmail.channel import GmailChannel
from agente_hotelero_channel_gmail.config import GmailConfig
from agente_hotelero_channel_gmail.ingress import GmailIngress
from agente_hotelero_channel_whatsapp import register_schema as whatsapp_schema
from agente_hotelero_channel_whatsapp.channel import WhatsAppChannel
from agente_hotelero_channel_whatsapp.config import WhatsAppConfig
from agente_hotelero_channel_whatsapp.ingress import WhatsAppIngress
from agente_hotelero_pms_mock import bookings, demo, values
from agente_hotelero_pms_mock import register_schema as pms_schema
from agente_hotelero_pms_mock.adapter import MockPms
from agente_hotelero_pms_mock.bookings import Place
from agente_hotelero_pms_mock.config import MockConfig
from agente_hotelero_pms_mock.tables import Booked
from agente_hotelero_review_requests.config import ReviewConfig
from agente_hotelero_review_requests.source import Reviews
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.tests.inns import Queue, Switches
from core.tests.parts import NOBODY, accounts_of, relay_of, sender_of
from tests.support.guarded import guarded_pms
from tests.support.month.shop import pms_of

TENANT, ZONE, NUMBER = "sol", "Europe/Madrid", "109000000000001"
MAILBOX, PASSWORD = "recepcion@hotelsol.example", "abcdefghijklmnop"
WHATSAPP, MAIL = "channel_whatsapp", "channel_gmail"
NAMED = {"1": "{{ name }}"}
LANGUAGES = ("en_US", "es")
JOURNEYS: dict[str, Any] = {
    "confirmed": {
        "trigger": "booked",
        "template": "core/booking_confirmation",
        "opens": "00:00",
        "closes": "23:59",
    },
    "pre_arrival": {
        "trigger": "arrival",
        "offset_hours": -48,
        "template": "core/pre_arrival",
        "approved": {WHATSAPP: {"name": "pre_arrival", "languages": LANGUAGES, "values": NAMED}},
    },
    "in_stay": {
        "trigger": "arrival",
        "offset_hours": 20,
        "expires_hours": 10,
        "template": "core/in_stay",
    },
}
LINKED = {**NAMED, "2": "{{ links[0].url }}"}
REVIEWS = ReviewConfig(
    links={"google": "https://g.page/r/abc/review"},
    base_url="https://agent.example",
    approved={WHATSAPP: Approved(name="stay_review", languages=LANGUAGES, values=LINKED)},
    approved_reminder={WHATSAPP: Approved(name="stay_reminder", languages=LANGUAGES, values=NAMED)},
)
_booked: Any = Booked.__table__.c  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where the hotel lives, and whom it reaches; without a shop its PMS is pms_mock."""

    database_url: str
    whatsapp_url: str
    smtp_port: int
    shop_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Hour:
    """What the process is told: the time, what happened until then, and where to die."""

    now: datetime
    acts: Sequence[tuple[datetime, str, dict[str, Any]]] = ()
    bodies: Sequence[bytes] = ()
    kill: tuple[str, int] | None = None


@dataclass(kw_only=True)
class Hotel:
    """All of it."""

    database: Database
    clock: SettableClock
    adapter: PmsAdapter[Any]
    reader: Reader
    runner: Runner
    relay: Relay
    sender: Sender
    writer: RawWriter
    queue: Queue

    async def recover(self) -> None:
        """As the engine does after a crash: whatever was queued or under way is run again."""
        states = (OutboxState.QUEUED, OutboxState.SENDING)
        query = select(outbox_.id).where(outbox_.state.in_(states)).order_by(outbox_.id)
        async with self.database.sessions() as session:
            self.queue.sends = list((await session.scalars(query)).all())
        await self.send()

    async def live(self, hour: Hour) -> None:
        """What happened, and a round."""
        for at, name, what in hour.acts:
            # The front office has its own clock, and works while nobody starts us again.
            self.clock.set(at)
            await getattr(self, f"_{name}")(**what)
        self.clock.set(hour.now)
        for body in hour.bodies:
            await self.writer.put(WHATSAPP, (NUMBER,), body)
            await self.relay.run_once()
        await self.send()

    async def round(self) -> None:
        await self.reader.run()
        await self.runner.tick()
        await self.send()

    async def send(self) -> None:
        while self.queue.sends:
            await self.sender.run(self.queue.sends.pop(0))

    # ── the front office of pms_mock ────────────────────────────────────────────────────────────

    async def _book(self, key: str, guest: Guest, arrival: date, departure: date) -> None:
        query = OfferQuery(
            property_id="1",
            stay=Stay(arrival=arrival, departure=departure),
            occupancies=(Occupancy(adults=2),),
        )
        offer = (await self.adapter.search_offers(query))[0]
        draft = ReservationDraft(offer=offer, guest=guest, external_ref=key)
        await self.adapter.create_reservation(draft, uuid.uuid4().hex)

    async def _mark(self, key: str, status: str) -> None:
        await self._change(key, status=ReservationStatus(status))

    async def _prolong(self, key: str, arrival: date, departure: date) -> None:
        await self._change(key, stay=Stay(arrival=arrival, departure=departure))

    async def _change(self, key: str, **changes: Any) -> None:
        place = Place(tenant=TENANT, property_id="1")
        async with bookings.writing(self.database.sessions) as session:
            query = select(Booked).where(*place.where(), _booked.external_ref == key)
            row = (await session.scalars(query)).one()
            changed = replace(values.reservation_of(row), **changes)
            await bookings.change(session, place, row, changed, str(values.due_of(row)))

    # ── guests and staff ─────────────────────────────────────────────────────────────────────────

    async def _click(self, token: str) -> None:
        _, mark, platform = REVIEWS_SEALS.open(token).split("|")
        async with self.database.sessions() as session, session.begin():
            assert await journeys.clicked(session, TENANT, mark, platform, self.clock.now())

    async def _complain(self, phone: str) -> None:
        async with self.database.sessions() as session, session.begin():
            number = await self._talk(session, phone)
            await desk.add_task(session, TENANT, number, "guest_complaint", self.clock.now())

    async def _settle(self, phone: str) -> None:
        async with self.database.sessions() as session, session.begin():
            number = await self._talk(session, phone)
            for task in await desk.tasks(session, TENANT, number):
                await desk.finish_task(session, TENANT, int(task.id or 0), "m", self.clock.now())

    async def _talk(self, session: AsyncSession, phone: str) -> int:
        found = await repository.conversation_of(session, TENANT, WHATSAPP, phone)
        assert found is not None
        assert found.last_guest_at > guests.NEVER
        return int(found.id or 0)


REVIEWS_SEALS = lend().seals


def serve(line: Connection, address: Address) -> None:
    """Live through hours as they are told, until killed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    asyncio.run(_serve(line, address))


async def _serve(line: Connection, address: Address) -> None:
    database = connect(address.database_url)
    clock = SettableClock(datetime.fromisoformat("2020-01-01T00:00:00+00:00"))
    async with httpx.AsyncClient(timeout=10) as http:
        hotel = hotel_of(database, clock, http, address)
        hotel.writer.start()
        recovered = False
        while True:
            hour: Hour = await asyncio.to_thread(line.recv)
            clock.set(hour.now)
            if not recovered:
                await hotel.recover()
                recovered = True
            await hotel.live(hour)
            line.send("lived")
            if hour.kill is not None:
                failpoints._POINT, failpoints._left = hour.kill
            await hotel.round()
            line.send("done")


async def prepare(database_url: str) -> None:
    """The tables."""
    database = connect(database_url)
    schemas = {
        "channel_gmail": mail_schema(),
        "channel_whatsapp": whatsapp_schema(),
        "pms_mock": pms_schema(),
    }
    await migrate(database.engine, owners(schemas))
    await database.close()


def hotel_of(
    database: Database, clock: SettableClock, http: httpx.AsyncClient, address: Address
) -> Hotel:
    services = replace(
        lend(clock=clock, zone=ZONE, http=http), sessions=database.sessions, hotel_name="Hotel Sol"
    )
    settings = _settings()
    metrics, queue, made = Metrics(), Queue(), _pms(services, address)
    identity = Identity(
        tenant=TENANT, name="Hotel Sol", languages=settings.languages, property_id="1"
    )
    tenant = Tenant(id=TENANT, settings=settings, hotel=identity, pms=made)
    channels, ingresses = _channels(services, address)
    for (name, account), channel in channels.items():
        tenant.channels[name, account] = (channel, _guard(name))
    renderer = Renderer(_words())
    live: Any = Switches(set(), renderer)
    engine: Any = queue
    source = Reviews(REVIEWS, services)
    own = [
        *plans.of_file(settings),
        *plans.of_plugin("review_requests", source, _guard("review_requests")),
    ]
    runner = making.runner(tenant, own, live, database, engine, clock, metrics)
    opting = Opting(
        engine=engine, clock=clock, tenants={TENANT: tenant}, renderer_of=lambda _: renderer
    )
    directory = Directory(
        ingresses=ingresses, tenants=dict.fromkeys(channels, TENANT), journeying={TENANT}
    )
    return Hotel(
        database=database,
        clock=clock,
        adapter=made.adapter,
        reader=_reader(made, database, engine, clock, runner),
        runner=runner,
        relay=relay_of(database, engine, directory, clock, opting),
        sender=sender_of(database, engine, {TENANT: tenant}, clock),
        writer=RawWriter(database.sync_engine, clock),
        queue=queue,
    )


def _settings() -> TenantSettings:
    return TenantSettings(
        name="Hotel Sol",
        time_zone=ZONE,
        channels=(WHATSAPP, MAIL),
        journeys=JOURNEYS,
        proactive=ProactiveSettings(per_day=100_000, per_round=100_000),
    )


def _words() -> dict[str, str]:
    return collect(
        [
            ("core", Templates(package="agente_hotelero", folder="words")),
            ("review_requests", Templates(package="agente_hotelero_review_requests")),
        ]
    )


def _channels(
    services: Services, address: Address
) -> tuple[dict[tuple[str, str], Channel[Any]], dict[str, Any]]:
    whatsapp = WhatsAppConfig.model_validate(
        {
            "api_base_url": address.whatsapp_url,
            "access_token": "token",
            "app_secret": "secret",
            "verify_token": "verify",
            "messages_per_second": 1000,
            "accounts": [{"phone_number_id": NUMBER}],
        }
    )
    mail = GmailConfig.model_validate(
        {
            "accounts": [{"username": MAILBOX, "app_password": PASSWORD}],
            "imap_host": "127.0.0.1",
            "imap_security": "none",
            "smtp_host": "127.0.0.1",
            "smtp_port": address.smtp_port,
            "smtp_security": "none",
            "daily_limit": 1_000_000,
        }
    )
    channels: dict[tuple[str, str], Channel[Any]] = {
        (WHATSAPP, NUMBER): WhatsAppChannel(whatsapp, services, NUMBER),
        (MAIL, MAILBOX): GmailChannel(mail, services, MAILBOX),
    }
    ingresses = {
        WHATSAPP: GuardedIngress(
            WhatsAppIngress([Account(id=NUMBER, tenant=TENANT, config=whatsapp)]),
            _guard(WHATSAPP),
        ),
        MAIL: GuardedIngress(
            GmailIngress([Account(id=MAILBOX, tenant=TENANT, config=mail)]), _guard(MAIL)
        ),
    }
    return channels, ingresses


def _pms(services: Services, address: Address) -> GuardedPms:
    if address.shop_url:
        return pms_of(address.shop_url, services)
    config = MockConfig(rooms=(demo.DOUBLE.model_copy(update={"units": 5000}),))
    return guarded_pms("pms_mock", MockPms(config, services), services)


def _reader(
    pms: GuardedPms, database: Database, engine: Any, clock: SettableClock, runner: Runner
) -> Reader:
    return Reader(
        tenant=TENANT,
        pms=pms,
        database=database,
        announcer=accounts_of(database, engine, clock, {}).announcer,
        subscribers=NOBODY,
        clock=clock,
        mirror=runner.mirror,
    )


def _guard(plugin: str) -> Guard:
    return Guard(plugin, structlog.get_logger(), timeout=30, concurrency=64)
