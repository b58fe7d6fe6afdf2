"""What channels tell: guests under several addresses, edits, marks, staff who write past us."""

from __future__ import annotations

import json

import pytest
from agente_hotelero._db import held, repository
from agente_hotelero._db.models import (
    Conversation,
    EventState,
    InboundEventRow,
    Message,
    Outbox,
)
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.ingest import RawWriter
from agente_hotelero._runtime.relay import Relay
from agente_hotelero.testing import SettableClock

from core.tests.fakes import body, event
from core.tests.relays import Queue, put, rows

pytestmark = pytest.mark.anyio


async def conversations(database: Database) -> list[Conversation]:
    return list(await rows(database, Conversation))


async def test_a_guest_with_a_new_kind_of_id_keeps_the_conversation(
    relay: Relay, writer: RawWriter, database: Database
) -> None:
    await put(writer, body(event("1", guest="549115555")))
    await relay.run_once()
    await put(writer, body(event("2", guest="AR.77", aliases=["549115555"])))
    await put(writer, body(event("3", guest="549115555")))
    await relay.run_once()
    assert [one.address for one in await conversations(database)] == ["AR.77"]
    assert {one.conversation_id for one in await rows(database, Message)} == {1}


async def test_two_conversations_of_one_guest_are_not_merged_but_shown(
    relay: Relay, writer: RawWriter, database: Database
) -> None:
    await put(writer, body(event("1", guest="AR.77"), event("2", guest="549115555")))
    await put(writer, body(event("3", guest="AR.77", aliases=["549115555"])))
    await relay.run_once()
    first, second = await conversations(database)
    assert first.attention == "the guest's addresses belong to two conversations"
    assert second.attention == ""
    assert [one.conversation_id for one in await rows(database, Message)] == [1, 2, 1]


async def test_threads_of_one_guest_are_conversations_of_their_own(
    relay: Relay, writer: RawWriter, database: Database
) -> None:
    await put(writer, body(event("1", thread="t1"), event("2", thread="t2")))
    await put(writer, body(event("3", thread="t1")))
    await relay.run_once()
    assert [one.conversation_id for one in await rows(database, Message)] == [1, 2, 1]
    assert {one.reach for one in await conversations(database)} == {"ana"}


async def test_a_late_message_opens_no_window(
    relay: Relay, writer: RawWriter, database: Database
) -> None:
    await put(writer, body(event("1", at="2026-11-18T11:59:00+00:00")))
    await put(writer, body(event("2", at="2026-11-17T11:00:00+00:00")))
    await relay.run_once()
    (found,) = await conversations(database)
    assert found.last_guest_at.isoformat() == "2026-11-18T11:59:00+00:00"


async def test_a_guest_who_moves_is_found_under_both_addresses(
    relay: Relay, writer: RawWriter, database: Database
) -> None:
    await put(writer, body(event("1")))
    await put(writer, body(event("2", happening="moved", to="anabel", phone="+5491144")))
    await put(writer, body(event("3", guest="anabel"), event("4", guest="ana")))
    await relay.run_once()
    (found,) = await conversations(database)
    assert (found.address, found.phone) == ("anabel", "+5491144")


async def test_a_guest_who_moves_is_found_by_what_else_he_is_known_by(
    relay: Relay, writer: RawWriter, database: Database
) -> None:
    await put(writer, body(event("1", guest="549115555")))
    moved = event("2", happening="moved", guest="AR.1", to="AR.2", aliases=["549115555"])
    await put(writer, body(moved, event("3", guest="AR.2")))
    await relay.run_once()
    assert [one.address for one in await conversations(database)] == ["AR.2"]


async def test_staff_write_to_a_guest_who_is_known_by_another_address(
    relay: Relay, writer: RawWriter, database: Database
) -> None:
    await put(writer, body(event("1", guest="549115555")))
    wrote = event("2", "ya voy", happening="staff", guest="AR.1", aliases=["549115555"])
    await put(writer, body(wrote))
    await relay.run_once()
    assert [one.mode for one in await conversations(database)] == ["human"]


async def test_an_edit_changes_what_will_be_answered_and_keeps_what_was_said(
    relay: Relay, writer: RawWriter, database: Database
) -> None:
    await put(writer, body(event("1", "dos personas")))
    await put(writer, body(event("2", "tres personas", happening="edit", of="1")))
    await relay.run_once()
    (line,) = await rows(database, Message)
    assert (line.text, line.content["edited_from"]) == ("tres personas", "dos personas")
    async with database.sessions() as session:
        (waiting,) = await repository.waiting_events(session, "sol", 1)
    assert waiting.message.content.text == "tres personas"
    assert (await conversations(database))[0].attention == ""


