"""One folder, watched in a thread of its own: IDLE where the server can, and a look now and then.

Nothing is changed there (EXAMINE, BODY.PEEK): staff's own view of what is unread stays theirs.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from agente_hotelero.errors import Unavailable
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from agente_hotelero_channel_gmail.config import GmailConfig
from agente_hotelero_channel_gmail.envelope import PARSED, Attached
from agente_hotelero_channel_gmail.imap import GMAIL, opened, said_already
from agente_hotelero_channel_gmail.structure import attached_in

LOOK_SECONDS = 1.0
CLOCKS_DIFFER = timedelta(minutes=1)
MOST_TRIES = 3
BODY = b"BODY[]<0>"
LOST = ("EOF", "socket error")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """A mail as the server gave it out; without `raw` it could not."""

    uidvalidity: int
    uid: int
    received_at: datetime
    size: int = 0
    raw: bytes = b""
    gm_thread: str = ""
    attached: tuple[Attached, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """Up to where a folder was read, since when it is, and when the last mail in it came."""

    uidvalidity: int
    uid: int
    began_at: datetime
    seen_at: datetime


class Port(Protocol):
    """Where mails go. Returns once what it was given is safe; raises Unavailable when it is not."""

    def mark(self, uidvalidity: int, uid: int) -> Point:
        """Write down that mails up to `uid` are none of ours; when we began stays."""

    def deliver(self, mail: Fetched) -> None: ...


class Mailbox:
    """Watches until it is stopped, or until the connection fails. `stuck` counts, over all
    connections, how often a mail broke the protocol of one."""

    def __init__(
        self,
        config: GmailConfig,
        username: str,
        port: Port,
        *,
        point: Point | None,
        stuck: Counter[int],
    ) -> None:
        self._config = config
        self._username = username
        self._port = port
        self._point = point
        self._stuck = stuck
        self._stop = threading.Event()

    def stop(self) -> None:
        self._stop.set()

    def watch(self) -> None:
        """Raises AuthFailed, Throttled, Unavailable."""
        with opened(self._config, self._username) as client:
            state = client.select_folder(self._config.folder, readonly=True)
            waiting = self._begin(client, state)
            while not self._stop.is_set():
                for uid in waiting:
                    self._take(client, uid)
                self._wait(client)
                waiting = self._newer(client)

    def _begin(self, client: IMAPClient, state: dict[bytes, Any]) -> Sequence[int]:
        """The mails that came since the last time. The first time there are none: what was there
        before us is not ours to answer."""
        validity = int(state[b"UIDVALIDITY"])
        point = self._point
        last = int(state.get(b"UIDNEXT") or max(client.search("ALL"), default=0) + 1) - 1
        if point is None:
            self._point = self._port.mark(validity, last)
            return ()
        if validity == point.uidvalidity:
            return self._newer(client)
        missed = self._missed(client, point)
        self._point = self._port.mark(validity, min(missed, default=last + 1) - 1)
        return missed

    def _missed(self, client: IMAPClient, point: Point) -> Sequence[int]:
        """The server numbered its mails anew: those since the last one that we know, and since we
        began. What comes twice is known by its id."""
        # A server tells whole seconds, by a clock of its own.
        since = max(point.began_at.replace(microsecond=0), point.seen_at - CLOCKS_DIFFER)
        found = client.search([b"SINCE", (since - timedelta(days=1)).date()])
        dates = client.fetch(found, ["INTERNALDATE"]) if found else {}
        return sorted(
            uid for uid, told in dates.items() if _date(told.get(b"INTERNALDATE")) >= since
        )

    def _newer(self, client: IMAPClient) -> Sequence[int]:
        """``n:*`` names the last mail even if its number is below n."""
        last = self._known.uid
        return sorted(uid for uid in client.search([b"UID", f"{last + 1}:*"]) if uid > last)

    def _take(self, client: IMAPClient, uid: int) -> None:
        """Hand over one mail, and count it as read once it is safe."""
        if self._stop.is_set():
            return
        mail = self._fetch(client, uid) if self._stuck[uid] < MOST_TRIES else self._unread(uid)
        if mail is not None:
            self._port.deliver(mail)
        self._stuck.pop(uid, None)
        point = self._known
        seen = max(mail.received_at, point.seen_at) if mail else point.seen_at
        self._point = replace(point, uid=max(uid, point.uid), seen_at=seen)

    def _fetch(self, client: IMAPClient, uid: int) -> Fetched | None:
        """One mail; None when it is gone again."""
        items = ["RFC822.SIZE", "INTERNALDATE", f"BODY.PEEK[]<0.{PARSED}>"]
        if client.has_capability(GMAIL):
            items.append("X-GM-THRID")
        try:
            told = client.fetch([uid], items).get(uid)
        except IMAPClientAbortError as error:
            # A line that went dead is nobody's fault; nonsense in it is this mail's.
            self._stuck[uid] += not any(word in str(error) for word in LOST)
            raise
        except (IMAPClientError, ValueError):
            return self._unread(uid)
        if told is None or BODY not in told:
            return None
        raw = told[BODY]
        return Fetched(
            uidvalidity=self._known.uidvalidity,
            uid=uid,
            received_at=_date(told.get(b"INTERNALDATE")),
            size=int(told.get(b"RFC822.SIZE") or 0),
            raw=raw if isinstance(raw, bytes) else b"",
            gm_thread=str(told.get(b"X-GM-THRID") or ""),
            attached=self._attached(client, uid, raw),
        )

    def _attached(self, client: IMAPClient, uid: int, raw: object) -> tuple[Attached, ...]:
        """Its files, if there can be any. A structure that cannot be read costs the files only."""
        if not isinstance(raw, bytes) or b"multipart/" not in raw[:PARSED].lower():
            return ()
        try:
            told = client.fetch([uid], ["BODYSTRUCTURE"]).get(uid, {})
        except IMAPClientAbortError:
            raise
        except (IMAPClientError, ValueError, RecursionError):
            return ()
        return attached_in(told.get(b"BODYSTRUCTURE"))

    def _unread(self, uid: int) -> Fetched:
        validity = self._known.uidvalidity
        return Fetched(uidvalidity=validity, uid=uid, received_at=datetime.now(UTC))

    def _wait(self, client: IMAPClient) -> None:
        """Return when the server has said something, or it is time to look."""
        if not client.has_capability("IDLE"):
            self._stop.wait(self._config.poll_seconds)
            client.noop()
            return
        client.idle()
        ends = time.monotonic() + self._config.poll_seconds
        told = said_already(client)
        while not (told or self._stop.is_set()) and time.monotonic() < ends:
            begun = time.monotonic()
            patience = min(LOOK_SECONDS, max(ends - begun, 0.01))
            said = client.idle_check(timeout=patience)
            # Nothing, and at once: the other end has closed.
            if said or time.monotonic() - begun < patience / 2:
                break
        client.idle_done()

    @property
    def _known(self) -> Point:
        if self._point is None:
            raise Unavailable("the mailbox is not open")
        return self._point


def _date(value: object) -> datetime:
    """When the server took a mail in; now, where it does not say."""
    if not isinstance(value, datetime):
        return datetime.now(UTC)
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
