"""Mail, whole: mailboxes and servers, the agent, what guests and staff see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import httpx
import pytest
import structlog
from agente_hotelero._db import held
from agente_hotelero._db.models import InboundEventRow, Mode, Outbox, event_
from agente_hotelero._runtime.accounts import Accounts
from agente_hotelero.desk import Caller, ChatLine, StaffReply
from agente_hotelero.stays import Guest as Person
from agente_hotelero.stays import Occupancy, OfferQuery, Reservation, ReservationDraft, Stay
from agente_hotelero_channel_gmail.testing import Received
from sqlalchemy import select

from tests.support.mail import MAILBOXES, PASSWORD, Letterbox, MailWorld, mail_world
from tests.support.times import NOVEMBER, clock_at

SOL, LUNA = MAILBOXES["sol"], MAILBOXES["luna"]
MARTA = Caller(name="marta", role="owner", tenants=frozenset({"sol", "luna"}))
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 2000
PUBLIC = {"public_url": '"https://agent.example"', "link_secret": '"a secret of links"'}


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailWorld]:
    folder = tmp_path_factory.mktemp("agent")
    with mail_world(folder, clock_at(NOVEMBER), answers_per_hour="6", **PUBLIC) as made:
        yield made


# ── conversations ────────────────────────────────────────────────────────────────────────────────


def test_each_thread_is_a_conversation_and_an_answer_stays_in_it(world: MailWorld) -> None:
    guest = world.guest(subject="Wifi")
    (first,) = world.asks(guest, "¿hay wifi?")
    assert "SolGuest" in first.text
    assert first.subject == "Re: Wifi"
    world.asks(guest, "¿y desayuno?")
    other = Letterbox(guest.writer)
    other.writer.subject = "Mascotas"
    fresh = {"Subject": "Mascotas", "In-Reply-To": "<x@y.example>", "References": ""}
    (pets,) = world.asks(other, "¿aceptan mascotas?", headers=fresh)
    assert pets.subject == "Re: Mascotas"
    found = world.conversations("sol", guest.phone)
    assert len(found) == 2
    assert len({one.thread for one in found}) == 2


def test_an_answer_to_a_question_about_rooms_is_one_mail(world: MailWorld) -> None:
    guest = world.guest()
    (mail,) = world.asks(guest, "hola, una doble para dos del 24 al 27 de diciembre")
    assert len(mail.images) >= 1
    assert "1. " in mail.text
    assert mail.html.count("<img ") == len(mail.images)
    (row,) = world.running.do(world.running.outbox("sol", guest.phone))
    assert row.state == "accepted"
    assert row.provider_id == mail.message_id


def test_stop_is_heard_in_a_subject_too(world: MailWorld) -> None:
    guest = world.guest(subject="STOP")
    (mail,) = world.asks(guest, "")
    assert "front_desk" not in mail.text
    (row,) = world.running.do(world.running.outbox("sol", guest.phone))
    assert row.acts == ["core/opted_out"]


def test_staff_see_all_of_a_mail_and_its_files_and_answer_by_name(world: MailWorld) -> None:
    guest = world.guest()
    mail = EmailMessage()
    mail["From"], mail["To"] = guest.phone, SOL
    mail["Subject"], mail["Message-ID"] = "Pasaporte", "<file@guest.example>"
    mail.set_content("Quiero hablar con una persona.\n\nSaludos,\nAna\nTel. 4823-1234")
    mail.add_attachment(JPEG, maintype="image", subtype="jpeg", filename="pasaporte.jpg")
    guest.writer.post(mail)
    world.arrived("<file@guest.example>")
    world.running.settle()
    (conversation,) = world.conversations("sol", guest.phone)
    assert conversation.mode == Mode.HUMAN
    desk = world.running.agent.desks["sol"]
    number = int(conversation.id or 0)
    text, file, *_ = lines(world, number)
    assert text.text == "Quiero hablar con una persona."
    assert "Tel. 4823-1234" in text.whole
    assert "[pasaporte.jpg, image/jpeg," in text.whole
    assert file.file is not None
    world.running.do(desk.reply(MARTA, number, StaffReply(text="Soy Marta.")))
    world.running.settle()
    last = guest.replies()[-1]
    assert last.text == "Soy Marta."
    assert last.subject == "Re: Pasaporte"
    assert "auto-submitted" not in last.headers


def lines(world: MailWorld, conversation: int) -> list[ChatLine]:
    return list(world.running.do(world.running.agent.desks["sol"].lines(conversation)))


# ── who is believed ──────────────────────────────────────────────────────────────────────────────


def reserved(world: MailWorld, email: str) -> Reservation:
    """A reservation of whoever writes from an address."""
    pms = world.running.agent.tenants["sol"].pms
    assert pms is not None
    today = world.clock.now().date()
    stay = Stay(arrival=today.replace(month=12, day=10), departure=today.replace(month=12, day=12))
    query = OfferQuery(property_id="1", stay=stay, occupancies=(Occupancy(adults=2),))
    offer = world.running.do(pms.search_offers(query))[0]
    person = Person(name="Ana García", email=email)
    draft = ReservationDraft(offer=offer, guest=person, external_ref=f"T-{email}")
    return world.running.do(pms.book(draft, f"key-{email}"))


def test_a_forged_yes_cancels_nothing(world: MailWorld) -> None:
    guest = world.guest()
    made = reserved(world, guest.phone)
    (asked,) = world.asks(guest, "quiero cancelar mi reserva")
    assert made.reference in asked.text
    forged = EmailMessage()
    forged["From"], forged["To"] = guest.phone, SOL
    forged["Subject"], forged["Message-ID"] = asked.subject, "<forged@evil.example>"
    forged["In-Reply-To"] = asked.message_id
    forged["Authentication-Results"] = "mx.google.com; dmarc=pass header.from=guest.example"
    forged.set_content("sí")
    world.office.dovecot.users["mallory@evil.example"] = "m"
    guest.writer.post(forged, login="mallory@evil.example")
    world.arrived("<forged@evil.example>")
    world.running.settle()
    pms = world.running.agent.tenants["sol"].pms
    assert pms is not None
    assert world.running.do(pms.reservation(made.reference)).status == "confirmed"
    (conversation,) = world.conversations("sol", guest.phone)
    assert conversation.mode_reason == "not proved by mail"
    assert conversation.mode == Mode.HUMAN


def test_a_reservation_is_shown_to_its_own_address_alone(world: MailWorld) -> None:
    guest, stranger = world.guest(), world.guest()
    made = reserved(world, guest.phone)
    (mine,) = world.asks(guest, "¿está confirmada mi reserva?")
    assert made.reference in mine.text
    ask = f"¿está confirmada la reserva {made.reference}? apellido García"
    (theirs,) = world.asks(stranger, ask)
    assert made.room_type_name not in theirs.text
    assert "misma dirección" in theirs.text


# ── yes and no by links ──────────────────────────────────────────────────────────────────────────


def test_a_room_is_booked_by_links_which_scanners_cannot_follow(world: MailWorld) -> None:
    guest = world.guest()
    (offers,) = world.asks(guest, "hola, una doble para dos del 24 al 27 de diciembre")
    (name,) = follow(world, guest, offers, 0)
    assert "nombre" in name.text
    world.asks(guest, "Ana García")
    (summary,) = world.asks(guest, guest.phone)
    (booked,) = follow(world, guest, summary, 0)
    reference = re.search(r"SOL-?\w+", booked.text)
    assert reference, booked.text
    assert httpx.post(local(world, summary.links[1]), timeout=10).status_code == 410
    (again,) = world.asks(guest, "¿cómo va mi reserva?")
    assert reference[0] in again.text


def local(world: MailWorld, link: str) -> str:
    assert link.startswith("https://agent.example/plugins/channel_gmail/answer/sol/0/")
    return link.replace("https://agent.example", world.running.url)


def follow(world: MailWorld, guest: Letterbox, mail: Received, place: int) -> list[Received]:
    """A scanner looks first, then the guest presses the button."""
    seen, url = len(guest.replies()), local(world, mail.links[place])
    for _ in range(2):
        assert httpx.get(url, timeout=10).status_code == 200
    world.running.settle()
    assert len(guest.replies()) == seen
    assert httpx.post(url, timeout=10).status_code == 200
    world.running.settle()
    return guest.replies(after=seen)


# ── loops, bounces, relays ───────────────────────────────────────────────────────────────────────


def test_two_agents_stop_at_once_where_both_say_what_they_are(world: MailWorld) -> None:
    started(world)
    assert len(between(world)) == 1


def test_two_agents_that_hide_what_they_are_stop_at_the_last_stop(world: MailWorld) -> None:
    """Every mark of a machine is taken off on the way."""

    def disguised(raw: bytes) -> bytes:
        number = len(world.office.taken)
        raw = re.sub(rb"(?mi)^(?:Auto-Submitted|X-Auto-Response-Suppress):.*\r\n", b"", raw)
        return re.sub(rb"<hotelero\.\d+\.[0-9a-f]+@", b"<disguised-%d@" % number, raw)

    world.office.changes = disguised
    started(world)
    said = between(world)
    # Six mails an hour are answered on each side, and then no more.
    assert 10 <= len(said) <= 13
    attention = {
        one.attention
        for hotel, other in (("sol", LUNA), ("luna", SOL))
        for one in world.conversations(hotel, other)
    }
    assert "more mails in an hour than the agent answers" in attention
    world.asks(world.guest(), "¿hay wifi?")
    assert len(between(world)) == len(said)


def started(world: MailWorld) -> None:
    """The agent of one hotel gets a mail that the other's mailbox seems to have written."""
    mail = EmailMessage()
    mail["From"], mail["To"] = LUNA, SOL
    mail["Subject"], mail["Message-ID"] = "Hola", "<begin@luna.example>"
    mail.set_content("hola")
    world.office._deliver(LUNA, SOL, bytes(mail))
    world.arrived("<begin@luna.example>")
    before = -1
    while before != (now := len(between(world))):
        before = now
        for _ in range(40):
            world.running.settle()
            if len(between(world)) > before:
                break
            httpx.get(f"{world.running.url}/health/live", timeout=10)


