"""Message templates that a business account has, and whether a send fills one in as it must.

From Meta's page "Template components" and the message_templates edge of a business account. A
template that is not approved cannot be sent.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agente_hotelero_channel_whatsapp.testing import refusals
from agente_hotelero_channel_whatsapp.testing.refusals import Refused
from agente_hotelero_channel_whatsapp.testing.template_parts import (
    Body,
    Button,
    Header,
    PayloadParameter,
    TemplateSend,
)

RENDERED = 1024
CREATED = 1739321024
SLOT = re.compile(r"\{\{(\w+)\}\}")
STATES = ("APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED", "IN_APPEAL", "PENDING_DELETION")
CATEGORIES = ("UTILITY", "MARKETING", "AUTHENTICATION")


@dataclass(kw_only=True)
class Template:
    """A template as a business account has it. `header` is its text, or the format of its file
    (IMAGE, VIDEO, DOCUMENT, LOCATION); slots are ``{{1}}`` or ``{{name}}``."""

    name: str
    language: str = "en_US"
    body: str
    header: str = ""
    footer: str = ""
    quick_replies: Sequence[str] = ()
    links: Sequence[tuple[str, str]] = ()
    category: str = "UTILITY"
    status: str = "APPROVED"
    quality: str = "GREEN"
    business_id: str = "200000000000001"
    id: str = field(default_factory=lambda: str(uuid.uuid4().int)[:16])

    @property
    def header_format(self) -> str:
        files = ("IMAGE", "VIDEO", "DOCUMENT", "LOCATION")
        return self.header if self.header in files else "TEXT" if self.header else ""

    @property
    def buttons(self) -> list[Mapping[str, Any]]:
        replies = [{"type": "QUICK_REPLY", "text": text} for text in self.quick_replies]
        links = [
            {"type": "URL", "text": text, "url": url, **_example(url, [SLOT.sub("x", url)])}
            for text, url in self.links
        ]
        return [*replies, *links]

    def as_meta(self) -> dict[str, Any]:
        """As the message_templates edge lists it."""
        example = _example(self.body, self._body_example())
        parts: list[dict[str, Any]] = [{"type": "BODY", "text": self.body, **example}]
        if self.header:
            text = {"text": self.header} if self.header_format == "TEXT" else {}
            parts.insert(0, {"type": "HEADER", "format": self.header_format, **text})
        parts += [{"type": "FOOTER", "text": self.footer}] if self.footer else []
        parts += [{"type": "BUTTONS", "buttons": self.buttons}] if self.buttons else []
        return {
            "id": self.id,
            "name": self.name,
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "parameter_format": "NAMED" if self.named else "POSITIONAL",
            "quality_score": {"score": self.quality, "date": CREATED},
            "components": parts,
        }

    def _body_example(self) -> Mapping[str, Any]:
        names = slots(self.body)
        if self.named:
            examples = [{"param_name": name, "example": "x"} for name in names]
            return {"body_text_named_params": examples}
        return {"body_text": [["x"] * len(names)]}

    @property
    def named(self) -> bool:
        return any(not slot.isdigit() for slot in slots(self.body))

    def rendered(self, sent: TemplateSend) -> str:
        """What the guest reads."""
        header = _filled(self.header, sent.part(Header)) if self.header_format == "TEXT" else ""
        lines = [header, _filled(self.body, sent.part(Body)), self.footer]
        return "\n".join(line for line in lines if line)

    def options(self, sent: TemplateSend) -> tuple[tuple[str, str], ...]:
        """Quick replies as (payload, text); without a payload the text is it."""
        buttons = [part for part in sent.components if isinstance(part, Button)]
        told = {
            int(one.index): one.parameters[0].payload
            for one in buttons
            if isinstance(one.parameters[0], PayloadParameter)
        }
        return tuple((told.get(at, text), text) for at, text in enumerate(self.quick_replies))


def _example(text: str, example: Any) -> Mapping[str, Any]:
    return {"example": example} if slots(text) else {}


def slots(text: str) -> list[str]:
    """The names of the places to fill, each once, in order."""
    return list(dict.fromkeys(SLOT.findall(text)))


def find(known: Sequence[Template], sent: TemplateSend) -> Template:
    """The template that is meant. Raises Refused where it may not be sent, or not like that."""
    name, code = sent.name, sent.language.code
    found = next((one for one in known if (one.name, one.language) == (name, code)), None)
    if found is None or found.status not in ("APPROVED", "PAUSED", "DISABLED"):
        details = f"template name ({name}) does not exist in {code}"
        raise Refused(code=refusals.UNKNOWN_TEMPLATE, details=details)
    if found.status != "APPROVED":
        paused = found.status == "PAUSED"
        raise Refused(code=refusals.PAUSED if paused else refusals.DISABLED)
    _check_header(found, sent.part(Header))
    _check_slots("body", found.body, sent.part(Body))
    _check_buttons(found, sent)
    if len(_filled(found.body, sent.part(Body))) > RENDERED:
        raise Refused(code=refusals.TOO_LONG, details=f"body: more than {RENDERED} characters")
    return found


def _check_header(known: Template, given: Sequence[Any]) -> None:
    if known.header_format in ("", "TEXT"):
        _check_slots("header", known.header, given)
        return
    received = given[0].type.upper() if given else "UNKNOWN"
    if received != known.header_format or len(given) != 1:
        details = f"header: Format mismatch, expected {known.header_format}, received {received}"
        raise Refused(code=refusals.FORMAT, details=details)


def _check_slots(where: str, text: str, given: Sequence[Any]) -> None:
    expected, count = slots(text), len(given)
    if count != len(expected):
        details = (
            f"{where}: number of localizable_params ({count}) does not match the expected number "
            f"of params ({len(expected)})"
        )
        raise Refused(code=refusals.COUNT, details=details)
    if [one for one in given if one.type not in ("text", "currency")]:
        raise Refused(code=refusals.FORMAT, details=f"{where}: Format mismatch, expected TEXT")
    named = any(not slot.isdigit() for slot in expected)
    names = {one.parameter_name for one in given}
    if names != (set(expected) if named else {None} if given else set()):
        raise Refused(code=refusals.FORMAT, details=f"{where}: parameter names do not match")


def _check_buttons(known: Template, sent: TemplateSend) -> None:
    given = {int(part.index): part for part in sent.components if isinstance(part, Button)}
    for at, button in enumerate(known.buttons):
        kind = {"QUICK_REPLY": "quick_reply", "URL": "url"}[button["type"]]
        part = given.pop(at, None)
        if part is not None and part.sub_type != kind:
            details = f"buttons: Button at index {at} is not of type {part.sub_type}"
            raise Refused(code=refusals.PARAMETERS, details=details)
        if part is None and slots(button.get("url", "")):
            details = f"buttons: Button at index {at} of type Url requires a parameter"
            raise Refused(code=refusals.MISSING, details=details)
    if given:
        details = f"buttons: there is no button at index {min(given)}"
        raise Refused(code=refusals.PARAMETERS, details=details)


def _filled(text: str, given: Sequence[Any]) -> str:
    values = [one.text if one.type == "text" else one.currency.fallback_value for one in given]
    names = [one.parameter_name for one in given]
    found = {
        slot: values[names.index(slot) if slot in names else int(slot) - 1]
        for slot in slots(text)
        if slot in names or (slot.isdigit() and int(slot) <= len(values))
    }
    return SLOT.sub(lambda match: found.get(match[1], match[0]), text)
