"""Guests' files are fetched once, kept where nobody guesses, tried again, and forgotten in time."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
import structlog
from agente_hotelero._db import heard
from agente_hotelero._db import media as rows
from agente_hotelero._db.models import InboundEventRow, MediaFile, MediaState, Message
from agente_hotelero._db.session import Database
from agente_hotelero._runtime import media_store
from agente_hotelero._runtime.ingest import RawWriter
from agente_hotelero._runtime.media import DELAYS, MediaKeeper
from agente_hotelero._runtime.media_store import BucketStore, FolderStore, new_name, open_store
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.relay import Relay
from agente_hotelero.components import MediaStore
from agente_hotelero.config import VoiceSettings
from agente_hotelero.errors import AuthFailed, NotFound, Rejected, Unavailable
from agente_hotelero.messages import Media
from agente_hotelero.speech import Transcript
from agente_hotelero.testing import SettableClock
from agente_hotelero.testing.lent import MemoryStore
from moto.server import ThreadedMotoServer

from core.tests.desks import Desk
from core.tests.fakes import FakeChannel, body, event
from core.tests.relays import Queue, put
from core.tests.relays import rows as table

pytestmark = pytest.mark.anyio
KEPT = VoiceSettings()
PHOTO: dict[str, Any] = {"media": {"id": "m1", "mime_type": "image/jpeg", "kind": "image"}}


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def keeper(
    desk: Desk, database: Database, queue: Queue, clock: SettableClock, store: MemoryStore
) -> MediaKeeper:
    engine: Any = queue
    return MediaKeeper(
        database=database,
        engine=engine,
        store=store,
        clock=clock,
        log=structlog.get_logger(),
        metrics=Metrics(),
        tenants=desk.sender.tenants,
        max_mb=20,
        days=30,
    )


@pytest.fixture
async def wanted(relay: Relay, writer: RawWriter) -> str:
    """A photo has come; what the engine has queued for it."""
    await put(writer, body(event("1", "mi pasaporte", **PHOTO)))
    await relay.run_once()
    return "media:1:0"


def fetching(monkeypatch: pytest.MonkeyPatch, *answers: bytes | Exception) -> list[Media]:
    """The channel answers like this, in turn; what it is asked for."""
    asked: list[Media] = []
    left = list(answers)

    async def fetch(self: FakeChannel, media: Media, limit: int) -> bytes:
        asked.append(media)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(FakeChannel, "fetch_media", fetch)
    return asked


async def test_a_file_is_fetched_and_named_in_its_message(
    keeper: MediaKeeper,
    wanted: str,
    queue: Queue,
    store: MemoryStore,
    database: Database,
    clock: SettableClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = fetching(monkeypatch, b"photo")
    assert queue.later == [("media", "1:0")]
    await keeper.due(wanted, clock.now())
    await keeper.due(wanted, clock.now())
    ((name, kept),) = store.files.items()
    assert (kept, name.startswith("sol/"), name.endswith(".jpg")) == (b"photo", True, True)
    assert [media.id for media in asked] == ["m1"]
    (line,) = await table(database, Message)
    (stored,) = await table(database, InboundEventRow)
    assert line.content["media"]["stored"] == name
    assert stored.content["content"]["media"]["stored"] == name


async def test_a_passing_trouble_is_tried_again_later_and_not_for_ever(
    keeper: MediaKeeper,
    wanted: str,
    queue: Queue,
    database: Database,
    clock: SettableClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries = len(DELAYS) + 1
    fetching(monkeypatch, AuthFailed("code 190"), *[Unavailable("away")] * (tries - 1))
    for attempt in range(tries):
        await keeper.due(f"media:1:{attempt}", clock.now())
    assert queue.later == [("media", f"1:{attempt}") for attempt in range(tries)]
    async with database.sessions() as session:
        file = await session.get(MediaFile, 1)
    assert file is not None
    assert (file.state, file.error) == ("failed", "Unavailable")
    (line,) = await table(database, Message)
    assert (line.text, line.content["media"]["state"]) == ("mi pasaporte", "failed")


@pytest.mark.parametrize("error", [NotFound("gone"), Rejected("too large")])
async def test_what_cannot_be_fetched_is_given_up_at_once(
    keeper: MediaKeeper,
    wanted: str,
    store: MemoryStore,
    database: Database,
    clock: SettableClock,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    fetching(monkeypatch, error)
    await keeper.due(wanted, clock.now())
    async with database.sessions() as session:
        file = await session.get(MediaFile, 1)
    assert file is not None
    assert (file.state, file.error) == ("failed", f"{type(error).__name__}: {error}")
    assert store.files == {}


async def test_a_file_is_forgotten_after_its_days(
    keeper: MediaKeeper,
    wanted: str,
    store: MemoryStore,
    database: Database,
    clock: SettableClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fetching(monkeypatch, b"photo")
    await keeper.due(wanted, clock.now())
    clock.advance(days=29)
    await keeper.forget()
    assert len(store.files) == 1
    clock.advance(days=2)
    await keeper.forget()
    assert store.files == {}
    async with database.sessions() as session:
        assert await rows.of_line(session, "sol", 1, 1) is None
    (line,) = await table(database, Message)
    assert line.content["media"]["state"] == "forgotten"


@pytest.mark.parametrize("status", ["ok", "no_speech"])
async def test_a_note_that_was_heard_is_forgotten_the_next_night_where_none_is_kept(
    status: str,
    keeper: MediaKeeper,
    wanted: str,
    store: MemoryStore,
    database: Database,
    clock: SettableClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As after a crash between the two."""
    fetching(monkeypatch, b"note")
    await keeper.due(wanted, clock.now())
    tenant = keeper.tenants["sol"]
    voice = VoiceSettings(keep_notes=False)
    monkeypatch.setattr(tenant, "settings", tenant.settings.model_copy(update={"voice": voice}))
    await keeper.forget()
    assert len(store.files) == 1, "it was not heard yet"
    async with database.sessions() as session, session.begin():
        await heard.note(session, "sol", 1, Transcript(status=status))  # type: ignore[arg-type]
    monkeypatch.setattr(tenant, "settings", tenant.settings.model_copy(update={"voice": KEPT}))
    await keeper.forget()
    assert len(store.files) == 1, "this hotel keeps them"
    monkeypatch.setattr(tenant, "settings", tenant.settings.model_copy(update={"voice": voice}))
    await keeper.forget()
    assert store.files == {}
    (line,) = await table(database, Message)
    assert line.content["media"]["state"] == "forgotten"


