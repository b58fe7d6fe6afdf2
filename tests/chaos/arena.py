"""A hotel whose every neighbour is reached through a proxy: PostgreSQL, Redis, the PMS and Meta."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

import httpx
from agente_hotelero_channel_whatsapp.testing import Simulator

from docs.tutorial.seaside import KEY, Hotel, make_app
from tests.support import distributions
from tests.support.cluster import ACCOUNT, Cluster, Walker, deliver, message
from tests.support.fault_proxy import FaultProxy
from tests.support.troubled import troubled

ADAPTER = Path(__file__).parents[2] / "docs" / "tutorial" / "pms_seaside.py"
ARRIVAL = datetime.now(UTC).date() + timedelta(days=40)
QUOTE = f"quiero una habitación del {ARRIVAL:%d/%m/%Y} por 2 noches para dos"
CLOSED, OPEN = 0.0, 2.0
BOOKED, NOT_YET = "La reserva está hecha", "todavía no reservé nada"
UNKNOWN = "No pude comprobar si la reserva quedó hecha"
OFFERED, AWAY = "¿Cuál prefieres?", "el sistema de reservas no responde"
QUICK = {
    "HOTELERO__PMS_CACHE_SECONDS": "0",
    "HOTELERO__PMS_TIMEOUT_SECONDS": "1",
    "HOTELERO__CIRCUIT_FAILURES": "2",
    "HOTELERO__CIRCUIT_RESET_SECONDS": "2",
    "HOTELERO__PLUGINS__CHANNEL_WHATSAPP__TIMEOUT_SECONDS": "2",
    "HOTELERO__SEND_ATTEMPTS": "12",
}


@dataclass
class Arena:
    """One agent, and what stands between it and the world."""

    hotel: Hotel
    cluster: Cluster
    proxies: dict[str, FaultProxy]

    @property
    def simulator(self) -> Simulator:
        return self.cluster.simulator

    def metric(self, pattern: str) -> float | None:
        """The first sample that fits; None while there is none, or nobody answers."""
        try:
            page = httpx.get(f"{self.cluster.agents[0].url}/metrics", timeout=2).text
        except (httpx.HTTPError, IndexError):
            return None
        found = re.search(rf"^{pattern} (\S+)$", page, re.MULTILINE)
        return float(found[1]) if found else None

    def circuit(self) -> float | None:
        return self.metric(r'pms_circuit_breaker_state\{.*"pms_seaside".*\}')

    def bookings_of(self, email: str) -> int:
        return sum(
            one["email"] == email and one["state"] == "confirmed"
            for one in self.hotel.bookings.values()
        )


@contextmanager
def arena(
    folder: Path,
    postgres_url: str,
    redis_url: str,
    *,
    plugins: Mapping[str, str] = MappingProxyType({}),
    **names: str,
) -> Iterator[Arena]:
    """Everything, running; with `names` in the agent's environment, and more `plugins` (name and
    source)."""
    shelf = folder / "plugins"
    shelf.mkdir()
    for name, source in {"pms_seaside": ADAPTER.read_text(), **plugins}.items():
        distributions.install(shelf, name, source)
    hotel = Hotel()
    with ExitStack() as stack:
        pms = stack.enter_context(troubled(make_app(hotel)))
        simulator = stack.enter_context(Simulator([ACCOUNT]))
        places = {
            "postgres": postgres_url,
            "redis": redis_url,
            "pms": pms.url,
            "meta": simulator.url,
        }
        proxies = {
            name: stack.enter_context(_proxy_to(address)) for name, address in places.items()
        }
        through = {name: _through(proxies[name], address) for name, address in places.items()}
        more = {
            **QUICK,
            "PYTHONPATH": str(shelf),
            "PMS_TYPE": "seaside",
            "PMS_BASE_URL": through["pms"],
            "PMS_API_KEY": KEY,
            "REDIS_URL": through["redis"],
            **names,
        }
        simulator.url = through["meta"]
        made = Cluster(simulator, through["postgres"], folder, more=more)
        with made.running():
            yield Arena(hotel=hotel, cluster=made, proxies=proxies)


def _proxy_to(address: str) -> FaultProxy:
    found = urlsplit(address)
    return FaultProxy(found.hostname or "127.0.0.1", found.port or 0)


def _through(proxy: FaultProxy, address: str) -> str:
    """The same address by way of a proxy."""
    found = urlsplit(address)
    user = f"{found.netloc.rpartition('@')[0]}@" if "@" in found.netloc else ""
    return found._replace(netloc=f"{user}127.0.0.1:{proxy.port}").geturl()


@dataclass
class Buyer:
    """A guest who books, and what he was told; he waits for each answer, however long it takes."""

    arena: Arena
    number: int
    told: list[str] = field(default_factory=list)

    @property
    def phone(self) -> str:
        return f"54911556{self.number:05}"

    @property
    def email(self) -> str:
        return f"buyer{self.number}@example.com"

    async def say(self, line: str) -> str:
        cluster = self.arena.cluster
        guest = Walker(cluster, self.phone, random.Random(self.number))
        before = len(cluster.simulator.sent)

        def heard() -> list[str]:
            return [one.text for one in cluster.simulator.sent[before:] if one.to == self.phone]

        async with httpx.AsyncClient(timeout=15) as client:
            await deliver(client, cluster, message(self.phone, line, datetime.now(UTC)))
        await guest.wait_for(heard)
        await asyncio.sleep(0.5)
        self.told.append("\n".join(heard()))
        return self.told[-1]

    async def come_to_the_summary(self) -> None:
        for line in (QUOTE, "la primera", "Ana García", self.email):
            await self.say(line)

    async def insist(self, seconds: float = 60.0) -> None:
        """Say yes until it is booked, or a person looks after it."""
        deadline = time.monotonic() + seconds
        while not {BOOKED, UNKNOWN} & self.verdicts():
            assert time.monotonic() < deadline, self.told
            await self.say("sí")

    def verdicts(self) -> set[str]:
        said = "\n".join(self.told)
        return {one for one in (BOOKED, NOT_YET, UNKNOWN) if one in said}
