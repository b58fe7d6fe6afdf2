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
    ("name", "phone", "meant"),
    [
        (None, None, True),
        ("munoz", None, True),
        ("maria muñoz", None, True),
        ("lópez", None, False),
        (None, "5491155550101", True),
        (None, "1155550101", False),
        ("munoz", "+1", False),
    ],
)
def test_all_that_a_query_asks_of_a_guest_must_be_so(
    name: str | None, phone: str | None, meant: bool
) -> None:
    query = ReservationQuery(property_id="1", guest_name=name, phone=phone)
    assert is_meant(ANA, query) is meant
