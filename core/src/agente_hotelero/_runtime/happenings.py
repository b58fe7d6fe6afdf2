"""What channels tell besides messages and receipts: nothing here is answered by the agent."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import consent, guests, lines, repository
from agente_hotelero._db.guests import At
from agente_hotelero._db.models import Mode
from agente_hotelero._runtime.accounts import Accounts
from agente_hotelero.components import Clock, Log
from agente_hotelero.events import AccountNoticed, DomainEvent
from agente_hotelero.messages import (
    AccountNotice,
    ConsentGiven,
    Content,
    GuestMoved,
    Happening,
    MessageEdited,
    MessageRevoked,
    Reacted,
    StaffWrote,
)

PHONE_APP = "the phone app"
_CONTENT = TypeAdapter(Content)


@dataclass(frozen=True, kw_only=True)
class Happenings:
    """Takes them over, each in the transaction that stores its event."""

    clock: Clock
    log: Log
    accounts: Accounts

    async def take(self, session: AsyncSession, at: At, event: Happening) -> DomainEvent | None:
        """What subscribers hear once the transaction has committed, if anything."""
        match event:
            case MessageEdited():
                touched = await lines.edit(session, at, event.original_id, event.content)
                await self._tell_staff(session, at, touched, "a guest changed an answered message")
            case MessageRevoked():
                touched = await lines.revoke(session, at, event.original_id)
                await self._tell_staff(session, at, touched, "a guest took back a message")
            case Reacted():
                await lines.react(session, at, event.message_id, event.emoji)
            case StaffWrote():
                await self._staff_wrote(session, at, event)
            case GuestMoved():
                if await guests.moved(session, at, event) is None:
                    self.log.info("unknown_guest_moved", **at.values())
            case ConsentGiven():
                known = {event.address, *event.aliases}
                known |= await guests.other_addresses(session, at, [*known])
                await consent.record(
                    session,
                    at.tenant,
                    channel=at.channel,
                    addresses=known,
                    purpose=event.purpose,
                    granted=event.granted,
                    source="channel",
                    at=event.at,
                )
            case AccountNotice():
                if event.stops:
                    await self.accounts.stop(session, at, event.stops)
                return AccountNoticed(
                    tenant=at.tenant, channel=at.channel, account=at.account, notice=event
                )
            case _:
                return None
        return None

    async def _tell_staff(
        self, session: AsyncSession, at: At, touched: lines.Touched | None, why: str
    ) -> None:
        """The agent has answered already: whether that still holds is for a person to see."""
        if touched is not None and touched.answered:
            await repository.call_attention(session, at.tenant, touched.conversation_id, why)

    async def _staff_wrote(self, session: AsyncSession, at: At, event: StaffWrote) -> None:
        """A person has taken over, past us: the agent is silent until it is released."""
        now = self.clock.now()
        conversation_id = await guests.silent_conversation(
            session, at, event.address, now, event.aliases
        )
        said = {**_CONTENT.dump_python(event.content, mode="json"), "by": PHONE_APP}
        await repository.add_line(
            session, at.tenant, conversation_id, "out", event.content.text, said, event.at
        )
        why = "staff wrote from the phone app"
        await repository.set_mode(session, at.tenant, conversation_id, Mode.HUMAN, why)
