"""Many guests, one room, one moment: through the whole agent, one gets it and all others get words.

Everybody is shown the last room, everybody says yes at once. Whatever the PMS is, it holds one
reservation afterwards, one guest was told so, and to each of the others the nearest dates were
offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from agente_hotelero._db.models import Outbox
from agente_hotelero._runtime.plugins import installed
from agente_hotelero.config import load
from agente_hotelero.testing import SettableClock
from agente_hotelero_channel_whatsapp.testing import Account, Guest, Simulator
from agente_hotelero_pms_mock.tables import Booked
from agente_hotelero_pms_qloapps.testing import FULL_KEY, create_app, plain_shop
from agente_hotelero_pms_qloapps.testing.shop import Shop
from sqlmodel import select

from tests.support.running import RunningAgent
from tests.support.times import NOVEMBER
from tests.support.troubled import TroubledServer, troubled

ACCOUNT = Account(phone_number_id="109000000000009", token="token", app_secret="secret")
ARRIVAL = (NOVEMBER + timedelta(days=40)).date()
NIGHTS = 2
# Fifty bookings at a PMS that takes one at a time.
QUEUE_SECONDS = 120
phones = count(5491155570000)
SETTINGS = """
database_url = "sqlite:///{folder}/agent.db"
poll_seconds = 0.02
guest_messages_per_minute = 1000
[plugins.front_desk]
enabled = true
[plugins.nlp_local]
enabled = true
[plugins.{pms}]
enabled = true
[plugins.channel_whatsapp]
enabled = true
api_base_url = "{whatsapp}"
[tenants.sol]
name = "Hotel Sol"
time_zone = "America/Sao_Paulo"
languages = ["es"]
pms = "{pms}"
nlp = ["nlp_local"]
channels = ["channel_whatsapp"]
property_id = "1"
[tenants.sol.plugins.channel_whatsapp]
access_token = "token"
app_secret = "secret"
verify_token = "verify"
accounts = [{{ phone_number_id = "109000000000009" }}]
[tenants.sol.plugins.{pms}]
"""
ONE_ROOM = """
rooms = [{ id = "double", names = { es = "Doble" }, units = 1, price = 100, max_adults = 2, max_guests = 3 }]
"""  # noqa: E501 - an inline table is one line


@dataclass(frozen=True, kw_only=True)
class House:
    """A running agent before a hotel that has one room; `held` counts its living reservations."""

    running: RunningAgent
    simulator: Simulator
    held: Callable[[], int]


@pytest.fixture(params=["pms_mock", "qloapps-1.6.1", "qloapps-1.7.0"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    clock = SettableClock(NOVEMBER)
    with ExitStack() as stack:
        simulator = stack.enter_context(Simulator([ACCOUNT], now=clock.now, statuses=False))
        if request.param == "pms_mock":
            text, shop = ONE_ROOM, None
        else:
            shop = plain_shop(version=request.param.partition("-")[2], clock=clock, rooms=1)
            server: TroubledServer = stack.enter_context(troubled(create_app(shop)))
            shop.host = f"127.0.0.1:{server.port}"
            text = f'base_url = "{server.url}"\napi_key = "{FULL_KEY}"\n'
        file = tmp_path / "hotel.toml"
        pms = "pms_mock" if request.param == "pms_mock" else "pms_qloapps"
        settings = SETTINGS.format(folder=tmp_path, pms=pms, whatsapp=simulator.url)
        file.write_text(settings + text)
        running = stack.enter_context(
            RunningAgent(load(file, {}, installed=set(installed())), clock)
        )
        simulator.webhook = f"{running.url}/webhooks/whatsapp"
        held = (
            (lambda: _booked_in(shop)) if shop else (lambda: running.do(_booked_in_mock(running)))
        )
        yield House(running=running, simulator=simulator, held=held)


def _booked_in(shop: Shop) -> int:
    """Of a shop of QloApps; that no two share a room is seen too."""
    assert shop.overlaps() == []
    return len(shop.live_lines())


async def _booked_in_mock(running: RunningAgent) -> int:
    async with running.agent.database.sessions() as session:
        rows: Any = (await session.scalars(select(Booked))).all()
    return sum(row.status == "confirmed" for row in rows)


@pytest.mark.parametrize("number", [5, 50])
@pytest.mark.timeout(400)
def test_the_last_room_goes_to_one_guest(house: House, number: int) -> None:
    guests = [Guest(house.simulator, ACCOUNT, str(next(phones))) for _ in range(number)]
    asked = f"quiero una habitación doble del {ARRIVAL:%d/%m/%Y} por {NIGHTS} noches para dos"
    for line in (asked, "la primera", "{name}", "{name}@example.com"):
        heard = _all_say(house, guests, line)
    assert set(heard) == {("summary",)}
    assert house.held() == 0
    heard = _all_say(house, guests, "sí")
    assert sum("booked" in acts for acts in heard) == 1, heard
    assert house.held() == 1
    for acts in heard:
        if "booked" not in acts:
            assert acts[:3] == ("just_sold", "no_rooms", "nearest"), acts
            assert "nearest_offer" in acts


def _all_say(house: House, guests: list[Guest], line: str) -> list[tuple[str, ...]]:
    """At the same moment, as near as threads come to it; what each of them hears of it."""

    def say(pair: tuple[int, Guest]) -> None:
        number, guest = pair
        name = f"{NAMES[number // 10]} {SURNAMES[number % 10]}"
        if "@" in line:
            name = name.replace(" ", ".").lower()
        guest.say(line.format(name=name))

    before = [len(_outbox(house, guest)) for guest in guests]
    with ThreadPoolExecutor(len(guests)) as threads:
        list(threads.map(say, enumerate(guests)))
    house.running.settle(QUEUE_SECONDS)
    return [
        tuple(
            act.removeprefix("front_desk/")
            for row in _outbox(house, guest)[known:]
            for act in row.acts
        )
        for guest, known in zip(guests, before, strict=True)
    ]


def _outbox(house: House, guest: Guest) -> list[Outbox]:
    return house.running.do(house.running.outbox("sol", guest.phone))


NAMES = ("Ana", "Bruno", "Carla", "Diego", "Elena")
SURNAMES = (
    "Sosa", "Souza", "Rojas", "Molina", "Castro", "Vega", "Ramos", "Ferreira", "Ibarra", "Acosta",
)  # fmt: skip
