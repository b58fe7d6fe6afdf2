"""What guests got unasked, and did not get. Each query takes the tenant and uses it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Label, and_, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import guests
from agente_hotelero._db.guest_models import (
    CLICK,
    JOURNEY,
    JourneyMessage,
    JourneyState,
    click_,
    journey_,
    stay_,
)
from agente_hotelero._db.models import Outbox, OutboxState, outbox_
from agente_hotelero._db.repository import GONE_OUT, upsert

ANSWERED, LEFT = "answered_at", "opted_out_at"
# Who writes later than that writes about something else.
ANSWERING = timedelta(days=10)
Key = tuple[str, str, int]
# The error of a message that was still waiting when its hours were over: no channel refused it.
TOO_LATE = "too late"
ARRIVED = (OutboxState.DELIVERED, OutboxState.READ)
TAKEN = (OutboxState.ACCEPTED, OutboxState.SENT, *ARRIVED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """A message that failed on its way, and the channels that are not to be tried again."""

    message: JourneyMessage
    tried: list[str]


async def decided(
    session: AsyncSession, tenant: str, references: Collection[str]
) -> dict[Key, JourneyMessage]:
    """What was decided for these stays, by journey, reference and part."""
    query = select(JourneyMessage).where(
        journey_.tenant == tenant, journey_.reference.in_(list(references))
    )
    return {(one.journey, one.reference, one.part): one for one in await session.scalars(query)}


async def claim(session: AsyncSession, tenant: str, values: Mapping[str, Any]) -> int | None:
    """The number of a message that is decided now; None when somebody was first."""
    statement = upsert(session, JOURNEY).on_conflict_do_nothing(
        index_elements=["tenant", "journey", "reference", "part"]
    )
    row = {"tenant": tenant, "tried": [], **values}
    found = (await session.execute(statement.returning(journey_.id), row)).first()
    return None if found is None else int(found[0])


async def change(
    session: AsyncSession, tenant: str, number: int, expected: int | None, **changes: object
) -> bool:
    """Change a message whose last outbox row is still the expected one; False if it is not."""
    statement = update(JOURNEY).where(
        journey_.tenant == tenant, journey_.id == number, journey_.outbox_id == expected
    )
    result: Any = await session.execute(statement.values(**changes))
    return int(result.rowcount) == 1


async def undelivered(session: AsyncSession, tenant: str, since: datetime) -> list[Failed]:
    """Messages decided since an instant that were refused on the way, or too late for it."""
    query = (
        select(JourneyMessage, outbox_.error)
        .join(Outbox, and_(outbox_.tenant == journey_.tenant, outbox_.id == journey_.outbox_id))
        .where(
            journey_.tenant == tenant,
            journey_.decided_at >= since,
            journey_.state == JourneyState.SENT,
            outbox_.state == OutboxState.FAILED,
        )
    )
    return [
        Failed(message=one, tried=[*one.tried, *([one.channel] if error != TOO_LATE else [])])
        for one, error in await session.execute(query.order_by(journey_.id))
    ]


async def last_to_guest(
    session: AsyncSession,
    tenant: str,
    purpose: str,
    known: Collection[str],
    conversations: Collection[int],
    but: str,
) -> datetime | None:
    """When the guest with these addresses, as `reach` writes them, and conversations last got
    something of a purpose for another stay, or will get it: what failed on its way he has not."""
    others = and_(stay_.tenant == journey_.tenant, stay_.reference == journey_.reference)
    query = (
        select(func.max(journey_.decided_at))
        .select_from(JOURNEY.outerjoin(stay_.tenant.table, others))
        .where(
            journey_.tenant == tenant,
            journey_.purpose == purpose,
            journey_.state == JourneyState.SENT,
            journey_.outcome.not_in((OutboxState.FAILED, OutboxState.WITHHELD)),
            journey_.reference != but,
            or_(
                stay_.email.in_(list(known)),
                stay_.phone.in_(list(known)),
                journey_.conversation_id.in_(list(conversations)),
            ),
        )
    )
    found: datetime | None = await session.scalar(query)
    return found


async def sent_since(
    session: AsyncSession, tenant: str, channel: str, account: str, since: datetime
) -> int:
    """How many went out unasked from an account since an instant, or are about to."""
    query = select(func.count()).where(
        outbox_.tenant == tenant,
        outbox_.channel == channel,
        outbox_.account == account,
        outbox_.purpose != "",
        outbox_.created_at >= since,
        outbox_.state != OutboxState.WITHHELD,
        outbox_.error != TOO_LATE,
    )
    return int((await session.execute(query)).scalar_one())


async def last_outcomes(
    session: AsyncSession, tenant: str, channel: str, account: str, since: datetime, limit: int
) -> Sequence[str]:
    """The states of the last messages that went out unasked from an account."""
    query = select(outbox_.state).where(
        outbox_.tenant == tenant,
        outbox_.channel == channel,
        outbox_.account == account,
        outbox_.purpose != "",
        outbox_.created_at >= since,
        outbox_.state.in_(GONE_OUT),
        outbox_.error != TOO_LATE,
    )
    return (await session.scalars(query.order_by(outbox_.id.desc()).limit(limit))).all()


async def template_refused(
    session: AsyncSession, tenant: str, channel: str, account: str, template: str, since: datetime
) -> bool:
    """Whether the provider refused this approved template since an instant."""
    query = select(outbox_.id).where(
        outbox_.tenant == tenant,
        outbox_.channel == channel,
        outbox_.account == account,
        outbox_.purpose != "",
        outbox_.created_at >= since,
        outbox_.error.startswith("TemplateRefused"),
        outbox_.content["template"]["name"].as_string() == template,
    )
    return (await session.execute(query.limit(1))).first() is not None


async def by_outbox(session: AsyncSession, tenant: str, outbox_id: int) -> JourneyMessage | None:
    query = select(JourneyMessage).where(journey_.tenant == tenant, journey_.outbox_id == outbox_id)
    return (await session.scalars(query)).first()


async def addresses_for(session: AsyncSession, row: Outbox) -> set[str]:
    """All that the guest of an unasked message is known by: on the channel that carries it, by the
    stay that it is about, and on whatever other channel he wrote."""
    found = {row.address} | await guests.addresses_of(session, row.tenant, row.conversation_id)
    stays = (
        select(stay_.email, stay_.phone, stay_.conversation_id)
        .join(JOURNEY, and_(journey_.tenant == stay_.tenant, journey_.reference == stay_.reference))
        .where(journey_.tenant == row.tenant, journey_.outbox_id == row.id)
    )
    booked_in: list[int] = []
    for email, phone, conversation_id in await session.execute(stays):
        found |= {email, phone}
        booked_in += [conversation_id] if conversation_id else []
    _, known = await guests.whole_guest(session, row.tenant, found, booked_in)
    return known


async def last_in_conversation(
    session: AsyncSession, tenant: str, conversation_id: int, since: datetime
) -> JourneyMessage | None:
    """The last one that went to a conversation since an instant."""
    query = select(JourneyMessage).where(
        journey_.tenant == tenant,
        journey_.conversation_id == conversation_id,
        journey_.decided_at >= since,
        journey_.state == JourneyState.SENT,
    )
    order = (journey_.decided_at.desc(), journey_.id.desc())
    return (await session.scalars(query.order_by(*order).limit(1))).first()


async def note(
    session: AsyncSession, tenant: str, conversation_id: int, what: str, at: datetime
) -> None:
    """Note the first time that a guest answered, or left, after the last message unasked."""
    last = await last_in_conversation(session, tenant, conversation_id, at - ANSWERING)
    if last is not None and last.decided_at <= at and getattr(last, what) is None:
        statement = update(JOURNEY).where(journey_.tenant == tenant, journey_.id == last.id)
        await session.execute(statement.values(**{what: at}))


async def clicked(session: AsyncSession, tenant: str, mark: str, link: str, at: datetime) -> bool:
    """Count a click on a message's link; False when there is no such message."""
    statement = update(JOURNEY).where(journey_.tenant == tenant, journey_.mark == mark)
    first = func.coalesce(journey_.clicked_at, at)
    found: Any = await session.execute(statement.values(clicked_at=first))
    if int(found.rowcount) != 1:
        return False
    counted = upsert(session, CLICK).values(
        tenant=tenant, mark=mark, link=link, clicks=1, last_at=at
    )
    more = {"clicks": click_.clicks + 1, "last_at": at}
    keys = ["tenant", "mark", "link"]
    await session.execute(counted.on_conflict_do_update(index_elements=keys, set_=more))
    return True


