"""How webhooks travel: retried for seven days, repeated, late, in other company."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from agente_hotelero_channel_whatsapp.testing import Account, Disorder, Guest, Simulator
from agente_hotelero_channel_whatsapp.testing.webhooks import signature

from plugins.channel_whatsapp.tests.stand_ins import (
    ACCOUNT,
    NOON,
    PHONE,
    Caller,
    Listener,
    listening,
)

OTHER = Account(phone_number_id="10002", token="o", app_secret="app-secret", business_id="99")


@pytest.fixture
def agent() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


def simulated(agent: Listener, **more: object) -> Simulator:
    accounts = [ACCOUNT, OTHER]
    return Simulator(accounts, agent.url, now=lambda: NOON, **more)  # type: ignore[arg-type]


def texts(agent: Listener) -> list[str]:
    return [one["text"]["body"] for one in agent.messages()]


@pytest.mark.parametrize("answer", [503, 500, 404, 401, 302, 201, 204])
def test_anything_but_200_is_tried_again(agent: Listener, answer: int) -> None:
    agent.answers = [answer, answer]
    with simulated(agent) as meta:
        Guest(meta, ACCOUNT, PHONE).say("hola")
        assert (len(agent.got), meta.courier.waiting) == (1, 1)
        meta.advance(timedelta(seconds=1))
        assert meta.courier.waiting == 0
    assert len(agent.got) == 3
    assert len(set(agent.got)) == 1


def test_retries_grow_rarer_and_end_after_seven_days(agent: Listener) -> None:
    agent.answers = [503] * 1000
    with simulated(agent) as meta:
        Guest(meta, ACCOUNT, PHONE).say("hola")
        tries = []
        for _ in range(9):
            before = len(agent.got)
            meta.advance(timedelta(days=1))
            tries.append(len(agent.got) - before)
        assert tries[0] > tries[1] >= tries[6] > 0
        assert tries[8] == 0
        assert (len(meta.courier.given_up), meta.courier.waiting) == (1, 0)


def test_an_agent_that_comes_back_within_days_loses_nothing(agent: Listener) -> None:
    agent.answers = [503] * 70
    with simulated(agent) as meta:
        guest = Guest(meta, ACCOUNT, PHONE)
        first, second = guest.say("uno"), guest.say("dos")
        meta.advance(timedelta(days=7))
        assert meta.courier.waiting == 0
    assert {first, second} <= {one["id"] for one in agent.messages()}
    stamp = str(int(NOON.timestamp()))
    assert {one["timestamp"] for one in agent.messages()} == {stamp}


def test_an_agent_that_is_not_there_is_tried_again(agent: Listener) -> None:
    with simulated(agent) as meta:
        meta.webhook = "http://127.0.0.1:9/webhooks/whatsapp"
        Guest(meta, ACCOUNT, PHONE).say("hola")
        meta.webhook = agent.url
        meta.advance(timedelta(seconds=1))
    assert texts(agent) == ["hola"]


def test_by_the_real_clock_retries_need_no_help(agent: Listener) -> None:
    agent.answers = [503]
    with Simulator([ACCOUNT], agent.url) as meta:
        Guest(meta, ACCOUNT, PHONE).say("hola")
        while meta.courier.waiting:
            time.sleep(0.01)
    assert texts(agent) == ["hola", "hola"]


def test_what_was_taken_may_come_again(agent: Listener) -> None:
    with simulated(agent, disorder=Disorder(repeated=1)) as meta:
        Guest(meta, ACCOUNT, PHONE).say("hola")
        meta.advance(timedelta(seconds=1))
    assert len(agent.got) > 2
    assert len(set(agent.got)) == 1


def test_what_is_late_comes_after_others_and_none_is_lost(agent: Listener) -> None:
    with simulated(agent, disorder=Disorder(late=0.5)) as meta:
        for number in range(20):
            Guest(meta, ACCOUNT, PHONE).say(str(number))
        meta.advance(timedelta(minutes=2))
    assert texts(agent) != sorted(texts(agent), key=int)
    assert sorted(texts(agent), key=int) == [str(number) for number in range(20)]


def test_statuses_overtake_each_other_where_things_are_late(agent: Listener) -> None:
    with simulated(agent, disorder=Disorder(late=1)) as meta:
        for _ in range(10):
            Caller(meta).say()
        meta.advance(timedelta(minutes=2))
    told: dict[str, list[str]] = {}
    for one in agent.statuses():
        told.setdefault(one["id"], []).append(one["status"])
    assert {tuple(sorted(one)) for one in told.values()} == {("delivered", "read", "sent")}
    assert ["sent", "delivered", "read"] not in told.values() or len(
        set(map(tuple, told.values()))
    ) > 1


def test_a_retry_may_come_in_other_company(agent: Listener) -> None:
    agent.answers = [503] * 30
    with simulated(agent, disorder=Disorder(regrouped=True)) as meta:
        for number in range(30):
            Guest(meta, [ACCOUNT, OTHER][number % 2], PHONE).say(str(number))
        meta.advance(timedelta(minutes=1))
    bodies = [json.loads(body) for body, _ in agent.got]
    assert {len(body["entry"]) for body in bodies[:30]} == {1}
    (grouped,) = bodies[30:]
    assert len(grouped["entry"]) > 2
    assert {entry["id"] for entry in grouped["entry"]} == {ACCOUNT.business_id, "99"}
    changes = [change for entry in grouped["entry"] for change in entry["changes"]]
    assert max(len(change["value"]["messages"]) for change in changes) > 1
    assert Counter(texts(agent)) == {str(number): 2 for number in range(30)}


def test_messages_and_statuses_may_share_a_value(agent: Listener) -> None:
    agent.answers = [503] * 40
    with simulated(agent, disorder=Disorder(regrouped=True)) as meta:
        for _ in range(10):
            Guest(meta, ACCOUNT, PHONE).say("hola")
            Caller(meta).say()
        meta.settle()
        meta.advance(timedelta(minutes=1))
    values = [change["value"] for change in agent.changes()]
    assert any("messages" in value and "statuses" in value for value in values)


def test_no_post_holds_more_than_a_thousand_events(agent: Listener) -> None:
    agent.answers = [503] * 3
    with simulated(agent, disorder=Disorder(regrouped=True)) as meta:
        for number in range(3):
            many = [{"id": f"{number}.{n}", "type": "text"} for n in range(400)]
            meta.deliver(ACCOUNT, {"messages": many})
        meta.advance(timedelta(seconds=1))
    sizes = [
        sum(len(change["value"]["messages"]) for change in json.loads(body)["entry"][0]["changes"])
        for body, _ in agent.got[3:]
    ]
    assert sorted(sizes) == [400, 800]


def test_only_events_of_one_app_come_together_and_its_secret_signs(agent: Listener) -> None:
    foreign = Account(phone_number_id="10003", token="f", app_secret="foreign-secret")
    agent.answers = [503] * 10
    disorder = Disorder(regrouped=True)
    accounts = [ACCOUNT, foreign]
    with Simulator(accounts, agent.url, now=lambda: NOON, disorder=disorder) as meta:
        for number in range(10):
            Guest(meta, accounts[number % 2], PHONE).say("hola")
        meta.advance(timedelta(seconds=1))
    for body, header in agent.got:
        numbers = {
            change["value"]["metadata"]["phone_number_id"]
            for entry in json.loads(body)["entry"]
            for change in entry["changes"]
        }
        (number,) = numbers
        secret = "app-secret" if number == "10001" else "foreign-secret"
        assert header == signature(secret, body)


def test_held_webhooks_come_when_released(agent: Listener) -> None:
    with simulated(agent) as meta:
        meta.hold()
        for number in range(8):
            Guest(meta, ACCOUNT, PHONE).say(str(number))
        assert agent.got == []
        meta.release(shuffled=random.Random(1))
    assert sorted(texts(agent)) == [str(number) for number in range(8)] != texts(agent)
