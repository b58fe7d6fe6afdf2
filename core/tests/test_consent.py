"""What guests allowed and refused, the words by which they do, and what is withheld then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
import structlog
from agente_hotelero._db import consent, desk, repository
from agente_hotelero._db.models import Conversation, Mode, Outbox, OutboxState, outbox_
from agente_hotelero._db.session import Database
from agente_hotelero._runtime import outgoing
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.ingest import RawWriter
from agente_hotelero._runtime.opting import Opting, wish_of
from agente_hotelero._runtime.relay import Directory, Relay
from agente_hotelero._runtime.rendering import Bubble
from agente_hotelero._runtime.sender import Sender
from agente_hotelero._runtime.templates import Renderer, collect
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import PluginConfig, Templates
from agente_hotelero.config import TenantSettings
from agente_hotelero.dialogue import Hotel
from agente_hotelero.messages import (
    OPT_OUT,
    ConsentGiven,
    Content,
    Happening,
    InboundEvent,
    InboundMessage,
    Media,
)
from agente_hotelero.testing import SettableClock, lend
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.tests.fakes import FakeChannel, FakeIngress, body, event, guarded
from core.tests.parts import relay_of, sender_of

pytestmark = pytest.mark.anyio
WORDS = collect([("core", Templates(package="agente_hotelero", folder="words"))])


@dataclass
class Queue:
    """Stands for the engine."""

    turns: list[int] = field(default_factory=list)
    sends: list[int] = field(default_factory=list)

    async def enqueue_turn(self, session: AsyncSession, number: int, *_: object) -> None:
        self.turns.append(number)

    async def enqueue_send(self, session: AsyncSession, outbox_id: int, *_: object) -> None:
        self.sends.append(outbox_id)

    async def schedule(self, session: AsyncSession, *_: object) -> None:
        """Files are of no matter here."""


class Telling(FakeIngress):
    """A provider that says by itself what a guest allows."""

    def parse(self, raw: bytes) -> Sequence[InboundEvent]:
        return [replace(one, event=_told(one.event)) for one in super().parse(raw)]


def _told(one: Happening) -> Happening:
    if not isinstance(one, InboundMessage):
        return one
    said = {"resume": True, "stop marketing": False}.get(one.content.text)
    if said is None:
        return one
    return ConsentGiven(address=one.address, purpose="marketing", granted=said, at=one.sent_at)


@dataclass(kw_only=True)
class House:
    """Two hotels' way in and way out, driven by hand."""

    database: Database
    clock: SettableClock
    writer: RawWriter
    relay: Relay
    sender: Sender
    queue: Queue
    channel: FakeChannel
    count: int = 0

    async def hear(self, text: str, *, account: str = "sol", **more: Any) -> None:
        """One message of Ana."""
        self.count += 1
        self.clock.advance(seconds=1)
        at = self.clock.now().isoformat()
        said = event(f"m{self.count}", text, account=account, at=at, **more)
        await self.writer.put("fake", ("sol", "luna"), body(said))
        await self.relay.run_once()

    async def send(self, purpose: str, text: str = "How was it?") -> Outbox:
        """Send Ana something, and say what became of it."""
        async with self.database.sessions() as session, session.begin():
            found = await repository.conversation_of(session, "sol", "fake", "ana")
            assert found is not None
            engine: Any = self.queue
            number = await outgoing.put(
                session,
                engine,
                found,
                Bubble(text=text),
                trace="t",
                now=self.clock.now(),
                purpose=purpose,
            )
        await self.sender.run(number)
        async with self.database.sessions() as session:
            row = await repository.outbox_row(session, number)
            assert row is not None
            return row

    async def answers(self) -> list[str]:
        """What was queued to be said without being asked to, and without a turn."""
        async with self.database.sessions() as session:
            query = select(Outbox).where(outbox_.purpose == "").order_by(outbox_.id)
            return [str(row.content["text"]) for row in (await session.scalars(query)).all()]

    async def refused(self, purpose: str, tenant: str = "sol", *more: str) -> bool:
        async with self.database.sessions() as session:
            found = await consent.refusal(session, tenant, {"ana", *more}, purpose)
        return found is not None

    async def record(self, address: str, purpose: str, granted: bool) -> None:
        self.clock.advance(seconds=1)
        async with self.database.sessions() as session, session.begin():
            await consent.record(
                session,
                "sol",
                channel="fake",
                addresses=[address],
                purpose=purpose,
                granted=granted,
                source="test",
                at=self.clock.now(),
            )


def hotel(name: str, channel: tuple[FakeChannel, Guard]) -> Tenant:
    settings = TenantSettings(name=f"Hotel {name.title()}", languages=("es", "pt", "en"))
    seen = Hotel(tenant=name, name=settings.name, languages=settings.languages, property_id="1")
    tenant = Tenant(id=name, settings=settings, hotel=seen)
    tenant.channels["fake", name] = channel
    return tenant


