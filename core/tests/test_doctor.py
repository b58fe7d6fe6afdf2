"""What an operator is told of each part, and that trouble ends in a status that scripts see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from agente_hotelero import Finding
from agente_hotelero._runtime.doctor import Row, _of_tenant
from agente_hotelero._runtime.guarded_pms import GuardedPms
from agente_hotelero.cli import main
from agente_hotelero.errors import Unavailable
from agente_hotelero.stays import Property
from click.testing import CliRunner

from core.tests.fake_pms import FakeHotel
from core.tests.test_guarded_pms import Make, cache, hotel, make, metrics

__all__ = ["cache", "hotel", "make", "metrics"]


@pytest.fixture
def pms(make: Make) -> GuardedPms:
    return make()


async def rows(
    pms: GuardedPms | None, *, zone: str = "UTC", voice: Any = None, **failed: str
) -> list[Row]:
    tenant: Any = SimpleNamespace(
        id="sol",
        pms=pms,
        nlp=[],
        transcriber=voice,
        synthesizer=None,
        channels={},
        failed=failed,
        settings=SimpleNamespace(time_zone=zone),
    )
    return [row async for row in _of_tenant(tenant)]


@pytest.mark.anyio
async def test_a_sound_pms_is_said_to_be_so(pms: GuardedPms) -> None:
    assert await rows(pms) == [
        Row(part="sol/fake", ok=True, what="is open"),
        Row(part="sol/fake", ok=True, what="property 1: Sol, USD"),
    ]


@pytest.mark.anyio
async def test_what_an_adapter_finds_is_told_with_its_advice(
    pms: GuardedPms, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = Finding(ok=False, what="no right to read orders", advice="grant it")

    async def diagnose() -> Sequence[Finding]:
        return [missing]

    monkeypatch.setattr(pms.adapter, "diagnose", diagnose)
    found = await rows(pms)
    assert found[0] == Row(
        part="sol/fake", ok=False, what="no right to read orders", advice="grant it"
    )


@pytest.mark.anyio
async def test_an_adapter_that_fails_is_a_finding_and_hides_no_other(
    pms: GuardedPms, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def diagnose() -> Sequence[Finding]:
        raise KeyError("a bug of the plugin")

    monkeypatch.setattr(pms.adapter, "diagnose", diagnose)
    assert [row.ok for row in await rows(pms)] == [False, True]


@pytest.mark.anyio
async def test_a_pms_that_is_away_is_not_well_because_it_is_remembered(
    pms: GuardedPms, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pms.property()

    async def away() -> Sequence[Property]:
        raise Unavailable("away")

    monkeypatch.setattr(pms.adapter, "properties", away)
    assert [row.ok for row in await rows(pms)] == [True, False]


@pytest.mark.anyio
async def test_a_property_that_the_pms_does_not_know_is_told(pms: GuardedPms) -> None:
    found = await rows(replace(pms, property_id="9"))
    assert not found[-1].ok
    assert "tenants.sol.property_id" in found[-1].advice


@pytest.mark.anyio
async def test_two_clocks_are_told(pms: GuardedPms) -> None:
    found = await rows(pms, zone="America/Lima")
    assert not found[-1].ok
    assert "America/Lima" in found[-1].advice


@pytest.mark.anyio
async def test_a_pms_that_is_away_is_told(pms: GuardedPms, hotel: FakeHotel) -> None:
    hotel.errors["properties"] = [Unavailable() for _ in range(3)]
    assert (await rows(pms))[-1].what == "property 1 cannot be read: Unavailable"


@pytest.mark.anyio
async def test_who_listens_is_asked_as_others_are(pms: GuardedPms) -> None:
    async def diagnose() -> Sequence[Finding]:
        raise Unavailable("the model was not loaded")

    voice = (SimpleNamespace(diagnose=diagnose), pms.guard)
    assert await rows(None, voice=voice) == [
        Row(part="sol/fake", ok=False, what="Unavailable: the model was not loaded")
    ]


@pytest.mark.anyio
async def test_what_could_not_be_opened_is_told() -> None:
    assert await rows(None, acme="it could not be opened: OSError") == [
        Row(part="sol/acme", ok=False, what="it could not be opened: OSError")
    ]


@pytest.mark.parametrize(("redis", "status"), [(None, 0), ("redis://127.0.0.1:9/0", 1)])
def test_trouble_shows_in_the_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis: str | None, status: int
) -> None:
    monkeypatch.chdir(tmp_path)
    if redis:
        monkeypatch.setenv("REDIS_URL", redis)
    result = CliRunner().invoke(main, ["doctor", "--json"], catch_exceptions=False)
    assert result.exit_code == status, result.output
    told = orjson.loads(result.output[result.output.index("[\n") :])
    assert any(row["part"] == "database" and row["ok"] for row in told)
    assert all(row["ok"] for row in told) is (status == 0)
