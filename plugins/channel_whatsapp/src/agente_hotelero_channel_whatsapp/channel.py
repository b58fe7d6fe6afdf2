"""One WhatsApp number: what goes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
from agente_hotelero import Channel, Services
from agente_hotelero.errors import OutcomeUnknown, Rejected, Unavailable
from agente_hotelero.messages import OutboundMessage

from agente_hotelero_channel_whatsapp import outbound
from agente_hotelero_channel_whatsapp.config import WhatsAppConfig
from agente_hotelero_channel_whatsapp.errors import error_of


class WhatsAppChannel(Channel[WhatsAppConfig]):
    """Posts to the Cloud API. It has no idempotency key: an unknown outcome stays unknown."""

    config_class = WhatsAppConfig
    max_options = outbound.ROWS
    max_option_title = outbound.ROW_TITLE

    def __init__(self, config: WhatsAppConfig, services: Services, account: str) -> None:
        super().__init__(config, services, account)
        self.per_second = config.messages_per_second

    @classmethod
    def account_ids(cls, config: WhatsAppConfig, tenant: str) -> Sequence[str]:
        return [account.phone_number_id for account in config.accounts]

    async def send(self, message: OutboundMessage) -> str:
        """The id of the last message that it took."""
        bodies = outbound.bodies(message)
        if not bodies:
            raise Rejected("nothing to send")
        provider_id = ""
        for number, body in enumerate(bodies):
            try:
                answer = await self._post(body)
            except Unavailable as error:
                if number == 0:
                    raise
                raise OutcomeUnknown("only a part was sent") from error
            provider_id = _message_id(answer)
        return provider_id

    async def seen(self, provider_message_id: str) -> None:
        """Blue ticks, and "typing" until we answer (25 seconds at most)."""
        body = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": provider_message_id,
            "typing_indicator": {"type": "text"},
        }
        try:
            await self._post(body)
        except OutcomeUnknown as error:
            raise Unavailable("read receipt") from error

    async def _post(self, body: dict[str, Any]) -> Any:
        config = self.config
        url = f"{config.api_base_url}/{config.api_version}/{self.account}/messages"
        token = config.secret(self.account, "access_token")
        try:
            response = await self.services.http.post(
                url,
                json=body,
                headers={"Authorization": f"Bearer {token}"},
                timeout=config.timeout_seconds,
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unavailable(type(error).__name__) from error
        except httpx.HTTPError as error:
            raise OutcomeUnknown(type(error).__name__) from error
        answer = _json(response)
        if response.is_success:
            return answer
        raise error_of(response.status_code, answer)


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _message_id(answer: Any) -> str:
    """Raises OutcomeUnknown for a success that names no message."""
    try:
        return str(answer["messages"][0]["id"])
    except (KeyError, IndexError, TypeError) as error:
        raise OutcomeUnknown("an answer without a message id") from error
