"""The rules of review requests, each by its number and its part: one scene each, in a hotel."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any

import pytest
from agente_hotelero._db import rights
from agente_hotelero.errors import RecipientRefused, TemplateRefused, WindowClosed
from agente_hotelero.proactive import Occasion
from agente_hotelero.stays import Guest, Stay
from agente_hotelero.testing import lend
from agente_hotelero_review_requests import links
from agente_hotelero_review_requests.config import ReviewConfig
from agente_hotelero_review_requests.source import Reviews
from pydantic import ValidationError

from core.tests import test_journeys as scenes
from core.tests.conftest import database, writer
from core.tests.inns import ANA, BEN, ZONE, Inn
from core.tests.test_journeys import clock, database_url, inn

__all__ = ["clock", "database", "database_url", "inn", "writer"]
pytestmark = pytest.mark.anyio
Scene = Callable[..., Awaitable[None]]
# The rules of the facts page, by number; what each says is in the names of its scenes.
RULES = {
    1: "trigger",
    2: "timing",
    3: "how often",
    4: "channel",
    5: "opt-out",
    6: "who is skipped",
    7: "links",
    8: "once, whatever crashes",
    9: "how many",
    10: "audit, and the guest's rights",
    11: "answers",
}
GOOGLE = "https://search.google.com/local/writereview?placeid=ChIJ1"


# ── scenes that no other test has ────────────────────────────────────────────────────────────────


async def a_change_of_clocks_moves_nothing(inn: Inn) -> None:
    """Chile's clocks go forward in the night to the sixth of September."""
    inn.office.change("R1", stay=Stay(arrival=date(2026, 9, 1), departure=date(2026, 9, 5)))
    await inn.until("2026-09-05T12:00", minutes=60)
    await inn.until("2026-09-06T10:30", minutes=30)
    assert inn.heard() == []
    await inn.until("2026-09-06T11:00", minutes=30)
    assert inn.heard() == [scenes.MAIL]


async def nothing_comes_in_the_guests_night(inn: Inn) -> None:
    """Five in the afternoon in Santiago is ten at night in London."""
    inn.office.change("R1", guest=replace(ANA, phone="+447700900123"))
    await inn.until("2026-09-03T17:00", minutes=60)
    inn.office.leave("R1")
    await inn.until("2026-09-04T19:30", minutes=30)
    assert inn.heard() == []
    await inn.until("2026-09-05T10:30", minutes=30)
    assert inn.heard() == [scenes.MAIL]


async def a_guest_who_was_asked_by_mail_is_not_asked_by_phone(inn: Inn) -> None:
    await inn.hear("hola")
    await inn.hear("hola", channel="mail")
    await inn.until("2026-09-12T12:00")
    assert {channel for channel, _, _ in inn.heard()} == {"mail"}


async def a_template_is_sent_in_the_guests_language_or_the_next(inn: Inn) -> None:
    inn.office.change("R1", guest=replace(ANA, language="pt"))
    await inn.hear("oi")
    await inn.until("2026-09-04T12:00")
    (sent,) = inn.phone.sent
    assert sent.template is not None
    assert sent.template.languages == ("pt_BR", "en_US", "es")


async def who_left_between_the_decision_and_the_sending_gets_nothing(inn: Inn) -> None:
    await inn.hear("hola")
    await inn.until("2026-09-04T10:30")
    inn.clock.set(datetime(2026, 9, 4, 11, tzinfo=ZONE))
    assert await inn.runner.tick() == 1
    waiting, inn.queue.sends = inn.queue.sends, []
    await inn.hear("STOP")
    inn.queue.sends = waiting
    await inn.send()
    assert [one for one in inn.heard() if "no te enviará más" not in one[2]] == []
    assert (await inn.outbox())[0].state == "withheld"


