"""What an operator is told, before a server that answers as Meta may."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from agente_hotelero.components import Finding
from agente_hotelero_channel_whatsapp.channel import WhatsAppChannel
from agente_hotelero_channel_whatsapp.doctor import of_clock

from plugins.channel_whatsapp.tests.local_meta import (
    BUSINESS,
    NUMBER,
    TOKEN,
    Answer,
    LocalMeta,
    SettableClock,
    channel_at,
    error,
)

pytestmark = pytest.mark.anyio
WELL = {
    "display_phone_number": "+1 555-0100",
    "verified_name": "Hotel Sol",
    "quality_rating": "GREEN",
    "name_status": "APPROVED",
    "throughput": {"level": "STANDARD"},
    "code_verification_status": "VERIFIED",
    "health_status": {"can_send_message": "AVAILABLE", "entities": []},
}
UNPAID = {
    "can_send_message": "BLOCKED",
    "entities": [
        {"entity_type": "PHONE_NUMBER", "can_send_message": "AVAILABLE"},
        {
            "entity_type": "WABA",
            "can_send_message": "BLOCKED",
            "errors": [
                {
                    "error_code": 141006,
                    "error_description": "There is an error with the payment method.",
                    "possible_solution": "Add a payment method.",
                }
            ],
        },
    ],
}
VOLVER = {"name": "volver", "language": "es", "status": "APPROVED", "category": "UTILITY"}


@pytest.fixture
def business(http: httpx.AsyncClient, local: LocalMeta) -> WhatsAppChannel:
    """A channel with everything set, before a Meta where all is well."""
    local.on(NUMBER, Answer(body=WELL))
    app = {"whatsapp_business_api_data": {"id": "1", "name": "Agente"}}
    local.on(f"{BUSINESS}/subscribed_apps", Answer(body={"data": [app]}))
    local.on(f"{BUSINESS}/message_templates", Answer(body={"data": [VOLVER]}))
    now = SettableClock(datetime.now(UTC))
    settings: dict[str, Any] = {"business_account_id": BUSINESS, "reopen_template": "volver"}
    return channel_at(local.url, http, clock=now, **settings)


async def found(channel: WhatsAppChannel, words: str) -> Finding:
    findings = await channel.diagnose()
    (only,) = [one for one in findings if words in one.what]
    assert TOKEN not in str(findings)
    return only


async def test_where_all_is_well_the_doctor_says_so(business: WhatsAppChannel) -> None:
    findings = await business.diagnose()
    assert all(one.ok for one in findings)
    said = " · ".join(one.what for one in findings)
    for words in ("Hotel Sol", "GREEN", "STANDARD", "clock is right", "webhooks go to Agente"):
        assert words in said
    assert "reopen_template volver is approved in es" in said
    assert "1 of 1 are approved" in said


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (error(190, 401), "system user"),
        (Answer(status=401, body=b""), "system user"),
        (error(100), "phone_number_id"),
        (Answer(status=502, body=b"x"), "api_base_url"),
        (Answer(body=b"<html>"), "api_base_url"),
    ],
    ids=["expired token", "no code", "wrong number", "away", "another server"],
)
async def test_a_number_that_cannot_be_asked_is_one_finding_with_advice(
    business: WhatsAppChannel, local: LocalMeta, answer: Answer, advice: str
) -> None:
    local.on(NUMBER, answer)
    (only,) = await business.diagnose()
    assert not only.ok
    assert advice in only.advice
    health = await business.health()
    assert not health.ok
    assert health.detail


@pytest.mark.parametrize(
    ("change", "words", "ok"),
    [
        ({"quality_rating": "RED"}, "rating is RED", False),
        ({"quality_rating": "YELLOW"}, "rating is YELLOW", True),
        ({"name_status": "DECLINED"}, "name is DECLINED", False),
        ({"code_verification_status": "EXPIRED"}, "verification is EXPIRED", True),
        ({"health_status": UNPAID}, "payment method", False),
    ],
    ids=["red", "yellow", "name", "verification", "payment"],
)
async def test_what_meta_says_against_the_number_comes_with_advice(
    business: WhatsAppChannel, local: LocalMeta, change: dict[str, Any], words: str, ok: bool
) -> None:
    local.on(NUMBER, Answer(body={**WELL, **change}))
    finding = await found(business, words)
    assert finding.ok == ok
    assert finding.advice


async def test_an_account_is_well_when_meta_would_take_a_message(
    business: WhatsAppChannel, local: LocalMeta
) -> None:
    assert (await business.health()).ok
    local.on(NUMBER, Answer(body={**WELL, "health_status": UNPAID}))
    health = await business.health()
    assert not health.ok
    assert "payment" in health.detail


async def test_an_older_api_that_tells_no_health_is_asked_for_the_rest(
    business: WhatsAppChannel, local: LocalMeta
) -> None:
    without = {key: value for key, value in WELL.items() if key != "health_status"}
    local.on(NUMBER, error(100), Answer(body=without))
    assert (await business.health()).ok
    assert ["health_status" in one.query["fields"] for one in local.asked] == [True, False]


async def test_a_number_of_which_little_is_told_is_still_a_number(
    business: WhatsAppChannel, local: LocalMeta
) -> None:
    local.on(
        NUMBER, Answer(body={"health_status": {"entities": [{"can_send_message": "BLOCKED"}]}})
    )
    findings = await business.diagnose()
    assert [one.ok for one in findings if "cannot send" in one.what] == [False]


@pytest.mark.parametrize(
    ("path", "answer", "words", "ok"),
    [
        ("subscribed_apps", Answer(body={"data": []}), "no app hears", False),
        ("subscribed_apps", error(200, 403), "subscribed_apps", False),
        ("message_templates", error(10, 403), "message_templates", False),
        (
            "message_templates",
            Answer(body={"data": [{**VOLVER, "status": "PAUSED"}]}),
            "approved in no language",
            False,
        ),
        (
            "message_templates",
            Answer(body={"data": [VOLVER, {**VOLVER, "name": "otra", "status": "REJECTED"}]}),
            "otra (es) is REJECTED",
            True,
        ),
    ],
    ids=["not subscribed", "may not ask", "no templates told", "paused", "rejected"],
)
async def test_what_is_wrong_with_the_business_account_is_said(
    business: WhatsAppChannel, local: LocalMeta, path: str, answer: Answer, words: str, ok: bool
) -> None:
    local.on(f"{BUSINESS}/{path}", answer)
    finding = await found(business, words)
    assert finding.ok == ok
    assert finding.advice or ok


async def test_languages_in_which_nobody_can_be_asked_are_named(business: WhatsAppChannel) -> None:
    finding = await found(business, "reopen_template")
    assert "approved in pt, en" in finding.advice


async def test_without_a_business_account_the_rest_is_still_looked_at(
    http: httpx.AsyncClient, local: LocalMeta
) -> None:
    local.on(NUMBER, Answer(body=WELL))
    clock = SettableClock(datetime.now(UTC))
    findings = await channel_at(local.url, http, clock=clock).diagnose()
    assert "business_account_id" in findings[-1].advice
    assert all(one.ok for one in findings)


async def test_without_a_reopening_template_its_use_is_told(
    business: WhatsAppChannel, http: httpx.AsyncClient, local: LocalMeta
) -> None:
    clock = SettableClock(datetime.now(UTC))
    channel = channel_at(local.url, http, clock=clock, business_account_id=BUSINESS)
    assert "reopen_template" in (await found(channel, "waits until they write")).advice


async def test_a_rehearsal_is_not_taken_for_meta(business: WhatsAppChannel) -> None:
    assert "not Meta" in (await found(business, "messages go to")).advice


NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("second", "ok"), [(0, True), (59, True)], ids=["the same", "almost a minute"]
)
def test_a_clock_that_is_right_is_right(second: int, ok: bool) -> None:
    finding = of_clock(format_datetime(NOW.replace(second=second), usegmt=True), NOW)
    assert finding is not None
    assert finding.ok == ok


def test_a_clock_that_is_wrong_comes_with_advice() -> None:
    finding = of_clock(format_datetime(NOW.replace(minute=5), usegmt=True), NOW)
    assert finding is not None
    assert (finding.ok, "NTP" in finding.advice) == (False, True)


def test_a_server_without_a_clock_tells_nothing() -> None:
    assert of_clock("", NOW) is None
    assert of_clock("yesterday", NOW) is None
