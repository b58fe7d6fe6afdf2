from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from agente_hotelero._db import repository
from agente_hotelero._db.desk import set_chat
from agente_hotelero._db.models import (
    RAW,
    Conversation,
    Mode,
    OutboxState,
    RawState,
)
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.dialogue import Decision, HandlerRequest
from agente_hotelero.errors import (
    AuthFailed,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
)
from agente_hotelero.events import (
    ReplySent,
    ReservationMade,
)
from agente_hotelero.messages import (
    DeliveryState,
    DeliveryStatus,
    Reply,
    Understanding,
    UnderstandRequest,
)
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from core.tests.desks import Desk, queued
from core.tests.fake_pms import DRAFT, reservation
from core.tests.fakes import Asker, FakeChannel, FakeNlp

pytestmark = pytest.mark.anyio


async def test_a_question_is_asked_and_its_answer_understood(desk: Desk) -> None:
    assert await desk.say("ask", "1") == "Yes or no?"
    assert await desk.say("yes", "2") == "Thank you."


async def test_a_question_that_was_not_answered_is_asked_again(desk: Desk) -> None:
    await desk.say("ask", "1")
    assert await desk.say("blah", "2") == "Pardon?\n\nYes or no?"


async def test_a_tap_on_an_option_that_is_not_on_offer_is_no_answer(desk: Desk) -> None:
    assert await desk.say("old button", "1", choice="y") == "Pardon?"


async def test_messages_that_wait_together_are_answered_together(desk: Desk) -> None:
    await desk.receive("ask", "1")
    assert await desk.say("yes", "2") != ""
    assert len(desk.queue.sends) == 1
    assert await desk.states() == ["answered", "answered"]


async def test_a_turn_that_runs_again_says_nothing_again(desk: Desk) -> None:
    await desk.say("ask", "1")
    await desk.turns.run(1)
    assert len(desk.queue.sends) == 1


async def test_a_failure_before_the_commit_changes_nothing(desk: Desk) -> None:
    desk.queue.fail = True
    conversation = await desk.receive("ask", "1")
    with pytest.raises(OSError, match="disk full"):
        await desk.turns.run(conversation)
    assert await desk.states() == ["waiting"]
    desk.queue.fail = False
    await desk.turns.run(conversation)
    assert await desk.states() == ["answered"]
    assert (await desk.conversation()).version == 1


async def test_a_bug_in_a_handler_hands_the_guest_to_a_person(desk: Desk) -> None:
    assert await desk.say("boom", "1") == "A person of Hotel Sol will answer."
    conversation = await desk.conversation()
    assert (conversation.mode, conversation.mode_reason) == ("human", "failure: PluginBug")
    assert [one.reason for one in desk.events] == ["failure: PluginBug"]
    assert desk.events[0].tenant == "sol"


async def test_the_agent_is_silent_while_a_person_has_the_conversation(desk: Desk) -> None:
    await desk.say("boom", "1")
    assert await desk.say("ask", "2") == ""
    assert await desk.states() == ["answered", "human"]
    async with desk.database.sessions() as session, session.begin():
        assert await repository.set_mode(session, "sol", 1, Mode.AGENT, "")
    assert await desk.say("ask", "3") == "Yes or no?"


async def test_a_message_is_answered_when_staff_release_while_it_is_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.say("ask", "1")
    conversation = int((await desk.conversation()).id or 0)
    async with desk.database.sessions() as session, session.begin():
        await repository.set_mode(session, "sol", conversation, Mode.HUMAN, "taken over")
    await desk.receive("ask", "2")
    read = desk.turns._read

    async def and_then_released(number: int) -> Any:
        found = await read(number)
        monkeypatch.setattr(desk.turns, "_read", read)
        async with desk.database.sessions() as session, session.begin():
            await repository.set_mode(session, "sol", conversation, Mode.AGENT, "")
        return found

    monkeypatch.setattr(desk.turns, "_read", and_then_released)
    before = len(desk.queue.sends)
    await desk.turns.run(conversation)
    assert len(desk.queue.sends) == before + 1
    assert await desk.states() == ["answered", "answered"]


