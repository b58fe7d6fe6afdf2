"""Links by which a guest answers with one tap: signed, of one mail, for a time. Pure.

A link holds no personal data: the mail's number, the option's place, the end, and a signature.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime

PATH = "/plugins/channel_gmail"
LEAVE = 99
"""Stands for no option: whoever follows it wants no more messages that he did not ask for."""

TOKEN = re.compile(r"(\d{1,18})\.(\d{1,2})\.(\d{1,12})\.([0-9a-f]{32})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """What a token says."""

    outbox_id: int
    place: int
    ends: datetime


def token(secret: str, account: str, outbox_id: int, place: int, ends: datetime) -> str:
    """The same for the same link: a mail that is sent again has no others."""
    plain = f"{outbox_id}.{place}.{int(ends.timestamp())}"
    return f"{plain}.{_signature(secret, account, plain)}"


def read(text: str, secret: str, account: str) -> Link | None:
    """A token of ours; None for anything else. Whether it has ended is for the caller to see."""
    found = TOKEN.fullmatch(text)
    if found is None or not secret:
        return None
    plain = f"{found[1]}.{found[2]}.{found[3]}"
    if not hmac.compare_digest(found[4], _signature(secret, account, plain)):
        return None
    try:
        ends = datetime.fromtimestamp(int(found[3]), UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return Link(outbox_id=int(found[1]), place=int(found[2]), ends=ends)


def _signature(secret: str, account: str, plain: str) -> str:
    body = f"channel_gmail:{account}:{plain}".encode()
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()[:32]
