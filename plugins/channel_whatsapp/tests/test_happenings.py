"""What each kind of message, echo, preference and status becomes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from agente_hotelero.messages import (
    ConsentGiven,
    Content,
    DeliveryState,
    DeliveryStatus,
    GuestMoved,
    Happening,
    Ignored,
    InboundMessage,
    Location,
    Media,
    MessageEdited,
    MessageRevoked,
    Reacted,
    StaffWrote,
)
from agente_hotelero_channel_whatsapp import payload

from plugins.channel_whatsapp.tests.test_payloads import BODIES

AT = datetime(2026, 11, 18, 12, 0, 5, tzinfo=UTC)
STAMP = str(int(AT.timestamp()))
BSUID, PHONE = "AR.13491208655302741918", "5491155550101"
ANA = {"profile": {"name": "Ana"}, "wa_id": PHONE, "user_id": BSUID}


def heard(field: str = "messages", **value: Any) -> list[Happening]:
    metadata = {"phone_number_id": "10001"}
    change = {"field": field, "value": {"metadata": metadata, "contacts": [ANA], **value}}
    body = {"object": payload.OBJECT, "entry": [{"id": "20002", "changes": [change]}]}
    return [event.event for event in payload.parse(json.dumps(body).encode())]


def of(**message: Any) -> Any:
    base = {"id": "wamid.1", "from": PHONE, "timestamp": STAMP}
    (found,) = heard(messages=[{**base, **message}])
    return found


def one(name: str) -> Any:
    (event,) = payload.parse(BODIES[name])
    return event.event


def test_a_text_is_a_message_with_all_that_is_known_of_its_guest() -> None:
    assert of(type="text", text={"body": "¡hola!"}) == InboundMessage(
        id="wamid.1",
        address=BSUID,
        aliases=(PHONE,),
        sent_at=AT,
        content=Content(text="¡hola!"),
        profile_name="Ana",
        phone=f"+{PHONE}",
    )


@pytest.mark.parametrize(
    ("kind", "part", "expected"),
    [
        (
            "image",
            {"id": "7", "mime_type": "image/jpeg", "sha256": "ab", "caption": "mi reserva"},
            Media(id="7", mime_type="image/jpeg", kind="image", sha256="ab"),
        ),
        ("video", {"id": "7", "url": "https://x"}, Media(id="7", kind="video", url="https://x")),
        (
            "document",
            {"id": "7", "filename": "pase.pdf"},
            Media(id="7", kind="document", filename="pase.pdf"),
        ),
        ("audio", {"id": "7"}, Media(id="7", kind="audio")),
        ("audio", {"id": "7", "voice": True}, Media(id="7", kind="audio", voice=True)),
        ("voice", {"id": "7"}, Media(id="7", kind="audio", voice=True)),
        ("sticker", {"id": 7, "animated": True}, Media(id="7", kind="sticker")),
    ],
    ids=["image", "video", "document", "audio", "voice note", "old voice", "sticker"],
)
def test_a_file_is_known_by_its_id_and_kind(
    kind: str, part: dict[str, Any], expected: Media
) -> None:
    found = of(type=kind, **{kind: part})
    assert found.content.media == expected
    assert found.content.text == part.get("caption", "")
    assert found.extra == {}


def test_a_place_is_a_point_with_its_name() -> None:
    found = of(type="location", location={"latitude": "-38", "longitude": -57.5, "name": "Playa"})
    place = Location(latitude=-38.0, longitude=-57.5, name="Playa")
    assert found.content == Content(text="Playa", location=place)


def test_the_cards_of_people_are_their_names_and_numbers() -> None:
    cards = [
        {"name": {"formatted_name": "Beto"}, "phones": [{"phone": "+54 11 5555"}]},
        {"phones": []},
        {"name": {}},
    ]
    found = of(type="contacts", contacts=cards)
    assert found.content.text == "Beto +54 11 5555"
    assert found.extra == {"contacts": cards}


@pytest.mark.parametrize(
    ("card", "message"),
    [({"origin": "contact_request"}, {}), ({}, {"origin": "contact_request"})],
    ids=["on the card", "beside it"],
)
def test_a_number_that_a_guest_gave_when_asked_is_the_guests(
    card: dict[str, Any], message: dict[str, Any]
) -> None:
    phones = [{"phone": "+54 9 11 5555-0101"}]
    said = {"type": "contacts", "contacts": [{**card, "phones": phones}], **message}
    base = {"id": "w", "from_user_id": BSUID, "timestamp": STAMP}
    (found,) = heard(contacts=[{"user_id": BSUID}], messages=[{**base, **said}])
    assert isinstance(found, InboundMessage)
    assert (found.address, found.phone) == (BSUID, f"+{PHONE}")


def test_a_number_on_somebody_elses_card_is_not_the_guests() -> None:
    cards = [{"phones": [{"phone": "+34 600 111 222"}]}]
    base = {"id": "w", "from_user_id": BSUID, "timestamp": STAMP, "type": "contacts"}
    (found,) = heard(contacts=[{"user_id": BSUID}], messages=[{**base, "contacts": cards}])
    assert isinstance(found, InboundMessage)
    assert found.phone is None


@pytest.mark.parametrize(
    ("message", "content"),
    [
        pytest.param(
            {"type": "button", "button": {"payload": "stop", "text": "BAJA"}},
            Content(text="BAJA", choice="stop"),
            id="quick reply",
        ),
        pytest.param(
            {"type": "button", "button": {"text": "BAJA"}}, Content(text="BAJA"), id="no payload"
        ),
        pytest.param(
            {"type": "interactive", "interactive": {"button_reply": {"id": "y", "title": "Sí"}}},
            Content(text="Sí", choice="y"),
            id="button",
        ),
        pytest.param(
            {"type": "interactive", "interactive": {"list_reply": {"id": "r", "title": "Doble"}}},
            Content(text="Doble", choice="r"),
            id="row without description",
        ),
    ],
)
def test_a_tap_says_its_title_and_its_id(message: dict[str, Any], content: Content) -> None:
    assert of(**message).content == content


@pytest.mark.parametrize(
    ("response", "form"),
    [('{"nights": "2"}', {"nights": "2"}), ("no json", "no json"), (None, None), ({"a": 1},) * 2],
    ids=["json", "words", "null", "an object"],
)
def test_a_form_is_kept_whatever_its_answers_are(response: Any, form: Any) -> None:
    reply = {"type": "nfm_reply", "nfm_reply": {"name": "flow", "response_json": response}}
    found = of(type="interactive", interactive=reply)
    assert found.content == Content()
    assert found.extra == {"form": form, "unsupported": "interactive"}


def test_whether_the_hotel_may_call_is_answered_by_nobody() -> None:
    reply = {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}}
    found = of(type="interactive", interactive=reply)
    assert found == Ignored(reason="call_permission_reply")


def test_an_order_is_its_words_and_its_items() -> None:
    order = {"catalog_id": "1", "text": "para hoy", "product_items": [{"quantity": 2}]}
    found = of(type="order", order=order)
    assert (found.content.text, found.extra) == ("para hoy", {"order": order})


def test_how_a_message_came_about_is_kept() -> None:
    context = {"id": "wamid.0", "forwarded": True, "frequently_forwarded": False}
    found = of(
        type="text",
        text={"body": "x"},
        context={**context, "referred_product": {"catalog_id": "1"}},
        referral={"ctwa_clid": "c"},
    )
    assert found.reply_to == "wamid.0"
    assert found.extra == {
        "forwarded": True,
        "referred_product": {"catalog_id": "1"},
        "referral": {"ctwa_clid": "c"},
    }


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ({"type": "unsupported", "unsupported": {"type": "poll_creation"}}, "poll_creation"),
        ({"type": "unsupported", "errors": [{"code": 131051}]}, "unsupported"),
        ({"type": "unknown", "errors": [{"code": 131060}]}, "unknown"),
        ({"type": "ephemeral"}, "ephemeral"),
        ({"type": "hologram", "hologram": {"id": "1"}}, "hologram"),
        ({}, "no type"),
        ({"type": "text"}, "text"),
        ({"type": "text", "text": {"body": " "}}, "text"),
        ({"type": "image", "image": {}}, "image"),
        ({"type": "location", "location": {"latitude": 91, "longitude": 0}}, "location"),
        ({"type": "location", "location": {"latitude": "north"}}, "location"),
        ({"type": "interactive"}, "interactive"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_cannot_be_read_is_a_message_that_says_so(message: dict[str, Any], what: str) -> None:
    found = of(**message)
    assert isinstance(found, InboundMessage)
    assert not found.content.media
    assert not found.content.location
    assert found.extra["unsupported"] == what


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"type": "text", "text": {"body": "x"}, "group_id": "g"}, "group"),
        ({"type": "request_welcome"}, "request_welcome"),
        ({"type": "system", "system": {"type": "customer_identity_changed"}}, "system"),
        ({"type": "system", "system": {"type": "user_changed_number"}}, "incomplete system"),
        ({"type": "text", "text": {"body": "x"}, "id": None}, "incomplete message"),
        ({"type": "reaction", "reaction": {"emoji": "x"}}, "incomplete reaction"),
        ({"type": "edit"}, "incomplete edit"),
        ({"type": "revoke", "revoke": {}}, "incomplete revoke"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_is_not_for_the_agent_says_why(message: dict[str, Any], reason: str) -> None:
    assert of(**message) == Ignored(reason=reason)


@pytest.mark.parametrize(
    ("part", "emoji"), [({"emoji": "👍"}, "👍"), ({"emoji": ""}, ""), ({}, "")]
)
def test_a_mark_is_put_on_a_message_or_taken_away(part: dict[str, str], emoji: str) -> None:
    found = of(type="reaction", reaction={"message_id": "wamid.0", **part})
    assert found == Reacted(
        message_id="wamid.0", address=BSUID, emoji=emoji, at=AT, aliases=(PHONE,)
    )


def test_an_edit_says_what_the_message_says_now() -> None:
    inner = {"type": "text", "text": {"body": "dos noches"}}
    found = of(type="edit", edit={"original_message_id": "wamid.0", "message": inner})
    assert found == MessageEdited(original_id="wamid.0", content=Content(text="dos noches"), at=AT)


def test_an_edited_picture_has_its_new_caption() -> None:
    found = one("pywa__edited_message__image")
    assert isinstance(found, MessageEdited)
    assert found.content.text == "Updated image caption"
    assert found.content.media is not None


def test_a_message_that_was_taken_back_is_named() -> None:
    found = of(type="revoke", revoke={"original_message_id": "wamid.0"})
    assert found == MessageRevoked(original_id="wamid.0", at=AT)


OLD, NEW, OLD_ID, NEW_ID = "5491100000001", "5491100000002", "AR.OLD", "AR.NEW"


@pytest.mark.parametrize(
    ("message", "moved"),
    [
        pytest.param(
            {"from": OLD, "system": {"type": "user_changed_number", "wa_id": NEW}},
            (OLD, NEW, f"+{NEW}", ()),
            id="by number",
        ),
        pytest.param(
            {
                "from": "x",
                "system": {"type": "user_changed_number", "wa_id": NEW, "customer": OLD},
            },
            (OLD, NEW, f"+{NEW}", ("x",)),
            id="with the customer",
        ),
        pytest.param(
            {"from": OLD, "system": {"type": "customer_changed_number", "new_wa_id": NEW}},
            (OLD, NEW, f"+{NEW}", ()),
            id="in the oldest shape",
        ),
        pytest.param(
            {
                "system": {
                    "type": "user_changed_user_id",
                    "user_id": NEW_ID,
                    "previous_user_id": OLD_ID,
                }
            },
            (OLD_ID, NEW_ID, None, ()),
            id="by user id, without any number",
        ),
        pytest.param(
            {
                "from_user_id": NEW_ID,
                "system": {"type": "user_changed_user_id", "previous_user_id": OLD_ID},
            },
            (OLD_ID, NEW_ID, None, ()),
            id="with the new id outside",
        ),
        pytest.param(
            {
                "from": OLD,
                "system": {
                    "type": "user_changed_number",
                    "wa_id": NEW,
                    "user_id": NEW_ID,
                    "previous_user_id": OLD_ID,
                },
            },
            (OLD_ID, NEW_ID, f"+{NEW}", (OLD, NEW)),
            id="by both",
        ),
        pytest.param(
            {
                "from": OLD,
                "system": {"type": "user_changed_number", "user_id": NEW_ID, "wa_id": NEW},
            },
            (OLD, NEW, f"+{NEW}", (NEW_ID,)),
            id="without the old user id",
        ),
        pytest.param(
            {
                "system": {
                    "type": "user_changed_number",
                    "wa_id": NEW,
                    "previous_user_id": OLD_ID,
                }
            },
            (OLD_ID, NEW, f"+{NEW}", ()),
            id="from an id to a number",
        ),
    ],
)
def test_a_guest_who_moved_is_still_the_same(
    message: dict[str, Any], moved: tuple[str, str, str | None, tuple[str, ...]]
) -> None:
    base = {"id": "wamid.1", "timestamp": STAMP, "type": "system"}
    (found,) = heard(contacts=[], messages=[{**base, **message}])
    old, new, phone, aliases = moved
    assert found == GuestMoved(old=old, new=new, phone=phone, at=AT, aliases=aliases)


# ── who it is ────────────────────────────────────────────────────────────────────────────────────


def person(message: dict[str, Any], *contacts: dict[str, Any]) -> Any:
    base = {"id": "w", "timestamp": STAMP, "type": "text", "text": {"body": "x"}}
    (found,) = heard(contacts=list(contacts), messages=[{**base, **message}])
    return found


def test_a_guest_is_found_among_the_contacts_by_id_and_not_by_place() -> None:
    other = {"wa_id": "34600111222", "user_id": "ES.1", "profile": {"name": "Beto"}}
    found = person({"from": PHONE}, other, ANA)
    assert (found.address, found.profile_name) == (BSUID, "Ana")


def test_a_guest_without_a_number_has_an_id() -> None:
    found = person({"from_user_id": BSUID}, {"user_id": BSUID})
    assert (found.address, found.aliases, found.phone) == (BSUID, (), None)


def test_a_guest_without_an_id_has_a_number() -> None:
    found = person({"from": PHONE}, {"wa_id": PHONE})
    assert (found.address, found.aliases, found.phone) == (PHONE, (), f"+{PHONE}")


def test_a_message_without_a_sender_is_of_the_one_contact() -> None:
    found = person({}, {"user_id": BSUID, "profile": {"username": "ana"}})
    assert (found.address, found.profile_name) == (BSUID, "ana")


def test_a_message_without_a_sender_among_many_is_nobodys() -> None:
    assert person({}, ANA, {"wa_id": "1"}) == Ignored(reason="incomplete message")


def test_a_number_that_is_no_contacts_has_no_foreign_id() -> None:
    found = person({"from": "34600111222"}, ANA)
    assert (found.address, found.aliases, found.profile_name) == ("34600111222", (), "")


def test_the_two_forms_of_a_number_are_one_person() -> None:
    found = person({"from": "541155550101"}, ANA)
    assert (found.address, found.aliases) == (BSUID, ("541155550101",))


# ── echoes, preferences, statuses ────────────────────────────────────────────────────────────────


def echo(**more: Any) -> Happening:
    base = {"id": "wamid.e", "from": "15550001", "to": PHONE, "timestamp": STAMP}
    (found,) = heard("smb_message_echoes", message_echoes=[{**base, **more}])
    return found


def test_what_staff_write_on_the_hotels_phone_is_theirs() -> None:
    assert echo(type="text", text={"body": "Ya voy"}) == StaffWrote(
        id="wamid.e", address=BSUID, content=Content(text="Ya voy"), at=AT, aliases=(PHONE,)
    )


def test_what_staff_correct_is_written_again() -> None:
    inner = {"type": "text", "text": {"body": "Ya vamos"}}
    found = echo(type="edit", edit={"original_message_id": "wamid.0", "message": inner})
    assert isinstance(found, StaffWrote)
    assert found.content.text == "Ya vamos"


@pytest.mark.parametrize(
    "more", [{"to": None, "to_user_id": None}, {"timestamp": None}, {"id": None}]
)
def test_an_echo_that_is_not_complete_pauses_nobody(more: dict[str, Any]) -> None:
    base = {"id": "wamid.e", "to": PHONE, "timestamp": STAMP, "type": "text"}
    (found,) = heard("smb_message_echoes", contacts=[], message_echoes=[{**base, **more}])
    assert found == Ignored(reason="incomplete echo")


@pytest.mark.parametrize(
    ("value", "granted"), [("stop", False), ("resume", True), ("signup", True)]
)
def test_a_wish_about_marketing_is_consent(value: str, granted: bool) -> None:
    wish = {"wa_id": PHONE, "category": "marketing_messages", "value": value}
    (found,) = heard("user_preferences", user_preferences=[{**wish, "timestamp": int(STAMP)}])
    assert found == ConsentGiven(
        address=BSUID, purpose="marketing", granted=granted, at=AT, aliases=(PHONE,)
    )


@pytest.mark.parametrize(
    "more", [{"value": "maybe"}, {"category": "sports"}, {"timestamp": "x"}, {"wa_id": None}]
)
def test_a_wish_that_nobody_understands_changes_nothing(more: dict[str, Any]) -> None:
    wish = {"wa_id": PHONE, "category": "marketing", "value": "stop", "timestamp": STAMP}
    (found,) = heard("user_preferences", contacts=[], user_preferences=[{**wish, **more}])
    assert found == Ignored(reason="unknown preference")


def status(**more: Any) -> Any:
    base = {"id": "wamid.s", "status": "sent", "timestamp": STAMP, "recipient_id": PHONE}
    (found,) = heard(statuses=[{**base, **more}])
    return found


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("sent", DeliveryState.SENT),
        ("delivered", DeliveryState.DELIVERED),
        ("read", DeliveryState.READ),
        ("played", DeliveryState.READ),
    ],
)
def test_a_status_is_taken_over_with_our_mark(word: str, state: DeliveryState) -> None:
    assert status(status=word, biz_opaque_callback_data="42") == DeliveryStatus(
        provider_id="wamid.s", state=state, at=AT, outbox_id=42
    )


@pytest.mark.parametrize("mark", ["some data", "0", "9" * 12, "²", "-1"])
def test_a_mark_that_is_not_ours_is_none(mark: str) -> None:
    assert status(biz_opaque_callback_data=mark).outbox_id is None


@pytest.mark.parametrize("word", ["deleted", "warning", "pondered", ""])
def test_a_state_that_nobody_knows_is_ignored(word: str) -> None:
    assert status(status=word) == Ignored(reason=f"status {word}".strip())


def test_a_failure_keeps_code_and_details_and_no_title() -> None:
    error = {"code": 131047, "title": "Re-engagement message", "message": "Re-engagement"}
    found = status(status="failed", errors=[{**error, "error_data": {"details": "24 hours"}}])
    assert (found.state, found.error, found.failure) == (
        DeliveryState.FAILED,
        "131047: 24 hours",
        "window",
    )


def test_a_failure_for_a_number_without_user_id_is_read() -> None:
    """The shape of pywa's issue 227, of August 2026."""
    (found,) = heard(
        contacts=[{"wa_id": PHONE}],
        statuses=[
            {
                "id": "wamid.s",
                "status": "failed",
                "timestamp": STAMP,
                "recipient_id": PHONE,
                "errors": [{"code": 131026, "error_data": {"details": "Undeliverable."}}],
            }
        ],
    )
    assert isinstance(found, DeliveryStatus)
    assert found.failure == "recipient"


@pytest.mark.parametrize("errors", [[], None, [{}], ["x"], [{"code": "soon"}]])
def test_a_failure_without_a_reason_is_a_failure(errors: Any) -> None:
    found = status(status="failed", errors=errors)
    assert (found.state, found.failure) == (DeliveryState.FAILED, "")


def test_the_last_body_of_a_message_speaks_for_it() -> None:
    assert status(biz_opaque_callback_data="42+") == Ignored(reason="status of a part")


def test_a_body_that_failed_fails_its_message_and_is_not_sent_again() -> None:
    failed = {"status": "failed", "biz_opaque_callback_data": "42+"}
    found = status(**failed, errors=[{"code": 131053}])
    assert (found.outbox_id, found.state, found.failure) == (42, DeliveryState.FAILED, "")
    assert status(**failed, errors=[{"code": 131047}]).failure == "window"
