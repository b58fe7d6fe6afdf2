"""Our channel before the simulator: its bodies, its reading of refusals, its files, its doctor.

The simulator's rules are written from Meta's documentation by another hand than the channel's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
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
    InboundMessage,
    Location,
    Media,
    MessageTemplate,
    OfferedOption,
    OutboundMessage,
)
from agente_hotelero.stays import Image
from agente_hotelero.testing import SettableClock
from agente_hotelero.testing.lent import MemoryStore
from agente_hotelero_channel_whatsapp import payload
from agente_hotelero_channel_whatsapp.channel import WhatsAppChannel
from agente_hotelero_channel_whatsapp.outbound import bodies
from agente_hotelero_channel_whatsapp.testing import (
    ErrorBy,
    Fault,
    Guest,
    MetaError,
    Simulator,
    Template,
)
from agente_hotelero_channel_whatsapp.testing.limits import complaint
from agente_hotelero_channel_whatsapp.testing.refusals import KNOWN
from hypothesis import given
from hypothesis import strategies as st

from plugins.channel_whatsapp.tests.local_meta import channel_at
from plugins.channel_whatsapp.tests.stand_ins import ACCOUNT, NOON, PHONE, Listener, listening

pytestmark = pytest.mark.anyio
USER = "AR.13491208655302741918"
PHOTO = Image(url="https://hotel.example/a.jpg")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
REOPEN = Template(name="reopen", language="es", body="Hola, tenemos un mensaje para usted.")
NAMED = Template(
    name="review",
    language="es",
    header="IMAGE",
    body="Hola {{guest}}, ¿cómo estuvo {{hotel}}?",
    quick_replies=["Bien", "Baja"],
)
PLACED = Template(name="stay", language="pt_BR", body="Olá {{1}}, até {{2}}.")


@pytest.fixture
def agent() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def meta(agent: Listener) -> Iterator[Simulator]:
    templates = [REOPEN, NAMED, PLACED]
    with Simulator([ACCOUNT], agent.url, now=lambda: NOON, templates=templates) as simulator:
        simulator.statuses = False
        yield simulator


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
def number(meta: Simulator, http: httpx.AsyncClient) -> WhatsAppChannel:
    store = MemoryStore()
    store.files["note.ogg"] = b"OggS" + bytes(100)
    store.files["map.pdf"] = b"%PDF-1.4" + bytes(100)
    return channel_at(meta.url, http, media=store, timeout_seconds=0.5)


def message(**parts: Any) -> OutboundMessage:
    return OutboundMessage(id=7, **{"address": PHONE, **parts})


# ── bodies ───────────────────────────────────────────────────────────────────────────────────────

words = st.text(max_size=5000) | st.text(alphabet=" aé\n😀", max_size=40)
ids = st.text(min_size=1, max_size=300) | st.text(alphabet=" ab\n", min_size=1, max_size=4)
titles = st.text(max_size=40) | st.text(alphabet=" aé😀", max_size=22)
options = st.lists(st.builds(OfferedOption, id=ids, title=titles), max_size=12).map(tuple)
files = st.builds(
    Attachment,
    kind=st.sampled_from(["document", "voice", "audio", "video"]),
    mime_type=st.just("application/pdf"),
    filename=st.text(max_size=400),
    url=st.just("https://hotel.example/f"),
)
places = st.builds(
    Location,
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
    name=st.text(max_size=2000),
    address=st.text(max_size=2000),
)


@given(
    text=words,
    options=options,
    image=st.none() | st.just(PHOTO),
    location=st.none() | places,
    attachment=st.none() | files,
    in_reply_to=st.none() | st.just("wamid.q"),
    address=st.sampled_from([PHONE, USER, "5215512345678"]),
    uploaded=st.sampled_from(["", "700000000000001"]),
)
def test_meta_takes_every_body_that_we_make(uploaded: str, **parts: Any) -> None:
    made = bodies(message(**parts), media_id=uploaded)
    assert [(one, complaint(one)) for one in made if complaint(one)] == []


@given(
    values=st.dictionaries(st.sampled_from(["guest", "hotel", "day"]), st.text(max_size=300)),
    placed=st.booleans(),
    buttons=st.lists(st.text(min_size=1, max_size=256), max_size=3).map(tuple),
    image=st.none() | st.just(PHOTO),
)
def test_meta_takes_every_template_that_we_fill(values: dict[str, str], **parts: Any) -> None:
    if parts.pop("placed"):
        values = {str(place): value for place, value in enumerate(values.values(), 1)}
    told = {key: value if value.split() else "–" for key, value in values.items()}
    template = MessageTemplate(name="x", languages=("es",), values=told, **parts)
    (made,) = bodies(message(template=template), language="es")
    assert complaint(made) is None


# ── every kind, all the way ──────────────────────────────────────────────────────────────────────


def file(kind: Any, stored: str, mime_type: str = "application/pdf") -> Attachment:
    return Attachment(kind=kind, mime_type=mime_type, filename="mapa.pdf", stored=stored)


async def test_every_kind_of_message_reaches_the_guest(
    number: WhatsAppChannel, meta: Simulator
) -> None:
    await number.send(message(text="hola", in_reply_to="wamid.q"))
    await number.send(message(text="¿Cuál?", options=(OfferedOption(id="d", title="Doble"),)))
    await number.send(message(text="la pileta", image=PHOTO))
    await number.send(message(location=Location(latitude=-38, longitude=-57.5)))
    await number.send(message(attachment=file("voice", "note.ogg", "audio/ogg")))
    await number.send(message(text="el mapa", attachment=file("document", "map.pdf")))
    await number.send(message(text="👍", react_to="wamid.q"))
    text, options, photo, place, voice, document, reaction = meta.sent
    assert (text.text, text.reply_to) == ("hola", "wamid.q")
    assert options.options == (("d", "Doble"),)
    assert (photo.image, photo.text) == (PHOTO.url, "la pileta")
    assert place.location == (-38.0, -57.5)
    assert voice.voice
    assert meta.media.files[voice.file].body.startswith(b"OggS")
    assert (document.text, document.body["document"]["filename"]) == ("el mapa", "mapa.pdf")
    assert (reaction.kind, reaction.text, reaction.reply_to) == ("reaction", "👍", "wamid.q")


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        pytest.param(
            MessageTemplate(name="reopen", languages=("es",)), REOPEN.body, id="without values"
        ),
        pytest.param(
            MessageTemplate(
                name="review",
                languages=("es",),
                values={"hotel": "Hotel\nSol", "guest": "Ana"},
                image=PHOTO,
                buttons=("good", "stop"),
            ),
            "Hola Ana, ¿cómo estuvo Hotel Sol?",
            id="by name, with a photo and buttons",
        ),
        pytest.param(
            MessageTemplate(name="stay", languages=("pt_BR",), values={"2": "sexta", "1": "Ana"}),
            "Olá Ana, até sexta.",
            id="by place",
        ),
    ],
)
async def test_templates_are_filled_as_they_were_approved(
    number: WhatsAppChannel, meta: Simulator, template: MessageTemplate, shown: str
) -> None:
    await number.send(message(template=template))
    assert meta.sent[0].text == shown
    assert [payload for payload, _ in meta.sent[0].options] == list(template.buttons)


async def test_a_guest_without_a_number_is_answered_by_his_user_id(
    number: WhatsAppChannel, meta: Simulator
) -> None:
    await number.send(message(text="hola", address=USER))
    assert meta.sent[0].to == USER


async def test_an_argentine_number_is_tried_without_its_nine(
    number: WhatsAppChannel, meta: Simulator
) -> None:
    meta.allowed = {"541155550101"}
    await number.send(message(text="hola"))
    assert meta.sent[0].to == "541155550101"


async def test_seen_is_a_receipt_with_typing(number: WhatsAppChannel, meta: Simulator) -> None:
    await number.seen("wamid.x")
    assert (meta.read, meta.typing) == (["wamid.x"], ["wamid.x"])


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────

TEMPORARY = {1, 2, 131000, 131016, 131057}
THROTTLED = {4, 613, 80007, 130429, 131056, 133016}
ACCOUNT_CODES = {0, 3, 10, 190, 200, 368, 130497, 131005, 131031, 131037, 131042, 131045}
ACCOUNT_CODES |= {131048, 131064, 133010}
RECIPIENT = {130472, 131021, 131026, 131030, 131049, 131050, 131062}
TEMPLATE = {131063, 132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016}
OURS = {33, 100, 131008, 131009, 131051, 131052, 135000}
EXPECTED: dict[int, type[HoteleroError]] = {
    **dict.fromkeys(TEMPORARY, Unavailable),
    **dict.fromkeys(THROTTLED, Throttled),
    **dict.fromkeys(ACCOUNT_CODES, AuthFailed),
    **dict.fromkeys(RECIPIENT, RecipientRefused),
    **dict.fromkeys(TEMPLATE, TemplateRefused),
    **dict.fromkeys(OURS, Rejected),
    131047: WindowClosed,
    131053: Rejected,
}


async def test_every_code_of_metas_table_is_read_as_the_facts_say(
    number: WhatsAppChannel, meta: Simulator
) -> None:
    wrong = {}
    for code in sorted(EXPECTED.keys() & KNOWN.keys()):
        meta.faults = [MetaError(code=code)]
        template = MessageTemplate(name="reopen", languages=("es",)) if code in TEMPLATE else None
        # Not of a country whose numbers have two forms: that would be tried twice.
        one = message(text="hola", address="34600111222", template=template)
        try:
            await number.send(one)
        except EXPECTED[code]:
            continue
        except HoteleroError as error:
            wrong[code] = type(error).__name__
    assert wrong == {}


def test_no_code_of_the_simulator_is_left_unread() -> None:
    assert KNOWN.keys() - EXPECTED.keys() <= {132018}


async def test_who_stopped_marketing_is_known_to_have(
    number: WhatsAppChannel, meta: Simulator
) -> None:
    meta.faults = [MetaError(code=131050)]
    with pytest.raises(RecipientRefused) as caught:
        await number.send(message(template=MessageTemplate(name="reopen", languages=("es",))))
    assert caught.value.purpose == "marketing"


async def test_a_closed_window_is_told_and_a_template_passes(agent: Listener) -> None:
    async with httpx.AsyncClient() as http:
        with Simulator(
            [ACCOUNT], agent.url, now=lambda: NOON, window=ErrorBy.ANSWER, templates=[REOPEN]
        ) as meta:
            number = channel_at(meta.url, http)
            with pytest.raises(WindowClosed):
                await number.send(message(text="hola"))
            await number.send(message(template=MessageTemplate(name="reopen", languages=("es",))))


async def test_a_pair_that_wrote_too_much_waits(agent: Listener) -> None:
    async with httpx.AsyncClient() as http:
        with Simulator([ACCOUNT], agent.url, now=lambda: NOON, pair_limit=True) as meta:
            number = channel_at(meta.url, http)
            for _ in range(45):
                await number.send(message(text="hola"))
            with pytest.raises(Throttled) as caught:
                await number.send(message(text="hola"))
    assert caught.value.retry_after


@pytest.mark.parametrize(
    "fault",
    [
        Fault.HANG,
        Fault.RESET,
        Fault.HTML,
        Fault.HTTP_500,
        Fault.ACCEPT_THEN_HANG,
        Fault.ACCEPT_THEN_RESET,
        Fault.ACCEPT_THEN_HTML,
        Fault.ACCEPT_THEN_NOTHING,
    ],
)
async def test_what_may_have_been_taken_is_of_unknown_outcome(
    number: WhatsAppChannel, meta: Simulator, fault: Fault
) -> None:
    meta.faults = [fault]
    with pytest.raises(OutcomeUnknown):
        await number.send(message(text="hola"))


async def test_a_slow_answer_leaves_the_channel_free_to_be_given_up(
    number: WhatsAppChannel, meta: Simulator
) -> None:
    """httpx waits for each byte anew: the guard's own time-out ends it."""
    meta.faults = [Fault.SLOW_BODY]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.5):
            await number.send(message(text="hola"))
    assert len(meta.sent) == 1


