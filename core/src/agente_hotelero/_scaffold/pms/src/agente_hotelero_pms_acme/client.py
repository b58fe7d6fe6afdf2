"""Calls to the PMS: their answers as models, their failures as errors of the core's tree."""

from __future__ import annotations

from typing import Any, TypeVar

import httpx
from agente_hotelero import rest
from agente_hotelero.errors import OutcomeUnknown, Unavailable
from pydantic import TypeAdapter, ValidationError

from agente_hotelero_pms_acme.config import AcmeConfig

T = TypeVar("T")


class AcmeClient:
    """One hotel's way to its PMS, over the HTTP client that the core lends."""

    def __init__(self, config: AcmeConfig, http: httpx.AsyncClient) -> None:
        self._config = config
        self._http = http

    async def read(self, shape: type[T], method: str, path: str, **options: Any) -> T:
        """An answer to a question. Raises Unavailable for an answer of another shape, and what
        `rest.call` raises."""
        answer = await rest.call(self._http, method, self._url(path), **self._with_key(options))
        try:
            return TypeAdapter(shape).validate_python(answer)
        except ValidationError as error:
            raise Unavailable("an answer of another shape") from error

    async def write(self, shape: type[T], method: str, path: str, **options: Any) -> T:
        """The same for what changes something there: in doubt it raises OutcomeUnknown."""
        options = self._with_key(options)
        answer = await rest.call(self._http, method, self._url(path), writes=True, **options)
        try:
            return TypeAdapter(shape).validate_python(answer)
        except ValidationError as error:
            raise OutcomeUnknown("an answer of another shape") from error

    def _url(self, path: str) -> str:
        return self._config.base_url.rstrip("/") + path

    def _with_key(self, options: dict[str, Any]) -> dict[str, Any]:
        return {**options, "headers": {"X-Key": self._config.api_key.get_secret_value()}}