def between(world: MailWorld) -> list[Any]:
    """What the agents wrote to one another."""
    rows = [
        row
        for hotel, other in (("sol", LUNA), ("luna", SOL))
        for row in world.running.do(world.running.outbox(hotel, other))
    ]
    return [row for row in rows if row.state == "accepted"]


def test_a_mail_that_comes_back_is_shown_to_staff_and_its_address_left_alone(
    world: MailWorld,
) -> None:
    guest = world.guest()
    world.office.dead[guest.phone] = "5.1.1"
    world.arrived(guest.writer.say("¿hay wifi?"))
    world.running.settle()
    world.until(lambda: [one.state for one in outbox(world, guest)] == ["failed"])
    (conversation,) = world.conversations("sol", guest.phone)
    assert conversation.attention == "a message was not delivered"
    desk = world.running.agent.desks["sol"]
    world.running.do(desk.reply(MARTA, int(conversation.id or 0), StaffReply(text="¿Está ahí?")))
    world.running.settle()
    assert [one.state for one in outbox(world, guest)] == ["failed", "failed"]
    assert len([to for _, to, _ in world.office.taken if to == guest.phone]) == 1


def outbox(world: MailWorld, guest: Letterbox) -> list[Outbox]:
    return world.running.do(world.running.outbox("sol", guest.phone))