async def stop_is_heard_before_the_agent(inn: Inn) -> None:
    """Nobody is asked to answer it: no turn is queued."""
    turns: list[int] = []

    async def enqueue_turn(session: Any, conversation_id: int, *_: object) -> None:
        turns.append(conversation_id)

    queue: Any = inn.queue
    queue.enqueue_turn = enqueue_turn
    await inn.hear("hola")
    assert len(turns) == 1
    await inn.hear("STOP")
    await inn.send()
    assert len(turns) == 1
    assert [one.text[:6] for one in inn.phone.sent] == ["Hecho:"]


async def every_page_is_of_its_platform_and_by_https() -> None:
    links.check("google", GOOGLE)
    for platform, url in (
        ("google", GOOGLE.replace("https", "http")),
        ("google", "https://evil.example/"),
        ("tripadvisor", GOOGLE),
        ("booking", "https://www.booking.com/reviews"),
    ):
        with pytest.raises(ValidationError):
            ReviewConfig(links={platform: url})


async def a_link_says_nothing_of_its_guest(inn: Inn) -> None:
    services = lend()
    config = ReviewConfig(links={"google": GOOGLE}, base_url="https://agent.example")
    held = inn.office.held["R1"]
    told: Any = await Reviews(config, services).values(
        Occasion(journey="x", mark="m1", reservation=held, language="es", reminder=False)
    )
    (link,) = told["links"]
    sealed = str(link["url"]).removeprefix("https://agent.example/r/")
    assert services.seals.open(sealed) == "sol|m1|google"


async def a_guest_is_shown_and_forgotten(inn: Inn) -> None:
    await inn.until("2026-09-04T12:00")
    async with inn.database.sessions() as session, session.begin():
        traces = await rights.find(session, "sol", ["ana@example.com"])
        shown = await rights.export(session, "sol", traces)
        await rights.erase(session, "sol", ["a"], traces)
    assert [one["journey"] for one in shown["unasked"]] == ["test.review"]
    assert [one.reference[:7] for one in await inn.messages()] == ["erased:"]


async def a_click_with_an_answer_is_no_nagging(inn: Inn) -> None:
    await inn.until("2026-09-05T12:00")
    await inn.hear("gracias", channel="mail")
    (message,) = await inn.messages()
    assert await inn.clicked(message)
    await inn.until("2026-09-20T12:00")
    assert inn.heard() == [scenes.MAIL]


async def a_guest_without_an_address_for_links_hears_of_none(inn: Inn) -> None:
    hidden = Guest(name="Ana Paz", email="x1@guest.booking.com")
    inn.office.change("R1", guest=hidden)
    inn.office.book("R2", BEN, date(2026, 9, 1))
    await inn.until("2026-09-06T12:00")
    assert [address for _, address, _ in inn.heard()] == ["ben@example.com"]


def _refused(error: Exception) -> Scene:
    async def scene(inn: Inn) -> None:
        await scenes.test_what_the_phone_refuses_goes_by_mail(inn, error)

    return scene


# ── the list ─────────────────────────────────────────────────────────────────────────────────────

