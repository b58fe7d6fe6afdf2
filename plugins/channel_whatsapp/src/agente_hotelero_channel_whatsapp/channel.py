"""One WhatsApp number: what goes out, and what it can tell of itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from agente_hotelero import Channel, Finding, Health, Services
from agente_hotelero.errors import (
    HoteleroError,
    OutcomeUnknown,
    Rejected,
    TemporaryError,
    Unavailable,
)
from agente_hotelero.matching import digits
from agente_hotelero.messages import Media, MessageTemplate, OutboundMessage
from agente_hotelero.stays import Guest

from agente_hotelero_channel_whatsapp import doctor, interactive, live, media, outbound, templates
from agente_hotelero_channel_whatsapp.config import WhatsAppConfig
from agente_hotelero_channel_whatsapp.errors import (
    NOT_ALLOWED,
    UNDELIVERABLE,
    Refusal,
    Refused,
    error_of,
    failure_of,
)
from agente_hotelero_channel_whatsapp.graph import Graph
from agente_hotelero_channel_whatsapp.view import View

Json = dict[str, Any]
MOST_BEGUN = 1000
SHORTEST_NUMBER = 8


class WhatsAppChannel(Channel[WhatsAppConfig]):
    """Posts to the Cloud API. It has no idempotency key: an unknown outcome stays unknown."""

    config_class = WhatsAppConfig
    max_options = interactive.ROWS
    max_option_title = interactive.ROW_TITLE
    voice_notes = True
    window = timedelta(hours=24)
    unasked = True

    def __init__(self, config: WhatsAppConfig, services: Services, account: str) -> None:
        super().__init__(config, services, account)
        self.per_second = config.messages_per_second
        self.business = config.of(account, "business_account_id")
        self.graph = Graph(config, services, account)
        self.view = View(services, self.graph, self.business)
        # Messages of several bodies that were broken off: how many were taken.
        self._begun: dict[int, int] = {}

    async def __aenter__(self) -> Self:
        live.opened(self)
        if self.business and self.config.reopen_template:
            self.view.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        live.closed(self)
        await self.view.stop()

    @classmethod
    def account_ids(cls, config: WhatsAppConfig, tenant: str) -> Sequence[str]:
        return [account.phone_number_id for account in config.accounts]

    def reach(self, guest: Guest) -> str | None:
        """The telephone's digits; only an approved template can begin there."""
        number = digits(guest.phone or "")
        return number if len(number) >= SHORTEST_NUMBER else None

    async def send(self, message: OutboundMessage) -> str:
        """The id of the last body that Meta took. One that is tried again goes on where it broke
        off, so that nothing arrives twice."""
        made = await self._made(message)
        if not made:
            raise Rejected("nothing to send")
        provider_id = ""
        for place in range(self._begun.pop(message.id, 0), len(made)):
            try:
                provider_id = await self._deliver(made[place], message)
            except (TemporaryError, OutcomeUnknown):
                self._note_begun(message.id, place)
                raise
        return provider_id

    def _note_begun(self, message_id: int, place: int) -> None:
        if place:
            self._begun[message_id] = place
        while len(self._begun) > MOST_BEGUN:
            del self._begun[next(iter(self._begun))]

    async def _made(self, message: OutboundMessage) -> list[Json]:
        """Raises TemplateRefused, and what an upload raises."""
        if message.template is not None:
            language = await templates.language_for(
                self.services, self.business, message.template, message.purpose
            )
            return outbound.bodies(message, language=language)
        file = message.attachment
        stored = file is not None and file.stored
        media_id = await media.upload(self.graph, self.services, file) if file and stored else ""
        return outbound.bodies(message, media_id=media_id)

    async def _deliver(self, body: Json, message: OutboundMessage) -> str:
        """To the number in its other form once, where Meta does not know it in this one."""
        try:
            return await self._post(body)
        except Refused as refused:
            other = outbound.with_other_form(body)
            if other is None or refused.refusal.code not in (UNDELIVERABLE, NOT_ALLOWED):
                raise await self._refusal(refused.refusal, body, message) from refused
        try:
            return await self._post(other)
        except Refused as refused:
            raise await self._refusal(refused.refusal, other, message) from refused

    async def _post(self, body: Json) -> str:
        """Raises Refused, Unavailable, OutcomeUnknown."""
        return _message_id(await self.graph.post(f"{self.account}/messages", json=body))

    async def _refusal(
        self, refusal: Refusal, body: Json, message: OutboundMessage
    ) -> HoteleroError:
        """The error that it means; noted where it is ours to mend, or of a template."""
        code, template = refusal.code, message.template.name if message.template else ""
        if code is not None and not failure_of(code):
            self.services.log.error(
                "refused_by_meta", code=code, details=refusal.details, fbtrace_id=refusal.trace
            )
        if code is not None and template:
            language = body["template"]["language"]["code"]
            await templates.refused(self.services, self.business, template, language, code)
            if self.business:
                await self.view.reload()
        return error_of(refusal, template=template, by_link=outbound.has_link(body))

    def reopening(self, languages: Sequence[str]) -> MessageTemplate | None:
        """The template that the settings name, if Meta sends it in one of the languages. Without a
        business account nothing is known of it, and the operator's word is taken."""
        name = self.config.reopen_template
        if not name or not languages:
            return None
        if self.business and not templates.spoken(languages, self.view.sendable(name)):
            return None
        return MessageTemplate(name=name, languages=tuple(languages))

    async def fetch_media(self, media_: Media, limit: int) -> bytes:
        return await media.fetch(self.graph, media_, limit)

    async def seen(self, provider_message_id: str) -> None:
        """Blue ticks, and "typing" until we answer (25 seconds at most)."""
        body = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": provider_message_id,
            "typing_indicator": {"type": "text"},
        }
        try:
            await self.graph.post(f"{self.account}/messages", json=body)
        except Refused as refused:
            raise error_of(refused.refusal, writes=False) from refused
        except OutcomeUnknown as error:
            raise Unavailable("read receipt") from error

    async def health(self) -> Health:
        return await doctor.health(self.graph)

    async def diagnose(self) -> Sequence[Finding]:
        return await doctor.diagnose(self)


def _message_id(answer: Any) -> str:
    """Raises OutcomeUnknown for a success that names no message."""
    try:
        return str(answer["messages"][0]["id"])
    except (KeyError, IndexError, TypeError) as error:
        raise OutcomeUnknown("an answer without a message id") from error
