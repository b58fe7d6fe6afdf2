"""All that the core holds of one guest: found, shown and taken away. Each query takes the tenant.

What must outlive a guest keeps no trace of him: that he refused messages, as a mark that only his
address gives again; that something was sent unasked, without to whom; that a reservation was his,
as a mark that only its reference gives again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import LargeBinary, delete, func, literal, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import consent, guests, stays
from agente_hotelero._db.guest_models import (
    CLICK,
    JOURNEY,
    STAY,
    JourneyClick,
    JourneyMessage,
    KnownStay,
    click_,
    journey_,
    stay_,
)
from agente_hotelero._db.models import (
    ALIAS,
    CONVERSATION,
    EVENT,
    MEDIA,
    MESSAGE,
    OUTBOX,
    RAW,
    Conversation,
    EventState,
    MediaFile,
    Message,
    Outbox,
    OutboxState,
    RawState,
    alias_,
    conversation_,
    event_,
    media_,
    message_,
    outbox_,
    raw_,
)
from agente_hotelero._db.staff_models import (
    AUDIT,
    DELIVERY,
    NOTE,
    TASK,
    AuditEntry,
    DeliveryProgress,
    Note,
    Task,
)
from agente_hotelero._db.voice_models import RECORDING
from agente_hotelero.matching import spellings

# Whatever is shorter is found in too much that is not the guest's.
SHORTEST = 5
# Where an event names a guest, and where it names a message.
NAMED, ABOUT = ("address", "old", "new"), ("provider_id", "original_id", "message_id")
UNDER_WAY = (OutboxState.QUEUED, OutboxState.SENDING, OutboxState.HELD)


@dataclass(frozen=True, kw_only=True)
class Traces:
    """Where a guest left any: `addresses` are all that the conversations have of him.

    `also` are other addresses on his reservations: his own, or of whoever booked for him. Nothing
    is done to these.
    """

    addresses: frozenset[str]
    conversations: Sequence[Conversation] = ()
    stays: Sequence[KnownStay] = ()
    also: frozenset[str] = frozenset()

    @property
    def ids(self) -> list[int]:
        return [int(one.id or 0) for one in self.conversations]

    @property
    def references(self) -> list[str]:
        return [one.reference for one in self.stays]

    @property
    def forms(self) -> list[str]:
        """The addresses in every spelling."""
        return sorted({form for one in self.addresses for form in spellings(one)})


@dataclass(kw_only=True)
class Erased:
    """What was taken away, by kind, and the files that are now nobody's."""

    counts: dict[str, int] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


async def find(session: AsyncSession, tenant: str, addresses: Collection[str]) -> Traces:
    """Of the guest with these addresses, and what the channels know to be the same guest."""
    given = {one.strip() for one in addresses}
    found, known = await guests.whole_guest(session, tenant, given)
    stayed = await stays.of_guest(session, tenant, known)
    forms = {form for one in known for form in spellings(one)}
    also = {one for stay in stayed for one in (stay.email, stay.phone) if one} - forms
    return Traces(
        addresses=frozenset(known), conversations=found, stays=stayed, also=frozenset(also)
    )


# ── shown ────────────────────────────────────────────────────────────────────────────────────────


async def export(session: AsyncSession, tenant: str, traces: Traces) -> dict[str, Any]:
    """All of it, as JSON."""
    said = await consent.history(session, tenant, traces.addresses)
    told = select(JourneyMessage).where(journey_.tenant == tenant, _his(traces))
    marks = select(journey_.mark).where(journey_.tenant == tenant, _his(traces))
    followed = select(JourneyClick).where(click_.tenant == tenant, click_.mark.in_(marks))
    return {
        "addresses": sorted(traces.addresses),
        "other_addresses_on_reservations": sorted(traces.also),
        "conversations": [await _talk(session, tenant, one) for one in traces.conversations],
        "stays": [one.model_dump(mode="json", exclude={"tenant"}) for one in traces.stays],
        "consent": [one.model_dump(mode="json", exclude={"tenant", "id"}) for one in said],
        "unasked": [
            one.model_dump(mode="json", exclude={"tenant", "id", "mark"})
            for one in (await session.scalars(told)).all()
        ],
        "links_followed": [
            one.model_dump(mode="json", exclude={"tenant", "mark"})
            for one in (await session.scalars(followed)).all()
        ],
        "told_to_the_hotels_own_systems": await _deliveries(session, tenant, traces),
    }


