"""What a provider sends, made fit to be stored: no NUL, no half characters, no endless ids."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from agente_hotelero.messages import InboundEvent

T = TypeVar("T")
LONGEST_KEY = 300
# What names a message, a guest or a conversation, in any kind of event.
IDS = ("id", "address", "provider_id", "thread", "original_id", "message_id", "old", "new")
LONGEST_TEXT = 20_000


def storable(value: T) -> T:
    """The same value with texts cleaned and cut; keys that are too long become their hash."""
    cleaned = _clean(value)
    if isinstance(cleaned, InboundEvent):
        return _short(cleaned)  # type: ignore[return-value]
    return cleaned  # type: ignore[no-any-return]


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        if type(value) is not str:
            return value  # an enumeration's member
        text = value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")[:LONGEST_TEXT]
        return value if text == value else text
    if is_dataclass(value) and not isinstance(value, type):
        changes = {
            field.name: new
            for field in fields(value)
            if (new := _clean(old := getattr(value, field.name))) is not old
        }
        return replace(value, **changes) if changes else value
    if isinstance(value, Mapping):
        cleaned: Any = {_clean(key): _clean(item) for key, item in value.items()}
        return value if cleaned == value else cleaned
    if isinstance(value, tuple | list):
        cleaned = type(value)(_clean(item) for item in value)
        return value if cleaned == value else cleaned
    return value


def _short(event: InboundEvent) -> InboundEvent:
    """Ids go into unique indexes, whose rows have an end."""
    inner: Any = event.event
    long: dict[str, Any] = {
        name: _hashed(getattr(inner, name)) for name in IDS if hasattr(inner, name)
    }
    if hasattr(inner, "aliases"):
        long["aliases"] = tuple(_hashed(one) for one in inner.aliases)
    account, key = _hashed(event.account), _hashed(event.key)
    return replace(event, account=account, key=key, event=replace(inner, **long))


def _hashed(text: str) -> str:
    if len(text) <= LONGEST_KEY:
        return text
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
