from __future__ import annotations

import pytest
from agente_hotelero.matching import digits, folded, is_meant
from agente_hotelero.stays import Guest, ReservationQuery

ANA = Guest(name="Ana  María Muñoz", phone="+54 9 11 5555-0101")


@pytest.mark.parametrize(
    ("written", "plain"),
    [("Muñoz", "munoz"), ("  ÉLISE   de  Vos ", "elise de vos"), ("STRASSE", "strasse"), ("", "")],
)
def test_names_are_compared_without_accents_case_and_space(written: str, plain: str) -> None:
    assert folded(written) == plain


def test_telephone_numbers_are_compared_by_their_digits() -> None:
    assert digits("+54 (9) 11 5555-0101") == "5491155550101"


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ({}, True),
        ({"guest_name": "munoz"}, True),
        ({"guest_name": "maria muñoz"}, True),
        ({"guest_name": "lópez"}, False),
        ({"phone": "5491155550101"}, True),
        ({"phone": "1155550101"}, False),
        ({"guest_name": "munoz", "phone": "+1"}, False),
    ],
)
def test_all_that_a_query_asks_of_a_guest_must_be_so(asked: dict[str, str], meant: bool) -> None:
    assert is_meant(ANA, ReservationQuery(property_id="1", **asked)) is meant
