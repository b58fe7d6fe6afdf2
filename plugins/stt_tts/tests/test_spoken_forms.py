from __future__ import annotations

from datetime import date

import pytest
from agente_hotelero_stt_tts.numerals import before_noun, in_words, one_by_one, ordinal
from agente_hotelero_stt_tts.said_words import CURRENCIES, DAYS_CUT, MONTHS_CUT
from agente_hotelero_stt_tts.spoken import spoken
from hypothesis import assume, given
from hypothesis import strategies as st
from num2words import num2words

LANGUAGES = st.sampled_from(["es", "pt", "en"])
FORMS = {
    "es": {
        "BRL 1.234,50": "mil doscientos treinta y cuatro reales con cincuenta centavos",
        "CLP 45.000": "cuarenta y cinco mil pesos chilenos",
        "USD 1,01": "un dólar con un centavo",
        "EUR 21,00": "veintiún euros",
        "jue 24 de dic de 2026": "jueves veinticuatro de diciembre de dos mil veintiséis",
        "el 1 de enero.": "el primero de enero.",
        "24/12/2026": "veinticuatro de diciembre de dos mil veintiséis",
        "a las 14:00": "a las catorce horas",
        "a las 8:30": "a las ocho y treinta",
        "21 noches, 1 cama y 1 adulto": "veintiuna noches, una cama y un adulto",
        "habitación 204": "habitación doscientos cuatro",
        "reserva AH-3F9": "reserva a hache tres, efe nueve",
        "+54 9 11 5555-0100": (
            "más cinco cuatro, nueve, uno uno, cinco cinco cinco cinco, cero uno cero cero"
        ),
        "ana@hotel-sol.com": "ana arroba hotel guion sol punto com",
        "10% menos": "diez por ciento menos",
        "2,5 km": "dos coma cinco km",
        "*Doble* 👍 https://x.y/z": "Doble",
        "Doble con vista al mar, 2 adultos": "Doble con vista al mar, dos adultos",
        "mar 1 de dic": "martes primero de diciembre",
        "IVA 10,05 %": "IVA diez coma cero cinco por ciento",
        "CHF 1.234,05": "mil doscientos treinta y cuatro coma cero cinco francos suizos",
        "VEF 21": "veintiún bolívares venezolanos",
        "USD 12.50": "doce dólares con cincuenta centavos",
        "USD -20,00": "menos veinte dólares",
        "USD \u221220,00": "menos veinte dólares",
        "TOP 10": "TOP diez",
        "Recepción 24/7": "Recepción veinticuatro horas, los siete días",
        "1/2 cama": "uno barra dos cama",
        "del 5/3 al 8/3": "del cinco de marzo al ocho de marzo",
        "24/12 y 25/12": "veinticuatro de diciembre y veinticinco de diciembre",
        "2º piso": "segundo piso",
        "3er piso": "tercer piso",
        "la 1ra fila, 5º B": "la primera fila, quinto B",
        "11ª planta": "décima primera planta",
        "n.º 5": "número cinco",
        "20 °C": "veinte grados",
        "R$ 350": "trescientos cincuenta reales",
        "R$\u00a01.234,50": "mil doscientos treinta y cuatro reales con cincuenta centavos",
        "US$ 20": "veinte dólares",
        "$ 350": "trescientos cincuenta pesos",
        "€ 20 o 20 €": "veinte euros o veinte euros",
        "21 y 31": "veintiuno y treinta y uno",
        "habitación 201 reservada": "habitación doscientos uno reservada",
        "21 sábanas, 2 veces": "veintiuna sábanas, dos veces",
        "500 días": "quinientos días",
        "calle 9 de Julio 1234": "calle nueve de julio mil doscientos treinta y cuatro",
        "Tu reserva es XKBKNABJK.": "Tu reserva es equis ka be, ka ene a, be jota ka.",
        "14h30": "catorce y treinta",
        "Sol2026!": "Sol dos cero dos seis !",
    },
    "pt": {
        "BRL 2.150,00": "dois mil cento e cinquenta reais",
        "BRL 2.000.000,00": "dois milhões de reais",
        "qui., 24 de dez. de 2026": (
            "quinta-feira, vinte e quatro de dezembro de dois mil e vinte e seis"
        ),
        "1 de maio": "primeiro de maio",
        "às 14:30": "às quatorze horas e trinta",
        "2 noites, 2 pessoas, 1 criança": "duas noites, duas pessoas, uma criança",
        "quarto 204": "quarto duzentos e quatro",
        "O quarto pode ter 3 pessoas": "O quarto pode ter três pessoas",
        "2 reservas, 1 semana": "duas reservas, uma semana",
        "2 refeições, 2 garagens, 2 suítes": "duas refeições, duas garagens, duas suítes",
        "2 dias, 1 problema": "dois dias, um problema",
        "1º andar, 2ª via, 22º": "primeiro andar, segunda via, vigésimo segundo",
        "BRL -20,00": "menos vinte reais",
        "R$ 350": "trezentos e cinquenta reais",
        "às 14h30": "às quatorze horas e trinta",
        "Recepção 24/7": "Recepção vinte e quatro horas, sete dias por semana",
        "código: ABELIO": "código: á bê é, ele i ó",
    },
    "en": {
        "USD 1,234.50": "one thousand two hundred and thirty-four dollars and fifty cents",
        "Thu, Dec 24, 2026": "Thursday, December twenty-fourth, twenty twenty-six",
        "from 2:00 PM": "from two pee em",
        "at 7:05 AM.": "at seven oh five ay em.",
        "the 3rd floor": "the third floor",
        "reference XK4-22": "reference ex kay four, two two",
        "2 nights": "two nights",
        "may 5 people come?": "may five people come?",
        "May 5 people come?": "May five people come?",
        "from May 5 to May 8": "from May fifth to May eighth",
        "We sat 2 hours": "We sat two hours",
        "open 24/7": "open twenty-four seven",
        "3.05 km": "three point zero five km",
        "US$ 20, $20, £ 1.50": "twenty dollars, twenty dollars, one pound and fifty pence",
        "USD -20.00": "minus twenty dollars",
        "at -5 degrees": "at minus five degrees",
        "HOT SPRINGS, BREAKFAST, STRENGTHS": "HOT SPRINGS, BREAKFAST, STRENGTHS",
    },
}


