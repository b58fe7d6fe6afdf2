"""Two hotels on WhatsApp, for whole modules; a module that needs others makes its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from agente_hotelero_channel_whatsapp.testing import Account, Simulator

from tests.support.hotels import NUMBERS, SECRETS, TOKENS, two_hotels
from tests.support.running import RunningAgent
from tests.support.times import NOVEMBER, clock_at


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """Meta, with the number of each hotel."""
    accounts = [
        Account(phone_number_id=NUMBERS[hotel], token=TOKENS[hotel], app_secret=SECRETS[hotel])
        for hotel in NUMBERS
    ]
    with Simulator(accounts, now=lambda: NOVEMBER, statuses=False) as running:
        yield running


@pytest.fixture(scope="module")
def running(
    simulator: Simulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningAgent]:
    """An agent for both hotels."""
    url = f"sqlite:///{tmp_path_factory.mktemp('agent')}/a.db"
    with RunningAgent(two_hotels(url, whatsapp=simulator.url), clock_at(NOVEMBER)) as agent:
        simulator.webhook = f"{agent.url}/webhooks/whatsapp"
        yield agent
