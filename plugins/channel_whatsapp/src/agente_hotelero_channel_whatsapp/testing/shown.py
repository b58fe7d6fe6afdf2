"""A body that was taken, as the guest's phone shows it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from agente_hotelero_channel_whatsapp.testing import bodies, interactive
from agente_hotelero_channel_whatsapp.testing.accounts import Sent
from agente_hotelero_channel_whatsapp.testing.template_parts import TemplateSend
from agente_hotelero_channel_whatsapp.testing.templates import Template

FILES = ("image", "video", "audio", "document", "sticker")


def shown(
    number: str, to: str, body: Mapping[str, Any], part: Any, template: Template | None
) -> Sent:
    """`part` is the model of what `body` says, `template` what it fills in."""
    kind = str(body.get("type", "text"))
    file = (part.id or part.link) if isinstance(part, bodies.Asset) else ""
    point = isinstance(part, bodies.Location)
    return Sent(
        id=f"wamid.{uuid.uuid4().hex}",
        account=number,
        to=to,
        kind=kind,
        text=_text(part, template),
        options=_options(part, template),
        image=str(part.link or "") if kind == "image" else "",
        location=(float(part.latitude), float(part.longitude)) if point else None,
        mark=str(body.get("biz_opaque_callback_data", "")),
        file=str(file),
        voice=bool(getattr(part, "voice", False)),
        template=template.name if template is not None else "",
        reply_to=_quoted(body, part),
        body=body,
    )


def _text(part: Any, template: Template | None) -> str:
    match part:
        case bodies.Text():
            return part.body
        case bodies.Captioned():
            return part.caption
        case bodies.Location():
            return part.name
        case bodies.Reaction():
            return part.emoji
        case TemplateSend() if template is not None:
            return template.rendered(part)
        case list():
            return ", ".join(one.name.formatted_name for one in part)
        case _:
            return part.body.text if hasattr(part, "body") else ""


def _options(part: Any, template: Template | None) -> tuple[tuple[str, str], ...]:
    match part:
        case interactive.ButtonMessage():
            return tuple((one.reply.id, one.reply.title) for one in part.action.buttons)
        case interactive.ListMessage():
            rows = [row for section in part.action.sections for row in section.rows]
            return tuple((row.id, row.title) for row in rows)
        case TemplateSend() if template is not None:
            return template.options(part)
        case _:
            return ()


def _quoted(body: Mapping[str, Any], part: Any) -> str:
    if isinstance(part, bodies.Reaction):
        return part.message_id
    return str(body.get("context", {}).get("message_id", ""))