def test_a_relayed_guest_has_one_conversation_whatever_address_the_site_gives_him(
    world: MailWorld,
) -> None:
    for number, alias in enumerate(("agarcia.111", "agarcia.222")):
        address = f"{alias}@guest.booking.com"
        mail = EmailMessage()
        mail["From"], mail["To"] = f'"Ana via Booking.com" <{address}>', SOL
        mail["Subject"] = "Reserva 2334657432"
        mail["Message-ID"] = f"<relay-{number}@booking.com>"
        mail["List-Unsubscribe"] = "<https://booking.com/u>"
        mail.set_content("¿dónde queda el hotel?")
        world.office.dovecot.users[address] = "x"
        world.office._deliver(address, SOL, bytes(mail))
        world.arrived(f"<relay-{number}@booking.com>")
        world.running.settle()
        (answer,) = [
            Received.of(raw) for raw in world.office.dovecot.mails(address) if b"hotelero." in raw
        ]
        assert "http" not in answer.text
        assert "href" not in answer.html
        assert "Rua do Sol 10" in answer.text
    (conversation,) = world.conversations("sol", "agarcia.222@guest.booking.com")
    assert conversation.thread == ""
    assert world.conversations("sol", "agarcia.111@guest.booking.com") == []


# ── an account in trouble ────────────────────────────────────────────────────────────────────────


