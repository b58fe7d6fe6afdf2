"""A server in Meta's place, and a channel before it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from agente_hotelero_channel_whatsapp.channel import WhatsAppChannel

from plugins.channel_whatsapp.tests.local_meta import LocalMeta, channel_at


@pytest.fixture
def local() -> Iterator[LocalMeta]:
    with LocalMeta() as meta:
        yield meta


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
def number(local: LocalMeta, http: httpx.AsyncClient) -> WhatsAppChannel:
    return channel_at(local.url, http)
