"""What changed in a PMS reaches those who listen, and a bell only makes us look."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from agente_hotelero._db.session import Database
from agente_hotelero._runtime import pms_changes
from agente_hotelero._runtime.guarded_pms import GuardedPms
from agente_hotelero._runtime.pms_changes import Reader
from agente_hotelero._web import bell
from agente_hotelero.errors import Unavailable, Unsupported
from agente_hotelero.events import DomainEvent, ReservationCancelled, ReservationChanged
from agente_hotelero.pms import Capability
from agente_hotelero.stays import ReservationStatus
from agente_hotelero.testing import SettableClock
from fastapi import FastAPI

from core.tests.fake_pms import DRAFT, FakeHotel, reservation
from core.tests.test_guarded_pms import Make, cache, hotel, make, metrics

__all__ = ["cache", "hotel", "make", "metrics"]
pytestmark = pytest.mark.anyio
ONE, TWO, THREE = (reservation(DRAFT, f"R{n}") for n in range(3))


@dataclass
class Ear:
    """Hears both what is told outside and what subscribers are told."""

    outside: list[tuple[str, str, str]] = field(default_factory=list)
    inside: list[DomainEvent] = field(default_factory=list)
    broken: bool = False

    async def tell(self, *told: Any) -> None:
        if len(told) == 1:
            self.inside.append(told[0])
            return
        if self.broken:
            raise OSError("the database went away")
        _, tenant, event, body = told
        self.outside.append((tenant, event, body["reference"]))


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def reader(
    make: Make, hotel: FakeHotel, database: Database, clock: SettableClock, ear: Ear
) -> Reader:
    hotel.capabilities |= Capability.POLL
    both: Any = ear
    return Reader(
        tenant="sol",
        pms=make(),
        database=database,
        announcer=both,
        subscribers=both,
        clock=clock,
    )


async def test_what_was_before_is_not_told(reader: Reader, hotel: FakeHotel, ear: Ear) -> None:
    hotel.told = [ONE, TWO]
    await reader.run()
    assert (ear.outside, ear.inside) == ([], [])


async def test_what_changes_afterwards_is_told_once(
    reader: Reader, hotel: FakeHotel, ear: Ear
) -> None:
    await reader.run()
    gone = replace(TWO, status=ReservationStatus.CANCELLED)
    hotel.told += [ONE, gone, THREE]
    await reader.run()
    await reader.run()
    assert ear.outside == [
        ("sol", "reservation.changed", "R0"),
        ("sol", "reservation.cancelled", "R1"),
        ("sol", "reservation.changed", "R2"),
    ]
    assert ear.inside == [
        ReservationChanged(tenant="sol", reservation=ONE),
        ReservationCancelled(tenant="sol", reservation=gone),
        ReservationChanged(tenant="sol", reservation=THREE),
    ]


async def test_what_could_not_be_told_is_told_next_time(
    reader: Reader, hotel: FakeHotel, ear: Ear
) -> None:
    await reader.run()
    hotel.told += [ONE]
    ear.broken = True
    with pytest.raises(OSError, match="went away"):
        await reader.run()
    assert ear.inside == []
    ear.broken = False
    await reader.run()
    assert ear.outside == [("sol", "reservation.changed", "R0")]


async def test_another_propertys_changes_are_not_told(
    reader: Reader, hotel: FakeHotel, ear: Ear
) -> None:
    await reader.run()
    hotel.told += [replace(ONE, property_id="2")]
    await reader.run()
    assert ear.outside == []


async def test_a_pms_that_is_away_is_a_failure_of_the_job(reader: Reader, hotel: FakeHotel) -> None:
    hotel.errors["poll_changes"] = [Unavailable() for _ in range(3)]
    with pytest.raises(Unavailable):
        await reader.run()


async def test_a_pms_that_cannot_tell_is_not_asked(make: Make, hotel: FakeHotel) -> None:
    with pytest.raises(Unsupported):
        await make().poll_changes(None)
    tenant: Any = SimpleNamespace(id="sol", pms=make())
    nothing: Any = None
    planned = pms_changes.planned({"sol": tenant}, nothing, nothing, nothing, nothing, minutes=5)
    assert (planned, hotel.calls) == ({}, [])


async def test_each_hotel_has_its_own_cursor(reader: Reader, hotel: FakeHotel, ear: Ear) -> None:
    await reader.run()
    hotel.told += [ONE]
    await replace(reader, tenant="luna").run()
    await reader.run()
    assert ear.outside == [("sol", "reservation.changed", "R0")]


# ── the bell ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def rings() -> list[str]:
    return []


@pytest.fixture
def site(
    make: Make,
    hotel: FakeHotel,
    clock: SettableClock,
    rings: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> httpx.AsyncClient:
    async def ring(tenant: str, *_: object) -> None:
        rings.append(tenant)

    monkeypatch.setattr(pms_changes, "ring", ring)
    hotel.capabilities |= Capability.POLL | Capability.WEBHOOK
    deaf = FakeHotel(capabilities=Capability.POLL)
    tenants = {"sol": hotel_of(make()), "luna": hotel_of(make("luna", deaf)), "mar": hotel_of(None)}
    agent: Any = SimpleNamespace(tenants=tenants, database=None, queue=None, clock=clock)
    app = FastAPI()
    app.include_router(bell.router(agent))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://agent")


def hotel_of(pms: GuardedPms | None) -> SimpleNamespace:
    return SimpleNamespace(pms=pms)


@pytest.mark.parametrize(
    ("tenant", "secret", "body", "status"),
    [
        ("sol", "right", b"{}", 204),
        ("sol", "wrong", b"{}", 401),
        ("sol", "right", b"bug", 401),
        ("sol", "right", b"x" * 300_000, 413),
        ("luna", "right", b"{}", 404),
        ("mar", "right", b"{}", 404),
        ("nobody", "right", b"{}", 404),
    ],
)
async def test_only_the_pms_of_the_hotel_may_ring(
    site: httpx.AsyncClient, rings: list[str], tenant: str, secret: str, body: bytes, status: int
) -> None:
    answer = await site.post(f"/bell/{tenant}", content=body, headers={"X-Secret": secret})
    assert answer.status_code == status
    assert rings == (["sol"] if status == 204 else [])