def test_a_refused_password_stops_the_mailbox_once_and_a_right_one_sends_what_waits(
    world: MailWorld,
) -> None:
    guest = world.guest()
    world.office.dovecot.users[SOL] = "another"
    world.arrived(guest.writer.say("¿hay wifi?"))
    world.until(lambda: [one.state for one in outbox(world, guest)] == ["held"])
    world.arrived(guest.writer.say("¿hay desayuno?", quote=False))
    world.running.settle()
    assert [one.state for one in outbox(world, guest)] == ["held", "held"]
    assert guest.replies() == []
    accounts = of_agent(world)
    logins = world.office.logins
    world.running.do(accounts.probe())
    assert world.office.logins == logins
    world.office.dovecot.users[SOL] = PASSWORD
    world.clock.advance(minutes=61)
    world.running.do(accounts.probe())
    world.until(lambda: len(guest.replies()) == 2)
    world.running.settle()
    assert [one.state for one in outbox(world, guest)] == ["accepted", "accepted"]


def of_agent(world: MailWorld) -> Accounts:
    agent = world.running.agent
    return Accounts(
        database=agent.database,
        engine=agent.queue,
        announcer=agent.announcer,
        clock=agent.clock,
        log=structlog.get_logger(),
        tenants=agent.tenants,
    )


def test_a_changed_password_ends_the_reading_with_one_alert(world: MailWorld) -> None:
    world.dovecot.set_passwords({**world.dovecot.users, SOL: "another"})
    world.dovecot.stop()
    world.dovecot.start()

    async def stopped() -> list[str]:
        async with world.running.agent.database.sessions() as session:
            return [one.account for one in await held.stopped(session)]

    world.until(lambda: world.running.do(stopped()) == [SOL])
    refused = world.dovecot.log().count("auth failed")
    assert refused <= 2
    guest = world.guest("luna")
    assert world.asks(guest, "¿hay wifi?")
    assert world.dovecot.log().count("auth failed") == refused


def test_reasons_and_readings_are_there_for_operators(world: MailWorld) -> None:
    guest = world.guest()
    world.arrived(guest.writer.say("boletín", headers={"List-Id": "<news.example>"}))
    world.running.settle()
    query = select(InboundEventRow).where(event_.tenant == "sol")

    async def read() -> list[tuple[str, str]]:
        async with world.running.agent.database.sessions() as session:
            return [(one.state, one.reason) for one in (await session.scalars(query)).all()]

    assert world.running.do(read()) == [("ignored", "a mailing list or newsletter")]
    metrics = httpx.get(f"{world.running.url}/metrics", timeout=10).text
    labels = f'account="{SOL}",channel="channel_gmail",tenant="sol"'
    assert f"channel_receiving{{{labels}}} 1.0" in metrics
    health = httpx.get(f"{world.running.url}/health/ready", timeout=10).json()
    assert health
    assert PASSWORD not in str(health)
