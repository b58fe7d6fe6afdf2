"""What Meta says of accounts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from agente_hotelero.messages import AccountNotice, Ignored, InboundEvent
from agente_hotelero_channel_whatsapp import notices, payload

from plugins.channel_whatsapp.tests.test_payloads import BODIES

WABA, NUMBER = "102290129340398", "10001"


def heard(field: str, value: dict[str, Any], **entry: Any) -> InboundEvent:
    changes = [{"field": field, "value": value}]
    body = {"object": payload.OBJECT, "entry": [{"id": WABA, "changes": changes, **entry}]}
    (event,) = payload.parse(json.dumps(body).encode(), {WABA: NUMBER})
    return event


def stops(**value: Any) -> str:
    event = heard("account_update", value).event
    assert isinstance(event, AccountNotice)
    return event.stops


@pytest.mark.parametrize("field", sorted(notices.FIELDS))
def test_every_word_on_an_account_is_a_notice_of_the_first_number_in_it(field: str) -> None:
    event = heard(field, {"event": "X", "n": 1}, time=1743451903)
    assert event.account == NUMBER
    at = datetime(2025, 3, 31, 20, 11, 43, tzinfo=UTC)
    assert event.event == AccountNotice(kind=field, detail={"event": "X", "n": 1}, at=at)


def test_a_notice_of_a_business_that_is_none_of_ours_is_nobodys() -> None:
    event = heard("account_update", {"event": "X"}, id="999999")
    assert (event.account, event.event) == ("", Ignored(reason="account_update"))


def test_what_a_partner_hears_belongs_to_the_client() -> None:
    event = heard("account_update", {"waba_info": {"waba_id": WABA}}, id="999999")
    assert event.account == NUMBER


def test_a_notice_without_a_stamp_is_kept() -> None:
    event = heard("security", {})
    assert isinstance(event.event, AccountNotice)
    assert event.event.at == notices.UNTOLD


def test_the_same_news_at_another_time_is_other_news() -> None:
    value = {"previous_quality_score": "GREEN", "new_quality_score": "YELLOW"}
    keys = [heard("message_template_quality_update", value, time=at).key for at in (1, 1, 2)]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    ("name", "stopped"),
    [
        ("account_deleted", True),
        ("account_offboarded", True),
        ("account_disabled", False),  # its ban_info says REINSTATE
        ("account_reconnected", False),
        ("account_restriction", False),  # templates only: guests may be answered
        ("account_violation", False),
        ("pricing_tiering_update", False),
    ],
)
def test_only_an_account_that_cannot_send_is_stopped(name: str, stopped: bool) -> None:
    (event,) = payload.parse(BODIES[f"pywa__account_update__{name}"], {WABA: NUMBER})
    assert isinstance(event.event, AccountNotice)
    assert bool(event.event.stops) == stopped


@pytest.mark.parametrize(
    ("state", "stopped"),
    [("DISABLE", True), ("SCHEDULE_FOR_DISABLE", False), ("REINSTATE", False), ([], False)],
)
def test_a_ban_stops_when_it_begins(state: Any, stopped: bool) -> None:
    banned = stops(event="DISABLED_UPDATE", ban_info={"waba_ban_state": state})
    assert bool(banned) == stopped


def test_a_business_that_may_not_answer_guests_is_stopped() -> None:
    restrictions = [
        {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING"},
        {"restriction_type": "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"},
    ]
    assert stops(event="ACCOUNT_RESTRICTION", restriction_info=restrictions[:1]) == ""
    assert stops(event="ACCOUNT_RESTRICTION", restriction_info=restrictions)


@pytest.mark.parametrize(
    ("codes", "stopped"),
    [([130429], ""), ([131031], "error 131031"), ([1, 131042], "error 131042"), (["?"], "")],
)
def test_errors_of_no_message_are_a_notice_of_their_number(codes: list[Any], stopped: str) -> None:
    errors = [{"code": code} for code in codes]
    event = heard("messages", {"metadata": {"phone_number_id": "77"}, "errors": errors})
    assert event.account == "77"
    assert isinstance(event.event, AccountNotice)
    assert (event.event.kind, event.event.stops) == ("errors", stopped)
    assert event.event.detail == {"errors": errors}


@pytest.mark.parametrize("field", ["calls", "history", "group_lifecycle_update"])
def test_calls_groups_and_history_stay_out(field: str) -> None:
    event = heard(field, {"metadata": {"phone_number_id": NUMBER}})
    assert (event.account, event.event) == (NUMBER, Ignored(reason=field))
