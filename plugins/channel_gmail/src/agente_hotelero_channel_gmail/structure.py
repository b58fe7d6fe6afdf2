"""The files of a mail, as its server tells of them (BODYSTRUCTURE, RFC 3501). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from agente_hotelero_channel_gmail.envelope import Attached
from agente_hotelero_channel_gmail.headers import text_of

MOST, DEEPEST = 100, 20


def attached_in(structure: Any) -> tuple[Attached, ...]:
    """Every part that is no text of the mail; empty for a structure that makes no sense."""
    try:
        return tuple(_parts(structure, "", inside=False, depth=0))[:MOST]
    except (IndexError, TypeError, ValueError, AttributeError):
        return ()


def _parts(part: Any, section: str, *, inside: bool, depth: int) -> Iterator[Attached]:
    if depth > DEEPEST:
        return
    if isinstance(part[0], list):
        related = _text(part[1]) == "related"
        for number, child in enumerate(part[0], 1):
            place = f"{section}.{number}" if section else str(number)
            yield from _parts(child, place, inside=inside or related, depth=depth + 1)
        return
    kind, subtype = _text(part[0]), _text(part[1])
    disposition, about = _disposition(part)
    name = about.get("filename") or _pairs(part[2]).get("name", "")
    attached = disposition == "attachment" or bool(name)
    if kind == "text" and subtype in ("plain", "html") and not attached:
        return
    yield Attached(
        section=section or "1",
        mime_type=f"{kind}/{subtype}",
        filename=name,
        size=int(part[6] or 0),
        encoding=_text(part[5]),
        content_id=_text(part[3], lower=False),
        inside=inside and disposition != "attachment",
    )


def _disposition(part: Sequence[Any]) -> tuple[str, dict[str, str]]:
    """The first extension field that has the form of a disposition."""
    for field in part[7:]:
        pair = isinstance(field, tuple) and len(field) == 2 and isinstance(field[0], bytes)
        if pair and _text(field[0]) in ("attachment", "inline"):
            return _text(field[0]), _pairs(field[1])
    return "", {}


def _pairs(field: Any) -> dict[str, str]:
    """Parameters; those in parts or with a charset (RFC 2231) under their plain name."""
    if not isinstance(field, tuple):
        return {}
    found: dict[str, str] = {}
    for name, value in zip(field[::2], field[1::2], strict=False):
        plain = _text(name).partition("*")[0]
        found[plain] = found.get(plain, "") + _text(value, lower=False)
    return found


def _text(value: Any, *, lower: bool = True) -> str:
    text = text_of(value, "utf-8") if isinstance(value, bytes) else ""
    return text.lower() if lower else text
