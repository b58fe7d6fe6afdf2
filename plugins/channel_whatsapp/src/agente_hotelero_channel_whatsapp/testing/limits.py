"""What Meta refuses: the limits of the messages endpoint, written from its reference.

Independent of our sender on purpose: a mistake there must not repeat itself here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

TYPES = frozenset({"text", "image", "location", "interactive"})


def complaint(body: Mapping[str, Any]) -> tuple[int, str] | None:
    """Meta's error code and detail for a body it would refuse; None for a good one."""
    if body.get("messaging_product") != "whatsapp":
        return 100, "The parameter messaging_product is required."
    if "to" not in body and "recipient" not in body:
        return 100, "The parameter to is required."
    if "to" in body and not str(body["to"]).startswith("+"):
        return 131009, "to: not a phone number with a plus sign"
    kind = body.get("type", "text")
    if kind not in TYPES or not isinstance(body.get(kind), Mapping):
        return 131009, f"type: {kind} is not supported here"
    if len(str(body.get("biz_opaque_callback_data", ""))) > 512:
        return 131009, "biz_opaque_callback_data: longer than 512"
    detail = CHECKS[kind](body[kind])
    return (131009, detail) if detail else None


def _text(part: Mapping[str, Any]) -> str:
    return _length("text.body", part.get("body"), 4096)


def _image(part: Mapping[str, Any]) -> str:
    if not str(part.get("link", "")).startswith(("https://", "http://")) and not part.get("id"):
        return "image: neither link nor id"
    caption = part.get("caption")
    return _length("image.caption", caption, 1024) if caption else ""


def _location(part: Mapping[str, Any]) -> str:
    inside = -90 <= float(part["latitude"]) <= 90 and -180 <= float(part["longitude"]) <= 180
    return "" if inside else "location: not on Earth"


def _interactive(part: Mapping[str, Any]) -> str:
    action = part.get("action", {})
    if part.get("type") == "button":
        buttons = [one.get("reply", {}) for one in action.get("buttons", [])]
        return _length("body", part["body"].get("text"), 1024) or _choices(buttons, 3, 20, 256)
    if part.get("type") == "list":
        rows = [row for section in action.get("sections", []) for row in section.get("rows", [])]
        return (
            _length("action.button", action.get("button"), 20)
            or _length("body", part["body"].get("text"), 4096)
            or _choices(rows, 10, 24, 200)
        )
    return "interactive.type: unknown"


def _choices(choices: Sequence[Mapping[str, Any]], most: int, title: int, longest_id: int) -> str:
    if not 1 <= len(choices) <= most:
        return f"choices: between 1 and {most}"
    titles = [one.get("title") for one in choices]
    if len(set(titles)) != len(titles):
        return "choices: titles must differ"
    found = [_length("title", one.get("title"), title) for one in choices]
    found += [_length("id", one.get("id"), longest_id) for one in choices]
    return next((detail for detail in found if detail), "")


def _length(name: str, value: Any, most: int) -> str:
    if not isinstance(value, str) or not value:
        return f"{name}: required"
    return f"{name}: longer than {most}" if len(value) > most else ""


CHECKS = {"text": _text, "image": _image, "location": _location, "interactive": _interactive}
