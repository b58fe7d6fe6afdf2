"""Whole months of a hotel, hour by hour, with a crash every day: what guests get, and when, is
exactly what `tests.support.month.oracle` says."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.support.month.playing import (
    AUTUMN,
    DOWN,
    SPRING,
    check,
    check_that_all_happened,
    played,
)


@pytest.mark.timeout(1800)
def test_a_month_of_five_hundred_guests_across_the_change_of_clocks(tmp_path: Path) -> None:
    world, oracle = played(f"sqlite:///{tmp_path}/a.db", 1, 500, SPRING, 30, DOWN)
    check(world, oracle, 30)
    check_that_all_happened(world)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("seed", "first"),
    [
        pytest.param(2, SPRING + timedelta(days=13), id="spring"),
        pytest.param(3, AUTUMN, id="autumn"),
    ],
)
def test_ten_days_on_each_kind_of_database(database_url: str, seed: int, first: date) -> None:
    world, oracle = played(database_url, seed, 40, first, 10, ((3, 10, 21), (6, 9, 24)))
    check(world, oracle, 9)
