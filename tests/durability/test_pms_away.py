"""The PMS hangs, refuses, or answers HTML: the breaker opens and closes, guests hear the truth."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from agente_hotelero_channel_whatsapp.testing import Simulator

from docs.tutorial.seaside import KEY, Hotel, make_app
from tests.support import distributions
from tests.support.cluster import ACCOUNT, Cluster, Walker, deliver, message
from tests.support.troubled import Trouble, TroubledServer, troubled

ADAPTER = Path(__file__).parents[2] / "docs" / "tutorial" / "pms_seaside.py"
ARRIVAL = datetime.now(UTC).date() + timedelta(days=40)
QUOTE = f"quiero una habitación del {ARRIVAL:%d/%m/%Y} por 2 noches para dos"
AWAY = "el sistema de reservas no responde"
OFFERED = "¿Cuál prefieres?"
CLOSED, OPEN = 0.0, 2.0


@pytest.fixture
def hotel() -> Hotel:
    return Hotel()


@pytest.fixture
def pms(hotel: Hotel) -> Iterator[TroubledServer]:
    with troubled(make_app(hotel)) as server:
        yield server


QUICK_BREAKER = {
    "HOTELERO__PMS_CACHE_SECONDS": "0",
    "HOTELERO__CIRCUIT_FAILURES": "2",
    "HOTELERO__CIRCUIT_RESET_SECONDS": "2",
}


@contextmanager
def agents_on(pms: TroubledServer, folder: Path, **more: str) -> Iterator[Cluster]:
    """One agent whose PMS is Seaside, through the adapter of the tutorial."""
    plugins = folder / "plugins"
    plugins.mkdir()
    distributions.install(plugins, "pms_seaside", ADAPTER.read_text())
    more |= {
        "PYTHONPATH": str(plugins),
        "PMS_TYPE": "seaside",
        "PMS_BASE_URL": pms.url,
        "PMS_API_KEY": KEY,
        "HOTELERO__PMS_TIMEOUT_SECONDS": "1",
    }
    with Simulator([ACCOUNT]) as simulator:
        made = Cluster(simulator, f"sqlite:///{folder}/agent.db", folder, more=more)
        with made.running():
            yield made


def state(cluster: Cluster) -> float:
    """What `/metrics` says of the breaker."""
    page = httpx.get(f"{cluster.agents[0].url}/metrics").text
    found = re.search(r'pms_circuit_breaker_state\{.*"pms_seaside".*\} (\S+)', page)
    assert found is not None
    return float(found[1])


async def say(cluster: Cluster, phone: str, line: str) -> str:
    """What the guest hears next."""
    guest = Walker(cluster, phone, random.Random(1))
    before = len(cluster.simulator.sent)

    def heard() -> list[str]:
        return [one.text for one in cluster.simulator.sent[before:] if one.to == phone]

    async with httpx.AsyncClient(timeout=15) as client:
        await deliver(client, cluster, message(phone, line, datetime.now(UTC)))
    await guest.wait_for(heard)
    await asyncio.sleep(0.5)
    return "\n".join(heard())


async def until(cluster: Cluster, wanted: float) -> None:
    guest = Walker(cluster, "", random.Random(1))
    await guest.wait_for(lambda: state(cluster) == wanted)


@pytest.mark.parametrize("trouble", [Trouble.HANG, Trouble.REFUSE, Trouble.HTML])
def test_the_breaker_opens_and_closes_and_guests_hear_the_truth(
    pms: TroubledServer, tmp_path: Path, trouble: Trouble
) -> None:
    async def story(cluster: Cluster) -> None:
        assert OFFERED in await say(cluster, "5491155570001", QUOTE)
        assert state(cluster) == CLOSED
        pms.be(trouble)
        for number in (2, 3):
            told = await say(cluster, f"549115557000{number}", QUOTE)
            assert AWAY in told
            assert "EUR" not in told
        await until(cluster, OPEN)
        assert "RED-WIFI" in await say(cluster, "5491155570004", "¿hay wifi?")
        pms.be(Trouble.NONE)
        await asyncio.sleep(2.5)
        assert OFFERED in await say(cluster, "5491155570005", QUOTE)
        assert state(cluster) == CLOSED

    with agents_on(pms, tmp_path, **QUICK_BREAKER) as cluster:
        asyncio.run(story(cluster))


@pytest.mark.parametrize("trouble", [Trouble.HANG, Trouble.HTML])
def test_a_pms_that_goes_silent_while_booking_leaves_it_to_a_person(
    pms: TroubledServer, hotel: Hotel, tmp_path: Path, trouble: Trouble
) -> None:
    async def story(cluster: Cluster) -> None:
        for line in (QUOTE, "la primera", "Ana García", "ana@example.com"):
            await say(cluster, "5491155570009", line)
        pms.be(trouble)
        told = await say(cluster, "5491155570009", "sí")
        assert "No pude comprobar si la reserva quedó hecha" in told

    with agents_on(pms, tmp_path) as cluster:
        asyncio.run(story(cluster))
    assert hotel.bookings == {}
