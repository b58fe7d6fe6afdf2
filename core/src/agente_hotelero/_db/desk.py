"""Queries for staff. Each takes the tenant and uses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, insert, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db.models import (
    CONVERSATION,
    Conversation,
    Message,
    Mode,
    Outbox,
    conversation_,
    message_,
    outbox_,
)
from agente_hotelero._db.repository import upsert
from agente_hotelero._db.staff_models import (
    AUDIT,
    FLAG,
    NOTE,
    OVERRIDE,
    REVOKED,
    TASK,
    USER,
    VERSION,
    AuditEntry,
    Note,
    RevokedToken,
    StaffUser,
    Task,
    TemplateOverride,
)

CHATS, LINES, AUDITED = 50, 100, 100
# As the partial index says it.
CALLS = or_(conversation_.mode == Mode.HUMAN, conversation_.attention != "")


# ── conversations ────────────────────────────────────────────────────────────────────────────────


async def pulse(session: AsyncSession, tenant: str) -> tuple[int, int, int]:
    """The newest line, the newest change by a person, and how many conversations call for one."""
    line = select(func.max(message_.id)).where(message_.tenant == tenant)
    change = select(func.max(AUDIT.c.id)).where(AUDIT.c.tenant == tenant)
    calls = select(func.count()).where(conversation_.tenant == tenant, CALLS)
    numbers = [(await session.execute(query)).scalar() or 0 for query in (line, change, calls)]
    return int(numbers[0]), int(numbers[1]), int(numbers[2])


async def chats(
    session: AsyncSession, tenant: str, *, waiting: bool, search: str, before: int | None
) -> Sequence[Conversation]:
    """A page of conversations, those that call for a person first, then the latest."""
    last = await chat(session, tenant, before) if before is not None else None
    last_calls = last is not None and (last.mode == Mode.HUMAN or bool(last.attention))
    found: list[Conversation] = []
    for calls in (True, False):
        if (waiting and not calls) or (last is not None and calls and not last_calls):
            continue
        query = select(Conversation).where(
            conversation_.tenant == tenant, CALLS if calls else not_(CALLS)
        )
        if search:
            query = query.where(_matches(tenant, search))
        if last is not None and calls == last_calls:
            query = query.where(_after(last))
        order = (conversation_.last_guest_at.desc(), conversation_.id.desc())
        page = query.order_by(*order).limit(CHATS - len(found))
        found += (await session.scalars(page)).all()
    return found


def _matches(tenant: str, search: str) -> Any:
    said = select(message_.conversation_id).where(
        message_.tenant == tenant, message_.text.icontains(search, autoescape=True)
    )
    return or_(
        conversation_.profile_name.icontains(search, autoescape=True),
        conversation_.address.icontains(search, autoescape=True),
        conversation_.id.in_(said),
    )


def _after(last: Conversation) -> Any:
    same = conversation_.last_guest_at == last.last_guest_at
    older = conversation_.last_guest_at < last.last_guest_at
    return or_(older, and_(same, conversation_.id < last.id))


async def chat(session: AsyncSession, tenant: str, conversation_id: int) -> Conversation | None:
    query = select(Conversation).where(
        conversation_.tenant == tenant, conversation_.id == conversation_id
    )
    return (await session.scalars(query)).first()


async def lines(
    session: AsyncSession, tenant: str, conversation_id: int, before: int | None
) -> Sequence[tuple[Message, str | None]]:
    """The latest lines before an id, oldest first, each with the state of its sending."""
    query = (
        select(Message, outbox_.state)
        .outerjoin(Outbox, and_(outbox_.id == message_.outbox_id, outbox_.tenant == tenant))
        .where(message_.tenant == tenant, message_.conversation_id == conversation_id)
        .order_by(message_.id.desc())
        .limit(LINES)
    )
    if before is not None:
        query = query.where(message_.id < before)
    found = [(line, state) for line, state in await session.execute(query)]
    return found[::-1]


async def set_chat(
    session: AsyncSession, tenant: str, conversation_id: int, **changes: object
) -> None:
    """Change a conversation; turns that are being thought about it begin anew."""
    statement = update(CONVERSATION).where(
        conversation_.tenant == tenant, conversation_.id == conversation_id
    )
    await session.execute(statement.values(version=conversation_.version + 1, **changes))


# ── notes and tasks ──────────────────────────────────────────────────────────────────────────────


async def notes(session: AsyncSession, tenant: str, conversation_id: int) -> Sequence[Note]:
    query = select(Note).where(NOTE.c.tenant == tenant, NOTE.c.conversation_id == conversation_id)
    return (await session.scalars(query.order_by(NOTE.c.id).limit(LINES))).all()


async def add_note(
    session: AsyncSession, tenant: str, conversation_id: int, author: str, text: str, now: datetime
) -> None:
    await session.execute(
        insert(NOTE).values(
            tenant=tenant, conversation_id=conversation_id, author=author, text=text, at=now
        )
    )


async def tasks(
    session: AsyncSession, tenant: str, conversation_id: int | None = None
) -> Sequence[Task]:
    """What is not done, the oldest first; of one conversation, or of all."""
    query = select(Task).where(TASK.c.tenant == tenant, TASK.c.done_at.is_(None))
    if conversation_id is not None:
        query = query.where(TASK.c.conversation_id == conversation_id)
    return (await session.scalars(query.order_by(TASK.c.id).limit(LINES))).all()


async def add_task(
    session: AsyncSession, tenant: str, conversation_id: int, kind: str, now: datetime
) -> None:
    values = {"tenant": tenant, "conversation_id": conversation_id, "kind": kind}
    await session.execute(insert(TASK).values(**values, created_at=now, done_by=""))


async def finish_task(
    session: AsyncSession, tenant: str, task_id: int, who: str, now: datetime
) -> str | None:
    """Its kind; None when there is no such task, or it was done before."""
    statement = update(TASK).where(
        TASK.c.tenant == tenant, TASK.c.id == task_id, TASK.c.done_at.is_(None)
    )
    done = statement.values(done_at=now, done_by=who).returning(TASK.c.kind)
    kind: str | None = (await session.execute(done)).scalar()
    return kind


# ── audit, switches, words ───────────────────────────────────────────────────────────────────────


async def audit(
    session: AsyncSession,
    tenant: str,
    who: str,
    action: str,
    target: str,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Note a change, in its own transaction."""
    await session.execute(
        insert(AUDIT).values(
            tenant=tenant,
            who=who,
            action=action,
            target=target,
            before=dict(before or {}),
            after=dict(after or {}),
            at=now,
        )
    )


