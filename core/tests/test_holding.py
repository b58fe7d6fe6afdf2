"""What may not be sent now waits, is shown to staff, and is sent when it may be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import structlog
from agente_hotelero._db import consent, guests, held, repository
from agente_hotelero._db.guests import At
from agente_hotelero._db.models import Outbox, OutboxState
from agente_hotelero._runtime.sender import delay
from agente_hotelero.errors import (
    AuthFailed,
    RecipientRefused,
    Throttled,
    Unavailable,
    WindowClosed,
)
from agente_hotelero.messages import DeliveryState, DeliveryStatus, MessageTemplate
from sqlalchemy import select

from core.tests.desks import Desk, queued
from core.tests.fakes import FakeChannel

pytestmark = pytest.mark.anyio
SOL = At(tenant="sol", channel="fake", account="sol")
TEMPLATE = MessageTemplate(name="we_have_news", languages=("en",))


@pytest.fixture
def day_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The channel's guests may be written to for a day."""
    monkeypatch.setattr(FakeChannel, "window", timedelta(hours=24))


async def outbox(desk: Desk) -> list[Outbox]:
    async with desk.database.sessions() as session:
        return list((await session.scalars(select(Outbox).order_by(Outbox.id))).all())  # type: ignore[arg-type]


async def failed(desk: Desk, outbox_id: int, failure: Any, error: str = "131000") -> None:
    """The provider says later that a message it took was not delivered."""
    status = DeliveryStatus(
        provider_id=f"provider-{outbox_id}",
        state=DeliveryState.FAILED,
        at=desk.clock.now(),
        failure=failure,
        error=error,
    )
    async with desk.database.sessions() as session, session.begin():
        await desk.sender.receipts.take(session, SOL, status)


@pytest.mark.usefixtures("day_long")
async def test_within_the_window_it_is_sent(desk: Desk) -> None:
    outbox_id = await queued(desk)
    desk.clock.advance(hours=23, minutes=59)
    await desk.sender.run(outbox_id)
    assert (await desk.row(outbox_id)).state == "accepted"


@pytest.mark.usefixtures("day_long")
async def test_after_the_window_it_is_held_and_shown(desk: Desk) -> None:
    outbox_id = await queued(desk)
    desk.clock.advance(hours=24)
    await desk.sender.run(outbox_id)
    row = await desk.row(outbox_id)
    assert (row.state, row.error, desk.channel.sent) == ("held", held.WINDOW, [])
    assert (await desk.conversation()).attention == f"a message waits: {held.WINDOW}"


@pytest.mark.usefixtures("day_long")
async def test_a_guest_is_asked_once_in_a_silence_to_write_again(desk: Desk) -> None:
    first, second = await queued(desk, "1"), await queued(desk, "2")
    desk.channel.template = TEMPLATE
    desk.clock.advance(hours=25)
    for outbox_id in (first, second, first):
        await desk.sender.run(outbox_id)
    asking = [row for row in await outbox(desk) if row.acts == [held.REOPENING]]
    assert [row.content["template"]["name"] for row in asking] == ["we_have_news"]
    await desk.sender.run(int(asking[0].id or 0))
    assert [message.template for message in desk.channel.sent] == [TEMPLATE]


async def test_what_the_provider_calls_closed_is_held_whatever_we_think(desk: Desk) -> None:
    outbox_id = await queued(desk)
    desk.channel.errors = [WindowClosed("131047")]
    await desk.sender.run(outbox_id)
    assert (await desk.row(outbox_id)).error == held.WINDOW


@pytest.mark.usefixtures("day_long")
async def test_who_wants_nothing_unasked_is_not_asked_to_write(desk: Desk) -> None:
    outbox_id = await queued(desk)
    desk.channel.template = TEMPLATE
    async with desk.database.sessions() as session, session.begin():
        await guests.refused(
            session, await desk.row(outbox_id), consent.PROACTIVE, desk.clock.now()
        )
    desk.clock.advance(hours=25)
    await desk.sender.run(outbox_id)
    assert [row.state for row in await outbox(desk)] == ["held"]


@pytest.mark.usefixtures("day_long")
async def test_who_wrote_while_it_was_being_held_gets_it_at_once(desk: Desk) -> None:
    outbox_id = await queued(desk)
    row = await desk.row(outbox_id)
    kept = await desk.sender.holding.hold(row, desk.channel, held.WINDOW)
    assert not kept
    assert (await desk.row(outbox_id)).state == "queued"


async def test_a_status_can_close_the_window_too(desk: Desk) -> None:
    outbox_id = await queued(desk)
    await desk.sender.run(outbox_id)
    desk.channel.template = TEMPLATE
    await failed(desk, outbox_id, "window")
    assert (await desk.row(outbox_id)).state == "held"
    await desk.sender.run(desk.queue.sends[-1])
    assert [row.acts for row in await outbox(desk)][-1] == [held.REOPENING]


async def test_refused_credentials_stop_the_account_and_are_told_once(desk: Desk) -> None:
    first, second = await queued(desk, "1"), await queued(desk, "2")
    desk.channel.errors = [AuthFailed("code 190")]
    await desk.sender.run(first)
    await desk.sender.run(second)
    rows = await outbox(desk)
    assert [(row.state, row.error) for row in rows] == [
        ("held", "the account is stopped: code 190"),
        ("held", "the account is stopped: code 190"),
    ]
    assert rows[1].attempts == 0
    async with desk.database.sessions() as session:
        assert [one.reason for one in await held.stopped(session)] == ["code 190"]


