"""Sender, reader and doctor before the simulator, which was written without knowing them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from agente_hotelero.components import Finding
from agente_hotelero.errors import AuthFailed, NotFound, Rejected, TemplateRefused
from agente_hotelero.messages import (
    AccountNotice,
    Attachment,
    ConsentGiven,
    GuestMoved,
    Happening,
    InboundMessage,
    Location,
    Media,
    MessageEdited,
    MessageRevoked,
    MessageTemplate,
    OfferedOption,
    OutboundMessage,
    Reacted,
    StaffWrote,
)
from agente_hotelero.stays import Image
from agente_hotelero.testing.lent import MemoryStore
from agente_hotelero_channel_whatsapp import payload, tables, templates
from agente_hotelero_channel_whatsapp.channel import WhatsAppChannel
from agente_hotelero_channel_whatsapp.testing import Account, Guest, MetaError, Simulator, Template
from agente_hotelero_channel_whatsapp.testing import notices as news
from agente_hotelero_channel_whatsapp.testing.guest import OPUS, PNG

from plugins.channel_whatsapp.tests.local_meta import BUSINESS, NUMBER, TOKEN, channel_at

pytestmark = pytest.mark.anyio
ACCOUNT = Account(phone_number_id=NUMBER, token=TOKEN, app_secret="s", business_id=BUSINESS)
PHONE, BSUID = "5491155550101", "AR.13491208655302741918"
PHOTO = Image(url="https://images.example/a.jpg")


def template(**more: Any) -> Template:
    defaults: dict[str, Any] = {
        "name": "volver",
        "language": "es",
        "body": "Escríbanos, por favor.",
    }
    return Template(**{**defaults, "business_id": BUSINESS, **more})


@pytest.fixture
def meta() -> Iterator[Simulator]:
    with Simulator([ACCOUNT], statuses=False, webhook="http://127.0.0.1:9/none") as simulator:
        simulator.hold()
        yield simulator


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
async def channel(
    meta: Simulator, http: httpx.AsyncClient, store: MemoryStore, tmp_path: Any
) -> AsyncIterator[WhatsAppChannel]:
    url = f"sqlite+aiosqlite:///{tmp_path}/agent.db"
    settings = {"business_account_id": BUSINESS, "database_url": url, "media": store}
    made = channel_at(meta.url, http, **settings)
    engine = made.services.sessions.kw["bind"]
    async with engine.begin() as connection:
        await connection.run_sync(tables.METADATA.create_all)
    async with made:
        yield made
    await engine.dispose()


def message(**parts: Any) -> OutboundMessage:
    return OutboundMessage(id=7, **{"address": PHONE, **parts})


def options(count: int) -> tuple[OfferedOption, ...]:
    return tuple(OfferedOption(id=f"o{n}", title=f"Opción {n}") for n in range(count))


# ── sending ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("parts", "kinds"),
    [
        ({"text": "hola"}, ["text"]),
        ({"text": "hola", "in_reply_to": "wamid.0"}, ["text"]),
        ({"text": "x" * 9000}, ["text"] * 3),
        ({"text": "¿?", "options": options(3)}, ["interactive"]),
        ({"text": "¿?", "options": options(3), "image": PHOTO}, ["interactive"]),
        ({"text": "¿?", "options": options(10)}, ["interactive"]),
        ({"text": "¿?", "options": options(11)}, ["text"]),
        ({"text": "Doble", "image": PHOTO}, ["image"]),
        ({"text": "Aquí", "location": Location(latitude=-38, longitude=-57)}, ["text", "location"]),
        ({"text": "👍", "react_to": "wamid.0"}, ["reaction"]),
        ({"react_to": "wamid.0"}, ["reaction"]),
    ],
    ids=[
        *("text", "reply", "long", "buttons", "picture and buttons", "list", "numbered"),
        *("picture", "place", "mark", "no mark"),
    ],
)
async def test_meta_takes_each_kind_of_message(
    channel: WhatsAppChannel, meta: Simulator, parts: dict[str, Any], kinds: list[str]
) -> None:
    provider_id = await channel.send(message(**parts))
    assert [one.kind for one in meta.sent] == kinds
    assert meta.sent[-1].id == provider_id


@pytest.mark.parametrize(
    ("attachment", "body", "kind"),
    [
        (Attachment(kind="voice", mime_type="audio/ogg", stored="a"), b"OggS", "audio"),
        (Attachment(kind="audio", mime_type="audio/mpeg", stored="a"), b"ID3", "audio"),
        (Attachment(kind="video", mime_type="video/mp4", stored="a"), b"....ftyp", "video"),
        (
            Attachment(kind="document", mime_type="application/pdf", stored="a", filename="a.pdf"),
            b"%PDF-",
            "document",
        ),
    ],
    ids=["voice note", "audio", "video", "document"],
)
async def test_meta_takes_each_kind_of_file(
    channel: WhatsAppChannel,
    meta: Simulator,
    store: MemoryStore,
    attachment: Attachment,
    body: bytes,
    kind: str,
) -> None:
    await store.put("a", body)
    await channel.send(message(attachment=attachment))
    (sent,) = meta.sent
    assert (sent.kind, sent.voice) == (kind, attachment.kind == "voice")
    file = meta.media.get(sent.file)
    assert file is not None
    assert file.body == body
    assert file.mime_type == (OPUS if attachment.kind == "voice" else attachment.mime_type)


async def test_a_file_that_whatsapp_does_not_carry_is_refused(
    channel: WhatsAppChannel, store: MemoryStore
) -> None:
    await store.put("a", b"x")
    odd = Attachment(kind="document", mime_type="application/x-odd", stored="a")
    with pytest.raises(Rejected):
        await channel.send(message(attachment=odd))


@pytest.mark.parametrize(
    ("made", "asked"),
    [
        (template(), {}),
        (template(body="Hola {{1}}, {{2}}."), {"values": {"1": "Ana", "2": "¿viene?"}}),
        (template(body="Hola {{guest}}."), {"values": {"guest": "Ana"}}),
        (template(header="IMAGE"), {"image": PHOTO}),
        (template(quick_replies=("Sí", "No")), {"buttons": ("si", "no")}),
        (template(language="es_AR"), {}),
    ],
    ids=["plain", "by position", "by name", "picture", "buttons", "of a country"],
)
async def test_meta_takes_each_kind_of_template(
    channel: WhatsAppChannel, meta: Simulator, made: Template, asked: dict[str, Any]
) -> None:
    meta.templates.append(made)
    await templates.refresh_tenant(channel.services)
    await channel.send(
        message(template=MessageTemplate(name="volver", languages=("pt", "es"), **asked))
    )
    assert [one.template for one in meta.sent] == ["volver"]


async def test_a_template_that_was_paused_is_refused_once_by_meta_and_then_by_us(
    channel: WhatsAppChannel, meta: Simulator
) -> None:
    meta.templates.append(template())
    await templates.refresh_tenant(channel.services)
    news.template_is(meta, meta.templates[0], "PAUSED")
    asked = message(template=MessageTemplate(name="volver", languages=("es",)))
    with pytest.raises(TemplateRefused, match="132015"):
        await channel.send(asked)
    with pytest.raises(TemplateRefused, match="not approved"):
        await channel.send(asked)


async def test_a_test_number_of_argentina_is_reached_in_its_other_form(
    channel: WhatsAppChannel, meta: Simulator
) -> None:
    meta.allowed = {"541155550101"}
    await channel.send(message(text="hola"))
    assert [one.to for one in meta.sent] == ["541155550101"]


async def test_a_guest_without_a_number_is_reached_by_id(
    channel: WhatsAppChannel, meta: Simulator
) -> None:
    await channel.send(message(address=BSUID, text="hola"))
    await channel.send(message(address=BSUID, phone=f"+{PHONE}", text="hola"))
    assert [one.to for one in meta.sent] == [BSUID, PHONE]


async def test_a_message_is_read_and_answered_with_typing(
    channel: WhatsAppChannel, meta: Simulator
) -> None:
    await channel.seen("wamid.0")
    assert (meta.read, meta.typing) == (["wamid.0"], ["wamid.0"])


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def heard(meta: Simulator) -> list[Happening]:
    bodies = [body for _, body in meta.held or []]
    return [one.event for body in bodies for one in payload.parse(body, {BUSINESS: NUMBER})]


def guest(meta: Simulator, **more: str) -> Guest:
    return Guest(meta, ACCOUNT, **{"phone": PHONE, "user_id": BSUID, "name": "Ana", **more})


async def test_all_that_a_guest_can_say_is_a_message(meta: Simulator) -> None:
    ana = guest(meta)
    said = [
        ana.say("hola", reply_to="wamid.0"),
        ana.send_image(caption="foto"),
        ana.send_voice(b"OggS"),
        ana.send_audio(b"ID3"),
        ana.send_video(b"v"),
        ana.send_document(b"%PDF-", "a.pdf"),
        ana.send_sticker(b"s"),
        ana.send_location(-38, -57, "Playa"),
        ana.send_contact("Beto", "+34 600 111 222"),
        ana.send_unsupported(),
    ]
    found = heard(meta)
    assert [one.id for one in found if isinstance(one, InboundMessage)] == said
    for one in found:
        assert isinstance(one, InboundMessage)
        assert (one.address, one.aliases, one.phone) == (BSUID, (PHONE,), f"+{PHONE}")
        assert one.profile_name == "Ana"
        empty = one.content.text == "" and not one.content.media
        assert ("unsupported" in one.extra) == empty


async def test_all_else_that_a_guest_can_do_is_what_it_is(meta: Simulator) -> None:
    ana = guest(meta)
    ana.react("wamid.0")
    ana.react("wamid.0", "")
    ana.edit("wamid.0", "dos")
    ana.revoke("wamid.0")
    ana.prefers("stop")
    ana.change_number("5491155550202", "AR.NEW")
    guest(meta, phone="").change_user_id("AR.OTHER")
    news.staff_wrote(meta, ACCOUNT, PHONE, "ya voy")
    kinds = [Reacted, Reacted, MessageEdited, MessageRevoked, ConsentGiven, GuestMoved, GuestMoved]
    assert [type(one) for one in heard(meta)] == [*kinds, StaffWrote]


async def test_a_number_that_was_asked_for_is_the_guests(meta: Simulator) -> None:
    guest(meta, phone="").share_number(PHONE)
    (found,) = heard(meta)
    assert isinstance(found, InboundMessage)
    assert (found.address, found.phone) == (BSUID, f"+{PHONE}")


async def test_all_that_meta_says_of_an_account_is_a_notice(meta: Simulator) -> None:
    meta.templates.append(template())
    news.template_is(meta, meta.templates[0], "REJECTED", "SCAM")
    news.template_quality(meta, meta.templates[0], "RED")
    news.template_category(meta, meta.templates[0], "MARKETING")
    news.number_quality(meta, ACCOUNT, "FLAGGED", "TIER_250")
    news.account_disabled(meta, ACCOUNT)
    news.account_reinstated(meta, ACCOUNT)
    news.number_error(meta, ACCOUNT, {"code": 130429, "title": "x"})
    found = heard(meta)
    assert all(isinstance(one, AccountNotice) for one in found)
    stopped = [one.stops for one in found if isinstance(one, AccountNotice) and one.stops]
    assert stopped == ["the business account was disabled"]


# ── files of guests ──────────────────────────────────────────────────────────────────────────────


def file_in(meta: Simulator) -> Media:
    (found,) = heard(meta)
    assert isinstance(found, InboundMessage)
    assert found.content.media is not None
    return found.content.media


async def test_a_picture_of_a_guest_is_fetched(channel: WhatsAppChannel, meta: Simulator) -> None:
    guest(meta).send_image()
    assert await channel.fetch_media(file_in(meta), 10_000) == PNG


async def test_a_file_is_gone_after_a_week(channel: WhatsAppChannel, meta: Simulator) -> None:
    guest(meta).send_document(b"%PDF-1.7", "a.pdf")
    file = file_in(meta)
    meta.advance(timedelta(days=6))
    assert await channel.fetch_media(file, 10_000) == b"%PDF-1.7"
    meta.advance(timedelta(days=2))
    with pytest.raises(NotFound):
        await channel.fetch_media(file, 10_000)


async def test_a_file_larger_than_the_hotel_keeps_is_refused(
    channel: WhatsAppChannel, meta: Simulator
) -> None:
    guest(meta).send_voice(b"OggS" + bytes(2000))
    with pytest.raises(Rejected, match="large"):
        await channel.fetch_media(file_in(meta), 1000)


# ── the doctor ───────────────────────────────────────────────────────────────────────────────────


async def wrong(channel: WhatsAppChannel) -> list[Finding]:
    return [one for one in await channel.diagnose() if not one.ok and "clock" not in one.what]


async def test_the_doctor_finds_nothing_where_all_is_well(
    channel: WhatsAppChannel, meta: Simulator
) -> None:
    meta.templates.append(template())
    assert await wrong(channel) == []
    assert (await channel.health()).ok


async def test_the_doctor_finds_what_is_wrong(channel: WhatsAppChannel, meta: Simulator) -> None:
    meta.unsubscribed.add(BUSINESS)
    meta.quality[NUMBER] = "RED"
    meta.troubles[NUMBER] = MetaError(code=131042)
    found = " · ".join(one.what for one in await wrong(channel))
    for words in ("no app hears", "RED", "cannot send messages"):
        assert words in found
    assert not (await channel.health()).ok


async def test_the_doctor_finds_a_token_that_was_revoked(
    channel: WhatsAppChannel, meta: Simulator
) -> None:
    meta.revoked.add(TOKEN)
    (only,) = await channel.diagnose()
    assert "190" in only.what
    with pytest.raises(AuthFailed):
        await channel.send(message(text="hola"))
