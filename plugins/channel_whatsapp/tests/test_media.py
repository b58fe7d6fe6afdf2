"""Files of guests, before a server that answers as Meta's may."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import httpx
import pytest
from agente_hotelero.errors import (
    AuthFailed,
    HoteleroError,
    NotFound,
    Rejected,
    Throttled,
    Unavailable,
)
from agente_hotelero.messages import Media
from agente_hotelero_channel_whatsapp import media
from agente_hotelero_channel_whatsapp.channel import WhatsAppChannel
from agente_hotelero_channel_whatsapp.sniffing import fits, type_of

from plugins.channel_whatsapp.tests.local_meta import (
    NUMBER,
    TOKEN,
    Answer,
    LocalMeta,
    channel_at,
    error,
)

pytestmark = pytest.mark.anyio
JPEG = b"\xff\xd8\xff\xe0" + bytes(500)
PHOTO = Media(id="777", kind="image", mime_type="image/jpeg")
LIMIT = 1000


def told(local: LocalMeta, **more: Any) -> Answer:
    return Answer(body={"url": f"{local.url}/file", "mime_type": "image/jpeg", "id": "777", **more})


@pytest.fixture
def ready(local: LocalMeta) -> LocalMeta:
    local.on("777", told(local))
    local.on("/file", Answer(body=JPEG))
    return local


async def test_a_file_is_fetched_from_the_address_that_its_id_leads_to(
    number: WhatsAppChannel, ready: LocalMeta
) -> None:
    assert await number.fetch_media(PHOTO, LIMIT) == JPEG
    first, second = ready.asked
    assert (first.path, first.query) == ("/v26.0/777", {"phone_number_id": NUMBER})
    assert second.path == "/file"
    assert {one.headers["authorization"] for one in ready.asked} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("told_sha", "said_sha", "good"),
    [
        (hashlib.sha256(JPEG).hexdigest(), "", True),
        (hashlib.sha256(b"").hexdigest(), "", False),
        ("", base64.b64encode(hashlib.sha256(JPEG).digest()).decode(), True),
        ("", base64.b64encode(hashlib.sha256(b"").digest()).decode(), False),
        (hashlib.sha256(JPEG).hexdigest(), hashlib.sha256(b"").hexdigest(), True),
        ("a1b2c3d4e5f6...", "short", True),
    ],
    ids=["hex", "wrong hex", "base64", "wrong base64", "the address knows best", "no digests"],
)
async def test_a_file_is_the_one_that_was_announced(
    number: WhatsAppChannel, ready: LocalMeta, told_sha: str, said_sha: str, good: bool
) -> None:
    ready.on("777", told(ready, sha256=told_sha))
    asked = Media(id="777", kind="image", sha256=said_sha)
    if good:
        assert await number.fetch_media(asked, LIMIT) == JPEG
    else:
        with pytest.raises(Rejected, match="announced"):
            await number.fetch_media(asked, LIMIT)


@pytest.mark.parametrize("size", [LIMIT + 1, str(LIMIT + 1)], ids=["number", "text"])
async def test_a_file_that_is_told_to_be_too_large_is_not_fetched(
    number: WhatsAppChannel, ready: LocalMeta, size: Any
) -> None:
    ready.on("777", told(ready, file_size=size))
    with pytest.raises(Rejected, match="large"):
        await number.fetch_media(PHOTO, LIMIT)
    assert len(ready.asked) == 1


async def test_a_file_that_turns_out_too_large_is_not_kept(
    number: WhatsAppChannel, ready: LocalMeta
) -> None:
    ready.on("/file", Answer(body=JPEG * 3))
    with pytest.raises(Rejected, match="large"):
        await number.fetch_media(PHOTO, LIMIT)


async def test_packed_content_is_not_unpacked(number: WhatsAppChannel, ready: LocalMeta) -> None:
    bomb = Answer(body=b"\x1f\x8b" + bytes(50), headers={"Content-Encoding": "gzip"})
    ready.on("/file", bomb)
    with pytest.raises(Rejected, match="said to be"):
        await number.fetch_media(PHOTO, LIMIT)


@pytest.mark.parametrize("status", [404, 410, 401, 403])
async def test_an_address_that_is_too_old_is_asked_for_again_once(
    number: WhatsAppChannel, ready: LocalMeta, status: int
) -> None:
    ready.on("/file", Answer(status=status, body=b"x"), Answer(body=JPEG))
    assert await number.fetch_media(PHOTO, LIMIT) == JPEG
    ready.on("/file", Answer(status=status, body=b"x"))
    with pytest.raises(NotFound):
        await number.fetch_media(PHOTO, LIMIT)
    assert len(ready.to("777")) == 4


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(100, 400), NotFound),
        (Answer(status=404, body=b"no"), NotFound),
        (error(190, 401), AuthFailed),
        (error(4, 400), Throttled),
        (error(131000, 500), Unavailable),
        (Answer(status=502, body=b"<html>"), Unavailable),
        (Answer(body=b"<html>"), Unavailable),
        (Answer(body=[]), Rejected),
        (Answer(body={"url": 7}), Rejected),
        (Answer(body={}, cut=True), Unavailable),
    ],
    ids=[
        *("expired", "404", "token", "throttled", "passing", "gateway", "html"),
        *("no object", "no address", "cut off"),
    ],
)
async def test_an_id_that_leads_nowhere_is_the_right_error(
    number: WhatsAppChannel, local: LocalMeta, answer: Answer, kind: type[HoteleroError]
) -> None:
    local.on("777", answer)
    with pytest.raises(kind):
        await number.fetch_media(PHOTO, LIMIT)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(status=500, body=b"x"), Unavailable),
        (Answer(status=429, body=b"x"), Throttled),
        (Answer(status=400, body=b"x"), Rejected),
        (Answer(body=JPEG, cut=True), Unavailable),
        (Answer(body=b"<html>log in</html>"), Rejected),
        (Answer(body=b""), Rejected),
    ],
    ids=["500", "429", "400", "cut off", "a page", "empty"],
)
async def test_a_download_that_fails_is_the_right_error(
    number: WhatsAppChannel, ready: LocalMeta, answer: Answer, kind: type[HoteleroError]
) -> None:
    ready.on("/file", answer)
    with pytest.raises(kind):
        await number.fetch_media(PHOTO, LIMIT)


async def test_a_download_that_hangs_is_unavailable(
    http: httpx.AsyncClient, ready: LocalMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.on("/file", Answer(hang=True))
    with pytest.raises(Unavailable):
        await channel_at(ready.url, http, timeout_seconds=0.2).fetch_media(PHOTO, LIMIT)
    monkeypatch.setattr(media, "SECONDS", 0.2)
    with pytest.raises(Unavailable, match="too long"):
        await channel_at(ready.url, http, timeout_seconds=30).fetch_media(PHOTO, LIMIT)


async def test_the_token_is_shown_to_nobody_else(number: WhatsAppChannel, ready: LocalMeta) -> None:
    with LocalMeta() as stranger:
        stranger.on("/file", Answer(body=JPEG))
        ready.on("777", told(ready, url=f"{stranger.url}/file"))
        with pytest.raises(Rejected, match="Meta's servers"):
            await number.fetch_media(PHOTO, LIMIT)
        ready.on("777", told(ready))
        ready.on("/file", Answer(status=302, headers={"Location": f"{stranger.url}/file"}))
        with pytest.raises(Rejected, match="Meta's servers"):
            await number.fetch_media(PHOTO, LIMIT)
        assert stranger.asked == []


async def test_a_redirect_among_metas_servers_is_followed_but_not_for_ever(
    number: WhatsAppChannel, ready: LocalMeta
) -> None:
    ready.on("/file", Answer(status=302, headers={"Location": "/there"}))
    ready.on("/there", Answer(body=JPEG))
    assert await number.fetch_media(PHOTO, LIMIT) == JPEG
    ready.on("/there", Answer(status=302, headers={"Location": "/file"}))
    with pytest.raises(Rejected, match="nowhere"):
        await number.fetch_media(PHOTO, LIMIT)


@pytest.mark.parametrize("media_id", ["", "../10001", "7/7", "7?x=1", "777\n"])
async def test_an_id_that_is_none_is_not_asked_for(
    number: WhatsAppChannel, ready: LocalMeta, media_id: str
) -> None:
    with pytest.raises(NotFound):
        await number.fetch_media(Media(id=media_id), LIMIT)
    assert ready.asked == []


META = "https://graph.facebook.com/v26.0"


@pytest.mark.parametrize(
    ("url", "base", "trusted"),
    [
        ("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1", META, True),
        ("https://mmg.whatsapp.net/x", META, True),
        ("https://graph.facebook.com/x", META, True),
        ("https://graph.facebook.com:443/x", META, True),
        ("http://lookaside.fbsbx.com/x", META, False),
        ("https://lookaside.fbsbx.com:8443/x", META, False),
        ("https://fbsbx.com.evil.example/x", META, False),
        ("https://evilfbsbx.com/x", META, False),
        ("https://graph.facebook.com@evil.example/x", META, False),
        ("https://user@lookaside.fbsbx.com/x", META, False),
        ("https://evil.example/.fbsbx.com", META, False),
        ("https://[::1", META, False),
        ("https://lookaside.fbsbx.com:x/", META, False),
        ("//lookaside.fbsbx.com/x", META, False),
        ("", META, False),
        ("http://127.0.0.1:8100/file", "http://127.0.0.1:8100/v26.0", True),
        ("http://127.0.0.1:8101/file", "http://127.0.0.1:8100/v26.0", False),
        ("https://127.0.0.1:8100/file", "http://127.0.0.1:8100/v26.0", False),
    ],
)
def test_only_metas_own_hosts_are_trusted(url: str, base: str, trusted: bool) -> None:
    assert media.is_metas(url, base) == trusted


# ── types ────────────────────────────────────────────────────────────────────────────────────────

SAMPLES = [
    ("image/jpeg", b"\xff\xd8\xff\xdb"),
    ("image/png", b"\x89PNG\r\n\x1a\n"),
    ("image/gif", b"GIF89a"),
    ("image/webp", b"RIFF\x10\x00\x00\x00WEBPVP8 "),
    ("application/pdf", b"%PDF-1.7"),
    ("application/pdf", b"\n\n%PDF-1.4"),
    ("audio/ogg", b"OggS\x00"),
    ("audio/mpeg", b"ID3\x04"),
    ("audio/mpeg", b"\xff\xfb\x90"),
    ("audio/aac", b"\xff\xf1\x50"),
    ("audio/aac", b"\xff\xf9\x50"),
    ("audio/amr", b"#!AMR\n"),
    ("audio/wav", b"RIFF\x10\x00\x00\x00WAVEfmt "),
    ("audio/mp4", b"\x00\x00\x00\x20ftypM4A "),
    ("video/mp4", b"\x00\x00\x00\x20ftypisom"),
    ("video/mp4", b"\x00\x00\x00\x14ftyp3gp4"),
    ("application/vnd.openxmlformats", b"PK\x03\x04"),
    ("application/msword", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ("", b"<html>"),
    ("", b""),
    ("", b"\xff"),
    ("", b"FAKE\x10\x00\x00\x00WEBP"),
    ("", b"\xff\xe1\x00"),
]


@pytest.mark.parametrize(("found", "body"), SAMPLES)
def test_a_file_is_what_its_first_bytes_say(found: str, body: bytes) -> None:
    assert type_of(body) == found


@pytest.mark.parametrize(
    ("kind", "mime_type", "body", "good"),
    [
        ("image", "image/jpeg", b"\xff\xd8\xff", True),
        ("image", "image/jpeg", b"\x89PNG\r\n\x1a\n", True),
        ("image", "image/jpeg", b"%PDF-", False),
        ("sticker", "image/webp", b"\xff\xd8\xff", False),
        ("audio", "audio/ogg; codecs=opus", b"OggS", True),
        ("audio", "audio/mp4", b"\x00\x00\x00\x20ftypisom", True),
        ("video", "video/mp4", b"OggS", False),
        ("document", "application/pdf", b"%PDF-1.7", True),
        ("document", "Application/PDF", b"MZ\x90", False),
        ("document", "application/msword", b"PK\x03\x04", True),
        ("document", "application/vnd.openxmlformats-officedocument.x", b"<html>", False),
        ("document", "text/plain", b"hola", True),
        ("", "", b"anything", True),
    ],
)
def test_a_file_fits_its_kind_or_is_refused(
    kind: str, mime_type: str, body: bytes, good: bool
) -> None:
    assert fits(body, kind, mime_type) == good
