"""One hotel's desk: what its staff see and do, each change audited where it is made."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import desk as rows
from agente_hotelero._db import media, repository
from agente_hotelero._db.models import Conversation, Message, Mode
from agente_hotelero._db.session import Database
from agente_hotelero._db.staff_models import Task
from agente_hotelero._runtime import letters, outgoing, rendering, state
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.ingest import new_trace
from agente_hotelero._runtime.rendering import Abilities, Bubble
from agente_hotelero._runtime.templates import money
from agente_hotelero.components import Clock, MediaStore
from agente_hotelero.desk import (
    Caller,
    Chat,
    ChatDetail,
    ChatFile,
    ChatLine,
    OfferShown,
    Pulse,
    QuickReply,
    StaffNote,
    StaffReply,
    StaffTask,
)
from agente_hotelero.dialogue import Focus
from agente_hotelero.errors import AuthFailed, NotFound, Rejected

LONGEST_REPLY, LONGEST_NOTE = 4000, 4000
LARGEST_ID = 2**31 - 1
House = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class HotelDesk:
    """See `Desk`. `abilities` says what a channel of this hotel can show."""

    tenant: str
    house: House
    database: Database
    engine: Engine
    clock: Clock
    abilities: Mapping[str, Abilities]
    media: MediaStore

    async def pulse(self) -> Pulse:
        async with self.database.sessions() as session:
            line, change, waiting = await rows.pulse(session, self.tenant)
        return Pulse(stamp=f"{line}.{change}.{waiting}", waiting=waiting)

    async def chats(
        self, *, waiting: bool = False, search: str = "", before: int | None = None
    ) -> Sequence[Chat]:
        async with self.database.sessions() as session:
            found = await rows.chats(
                session, self.tenant, waiting=waiting, search=search.strip(), before=before
            )
        return [_chat(one) for one in found]

    async def chat(self, conversation_id: int) -> ChatDetail:
        async with self.database.sessions() as session:
            found = await self._found(session, conversation_id)
            notes = await rows.notes(session, self.tenant, conversation_id)
            tasks = await rows.tasks(session, self.tenant, conversation_id)
        window = self.abilities.get(found.channel, Abilities()).window
        return _detail(
            found,
            found.last_guest_at + window if window else None,
            [StaffNote(author=one.author, text=one.text, at=one.at) for one in notes],
            [_task(one) for one in tasks],
        )

    async def lines(self, conversation_id: int, *, before: int | None = None) -> Sequence[ChatLine]:
        async with self.database.sessions() as session:
            await self._found(session, conversation_id)
            found = await rows.lines(session, self.tenant, conversation_id, before)
        return [_line(line, sending) for line, sending in found]

    async def file(self, conversation_id: int, line_id: int) -> ChatFile:
        async with self.database.sessions() as session:
            await self._found(session, conversation_id)
            found = await media.of_line(session, self.tenant, conversation_id, _known(line_id))
        if found is None:
            raise NotFound("file")
        return ChatFile(mime_type=found.mime_type, body=await self.media.get(found.name))

    async def take_over(self, caller: Caller, conversation_id: int) -> None:
        async with self._changing(caller, conversation_id) as (session, found):
            await self._take(session, caller, found)

    async def release(self, caller: Caller, conversation_id: int) -> None:
        async with self._changing(caller, conversation_id) as (session, found):
            changes = {"mode": Mode.AGENT, "mode_reason": "", "attention": "", "assigned_to": ""}
            await rows.set_chat(session, self.tenant, conversation_id, **changes)
            await self._audit(session, caller, "release", found, {"mode": Mode.AGENT})

    async def assign(self, caller: Caller, conversation_id: int, to: str) -> None:
        async with self._changing(caller, conversation_id) as (session, found):
            await rows.set_chat(session, self.tenant, conversation_id, assigned_to=to)
            await self._audit(session, caller, "assign", found, {"assigned_to": to})

    async def reply(self, caller: Caller, conversation_id: int, reply: StaffReply) -> int:
        if not reply.text.strip() and reply.image is None:
            raise Rejected("nothing to say")
        if len(reply.text) > LONGEST_REPLY:
            raise Rejected(f"longer than {LONGEST_REPLY} characters")
        bubble = Bubble(text=reply.text.strip(), options=reply.options, image=reply.image)
        async with self._changing(caller, conversation_id) as (session, found):
            if found.mode != Mode.HUMAN:
                await self._take(session, caller, found)
            number = await outgoing.put(
                session,
                self.engine,
                found,
                rendering.fit(bubble, self.abilities.get(found.channel, Abilities())),
                trace=new_trace(),
                now=self.clock.now(),
                by=caller.name,
            )
            await self._audit(session, caller, "reply", found, {"outbox": number})
        return number

    async def note(self, caller: Caller, conversation_id: int, text: str) -> None:
        if not text.strip() or len(text) > LONGEST_NOTE:
            raise Rejected(f"a note has 1 to {LONGEST_NOTE} characters")
        async with self._changing(caller, conversation_id) as (session, found):
            now = self.clock.now()
            await rows.add_note(
                session, self.tenant, conversation_id, caller.name, text.strip(), now
            )
            await self._audit(session, caller, "note", found, {})

    async def tasks(self) -> Sequence[StaffTask]:
        async with self.database.sessions() as session:
            return [_task(one) for one in await rows.tasks(session, self.tenant)]

    async def finish(self, caller: Caller, task_id: int) -> None:
        _check(caller, "staff")
        now = self.clock.now()
        async with self.database.sessions() as session, session.begin():
            kind = await rows.finish_task(session, self.tenant, _known(task_id), caller.name, now)
            if kind is None:
                raise NotFound("task")
            target = f"task {task_id}"
            await rows.audit(
                session, self.tenant, caller.name, "finish", target, now, after={"kind": kind}
            )

    async def dead_letters(self, caller: Caller) -> Sequence[Mapping[str, object]]:
        """Messages of this hotel that were given up, and for owners bodies nobody could read."""
        async with self.database.sessions() as session:
            found = [
                letters.of_send(row) for row in await repository.dead_sends(session, self.tenant)
            ]
            if caller.may("owner"):
                found += [letters.of_body(row) for row in await repository.dead_bodies(session)]
        return found

    async def replay(self, caller: Caller, kind: str, number: int) -> None:
        """Try a dead letter again. A message whose outcome is unknown may then arrive twice."""
        _check(caller, "owner" if kind == letters.BODY else "staff")
        now = self.clock.now()
        if not await letters.replay(
            self.database, self.engine, kind, _known(number), self.tenant, now
        ):
            raise NotFound("dead letter")
        async with self.database.sessions() as session, session.begin():
            target = f"{kind}/{number}"
            await rows.audit(session, self.tenant, caller.name, "replay", target, now)

    def quick_replies(self, language: str) -> Sequence[QuickReply]:
        return [
            QuickReply(name=topic, text=texts[language])
            for topic, texts in self.house.items()
            if language in texts
        ]

    async def _found(self, session: AsyncSession, conversation_id: int) -> Conversation:
        found = await rows.chat(session, self.tenant, _known(conversation_id))
        if found is None:
            raise NotFound("conversation")
        return found

    @asynccontextmanager
    async def _changing(
        self, caller: Caller, conversation_id: int
    ) -> AsyncIterator[tuple[AsyncSession, Conversation]]:
        """A transaction on a conversation of this hotel, for somebody who may change it."""
        _check(caller, "staff")
        async with self.database.sessions() as session, session.begin():
            yield session, await self._found(session, conversation_id)

    async def _take(self, session: AsyncSession, caller: Caller, found: Conversation) -> None:
        changes = {
            "mode": Mode.HUMAN,
            "mode_reason": found.mode_reason or "taken over",
            "assigned_to": found.assigned_to or caller.name,
        }
        await rows.set_chat(session, self.tenant, int(found.id or 0), **changes)
        await self._audit(session, caller, "take_over", found, {"mode": Mode.HUMAN})

    async def _audit(
        self,
        session: AsyncSession,
        caller: Caller,
        action: str,
        found: Conversation,
        after: dict[str, Any],
    ) -> None:
        before = {key: getattr(found, key) for key in after if hasattr(found, key)}
        target = f"conversation {found.id}"
        now = self.clock.now()
        await rows.audit(
            session, self.tenant, caller.name, action, target, now, before=before, after=after
        )


def _check(caller: Caller, role: str) -> None:
    if not caller.may(role):
        raise AuthFailed(f"this needs the role {role}")


def _known(number: int) -> int:
    """A number that a table can hold."""
    if not 0 < number <= LARGEST_ID:
        raise NotFound("number")
    return number


def _chat(row: Conversation) -> Chat:
    return Chat(
        id=int(row.id or 0),
        guest=row.profile_name or row.address,
        channel=row.channel,
        language=row.language,
        mode=row.mode,
        reason=row.mode_reason,
        attention=row.attention,
        assigned_to=row.assigned_to,
        last_guest_at=row.last_guest_at,
    )


def _line(row: Message, sending: str | None) -> ChatLine:
    image, media = row.content.get("image") or {}, row.content.get("media") or {}
    return ChatLine(
        id=int(row.id or 0),
        by="guest" if row.direction == "in" else str(row.content.get("by", outgoing.AGENT)),
        text=row.text,
        at=row.at,
        options=tuple(option["title"] for option in row.content.get("options") or ()),
        image=str(image.get("url", "")),
        state=sending or "",
        file=str(media.get("kind") or "document") if media else "",
        file_state=str(media.get("state", "")),
        edited_from=str(row.content.get("edited_from", "")),
        revoked=bool(row.content.get("revoked")),
        reaction=str(row.content.get("reaction", "")),
        whole=str(row.content.get("whole", "")),
        spoken=bool(row.content.get("heard") or row.content.get("spoken")),
    )


def _task(row: Task) -> StaffTask:
    return StaffTask(
        id=int(row.id or 0),
        conversation_id=row.conversation_id,
        kind=row.kind,
        created_at=row.created_at,
    )


def _detail(
    row: Conversation,
    window_ends_at: datetime | None,
    notes: Sequence[StaffNote],
    tasks: Sequence[StaffTask],
) -> ChatDetail:
    focus = _focus(row)
    guest, party = focus.guest, focus.occupancy
    language = row.language or "en"
    return ChatDetail(
        chat=_chat(row),
        phone=row.phone or "",
        name=guest.name if guest else "",
        email=(guest.email or "") if guest else "",
        arrival=focus.stay.arrival if focus.stay else None,
        departure=focus.stay.departure if focus.stay else None,
        adults=party.adults if party else None,
        children=len(party.child_ages) if party else 0,
        offers=tuple(
            OfferShown(
                room=offer.room_type.name,
                rate=offer.rate_plan.name,
                total=money(offer.total, language),
            )
            for offer in focus.offers
        ),
        reservation=focus.reservation or "",
        window_ends_at=window_ends_at,
        notes=tuple(notes),
        tasks=tuple(tasks),
    )


def _focus(row: Conversation) -> Focus:
    """What the dialogue is about; nothing, where its state cannot be read any more."""
    try:
        return state.parse(row.state).focus
    except ValueError:
        return Focus()
