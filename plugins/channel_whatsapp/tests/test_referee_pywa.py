"""pywa, a client by others, talks with the simulator: what it sends is taken, what it gets is read.

Deviations of pywa 4.5.0, each shown below:

- It sends digits as they are given; the simulator wants the plus. Meta takes digits without one and
  may put the business number's country before them: we must never rely on that.
- It writes a button's index as a number; Meta's examples have numbers and text, both are taken.
- It loses guests without a `user_id`. Meta's reference has it since April 2026, and the simulator
  leaves it out for guests who were given none.
- It loses failed statuses, which have no `contacts` in Meta's page on user ids.
- It reads the first event of a body; Meta's reference allows a thousand (pywa issue 229).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from agente_hotelero_channel_whatsapp.testing import (
    Disorder,
    ErrorBy,
    Guest,
    MetaError,
    Simulator,
    Template,
    notices,
)

from plugins.channel_whatsapp.tests.stand_ins import (
    ACCOUNT,
    NOON,
    PHONE,
    Caller,
    Listener,
    code_of,
    listening,
)

pywa = pytest.importorskip("pywa", reason="pywa is not installed: pip install pywa==4.5.0")
from pywa import errors, types  # noqa: E402
from pywa.types import templates as pt  # noqa: E402

TO = f"+{PHONE}"
USER = "AR.13491208655302741918"
PDF = b"%PDF-1.4 " + bytes(range(256))


class Loopback(httpx.HTTPTransport):
    """Meta's host is the simulator; any other is its own."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = httpx.URL(url)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "graph.facebook.com":
            host, port = self._url.host, self._url.port
            request.url = request.url.copy_with(scheme="http", host=host, port=port)
            request.headers["Host"] = f"{host}:{port}"
        return super().handle_request(request)


@pytest.fixture
def agent() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def meta(agent: Listener) -> Iterator[Simulator]:
    template = Template(
        name="reopen",
        language="es",
        body="Hola {{name}}, {{hotel}} tiene un mensaje.",
        quick_replies=["Leer"],
        links=[("Mapa", "https://hotel.example/{{1}}")],
    )
    with Simulator([ACCOUNT], agent.url, now=lambda: NOON, templates=[template]) as simulator:
        yield simulator


@pytest.fixture
def client(meta: Simulator) -> Iterator[Any]:
    with httpx.Client(transport=Loopback(meta.url), timeout=5) as session:
        yield pywa.WhatsApp(
            phone_id="10001",
            token=ACCOUNT.token,
            session=session,
            waba_id=ACCOUNT.business_id,
            server=None,
            verify_token="v",
            app_secret=ACCOUNT.app_secret,
        )


def test_each_kind_that_pywa_sends_is_taken(client: Any, meta: Simulator) -> None:
    client.send_message(TO, "hola", preview_url=True, tracker="7", reply_to_message_id="wamid.q")
    client.send_image(TO, "https://hotel.example/a.jpg", caption="la pileta")
    client.send_document(TO, PDF, filename="a.pdf", mime_type="application/pdf", caption="mapa")
    client.send_voice(TO, b"OggS", mime_type="audio/ogg")
    client.send_video(TO, "https://hotel.example/a.mp4")
    client.send_sticker(TO, "https://hotel.example/a.webp")
    client.send_location(TO, -38.0, -57.5, "Hotel", "Calle 1")
    client.request_location(TO, "¿Dónde está?")
    client.request_contact_info(TO, "¿Su teléfono?")
    name = types.Contact.Name(formatted_name="Ana Paz", first_name="Ana")
    client.send_contact(TO, types.Contact(name=name, phones=[types.Contact.Phone(phone="+54")]))
    client.send_reaction(TO, "👍", "wamid.x")
    client.remove_reaction(TO, "wamid.x")
    kinds = [one.kind for one in meta.sent]
    assert kinds == [
        "text", "image", "document", "audio", "video", "sticker", "location",
        "interactive", "interactive", "contacts", "reaction", "reaction",
    ]  # fmt: skip
    text, image, document, voice, *_ = meta.sent
    assert (text.mark, text.reply_to) == ("7", "wamid.q")
    assert image.text == "la pileta"
    assert meta.media.files[document.file].body == PDF
    assert voice.voice


