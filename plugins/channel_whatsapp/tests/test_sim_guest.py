"""What guests do, and what Meta tells by itself, in the shapes of Meta's webhook reference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from agente_hotelero_channel_whatsapp.testing import Guest, Simulator, Template, notices

from plugins.channel_whatsapp.tests.stand_ins import (
    ACCOUNT,
    NOON,
    PHONE,
    Caller,
    Listener,
    code_of,
    listening,
)

USER = "AR.13491208655302741918"


@pytest.fixture
def agent() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def meta(agent: Listener) -> Iterator[Simulator]:
    with Simulator([ACCOUNT], agent.url, now=lambda: NOON, statuses=False) as simulator:
        yield simulator


@pytest.fixture
def guest(meta: Simulator) -> Guest:
    return Guest(meta, ACCOUNT, PHONE, "Ana")


def last(agent: Listener) -> dict[str, Any]:
    change: dict[str, Any] = agent.changes()[-1]
    return change


def test_a_text_has_sender_stamp_and_contact(guest: Guest, agent: Listener) -> None:
    message_id = guest.say("hola", reply_to="wamid.q")
    value = last(agent)["value"]
    assert value["contacts"] == [{"profile": {"name": "Ana"}, "wa_id": PHONE}]
    assert value["messages"] == [
        {
            "context": {"from": "15550001", "id": "wamid.q"},
            "from": PHONE,
            "id": message_id,
            "timestamp": str(int(NOON.timestamp())),
            "type": "text",
            "text": {"body": "hola"},
        }
    ]


def test_a_guest_with_a_user_id_has_both(meta: Simulator, agent: Listener) -> None:
    Guest(meta, ACCOUNT, PHONE, "Ana", user_id=USER, username="ana").say("hola")
    value = last(agent)["value"]
    assert value["messages"][0]["from_user_id"] == USER
    assert value["contacts"][0]["profile"] == {"name": "Ana", "username": "ana"}
    assert value["contacts"][0]["user_id"] == USER


def test_a_guest_who_hides_his_number_has_only_a_user_id(meta: Simulator, agent: Listener) -> None:
    guest = Guest(meta, ACCOUNT, "", "Ana", user_id=USER, username="ana")
    guest.say("hola")
    value = last(agent)["value"]
    assert "from" not in value["messages"][0]
    assert "wa_id" not in value["contacts"][0]
    body = {"messaging_product": "whatsapp", "recipient": USER, "text": {"body": "hola"}}
    Caller(meta).call("POST", "10001/messages", json=body)
    assert [one.text for one in guest.replies()] == ["hola"]


def test_a_list_is_tapped_as_a_list_however_short(
    guest: Guest, meta: Simulator, agent: Listener
) -> None:
    rows = [{"id": "d", "title": "Doble"}]
    action = {"button": "Ver", "sections": [{"rows": rows}]}
    inner = {"type": "list", "body": {"text": "¿Cuál?"}, "action": action}
    Caller(meta).send(type="interactive", interactive=inner)
    guest.tap(1)
    reply = last(agent)["value"]["messages"][0]
    assert reply["interactive"] == {
        "type": "list_reply",
        "list_reply": {"id": "d", "title": "Doble"},
    }
    assert reply["context"]["id"] == meta.sent[0].id


def test_places_contacts_and_marks(guest: Guest, agent: Listener) -> None:
    guest.send_location(-38.0, -57.5, "Playa")
    guest.send_contact("Luis", "+54 9 11 5555-0102")
    guest.react("wamid.x", "❤️")
    guest.react("wamid.x", "")
    place, contact, mark, no_mark = (one for one in agent.messages())
    assert place["location"] == {"latitude": -38.0, "longitude": -57.5, "name": "Playa"}
    assert contact["contacts"][0]["phones"][0]["wa_id"] == "5491155550102"
    assert mark["reaction"] == {"message_id": "wamid.x", "emoji": "❤️"}
    assert no_mark["reaction"] == {"message_id": "wamid.x"}


def test_a_guest_shares_the_number_that_was_asked_for(meta: Simulator, agent: Listener) -> None:
    inner = {
        "type": "request_contact_info",
        "body": {"text": "¿Su teléfono?"},
        "action": {"name": "request_contact_info"},
    }
    body = {"messaging_product": "whatsapp", "recipient": USER, "type": "interactive"}
    Caller(meta).call("POST", "10001/messages", json={**body, "interactive": inner})
    Guest(meta, ACCOUNT, "", user_id=USER).share_number(PHONE)
    message = last(agent)["value"]["messages"][0]
    assert message["origin"] == "contact_request"
    assert message["contacts"] == [{"phones": [{"phone": f"+{PHONE}"}]}]


def test_edits_revocations_and_what_cannot_be_shown(guest: Guest, agent: Listener) -> None:
    first = guest.say("ola")
    guest.edit(first, "hola")
    guest.revoke(first)
    guest.send_unsupported()
    _, edit, revoke, poll = agent.messages()
    assert edit["edit"]["original_message_id"] == first
    assert edit["edit"]["message"] == {"type": "text", "text": {"body": "hola"}}
    assert revoke["revoke"] == {"original_message_id": first}
    assert (poll["type"], poll["errors"][0]["code"]) == ("unsupported", 131051)


def test_a_new_number_names_the_old_one(guest: Guest, agent: Listener) -> None:
    guest.change_number("5491155550199")
    message = last(agent)["value"]["messages"][0]
    assert (message["from"], message["system"]["wa_id"]) == (PHONE, "5491155550199")
    assert message["system"]["type"] == "user_changed_number"
    guest.say("soy yo")
    assert last(agent)["value"]["messages"][0]["from"] == "5491155550199"


def test_a_new_user_id_comes_without_any_number(meta: Simulator, agent: Listener) -> None:
    guest = Guest(meta, ACCOUNT, "", user_id=USER)
    guest.change_user_id("AR.2")
    message = last(agent)["value"]["messages"][0]
    assert "from" not in message
    assert message["system"]["user_id"] == "AR.2"
    assert message["system"]["previous_user_id"] == USER


def test_marketing_can_be_stopped_in_whatsapp(guest: Guest, agent: Listener) -> None:
    guest.prefers("stop")
    change = last(agent)
    assert change["field"] == "user_preferences"
    preference = change["value"]["user_preferences"][0]
    assert (preference["wa_id"], preference["value"]) == (PHONE, "stop")
    assert preference["category"] == "marketing_messages"


def test_staff_answer_from_the_phone(meta: Simulator, agent: Listener) -> None:
    message_id = notices.staff_wrote(meta, ACCOUNT, PHONE, "Ya le ayudo")
    change = last(agent)
    assert change["field"] == "smb_message_echoes"
    (echo,) = change["value"]["message_echoes"]
    assert (echo["id"], echo["to"], echo["text"]) == (message_id, PHONE, {"body": "Ya le ayudo"})


def test_templates_change_and_the_account_is_told(meta: Simulator, agent: Listener) -> None:
    template = Template(name="reopen", language="es", body="Hola")
    meta.templates.append(template)
    notices.template_is(meta, template, "PAUSED", "LOW_QUALITY")
    notices.template_quality(meta, template, "RED")
    notices.template_category(meta, template, "MARKETING")
    changes = agent.changes()
    assert [one["field"] for one in changes] == [
        "message_template_status_update",
        "message_template_quality_update",
        "template_category_update",
    ]
    assert {one["value"]["message_template_name"] for one in changes} == {"reopen"}
    assert changes[0]["value"]["event"] == "PAUSED"
    assert changes[1]["value"]["new_quality_score"] == "RED"
    assert changes[2]["value"]["new_category"] == "MARKETING"
    named = {"name": "reopen", "language": {"code": "es"}}
    assert code_of(Caller(meta).send(type="template", template=named)) == 132015


def test_a_banned_account_sends_nothing_until_it_is_back(meta: Simulator, agent: Listener) -> None:
    caller = Caller(meta)
    notices.account_disabled(meta, ACCOUNT)
    assert last(agent)["value"]["ban_info"]["waba_ban_state"] == "DISABLE"
    assert code_of(caller.say()) == 131031
    notices.account_reinstated(meta, ACCOUNT)
    assert last(agent)["field"] == "account_update"
    assert code_of(caller.say()) == 0


def test_numbers_have_quality_and_errors_of_their_own(meta: Simulator, agent: Listener) -> None:
    notices.number_quality(meta, ACCOUNT, "FLAGGED", "TIER_250")
    assert last(agent)["value"]["event"] == "FLAGGED"
    assert Caller(meta).call("GET", "10001").json()["quality_rating"] == "RED"
    notices.number_error(meta, ACCOUNT, {"code": 130429, "title": "Rate limit hit"})
    assert last(agent)["value"]["errors"][0]["code"] == 130429


def test_several_phones_write_to_one_number(meta: Simulator, agent: Listener) -> None:
    phones = [PHONE, "5491155550102"]
    guests = [Guest(meta, ACCOUNT, phone) for phone in phones]
    for one in guests:
        one.say("hola")
    Caller(meta).say(to=f"+{phones[1]}")
    assert [len(one.replies()) for one in guests] == [0, 1]
    assert [one["from"] for one in agent.messages()] == phones


def test_anything_else_can_be_sent_raw(guest: Guest, agent: Listener) -> None:
    guest.send_raw({"type": "order", "order": {"catalog_id": "1"}})
    assert agent.messages()[0]["order"] == {"catalog_id": "1"}