async def latest(
    session: AsyncSession, tenant: str, before: int | None, limit: int = 100
) -> Sequence[tuple[JourneyMessage, str | None]]:
    """Messages with the provider's id of each, as long as that is kept, the latest first."""
    joined = and_(outbox_.tenant == journey_.tenant, outbox_.id == journey_.outbox_id)
    query = select(JourneyMessage, outbox_.provider_id).outerjoin(Outbox, joined)
    query = query.where(journey_.tenant == tenant)
    if before is not None:
        query = query.where(journey_.id < before)
    found = await session.execute(query.order_by(journey_.id.desc()).limit(limit))
    return [(message, provider) for message, provider in found]


async def report(
    session: AsyncSession, tenant: str, since: datetime, until: datetime
) -> Sequence[dict[str, Any]]:
    """What became of messages decided in a time, by journey, part, template and channel."""
    groups = (
        journey_.journey,
        journey_.part,
        journey_.template,
        journey_.version,
        journey_.language,
        journey_.channel,
    )
    query = (
        select(*groups, *_sums())
        .where(journey_.tenant == tenant, journey_.decided_at >= since, journey_.decided_at < until)
        .group_by(*groups)
        .order_by(*groups)
    )
    return [dict(row) for row in (await session.execute(query)).mappings()]


async def outcomes(session: AsyncSession, since: datetime) -> Sequence[dict[str, Any]]:
    """For the core's watch: what became, in all hotels, of messages decided since an instant."""
    groups = (journey_.tenant, journey_.journey, journey_.template, journey_.channel)
    query = select(*groups, *_sums()).where(journey_.decided_at >= since).group_by(*groups)
    return [dict(row) for row in (await session.execute(query)).mappings()]


def _sums() -> list[Label[int]]:
    """How many of them came how far: each was sent (which the provider confirmed), failed, is
    unknown, was withheld, dropped, expired, or is on its way; of those that were sent some were
    delivered, read, clicked, and so on."""
    counts = {
        "sent": journey_.outcome.in_(TAKEN),
        "delivered": journey_.outcome.in_(ARRIVED),
        "read": journey_.outcome == OutboxState.READ,
        "failed": journey_.outcome == OutboxState.FAILED,
        "unknown": journey_.outcome == OutboxState.UNKNOWN,
        "withheld": journey_.outcome == OutboxState.WITHHELD,
        "clicked": journey_.clicked_at.is_not(None),
        "answered": journey_.answered_at.is_not(None),
        "opted_out": journey_.opted_out_at.is_not(None),
        "dropped": journey_.state == JourneyState.DROPPED,
        "expired": journey_.state == JourneyState.EXPIRED,
    }
    return [func.sum(case((one, 1), else_=0)).label(name) for name, one in counts.items()]
