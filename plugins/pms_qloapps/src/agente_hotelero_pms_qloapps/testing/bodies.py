"""Request bodies: JSON or XML, into the same dicts and lists."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

from agente_hotelero_pms_qloapps.testing.state import words

LISTS = frozenset(
    words("room_types rooms services child_ages cart_rules facilities room_occupancies")
)


def parse_xml(body: bytes) -> ElementTree.Element | None:
    """The root element; None for what is no XML."""
    try:
        return ElementTree.fromstring(body)  # noqa: S314 - only our own tests send
    except ElementTree.ParseError:
        return None


def parse(body: bytes) -> dict[str, Any] | None:
    """A document by its first character; None if it is broken."""
    if body.lstrip().startswith(b"{"):
        try:
            found = json.loads(body)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None
    root = parse_xml(body)
    return None if root is None else {one.tag: tree(one) for one in root}


def tree(element: ElementTree.Element) -> Any:
    if element.tag in LISTS:
        return [tree(one) for one in element]
    if len(element):
        return {one.tag: tree(one) for one in element}
    return (element.text or "").strip()


def part(value: Any, *path: str) -> Any:
    """Follow keys; an empty dict where anything is missing or of another kind."""
    for name in path:
        value = value.get(name, {}) if isinstance(value, dict) else {}
    return value


def whole(value: Any, default: int = 0) -> int:
    """An int from a number or text."""
    text = str(value).strip()
    return int(text) if text.lstrip("-").isdigit() else default
