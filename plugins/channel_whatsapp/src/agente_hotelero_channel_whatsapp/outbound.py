"""Messages as bodies of ``POST /<number>/messages``, within Meta's limits. Pure.

Limits: Meta's reference of the Cloud API's messages endpoint (text 4,096, caption 1,024).
"""

from __future__ import annotations

from typing import Any

from agente_hotelero.messages import Attachment, Location, OutboundMessage
from agente_hotelero.stays import Image

from agente_hotelero_channel_whatsapp import interactive
from agente_hotelero_channel_whatsapp.happenings import PART
from agente_hotelero_channel_whatsapp.numbers import other_form
from agente_hotelero_channel_whatsapp.template_body import template_body

TEXT, CAPTION, FILENAME = 4096, 1024, 240
CAPTIONED = ("document", "video")
Json = dict[str, Any]


def bodies(message: OutboundMessage, *, media_id: str = "", language: str = "") -> list[Json]:
    """What to post, in order; mostly one. The options go with the last text.

    `media_id` is the attachment's at Meta where it was uploaded, `language` that of the template.
    """
    parts = _parts(message, media_id, language)
    if parts and message.in_reply_to and _may_quote(parts[0]):
        parts[0] = {"context": {"message_id": message.in_reply_to}, **parts[0]}
    last = len(parts) - 1
    return [
        {**_envelope(message, is_last=place == last), **part} for place, part in enumerate(parts)
    ]


def with_other_form(body: Json) -> Json | None:
    """The same body to the same number in its other form, if it has one."""
    other = other_form(str(body.get("to", "")))
    return {**body, "to": other} if other else None


def has_link(part: object) -> bool:
    """Whether Meta is to fetch something itself."""
    if isinstance(part, dict):
        return "link" in part or any(map(has_link, part.values()))
    return isinstance(part, list) and any(map(has_link, part))


def _parts(message: OutboundMessage, media_id: str, language: str) -> list[Json]:
    if message.template is not None:
        return [template_body(message.template, language)]
    if message.react_to is not None:
        reaction = {"message_id": message.react_to, "emoji": message.text}
        return [{"type": "reaction", "reaction": reaction}]
    parts: list[Json] = []
    text = message.text
    if message.attachment is not None:
        caption = _caption(message) if message.attachment.kind in CAPTIONED else ""
        parts.append(_attachment(message.attachment, media_id, caption))
        text = "" if caption else text
    image = _fetchable(message.image)
    if image and (form := interactive.with_picture(text, message.options, image)):
        parts.append(form)
        text = ""
    elif image:
        caption = _caption(message) if text else ""
        parts.append(_image(image, caption))
        text = "" if caption else text
        parts += _texts(text, message)
    else:
        parts += _texts(text, message)
    if message.location is not None:
        parts.append(_location(message.location))
    return parts


def _texts(text: str, message: OutboundMessage) -> list[Json]:
    """Text in as many pieces as it takes; the options with the last."""
    form = interactive.form_of(message.options)
    if form is None or not text.strip():
        words = interactive.numbered(text, message.options)
        return [_text(piece) for piece in pieces(words, TEXT)]
    *first, last = pieces(text, form.body)
    return [*map(_text, first), form.build(last)]


def pieces(text: str, limit: int) -> list[str]:
    """Text cut at a paragraph, else a line, else a word, else anywhere, into parts of at most
    `limit`; none is cut so early that it would be less than half of what fits."""
    found, text = [], text.strip()
    while len(text) > limit:
        ends = (text.rfind(mark, limit // 2, limit + 1) for mark in ("\n\n", "\n", " "))
        cut = next((end for end in ends if end > 0), limit)
        found.append(text[:cut].strip())
        text = text[cut:].strip()
    return [one for one in [*found, text] if one]


def _envelope(message: OutboundMessage, *, is_last: bool) -> Json:
    """To a number as Meta gave it, else to one that is known, else to a user id."""
    number = message.address if message.address.isdigit() else (message.phone or "")
    to = {"to": f"+{number.removeprefix('+')}"} if number else {"recipient": message.address}
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **to,
        "biz_opaque_callback_data": f"{message.id}{'' if is_last else PART}",
    }


def _may_quote(part: Json) -> bool:
    """A reaction names its message itself, and a quote on a template is not shown."""
    return part["type"] not in ("reaction", "template")


def _caption(message: OutboundMessage) -> str:
    return message.text if len(message.text) <= CAPTION and not message.options else ""


def _fetchable(image: Image | None) -> str:
    """A picture that Meta can fetch; a path of our own it cannot."""
    return "" if image is None or image.url.startswith("/") else image.url


def _text(body: str) -> Json:
    return {"type": "text", "text": {"body": body, "preview_url": False}}


def _image(url: str, caption: str) -> Json:
    return {"type": "image", "image": {"link": url, **({"caption": caption} if caption else {})}}


def _attachment(file: Attachment, media_id: str, caption: str) -> Json:
    """A voice note is audio that is to be played at once."""
    part: Json = {"id": media_id} if media_id else {"link": file.url}
    if file.kind == "voice":
        return {"type": "audio", "audio": {**part, "voice": True}}
    if file.kind == "document" and file.filename:
        part["filename"] = file.filename[-FILENAME:]
    if caption:
        part["caption"] = caption
    return {"type": file.kind, file.kind: part}


def _location(point: Location) -> Json:
    named = {"name": point.name, "address": point.address}
    told = {key: value for key, value in named.items() if value}
    return {
        "type": "location",
        "location": {"latitude": point.latitude, "longitude": point.longitude, **told},
    }
