"""One number in its forms."""

from __future__ import annotations

import pytest
from agente_hotelero_channel_whatsapp.numbers import e164, match_key, other_form
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("wa_id", "phone"),
    [
        ("5491155550101", "+5491155550101"),
        ("541155550101", "+541155550101"),
        ("5215512345678", "+525512345678"),
        ("525512345678", "+525512345678"),
        ("551187654321", "+551187654321"),
        ("5511987654321", "+5511987654321"),
        ("16505551234", "+16505551234"),
        ("12", None),
        ("", None),
        ("AR.1349", None),
        ("１２３４５６７８９", None),
        ("549115", None),
        ("9" * 30, None),
    ],
)
def test_a_user_has_the_number_that_a_pms_would_have(wa_id: str, phone: str | None) -> None:
    assert e164(wa_id) == phone


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5491155550101", "541155550101"),
        ("5215512345678", "525512345678"),
        ("5511987654321", "551187654321"),
        ("+54 9 11 5555-0101", "541155550101"),
    ],
    ids=["Argentina", "Mexico", "Brazil", "with signs"],
)
def test_the_forms_of_one_number_match(one: str, other: str) -> None:
    assert match_key(one) == match_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5491155550101", "5491155550102"),
        ("34600111222", "3460011122"),
        ("549115", "54115"),
        ("5511387654321", "551187654321"),
    ],
    ids=["another line", "Spain", "too short", "not a 9"],
)
def test_other_numbers_do_not_match(one: str, other: str) -> None:
    assert match_key(one) != match_key(other)


@pytest.mark.parametrize(
    ("number", "other"),
    [
        ("+5491155550101", "+541155550101"),
        ("+541155550101", None),
        ("+5215512345678", "+525512345678"),
        ("+525512345678", "+5215512345678"),
        ("+5511987654321", None),
        ("+34600111222", None),
        ("", None),
    ],
    ids=["AR with 9", "AR without", "MX with 1", "MX without", "BR", "ES", "none"],
)
def test_only_argentina_and_mexico_are_tried_in_another_form(
    number: str, other: str | None
) -> None:
    assert other_form(number) == other


@given(st.from_regex(r"(54|52|55)[19]?\d{10}", fullmatch=True))
def test_a_form_that_is_tried_is_the_same_number(digits: str) -> None:
    other = other_form(f"+{digits}")
    assert other is None or match_key(other) == match_key(digits)