async def test_what_was_done_is_told_although_staff_took_over_meanwhile(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Booked while somebody took the chat: the guest must hear it, and staff keep it."""
    handler, _ = desk.turns.tenants["sol"].handlers[Asker.name]
    made = ReservationMade(reservation=reservation(DRAFT, "R1"))

    async def book(request: HandlerRequest) -> Decision:
        async with desk.database.sessions() as session, session.begin():
            await repository.set_mode(session, "sol", 1, Mode.HUMAN, "taken over")
        return Decision(replies=(Reply(template="fake/answered"),), events=(made,))

    monkeypatch.setattr(handler, "handle", book)
    assert await desk.say("ask", "1") == "Thank you."
    conversation = await desk.conversation()
    assert (conversation.mode, conversation.mode_reason) == ("human", "taken over")
    assert await desk.states() == ["answered"]


async def test_who_wrote_while_the_question_was_thought_about_has_not_seen_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, _ = desk.turns.tenants["sol"].handlers[Asker.name]
    slowly = handler.handle

    async def handle(request: HandlerRequest) -> Decision:
        decision = await slowly(request)
        desk.clock.advance(seconds=8)
        return decision

    begun = desk.clock.now()
    monkeypatch.setattr(handler, "handle", handle)
    await desk.say("ask", "1")
    monkeypatch.undo()
    early = (begun + timedelta(seconds=3)).isoformat()
    assert await desk.say("yes", "2", at=early) == "Yes or no?"
    assert await desk.say("yes", "3", at=desk.clock.now().isoformat()) == "Thank you."


async def test_a_burst_of_which_a_part_is_too_early_agrees_to_nothing(desk: Desk) -> None:
    early = (desk.clock.now() - timedelta(seconds=20)).isoformat()
    await desk.say("ask", "1")
    await desk.receive("yes", "2", at=early)
    later = desk.clock.now().isoformat()
    assert "Thank you" not in await desk.say("blah", "3", at=later)


async def test_who_releases_a_conversation_leaves_it_to_nobody(desk: Desk) -> None:
    await desk.say("ask", "1")
    number = int((await desk.conversation()).id or 0)
    async with desk.database.sessions() as session, session.begin():
        await set_chat(session, "sol", number, mode=Mode.HUMAN, assigned_to="marta")
    async with desk.database.sessions() as session, session.begin():
        assert await repository.set_mode(session, "sol", number, Mode.AGENT, "")
    released = await desk.conversation()
    assert (released.mode, released.assigned_to) == (Mode.AGENT, "")


async def test_nobody_releases_a_conversation_of_another_hotel(desk: Desk) -> None:
    await desk.say("boom", "1")
    async with desk.database.sessions() as session, session.begin():
        assert not await repository.set_mode(session, "luna", 1, Mode.AGENT, "")
    assert (await desk.conversation()).mode == "human"


async def test_a_message_that_is_too_old_is_left_to_people(desk: Desk) -> None:
    conversation = await desk.receive("ask", "1")
    desk.clock.advance(minutes=61)
    await desk.turns.run(conversation)
    assert (await desk.states(), desk.queue.sends) == (["stale"], [])


async def test_a_row_is_sent_and_its_receipt_kept(desk: Desk) -> None:
    outbox_id = await queued(desk)
    await desk.sender.run(outbox_id)
    row = await desk.row(outbox_id)
    assert (row.state, row.provider_id, row.attempts) == ("accepted", f"provider-{outbox_id}", 1)
    assert [option.title for option in desk.channel.sent[0].options] == ["yes", "no"]


async def test_a_row_that_was_sent_is_not_sent_again(desk: Desk) -> None:
    outbox_id = await queued(desk)
    await desk.sender.run(outbox_id)
    await desk.sender.run(outbox_id)
    assert len(desk.channel.sent) == 1


@pytest.mark.parametrize("error", [Throttled(retry_after=0.01), Unavailable(retry_after=0.01)])
async def test_a_passing_trouble_is_tried_again(desk: Desk, error: Exception) -> None:
    outbox_id = await queued(desk)
    desk.channel.errors = [error, error]
    await desk.sender.run(outbox_id)
    row = await desk.row(outbox_id)
    assert (row.state, row.attempts) == ("accepted", 3)


@pytest.mark.parametrize(("tries", "seen"), [(None, 3), (2, 2), (9, 3)])
async def test_trying_again_has_an_end(desk: Desk, tries: int | None, seen: int) -> None:
    outbox_id = await queued(desk)
    error = Unavailable("away", retry_after=0.01, tries=tries)
    desk.channel.errors = [error for _ in range(5)]
    await desk.sender.run(outbox_id)
    row = await desk.row(outbox_id)
    assert (row.state, row.error) == ("failed", f"gave up after {seen} attempts: Unavailable: away")
    assert len(desk.channel.errors) == 5 - seen


async def test_a_refusal_is_not_tried_again(desk: Desk) -> None:
    outbox_id = await queued(desk)
    desk.channel.errors = [Rejected("no")]
    await desk.sender.run(outbox_id)
    row = await desk.row(outbox_id)
    assert (row.state, row.attempts) == ("failed", 1)


async def status_of(desk: Desk, outbox_id: int) -> None:
    status = DeliveryStatus(
        provider_id="p9", state=DeliveryState.SENT, at=desk.clock.now(), outbox_id=outbox_id
    )
    async with desk.database.sessions() as session, session.begin():
        await repository.apply_status(session, "sol", "fake", "sol", status, desk.clock.now())


async def test_an_unknown_outcome_without_a_status_is_shown_as_unknown(desk: Desk) -> None:
    outbox_id = await queued(desk)
    desk.channel.errors = [OutcomeUnknown() for _ in range(3)]
    await desk.sender.run(outbox_id)
    assert (await desk.row(outbox_id)).state == "unknown"
    assert desk.channel.sent == []
    assert (await desk.conversation()).attention == "a message could not be sent: unknown"


async def test_an_unknown_outcome_that_a_status_proves_is_not_sent_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox_id = await queued(desk)
    calls: list[int] = []

    async def taken_but_silent(message: Any) -> str:
        calls.append(message.id)
        await status_of(desk, outbox_id)
        raise OutcomeUnknown

    monkeypatch.setattr(desk.channel, "send", taken_but_silent)
    await desk.sender.run(outbox_id)
    assert (calls, (await desk.row(outbox_id)).state) == ([outbox_id], "sent")


async def test_without_proof_it_is_sent_again(desk: Desk) -> None:
    outbox_id = await queued(desk)
    desk.channel.errors = [OutcomeUnknown()]
    await desk.sender.run(outbox_id)
    assert (len(desk.channel.sent), (await desk.row(outbox_id)).state) == (1, "accepted")


async def test_subscribers_hear_of_what_was_sent(desk: Desk) -> None:
    outbox_id = await queued(desk)
    await desk.sender.run(outbox_id)
    (sent,) = [one for one in desk.events if isinstance(one, ReplySent)]
    assert (sent.tenant, sent.outbox_id) == ("sol", outbox_id)


async def test_tries_before_a_crash_count(desk: Desk) -> None:
    outbox_id = await queued(desk)
    async with desk.database.sessions() as session, session.begin():
        row = await desk.row(outbox_id)
        await repository.set_outbox(session, row, OutboxState.QUEUED, desk.clock.now(), attempts=2)
    desk.channel.errors = [Unavailable(retry_after=0.01) for _ in range(5)]
    await desk.sender.run(outbox_id)
    assert len(desk.channel.errors) == 4


async def test_a_message_that_was_given_up_can_be_sent_after_all(desk: Desk) -> None:
    outbox_id = await queued(desk)
    desk.channel.errors = [Rejected()]
    await desk.sender.run(outbox_id)
    async with desk.database.sessions() as session, session.begin():
        assert await repository.revive_send(session, "luna", outbox_id, desk.clock.now()) is None
        assert await repository.revive_send(session, "sol", outbox_id, desk.clock.now())
    await desk.sender.run(outbox_id)
    assert (await desk.row(outbox_id)).state == "accepted"


async def test_a_burst_is_answered_once_by_the_turn_of_its_last_message(desk: Desk) -> None:
    desk.turns.debounce = timedelta(seconds=2)
    conversation = await desk.receive("ask", "1")
    await desk.receive("ask", "2")
    first, last = 1, 2
    await desk.turns.run(conversation, first)
    assert desk.queue.sends == []
    await desk.turns.run(conversation, last)
    assert len(desk.queue.sends) == 1
    assert await desk.states() == ["answered", "answered"]


async def test_a_turn_waits_for_a_relay_that_lags_behind(desk: Desk) -> None:
    conversation = await desk.receive("ask", "2")
    async with desk.database.sessions() as session, session.begin():
        unread = await desk.body(session, RawState.NEW)
    turn = asyncio.create_task(desk.turns.run(conversation))
    await asyncio.sleep(0.3)
    assert desk.queue.sends == []
    await desk.receive("ask", "1")
    async with desk.database.sessions() as session, session.begin():
        await session.execute(update(RAW).where(RAW.c.id == unread.id).values(state=RawState.DONE))
    await turn
    assert len(desk.queue.sends) == 1
    assert await desk.states() == ["answered", "answered"]


async def test_a_relay_that_lags_for_ever_keeps_nobody_waiting(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agente_hotelero._runtime.turn.LONGEST_LAG", 0.3)
    conversation = await desk.receive("ask", "1")
    async with desk.database.sessions() as session, session.begin():
        await desk.body(session, RawState.NEW)
    await desk.turns.run(conversation)
    assert len(desk.queue.sends) == 1


async def test_a_burst_without_an_end_is_answered_after_six_seconds(desk: Desk) -> None:
    desk.turns.debounce = timedelta(seconds=2)
    conversation = await desk.receive("ask", "1")
    desk.clock.advance(seconds=7)
    await desk.receive("ask", "2")
    await desk.turns.run(conversation, 1)
    assert len(desk.queue.sends) == 1


async def test_messages_are_read_in_the_providers_order(desk: Desk) -> None:
    later, earlier = "2026-11-18T12:00:05+00:00", "2026-11-18T12:00:01+00:00"
    conversation = await desk.receive("second", "b", at=later)
    await desk.receive("first", "a", at=earlier)
    async with desk.database.sessions() as session:
        waiting = await repository.waiting_events(session, "sol", conversation)
    assert [one.message.content.text for one in waiting] == ["first", "second"]


async def test_a_dialogue_that_cannot_be_read_ends_with_a_person(desk: Desk) -> None:
    await desk.say("ask", "1")
    async with desk.database.sessions() as session, session.begin():
        await session.execute(update(Conversation).values(state={"frames": 3}))
    assert await desk.say("yes", "2") == "A person of Hotel Sol will answer."
    found = await desk.conversation()
    assert (found.mode, found.mode_reason) == ("human", "failure: ValidationError")


async def test_a_turn_that_was_overtaken_is_repeated(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = repository.save_dialogue
    overtaken: list[bool] = []

    async def raced(session: AsyncSession, conversation: Conversation, **rest: Any) -> bool:
        if not overtaken:
            overtaken.append(True)
            return False
        return await save(session, conversation, **rest)

    monkeypatch.setattr(repository, "save_dialogue", raced)
    assert await desk.say("ask", "1") == "Yes or no?"
    assert await desk.states() == ["answered"]


async def test_a_yes_written_before_the_question_is_no_answer(desk: Desk) -> None:
    before = (desk.clock.now() - timedelta(seconds=5)).isoformat()
    await desk.say("ask", "1")
    assert await desk.say("yes", "2", at=before) == "Yes or no?"
    assert await desk.say("yes", "3", at=desk.clock.now().isoformat()) == "Thank you."


async def interrupted(desk: Desk) -> int:
    """A row whose process died while it was being sent."""
    outbox_id = await queued(desk)
    async with desk.database.sessions() as session, session.begin():
        row = await desk.row(outbox_id)
        await repository.set_outbox(session, row, OutboxState.SENDING, desk.clock.now())
    return outbox_id


async def test_after_a_crash_a_status_proves_that_it_was_sent(desk: Desk) -> None:
    outbox_id = await interrupted(desk)
    await status_of(desk, outbox_id)
    await desk.sender.run(outbox_id)
    assert (desk.channel.sent, (await desk.row(outbox_id)).state) == ([], "sent")


async def test_after_a_crash_without_a_status_it_is_sent_again(desk: Desk) -> None:
    outbox_id = await interrupted(desk)
    await desk.sender.run(outbox_id)
    assert (len(desk.channel.sent), (await desk.row(outbox_id)).state) == (1, "accepted")


async def test_a_channel_that_knows_our_ids_is_simply_asked_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeChannel, "idempotent", True)
    monkeypatch.setattr(desk.sender, "unknown_wait", 60)
    await desk.sender.run(await interrupted(desk))
    assert len(desk.channel.sent) == 1


async def test_a_status_that_was_faster_than_the_answer_keeps_its_rank(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox_id = await queued(desk)
    send: Callable[..., Awaitable[str]] = desk.channel.send

    async def slow(message: Any) -> str:
        await status_of(desk, outbox_id)
        return await send(message)

    monkeypatch.setattr(desk.channel, "send", slow)
    await desk.sender.run(outbox_id)
    assert (await desk.row(outbox_id)).state == "sent"


class BadNlp(FakeNlp):
    """Fails for every text, with what it is given."""

    error: Exception = KeyError("x")

    async def understand(self, request: UnderstandRequest) -> Understanding:
        raise self.error


class Greeter(Asker):
    """Owns one more intent, and answers it."""

    name = "fake.greeter"
    intents = frozenset({"greet"})

    async def handle(self, request: HandlerRequest) -> Decision:
        return Decision(replies=(Reply(template="fake/answered"),))


def tenant_of(desk: Desk) -> Tenant:
    return desk.turns.tenants["sol"]


def add_engine(desk: Desk, *, alone: bool = False) -> None:
    tenant = tenant_of(desk)
    engine, wall = tenant.nlp[0]
    bad = BadNlp(engine.config, engine.services)
    tenant.nlp[:] = [(bad, wall)] if alone else [(bad, wall), *tenant.nlp]


def add_greeter(desk: Desk) -> None:
    tenant = tenant_of(desk)
    handler, wall = tenant.handlers[Asker.name]
    tenant.handlers[Greeter.name] = (Greeter(handler.config, handler.services), wall)
    tenant.owners["greet"] = Greeter.name


async def test_an_engine_that_fails_is_passed_over(desk: Desk) -> None:
    add_engine(desk)
    assert await desk.say("ask", "1") == "Yes or no?"


async def test_a_person_is_called_when_no_engine_is_left(desk: Desk) -> None:
    add_engine(desk, alone=True)
    assert await desk.say("ask", "1") == "A person of Hotel Sol will answer."
    assert (await desk.conversation()).mode_reason == "failure: PluginBug"


async def test_a_person_is_called_when_no_engine_could_be_opened(desk: Desk) -> None:
    tenant_of(desk).nlp.clear()
    assert await desk.say("ask", "1") == "A person of Hotel Sol will answer."


async def test_a_handler_that_fails_does_not_cost_what_another_has_to_say(desk: Desk) -> None:
    add_greeter(desk)
    answers = "Thank you.\n\nA person of Hotel Sol will answer."
    assert await desk.say("boom greet", "1") == answers
    assert (await desk.conversation()).mode_reason == "failure: PluginBug"


async def test_what_belongs_to_a_handler_that_is_not_open_goes_to_a_person(desk: Desk) -> None:
    add_greeter(desk)
    tenant_of(desk).unserved.add("gone")
    answers = "Thank you.\n\nA person of Hotel Sol will answer."
    assert await desk.say("greet gone", "1") == answers
    assert (await desk.conversation()).mode_reason == "failure: nobody answers this"


async def test_nobody_is_left_without_a_word_when_no_handler_is_open(desk: Desk) -> None:
    tenant_of(desk).owners.clear()
    assert await desk.say("ask", "1") == "A person of Hotel Sol will answer."


async def test_a_pms_that_goes_wrong_does_not_cost_an_answer_that_needs_none(desk: Desk) -> None:
    class Wrong:
        plugin = "pms"

        async def room_types(self, locale: str) -> Any:
            raise AuthFailed("password")

    pms: Any = Wrong()
    tenant_of(desk).pms = pms
    assert await desk.say("ask", "1") == "Yes or no?"
