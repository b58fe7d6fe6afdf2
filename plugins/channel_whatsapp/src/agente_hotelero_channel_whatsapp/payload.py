"""Webhook bodies into events: tolerant of anything, one event at a time.

Shapes: Meta's reference of the `messages` webhook field, with every key optional. An event that
makes no sense becomes `Ignored`; only a body that is no object at all is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from agente_hotelero.messages import (
    Content,
    DeliveryState,
    DeliveryStatus,
    Ignored,
    InboundEvent,
    InboundMessage,
    Location,
    Media,
)

OBJECT = "whatsapp_business_account"
MEDIA = ("image", "video", "document", "audio", "voice", "sticker")
STATES = {
    "sent": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "played": DeliveryState.READ,
    "failed": DeliveryState.FAILED,
}
Json = dict[str, Any]


def parse(body: bytes) -> Sequence[InboundEvent]:
    """Every event of a body. Raises ValueError when it is not a JSON object."""
    try:
        found = json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the contract of Ingress.parse
    if found.get("object") != OBJECT:
        return [_ignored("", found, "foreign object")]
    events = [event for entry in _dicts(found.get("entry")) for event in _entry(entry)]
    return _with_keys_of_their_own(events)


def _with_keys_of_their_own(events: Sequence[InboundEvent]) -> list[InboundEvent]:
    """Without repetitions; two different events under one id, which Meta never sends, are kept."""
    found: dict[tuple[str, str], InboundEvent] = {}
    for event in events:
        known = found.get((event.account, event.key))
        if known is not None and known != event:
            digest = hashlib.sha256(repr(event.event).encode()).hexdigest()[:16]
            event = replace(event, key=f"{event.key}#{digest}")
        found[event.account, event.key] = event
    return list(found.values())


def _entry(entry: Json) -> Iterator[InboundEvent]:
    for change in _dicts(entry.get("changes")):
        value = _dict(change.get("value"))
        account = _text(_dict(value.get("metadata")).get("phone_number_id"))
        if change.get("field") != "messages":
            reason = _text(change.get("field")) or "no field"
            yield _ignored(account, [entry.get("id"), entry.get("time"), change], reason)
            continue
        messages, statuses = _dicts(value.get("messages")), _dicts(value.get("statuses"))
        for message in messages:
            yield _message(account, message, _dicts(value.get("contacts")))
        for status in statuses:
            yield _status(account, status)
        if not messages and not statuses:
            yield _ignored(account, change, "errors" if value.get("errors") else "empty")


def _message(account: str, message: Json, contacts: Sequence[Json]) -> InboundEvent:
    key = _text(message.get("id"))
    content = _content(message)
    address = _address(message, contacts)
    sent_at = _instant(message.get("timestamp"))
    if message.get("group_id"):
        return _ignored(account, message, "group", key)
    if content is None:
        return _ignored(account, message, _text(message.get("type")) or "no type", key)
    if not key or not address or sent_at is None:
        return _ignored(account, message, "incomplete message", key)
    contact = _contact(contacts, address)
    inner = InboundMessage(
        id=key,
        address=address,
        sent_at=sent_at,
        content=content,
        profile_name=_text(_dict(contact.get("profile")).get("name")),
        phone=f"+{address}" if address.isdigit() else None,
    )
    return InboundEvent(account=account, key=key, event=inner)


def _address(message: Json, contacts: Sequence[Json]) -> str:
    """The phone, else the business-scoped id, which may stand only with the one contact."""
    said = _text(message.get("from")) or _text(message.get("from_user_id"))
    if said or len(contacts) != 1:
        return said
    return _text(contacts[0].get("wa_id")) or _text(contacts[0].get("user_id"))


def _content(message: Json) -> Content | None:
    """What a guest said; None for types that are not answered."""
    kind = _text(message.get("type"))
    part = _dict(message.get(kind))
    match kind:
        case "text":
            return Content(text=_text(part.get("body")))
        case "button":
            text = _text(part.get("text"))
            return Content(text=text, choice=_text(part.get("payload")) or None)
        case "interactive":
            return _interactive(part)
        case "location":
            return _location(part)
        case "contacts":
            names = [_dict(one.get("name")) for one in _dicts(message.get("contacts"))]
            said = ", ".join(_text(name.get("formatted_name")) for name in names)
            return Content(text=said)
        case _ if kind in MEDIA and part.get("id"):
            return _media(kind, part)
        case _:
            return None


def _interactive(part: Json) -> Content | None:
    reply = _dict(part.get("button_reply")) or _dict(part.get("list_reply"))
    if not reply:
        return None
    return Content(text=_text(reply.get("title")), choice=_text(reply.get("id")) or None)


def _location(part: Json) -> Content | None:
    try:
        point = Location(
            latitude=float(part["latitude"]),
            longitude=float(part["longitude"]),
            name=_text(part.get("name")),
            address=_text(part.get("address")),
        )
    except (KeyError, TypeError, ValueError):
        return None
    on_earth = abs(point.latitude) <= 90 and abs(point.longitude) <= 180  # false for NaN
    return Content(text=point.name, location=point) if on_earth else None


def _media(kind: str, part: Json) -> Content:
    media = Media(
        id=_text(part.get("id")),
        mime_type=_text(part.get("mime_type")),
        voice=kind == "voice" or part.get("voice") is True,
    )
    return Content(text=_text(part.get("caption")), media=media)


def _status(account: str, status: Json) -> InboundEvent:
    provider_id, word = _text(status.get("id")), _text(status.get("status"))
    key = f"{provider_id}:{word}" if provider_id and word else ""
    at = _instant(status.get("timestamp"))
    if word not in STATES or not provider_id or at is None:
        return _ignored(account, status, f"status {word}".strip(), key)
    mark = _text(status.get("biz_opaque_callback_data"))
    errors = _dicts(status.get("errors"))
    inner = DeliveryStatus(
        provider_id=provider_id,
        state=STATES[word],
        at=at,
        outbox_id=_our_mark(mark),
        error=_text(errors[0].get("code")) if errors else "",
    )
    return InboundEvent(account=account, key=key, event=inner)


def _our_mark(mark: str) -> int | None:
    """The outbox id that we sent along, if it can be one."""
    found = int(mark) if mark.isascii() and mark.isdigit() and len(mark) <= 10 else 0
    return found if 0 < found < 2**31 else None


def _ignored(account: str, what: object, reason: str, key: str = "") -> InboundEvent:
    if not key:
        canonical = json.dumps(what, sort_keys=True, default=str).encode()
        key = "sha256:" + hashlib.sha256(canonical).hexdigest()
    return InboundEvent(account=account, key=key, event=Ignored(reason=reason))


def _contact(contacts: Sequence[Json], address: str) -> Json:
    """The sender among the contacts, never simply the first."""
    for contact in contacts:
        if address in (contact.get("wa_id"), contact.get("user_id")):
            return contact
    return {}


def _instant(stamp: object) -> datetime | None:
    """Seconds since 1970, which Meta writes as a string."""
    try:
        return datetime.fromtimestamp(int(str(stamp)), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _dict(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
