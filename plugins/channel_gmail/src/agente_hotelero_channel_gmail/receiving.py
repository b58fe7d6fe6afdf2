"""Mails on their way into the inbox: their thread is found, and whether people must answer them.

A mail is written down, then put into the inbox, then counted as read. Whatever dies in between, it
comes again, and is known by its Message-ID.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import hashlib
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, timedelta
from typing import Any

from agente_hotelero import Services
from agente_hotelero.errors import Unavailable
from sqlalchemy.exc import SQLAlchemyError

from agente_hotelero_channel_gmail import loops, records
from agente_hotelero_channel_gmail.body import parse
from agente_hotelero_channel_gmail.bounces import bounce_of
from agente_hotelero_channel_gmail.config import GmailConfig
from agente_hotelero_channel_gmail.envelope import Envelope, pack
from agente_hotelero_channel_gmail.headers import (
    Headers,
    bare_subject,
    first,
    headers_of,
    ids,
    words,
)
from agente_hotelero_channel_gmail.ingress import Sender, sender_of, why_silent
from agente_hotelero_channel_gmail.mailbox import Fetched, Mailbox, Point
from agente_hotelero_channel_gmail.tables import MailIn

SAFE_SECONDS = 60.0
TOO_MANY = "more mails in an hour than the agent answers"
NOT_READ = "the mail server could not give it out"
HOUR = timedelta(hours=1)
LONGEST_SUBJECT, LONGEST_BARE = 500, 200
Work = Callable[[], Awaitable[Any]]


class Receiver:
    """Reads one mailbox for as long as it is awaited. `stuck` outlives it: see `Mailbox`."""

    def __init__(
        self, config: GmailConfig, services: Services, account: str, stuck: Counter[int]
    ) -> None:
        self._config = config
        self._services = services
        self._account = account
        self._stuck = stuck

    async def run(self) -> None:
        """Raises AuthFailed, Throttled, Unavailable; nothing else ends it but its cancellation."""
        asked: asyncio.Queue[tuple[Work, concurrent.futures.Future[Any]] | Exception] = (
            asyncio.Queue()
        )
        bridge = Bridge(self, asyncio.get_running_loop(), asked)
        mailbox = Mailbox(
            self._config, self._account, bridge, point=await self._point(), stuck=self._stuck
        )
        thread = threading.Thread(
            target=bridge.watch, args=(mailbox,), name=f"mailbox-{self._account}", daemon=True
        )
        thread.start()
        try:
            while True:
                item = await asked.get()
                if isinstance(item, Exception):
                    raise item
                await _do(*item)
        finally:
            bridge.closed = True
            mailbox.stop()

    async def _point(self) -> Point | None:
        found = await records.checkpoint(self._services, self._account, self._config.folder)
        if found is None:
            return None
        return Point(
            uidvalidity=found.uidvalidity,
            uid=found.last_uid,
            began_at=found.began_at,
            seen_at=found.seen_at,
        )

    async def mark(self, uidvalidity: int, uid: int) -> Point:
        """See `Port.mark`."""
        await self._read_up_to(uidvalidity, uid, None)
        point = await self._point()
        if point is None:
            raise Unavailable("the checkpoint is gone")
        return point

    async def take(self, mail: Fetched) -> None:
        """Bring one mail into the inbox. Raises Unavailable."""
        headers = headers_of(mail.raw)
        message_id = id_of(mail, headers)
        sender = sender_of(headers, self._config)
        silent = why_silent(headers, self._config, self._account) if mail.raw else NOT_READ
        thread = await self._thread(mail, headers, message_id, sender)
        row = self._row(mail, headers, message_id, sender)
        row.thread, row.silent = thread, bool(silent)
        await records.add_in(self._services, row)
        if loops.is_report(headers):
            await self._mark_bounced(mail)
        elif not silent:
            await records.unmark(self._services, sender.address)
        envelope = Envelope(
            account=self._account,
            folder=self._config.folder,
            uidvalidity=mail.uidvalidity,
            uid=mail.uid,
            received_at=mail.received_at,
            size=mail.size,
            message_id=message_id,
            thread=thread,
            begins=thread == thread_of(message_id),
            for_staff=silent if not mail.raw else await self._for_staff(row),
            attached=mail.attached,
            raw=mail.raw,
        )
        await self._services.inbox.put(self._account, pack(envelope))
        await self._read_up_to(mail.uidvalidity, mail.uid, mail)

    async def _read_up_to(self, uidvalidity: int, uid: int, mail: Fetched | None) -> None:
        """The clock is the server's, once it has told the time of a mail."""
        before = await self._point()
        times = [mail.received_at] if mail and mail.raw else []
        times += [before.seen_at] if before else []
        await records.set_checkpoint(
            self._services,
            self._account,
            self._config.folder,
            uidvalidity,
            uid,
            max(times, default=self._services.clock.now().astimezone(UTC)),
        )

    async def _thread(
        self, mail: Fetched, headers: Headers, message_id: str, sender: Sender
    ) -> str:
        """The conversation: by what the mail answers, then as Gmail has it, then by sender and
        subject, else a new one."""
        if sender.relay:
            return sender.address
        services, account = self._services, self._account
        named = [*ids(first(headers, "in-reply-to")), *reversed(ids(first(headers, "references")))]
        known = await records.known(services, account, [message_id, *named])
        for one in [message_id, *named]:
            if one in known:
                return known[one]
        if mail.gm_thread:
            found = await records.thread_of_gmail(services, account, mail.gm_thread)
            if found:
                return found
        subject = bare_subject(words(first(headers, "subject")))[:LONGEST_BARE].casefold()
        if subject and sender.address:
            since = mail.received_at - timedelta(days=self._config.thread_days)
            same = await records.thread_of_subject(
                services, account, sender.address, subject, since
            )
            if same:
                return same
        return thread_of(message_id)

    def _row(self, mail: Fetched, headers: Headers, message_id: str, sender: Sender) -> MailIn:
        subject = words(first(headers, "subject"))[:LONGEST_SUBJECT]
        return MailIn(
            tenant=self._services.tenant,
            account=self._account,
            message_id=message_id,
            folder=self._config.folder,
            uidvalidity=mail.uidvalidity,
            uid=mail.uid,
            thread="",
            gm_thread=mail.gm_thread,
            sender=sender.address,
            reply_to=sender.reply_to,
            subject=subject,
            bare_subject=bare_subject(subject)[:LONGEST_BARE].casefold(),
            refs=ids(first(headers, "references")),
            received_at=mail.received_at,
        )

    async def _for_staff(self, row: MailIn) -> str:
        """The last stop of two machines that answer one another without saying that they are."""
        number = await records.mails_since(
            self._services,
            self._account,
            row.sender,
            row.thread,
            row.received_at - HOUR,
            row.received_at,
        )
        return TOO_MANY if number > self._config.answers_per_hour else ""

    async def _mark_bounced(self, mail: Fetched) -> None:
        """An address at which a mail of ours did not arrive; only ours: anybody can claim one."""
        try:
            bounce = bounce_of(parse(mail.raw))
        except ValueError:
            return
        if bounce is None or not bounce.hard:
            return
        ours = await records.mail_out_by_id(self._services, self._account, bounce.message_id)
        if ours is not None:
            at = mail.received_at
            await records.mark_bad(self._services, ours.address, "mails came back", at)
            await records.settle(self._services, self._account, ours.outbox_id, records.REFUSED)


