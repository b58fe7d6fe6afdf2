"""Who somebody is: by business-scoped user id where Meta tells it, else by number. Pure.

Since April 2026 users may have no number for a business, and ids of their own
(``CC.<letters and digits>``); where both are known the number is an alias.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agente_hotelero_channel_whatsapp.numbers import e164, match_key
from agente_hotelero_channel_whatsapp.wire import Json, table, text


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A guest; `address` is empty when nothing says who it is."""

    address: str
    aliases: tuple[str, ...] = ()
    phone: str | None = None
    name: str = ""


class Contacts:
    """The people that a webhook's `value` names, found by their ids and never by their place."""

    def __init__(self, contacts: Sequence[Json]) -> None:
        self._only = contacts[0] if len(contacts) == 1 else {}
        self._by_id: dict[str, Json] = {}
        for contact in contacts:
            for name in _names(contact):
                self._by_id.setdefault(name, contact)

    def person(self, user_id: str, wa_id: str) -> Person:
        """Who has these ids, either of which may be empty; without both, whoever is alone."""
        contact = self._of(user_id, wa_id)
        user_id = user_id or text(contact.get("user_id"))
        wa_id = wa_id or text(contact.get("wa_id"))
        profile = table(contact.get("profile"))
        return Person(
            address=user_id or wa_id,
            aliases=(wa_id,) if user_id and wa_id else (),
            phone=e164(wa_id),
            name=text(profile.get("name")) or text(profile.get("username")),
        )

    def _of(self, user_id: str, wa_id: str) -> Json:
        if not user_id and not wa_id:
            return self._only
        for name in (user_id, wa_id, _key(wa_id)):
            if name and name in self._by_id:
                return self._by_id[name]
        return {}


def sender(message: Json, contacts: Contacts) -> Person:
    return contacts.person(text(message.get("from_user_id")), text(message.get("from")))


def _names(contact: Json) -> list[str]:
    user_id, wa_id = text(contact.get("user_id")), text(contact.get("wa_id"))
    return [name for name in (user_id, wa_id, _key(wa_id)) if name]


def _key(wa_id: str) -> str:
    return f"key:{match_key(wa_id)}" if wa_id.isdigit() else ""