async def test_an_edit_of_what_was_answered_is_for_staff(
    relay: Relay, writer: RawWriter, database: Database
) -> None:
    await put(writer, body(event("1")))
    await relay.run_once()
    async with database.sessions() as session, session.begin():
        await repository.settle_events(session, "sol", [1], EventState.ANSWERED)
    await put(writer, body(event("2", "no", happening="edit", of="1")))
    await relay.run_once()
    (found,) = await conversations(database)
    assert found.attention == "a guest changed an answered message"


async def test_what_is_taken_back_is_forgotten_and_not_answered(
    relay: Relay, writer: RawWriter, database: Database
) -> None:
    await put(writer, body(event("1", "secreto")))
    await put(writer, body(event("2", happening="revoke", of="1")))
    await relay.run_once()
    (line,) = await rows(database, Message)
    assert (line.text, line.content["revoked"]) == ("", True)
    events = await rows(database, InboundEventRow)
    assert [one.state for one in events] == ["ignored", "done"]
    assert "secreto" not in str([one.content for one in events])


async def test_a_mark_on_a_message_is_kept_with_it_and_answered_by_nobody(
    relay: Relay, writer: RawWriter, queue: Queue, database: Database
) -> None:
    await put(writer, body(event("1")))
    await relay.run_once()
    await put(writer, body(event("2", "👍", happening="react", of="1")))
    await relay.run_once()
    (line,) = await rows(database, Message)
    assert line.content["reaction"] == "👍"
    assert len(queue.turns) == 1


async def test_staff_who_write_past_us_silence_the_agent(
    relay: Relay, writer: RawWriter, database: Database
) -> None:
    await put(writer, body(event("1")))
    await put(writer, body(event("2", "ya le contesto", happening="staff")))
    await relay.run_once()
    (found,) = await conversations(database)
    assert (found.mode, found.mode_reason) == ("human", "staff wrote from the phone app")
    lines = [(one.direction, one.text) for one in await rows(database, Message)]
    assert lines == [("in", "hola"), ("out", "ya le contesto")]


async def test_staff_may_be_the_first_to_write(
    relay: Relay, writer: RawWriter, database: Database
) -> None:
    await put(writer, body(event("1", "buenas", happening="staff", guest="new")))
    await relay.run_once()
    (found,) = await conversations(database)
    assert (found.mode, found.last_guest_at.year) == ("human", 1970)


async def test_a_notice_that_stops_an_account_stops_it(
    relay: Relay, writer: RawWriter, database: Database
) -> None:
    await put(writer, body(event("1", happening="account_update", stops="disabled")))
    await relay.run_once()
    async with database.sessions() as session:
        assert await held.why_stopped(session, "sol", "fake", "sol") == "disabled"


async def test_a_guest_who_writes_gets_what_was_held_for_him(
    relay: Relay, writer: RawWriter, queue: Queue, database: Database, clock: SettableClock
) -> None:
    await put(writer, body(event("1")))
    await relay.run_once()
    now = clock.now()
    async with database.sessions() as session, session.begin():
        for state, error in (("held", held.WINDOW), ("held", held.ACCOUNT), ("sent", "")):
            session.add(
                Outbox(
                    tenant="sol",
                    conversation_id=1,
                    channel="fake",
                    account="sol",
                    address="ana",
                    content={},
                    acts=[],
                    amounts=[],
                    state=state,
                    error=error,
                    created_at=now,
                    updated_at=now,
                )
            )
    await put(writer, body(event("2")))
    await relay.run_once()
    assert [one.state for one in await rows(database, Outbox)] == ["queued", "held", "sent"]
    assert [number for number, _ in queue.sends] == [1]


async def test_what_a_provider_adds_is_made_fit_to_be_stored(
    relay: Relay, writer: RawWriter, database: Database
) -> None:
    odd = {"re\x00ferral": ["a\x00b", {"deep": "\ud800"}]}
    long = "x" * 5000
    one = event("1", extra=odd, aliases=[long], thread=long)
    await writer.put("fake", ("sol",), json.dumps([one]).encode())
    await relay.run_once()
    (stored,) = await rows(database, InboundEventRow)
    assert stored.content["extra"] == {"referral": ["ab", {"deep": "?"}]}
    (found,) = await conversations(database)
    assert len(found.address) < 400