@pytest.fixture
async def house(database: Database, clock: SettableClock) -> AsyncIterator[House]:
    services = replace(lend(clock=clock), sessions=database.sessions)
    log, queue = structlog.get_logger(), Queue()
    wall = Guard("fake", log, timeout=2, concurrency=8)
    channel = FakeChannel(PluginConfig(), services, "sol")
    tenants = {name: hotel(name, (channel, wall)) for name in ("sol", "luna")}
    engine: Any = queue
    renderer = Renderer(WORDS)
    opting = Opting(
        engine=engine, clock=clock, tenants=tenants, renderer_of=lambda tenant: renderer
    )
    accounts = {("fake", name): name for name in tenants}
    directory = Directory(ingresses={"fake": guarded(Telling)}, tenants=accounts)
    relay = relay_of(database, engine, directory, clock, opting)
    sender = sender_of(database, engine, tenants, clock)
    writer = RawWriter(database.sync_engine, clock)
    writer.start()
    yield House(
        database=database,
        clock=clock,
        writer=writer,
        relay=relay,
        sender=sender,
        queue=queue,
        channel=channel,
    )
    await writer.stop()


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("STOP", "out"),
        ("stop.", "out"),
        (" ¡Baja! ", "out"),
        ("“Stop”", "out"),
        ("STOP 🙏", "out"),
        ("Unsubscribe", "out"),
        ("DESCADASTRAR", "out"),
        ("No quiero recibir más mensajes", "out"),
        ("não quero receber mais mensagens", "out"),
        ("Cancelar", "out if unasked"),
        ("salir", "out if unasked"),
        ("SAIR", "out if unasked"),
        ("parar", "out if unasked"),
        ("start", "in"),
        ("ALTA", "in"),
        ("cancelar mi reserva", None),
        ("stop by the hotel", None),
        ("temporada baja", None),
        ("la planta alta", None),
        ("bus stop", None),
        ("non-stop", None),
        ("", None),
    ],
)
def test_only_a_whole_message_is_such_a_word(text: str, wish: str | None) -> None:
    found = wish_of(Content(text=text))
    assert (found[0] if found else None) == wish


def test_a_caption_is_no_such_word() -> None:
    assert wish_of(Content(text="stop", media=Media(id="1"))) is None


async def test_a_guest_who_writes_stop_gets_nothing_unasked_any_more(house: House) -> None:
    await house.hear("hola")
    assert (await house.send("review")).state == "accepted"
    await house.hear("STOP")
    row = await house.send("review")
    assert (row.state, row.error) == ("withheld", "refused: proactive (guest's word)")
    assert [one.text for one in house.channel.sent] == ["How was it?"]


async def test_what_is_withheld_calls_nobody_and_is_in_the_audit_log(house: House) -> None:
    await house.hear("STOP")
    row = await house.send("review")
    async with house.database.sessions() as session:
        found = await repository.conversation_of(session, "sol", "fake", "ana")
        told = [one for one in await desk.audited(session, "sol") if one.action == "unasked"]
    assert [(one.target, one.after["outcome"]) for one in told] == [
        (f"outbox {row.id}", "withheld")
    ]
    assert found is not None
    assert (found.attention, found.mode) == ("", "agent")


async def test_a_guest_who_left_is_still_answered(house: House) -> None:
    await house.hear("STOP")
    assert (await house.send("", "At eleven.")).state == "accepted"
    await house.hear("¿a qué hora es la salida?")
    assert len(house.queue.turns) == 1


async def test_who_leaves_is_told_once_and_no_engine_reads_it(house: House) -> None:
    await house.hear("Baja")
    await house.hear("STOP")
    (told,) = await house.answers()
    assert told.startswith("Hecho: Hotel Sol no te enviará más mensajes que no hayas pedido.")
    assert house.queue.turns == []
    async with house.database.sessions() as session:
        assert len(await consent.history(session, "sol", ["ana"])) == 2


async def test_it_is_told_in_the_guests_language(house: House) -> None:
    await house.hear("hola")
    async with house.database.sessions() as session, session.begin():
        found = await repository.conversation_of(session, "sol", "fake", "ana")
        assert found is not None
        await repository.save_dialogue(
            session, found, state={}, language="pt", mode=Mode.AGENT, reason=""
        )
    await house.hear("STOP")
    assert (await house.answers())[0].startswith("Pronto: Hotel Sol não vai mais")


async def test_who_comes_back_gets_everything_again_and_is_told(house: House) -> None:
    await house.hear("unsubscribe")
    await house.hear("START")
    assert [one.split(":")[0] for one in await house.answers()] == ["Done", "Hecho"]
    assert (await house.send("review")).state == "accepted"