async def test_an_account_that_is_well_again_sends_what_was_held(desk: Desk) -> None:
    outbox_id = await queued(desk)
    desk.channel.errors = [AuthFailed("code 190")]
    await desk.sender.run(outbox_id)
    desk.channel.well = False
    await desk.sender.holding.accounts.probe()
    assert (await desk.row(outbox_id)).state == "held"
    desk.channel.well = True
    await desk.sender.holding.accounts.probe()
    await desk.sender.run(desk.queue.sends[-1])
    assert (await desk.row(outbox_id)).state == "accepted"
    async with desk.database.sessions() as session:
        assert not await held.stopped(session)


async def test_what_looks_well_is_tried_with_one_message_and_told_of_once(desk: Desk) -> None:
    first, second = await queued(desk, "1"), await queued(desk, "2")
    desk.channel.errors = [AuthFailed("code 131042")]
    with structlog.testing.capture_logs() as logs:
        await desk.sender.run(first)
        await desk.sender.run(second)
        for _ in range(3):
            desk.channel.errors = [AuthFailed("code 131042")]
            before = len(desk.queue.sends)
            await desk.sender.holding.accounts.probe()
            assert desk.queue.sends[before:] == [first]
            await desk.sender.run(first)
    assert [row.state for row in await outbox(desk)] == ["held", "held"]
    assert [one["event"] for one in logs].count("channel_stopped") == 1
    await desk.sender.holding.accounts.probe()
    await desk.sender.run(first)
    assert desk.queue.sends[-1] == second
    assert [row.state for row in await outbox(desk)] == ["accepted", "queued"]


async def test_a_guest_who_cannot_be_reached_proves_an_account_too(desk: Desk) -> None:
    first, second = await queued(desk, "1"), await queued(desk, "2")
    desk.channel.errors = [AuthFailed("code 190"), RecipientRefused("code 131026")]
    for outbox_id in (first, second):
        await desk.sender.run(outbox_id)
    await desk.sender.holding.accounts.probe()
    await desk.sender.run(first)
    assert [row.state for row in await outbox(desk)] == ["failed", "queued"]


async def test_an_account_that_a_status_calls_stopped_holds_the_message(desk: Desk) -> None:
    outbox_id = await queued(desk)
    await desk.sender.run(outbox_id)
    await failed(desk, outbox_id, "account", "131042")
    async with desk.database.sessions() as session:
        assert await held.why_stopped(session, "sol", "fake", "sol") == "131042"
    assert (await desk.row(outbox_id)).error == held.ACCOUNT
    await desk.sender.holding.accounts.resume(SOL)
    assert (await desk.row(outbox_id)).state == "queued"


async def test_a_passing_failure_after_the_fact_is_tried_again_but_not_for_ever(
    desk: Desk,
) -> None:
    outbox_id = await queued(desk)
    for _ in range(3):
        await desk.sender.run(outbox_id)
        await failed(desk, outbox_id, "temporary")
    assert (await desk.row(outbox_id)).state == "failed"
    assert len(desk.channel.sent) == 3
    assert desk.queue.delays == [0, 4, 16]
    assert (await desk.conversation()).attention == "a message was not delivered"


async def test_a_receipt_that_was_faster_than_the_answer_is_not_lost(desk: Desk) -> None:
    outbox_id = await queued(desk)
    await desk.early(f"provider-{outbox_id}", DeliveryState.DELIVERED)
    await desk.sender.run(outbox_id)
    assert (await desk.row(outbox_id)).state == "delivered"


async def test_what_was_held_too_long_is_given_up_and_said(desk: Desk) -> None:
    outbox_id = await queued(desk)
    row = await desk.row(outbox_id)
    await desk.sender.holding.hold(row, desk.channel, held.WINDOW, said=True)
    now = desk.clock.now()
    async with desk.database.sessions() as session, session.begin():
        assert await held.expire(session, now - timedelta(days=7), now) == 0
        assert await held.expire(session, now + timedelta(seconds=1), now) == 1
    async with desk.database.sessions() as session:
        dead = await repository.dead_sends(session, "sol")
    assert [(one.state, one.error) for one in dead] == [(OutboxState.FAILED, held.TOO_OLD)]


def test_a_wait_grows_as_the_provider_asks() -> None:
    pair = Throttled("131056", retry_after=4, growth=4)
    found = [delay(attempt, pair) for attempt in (1, 2, 3, 9)]
    for seconds, base in zip(found, (4, 16, 64, 300), strict=True):
        assert base * 0.8 <= seconds <= base * 1.2
    assert delay(3, Unavailable()) <= 0.5 * 4 * 1.2


async def test_a_failure_of_our_own_leaves_no_message_behind_unseen(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox_id = await queued(desk)

    async def broken(*_: object) -> None:
        raise KeyError("a bug of ours")

    monkeypatch.setattr(type(desk.sender), "_send", broken)
    await desk.sender.run(outbox_id)
    row = await desk.row(outbox_id)
    assert (row.state, row.error) == ("unknown", "our own failure: KeyError")
    assert (await desk.conversation()).attention == "a message could not be sent: unknown"


async def test_a_turn_that_breaks_before_it_can_decide_is_left_to_people(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise KeyError("a bug of ours")

    monkeypatch.setattr(type(desk.turns), "_hear", broken)
    conversation = await desk.receive("ask", "1")
    await desk.turns.run(conversation)
    assert await desk.states() == ["human"]
    assert (await desk.conversation()).attention == "the agent failed: please answer"
