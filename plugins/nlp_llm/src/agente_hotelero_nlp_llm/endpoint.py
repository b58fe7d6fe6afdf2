"""Calls to the endpoint: an answer in time, or an error of the tree. No message quotes a body.

Reading changes nothing there, so that a call which failed quickly may be made again.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any, TypeVar

import httpx
from agente_hotelero import rest
from agente_hotelero.errors import (
    Unavailable,
)
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agente_hotelero_nlp_llm.answers import Answer
from agente_hotelero_nlp_llm.config import NlpLlmConfig

MOST_BYTES = 128 * 1024
# The words of one guest may be the cause; they say nothing about the endpoint.
UNREAD = frozenset({"length", "content_filter"})
ModelT = TypeVar("ModelT", bound=BaseModel)


class _Wire(BaseModel):
    """Endpoints add fields as they like."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class _Message(_Wire):
    content: str | None = None
    refusal: str | None = None


class _Choice(_Wire):
    message: _Message
    finish_reason: str | None = None


class _Completion(_Wire):
    choices: list[_Choice] = Field(min_length=1)


class _ModelInfo(_Wire):
    id: str


class _Models(_Wire):
    data: list[_ModelInfo]


class Endpoint:
    """One endpoint with one key. Holds no connection of its own."""

    def __init__(self, http: httpx.AsyncClient, config: NlpLlmConfig) -> None:
        self._http = http
        self._config = config

    async def answer(self, body: Mapping[str, Any]) -> Answer | None:
        """The model's answer; None if it refused, or was cut off at `max_tokens`.

        Raises AuthFailed, NotFound, Throttled, Rejected, and Unavailable for silence and for what
        does not fit the schema.
        """
        content = json.dumps(body).encode()
        completion = _parsed(_Completion, await self._in_time("POST", "chat/completions", content))
        choice = completion.choices[0]
        if choice.message.refusal or choice.finish_reason in UNREAD:
            return None
        return _parsed(Answer, choice.message.content or "")

    async def models(self) -> list[str]:
        """The names of the models, for who looks whether all is well. Raises as `answer` does."""
        listed = _parsed(_Models, await self._in_time("GET", "models"))
        return [model.id for model in listed.data]

    async def _in_time(self, method: str, path: str, content: bytes | None = None) -> bytes:
        """Both tries have one deadline."""
        try:
            async with asyncio.timeout(self._config.timeout_seconds):
                return await self._twice(method, path, content)
        except TimeoutError as error:
            raise Unavailable("no answer in time") from error

    async def _twice(self, method: str, path: str, content: bytes | None) -> bytes:
        begun = time.monotonic()
        try:
            return await self._fetch(method, path, content)
        except Unavailable as error:
            late = time.monotonic() - begun > self._config.timeout_seconds / 2
            if late or error.retry_after is not None:
                raise
        return await self._fetch(method, path, content)

    async def _fetch(self, method: str, path: str, content: bytes | None) -> bytes:
        url = f"{self._config.base_url}/{path}"
        options: dict[str, Any] = {"timeout": self._config.timeout_seconds}
        options |= {"follow_redirects": False, "headers": self._headers()}
        try:
            async with self._http.stream(method, url, content=content, **options) as response:
                if not response.is_success:
                    raise rest.refusal(response)
                return await _beginning(response)
        except httpx.HTTPError as error:
            raise Unavailable(type(error).__name__) from error

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self._config.api_key is not None:
            headers["Authorization"] = f"Bearer {self._config.api_key.get_secret_value()}"
        return headers


async def _beginning(response: httpx.Response) -> bytes:
    """The body, or of one that is too large as much as shows it."""
    received = bytearray()
    async for chunk in response.aiter_bytes():
        received += chunk
        if len(received) > MOST_BYTES:
            break
    return bytes(received[: MOST_BYTES + 1])


def _parsed(model: type[ModelT], received: bytes | str) -> ModelT:
    """What was received, in its form; the cause is left out, since it holds what was said."""
    if len(received) > MOST_BYTES:
        raise Unavailable("an answer that is too large")
    try:
        return model.model_validate_json(received)
    except ValidationError:
        raise Unavailable(f"an answer that is no {model.__name__.strip('_').lower()}") from None