# ── files ────────────────────────────────────────────────────────────────────────────────────────


def received(agent: Listener, at: int = -1) -> Media:
    """The file of a webhook, as our own reader has it."""
    event = payload.parse(agent.got[at][0])[0].event
    assert isinstance(event, InboundMessage)
    assert event.content.media is not None
    return event.content.media


async def test_a_guests_file_is_fetched(
    number: WhatsAppChannel, meta: Simulator, agent: Listener
) -> None:
    Guest(meta, ACCOUNT, PHONE).send_image(PNG)
    assert await number.fetch_media(received(agent), 10_000) == PNG


async def test_a_file_is_fetched_hours_later(
    number: WhatsAppChannel, meta: Simulator, agent: Listener
) -> None:
    Guest(meta, ACCOUNT, PHONE).send_image(PNG)
    meta.advance(timedelta(hours=5))
    assert await number.fetch_media(received(agent), 10_000) == PNG


async def test_after_seven_days_a_file_is_gone(
    number: WhatsAppChannel, meta: Simulator, agent: Listener
) -> None:
    Guest(meta, ACCOUNT, PHONE).send_image(PNG)
    meta.advance(timedelta(days=7))
    with pytest.raises(NotFound):
        await number.fetch_media(received(agent), 10_000)


async def test_a_file_that_is_too_large_or_not_what_it_says_is_refused(
    number: WhatsAppChannel, meta: Simulator, agent: Listener
) -> None:
    guest = Guest(meta, ACCOUNT, PHONE)
    guest.send_image(PNG)
    guest.send_image(b"<html><script>alert(1)</script></html>", "image/png")
    with pytest.raises(Rejected):
        await number.fetch_media(received(agent, 0), 100)
    with pytest.raises(Rejected):
        await number.fetch_media(received(agent, 1), 10_000)


