"""What mail servers report of our mails (RFC 3464). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message

from agente_hotelero_channel_gmail.body import decoded, parts_of
from agente_hotelero_channel_gmail.headers import ADDRESS, ids

STATUS = re.compile(r"^status:\s*([245])\.\d{1,3}\.\d{1,3}", re.IGNORECASE | re.MULTILINE)
ACTION = re.compile(r"^action:\s*(\w+)", re.IGNORECASE | re.MULTILINE)
RECIPIENT = re.compile(r"^(?:final|original)-recipient:\s*[^;\n]*;\s*(\S+)", re.I | re.MULTILINE)
MESSAGE_ID = re.compile(r"^message-id:\s*(<[^<>\s]{1,250}>)", re.IGNORECASE | re.MULTILINE)
GMAIL_FAILED = "x-failed-recipients"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounce:
    """A mail of ours that did not arrive; `hard` when it never will at this address."""

    message_id: str
    recipient: str
    hard: bool


def bounce_of(message: Message) -> Bounce | None:
    """What a report says; None when it tells of no failure, or of no mail that can be known."""
    status, text = "", ""
    for part in _all(message):
        if part.get_content_type() == "message/delivery-status":
            status += _flat(part)
        elif part.get_content_type() in ("message/rfc822", "text/rfc822-headers"):
            text += _flat(part)
    kind, action = STATUS.search(status), ACTION.search(status)
    original = MESSAGE_ID.search(text)
    known = original[1] if original else next(iter(ids(str(message.get("in-reply-to", "")))), "")
    if kind is None or kind[1] == "2" or not known:
        return None
    told = RECIPIENT.search(status)
    named = told[1] if told else str(message.get(GMAIL_FAILED, ""))
    address = ADDRESS.search(named)
    hard = kind[1] == "5" and (action is None or action[1].lower() == "failed")
    return Bounce(message_id=known, recipient=address[0].lower() if address else "", hard=hard)


def _all(message: Message) -> list[Message]:
    return list(parts_of(message))


def _flat(part: Message) -> str:
    """Headers and text of a part that the parser may have opened."""
    inside = part.get_payload()
    opened = [one for one in inside if isinstance(one, Message)] if isinstance(inside, list) else []
    lines = [f"{name}: {value}" for one in opened for name, value in one.items()]
    return "\n".join([*lines, "" if opened else decoded(part), ""])