@pytest.mark.parametrize(
    ("language", "written"), [(lang, text) for lang, forms in FORMS.items() for text in forms]
)
def test_what_templates_write_is_said_as_people_say_it(language: str, written: str) -> None:
    assert spoken(written, language) == FORMS[language][written]


@given(number=st.integers(0, 999_999_999))
def test_english_numbers_are_those_of_another_library(number: int) -> None:
    assert in_words(number, "en") == num2words(number, lang="en").replace(",", "")


@given(number=st.integers(0, 999))
def test_small_spanish_and_portuguese_numbers_are_those_of_another_library(number: int) -> None:
    """Larger ones differ on purpose: it says "treinta y uno mil" and "milhões e"."""
    assert in_words(number, "es") == num2words(number, lang="es")
    brazilian = num2words(number, lang="pt_BR").replace("catorze", "quatorze")
    assert in_words(number, "pt") == brazilian


@pytest.mark.parametrize("day", range(1, 32))
def test_days_of_the_month_are_ordinals_in_english(day: int) -> None:
    assert ordinal(day) == num2words(day, lang="en", to="ordinal")


@pytest.mark.parametrize(
    ("number", "language", "said"),
    [
        (21_000, "es", "veintiún mil"),
        (1_000_000, "es", "un millón"),
        (1_200, "pt", "mil e duzentos"),
        (1_234, "pt", "mil duzentos e trinta e quatro"),
        (10**12, "en", "one" + " zero" * 12),
    ],
)
def test_large_numbers(number: int, language: str, said: str) -> None:
    assert in_words(number, language) == said


@given(text=st.text(max_size=200), language=LANGUAGES)
def test_any_text_can_be_said_and_leaves_no_digit_of_any_script(text: str, language: str) -> None:
    found = spoken(text, language)
    assert not any(mark.isdecimal() for mark in found)


# Words of every kind, and those that are also days and months cut short.
WORDS = st.one_of(
    st.text("aeioubcdlmnprstv", min_size=2, max_size=8),
    st.sampled_from(
        sorted({word for cut in (DAYS_CUT, MONTHS_CUT) for words in cut.values() for word in words})
    ),
)


@given(words=st.lists(WORDS, max_size=8), language=LANGUAGES)
def test_a_text_without_numbers_is_said_as_it_is(words: list[str], language: str) -> None:
    text = " ".join(words)
    assert spoken(text, language) == text


@given(before=WORDS, number=st.integers(0, 9_999_999), after=WORDS, language=LANGUAGES)
def test_a_number_among_words_is_said_as_that_number_and_they_as_they_are(
    before: str, number: int, after: str, language: str
) -> None:
    assume(after not in ("h", "hs", "hr", "hrs"))
    first, rest = spoken(f"{before} {number} {after}.", language).split(" ", 1)
    said = rest.removesuffix(f" {after}.")
    forms = [in_words(number, language), in_words(number, language, feminine=True)]
    assert first == before
    assert said in (*forms, before_noun(forms[0], language))


CODES = st.sampled_from(sorted({*CURRENCIES["es"], "CHF", "CAD", "CRC", "JPY", "KWD"}))


@given(code=CODES, units=st.integers(0, 10**9), cents=st.integers(0, 99), language=LANGUAGES)
def test_a_sum_says_its_units_its_hundredths_and_its_minus_whatever_the_currency(
    code: str, units: int, cents: int, language: str
) -> None:
    written = f"{units:,}.{cents:02}"
    if language != "en":
        written = written.translate(str.maketrans(",.", ".,"))
    found = spoken(f"{code} -{written}", language)
    forms = [in_words(units, language, feminine=way) for way in (False, True)]
    sign = "minus" if language == "en" else "menos"
    starts = [f"{sign} {form} " for form in (*forms, before_noun(forms[0], language))]
    (rest,) = {found.removeprefix(one) for one in starts if found.startswith(one)}
    few = before_noun(in_words(cents, language), language)
    exact = f" {one_by_one(f'{cents:02}', language)} "
    assert code not in found
    if cents:
        assert f" {few} " in f" {rest}" or exact in f" {rest}"


@given(
    day=st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)),
    language=LANGUAGES,
)
def test_a_day_is_said_alike_however_it_is_written(day: date, language: str) -> None:
    name = MONTHS_CUT[language][day.month - 1].capitalize()
    whole = f"{day.day} de {name} de {day.year}"
    if language == "en":
        whole = f"{name} {day.day}, {day.year}"
    slashed = f"{day.month}/{day.day}" if language == "en" else f"{day.day}/{day.month}"
    said = {spoken(one, language) for one in (whole, day.isoformat(), f"{slashed}/{day.year}")}
    assert len(said) == 1


@given(reference=st.text("BCDFGHJKLMNPQRSTVWXZ", min_size=6, max_size=10), language=LANGUAGES)
def test_capitals_without_a_vowel_are_spelled(reference: str, language: str) -> None:
    assert spoken(reference, language).count(" ") >= len(reference) - 1
