from __future__ import annotations

from datetime import time

import pytest
from agente_hotelero_nlp_local import amounts, clock_times, companions, rooms, typos
from agente_hotelero_nlp_local.text import fold, plain


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("llego a las 6 y media de la tarde", ["18:30"]),
        ("a las diez menos cuarto de la noche", ["21:45"]),
        ("a cinco para las ocho de la noche", ["19:55"]),
        ("meu voo pousa 22h40", ["22:40"]),
        ("chegamos à meia-noite e quinze", ["00:15"]),
        ("25 to 7 p.m.", ["18:35"]),
        ("half six", ["06:30"]),
        ("entre las 8 y las 9 de la noche", ["20:00", "21:00"]),
        ("de 8 a 10 hs", ["08:00", "10:00"]),
        ("tipo 23hs", ["23:00"]),
        ("las doce y cuarto de la noche", ["00:15"]),
        ("24.12.2026 a 27.12.2026", []),
        ("por las 3 noches, una noche más, wifi 24hs", []),
        ("from December 3 to 7, 11 till 13", []),
        ("el 20 a la noche", []),
    ],
)
def test_times_of_day(text: str, times: list[str]) -> None:
    assert [f"{said.at:%H:%M}" for said in clock_times.read(plain(text))] == times


def test_a_time_of_either_half_of_the_day_has_the_other_beside_it() -> None:
    (said,) = clock_times.read("a las 8")
    assert (said.at, said.others) == (time(8), (time(20),))


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("USD 340,00 por 3 noches", ["340.00 USD"]),
        ("$12.345,67", ["12345.67 XXX"]),
        ("charged $1,250.50", ["1250.50 XXX"]),
        ("R$250 e 89,90 €", ["250.00 BRL", "89.90 EUR"]),
        ("trezentos e cinquenta reais", ["350.00 BRL"]),
        ("50 mil pesos, 45 lucas, 1.5 millones de pesos", ["50000.00 XXX", "45000.00 XXX",
         "1500000.00 XXX"]),
        ("2500 pesos mexicanos", ["2500.00 MXN"]),
        ("seventy pounds", ["70.00 GBP"]),
        ("peso 90 kilos, habitación real, cuesta 100?", []),
    ],
)  # fmt: skip
def test_sums_of_money(text: str, sums: list[str]) -> None:
    assert [str(one.money) for one in amounts.read(plain(text))] == sums


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("del 20 de dicienbre", "del 20 de diciembre"),
        ("wendesday to thrusday", "wednesday to thursday"),
        ("el domigo", "el domingo"),
        ("quiero abrir la puerta, los weekends", "quiero abrir la puerta, los weekends"),
        ("las partes del huevo entero", "las partes del huevo entero"),
    ],
)
def test_months_and_weekdays_with_a_slip(text: str, right: str) -> None:
    assert typos.mended(fold(text), frozenset()).text == right


def test_a_mended_word_stands_where_the_guest_wrote_it() -> None:
    mended = typos.mended(fold("el dicienbre 24"), frozenset())
    at = mended.text.index("24")
    assert mended.span(at, at + 2) == (13, 15)


@pytest.mark.parametrize(
    ("text", "adults"),
    [
        ("mi marido, mi suegra y yo", 3),
        ("me voy de viaje con tres amigas", 4),
        ("dos parejas", 4),
        ("para mis padres", 2),
        ("mama y papa", 2),
        ("hola", None),
    ],
)
def test_people_who_are_named(text: str, adults: int | None) -> None:
    found = companions.grown(text)
    assert (found[0] if found else None) == adults


@pytest.mark.parametrize(
    ("text", "number"),
    [("dos dobles y una triple", 3), ("2 habitaciones", 2), ("una doble", None), ("rooms: 4", 4)],
)
def test_rooms_are_counted(text: str, number: int | None) -> None:
    found = rooms.how_many(text)
    assert (found[0] if found else None) == number
