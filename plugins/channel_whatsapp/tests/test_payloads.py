"""Whole webhook bodies: each event once, whatever became of the others."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from agente_hotelero.messages import (
    AccountNotice,
    ConsentGiven,
    DeliveryStatus,
    GuestMoved,
    Ignored,
    InboundEvent,
    InboundMessage,
    MessageEdited,
    MessageRevoked,
    Reacted,
    StaffWrote,
)
from agente_hotelero_channel_whatsapp import contents, payload
from hypothesis import given
from hypothesis import strategies as st

FILES = sorted((Path(__file__).parent / "payloads").glob("*.json"))
BODIES = {path.stem: path.read_bytes() for path in FILES}
OURS = {"102290129340398": "10001", "57438975935": "10001", "980198427658004": "10002"}
PARTS = {
    "messages": ("messages", "statuses"),
    "smb_message_echoes": ("message_echoes",),
    "user_preferences": ("user_preferences",),
}


def counted(body: dict[str, Any]) -> int:
    """How many events a body holds: what its changes list, or one per change without any."""
    changes = [change for entry in body.get("entry", []) for change in entry.get("changes", [])]
    inner = [
        sum(len(change.get("value", {}).get(part, [])) for part in PARTS.get(change["field"], ()))
        for change in changes
    ]
    return sum(number or 1 for number in inner)


@pytest.mark.parametrize("name", BODIES)
def test_every_real_payload_gives_each_of_its_events_once(name: str) -> None:
    events = payload.parse(BODIES[name])
    assert len(events) == counted(json.loads(BODIES[name]))
    assert len({(event.account, event.key) for event in events}) == len(events)
    assert all(event.key for event in events)


@pytest.mark.parametrize("name", BODIES)
def test_reading_a_payload_twice_gives_the_same_events(name: str) -> None:
    assert payload.parse(BODIES[name], OURS) == payload.parse(BODIES[name], OURS)


# What each real payload is; a file that no line begins is a failure.
EXPECTED: list[tuple[str, type | str]] = [
    ("netflie__a_flow_notification", InboundMessage),
    ("netflie__a_removed_reaction", Reacted),
    ("netflie__a_reaction", Reacted),
    ("netflie__a_system", GuestMoved),
    ("netflie__a_status", DeliveryStatus),
    ("netflie__a_service_status", DeliveryStatus),
    ("netflie__a_marketing_status", DeliveryStatus),
    ("netflie__an_utility_status", DeliveryStatus),
    ("netflie__an_authentication_status", DeliveryStatus),
    ("netflie__", InboundMessage),
    ("pywa__account_update", AccountNotice),
    ("pywa__template", AccountNotice),
    ("pywa__call_permission_update", "call_permission_reply"),
    ("pywa__call_", "calls"),
    ("pywa__callback", InboundMessage),
    ("pywa__flow", InboundMessage),
    ("pywa__deleted_message", MessageRevoked),
    ("pywa__edited_message", MessageEdited),
    ("pywa__message_status", DeliveryStatus),
    ("pywa__message__reaction", Reacted),
    ("pywa__message__unreaction", Reacted),
    ("pywa__message__", InboundMessage),
    ("pywa__outgoing_message__delete", "revoked by staff"),
    ("pywa__outgoing_message", StaffWrote),
    ("pywa__system__identity_change", "system"),
    ("pywa__system__phone_number_change", GuestMoved),
    ("pywa__user_marketing_preferences", ConsentGiven),
]
# Of other business accounts than OURS.
FOREIGN = (
    "partner_added",
    "partner_app",
    "partner_removed",
    "ad_account_linked",
    "mm_api_for_wa",
)


@pytest.mark.parametrize("name", BODIES)
def test_every_real_payload_is_the_event_that_it_should_be(name: str) -> None:
    expected = next(kind for start, kind in EXPECTED if name.startswith(start))
    for event in payload.parse(BODIES[name], OURS):
        if isinstance(expected, str):
            assert event.event == Ignored(reason=expected)
        elif expected is AccountNotice and any(one in name for one in FOREIGN):
            assert isinstance(event.event, AccountNotice | Ignored)
        else:
            assert isinstance(event.event, expected)


def batch(*names: str) -> dict[str, Any]:
    entries = [entry for name in names for entry in json.loads(BODIES[name])["entry"]]
    return {"object": payload.OBJECT, "entry": entries}


def parsed(body: dict[str, Any]) -> list[InboundEvent]:
    return list(payload.parse(json.dumps(body).encode(), OURS))


def test_two_events_under_one_id_are_both_kept() -> None:
    events = payload.parse(BODIES["netflie__multiple_text_notification"])
    assert len({event.key for event in events}) == 2


def test_the_account_is_that_of_each_change() -> None:
    body = batch("pywa__message__text", "pywa__callback_button__button")
    body["entry"][1]["changes"][0]["value"]["metadata"]["phone_number_id"] = "99"
    assert [event.account for event in parsed(body)] == ["1122334455667", "99"]


def test_messages_and_statuses_of_one_change_are_all_read() -> None:
    body = batch("pywa__message__text")
    value = body["entry"][0]["changes"][0]["value"]
    value["statuses"] = [
        {"id": "wamid.s", "status": word, "timestamp": "1698266945"} for word in ("sent", "read")
    ]
    assert [event.key for event in parsed(body)] == [
        "wamid.xyzxyz",
        "wamid.s:sent",
        "wamid.s:read",
    ]


def test_a_thousand_events_are_read_in_one_body() -> None:
    body = batch("pywa__message__text")
    value = body["entry"][0]["changes"][0]["value"]
    (message,) = value["messages"]
    value["messages"] = [{**message, "id": f"wamid.{n}"} for n in range(1000)]
    assert len({event.key for event in parsed(body)}) == 1000


@pytest.mark.parametrize(
    "stamp", ["", "soon", None, "9" * 30, -(10**20)], ids=["empty", "word", "none", "far", "past"]
)
def test_a_malformed_stamp_costs_only_its_own_message(stamp: Any) -> None:
    body = batch("pywa__message__text", "pywa__callback_button__button")
    body["entry"][0]["changes"][0]["value"]["messages"][0]["timestamp"] = stamp
    first, second = parsed(body)
    assert first.event == Ignored(reason="incomplete message")
    assert isinstance(second.event, InboundMessage)


def test_a_bug_in_one_reader_costs_only_its_own_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(message: Any, part: Any) -> contents.Said:
        raise KeyError("a shape that nobody thought of")

    monkeypatch.setitem(contents.READERS, "text", broken)
    first, second = parsed(batch("pywa__message__text", "pywa__callback_button__button"))
    assert first.event == Ignored(reason="unreadable: KeyError")
    assert isinstance(second.event, InboundMessage)


@pytest.mark.parametrize("junk", ["x", 7, None, ["x"]], ids=["text", "number", "null", "list"])
def test_what_is_no_event_at_all_is_an_event_that_is_ignored(junk: Any) -> None:
    body = batch("pywa__message__text")
    body["entry"][0]["changes"][0]["value"]["messages"].insert(0, junk)
    first, second = parsed(body)
    assert first.event == Ignored(reason="not an object")
    assert isinstance(second.event, InboundMessage)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"null"])
def test_a_body_that_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own subclasses
        payload.parse(raw)


def test_a_body_nested_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="deep"):
        payload.parse(b'{"a":' * 100_000)


def test_another_kind_of_object_is_kept_as_ignored() -> None:
    (event,) = payload.parse(b'{"object": "page", "entry": []}')
    assert event.event == Ignored(reason="foreign object")


def test_a_field_that_nobody_knows_yet_is_kept_with_its_name() -> None:
    body = {"object": payload.OBJECT, "entry": [{"changes": [{"field": "moods", "value": {}}]}]}
    (event,) = parsed(body)
    assert event.event == Ignored(reason="moods")


def test_numbers_that_no_database_holds_cost_no_event() -> None:
    raw = BODIES["pywa__message__referral"].replace(b'"ADID"', b"9" * 5000)
    raw = raw.replace(b'"AD_TITLE"', b"NaN").replace(b'"AD_DESCRIPTION"', b"1e999")
    (event,) = payload.parse(raw)
    assert isinstance(event.event, InboundMessage)
    referral: Any = event.event.extra["referral"]
    assert (referral["headline"], referral["body"]) == (None, None)
    json.dumps(event.event.extra, allow_nan=False)


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["\x00", "\ud800", "9" * 400]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a JSON value."""
    items: Any = ()
    if isinstance(node, dict):
        items = node.items()
    elif isinstance(node, list):
        items = enumerate(node)
    found = [path] if path else []
    for key, value in items:
        found += places(value, (*path, key))
    return found


