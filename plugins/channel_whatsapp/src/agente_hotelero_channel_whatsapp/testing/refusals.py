"""What Meta answers when it will not: codes, titles and HTTP statuses, in the Graph API's form.

From Meta's reference of Cloud API error codes (the statuses of its tables) and, where it gives no
wording, from answers quoted in public issues. Nothing here is shared with our sender.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

CODES_PAGE = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
WINDOW_CLOSED, PAIR_LIMIT, THROUGHPUT = 131047, 131056, 130429
MISSING, INVALID, UNSUPPORTED = 131008, 131009, 131051
BAD_PARAMETER, BAD_TOKEN = 100, 190
NOT_ALLOWED, LOCKED, STOPPED_MARKETING, NO_BSUID = 131030, 131031, 131050, 131062
MEDIA_UPLOAD = 131053
COUNT, UNKNOWN_TEMPLATE, TOO_LONG, FORMAT, PAUSED, DISABLED, PARAMETERS = (
    132000,
    132001,
    132005,
    132012,
    132015,
    132016,
    132018,
)

# code: (HTTP status, title, details)
KNOWN: Mapping[int, tuple[int, str, str]] = {
    0: (401, "AuthException", "We were unable to authenticate the app user."),
    1: (400, "API Unknown", "Invalid request or possible server error."),
    2: (503, "API Service", "Temporary due to downtime or due to being overloaded."),
    3: (500, "API Method", "Capability or permissions issue."),
    4: (400, "API Too Many Calls", "The app has reached its API call rate limit."),
    10: (403, "Permission Denied", "Permission is either not granted or has been removed."),
    33: (400, "Parameter value is not valid", "The business phone number has been deleted."),
    BAD_PARAMETER: (400, "Invalid parameter", "Unsupported or misspelled parameters."),
    BAD_TOKEN: (401, "Access token has expired", "Your access token has expired."),
    200: (403, "API Permission", "Permission is either not granted or has been removed."),
    368: (403, "Temporarily blocked for policies violations", "Restricted or disabled."),
    613: (400, "Calls to this api have exceeded the rate limit", "Try again later."),
    80007: (400, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."),
    THROUGHPUT: (400, "Rate limit hit", "Too many messages sent from this phone number."),
    130472: (400, "User's number is part of an experiment", "Message was not sent."),
    130497: (403, "Business account is restricted from messaging users in this country.", ""),
    131000: (500, "Something went wrong", "Message failed to send due to an unknown error."),
    131005: (403, "Access denied", "Permission is either not granted or has been removed."),
    MISSING: (400, "Required parameter is missing", "The request is missing a parameter."),
    INVALID: (400, "Parameter value is not valid", "One or more values are invalid."),
    131016: (500, "Service unavailable", "A service is temporarily unavailable."),
    131021: (400, "Recipient cannot be sender", "Sender and recipient are the same number."),
    131026: (400, "Message undeliverable", "Unable to deliver message."),
    NOT_ALLOWED: (400, "Recipient phone number not in allowed list", "Add it to the list."),
    LOCKED: (403, "Business Account locked", "Restricted or disabled for violating a policy."),
    131037: (400, "Display name not approved", "The number needs an approved display name."),
    131042: (
        400,
        "Business eligibility payment issue",
        "An error with the payment method.",
    ),
    131045: (500, "Incorrect certificate", "Message failed to send: phone registration error."),
    WINDOW_CLOSED: (
        400,
        "Re-engagement message",
        "Message failed to send because more than 24 hours have passed since the customer last "
        "replied to this number.",
    ),
    131048: (400, "Spam rate limit hit", "Restrictions on how many messages can be sent."),
    131049: (400, "Not delivered to maintain healthy ecosystem engagement", "Not delivered."),
    STOPPED_MARKETING: (400, "User has stopped marketing messages from you", "Not delivered."),
    UNSUPPORTED: (400, "Unsupported message type", "Unsupported message type."),
    131052: (400, "Media download error", "Unable to download the media sent by the user."),
    MEDIA_UPLOAD: (400, "Media upload error", "Unable to upload the media used in the message."),
    PAIR_LIMIT: (
        400,
        "(Business Account, Consumer Account) pair rate limit hit",
        "Message failed to send because there were too many messages sent from this phone number "
        "to the same phone number in a short period of time.",
    ),
    131057: (500, "Account in maintenance mode", "Business Account is in maintenance mode."),
    NO_BSUID: (400, "Recipient by user id is not supported", "Use the phone number instead."),
    131063: (400, "Marketing templates are disabled for this API", ""),
    131064: (400, "Messaging limit reached", ""),
    COUNT: (400, "Number of parameters does not match the expected number of params", ""),
    UNKNOWN_TEMPLATE: (404, "Template name does not exist in the translation", ""),
    TOO_LONG: (400, "Translated text too long", ""),
    132007: (400, "Template content violates a WhatsApp policy", ""),
    132008: (400, "Template parameter value is invalid", ""),
    FORMAT: (400, "Parameter format does not match format in the created template", ""),
    PAUSED: (400, "Template is paused", "Paused due to low quality, it cannot be sent."),
    DISABLED: (400, "Template is disabled", "Paused too many times: permanently disabled."),
    PARAMETERS: (400, "There was an issue with the parameters in your template", ""),
    133010: (400, "Phone number not registered", "The number is not registered."),
    133016: (400, "Account register deregister rate limit exceeded", ""),
    135000: (400, "Generic user error", "Message failed to send because of an unknown error."),
}


@dataclass(kw_only=True)
class Refused(Exception):
    """Meta's no: a code, and what exactly it was."""

    code: int
    details: str = ""
    subcode: int | None = None

    def __str__(self) -> str:
        return f"(#{self.code}) {title(self.code)}: {self.details}"


def title(code: int) -> str:
    """Meta's name of an error."""
    return KNOWN.get(code, (400, "Unknown error", ""))[1]


def answer(refused: Refused) -> Response:
    """The HTTP answer to a request that is refused."""
    status, name, details = KNOWN.get(refused.code, (400, "Unknown error", ""))
    return refusal(status, refused.code, refused.details or details, name, refused.subcode)


def refusal(
    status: int, code: int, detail: str, name: str = "", subcode: int | None = None
) -> Response:
    """An error in Meta's form."""
    error: dict[str, Any] = {
        "message": f"(#{code}) {name or title(code)}",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": detail},
        "fbtrace_id": uuid.uuid4().hex[:16],
    }
    return JSONResponse({"error": error | ({"error_subcode": subcode} if subcode else {})}, status)


def no_such_object(node: str, method: str) -> Response:
    """What the Graph API says of an id that it does not know, or does not show to this token."""
    text = (
        f"Unsupported {method.lower()} request. Object with ID '{node}' does not exist, cannot be "
        "loaded due to missing permissions, or does not support this operation."
    )
    error = {"message": text, "type": "GraphMethodException", "code": 100, "error_subcode": 33}
    return JSONResponse({"error": {**error, "fbtrace_id": uuid.uuid4().hex[:16]}}, 400)


def in_webhook(code: int, details: str = "") -> dict[str, Any]:
    """The same error as a failed status or a webhook's `errors` tells it."""
    _, name, usual = KNOWN.get(code, (400, "Unknown error", ""))
    return {
        "code": code,
        "title": name,
        "message": name,
        "error_data": {"details": details or usual or name},
        "href": CODES_PAGE,
    }