async def test_start_and_alta_are_ordinary_words_for_who_never_left(house: House) -> None:
    await house.hear("alta")
    assert (len(house.queue.turns), await house.answers()) == (1, [])


@pytest.mark.parametrize("word", ["cancelar", "salir", "sair", "Cancel"])
async def test_a_word_of_two_meanings_counts_after_what_was_not_asked_for(
    house: House, word: str
) -> None:
    await house.hear("hola")
    await house.send("review")
    await house.hear(word)
    assert await house.refused("review")


@pytest.mark.parametrize("word", ["cancelar", "salir", "sair", "Cancel"])
async def test_a_word_of_two_meanings_means_the_other_thing_after_an_answer(
    house: House, word: str
) -> None:
    await house.hear("hola")
    await house.send("review")
    await house.send("", "Do you want to book it?")
    await house.hear(word)
    assert not await house.refused("review")
    assert len(house.queue.turns) == 2


async def test_a_quoted_message_says_what_a_word_is_about(house: House) -> None:
    await house.hear("hola")
    unasked = await house.send("review")
    answer = await house.send("", "Do you want to book it?")
    await house.hear("cancelar", reply_to=answer.provider_id)
    assert not await house.refused("review")
    await house.hear("cancelar", reply_to=unasked.provider_id)
    assert await house.refused("review")


async def test_a_button_of_a_template_leaves_whatever_is_written_on_it(house: House) -> None:
    await house.hear("No más mensajes", choice=OPT_OUT)
    assert await house.refused("journey")


async def test_a_word_is_heard_while_a_person_has_the_conversation(house: House) -> None:
    await house.hear("hola")
    async with house.database.sessions() as session, session.begin():
        await repository.set_mode(session, "sol", 1, Mode.HUMAN, "taken over")
    await house.hear("STOP")
    assert await house.refused("review")


async def test_leaving_one_hotel_is_not_leaving_another(house: House) -> None:
    await house.hear("STOP")
    assert await house.refused("review", "sol")
    assert not await house.refused("review", "luna")


async def test_a_refusal_of_one_purpose_leaves_the_others(house: House) -> None:
    await house.hear("hola")
    await house.hear("stop marketing")
    assert (await house.send("marketing")).state == "withheld"
    assert (await house.send("review")).state == "accepted"
    await house.hear("resume")
    assert (await house.send("marketing")).state == "accepted"


async def test_a_providers_word_that_comes_late_does_not_undo_a_later_one(house: House) -> None:
    await house.hear("resume")
    old = (house.clock.now() - timedelta(hours=1)).isoformat()
    said = event("old", "stop marketing", at=old)
    await house.writer.put("fake", ("sol",), body(said))
    await house.relay.run_once()
    assert not await house.refused("marketing")


async def test_a_refusal_holds_on_every_channel_of_the_same_telephone(house: House) -> None:
    await house.record("+54 9 11 5555-0001", "proactive", granted=False)
    assert await house.refused("review", "sol", "5491155550001")


async def test_the_last_word_of_the_same_guest_counts_whatever_the_address(house: House) -> None:
    await house.record("Ana@Example.com", "proactive", granted=False)
    assert await house.refused("review", "sol", "ana@example.com")
    await house.record("ana", "proactive", granted=True)
    assert not await house.refused("review", "sol", "ana@example.com")


async def test_a_business_scoped_id_leaves_with_its_telephone(house: House) -> None:
    """So that a message to the number that the PMS has is withheld too."""
    await house.hear("hola")
    async with house.database.sessions() as session, session.begin():
        found = (await session.scalars(select(Conversation))).one()
        found.phone = "+5491155550002"
    await house.hear("STOP")
    async with house.database.sessions() as session:
        assert await consent.refusal(session, "sol", ["5491155550002"], "review")


async def test_words_that_cannot_be_rendered_do_not_stop_the_relay(house: House) -> None:
    broken = Renderer({})
    house.relay._opting = replace(house.relay._opting, renderer_of=lambda tenant: broken)
    await house.hear("STOP")
    await house.hear("hola")
    assert await house.refused("review")
    assert len(house.queue.turns) == 1


async def test_a_message_that_waits_is_withheld_when_the_guest_leaves_meanwhile(
    house: House,
) -> None:
    await house.hear("hola")
    async with house.database.sessions() as session, session.begin():
        found = await repository.conversation_of(session, "sol", "fake", "ana")
        assert found is not None
        engine: Any = house.queue
        bubble, now = Bubble(text="How was it?"), house.clock.now()
        number = await outgoing.put(
            session, engine, found, bubble, trace="t", now=now, purpose="review"
        )
    await house.hear("STOP")
    await house.sender.run(number)
    async with house.database.sessions() as session:
        row = await repository.outbox_row(session, number)
    assert row is not None
    assert (row.state, house.channel.sent) == (OutboxState.WITHHELD, [])
