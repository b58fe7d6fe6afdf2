"""Webhook bodies: one value or up to a thousand, signed over their bytes."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agente_hotelero_channel_whatsapp.testing.accounts import Account

LISTS = ("contacts", "messages", "statuses")
MOST_EVENTS = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One change of one account, as an entry of a webhook holds it; news of the account itself
    have a `time` (seconds since 1970), what concerns one number has none."""

    account: Account
    field: str
    value: Mapping[str, Any]
    time: int = 0

    @property
    def events(self) -> int:
        return sum(len(self.value.get(name, ())) for name in ("messages", "statuses")) or 1


def of_number(account: Account, value: Mapping[str, Any], field: str = "messages") -> Change:
    """A change that concerns one number."""
    metadata = {
        "display_phone_number": account.display_phone_number,
        "phone_number_id": account.phone_number_id,
    }
    full = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    return Change(account=account, field=field, value=full)


def signature(secret: str, body: bytes) -> str:
    """The value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def envelope(account: Account, value: Mapping[str, Any]) -> bytes:
    """A webhook body around one `value`."""
    return packed([of_number(account, value)])


def packed(changes: Iterable[Change]) -> bytes:
    """A webhook body of several changes: an entry for those in a row of one business account."""
    entries: list[dict[str, Any]] = []
    for one in changes:
        head = {"id": one.account.business_id, **({"time": one.time} if one.time else {})}
        if not entries or {**entries[-1], "changes": 0} != {**head, "changes": 0}:
            entries.append({**head, "changes": []})
        entries[-1]["changes"].append({"field": one.field, "value": one.value})
    return json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode()


def merged(changes: Sequence[Change], chance: random.Random) -> list[Change]:
    """The same events in another grouping: some changes of one number become one `value`."""
    found: list[Change] = []
    for one in changes:
        last = found[-1] if found else None
        together = last is not None and one.field == last.field == "messages"
        if last is None or not together or last.account != one.account or chance.random() < 0.5:
            found.append(one)
            continue
        lists = {name: [*last.value.get(name, ()), *one.value.get(name, ())] for name in LISTS}
        value = {**last.value, **{name: items for name, items in lists.items() if items}}
        found[-1] = Change(account=one.account, field=one.field, value=value)
    return found
