"""The words by which a guest stops messages that he did not ask for, and wants them again.

They are heard before everything else: no engine reads them, and it is no matter whether a person
has the conversation. Only a whole message counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import consent, guests, journeys, repository
from agente_hotelero._db.models import Conversation
from agente_hotelero._runtime import outgoing, rendering
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.ingest import new_trace
from agente_hotelero._runtime.rendering import Abilities
from agente_hotelero._runtime.templates import Renderer
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.components import Clock
from agente_hotelero.errors import HoteleroError
from agente_hotelero.matching import folded
from agente_hotelero.messages import OPT_OUT, Content, InboundMessage, Reply

LOG = structlog.get_logger("agent")
SOURCE = "guest's word"
Wish = Literal["out", "out if unasked", "in"]
_WORDS: Mapping[Wish, Mapping[str, str]] = {
    "out": {
        "": "stop, stopall, stop all, opt out, optout",
        "en": "unsubscribe, unsubscribe me, stop messages, stop messaging me",
        "es": "baja, dar de baja, darme de baja, dame de baja, quiero darme de baja, "
        "no quiero recibir mas mensajes, no me manden mas mensajes",
        "pt": "descadastrar, descadastre, me descadastre, quero me descadastrar, "
        "nao quero receber mais mensagens, nao me mandem mais mensagens",
    },
    # Said to a hotel, these may be about a reservation, a question or a bill.
    "out if unasked": {
        "": "cancelar, parar",
        "en": "cancel, quit, end",
        "es": "salir, para, detener, basta",
        "pt": "sair, pare, remover, chega",
    },
    # Heard only from a guest who has left.
    "in": {
        "": "start, unstop",
        "en": "subscribe, resubscribe, opt in",
        "es": "alta, dar de alta, darme de alta, quiero darme de alta, suscribirme",
        "pt": "cadastrar, quero me cadastrar, inscrever",
    },
}
WORDS: Mapping[str, tuple[Wish, str]] = {
    word: (wish, language)
    for wish, languages in _WORDS.items()
    for language, words in languages.items()
    for word in words.split(", ")
}


def wish_of(content: Content) -> tuple[Wish, str] | None:
    """What a message wishes, if it is nothing but such a word, and the word's language."""
    if content.choice == OPT_OUT:
        return "out", ""
    if content.media is not None or content.location is not None:
        return None
    return WORDS.get(_plain(content.text))


def tells_how(text: str) -> bool:
    """Whether a text names a word by which a guest leaves, whatever was said before."""
    said = f" {_plain(text)} "
    return any(f" {word} " in said for word, (wish, _) in WORDS.items() if wish == "out")


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", folded(text)).split())


@dataclass(frozen=True, kw_only=True)
class Opting:
    """Hears guests of all hotels."""

    engine: Engine
    clock: Clock
    tenants: Mapping[str, Tenant]
    renderer_of: Callable[[str], Renderer]

    async def heard(
        self, session: AsyncSession, tenant: str, conversation_id: int, message: InboundMessage
    ) -> bool:
        """Whether the guest left or came back; then that is noted, and confirmed the first time."""
        found = wish_of(message.content)
        if found is None:
            return False
        conversation = await repository.conversation_by_id(session, conversation_id)
        if conversation is None:
            return False
        wish, language = found
        known = {message.address} | await guests.addresses_of(session, tenant, conversation_id)
        last = await consent.latest(session, tenant, known, consent.PROACTIVE)
        is_out = last is not None and not last.granted
        if not (
            is_out if wish == "in" else await self._meant(session, conversation, wish, message)
        ):
            return False
        await consent.record(
            session,
            tenant,
            channel=conversation.channel,
            addresses=known,
            purpose=consent.PROACTIVE,
            granted=wish == "in",
            source=SOURCE,
            at=message.sent_at,
        )
        if wish != "in":
            await journeys.note(session, tenant, conversation_id, journeys.LEFT, message.sent_at)
        if is_out == (wish == "in"):
            await self._confirm(session, conversation, wish, conversation.language or language)
        return True

    async def _meant(
        self,
        session: AsyncSession,
        conversation: Conversation,
        wish: Wish,
        message: InboundMessage,
    ) -> bool:
        """Whether a word that may be about something else can only be about our messages."""
        if wish == "out":
            return True
        number = int(conversation.id or 0)
        return await repository.was_unasked(session, conversation.tenant, number, message.reply_to)

    async def _confirm(
        self, session: AsyncSession, conversation: Conversation, wish: Wish, language: str
    ) -> None:
        """Once, in the guest's language: an answer, which nobody can refuse."""
        tenant = self.tenants[conversation.tenant]
        name = "core/opted_in" if wish == "in" else "core/opted_out"
        try:
            (bubble,) = rendering.render(
                [Reply(template=name, values={"hotel": tenant.hotel.name})],
                self.renderer_of(tenant.id),
                language=language or tenant.hotel.languages[0],
                zone=tenant.settings.zone,
                can=Abilities(),
            )
        except HoteleroError as error:
            LOG.exception("not_confirmed", error=type(error).__name__)
            return
        now = self.clock.now()
        await outgoing.put(session, self.engine, conversation, bubble, trace=new_trace(), now=now)
