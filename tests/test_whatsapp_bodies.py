"""Real webhook bodies through the whole agent: every event once, nothing raises, and a body that
comes again changes nothing."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from agente_hotelero._db.models import EventState, InboundEventRow
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.cluster import FULL
from tests.support.webhooks import ACCOUNT, NOW, PAYLOADS, Hotel, counted, to_us, whatsapp_hotel

FINAL = frozenset(EventState) - {EventState.WAITING, EventState.DEAD}
LATE = str(int(NOW.timestamp()) - 2 * 86400)
OURS = {name: to_us(body) for name, body in PAYLOADS.items()}


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotel]:
    with whatsapp_hotel(tmp_path_factory.mktemp("agent")) as hotel:
        yield hotel


@pytest.fixture
def hotel(agent: Hotel, capsys: pytest.CaptureFixture[str]) -> Iterator[Hotel]:
    """With an empty database, and nothing raised in the log afterwards."""
    agent.empty()
    yield agent
    assert "Traceback" not in capsys.readouterr().out


def told(rows: Any) -> list[tuple[Any, ...]]:
    """All that is kept of events, except when they came."""
    return [
        (one.account, one.event_key, one.kind, one.state, one.reason, one.content, one.sent_at)
        for one in rows
    ]


def each_is_settled(rows: Any) -> None:
    """Exactly one row an event: used, or left alone for a reason that is told."""
    assert {one.state for one in rows} <= FINAL
    assert [
        one.event_key for one in rows if one.state == EventState.IGNORED and not one.reason
    ] == []
    keys = [(one.account, one.event_key) for one in rows]
    assert len(set(keys)) == len(keys)


def test_every_real_body_is_taken_once(hotel: Hotel) -> None:
    for name, made in OURS.items():
        hotel.empty()
        body = json.dumps(made).encode()
        assert hotel.take(body) == 200, name
        rows = hotel.events()
        assert (len(rows), hotel.dead()) == (counted(made), []), name
        each_is_settled(rows)
        assert {one.account for one in rows} == {ACCOUNT.phone_number_id}, name
        before = told(rows), hotel.sent(), len(hotel.meta.sent)
        assert hotel.take(body) == 200, name
        assert (told(hotel.events()), hotel.sent(), len(hotel.meta.sent)) == before, name


def test_what_is_for_other_numbers_is_kept_for_nobody(hotel: Hotel) -> None:
    for body in PAYLOADS.values():
        hotel.take(json.dumps(body).encode())
    rows = hotel.events()
    assert _ids(rows) >= {f"refused:{key}" for key in ("wamid.xyzxyz", "wamid.ID")}
    assert {(one.state, one.tenant) for one in rows} == {(EventState.IGNORED, "")}
    assert all(one.reason for one in rows)
    assert (hotel.dead(), hotel.sent()) == ([], 0)


def test_all_bodies_in_one_are_taken_as_each_alone(hotel: Hotel) -> None:
    entries = [entry for body in OURS.values() for entry in body["entry"]]
    one_body = {"object": "whatsapp_business_account", "entry": entries}
    assert hotel.take(json.dumps(one_body).encode()) == 200
    assert hotel.dead() == []
    together = _ids(hotel.events())
    hotel.empty()
    for body in OURS.values():
        hotel.take(json.dumps(body).encode())
    assert together == _ids(hotel.events())


def test_a_body_in_another_order_is_the_same(hotel: Hotel) -> None:
    chance = random.Random(7)
    entries = [entry for body in OURS.values() for entry in body["entry"]]
    keys = []
    for _ in range(2):
        hotel.empty()
        chance.shuffle(entries)
        body = {"object": "whatsapp_business_account", "entry": copy.deepcopy(entries)}
        hotel.take(json.dumps(body).encode())
        keys.append(_ids(hotel.events()))
    assert keys[0] == keys[1]


def _ids(rows: Sequence[InboundEventRow]) -> set[str]:
    """Without what tells two events apart that the projects gave one id."""
    return {one.event_key.partition("#")[0] for one in rows}


# ── a thousand at once ───────────────────────────────────────────────────────────────────────────


def thousand() -> dict[str, Any]:
    """As many as Meta puts into one body, for one number, of every kind, two days late."""
    chance = random.Random(11)
    changes = [change for body in OURS.values() for change in body["entry"][0]["changes"]]
    values = [change["value"] for change in changes if change["field"] == "messages"]
    found: list[dict[str, Any]] = []
    while len(found) < 1000:
        value = copy.deepcopy(chance.choice(values))
        for number, one in enumerate([*value.get("messages", []), *value.get("statuses", [])]):
            one |= {"id": f"wamid.{len(found)}.{number}", "timestamp": LATE}
        found.append({"field": "messages", "value": value})
        if counted_of(found) > 1000:
            found.pop()
        if counted_of(found) == 1000:
            break
    entries = [
        {"id": ACCOUNT.business_id, "changes": found[at : at + 100]}
        for at in range(0, len(found), 100)
    ]
    return {"object": "whatsapp_business_account", "entry": entries}


def counted_of(changes: list[dict[str, Any]]) -> int:
    return counted({"entry": [{"changes": changes}]})


def test_a_thousand_events_in_one_body_are_each_taken_once(hotel: Hotel) -> None:
    made = thousand()
    body = json.dumps(made).encode()
    assert counted(made) == 1000
    assert hotel.take(body) == 200
    rows = hotel.events()
    assert (len(rows), hotel.dead()) == (1000, [])
    each_is_settled(rows)
    before = told(rows), hotel.sent()
    assert hotel.take(body) == 200
    assert (told(hotel.events()), hotel.sent()) == before


# ── bodies that are not as they should be ────────────────────────────────────────────────────────

WRONG: list[Any] = [None, True, 0, -1, 1e400, 10**40, "", "x" * 300, "\x00", "\ud800", [], {}, [[]]]
SENTINEL = {
    "from": "5491155550111",
    "id": "wamid.sentinel",
    "timestamp": LATE,
    "type": "text",
    "text": {"body": "¿siguen ahí?"},
}


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    found = []
    for key, value in list(pairs):
        found.append((node, key))
        if isinstance(value, dict | list):
            found += places(value)
    return found


def mutate(draw: st.DrawFn, body: Any) -> None:
    """Drop, spoil, add, repeat or shuffle something, anywhere below the entries."""
    found = places(body["entry"])
    if not found:
        return
    node, key = draw(st.sampled_from(found))
    match draw(st.sampled_from(["drop", "spoil", "add", "repeat", "shuffle", "deepen"])):
        case "drop":
            del node[key]
        case "spoil":
            node[key] = copy.deepcopy(draw(st.sampled_from(WRONG)))
        case "deepen":
            node[key] = [node[key]]
        case "add" if isinstance(node, dict):
            node[draw(st.sampled_from(["new", "", "id", "type", "errors", "group_id"]))] = "more"
        case "repeat" if isinstance(node, list):
            node.append(copy.deepcopy(node[key]))
        case "shuffle" if isinstance(node, list):
            draw(st.randoms(use_true_random=False)).shuffle(node)


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """Some real bodies in one, mutated, beside one message that is as it should be."""
    names = draw(st.lists(st.sampled_from(list(OURS)), min_size=1, max_size=3))
    body = {"object": "whatsapp_business_account", "entry": []}
    body["entry"] = [copy.deepcopy(entry) for name in names for entry in OURS[name]["entry"]]
    for _ in range(draw(st.integers(1, 6))):
        mutate(draw, body)
    metadata = {"phone_number_id": ACCOUNT.phone_number_id}
    value = {"metadata": metadata, "messages": [SENTINEL]}
    good = {"id": ACCOUNT.business_id, "changes": [{"field": "messages", "value": value}]}
    body["entry"].insert(draw(st.integers(0, len(body["entry"]))), good)  # type: ignore[attr-defined]
    return json.dumps(body).encode()


# The agent runs in threads of its own, which draw random numbers meanwhile.
@pytest.mark.filterwarnings("ignore:Do not use the .random. module")
@settings(max_examples=400 if FULL else 30)
@given(body=spoiled())
def test_whatever_is_in_a_body_nobody_else_suffers(agent: Hotel, body: bytes) -> None:
    agent.empty()
    assert agent.take(body) == 200
    rows = agent.events()
    assert agent.dead() == []
    each_is_settled(rows)
    (good,) = [one for one in rows if one.event_key == "wamid.sentinel"]
    assert good.kind == "InboundMessage"
    before, sent = told(rows), agent.sent()
    assert agent.take(body) == 200
    after = told(agent.events())
    assert [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]] == []
    assert agent.sent() == sent
