"""Sending, before a server that answers as Meta may."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from agente_hotelero.errors import (
    AuthFailed,
    HoteleroError,
    NotFound,
    OutcomeUnknown,
    RecipientRefused,
    Rejected,
    TemplateRefused,
    Throttled,
    Unavailable,
    WindowClosed,
)
from agente_hotelero.messages import (
    Attachment,
    Location,
    MessageTemplate,
    OfferedOption,
    OutboundMessage,
)
from agente_hotelero.stays import Image
from agente_hotelero.testing.lent import MemoryStore
from agente_hotelero_channel_whatsapp import media
from agente_hotelero_channel_whatsapp.channel import WhatsAppChannel
from structlog.testing import capture_logs

from plugins.channel_whatsapp.tests.local_meta import (
    NUMBER,
    TOKEN,
    Answer,
    LocalMeta,
    accepted,
    channel_at,
    error,
)

pytestmark = pytest.mark.anyio
MESSAGES, UPLOADS = f"{NUMBER}/messages", f"{NUMBER}/media"
PLACE = Location(latitude=-38.0, longitude=-57.5)


def hello(**more: Any) -> OutboundMessage:
    return OutboundMessage(id=7, **{"address": "5491155550101", "text": "hola", **more})


async def test_a_message_that_meta_took_has_metas_id(
    number: WhatsAppChannel, local: LocalMeta
) -> None:
    local.on(MESSAGES, accepted("wamid.9"))
    assert await number.send(hello()) == "wamid.9"
    (asked,) = local.asked
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.json()["text"]["body"] == "hola"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(131047), WindowClosed),
        (error(131056), Throttled),
        (error(130429, 429), Throttled),
        (error(131000, 500), Unavailable),
        (error(190, 401), AuthFailed),
        (error(131026), RecipientRefused),
        (error(131009), Rejected),
        (Answer(status=502, body=b"<html>"), OutcomeUnknown),
        (Answer(status=503, body=b""), Unavailable),
        (Answer(status=429, body=b"slow down"), Throttled),
        (Answer(body=b"<html>"), OutcomeUnknown),
        (Answer(body={"messages": []}), OutcomeUnknown),
        (Answer(status=307, headers={"Location": "http://127.0.0.1:9/"}), Rejected),
        (Answer(body={}, cut=True), OutcomeUnknown),
    ],
    ids=[
        *("window", "pair", "throughput", "passing", "token", "recipient", "body", "gateway"),
        *("away", "slow", "no json", "no id", "elsewhere", "cut off"),
    ],
)
async def test_each_answer_is_the_right_error(
    number: WhatsAppChannel, local: LocalMeta, answer: Answer, kind: type[HoteleroError]
) -> None:
    local.on(MESSAGES, answer)
    with pytest.raises(kind) as caught:
        await number.send(hello(address="34600111222"))
    assert type(caught.value) is kind
    assert len(local.asked) == 1


async def test_silence_is_an_unknown_outcome(http: httpx.AsyncClient, local: LocalMeta) -> None:
    local.on(MESSAGES, Answer(hang=True))
    with pytest.raises(OutcomeUnknown):
        await channel_at(local.url, http, timeout_seconds=0.2).send(hello())


async def test_nobody_there_is_unavailable(http: httpx.AsyncClient) -> None:
    with pytest.raises(Unavailable):
        await channel_at("http://127.0.0.1:9", http).send(hello())


async def test_a_message_of_nothing_is_not_sent(number: WhatsAppChannel, local: LocalMeta) -> None:
    with pytest.raises(Rejected, match="nothing"):
        await number.send(hello(text=" "))
    assert local.asked == []


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────


def recipients(local: LocalMeta) -> list[str]:
    return [asked.json()["to"] for asked in local.to(MESSAGES)]


@pytest.mark.parametrize("code", [131030, 131026])
@pytest.mark.parametrize(
    ("address", "tried"),
    [
        ("5491155550101", ["+5491155550101", "+541155550101"]),
        ("5215512345678", ["+5215512345678", "+525512345678"]),
    ],
    ids=["Argentina", "Mexico"],
)
async def test_a_number_that_meta_does_not_know_is_tried_in_its_other_form_once(
    number: WhatsAppChannel, local: LocalMeta, address: str, tried: list[str], code: int
) -> None:
    local.on(MESSAGES, error(code), accepted())
    assert await number.send(hello(address=address)) == "wamid.1"
    assert recipients(local) == tried


async def test_a_number_that_is_unknown_in_both_forms_is_refused(
    number: WhatsAppChannel, local: LocalMeta
) -> None:
    local.on(MESSAGES, error(131030))
    with pytest.raises(RecipientRefused):
        await number.send(hello())
    assert len(local.asked) == 2


@pytest.mark.parametrize(
    ("address", "code"),
    [("541155550101", 131030), ("5511987654321", 131026), ("5491155550101", 131049)],
    ids=["never a 9", "Brazil", "another refusal"],
)
async def test_nothing_else_is_tried_twice(
    number: WhatsAppChannel, local: LocalMeta, address: str, code: int
) -> None:
    local.on(MESSAGES, error(code))
    with pytest.raises(RecipientRefused):
        await number.send(hello(address=address))
    assert recipients(local) == [f"+{address}"]


async def test_a_guest_who_wants_no_marketing_is_known_by_that(
    number: WhatsAppChannel, local: LocalMeta
) -> None:
    local.on(MESSAGES, error(131050))
    with pytest.raises(RecipientRefused) as caught:
        await number.send(hello())
    assert caught.value.purpose == "marketing"


# ── several bodies ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [(error(131056), Throttled), (Answer(status=502, body=b""), OutcomeUnknown)],
    ids=["throttled", "unknown"],
)
async def test_what_was_broken_off_goes_on_where_it_was(
    number: WhatsAppChannel, local: LocalMeta, trouble: Answer, kind: type[HoteleroError]
) -> None:
    local.on(MESSAGES, accepted("wamid.1"), trouble, accepted("wamid.2"))
    with pytest.raises(kind):
        await number.send(hello(location=PLACE))
    assert await number.send(hello(location=PLACE)) == "wamid.2"
    sent = [asked.json() for asked in local.asked]
    assert [one["type"] for one in sent] == ["text", "location", "location"]
    assert [one["biz_opaque_callback_data"] for one in sent] == ["7+", "7", "7"]


async def test_what_never_began_begins_at_the_beginning(
    number: WhatsAppChannel, local: LocalMeta
) -> None:
    local.on(MESSAGES, error(131056), accepted())
    with pytest.raises(Throttled):
        await number.send(hello(location=PLACE))
    await number.send(hello(location=PLACE))
    assert [asked.json()["type"] for asked in local.asked] == ["text", "text", "location"]


async def test_a_message_that_ended_is_sent_whole_when_it_is_replayed(
    number: WhatsAppChannel, local: LocalMeta
) -> None:
    local.on(MESSAGES, accepted())
    for _ in range(2):
        await number.send(hello(location=PLACE))
    assert [asked.json()["type"] for asked in local.asked] == ["text", "location"] * 2


# ── what is ours to mend ─────────────────────────────────────────────────────────────────────────


async def test_a_refusal_that_is_our_mistake_is_logged_without_the_guest(
    number: WhatsAppChannel, local: LocalMeta
) -> None:
    data = {"details": "to: 5491155550101 is wrong"}
    local.on(MESSAGES, error(131009, error_data=data, fbtrace_id="Abc"))
    with capture_logs() as logs, pytest.raises(Rejected):
        await number.send(hello())
    (line,) = logs
    assert (line["code"], line["details"], line["fbtrace_id"]) == (131009, "to: … is wrong", "Abc")
    assert "5491155550101" not in str(line)
    assert TOKEN not in str(line)


@pytest.mark.parametrize("code", [131047, 131026, 190, 131056])
async def test_a_refusal_that_is_not_our_mistake_is_no_error_of_ours(
    number: WhatsAppChannel, local: LocalMeta, code: int
) -> None:
    local.on(MESSAGES, error(code))
    with capture_logs() as logs, pytest.raises(HoteleroError):
        await number.send(hello())
    assert logs == []


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"image": Image(url="https://x/a.jpg")}, Unavailable),
        (
            {
                "image": Image(url="https://x/a.jpg"),
                "options": (OfferedOption(id="a", title="Sí"),),
            },
            Unavailable,
        ),
        ({}, Rejected),
    ],
    ids=["picture", "picture above buttons", "text"],
)
async def test_a_file_that_meta_could_not_fetch_is_tried_again(
    number: WhatsAppChannel, local: LocalMeta, more: dict[str, Any], kind: type[HoteleroError]
) -> None:
    local.on(MESSAGES, error(131053))
    with pytest.raises(kind):
        await number.send(hello(**more))


# ── files of ours ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def lender(http: httpx.AsyncClient, local: LocalMeta, store: MemoryStore) -> WhatsAppChannel:
    return channel_at(local.url, http, media=store)


NOTE = Attachment(kind="voice", mime_type="audio/ogg", stored="sol/note.ogg")
MENU = Attachment(
    kind="document", mime_type="application/pdf", stored="sol/a", filename="carta.pdf"
)


async def test_a_voice_note_is_uploaded_and_then_sent_as_one(
    lender: WhatsAppChannel, local: LocalMeta, store: MemoryStore
) -> None:
    await store.put("sol/note.ogg", b"OggS-note")
    local.on(UPLOADS, Answer(body={"id": "555"}))
    local.on(MESSAGES, accepted())
    await lender.send(hello(text="", attachment=NOTE))
    upload, sent = local.asked
    assert b"OggS-note" in upload.body
    assert upload.body.count(b"audio/ogg; codecs=opus") == 2
    assert b'name="messaging_product"\r\n\r\nwhatsapp' in upload.body
    assert sent.json()["audio"] == {"id": "555", "voice": True}


async def test_a_document_keeps_its_name_and_type(
    lender: WhatsAppChannel, local: LocalMeta, store: MemoryStore
) -> None:
    await store.put("sol/a", b"%PDF-1.7")
    local.on(UPLOADS, Answer(body={"id": 555}))
    local.on(MESSAGES, accepted())
    await lender.send(hello(attachment=MENU))
    upload, sent = local.asked
    assert b'filename="carta.pdf"' in upload.body
    document = {"id": "555", "filename": "carta.pdf", "caption": "hola"}
    assert sent.json()["document"] == document


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(status=502, body=b""), Unavailable),
        (Answer(body={}), Unavailable),
        (Answer(body=b"<html>"), Unavailable),
        (error(131053), Rejected),
        (error(190, 401), AuthFailed),
        (error(130429), Throttled),
    ],
    ids=["gateway", "no id", "no json", "no good", "token", "throttled"],
)
async def test_an_upload_that_fails_sends_nothing(
    lender: WhatsAppChannel,
    local: LocalMeta,
    store: MemoryStore,
    answer: Answer,
    kind: type[HoteleroError],
) -> None:
    await store.put("sol/a", b"%PDF-1.7")
    local.on(UPLOADS, answer)
    with pytest.raises(kind):
        await lender.send(hello(attachment=MENU))
    assert local.to(MESSAGES) == []


async def test_a_file_that_is_gone_or_too_large_is_not_sent(
    lender: WhatsAppChannel, local: LocalMeta, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFound):
        await lender.send(hello(attachment=MENU))
    monkeypatch.setattr(media, "MEGABYTE", 1)
    await store.put("sol/a", b"%PDF-" + b"x" * 100)
    with pytest.raises(Rejected, match="larger"):
        await lender.send(hello(attachment=MENU))
    assert local.asked == []


# ── read receipts, re-opening ────────────────────────────────────────────────────────────────────


async def test_a_message_that_was_read_is_marked_with_typing(
    number: WhatsAppChannel, local: LocalMeta
) -> None:
    local.on(MESSAGES, Answer(body={"success": True}))
    await number.seen("wamid.0")
    assert local.asked[0].json() == {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.0",
        "typing_indicator": {"type": "text"},
    }


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(status=502, body=b""), Unavailable),
        (Answer(body=b"<html>"), Unavailable),
        (error(131009), Rejected),
    ],
    ids=["gateway", "no json", "no such message"],
)
async def test_a_receipt_that_fails_never_leaves_an_unknown_outcome(
    number: WhatsAppChannel, local: LocalMeta, answer: Answer, kind: type[HoteleroError]
) -> None:
    local.on(MESSAGES, answer)
    with pytest.raises(kind):
        await number.seen("wamid.0")


async def test_without_a_template_or_a_business_nothing_is_asked(
    http: httpx.AsyncClient, local: LocalMeta
) -> None:
    assert channel_at(local.url, http).reopening(["es"]) is None
    trusting = channel_at(local.url, http, reopen_template="volver")
    assert trusting.reopening(["es"]) == MessageTemplate(name="volver", languages=("es",))
    assert trusting.reopening([]) is None


async def test_the_window_is_a_day(number: WhatsAppChannel) -> None:
    assert number.window is not None
    assert number.window.total_seconds() == 24 * 3600


async def test_an_unknown_template_is_sent_in_the_first_language(
    number: WhatsAppChannel, local: LocalMeta
) -> None:
    local.on(MESSAGES, accepted(), error(132001))
    template = MessageTemplate(name="volver", languages=("pt_BR", "es"))
    await number.send(hello(template=template))
    assert local.asked[0].json()["template"]["language"]["code"] == "pt_BR"
    with pytest.raises(TemplateRefused) as caught:
        await number.send(hello(template=template))
    assert caught.value.template == "volver"
