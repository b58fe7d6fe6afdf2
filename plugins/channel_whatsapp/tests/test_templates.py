"""What is known of templates, on both databases."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import agente_hotelero_channel_whatsapp as plugin
import httpx
import pytest
from agente_hotelero.components import Services
from agente_hotelero.errors import AuthFailed, HoteleroError, TemplateRefused, Unavailable
from agente_hotelero.events import AccountNoticed
from agente_hotelero.messages import AccountNotice, MessageTemplate, OutboundMessage
from agente_hotelero.testing import SettableClock, lend
from agente_hotelero_channel_whatsapp import tables, templates, view
from agente_hotelero_channel_whatsapp.channel import WhatsAppChannel
from structlog.testing import capture_logs

from plugins.channel_whatsapp.tests.local_meta import (
    BUSINESS,
    NUMBER,
    Answer,
    LocalMeta,
    accepted,
    channel_at,
    error,
)

pytestmark = pytest.mark.anyio
LIST = f"{BUSINESS}/message_templates"
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


@pytest.fixture
async def url(database_url: str, anyio_backend: str) -> str:
    """A database with the plugin's table."""
    driver = "sqlite+aiosqlite" if database_url.startswith("sqlite") else "postgresql+psycopg"
    found = f"{driver}:{database_url.partition(':')[2]}"
    engine = lend(database_url=found).sessions.kw["bind"]
    async with engine.begin() as connection:
        await connection.run_sync(tables.METADATA.create_all)
    await engine.dispose()
    return found


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOON)


@pytest.fixture
async def business(
    url: str, http: httpx.AsyncClient, local: LocalMeta, clock: SettableClock
) -> AsyncIterator[WhatsAppChannel]:
    """An open channel of a number whose business account is known."""
    channel = channel_at(
        local.url, http, database_url=url, clock=clock, business_account_id=BUSINESS
    )
    async with channel:
        yield channel
    await channel.services.sessions.kw["bind"].dispose()


def row(name: str, language: str = "es", status: str = "APPROVED", **more: Any) -> dict[str, Any]:
    return {"name": name, "language": language, "status": status, "category": "UTILITY", **more}


def listed(*rows: dict[str, Any], after: str = "") -> Answer:
    paging = {"cursors": {"after": after}, "next": "https://evil.example/"} if after else {}
    return Answer(body={"data": list(rows), "paging": paging})


async def known(services: Services) -> dict[tuple[str, str], tuple[str, str, str]]:
    found = await tables.known(services, BUSINESS)
    return {(one.name, one.language): (one.status, one.category, one.quality) for one in found}


def noticed(kind: str, channel: str = "channel_whatsapp", **detail: str) -> AccountNoticed:
    named = {"message_template_name": "volver", "message_template_language": "es"}
    notice = AccountNotice(kind=kind, detail={**named, **detail}, at=NOON)
    return AccountNoticed(tenant="sol", channel=channel, account=NUMBER, notice=notice)


def status(event: str) -> AccountNoticed:
    more = {"event": event, "message_template_category": "UTILITY"}
    return noticed("message_template_status_update", **more)


async def test_what_webhooks_say_of_a_template_is_kept(business: WhatsAppChannel) -> None:
    for event in (
        status("APPROVED"),
        noticed("message_template_quality_update", new_quality_score="YELLOW"),
        noticed("template_category_update", new_category="MARKETING"),
        status("PAUSED"),
    ):
        await templates.noticed(event)
    assert await known(business.services) == {("volver", "es"): ("PAUSED", "UTILITY", "YELLOW")}


@pytest.mark.parametrize(
    "event",
    [
        noticed("message_template_status_update", channel="channel_other", event="APPROVED"),
        noticed("account_update", event="APPROVED"),
        noticed("message_template_status_update"),
        noticed("message_template_status_update", event="X", message_template_name=""),
        AccountNoticed(
            tenant="luna",
            channel="channel_whatsapp",
            account=NUMBER,
            notice=AccountNotice(kind="template_category_update", detail={}, at=NOON),
        ),
    ],
    ids=["another channel", "another kind", "no state", "no name", "another hotel"],
)
async def test_what_is_not_about_a_template_of_ours_is_left_alone(
    business: WhatsAppChannel, event: AccountNoticed
) -> None:
    await templates.noticed(event)
    assert await known(business.services) == {}


async def test_nobody_is_told_of_a_channel_that_is_closed(business: WhatsAppChannel) -> None:
    await business.__aexit__(None, None, None)
    await templates.noticed(status("APPROVED"))
    assert await known(business.services) == {}


