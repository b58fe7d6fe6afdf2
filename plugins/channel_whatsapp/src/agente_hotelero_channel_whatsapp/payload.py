"""Webhook bodies into events: tolerant of anything, one event at a time. Pure.

Each message, echo, preference and status is one event, and so is each other change. One that makes
no sense becomes `Ignored`; only a body that is no object at all is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agente_hotelero.messages import Happening, Ignored, InboundEvent

from agente_hotelero_channel_whatsapp import happenings, notices
from agente_hotelero_channel_whatsapp.identity import Contacts
from agente_hotelero_channel_whatsapp.wire import Json, digest, read, rows, table, tables, text

OBJECT = "whatsapp_business_account"
UNREADABLE = (TypeError, ValueError, LookupError, AttributeError, RecursionError)
Key = Callable[[Json], str]


def parse(body: bytes, businesses: Mapping[str, str] | None = None) -> Sequence[InboundEvent]:
    """Every event of a body; `businesses` maps business accounts to the account of ours that hears
    of them. Raises ValueError when it is not a JSON object."""
    found = read(body)
    if found.get("object") != OBJECT:
        return [_ignored("", "foreign object", found)]
    events = [
        event
        for entry in tables(found.get("entry"))
        for change in tables(entry.get("changes"))
        for event in _change(entry, change, businesses or {})
    ]
    return _with_keys_of_their_own(events)


def _with_keys_of_their_own(events: Sequence[InboundEvent]) -> list[InboundEvent]:
    """Without repetitions; two different events under one id, which Meta never sends, are kept."""
    found: dict[tuple[str, str], InboundEvent] = {}
    for event in events:
        known = found.get((event.account, event.key))
        if known is not None and known != event:
            mark = hashlib.sha256(repr(event.event).encode()).hexdigest()[:16]
            event = replace(event, key=f"{event.key}#{mark}")
        found[event.account, event.key] = event
    return list(found.values())


def _change(entry: Json, change: Json, businesses: Mapping[str, str]) -> Iterator[InboundEvent]:
    value, field = table(change.get("value")), text(change.get("field"))
    account = text(table(value.get("metadata")).get("phone_number_id"))
    contacts = Contacts(tables(value.get("contacts")))
    place = (account, entry, change)
    if field == "messages" and _any(value, "messages", "statuses"):
        for message in rows(value.get("messages")):
            yield _event(place, message, _own_id, lambda one: happenings.of_message(one, contacts))
        for status in rows(value.get("statuses")):
            yield _event(place, status, _status_key, happenings.of_status)
    elif field == "messages" and _any(value, "errors"):
        yield _event(place, value, _no_id, lambda one: notices.of_errors(entry, one["errors"]))
    elif field == "smb_message_echoes" and _any(value, "message_echoes"):
        for echo in rows(value.get("message_echoes")):
            yield _event(place, echo, _own_id, lambda one: happenings.of_echo(one, contacts))
    elif field == "user_preferences" and _any(value, "user_preferences"):
        for wish in rows(value.get("user_preferences")):
            yield _event(place, wish, _no_id, lambda one: happenings.of_preference(one, contacts))
    elif field in notices.FIELDS and (owner := notices.account_of(entry, value, businesses)):
        notice = (owner, entry, change)
        yield _event(notice, value, _no_id, lambda one: notices.of_change(entry, field, one))
    else:
        reason = "empty" if field == "messages" else field or "no field"
        yield _ignored(account, reason, entry.get("id"), entry.get("time"), change)


def _any(value: Json, *names: str) -> bool:
    return any(rows(value.get(name)) for name in names)


def _event(
    place: tuple[str, Json, Json], item: Any, key: Key, make: Callable[[Json], Happening]
) -> InboundEvent:
    """One event, whatever the others are; it has a hash for a key where it has no id."""
    account, entry, change = place
    if not isinstance(item, dict):
        return _ignored(account, "not an object", entry.get("id"), change.get("field"), item)
    try:
        happening = make(item)
    except UNREADABLE as error:
        happening = Ignored(reason=f"unreadable: {type(error).__name__}")
    own = key(item) or digest(entry.get("id"), entry.get("time"), change.get("field"), item)
    return InboundEvent(account=account, key=own, event=happening)


def _own_id(item: Json) -> str:
    return text(item.get("id"))


def _status_key(status: Json) -> str:
    provider_id, word = text(status.get("id")), text(status.get("status"))
    return f"{provider_id}:{word}" if provider_id and word else ""


def _no_id(item: Json) -> str:
    return ""


def _ignored(account: str, reason: str, *what: object) -> InboundEvent:
    return InboundEvent(account=account, key=digest(*what), event=Ignored(reason=reason))
