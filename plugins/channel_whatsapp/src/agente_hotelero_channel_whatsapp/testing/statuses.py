"""What became of a message, as webhooks tell it.

Meta's page "status messages webhook": a failed status has no contacts; a reaction is only ever
"sent"; the price is named from "sent" on. `biz_opaque_callback_data` comes back as it was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agente_hotelero_channel_whatsapp.testing.accounts import Person, Sent
from agente_hotelero_channel_whatsapp.testing.faults import MetaError
from agente_hotelero_channel_whatsapp.testing.refusals import in_webhook

LADDER = ("sent", "delivered", "read")


def ladder(message: Sent) -> tuple[str, ...]:
    """The states that a message goes through when all is well."""
    return LADDER[:1] if message.kind == "reaction" else LADDER


def value(
    message: Sent, state: str, stamp: str, person: Person | None, error: MetaError | None = None
) -> dict[str, Any]:
    """A `value` with one status."""
    known = person or Person(phone=message.to if message.to.isdigit() else "")
    status: dict[str, Any] = {
        "id": message.id,
        "status": state,
        "timestamp": stamp,
        **_recipient(message, known),
        **({"biz_opaque_callback_data": message.mark} if message.mark else {}),
    }
    if error is not None:
        return {"statuses": [{**status, "errors": [in_webhook(error.code, error.details)]}]}
    return {"contacts": [_contact(message, known)], "statuses": [{**status, **_price(message)}]}


def _recipient(message: Sent, known: Person) -> dict[str, str]:
    """The number only if we used it or it is not hidden, the user id where there is one."""
    if not message.to.isdigit():
        return {"recipient_user_id": message.to}
    return {
        "recipient_id": message.to,
        **({"recipient_user_id": known.user_id} if known.user_id else {}),
    }


def _contact(message: Sent, known: Person) -> Mapping[str, Any]:
    user_id = known.user_id or ("" if message.to.isdigit() else message.to)
    return {
        "profile": {"name": known.name, **({"username": known.username} if known.username else {})},
        **({"wa_id": message.to} if message.to.isdigit() else {}),
        **({"user_id": user_id} if user_id else {}),
    }


def _price(message: Sent) -> Mapping[str, Any]:
    category = "utility" if message.template else "service"
    kind = "regular" if message.template else "free_customer_service"
    pricing = {"billable": True, "pricing_model": "PMP", "type": kind, "category": category}
    return {"pricing": pricing}