async def _talk(session: AsyncSession, tenant: str, one: Conversation) -> dict[str, Any]:
    number = one.id
    lines = select(Message).where(message_.tenant == tenant, message_.conversation_id == number)
    notes = select(Note).where(NOTE.c.tenant == tenant, NOTE.c.conversation_id == number)
    tasks = select(Task).where(TASK.c.tenant == tenant, TASK.c.conversation_id == number)
    files = select(MediaFile).where(media_.tenant == tenant, media_.conversation_id == number)
    kept = {"channel", "account", "address", "profile_name", "phone", "language", "state"}
    return {
        **one.model_dump(mode="json", include=kept | {"created_at", "last_guest_at"}),
        "messages": [
            row.model_dump(mode="json", include={"direction", "text", "content", "at"})
            for row in (await session.scalars(lines.order_by(message_.id))).all()
        ],
        "notes_of_staff": [
            row.model_dump(mode="json", include={"author", "text", "at"})
            for row in (await session.scalars(notes)).all()
        ],
        "tasks_of_staff": [
            row.model_dump(mode="json", include={"kind", "created_at", "done_at"})
            for row in (await session.scalars(tasks)).all()
        ],
        "files": [
            row.model_dump(mode="json", include={"name", "mime_type", "size", "state", "at"})
            for row in (await session.scalars(files)).all()
        ],
    }


async def _deliveries(session: AsyncSession, tenant: str, traces: Traces) -> int:
    query = select(func.count()).where(DELIVERY.c.tenant == tenant, _told(traces))
    return int((await session.execute(query)).scalar_one())


# ── taken away ───────────────────────────────────────────────────────────────────────────────────


async def erase(
    session: AsyncSession, tenant: str, accounts: Sequence[str], traces: Traces
) -> Erased:
    """With this transaction. `accounts` are the hotel's, of all channels."""
    done = Erased()
    sent = await _sent(session, tenant, traces)
    done.files = await _files(session, tenant, traces, sent)
    for part in _parts(done.files):
        spoken = delete(RECORDING).where(RECORDING.c.tenant == tenant, RECORDING.c.name.in_(part))
        await session.execute(spoken)
    bodies = await _events(session, tenant, traces, sent, done)
    await _bodies(session, accounts, traces, bodies, done)
    await _scrub_audit(session, tenant, traces, [int(row.id or 0) for row in sent])
    await _forget_journeys(session, tenant, traces, done)
    for name, table, mine in (
        ("messages", MESSAGE, message_.conversation_id),
        ("sent", OUTBOX, outbox_.conversation_id),
        ("notes", NOTE, NOTE.c.conversation_id),
        ("tasks", TASK, TASK.c.conversation_id),
        ("files", MEDIA, media_.conversation_id),
        ("aliases", ALIAS, alias_.conversation_id),
        ("conversations", CONVERSATION, conversation_.id),
    ):
        statement = delete(table).where(table.c.tenant == tenant, mine.in_(traces.ids))
        done.counts[name] = _count(await session.execute(statement))
    await stays.leave_conversations(session, tenant, traces.ids)
    told = delete(DELIVERY).where(DELIVERY.c.tenant == tenant, _told(traces))
    done.counts["deliveries"] = _count(await session.execute(told))
    done.counts["stays"] = await stays.bury(session, tenant, traces.stays)
    done.counts["consent"] = await consent.bury(session, tenant, traces.addresses)
    return done


async def _sent(session: AsyncSession, tenant: str, traces: Traces) -> Sequence[Outbox]:
    query = select(Outbox).where(outbox_.tenant == tenant, outbox_.conversation_id.in_(traces.ids))
    return (await session.scalars(query)).all()


