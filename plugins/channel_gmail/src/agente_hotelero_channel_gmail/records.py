"""Queries on the plugin's tables. Each uses the tenant of the services it is given."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, cast

from agente_hotelero import Services
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero_channel_gmail.tables import BadAddress, Checkpoint, MailIn, MailOut, Pause

KEEP_DAYS = 400
"""How long it is remembered which mails came and went."""

SENDING, REFUSED, SENT = "sending", "refused", "sent"


def _columns(model: Any) -> Any:
    return model.__table__.c


_in, _out, _bad, _pause = (_columns(one) for one in (MailIn, MailOut, BadAddress, Pause))


def _upsert(session: AsyncSession, table: Any) -> Any:
    postgresql = session.get_bind().dialect.name == "postgresql"
    return (postgresql_insert if postgresql else sqlite_insert)(table)


# ── how far a folder was read ────────────────────────────────────────────────────────────────────


async def checkpoint(services: Services, account: str, folder: str) -> Checkpoint | None:
    async with services.sessions() as session:
        return await session.get(Checkpoint, (services.tenant, account, folder))


async def set_checkpoint(
    services: Services, account: str, folder: str, uidvalidity: int, uid: int, seen_at: datetime
) -> None:
    """Everything up to `uid` is in the inbox, or none of ours. When we began stays."""
    key = {"tenant": services.tenant, "account": account, "folder": folder}
    changes = {"uidvalidity": uidvalidity, "last_uid": uid, "seen_at": seen_at}
    async with services.sessions() as session, session.begin():
        statement = _upsert(session, Checkpoint).values(**key, **changes, began_at=seen_at)
        await session.execute(
            statement.on_conflict_do_update(index_elements=list(key), set_=changes)
        )


# ── mails that came ──────────────────────────────────────────────────────────────────────────────


async def known(services: Services, account: str, ids: Collection[str]) -> dict[str, str]:
    """The threads of mails that came or went, by message id."""
    found: dict[str, str] = {}
    async with services.sessions() as session:
        for table in (_in, _out):
            query = select(table.message_id, table.thread).where(
                table.tenant == services.tenant,
                table.account == account,
                table.message_id.in_(list(ids)),
            )
            found |= {str(one): str(thread) for one, thread in await session.execute(query)}
    return found


async def thread_of_gmail(services: Services, account: str, gm_thread: str) -> str | None:
    """The thread that Gmail thinks a mail belongs to."""
    query = select(_in.thread).where(
        _in.tenant == services.tenant, _in.account == account, _in.gm_thread == gm_thread
    )
    return cast("str | None", await _first(services, query.order_by(_in.id.desc())))


async def thread_of_subject(
    services: Services, account: str, sender: str, subject: str, since: datetime
) -> str | None:
    """The latest thread in which this sender wrote under this subject."""
    query = select(_in.thread).where(
        _in.tenant == services.tenant,
        _in.account == account,
        _in.sender == sender,
        _in.bare_subject == subject,
        _in.received_at >= since,
    )
    return cast("str | None", await _first(services, query.order_by(_in.received_at.desc())))


async def add_in(services: Services, mail: MailIn) -> bool:
    """Write down a mail that came; False when it was there already."""
    values = mail.model_dump(exclude={"id"}) | {"tenant": services.tenant}
    async with services.sessions() as session, session.begin():
        statement = _upsert(session, MailIn).on_conflict_do_nothing().returning(_in.id)
        return (await session.execute(statement, values)).first() is not None


async def mails_since(
    services: Services, account: str, sender: str, thread: str, since: datetime, until: datetime
) -> int:
    """How many mails of a sender, or in a thread, came within a time, machines' left out; the
    larger of both."""
    recent = (
        _in.tenant == services.tenant,
        _in.account == account,
        _in.silent.is_(False),
        _in.received_at > since,
        _in.received_at <= until,
    )
    counts = []
    async with services.sessions() as session:
        for whose in (_in.sender == sender, _in.thread == thread):
            query = select(func.count()).select_from(MailIn).where(*recent, whose)
            counts.append(int((await session.execute(query)).scalar_one()))
    return max(counts)


async def mail_in(services: Services, account: str, message_id: str) -> MailIn | None:
    query = select(MailIn).where(
        _in.tenant == services.tenant, _in.account == account, _in.message_id == message_id
    )
    return cast("MailIn | None", await _first(services, query))


async def mail_at(services: Services, account: str, uidvalidity: int, uid: int) -> MailIn | None:
    """The mail that has, or had, this number in its folder."""
    query = select(MailIn).where(
        _in.tenant == services.tenant,
        _in.account == account,
        _in.uidvalidity == uidvalidity,
        _in.uid == uid,
    )
    return cast("MailIn | None", await _first(services, query))


async def latest_in(services: Services, account: str, address: str, thread: str) -> MailIn | None:
    """The last mail that a guest wrote in a thread, or in any if there is none in it."""
    mine = (_in.tenant == services.tenant, _in.account == account)
    written = or_(_in.sender == address, _in.reply_to == address)
    query = select(MailIn).where(*mine, written).order_by(_in.received_at.desc(), _in.id.desc())
    same = await _first(services, query.where(_in.thread == thread))
    return cast("MailIn | None", same or await _first(services, query))


# ── mails that went ──────────────────────────────────────────────────────────────────────────────


async def mail_out(services: Services, account: str, outbox_id: int) -> MailOut | None:
    async with services.sessions() as session:
        return await session.get(MailOut, (services.tenant, account, outbox_id))


async def mail_out_by_id(services: Services, account: str, message_id: str) -> MailOut | None:
    query = select(MailOut).where(
        _out.tenant == services.tenant, _out.account == account, _out.message_id == message_id
    )
    return cast("MailOut | None", await _first(services, query))


async def write_down(services: Services, mail: MailOut) -> None:
    """That a mail is about to be sent; its Message-ID is the one of the first time."""
    values = mail.model_dump() | {"tenant": services.tenant}
    async with services.sessions() as session, session.begin():
        statement = _upsert(session, MailOut).values(**values)
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant", "account", "outbox_id"],
                set_={"state": mail.state, "at": mail.at},
            )
        )


async def settle(services: Services, account: str, outbox_id: int, state: str) -> None:
    """What became of it."""
    mine = update(MailOut).where(
        _out.tenant == services.tenant, _out.account == account, _out.outbox_id == outbox_id
    )
    async with services.sessions() as session, session.begin():
        await session.execute(mine.values(state=state))


async def sent_since(
    services: Services, account: str, since: datetime
) -> tuple[int, datetime | None]:
    """How many mails went since an instant, and when the first of them did."""
    query = select(func.count(), func.min(_out.at)).where(
        _out.tenant == services.tenant,
        _out.account == account,
        _out.state.in_((SENT, SENDING)),
        _out.at > since,
    )
    async with services.sessions() as session:
        number, oldest = (await session.execute(query)).one()
    return int(number), oldest


async def tap(services: Services, account: str, outbox_id: int, now: datetime) -> bool:
    """Use up the links of a mail; False when they were."""
    mine = update(MailOut).where(
        _out.tenant == services.tenant,
        _out.account == account,
        _out.outbox_id == outbox_id,
        _out.tapped_at.is_(None),
    )
    async with services.sessions() as session, session.begin():
        result: Any = await session.execute(mine.values(tapped_at=now))
        return int(result.rowcount) == 1


async def untap(services: Services, account: str, outbox_id: int) -> None:
    """The answer could not be stored: the links of this mail may be used."""
    mine = update(MailOut).where(
        _out.tenant == services.tenant, _out.account == account, _out.outbox_id == outbox_id
    )
    async with services.sessions() as session, session.begin():
        await session.execute(mine.values(tapped_at=None))


# ── addresses and pauses ─────────────────────────────────────────────────────────────────────────


async def mark_bad(services: Services, address: str, reason: str, now: datetime) -> None:
    values = {"tenant": services.tenant, "address": address, "reason": reason, "since": now}
    async with services.sessions() as session, session.begin():
        await session.execute(_upsert(session, BadAddress).on_conflict_do_nothing(), values)


async def unmark(services: Services, address: str) -> None:
    """A guest who writes is there."""
    mine = delete(BadAddress).where(_bad.tenant == services.tenant, _bad.address == address)
    async with services.sessions() as session, session.begin():
        await session.execute(mine)


async def why_bad(services: Services, address: str) -> str:
    async with services.sessions() as session:
        found = await session.get(BadAddress, (services.tenant, address))
        return found.reason if found else ""


async def pause_of(services: Services, account: str) -> Pause | None:
    async with services.sessions() as session:
        return await session.get(Pause, (services.tenant, account))


async def set_pause(services: Services, account: str, **changes: object) -> None:
    key = {"tenant": services.tenant, "account": account}
    values = {"until": None, "password": "", "since": services.clock.now(), **changes}
    async with services.sessions() as session, session.begin():
        statement = _upsert(session, Pause).values(**key, **values)
        await session.execute(
            statement.on_conflict_do_update(index_elements=list(key), set_=values)
        )


async def end_pause(services: Services, account: str) -> None:
    mine = delete(Pause).where(_pause.tenant == services.tenant, _pause.account == account)
    async with services.sessions() as session, session.begin():
        await session.execute(mine)


# ── forgetting ───────────────────────────────────────────────────────────────────────────────────


async def forget_before(services: Services, days: int) -> None:
    """Forget which mails came and went long ago."""
    before = services.clock.now() - timedelta(days=days)
    async with services.sessions() as session, session.begin():
        old_in = delete(MailIn).where(_in.tenant == services.tenant, _in.received_at < before)
        old_out = delete(MailOut).where(_out.tenant == services.tenant, _out.at < before)
        await session.execute(old_in)
        await session.execute(old_out)


async def of_guest(services: Services, address: str) -> dict[str, object]:
    """Everything that names an address; empty where nothing does."""
    found: dict[str, object] = {}
    async with services.sessions() as session:
        for model, whose in _guests(services.tenant, address):
            rows = (await session.scalars(select(model).where(*whose))).all()
            if rows:
                found[str(model.__tablename__)] = [row.model_dump(mode="json") for row in rows]
    return found


async def erase(services: Services, address: str) -> int:
    """Forget everything that names an address; how many rows that was."""
    count = 0
    async with services.sessions() as session, session.begin():
        for model, whose in _guests(services.tenant, address):
            result: Any = await session.execute(delete(model).where(*whose))
            count += int(result.rowcount)
    return count


def _guests(tenant: str, address: str) -> list[tuple[type[Any], tuple[Any, ...]]]:
    plain = address.partition("#")[0].lower()
    return [
        (MailIn, (_in.tenant == tenant, or_(_in.sender == plain, _in.reply_to == plain))),
        (MailOut, (_out.tenant == tenant, _out.address == plain)),
        (BadAddress, (_bad.tenant == tenant, _bad.address == plain)),
    ]


async def _first(services: Services, query: Any) -> Any:
    async with services.sessions() as session:
        return (await session.scalars(query.limit(1))).first()
