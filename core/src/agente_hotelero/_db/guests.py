"""Whose conversation it is: a guest's addresses on a channel. Each query takes the tenant."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import case, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import consent
from agente_hotelero._db.models import (
    ALIAS,
    CONVERSATION,
    Conversation,
    Mode,
    Outbox,
    alias_,
    conversation_,
)
from agente_hotelero._db.repository import upsert
from agente_hotelero.matching import spellings
from agente_hotelero.messages import GuestMoved, InboundMessage

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class At:
    """One account of one channel of one hotel."""

    tenant: str
    channel: str
    account: str

    def values(self) -> dict[str, str]:
        return {"tenant": self.tenant, "channel": self.channel, "account": self.account}


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A guest's conversation; `torn`: his addresses are those of another conversation too."""

    id: int
    torn: bool = False


async def conversation_for(
    session: AsyncSession, at: At, message: InboundMessage, now: datetime
) -> Found:
    """The guest's conversation, begun if this is their first message."""
    key = key_of(message.address, message.thread)
    known = await known_as(session, at, [key, *message.aliases])
    if not known:
        found = Found(id=await _begun(session, at, message, key, now))
        # The way of the first message of two that come at once; both are the same row.
        known = {key: found.id}
    else:
        found = Found(id=known.get(key) or min(known.values()), torn=len(set(known.values())) > 1)
        await _heard(session, at.tenant, found.id, message)
        if key not in known:
            await _rename(session, at, found.id, key)
    for alias in message.aliases:
        if alias not in known:
            await add_alias(session, at, alias, found.id)
    return found


def key_of(address: str, thread: str) -> str:
    """What a conversation is unique by on its account."""
    return f"{address}#{thread}" if thread else address


async def known_as(session: AsyncSession, at: At, addresses: Sequence[str]) -> dict[str, int]:
    """Conversations by address, their own or another one of the guest."""
    own = select(conversation_.address, conversation_.id).where(
        conversation_.tenant == at.tenant,
        conversation_.channel == at.channel,
        conversation_.account == at.account,
        conversation_.address.in_(addresses),
    )
    others = select(alias_.address, alias_.conversation_id).where(
        alias_.tenant == at.tenant,
        alias_.channel == at.channel,
        alias_.account == at.account,
        alias_.address.in_(addresses),
    )
    found = await session.execute(union_all(others, own))
    return {str(address): int(number) for address, number in found}


async def other_addresses(session: AsyncSession, at: At, some: Sequence[str]) -> set[str]:
    """What else the guest with some addresses is known by there, his phone among it."""
    known = await known_as(session, at, some)
    found = [await addresses_of(session, at.tenant, one) for one in set(known.values())]
    return set().union(*found)


async def addresses_of(session: AsyncSession, tenant: str, conversation_id: int) -> set[str]:
    """All that the guest of a conversation is known by."""
    own = select(conversation_.address, conversation_.thread, conversation_.phone).where(
        conversation_.tenant == tenant, conversation_.id == conversation_id
    )
    others = select(alias_.address).where(
        alias_.tenant == tenant, alias_.conversation_id == conversation_id
    )
    found = set((await session.scalars(others)).all())
    for address, thread, phone in await session.execute(own):
        found |= {address.removesuffix(f"#{thread}") if thread else address, phone or ""}
    return found - {""}


async def conversations_of(
    session: AsyncSession, tenant: str, addresses: Collection[str], ids: Collection[int] = ()
) -> Sequence[Conversation]:
    """Those of whoever has one of these addresses, on whatever channel and in whatever spelling,
    and those with one of these ids; that in which the guest wrote last first."""
    forms = sorted({form for one in addresses if one for form in spellings(one)})
    threads = [conversation_.address.startswith(f"{one}#", autoescape=True) for one in forms]
    others = select(alias_.conversation_id).where(
        alias_.tenant == tenant, alias_.address.in_(forms)
    )
    query = select(Conversation).where(
        conversation_.tenant == tenant,
        or_(
            conversation_.address.in_(forms),
            conversation_.phone.in_(forms),
            conversation_.id.in_(list(ids)),
            conversation_.id.in_(others),
            *threads,
        ),
    )
    order = (conversation_.last_guest_at.desc(), conversation_.id.desc())
    return (await session.scalars(query.order_by(*order))).all()


