from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from agente_hotelero.stays import Money, Occupancy, Stay


@pytest.mark.parametrize(
    ("amount", "currency", "error"),
    [
        pytest.param(1.5, "USD", TypeError, id="float"),
        pytest.param(2, "USD", TypeError, id="int"),
        pytest.param(Decimal("NaN"), "USD", ValueError, id="nan"),
        pytest.param(Decimal("1"), "usd", ValueError, id="lower case"),
        pytest.param(Decimal("1"), "EURO", ValueError, id="four letters"),
    ],
)
def test_money_refuses_what_is_not_money(
    amount: Any, currency: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        Money(amount=amount, currency=currency)


def test_amounts_of_one_currency_add_up() -> None:
    total = Money(amount=Decimal("1.10"), currency="USD") + Money(
        amount=Decimal("2.20"), currency="USD"
    )
    assert total == Money(amount=Decimal("3.30"), currency="USD")


def test_amounts_of_two_currencies_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="currencies"):
        Money(amount=Decimal(1), currency="USD") + Money(amount=Decimal(1), currency="BRL")


def test_a_stay_lists_its_nights_by_the_day_they_begin() -> None:
    stay = Stay(arrival=date(2026, 12, 30), departure=date(2027, 1, 2))
    assert stay.nights == 3
    assert stay.dates() == [date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 1)]


def test_a_stay_has_at_least_one_night() -> None:
    with pytest.raises(ValueError, match="departure"):
        Stay(arrival=date(2026, 12, 30), departure=date(2026, 12, 30))


def test_a_room_needs_an_adult() -> None:
    with pytest.raises(ValueError, match="adult"):
        Occupancy(adults=0, child_ages=(5,))
