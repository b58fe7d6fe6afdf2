from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from agente_hotelero._db import repository
from agente_hotelero._db.models import (
    Conversation,
    InboundEventRow,
    InboxRaw,
    Message,
    Outbox,
    OutboxState,
    event_,
)
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.ingest import RawWriter
from agente_hotelero._runtime.relay import Relay
from agente_hotelero.errors import Unavailable
from agente_hotelero.testing import SettableClock
from sqlalchemy import select
from sqlalchemy.exc import DataError, OperationalError

from core.tests.fakes import body, event
from core.tests.relays import Queue, put, rows

pytestmark = pytest.mark.anyio


async def states(database: Database) -> list[tuple[str, str, str]]:
    found = await rows(database, InboundEventRow)
    return [(row.event_key, row.state, row.reason) for row in found]


async def test_a_message_becomes_an_event_a_line_and_a_turn(
    database: Database, writer: RawWriter, relay: Relay, queue: Queue
) -> None:
    await put(writer, body(event("m1", "hola")))
    assert await relay.run_once() == 1
    (conversation,) = await rows(database, Conversation)
    (line,) = await rows(database, Message)
    assert (conversation.tenant, conversation.address) == ("sol", "ana")
    assert (line.text, line.direction, line.conversation_id) == ("hola", "in", conversation.id)
    assert queue.turns == [(conversation.id, 1)]


async def test_what_only_people_may_answer_is_shown_to_them_and_gets_no_turn(
    database: Database, writer: RawWriter, relay: Relay, queue: Queue
) -> None:
    await put(writer, body(event("m1", "hola", for_staff="too many mails")))
    await relay.run_once()
    assert await states(database) == [("m1", "human", "too many mails")]
    (conversation,) = await rows(database, Conversation)
    assert (conversation.mode, conversation.attention) == ("agent", "too many mails")
    assert [line.text for line in await rows(database, Message)] == ["hola"]
    assert queue.turns == []
    await put(writer, body(event("m2", "otra vez")))
    await relay.run_once()
    assert len(queue.turns) == 1


async def test_the_same_event_twice_is_one(
    database: Database, writer: RawWriter, relay: Relay, queue: Queue
) -> None:
    await put(writer, body(event("m1")), body(event("m1"), event("m2")))
    await relay.run_once()
    await put(writer, body(event("m2")))
    await relay.run_once()
    assert [key for key, _, _ in await states(database)] == ["m1", "m2"]
    assert len(await rows(database, Message)) == 2
    assert len(queue.turns) == 1


async def test_two_hotels_with_the_same_guest_and_key_stay_apart(
    database: Database, writer: RawWriter, relay: Relay, queue: Queue
) -> None:
    events = body(event("m1", account="sol"), event("m1", account="luna"))
    await put(writer, events, accounts=("sol", "luna"))
    await relay.run_once()
    found = await rows(database, Conversation)
    assert [(row.tenant, row.address) for row in found] == [("sol", "ana"), ("luna", "ana")]
    assert len(queue.turns) == 2


@pytest.mark.parametrize(
    ("one", "key", "reason"),
    [
        pytest.param(event("x", account="mars"), "refused:x", "unknown account", id="unknown"),
        pytest.param(
            event("x", account="luna"), "refused:x", "account of another secret", id="other secret"
        ),
        pytest.param(event("x", ignored="reaction"), "x", "reaction", id="ignored by the channel"),
    ],
)
async def test_what_is_not_answered_is_kept_with_its_reason(
    database: Database,
    writer: RawWriter,
    relay: Relay,
    queue: Queue,
    one: Any,
    key: str,
    reason: str,
) -> None:
    await put(writer, body(one, event("m2")))
    await relay.run_once()
    assert await states(database) == [(key, "ignored", reason), ("m2", "waiting", "")]
    assert len(queue.turns) == 1


