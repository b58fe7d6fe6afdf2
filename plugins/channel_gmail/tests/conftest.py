"""Real servers on loopback, where Dovecot is installed."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from agente_hotelero_channel_gmail.testing import Dovecot, MailGuest, PostOffice, dovecot_missing

from plugins.channel_gmail.tests.mailroom import (
    HOTEL,
    PASSWORD,
    Mailroom,
    OpenMailroom,
    open_mailroom,
)


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    """A failure in CI, and a skip elsewhere, where it is not installed."""
    missing = dovecot_missing()
    if missing and not os.environ.get("CI"):
        pytest.skip(missing)
    with Dovecot({HOTEL: PASSWORD.replace(" ", "")}) as running:
        yield running


@pytest.fixture
def office(dovecot: Dovecot) -> Iterator[PostOffice]:
    with PostOffice(dovecot) as running:
        yield running


@pytest.fixture
def guest(office: PostOffice) -> MailGuest:
    return MailGuest(office, "ana@guest.example", HOTEL, name="Ana García")


@pytest.fixture
async def mailroom(
    dovecot: Dovecot, office: PostOffice, tmp_path: Path
) -> AsyncIterator[OpenMailroom]:
    opened: list[Mailroom] = []

    async def make(after: Mailroom | None = None, **changes: Any) -> Mailroom:
        opened.append(await open_mailroom(dovecot, office, tmp_path, after, **changes))
        return opened[-1]

    yield make
    if opened:
        await opened[0].close()
