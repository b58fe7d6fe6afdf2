"""The kit finds each flaw, where it is and nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
FLAWED = "tests/support/flawed_pms.py"
ON_MOCK = "BooksAgain or AnyVersion or CancelsToChange or MissesCancellations"
# What the tutorial's PMS does not declare would be skipped for each of its flaws.
UNDECLARED = (
    "a_change or change_is_missed or services or cursor or bell or images or same_key or"
    " refused_change or amend_reservation or book_service"
)
# Every other test, but of those that are made for each fault, operation and language only some.
CHOSEN = " or ".join(
    [
        "not says_what_to_do and not given_up and not told_nowhere and not no_guest"
        " and not (types_have and (pt or xx or es))"
        f" and (not ({UNDECLARED}) or {ON_MOCK})",
        "given_up and room_types",
        "says_what_to_do and (create_reservation or search_offers)"
        " and (throttled or down or lost or unauthorised)",
        "says_what_to_do and cancel_reservation and PretendsToCancel",
        "says_what_to_do and timeout and ReadsAreUnsure",
        "(told_nowhere or no_guest)"
        " and (Good or ShowsSecret or LogsSecret or TellsSecret or LogsGuest)",
    ]
)
TAUGHT = "test_a_failure_says_what_to_do"
FOUND_BY = "test_a_reservation_is_found_by"
AMOUNTS = ["test_amounts_are_exact_and_in_the_hotels_currency"]
BOOKED = ["test_what_is_booked_is_what_was_ordered"]
LAST = ["test_of_many_one_gets_the_last_room"]
SOLD_AGAIN = ["test_what_is_sold_cannot_be_sold_again"]
PROPERTY = ["test_another_property_has_neither_rooms_nor_offers"]
SECRET = ["test_the_secret_is_told_nowhere"]
LOST = ["test_a_lost_answer_is_resolved_and_has_booked_once"]


def faults(operation: str, *names: str) -> list[str]:
    return [f"{TAUGHT}[{operation}-{name}]" for name in names]


FLAWS: dict[str, list[str]] = {
    "Good": [],
    "InTurn": [],
    "LooksFirst": LAST,
    "Overbooked": LAST + SOLD_AGAIN,
    "OtherCurrency": AMOUNTS + BOOKED,
    "Floats": AMOUNTS + BOOKED,
    "AnyProperty": [*PROPERTY, "test_another_property_has_none_of_its_reservations"],
    "SwallowsErrors": [
        *faults("search_offers", "down", "lost", "throttled", "unauthorised"),
        "test_a_stay_that_is_not_sold_is_refused",
        *PROPERTY,
    ],
    "PretendsToCancel": faults(
        "cancel_reservation",
        "down",
        "empty",
        "html",
        "refused",
        "throttled",
        "timeout",
        "unauthorised",
    ),
    "TimeoutsAreHarmless": faults("create_reservation", "down", "lost") + LOST,
    "LooksAfterwards": faults("create_reservation", "down", "lost", "throttled", "unauthorised"),
    "ReadsAreUnsure": [
        *faults("preview_cancellation", "timeout"),
        *faults("reservation", "timeout"),
    ],
    "ShowsSecret": SECRET,
    "LogsSecret": SECRET,
    "TellsSecret": SECRET,
    "LogsGuest": ["test_no_guest_is_named_in_logs_and_errors"],
    "Unsorted": ["test_offers_come_cheapest_first"],
    "RepeatsPages": [
        f"{FOUND_BY}[guest_name]",
        f"{FOUND_BY}[phone]",
        "test_pages_end_and_repeat_nothing",
    ],
    "CancelsOnce": [
        "test_cancelling_twice_is_fine",
        "test_done_twice_is_done_once[cancel_reservation]",
    ],
    "ForgetsWaiting": [
        *faults("create_reservation", "throttled"),
        *faults("search_offers", "throttled"),
    ],
    "WillNotEnd": ["test_a_call_can_be_given_up[room_types]"],
    "MindsCase": [
        "test_a_guests_words_are_a_reference_and_nothing_else",
        "test_a_reference_is_read_in_any_case",
    ],
    "TakesWordsForAPath": ["test_a_guests_words_are_a_reference_and_nothing_else"],
    "OldOffers": ["test_an_offer_has_an_end_and_terms_in_time"],
    "FindsEverybody": [
        f"{FOUND_BY}[{field}]"
        for field in ("arrival", "departure", "email", "external_ref", "guest_name", "phone")
    ],
    "Boasts": ["test_the_present_price_of_an_offer_is_its_price", *SOLD_AGAIN],
    "Hides": ["test_what_is_not_declared_is_unsupported"],
    "BooksAgain": [
        *LOST,
        "test_the_same_key_at_once_books_once",
        "test_the_same_key_books_once",
    ],
    "AnyVersion": ["test_a_change_of_an_older_version_is_refused"],
    "CancelsToChange": ["test_a_refused_change_leaves_everything_as_it_was"],
    "MissesCancellations": ["test_no_change_is_missed"],
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the kit says of each flawed adapter, in a run of its own."""
    file = tmp_path_factory.mktemp("kit") / "grades.json"
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, FLAWED, "-k", CHOSEN],
        cwd=ROOT,
        env={**os.environ, "HOTELERO_GRADES": str(file)},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 1, done.stdout[-5000:] + done.stderr
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return {name.rpartition("::Test")[2]: one for name, one in found.items()}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("flaw", FLAWS)
def test_a_flaw_is_found_where_it_is_and_nowhere_else(told: dict[str, Any], flaw: str) -> None:
    assert sorted(told[flaw]["failed"]) == sorted(FLAWS[flaw])


@pytest.mark.parametrize(
    ("flaw", "grade"),
    [
        ("Good", "gold"),
        ("LogsSecret", "silver"),
        ("WillNotEnd", "bronze"),
        ("LooksAfterwards", "bronze"),
        ("MindsCase", "none"),
    ],
)
def test_a_flaw_costs_its_grade(told: dict[str, Any], flaw: str, grade: str) -> None:
    assert told[flaw]["grade"] == grade


def test_every_flawed_adapter_is_listed(told: dict[str, Any]) -> None:
    assert set(told) == set(FLAWS)
