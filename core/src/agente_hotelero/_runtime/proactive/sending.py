"""A message on its way: its words, its row in the outbox and what is to be known of it later, in
one transaction. A crash leaves all of it or nothing."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import guests, journeys, repository, stays
from agente_hotelero._db.guest_models import JourneyState
from agente_hotelero._db.guests import At
from agente_hotelero._db.journeys import Failed
from agente_hotelero._db.models import Conversation, Mode, OutboxState
from agente_hotelero._db.session import Database
from agente_hotelero._runtime import failpoints, outgoing, state
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.ingest import new_trace
from agente_hotelero._runtime.proactive.due import Due
from agente_hotelero._runtime.proactive.mirror import Mirror
from agente_hotelero._runtime.proactive.timing import Hours
from agente_hotelero._runtime.proactive.ways import Way
from agente_hotelero._runtime.proactive.wording import Speaker, Worded, word
from agente_hotelero._runtime.templates import Renderer
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Clock
from agente_hotelero.dialogue import Frame
from agente_hotelero.proactive import ASKS, Occasion
from agente_hotelero.stays import Reservation

MARK_BYTES = 9
ANSWER_DAYS = 10
Asked = Callable[[AsyncSession], Awaitable[bool]]
LOCK = text("SELECT pg_advisory_xact_lock(748203, hashtext(:tenant))")


def new_mark() -> str:
    """A name for a message that says nothing of its guest and cannot be guessed."""
    return secrets.token_urlsafe(MARK_BYTES)


@dataclass(frozen=True, kw_only=True)
class Dispatcher:
    """One hotel's."""

    tenant: Tenant
    mirror: Mirror
    database: Database
    engine: Engine
    clock: Clock
    renderer: Callable[[], Renderer]
    plain: Renderer

    async def send(
        self,
        due: Due,
        seen: Reservation,
        way: Way,
        hours: Hours,
        had_one: Asked,
        failed: Failed | None,
    ) -> bool:
        """Put it into the outbox; `failed` is the same message as another channel refused it. It
        goes out before the end of `due`, or not at all.

        False when another process was first, with this or with another stay of the guest's
        (`had_one` is asked once more), the guest is being answered at this moment, or was erased
        meanwhile. Raises what `word` raises.
        """
        occasion = Occasion(
            journey=due.plan.journey.name,
            mark=failed.message.mark if failed else new_mark(),
            reservation=seen,
            language=self._language(way, seen),
            reminder=due.first is not None,
        )
        speaker = Speaker(
            hotel=self.tenant.hotel.name,
            zone=self.mirror.zone,
            hours=hours,
            house=await self.mirror.pms.property(),
            renderer=self.renderer(),
            plain=self.plain,
        )
        worded = await word(speaker, due.plan, occasion, way)
        values = _values(due, way, worded, occasion, self.clock.now())
        async with self.database.sessions() as session, session.begin() as transaction:
            if await self._came_later(session, due, had_one) or not await self._put(
                session, due, way, worded, occasion, values, failed
            ):
                await transaction.rollback()
                return False
            failpoints.reached("journey.before_commit")
        failpoints.reached("journey.after_commit")
        return True

    async def _came_later(self, session: AsyncSession, due: Due, had_one: Asked) -> bool:
        """Whether another round of the hotel's sent the guest something since the facts were
        gathered; from here on none does, until this transaction ends."""
        if not self.database.is_sqlite:
            await session.execute(LOCK, {"tenant": self.tenant.id})
        held = await stays.hold(session, self.tenant.id, [due.stay.reference])
        return held == 0 or await had_one(session)

    async def _put(
        self,
        session: AsyncSession,
        due: Due,
        way: Way,
        worded: Worded,
        occasion: Occasion,
        values: dict[str, Any],
        failed: Failed | None,
    ) -> bool:
        tenant = self.tenant.id
        number = failed.message.id if failed else await journeys.claim(session, tenant, values)
        talk = await self._conversation(session, way)
        if number is None or talk is None or not await self._ask(session, due, talk, occasion):
            return False
        outbox = await outgoing.put(
            session,
            self.engine,
            talk,
            worded.bubble,
            trace=new_trace(),
            now=self.clock.now(),
            purpose=due.plan.journey.purpose,
            until=due.span.end,
        )
        changes: dict[str, Any] = {
            "outbox_id": outbox,
            "outcome": OutboxState.QUEUED,
            "conversation_id": talk.id,
        }
        if failed is not None:
            changes |= {**values, "tried": failed.tried}
        expected = failed.message.outbox_id if failed else None
        return await journeys.change(session, tenant, number, expected, **changes)

    async def _conversation(self, session: AsyncSession, way: Way) -> Conversation | None:
        """As it is now: it may have changed since the way was chosen; None where it is gone."""
        if way.conversation is not None:
            return await repository.conversation_by_id(session, int(way.conversation.id or 0))
        at = At(tenant=self.tenant.id, channel=way.channel, account=way.account)
        number = await guests.silent_conversation(session, at, way.address, self.clock.now())
        begun = await repository.conversation_by_id(session, number)
        if begun is None:
            raise RuntimeError("a conversation that was just begun is gone")
        return begun

    async def _ask(
        self, session: AsyncSession, due: Due, talk: Conversation, occasion: Occasion
    ) -> bool:
        """Have the answer read by whoever the journey asks for; False when somebody else changed
        the conversation meanwhile."""
        asks = due.plan.journey.asks
        owner = self.tenant.owners.get(asks) if asks else None
        if owner is None or talk.mode == Mode.HUMAN:
            return True
        try:
            before = state.parse(talk.state)
        except ValueError:
            return True
        frame = Frame(
            handler=owner,
            step=asks,
            data={"journey": due.plan.journey.name, "reference": due.stay.reference},
            expects=ASKS[asks],
            expires_at=self.clock.now() + timedelta(days=ANSWER_DAYS),
            unasked=True,
        )
        after = replace(before, frames=state.put(before.frames, frame))
        return await repository.save_dialogue(
            session,
            talk,
            state=state.dump(after),
            language=talk.language or occasion.language,
            mode=Mode(talk.mode),
            reason=talk.mode_reason,
        )

    def _language(self, way: Way, seen: Reservation) -> str:
        """The guest's, where the hotel speaks it."""
        spoken = self.tenant.hotel.languages
        asked = (way.conversation.language if way.conversation else None, seen.guest.language)
        known = [(one or "")[:2].casefold() for one in asked]
        return next((one for one in known if one in spoken), spoken[0])


def names_of(due: Due) -> dict[str, Any]:
    """What names a decision."""
    return {
        "journey": due.plan.journey.name,
        "reference": due.stay.reference,
        "part": due.part,
        "purpose": due.plan.journey.purpose,
    }


def _values(
    due: Due, way: Way, worded: Worded, occasion: Occasion, now: datetime
) -> dict[str, Any]:
    return {
        **names_of(due),
        "state": JourneyState.SENT,
        "reason": "",
        "mark": occasion.mark,
        "channel": way.channel,
        "account": way.account,
        "template": worded.template,
        "version": worded.version,
        "language": occasion.language,
        "basis": way.basis,
        "decided_at": now,
    }