async def _files(
    session: AsyncSession, tenant: str, traces: Traces, sent: Sequence[Outbox]
) -> list[str]:
    """What the guest sent, and what was made for him and for nobody else."""
    query = select(media_.name).where(
        media_.tenant == tenant, media_.conversation_id.in_(traces.ids), media_.name != ""
    )
    found = list((await session.scalars(query)).all())
    for name in {str((row.content.get("attachment") or {}).get("stored") or "") for row in sent}:
        others = select(outbox_.id).where(
            outbox_.tenant == tenant,
            outbox_.conversation_id.not_in(traces.ids),
            outbox_.content["attachment"]["stored"].as_string() == name,
        )
        if name and (await session.execute(others.limit(1))).first() is None:
            found.append(name)
    return found


async def _events(
    session: AsyncSession, tenant: str, traces: Traces, sent: Sequence[Outbox], done: Erased
) -> set[int]:
    """Delete the guest's events, and those about him, his messages, or what he was sent; returns
    the bodies in which they came."""
    his = event_.conversation_id.in_(traces.ids)
    keys = list((await session.scalars(select(event_.event_key).where(*_of(tenant, his)))).all())
    ours = [str(row.provider_id) for row in sent if row.provider_id]
    rules = [his, *(event_.content[name].as_string().in_(traces.forms) for name in NAMED)]
    for part in _parts([*keys, *ours]):
        rules += [event_.content[name].as_string().in_(part) for name in ABOUT]
    bodies: list[int] = []
    for rule in rules:
        statement = delete(EVENT).where(*_of(tenant, rule)).returning(event_.raw_id)
        bodies += [int(raw_id) for (raw_id,) in await session.execute(statement)]
    done.counts["events"] = len(bodies)
    return set(bodies)


def _of(tenant: str, rule: Any) -> tuple[Any, Any]:
    return event_.tenant == tenant, rule


async def _bodies(
    session: AsyncSession,
    accounts: Sequence[str],
    traces: Traces,
    known: Collection[int],
    done: Erased,
) -> None:
    """Bodies of the installation, deleted: those in which the guest's events came, and those of
    these accounts that name him. One that was not read yet is left: it brings something new."""
    wanted = set(known)
    for form in traces.forms:
        if len(form) >= SHORTEST:
            query = select(raw_.id, raw_.accounts).where(_holds(session, form))
            wanted |= {
                int(number)
                for number, of in await session.execute(query)
                if set(of) & set(accounts)
            }
    for part in _parts(sorted(wanted)):
        statement = delete(RAW).where(raw_.id.in_(part), raw_.state != RawState.NEW)
        gone = _count(await session.execute(statement))
        done.counts["bodies"] = done.counts.get("bodies", 0) + gone


def _holds(session: AsyncSession, text: str) -> Any:
    """Whether a body has this text in it."""
    wanted = literal(text.encode(), LargeBinary)
    if session.get_bind().dialect.name == "postgresql":
        return func.position(wanted.op("IN")(raw_.body)) > 0
    return func.instr(raw_.body, wanted) > 0


async def _scrub_audit(
    session: AsyncSession, tenant: str, traces: Traces, sent: Sequence[int]
) -> None:
    """That something was sent unasked, and on what ground, stays; for which stay does not, though
    what was sent may have been forgotten before."""
    his = [AUDIT.c.target.in_(part) for part in _parts([f"outbox {number}" for number in sent])]
    stay = AUDIT.c.after["reference"].as_string()
    his += [stay.in_(part) for part in _parts(traces.references)]
    for condition in his:
        query = select(AuditEntry).where(AUDIT.c.tenant == tenant, condition)
        for entry in (await session.scalars(query)).all():
            kept = {
                name: value
                for name, value in entry.after.items()
                if name not in ("reference", "provider_id")
            }
            mine = update(AUDIT).where(AUDIT.c.tenant == tenant, AUDIT.c.id == entry.id)
            await session.execute(mine.values(after=kept))


async def _forget_journeys(
    session: AsyncSession, tenant: str, traces: Traces, done: Erased
) -> None:
    """The figures stay, under the messages' own marks."""
    mine = update(JOURNEY).where(journey_.tenant == tenant, _his(traces))
    nameless = {"reference": "erased:" + journey_.mark, "conversation_id": None, "outbox_id": None}
    done.counts["unasked"] = _count(await session.execute(mine.values(nameless)))