async def test_a_night_forgets_all_that_is_old_however_much_it_is(
    keeper: MediaKeeper,
    store: MemoryStore,
    database: Database,
    clock: SettableClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rows, "AT_ONCE", 1)
    async with database.sessions() as session, session.begin():
        for number in (1, 2, 3):
            name = f"sol/{number}"
            await store.put(name, b"photo")
            session.add(
                MediaFile(
                    event_id=number,
                    tenant="sol",
                    conversation_id=1,
                    name=name,
                    state=MediaState.STORED,
                    at=clock.now(),
                )
            )
    clock.advance(days=31)
    await keeper.forget()
    assert store.files == {}


async def test_who_listens_waits_for_the_note_and_then_answers(
    desk: Desk,
    keeper: MediaKeeper,
    relay: Relay,
    writer: RawWriter,
    queue: Queue,
    clock: SettableClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenant = desk.sender.tenants["sol"]
    hears = tenant.settings.model_copy(update={"transcriber": "stt"})
    monkeypatch.setattr(tenant, "settings", hears)
    monkeypatch.setattr(
        relay, "_directory", replace(relay._directory, waits=lambda name, message: True)
    )
    note = {"id": "m1", "mime_type": "audio/ogg", "kind": "audio", "voice": True}
    await put(writer, body(event("1", "", media=note)))
    await relay.run_once()
    assert queue.turns == []
    fetching(monkeypatch, b"OggS")
    await keeper.due("media:1:0", clock.now())
    assert queue.turns == [(1, 1)]


async def test_who_spoke_is_not_kept_waiting_for_a_file_that_does_not_come(
    desk: Desk,
    keeper: MediaKeeper,
    relay: Relay,
    writer: RawWriter,
    queue: Queue,
    clock: SettableClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenant = desk.sender.tenants["sol"]
    hears = tenant.settings.model_copy(update={"transcriber": "stt"})
    monkeypatch.setattr(tenant, "settings", hears)
    monkeypatch.setattr(
        relay, "_directory", replace(relay._directory, waits=lambda name, message: True)
    )
    note = {"id": "m1", "mime_type": "audio/ogg", "kind": "audio", "voice": True}
    await put(writer, body(event("1", "", media=note)))
    await relay.run_once()
    fetching(monkeypatch, *[Unavailable("away")] * 4)
    for attempt in range(4):
        assert queue.turns == []
        await keeper.due(f"media:1:{attempt}", clock.now())
    assert queue.turns == [(1, 1)]


# ── the stores ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """A bucket of a local server that speaks S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    name = f"b{uuid.uuid4().hex[:8]}"
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv("AWS_ACCESS_KEY_ID", "key")
        environ.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        environ.setenv("AWS_REGION", "us-east-1")
        environ.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        environ.setenv("AWS_ALLOW_HTTP", "true")
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=name)
        yield f"s3://{name}/media"
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def real(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    where = str(tmp_path) if request.param == "folder" else request.getfixturevalue("bucket")
    return open_store(where)


async def test_a_store_gives_back_what_it_was_given(real: MediaStore) -> None:
    name = new_name("sol", ".jpg")
    await real.put(name, b"one")
    await real.put(name, b"two")
    assert await real.get(name) == b"two"
    await real.delete(name)
    await real.delete(name)
    with pytest.raises(NotFound):
        await real.get(name)


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/../../b", "", "a//b", "sol/.", "ñ"]
)
async def test_no_name_leads_out_of_a_store(real: MediaStore, name: str) -> None:
    with pytest.raises(NotFound):
        await real.get(name)
    with pytest.raises(NotFound):
        await real.put(name, b"")


async def test_names_cannot_be_guessed() -> None:
    assert len({new_name("sol") for _ in range(1000)}) == 1000


async def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "sol").write_text("a file stands where the folder should be")
    with pytest.raises(Unavailable):
        await FolderStore(tmp_path).put("sol/x", b"")


