"""The page about the PMS interface names all of it, and describes nothing that is not there."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from agente_hotelero import errors, pms, stays
from agente_hotelero.components import Component
from agente_hotelero.pms import Capability, Idempotency, PmsAdapter

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/reference/pms.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", PAGE))))
OPERATIONS = sorted(
    name
    for name, _ in inspect.getmembers(PmsAdapter, inspect.isfunction)
    if not name.startswith("_") and not hasattr(Component, name)
)
REQUIRED = sorted(PmsAdapter.__abstractmethods__)
# What no PMS raises: docs/reference/errors.md has them.
OF_CHANNELS = (
    errors.WindowClosed,
    errors.RecipientRefused,
    errors.TemplateRefused,
    errors.BadMedia,
)
ERRORS = sorted(
    name
    for name, kind in vars(errors).items()
    if inspect.isclass(kind)
    and issubclass(kind, Exception)
    and kind.__module__ == errors.__name__
    and kind not in OF_CHANNELS
)
# Every value that an operation takes or returns.
VALUES = sorted(
    {
        word
        for name in OPERATIONS
        for word in re.findall(r"\w+", str(inspect.signature(getattr(PmsAdapter, name))))
        if is_dataclass(vars(stays).get(word)) or is_dataclass(vars(pms).get(word))
    }
)


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_described(operation: str) -> None:
    assert operation in NAMED


def test_the_table_of_required_operations_is_the_interfaces() -> None:
    told = [row[0] for row in rows("Operations that every adapter has")]
    assert sorted(name.strip("`").partition("(")[0] for name in told) == REQUIRED


@pytest.mark.parametrize("row", rows("Operations that every adapter has"), ids=lambda row: row[0])
def test_required_operations_have_the_arguments_that_are_told(row: list[str]) -> None:
    name, _, told = row[0].strip("`)").partition("(")
    arguments = list(inspect.signature(getattr(PmsAdapter, name)).parameters)[1:]
    assert [word.strip() for word in told.split(",") if word] == arguments


def test_the_table_of_capabilities_is_complete() -> None:
    told = [row[0].strip("`") for row in rows("Capabilities")]
    assert sorted(told) == sorted(flag.name for flag in Capability if flag.name)
    assert "NONE" in NAMED


@pytest.mark.parametrize("row", rows("Capabilities"), ids=lambda row: row[0])
def test_every_capability_says_what_is_promised_and_what_happens_without_it(row: list[str]) -> None:
    assert len(row) == 4
    assert all(row)
    assert set(re.findall(r"`(\w+)`", row[1])) <= {*OPERATIONS, "POLL"}


def test_every_optional_operation_belongs_to_a_capability() -> None:
    told = {name for row in rows("Capabilities") for name in re.findall(r"`([a-z_]+)`", row[1])}
    assert told == set(OPERATIONS) - set(REQUIRED)


def test_every_way_to_book_once_is_described() -> None:
    told = [row[0].strip("`") for row in rows("Creating a reservation once")]
    assert told == [way.name for way in Idempotency]


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_is_named(error: str) -> None:
    assert error in NAMED


def test_the_table_of_errors_describes_those_that_are_raised() -> None:
    told = [row[0].strip("`").partition("(")[0] for row in rows("Errors")]
    groups = {"HoteleroError", "TemporaryError", "PermanentError"}
    assert sorted(told) == sorted(set(ERRORS) - groups)


@pytest.mark.parametrize("value", VALUES)
def test_every_value_is_described(value: str) -> None:
    told = {name for row in rows("Values") for name in re.findall(r"`(\w+)`", row[0])}
    assert value in told | {"WebhookRequest"}


def test_it_is_the_version_that_the_core_has() -> None:
    assert re.match(rf"# The PMS interface, version {pms.INTERFACE_VERSION}\n", PAGE)
    assert f"`interface_version = {pms.INTERFACE_VERSION}`" in PAGE


@pytest.mark.parametrize("operation", sorted(set(OPERATIONS) - {"info"}))
def test_every_operation_is_compared_with_the_systems(operation: str) -> None:
    compared = PAGE.partition("## Where your system fits\n")[2]
    tables = compared.split("\n\n| operation |")
    assert all(f"`{operation}`" in table for table in tables[1:])


def test_values_are_frozen_and_keyword_only() -> None:
    for name in VALUES:
        kind = vars(stays).get(name) or vars(pms)[name]
        assert kind.__dataclass_params__.frozen, name
        assert all(one.kw_only for one in fields(kind)), name
