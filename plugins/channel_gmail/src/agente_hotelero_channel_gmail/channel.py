"""One mailbox: what comes in and what goes out."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from agente_hotelero import Channel, Finding, Health, Services
from agente_hotelero.errors import (
    AuthFailed,
    HoteleroError,
    NotFound,
    OutcomeUnknown,
    RecipientRefused,
    Rejected,
)
from agente_hotelero.messages import Media, OutboundMessage, Part
from agente_hotelero.stays import Guest, Image

from agente_hotelero_channel_gmail import files, imap, links, pauses, records, relays, smtp
from agente_hotelero_channel_gmail.composing import Letter, composed, references, subject_of
from agente_hotelero_channel_gmail.config import GmailConfig
from agente_hotelero_channel_gmail.headers import ADDRESS, domain_of
from agente_hotelero_channel_gmail.receiving import Receiver
from agente_hotelero_channel_gmail.records import REFUSED, SENDING, SENT
from agente_hotelero_channel_gmail.tables import MailIn, MailOut

MADE_UP = "@no-message-id.invalid>"


class GmailChannel(Channel[GmailConfig]):
    """IMAP in, SMTP out. A mail whose outcome is unknown is looked for among those that were sent,
    before it is sent again."""

    config_class = GmailConfig
    max_options = 10
    max_option_title = 100
    whole_answers = True
    unasked = True

    def __init__(self, config: GmailConfig, services: Services, account: str) -> None:
        super().__init__(config, services, account)
        self._stuck: Counter[int] = Counter()

    @classmethod
    def account_ids(cls, config: GmailConfig, tenant: str) -> Sequence[str]:
        return [account.username for account in config.accounts]

    # ── in ───────────────────────────────────────────────────────────────────────────────────────

    async def receive(self) -> None:
        why = await pauses.why_not_read(self.services, self.config, self.account)
        if why:
            raise AuthFailed(why)
        try:
            await Receiver(self.config, self.services, self.account, self._stuck).run()
        except AuthFailed as error:
            await pauses.refused(self.services, self.config, self.account, str(error))
            raise

    async def fetch_media(self, media: Media, limit: int) -> bytes:
        validity, uid, section, encoding = media.id.split("|")
        mail = await records.mail_at(self.services, self.account, int(validity), int(uid))
        if mail is None:
            raise NotFound("no such mail")
        most = min(limit, self.config.max_mail_mb * 1024 * 1024) * 4 // 3 + 4
        data: bytes = await self.services.run_sync(
            lambda: imap.part_of(self.config, self.account, mail, section, most)
        )
        body = files.decoded(data, encoding)
        if len(body) > limit or len(data) > most:
            raise Rejected("the file is too large")
        files.check(body, media.mime_type)
        return body

    # ── out ──────────────────────────────────────────────────────────────────────────────────────

    def reach(self, guest: Guest) -> str | None:
        address = (guest.email or "").strip().casefold()
        return address if ADDRESS.fullmatch(address) and address.isascii() else None

    async def send(self, message: OutboundMessage) -> str:
        known = await records.mail_out(self.services, self.account, message.id)
        if known is not None and await self._is_sent(known):
            return known.message_id
        await self._may_send(message)
        answered = await self._answered(message)
        row = self._row(message, known)
        mail = composed(self._fitted(message), self._letter(message, row, answered))
        await records.write_down(self.services, row)
        try:
            await smtp.post(self.config, self.account, mail, message.address)
        except OutcomeUnknown:
            raise
        except HoteleroError as error:
            await records.settle(self.services, self.account, message.id, REFUSED)
            await self._remember(message, error)
            raise
        await records.settle(self.services, self.account, message.id, SENT)
        return row.message_id

    async def _is_sent(self, known: MailOut) -> bool:
        """Whether it went already: we know it, or it lies among the mails that were sent."""
        if known.state == SENDING and await self.services.run_sync(
            lambda: imap.is_in_sent(self.config, self.account, known.message_id)
        ):
            await records.settle(self.services, self.account, known.outbox_id, SENT)
            return True
        return known.state == SENT

    async def _may_send(self, message: OutboundMessage) -> None:
        """Raises AuthFailed while the mailbox is paused, RecipientRefused for a dead address."""
        why = await pauses.why_not_sent(self.services, self.config, self.account)
        if why:
            raise AuthFailed(why)
        if not await pauses.count_for_today(self.services, self.config, self.account):
            raise AuthFailed(pauses.ENOUGH)
        bad = await records.why_bad(self.services, message.address)
        if bad:
            raise RecipientRefused(bad)

    async def _remember(self, message: OutboundMessage, error: HoteleroError) -> None:
        """What a refusal means for the mails after this one."""
        if isinstance(error, smtp.DailyLimit):
            await pauses.enough_for_today(self.services, self.account)
        elif isinstance(error, AuthFailed):
            await pauses.refused(self.services, self.config, self.account, str(error))
        elif isinstance(error, RecipientRefused):
            now = self.services.clock.now()
            await records.mark_bad(self.services, message.address, "refused", now)

    async def _answered(self, message: OutboundMessage) -> MailIn | None:
        """The mail that is answered; else the last one of this guest."""
        services, account = self.services, self.account
        named = (message.in_reply_to or "").partition("#")[0]
        found = await records.mail_in(services, account, named) if named else None
        return found or await records.latest_in(services, account, message.address, message.thread)

    def _row(self, message: OutboundMessage, known: MailOut | None) -> MailOut:
        domain = domain_of(self.account)
        return MailOut(
            tenant=self.services.tenant,
            account=self.account,
            outbox_id=message.id,
            message_id=known.message_id
            if known
            else f"<hotelero.{message.id}.{secrets.token_hex(8)}@{domain}>",
            address=message.address,
            thread=message.thread,
            state=SENDING,
            options=[{"id": one.id, "title": one.title} for one in message.options],
            at=self.services.clock.now(),
        )

    def _letter(self, message: OutboundMessage, row: MailOut, answered: MailIn | None) -> Letter:
        relayed = bool(relays.relay_of(domain_of(message.address)))
        real = answered is not None and not answered.message_id.endswith(MADE_UP)
        subject = answered.subject if answered else ""
        at = self.services.clock.now().astimezone(self.services.time_zone)
        return Letter(
            name=self.config.account(self.account).name or self.services.hotel_name,
            sender=self.account,
            to=message.address,
            message_id=row.message_id,
            at=at,
            subject=subject_of(subject, self.services.hotel_name),
            in_reply_to=answered.message_id if answered and real else "",
            references=references(answered.refs, answered.message_id) if answered else (),
            links=() if relayed else self._links(message),
            leave=self._link(message.id, links.LEAVE) if message.purpose and not relayed else "",
            plain=relayed,
        )

    def _links(self, message: OutboundMessage) -> list[str]:
        found = [self._link(message.id, place) for place in range(len(message.options))]
        return [one for one in found if one]

    def _link(self, outbox_id: int, place: int) -> str:
        """Where an option leads; empty where guests cannot reach our pages."""
        config = self.config
        if not config.public_url:
            return ""
        number = next(n for n, one in enumerate(config.accounts) if one.username == self.account)
        ends = self.services.clock.now() + timedelta(hours=config.link_hours)
        token = links.token(config.secret(), self.account, outbox_id, place, ends)
        return f"{config.public_url}{links.PATH}/answer/{self.services.tenant}/{number}/{token}"

    def _fitted(self, message: OutboundMessage) -> OutboundMessage:
        """With pictures where a guest finds them; through a booking site without links."""
        parts = message.parts or (
            Part(text=message.text, image=message.image, location=message.location),
        )
        if relays.relay_of(domain_of(message.address)):
            allowed = self.config.links_to_relays
            return replace(
                message,
                parts=tuple(
                    Part(text=relays.without_links(one.text, allowed=allowed)) for one in parts
                ),
                attachment=None,
            )
        return replace(message, parts=tuple(replace(one, image=self._image(one)) for one in parts))

    def _image(self, part: Part) -> Image | None:
        image = part.image
        if image is None or not image.url.startswith("/"):
            return image
        base = self.config.public_url
        return replace(image, url=f"{base}{image.url}") if base else None

    # ── how it is ────────────────────────────────────────────────────────────────────────────────

    async def health(self) -> Health:
        """Good again once a pause has ended, or a log-in succeeds; one is tried once an hour."""
        services = self.services
        pause, now = await records.pause_of(services, self.account), services.clock.now()
        if pause is None:
            return Health(ok=True, detail="mails come and go")
        if pause.until is not None:
            ok = pause.until <= now
        elif pauses.is_refused(pause, self.config, now):
            ok = False
        else:
            ok = await self._logs_in()
        if ok:
            await records.end_pause(services, self.account)
        return Health(ok=ok, detail="mails come and go" if ok else pause.reason)

    async def _logs_in(self) -> bool:
        """Whether both servers take the password."""
        try:
            await self._try_imap()
            (await smtp.connected(self.config, self.account)).close()
        except AuthFailed as error:
            await pauses.refused(self.services, self.config, self.account, str(error))
            return False
        except HoteleroError as error:
            self.services.log.warning("mailbox_not_reached", error=type(error).__name__)
            return False
        return True

    async def _try_imap(self) -> list[str]:
        """What the mailbox can do. Raises AuthFailed, Throttled, Unavailable."""
        found: list[str] = await self.services.run_sync(
            lambda: imap.abilities(self.config, self.account)
        )
        return found

    async def diagnose(self) -> Sequence[Finding]:
        """Asks both servers, even if a password was refused: an operator wants to know."""
        found = [await self._tried_imap(), await self._tried_smtp()]
        if all(one.ok for one in found):
            await records.end_pause(self.services, self.account)
        if not self.config.authserv_ids:
            found.append(
                Finding(
                    ok=False,
                    what="no guest is known to be who he says",
                    advice="name the mail server that checks senders in authserv_ids",
                )
            )
        return found

    async def _tried_imap(self) -> Finding:
        try:
            can = await self._try_imap()
        except HoteleroError as error:
            return _refused("IMAP", error)
        return Finding(ok=True, what=f"IMAP answers ({', '.join(can) or 'plain'})")

    async def _tried_smtp(self) -> Finding:
        try:
            (await smtp.connected(self.config, self.account)).close()
        except HoteleroError as error:
            return _refused("SMTP", error)
        return Finding(ok=True, what="SMTP answers")


def _refused(server: str, error: HoteleroError) -> Finding:
    if isinstance(error, AuthFailed):
        advice = "make a new app password (docs/channel-gmail.md) and set it as app_password"
        return Finding(ok=False, what=f"{server} refuses the password", advice=advice)
    advice = "look at host, port and security, and whether this machine may reach it"
    return Finding(ok=False, what=f"{server} does not answer: {error}", advice=advice)
