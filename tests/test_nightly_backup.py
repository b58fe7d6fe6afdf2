"""The backup of every night under a running agent: made and proved, seen in the metrics, told."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from agente_hotelero._backup import shelves

from tests.support.hotels import two_hotels
from tests.support.running import RunningAgent
from tests.support.times import NOVEMBER, clock_at

FIRST_NIGHT = datetime(2026, 11, 19, 3, 30, tzinfo=UTC)
VERIFIED = "backup_verified_timestamp_seconds"
PATIENCE = 60.0


class Nights:
    """An agent whose nights come when they are called."""

    def __init__(self, running: RunningAgent, shelf: Path) -> None:
        self.running, self.shelf = running, shelf

    def come(self, night: datetime) -> None:
        """What is planned for that instant is due. What is not planned never comes."""
        key, now = f"core/backup@{night.isoformat()}", self.running.clock.now()
        self.running.do(self.running.agent.queue.reschedule("job", key, now, now))

    def made(self) -> list[str]:
        return sorted(one.name for one in self.shelf.iterdir()) if self.shelf.is_dir() else []

    def metric(self, sample: str) -> float:
        """0 while there is none."""
        page = httpx.get(f"{self.running.url}/metrics", timeout=PATIENCE).text
        found = re.search(rf"^{re.escape(sample)} (\S+)$", page, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def ended(self, outcome: str) -> float:
        return self.metric(f'jobs_total{{name="core/backup",outcome="{outcome}"}}')


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    shelf = tmp_path / "backups"
    settings = two_hotels(f"sqlite:///{tmp_path}/a.db", whatsapp="http://127.0.0.1:1").model_copy(
        update={"backup_folder": str(shelf), "media_store": str(tmp_path / "media")}
    )
    with RunningAgent(settings, clock_at(NOVEMBER)) as running:
        yield Nights(running, shelf)


def until(done: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_every_night_a_backup_is_made_and_proved_and_its_age_is_seen(nights: Nights) -> None:
    until(lambda: nights.metric(VERIFIED) == 0.0)
    assert nights.made() == []
    begun = time.time()
    nights.come(FIRST_NIGHT)
    until(lambda: nights.ended("ok") == 1)
    assert len(nights.made()) == 1
    until(lambda: nights.metric(VERIFIED) >= int(begun))
    first = nights.metric(VERIFIED)
    # Its age is that of the backup, whose name tells it, not of the proof.
    assert shelves.name_at(datetime.fromtimestamp(first, UTC)) == nights.made()[0]
    assert nights.metric("backup_restore_seconds") > 0
    nights.come(FIRST_NIGHT + timedelta(days=1))
    until(lambda: nights.ended("ok") == 2)
    until(lambda: nights.metric(VERIFIED) > first)


def test_a_night_without_a_backup_is_told_and_the_next_one_is_tried(
    nights: Nights, capfd: pytest.CaptureFixture[str]
) -> None:
    nights.shelf.write_text("a file where a folder should be")
    nights.come(FIRST_NIGHT)
    until(lambda: nights.ended("Unavailable") == 1)
    told = capfd.readouterr().err
    assert "backup_failed" in told
    assert "the folder of backups" in told
    until(lambda: nights.metric(VERIFIED) == 0.0)
    assert nights.made() == []
    nights.shelf.unlink()
    nights.come(FIRST_NIGHT + timedelta(days=1))
    until(lambda: nights.metric(VERIFIED) > 0)
    assert nights.ended("Unavailable") == 1