async def test_a_template_that_became_marketing_is_told_once(business: WhatsAppChannel) -> None:
    change = noticed("template_category_update", new_category="MARKETING")
    with capture_logs() as logs:
        await templates.noticed(change)  # nothing was known before
        await templates.noticed(status("APPROVED"))
        await templates.noticed(change)
        await templates.noticed(change)
    assert [one["event"] for one in logs] == ["template_became_marketing"]


async def test_metas_list_is_read_page_by_page_and_replaces_what_was_known(
    business: WhatsAppChannel, local: LocalMeta, clock: SettableClock
) -> None:
    await templates.noticed(status("APPROVED"))
    gone = row("gone")
    local.on(LIST, listed(gone, row("volver", quality_score={"score": "GREEN"})))
    await templates.refresh_tenant(business.services)
    clock.advance(hours=1)
    local.on(
        LIST, listed(row("volver", status="PAUSED"), after="x"), listed(row("volver", "pt_BR"))
    )
    await templates.refresh_tenant(business.services)
    assert await known(business.services) == {
        ("volver", "es"): ("PAUSED", "UTILITY", ""),
        ("volver", "pt_BR"): ("APPROVED", "UTILITY", ""),
    }
    assert [asked.query.get("after") for asked in local.asked] == [None, None, "x"]
    stamps = {one.updated_at for one in await tables.known(business.services, BUSINESS)}
    assert stamps == {clock.now()}


async def test_a_list_that_became_marketing_is_told(
    business: WhatsAppChannel, local: LocalMeta
) -> None:
    local.on(LIST, listed(row("volver")), listed(row("volver", category="MARKETING")))
    with capture_logs() as logs:
        await templates.refresh_tenant(business.services)
        await templates.refresh_tenant(business.services)
    told = [one["template"] for one in logs if one["event"] == "template_became_marketing"]
    assert told == ["volver"]


async def test_a_list_without_end_is_left_at_some_point(
    business: WhatsAppChannel, local: LocalMeta
) -> None:
    local.on(LIST, listed(row("volver"), after="x"))
    await templates.refresh_tenant(business.services)
    assert len(local.asked) == templates.MOST_PAGES


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(error(190, 401), AuthFailed), (Answer(status=502, body=b"x"), Unavailable)],
    ids=["token", "away"],
)
async def test_a_list_that_cannot_be_read_changes_nothing(
    business: WhatsAppChannel, local: LocalMeta, answer: Answer, kind: type[HoteleroError]
) -> None:
    await templates.noticed(status("APPROVED"))
    local.on(LIST, answer)
    with pytest.raises(kind):
        await templates.refresh_tenant(business.services)
    assert ("volver", "es") in await known(business.services)


async def test_one_hotel_knows_nothing_of_anothers_templates(
    business: WhatsAppChannel, http: httpx.AsyncClient, local: LocalMeta, url: str
) -> None:
    await templates.noticed(status("APPROVED"))
    other = channel_at(local.url, http, database_url=url, tenant="luna")
    await templates.refresh_tenant(other.services)  # it has no channel open: nothing is asked
    await tables.replace_all(other.services, BUSINESS, {})
    assert await known(other.services) == {}
    assert len(await known(business.services)) == 1
    await other.services.sessions.kw["bind"].dispose()


VOLVER = MessageTemplate(name="volver", languages=("pt", "es"))


@pytest.mark.parametrize(
    ("rows", "language"),
    [
        ([], "pt"),
        ([row("volver", "es"), row("volver", "pt")], "pt"),
        ([row("volver", "es_AR"), row("volver", "pt_BR", "PAUSED")], "es_AR"),
        ([row("volver", "pt_BR"), row("volver", "pt", "REJECTED")], "pt_BR"),
        ([row("volver", "pt", "FLAGGED")], "pt"),
        ([row("another", "es", "PAUSED")], "pt"),
        ([row("volver", "es", "PENDING")], None),
        ([row("volver", "en")], None),
    ],
    ids=[
        *("nothing known", "both", "the second's country", "the first's country", "flagged"),
        *("another", "pending", "no such language"),
    ],
)
async def test_a_template_is_sent_in_the_first_language_that_is_approved(
    business: WhatsAppChannel, local: LocalMeta, rows: list[dict[str, Any]], language: str | None
) -> None:
    local.on(LIST, listed(*rows))
    local.on(f"{NUMBER}/messages", accepted())
    await templates.refresh_tenant(business.services)
    message = OutboundMessage(id=1, address="5491155550101", template=VOLVER)
    if language is None:
        with pytest.raises(TemplateRefused) as caught:
            await business.send(message)
        assert caught.value.template == "volver"
    else:
        await business.send(message)
        sent = local.to(f"{NUMBER}/messages")[0].json()
        assert sent["template"]["language"]["code"] == language


