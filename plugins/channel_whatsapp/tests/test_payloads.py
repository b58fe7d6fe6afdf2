from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from agente_hotelero.messages import DeliveryState, DeliveryStatus, Ignored, InboundMessage
from agente_hotelero_channel_whatsapp import payload
from hypothesis import given
from hypothesis import strategies as st

FILES = sorted((Path(__file__).parent / "payloads").glob("*.json"))
BODIES = {path.stem: path.read_bytes() for path in FILES}


def counted(body: dict[str, Any]) -> int:
    """How many events a body holds: its messages and statuses, or one per change without any."""
    changes = [change for entry in body.get("entry", []) for change in entry.get("changes", [])]
    total = 0
    for change in changes:
        value = change.get("value", {})
        inner = len(value.get("messages", [])) + len(value.get("statuses", []))
        total += inner if change.get("field") == "messages" and inner else 1
    return total


@pytest.mark.parametrize("name", BODIES)
def test_every_real_payload_gives_each_of_its_events_once(name: str) -> None:
    events = payload.parse(BODIES[name])
    assert len(events) == counted(json.loads(BODIES[name]))
    assert len({(event.account, event.key) for event in events}) == len(events)
    assert all(event.key for event in events)


@pytest.mark.parametrize("name", BODIES)
def test_reading_a_payload_twice_gives_the_same_keys(name: str) -> None:
    assert payload.parse(BODIES[name]) == payload.parse(BODIES[name])


def one(name: str) -> Any:
    (event,) = payload.parse(BODIES[name])
    return event


def test_a_text_is_a_message_of_its_number() -> None:
    event = one("pywa__message__text")
    assert event.account == "1122334455667"
    assert event.key == "wamid.xyzxyz"
    assert isinstance(event.event, InboundMessage)
    assert event.event.content.text == "Body Text"
    assert (event.event.address, event.event.phone) == ("972987654321", "+972987654321")
    assert event.event.profile_name == "Test Name"
    assert event.event.sent_at.isoformat() == "2023-10-11T16:53:43+00:00"


@pytest.mark.parametrize(
    ("name", "choice"),
    [
        ("pywa__callback_button__button", "callback_data"),
        ("pywa__callback_button__quick_reply", "callback_data"),
        ("pywa__callback_selection__callback", "callback_data"),
    ],
)
def test_a_tap_carries_the_id_of_its_option(name: str, choice: str) -> None:
    assert one(name).event.content.choice == choice


def test_a_voice_note_is_known_as_one() -> None:
    media = one("pywa__message__voice").event.content.media
    assert media is not None
    assert media.voice


def test_a_guest_without_a_phone_is_known_by_the_business_scoped_id() -> None:
    event = one("netflie__a_notification_with_bsuid_only_and_no_from").event
    assert isinstance(event, InboundMessage)
    assert event.address == "BSUID_123"
    assert event.phone is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("pywa__message__reaction", "reaction"),
        ("pywa__message__unsupported", "unsupported"),
        ("pywa__system__phone_number_change", "system"),
        ("pywa__account_update__account_deleted", "account_update"),
        ("pywa__call_connect__user_initiated", "calls"),
    ],
)
def test_what_is_not_answered_says_why(name: str, reason: str) -> None:
    assert one(name).event == Ignored(reason=reason)


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("pywa__message_status__sent", DeliveryState.SENT),
        ("pywa__message_status__delivered", DeliveryState.DELIVERED),
        ("pywa__message_status__read", DeliveryState.READ),
        ("pywa__message_status__played", DeliveryState.READ),
    ],
)
def test_a_status_is_taken_over(name: str, state: DeliveryState) -> None:
    event = one(name)
    assert isinstance(event.event, DeliveryStatus)
    assert event.event.state == state
    assert event.key.startswith(event.event.provider_id)


def test_a_failed_status_names_its_code() -> None:
    event = one("pywa__message_status__failed").event
    assert isinstance(event, DeliveryStatus)
    assert (event.state, event.error.isdigit()) == (DeliveryState.FAILED, True)


def test_our_own_mark_comes_back_as_a_number() -> None:
    body = json.loads(BODIES["pywa__message_status__sent"])
    status = body["entry"][0]["changes"][0]["value"]["statuses"][0]
    status["biz_opaque_callback_data"] = "42"
    (event,) = payload.parse(json.dumps(body).encode())
    assert isinstance(event.event, DeliveryStatus)
    assert event.event.outbox_id == 42


def batch(*names: str) -> dict[str, Any]:
    entries = [entry for name in names for entry in json.loads(BODIES[name])["entry"]]
    return {"object": payload.OBJECT, "entry": entries}


def test_a_batch_of_entries_gives_all_their_events() -> None:
    names = ("pywa__message__text", "pywa__callback_button__button", "pywa__message_status__read")
    assert len(payload.parse(json.dumps(batch(*names)).encode())) == 3


def test_two_events_under_one_id_are_both_kept() -> None:
    events = payload.parse(BODIES["netflie__multiple_text_notification"])
    assert len({event.key for event in events}) == 2


def test_the_account_is_that_of_each_change() -> None:
    body = batch("pywa__message__text", "pywa__callback_button__button")
    body["entry"][1]["changes"][0]["value"]["metadata"]["phone_number_id"] = "99"
    events = payload.parse(json.dumps(body).encode())
    assert [event.account for event in events] == ["1122334455667", "99"]


@pytest.mark.parametrize(
    ("stamp"), ["", "soon", None, "9" * 30, -(10**20)], ids=["empty", "word", "none", "far", "past"]
)
def test_a_malformed_stamp_costs_only_its_own_message(stamp: Any) -> None:
    body = batch("pywa__message__text", "pywa__callback_button__button")
    body["entry"][0]["changes"][0]["value"]["messages"][0]["timestamp"] = stamp
    first, second = payload.parse(json.dumps(body).encode())
    assert first.event == Ignored(reason="incomplete message")
    assert isinstance(second.event, InboundMessage)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"null"])
def test_a_body_that_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own subclasses
        payload.parse(raw)


def test_a_body_nested_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="deep"):
        payload.parse(b'{"a":' * 100_000)


def test_another_kind_of_object_is_kept_as_ignored() -> None:
    (event,) = payload.parse(b'{"object": "page"}')
    assert event.event == Ignored(reason="foreign object")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a JSON value."""
    items = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    found = [path] if path else []
    for key, value in items:
        found += places(value, (*path, key))
    return found


@given(st.data())
def test_no_mutation_of_a_real_payload_raises(data: st.DataObject) -> None:
    body = copy.deepcopy(json.loads(BODIES[data.draw(st.sampled_from(sorted(BODIES)))]))
    for _ in range(data.draw(st.integers(1, 3))):
        *parents, last = data.draw(st.sampled_from(places(body)))
        node = body
        for parent in parents:
            node = node[parent]
        if isinstance(node, dict) and data.draw(st.booleans()):
            del node[last]
        else:
            node[last] = data.draw(JUNK)
        if not places(body):
            break
    events = payload.parse(json.dumps(body).encode())
    assert all(event.key for event in events)