SCENES: Mapping[str, Scene] = {
    "1 actual check-out": scenes.test_a_guest_is_asked_once_a_day_after_check_out,
    "1 else the scheduled one": scenes.test_without_the_pmss_word_the_last_day_counts,
    "1 cancelled": partial(scenes.test_who_never_came_is_not_asked, status="cancelled"),
    "1 no-show": partial(scenes.test_who_never_came_is_not_asked, status="no_show"),
    "1 extended": scenes.test_a_stay_that_was_prolonged_moves_the_message,
    "1 left early": scenes.test_who_left_early_is_asked_early,
    "1 read again when it is sent": scenes.test_a_change_just_before_the_message_counts,
    "2 in the hotel's hours": scenes.test_a_message_that_was_missed_is_sent_the_next_day,
    "2 safe from changes of clocks": a_change_of_clocks_moves_nothing,
    "2 not in the guest's night": nothing_comes_in_the_guests_night,
    "2 expires after a week": scenes.test_a_message_that_was_missed_for_a_week_expires,
    "3 one a stay": scenes.test_two_processes_send_it_once,
    "3 one a group, one in ninety days": (
        scenes.test_two_reservations_of_one_guest_are_asked_about_once
    ),
    "3 again after ninety days": scenes.test_who_comes_again_after_ninety_days_is_asked_again,
    "3 one reminder after three days": scenes.test_there_is_one_reminder_after_three_days,
    "3 none after a click": scenes.test_who_clicked_is_not_reminded,
    "3 none after an answer": scenes.test_who_answered_is_not_reminded,
    "3 none after a complaint": scenes.test_who_complained_is_not_reminded,
    "4 free words inside the window": scenes.test_inside_the_window_the_phone_gets_free_words,
    "4 the template outside": scenes.test_outside_the_window_the_phone_gets_the_approved_template,
    "4 in the guest's language": a_template_is_sent_in_the_guests_language_or_the_next,
    "4 131026 by mail": _refused(RecipientRefused("131026")),
    "4 131047 by mail": _refused(WindowClosed("131047")),
    "4 131049 by mail": scenes.test_what_was_accepted_and_then_not_delivered_goes_by_mail,
    "4 131050 by mail": _refused(RecipientRefused("131050", purpose="marketing")),
    "4 a paused template by mail": _refused(TemplateRefused("132015")),
    "4 never both": a_guest_who_was_asked_by_mail_is_not_asked_by_phone,
    "5 when it is sent": who_left_between_the_decision_and_the_sending_gets_nothing,
    "5 for the whole hotel": scenes.test_who_left_by_phone_gets_no_mail_either,
    "5 before the agent": stop_is_heard_before_the_agent,
    "6 the hotel's own people": scenes.test_the_hotels_own_people_are_not_asked,
    "6 staff at work delay": scenes.test_staff_at_work_put_it_off_and_no_longer_than_three_days,
    "6 agencies' aliases": a_guest_without_an_address_for_links_hears_of_none,
    "7 known pages, by https": every_page_is_of_its_platform_and_by_https,
    "7 a token without the guest": a_link_says_nothing_of_its_guest,
    "8 a crash before the commit": (
        scenes.test_a_crash_before_the_commit_leaves_nothing_and_the_next_round_sends
    ),
    "8 a crash while it was sent": scenes.test_a_crash_while_it_was_sent_does_not_send_it_again,
    "8 an unknown outcome": scenes.test_an_unknown_outcome_is_not_sent_again_by_any_way,
    "9 so many a day": scenes.test_a_day_carries_no_more_than_it_may,
    "9 rests when it only fails": scenes.test_an_account_that_only_fails_rests_for_a_day,
    "9 stops with the account": scenes.test_nothing_is_sent_from_an_account_that_is_stopped,
    "10 a row in the audit log": scenes.test_every_message_has_its_row_in_the_audit_log,
    "10 shown and forgotten": a_guest_is_shown_and_forgotten,
    "11 read as an answer": scenes.test_a_message_that_asks_has_its_answer_read,
    "11 no nagging": a_click_with_an_answer_is_no_nagging,
}


@pytest.mark.parametrize("rule", SCENES)
async def test_rule(rule: str, request: pytest.FixtureRequest, inn: Inn) -> None:
    scene = SCENES[rule]
    held = {**getattr(scene, "keywords", {}), "inn": inn}
    lent = {
        "database": inn.database,
        "clock": inn.clock,
        "writer": inn.writer,
        "monkeypatch": request.getfixturevalue("monkeypatch"),
    }
    wanted = inspect.signature(scene).parameters
    await scene(**{name: {**lent, **held}[name] for name in wanted})


def test_every_rule_has_its_scenes() -> None:
    assert {int(rule.split()[0]) for rule in SCENES} == set(RULES)