# ── in its time ──────────────────────────────────────────────────────────────────────────────────


async def forget_messages(session: AsyncSession, tenant: str, before: datetime) -> dict[str, int]:
    """What was said before an instant, with notes, tasks that are done, what subscribers heard, and
    events that wait for nobody."""
    rules = {
        "messages": delete(MESSAGE).where(message_.tenant == tenant, message_.at < before),
        "sent": delete(OUTBOX).where(
            outbox_.tenant == tenant,
            outbox_.created_at < before,
            outbox_.state.not_in(UNDER_WAY),
        ),
        "notes": delete(NOTE).where(NOTE.c.tenant == tenant, NOTE.c.at < before),
        "tasks": delete(TASK).where(TASK.c.tenant == tenant, TASK.c.done_at < before),
        "deliveries": delete(DELIVERY).where(
            DELIVERY.c.tenant == tenant,
            DELIVERY.c.created_at < before,
            DELIVERY.c.state != DeliveryProgress.QUEUED,
        ),
        "events": delete(EVENT).where(
            event_.tenant == tenant,
            event_.received_at < before,
            event_.state != EventState.WAITING,
        ),
    }
    return {name: _count(await session.execute(rule)) for name, rule in rules.items()}


async def silent_since(
    session: AsyncSession, tenant: str, before: datetime, after: int, limit: int
) -> Sequence[Conversation]:
    """Conversations in which the guest wrote nothing, and nothing was said, since an instant;
    those after an id, in its order."""
    query = select(Conversation).where(
        conversation_.tenant == tenant, conversation_.id > after, not_(_lives(tenant, before))
    )
    return (await session.scalars(query.order_by(conversation_.id).limit(limit))).all()


async def is_active(
    session: AsyncSession, tenant: str, traces: Traces, before: datetime, first: date
) -> bool:
    """Whether anything of a guest is younger than an instant: any of his conversations, or a stay
    that ends on a first day or later."""
    if any(one.departure >= first for one in traces.stays):
        return True
    linked = select(stay_.reference).where(
        stay_.tenant == tenant, stay_.conversation_id.in_(traces.ids), stay_.departure >= first
    )
    lively = select(conversation_.id).where(
        conversation_.tenant == tenant,
        conversation_.id.in_(traces.ids),
        _lives(tenant, before),
    )
    found = [(await session.execute(one.limit(1))).first() for one in (linked, lively)]
    return found != [None, None]


def _lives(tenant: str, before: datetime) -> Any:
    """Of a conversation: something was said in it since an instant, or it was begun since."""
    later = select(message_.id).where(
        message_.tenant == tenant,
        message_.conversation_id == conversation_.id,
        message_.at >= before,
    )
    return or_(
        conversation_.last_guest_at >= before,
        conversation_.created_at >= before,
        later.exists(),
    )


async def forget_stays(session: AsyncSession, tenant: str, before: date) -> int:
    """Stays that ended before a day."""
    statement = delete(STAY).where(STAY.c.tenant == tenant, STAY.c.departure < before)
    return _count(await session.execute(statement))


async def forget_unasked(session: AsyncSession, tenant: str, before: datetime) -> int:
    """What was sent unasked before an instant, with its clicks."""
    old = delete(JOURNEY).where(journey_.tenant == tenant, journey_.decided_at < before)
    marks = list((await session.scalars(old.returning(journey_.mark))).all())
    for part in _parts(marks):
        await session.execute(delete(CLICK).where(CLICK.c.tenant == tenant, CLICK.c.mark.in_(part)))
    return len(marks)


def _his(traces: Traces) -> Any:
    return or_(journey_.reference.in_(traces.references), journey_.conversation_id.in_(traces.ids))


def _told(traces: Traces) -> Any:
    """What subscribers heard of the guest's conversations and reservations."""
    body = DELIVERY.c.body
    return or_(
        body["conversation"].as_integer().in_(traces.ids),
        body["reference"].as_string().in_(traces.references),
    )


def _parts(items: Sequence[Any], size: int = 500) -> list[list[Any]]:
    return [list(items[at : at + size]) for at in range(0, len(items), size)]


def _count(result: Any) -> int:
    return int(result.rowcount)