async def test_a_bucket_that_is_away_is_unavailable(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(media_store, "SECONDS", 1)
    with pytest.raises(Unavailable):
        await BucketStore(bucket).put("sol/x", b"")


class SlowBucket(BaseHTTPRequestHandler):
    """One object of S3, of which a second brings no more than so much."""

    body = bytes(range(256)) * 1000
    a_second = 128_000

    def do_HEAD(self) -> None:
        self._head(200, len(self.body))

    def do_GET(self) -> None:
        first, last = (self.headers["Range"] or "bytes=0-").removeprefix("bytes=").split("-")
        start, end = int(first), min(int(last or len(self.body)) + 1, len(self.body))
        self._head(206, end - start, Content_Range=f"bytes {start}-{end - 1}/{len(self.body)}")
        for at in range(start, end, self.a_second // 10):
            time.sleep(0.1)
            with contextlib.suppress(OSError):
                self.wfile.write(self.body[at : min(at + self.a_second // 10, end)])

    def _head(self, status: int, length: int, **more: str) -> None:
        self.send_response(status)
        headers = {"Content_Length": str(length), "ETag": '"1"', **more}
        headers["Last_Modified"] = "Thu, 26 Nov 2026 12:00:00 GMT"
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


async def test_an_object_may_take_longer_than_a_request(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two seconds of it, where a request may take one: a backup is as large as it is."""
    monkeypatch.setattr(media_store, "SECONDS", 1)
    monkeypatch.setattr(media_store, "PIECE", 64_000)
    with ThreadingHTTPServer(("127.0.0.1", 0), SlowBucket) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        for name, value in {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
            "AWS_ALLOW_HTTP": "true",
        }.items():
            monkeypatch.setenv(name, value)
        try:
            await media_store.BucketStore("s3://slow").download("backup.tar", tmp_path / "got")
        finally:
            server.shutdown()
            thread.join()
    assert (tmp_path / "got").read_bytes() == SlowBucket.body
