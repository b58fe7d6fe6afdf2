"""The same months where the books are those of a QloApps shop, which outlives the crashes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.support.cluster import FULL
from tests.support.month.playing import (
    AUTUMN,
    DOWN,
    SPRING,
    check,
    check_that_all_happened,
    played,
)


@pytest.mark.skipif(not FULL, reason="a quarter of an hour; HOTELERO_FULL=1 plays it")
@pytest.mark.timeout(7200)
def test_a_month_of_five_hundred_guests_on_qloapps(tmp_path: Path) -> None:
    """Across the same change of clocks, and with the same outages. It takes longer than on
    pms_mock, for every reading of a reservation is several requests over a real connection."""
    world, oracle = played(f"sqlite:///{tmp_path}/a.db", 1, 500, SPRING, 30, DOWN, "1.7.0")
    check(world, oracle, 30)
    check_that_all_happened(world)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("qloapps", "seed", "first"),
    [
        pytest.param("1.7.0", 2, SPRING + timedelta(days=13), id="spring"),
        pytest.param("1.6.1", 3, AUTUMN, id="autumn"),
    ],
)
def test_ten_days_before_each_kind_of_qloapps(
    tmp_path: Path, qloapps: str, seed: int, first: date
) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    world, oracle = played(url, seed, 40, first, 10, ((3, 10, 21), (6, 9, 24)), qloapps)
    check(world, oracle, 9)