@pytest.mark.parametrize("fault", [Fault.HTTP_503, Fault.HTTP_500, Fault.RESET, Fault.HANG])
async def test_a_file_that_cannot_be_had_now_is_tried_again(
    number: WhatsAppChannel, meta: Simulator, agent: Listener, fault: Fault
) -> None:
    Guest(meta, ACCOUNT, PHONE).send_image(PNG)
    meta.media_faults = [fault]
    with pytest.raises(Unavailable):
        await number.fetch_media(received(agent), 10_000)
    assert await number.fetch_media(received(agent), 10_000) == PNG


# ── the doctor ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def known(meta: Simulator, http: httpx.AsyncClient) -> WhatsAppChannel:
    """A channel that knows its business account."""
    more = {"business_account_id": ACCOUNT.business_id, "reopen_template": "reopen"}
    return channel_at(meta.url, http, clock=SettableClock(NOON), **more)


async def test_a_good_number_is_in_order(known: WhatsAppChannel) -> None:
    found = await known.diagnose()
    assert [one.what for one in found if not one.ok] == []
    assert any("3 of 3" in one.what for one in found)


@pytest.mark.parametrize("trouble", ["token", "ban", "template", "webhook", "clock", "quality"])
async def test_each_trouble_is_found(known: WhatsAppChannel, meta: Simulator, trouble: str) -> None:
    match trouble:
        case "token":
            meta.revoked = {ACCOUNT.token}
        case "ban":
            meta.troubles["10001"] = MetaError(code=131031)
        case "template":
            REOPEN.status = "PAUSED"
        case "webhook":
            meta.unsubscribed = {ACCOUNT.business_id}
        case "clock":
            meta.clock.ahead = timedelta(minutes=20)
        case "quality":
            meta.quality["10001"] = "RED"
    try:
        found = await known.diagnose()
    finally:
        REOPEN.status = "APPROVED"
    assert [one for one in found if not one.ok and one.advice] or trouble == "ban"
    assert [one for one in found if not one.ok]