async def audited(
    session: AsyncSession, tenant: str, before: int | None = None
) -> Sequence[AuditEntry]:
    """The latest changes first."""
    query = select(AuditEntry).where(AUDIT.c.tenant == tenant)
    if before is not None:
        query = query.where(AUDIT.c.id < before)
    return (await session.scalars(query.order_by(AUDIT.c.id.desc()).limit(AUDITED))).all()


async def flags(session: AsyncSession, tenant: str) -> dict[str, bool]:
    query = select(FLAG.c.name, FLAG.c.value).where(FLAG.c.tenant == tenant)
    return {str(name): bool(value) for name, value in await session.execute(query)}


async def set_flag(session: AsyncSession, tenant: str, name: str, value: bool | None) -> None:
    """Throw a switch, or with None leave it to the file again."""
    mine = (FLAG.c.tenant == tenant, FLAG.c.name == name)
    await session.execute(delete(FLAG).where(*mine))
    if value is not None:
        await session.execute(insert(FLAG).values(tenant=tenant, name=name, value=value))
    await changed(session)


async def overrides(session: AsyncSession, tenant: str) -> Sequence[TemplateOverride]:
    query = select(TemplateOverride).where(OVERRIDE.c.tenant == tenant)
    return (await session.scalars(query.order_by(OVERRIDE.c.template, OVERRIDE.c.language))).all()


async def set_override(
    session: AsyncSession, tenant: str, template: str, language: str, text: str | None
) -> None:
    """A hotel's own words for a template, or with None the plugin's again."""
    mine = {"tenant": tenant, "template": template, "language": language}
    await session.execute(
        delete(OVERRIDE).where(*[OVERRIDE.c[name] == value for name, value in mine.items()])
    )
    if text is not None:
        await session.execute(insert(OVERRIDE).values(**mine, text=text))
    await changed(session)


async def config_version(session: AsyncSession) -> int:
    """For all processes: rises with each change they must take over."""
    return int((await session.execute(select(VERSION.c.version))).scalar() or 0)


async def changed(session: AsyncSession) -> None:
    """Let every process read switches and words again."""
    statement = upsert(session, VERSION).values(id=1, version=1)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["id"], set_={"version": VERSION.c.version + 1}
        )
    )


# ── people ───────────────────────────────────────────────────────────────────────────────────────


async def user(session: AsyncSession, name: str) -> StaffUser | None:
    """For the door, before anybody's hotels are known."""
    return (await session.scalars(select(StaffUser).where(USER.c.name == name))).first()


async def user_by_id(session: AsyncSession, number: int) -> StaffUser | None:
    """For the door, before anybody's hotels are known."""
    return await session.get(StaffUser, number)


async def everybody(session: AsyncSession) -> Sequence[StaffUser]:
    """For the operator: those of all hotels."""
    return (await session.scalars(select(StaffUser).order_by(USER.c.name))).all()


async def users(session: AsyncSession, tenant: str) -> Sequence[StaffUser]:
    """Those of a hotel."""
    return [one for one in await everybody(session) if tenant in one.tenants]


async def add_user(session: AsyncSession, made: StaffUser) -> None:
    session.add(made)
    await session.flush()


async def change_user(session: AsyncSession, name: str, **changes: object) -> None:
    await session.execute(update(USER).where(USER.c.name == name).values(**changes))


async def revoke(session: AsyncSession, jti: str, expires_at: datetime, now: datetime) -> None:
    """A token ends now; those that have ended by themselves are forgotten."""
    await session.execute(delete(REVOKED).where(REVOKED.c.expires_at < now))
    statement = upsert(session, REVOKED).values(jti=jti, expires_at=expires_at)
    await session.execute(statement.on_conflict_do_nothing())


async def was_made(session: AsyncSession, tenant: str, token_id: str) -> bool:
    """Whether a token was made at a hotel: the audit log knows."""
    query = select(func.count()).where(
        AUDIT.c.tenant == tenant, AUDIT.c.action == "token", AUDIT.c.target == f"token {token_id}"
    )
    return int((await session.execute(query)).scalar_one()) > 0


async def is_revoked(session: AsyncSession, jti: str) -> bool:
    return await session.get(RevokedToken, jti) is not None
