"""An SMTP server that delivers into Dovecot's mailboxes, as Gmail does: it checks who writes, keeps
a copy of what was sent, returns what cannot be delivered, and can be made to fail."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import format_datetime, parseaddr
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from agente_hotelero_channel_gmail.testing.dovecot import Dovecot, free_port

SENT_BOX = ".Enviados"
SERVER = "mx.google.com"
SILENCE_SECONDS = 600.0
BOUNCE = """\
Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: {sender}
Subject: Delivery Status Notification (Failure)
Auto-Submitted: auto-replied
Message-ID: <bounce-{number}@mail.example>
X-Failed-Recipients: {to}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="bounce"

--bounce
Content-Type: text/plain; charset=UTF-8

Address not found: {to}

--bounce
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com

Final-Recipient: rfc822; {to}
Action: failed
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 The account does not exist

--bounce
Content-Type: message/rfc822

{original}
--bounce--
"""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What the next mail meets. `stage` is connect, login, mail, rcpt or data; `answer` is said
    there, and an empty one is silence. With `takes` the mail is delivered all the same."""

    stage: str
    answer: str = ""
    takes: bool = False


class PostOffice:
    """`now` is the time at which mails are taken in; `changes` may change each on its way; `dead`
    are addresses with the status of what comes back."""

    def __init__(self, dovecot: Dovecot, *, now: Callable[[], datetime] | None = None) -> None:
        self.dovecot = dovecot
        self.now = now or (lambda: datetime.now(UTC))
        self.trouble: deque[Trouble] = deque()
        self.dead: dict[str, str] = {}
        self.taken: list[tuple[str, str, bytes]] = []
        self.logins = 0
        self.keeps_sent = True
        self.changes: Callable[[bytes], bytes] = lambda raw: raw
        self.port = free_port()
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self.port, authenticator=self._authenticate,
            auth_require_tls=False, server_hostname=SERVER, ready_timeout=10.0,
        )  # fmt: skip

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    # ── the hooks of aiosmtpd ────────────────────────────────────────────────────────────────────

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        answer = await self._met("connect")
        return [answer] if answer else responses

    async def handle_MAIL(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication Required"
        answer = await self._met("mail")
        if not answer:
            envelope.mail_from = address
        return answer or "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        answer = await self._met("rcpt")
        if not answer:
            envelope.rcpt_tos.append(address)
        return answer or "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        trouble = self._next("data")
        if trouble is None or trouble.takes:
            for to in envelope.rcpt_tos:
                self._deliver(str(session.auth_data), to, bytes(envelope.content))
        if trouble is None:
            return "250 2.0.0 OK"
        return await _said(trouble)

    def _authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        self.logins += 1
        trouble = self._next("login")
        if trouble is not None:
            return AuthResult(success=False, handled=False, message=trouble.answer)
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        name, password = data.login.decode(), data.password.decode()
        if self.dovecot.users.get(name) != password:
            return AuthResult(success=False, handled=False)
        return AuthResult(success=True, auth_data=name)

    # ── delivery ─────────────────────────────────────────────────────────────────────────────────

    def _deliver(self, sender: str, to: str, raw: bytes) -> None:
        if self.keeps_sent:
            self.dovecot.deliver(sender, raw, at=self.now(), box=SENT_BOX)
        raw = self.changes(raw)
        self.taken.append((sender, to, raw))
        status = self.dead.get(to, "" if to in self.dovecot.users else "5.1.1")
        if status:
            self._bounce(sender, to, status, raw)
            return
        self.dovecot.deliver(to, self._stamped(sender, to, raw), at=self.now())

    def _stamped(self, sender: str, to: str, raw: bytes) -> bytes:
        """With what a server writes on top: who it is really from."""
        _, named = parseaddr(str(message_from_bytes(raw)["From"]))
        verdict = "pass" if named.lower() == sender.lower() else "fail"
        domain = named.rpartition("@")[2]
        top = (
            f"Delivered-To: {to}\r\n"
            f"Return-Path: <{sender}>\r\n"
            f"Received: from [127.0.0.1] by {SERVER}; {format_datetime(self.now())}\r\n"
            f"Authentication-Results: {SERVER};\r\n"
            f"       dkim={verdict} header.i=@{domain} header.s=test header.b=AbCdEf;\r\n"
            f"       dmarc={verdict} (p=NONE sp=NONE dis=NONE) header.from={domain}\r\n"
        )
        return top.encode() + raw

    def _bounce(self, sender: str, to: str, status: str, raw: bytes) -> None:
        bounce = BOUNCE.format(
            sender=sender,
            to=to,
            status=status,
            number=len(self.taken),
            original=raw.decode("utf-8", "replace"),
        )
        body = "\r\n".join(bounce.splitlines()).encode()
        self.dovecot.deliver(sender, body, at=self.now())

    def _next(self, stage: str) -> Trouble | None:
        if self.trouble and self.trouble[0].stage == stage:
            return self.trouble.popleft()
        return None

    async def _met(self, stage: str) -> str:
        trouble = self._next(stage)
        return await _said(trouble) if trouble else ""


async def _said(trouble: Trouble) -> str:
    """What is answered; silence is nothing for a long time."""
    if not trouble.answer:
        await asyncio.sleep(SILENCE_SECONDS)
    return trouble.answer
