"""Messages as bodies of ``POST /<number>/messages``, within Meta's limits.

Limits: Meta's reference of the Cloud API's messages endpoint (text 4,096, caption and button body
1,024, 3 buttons of 20, 10 rows of 24 characters).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agente_hotelero.messages import Location, OfferedOption, OutboundMessage

TEXT, CAPTION, BUTTON_BODY = 4096, 1024, 1024
BUTTONS, BUTTON_TITLE = 3, 20
ROWS, ROW_TITLE = 10, 24
LIST_LABEL = "☰"
Json = dict[str, Any]


def bodies(message: OutboundMessage) -> list[Json]:
    """What to post, in order; mostly one. The options go with the last."""
    parts: list[Json] = []
    text = message.text
    if message.image is not None:
        caption = text if len(text) <= CAPTION and not message.options else ""
        parts.append({"type": "image", "image": {"link": message.image.url, "caption": caption}})
        text = "" if caption else text
    if text:
        *first, last = pieces(text, TEXT if not message.options else BUTTON_BODY)
        parts += [_text(piece) for piece in first]
        parts.append(_with_options(last, message.options) if message.options else _text(last))
    if message.location is not None:
        parts.append(_location(message.location))
    return [{**_envelope(message), **part} for part in parts]


def pieces(text: str, limit: int) -> list[str]:
    """Text cut at paragraphs, else lines, else anywhere, into parts of at most `limit`."""
    found = []
    while len(text) > limit:
        cut = max(text.rfind("\n\n", 0, limit), text.rfind("\n", 0, limit) // 2)
        if cut <= 0:
            cut = text.rfind(" ", 0, limit)
        cut = cut if cut > 0 else limit
        found.append(text[:cut].strip())
        text = text[cut:].strip()
    return [*found, text]


def _envelope(message: OutboundMessage) -> Json:
    phone = message.address.isdigit()
    to = {"to": f"+{message.address}"} if phone else {"recipient": message.address}
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **to,
        "biz_opaque_callback_data": str(message.id),
    }


def _text(body: str) -> Json:
    return {"type": "text", "text": {"body": body, "preview_url": False}}


def _location(point: Location) -> Json:
    named = {"name": point.name, "address": point.address}
    told = {key: value for key, value in named.items() if value}
    return {
        "type": "location",
        "location": {"latitude": point.latitude, "longitude": point.longitude, **told},
    }


def _with_options(text: str, options: Sequence[OfferedOption]) -> Json:
    """Buttons if they fit, else a list, else numbered text."""
    if len(options) <= BUTTONS and _titles_fit(options, BUTTON_TITLE):
        replies = [{"id": one.id, "title": one.title} for one in options]
        buttons = [{"type": "reply", "reply": reply} for reply in replies]
        return _interactive("button", text, {"buttons": buttons})
    if len(options) <= ROWS and _titles_fit(options, ROW_TITLE):
        rows = [{"id": one.id, "title": one.title} for one in options]
        return _interactive("list", text, {"button": LIST_LABEL, "sections": [{"rows": rows}]})
    lines = [f"{number}. {one.title}" for number, one in enumerate(options, 1)]
    return _text("\n".join([text, *lines])[:TEXT])


def _titles_fit(options: Sequence[OfferedOption], longest: int) -> bool:
    titles = [one.title for one in options]
    return len(set(titles)) == len(titles) and all(0 < len(title) <= longest for title in titles)


def _interactive(kind: str, text: str, action: Json) -> Json:
    body = {"type": kind, "body": {"text": text}, "action": action}
    return {"type": "interactive", "interactive": body}
