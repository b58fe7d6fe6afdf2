from __future__ import annotations

import hashlib
import hmac
import json
import random
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, cast

import httpx
import pytest
from agente_hotelero.errors import (
    AuthFailed,
    HoteleroError,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
)
from agente_hotelero.messages import OfferedOption, OutboundMessage
from agente_hotelero.stays import Image
from agente_hotelero.testing import lend
from agente_hotelero_channel_whatsapp.channel import WhatsAppChannel
from agente_hotelero_channel_whatsapp.config import WhatsAppConfig
from agente_hotelero_channel_whatsapp.testing import Account, Fault, Guest, Simulator
from agente_hotelero_channel_whatsapp.testing.limits import complaint

pytestmark = pytest.mark.anyio
ACCOUNT = Account(phone_number_id="10001", token="good-token", app_secret="app-secret")
HELLO = OutboundMessage(id=7, address="5491155550101", text="hola")


class Hook(BaseHTTPRequestHandler):
    """An agent that only keeps what it is told."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server = cast("Any", self.server)
        server.got.append((body, self.headers["X-Hub-Signature-256"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def agent() -> Iterator[Any]:
    server: Any = HTTPServer(("127.0.0.1", 0), Hook)
    server.got = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def meta(agent: Any) -> Iterator[Simulator]:
    url = f"http://127.0.0.1:{agent.server_port}/webhooks/whatsapp"
    with Simulator([ACCOUNT], webhook=url, statuses=False) as simulator:
        yield simulator


@pytest.fixture
async def channel(meta: Simulator) -> AsyncIterator[WhatsAppChannel]:
    settings = {
        "api_base_url": meta.url,
        "access_token": "good-token",
        "app_secret": "s",
        "verify_token": "v",
        "accounts": [{"phone_number_id": "10001"}],
        "timeout_seconds": 0.5,
    }
    async with httpx.AsyncClient() as client:
        yield WhatsAppChannel(WhatsAppConfig.model_validate(settings), lend(http=client), "10001")


async def test_a_message_that_was_taken_has_an_id(
    channel: WhatsAppChannel, meta: Simulator
) -> None:
    provider_id = await channel.send(HELLO)
    (sent,) = meta.sent
    assert (sent.id, sent.to, sent.text, sent.mark) == (provider_id, "5491155550101", "hola", "7")


async def test_options_arrive_with_ids_and_titles(
    channel: WhatsAppChannel, meta: Simulator
) -> None:
    options = (OfferedOption(id="y", title="Sí"), OfferedOption(id="n", title="No"))
    await channel.send(OutboundMessage(id=1, address="549115", text="¿Confirmo?", options=options))
    assert meta.sent[0].options == (("y", "Sí"), ("n", "No"))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.HTTP_429, Throttled),
        (Fault.PAIR_LIMIT, Throttled),
        (Fault.THROUGHPUT, Throttled),
        (Fault.HTTP_503, Unavailable),
        (Fault.HTTP_500, OutcomeUnknown),
        (Fault.HTML, OutcomeUnknown),
        (Fault.EXPIRED_TOKEN, AuthFailed),
    ],
    ids=lambda one: one.value if isinstance(one, Fault) else "",
)
async def test_each_fault_is_the_right_error(
    channel: WhatsAppChannel, meta: Simulator, fault: Fault, error: type[HoteleroError]
) -> None:
    meta.faults = [fault]
    with pytest.raises(error):
        await channel.send(HELLO)
    assert meta.sent == []
    await channel.send(HELLO)
    assert len(meta.sent) == 1


async def test_silence_after_accepting_is_an_unknown_outcome(
    channel: WhatsAppChannel, meta: Simulator
) -> None:
    meta.faults = [Fault.ACCEPT_THEN_HANG]
    with pytest.raises(OutcomeUnknown):
        await channel.send(HELLO)
    assert len(meta.sent) == 1


async def test_nobody_there_is_unavailable(channel: WhatsAppChannel) -> None:
    nowhere = channel.config.model_copy(update={"api_base_url": "http://127.0.0.1:9"})
    with pytest.raises(Unavailable):
        await WhatsAppChannel(nowhere, channel.services, "10001").send(HELLO)


async def test_a_refused_body_is_not_tried_again(channel: WhatsAppChannel) -> None:
    bad_link = OutboundMessage(id=1, address="549115", text="hola", image=Image(url="ftp://x"))
    with pytest.raises(Rejected, match="131009"):
        await channel.send(bad_link)


async def test_an_empty_message_is_refused_before_it_is_sent(
    channel: WhatsAppChannel, meta: Simulator
) -> None:
    with pytest.raises(Rejected, match="nothing"):
        await channel.send(OutboundMessage(id=1, address="549115", text=""))
    assert meta.sent == []


async def test_a_wrong_token_is_refused_as_meta_does(channel: WhatsAppChannel) -> None:
    response = await channel.services.http.post(
        f"{channel.config.api_base_url}/v26.0/10001/messages", json={}
    )
    assert response.status_code == 401
    assert response.json()["error"]["code"] == 190


async def test_a_read_receipt_reaches_meta(channel: WhatsAppChannel, meta: Simulator) -> None:
    await channel.seen("wamid.x")
    assert meta.read == ["wamid.x"]


def guest(meta: Simulator) -> Guest:
    return Guest(meta, ACCOUNT, "5491155550101", "Ana")


async def test_a_webhook_is_signed_over_its_bytes(meta: Simulator, agent: Any) -> None:
    guest(meta).say("¡hola!")
    ((body, header),) = agent.got
    assert header == "sha256=" + hmac.new(b"app-secret", body, hashlib.sha256).hexdigest()
    (change,) = json.loads(body)["entry"][0]["changes"]
    assert change["value"]["messages"][0]["text"]["body"] == "¡hola!"
    assert change["value"]["metadata"]["phone_number_id"] == "10001"


async def test_a_webhook_comes_twice_on_request(meta: Simulator, agent: Any) -> None:
    guest(meta).say("hola", times=2)
    first, second = agent.got
    assert first == second


async def test_webhooks_come_out_of_order_on_request(meta: Simulator, agent: Any) -> None:
    meta.hold()
    for number in range(8):
        guest(meta).say(str(number))
    assert agent.got == []
    meta.release(shuffled=random.Random(1))
    said = [
        json.loads(body)["entry"][0]["changes"][0]["value"]["messages"] for body, _ in agent.got
    ]
    order = [one[0]["text"]["body"] for one in said]
    assert sorted(order) == [str(number) for number in range(8)]
    assert order != sorted(order)


async def test_a_tap_names_an_option_that_was_shown(
    channel: WhatsAppChannel, meta: Simulator, agent: Any
) -> None:
    options = (OfferedOption(id="y", title="Sí"),)
    await channel.send(
        OutboundMessage(id=1, address="5491155550101", text="¿Confirmo?", options=options)
    )
    guest(meta).tap(1)
    ((body, _),) = agent.got
    message = json.loads(body)["entry"][0]["changes"][0]["value"]["messages"][0]
    assert message["interactive"]["button_reply"] == {"id": "y", "title": "Sí"}


async def test_statuses_climb_the_ladder(
    channel: WhatsAppChannel, meta: Simulator, agent: Any
) -> None:
    meta.statuses = True
    await channel.send(HELLO)
    meta.settle()
    values = [json.loads(body)["entry"][0]["changes"][0]["value"] for body, _ in agent.got]
    statuses = [value["statuses"][0] for value in values]
    assert [one["status"] for one in statuses] == ["sent", "delivered", "read"]
    assert {one["biz_opaque_callback_data"] for one in statuses} == {"7"}


def body(**parts: Any) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": "+549115", **parts}


@pytest.mark.parametrize(
    ("made", "refused"),
    [
        pytest.param(body(type="text", text={"body": "x" * 4096}), False, id="longest text"),
        pytest.param(body(type="text", text={"body": "x" * 4097}), True, id="too long"),
        pytest.param(body(type="text", text={"body": ""}), True, id="empty"),
        pytest.param(body(type="dance", dance={}), True, id="unknown type"),
        pytest.param({"to": "+1", "type": "text", "text": {"body": "x"}}, True, id="no product"),
        pytest.param({**body(type="text", text={"body": "x"}), "to": "549"}, True, id="no plus"),
        pytest.param(
            body(type="image", image={"link": "ftp://x", "caption": ""}), True, id="bad link"
        ),
        pytest.param(
            body(type="location", location={"latitude": 91, "longitude": 0}), True, id="off Earth"
        ),
    ],
)
def test_meta_refuses_what_breaks_its_limits(made: dict[str, Any], refused: bool) -> None:
    assert (complaint(made) is not None) == refused


@pytest.mark.parametrize(("count", "refused"), [(1, False), (3, False), (4, True), (0, True)])
def test_meta_takes_one_to_three_buttons(count: int, refused: bool) -> None:
    buttons = [{"type": "reply", "reply": {"id": str(n), "title": f"t{n}"}} for n in range(count)]
    inner = {"type": "button", "body": {"text": "?"}, "action": {"buttons": buttons}}
    assert (complaint(body(type="interactive", interactive=inner)) is not None) == refused
