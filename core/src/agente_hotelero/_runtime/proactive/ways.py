"""By which one way a guest gets a message: the channel used last, of those that are allowed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from agente_hotelero._db import consent
from agente_hotelero._db.guest_models import Consent
from agente_hotelero._db.guests import NEVER
from agente_hotelero._db.models import Conversation, Mode
from agente_hotelero.components import Channel
from agente_hotelero.matching import reach
from agente_hotelero.proactive import Approved, Journey
from agente_hotelero.stays import Guest

# Where travel agencies forward mail to their guests from: they want no links there, and look.
ALIASES = (
    "guest.booking.com",
    "property.booking.com",
    "m.expediapartnercentral.com",
    "expediapartnercentral.com",
    "guest.airbnb.com",
    "reply.airbnb.com",
    "agoda-messaging.com",
    "guest.trip.com",
    "guest.hotels.com",
    "guest.despegar.com",
)
# A window that closes while the message is on its way is closed.
MARGIN = timedelta(minutes=5)
ENOUGH = "as many as a day allows"
Account = tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How a message goes out; `basis` is on what ground. With `approved` nothing else may be sent
    there now. Without `conversation` it begins one."""

    channel: str
    account: str
    address: str
    basis: str
    conversation: Conversation | None = None
    approved: Approved | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """All that bears on the choice: the guest as the PMS has him, what he said of consent (the
    latest first), his conversations (the latest first) and the hotel's channels that are on.

    `resting` are accounts that may carry nothing unasked just now, and why; `refused` are templates
    that an account's provider would not send.
    """

    guest: Guest
    said: Sequence[Consent]
    conversations: Sequence[Conversation]
    channels: Mapping[Account, Channel[Any]]
    now: datetime
    tried: Collection[str] = ()
    resting: Mapping[Account, str] = field(default_factory=dict)
    refused: Collection[tuple[str, str, str]] = ()
    explicit: bool = False
    aliases: Collection[str] = ()


def refusal(known: Known, purpose: str) -> Consent | None:
    """The guest's last word, if it forbids messages of a purpose, or all of them."""
    for asked in (consent.PROACTIVE, purpose):
        last = _last(known.said, asked)
        if last is not None and not last.granted:
            return last
    return None


def choose(journey: Journey, approved: Mapping[str, Approved], known: Known) -> Way | str:
    """The way; or, where there is none, why the best one is not open. One that has carried enough
    today is waited for."""
    why: list[str] = []
    for way in _ways(journey, known):
        found = _open(journey, approved, known, way)
        if isinstance(found, Way) or found == ENOUGH:
            return found
        why.append(found)
    return why[0] if why else "no channel"


def _ways(journey: Journey, known: Known) -> Iterator[Way]:
    """Where the guest wrote, the latest first; then where he can be reached although he never did,
    those first that need nobody's approval."""
    used: set[str] = set()
    for talk in known.conversations:
        if (talk.channel, talk.account) in known.channels and talk.last_guest_at > NEVER:
            used.add(talk.channel)
            at = talk.last_guest_at.date().isoformat()
            yield Way(
                channel=talk.channel,
                account=talk.account,
                address=talk.reach,
                basis=f"wrote to us, last on {at}",
                conversation=talk,
            )
    fresh = [
        (account, channel) for account, channel in known.channels.items() if account[0] not in used
    ]
    for (name, account), channel in sorted(fresh, key=lambda one: one[1].window is not None):
        address = channel.reach(known.guest)
        if address:
            basis = "" if channel.window is not None else "reservation"
            begun = (one for one in known.conversations if one.reach == address)
            held = next((one for one in begun if one.channel == name), None)
            yield Way(
                channel=name, account=account, address=address, basis=basis, conversation=held
            )


def _open(journey: Journey, approved: Mapping[str, Approved], known: Known, way: Way) -> Way | str:
    """The way with its ground and form, or why it is not open."""
    channel = known.channels[way.channel, way.account]
    if not channel.unasked or (journey.channels and way.channel not in journey.channels):
        return "no channel"
    if way.channel in known.tried:
        return "it failed"
    if journey.leads_away and is_alias(way.address, known.aliases):
        return "an agency's alias"
    basis = _basis(journey, known, way)
    if not basis:
        return "no consent"
    resting = known.resting.get((way.channel, way.account))
    if resting:
        return resting
    form = _form(approved, known, way, channel)
    if isinstance(form, str):
        return form
    return replace(way, basis=basis, approved=form)


def _form(
    approved: Mapping[str, Approved], known: Known, way: Way, channel: Channel[Any]
) -> Approved | str | None:
    """None where any words may be sent; else what the provider approved, or why there is none."""
    last = way.conversation.last_guest_at if way.conversation else NEVER
    if channel.window is None or known.now < last + channel.window - MARGIN:
        return None
    found = approved.get(way.channel)
    if found is None:
        return "the window is closed"
    if (way.channel, way.account, found.name) in known.refused:
        return "the template was refused"
    return found


def _basis(journey: Journey, known: Known, way: Way) -> str:
    """On what ground the guest may be written to there; empty where there is none."""
    for purpose in (journey.purpose, consent.PROACTIVE):
        word = _allowed(known.said, purpose, way.channel)
        if word is not None:
            return f"allowed {word.purpose}: {word.source}, {word.at.date().isoformat()}"
    if known.explicit or journey.purpose == consent.MARKETING:
        return ""
    return way.basis


def is_alias(address: str, more: Collection[str] = ()) -> bool:
    """Whether an address is one that a travel agency gives its guests."""
    domain = reach(address).rpartition("@")[2]
    known = (*ALIASES, *(one.casefold().lstrip("@") for one in more))
    return any(domain == one or domain.endswith(f".{one}") for one in known)


def is_skipped(guest: Guest, skip: Collection[str]) -> bool:
    """Whether the hotel writes nothing unasked to this guest, whatever his stay was like."""
    email, phone = reach(guest.email or ""), reach(guest.phone or "")
    return any(
        email.endswith(entry.casefold())
        if entry.startswith("@")
        else reach(entry) in (email, phone)
        for entry in skip
        if entry.strip()
    )


def staff_have(conversations: Sequence[Conversation], tasks: Collection[int]) -> bool:
    """Whether people are dealing with the guest; `tasks` are conversations with something to do."""
    return any(
        one.mode == Mode.HUMAN or bool(one.attention) or one.id in tasks for one in conversations
    )


def _allowed(said: Sequence[Consent], purpose: str, channel: str) -> Consent | None:
    """The last word that allows it on a channel: what was allowed on one is not allowed on another,
    while a refusal holds everywhere."""
    for one in said:
        if one.purpose == purpose and not one.granted:
            return None
        if one.purpose == purpose and one.channel in (channel, consent.EVERYWHERE):
            return one
    return None


def _last(said: Sequence[Consent], purpose: str) -> Consent | None:
    return next((one for one in said if one.purpose == purpose), None)
