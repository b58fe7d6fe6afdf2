"""What is asked, when, and where its links lead."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from agente_hotelero._runtime.seals import PluginSeals
from agente_hotelero.components import Seals
from agente_hotelero.errors import AuthFailed
from agente_hotelero.proactive import Occasion
from agente_hotelero.stays import (
    Guest,
    Money,
    Occupancy,
    Reservation,
    ReservationStatus,
    Stay,
)
from agente_hotelero.testing import RecordingJourneys, lend
from agente_hotelero_review_requests import links
from agente_hotelero_review_requests.config import ReviewConfig
from agente_hotelero_review_requests.pages import make_router
from agente_hotelero_review_requests.source import Reviews
from fastapi import FastAPI
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

pytestmark = pytest.mark.anyio
GOOGLE = "https://search.google.com/local/writereview?placeid=ChIJ1"
TRIPADVISOR = "https://www.tripadvisor.com/UserReviewEdit-g1-d2"
LINKS = {"tripadvisor": TRIPADVISOR, "google": GOOGLE}
BASE = "https://agent.example"
BROWSER = {"User-Agent": "Mozilla/5.0 (iPhone)"}


def reservation(name: str = "Ana Paz") -> Reservation:
    return Reservation(
        reference="SECRET-REF-1",
        property_id="1",
        status=ReservationStatus.DEPARTED,
        version="1",
        external_ref=None,
        room_type_id="double",
        room_type_name="Doble",
        rate_plan_id="flexible",
        stay=Stay(arrival=date(2026, 9, 1), departure=date(2026, 9, 3)),
        occupancies=(Occupancy(adults=2),),
        guest=Guest(name=name, email="ana@example.com", phone="+5491155550001"),
        total=Money(currency="USD", amount=Decimal(100)),
    )


def occasion(**changes: Any) -> Occasion:
    given = {
        "journey": "review_requests.review",
        "mark": "mark1",
        "reservation": reservation(),
        "language": "es",
        "reminder": False,
    }
    return Occasion(**{**given, **changes})


def reviews(**settings: Any) -> Reviews:
    return Reviews(ReviewConfig(**{"links": LINKS, "base_url": BASE, **settings}), lend())


async def urls(**settings: Any) -> list[str]:
    found: Any = (await reviews(**settings).values(occasion()))["links"]
    return [one["url"] for one in found]


# ── when ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_defaults_are_those_of_the_rules() -> None:
    (journey,) = reviews().journeys()
    assert (journey.offset, journey.opens, journey.closes) == (
        timedelta(hours=24),
        time(10),
        time(20),
    )
    assert (journey.expires, journey.spacing) == (timedelta(days=7), timedelta(days=90))
    assert journey.reminder is not None
    assert journey.reminder.after == timedelta(hours=72)
    assert (journey.purpose, journey.asks, journey.leads_away) == ("review", "opinion", True)


def test_without_a_page_nothing_is_asked() -> None:
    assert reviews(links={}).journeys() == ()


def test_a_hotel_may_do_without_the_reminder() -> None:
    assert reviews(reminder=False).journeys()[0].reminder is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"offset_hours": 2},
        {"offset_hours": 73},
        {"reminder_hours": 71},
        {"opens": time(20), "closes": time(10)},
        {"base_url": "http://agent.example"},
        {"links": {"booking": "https://www.booking.com/reviews"}},
        {"links": {"google": "https://evil.example"}},
        {"only_if_score_above": 4},
    ],
)
def test_what_the_rules_forbid_cannot_be_set(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ReviewConfig(**{"links": LINKS, **wrong})


# ── links ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("platform", "url"),
    [
        ("google", GOOGLE),
        ("google", "https://g.page/r/abc/review"),
        ("google", "https://www.google.com.ar/maps/place/x"),
        ("tripadvisor", TRIPADVISOR),
        ("tripadvisor", "https://www.tripadvisor.com.br/UserReviewEdit-g1"),
        ("facebook", "https://www.facebook.com/hotelsol/reviews"),
        ("trustpilot", "https://es.trustpilot.com/evaluate/hotelsol.example"),
        ("holidaycheck", "https://www.holidaycheck.de/x"),
    ],
)
def test_pages_of_known_platforms_may_be_linked(platform: str, url: str) -> None:
    links.check(platform, url)


@pytest.mark.parametrize(
    ("platform", "url"),
    [
        ("google", "http://g.page/r/abc"),
        ("google", "https://google.com.evil.example/x"),
        ("google", "https://www.google.evil/maps/x"),
        ("google", "https://www.google.com/url?q=https://evil.example/"),
        ("google", "https://www.google.com/amp/s/evil.example/"),
        ("facebook", "https://www.facebook.com/l.php?u=https://evil.example/"),
        ("google", "https://evil.example/?g.page"),
        ("google", "https://g.page@evil.example/"),
        ("google", "https://g.page:8443/x"),
        ("google", "https://user:pw@g.page/x"),
        ("google", "javascript:alert(1)"),
        ("google", "https://g.page/a b"),
        ("google", "https://g.page/\nSet-Cookie:x"),
        ("google", "https://g.pаge/x"),
        ("google", "https://g.page/" + "x" * 500),
        ("tripadvisor", GOOGLE),
        ("booking", "https://www.booking.com/x"),
        ("airbnb", "https://www.airbnb.com/x"),
        ("mypage", "https://my.example/x"),
    ],
)
def test_nothing_else_may_be_linked(platform: str, url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        links.check(platform, url)


async def test_links_stand_in_the_order_of_the_settings_and_say_nothing_of_the_guest() -> None:
    found = await urls()
    assert all(one.startswith(f"{BASE}/r/") for one in found)
    seals = lend().seals
    opened = [seals.open(one.removeprefix(f"{BASE}/r/")) for one in found]
    assert opened == ["sol|mark1|tripadvisor", "sol|mark1|google"]


async def test_without_an_address_of_ours_links_lead_straight_there() -> None:
    assert await urls(base_url="") == [TRIPADVISOR, GOOGLE]


# ── the page behind a link ───────────────────────────────────────────────────────────────────────


class Site:
    """The page, asked as a browser asks."""

    def __init__(self, journeys: Any = None, **settings: Any) -> None:
        self.journeys = journeys or RecordingJourneys(known={"mark1"})
        config = ReviewConfig(**{"links": LINKS, "base_url": BASE, **settings})
        services = lend(journeys=self.journeys)
        app = FastAPI()
        app.include_router(make_router({"sol": (config, services)}), prefix="/r")
        self.seals = services.seals
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE)

    async def follow(self, said: str, **asked: Any) -> httpx.Response:
        token = self.seals.seal(said)
        return await self.http.request(
            asked.get("method", "GET"), f"/r/{token}", headers=asked.get("headers", BROWSER)
        )


async def test_a_click_is_counted_and_led_on() -> None:
    site = Site()
    answer = await site.follow("sol|mark1|google")
    assert (answer.status_code, answer.headers["location"]) == (303, GOOGLE)
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert site.journeys.clicks == [("mark1", "google")]


async def test_a_telephone_whose_name_ends_in_bot_is_a_guest() -> None:
    site = Site()
    browser = "Mozilla/5.0 (Linux; Android 13; CUBOT KINGKONG 9) Chrome/120"
    await site.follow("sol|mark1|google", headers={"User-Agent": browser})
    assert site.journeys.clicks == [("mark1", "google")]


@pytest.mark.parametrize(
    "asked",
    [
        {"method": "HEAD"},
        {"headers": {"User-Agent": "WhatsApp/2.24"}},
        {"headers": {"User-Agent": "facebookexternalhit/1.1"}},
        {"headers": {"User-Agent": "Mozilla/5.0 (compatible; SomeBot/1.0)"}},
    ],
)
async def test_a_preview_is_no_click(asked: dict[str, Any]) -> None:
    site = Site()
    answer = await site.follow("sol|mark1|google", **asked)
    assert (answer.status_code, site.journeys.clicks) == (303, [])


@pytest.mark.parametrize(
    "said",
    ["sol|mark1|facebook", "luna|mark1|google", "sol|mark1", "", "sol|mark1|google|x"],
)
async def test_a_link_that_we_did_not_make_leads_nowhere(said: str) -> None:
    site = Site()
    assert (await site.follow(said)).status_code == 404
    assert site.journeys.clicks == []


@pytest.mark.parametrize("token", ["x", "a.b", "..", "%00", "é", "x" * 5000])
async def test_a_token_that_was_made_up_leads_nowhere(token: str) -> None:
    assert (await Site().http.get(f"/r/{token}", headers=BROWSER)).status_code == 404


async def test_a_link_of_a_message_that_was_forgotten_still_leads_on() -> None:
    answer = await Site().follow("sol|gone|google")
    assert answer.headers["location"] == GOOGLE


async def test_a_guest_is_led_on_where_nobody_can_count() -> None:
    class Away:
        async def clicked(self, mark: str, link: str) -> bool:
            raise OperationalError("x", {}, Exception())

    answer = await Site(Away()).follow("sol|mark1|google")
    assert answer.headers["location"] == GOOGLE


async def test_a_page_that_was_taken_out_of_the_settings_is_gone() -> None:
    site = Site(links={"tripadvisor": TRIPADVISOR})
    assert (await site.follow("sol|mark1|google")).status_code == 404


def seals(*secrets: str, plugin: str = "review_requests") -> Seals:
    return PluginSeals(plugin=plugin, secrets=lambda: secrets)


def test_a_link_outlives_a_change_of_keys_as_long_as_the_one_before_is_kept() -> None:
    current = ["first"]
    ours = PluginSeals(plugin="review_requests", secrets=lambda: current)
    old = ours.seal("sol|mark1|google")
    current[:] = ["second", "first"]
    assert ours.open(old) == "sol|mark1|google"
    new = ours.seal("sol|mark1|google")
    assert seals("second").open(new) == "sol|mark1|google"
    current[:] = ["second"]
    with pytest.raises(AuthFailed):
        ours.open(old)


def test_a_seal_of_another_plugin_opens_nothing() -> None:
    ours, theirs = (seals("secret", plugin=name) for name in ("review_requests", "other"))
    sealed = ours.seal("sol|mark1|google")
    assert ours.open(sealed) == "sol|mark1|google"
    with pytest.raises(AuthFailed):
        theirs.open(sealed)
    with pytest.raises(AuthFailed):
        seals("changed").open(sealed)
    body, _, mac = sealed.partition(".")
    for forged in (f"{body}x.{mac}", f"{body}.{mac[:-1]}A", body, f".{mac}", f"{body}.", "é.é"):
        with pytest.raises(AuthFailed):
            ours.open(forged)
