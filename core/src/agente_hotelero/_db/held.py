"""What waits to be sent until a guest writes, or until an account may send again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db.models import (
    OUTBOX,
    STOPPED,
    Outbox,
    OutboxState,
    StoppedAccount,
    outbox_,
    stopped_,
)
from agente_hotelero._db.repository import upsert

REOPENING = "core/reopening"
WINDOW, ACCOUNT = "the guest's window is closed", "the account is stopped"
TRIAL = "the account is tried with this message"
TOO_OLD = "held too long"


async def of_conversation(
    session: AsyncSession, tenant: str, conversation_id: int
) -> Sequence[Outbox]:
    """What is held for a guest, in the order in which it was to be said."""
    query = select(Outbox).where(
        outbox_.tenant == tenant,
        outbox_.conversation_id == conversation_id,
        outbox_.state == OutboxState.HELD,
    )
    return (await session.scalars(query.order_by(outbox_.id))).all()


async def of_account(
    session: AsyncSession, tenant: str, channel: str, account: str
) -> Sequence[Outbox]:
    """What is held because an account was stopped."""
    query = select(Outbox).where(
        outbox_.tenant == tenant,
        outbox_.channel == channel,
        outbox_.account == account,
        outbox_.state == OutboxState.HELD,
        outbox_.error.startswith(ACCOUNT),
    )
    return (await session.scalars(query.order_by(outbox_.id))).all()


async def put_on_trial(session: AsyncSession, row: Outbox, now: datetime) -> None:
    """Let one held message be sent although its account is stopped."""
    statement = update(OUTBOX).where(outbox_.tenant == row.tenant, outbox_.id == row.id)
    await session.execute(statement.values(error=TRIAL, attempts=0, updated_at=now))


async def free(session: AsyncSession, tenant: str, ids: Sequence[int], now: datetime) -> None:
    """Let held messages be sent: from the beginning, as if nothing had been tried."""
    statement = update(OUTBOX).where(
        outbox_.tenant == tenant, outbox_.id.in_(ids), outbox_.state == OutboxState.HELD
    )
    queued = {"state": OutboxState.QUEUED, "attempts": 0, "error": "", "updated_at": now}
    await session.execute(statement.values(**queued))


async def expire(session: AsyncSession, before: datetime, now: datetime) -> int:
    """For the core's job: give up, in all hotels, what was held since before an instant."""
    statement = update(OUTBOX).where(outbox_.state == OutboxState.HELD, outbox_.created_at < before)
    failed = {"state": OutboxState.FAILED, "error": TOO_OLD, "updated_at": now}
    return len((await session.execute(statement.values(**failed).returning(outbox_.id))).all())


async def reopened_since(
    session: AsyncSession, tenant: str, conversation_id: int, instant: datetime
) -> bool:
    """Whether a guest was asked to write again after an instant."""
    query = select(outbox_.acts).where(
        outbox_.tenant == tenant,
        outbox_.conversation_id == conversation_id,
        outbox_.created_at > instant,
    )
    return any(REOPENING in acts for acts in (await session.scalars(query)).all())


# ── accounts ─────────────────────────────────────────────────────────────────────────────────────


async def stop(
    session: AsyncSession, tenant: str, channel: str, account: str, reason: str, now: datetime
) -> bool:
    """Let an account send nothing; False when it is stopped already, and was told of."""
    values = {"channel": channel, "account": account, "tenant": tenant}
    statement = upsert(session, STOPPED).on_conflict_do_nothing().returning(stopped_.account)
    found = await session.execute(statement, {**values, "reason": reason, "since": now})
    return found.first() is not None


async def resume(session: AsyncSession, tenant: str, channel: str, account: str) -> bool:
    """Let an account send again; False when it was not stopped."""
    statement = delete(STOPPED).where(
        stopped_.tenant == tenant, stopped_.channel == channel, stopped_.account == account
    )
    return (await session.execute(statement.returning(stopped_.account))).first() is not None


async def stopped(session: AsyncSession) -> Sequence[StoppedAccount]:
    """For the installation: the accounts of all hotels that may send nothing."""
    return (await session.scalars(select(StoppedAccount))).all()


async def why_stopped(session: AsyncSession, tenant: str, channel: str, account: str) -> str:
    """Why an account may send nothing; empty when it may."""
    query = select(stopped_.reason).where(
        stopped_.tenant == tenant, stopped_.channel == channel, stopped_.account == account
    )
    return str((await session.execute(query)).scalar() or "")


async def count(session: AsyncSession) -> int:
    """For the installation's gauge: how much is held."""
    query = select(func.count()).where(outbox_.state == OutboxState.HELD)
    return int((await session.execute(query)).scalar_one())
