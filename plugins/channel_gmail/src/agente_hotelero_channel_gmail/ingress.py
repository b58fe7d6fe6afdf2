"""From what the mailbox stored to events. Pure: whatever needs the server or the database was found
out when the mail came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agente_hotelero import Ingress
from agente_hotelero.messages import (
    Content,
    DeliveryState,
    DeliveryStatus,
    Happening,
    Ignored,
    InboundEvent,
    InboundMessage,
    Media,
)

from agente_hotelero_channel_gmail import bounces, loops, relays, trust
from agente_hotelero_channel_gmail.body import Body, body_of, parse
from agente_hotelero_channel_gmail.config import GmailConfig
from agente_hotelero_channel_gmail.envelope import Attached, Envelope, Tap, unpack
from agente_hotelero_channel_gmail.files import is_shown, kind_of, name_of
from agente_hotelero_channel_gmail.headers import (
    Headers,
    address_of,
    bare_subject,
    domain_of,
    first,
    headers_of,
    ids,
    is_reply,
    words,
)

MOST_FILES = 10
SITE = "a booking site writes"
NO_WORDS = "a mail without words of its own"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """Who writes. `reply_to` is where an answer goes; `relay` the booking site in between."""

    name: str
    address: str
    reply_to: str
    proved: bool
    relay: str


class GmailIngress(Ingress[GmailConfig]):
    """Reads envelopes; there is no webhook."""

    def parse(self, body: bytes) -> Sequence[InboundEvent]:
        content = unpack(body)
        if isinstance(content, Tap):
            return [_tapped(content)]
        account = self.accounts.get(content.account)
        if account is None:
            ignored = Ignored(reason="unknown account")
            return [_event(content, content.message_id, ignored)]
        return _read(content, account.config)


def sender_of(headers: Headers, config: GmailConfig) -> Sender:
    """Who a mail is from, as far as our own server vouches for it.

    An answer that would go elsewhere than to the proved sender proves nothing.
    """
    name, address = address_of(first(headers, "from"))
    _, reply_to = address_of(first(headers, "reply-to"))
    proved = trust.is_proved(headers, config.authserv_ids)
    return Sender(
        name=name,
        address=address,
        reply_to=reply_to or address,
        proved=proved and reply_to in ("", address),
        relay=relays.relay_of(domain_of(address)) if proved else "",
    )


def why_silent(headers: Headers, config: GmailConfig, account: str) -> str:
    """Why a mail must not be answered; empty when it may be."""
    sender = sender_of(headers, config)
    if relays.is_site(domain_of(sender.address)) and not loops.is_report(headers):
        # Guests speak through these too: what is not relayed word for word is for people.
        return ""
    return loops.why_silent(headers, config.own(account), relayed=bool(sender.relay))


def _read(envelope: Envelope, config: GmailConfig) -> list[InboundEvent]:
    """Raises ValueError for a mail that nobody can read: it is kept, and the next one is read."""
    if not envelope.raw:
        raise ValueError(envelope.for_staff or "an empty mail")
    headers = headers_of(envelope.raw)
    if loops.is_report(headers):
        return [_report(envelope)]
    silent = why_silent(headers, config, envelope.account)
    if silent:
        return [_event(envelope, envelope.message_id, Ignored(reason=silent))]
    return _message(envelope, headers, sender_of(headers, config))


def _report(envelope: Envelope) -> InboundEvent:
    """What a mail server tells of a mail of ours."""
    bounce = bounces.bounce_of(parse(envelope.raw))
    if bounce is None or not bounce.hard:
        reason = "a delivery report of no failure" if bounce is None else "a delayed delivery"
        return _event(envelope, envelope.message_id, Ignored(reason=reason))
    status = DeliveryStatus(
        provider_id=bounce.message_id,
        state=DeliveryState.FAILED,
        at=envelope.received_at,
        error="the mail came back",
        failure="recipient",
    )
    return _event(envelope, f"{bounce.message_id}:{status.state}", status)


def _message(envelope: Envelope, headers: Headers, sender: Sender) -> list[InboundEvent]:
    """The guest's words, then each file that is worth keeping."""
    body = body_of(parse(envelope.raw))
    subject = words(first(headers, "subject"))
    files = [one for one in envelope.attached if not is_shown(one, body.shown)]
    text = _text(envelope, subject, body)
    number = _reservation(sender, subject, body)
    common = InboundMessage(
        id=envelope.message_id,
        address=sender.reply_to,
        sent_at=envelope.received_at,
        content=Content(text=text, whole=_whole(subject, body, files, envelope)),
        profile_name=sender.name,
        aliases=(f"{sender.relay}:{number}",) if number else (),
        thread="" if sender.relay else envelope.thread,
        reply_to=next(iter(ids(first(headers, "in-reply-to"))), ""),
        email=sender.address,
        verified=sender.proved,
        for_staff=_for_staff(envelope, sender, text, files),
        extra={"subject": subject, "size": envelope.size},
    )
    kept = [one for one in files if kind_of(one)][:MOST_FILES]
    return [
        _event(envelope, common.id, common),
        *(_file(envelope, common, place, one) for place, one in enumerate(kept, 1)),
    ]