@pytest.mark.parametrize(
    ("categories", "purpose", "language"),
    [
        (("MARKETING", "MARKETING"), "review", None),
        (("MARKETING", "UTILITY"), "review", "es"),
        (("UTILITY", "UTILITY"), "review", "pt_BR"),
        (("MARKETING", "MARKETING"), "marketing", "pt_BR"),
        (("MARKETING", "MARKETING"), "", "pt_BR"),
    ],
)
async def test_what_meta_takes_for_marketing_carries_nothing_else_unasked(
    business: WhatsAppChannel,
    local: LocalMeta,
    categories: tuple[str, str],
    purpose: str,
    language: str | None,
) -> None:
    rows = [
        {**row("volver", code), "category": category}
        for code, category in zip(("pt_BR", "es"), categories, strict=True)
    ]
    local.on(LIST, listed(*rows))
    local.on(f"{NUMBER}/messages", accepted())
    await templates.refresh_tenant(business.services)
    message = OutboundMessage(id=1, address="5491155550101", template=VOLVER, purpose=purpose)
    if language is None:
        with pytest.raises(TemplateRefused, match="marketing to Meta"):
            await business.send(message)
    else:
        await business.send(message)
        sent = local.to(f"{NUMBER}/messages")[0].json()
        assert sent["template"]["language"]["code"] == language


@pytest.mark.parametrize(
    ("code", "after"),
    [(132015, "PAUSED"), (132016, "DISABLED"), (132001, "DELETED"), (132000, "APPROVED")],
)
async def test_a_template_that_meta_stopped_is_not_tried_again(
    business: WhatsAppChannel, local: LocalMeta, code: int, after: str
) -> None:
    local.on(LIST, listed(row("volver", "pt_BR")))
    local.on(f"{NUMBER}/messages", error(code))
    await templates.refresh_tenant(business.services)
    message = OutboundMessage(id=1, address="5491155550101", template=VOLVER)
    for _ in range(2):
        with pytest.raises(TemplateRefused):
            await business.send(message)
    assert (await known(business.services))["volver", "pt_BR"][0] == after
    tries = len(local.to(f"{NUMBER}/messages"))
    assert tries == (2 if after == "APPROVED" else 1)


@pytest.fixture
def reopening(
    url: str, http: httpx.AsyncClient, local: LocalMeta, monkeypatch: pytest.MonkeyPatch
) -> WhatsAppChannel:
    """A channel that looks at its table all the time."""
    monkeypatch.setattr(view, "EVERY_SECONDS", 0.01)
    settings = {"business_account_id": BUSINESS, "reopen_template": "volver"}
    return channel_at(local.url, http, database_url=url, **settings)


async def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


ASKS = MessageTemplate(name="volver", languages=("es", "en"))


async def test_a_guest_is_asked_to_write_again_while_the_template_is_approved(
    reopening: WhatsAppChannel, local: LocalMeta
) -> None:
    local.on(LIST, listed(row("volver")))
    assert reopening.reopening(ASKS.languages) is None
    async with reopening:
        await until(lambda: reopening.reopening(ASKS.languages) == ASKS)
        assert reopening.reopening(["pt"]) is None
        await templates.noticed(status("PAUSED"))
        await until(lambda: reopening.reopening(ASKS.languages) is None)
        # As another process does.
        changes = {"status": "APPROVED"}
        await tables.change(reopening.services, BUSINESS, ("volver", "es"), changes)
        await until(lambda: reopening.reopening(ASKS.languages) == ASKS)
    assert len(local.asked) == 1
    await reopening.services.sessions.kw["bind"].dispose()


async def test_a_meta_that_is_away_stops_no_channel(
    reopening: WhatsAppChannel, local: LocalMeta
) -> None:
    local.on(LIST, Answer(status=502, body=b"x"))
    async with reopening:
        await until(lambda: bool(local.asked))
        changes = {"status": "APPROVED"}
        await tables.change(reopening.services, BUSINESS, ("volver", "es"), changes)
        await until(lambda: reopening.reopening(ASKS.languages) == ASKS)
    await reopening.services.sessions.kw["bind"].dispose()


def test_the_plugin_registers_its_job_and_its_subscription() -> None:
    (job,) = plugin.register_jobs()
    assert (job.run, job.cron) == (templates.refresh_tenant, "7 * * * *")
    (subscription,) = plugin.register_subscriptions()
    assert (subscription.event, subscription.receive) == (AccountNoticed, templates.noticed)