class Bridge:
    """From the mailbox's thread into the loop, and back: see `Port`."""

    def __init__(
        self, receiver: Receiver, loop: asyncio.AbstractEventLoop, asked: asyncio.Queue[Any]
    ) -> None:
        self._receiver = receiver
        self._loop = loop
        self._asked = asked
        self.closed = False

    def watch(self, mailbox: Mailbox) -> None:
        """The thread: how it ended is told to the loop."""
        ended: Exception = Unavailable("the mailbox was closed")
        try:
            mailbox.watch()
        except Exception as error:
            ended = error
        if not self.closed:
            with contextlib.suppress(Unavailable):
                self._tell(ended)

    def mark(self, uidvalidity: int, uid: int) -> Point:
        point: Point = self._ask(lambda: self._receiver.mark(uidvalidity, uid))
        return point

    def deliver(self, mail: Fetched) -> None:
        self._ask(lambda: self._receiver.take(mail))

    def _ask(self, work: Work) -> Any:
        answer: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._tell((work, answer))
        try:
            return answer.result(SAFE_SECONDS)
        except (concurrent.futures.TimeoutError, concurrent.futures.CancelledError) as error:
            raise Unavailable("the inbox is too slow") from error

    def _tell(self, item: Any) -> None:
        if self.closed:
            raise Unavailable("nobody receives any more")
        try:
            self._loop.call_soon_threadsafe(self._asked.put_nowait, item)
        except RuntimeError as error:
            raise Unavailable("the agent has stopped") from error


async def _do(work: Work, answer: concurrent.futures.Future[Any]) -> None:
    try:
        result = await work()
    except SQLAlchemyError as error:
        answer.set_exception(Unavailable(f"storage: {type(error).__name__}"))
    except Exception as error:
        answer.set_exception(error)
    else:
        answer.set_result(result)


def id_of(mail: Fetched, headers: Headers) -> str:
    """A mail's own id, or one made of what it is."""
    named = ids(first(headers, "message-id"))
    if named:
        return named[0]
    if not mail.raw:
        return f"<unread.{mail.uidvalidity}.{mail.uid}@no-message-id.invalid>"
    return f"<{hashlib.sha256(mail.raw).hexdigest()}@no-message-id.invalid>"


def thread_of(message_id: str) -> str:
    """The name of the thread that a mail begins."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:16]
