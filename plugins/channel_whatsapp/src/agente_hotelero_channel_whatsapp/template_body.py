"""An approved template, filled in. Pure.

Source: Meta's reference of template messages: parameters by position or by name, a picture in the
header, a payload for each quick-reply button, whose index is a string.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agente_hotelero.messages import MessageTemplate

Json = dict[str, Any]


def template_body(template: MessageTemplate, language: str) -> Json:
    components = [*_header(template), *_body(template.values), *_buttons(template)]
    made: Json = {
        "name": template.name,
        "language": {"code": language, "policy": "deterministic"},
    }
    if components:
        made["components"] = components
    return {"type": "template", "template": made}


def _header(template: MessageTemplate) -> list[Json]:
    if template.image is None:
        return []
    picture = {"type": "image", "image": {"link": template.image.url}}
    return [{"type": "header", "parameters": [picture]}]


def _body(values: Mapping[str, str]) -> list[Json]:
    """By position where all keys are numbers, else by name."""
    if not values:
        return []
    if all(key.isdecimal() for key in values):
        ordered = [values[key] for key in sorted(values, key=int)]
        parameters = [{"type": "text", "text": _line(value)} for value in ordered]
    else:
        parameters = [
            {"type": "text", "parameter_name": name, "text": _line(value)}
            for name, value in values.items()
        ]
    return [{"type": "body", "parameters": parameters}]


def _buttons(template: MessageTemplate) -> list[Json]:
    return [
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": str(place),
            "parameters": [{"type": "payload", "payload": payload}],
        }
        for place, payload in enumerate(template.buttons)
    ]


def _line(value: str) -> str:
    """Meta refuses a parameter with line breaks, tabs or more than four spaces in a row."""
    return " ".join(value.split())