def mutated(body: Any, data: st.DataObject) -> Any:
    """With keys dropped, values of the wrong type, and keys that nobody knows."""
    for _ in range(data.draw(st.integers(1, 3))):
        *parents, last = data.draw(st.sampled_from(places(body)))
        node = body
        for parent in parents:
            node = node[parent]
        match data.draw(st.sampled_from(["drop", "replace", "add"])):
            case "drop" if isinstance(node, dict):
                del node[last]
            case "add" if isinstance(node, dict):
                node[data.draw(st.text(max_size=5))] = data.draw(JUNK)
            case _:
                node[last] = data.draw(JUNK)
        if not places(body):
            break
    return body


@given(st.data())
def test_no_mutation_of_a_real_payload_raises_or_yields_what_cannot_be_stored(
    data: st.DataObject,
) -> None:
    name = data.draw(st.sampled_from(sorted(BODIES)))
    body = mutated(json.loads(BODIES[name]), data)
    for event in payload.parse(json.dumps(body).encode(), OURS):
        assert event.key
        inner: Any = event.event
        stored = [getattr(inner, one, None) for one in ("extra", "detail", "aliases", "address")]
        text = json.dumps(stored, allow_nan=False, ensure_ascii=False)
        assert "\\u0000" not in text
        text.encode()


