"""What the Graph API tells of a number, a business account, a token.

Fields and defaults: Meta's OpenAPI file (phone number, subscribed_apps, message_templates) and its
page on debug_token. An unknown field is an error, as it is there.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agente_hotelero_channel_whatsapp.testing import refusals
from agente_hotelero_channel_whatsapp.testing.accounts import Account
from agente_hotelero_channel_whatsapp.testing.faults import MetaError
from agente_hotelero_channel_whatsapp.testing.refusals import Refused, title

if TYPE_CHECKING:
    from agente_hotelero_channel_whatsapp.testing.simulator import Simulator

PAGE, MOST = 25, 250
SCOPES = ["whatsapp_business_management", "whatsapp_business_messaging"]
NUMBER_DEFAULTS = ("verified_name", "display_phone_number", "quality_rating", "id")
# Fields that Meta knows and leaves out while they are empty.
NUMBER_UNSET = frozenset(
    {
        "conversational_automation",
        "quality_score",
        "new_name_status",
        "is_on_biz_app",
        "is_pin_enabled",
        "is_preverified_number",
        "search_visibility",
        "eligibility_for_api_business_global_search",
        "certificate",
        "new_certificate",
        "last_onboarded_time",
        "country_code",
        "country_dial_code",
        "username",
        "unified_cert_status",
        "host_platform",
    }
)
TEMPLATE_UNSET = frozenset(
    {
        "message_send_ttl_seconds",
        "correct_category",
        "previous_category",
        "rejected_reason",
        "library_template_name",
        "cta_url_link_tracking_opted_out",
        "sub_category",
        "degrees_of_freedom_spec",
    }
)
BUSINESS_UNSET = frozenset(
    {
        "business_verification_status",
        "country",
        "ownership_type",
    }
)
TEMPLATE_DEFAULTS = ("name", "parameter_format", "components", "language", "status", "category")


def number(simulator: Simulator, account: Account, fields: str) -> dict[str, Any]:
    """``GET /<number>?fields=…``. Raises Refused."""
    trouble = simulator.troubles.get(account.phone_number_id)
    can_send = "BLOCKED" if trouble is not None else "AVAILABLE"
    known = {
        "id": account.phone_number_id,
        "display_phone_number": account.display_phone_number,
        "verified_name": account.verified_name,
        "quality_rating": simulator.quality.get(account.phone_number_id, account.quality),
        "name_status": "APPROVED",
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API",
        "account_mode": "LIVE" if simulator.allowed is None else "SANDBOX",
        "status": "CONNECTED",
        "is_official_business_account": False,
        "messaging_limit_tier": "TIER_2K",
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
        "throughput": {"level": "STANDARD"},
        "webhook_configuration": {"application": simulator.webhook},
        "health_status": {"can_send_message": can_send, "entities": _entities(account, trouble)},
    }
    asked = fields or ",".join(NUMBER_DEFAULTS)
    return _picked(known, asked, "WhatsAppBusinessPhoneNumber", NUMBER_UNSET)


def business(simulator: Simulator, account: Account, fields: str) -> dict[str, Any]:
    """``GET /<business account>``. Raises Refused."""
    known = {
        "id": account.business_id,
        "name": account.verified_name,
        "timezone_id": "1",
        "message_template_namespace": "simulated",
        "account_review_status": "APPROVED",
        "health_status": {"can_send_message": "AVAILABLE", "entities": []},
    }
    default = "id,name,timezone_id,message_template_namespace"
    return _picked(known, fields or default, "WhatsAppBusinessAccount", BUSINESS_UNSET)


def numbers(simulator: Simulator, account: Account) -> dict[str, Any]:
    """``GET /<business account>/phone_numbers``."""
    mine = [one for one in simulator.accounts if one.business_id == account.business_id]
    return {"data": [number(simulator, one, "") for one in mine], "paging": {}}


def templates(
    simulator: Simulator, base: str, query: Mapping[str, str], account: Account
) -> dict[str, Any]:
    """``GET /<business account>/message_templates``: a page, and where the next one is."""
    found = [
        one.as_meta()
        for one in simulator.templates
        if one.business_id == account.business_id
        and query.get("name", "") in ("", one.name)
        and query.get("status", "").upper() in ("", one.status)
        and query.get("language", "") in ("", one.language)
    ]
    fields = query.get("fields") or ",".join(TEMPLATE_DEFAULTS)
    asked = f"{fields},id"
    picked = [_picked(one, asked, "WhatsAppMessageTemplate", TEMPLATE_UNSET) for one in found]
    return _page(picked, base, query)


def subscribed(simulator: Simulator, account: Account) -> dict[str, Any]:
    """``GET /<business account>/subscribed_apps``."""
    if account.business_id in simulator.unsubscribed:
        return {"data": []}
    app = {"id": account.app_id, "name": "Simulated app", "link": "https://www.facebook.com/"}
    override = simulator.overrides.get(account.business_id)
    more = {"override_callback_uri": override} if override else {}
    return {"data": [{"whatsapp_business_api_data": app, **more}]}


def token(simulator: Simulator, inspected: str) -> dict[str, Any]:
    """``GET /debug_token``: whose a token is, and whether it still opens anything."""
    mine = [one for one in simulator.accounts if one.token == inspected]
    if not mine or inspected in simulator.revoked:
        error = {"code": refusals.BAD_TOKEN, "message": "The access token could not be decrypted"}
        return {"data": {"error": error, "is_valid": False, "scopes": []}}
    targets = sorted({one.business_id for one in mine})
    data = {
        "app_id": mine[0].app_id,
        "type": "SYSTEM_USER",
        "application": "Simulated app",
        "data_access_expires_at": 0,
        "expires_at": 0,
        "is_valid": True,
        "scopes": SCOPES,
        "granular_scopes": [{"scope": scope, "target_ids": targets} for scope in SCOPES],
        "user_id": "400000000000001",
    }
    return {"data": data}


def _entities(account: Account, trouble: MetaError | None) -> list[dict[str, Any]]:
    """Who may send, and what keeps him from it."""
    named = {
        "PHONE_NUMBER": account.phone_number_id,
        "WABA": account.business_id,
        "APP": account.app_id,
    }
    if trouble is None:
        state: dict[str, Any] = {"can_send_message": "AVAILABLE"}
    else:
        error = {"error_code": trouble.code, "error_description": title(trouble.code)}
        state = {"can_send_message": "BLOCKED", "errors": [error]}
    return [{"entity_type": kind, "id": node, **state} for kind, node in named.items()]


def _picked(
    known: Mapping[str, Any], fields: str, node: str, unset: frozenset[str]
) -> dict[str, Any]:
    names = list(dict.fromkeys(name.strip() for name in fields.split(",") if name.strip()))
    for name in names:
        if name not in known and name not in unset:
            details = f"Tried accessing nonexisting field ({name}) on node type ({node})"
            raise Refused(code=refusals.BAD_PARAMETER, details=details)
    return {name: known[name] for name in names if name in known}


def _page(found: Sequence[Any], base: str, query: Mapping[str, str]) -> dict[str, Any]:
    """Cursors are opaque: a client may only follow `next`, or hand back `after`."""
    start = _place(query.get("after", ""))
    limit = query.get("limit", "")
    size = max(1, min(int(limit) if limit.isdigit() else PAGE, MOST))
    page = list(found[start : start + size])
    paging: dict[str, Any] = {"cursors": {"before": _cursor(start), "after": _cursor(start + size)}}
    if start + size < len(found):
        kept = "".join(
            f"&{key}={value}" for key, value in query.items() if key not in ("after", "limit")
        )
        paging["next"] = f"{base}?limit={size}&after={_cursor(start + size)}{kept}"
    return {"data": page, **({"paging": paging} if page else {}), **_summary(found, query)}


def _summary(found: Sequence[Any], query: Mapping[str, str]) -> Mapping[str, Any]:
    if "summary" not in query:
        return {}
    counts = {"total_count": len(found), "message_template_count": len(found)}
    limits = {"message_template_limit": MOST, "are_translations_complete": True}
    return {"summary": {**counts, **limits}}


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"at:{place}".encode()).decode()


def _place(cursor: str) -> int:
    try:
        _, _, place = base64.urlsafe_b64decode(cursor).decode().partition(":")
        return int(place) if cursor else 0
    except ValueError as error:
        raise Refused(code=refusals.BAD_PARAMETER, details="after: not a cursor") from error