@pytest.mark.parametrize(
    ("raw", "error"),
    [(b"{not json", "unreadable"), (b'"bug"', "parse raised KeyError")],
    ids=["broken", "bug in the plugin"],
)
async def test_a_body_nobody_can_read_is_a_dead_letter_and_its_siblings_live(
    database: Database, writer: RawWriter, relay: Relay, raw: bytes, error: str
) -> None:
    await put(writer, raw, body(event("m1")))
    await relay.run_once()
    first, second = await rows(database, InboxRaw)
    assert (first.state, first.body) == ("dead", raw)
    assert error in first.error
    assert second.state == "done"
    assert [key for key, _, _ in await states(database)] == ["m1"]


async def test_a_crash_before_the_commit_leaves_the_body_for_the_next_run(
    database: Database,
    writer: RawWriter,
    relay: Relay,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def crash(*_: object) -> None:
        raise OperationalError("commit", {}, Exception("gone"))

    await put(writer, body(event("m1")))
    with monkeypatch.context() as patch:
        patch.setattr(queue, "enqueue_turn", crash)
        with pytest.raises(OperationalError):
            await relay.run_once()
    assert await states(database) == []
    await relay.run_once()
    assert await states(database) == [("m1", "waiting", "")]


async def sent(database: Database, clock: SettableClock, state: OutboxState) -> int:
    async with database.sessions() as session, session.begin():
        row = Outbox(
            tenant="sol",
            conversation_id=1,
            channel="fake",
            account="sol",
            address="ana",
            content={},
            acts=[],
            amounts=[],
            state=state,
            provider_id="p1",
            created_at=clock.now(),
            updated_at=clock.now(),
        )
        session.add(row)
        await session.flush()
        return int(row.id or 0)


@pytest.mark.parametrize(
    ("statuses", "final"),
    [
        pytest.param(["sent", "delivered", "read"], "read", id="in order"),
        pytest.param(["read", "sent", "delivered"], "read", id="out of order"),
        pytest.param(["failed", "sent"], "failed", id="late sent after failed"),
        pytest.param(["delivered", "failed"], "delivered", id="failed after delivered"),
    ],
)
async def test_statuses_only_ever_rise(
    database: Database,
    writer: RawWriter,
    relay: Relay,
    clock: SettableClock,
    statuses: list[str],
    final: str,
) -> None:
    await sent(database, clock, OutboxState.ACCEPTED)
    events = [event(f"p1:{status}", status=status, provider_id="p1") for status in statuses]
    await put(writer, body(*events))
    await relay.run_once()
    (row,) = await rows(database, Outbox)
    assert row.state == final


async def test_a_status_of_another_hotel_touches_nothing(
    database: Database, writer: RawWriter, relay: Relay, clock: SettableClock
) -> None:
    outbox_id = await sent(database, clock, OutboxState.ACCEPTED)
    foreign = event("s", account="luna", status="read", provider_id="p1", outbox_id=outbox_id)
    await put(writer, body(foreign), accounts=("luna",))
    await relay.run_once()
    (row,) = await rows(database, Outbox)
    assert row.state == "accepted"


async def test_a_thousand_bodies_at_once_are_all_stored(
    database: Database, writer: RawWriter, relay: Relay
) -> None:
    await asyncio.gather(*(put(writer, body(event(f"m{n}"))) for n in range(1000)))
    while await relay.run_once():
        pass
    assert len(await states(database)) == 1000


async def test_storage_that_is_away_is_told_to_the_caller(
    database: Database, writer: RawWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone:
        def connect(self) -> None:
            raise OperationalError("connect", {}, Exception("gone"))

    monkeypatch.setattr(writer, "_engine", Gone())
    monkeypatch.setattr(writer, "_connection", None)
    with pytest.raises(Unavailable, match="storage"):
        await put(writer, body(event("m1")))
    monkeypatch.undo()
    await put(writer, body(event("m2")))
    assert len(await rows(database, InboxRaw)) == 1


async def test_events_of_one_batch_keep_their_order(
    database: Database, writer: RawWriter, relay: Relay
) -> None:
    await put(writer, body(event("b"), event("a")), body(event("c")))
    await relay.run_once()
    async with database.sessions() as session:
        keys = (await session.scalars(select(event_.event_key).order_by(event_.id))).all()
    assert list(keys) == ["b", "a", "c"]


async def test_a_foreign_secret_cannot_use_up_the_keys_of_an_account(
    database: Database, writer: RawWriter, relay: Relay
) -> None:
    await put(writer, body(event("m1", account="luna")))
    await put(writer, body(event("m1", account="luna")), accounts=("luna",))
    await relay.run_once()
    assert [(key, state) for key, state, _ in await states(database)] == [
        ("refused:m1", "ignored"),
        ("m1", "waiting"),
    ]


@pytest.mark.parametrize(
    "text", ["a\x00b", "a\ud800b", "x" * 100_000], ids=["NUL", "half a character", "endless"]
)
async def test_any_text_can_be_stored(
    database: Database, writer: RawWriter, relay: Relay, text: str
) -> None:
    await put(writer, json.dumps([event("m1", text)]).encode(), body(event("m2")))
    await relay.run_once()
    assert [state for _, state, _ in await states(database)] == ["waiting", "waiting"]
    (first, _) = await rows(database, Message)
    assert first.text.replace("?", "").strip("x") in ("", "ab")


async def test_endless_ids_are_kept_by_their_hash(
    database: Database, writer: RawWriter, relay: Relay
) -> None:
    long = "k" * 20_000
    await put(writer, body(event(long)), body(event(long)))
    await relay.run_once()
    ((key, state, _),) = await states(database)
    assert (key.startswith("sha256:"), state) == (True, "waiting")


async def test_an_event_that_cannot_be_stored_stops_nobody(
    database: Database, writer: RawWriter, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = repository.add_event

    async def picky(session: Any, raw: Any, one: Any, **rest: Any) -> int | None:
        if one.key == "bad":
            raise DataError("insert", {}, Exception("unfit"))
        return await store(session, raw, one, **rest)

    monkeypatch.setattr(repository, "add_event", picky)
    await put(writer, body(event("m1"), event("bad"), event("m2")), body(event("m3")))
    assert await relay.run_once() == 2
    assert [key for key, _, _ in await states(database)] == ["m1", "m2", "m3"]
    first, second = await rows(database, InboxRaw)
    assert (first.state, first.error) == ("dead", "1 events cannot be stored: DataError")
    assert second.state == "done"
    assert await relay.run_once() == 0


async def test_a_body_with_very_many_events_is_stored_slice_by_slice(
    database: Database, writer: RawWriter, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agente_hotelero._runtime.relay.EVENTS_AT_ONCE", 10)
    await put(writer, body(*(event(f"m{n}") for n in range(35))), body(event("last")))
    await relay.run_once()
    assert len(await states(database)) == 36
    assert [raw.state for raw in await rows(database, InboxRaw)] == ["done", "done"]


async def test_a_guest_who_floods_is_left_to_people(
    database: Database, writer: RawWriter, relay: Relay, queue: Queue
) -> None:
    await put(writer, body(*(event(f"m{n}") for n in range(65))))
    await relay.run_once()
    found = await states(database)
    assert [state for _, state, _ in found].count("waiting") == 60
    assert found[-1] == ("m64", "ignored", "too many messages")
    (conversation,) = await rows(database, Conversation)
    assert conversation.attention
    assert len(await rows(database, Message)) == 65


async def test_a_trace_goes_from_the_webhook_to_the_event(
    database: Database, writer: RawWriter, relay: Relay
) -> None:
    await writer.put("fake", ["sol"], body(event("m1")), "a" * 32)
    await put(writer, body(event("m2")))
    await relay.run_once()
    first, second = await rows(database, InboundEventRow)
    assert (first.trace, len(second.trace)) == ("a" * 32, 32)