async def whole_guest(
    session: AsyncSession, tenant: str, addresses: Collection[str], ids: Collection[int] = ()
) -> tuple[Sequence[Conversation], set[str]]:
    """The conversations of whoever has one of these addresses, as `conversations_of`, and all that
    this guest is known by."""
    found = await conversations_of(session, tenant, addresses, ids)
    known = {one for one in addresses if one}
    for talk in found:
        known |= await addresses_of(session, tenant, int(talk.id or 0))
    return found, known


async def refused(session: AsyncSession, row: Outbox, purpose: str, at: datetime) -> None:
    """Note that a guest refuses a purpose, by the word of the channel that carried this."""
    known = await addresses_of(session, row.tenant, row.conversation_id)
    await consent.record(
        session,
        row.tenant,
        channel=row.channel,
        addresses={row.address, *known},
        purpose=purpose,
        granted=False,
        source="channel",
        at=at,
    )


async def add_alias(session: AsyncSession, at: At, address: str, conversation_id: int) -> None:
    """Another address of a guest; one that is somebody's already stays his."""
    values = {**at.values(), "address": address, "conversation_id": conversation_id}
    await session.execute(upsert(session, ALIAS).on_conflict_do_nothing(), values)


async def moved(session: AsyncSession, at: At, event: GuestMoved) -> int | None:
    """Note that a guest has another address; None when nobody is known under the old one."""
    known = await known_as(session, at, [event.old, event.new, *event.aliases])
    found = next((known[one] for one in (event.old, *event.aliases) if one in known), None)
    if found is None:
        return None
    if event.new not in known:
        await _rename(session, at, found, event.new)
    if event.phone:
        mine = update(CONVERSATION).where(
            conversation_.tenant == at.tenant, conversation_.id == found
        )
        await session.execute(mine.values(phone=event.phone))
    return found


async def silent_conversation(
    session: AsyncSession, at: At, address: str, now: datetime, aliases: Sequence[str] = ()
) -> int:
    """The conversation with a guest to whom we speak first, begun if there is none."""
    names = (address, *aliases)
    known = await known_as(session, at, names)
    if known:
        return next(known[name] for name in names if name in known)
    nothing: dict[str, object] = {
        "profile_name": "",
        "phone": None,
        "thread": "",
        "last_guest_at": NEVER,
    }
    return await _insert(session, at, address, nothing, now)


async def _begun(
    session: AsyncSession, at: At, message: InboundMessage, key: str, now: datetime
) -> int:
    said: dict[str, object] = {
        "profile_name": message.profile_name,
        "phone": message.phone,
        "thread": message.thread,
        "last_guest_at": message.sent_at,
    }
    return await _insert(session, at, key, said, now)


async def _insert(
    session: AsyncSession, at: At, key: str, said: dict[str, object], now: datetime
) -> int:
    values = {
        **at.values(),
        "address": key,
        "mode": Mode.AGENT,
        "mode_reason": "",
        "state": {},
        "version": 0,
        "created_at": now,
        **said,
    }
    statement = upsert(session, CONVERSATION)
    statement = statement.on_conflict_do_update(
        index_elements=["tenant", "channel", "account", "address"],
        set_={"profile_name": statement.excluded.profile_name},
    )
    found = await session.execute(statement.returning(conversation_.id), values)
    return int(found.scalar_one())


async def _heard(
    session: AsyncSession, tenant: str, conversation_id: int, message: InboundMessage
) -> None:
    """Note when a guest wrote last, by the provider's stamp: a late message opens no window."""
    later = conversation_.last_guest_at < message.sent_at
    mine = update(CONVERSATION).where(
        conversation_.tenant == tenant,
        conversation_.id == conversation_id,
        or_(later, conversation_.profile_name != message.profile_name),
    )
    stamp = case((later, message.sent_at), else_=conversation_.last_guest_at)
    changes = {"last_guest_at": stamp, "profile_name": message.profile_name}
    if message.phone:
        changes["phone"] = message.phone
    await session.execute(mine.values(changes))


async def _rename(session: AsyncSession, at: At, conversation_id: int, address: str) -> None:
    """The newest address is the one that is written to; the one before stays known."""
    mine = (conversation_.tenant == at.tenant, conversation_.id == conversation_id)
    before = (await session.execute(select(conversation_.address).where(*mine))).scalar_one()
    await session.execute(update(CONVERSATION).where(*mine).values(address=address))
    await add_alias(session, at, str(before), conversation_id)