@given(st.data())
def test_a_mutated_event_costs_none_of_its_siblings(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(BODIES)))
    entry = mutated(json.loads(BODIES[name])["entry"], data)
    good = batch("pywa__message__video", "pywa__message_status__with_tracker")["entry"]
    good[0]["changes"][0]["value"]["messages"][0]["id"] = "wamid.good"
    good[1]["changes"][0]["value"]["statuses"][0]["id"] = "wamid.good"
    entries = [good[0], *(entry if isinstance(entry, list) else [entry]), good[1]]
    events = parsed({"object": payload.OBJECT, "entry": entries})
    found = {event.key: event.event for event in events}
    assert isinstance(found["wamid.good"], InboundMessage)
    assert isinstance(found["wamid.good:sent"], DeliveryStatus)


@given(st.lists(st.sampled_from(sorted(BODIES)), min_size=1, max_size=6), st.randoms())
def test_a_batch_that_is_regrouped_and_repeated_has_the_same_keys(
    names: list[str], chance: random.Random
) -> None:
    entries = batch(*names)["entry"]
    once = keys_of(entries)
    again = copy.deepcopy(entries) + copy.deepcopy(entries)
    chance.shuffle(again)
    assert keys_of(again) == once
    assert {key for entry in again for key in keys_of([entry])} == once


def keys_of(entries: list[Any]) -> set[tuple[str, str]]:
    """Without the marks of other events under the same id, of which this corpus has some."""
    events = parsed({"object": payload.OBJECT, "entry": entries})
    return {(event.account, event.key.split("#")[0]) for event in events}
