"""The staff desk over HTTP: who gets in, what is shown to whom, and forms that are really ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from agente_hotelero._db import desk as rows
from agente_hotelero._db.staff_models import StaffUser
from agente_hotelero._runtime import door
from agente_hotelero_channel_whatsapp.testing import Guest, Simulator

from tests.support.hotels import NUMBERS
from tests.support.running import RunningAgent

PASSWORD = "a long password"
# Logging in is limited, so each person does it once.
TOKENS_OF: dict[tuple[str, str], str] = {}
PEOPLE = {
    "marta": ("staff", ["sol"]),
    "lucia": ("staff", ["luna"]),
    "rita": ("read-only", ["sol"]),
    "pablo": ("staff", ["sol"]),
}


async def add_people(running: RunningAgent) -> None:
    agent = running.agent
    async with agent.database.sessions() as session, session.begin():
        for name, (role, tenants) in PEOPLE.items():
            made = StaffUser(
                name=name,
                role=role,
                tenants=tenants,
                password_hash=door.hashed(PASSWORD),
                created_at=agent.clock.now(),
                tokens_after=agent.clock.now(),
            )
            await rows.add_user(session, made)


@pytest.fixture(scope="module", autouse=True)
def people(running: RunningAgent) -> None:
    running.do(add_people(running))


@pytest.fixture(scope="module")
def chat(running: RunningAgent, simulator: Simulator) -> str:
    """The page of a conversation that waits for a person at Hotel Sol."""
    who = Guest(simulator, simulator.account(NUMBERS["sol"]), "5491155552001")
    who.say("busco una doble del 10/12 al 12/12 para dos")
    running.settle()
    who.say("<b>quiero</b> hablar con una persona")
    running.settle()
    with at_desk(running, "marta") as browser:
        found = re.search(r'href="(/desk/sol/chats/\d+)"', browser.get("/desk/sol").text)
    assert found is not None
    return found[1]


@contextmanager
def at_desk(running: RunningAgent, name: str = "") -> Iterator[httpx.Client]:
    """A browser, of somebody who has logged in."""
    with httpx.Client(
        base_url=running.url,
        timeout=20,
        follow_redirects=True,
        headers={"Accept-Language": "es-AR,es;q=0.9"},
    ) as browser:
        if name and (running.url, name) not in TOKENS_OF:
            answer = browser.post("/desk/login", data={"name": name, "password": PASSWORD})
            assert answer.status_code == 200
            TOKENS_OF[running.url, name] = browser.cookies["hotelero_desk"]
        elif name:
            browser.cookies.set("hotelero_desk", TOKENS_OF[running.url, name], path="/desk")
        yield browser


def csrf(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', page.text)
    assert found is not None
    return found[1]


def test_nobody_gets_in_without_logging_in(running: RunningAgent, chat: str) -> None:
    with at_desk(running) as browser:
        for path in ("/desk", "/desk/sol", chat, "/desk/sol/work", "/desk/sol/events"):
            assert browser.get(path).url.path == "/desk/login"
        wrong = browser.post("/desk/login", data={"name": "marta", "password": "nonsense"})
        assert wrong.status_code == 401
        assert "Nombre o contraseña incorrectos" in wrong.text


def test_no_other_site_logs_anybody_in(running: RunningAgent) -> None:
    given = {"name": "marta", "password": PASSWORD}
    with at_desk(running) as browser:
        for headers in (
            {"Origin": "https://evil.example"},
            {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            answer = browser.post("/desk/login", data=given, headers=headers)
            assert answer.status_code == 403


def test_the_cookie_is_for_this_page_alone(running: RunningAgent) -> None:
    with at_desk(running) as browser:
        browser.follow_redirects = False
        answer = browser.post("/desk/login", data={"name": "marta", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "path=/desk"} <= set(cookie.split("; "))


def test_staff_see_who_waits_with_stay_and_offers(running: RunningAgent, chat: str) -> None:
    with at_desk(running, "marta") as browser:
        listed = browser.get("/desk/sol", params={"waiting": "true"}).text
        page = browser.get(chat).text
    assert "Espera" in listed
    assert "10/12/2026" in page
    assert "BRL " in page
    assert "&lt;b&gt;quiero&lt;/b&gt;" in page
    assert "<b>quiero" not in page


def test_staff_answer_and_the_guest_hears_it(
    running: RunningAgent, simulator: Simulator, chat: str
) -> None:
    with at_desk(running, "marta") as browser:
        token = csrf(browser.get(chat))
        said = {"csrf": token, "text": "Soy Marta, ¿qué necesita?"}
        page = browser.post(f"{chat}/reply", data=said).text
        running.settle()
        browser.post(f"{chat}/note", data={"csrf": token, "text": "Pidió una cuna."})
        after = browser.get(chat).text
    assert "Soy Marta" in page
    assert simulator.sent[-1].text == "Soy Marta, ¿qué necesita?"
    assert "Pidió una cuna." in after


def test_a_form_of_another_site_is_refused(
    running: RunningAgent, simulator: Simulator, chat: str
) -> None:
    before = len(simulator.sent)
    with at_desk(running, "marta") as browser:
        for given in ("", "0" * 64, "ñ"):
            answer = browser.post(f"{chat}/reply", data={"csrf": given, "text": "hola"})
            assert answer.status_code in (403, 422)
        assert browser.post(f"{chat}/release", data={"csrf": ""}).status_code in (403, 422)
    running.settle()
    assert len(simulator.sent) == before


def test_staff_of_one_hotel_see_nothing_of_another(running: RunningAgent, chat: str) -> None:
    with at_desk(running, "lucia") as browser:
        token = csrf(browser.get("/desk/luna"))
        for path in ("/desk/sol", chat, "/desk/sol/work", "/desk/sol/events"):
            assert browser.get(path).status_code == 404
        foreign = chat.replace("/sol/", "/luna/")
        assert browser.get(foreign).status_code == 404
        for path in (chat, foreign):
            said = {"csrf": token, "text": "hola"}
            assert browser.post(f"{path}/reply", data=said).status_code == 404


def test_who_may_only_read_gets_no_forms_and_no_way_round(running: RunningAgent, chat: str) -> None:
    with at_desk(running, "rita") as browser:
        page = browser.get(chat)
        assert f'action="{chat}/reply"' not in page.text
        said = {"csrf": csrf(page), "text": "hola"}
        assert browser.post(f"{chat}/reply", data=said).status_code == 403


def test_bad_input_is_told_and_changes_nothing(
    running: RunningAgent, simulator: Simulator, chat: str
) -> None:
    before = len(simulator.sent)
    with at_desk(running, "marta") as browser:
        token = csrf(browser.get(chat))
        for data in (
            {"text": ""},
            {"text": "x" * 5000},
            {"text": "mire", "image": "http://insecure.example/a.jpg"},
        ):
            answer = browser.post(f"{chat}/reply", data={"csrf": token, **data})
            assert answer.status_code == 422
        assert browser.get("/desk/sol/chats/999999999999999999").status_code == 404
        assert browser.get("/desk/sol", params={"before": "-1"}).status_code == 422
    assert len(simulator.sent) == before


def test_whoever_logs_out_is_out(running: RunningAgent) -> None:
    with at_desk(running, "pablo") as browser:
        kept = browser.cookies["hotelero_desk"]
        browser.post("/desk/logout", data={"csrf": csrf(browser.get("/desk/sol"))})
        assert browser.get("/desk/sol").url.path == "/desk/login"
        browser.cookies.set("hotelero_desk", kept, path="/desk")
        assert browser.get("/desk/sol").url.path == "/desk/login"


def test_pages_are_told_when_something_changes(running: RunningAgent, chat: str) -> None:
    with (
        at_desk(running, "marta") as browser,
        browser.stream("GET", "/desk/sol/events") as stream,
    ):
        told = next(line for line in stream.iter_lines() if line.startswith("data:"))
    assert '"waiting": 1' in told
