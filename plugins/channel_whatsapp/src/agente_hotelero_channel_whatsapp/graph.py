"""Calls to Meta's Graph API in the name of one account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from agente_hotelero import Services
from agente_hotelero.errors import OutcomeUnknown, Unavailable

from agente_hotelero_channel_whatsapp.config import WhatsAppConfig
from agente_hotelero_channel_whatsapp.errors import Refused, error_of, refusal_of

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Graph:
    """The token goes to the configured host, and on `stream` to wherever that says."""

    def __init__(self, config: WhatsAppConfig, services: Services, account: str) -> None:
        self._config = config
        self._http = services.http
        self.account = account
        self.base = f"{config.api_base_url.rstrip('/')}/{config.api_version}"

    async def get(self, path: str, **params: str) -> Any:
        """Parsed JSON, or an error of the core's tree."""
        try:
            return _json(await self.ask(path, **params), writes=False)
        except Refused as refused:
            raise error_of(refused.refusal, writes=False) from refused

    async def ask(self, path: str, **params: str) -> httpx.Response:
        """A 2xx answer. Raises Refused, Unavailable."""
        return await self._request("GET", path, writes=False, params=params)

    async def post(self, path: str, *, writes: bool = True, **options: Any) -> Any:
        """Parsed JSON. Raises Refused, Unavailable, and with `writes` OutcomeUnknown for what may
        have taken effect."""
        return _json(await self._request("POST", path, writes=writes, **options), writes=writes)

    @asynccontextmanager
    async def stream(self, url: str) -> AsyncIterator[httpx.Response]:
        """An answer whose body is still to be read, as it is. The caller knows whose `url` is."""
        headers = {**self._headers(), "Accept-Encoding": "identity"}
        try:
            async with self._http.stream(
                "GET", url, headers=headers, timeout=self._config.timeout_seconds
            ) as response:
                yield response
        except httpx.HTTPError as error:
            raise Unavailable(type(error).__name__) from error

    async def _request(
        self, method: str, path: str, *, writes: bool, **options: Any
    ) -> httpx.Response:
        try:
            response = await self._http.request(
                method,
                f"{self.base}/{path}",
                headers=self._headers(),
                timeout=self._config.timeout_seconds,
                **options,
            )
        except NEVER_SENT as error:
            raise Unavailable(type(error).__name__) from error
        except httpx.HTTPError as error:
            raise _unsure(type(error).__name__, writes) from error
        if not response.is_success:
            raise Refused(refusal_of(response))
        return response

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._config.of(self.account, 'access_token')}"}


def _json(response: httpx.Response, *, writes: bool) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError) as error:
        raise _unsure("an answer that is not JSON", writes) from error


def _unsure(why: str, writes: bool) -> OutcomeUnknown | Unavailable:
    return OutcomeUnknown(why) if writes else Unavailable(why)
