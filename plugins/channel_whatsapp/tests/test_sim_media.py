"""The simulator's files: uploaded, received, fetched within five minutes, and gone in time."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from agente_hotelero_channel_whatsapp.testing import Account, Fault, Guest, Simulator

from plugins.channel_whatsapp.tests.stand_ins import (
    ACCOUNT,
    CLIENT,
    NOON,
    PHONE,
    Caller,
    Listener,
    code_of,
    listening,
)

OTHER = Account(phone_number_id="10002", token="other", app_secret="s")
FORM = {"messaging_product": "whatsapp", "type": "image/png"}


@pytest.fixture
def agent() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def meta(agent: Listener) -> Iterator[Simulator]:
    with Simulator([ACCOUNT, OTHER], agent.url, now=lambda: NOON, statuses=False) as simulator:
        yield simulator


@pytest.fixture
def caller(meta: Simulator) -> Caller:
    return Caller(meta)


def upload(caller: Caller, body: bytes, mime_type: str) -> httpx.Response:
    files = {"file": ("ñandú.bin", body, mime_type)}
    return caller.call("POST", "10001/media", data=FORM, files=files)


def received(meta: Simulator, agent: Listener) -> tuple[bytes, dict[str, str]]:
    body = os.urandom(1000)
    Guest(meta, ACCOUNT, PHONE).send_image(body, "image/jpeg", "el cuarto")
    return body, agent.messages()[0]["image"]


def test_an_uploaded_file_comes_back_byte_for_byte(caller: Caller) -> None:
    body = bytes(range(256)) * 40 + b"\r\n--x\r\r\n\n" + os.urandom(4000)
    file_id = upload(caller, body, "image/png").json()["id"]
    told = caller.call("GET", file_id).json()
    assert told["mime_type"] == "image/png"
    assert told["sha256"] == hashlib.sha256(body).hexdigest()
    assert told["file_size"] == str(len(body))
    assert caller.call("GET", told["url"]).content == body


def test_a_received_file_is_named_in_its_webhook(
    caller: Caller, meta: Simulator, agent: Listener
) -> None:
    body, part = received(meta, agent)
    assert part["caption"] == "el cuarto"
    assert part["sha256"] == base64.b64encode(hashlib.sha256(body).digest()).decode()
    assert caller.call("GET", part["url"]).content == body
    assert caller.call("GET", part["id"]).json()["mime_type"] == "image/jpeg"


def test_the_address_of_a_file_lasts_five_minutes(
    caller: Caller, meta: Simulator, agent: Listener
) -> None:
    body, part = received(meta, agent)
    meta.advance(timedelta(minutes=5))
    assert caller.call("GET", part["url"]).status_code == 404
    fresh = caller.call("GET", part["id"]).json()["url"]
    assert caller.call("GET", fresh).content == body


@pytest.mark.parametrize(("days", "uploaded"), [(7, False), (30, True)])
def test_ids_end_after_their_days(
    caller: Caller, meta: Simulator, agent: Listener, days: int, uploaded: bool
) -> None:
    _, part = received(meta, agent)
    file_id = upload(caller, b"png", "image/png").json()["id"] if uploaded else part["id"]
    meta.advance(timedelta(days=days, seconds=-1))
    assert caller.call("GET", file_id).status_code == 200
    meta.advance(timedelta(seconds=1))
    gone = caller.call("GET", file_id)
    assert (gone.status_code, gone.json()["error"]["error_subcode"]) == (400, 33)


def test_a_file_needs_the_token_of_its_number(
    caller: Caller, meta: Simulator, agent: Listener
) -> None:
    _, part = received(meta, agent)
    assert CLIENT.get(part["url"]).status_code == 401
    assert caller.call("GET", part["url"], token="other").status_code == 401
    assert caller.call("GET", part["id"], token="other").status_code == 400
    assert caller.call("GET", part["id"], params={"phone_number_id": "10002"}).status_code == 400
    assert caller.call("GET", part["id"], params={"phone_number_id": "10001"}).status_code == 200


@pytest.mark.parametrize("change", [("hash=", "hash=0"), ("ext=1", "ext=2"), ("mid=7", "mid=8")])
def test_a_changed_address_leads_nowhere(
    caller: Caller, meta: Simulator, agent: Listener, change: tuple[str, str]
) -> None:
    _, part = received(meta, agent)
    assert caller.call("GET", part["url"].replace(*change, 1)).status_code == 404


def test_a_deleted_file_is_gone(caller: Caller) -> None:
    file_id = upload(caller, b"png", "image/png").json()["id"]
    assert caller.call("DELETE", file_id, token="other").status_code == 400
    assert caller.call("DELETE", file_id).json() == {"success": True}
    assert caller.call("GET", file_id).status_code == 400
    assert caller.call("DELETE", file_id).status_code == 400


@pytest.mark.parametrize(
    ("mime_type", "size", "good"),
    [
        ("image/jpeg", 5 * 1024 * 1024, True),
        ("image/jpeg", 5 * 1024 * 1024 + 1, False),
        ("image/webp", 500 * 1024 + 1, False),
        ("audio/ogg; codecs=opus", 100, True),
        ("application/pdf", 100, True),
        ("image/gif", 100, False),
        ("text/html", 100, False),
    ],
)
def test_uploads_have_types_and_sizes(
    caller: Caller, mime_type: str, size: int, good: bool
) -> None:
    answer = upload(caller, b"x" * size, mime_type)
    assert (answer.status_code == 200) == good
    assert code_of(answer) == (0 if good else 100)


def test_an_upload_names_the_product_and_has_a_file(caller: Caller) -> None:
    files = {"file": ("a.png", b"png", "image/png")}
    assert code_of(caller.call("POST", "10001/media", files=files)) == 100
    assert code_of(caller.call("POST", "10001/media", data=FORM)) == 100
    assert code_of(caller.call("POST", "10001/media", token="wrong", data=FORM)) == 190


def test_a_message_names_only_files_that_its_number_has(caller: Caller, meta: Simulator) -> None:
    mine = upload(caller, b"png", "image/png").json()["id"]
    foreign = meta.media.put("10002", b"png", "image/png", lasts=timedelta(days=1)).id
    assert code_of(caller.send(type="image", image={"id": mine})) == 0
    assert meta.sent[0].file == mine
    assert code_of(caller.send(type="image", image={"id": foreign})) == 100
    assert code_of(caller.send(type="image", image={"id": "1"})) == 100
    meta.advance(timedelta(days=30))
    assert code_of(caller.send(type="image", image={"id": mine})) == 100


def test_a_file_must_fit_the_kind_of_message(caller: Caller) -> None:
    sound = upload(caller, b"mp3", "audio/mpeg").json()["id"]
    opus = upload(caller, b"ogg", "audio/ogg; codecs=opus").json()["id"]
    assert code_of(caller.send(type="image", image={"id": sound})) == 131053
    assert code_of(caller.send(type="document", document={"id": sound})) == 0
    assert code_of(caller.send(type="audio", audio={"id": sound, "voice": True})) == 131053
    assert code_of(caller.send(type="audio", audio={"id": opus, "voice": True})) == 0


def test_headers_name_files_too(caller: Caller) -> None:
    header = {"type": "image", "image": {"id": "1"}}
    reply = {"type": "reply", "reply": {"id": "a", "title": "A"}}
    inner = {
        "type": "button",
        "header": header,
        "body": {"text": "?"},
        "action": {"buttons": [reply]},
    }
    assert code_of(caller.send(type="interactive", interactive=inner)) == 100


@pytest.mark.parametrize("fault", [Fault.HTTP_503, Fault.HTML])
def test_fetching_may_meet_faults(
    caller: Caller, meta: Simulator, agent: Listener, fault: Fault
) -> None:
    body, part = received(meta, agent)
    meta.media_faults = [fault, fault]
    assert caller.call("GET", part["id"]).status_code >= 500
    assert caller.call("GET", part["url"]).status_code >= 500
    assert caller.call("GET", part["url"]).content == body


def test_every_kind_of_file_can_be_sent_by_a_guest(meta: Simulator, agent: Listener) -> None:
    guest = Guest(meta, ACCOUNT, PHONE)
    guest.send_image()
    guest.send_voice(b"ogg")
    guest.send_audio(b"mp3")
    guest.send_video(b"mp4", caption="mira")
    guest.send_document(b"%PDF", "pasaporte.pdf", caption="mi pasaporte")
    guest.send_sticker(b"webp", animated=True)
    kinds = [(one["type"], one[one["type"]]) for one in agent.messages()]
    names = ["image", "audio", "audio", "video", "document", "sticker"]
    assert [kind for kind, _ in kinds] == names
    assert [part.get("voice") for _, part in kinds[1:3]] == [True, False]
    assert kinds[1][1]["mime_type"] == "audio/ogg; codecs=opus"
    assert (kinds[4][1]["filename"], kinds[4][1]["caption"]) == ("pasaporte.pdf", "mi pasaporte")
    assert kinds[5][1]["animated"] is True
    assert {meta.media.files[part["id"]].number for _, part in kinds} == {"10001"}
