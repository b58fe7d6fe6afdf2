"""A pytest plugin: the grade of each adapter, from what became of the kit's tests.

Bronze: the groups contract and capabilities are proven. Silver: also idempotency, faults and
cancellation. Gold: also concurrency and hygiene, and nothing was skipped for want of a fact.

A group is proven when its tests were collected, none failed, and none was skipped but by the kit
itself: a skip for missing credentials proves nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

FILE = "HOTELERO_GRADES"
MARK = "agente_hotelero_kit"
GROUPS = {
    "Contract": "contract",
    "Capabilities": "capabilities",
    "Idempotent": "idempotency",
    "Troubled": "faults",
    "Cancelled": "cancellation",
    "Concurrent": "concurrency",
    "Hygiene": "hygiene",
}
# Tests of another kind, that tell whether a plugin can erase a guest.
PERSONAL = "PersonalDataTests"
BRONZE = ("contract", "capabilities")
SILVER = (*BRONZE, "idempotency", "faults", "cancellation")
GOLD = (*SILVER, "concurrency", "hygiene")
OURS = ("undeclared: ", "not here: ")
NO_FACT = "no fact: "
Grade = Literal["none", "bronze", "silver", "gold"]


@dataclass
class Group:
    """Outcomes; `alien` are skips that are not the kit's own."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    no_fact: list[str] = field(default_factory=list)
    alien: list[str] = field(default_factory=list)

    @property
    def proven(self) -> bool:
        ran = self.passed or self.left_out or self.no_fact
        return bool(ran) and not self.failed and not self.alien


def grade(groups: dict[str, Group]) -> Grade:
    """The rule above."""

    def proven(names: tuple[str, ...]) -> bool:
        return all(name in groups and groups[name].proven for name in names)

    if proven(GOLD) and not any(one.no_fact for one in groups.values()):
        return "gold"
    if proven(SILVER):
        return "silver"
    return "bronze" if proven(BRONZE) else "none"


_kits: dict[str, dict[str, Group]] = {}


def mark(item: pytest.Item) -> None:
    """Note of which group a test is, where the report keeps it."""
    function = getattr(item, "function", None)
    kind = getattr(function, "__qualname__", "").split(".")[0]
    group = "personal" if kind == PERSONAL else GROUPS.get(kind)
    if group is not None:
        item.user_properties.append((MARK, group))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    for name, value in report.user_properties:
        if name == MARK:
            groups = _kits.setdefault(report.nodeid.rpartition("::")[0], {})
            _count(groups.setdefault(str(value), Group()), report)


def _count(group: Group, report: pytest.TestReport) -> None:
    test = report.nodeid.rpartition("::")[2]
    if report.failed:
        group.failed.append(test)
    elif report.skipped:
        reason = _reason(report)
        if reason.startswith(NO_FACT):
            group.no_fact.append(f"{test}: {reason}")
        elif reason.startswith(OURS):
            group.left_out.append(f"{test}: {reason}")
        else:
            group.alien.append(f"{test}: {reason}")
    elif report.when == "call":
        group.passed += 1


def _reason(report: pytest.TestReport) -> str:
    told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return told.removeprefix("Skipped: ")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for owner, groups in _kits.items():
        if "personal" in groups:
            continue
        terminalreporter.section(f"{owner}: {grade(groups)}")
        for line in _lines(groups):
            terminalreporter.write_line(line)
    if os.environ.get(FILE):
        Path(os.environ[FILE]).write_text(json.dumps(_told()), encoding="utf-8")
    _kits.clear()


def _lines(groups: dict[str, Group]) -> Iterator[str]:
    """A line per group, then what stands in the way of a better grade."""
    for name in GOLD:
        one = groups.get(name, Group())
        words = f"{one.passed} passed, {len(one.failed)} failed, {len(one.left_out)} left out"
        words += f", {len(one.no_fact)} want facts" if one.no_fact else ""
        words += f", {len(one.alien)} skipped" if one.alien else ""
        yield f"  {name:<13} {words}" + ("" if one.proven else "  (not proven)")
    wants = {reason for one in groups.values() for reason in one.no_fact}
    yield from (f"  gold wants    {reason}" for reason in sorted(wants))


def _told() -> dict[str, Any]:
    return {
        owner: {
            "grade": grade(groups),
            "erases": groups["personal"].proven if "personal" in groups else None,
            "failed": sorted(test for one in groups.values() for test in one.failed),
            "no_fact": sorted(test for one in groups.values() for test in one.no_fact),
            "alien": sorted(test for one in groups.values() for test in one.alien),
            "passed": sum(one.passed for one in groups.values()),
        }
        for owner, groups in _kits.items()
    }