def test_what_can_be_tapped_is_taken(client: Any, meta: Simulator) -> None:
    buttons = [types.Button(title=f"Opción {n}", callback_data=f"o{n}") for n in range(3)]
    client.send_message(TO, "¿Cuál?", header="Hotel", footer="Sol", buttons=buttons)
    rows = [types.SectionRow(title=f"Tipo {n}", callback_data=f"t{n}") for n in range(10)]
    section = types.Section(title="Piso 1", rows=rows)
    client.send_message(TO, "¿Cuál?", buttons=types.SectionList("Ver", sections=[section]))
    link = types.URLButton(title="Reservar", url="https://hotel.example")
    client.send_message(TO, "Reserve", buttons=link)
    assert [len(one.options) for one in meta.sent] == [3, 10, 0]


def test_a_template_with_named_values_is_taken(client: Any, meta: Simulator) -> None:
    client.send_template(
        TO,
        name="reopen",
        language=pt.TemplateLanguage.SPANISH,
        params=[
            pt.BodyText.params(name="Ana", hotel="Sol"),
            pt.QuickReplyButton.params(callback_data="read-it", index=0),
            pt.URLButton.params(url_variable="map", index=1),
        ],
    )
    (sent,) = meta.sent
    assert sent.text == "Hola Ana, Sol tiene un mensaje."
    assert sent.options == (("read-it", "Leer"),)


def test_a_user_id_is_a_recipient(client: Any, meta: Simulator) -> None:
    client.send_message(USER, "hola")
    assert meta.sent[0].to == USER


def test_receipts_and_typing(client: Any, meta: Simulator) -> None:
    assert client.mark_message_as_read("wamid.x").success
    assert client.indicate_typing("wamid.y").success
    assert (meta.read, meta.typing) == (["wamid.x", "wamid.y"], ["wamid.y"])


def test_files_go_there_and_back(client: Any, meta: Simulator) -> None:
    media = client.upload_media(PDF, mime_type="application/pdf", filename="a.pdf")
    url = client.get_media_url(media.id)
    assert client.get_media_bytes(url.url) == PDF
    meta.advance(timedelta(minutes=6))
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        client.get_media_bytes(url.url)
    assert client.delete_media(media.id).success
    with pytest.raises(errors.WhatsAppError):
        client.get_media_url(media.id)


def test_number_and_templates_are_read(client: Any, meta: Simulator) -> None:
    number = client.get_business_phone_number()
    assert (number.id, number.quality_rating) == ("10001", "GREEN")
    (template,) = client.get_templates()
    assert (template.name, template.status) == ("reopen", pt.TemplateStatus.APPROVED)
    assert template.parameter_format == pt.ParamFormat.NAMED


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (131047, errors.ReEngagementMessage),
        (131056, errors.TooManyMessages),
        (130429, errors.RateLimitHit),
        (131026, errors.MessageUndeliverable),
        (190, errors.ExpiredAccessToken),
        (132015, errors.TemplatePaused),
        (131062, errors.BSUIDRecipientNotSupported),
    ],
)
def test_errors_are_what_pywa_takes_them_for(
    client: Any, meta: Simulator, code: int, error: type[Exception]
) -> None:
    meta.faults = [MetaError(code=code)]
    with pytest.raises(error):
        client.send_message(TO, "hola")


def test_refused_bodies_are_refused_for_pywa_too(client: Any) -> None:
    with pytest.raises(errors.WhatsAppError, match="4096"):
        client.send_message(TO, "x" * 4097)
    with pytest.raises(errors.InvalidParameter):
        client.send_message(TO, "?", buttons=[types.Button(title="x" * 21, callback_data="a")])
    with pytest.raises(errors.TemplateNotExists):
        client.send_template(TO, name="none", language=pt.TemplateLanguage.SPANISH, params=[])


