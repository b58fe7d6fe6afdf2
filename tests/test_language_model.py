"""A hotel that lists a language model before its own engine, played through the core."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterator

import pytest
from agente_hotelero._runtime.plugins import installed
from agente_hotelero.config import Settings, load
from agente_hotelero_nlp_llm.engine import LlmNlp
from agente_hotelero_nlp_llm.meanings import MEANINGS
from agente_hotelero_nlp_llm.testing import (
    KEY,
    MODEL,
    Answered,
    Served,
    StandIn,
    completion,
    error,
    phrasebook,
)
from agente_hotelero_nlp_local import model

from tests.support.direct import DirectGuest
from tests.support.hotels import FILE
from tests.support.running import RunningAgent
from tests.support.times import NOVEMBER, clock_at

HANGS = 20.0
PHONES = itertools.count(5491155550000)
# Of the stand-in's few words, one that the local engine does not know.
ODD = "che, ¿el feis?"
BOOKING = (
    "Hola, quiero una habitación doble del 24 al 27 de diciembre para dos",
    "la primera",
    "Ana García, ana@example.com",
    "sí",
)
ENDPOINT = "HOTELERO__PLUGINS__NLP_LLM__"


def settings(tmp_path: str, url: str) -> Settings:
    environ = {
        "TEST_DATABASE": f"sqlite:///{tmp_path}/agent.db",
        "TEST_MEDIA": f"{tmp_path}/media",
        "WHATSAPP_API": "http://127.0.0.1:9",
        "HOTELERO__TENANTS__SOL__NLP": json.dumps(["nlp_llm", "nlp_local"]),
        f"{ENDPOINT}ENABLED": "true",
        f"{ENDPOINT}BASE_URL": url,
        f"{ENDPOINT}API_KEY": KEY,
        f"{ENDPOINT}MODEL": MODEL,
        f"{ENDPOINT}TIMEOUT_SECONDS": "0.5",
        f"{ENDPOINT}FAILURES_BEFORE_REST": "2",
        f"{ENDPOINT}REST_SECONDS": "600",
    }
    return load(FILE, environ, installed=set(installed()))


@pytest.fixture
def stand_in() -> StandIn:
    return StandIn()


@pytest.fixture
def served(stand_in: StandIn) -> Iterator[Served]:
    with Served(stand_in) as server:
        yield server


@pytest.fixture
def running(served: Served, tmp_path: str) -> Iterator[RunningAgent]:
    with RunningAgent(settings(tmp_path, served.url), clock_at(NOVEMBER)) as agent:
        yield agent


@pytest.fixture
def guest(running: RunningAgent) -> DirectGuest:
    return DirectGuest(running=running, hotel="sol", phone=str(next(PHONES)))


def answers(guest: DirectGuest, text: str) -> str:
    before = len(guest.sent)
    guest.say(text)
    return "\n".join(bubble.text for bubble in guest.replies(before))


def test_what_only_the_model_understands_is_answered_by_the_hotel(
    guest: DirectGuest, stand_in: StandIn
) -> None:
    assert "SolGuest" in answers(guest, ODD)
    assert len(stand_in.calls) == 1


def test_what_the_model_does_not_understand_the_next_engine_is_asked(
    guest: DirectGuest, stand_in: StandIn
) -> None:
    assert "7 a 10" in answers(guest, "¿a qué hora es el desayuno?")
    assert len(stand_in.calls) == 1


def test_nobody_uses_it_who_did_not_switch_it_on() -> None:
    demo = load(None, {}, installed=set(installed()))
    assert "nlp_llm" not in demo.plugins
    assert all("nlp_llm" not in tenant.nlp for tenant in demo.tenants.values())


def test_a_hotel_that_does_not_list_it_sends_nothing(
    running: RunningAgent, stand_in: StandIn
) -> None:
    other = DirectGuest(running=running, hotel="luna", phone=str(next(PHONES)))
    assert "LunaWifi" in answers(other, "¿hay wifi?")
    assert stand_in.calls == []


def test_the_prices_of_what_the_model_read_are_those_of_the_pms(
    guest: DirectGuest, stand_in: StandIn
) -> None:
    stand_in.thinks = lambda asked: {**phrasebook(asked), "price": "1.00", "reply": "BRL 1.00"}
    told = answers(guest, "un lugarcito mañana por dos noches, somos 2 adultos, a 1 real")
    amounts = [amount for row in guest.rows for amount in row.amounts]
    assert {amount["source"][:3] for amount in amounts} == {"OF-"}
    written = {amount["amount"].replace(".", ",") for amount in amounts}
    assert set(re.findall(r"\d+,\d\d", told)) == written
    assert "1,00" not in written


@pytest.mark.parametrize(
    "answered",
    [
        error(500, "out of order"),
        Answered(seconds=HANGS),
        completion('{"language": "es", "price": "10.00"}'),
        completion(None, refusal="I cannot help with that."),
    ],
    ids=["500", "hangs", "another form", "refuses"],
)
def test_a_room_is_booked_while_the_model_fails(
    guest: DirectGuest, stand_in: StandIn, answered: Answered
) -> None:
    stand_in.always = answered
    begun = time.monotonic()
    for text in BOOKING:
        told = answers(guest, text)
    assert re.search(r"SOL-\w+", told)
    assert time.monotonic() - begun < 2 * 0.5 + 5
    assert not guest.left_to_people


def test_a_room_is_booked_while_nothing_listens(tmp_path: str) -> None:
    with Served(StandIn()) as server:
        url = server.url
    with RunningAgent(settings(tmp_path, url), clock_at(NOVEMBER)) as agent:
        guest = DirectGuest(running=agent, hotel="sol", phone=str(next(PHONES)))
        for text in BOOKING:
            told = answers(guest, text)
    assert re.search(r"SOL-\w+", told)


def test_a_server_that_hangs_delays_two_messages_and_no_more(
    guest: DirectGuest, running: RunningAgent, stand_in: StandIn
) -> None:
    stand_in.always = Answered(seconds=HANGS)
    took = []
    for _ in range(5):
        begun = time.monotonic()
        assert "SolGuest" in answers(guest, "¿hay wifi?")
        took.append(time.monotonic() - begun)
    assert len(stand_in.calls) == 2
    assert max(took[2:]) < 0.5
    engine, _ = running.agent.tenants["sol"].nlp[0]
    assert isinstance(engine, LlmNlp)
    assert not running.do(engine.health()).ok


def test_the_intents_are_those_of_the_local_engine() -> None:
    assert sorted(MEANINGS) == sorted(model.shipped().intents)
