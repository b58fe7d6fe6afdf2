"""One message, echo, preference or status of a webhook as one event. Pure.

Shapes: Meta's reference of the webhook fields `messages`, `smb_message_echoes` and
`user_preferences`, with every key optional. What makes no sense is `Ignored` with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agente_hotelero.messages import (
    ConsentGiven,
    DeliveryState,
    DeliveryStatus,
    GuestMoved,
    Happening,
    Ignored,
    InboundMessage,
    MessageEdited,
    MessageRevoked,
    Reacted,
    StaffWrote,
)

from agente_hotelero_channel_whatsapp.contents import said
from agente_hotelero_channel_whatsapp.errors import failure_of
from agente_hotelero_channel_whatsapp.identity import Contacts, Person, sender
from agente_hotelero_channel_whatsapp.numbers import e164
from agente_hotelero_channel_whatsapp.wire import Json, instant, table, tables, text

STATES = {
    "sent": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "played": DeliveryState.READ,
    "failed": DeliveryState.FAILED,
}
MOVES = ("user_changed_number", "user_changed_user_id", "customer_changed_number")
WISHES = {"stop": False, "resume": True, "signup": True}
PART = "+"  # ends the mark of a body that others of the same message follow
MARKETING = "marketing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """A message whose time is known; `id` may be missing."""

    id: str
    message: Json
    person: Person
    at: datetime


def of_message(message: Json, contacts: Contacts) -> Happening:
    """What a guest, or WhatsApp in his place, told us."""
    if message.get("group_id"):
        return Ignored(reason="group")
    kind, at = text(message.get("type")), instant(message.get("timestamp"))
    if at is None:
        return Ignored(reason="incomplete message")
    heard = Heard(
        id=text(message.get("id")), message=message, person=sender(message, contacts), at=at
    )
    return KINDS.get(kind, _words)(heard)


def _words(heard: Heard) -> Happening:
    """Anything that a guest may want to be answered."""
    if not heard.id or not heard.person.address:
        return Ignored(reason="incomplete message")
    found, person = said(heard.message), heard.person
    return InboundMessage(
        id=heard.id,
        address=person.address,
        sent_at=heard.at,
        content=found.content,
        profile_name=person.name,
        phone=person.phone or e164(found.phone),
        aliases=person.aliases,
        reply_to=text(table(heard.message.get("context")).get("id")),
        extra=found.extra,
    )


def _interactive(heard: Heard) -> Happening:
    """Whether the hotel may call is nothing to be answered."""
    part = table(heard.message.get("interactive"))
    permission = text(part.get("type")) == "call_permission_reply"
    return Ignored(reason="call_permission_reply") if permission else _words(heard)


def _reaction(heard: Heard) -> Happening:
    """A mark is taken away by one without an emoji, or with an empty one."""
    part, person = table(heard.message.get("reaction")), heard.person
    message_id = text(part.get("message_id"))
    if not message_id or not person.address:
        return Ignored(reason="incomplete reaction")
    return Reacted(
        message_id=message_id,
        address=person.address,
        emoji=text(part.get("emoji")),
        at=heard.at,
        aliases=person.aliases,
    )


def _edit(heard: Heard) -> Happening:
    part = table(heard.message.get("edit"))
    original = text(part.get("original_message_id"))
    if not original:
        return Ignored(reason="incomplete edit")
    content = said(table(part.get("message"))).content
    return MessageEdited(original_id=original, content=content, at=heard.at)


def _revoke(heard: Heard) -> Happening:
    original = text(table(heard.message.get("revoke")).get("original_message_id"))
    if not original:
        return Ignored(reason="incomplete revoke")
    return MessageRevoked(original_id=original, at=heard.at)


def _system(heard: Heard) -> Happening:
    """Another number, and with it another user id; either may be untold. Anything else that the
    system says (a changed security code) is for nobody."""
    part, message = table(heard.message.get("system")), heard.message
    if text(part.get("type")) not in MOVES:
        return Ignored(reason="system")
    old_id = text(part.get("previous_user_id")) or text(message.get("previous_user_id"))
    new_id = text(part.get("user_id")) or (text(message.get("from_user_id")) if old_id else "")
    old_number = text(part.get("customer")) or text(message.get("from"))
    new_number = text(part.get("new_wa_id")) or text(part.get("wa_id"))
    # Of one kind if possible: who is known by number is found by number.
    pairs = [(old_id, new_id), (old_number, new_number), (old_id or old_number, new_id)]
    pairs.append((old_id or old_number, new_id or new_number))
    found = next(((old, new) for old, new in pairs if old and new and old != new), None)
    if found is None:
        return Ignored(reason="incomplete system")
    others = [old_id, old_number, text(message.get("from")), new_id, new_number]
    return GuestMoved(
        old=found[0],
        new=found[1],
        phone=e164(new_number),
        at=heard.at,
        aliases=tuple(dict.fromkeys(one for one in others if one and one not in found)),
    )


def _welcome(heard: Heard) -> Happening:
    """Somebody opened the chat, and said nothing yet."""
    return Ignored(reason="request_welcome")


KINDS: dict[str, Callable[[Heard], Happening]] = {
    "interactive": _interactive,
    "reaction": _reaction,
    "edit": _edit,
    "revoke": _revoke,
    "system": _system,
    "request_welcome": _welcome,
}


def of_echo(echo: Json, contacts: Contacts) -> Happening:
    """What staff wrote in the WhatsApp Business app on the hotel's own phone."""
    if text(echo.get("type")) == "revoke":
        return Ignored(reason="revoked by staff")
    key, at = text(echo.get("id")), instant(echo.get("timestamp"))
    person = contacts.person(text(echo.get("to_user_id")), text(echo.get("to")))
    if not key or at is None or not person.address:
        return Ignored(reason="incomplete echo")
    changed = table(table(echo.get("edit")).get("message"))
    content = said(changed or echo).content
    return StaffWrote(
        id=key, address=person.address, content=content, at=at, aliases=person.aliases
    )


