"""The PMS that stands in, and an adapter that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from agente_hotelero import PmsAdapter
from agente_hotelero.testing import SettableClock, lend
from pydantic import SecretStr

from agente_hotelero_pms_acme.adapter import AcmePms
from agente_hotelero_pms_acme.config import AcmeConfig
from agente_hotelero_pms_acme.testing import KEY, Hotel, make_app

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
CONFIG = AcmeConfig(base_url="https://pms.example", api_key=SecretStr(KEY))
Adapter = PmsAdapter[AcmeConfig]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOW)


@pytest.fixture
def backend(clock: SettableClock) -> Hotel:
    """What the PMS holds: nothing yet."""
    return Hotel(now=clock.now)


@pytest.fixture
async def adapter(backend: Hotel, clock: SettableClock) -> AsyncIterator[Adapter]:
    transport = httpx.ASGITransport(make_app(backend))
    async with (
        httpx.AsyncClient(transport=transport) as http,
        AcmePms(CONFIG, lend(clock=clock, http=http)) as opened,
    ):
        yield opened
