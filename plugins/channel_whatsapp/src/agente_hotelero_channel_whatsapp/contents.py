"""What a message of a guest says. Pure.

Whatever cannot be read has no content and says in its extra what it was (`unsupported`): the guest
gets a polite word once, and staff see it. Nothing that a guest sent is dropped for its type.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from agente_hotelero.messages import Content, Location, Media

from agente_hotelero_channel_whatsapp.wire import Json, kept, table, tables, text

MEDIA = {
    "image": "image",
    "video": "video",
    "document": "document",
    "audio": "audio",
    "voice": "audio",
    "sticker": "sticker",
}
UNSUPPORTED = "unsupported"
ASKED = "contact_request"
NOTHING = Content()


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """Content, what else came with it, and the number that a guest gave when asked for it."""

    content: Content
    extra: Json
    phone: str = ""


def said(message: Json) -> Said:
    """What a message of any type says."""
    kind = text(message.get("type"))
    found = READERS.get(kind, _unknown)(message, table(message.get(kind)))
    extra = {**_circumstances(message), **found.extra}
    if _is_empty(found.content):
        what = text(table(message.get(UNSUPPORTED)).get("type")) or kind or "no type"
        extra[UNSUPPORTED] = what
    return replace(found, extra=extra)


def _is_empty(content: Content) -> bool:
    return not (content.text.strip() or content.choice or content.media or content.location)


def _circumstances(message: Json) -> Json:
    """How a message came about: an advertisement, a product, somebody else's words."""
    context = table(message.get("context"))
    names = ("forwarded", "frequently_forwarded", "referred_product")
    found = {name: kept(context[name]) for name in names if context.get(name)}
    if message.get("referral"):
        found["referral"] = kept(message["referral"])
    return found


def _unknown(message: Json, part: Json) -> Said:
    return Said(content=NOTHING, extra={})


def _text(message: Json, part: Json) -> Said:
    return Said(content=Content(text=text(part.get("body"))), extra={})


def _button(message: Json, part: Json) -> Said:
    choice = text(part.get("payload")) or None
    return Said(content=Content(text=text(part.get("text")), choice=choice), extra={})


def _interactive(message: Json, part: Json) -> Said:
    """A tap on one of our options, or a form (`nfm_reply`), whose answers are JSON in a string."""
    reply = table(part.get("button_reply")) or table(part.get("list_reply"))
    if reply:
        choice = text(reply.get("id")) or None
        return Said(content=Content(text=text(reply.get("title")), choice=choice), extra={})
    form = table(part.get("nfm_reply"))
    return Said(content=NOTHING, extra={"form": _form(form)} if form else {})


def _form(form: Json) -> object:
    """The answers; as they came when they are no JSON."""
    answers = form.get("response_json")
    if not isinstance(answers, str):
        return kept(answers)
    try:
        return kept(json.loads(answers))
    except (ValueError, RecursionError):
        return text(answers)


def _location(message: Json, part: Json) -> Said:
    try:
        point = Location(
            latitude=float(part["latitude"]),
            longitude=float(part["longitude"]),
            name=text(part.get("name")),
            address=text(part.get("address")),
        )
    except (KeyError, TypeError, ValueError):
        return Said(content=NOTHING, extra={})
    on_earth = abs(point.latitude) <= 90 and abs(point.longitude) <= 180  # false for NaN
    content = Content(text=point.name, location=point) if on_earth else NOTHING
    return Said(content=content, extra={})


def _contacts(message: Json, part: Json) -> Said:
    """Cards of people; the guest's own when he was asked for his number, which is told on the card
    or beside it."""
    cards = tables(message.get("contacts"))
    asked = [card for card in cards if ASKED in (card.get("origin"), message.get("origin"))]
    return Said(
        content=Content(text=", ".join(filter(None, map(_card, cards)))),
        extra={"contacts": kept(cards)} if cards else {},
        phone=next(filter(None, map(_phone, asked)), ""),
    )


def _card(card: Json) -> str:
    name = text(table(card.get("name")).get("formatted_name"))
    numbers = [text(phone.get("phone")) for phone in tables(card.get("phones"))]
    return " ".join(filter(None, [name, *numbers]))


def _phone(card: Json) -> str:
    for phone in tables(card.get("phones")):
        if number := text(phone.get("wa_id")) or re.sub(r"\D", "", text(phone.get("phone"))):
            return number
    return ""


def _order(message: Json, part: Json) -> Said:
    return Said(content=Content(text=text(part.get("text"))), extra={"order": kept(part)})


def _media(message: Json, part: Json) -> Said:
    kind = text(message.get("type"))
    if not text(part.get("id")):
        return Said(content=Content(text=text(part.get("caption"))), extra={})
    media = Media(
        id=text(part.get("id")),
        mime_type=text(part.get("mime_type")),
        voice=kind == "voice" or part.get("voice") is True,
        kind=MEDIA[kind],
        filename=text(part.get("filename")),
        sha256=text(part.get("sha256")),
        url=text(part.get("url")),
    )
    return Said(content=Content(text=text(part.get("caption")), media=media), extra={})


READERS: dict[str, Callable[[Json, Json], Said]] = {
    "text": _text,
    "button": _button,
    "interactive": _interactive,
    "location": _location,
    "contacts": _contacts,
    "order": _order,
    **dict.fromkeys(MEDIA, _media),
}