def of_preference(preference: Json, contacts: Contacts) -> Happening:
    """What a guest allowed in WhatsApp's own settings."""
    granted = WISHES.get(text(preference.get("value")))
    person = contacts.person(text(preference.get("user_id")), text(preference.get("wa_id")))
    at = instant(preference.get("timestamp"))
    about_marketing = text(preference.get("category")).startswith(MARKETING)
    if granted is None or not about_marketing or not person.address or at is None:
        return Ignored(reason="unknown preference")
    return ConsentGiven(
        address=person.address, purpose=MARKETING, granted=granted, at=at, aliases=person.aliases
    )


def of_status(status: Json) -> Happening:
    """What became of a message of ours. Of one that took several bodies the last speaks for all,
    unless another failed."""
    word, at = text(status.get("status")), instant(status.get("timestamp"))
    provider_id, state = text(status.get("id")), STATES.get(word)
    if state is None or not provider_id or at is None:
        return Ignored(reason=f"status {word}".strip())
    mark = text(status.get("biz_opaque_callback_data"))
    is_part = mark.endswith(PART)
    if is_part and state is not DeliveryState.FAILED:
        return Ignored(reason="status of a part")
    code, why = _error(status)
    failure = failure_of(code) if code is not None else ""
    return DeliveryStatus(
        provider_id=provider_id,
        state=state,
        at=at,
        outbox_id=_our_mark(mark.removesuffix(PART)),
        error=why,
        # What arrived of it would arrive again.
        failure="" if is_part and failure == "temporary" else failure,
    )


def _our_mark(mark: str) -> int | None:
    """The outbox id that we sent along, if it can be one."""
    found = int(mark) if mark.isascii() and mark.isdigit() and len(mark) <= 10 else 0
    return found if 0 < found < 2**31 else None


def _error(status: Json) -> tuple[int | None, str]:
    """Meta's code, and the code with its details; titles are deprecated."""
    error = next(iter(tables(status.get("errors"))), {})
    code = text(error.get("code"))
    details = text(table(error.get("error_data")).get("details")) or text(error.get("details"))
    number = int(code) if code.isascii() and code.isdigit() else None
    return number, ": ".join(filter(None, [code, details]))
