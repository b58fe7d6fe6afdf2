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


SUMMARY = (QUOTE, "la primera", "Ana García", "ana@example.com")
BOOKED, CANCELLED = "La reserva está hecha", "quedó cancelada"
NOT_YET = "todavía no reservé nada"
UNKNOWN_BOOKING = "No pude comprobar si la reserva quedó hecha"
UNKNOWN_CHANGE = "No pude comprobar si el cambio quedó hecho"
ASKS_TO_CANCEL = "¿La cancelo?"


@pytest.mark.timeout(180)
@pytest.mark.parametrize("trouble", [Trouble.HANG, Trouble.HTML, Trouble.LOST])
def test_a_pms_that_goes_silent_in_a_write_is_told_as_it_is(
    pms: TroubledServer, hotel: Hotel, tmp_path: Path, trouble: Trouble
) -> None:
    """Who books and who cancels hear what is known: done, where it is seen; else a person looks."""

    async def story(cluster: Cluster) -> None:
        buyer, leaver = "5491155570011", "5491155570012"
        for line in (*SUMMARY, "sí"):
            told = await say(cluster, leaver, line)
        assert BOOKED in told
        assert ASKS_TO_CANCEL in await say(cluster, leaver, "quiero cancelar mi reserva")
        for line in SUMMARY:
            await say(cluster, buyer, line)
        pms.be(trouble, only="POST")
        bought, left = await say(cluster, buyer, "sí"), await say(cluster, leaver, "sí")
        if trouble is Trouble.LOST:
            assert BOOKED in bought
            assert CANCELLED in left
        else:
            assert UNKNOWN_BOOKING in bought
            assert UNKNOWN_CHANGE in left

    with agents_on(pms, tmp_path) as cluster:
        asyncio.run(story(cluster))
    states = sorted(one["state"] for one in hotel.bookings.values())
    assert states == (["cancelled", "confirmed"] if trouble is Trouble.LOST else ["confirmed"])


@pytest.mark.timeout(180)
@pytest.mark.parametrize("trouble", [Trouble.HANG, Trouble.REFUSE, Trouble.HTML])
def test_a_pms_that_is_away_before_a_write_changes_nothing_and_that_is_said(
    pms: TroubledServer, hotel: Hotel, tmp_path: Path, trouble: Trouble
) -> None:
    async def story(cluster: Cluster) -> None:
        buyer, leaver = "5491155570021", "5491155570022"
        for line in (*SUMMARY, "sí"):
            await say(cluster, leaver, line)
        for line in SUMMARY:
            await say(cluster, buyer, line)
        pms.be(trouble)
        assert NOT_YET in await say(cluster, buyer, "sí")
        assert AWAY in await say(cluster, leaver, "quiero cancelar mi reserva")
        pms.be(Trouble.NONE)
        assert BOOKED in await say(cluster, buyer, "sí")
        assert ASKS_TO_CANCEL in await say(cluster, leaver, "quiero cancelar mi reserva")
        assert CANCELLED in await say(cluster, leaver, "sí")

    with agents_on(pms, tmp_path, HOTELERO__CIRCUIT_FAILURES="50") as cluster:
        asyncio.run(story(cluster))
    states = sorted(one["state"] for one in hotel.bookings.values())
    assert states == ["cancelled", "confirmed"]
