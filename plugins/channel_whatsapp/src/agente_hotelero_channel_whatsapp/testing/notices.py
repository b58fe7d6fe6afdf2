"""What Meta tells of an account itself, and of what staff wrote in the phone's own app.

From Meta's webhook reference: account_update, message_template_status_update,
message_template_quality_update, template_category_update, phone_number_quality_update,
account_alerts and smb_message_echoes.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from agente_hotelero_channel_whatsapp.testing.accounts import Account
from agente_hotelero_channel_whatsapp.testing.faults import MetaError
from agente_hotelero_channel_whatsapp.testing.refusals import LOCKED
from agente_hotelero_channel_whatsapp.testing.simulator import Simulator
from agente_hotelero_channel_whatsapp.testing.templates import Template
from agente_hotelero_channel_whatsapp.testing.webhooks import Change, of_number


def template_is(
    simulator: Simulator, template: Template, status: str, reason: str = "NONE"
) -> None:
    """A template was approved, paused, rejected …; sends know it at once."""
    template.status = status
    value = {"event": status, **_named(template), "reason": reason}
    _tell(simulator, template, "message_template_status_update", value)


def template_quality(simulator: Simulator, template: Template, score: str) -> None:
    """GREEN, YELLOW, RED or UNKNOWN."""
    value = {"previous_quality_score": template.quality, "new_quality_score": score}
    template.quality = score
    _tell(simulator, template, "message_template_quality_update", {**value, **_named(template)})


def template_category(simulator: Simulator, template: Template, category: str) -> None:
    """Meta corrects categories by itself: UTILITY to MARKETING, mostly."""
    value = {"previous_category": template.category, "new_category": category}
    template.category = category
    _tell(simulator, template, "template_category_update", {**value, **_named(template)})


def account_update(simulator: Simulator, account: Account, value: Mapping[str, Any]) -> None:
    """Any news of a business account, as it is."""
    _of_account(simulator, account, "account_update", value)


def account_disabled(simulator: Simulator, account: Account, date: str = "May 2, 2026") -> None:
    """Banned: nothing can be sent from now on."""
    simulator.troubles[account.phone_number_id] = MetaError(code=LOCKED)
    ban = {"waba_ban_state": "DISABLE", "waba_ban_date": date}
    account_update(simulator, account, {"event": "DISABLED_UPDATE", "ban_info": ban})


def account_reinstated(simulator: Simulator, account: Account, date: str = "May 3, 2026") -> None:
    simulator.troubles.pop(account.phone_number_id, None)
    ban = {"waba_ban_state": "REINSTATE", "waba_ban_date": date}
    account_update(simulator, account, {"event": "DISABLED_UPDATE", "ban_info": ban})


def number_quality(simulator: Simulator, account: Account, event: str, limit: str) -> None:
    """FLAGGED, UNFLAGGED, UPGRADE, DOWNGRADE or THROUGHPUT_UPGRADE, and the limit now."""
    simulator.quality[account.phone_number_id] = "RED" if event == "FLAGGED" else "GREEN"
    value = {
        "display_phone_number": account.display_phone_number,
        "event": event,
        "current_limit": limit,
    }
    _of_account(simulator, account, "phone_number_quality_update", value)


def number_error(simulator: Simulator, account: Account, error: Mapping[str, Any]) -> None:
    """An error of the number, without any message."""
    simulator.deliver(account, {"errors": [error]})


def staff_wrote(simulator: Simulator, account: Account, to: str, text: str) -> str:
    """Somebody of the hotel answers a guest from the WhatsApp Business app."""
    message_id = f"wamid.{uuid.uuid4().hex}"
    recipient = {"to": to} if to.isdigit() else {"to_user_id": to}
    echo = {
        "from": account.display_phone_number,
        **recipient,
        "id": message_id,
        "timestamp": simulator.clock.stamp(),
        "type": "text",
        "text": {"body": text},
    }
    simulator.tell(of_number(account, {"message_echoes": [echo]}, "smb_message_echoes"))
    return message_id


def _named(template: Template) -> dict[str, Any]:
    return {
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "message_template_category": template.category,
    }


def _tell(simulator: Simulator, template: Template, field: str, value: Mapping[str, Any]) -> None:
    account = next(one for one in simulator.accounts if one.business_id == template.business_id)
    _of_account(simulator, account, field, value)


def _of_account(
    simulator: Simulator, account: Account, field: str, value: Mapping[str, Any]
) -> None:
    stamp = int(simulator.clock.stamp())
    simulator.tell(Change(account=account, field=field, value=value, time=stamp))
