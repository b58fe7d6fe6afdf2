"""What the simulator tells of numbers, business accounts and tokens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from agente_hotelero_channel_whatsapp.testing import Account, Guest, MetaError, Simulator, Template

from plugins.channel_whatsapp.tests.stand_ins import (
    ACCOUNT,
    CLIENT,
    PHONE,
    Caller,
    Listener,
    code_of,
    listening,
)

OTHER = Account(phone_number_id="10002", token="other", app_secret="s", business_id="99")
WABA = ACCOUNT.business_id


@pytest.fixture
def agent() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def meta(agent: Listener) -> Iterator[Simulator]:
    with Simulator([ACCOUNT, OTHER], agent.url) as simulator:
        yield simulator


@pytest.fixture
def caller(meta: Simulator) -> Caller:
    return Caller(meta)


def test_a_number_tells_its_usual_fields(caller: Caller) -> None:
    told = caller.call("GET", "10001").json()
    assert told == {
        "verified_name": "Hotel",
        "display_phone_number": "15550001",
        "quality_rating": "GREEN",
        "id": "10001",
    }


def test_a_number_tells_the_fields_asked_for(caller: Caller, meta: Simulator) -> None:
    meta.quality["10001"] = "RED"
    fields = "quality_rating,throughput,name_status,health_status"
    told = caller.call("GET", "10001", params={"fields": fields}).json()
    assert (told["quality_rating"], told["throughput"]) == ("RED", {"level": "STANDARD"})
    assert told["health_status"]["can_send_message"] == "AVAILABLE"
    meta.troubles["10001"] = MetaError(code=131042)
    blocked = caller.call("GET", "10001", params={"fields": "health_status"}).json()
    assert blocked["health_status"]["can_send_message"] == "BLOCKED"


def test_an_unknown_field_is_an_error(caller: Caller) -> None:
    answer = caller.call("GET", "10001", params={"fields": "mood"})
    assert code_of(answer) == 100
    assert "nonexisting field (mood)" in answer.json()["error"]["error_data"]["details"]


@pytest.mark.parametrize("node", ["10002", "99", "123456"])
def test_what_is_not_the_tokens_does_not_exist(caller: Caller, node: str) -> None:
    answer = caller.call("GET", node)
    assert (answer.status_code, answer.json()["error"]["error_subcode"]) == (400, 33)


@pytest.mark.parametrize(
    "path", ["10001", WABA, f"{WABA}/message_templates", f"{WABA}/subscribed_apps", "debug_token"]
)
def test_everything_wants_a_token(caller: Caller, path: str) -> None:
    params = {"input_token": "x"} if path == "debug_token" else {}
    answer = caller.call("GET", path, token="wrong", params=params)
    assert (answer.status_code, code_of(answer)) == (401, 190)


def test_a_revoked_token_opens_nothing_and_says_so(caller: Caller, meta: Simulator) -> None:
    meta.revoked = {ACCOUNT.token}
    assert code_of(caller.call("GET", "10001")) == 190
    assert code_of(caller.say()) == 190
    query = {"input_token": ACCOUNT.token}
    told = caller.call("GET", "debug_token", token="other", params=query).json()["data"]
    assert (told["is_valid"], told["error"]["code"]) == (False, 190)


def test_a_good_token_tells_what_it_may(caller: Caller) -> None:
    query = {"input_token": ACCOUNT.token}
    told = caller.call("GET", "debug_token", params=query).json()["data"]
    assert told["is_valid"]
    assert "whatsapp_business_messaging" in told["scopes"]
    assert told["granular_scopes"][0]["target_ids"] == [WABA]


def test_a_business_account_has_numbers(caller: Caller) -> None:
    assert caller.call("GET", WABA).json()["id"] == WABA
    (number,) = caller.call("GET", f"{WABA}/phone_numbers").json()["data"]
    assert number["id"] == "10001"


def test_templates_come_in_pages(caller: Caller, meta: Simulator) -> None:
    meta.templates = [Template(name=f"t{number}", body="x") for number in range(60)]
    meta.templates.append(Template(name="foreign", body="x", business_id="99"))
    names: list[str] = []
    answer = caller.call("GET", f"{WABA}/message_templates", params={"limit": 25}).json()
    while True:
        names += [one["name"] for one in answer["data"]]
        if "next" not in answer["paging"]:
            break
        answer = caller.call("GET", answer["paging"]["next"]).json()
    assert names == [f"t{number}" for number in range(60)]


def test_a_cursor_can_be_handed_back_and_must_be_one(caller: Caller, meta: Simulator) -> None:
    meta.templates = [Template(name=f"t{number}", body="x") for number in range(3)]
    path = f"{WABA}/message_templates"
    first = caller.call("GET", path, params={"limit": 2}).json()
    after = first["paging"]["cursors"]["after"]
    second = caller.call("GET", path, params={"limit": 2, "after": after}).json()
    assert [one["name"] for one in second["data"]] == ["t2"]
    assert code_of(caller.call("GET", path, params={"after": "??"})) == 100


def test_templates_are_told_with_parts_state_and_category(caller: Caller, meta: Simulator) -> None:
    meta.templates = [
        Template(
            name="reopen",
            language="es",
            header="IMAGE",
            body="Hola {{name}}",
            footer="Hotel",
            quick_replies=["Leer"],
            status="PAUSED",
            category="MARKETING",
        ),
        Template(name="other", body="x"),
    ]
    query = {"name": "reopen", "status": "PAUSED", "fields": "name,status,category,components"}
    (told,) = caller.call("GET", f"{WABA}/message_templates", params=query).json()["data"]
    assert (told["status"], told["category"]) == ("PAUSED", "MARKETING")
    kinds = [(part["type"], part.get("format", "")) for part in told["components"]]
    assert kinds == [("HEADER", "IMAGE"), ("BODY", ""), ("FOOTER", ""), ("BUTTONS", "")]


def test_who_is_not_subscribed_hears_nothing(
    caller: Caller, meta: Simulator, agent: Listener
) -> None:
    path = f"{WABA}/subscribed_apps"
    assert caller.call("GET", path).json()["data"][0]["whatsapp_business_api_data"]["id"]
    caller.call("DELETE", path)
    assert caller.call("GET", path).json() == {"data": []}
    guest = Guest(meta, ACCOUNT, PHONE)
    guest.say("nobody hears")
    assert caller.call("POST", path).json() == {"success": True}
    guest.say("hola")
    assert [one["text"]["body"] for one in agent.messages()] == ["hola"]


def test_another_callback_must_prove_itself(caller: Caller, meta: Simulator) -> None:
    body = {"override_callback_uri": "http://127.0.0.1:9/hook", "verify_token": "v"}
    answer = caller.call("POST", f"{WABA}/subscribed_apps", json=body)
    assert code_of(answer) == 2200
    assert meta.overrides == {}


def test_a_date_is_in_every_answer(caller: Caller, meta: Simulator) -> None:
    assert len(caller.call("GET", "10001").headers.get_list("date")) == 1
    assert CLIENT.get(f"{meta.url}/nothing/of/the/kind").headers["date"]
