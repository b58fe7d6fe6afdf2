"""What the simulator does with good bodies: window, limits, templates, errors, statuses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from agente_hotelero_channel_whatsapp.testing import (
    Account,
    ErrorBy,
    Fault,
    Guest,
    MetaError,
    Simulator,
    Template,
)
from agente_hotelero_channel_whatsapp.testing.refusals import KNOWN

from plugins.channel_whatsapp.tests.stand_ins import (
    ACCOUNT,
    CLIENT,
    NOON,
    PHONE,
    Caller,
    Listener,
    code_of,
    listening,
)

USER = "AR.13491208655302741918"
HELLO = Template(
    name="reopen",
    language="es",
    body="Hola {{name}}, {{hotel}} tiene un mensaje.",
    quick_replies=("Leer", "Baja"),
    links=(("Mapa", "https://hotel.example/{{1}}"),),
)
FILLED = [
    {
        "type": "body",
        "parameters": [
            {"type": "text", "parameter_name": "name", "text": "Ana"},
            {"type": "text", "parameter_name": "hotel", "text": "Sol"},
        ],
    },
    {
        "type": "button",
        "sub_type": "quick_reply",
        "index": "0",
        "parameters": [{"type": "payload", "payload": "read-it"}],
    },
    {
        "type": "button",
        "sub_type": "url",
        "index": "2",
        "parameters": [{"type": "text", "text": "map"}],
    },
]


@pytest.fixture
def agent() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def meta(agent: Listener) -> Iterator[Simulator]:
    templates = [HELLO, Template(name="offer", language="es", body="2x1", category="MARKETING")]
    with Simulator([ACCOUNT], agent.url, now=lambda: NOON, templates=templates) as simulator:
        yield simulator


@pytest.fixture
def caller(meta: Simulator) -> Caller:
    return Caller(meta)


@pytest.fixture
def guest(meta: Simulator) -> Guest:
    return Guest(meta, ACCOUNT, PHONE, "Ana")


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_has_input_wa_id_and_message_id(caller: Caller, meta: Simulator) -> None:
    answer = caller.say().json()
    assert answer["contacts"] == [{"input": f"+{PHONE}", "wa_id": PHONE}]
    assert answer["messages"] == [{"id": meta.sent[0].id}]


def test_a_guest_is_reached_by_user_id_and_answered_with_it(
    caller: Caller, meta: Simulator
) -> None:
    body = {"messaging_product": "whatsapp", "recipient": USER, "text": {"body": "hola"}}
    answer = caller.call("POST", "10001/messages", json=body).json()
    assert answer["contacts"] == [{"input": USER, "user_id": USER}]
    assert meta.sent[0].to == USER


def test_of_number_and_user_id_the_number_counts(caller: Caller, meta: Simulator) -> None:
    caller.say(recipient=USER)
    assert meta.sent[0].to == PHONE


def test_whatsapp_may_know_a_number_by_other_digits(caller: Caller, meta: Simulator) -> None:
    meta.known_as["541155550101"] = PHONE
    answer = caller.say(to="+541155550101").json()
    assert answer["contacts"] == [{"input": "+541155550101", "wa_id": PHONE}]


def test_a_message_may_quote_another(caller: Caller, meta: Simulator) -> None:
    caller.say(context={"message_id": "wamid.q"})
    assert meta.sent[0].reply_to == "wamid.q"


def test_a_read_receipt_may_come_with_typing(caller: Caller, meta: Simulator) -> None:
    receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x"}
    assert caller.call("POST", "10001/messages", json=receipt).json() == {"success": True}
    typing = {**receipt, "typing_indicator": {"type": "text"}}
    caller.call("POST", "10001/messages", json=typing)
    assert (meta.read, meta.typing) == (["wamid.x", "wamid.x"], ["wamid.x"])


def test_every_answer_has_the_date_of_the_simulators_clock(caller: Caller) -> None:
    assert caller.say().headers["Date"] == "Mon, 23 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize("token", ["wrong", "bad token", "sí"])
def test_an_unknown_token_opens_nothing(caller: Caller, token: str) -> None:
    header = {"Authorization": f"Bearer {token}".encode()}
    answer = CLIENT.post(f"{caller.meta.url}/v26.0/10001/messages", headers=header, json={})
    assert (answer.status_code, code_of(answer)) == (401, 190)


def test_a_token_opens_only_its_own_numbers(agent: Listener) -> None:
    other = Account(phone_number_id="10002", token="other", app_secret="s")
    with Simulator([ACCOUNT, other], agent.url) as meta:
        answer = Caller(meta, other).call("POST", "10001/messages", json={})
    assert (answer.status_code, code_of(answer)) == (400, 100)
    assert answer.json()["error"]["error_subcode"] == 33


def test_a_body_that_is_no_json_is_refused(caller: Caller) -> None:
    assert code_of(caller.call("POST", "10001/messages", content=b"{")) == 100


# ── the window ───────────────────────────────────────────────────────────────────────────────────


def windowed(agent: Listener, told: ErrorBy) -> Simulator:
    return Simulator([ACCOUNT], agent.url, now=lambda: NOON, window=told, templates=[HELLO])


def test_the_window_is_open_for_a_day_from_the_guests_last_message(agent: Listener) -> None:
    with windowed(agent, ErrorBy.ANSWER) as meta:
        caller = Caller(meta)
        assert code_of(caller.say()) == 131047
        Guest(meta, ACCOUNT, PHONE).say("hola")
        meta.advance(timedelta(hours=23, minutes=59))
        assert code_of(caller.say()) == 0
        meta.advance(timedelta(minutes=1))
        answer = caller.say()
    assert (answer.status_code, code_of(answer)) == (400, 131047)
    assert "24 hours" in answer.json()["error"]["error_data"]["details"]


def test_a_closed_window_may_be_told_only_by_a_status(agent: Listener) -> None:
    with windowed(agent, ErrorBy.STATUS) as meta:
        assert code_of(Caller(meta).say(biz_opaque_callback_data="7")) == 0
        meta.settle()
    (status,) = agent.statuses()
    assert (status["status"], status["biz_opaque_callback_data"]) == ("failed", "7")
    assert status["errors"][0]["code"] == 131047
    assert "contacts" not in agent.changes()[0]["value"]


def test_a_template_needs_no_window(agent: Listener) -> None:
    with windowed(agent, ErrorBy.ANSWER) as meta:
        named = {"name": "reopen", "language": {"code": "es"}, "components": FILLED}
        assert code_of(Caller(meta).send(type="template", template=named)) == 0


def test_windows_are_of_one_number_and_one_guest(agent: Listener) -> None:
    other = Account(phone_number_id="10002", token="other", app_secret="s")
    accounts = [ACCOUNT, other]
    with Simulator(accounts, agent.url, now=lambda: NOON, window=ErrorBy.ANSWER) as meta:
        Guest(meta, ACCOUNT, PHONE).say("hola")
        assert code_of(Caller(meta).say()) == 0
        assert code_of(Caller(meta).say(to="+5491155550102")) == 131047
        assert code_of(Caller(meta, other).say()) == 131047


def test_a_reaction_or_an_edit_opens_no_window(agent: Listener) -> None:
    with windowed(agent, ErrorBy.ANSWER) as meta:
        guest = Guest(meta, ACCOUNT, PHONE)
        guest.react("wamid.x")
        guest.edit("wamid.x", "hola")
        assert code_of(Caller(meta).say()) == 131047


def test_a_user_id_has_the_window_of_its_number(agent: Listener) -> None:
    with windowed(agent, ErrorBy.ANSWER) as meta:
        Guest(meta, ACCOUNT, PHONE, user_id=USER).say("hola")
        body = {"messaging_product": "whatsapp", "recipient": USER, "text": {"body": "hola"}}
        assert code_of(Caller(meta).call("POST", "10001/messages", json=body)) == 0


# ── limits ───────────────────────────────────────────────────────────────────────────────────────


def test_a_pair_may_borrow_45_messages_and_then_one_every_six_seconds(agent: Listener) -> None:
    with Simulator([ACCOUNT], agent.url, now=lambda: NOON, pair_limit=True) as meta:
        caller = Caller(meta)
        assert [code_of(caller.say()) for _ in range(46)] == [0] * 45 + [131056]
        assert code_of(caller.say(to="+5491155550102")) == 0
        meta.advance(timedelta(seconds=6))
        assert [code_of(caller.say()) for _ in range(2)] == [0, 131056]


def test_a_number_has_its_throughput_in_and_out(agent: Listener) -> None:
    with Simulator([ACCOUNT], agent.url, now=lambda: NOON, per_second=3) as meta:
        caller = Caller(meta)
        Guest(meta, ACCOUNT, PHONE).say("hola")
        assert [code_of(caller.say()) for _ in range(3)] == [0, 0, 130429]
        meta.advance(timedelta(seconds=1))
        assert code_of(caller.say()) == 0


def test_old_tests_have_no_limits(caller: Caller) -> None:
    assert {code_of(caller.say()) for _ in range(60)} == {0}


# ── templates ────────────────────────────────────────────────────────────────────────────────────


def filled(**more: object) -> dict[str, object]:
    return {"name": "reopen", "language": {"code": "es"}, "components": FILLED, **more}


def test_a_template_shows_its_text_and_its_buttons_can_be_tapped(
    caller: Caller, meta: Simulator, guest: Guest, agent: Listener
) -> None:
    answer = caller.send(type="template", template=filled())
    assert answer.json()["messages"][0]["message_status"] == "accepted"
    (sent,) = guest.replies()
    assert (sent.template, sent.text) == ("reopen", "Hola Ana, Sol tiene un mensaje.")
    assert sent.options == (("read-it", "Leer"), ("Baja", "Baja"))
    guest.tap(1)
    (message,) = agent.messages()
    assert message["button"] == {"payload": "read-it", "text": "Leer"}
    assert message["context"]["id"] == sent.id


@pytest.mark.parametrize(
    ("code", "sent"),
    [
        pytest.param(132001, filled(name="farewell"), id="unknown name"),
        pytest.param(132001, filled(language={"code": "pt_BR"}), id="unknown language"),
        pytest.param(132000, filled(components=FILLED[1:]), id="too few values"),
        pytest.param(131008, filled(components=FILLED[:2]), id="link without its value"),
        pytest.param(
            132012,
            filled(
                components=[
                    {"type": "body", "parameters": [{"type": "text", "text": "x"}] * 2},
                    *FILLED[1:],
                ]
            ),
            id="values without names",
        ),
        pytest.param(
            132018,
            filled(components=[*FILLED, {**FILLED[1], "index": "3"}]),
            id="no fourth button",
        ),
        pytest.param(
            132018,
            filled(components=[FILLED[0], {**FILLED[1], "index": "2"}]),
            id="wrong kind of button",
        ),
    ],
)
def test_a_template_must_be_filled_as_it_was_approved(
    caller: Caller, meta: Simulator, code: int, sent: dict[str, object]
) -> None:
    assert code_of(caller.send(type="template", template=sent)) == code
    assert meta.sent == []


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("PAUSED", 132015),
        ("DISABLED", 132016),
        ("REJECTED", 132001),
        ("PENDING", 132001),
        ("APPROVED", 0),
    ],
)
def test_only_an_approved_template_can_be_sent(
    caller: Caller, meta: Simulator, status: str, code: int
) -> None:
    meta.templates = [Template(name="reopen", language="es", body="Hola", status=status)]
    named = {"name": "reopen", "language": {"code": "es"}}
    assert code_of(caller.send(type="template", template=named)) == code


def test_a_template_with_a_photo_needs_a_photo(caller: Caller, meta: Simulator) -> None:
    meta.templates = [Template(name="photo", language="es", header="IMAGE", body="Hola {{1}}")]
    words = {"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}
    photo = {
        "type": "header",
        "parameters": [{"type": "image", "image": {"link": "https://hotel.example/a.jpg"}}],
    }
    sends = [
        {"name": "photo", "language": {"code": "es"}, "components": parts}
        for parts in ([words], [photo, words])
    ]
    assert [code_of(caller.send(type="template", template=one)) for one in sends] == [132012, 0]


def test_a_rendered_template_has_a_limit(caller: Caller, meta: Simulator) -> None:
    meta.templates = [Template(name="long", language="es", body="{{1}}!")]
    words = {"type": "body", "parameters": [{"type": "text", "text": "x" * 1024}]}
    sent = {"name": "long", "language": {"code": "es"}, "components": [words]}
    assert code_of(caller.send(type="template", template=sent)) == 132005


def test_a_one_time_password_is_not_sent_to_a_user_id(caller: Caller, meta: Simulator) -> None:
    meta.templates = [Template(name="otp", language="es", body="1", category="AUTHENTICATION")]
    named = {"name": "otp", "language": {"code": "es"}}
    body = {"messaging_product": "whatsapp", "recipient": USER, "type": "template"}
    answer = caller.call("POST", "10001/messages", json={**body, "template": named})
    assert code_of(answer) == 131062


def test_who_stopped_marketing_gets_none_and_the_status_says_so(
    caller: Caller, meta: Simulator, guest: Guest, agent: Listener
) -> None:
    offer = {"name": "offer", "language": {"code": "es"}}
    guest.prefers("stop")
    caller.send(type="template", template=offer)
    caller.send(type="template", template=filled())
    guest.prefers("resume")
    caller.send(type="template", template=offer)
    meta.settle()
    by_id = {one["id"]: one for one in agent.statuses() if one["status"] == "failed"}
    assert list(by_id) == [meta.sent[0].id]
    assert by_id[meta.sent[0].id]["errors"][0]["code"] == 131050


# ── errors on purpose ────────────────────────────────────────────────────────────────────────────


def test_any_error_of_metas_can_be_had_in_the_answer(caller: Caller, meta: Simulator) -> None:
    for code, (status, title, _) in KNOWN.items():
        meta.faults = [MetaError(code=code)]
        answer = caller.say()
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (status, code)
        assert error["message"] == f"(#{code}) {title}"
        assert set(error) == {"message", "type", "code", "error_data", "fbtrace_id"}
    assert meta.sent == []


def test_any_error_can_come_as_a_status_instead(
    caller: Caller, meta: Simulator, agent: Listener
) -> None:
    meta.faults = [MetaError(code=131026, by=ErrorBy.STATUS, details="No such user")]
    assert code_of(caller.say()) == 0
    meta.settle()
    (status,) = agent.statuses()
    assert status["errors"][0]["error_data"]["details"] == "No such user"


def test_a_trouble_lasts_until_it_is_taken_away(caller: Caller, meta: Simulator) -> None:
    meta.troubles = {"10001": MetaError(code=131042)}
    assert [code_of(caller.say()) for _ in range(2)] == [131042, 131042]
    meta.troubles = {PHONE: MetaError(code=131026)}
    assert code_of(caller.say()) == 131026
    assert code_of(caller.say(to="+5491155550102")) == 0


def test_in_development_only_listed_numbers_are_reached(caller: Caller, meta: Simulator) -> None:
    meta.allowed = {"541155550101"}
    assert code_of(caller.say()) == 131030
    assert code_of(caller.say(to="+541155550101")) == 0


def test_a_link_that_meta_cannot_fetch_fails_later(
    caller: Caller, meta: Simulator, agent: Listener
) -> None:
    link = "https://hotel.example/gone.jpg"
    meta.broken_links = {link}
    assert code_of(caller.send(type="image", image={"link": link})) == 0
    meta.settle()
    assert agent.statuses()[0]["errors"][0]["code"] == 131053


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.ACCEPT_THEN_RESET])
def test_a_connection_may_be_cut(caller: Caller, meta: Simulator, fault: Fault) -> None:
    meta.faults = [fault]
    with pytest.raises(httpx.NetworkError):
        caller.say()
    assert len(meta.sent) == (fault is Fault.ACCEPT_THEN_RESET)
    assert code_of(caller.say()) == 0


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.ACCEPT_THEN_HANG])
def test_an_answer_may_never_come(caller: Caller, meta: Simulator, fault: Fault) -> None:
    meta.faults = [fault]
    caller.timeout = 0.3
    with pytest.raises(httpx.ReadTimeout):
        caller.say()
    assert len(meta.sent) == (fault is Fault.ACCEPT_THEN_HANG)


def test_a_slow_answer_beats_every_time_out_between_two_bytes(
    caller: Caller, meta: Simulator
) -> None:
    meta.faults = [Fault.SLOW_BODY]
    url = f"{meta.url}/v26.0/10001/messages"
    body = {"messaging_product": "whatsapp", "to": f"+{PHONE}", "text": {"body": "hola"}}
    headers = {"Authorization": "Bearer good-token"}
    with CLIENT.stream("POST", url, json=body, headers=headers) as answer:
        parts = answer.iter_raw()
        assert next(parts) + next(parts) == b'{"'
    assert len(meta.sent) == 1


@pytest.mark.parametrize(
    ("fault", "status", "taken"),
    [
        (Fault.HTML, 502, 0),
        (Fault.ACCEPT_THEN_HTML, 502, 1),
        (Fault.ACCEPT_THEN_NOTHING, 200, 1),
        (Fault.HTTP_503, 503, 0),
    ],
)
def test_an_answer_may_be_no_json(
    caller: Caller, meta: Simulator, fault: Fault, status: int, taken: int
) -> None:
    meta.faults = [fault]
    answer = caller.say()
    assert (answer.status_code, len(meta.sent)) == (status, taken)
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()


# ── statuses ─────────────────────────────────────────────────────────────────────────────────────


def test_statuses_say_whom_what_and_what_it_costs(
    caller: Caller, meta: Simulator, agent: Listener
) -> None:
    Guest(meta, ACCOUNT, PHONE, "Ana", user_id=USER)
    caller.say(biz_opaque_callback_data="42")
    meta.settle()
    states = [one["status"] for one in agent.statuses()]
    assert states == ["sent", "delivered", "read"]
    first = agent.changes()[0]["value"]
    assert first["contacts"] == [{"profile": {"name": "Ana"}, "wa_id": PHONE, "user_id": USER}]
    status = first["statuses"][0]
    assert status["recipient_id"] == PHONE
    assert status["recipient_user_id"] == USER
    assert status["biz_opaque_callback_data"] == "42"
    assert status["pricing"]["category"] == "service"


def test_a_status_to_a_user_id_hides_the_number(
    caller: Caller, meta: Simulator, agent: Listener
) -> None:
    Guest(meta, ACCOUNT, "", "Ana", user_id=USER, username="ana")
    body = {"messaging_product": "whatsapp", "recipient": USER, "text": {"body": "hola"}}
    caller.call("POST", "10001/messages", json=body)
    meta.settle()
    value = agent.changes()[0]["value"]
    assert "recipient_id" not in value["statuses"][0]
    assert value["statuses"][0]["recipient_user_id"] == USER
    assert value["contacts"][0] == {"profile": {"name": "Ana", "username": "ana"}, "user_id": USER}


def test_a_reaction_is_only_ever_sent(caller: Caller, meta: Simulator, agent: Listener) -> None:
    caller.send(type="reaction", reaction={"message_id": "wamid.x", "emoji": "👍"})
    meta.settle()
    assert [one["status"] for one in agent.statuses()] == ["sent"]
    assert meta.sent[0].reply_to == "wamid.x"


def test_statuses_may_come_before_the_answer(agent: Listener) -> None:
    with Simulator([ACCOUNT], agent.url, statuses_first=True) as meta:
        meta.faults = [Fault.ACCEPT_THEN_HANG]
        caller = Caller(meta)
        caller.timeout = 0.5
        with pytest.raises(httpx.ReadTimeout):
            caller.say()
    assert len(agent.statuses()) == 3


def test_any_status_can_be_told_by_hand(caller: Caller, meta: Simulator, agent: Listener) -> None:
    meta.statuses = False
    caller.send(type="audio", audio={"link": "https://hotel.example/a.ogg", "voice": True})
    meta.report(meta.sent[0], "played")
    meta.report(meta.sent[0], "failed", MetaError(code=131026))
    assert [one["status"] for one in agent.statuses()] == ["played", "failed"]


def test_many_may_send_at_once(caller: Caller, meta: Simulator, agent: Listener) -> None:
    threads = [threading.Thread(target=caller.say) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    meta.settle()
    assert len(meta.sent) == len({one.id for one in meta.sent}) == 20
    assert len(agent.statuses()) == 60
