"""What the mailbox puts into the inbox: a mail with what is known of it, as JSON. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

PARSED = 256 * 1024
"""So many bytes of a mail are kept and read: its text comes first, its files are fetched apart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """A file of a mail, as the server tells of it; `section` is its number there (RFC 3501)."""

    section: str
    mime_type: str
    filename: str
    size: int
    encoding: str
    content_id: str = ""
    inside: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """One mail. `raw` are its first `PARSED` bytes; `begins`: it is the first of its thread;
    `for_staff` says why nobody but people may answer it."""

    account: str
    folder: str
    uidvalidity: int
    uid: int
    received_at: datetime
    size: int
    message_id: str
    thread: str
    begins: bool
    for_staff: str
    attached: tuple[Attached, ...]
    raw: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Tap:
    """A guest chose an option of ours on the page that a link of ours led to."""

    account: str
    address: str
    thread: str
    outbox_id: int
    choice: str
    title: str
    at: datetime


def pack(content: Envelope | Tap) -> bytes:
    """As the inbox stores it."""
    tree = asdict(content)
    for name in ("received_at", "at"):
        if name in tree:
            tree[name] = tree[name].isoformat()
    if isinstance(content, Envelope):
        tree["raw"] = base64.b64encode(content.raw).decode("ascii")
    return json.dumps({type(content).__name__.lower(): tree}).encode()


def unpack(body: bytes) -> Envelope | Tap:
    """Raises ValueError for what `pack` did not make."""
    try:
        tree = json.loads(body)
        if "tap" in tree:
            return Tap(**{**tree["tap"], "at": datetime.fromisoformat(tree["tap"]["at"])})
        return _envelope(tree["envelope"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no envelope of ours: {type(error).__name__}") from error


def _envelope(tree: Mapping[str, Any]) -> Envelope:
    return Envelope(
        **{
            **tree,
            "received_at": datetime.fromisoformat(tree["received_at"]),
            "attached": tuple(Attached(**one) for one in tree["attached"]),
            "raw": base64.b64decode(tree["raw"]),
        }
    )
