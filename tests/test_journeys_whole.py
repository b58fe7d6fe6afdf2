"""Unasked messages through a whole agent: the PMS, Meta's simulator, links, answers, staff."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
import pytest
from agente_hotelero._runtime import tokens, watch
from agente_hotelero.stays import Guest as Booker
from agente_hotelero_channel_whatsapp.testing import Guest, Template
from pydantic import SecretStr

from tests.support import stays
from tests.support.whatsapp import BUSINESSES, World, whatsapp_world

ZONE = ZoneInfo("America/Sao_Paulo")
GOOGLE = "https://search.google.com/local/writereview?placeid=ChIJ1"
LINKS = f'{{ google = "{GOOGLE}", tripadvisor = "https://www.tripadvisor.com/UserReviewEdit-g1" }}'
APPROVED = (
    '{ channel_whatsapp = { name = "stay_review", languages = ["pt_BR", "es"], '
    'values = { "1" = "{{ name }}", "2" = "{{ links[0].url }}", '
    '"3" = "{{ links[1].url }}" }, buttons = ["opt-out"], '
    'version = "3" } }'
)
ARRIVAL = (
    '{ pre_arrival = { trigger = "arrival", offset_hours = -48, template = "core/pre_arrival", '
    'asks = "arrival_time", channels = ["channel_whatsapp"] } }'
)
REVIEWS = "HOTELERO__TENANTS__SOL__PLUGINS__REVIEW_REQUESTS__"
SETTINGS = {
    "HOTELERO__PLUGINS__REVIEW_REQUESTS__ENABLED": "true",
    "HOTELERO__TENANTS__SOL__FLAGS__REVIEW_REQUESTS": "true",
    f"{REVIEWS}LINKS": LINKS,
    f"{REVIEWS}BASE_URL": "https://agent.example",
    f"{REVIEWS}APPROVED": APPROVED,
    "HOTELERO__TENANTS__SOL__JOURNEYS": ARRIVAL,
}
REVIEW = Template(
    name="stay_review",
    language="es",
    body="Hola {{1}}, ¿cómo fue tu estadía? {{2}} {{3}}",
    quick_replies=("No más mensajes",),
    business_id=BUSINESSES["sol"],
)
BROWSER = {"User-Agent": "Mozilla/5.0"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("journeys")
    with whatsapp_world(folder, [REVIEW], **SETTINGS) as made:
        yield made


def booker(guest: Guest, name: str = "Ana Paz") -> Booker:
    return Booker(name=name, phone=f"+{guest.phone}", language="es")


def at(world: World, local: str) -> None:
    world.clock.set(datetime.fromisoformat(local).replace(tzinfo=ZONE))


def stayed(world: World, guest: Guest, arrival: str) -> str:
    """A guest of two nights who wrote once and has left, a day and an hour later."""
    day = date.fromisoformat(arrival)
    at(world, f"{day}T12:00")
    world.asks(guest, "hola, ¿hay wifi?")
    agent = world.running.agent
    made = world.running.do(stays.book(agent, "sol", booker(guest), day))
    for status in ("in_house", "departed"):
        world.running.do(stays.set_status(agent, "sol", made.reference, status))
    at(world, f"{day + timedelta(days=3)}T12:00")
    agent.journeys["sol"].looked_at = None
    return made.reference


def call(world: World, path: str, body: Any = None, role: str = "owner") -> Any:
    token, _ = tokens.make(world.running.agent.settings, role=role, tenants=["sol"], hours=1)
    answer = httpx.request(
        "POST" if body is not None else "GET",
        f"{world.running.url}/admin/api/v1/tenants/sol/{path}",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )
    return answer.json() if answer.content else answer.status_code


def link_in(text: str) -> str:
    """The path of our page in a message."""
    return urlsplit(next(word for word in text.split() if "/r/" in word)).path


def test_a_stay_ends_and_the_guest_is_asked_clicks_and_answers(world: World) -> None:
    ana = world.guest()
    reference = stayed(world, ana, "2026-12-01")
    before = len(ana.replies())
    assert stays.tick(world.running) == 1
    (asked,) = ana.replies(before)
    assert asked.template == "stay_review"
    assert asked.text.startswith("Hola Ana, ¿cómo fue tu estadía? https://agent.example/r/")
    page = world.running.url + link_in(asked.text)
    for headers in ({"User-Agent": "WhatsApp/2.24"}, BROWSER, BROWSER):
        answer = httpx.get(page, headers=headers, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, GOOGLE)
    assert world.asks(ana, "Todo excelente") == ["¡Gracias por contarnos!"]
    assert stays.tick(world.running) == 0
    world.clock.advance(days=4)
    assert stays.tick(world.running) == 0
    (row,) = [one for one in call(world, "journeys/messages") if one["reference"] == reference]
    assert (row["journey"], row["state"], row["outbox_state"]) == (
        "review_requests.review",
        "sent",
        "accepted",
    )
    assert row["basis"].startswith("wrote to us, last on 2026-12-01")
    assert (row["template"], row["version"], row["language"]) == ("stay_review", "3", "es")
    assert row["clicked_at"]
    assert row["answered_at"]


def test_who_is_not_content_hears_a_sorry_and_staff_are_called(world: World) -> None:
    ben = world.guest()
    stayed(world, ben, "2026-12-10")
    assert stays.tick(world.running) == 1
    (sorry,) = world.asks(ben, "La habitación estaba sucia y hubo mucho ruido")
    assert sorry.startswith("Lo siento mucho.")
    talk = world.conversation(ben)
    assert (talk.mode, talk.mode_reason) == ("human", "a guest is not content")
    tasks = [one["kind"] for one in call(world, "tasks") if one["conversation_id"] == talk.id]
    assert tasks == ["guest_complaint"]


def test_a_question_after_the_stay_is_answered_like_any_other(world: World) -> None:
    eva = world.guest()
    stayed(world, eva, "2026-12-14")
    assert stays.tick(world.running) == 1
    (answer,) = world.asks(eva, "¿a qué hora es el desayuno?")
    assert "Desayuno de 7 a 10" in answer
    assert world.asks(eva, "muy lindo todo") == ["¡Gracias por contarnos!"]


def test_the_templates_button_stops_it_all(world: World) -> None:
    ida = world.guest()
    stayed(world, ida, "2026-12-20")
    assert stays.tick(world.running) == 1
    ida.tap(1)
    world.settle()
    assert "no te enviará más mensajes" in ida.replies()[-1].text
    said = call(world, "guests/consent/history", {"addresses": [ida.phone]}, role="staff")
    assert {(one["purpose"], one["granted"], one["source"]) for one in said} == {
        ("proactive", False, "guest's word")
    }


def test_the_hour_of_arrival_is_asked_and_noted(world: World) -> None:
    leo = world.guest()
    at(world, "2027-01-08T14:00")
    world.asks(leo, "hola")
    agent = world.running.agent
    world.running.do(stays.book(agent, "sol", booker(leo, "Leo Ruiz"), date(2027, 1, 10)))
    agent.journeys["sol"].looked_at = None
    at(world, "2027-01-08T16:00")
    assert stays.tick(world.running) == 1
    asked = leo.replies()[-1].text
    assert "¿A qué hora piensas llegar?" in asked
    assert asked.endswith("Para no recibir más mensajes como este, responde BAJA.")
    assert world.asks(leo, "a las 18:30") == ["Anotado: llegas a las 18:30. ¡Te esperamos!"]
    talk = world.conversation(leo)
    tasks = [one["kind"] for one in call(world, "tasks") if one["conversation_id"] == talk.id]
    assert tasks == ["arrival_time"]


def test_what_staff_note_of_a_guests_wish_counts(world: World) -> None:
    mia = world.guest()
    stayed(world, mia, "2027-02-01")
    word = {
        "addresses": [f"+{mia.phone}"],
        "purpose": "review",
        "granted": False,
        "how": "said at the desk",
    }
    assert call(world, "guests/consent", word, role="staff") == 204
    assert stays.tick(world.running) == 0
    (row,) = [one for one in call(world, "journeys/messages") if one["state"] == "dropped"]
    assert (row["reason"], row["outbox_id"]) == ("refused review", None)


def test_staff_note_for_which_channel_a_guest_said_yes(world: World) -> None:
    word = {"addresses": ["zoe@example.com"], "purpose": "review", "granted": True, "how": "a form"}
    nowhere = call(world, "guests/consent", {**word, "channel": "pigeon"}, role="staff")
    assert nowhere["detail"] == "the hotel has no such channel"
    for channel in ({"channel": "channel_whatsapp"}, {}):
        assert call(world, "guests/consent", {**word, **channel}, role="staff") == 204
    said = call(world, "guests/consent/history", {"addresses": ["zoe@example.com"]}, role="staff")
    assert [one["channel"] for one in said] == ["staff", "channel_whatsapp"]


def test_the_report_says_what_came_of_it(world: World) -> None:
    rows = call(world, "journeys/report?first=2026-12-01&last=2026-12-31", role="read-only")
    (row,) = [one for one in rows if one["template"] == "stay_review"]
    figures = ("sent", "delivered", "clicked", "answered", "opted_out", "failed")
    assert {name: row[name] for name in figures} == {
        "sent": 4,
        "delivered": 0,
        "clicked": 1,
        "answered": 3,
        "opted_out": 1,
        "failed": 0,
    }
    listed = {one["name"]: one["on"] for one in call(world, "journeys", role="read-only")}
    assert listed == {"review_requests.review": True, "pre_arrival": True}


def test_every_message_has_its_row_in_the_audit_log(world: World) -> None:
    log = [one for one in call(world, "audit") if one["action"] == "unasked"]
    assert len(log) >= 5
    for entry in log:
        told = entry["after"]
        assert told["consent"]
        assert told["template"]
        assert told["version"]
        assert told["provider_id"].startswith("wamid.")


def test_the_metrics_count_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    said = httpx.get(f"{world.running.url}/metrics").text
    line = 'journey_messages_total{channel="channel_whatsapp",journey="review_requests.review"'
    assert line in said
    # Counted by the hotel's clock, once a minute: of the last thirty days.
    world.clock.set(datetime(2026, 12, 20, tzinfo=ZONE))
    line = 'journey_messages_month{channel="channel_whatsapp",journey="review_requests.review",'
    wanted = line + 'outcome="answered",template="stay_review",tenant="sol"} 3.0'
    monkeypatch.setattr(watch, "LOOKS_A_MINUTE", 1)
    world.until(lambda: wanted in httpx.get(f"{world.running.url}/metrics").text)


def test_links_outlive_a_change_of_keys_and_follow_it_at_once(world: World) -> None:
    agent = world.running.agent
    seals = agent.tenants["sol"].sections["review_requests"][1].seals
    before, old = agent.door.settings, seals.seal("sol|mark|google")
    changed = {"secret_key": SecretStr("another" * 6), "secret_key_previous": before.secret_key}

    def followed(sealed: str) -> int:
        page = f"{world.running.url}/r/{sealed}"
        return httpx.get(page, headers=BROWSER, follow_redirects=False).status_code

    agent.door.settings = before.model_copy(update=changed)
    new = seals.seal("sol|mark|google")
    assert (followed(old), followed(new), old == new) == (303, 303, False)
    agent.door.settings = before.model_copy(update={"secret_key": changed["secret_key"]})
    assert (followed(old), followed(new)) == (404, 303)
    agent.door.settings = before


def test_a_journey_has_its_switch(world: World) -> None:
    token, _ = tokens.make(world.running.agent.settings, role="owner", tenants=["sol"], hours=1)
    path = f"{world.running.url}/admin/api/v1/tenants/sol/flags/"
    headers = {"Authorization": f"Bearer {token}"}
    for name, status in (("pre_arrival", 204), ("unknown_journey", 404)):
        answer = httpx.put(path + name, json={"on": False}, headers=headers)
        assert answer.status_code == status
    assert {one["name"]: one["on"] for one in call(world, "journeys")}["pre_arrival"] is False


@pytest.mark.parametrize(
    ("path", "body", "role"),
    [
        ("guests/export", {"addresses": ["x@y.z"]}, "staff"),
        ("guests/erase", {"addresses": ["x@y.z"]}, "staff"),
        ("guests/consent/history", {"addresses": ["x@y.z"]}, "read-only"),
        ("journeys/messages", None, "read-only"),
    ],
)
def test_each_call_needs_its_role(world: World, path: str, body: Any, role: str) -> None:
    assert "role" in str(call(world, path, body, role=role)["detail"])
