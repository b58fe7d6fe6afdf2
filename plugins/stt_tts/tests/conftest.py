"""Services whose client is closed with the test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from agente_hotelero import Services
from agente_hotelero.testing import lend


@pytest.fixture
async def services(anyio_backend: str) -> AsyncIterator[Services]:
    async with httpx.AsyncClient(timeout=5) as http:
        yield lend(http=http)