def _text(envelope: Envelope, subject: str, body: Body) -> str:
    """New words; with the subject of a first mail, where that says something of its own."""
    title = bare_subject(subject)
    begins = envelope.begins and not is_reply(subject) and title
    if begins and (not body.new or any(letter.isdigit() for letter in title)):
        return f"{title}\n{body.new}".strip()
    return body.new


def _whole(subject: str, body: Body, files: Sequence[Attached], envelope: Envelope) -> str:
    """All of it, for people: subject, text, and what is attached."""
    listed = [f"[{name_of(one)}, {one.mime_type}, {one.size // 1024 + 1} kB]" for one in files]
    cut = [f"[{envelope.size} bytes in all]"] if envelope.size > len(envelope.raw) else []
    return "\n".join([subject, "", body.whole, "", *listed, *cut]).strip()


def _for_staff(envelope: Envelope, sender: Sender, text: str, files: Sequence[Attached]) -> str:
    if envelope.for_staff:
        return envelope.for_staff
    if not sender.relay and relays.is_site(domain_of(sender.address)):
        return SITE
    return "" if text or any(kind_of(one) for one in files) else NO_WORDS


def _reservation(sender: Sender, subject: str, body: Body) -> str:
    """A booking site's own number: it is what a relayed guest is known by."""
    return relays.reservation_in(sender.relay, subject, body.whole) if sender.relay else ""


def _file(envelope: Envelope, of: InboundMessage, place: int, file: Attached) -> InboundEvent:
    """A file is a message of its own: the core fetches one for each."""
    media = Media(
        id=f"{envelope.uidvalidity}|{envelope.uid}|{file.section}|{file.encoding}",
        mime_type=file.mime_type,
        kind=kind_of(file),
        filename=name_of(file),
    )
    message = InboundMessage(
        id=f"{of.id}#{place}",
        address=of.address,
        sent_at=of.sent_at,
        content=Content(media=media),
        profile_name=of.profile_name,
        aliases=of.aliases,
        thread=of.thread,
        email=of.email,
        verified=of.verified,
        for_staff=of.for_staff,
    )
    return _event(envelope, message.id, message)


def _tapped(tap: Tap) -> InboundEvent:
    """Whoever has the link has the mail that it stood in."""
    key = f"tap:{tap.outbox_id}:{tap.choice}"
    message = InboundMessage(
        id=key,
        address=tap.address,
        sent_at=tap.at,
        content=Content(text=tap.title, choice=tap.choice),
        thread=tap.thread,
        email=tap.address,
        verified=True,
    )
    return InboundEvent(account=tap.account, key=key, event=message)


def _event(envelope: Envelope, key: str, event: Happening) -> InboundEvent:
    return InboundEvent(account=envelope.account, key=key, event=event)