def heard(client: Any, agent: Listener) -> list[Any]:
    """What pywa makes of the webhooks that came; signatures are checked by pywa."""
    found: list[Any] = []
    for register in (
        client.on_message, client.on_callback_button, client.on_callback_selection,
        client.on_message_status, client.on_template_status_update, client.on_edited_message,
        client.on_deleted_message, client.on_outgoing_message, client.on_phone_number_change,
        client.on_user_marketing_preferences, client.on_account_update,
    ):  # fmt: skip
        register()(lambda _, update: found.append(update))
    for body, header in agent.got:
        assert client.webhook_update_validator(body, header) is None
        assert client.webhook_update_validator(body, header[:-1] + "x") is not None
        assert client.webhook_update_handler(body) == ("ok", 200)
    return found


def test_guests_are_understood(client: Any, meta: Simulator, agent: Listener) -> None:
    meta.statuses = False
    guest = Guest(meta, ACCOUNT, PHONE, "Ana", user_id=USER)
    first = guest.say("hola")
    guest.send_image(PDF, "image/jpeg", "mi cuarto")
    guest.send_voice(b"ogg")
    guest.send_document(PDF, "a.pdf")
    guest.send_location(-38.0, -57.5)
    guest.send_contact("Luis", "+5491155550102")
    guest.react(first)
    guest.edit(first, "¡hola!")
    guest.revoke(first)
    buttons = [types.Button(title="Sí", callback_data="yes")]
    client.send_message(TO, "¿Confirma?", buttons=buttons)
    guest.tap(1)
    names = [type(one).__name__ for one in heard(client, agent)]
    assert names == ["Message"] * 7 + ["EditedMessage", "DeletedMessage", "CallbackButton"]


def test_pywa_reads_what_was_said(client: Any, meta: Simulator, agent: Listener) -> None:
    guest = Guest(meta, ACCOUNT, PHONE, "Ana", user_id=USER)
    guest.say("hola", reply_to="wamid.q")
    guest.send_image(PDF, "image/jpeg", "mi cuarto")
    text, image = heard(client, agent)
    assert (text.text, text.from_user.wa_id, text.from_user.bsuid) == ("hola", PHONE, USER)
    assert text.reply_to_message.id == "wamid.q"
    assert text.timestamp == NOON
    assert image.caption == "mi cuarto"
    assert client.get_media_bytes(client.get_media_url(image.image.id).url) == PDF


def test_statuses_and_news_are_understood(client: Any, meta: Simulator, agent: Listener) -> None:
    Guest(meta, ACCOUNT, PHONE, "Ana", user_id=USER)
    client.send_message(TO, "hola", tracker="7")
    meta.settle()
    meta.faults = [MetaError(code=131026, by=ErrorBy.STATUS)]
    client.send_message(USER, "hola", tracker="8")
    meta.settle()
    template = meta.templates[0]
    notices.template_is(meta, template, "PAUSED")
    notices.account_disabled(meta, ACCOUNT)
    found = heard(client, agent)
    statuses = [one for one in found if isinstance(one, types.MessageStatus)]
    assert [one["status"] for one in agent.statuses()] == ["sent", "delivered", "read", "failed"]
    assert [one.status.value for one in statuses] == ["sent", "delivered", "read"]
    assert {one.tracker for one in statuses} == {"7"}
    names = [type(one).__name__ for one in found]
    assert names[-2:] == ["TemplateStatusUpdate", "AccountUpdate"]


def test_deviation_a_number_without_its_plus(client: Any) -> None:
    with pytest.raises(errors.InvalidParameter):
        client.send_message(PHONE, "hola")


def test_deviation_a_guest_without_a_user_id_is_lost_to_pywa(
    client: Any, meta: Simulator, agent: Listener
) -> None:
    Guest(meta, ACCOUNT, PHONE, "Ana").say("hola")
    assert heard(client, agent) == []


def test_deviation_pywa_reads_the_first_of_a_batch(client: Any, agent: Listener) -> None:
    agent.answers = [503] * 10
    disorder = Disorder(regrouped=True)
    with Simulator([ACCOUNT], agent.url, now=lambda: NOON, disorder=disorder) as meta:
        for number in range(10):
            Guest(meta, ACCOUNT, PHONE, user_id=USER).say(str(number))
        agent.got.clear()
        meta.advance(timedelta(seconds=1))
        assert code_of(Caller(meta).say()) == 0
    assert len(agent.messages()) == 10
    messages = [one for one in heard(client, agent) if isinstance(one, types.Message)]
    assert len(messages) == 1
