"""Staff at work through the admin API: take over, answer, hand back; switches, words, people."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from agente_hotelero._runtime import tokens
from agente_hotelero_channel_whatsapp.testing import Guest, Simulator

from tests.support.hotels import NUMBERS
from tests.support.running import RunningAgent

API = "/admin/api/v1"
PASSWORD = "a long password"


class Person:
    """Somebody with a token."""

    def __init__(self, running: RunningAgent, token: str) -> None:
        self.token = token
        self._base = f"{running.url}{API}"
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: Any) -> Any:
        answer = self.answer("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def do(self, method: str, path: str, json: Any = None) -> int:
        return self.answer(method, path, json).status_code

    def answer(self, method: str, path: str, json: Any = None, **more: Any) -> httpx.Response:
        url = f"{self._base}{path}"
        return httpx.request(method, url, json=json, headers=self._headers, timeout=20, **more)


def person(running: RunningAgent, role: str = "owner", tenant: str = "sol") -> Person:
    settings = running.agent.settings
    name = f"{role} of {tenant}"
    made, _ = tokens.make(settings, role=role, tenants=[tenant], hours=1, name=name)
    return Person(running, made)


def guest(simulator: Simulator, number: int, hotel: str = "sol") -> Guest:
    return Guest(simulator, simulator.account(NUMBERS[hotel]), f"5491155551{number:03}")


def heard(simulator: Simulator, who: Guest) -> list[str]:
    return [one.text for one in simulator.sent if one.to == who.phone]


def chat_of(staff: Person, who: Guest, tenant: str = "sol") -> int:
    (found,) = staff.get(f"/tenants/{tenant}/conversations", search=who.phone)
    return int(found["id"])


def test_staff_take_over_answer_and_hand_back(running: RunningAgent, simulator: Simulator) -> None:
    staff, who = person(running, "staff"), guest(simulator, 1)
    who.say("quiero hablar con una persona")
    running.settle()
    chat = chat_of(staff, who)
    path = f"/tenants/sol/conversations/{chat}"
    assert staff.get("/tenants/sol/conversations", waiting=True)[0]["id"] == chat
    assert staff.do("POST", f"{path}/replies", {"text": "Hola, soy Marta."}) == 202
    running.settle()
    assert heard(simulator, who)[-1] == "Hola, soy Marta."
    who.say("¿hay wifi?")
    running.settle()
    assert heard(simulator, who)[-1] == "Hola, soy Marta."
    assert staff.do("POST", f"{path}/release") == 204
    who.say("¿hay wifi?")
    running.settle()
    assert "SolGuest" in heard(simulator, who)[-1]
    said = [(line["by"], line["text"]) for line in staff.get(f"{path}/lines")]
    assert ("staff of sol", "Hola, soy Marta.") in said
    assert [by for by, _ in said].count("guest") == 3


def test_what_staff_see_of_a_stay_is_what_was_said(
    running: RunningAgent, simulator: Simulator
) -> None:
    staff, who = person(running, "read-only"), guest(simulator, 2)
    who.say("busco una doble del 10/12 al 12/12 para dos")
    running.settle()
    found = staff.get(f"/tenants/sol/conversations/{chat_of(staff, who)}")
    stay = (found["arrival"], found["departure"], found["adults"])
    assert stay == ("2026-12-10", "2026-12-12", 2)
    assert found["offers"]
    assert all(offer["total"].startswith("BRL ") for offer in found["offers"])


def test_notes_assignments_and_who_did_what_are_kept(
    running: RunningAgent, simulator: Simulator
) -> None:
    staff, owner, who = person(running, "staff"), person(running), guest(simulator, 3)
    who.say("hola")
    running.settle()
    path = f"/tenants/sol/conversations/{chat_of(staff, who)}"
    assert staff.do("POST", f"{path}/notes", {"text": "Cliente de siempre."}) == 204
    assert staff.do("POST", f"{path}/assign", {"to": "Marta"}) == 204
    found = staff.get(path)
    assert found["chat"]["assigned_to"] == "Marta"
    assert [note["text"] for note in found["notes"]] == ["Cliente de siempre."]
    last = owner.get("/tenants/sol/audit")[0]
    assert (last["who"], last["action"]) == ("staff of sol", "assign")
    assert (last["before"], last["after"]) == ({"assigned_to": ""}, {"assigned_to": "Marta"})
    assert "Cliente" not in str(owner.get("/tenants/sol/audit"))


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("GET", "", None),
        ("GET", "/lines", None),
        ("GET", "/quick-replies", None),
        ("POST", "/take-over", None),
        ("POST", "/release", None),
        ("POST", "/assign", {"to": "me"}),
        ("POST", "/replies", {"text": "hi"}),
        ("POST", "/notes", {"text": "hi"}),
    ],
)
def test_a_conversation_of_another_hotel_does_not_exist(
    running: RunningAgent, simulator: Simulator, method: str, rest: str, body: Any
) -> None:
    who = guest(simulator, 4)
    who.say("hola")
    running.settle()
    chat = chat_of(person(running), who)
    stranger = person(running, tenant="luna")
    before = len(simulator.sent)
    path = f"/conversations/{chat}{rest}"
    assert stranger.do(method, f"/tenants/luna{path}", body) == 404
    assert stranger.do(method, f"/tenants/sol{path}", body) == 404
    assert len(simulator.sent) == before


def test_who_may_only_read_changes_nothing(running: RunningAgent, simulator: Simulator) -> None:
    reader, who = person(running, "read-only"), guest(simulator, 5)
    who.say("hola")
    running.settle()
    path = f"/tenants/sol/conversations/{chat_of(reader, who)}"
    for rest, body in (("/take-over", None), ("/replies", {"text": "hi"}), ("/release", None)):
        assert reader.do("POST", f"{path}{rest}", body) == 403
    for method, rest in (("GET", "/audit"), ("GET", "/people")):
        assert reader.do(method, f"/tenants/sol{rest}") == 403
    assert reader.do("PUT", "/tenants/sol/flags/nlp_local", {"on": False}) == 403
    assert person(running, "staff").do("GET", "/tenants/sol/people") == 403


def test_a_switch_works_for_its_hotel_alone_and_at_once(
    running: RunningAgent, simulator: Simulator
) -> None:
    owner, who = person(running), guest(simulator, 6)
    neighbour = guest(simulator, 6, "luna")
    path = "/tenants/sol/flags/channel_whatsapp"
    assert owner.do("PUT", path, {"on": False}) == 204
    who.say("¿hay wifi?")
    neighbour.say("¿hay wifi?")
    running.settle()
    assert [("LunaWifi" in text) for text in heard(simulator, who)] == [True]
    assert owner.do("DELETE", path) == 204
    who.say("¿hay wifi?")
    running.settle()
    assert "SolGuest" in heard(simulator, who)[-1]
    assert owner.do("PUT", "/tenants/sol/flags/no_such_plugin", {"on": True}) == 404


def test_without_a_pms_a_guest_hears_so(running: RunningAgent, simulator: Simulator) -> None:
    owner, who = person(running), guest(simulator, 7)
    assert owner.do("PUT", "/tenants/sol/flags/pms_mock", {"on": False}) == 204
    who.say("busco una doble del 10/12 al 12/12 para dos")
    running.settle()
    assert owner.do("DELETE", "/tenants/sol/flags/pms_mock") == 204
    assert "el sistema de reservas no responde" in heard(simulator, who)[-1]


def test_a_hotel_has_its_own_words(running: RunningAgent, simulator: Simulator) -> None:
    owner, who = person(running), guest(simulator, 8)
    path = "/tenants/sol/templates/front_desk/thanks/es"
    seen = owner.answer("POST", f"{path}/preview", {"text": "¡A mandar!"})
    assert seen.json() == {"text": "¡A mandar!"}
    assert owner.do("PUT", path, {"text": "¡A mandar, siempre!"}) == 204
    who.say("muchas gracias")
    running.settle()
    assert "¡A mandar, siempre!" in heard(simulator, who)[-1]
    (own,) = [one for one in owner.get("/tenants/sol/templates") if one["own"]]
    assert (own["template"], own["own"]) == ("front_desk/thanks", "¡A mandar, siempre!")
    assert not [
        one for one in person(running, tenant="luna").get("/tenants/luna/templates") if one["own"]
    ]
    assert owner.do("DELETE", path) == 204


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{{ ", id="no template"),
        pytest.param("{{ secret }}", id="a value that is not there"),
        pytest.param("{% for x in y %}", id="no end"),
        pytest.param("{{ ''.__class__.__mro__ }}", id="out of the sandbox"),
        pytest.param(
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            id="endless",
        ),
        pytest.param("{% if 9 ** (9 ** 7) > 1 %}x{% endif %}", id="a huge number"),
        pytest.param("{{ 'x' * 50000000 }}", id="a huge text"),
        pytest.param("{{ '{x}'.format() }}", id="a call"),
        pytest.param("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", id="a recursion"),
        pytest.param("(" * 1900 + "{{ " + "(" * 900 + "1" + ")" * 900 + " }}", id="too deep"),
        pytest.param("{% set language = 'xx' %}{{ language }}", id="a new language"),
    ],
)
def test_words_that_could_not_be_said_are_refused(running: RunningAgent, text: str) -> None:
    owner = person(running)
    path = "/tenants/sol/templates/front_desk/thanks/es"
    assert owner.do("PUT", path, {"text": text}) == 422
    assert owner.do("POST", f"{path}/preview", {"text": text}) == 422


def test_somebody_logs_in_works_and_leaves(running: RunningAgent) -> None:
    owner = person(running)
    new = {"name": "marta", "role": "staff", "password": PASSWORD}
    assert owner.do("POST", "/tenants/sol/people", new) == 201
    assert owner.do("POST", "/tenants/sol/people", new) == 409
    login = {"name": "marta", "password": PASSWORD}
    token = owner.answer("POST", "/login", login).json()["token"]
    marta = Person(running, token)
    assert marta.get("/me") == {"name": "marta", "role": "staff", "tenants": ["sol"]}
    assert owner.do("PATCH", "/tenants/sol/people/marta", {"role": "read-only"}) == 204
    assert marta.get("/me")["role"] == "read-only"
    assert marta.do("POST", "/logout") == 204
    assert marta.do("GET", "/me") == 401
    again = Person(running, owner.answer("POST", "/login", login).json()["token"])
    assert owner.do("PATCH", "/tenants/sol/people/marta", {"active": False}) == 204
    assert again.do("GET", "/me") == 401
    assert owner.do("POST", "/login", login) == 401
    people = owner.get("/tenants/sol/people")
    assert [(one["name"], one["active"]) for one in people] == [("marta", False)]


def test_guessing_a_password_has_an_end(running: RunningAgent) -> None:
    anybody = person(running)
    tries = [
        anybody.do("POST", "/login", {"name": "nobody", "password": "wrong"}) for _ in range(6)
    ]
    assert tries == [401] * 5 + [429]


def test_a_token_can_be_ended_before_its_time(running: RunningAgent) -> None:
    owner = person(running)
    new = {"role": "read-only", "hours": 24, "name": "a program"}
    made = owner.answer("POST", "/tenants/sol/tokens", new).json()
    program = Person(running, made["token"])
    assert program.get("/me")["name"] == "a program"
    known = [one["target"] for one in owner.get("/tenants/sol/audit") if one["action"] == "token"]
    assert f"token {made['id']}" in known
    stranger = person(running, tenant="luna")
    assert stranger.do("POST", "/tenants/luna/tokens/revoke", {"id": made["id"]}) == 404
    assert owner.do("POST", "/tenants/sol/tokens/revoke", {"id": made["id"]}) == 204
    assert program.do("GET", "/me") == 401


def logged_in(running: RunningAgent, name: str, role: str, tenant: str = "sol") -> Person:
    owner = person(running, tenant=tenant)
    new = {"name": name, "role": role, "password": PASSWORD}
    assert owner.do("POST", f"/tenants/{tenant}/people", new) == 201
    login = {"name": name, "password": PASSWORD}
    return Person(running, owner.answer("POST", "/login", login).json()["token"])


def test_a_token_named_like_somebody_is_not_somebody(running: RunningAgent) -> None:
    new = {"role": "read-only", "hours": 24, "name": "renata"}
    made = person(running).answer("POST", "/tenants/sol/tokens", new).json()
    logged_in(running, "renata", "owner", "luna")
    assert Person(running, made["token"]).get("/me") == {
        "name": "renata",
        "role": "read-only",
        "tenants": ["sol"],
    }


def test_what_somebody_made_ends_with_him(running: RunningAgent) -> None:
    eva = logged_in(running, "eva", "owner")
    new = {"role": "owner", "hours": 24, "name": "bot"}
    bot = Person(running, eva.answer("POST", "/tenants/sol/tokens", new).json()["token"])
    assert bot.do("GET", "/me") == 200
    assert person(running).do("PATCH", "/tenants/sol/people/eva", {"active": False}) == 204
    assert (eva.do("GET", "/me"), bot.do("GET", "/me")) == (401, 401)
    assert bot.do("PATCH", "/tenants/sol/people/eva", {"active": True}) == 401


def program(running: RunningAgent, maker: Person, hours: int = 24) -> tuple[Person, str]:
    """A token for a program, and its id."""
    new = {"role": "owner", "hours": hours, "name": "bot"}
    made = maker.answer("POST", "/tenants/sol/tokens", new).json()
    return Person(running, made["token"]), made["id"]


def test_what_his_programs_made_ends_with_him_too(running: RunningAgent) -> None:
    pia = logged_in(running, "pia", "owner")
    first, _ = program(running, pia)
    second, _ = program(running, first)
    assert second.do("GET", "/me") == 200
    assert person(running).do("PATCH", "/tenants/sol/people/pia", {"active": False}) == 204
    assert (first.do("GET", "/me"), second.do("GET", "/me")) == (401, 401)


def test_a_program_has_no_more_rights_than_whoever_made_it_has_now(running: RunningAgent) -> None:
    leo = logged_in(running, "leo", "owner")
    first, _ = program(running, leo)
    second, _ = program(running, first)
    assert person(running).do("PATCH", "/tenants/sol/people/leo", {"role": "read-only"}) == 204
    for one in (first, second):
        assert one.answer("GET", "/me").json()["role"] == "read-only"
        assert one.do("PATCH", "/tenants/sol/people/leo", {"role": "owner"}) == 403


def test_what_a_program_made_ends_when_its_own_token_does(running: RunningAgent) -> None:
    owner = person(running)
    first, token_id = program(running, owner, hours=1)
    second, _ = program(running, first, hours=2160)
    third, _ = program(running, second, hours=2160)
    ends = {
        tokens.read(running.agent.door.settings, one.token).ends_at
        for one in (first, second, third)
    }
    assert len(ends) == 1
    assert owner.do("POST", "/tenants/sol/tokens/revoke", {"id": token_id}) == 204
    assert [one.do("GET", "/me") for one in (first, second, third)] == [401, 401, 401]


def test_a_new_password_ends_old_log_ins(running: RunningAgent) -> None:
    rosa = logged_in(running, "rosa", "staff")
    change = {"password": "another long password"}
    assert person(running).do("PATCH", "/tenants/sol/people/rosa", change) == 204
    assert rosa.do("GET", "/me") == 401


@pytest.mark.parametrize("name", ["guest", "Agent", "token"])
def test_nobody_is_called_as_others_are_shown(running: RunningAgent, name: str) -> None:
    new = {"name": name, "role": "staff", "password": PASSWORD}
    assert person(running).do("POST", "/tenants/sol/people", new) == 422


@pytest.mark.parametrize("name", ["\ud800", "a\x00b"])
def test_what_is_no_text_is_refused_without_being_repeated(
    running: RunningAgent, name: str
) -> None:
    body = json.dumps({"name": name, "password": "my-password"})
    answer = httpx.post(
        f"{running.url}{API}/login", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert "my-password" not in answer.text


def test_who_may_only_read_previews_nothing(running: RunningAgent) -> None:
    path = "/tenants/sol/templates/front_desk/thanks/es/preview"
    assert person(running, "read-only").do("POST", path, {"text": "hola"}) == 403


def test_an_owner_changes_nobody_of_another_hotel(running: RunningAgent) -> None:
    owner = person(running, tenant="luna")
    new = {"name": "lucia", "role": "owner", "password": PASSWORD}
    assert owner.do("POST", "/tenants/luna/people", new) == 201
    stranger = person(running)
    assert stranger.do("PATCH", "/tenants/sol/people/lucia", {"active": False}) == 404
    assert "lucia" not in [one["name"] for one in stranger.get("/tenants/sol/people")]
