"""What Meta says of an account: templates, limits, trouble. Pure.

Such events name the business account, not a number: they belong to the first of ours that is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from agente_hotelero.messages import AccountNotice

from agente_hotelero_channel_whatsapp.errors import failure_of
from agente_hotelero_channel_whatsapp.wire import Json, instant, kept, table, tables, text

ERRORS = "errors"
FIELDS = frozenset(
    {
        "account_alerts",
        "account_review_update",
        "account_settings_update",
        "account_update",
        "business_capability_update",
        "business_status_update",
        "message_template_components_update",
        "message_template_quality_update",
        "message_template_status_update",
        "payment_configuration_update",
        "phone_number_name_update",
        "phone_number_quality_update",
        "security",
        "template_category_update",
        "template_correct_category_detection",
    }
)
# Meta stamps what it says of accounts, but for errors that belong to no message.
UNTOLD = datetime(1970, 1, 1, tzinfo=UTC)
GONE = {
    "ACCOUNT_DELETED": "the business account was deleted",
    "ACCOUNT_OFFBOARDED": "the number was taken off the Cloud API",
}
ANSWERS_RESTRICTED = "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"


def of_change(entry: Json, field: str, value: Json) -> AccountNotice:
    return AccountNotice(
        kind=field,
        detail=kept(value),
        at=instant(entry.get("time")) or UNTOLD,
        stops=_stops(value) if field == "account_update" else "",
    )


def of_errors(entry: Json, errors: object) -> AccountNotice:
    """Errors of a number that belong to no message."""
    codes = [text(error.get("code")) for error in tables(errors)]
    fatal = [code for code in codes if code.isdigit() and failure_of(int(code)) == "account"]
    return AccountNotice(
        kind=ERRORS,
        detail={ERRORS: kept(errors)},
        at=instant(entry.get("time")) or UNTOLD,
        stops=f"error {fatal[0]}" if fatal else "",
    )


def account_of(entry: Json, value: Json, businesses: Mapping[str, str]) -> str:
    """The account it belongs to; empty when none of ours is in that business account. What a
    partner hears of a client's account bears the partner's own number outside."""
    number = text(table(value.get("metadata")).get("phone_number_id"))
    business = text(table(value.get("waba_info")).get("waba_id"))
    return number or businesses.get(business, "") or businesses.get(text(entry.get("id")), "")


def _stops(value: Json) -> str:
    """Why nothing can be sent any more, if so.

    A ban that is only announced, or lifted, stops nothing; neither does a restriction that leaves
    guests to be answered (`RESTRICTED_BIZ_INITIATED_MESSAGING`: no templates).
    """
    if text(table(value.get("ban_info")).get("waba_ban_state")) == "DISABLE":
        return "the business account was disabled"
    restrictions = tables(value.get("restriction_info"))
    if any(text(one.get("restriction_type")) == ANSWERS_RESTRICTED for one in restrictions):
        return "the business account may not answer guests"
    return GONE.get(text(value.get("event")), "")
