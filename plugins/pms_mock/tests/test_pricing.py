from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from agente_hotelero.errors import Rejected
from agente_hotelero.stays import CancellationTerms, Money, Occupancy, Stay
from agente_hotelero_pms_mock import pricing, rules
from agente_hotelero_pms_mock.catalogue import Rate, Room, Season, localised
from agente_hotelero_pms_mock.config import MockConfig
from agente_hotelero_pms_mock.demo import DOUBLE, FAMILY, FLEXIBLE, SAVER
from agente_hotelero_pms_mock.pricing import Quote, Sale
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
TWO = Occupancy(adults=2)
CONFIG = MockConfig()
MONDAY, FRIDAY, CHRISTMAS = date(2026, 11, 23), date(2026, 11, 27), date(2026, 12, 24)


def stay(arrival: date, nights: int) -> Stay:
    return Stay(arrival=arrival, departure=arrival + timedelta(days=nights))


def sale(
    arrival: date = MONDAY,
    nights: int = 1,
    parties: tuple[Occupancy, ...] = (TWO,),
    *,
    room: Room = DOUBLE,
    rate: Rate = FLEXIBLE,
) -> Sale:
    return Sale(room=room, rate=rate, stay=stay(arrival, nights), parties=parties)


def quote(wanted: Sale, locale: str = "en", config: MockConfig = CONFIG) -> Quote:
    return pricing.quote(config, wanted, locale)


def terms(wanted: Sale) -> CancellationTerms:
    return pricing.cancellation(CONFIG, wanted, quote(wanted), NOW, ZONE)


@pytest.mark.parametrize(
    ("day", "party", "expected"),
    [
        pytest.param(MONDAY, TWO, "100.00", id="weekday"),
        pytest.param(FRIDAY, TWO, "110.00", id="weekend"),
        pytest.param(CHRISTMAS, TWO, "150.00", id="season"),
        pytest.param(CHRISTMAS + timedelta(days=1), TWO, "165.00", id="weekend in season"),
        pytest.param(date(2027, 1, 12), TWO, "150.00", id="season over New Year"),
        pytest.param(MONDAY, Occupancy(adults=3), "125.00", id="extra adult"),
        pytest.param(MONDAY, Occupancy(adults=2, child_ages=(5,)), "115.00", id="child"),
        pytest.param(MONDAY, Occupancy(adults=2, child_ages=(2,)), "100.00", id="free child"),
        pytest.param(MONDAY, Occupancy(adults=2, child_ages=(2, 3)), "115.00", id="two children"),
    ],
)
def test_a_night_costs_what_its_day_and_party_say(
    day: date, party: Occupancy, expected: str
) -> None:
    assert quote(sale(day, parties=(party,))).total.amount == Decimal(expected)


def test_a_rate_changes_the_price() -> None:
    assert quote(sale(rate=SAVER)).total.amount == Decimal("85.00")


@pytest.mark.parametrize(
    ("currency", "amount", "expected"),
    [
        ("USD", "10.005", "10.01"),
        ("USD", "10.004", "10.00"),
        ("JPY", "1000.5", "1001"),
        ("CLP", "71990.4", "71990"),
        ("KWD", "1.2345", "1.235"),
    ],
)
def test_amounts_are_rounded_to_the_minor_unit(currency: str, amount: str, expected: str) -> None:
    assert str(pricing.rounded(Decimal(amount), currency)) == expected


@given(
    first=st.dates(date(2026, 12, 1), date(2027, 6, 1)),
    one=st.integers(1, 10),
    other=st.integers(1, 10),
    adults=st.integers(1, 3),
    ages=st.lists(st.integers(0, 17), max_size=2),
)
def test_a_stay_costs_the_sum_of_its_parts(
    first: date, one: int, other: int, adults: int, ages: list[int]
) -> None:
    party = (Occupancy(adults=adults, child_ages=tuple(ages)),)

    def cost(arrival: date, nights: int) -> Money:
        return quote(sale(arrival, nights, party, room=FAMILY)).total

    whole = cost(first, one + other)
    assert whole == cost(first, one) + cost(first + timedelta(days=one), other)


def test_two_rooms_cost_twice() -> None:
    one, two = quote(sale(nights=2)).total, quote(sale(nights=2, parties=(TWO, TWO))).total
    assert two == one + one


def test_the_included_tax_is_a_part_of_the_price() -> None:
    vat = quote(sale(nights=1), "es").taxes[0]
    assert (vat.name, vat.amount.amount, vat.included) == ("IVA", Decimal("17.36"), True)


def test_the_city_tax_is_paid_on_site_by_adults_and_nights() -> None:
    quoted = quote(sale(nights=3, parties=(Occupancy(adults=2, child_ages=(9,)),)), "pt")
    assert quoted.due == Money(amount=Decimal("12.00"), currency="USD")
    assert (quoted.taxes[-1].name, quoted.taxes[-1].included) == ("Taxa de turismo", False)


def test_a_hotel_without_city_tax_has_nothing_due() -> None:
    free = CONFIG.model_copy(update={"city_tax": Decimal(0)})
    assert quote(sale(), config=free).due is None


def test_cancelling_is_free_until_two_days_before_in_local_time() -> None:
    found = terms(sale(CHRISTMAS, 3))
    assert found.free_until == datetime(2026, 12, 22, 18, tzinfo=ZONE)
    assert found.fee == Money(amount=Decimal("150.00"), currency="USD")


def test_cancelling_is_never_free_when_the_time_has_passed() -> None:
    found = terms(sale(date(2026, 11, 19)))
    assert (found.free_until, found.fee is not None) == (None, True)


def test_a_saver_costs_everything() -> None:
    saver = sale(nights=2, rate=SAVER)
    assert terms(saver) == CancellationTerms(fee=quote(saver).total)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        pytest.param(stay(date(2026, 11, 17), 2), "past", id="past"),
        pytest.param(stay(date(2029, 1, 1), 2), "more than 540 days ahead", id="too far"),
        pytest.param(stay(MONDAY, 31), "maximum stay 30", id="too long"),
        pytest.param(stay(CHRISTMAS, 2), "minimum stay 3", id="too short in season"),
    ],
)
def test_a_stay_that_is_not_sold_is_refused(wanted: Stay, words: str) -> None:
    season = Season(first="12-20", last="12-31", minimum_nights=3)
    config = CONFIG.model_copy(update={"seasons": (season,)})
    with pytest.raises(Rejected, match=words):
        rules.check_stay(config, wanted, date(2026, 11, 18))


def test_today_is_not_past() -> None:
    rules.check_stay(CONFIG, stay(date(2026, 11, 18), 1), date(2026, 11, 18))


@pytest.mark.parametrize(
    ("party", "fits"),
    [
        (Occupancy(adults=2), True),
        (Occupancy(adults=3), False),
        (Occupancy(adults=2, child_ages=(5,)), True),
        (Occupancy(adults=2, child_ages=(5, 6)), False),
    ],
)
def test_a_room_holds_what_it_holds(party: Occupancy, fits: bool) -> None:
    assert rules.fits(DOUBLE, (party,)) is fits


def test_names_fall_back_to_english() -> None:
    assert localised({"en": "Suite", "es": "Suite Sol"}, "pt") == "Suite"


def test_a_currency_must_exist() -> None:
    with pytest.raises(ValidationError, match="ISO-4217"):
        MockConfig(currency="XXZ")
